package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/monitor"
	"weir/internal/pace"
	"weir/internal/simulate"
	"weir/internal/term"
	"weir/internal/unit"
	"weir/internal/view"
)

// A story is a demo: a site, what happens on it, and what weir must say.
type story struct {
	name  string
	title string
	tell  string // what to expect, for the person who watches
	steps string // the simulated log; "" = the burst is in the log at the start
	// shown is how long it takes; with 0 it goes on until Ctrl-C.
	shown time.Duration
	// checked is how long it takes with --check.
	checked time.Duration
	alerts  int // that --check must see, each with its recovery
	// poll looks at the log at intervals, without the events of the system: so
	// a story can be played in fake time.
	poll bool
}

const burstHits = 1258

// forever is longer than anybody watches a demo.
const forever = 1000 * time.Hour

func stories() []story {
	return []story{{
		name: "story", title: "three minutes: quiet traffic, a rush, an alert, its recovery",
		tell:  "A simulated site: 20 s at 5 requests per second, 45 s at 40, then 2. The alert comes after some 50 s, its recovery after some 160.",
		steps: "20s@5,45s@40,115s@2", shown: 180 * time.Second, checked: 180 * time.Second, alerts: 1,
	}, {
		name: "burst", title: fmt.Sprintf("%d requests to one section within one second, as a still file", burstHits),
		tell:  fmt.Sprintf("A still log: %d requests within one second, just before the event clock starts. The alert comes at once, and recovers when they leave the window of 2 minutes.", burstHits),
		shown: 130 * time.Second, checked: 130 * time.Second, alerts: 1,
	}, {
		name: "bursty", title: "a burst every 130 s: an alert about every two minutes, until Ctrl-C",
		tell:  fmt.Sprintf("A simulated site with %d requests in a burst every 130 s. Each gives an alert, and recovers two minutes later. Ctrl-C ends it.", burstHits),
		steps: "bursty", checked: 258 * time.Second, alerts: 2,
	}}
}

func newDemo(s streams) *cobra.Command {
	var check, traffic bool
	class := classroom{rate: classRate, seed: 42}
	cmd := &cobra.Command{
		Use:   "demo [story|burst|bursty]",
		Short: "Show what weir does on a simulated log: alert and recovery in three minutes",
		Long:  demoHelp(),
		Example: `  weir demo
  weir demo burst
  weir demo --classroom --keep classroom
  weir demo --check`,
		ValidArgs: []string{"story", "burst", "bursty"},
		RunE: func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed
			switch {
			case traffic && len(args) > 0:
				return usageError{errors.New("--classroom is a demo of its own: leave the name of the other one out")}
			case traffic:
				if class.check = check; class.valid(given) != nil {
					return class.valid(given)
				}
				return class.run(cmd.Context(), s)
			case given("duration") || given("keep"):
				return usageError{errors.New("--duration and --keep are about --classroom: give that, too")}
			}
			st, err := storyNamed(args)
			if err != nil {
				return err
			}
			if check {
				return st.check(cmd.Context(), s.out)
			}
			return st.show(cmd.Context(), s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&check, "check", false, "show nothing, say PASS or FAIL: exit 0 or 4")
	f.BoolVar(&traffic, "classroom", false, "a time server, traffic for it, a collector of its counters, a graph of their rates (docs/classroom.md)")
	f.Var(newValue(&class.length, "SPAN", "3m", unit.ParseSpan), "duration", "of --classroom")
	f.StringVar(&class.keep, "keep", "", "leave counters, picture, access log and report of --classroom in this `FOLDER`")
	return cmd
}

func demoHelp() string {
	var b strings.Builder
	b.WriteString("demo writes a log with the simulator and follows it, as it would follow yours:\n\n")
	for _, st := range stories() {
		fmt.Fprintf(&b, "  %-8s%s\n", st.name, st.title)
	}
	return b.String()
}

func storyNamed(args []string) (story, error) {
	if len(args) == 0 {
		return stories()[0], nil
	}
	for _, st := range stories() {
		if len(args) == 1 && st.name == args[0] {
			return st, nil
		}
	}
	return story{}, usageError{fmt.Errorf("%q is no demo: give story, burst or bursty", strings.Join(args, " "))}
}

// show plays the story on the screen.
func (st story) show(ctx context.Context, s streams) error {
	color, _ := term.Color("auto", s.out, os.Getenv)
	if _, err := fmt.Fprintf(s.out, "%s\n\n", st.tell); err != nil {
		return err
	}
	_, err := st.play(ctx, &term.Plain{W: s.out, Zone: time.Local, Color: color}, st.shown)
	return err
}

// check plays the story for nobody and compares what weir said with what it
// must say.
func (st story) check(ctx context.Context, out io.Writer) error {
	saw := &witness{}
	written, err := st.play(ctx, saw, st.checked)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("the check was broken off")
	}
	if wrong := saw.judge(st, written); wrong != "" {
		fmt.Fprintf(out, "FAIL demo %s: %s\n", st.name, wrong)
		return checkError{"the demo did not show what it must"}
	}
	_, err = fmt.Fprintf(out, "PASS demo %s: hits %d, alerts %d, recoveries %d\n", st.name, saw.closing.Hits, st.alerts, st.alerts)
	return err
}

