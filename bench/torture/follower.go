package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A follower is what is tortured: something that prints the lines of a log. It
// is used by one goroutine, but for pid and said.
type follower interface {
	// start begins to follow, and to feed the checker.
	start(c *checker) error
	// pause stops it where it stands, resume lets it go on.
	pause() error
	resume() error
	// end asks it to end, waits until it has, and all it printed has been read.
	end(ctx context.Context) error
	// kill ends it without asking, and waits as end does.
	kill() error
	// gone is closed when it has ended, by itself or not.
	gone() <-chan struct{}
	// pid is its process, 0 if it has none.
	pid() int
	// said is the end of what it has told on its standard error.
	said() string
}

const (
	endPatience = 20 * time.Second // for a follower that was asked to end
	saidRoom    = 4 << 10
)

// A command is a follower that is a program. {log} and {state} in its arguments
// stand for the log, and for a folder that it may keep its state in.
type command struct {
	args []string
	dir  string

	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended and its output has been read
	dead   atomic.Bool   // killed by us
	number atomic.Int64  // of the process
	err    error         // how it ended; valid when done is closed
	stderr lastBytes
}

// newCommand fills the places in the arguments.
func newCommand(args []string, log, state string) *command {
	fill := strings.NewReplacer("{log}", log, "{state}", state)
	c := &command{dir: state}
	for _, a := range args {
		c.args = append(c.args, fill.Replace(a))
	}
	return c
}

func (f *command) start(c *checker) error {
	f.cmd = exec.Command(f.args[0], f.args[1:]...)
	f.cmd.Dir, f.cmd.Stderr = f.dir, &f.stderr
	ownGroup(f.cmd)
	out, w, err := os.Pipe()
	if err != nil {
		return err
	}
	f.cmd.Stdout = w
	err = f.cmd.Start()
	w.Close()
	if err != nil {
		out.Close()
		return fmt.Errorf("the follower cannot be started: %w", err)
	}
	f.number.Store(int64(f.cmd.Process.Pid))
	f.done = make(chan struct{})
	f.dead.Store(false)
	go func() {
		defer close(f.done)
		defer out.Close()
		broken := c.read(out, f.dead.Load)
		f.err = errors.Join(f.cmd.Wait(), broken)
	}()
	return nil
}

func (f *command) pause() error          { return signalGroup(f.cmd, stopSignal) }
func (f *command) resume() error         { return signalGroup(f.cmd, continueSignal) }
func (f *command) gone() <-chan struct{} { return f.done }
func (f *command) pid() int              { return int(f.number.Load()) }
func (f *command) said() string          { return f.stderr.String() }

// end does not mind with which code a follower ends that was asked to: tail has
// no other answer to a signal.
func (f *command) end(ctx context.Context) error {
	if err := signalGroup(f.cmd, endSignal); err != nil {
		return err
	}
	t := time.NewTimer(endPatience)
	defer t.Stop()
	select {
	case <-f.done:
		return nil
	case <-t.C:
	case <-ctx.Done():
	}
	return errors.Join(fmt.Errorf("the follower did not end within %v of being asked to; it was killed", endPatience), f.kill())
}

func (f *command) kill() error {
	f.dead.Store(true)
	err := signalGroup(f.cmd, killSignal)
	<-f.done
	return err
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct {
	mu sync.Mutex
	b  []byte
}

var _ io.Writer = (*lastBytes)(nil)

// Write never fails.
func (l *lastBytes) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = append(l.b, b...)
	if over := len(l.b) - saidRoom; over > 0 {
		l.b = append(l.b[:0], l.b[over:]...)
	}
	return len(b), nil
}

// String is what is kept.
func (l *lastBytes) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.TrimSpace(l.b))
}
