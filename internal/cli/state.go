package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/history"
	"weir/internal/monitor"
	"weir/internal/unit"
)

const stateHelp = `weir state lists the histories that weir has kept: of what each is, where, how large, from when
to when, and which process writes it. Its commands check one, write it out, or make it
smaller.

LOG... are the words that weir was given: the same words lead to the same history. Without
any all are listed; the commands mean the one last written.`

// stating holds the flags of the state command.
type stating struct {
	store storeFlags
	kind  string
	zone  *time.Location
}

func newState(s streams) *cobra.Command {
	o := &stating{}
	cmd := &cobra.Command{
		Use:   "state [flags] [LOG...]",
		Short: "List, check, export and prune the histories that are kept",
		Long:  stateHelp,
		Example: `  weir state
  weir state access.log
  weir state check
  weir state export access.log | gzip > history.ndjson.gz
  weir state prune --before 90d`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && !isFile(args[0]) {
				if near := nearest(args[0], cmd.SuggestionsFor(args[0])); near != "" {
					return usageError{fmt.Errorf("%q is neither a log nor a command; did you mean %q?", args[0], "weir state "+near)}
				}
			}
			return o.list(args, s, time.Now())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(newValue(&o.kind, "KIND", "text", oneOf("text", "json")), "output-format", "o", "text, or json: an object a line (docs/history.md)")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown: local, UTC, +02:00, Europe/Berlin")
	o.store.add(f)
	o.store.completes(cmd)
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newCheck(s), newExport(s), newPrune(s))
	return cmd
}

// listed is what there is to say of a history.
type listed struct {
	History  escape.JSON   `json:"history"`
	File     escape.JSON   `json:"file"`
	Changed  string        `json:"changed"`
	PID      int           `json:"pid,omitempty"`
	Held     bool          `json:"in_use"`
	Bytes    int64         `json:"bytes"`
	Free     int64         `json:"free_bytes"`
	Sealed   string        `json:"sealed,omitempty"`
	Commits  int64         `json:"commits"`
	Levels   []listedLevel `json:"levels"`
	Alerts   int64         `json:"alerts"`
	Marks    int64         `json:"marks"`
	Messages int64         `json:"messages_waiting"`
	Channels []listedQueue `json:"channels,omitempty"`
	Refused  int64         `json:"refused_hits"`
	Shed     int64         `json:"shed_rows"`
	Problem  escape.JSON   `json:"problem,omitempty"` // why nothing more is known

	changed time.Time
}

// listedQueue is how many messages wait for a channel.
type listedQueue struct {
	Name     escape.JSON `json:"name"`
	Messages int64       `json:"messages"`
}

type listedLevel struct {
	Step   int64  `json:"step_seconds"`
	Rows   int64  `json:"rows"`
	Amends int64  `json:"amendments"`
	From   string `json:"from"`
	To     string `json:"to"`
	Bytes  int64  `json:"frame_bytes"`

	name     string
	from, to int64
}

func (o *stating) list(words []string, s streams, now time.Time) error {
	home, one, err := o.store.home()
	if err != nil {
		return err
	}
	if len(words) > 0 || o.store.picks() {
		if one, err = o.store.find(words, s); err != nil {
			return err
		}
	}
	list := []history.Kept{{Path: one}}
	if one == "" {
		if list, err = home.List(); err != nil {
			return &monitor.InputError{Text: err.Error()}
		}
		if len(list) == 0 {
			return &monitor.InputError{Text: fmt.Sprintf("there is no history in %s: weir LOG makes one while it follows a log; --state DIR names another folder", home)}
		}
	} else {
		list[0], _ = history.KeptAt(one) // of what is no file the problem is told
	}
	var text []byte
	var broken []string
	for i, k := range list {
		h := o.look(k)
		if h.Problem != "" {
			broken = append(broken, string(h.Problem))
		}
		if o.kind == "json" {
			b, err := json.Marshal(h)
			if err != nil {
				return fmt.Errorf("writing JSON: %w", err) // no value we make can cause it
			}
			text = append(append(text, b...), '\n')
			continue
		}
		if i > 0 {
			text = append(text, '\n')
		}
		text = o.append(text, &h, now)
	}
	if _, err := s.out.Write(text); err != nil {
		return err
	}
	if len(broken) > 0 {
		return &monitor.InputError{Text: broken[0]}
	}
	return nil
}

