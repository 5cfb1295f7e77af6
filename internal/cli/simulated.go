package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"weir/internal/config"
	"weir/internal/pace"
	"weir/internal/simulate"
)

// A simulation writes the log of [simulate] until it is ended. The zero value writes
// nothing.
type simulation struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// simulated begins to write the log of a configuration, where it has one. Whoever calls
// it ends it.
func simulated(ctx context.Context, o config.Simulate, zone *time.Location, s streams) (simulation, error) {
	if !o.Enabled {
		return simulation{}, nil
	}
	log, err := simulatedLog(o, zone)
	if err != nil {
		return simulation{}, fmt.Errorf("[simulate]: %w", err)
	}
	file, err := os.OpenFile(o.File, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return simulation{}, fmt.Errorf("cannot write the simulated log: %w", err)
	}
	if info, err := file.Stat(); err == nil && info.Size() > 0 {
		log.NoHeader = true
	}
	ctx, cancel := context.WithCancel(ctx)
	w := simulation{cancel, make(chan struct{})}
	go func() {
		defer close(w.done)
		defer file.Close()
		// The log may end before weir does: the site has gone quiet. That it cannot be
		// written any more is told, and what is followed goes on.
		if _, err := log.Run(ctx, file); err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
			tell(s.err, fmt.Sprintf("cannot write the simulated log: %v", err))
		}
	}()
	return w, nil
}

// end stops the writing, and waits for the last line.
func (w simulation) end() {
	if w.cancel != nil {
		w.cancel()
		<-w.done
	}
}

// simulatedLog is the site and what happens on it.
func simulatedLog(o config.Simulate, zone *time.Location) (*simulate.Log, error) {
	seed := uint64(o.Seed)
	if seed == 0 {
		seed = rand.Uint64() >> 32
	}
	var shape pace.Shape = pace.Constant{Rate: o.Rate}
	if o.Pattern != "" {
		pattern, err := config.Pattern(o.Pattern)
		if err != nil {
			return nil, err
		}
		if shape, err = pattern.Shape(pace.Reference{Rate: o.Rate, Seed: seed}); err != nil {
			return nil, err
		}
	}
	site, err := simulate.NewSite(simulate.SiteOptions{Seed: seed, Sections: o.Sections, Clients: o.Clients, Host: o.Host})
	if err != nil {
		return nil, err
	}
	format, err := simulate.NewFormat(o.Format, zone)
	if err != nil {
		return nil, err
	}
	return &simulate.Log{Site: site, Format: format, Pacer: pace.New(shape), Seed: seed}, nil
}
