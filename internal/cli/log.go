package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/excerpt"
	"weir/internal/monitor"
	"weir/internal/tail"
	"weir/internal/term"
	"weir/internal/unit"
)

// logging holds the flags of the log command.
type logging struct {
	from, since string
	to, until   string
	context     []string
	filter      filterFlags
	format      formatFlags
	remembered  rememberedFlags
	zone        *time.Location
	most        int64 // lines to write, -1 is all
	count       bool
	prefix      string
	color       string
	raw         bool
}

// stretchAsked is what is shown where no --from is given.
const stretchAsked = 10 * time.Minute

const logHelp = `weir log writes the raw lines of a stretch of time out of a log and the files it was
rotated to, compressed ones too, as if they were one file. What a graph shows from when on,
these are the lines. They are found by bisection, so a minute out of a log of a gigabyte
takes as long as one out of a small log; compressed files are read through as far as they
must be.

Without --from the last 10 minutes before --to are written, or of the log. Times are read
as in --since: 14:03, "2026-03-10 14:05", 2026-03-10T14:05:00Z, -10m (before now), @1773151500.
--to is not included itself.

--context FILE writes the lines that another log has of that time between them, any log: an
error log, syslog, that of an application. The time of its lines is found by itself; lines
without one, as those of a stack trace, go with the line before them.

FILE is a log, a directory, whose access logs are read, or a pattern in quotes; "-" is
standard input.`

