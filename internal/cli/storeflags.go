package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/config"
	"weir/internal/history"
	"weir/internal/monitor"
	"weir/internal/unit"
)

// storeFlags are the flags that say which history is meant.
type storeFlags struct {
	state         string
	where, ignore []string
}

func (o *storeFlags) add(f *pflag.FlagSet) {
	f.Var(newValue(&o.state, "DIR", "", parseStateDir), "state", "the folder of the histories, or the history.db of one; by default where weir keeps them (docs/history.md)")
	f.StringArrayVar(&o.where, "where", nil, "the history of a weir that was given this `EXPR` by --where; may be repeated, as there")
	f.StringArrayVar(&o.ignore, "ignore", nil, "the same of --ignore `EXPR`")
}

func parseStateDir(s string) (string, error) {
	if s == "" {
		return "", errors.New("the name of the folder is empty")
	}
	return s, nil
}

// picks reports whether flags say which of the histories of a log is meant.
func (o *storeFlags) picks() bool { return len(o.where)+len(o.ignore) > 0 }

// home returns the folder of the histories; of one when --state names it.
func (o *storeFlags) home() (home history.Home, one string, err error) {
	if o.state == "" {
		home, err = stateHome("")
		if err != nil {
			return "", "", &monitor.InputError{Text: err.Error()}
		}
		return home, "", nil
	}
	info, err := os.Stat(o.state)
	switch {
	case err != nil:
		return "", "", &monitor.InputError{Text: fmt.Sprintf("cannot read the histories of --state: %v", err)}
	case !info.IsDir():
		return "", o.state, nil
	}
	// The folder of one of them, as weir state shows it.
	if in := filepath.Join(o.state, "history.db"); isFile(in) {
		return "", in, nil
	}
	return history.Home(o.state), "", nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// find returns where the history is that weir makes of the words; without any, the one
// last written, and then says to whom it may concern which that is.
func (o *storeFlags) find(words []string, s streams) (string, error) {
	home, one, err := o.home()
	if err != nil {
		return "", err
	}
	if one != "" {
		if len(words) > 0 || o.picks() {
			return "", usageError{fmt.Errorf("--state %s is one history: leave the logs, --where and --ignore out, or name the folder of all", o.state)}
		}
		return one, nil
	}
	list, err := home.List()
	if err != nil {
		return "", &monitor.InputError{Text: err.Error()}
	}
	if len(words) > 0 {
		return o.named(home, list, words)
	}
	if o.picks() {
		return "", usageError{errors.New("--where and --ignore tell apart the histories of a log: name the log, too")}
	}
	if len(list) == 0 {
		return "", &monitor.InputError{Text: fmt.Sprintf("there is no history in %s: weir LOG makes one while it follows a log; --state DIR names another folder", home)}
	}
	k := lastWritten(list)
	if len(list) > 1 {
		tell(s.err, fmt.Sprintf("the history of %s, last written %s; weir state lists %d %s",
			nameOf(k.Path), ago(time.Since(k.Changed)), len(list)-1, unit.Plural(int64(len(list)-1), "other")))
	}
	return k.Path, nil
}

// named returns where the history is that weir makes of the words.
func (o *storeFlags) named(home history.Home, list []history.Kept, words []string) (string, error) {
	subject := history.Of(words, picked(o.where, o.ignore))
	path := home.Path(subject)
	if slices.ContainsFunc(list, func(k history.Kept) bool { return k.Path == path }) {
		return path, nil
	}
	// Commands and units, of --exec and --journal, are no paths, but stand in weir state, too.
	as := history.Subject{Logs: slices.Compact(slices.Sorted(slices.Values(words))), Where: subject.Where}
	path = home.Path(as)
	if slices.ContainsFunc(list, func(k history.Kept) bool { return k.Path == path }) {
		return path, nil
	}
	text := fmt.Sprintf("there is no history of %s in %s: %s", subject, home, otherHistories(list, words))
	if all := home.Path(history.Of(words, "")); o.picks() && slices.ContainsFunc(list, func(k history.Kept) bool { return k.Path == all }) {
		text += "; what was counted of all requests cannot be filtered any more: weir report --where reads the log anew"
	}
	return "", &monitor.InputError{Text: text}
}

// lastWritten returns the history last written of which there is something to tell, or
// which somebody writes: a log that never came leaves one without figures.
func lastWritten(list []history.Kept) history.Kept {
	for _, k := range list {
		if _, held := history.Holder(k.Path); held || !isBlank(k.Path) {
			return k
		}
	}
	return list[0]
}

// isBlank reports whether nothing was counted in the history at path.
func isBlank(path string) bool {
	db, err := history.OpenReadOnly(path)
	if err != nil {
		return false // which is to be told
	}
	defer db.Close()
	_, _, ok, err := db.Bounds()
	return !ok && err == nil
}

// otherHistories says which histories there are instead.
func otherHistories(list []history.Kept, words []string) string {
	if len(list) == 0 {
		return "weir " + strings.Join(words, " ") + " makes one while it follows the log; --state DIR names another folder"
	}
	const most = 3
	var names []string
	for _, k := range list[:min(most, len(list))] {
		names = append(names, nameOf(k.Path))
	}
	text := "there is one of " + strings.Join(names, "; of ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text + " (weir state lists them)"
}

// nameOf returns what the history at path is of, or where it is if that cannot be read.
func nameOf(path string) string {
	db, err := history.OpenReadOnly(path)
	if err != nil {
		return path
	}
	defer db.Close()
	return nameOfOpen(db)
}

func nameOfOpen(db *history.DB) string {
	if subject, err := db.Subject(); err == nil && len(subject.Logs) > 0 {
		return subject.String()
	}
	return db.Path()
}

// ago says how long ago something was.
func ago(d time.Duration) string {
	if d < time.Second {
		return "now"
	}
	return unit.Span(d.Truncate(time.Second)) + " ago"
}

// open opens the history that is meant for reading.
func (o *storeFlags) open(words []string, s streams) (*history.DB, error) {
	path, err := o.find(words, s)
	if err != nil {
		return nil, err
	}
	db, err := history.OpenReadOnly(path)
	if err != nil {
		return nil, unread(path, err)
	}
	return db, nil
}

// unread tells why the history at path cannot be read.
func unread(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &monitor.InputError{Text: fmt.Sprintf("there is no history %s: weir LOG makes one while it follows a log; weir state lists those there are", path)}
	}
	return &monitor.InputError{Text: err.Error()}
}

// pageFlags are the flags of commands that show what a history holds.
type pageFlags struct {
	kind  string
	zone  *time.Location
	color string
}

func (o *pageFlags) add(f *pflag.FlagSet) {
	f.VarP(newValue(&o.kind, "KIND", "text", oneOf("text", "json", "csv")), "output-format", "o", "text, json (docs/json.md) or csv")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown and given: local, UTC, +02:00, Europe/Berlin")
	f.Var(newValue(&o.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
}

// spanFlags say when a stretch of time begins and ends; each has two names.
type spanFlags struct{ from, to string }

func (o *spanFlags) add(f *pflag.FlagSet, from, to string) {
	f.StringVar(&o.from, "since", "", from)
	f.StringVar(&o.to, "until", "", to)
	f.StringVar(&o.from, "from", "", "the same as --since `TIME`")
	f.StringVar(&o.to, "to", "", "the same as --until `TIME`")
}

// notLater refuses a time that is later than the last of which anything can be known:
// now, or where a log is ahead of this clock what of it was counted. Its parameters are as
// many because the message tells the flag, what it was given, and the clock.
func notLater(flag, text string, at int64, now time.Time, known int64, zone *time.Location) error {
	if text == "" || at <= max(now.Unix(), known) {
		return nil
	}
	return usageError{fmt.Errorf("--%s %s is %s, later than now, %s: give an earlier time, with its day",
		flag, text, time.Unix(at, 0).In(zone).Format(time.DateTime), now.In(zone).Format(time.DateTime))}
}
