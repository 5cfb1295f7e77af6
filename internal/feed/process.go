package feed

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Start says where in what there is already a feed begins.
type Start struct {
	Since   time.Time // the time of the first line wanted; zero is all there is
	FromEnd bool      // pass over what there is
}

const (
	// settled is how long a command has run when its end is no sign that it
	// cannot run.
	settled    = 10 * time.Second
	firstPause = time.Second
	mostPause  = time.Minute
	// grace is what a command is given to end after SIGTERM.
	grace = 2 * time.Second
	// lastWords is how long standard error is read on after the end of a
	// command, if something that outlives it keeps that open.
	lastWords = time.Second
)

// A process is a command that is started again whenever it ends, on a goroutine
// of its own.
//
//	start ── output ──► take ──► queue
//	  ▲                   │ end of output, and of the command
//	  └── pause ◄── told ─┘
type process struct {
	feed *Feed
	// command makes the next run.
	command func() *exec.Cmd
	// take brings the output of a run to the queue until its end.
	take func(io.Reader)
	// hopeless says whether a first run without a line ended so that another
	// will do no better.
	hopeless func(*os.ProcessState) bool

	lines int64 // taken so far, changed by take
	done  chan struct{}
	gone  chan struct{}
}

// begin starts the first run. The error is that it cannot be started.
func (p *process) begin() (*Feed, error) {
	p.done, p.gone = make(chan struct{}), make(chan struct{})
	r, err := p.start()
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", p.feed.name, err)
	}
	p.feed.stop = func() {
		close(p.done)
		<-p.gone
	}
	go p.keep(r)
	return p.feed, nil
}

// keep starts the command again whenever it has ended, until close.
func (p *process) keep(r *run) {
	defer close(p.gone)
	first, pause := true, time.Duration(0)
	for {
		began := time.Now()
		ended := "could not be started"
		if r != nil {
			if !p.follow(r) {
				return
			}
			state := r.cmd.ProcessState
			if first && p.lines == 0 && p.hopeless(state) {
				p.feed.lines.end(fmt.Errorf("it could not run (%s)", state))
				return
			}
			ended = "ended (" + state.String() + ")"
		}
		first = false
		ran := time.Since(began)
		pause = pauseAfter(pause, ran)
		if pause == 0 {
			p.feed.tell("%s after %s; starting it again", ended, ran.Round(time.Second))
		} else {
			p.feed.tell("%s after %s; starting it again in %s", ended, ran.Round(time.Second), pause)
		}
		if !p.rest(pause) {
			return
		}
		var err error
		if r, err = p.start(); err != nil {
			p.feed.tell("%v", err)
		}
	}
}

// pauseAfter is how long to wait with the next start after a run of that
// length: not at all after a long one, else twice as long each time.
func pauseAfter(before, ran time.Duration) time.Duration {
	if ran > settled {
		return 0
	}
	return min(max(2*before, firstPause), mostPause)
}

func (p *process) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.done:
		return false
	case <-t.C:
		return true
	}
}

// A run is one life of the command.
type run struct {
	cmd    *exec.Cmd
	out    *os.File      // our ends of the pipes
	err    *os.File      //
	heard  chan struct{} // closed when standard error is at its end
	taken  chan struct{} // closed when standard output is
	exited chan struct{} // closed when the command has ended
}

func (p *process) start() (*run, error) {
	out, outEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer outEnd.Close()
	errs, errsEnd, err := os.Pipe()
	if err != nil {
		out.Close()
		return nil, err
	}
	defer errsEnd.Close()
	r := &run{
		cmd: p.command(), out: out, err: errs,
		heard: make(chan struct{}), taken: make(chan struct{}), exited: make(chan struct{}),
	}
	r.cmd.Stdout, r.cmd.Stderr = outEnd, errsEnd
	ownGroup(r.cmd)
	if err := r.cmd.Start(); err != nil {
		out.Close()
		errs.Close()
		return nil, err
	}
	go func() {
		defer close(r.heard)
		p.listen(r.err)
	}()
	go func() {
		defer close(r.taken)
		p.take(r.out)
		// Nobody takes lines any more: the command is to end by a signal, not
		// to wait for ever with a full pipe.
		_, _ = io.Copy(io.Discard, r.out)
	}()
	go func() {
		defer close(r.exited)
		_ = r.cmd.Wait() // how it ended is in its ProcessState
	}()
	return r, nil
}

