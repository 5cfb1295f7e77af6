package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	startPatience = 20 * time.Second // for the first line
	settle        = time.Second      // for what comes after all lines have been seen: doubles
)

// inFolder makes a follower of a command, with a folder for its state.
func inFolder(args []string, s *scene) (follower, error) {
	state := filepath.Join(s.dir, "state")
	if err := os.Mkdir(state, 0o755); err != nil {
		return nil, err
	}
	path, err := exec.LookPath(args[0])
	if err == nil || errors.Is(err, exec.ErrDot) {
		path, err = filepath.Abs(path) // it will run in another folder
	}
	if err != nil {
		return nil, fmt.Errorf("the follower: %w", err)
	}
	return newCommand(append([]string{path}, args[1:]...), s.path, state), nil
}

// torture runs the whole: the follower, the writer, the scripts, the wait for
// the last line. The report is nil when the run could not begin; together with
// an error it tells how far it came.
func (s *scene) torture(ctx context.Context, o options, progress io.Writer) (*report, error) {
	defer s.writer.close()
	if err := s.follower.start(s.checker); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.follower.kill())
	}
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watched := make(chan samples, 1)
	watch, unwatch := context.WithCancel(ctx)
	go func() { watched <- s.watch(watch, o, progress) }()

	allRotated := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		err := s.writer.run(ctx, o.rate, func(next int64) bool {
			select {
			case <-allRotated:
				return next > o.lines
			default:
				return false
			}
		})
		if err != nil {
			cancel()
		}
		written <- err
	}()
	err := s.scripts(ctx, o, progress)
	if err != nil {
		cancel()
	}
	close(allRotated)
	err = errors.Join(<-written, err)
	took := time.Since(began)
	unwatch()
	how := "the run was broken off"
	if err == nil {
		how, err = s.drain(ctx, o.quiet)
	}
	r := &report{seed: o.seed, rate: o.rate, took: took, how: how, samples: <-watched}
	select {
	case <-s.follower.gone():
	default:
		err = errors.Join(err, s.follower.end(context.WithoutCancel(ctx)))
	}
	r.fill(s)
	if said := s.follower.said(); said != "" && (err != nil || !r.clean()) {
		r.said = said
	}
	return r, err
}

// ready writes the first line, and waits until the follower has printed it: so
// no line counts that was written before it was there.
func (s *scene) ready(ctx context.Context) error {
	if _, err := s.writer.burst(1); err != nil {
		return err
	}
	if err := s.writer.whole(); err != nil {
		return err
	}
	for start := time.Now(); s.checker.most.Load() < 1; {
		if err := wait(ctx, turn); err != nil {
			return err
		}
		select {
		case <-s.follower.gone():
			return fmt.Errorf("the follower ended before it had printed a line: %s", s.follower.said())
		default:
		}
		if time.Since(start) > startPatience {
			return fmt.Errorf("the follower has not printed the first line of the log within %v: "+
				"it must print whole lines, those that are there when it starts too. %s", startPatience, s.follower.said())
		}
	}
	return nil
}

// scripts runs scripts until there were enough rotations, each when its share of
// the lines is written. When one has taken longer, the next waits for a quarter
// of a share: without that, ten that are late would come within a millisecond,
// and which these are would depend on the machine.
func (s *scene) scripts(ctx context.Context, o options, progress io.Writer) error {
	d := deck{scripts: o.scripts, rand: rand.New(rand.NewPCG(o.seed, 3))}
	var least int64
	for s.rotations < o.rotations && len(o.scripts) > 0 {
		due := max(least, o.lines*int64(s.rotations+1)/int64(o.rotations+1))
		for s.writer.position() < due {
			if err := wait(ctx, turn); err != nil {
				return err
			}
		}
		next := d.draw()
		ran := event{next.name, stretch{from: s.writer.position()}}
		err := next.run(ctx, s)
		ran.lines.to = s.writer.position()
		s.ledger.note(ran)
		least = ran.lines.to + o.lines/int64(o.rotations+1)/4
		if o.verbose {
			fmt.Fprintf(progress, "lines %d to %d: %s, rotations %d\n", ran.lines.from, ran.lines.to-1, ran.script, s.rotations)
		}
		if err == nil {
			err = s.tidy(time.Now())
		}
		if err != nil {
			return fmt.Errorf("script %s, after %d rotations: %w", next.name, s.rotations, err)
		}
		select {
		case <-s.follower.gone():
			return fmt.Errorf("the follower ended by itself during or after the script %s", next.name)
		default:
		}
	}
	return nil
}

// A deck gives all scripts by chance, each as often as its weight says before
// the first comes again that often.
type deck struct {
	scripts []script
	rand    *rand.Rand
	left    []script
}

func (d *deck) draw() script {
	if len(d.left) == 0 {
		for _, s := range d.scripts {
			for range s.weight {
				d.left = append(d.left, s)
			}
		}
		d.rand.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	last := len(d.left) - 1
	next := d.left[last]
	d.left = d.left[:last]
	return next
}

// drain waits until the follower has printed all lines, or nothing for quiet.
func (s *scene) drain(ctx context.Context, quiet time.Duration) (how string, err error) {
	next := s.writer.position()
	for {
		lost, unread := s.checker.missing(next, s.ledger.excused())
		if len(lost) == 0 && (len(unread) == 0 || s.checker.quiet(time.Now()) > settle) {
			if err := wait(ctx, settle); err != nil {
				return "", err
			}
			return fmt.Sprintf("all lines were there; %v more for doubles", settle), nil
		}
		if s.checker.quiet(time.Now()) > quiet {
			return fmt.Sprintf("no line came for %v", quiet), nil
		}
		if err := wait(ctx, 20*turn); err != nil {
			return "", err
		}
		select {
		case <-s.follower.gone():
			return "the follower ended by itself", errors.New("the follower ended by itself after the last line was written")
		default:
		}
	}
}
