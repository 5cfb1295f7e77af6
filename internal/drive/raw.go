package drive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"weir/internal/unit"
)

// rawHeader is the first line of a raw file. Behind it there is a line for each request, in the
// order in which they came to an end: three times, in Unix seconds to the microsecond; the status,
// or why there is none; bytes of the body. What was never sent has a - for when.
const rawHeader = "due\tsend\treply\tcode\tbytes\n"

// RawHeader tells whether a file that begins so is a raw one.
func RawHeader(head []byte) bool { return bytes.HasPrefix(head, []byte(rawHeader)) }

// An exchange is what came of one request.
type exchange struct {
	due, sent, done time.Duration // sent is -1 where it never was
	bytes           int64
	status          int16
	fault           fault
}

const (
	rawBatch = 1024 // exchanges that are handed over together
	rawQueue = 64   // such batches that may wait for the disk
)

// A rawLog takes exchanges from the goroutine that counts them, which it never keeps waiting:
// where a disk is so slow that all room is taken, they are lost, and counted.
type rawLog struct {
	to    *rawFile
	batch []exchange
	lost  int64
}

// A rawFile writes what one or several rawLogs hand over.
type rawFile struct {
	full, empty chan []exchange
	begun       int64 // Unix nanoseconds, whole microseconds of them: so offsets are rounded alike
	out         io.Writer
	done        chan struct{}
	err         error // of the first write that failed; of the closer
}

// newRawFile begins to write. Whoever calls it calls close.
func newRawFile(out io.Writer, begun time.Time) *rawFile {
	f := &rawFile{
		full: make(chan []exchange, rawQueue), empty: make(chan []exchange, rawQueue), begun: begun.Truncate(time.Microsecond).UnixNano(), out: out, done: make(chan struct{}),
	}
	go f.write()
	return f
}

// write writes lines until close. Behind an error it only takes.
func (f *rawFile) write() {
	defer close(f.done)
	_, f.err = io.WriteString(f.out, rawHeader)
	var text []byte
	for batch := range f.full {
		text = text[:0]
		for i := range batch {
			text = batch[i].append(text, f.begun)
		}
		if f.err == nil {
			_, f.err = f.out.Write(text)
		}
		select {
		case f.empty <- batch[:0]:
		default:
		}
	}
}

// close ends the writing, when nobody hands over any more.
func (f *rawFile) close() error {
	close(f.full)
	<-f.done
	return f.err
}

// closeRaw writes what is left, and returns what went wrong.
func closeRaw(f *rawFile, logs ...*rawLog) error {
	lost := int64(0)
	for _, l := range logs {
		// Nobody has to be spared any more.
		if len(l.batch) > 0 {
			f.full <- l.batch
		}
		lost += l.lost
	}
	err := f.close()
	if err == nil && lost > 0 {
		err = fmt.Errorf("%s %s of it are missing: the disk was too slow", unit.Count(lost), unit.Plural(lost, "line"))
	}
	return err
}

// append appends the line of an exchange of a run that began then.
func (e *exchange) append(b []byte, begun int64) []byte {
	b = append(appendUnix(b, begun+int64(e.due)), '\t')
	if e.sent < 0 {
		b = append(b, '-')
	} else {
		b = appendUnix(b, begun+int64(e.sent))
	}
	b = append(appendUnix(append(b, '\t'), begun+int64(e.done)), '\t')
	if e.fault != noFault {
		b = append(b, e.fault.told().key...)
	} else {
		b = strconv.AppendInt(b, int64(e.status), 10)
	}
	return append(strconv.AppendInt(append(b, '\t'), e.bytes, 10), '\n')
}

// appendUnix appends nanoseconds since 1970 as seconds with six decimals.
func appendUnix(b []byte, ns int64) []byte {
	us := (ns + 500) / 1000
	b = append(strconv.AppendInt(b, us/1e6, 10), '.')
	for scale := int64(1e5); scale > 0; scale /= 10 {
		b = append(b, byte('0'+us%1e6/scale%10))
	}
	return b
}

