package relay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"weir/internal/escape"
	"weir/internal/tail"
)

// A Prefixing says whether the name of its log stands before each line.
type Prefixing uint8

// When the name stands there.
const (
	Auto   Prefixing = iota // with several logs
	Always                  // also with one
	Never
)

// A Form is how lines are written. The zero value is as they are.
type Form struct {
	Prefix Prefixing
	JSON   bool // an object for each line, and one for each log at the end
	// Visible makes what could steer a terminal visible.
	Visible bool
}

// A label is the name of a log in its forms.
type label struct {
	name   string
	prefix []byte // before each line, escaped, with its colon
	quoted []byte // as JSON
}

func newLabel(name string, prefix bool) label {
	l := label{name: name, quoted: escape.AppendJSON(nil, []byte(name))}
	if prefix {
		l.prefix = append(escape.AppendTerminal(nil, []byte(name)), ": "...)
	}
	return l
}

// asTheyAre reports whether blocks can be written as they were read.
func (f *Form) asTheyAre(l label) bool { return !f.JSON && !f.Visible && len(l.prefix) == 0 }

// appendBlock appends the lines of b.
func (f *Form) appendBlock(dst []byte, l label, b *tail.Batch) []byte {
	offset, number := b.Offset, b.Line
	for rest := b.Data; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		line := rest[:end]
		rest = rest[end:]
		switch {
		case f.JSON:
			dst = append(dst, `{"source":`...)
			dst = append(dst, l.quoted...)
			if number > 0 {
				dst = append(dst, `,"line":`...)
				dst = strconv.AppendInt(dst, number, 10)
				number++
			}
			dst = append(dst, `,"offset":`...)
			dst = strconv.AppendInt(dst, offset, 10)
			dst = append(dst, `,"text":`...)
			dst = escape.AppendJSON(dst, bytes.TrimSuffix(line, []byte{'\n'}))
			dst = append(dst, "}\n"...)
		case f.Visible:
			dst = append(dst, l.prefix...)
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
			dst = append(escape.AppendTerminal(dst, line), '\n')
		default:
			dst = append(dst, l.prefix...)
			dst = append(dst, line...)
		}
		offset += b.Taken(line)
	}
	return dst
}

// A summary is what became of one log. Its keys are documented in docs/json.md
// and stay.
type summary struct {
	Type         string      `json:"type"`
	Source       escape.JSON `json:"source"`
	Lines        int64       `json:"lines"`
	Bytes        int64       `json:"bytes"`
	Offset       int64       `json:"offset"`
	Size         int64       `json:"size"`
	Lag          int64       `json:"lag_bytes"`
	LagSeconds   float64     `json:"lag_seconds"`
	Rotations    int         `json:"rotations"`
	Truncations  int         `json:"truncations"`
	Recovered    int64       `json:"recovered_bytes"`
	PossibleLoss int64       `json:"possible_loss_bytes"`
	Zeros        int64       `json:"zero_bytes"`
	TooLong      int         `json:"too_long"`
	Undecodable  int64       `json:"undecodable,omitempty"`
	Dropped      int64       `json:"lost_messages"`
}

// summaries writes what became of each log.
func (r *Relay) summaries() error {
	for _, l := range r.lanes {
		st, p := l.source.State(), l.source.Position()
		s := summary{
			Type: "summary", Source: escape.JSON(l.label.name), Lines: l.lines, Bytes: l.bytes,
			Offset: st.Offset, Size: st.Size, Lag: p.Unread(), Rotations: st.Rotations, Truncations: st.Truncations,
			Recovered: st.Recovered, PossibleLoss: st.PossibleLoss, Zeros: st.Zeros, TooLong: l.tooLong, Undecodable: st.Undecodable, Dropped: st.Dropped,
		}
		if s.Lag > 0 && !st.Written.IsZero() {
			s.LagSeconds = age(st.Written, time.Now())
		}
		text, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err) // no value of ours can cause it
		}
		if _, err := r.o.Out.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("cannot write to standard output: %w", err)
		}
	}
	return nil
}