// look reads what there is to say of a history.
func (o *stating) look(k history.Kept) listed {
	h := listed{History: escape.JSON(k.Path), File: escape.JSON(k.Path), Changed: k.Changed.In(o.zone).Format(time.RFC3339), changed: k.Changed, Levels: []listedLevel{}}
	h.PID, h.Held = history.Holder(k.Path)
	if !h.Held {
		h.PID = 0
	}
	db, err := history.OpenReadOnly(k.Path)
	if err != nil {
		h.Problem = escape.JSON(err.Error())
		return h
	}
	defer db.Close()
	h.History = escape.JSON(nameOfOpen(db))
	st, err := db.Stats()
	if err != nil {
		h.Problem = escape.JSON(err.Error())
		return h
	}
	// With those that wait for who writes it.
	marks, err := db.Marks(math.MinInt64, math.MaxInt64)
	if err != nil {
		h.Problem = escape.JSON(err.Error())
		return h
	}
	if _, to, ok, err := db.Bounds(); err == nil && ok {
		h.Sealed = o.rfc(to)
	}
	h.Bytes, h.Free, h.Commits = st.File+st.Journal, st.Free, st.Commits
	h.Alerts, h.Marks, h.Messages, h.Refused, h.Shed = st.Events, int64(len(marks)), st.Waiting, st.Refused, st.Shed
	waiting, err := db.Targets()
	if err != nil {
		h.Problem = escape.JSON(err.Error())
		return h
	}
	for _, w := range waiting {
		h.Channels = append(h.Channels, listedQueue{escape.JSON(w.Target), w.Messages})
	}
	for l, ls := range st.Levels {
		if ls.Rows == 0 {
			continue
		}
		level := history.Level(l)
		to := ls.Newest + level.Step()
		h.Levels = append(h.Levels, listedLevel{
			Step: level.Step(), Rows: ls.Rows, Amends: ls.Amendments, From: o.rfc(ls.Oldest), To: o.rfc(to), Bytes: ls.Bytes,
			name: level.String(), from: ls.Oldest, to: to,
		})
	}
	return h
}

func (o *stating) rfc(sec int64) string { return time.Unix(sec, 0).In(o.zone).Format(time.RFC3339) }

// append writes a history down for a person.
func (o *stating) append(b []byte, h *listed, now time.Time) []byte {
	line := func(label, text string) {
		b = fmt.Appendf(b, "  %-13s %s\n", label, escape.Terminal([]byte(text)))
	}
	b = append(escape.AppendTerminal(b, []byte(h.History)), '\n')
	line("file", string(h.File))
	written := h.changed.In(o.zone).Format(time.DateTime)
	if d := now.Sub(h.changed); d < 24*time.Hour {
		written += " (" + ago(d) + ")"
	}
	switch {
	case h.Held && h.PID > 0:
		written += ", in use by process " + strconv.Itoa(h.PID)
	case h.Held:
		written += ", in use"
	}
	line("last written", written)
	if h.Problem != "" {
		line("problem", string(h.Problem))
		return b
	}
	size := unit.Bytes(h.Bytes)
	if h.Free > 0 {
		size += ", " + unit.Bytes(h.Free) + " of it free"
	}
	line("size", size)
	for _, l := range h.Levels {
		text := fmt.Sprintf("%9s %-4s %s to %s", unit.Count(l.Rows), unit.Plural(l.Rows, "row"), o.short(l.from), o.short(l.to))
		if l.Amends > 0 {
			text += ", " + unit.Count(l.Amends) + " late"
		}
		line(l.name, text)
	}
	if len(h.Levels) == 0 {
		line("rows", "none yet")
	}
	line("alerts", unit.Count(h.Alerts)+" with recoveries, "+unit.Count(h.Marks)+" "+unit.Plural(h.Marks, "mark")+", "+
		unit.Count(h.Messages)+" "+unit.Plural(h.Messages, "message")+" waiting")
	var queues []string
	for _, q := range h.Channels {
		queues = append(queues, unit.Count(q.Messages)+" for "+string(q.Name))
	}
	if len(queues) > 0 {
		line("waiting", strings.Join(queues, ", "))
	}
	if h.Refused > 0 {
		line("refused", unit.Count(h.Refused)+" "+unit.Plural(h.Refused, "hit")+" that came too late for any row that is kept")
	}
	if h.Shed > 0 {
		line("dropped", unit.Count(h.Shed)+" "+unit.Plural(h.Shed, "row")+", because the file was too large")
	}
	return b
}