func newLog(s streams) *cobra.Command {
	o := &logging{most: -1}
	cmd := &cobra.Command{
		Use:   "log [flags] FILE|DIRECTORY|-...",
		Short: "Write the raw lines of a stretch of time, out of rotated files too",
		Long:  logHelp,
		Example: `  weir log --from 14:03 --to 14:05 --where 'status >= 500' access.log
  weir log --from -10m access.log --context /var/log/nginx/error.log --context app.log
  weir log --from yesterday --to today access.log | weir report -`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("weir log needs a log: name a file, a directory, or - for standard input")}
			}
			return o.run(cmd.Context(), args, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.from, "from", "", "the lines from this `TIME` on; 10 minutes before the end without it")
	f.StringVar(&o.to, "to", "", "the lines before this `TIME`; to the end of the log without it")
	f.StringVar(&o.since, "since", "", "the same as --from: `TIME`")
	f.StringVar(&o.until, "until", "", "the same as --to: `TIME`")
	f.StringArrayVar(&o.context, "context", nil, "write the lines of that time out of this `FILE`, any log, between them; may be repeated")
	o.filter.addQueries(f)
	o.filter.addRedact(f)
	o.format.add(f)
	o.remembered.add(f)
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times given, and of those that are logged without a zone: local, UTC, +02:00, Europe/Berlin")
	f.VarP(newValue(&o.most, "N", "", parseMost), "lines", "n", "write the first N lines, and say how many more there are")
	f.BoolVar(&o.count, "count", false, "write how many lines there are, for each log, instead of the lines")
	f.Var(newValue(&o.prefix, "WHEN", "auto", oneOf("auto", "always", "never")), "prefix", "write \"NAME: \" before each line: always, never, or auto, with several logs")
	f.Var(newValue(&o.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "lines of --context in colour: auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
	f.BoolVar(&o.raw, "raw", false, "write the bytes as they are to a terminal, too")
	return cmd
}

func parseMost(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil {
		return 0, errors.New("must be a number of lines such as 100")
	}
	return int64(n), nil
}

func (o *logging) run(ctx context.Context, args []string, s streams) error {
	now := time.Now()
	options := excerpt.Options{Zone: o.zone, Now: now, Stdin: s.in}
	if err := o.stretch(&options, now); err != nil {
		return err
	}
	where, err := o.filter.compile(now, o.zone, 1)
	if err != nil {
		return err
	}
	if where != nil && len(o.filter.where)+len(o.filter.ignore) > 0 {
		options.Where = where()
	}
	if options.Hops, err = o.filter.hops(false); err != nil {
		return err
	}
	home, err := o.remembered.home()
	if err != nil {
		return err
	}
	logs, notices, err := o.logs(args, s)
	if err != nil {
		return err
	}
	if options.From == 0 {
		if err := latest(logs, &options); err != nil {
			return err
		}
	}
	for _, n := range notices {
		tell(s.err, n)
	}
	options.Spans = spans(home, &options, func(text string) {
		if o.remembered.dir != "" { // else nobody has asked for it
			tell(s.err, text)
		}
	})
	w := o.writer(s.out, logs)
	results, err := excerpt.Run(ctx, logs, options, w.line)
	switch {
	case err == nil:
		err = w.finish(results)
	case ctx.Err() != nil:
		w.flush()
		err = fmt.Errorf("stopped before the logs were read: %w", err)
	}
	if err != nil {
		return err
	}
	if left := w.given - o.most; o.most >= 0 && left > 0 && !o.count {
		tell(s.err, fmt.Sprintf("%s more %s; -n shows the first %s", unit.Count(left), unit.Plural(left, "line"), unit.Count(o.most)))
	}
	return o.verdict(results, &options, s.err)
}

// stretch reads the bounds.
func (o *logging) stretch(options *excerpt.Options, now time.Time) error {
	for _, b := range []struct {
		flag, other string
		text, same  string
		to          *int64
	}{{"from", "since", o.from, o.since, &options.From}, {"to", "until", o.to, o.until, &options.To}} {
		flag, text := b.flag, b.text
		switch {
		case text != "" && b.same != "":
			return usageError{fmt.Errorf("--%s and --%s are the same: give one of them", b.flag, b.other)}
		case text == "" && b.same == "":
			continue
		case text == "":
			flag, text = b.other, b.same
		}
		t, err := unit.ParseTime(text, now, o.zone)
		if err != nil {
			return usageError{fmt.Errorf("invalid argument for --%s: %w", flag, err)}
		}
		*b.to = t.Unix()
		if b.flag == "to" && t.Nanosecond() > 0 {
			*b.to++ // lines of that second are asked for
		}
		if *b.to == 0 {
			*b.to = -1 // 0 is no bound; before 1970 there is no line
		}
	}
	if options.To != 0 && options.From >= options.To {
		return usageError{fmt.Errorf("%s is not before %s: no line can be between them", o.time(options.From), o.time(options.To))}
	}
	if options.From == 0 && options.To != 0 {
		options.From = options.To - int64(stretchAsked/time.Second)
	}
	return nil
}

// latest makes it the last 10 minutes of the logs.
func latest(logs []excerpt.Log, options *excerpt.Options) error {
	for _, l := range logs {
		info, err := os.Stat(l.Name)
		switch {
		case l.Name == "-" && !l.Context:
			return usageError{errors.New("the end of standard input is not known before it is read: give --from")}
		case err == nil && !info.Mode().IsRegular() && !l.Context:
			return usageError{fmt.Errorf("%s can be read only once, and its end is not known before: give --from", l.Name)}
		}
	}
	if newest, ok := excerpt.Newest(logs, *options); ok {
		options.From = newest + 1 - int64(stretchAsked/time.Second)
	}
	return nil
}

func (o *logging) time(sec int64) string {
	return time.Unix(max(sec, 0), 0).In(o.zone).Format(time.RFC3339)
}

// logs finds what is to be read. Files that belong to another log that is read are
// left out: they are read as its own.
func (o *logging) logs(args []string, s streams) (logs []excerpt.Log, notices []string, err error) {
	found, notices, err := o.format.find(args)
	if err != nil {
		return nil, nil, err
	}
	if found, notices, err = withoutOutput(found, notices, args, s.out); err != nil {
		return nil, nil, err
	}
	var names []string
	for _, l := range found {
		names = append(names, l.Name)
	}
	rotated := rotatedFrom(names)
	for _, l := range found {
		if !rotated[l.Name] {
			logs = append(logs, excerpt.Log{Name: l.Name, Format: l.Format})
		}
	}
	for _, name := range o.context {
		switch info, err := os.Stat(name); {
		case name == "":
			return nil, nil, usageError{errors.New("invalid argument for --context: the name of the file is empty")}
		case err == nil && info.IsDir():
			return nil, nil, usageError{fmt.Errorf("invalid argument for --context: %s is a directory: name a file", name)}
		case err == nil && name != "-":
			if err := notWritten(name, s, nil); err != nil {
				return nil, nil, err
			}
		}
		if name == "-" && slices.Contains(names, "-") {
			return nil, nil, usageError{errors.New("standard input cannot be both the log and its --context")}
		}
		logs = append(logs, excerpt.Log{Name: name, Context: true})
	}
	return logs, notices, nil
}

// rotatedFrom returns those names that are of files of another one of them.
func rotatedFrom(names []string) map[string]bool {
	rotated := map[string]bool{}
	for _, name := range names {
		if name == "-" {
			continue
		}
		self, err := os.Stat(name)
		if err != nil {
			continue
		}
		for _, m := range tail.Family(name) {
			if os.SameFile(m.Info, self) {
				break // what is later is a log that has this one among its files
			}
			for _, other := range names {
				if info, err := os.Stat(other); err == nil && os.SameFile(info, m.Info) {
					rotated[other] = true
				}
			}
		}
	}
	return rotated
}

// verdict tells what a person must know, and is what the exit code says.
func (o *logging) verdict(results []excerpt.Result, options *excerpt.Options, w io.Writer) error {
	var failures []string
	for i := range results {
		r := &results[i]
		for _, n := range r.Notices {
			tell(w, n)
		}
		if r.TooLong > 0 {
			tell(w, fmt.Sprintf("%s: %s %s longer than 1 MiB left out", r.Name, unit.Count(r.TooLong), unit.Plural(r.TooLong, "line")))
		}
		if r.Err != nil {
			failures = append(failures, strings.Split(r.Err.Error(), "\n")...)
		} else if r.Lines == 0 {
			tell(w, o.nothing(r, options))
		}
	}
	if len(failures) == 0 {
		return nil
	}
	for _, text := range failures[1:] {
		tell(w, text)
	}
	return &monitor.InputError{Text: failures[0]}
}

// nothing says why there is no line of a log.
func (o *logging) nothing(r *excerpt.Result, options *excerpt.Options) string {
	asked := "from " + o.time(options.From) + " on"
	switch {
	case options.From == 0:
		asked = "at any time"
	case options.To != 0:
		asked = "from " + o.time(options.From) + " to " + o.time(options.To)
	}
	switch {
	case r.First == 0:
		return fmt.Sprintf("%s: it is empty", r.Name)
	case r.Requests > 0:
		return fmt.Sprintf("%s: none of %s %s %s is what --where and --ignore ask for", r.Name, unit.Count(r.Requests), unit.Plural(r.Requests, "request"), asked)
	}
	return fmt.Sprintf("%s: nothing %s; it has lines from %s to %s", r.Name, asked, o.time(r.First), o.time(r.Last))
}

// writer returns what writes the lines down.
func (o *logging) writer(out *os.File, logs []excerpt.Log) *lineWriter {
	color, terminal := term.Color(o.color, out, os.Getenv)
	w := &lineWriter{out: out, most: o.most, count: o.count, visible: terminal && !o.raw}
	if o.filter.rules != nil {
		w.redactor = o.filter.rules.Redactor()
	}
	for _, l := range logs {
		label := lineLabel{colored: color && l.Context}
		if o.prefix == "always" || o.prefix == "auto" && len(logs) > 1 {
			label.prefix = escape.Terminal([]byte(l.Name)) + ": "
		}
		w.labels = append(w.labels, label)
	}
	return w
}