// follow waits for the end of a run; false when the feed was closed, which ends
// the run too.
func (p *process) follow(r *run) bool {
	if p.until(r.exited, r.taken) {
		// What it left running would become one more with each start.
		terminate(r.cmd)
		p.hush(r)
		return true
	}
	terminate(r.cmd)
	late := time.NewTimer(grace)
	defer late.Stop()
	for _, end := range []chan struct{}{r.exited, r.taken} {
		select {
		case <-end:
		case <-late.C:
			late.Reset(0)
		}
	}
	kill(r.cmd)
	<-r.exited
	p.hush(r)
	return false
}

// until waits for all ends; false when the feed is closed before.
func (p *process) until(ends ...chan struct{}) bool {
	for _, end := range ends {
		select {
		case <-end:
		case <-p.done:
			return false
		}
	}
	return true
}

// hush lets go of the pipes when what was said last is read.
func (p *process) hush(r *run) {
	if r.err.SetReadDeadline(time.Now().Add(lastWords)) != nil {
		r.err.Close() // no deadlines here: what it says in its last moment may be missing
	}
	<-r.heard
	r.err.Close()
	r.out.Close()
	<-r.taken
}

// listen tells what a command says on standard error.
func (p *process) listen(r io.Reader) {
	const most = 500 // bytes of a line
	in := bufio.NewReaderSize(r, 4<<10)
	for inside := false; ; {
		line, more, err := in.ReadLine()
		if err != nil {
			return
		}
		if text := strings.TrimSpace(string(line[:min(len(line), most)])); !inside && text != "" {
			p.feed.said.add(time.Now(), text)
		}
		inside = more
	}
}

// Command runs a line of the shell, /bin/sh -c or cmd /c, and returns what it
// writes to standard output. What it says on standard error becomes notices, at
// most ten in 10 s. A last line without line feed counts.
//
// The line is run again whenever it ends: at once if it ran for more than 10 s,
// else after 1 s, then 2, 4 ... 60. Each run finds in WEIR_SINCE, RFC 3339, the
// time its first line should have: that of start, later the time at which the
// last line came. When the shell says, before any line, that there is no such
// command, Read returns an error.
func Command(line string, start Start) (*Feed, error) {
	f := newFeed(line)
	since := start.Since
	switch {
	case start.FromEnd:
		since = time.Now()
	case since.IsZero():
		since = time.Unix(0, 0)
	}
	p := &process{feed: f, hopeless: notFound}
	p.command = func() *exec.Cmd {
		cmd := shell(line)
		cmd.Env = append(os.Environ(), "WEIR_SINCE="+since.UTC().Format(time.RFC3339Nano))
		return cmd
	}
	p.take = func(r io.Reader) { p.takeLines(r, &since) }
	return p.begin()
}

// notFound says whether a shell could not find or not run the command.
func notFound(s *os.ProcessState) bool { return s.ExitCode() == 126 || s.ExitCode() == 127 }

// takeLines takes text as it is, and makes whole what the end left without a
// line feed. last is when the newest of it came.
func (p *process) takeLines(r io.Reader, last *time.Time) {
	b := make([]byte, 64<<10)
	whole := true
	for {
		n, err := r.Read(b)
		if n > 0 {
			p.lines++
			*last = time.Now()
			whole = b[n-1] == '\n'
			if !p.feed.lines.put(b[:n]) {
				return
			}
		}
		if err != nil {
			if !whole {
				p.feed.lines.put([]byte("\n"))
			}
			return
		}
	}
}
