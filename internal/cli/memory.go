package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/history"
	"weir/internal/unit"
)

// memoryFlags say where what is counted is kept, and for how long.
type memoryFlags struct {
	dir  string
	none bool
	keep history.Options
}

func (o *memoryFlags) add(f *pflag.FlagSet) {
	f.Var(newValue(&o.dir, "DIR", "", parseStateDir), "state", "keep the history in a folder below this one, and go on from there (default: $WEIR_STATE, then $XDG_STATE_HOME/weir; docs/history.md)")
	f.BoolVar(&o.none, "no-state", false, "keep nothing, go on from nothing")
	f.Var(newValue(&o.keep.Max, "SIZE", "1GiB", parseMax), "state-max", "how large a history may become, as 500MB, 2GB or none; then its oldest fine figures are dropped first")
	f.Var(newValue(&o.keep.Keep, "SPANS", "2d,30d,90d,2y,forever", parseKeep), "state-keep", "how long figures by 10 s, 1 min, 10 min, 1 h, 1 day are kept")
}

// parseMax reads the size of a history.
func parseMax(s string) (int64, error) {
	if s == "none" {
		return -1, nil
	}
	n, err := unit.ParseBytes(s)
	if err == nil && n < 1<<20 {
		err = errors.New("a history takes 1 MiB at least; write none for no limit")
	}
	return n, err
}

// parseKeep reads a span for each level, or fewer: the others are as always.
func parseKeep(s string) (keep [history.Levels]time.Duration, err error) {
	words := strings.Split(s, ",")
	if len(words) > len(keep) {
		return keep, fmt.Errorf("has %d spans, there are %d: of figures by 10 s, 1 min, 10 min, 1 h, 1 day", len(words), len(keep))
	}
	for i, w := range words {
		if keep[i] = history.Forever; w == "forever" {
			continue
		}
		if keep[i], err = unit.ParseSpan(w); err != nil {
			return keep, err
		}
		if keep[i] < time.Minute {
			return keep, fmt.Errorf("must be a minute at least, got %q", w)
		}
	}
	return keep, nil
}

func (o *memoryFlags) check() error {
	if o.none && o.dir != "" {
		return usageError{errors.New("--state and --no-state contradict one another: give one of them")}
	}
	return nil
}

// remembered is an open history, if there is one, and what is to be told of it.
type remembered struct {
	db      *history.DB // nil where nothing is kept
	subject history.Subject
	notice  string
}

// close closes the history. One that was made for a log that cannot be followed, or
// never came, is taken away.
func (r *remembered) close() {
	if r.db != nil {
		_ = r.db.Discard() // all that was committed is in it; an empty one may stay
		r.db = nil
	}
}

// stateVariable names the folder of the histories, or says that weir is to keep none.
const (
	stateVariable = "WEIR_STATE"
	noState       = "none"
)

// stateHome returns the folder of the histories: that of --state, of the
// environment, or where it usually is.
func stateHome(dir string) (history.Home, error) {
	if env := os.Getenv(stateVariable); dir == "" && env != noState {
		dir = env
	}
	if dir != "" {
		return history.Home(dir), nil
	}
	return history.FindHome(os.Getenv)
}

// open opens the history of files and streams, of the requests that filter picks.
// Where that cannot be, the watching goes on without, and the notice says why.
// With once they cannot be read again, and nothing is kept unless that is asked
// for.
func (o *memoryFlags) open(files, streams []string, filter *filterFlags, once bool) remembered {
	if o.none || o.dir == "" && (once || os.Getenv(stateVariable) == noState) {
		return remembered{}
	}
	home, err := stateHome(o.dir)
	if err != nil {
		return remembered{notice: err.Error()}
	}
	r := remembered{subject: history.Of(files, picked(filter.where, filter.ignore))}
	r.subject.Logs = append(r.subject.Logs, streams...)
	slices.Sort(r.subject.Logs)
	if r.db, err = history.Open(home.Path(r.subject), o.keep); err != nil {
		r.db, r.notice = nil, without(err)
	}
	return r
}

// without tells that a run keeps nothing, and why.
func without(err error) string {
	if held := (*history.HeldError)(nil); errors.As(err, &held) {
		who := ""
		if held.PID > 0 {
			who = fmt.Sprintf(" (process %d)", held.PID)
		}
		return fmt.Sprintf("another weir%s writes the history: this one keeps nothing", who)
	}
	return fmt.Sprintf("%v; nothing is kept of this run", err)
}

// picked is what --where and --ignore say together, as one expression: the history of
// what they pick is found again by it.
func picked(where, ignore []string) string {
	parts := slices.Clone(where)
	for _, i := range ignore {
		parts = append(parts, "not ("+i+")")
	}
	return strings.Join(parts, " and ")
}
