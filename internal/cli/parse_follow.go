package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"weir/internal/accesslog"
	"weir/internal/export"
	"weir/internal/feed"
	"weir/internal/monitor"
	"weir/internal/scan"
	"weir/internal/tail"
	"weir/internal/view"
)

// following is parse --follow: each block of lines is written as it comes.
type following struct {
	format  *accesslog.Format
	isLog   func(path string, head []byte) bool // see tail.Choice
	from    int64                               // records before it are passed over
	to      int64
	where   func() func(*accesslog.Record) bool // may be nil
	wanted  func(*accesslog.Record) bool
	hops    *accesslog.Hops // may be nil
	out     io.Writer
	writer  export.Writer
	rejects io.Writer // may be nil

	follower *tail.Follower
	lanes    []*followed
	patterns bool // more sources may come
	record   accesslog.Record
	text     []byte
	bad      []byte
}

// followed is one source.
type followed struct {
	source *tail.Source
	parser *accesslog.Auto
	primed bool
	told   bool        // that a line was rejected
	late   bool        // it came while others were followed
	end    view.Reject // the place behind its last line
	total  view.Source
}

// tail follows logs until ctx is done or all input has ended.
func (o *parsing) tail(ctx context.Context, args []string, s streams, f following) error {
	if f.to != 0 {
		return usageError{errors.New("--until and --follow contradict one another: give one of them")}
	}
	l, err := follow(args, s, f.isLog, written{"rejects", o.rejects})
	if err != nil {
		return err
	}
	rejects, err := openRejects(o.rejects, nil)
	if err != nil {
		return err
	}
	if rejects != nil {
		defer rejects.Close()
		f.rejects = o.filter.rejects(rejects)
	}
	if f.where != nil {
		f.wanted = f.where()
	}
	var start feed.Start
	if f.from > 0 {
		start.Since = time.Unix(f.from, 0)
	}
	in, err := o.inputs.open(start)
	if err != nil {
		return err
	}
	defer in.close()
	f.follower, err = tail.Open(tail.Options{
		Paths: l.paths, Patterns: l.patterns, Choice: l.choice, Stdin: s.in, Inputs: in, Poll: o.poll,
	})
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	defer f.follower.Close()
	f.patterns = len(l.patterns) > 0
	for _, src := range f.follower.Sources() {
		if err := f.add(src, s.err); err != nil {
			return err
		}
	}
	f.out, f.writer = s.out, o.notation.New(o.zone)
	if _, err := io.WriteString(s.out, o.notation.Header); err != nil {
		return err
	}
	if err := f.run(ctx, s.err); err != nil {
		return err
	}
	found := &scan.Result{}
	for _, l := range f.lanes {
		found.Sources = append(found.Sources, l.total)
		if told := l.parser.HopCounts().Told(l.total.Name, f.hops); told != "" {
			found.Notices = append(found.Notices, told)
		}
	}
	if ctx.Err() != nil {
		found.Sources = nil // each was told of when it came up
	}
	if err := o.verdict(found, nil, s.err); err != nil {
		return err
	}
	for _, l := range f.lanes {
		if st := l.source.State(); st.Kind == tail.Stream && st.Failed != nil && st.Ended {
			return &monitor.InputError{Text: fmt.Sprintf("%s: %v", st.Name, st.Failed)}
		}
	}
	return nil
}

// add makes a lane for a source.
func (f *following) add(src *tail.Source, notices io.Writer) error {
	l := &followed{source: src, parser: new(accesslog.Auto)}
	if f.format != nil {
		l.parser = accesslog.NewForced(*f.format)
	}
	l.parser.Behind(f.hops)
	if l.total.Name = src.State().Name; l.total.Name == "-" {
		l.total.Name = "standard input"
	}
	if err := l.seek(f.from, notices); err != nil {
		return err
	}
	f.lanes = append(f.lanes, l)
	return nil
}

// run writes what comes until there is nothing more to come or ctx is done.
func (f *following) run(ctx context.Context, notices io.Writer) error {
	sweep := time.NewTimer(0)
	defer sweep.Stop()
	for {
		worked, err := f.round(notices)
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return nil
		case worked:
			continue
		case f.ended():
			return f.finish(notices)
		}
		sweep.Reset(f.follower.Sweep())
		select {
		case <-ctx.Done():
			return nil
		case <-f.follower.Wake():
		case <-sweep.C:
		}
	}
}

// round writes one block of each source. It reports whether there was one.
func (f *following) round(notices io.Writer) (worked bool, err error) {
	for _, src := range f.follower.Look(time.Now()) {
		// What comes later ends nothing: there are the others.
		if err := f.add(src, notices); err != nil {
			tell(notices, err.Error()+"; it is not followed")
			continue
		}
		f.lanes[len(f.lanes)-1].late = true
	}
	for i := 0; i < len(f.lanes); i++ {
		l := f.lanes[i]
		b := l.source.Next(time.Now())
		if b == nil {
			continue
		}
		worked = true
		err := f.block(l, b, notices)
		b.Release()
		if l.late && errors.As(err, new(*monitor.InputError)) {
			tell(notices, err.Error()+"; it is not followed")
			f.lanes = slices.Delete(f.lanes, i, i+1)
			i--
			continue
		}
		if err != nil {
			return true, err
		}
	}
	for _, n := range f.follower.Notices() {
		tell(notices, n.Text)
	}
	return worked, nil
}

