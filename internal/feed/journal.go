package feed

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Journal returns the messages of a systemd unit since the machine was started, a
// line each without any head, as journalctl gives them when it follows. What systemd itself says about the unit (started,
// stopped) is not what the unit logs, and left out.
//
// When journalctl ends it is started again behind the entry read last, so that
// nothing is doubled or lost. The error is that there is no journalctl.
func Journal(unit string, start Start) (*Feed, error) {
	path, err := exec.LookPath("journalctl")
	if err != nil {
		return nil, fmt.Errorf("cannot read the journal of %s: journalctl is not in PATH: it comes with systemd; elsewhere follow the log file, or take its lines with --syslog", unit)
	}
	f := newFeed(JournalName(unit))
	var e entries
	p := &process{feed: f, hopeless: func(s *os.ProcessState) bool { return !s.Success() }}
	p.command = func() *exec.Cmd {
		args := []string{"--follow", "--output=export", "--unit=" + unit}
		switch {
		case len(e.cursor) > 0:
			args = append(args, "--no-tail", "--after-cursor="+string(e.cursor))
		case start.FromEnd:
			args = append(args, "--lines=0")
		case start.Since.IsZero():
			args = append(args, "--no-tail")
		default:
			args = append(args, "--no-tail", fmt.Sprintf("--since=@%d", start.Since.Unix()))
		}
		return exec.Command(path, args...)
	}
	p.take = func(r io.Reader) {
		var line []byte
		e.reset(r)
		for e.next() {
			if line = appendLine(line[:0], e.message); len(line) > 0 {
				p.lines++
				if !f.lines.put(line) {
					return
				}
			}
			e.keep()
		}
	}
	return p.begin()
}

// JournalName is what the feed of a unit is called.
func JournalName(unit string) string { return "journal:" + unit }

// entries reads the Journal Export Format
// (https://systemd.io/JOURNAL_EXPORT_FORMATS): fields as NAME=text lines, or,
// where a value holds line feeds or other bytes that are no text, as a line
// NAME, its size in 8 bytes, the bytes, a line feed; an empty line behind each
// entry. It was preferred to JSON because that writes long messages as null and
// bytes as arrays of numbers.
type entries struct {
	r       *bufio.Reader
	message []byte // of the entry, cut beyond maxMessage
	cursor  []byte // of the last entry that was kept

	at      []byte // cursor of this entry
	field   []byte
	manager bool // systemd speaks about the unit
	any     bool // the entry has fields
}

func (e *entries) reset(r io.Reader) {
	if e.r == nil {
		e.r = bufio.NewReaderSize(r, 64<<10)
	}
	e.r.Reset(r)
}

// keep makes the cursor of this entry the one to go on behind.
func (e *entries) keep() {
	if len(e.at) > 0 {
		e.cursor = append(e.cursor[:0], e.at...)
	}
}

// next reads one entry; false at the end. Half an entry is none: it will be
// read again behind the cursor.
func (e *entries) next() bool {
	e.message, e.at, e.manager, e.any = e.message[:0], e.at[:0], false, false
	var pid1, about bool
	for {
		field, err := e.line()
		switch {
		case err != nil:
			return false
		case len(field) == 0 && e.any:
			if pid1 && about {
				e.message = e.message[:0]
			}
			return true
		case len(field) == 0:
			continue
		}
		name, value, text := bytes.Cut(field, []byte("="))
		if !isFieldName(name) {
			continue // a remark of journalctl
		}
		e.any = true
		// The name is looked at before the buffer it lies in is read into.
		message, cursor := string(name) == "MESSAGE", string(name) == "__CURSOR"
		about = about || string(name) == "UNIT"
		ours := string(name) == "_PID"
		if !text {
			if value, err = e.binary(); err != nil {
				return false
			}
		}
		switch {
		case message:
			e.message = append(e.message[:0], value...)
		case cursor:
			e.at = append(e.at[:0], value...)
		case ours:
			pid1 = string(value) == "1"
		}
	}
}

// line returns a line without its line feed, cut at the longest message; valid
// until the next read.
func (e *entries) line() ([]byte, error) {
	b, err := e.r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimSuffix(b, []byte("\n")), err
	}
	for e.field = e.field[:0]; ; b, err = e.r.ReadSlice('\n') {
		if room := maxMessage + len("MESSAGE=") - len(e.field); room > 0 {
			e.field = append(e.field, b[:min(len(b), room)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(e.field, []byte("\n")), err
		}
	}
}

// binary reads the value of a field that is no text.
func (e *entries) binary() ([]byte, error) {
	head, err := e.r.Peek(8)
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint64(head)
	_, _ = e.r.Discard(len(head)) // they are there
	n := min(size, maxMessage)
	if uint64(cap(e.field)) < n {
		e.field = make([]byte, n)
	}
	e.field = e.field[:n]
	if _, err := io.ReadFull(e.r, e.field); err != nil {
		return nil, err
	}
	for rest := size - n + 1; rest > 0; { // and the line feed behind it
		step := min(rest, 1<<30)
		if _, err := e.r.Discard(int(step)); err != nil {
			return nil, err
		}
		rest -= step
	}
	return e.field, nil
}

// isFieldName tells fields from remarks.
func isFieldName(b []byte) bool {
	for _, c := range b {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(b) > 0
}
