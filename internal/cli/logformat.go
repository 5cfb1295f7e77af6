package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"weir/internal/accesslog"
	"weir/internal/config"
	"weir/internal/monitor"
	"weir/internal/scan"
	"weir/internal/unit"
)

// formatFlags are the flags that say which format logs have.
type formatFlags struct {
	given           []string // --format
	log, date, time string   // those of GoAccess
	mapping         []string // --map
	// named, when not nil, finds the formats of a configuration by their names.
	named func(name string) (config.Format, bool)
}

func (o *formatFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&o.given, "format", nil, "`FORMAT` of the logs, instead of recognising it: a name, a string of nginx's log_format or Apache's LogFormat, "+
		"nginx:FILE[:NAME] or apache:FILE[:NAME] for a configuration file; LOG=FORMAT for one log; may be repeated; a wrong name lists them all")
	f.StringArrayVar(&o.mapping, "map", nil, mapUsage)
	f.StringVar(&o.log, "log-format", "", "a `FORMAT` of GoAccess, or one of its names, such as VCOMBINED")
	f.StringVar(&o.date, "date-format", "", "what its %d is, as for GoAccess: a `FORMAT` of strftime")
	f.StringVar(&o.time, "time-format", "", "what its %t is, as for GoAccess: a `FORMAT` of strftime")
}

// chosen is what the flags say: a format for all logs, formats for some.
type chosen struct {
	all  *accesslog.Format // nil: each is recognised
	some []assigned
}

type assigned struct {
	log    string // a path or a pattern
	format accesslog.Format
}

// is reports whether log is what was assigned a format.
func (a *assigned) is(log string) bool {
	match, err := filepath.Match(a.log, log)
	return err == nil && match || filepath.Clean(a.log) == filepath.Clean(log)
}

// choose reads the flags. args are the logs as they were named.
func (o *formatFlags) choose(args []string) (chosen, error) {
	var c chosen
	if o.log != "" && len(o.given) > 0 {
		return c, usageError{errors.New("--format and --log-format contradict one another: give one of them")}
	}
	if o.log == "" && len(o.given) == 0 && o.date+o.time != "" {
		return c, usageError{errors.New("--date-format and --time-format say more about a --log-format: give that too")}
	}
	if o.log != "" {
		f, err := accesslog.CompileGoAccess(o.log, o.date, o.time)
		if err != nil {
			return c, invalidFormat("log-format", err)
		}
		c.all = &f
	}
	for _, given := range o.given {
		log, text, one := cutLog(given, args)
		if !one {
			text = given
		}
		f, err := o.resolve(text)
		if err != nil {
			return c, invalidFormat("format", err)
		}
		switch {
		case one:
			c.some = append(c.some, assigned{log, f})
		case c.all != nil:
			return c, usageError{fmt.Errorf("two formats are given for all logs: write LOG=FORMAT to give one for a single log")}
		default:
			c.all = &f
		}
	}
	var err error
	c.all, err = mapKeys(c.all, o.mapping)
	return c, err
}

// find returns the logs that args name, each with the format it is to have.
func (o *formatFlags) find(args []string) (logs []scan.Log, notices []string, err error) {
	formats, err := o.choose(args)
	if err != nil {
		return nil, nil, err
	}
	if logs, notices, err = scan.Find(args, formats.all); err != nil {
		return nil, nil, &monitor.InputError{Text: err.Error()}
	}
	var names []string
	for _, l := range logs {
		names = append(names, l.Name)
	}
	own, err := formats.of(names)
	for i := range logs {
		if f := own[logs[i].Name]; f != nil {
			logs[i].Format = f
		}
	}
	return logs, notices, err
}

func invalidFormat(flag string, err error) error {
	var input *monitor.InputError
	if errors.As(err, &input) {
		return err
	}
	return usageError{fmt.Errorf("invalid argument for --%s: %w", flag, err)}
}

// cutLog parts LOG=FORMAT. The name of an input may have equals signs of its own,
// so the names that were given are looked for first.
func cutLog(given string, args []string) (log, format string, ok bool) {
	for _, name := range args {
		if strings.HasPrefix(given, name+"=") && len(name) > len(log) {
			log = name
		}
	}
	if log != "" {
		return log, given[len(log)+1:], true
	}
	log, format, ok = strings.Cut(given, "=")
	return log, format, ok && isLogName(log, format, args)
}

// isLogName says whether LOG=FORMAT names a log, and is not a string with an
// equals sign in it.
func isLogName(log, format string, args []string) bool {
	if log == "" || strings.ContainsAny(log, "$%\"'{ \t") {
		return false
	}
	if slices.Contains(args, log) || strings.ContainsAny(log, "*?") || !strings.ContainsAny(format, "$%") {
		return true
	}
	_, err := os.Lstat(log)
	return err == nil
}

// resolve turns one FORMAT into a format.
func (o *formatFlags) resolve(text string) (accesslog.Format, error) {
	if o.named != nil {
		if f, ok := o.named(text); ok {
			own := formatFlags{date: f.Date, time: f.Time}
			return own.resolve(f.Pattern)
		}
	}
	if kind, file, ok := strings.Cut(text, ":"); ok && (kind == "nginx" || kind == "apache") {
		return serverFormat(kind, file)
	}
	if f, ok := accesslog.Lookup(text); ok {
		return f, nil
	}
	switch {
	case strings.ContainsAny(text, "$%") && o.date+o.time != "":
		return accesslog.CompileGoAccess(text, o.date, o.time)
	case strings.ContainsAny(text, "$%"):
		return accesslog.Compile(text)
	case slices.Contains(accesslog.PredefinedNames(), text):
		return accesslog.CompileGoAccess(text, o.date, o.time)
	}
	return accesslog.Format{}, fmt.Errorf("no format is called %q%s: give one of %s, or a string of nginx or Apache", text, nearestFormat(text), strings.Join(accesslog.Names(), ", "))
}

// nearestFormat suggests a format; "" where none is near.
func nearestFormat(text string) string {
	for _, name := range accesslog.Names() {
		if unit.Distance(strings.ToLower(text), name) <= 2 {
			return " (" + name + "?)"
		}
	}
	return ""
}

// of returns the format of each log that has one of its own. The error is that
// of a format for a log that is not among them.
func (c *chosen) of(logs []string) (map[string]*accesslog.Format, error) {
	formats := map[string]*accesslog.Format{}
	for i := range c.some {
		a, found := &c.some[i], false
		for _, log := range logs {
			if a.is(log) {
				formats[log], found = &a.format, true
			}
		}
		if !found {
			return nil, usageError{fmt.Errorf("--format %s=...: %s is not among the logs", a.log, a.log)}
		}
	}
	return formats, nil
}

// one returns the format that a single log was given, nil if it was given none.
// The last one stands.
func (c *chosen) one(log string) *accesslog.Format {
	for i := range slices.Backward(c.some) {
		if c.some[i].is(log) {
			return &c.some[i].format
		}
	}
	return nil
}

// picks tells which files of a directory are followed: those that look like an
// access log, as in a report, or were given a format; nil, for all, where the
// format of all is given.
func (c *chosen) picks() func(path string, head []byte) bool {
	if c.all != nil {
		return nil
	}
	return func(path string, head []byte) bool { return c.one(path) != nil || scan.Promising(head) }
}
