package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"weir/internal/monitor"
	"weir/internal/term"
)

// How often is looked whether there is more to draw. A history is committed every second, and
// read for a picture anew after ten, in which its steps grow.
const (
	lookAgain    = time.Second
	historyAgain = 10 * time.Second
)

// follow draws whenever what was read has changed, until the end of ctx. What cannot be read
// meanwhile is told, once, and waited for: a collector may not have begun yet.
func (o *plotting) follow(ctx context.Context, args []string, s streams) error {
	every := lookAgain
	if o.history {
		every = historyAgain
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	told, seen, drew := "", "", false
	for {
		if state := o.stateOf(args); state != seen || o.history {
			seen = state
			err := o.again(ctx, args, s, drew)
			var input *monitor.InputError
			switch {
			case err == nil:
				told, drew = "", true
			case ctx.Err() != nil:
				return nil
			case !errors.As(err, &input):
				return err
			case told != err.Error():
				told = err.Error()
				tell(s.err, told+"; waiting for more")
			}
		}
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is the usual end
		case <-tick.C:
		}
	}
}

// again draws, on a terminal over what was drawn before.
func (o *plotting) again(ctx context.Context, args []string, s streams, drew bool) error {
	if o.output != "" {
		return o.once(ctx, args, s)
	}
	d, err := o.read(ctx, args, s, time.Now())
	if err != nil {
		return err
	}
	if _, terminal := term.Color("auto", s.out, os.Getenv); terminal && drew {
		const homeAndClear = "\x1b[H\x1b[2J"
		if _, err := s.out.WriteString(homeAndClear); err != nil {
			return err
		}
	}
	return o.draw(d, s, time.Now())
}

// stateOf says what the files look like from outside: two that are equal need no second
// picture.
func (o *plotting) stateOf(args []string) string {
	text := ""
	for _, a := range args {
		names, err := filepath.Glob(a)
		if err != nil || len(names) == 0 {
			names = []string{a}
		}
		for _, n := range names {
			info, err := os.Stat(n)
			if err != nil {
				text += n + " none\n"
				continue
			}
			if info.IsDir() {
				entries, _ := os.ReadDir(n)
				for _, e := range entries {
					if in, err := e.Info(); err == nil {
						text += e.Name() + in.ModTime().String() + "\n"
					}
				}
			}
			text += n + info.ModTime().String() + " " + time.Duration(info.Size()).String() + "\n"
		}
	}
	return text
}
