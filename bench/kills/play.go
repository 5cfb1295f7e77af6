package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A follower is one process of the command.
type follower struct {
	cmd  *exec.Cmd
	out  *os.File // what it prints, of all lives
	said bytes.Buffer
}

// start starts the command with its state in the folder of that name.
func start(o *options, dir, name, log string) (*follower, error) {
	state := filepath.Join(dir, name)
	args := make([]string, len(o.command))
	for i, a := range o.command {
		args[i] = strings.NewReplacer("{log}", log, "{state}", state).Replace(a)
	}
	out, err := os.OpenFile(state+".out", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	f := &follower{cmd: exec.Command(args[0], args[1:]...), out: out}
	f.cmd.Stdout, f.cmd.Stderr = out, &f.said
	if err := f.cmd.Start(); err != nil {
		out.Close()
		return nil, err
	}
	return f, nil
}

// kill ends it as the system does when memory runs out.
func (f *follower) kill() error {
	if err := f.cmd.Process.Kill(); err != nil {
		return err
	}
	err := f.cmd.Wait()
	f.out.Close()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return nil
	}
	return fmt.Errorf("it had ended by itself (%v): %s", err, f.said.String())
}

// stop ends it as Ctrl-C does.
func (f *follower) stop() error {
	defer f.out.Close()
	if err := f.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := f.cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, f.said.String())
	}
	return nil
}

// settleFor is how long, after the last line, both have to close the last seconds,
// which without new lines takes its time.
const settleFor = 25 * time.Second

// play kills the one, lets the other be, and compares them.
func play(ctx context.Context, o *options, dir string) (r *report, err error) {
	log := filepath.Join(dir, "logs", "access.log")
	if err := os.Mkdir(filepath.Dir(log), 0o755); err != nil {
		return nil, err
	}
	w, err := newWriter(log, o.rate)
	if err != nil {
		return nil, err
	}
	calm, err := start(o, dir, "calm", log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = calm.kill() // it is of no use any more
		}
	}()
	stop, written := make(chan struct{}), make(chan error, 1)
	began := time.Now()
	go func() { written <- w.run(stop) }()
	killed, err := killAll(ctx, o, dir, w)
	close(stop)
	took := time.Since(began)
	if err = errors.Join(err, <-written); err != nil {
		return nil, err
	}
	last, err := start(o, dir, "killed", log)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(settleFor):
	}
	if err := errors.Join(last.stop(), calm.stop(), ctx.Err()); err != nil {
		return nil, err
	}
	r = &report{options: o, lines: w.lines, took: took, kills: killed, turns: w.turns}
	return r, r.compare(dir, log, w.seconds)
}

// killAll lets the command live for random times, and rotates the log meanwhile.
func killAll(ctx context.Context, o *options, dir string, w *writer) (kills int, err error) {
	random := rand.New(rand.NewPCG(o.seed, 17))
	every := o.kills
	if o.rotations > 0 {
		every = max(1, o.kills/o.rotations)
	}
	for kills < o.kills && err == nil {
		var f *follower
		if f, err = start(o, dir, "killed", w.path); err != nil {
			return kills, err
		}
		// A third of the lives end while it still begins.
		life := o.life
		if random.IntN(3) == 0 {
			life /= 10
		}
		life = time.Duration(random.Int64N(int64(life)))
		if kills%every == every/2 && w.turns < o.rotations {
			life = max(life, 10*time.Millisecond)
			time.Sleep(life / 2)
			err = w.rotate()
			life /= 2
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(life):
		}
		err = errors.Join(err, f.kill())
		kills++
	}
	for w.turns < o.rotations && err == nil {
		err = w.rotate()
	}
	return kills, err
}