// play writes the log and follows it for so long, or with 0 until ctx is done.
// It returns the number of lines written.
func (st story) play(ctx context.Context, screen monitor.Sink, length time.Duration) (written int64, err error) {
	dir, remove, err := scratch("weir-demo-")
	if err != nil {
		return 0, fmt.Errorf("cannot make a place for the simulated log: %w", err)
	}
	defer remove()
	file, err := os.Create(filepath.Join(dir, "access.log"))
	if err != nil {
		return 0, fmt.Errorf("cannot write the simulated log: %w", err)
	}
	defer file.Close()

	o := monitor.Options{
		Paths: []string{file.Name()}, Zone: time.Local, Screen: screen, Poll: st.poll,
		Gauge: gauge.Options{
			Interval: 10, Lateness: 2 * time.Second, SectionExpiration: 120,
			Rules: []alert.Rule{alert.HighTrafficRule(10_000_000, 2*time.Minute)},
			Tops:  view.Tops{Sections: 5, Clients: 3, Paths: 3, Bots: 5},
		},
	}
	log, err := st.log()
	if err != nil {
		return 0, err
	}
	if st.steps == "" {
		at := time.Now().Add(-time.Hour).Truncate(time.Second)
		if written, err = log.Fill(ctx, at, file); err != nil {
			return written, err
		}
		o.Clock = at.Add(3 * time.Second)
	}
	m, err := monitor.New(o)
	if err != nil {
		return written, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(length, forever))
	defer cancel()
	// It ends after the writer, so that it sees the last line.
	watch, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- m.Run(watch)
	}()
	if st.steps != "" {
		// The log may end before the story does: the site has gone quiet.
		if written, err = log.Run(ctx, file); ctx.Err() != nil {
			err = nil
		}
	}
	<-ctx.Done()
	end()
	return written, errors.Join(err, <-done)
}

// log is the site and what happens on it.
func (st story) log() (*simulate.Log, error) {
	site := simulate.SiteOptions{Seed: 42, Sections: 8, Clients: 400}
	var shape pace.Shape
	l := &simulate.Log{Seed: 42}
	switch st.steps {
	case "":
		site.Sections = 1
		shape, l.Count = pace.Constant{Rate: burstHits * 1_000_000}, burstHits
	case "bursty":
		shape = bursts{}
	default:
		steps, err := pace.ParseSteps(st.steps)
		if err != nil {
			return nil, err
		}
		shape = steps
	}
	var err error
	if l.Site, err = simulate.NewSite(site); err != nil {
		return nil, err
	}
	l.Pacer = pace.New(shape)
	l.Format, err = simulate.NewFormat("combined-time", time.Local)
	return l, err
}

// witness is a Sink that remembers what was said.
type witness struct {
	events  []alert.Event
	shown   int64
	closing view.Closing
}

// Show implements monitor.Sink.
func (w *witness) Show(o gauge.Output) error {
	if o.Event != nil {
		w.events = append(w.events, *o.Event)
	}
	if o.Interval != nil {
		w.shown += o.Interval.Hits
	}
	return nil
}

// Close implements monitor.Sink.
func (w *witness) Close(c *view.Closing) error {
	w.closing = *c
	return nil
}

// judge says what is wrong with what was seen; "" when nothing is.
func (w *witness) judge(st story, written int64) string {
	if w.closing.Hits != written || w.shown != written {
		return fmt.Sprintf("%d lines were written, %d counted, %d shown in intervals", written, w.closing.Hits, w.shown)
	}
	if len(w.events) != 2*st.alerts {
		return fmt.Sprintf("%d messages, want %d alerts and as many recoveries", len(w.events), st.alerts)
	}
	for i, e := range w.events {
		if want := []alert.State{alert.Firing, alert.Quiet}[i%2]; e.State != want {
			return fmt.Sprintf("message %d is %q, want alert and recovery by turns", i+1, &e)
		}
	}
	return ""
}
