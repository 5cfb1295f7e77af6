package cli

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/alert"
	"weir/internal/history"
	"weir/internal/monitor"
	"weir/internal/report"
	"weir/internal/term"
)

// listingAlerts holds the flags of the alerts command.
type listingAlerts struct {
	store  storeFlags
	page   pageFlags
	since  spanFlags
	rule   string
	firing bool
	follow bool
	ack    string
	mute   string
	unmute string
	span   time.Duration
	last   int // -1 is all
}

const alertsHelp = `weir alerts lists the alerts and recoveries that weir has kept, the newest last, each as the
message it was. Those found in the past of a log, when it was read back, are marked as
replayed: nobody was told of them.

LOG... are the words that weir was given: the same words lead to the same history. Without
any it is the one last written.`

func newAlerts(s streams) *cobra.Command {
	o := &listingAlerts{}
	cmd := &cobra.Command{
		Use:   "alerts [flags] [LOG...]",
		Short: "List the alerts and recoveries of the past",
		Long:  alertsHelp,
		Example: `  weir alerts
  weir alerts --since 7d -o csv access.log
  weir alerts -n 0 --follow
  weir alerts --mute 'errors of /api' --for 1h`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.one(given(cmd.Flags())); err != nil {
				return err
			}
			return o.run(cmd.Context(), args, s, time.Now())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.since.add(f, "only those from this `TIME` on: 7d, 14:30, 2026-03-10, 2026-03-10T14:00:00Z", "only those before this `TIME`")
	f.Var(newValue(&o.rule, "NAME", "", ruleName), "rule", "only those of this rule, such as high-traffic")
	f.BoolVar(&o.firing, "firing", false, "only alerts that have not recovered")
	f.VarP(newValue(&o.last, "N", "all", parseLast), "lines", "n", "only the last N of them, or all")
	f.Var(newValue(&o.ack, "ALERT", "", ruleName), "ack", "say that you know of the open `ALERT`, a rule or \"rule of key\" such as \"errors of /api\": the weir that watches shows and keeps that")
	f.Var(newValue(&o.mute, "ALERT", "", ruleName), "mute", "tell nobody of the alerts of `ALERT`, a rule, \"rule of key\" or rule/section, that begin in the time of --for; they are kept")
	f.Var(newValue(&o.span, "SPAN", "1h", parseSeconds(time.Second, 30*24*time.Hour)), "for", "how long --mute lasts: 30m, 8h")
	f.Var(newValue(&o.unmute, "ALERT", "", ruleName), "unmute", "tell of the alerts of `ALERT` again")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with those that come, until Ctrl-C")
	o.page.add(f)
	o.store.add(f)
	o.store.completes(cmd)
	return cmd
}

func ruleName(s string) (string, error) {
	if s == "" {
		return "", fmt.Errorf("the name of the rule is empty: give one such as %s", alert.HighTraffic)
	}
	return s, nil
}

func parseLast(s string) (int, error) {
	if s == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("must be a number of messages such as 10, or all")
	}
	return n, nil
}

func (o *listingAlerts) run(ctx context.Context, words []string, s streams, now time.Time) error {
	from, to, err := stretch(o.since.from, o.since.to, now, o.page.zone)
	if err != nil {
		return err
	}
	if o.follow && o.firing {
		return usageError{fmt.Errorf("--firing tells what is open now, and --follow what comes: give one of them")}
	}
	db, err := o.store.open(words, s)
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case o.ack != "":
		return o.acknowledge(db, s, now)
	case o.mute != "":
		return o.hush(db, s, o.mute, o.span, now)
	case o.unmute != "":
		return o.hush(db, s, o.unmute, 0, now)
	}
	_, known, _, err := db.Bounds()
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	if err := notLater("since", o.since.from, from, now, known, o.page.zone); err != nil {
		return err
	}
	w := o.writer(s.out)
	f := history.Filter{From: from, To: to, Rule: o.rule, Limit: max(0, o.last)}
	if o.firing {
		f.Limit = 0
	}
	events, err := db.Events(f)
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	if len(events) > 0 {
		f.After = events[len(events)-1].ID
	}
	if o.firing {
		events = stillFiring(events)
	}
	if o.last >= 0 {
		events = events[max(0, len(events)-o.last):]
	}
	if len(events) == 0 && !o.follow && o.page.kind == "text" {
		tell(s.err, o.nothing()+": "+nameOfOpen(db))
	}
	if err := w(alertsOf(events)); err != nil || !o.follow {
		return err
	}
	f.Limit = 0
	return follows(ctx, db, f, w)
}