func (f *following) ended() bool {
	if f.patterns {
		return false
	}
	for _, l := range f.lanes {
		if !l.source.State().Ended {
			return false
		}
	}
	return true
}

// block writes the lines of a block.
func (f *following) block(l *followed, b *tail.Batch, notices io.Writer) error {
	if !l.primed && len(b.Data) > 0 {
		l.primed = true
		if err := l.prime(b.Data, notices); err != nil {
			return err
		}
	}
	f.text, f.bad = f.text[:0], f.bad[:0]
	at := view.Reject{Line: b.Line, Offset: b.Offset}
	for line := range bytes.Lines(b.Data) {
		f.line(l, accesslog.TrimEnd(line), at, notices)
		at.Offset += b.Taken(line)
		if at.Line > 0 {
			at.Line++
		}
	}
	l.end = at
	for range b.TooLong {
		f.reject(l, accesslog.Outcome{Reason: accesslog.ReasonTooLong, Column: 1}, nil, at, notices)
	}
	if len(f.text) > 0 {
		if _, err := f.out.Write(f.text); err != nil {
			return err
		}
	}
	return f.writeRejects()
}

func (f *following) line(l *followed, line []byte, at view.Reject, notices io.Writer) {
	r := &f.record
	out := l.parser.Parse(line, r)
	f.unfinished(l, int(out.Unfinished), at, notices)
	switch {
	case out.Kind == accesslog.Directive, out.Kind == accesslog.Piece:
	case out.Kind == accesslog.Rejected:
		if whole, ok := l.parser.Joined(); ok {
			line = whole
		}
		f.reject(l, out, line, at, notices)
	case r.Sec < f.from || f.wanted != nil && !f.wanted(r):
		l.total.Lines++
		l.total.Older++
	default:
		l.total.Lines++
		l.total.Hits++
		f.text = f.writer.Append(f.text, r, l.total.Name)
	}
}

// finish rejects the lines that were begun when the logs ended.
func (f *following) finish(notices io.Writer) error {
	f.bad = f.bad[:0]
	for _, l := range f.lanes {
		f.unfinished(l, l.parser.End(), l.end, notices)
	}
	return f.writeRejects()
}

// writeRejects writes the rejected lines of a block down.
func (f *following) writeRejects() error {
	if len(f.bad) == 0 {
		return nil
	}
	if _, err := f.rejects.Write(f.bad); err != nil {
		return fmt.Errorf("cannot write --rejects: %w", err)
	}
	return nil
}

// unfinished rejects lines whose last pieces never came.
func (f *following) unfinished(l *followed, n int, at view.Reject, notices io.Writer) {
	for range n {
		f.reject(l, accesslog.Outcome{Reason: accesslog.ReasonPartial, Column: 1}, nil, at, notices)
	}
}

// reject counts a line that is no request, and tells of the first.
func (f *following) reject(l *followed, out accesslog.Outcome, line []byte, at view.Reject, notices io.Writer) {
	at.Column, at.Reason = out.Column, string(out.Reason)
	l.total.Lines++
	l.total.Rejected++
	l.total.LastReject = &at
	if f.rejects != nil {
		f.bad = scan.AppendReject(f.bad, l.total.Name, at, line)
	}
	if !l.told {
		l.told = true
		tell(notices, fmt.Sprintf("%s: line rejected: %s; further ones are counted", at.Position(l.total.Name), out.Reason))
	}
}

// seek makes reading of a file begin at the records of second from, where that
// is not 0; what is before them would only be passed over.
func (l *followed) seek(from int64, notices io.Writer) error {
	if from == 0 || l.source.State().Kind != tail.File {
		return nil
	}
	const most = 256 << 10
	head := l.source.Head(most)
	if len(head) == 0 {
		return nil
	}
	l.primed = true
	if err := l.prime(head, notices); err != nil {
		return err
	}
	if _, ok := l.parser.Format(); ok {
		monitor.Seek(l.source, l.parser, from)
	}
	return nil
}

// prime looks at the head of a log, or its first block, for the format.
func (l *followed) prime(data []byte, notices io.Writer) error {
	found := l.parser.Prime(accesslog.HeadLines(data, true))
	_, ok := l.parser.Format()
	switch {
	case found.Compressed != "":
		return &monitor.InputError{Text: fmt.Sprintf("%s is compressed (%s): leave --follow out to read it", l.total.Name, found.Compressed)}
	case !ok && !found.Found:
		tell(notices, l.total.Name+": "+found.Complaint())
	}
	return nil
}