func (o *stating) short(sec int64) string {
	return time.Unix(sec, 0).In(o.zone).Format("2006-01-02 15:04:05")
}

func newCheck(s streams) *cobra.Command {
	o := &storeFlags{}
	cmd := &cobra.Command{
		Use:   "check [flags] [LOG...]",
		Short: "Read all that a history holds and tell what is wrong with it",
		Long: `weir state check reads all that a history holds: pages, frames, figures, and whether the rows of
each level are the sum of those below. It says "sound", or what is wrong and ends with exit
code 4. It may be run beside a weir that writes.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return check(o, args, s) },
	}
	o.add(cmd.Flags())
	o.completes(cmd)
	return cmd
}

func check(o *storeFlags, words []string, s streams) error {
	path, err := o.find(words, s)
	if err != nil {
		return err
	}
	db, err := history.OpenReadOnly(path)
	if errors.As(err, new(*history.DamageError)) {
		return checkError{err.Error()}
	}
	if err != nil {
		return unread(path, err)
	}
	defer db.Close()
	name := nameOfOpen(db)
	problems, err := db.Check()
	if errors.As(err, new(*history.DamageError)) {
		return checkError{err.Error()}
	}
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	for _, p := range problems {
		if _, err := fmt.Fprintln(s.out, escape.Terminal([]byte(p))); err != nil {
			return err
		}
	}
	if n := int64(len(problems)); n > 0 {
		return checkError{fmt.Sprintf("the history of %s (%s) has %d %s: move it away to start without it, or restore a copy", name, db.Path(), n, unit.Plural(n, "problem"))}
	}
	st, err := db.Stats()
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	rows := int64(0)
	for _, l := range st.Levels {
		rows += l.Rows
	}
	_, err = fmt.Fprintf(s.out, "sound: %s, %s %s\n", escape.Terminal([]byte(name)), unit.Count(rows), unit.Plural(rows, "row"))
	return err
}

// pruning holds the flags of weir state prune.
type pruning struct {
	store  storeFlags
	before string
	most   int64
	allBut history.Level
	zone   *time.Location
}

const pruneHelp = `weir state prune drops rows of a history that is in nobody's use: those --before a time, or the
oldest of the finest level until it is no larger than --max. A row goes only where the row
above it, of a minute, an hour or a day, is there; with --all-but LEVEL the rows of that
level and of those above stay. Alerts and marks stay.`

func newPrune(s streams) *cobra.Command {
	o := &pruning{}
	cmd := &cobra.Command{
		Use:   "prune [flags] [LOG...]",
		Short: "Drop old rows of a history",
		Long:  pruneHelp,
		Example: `  weir state prune --max 500MB
  weir state prune --before 30d --all-but 1h access.log`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.before == "" && o.most == 0 {
				return usageError{errors.New("weir state prune needs to know what: give --before TIME or --max SIZE")}
			}
			if cmd.Flags().Changed("all-but") && o.before == "" {
				return usageError{errors.New("--all-but says what --before leaves: give --before TIME, too")}
			}
			return o.run(args, s, time.Now())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.before, "before", "", "drop what is older than this `TIME`: 30d, 2026-03-01")
	f.Var(newValue(&o.most, "SIZE", "", parseSize), "max", "drop the oldest rows until the file has at most this size: 500MB, 2GB")
	f.Var(newValue(&o.allBut, "LEVEL", "", parseLevel), "all-but", "keep the rows of this width and above: 1m, 10m, 1h or 1d")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the time given: local, UTC, +02:00, Europe/Berlin")
	o.store.add(f)
	o.store.completes(cmd)
	return cmd
}

// parseSize reads the size of a file, which is not nothing.
func parseSize(s string) (int64, error) {
	n, err := unit.ParseBytes(s)
	if err != nil || n == 0 {
		return 0, errors.New("must be a size such as 500MB, 2GB or 800000kB")
	}
	return n, nil
}

// parseLevel reads the width of the rows of a level above the finest.
func parseLevel(s string) (history.Level, error) {
	d, err := unit.ParseSpan(s)
	var names []string
	for l := history.TenSeconds + 1; l <= history.Day; l++ {
		if err == nil && d == time.Duration(l.Step())*time.Second {
			return l, nil
		}
		names = append(names, unit.Span(time.Duration(l.Step())*time.Second))
	}
	return 0, fmt.Errorf("must be the width of the rows of a level: %s", strings.Join(names, ", "))
}

func (o *pruning) run(words []string, s streams, now time.Time) error {
	options := history.Options{Max: -1}
	for l := range options.Keep {
		options.Keep[l] = history.Forever
	}
	if o.before != "" {
		before, err := unit.ParseTime(o.before, now, o.zone)
		switch {
		case err != nil:
			return usageError{fmt.Errorf("invalid argument for --before: %w", err)}
		case !before.Before(now):
			return usageError{fmt.Errorf("--before %s is in the future: all would be dropped, also what is counted next", o.before)}
		}
		for l := range options.Keep {
			if o.allBut == 0 || history.Level(l) < o.allBut {
				options.Keep[l] = max(time.Second, now.Sub(before))
			}
		}
	}
	if o.most > 0 {
		options.Max = o.most
	}
	path, err := o.store.find(words, s)
	if err != nil {
		return err
	}
	if !isFile(path) {
		return &monitor.InputError{Text: fmt.Sprintf("there is no history %s", path)}
	}
	db, err := history.Open(path, options)
	if held := (*history.HeldError)(nil); errors.As(err, &held) {
		who := "a weir"
		if held.PID > 0 {
			who = fmt.Sprintf("a weir (process %d)", held.PID)
		}
		return fmt.Errorf("%s writes the history %s now: end it first, then prune", who, path)
	}
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	name := nameOfOpen(db)
	p, err := db.Prune(now.Unix())
	err = errors.Join(err, db.Close())
	if err != nil {
		return err
	}
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	n := p.Expired + p.Shed
	text := fmt.Sprintf("%s %s dropped of the history of %s, which has %s now\n", unit.Count(n), unit.Plural(n, "row"), escape.Terminal([]byte(name)), unit.Bytes(size))
	if o.most > 0 && size > o.most {
		text += fmt.Sprintf("that is more than %s: what is left are rows of the newest day, or such of which there is no row above\n", unit.Bytes(o.most))
	}
	_, err = fmt.Fprint(s.out, text)
	return err
}

// exporting holds the flags of weir state export.
type exporting struct {
	store  storeFlags
	out    string
	frames bool
}

const exportHelp = `weir state export writes all that a history holds as JSON, an object a line (docs/history.md): the
figures of each row of each level, alerts, marks, where the lines stand in the logs, and how
far these were read. It may be run beside a weir that writes.`

func newExport(s streams) *cobra.Command {
	o := &exporting{}
	cmd := &cobra.Command{
		Use:   "export [flags] [LOG...]",
		Short: "Write all that a history holds as JSON lines",
		Long:  exportHelp,
		Example: `  weir state export -o history.ndjson access.log
  weir state export | jq 'select(.type == "row" and .step_seconds == 3600)'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "output", "o", "-", "the `FILE` to write, - for standard output")
	f.BoolVar(&o.frames, "frames", false, "with the frame of each row, in base64: what its tables are made of")
	o.store.add(f)
	o.store.completes(cmd)
	return cmd
}

func (o *exporting) run(ctx context.Context, words []string, s streams) error {
	if o.out == "" {
		return usageError{errors.New("invalid argument for --output: the name of the file is empty")}
	}
	db, err := o.store.open(words, s)
	if err != nil {
		return err
	}
	defer db.Close()
	if o.out == "-" {
		return writeExport(ctx, db, s.out, o.frames)
	}
	if path, err := filepath.Abs(o.out); err == nil {
		for _, name := range history.Names(db.Path()) {
			if own, err := filepath.Abs(name); err == nil && own == path {
				return usageError{fmt.Errorf("-o %s is a file of the history itself: name another", o.out)}
			}
		}
	}
	// Addresses of clients may stand in it.
	file, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write --output: %w", err)
	}
	if err := errors.Join(writeExport(ctx, db, file, o.frames), file.Close()); err != nil {
		return fmt.Errorf("cannot write --output: %w", err)
	}
	return nil
}
