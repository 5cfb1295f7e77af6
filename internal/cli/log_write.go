package cli

import (
	"bytes"
	"fmt"
	"io"

	"weir/internal/escape"
	"weir/internal/excerpt"
	"weir/internal/redact"
)

// A lineWriter writes lines of several logs down, some thousand at a time.
type lineWriter struct {
	out      io.Writer
	labels   []lineLabel // of each log
	most     int64       // lines to write, -1 is all
	count    bool        // only how many there are
	visible  bool        // what could steer a terminal is
	redactor *redact.Redactor
	given    int64
	buf      []byte
	clean    []byte
}

// A lineLabel is how lines of a log are told from those of others.
type lineLabel struct {
	prefix  string // escaped, with its colon
	colored bool
}

// Sequences of colour: cyan, and none.
const (
	contextColor = "\x1b[36m"
	noColor      = "\x1b[0m"
)

// line takes one line.
func (w *lineWriter) line(l excerpt.Line) error {
	w.given++
	if w.count || w.most >= 0 && w.given > w.most {
		return nil
	}
	label := &w.labels[l.Log]
	text := l.Text
	if w.redactor != nil {
		w.clean = append(w.redactor.AppendLine(w.clean[:0], bytes.TrimSuffix(text, []byte{'\n'})), '\n')
		text = w.clean
	}
	if label.colored {
		w.buf = append(w.buf, contextColor...)
	}
	if w.visible {
		w.buf = append(w.buf, label.prefix...)
		w.buf = escape.AppendTerminal(w.buf, bytes.TrimRight(text, "\r\n"))
	} else {
		w.buf = append(w.buf, label.prefix...)
		w.buf = append(w.buf, bytes.TrimSuffix(text, []byte{'\n'})...)
	}
	if label.colored {
		w.buf = append(w.buf, noColor...)
	}
	w.buf = append(w.buf, '\n')
	if len(w.buf) < 64<<10 {
		return nil
	}
	return w.flush()
}

func (w *lineWriter) flush() error {
	_, err := w.out.Write(w.buf)
	if w.buf = w.buf[:0]; err != nil {
		return fmt.Errorf("cannot write to standard output: %w", err)
	}
	return nil
}

// finish writes what is left, or the counts.
func (w *lineWriter) finish(results []excerpt.Result) error {
	if w.count {
		for i := range results {
			w.buf = fmt.Appendf(w.buf, "%s%d\n", w.labels[i].prefix, results[i].Lines)
		}
	}
	return w.flush()
}