// add takes an exchange. A nil rawLog takes none.
func (l *rawLog) add(e exchange) {
	if l == nil {
		return
	}
	if l.batch = append(l.batch, e); len(l.batch) >= rawBatch {
		l.flush()
	}
}

// flush hands over what there is.
func (l *rawLog) flush() {
	if l == nil || len(l.batch) == 0 {
		return
	}
	select {
	case l.to.full <- l.batch:
	default:
		l.lost += int64(len(l.batch))
		l.batch = l.batch[:0]
		return
	}
	select {
	case l.batch = <-l.to.empty:
	default:
		l.batch = make([]exchange, 0, rawBatch)
	}
}

// ParseRaw makes a report of what a raw file of a run has, which name names. It is read twice.
func ParseRaw(in io.ReadSeeker, name string) (*Report, error) {
	begun := int64(0)
	first := true
	err := eachExchange(in, func(e rawLine) {
		if first || e.due < begun {
			begun, first = e.due, false
		}
	})
	if err == nil && first {
		err = errors.New("no request stands in it")
	}
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, err
	}
	t := &tally{}
	ended := time.Duration(0)
	err = eachExchange(in, func(e rawLine) {
		due, sent, done := time.Duration(e.due-begun), time.Duration(e.sent-begun), time.Duration(e.done-begun)
		t.plan(due)
		if e.sent != 0 {
			t.send(due, sent)
			ended = max(ended, sent)
		} else {
			sent = due
		}
		t.in += e.bytes
		if e.fault == noFault {
			t.answer(due, sent, done, int(e.status), e.bytes)
		} else {
			t.fail(due, sent, done, e.fault)
		}
	})
	if err != nil {
		return nil, err
	}
	t.settle()
	r := &Report{Kind: kindOfReport, Runs: 1, Engine: "raw file", Targets: []string{name}}
	r.fill(&Options{Plan: &Replay{}}, &outcome{tally: t, begun: time.Unix(0, begun), length: t.last, ended: ended})
	return r, nil
}

// A rawLine is a line of a raw file: Unix nanoseconds, sent 0 for never.
type rawLine struct {
	due, sent, done int64
	bytes           int64
	status          int16
	fault           fault
}

// eachExchange calls each for every line of a raw file.
func eachExchange(in io.Reader, each func(rawLine)) error {
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		if n == 1 {
			if string(line)+"\n" != rawHeader {
				return errors.New("it is no raw file of weir trafficgen: its first line is not due, send, reply, code, bytes")
			}
			continue
		}
		e, err := parseRawLine(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		each(e)
	}
	return lines.Err()
}

func parseRawLine(line []byte) (e rawLine, err error) {
	cells := bytes.Split(line, []byte{'\t'})
	if len(cells) != 5 {
		return e, fmt.Errorf("there are %d columns, not 5", len(cells))
	}
	if string(cells[1]) != "-" {
		e.sent, err = parseUnix(cells[1])
	}
	for i, to := range map[int]*int64{0: &e.due, 2: &e.done} {
		if err == nil {
			*to, err = parseUnix(cells[i])
		}
	}
	if err != nil {
		return e, err
	}
	if e.bytes, err = strconv.ParseInt(string(cells[4]), 10, 64); err != nil || e.bytes < 0 {
		return e, fmt.Errorf("%q is no number of bytes", cells[4])
	}
	code := string(cells[3])
	if status, err := strconv.ParseUint(code, 10, 16); err == nil && status >= 100 && status < statuses {
		e.status = int16(status)
		return e, nil
	}
	for f := noFault + 1; f < faults; f++ {
		if f.told().key == code {
			e.fault = f
			return e, nil
		}
	}
	return e, fmt.Errorf("%q is neither a status nor an error", code)
}

// parseUnix reads Unix seconds with six decimals, to nanoseconds.
func parseUnix(b []byte) (int64, error) {
	sec, us, ok := bytes.Cut(b, []byte{'.'})
	s, err1 := strconv.ParseUint(string(sec), 10, 33) // beyond the year 2200
	u, err2 := strconv.ParseUint(string(us), 10, 20)
	if !ok || len(us) != 6 || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no time, as 1772366400.123456", b)
	}
	return int64(s)*1e9 + int64(u)*1e3, nil
}