// acknowledge tells the weir that watches that somebody knows of an alert.
func (o *listingAlerts) acknowledge(db *history.DB, s streams, now time.Time) error {
	events, err := db.Events(history.Filter{})
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	rule, key, one := strings.Cut(o.ack, " of ")
	open := false
	for _, e := range stillFiring(events) {
		open = open || e.Rule.Name == rule && (!one || e.Key == key)
	}
	if !open {
		return &monitor.InputError{Text: fmt.Sprintf("no alert %s is open: weir alerts --firing lists those that are", o.ack)}
	}
	if err := history.LeaveMark(db.Path(), monitor.Acknowledgement(rule, key, now)); err != nil {
		return err
	}
	tell(s.err, "left for the weir that watches")
	return nil
}

// one says that only one thing can be asked of the weir that watches.
func (o *listingAlerts) one(own map[string]bool) error {
	asked := ""
	for _, name := range []string{"ack", "mute", "unmute"} {
		switch {
		case !own[name]:
		case asked != "":
			return usageError{fmt.Errorf("--%s and --%s contradict one another: give one of them", asked, name)}
		default:
			asked = name
		}
	}
	if own["for"] && asked != "mute" {
		return usageError{fmt.Errorf("--for says how long --mute lasts: give that too")}
	}
	return nil
}

// hush asks the weir that watches to tell nobody of alerts for a while, or to tell of them again.
func (o *listingAlerts) hush(db *history.DB, s streams, which string, span time.Duration, now time.Time) error {
	rule, key, one := strings.Cut(which, " of ")
	if name, section, slash := strings.Cut(which, "/"); !one && slash {
		rule, key = name, "/"+section
	}
	mark := monitor.Mute(rule, key, span, now)
	if err := mark.Check(); err != nil {
		return usageError{err}
	}
	if err := history.LeaveMark(db.Path(), mark); err != nil {
		return err
	}
	tell(s.err, "left for the weir that watches")
	return nil
}

// nothing says that there is none of what was asked for.
func (o *listingAlerts) nothing() string {
	switch {
	case o.firing:
		return "no alert is firing"
	case o.rule == "" && o.since == spanFlags{}:
		return "no alert is kept"
	}
	return "no alert is kept that fits"
}

// stillFiring returns the alerts that have not recovered: the last word of each rule, where
// that is an alert.
func stillFiring(events []history.Event) []history.Event {
	type name struct{ rule, key string }
	last := map[name]int{}
	for i := range events {
		last[name{events[i].Rule.Name, events[i].Key}] = i
	}
	var firing []history.Event
	for i := range events {
		if last[name{events[i].Rule.Name, events[i].Key}] == i && events[i].State == alert.Firing {
			firing = append(firing, events[i])
		}
	}
	return firing
}

// writer returns what writes alerts, as often as it is called.
func (o *listingAlerts) writer(out *os.File) func([]report.Alert) error {
	switch o.page.kind {
	case "json":
		return (&report.JSON{W: out, Zone: o.page.zone}).WriteAlerts
	case "csv":
		more := false
		return func(alerts []report.Alert) error {
			defer func() { more = true }()
			return (&report.CSV{W: out, Zone: o.page.zone}).WriteAlerts(alerts, more)
		}
	}
	color, _ := term.Color(o.page.color, out, os.Getenv)
	return (&report.Text{W: out, Zone: o.page.zone, Color: color}).WriteAlerts
}

// follows looks for new alerts once a second: that is one search by their number, and
// needs nobody who tells.
func follows(ctx context.Context, db *history.DB, f history.Filter, write func([]report.Alert) error) error {
	ctx, stop := untilHangup(ctx)
	defer stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		events, err := db.Events(f)
		if err != nil {
			return &monitor.InputError{Text: err.Error()}
		}
		if len(events) == 0 {
			continue
		}
		f.After = events[len(events)-1].ID
		if err := write(alertsOf(events)); err != nil {
			return err
		}
	}
}
