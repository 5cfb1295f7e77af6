package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"weir/internal/excerpt"
	"weir/internal/history"
	"weir/internal/monitor"
)

// rememberedFlags say which histories know where lines of a time are in a log.
type rememberedFlags struct {
	dir  string
	none bool
}

func (o *rememberedFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.dir, "state", "", "ask the histories in `DIR`, for lines that stand far from their time (default: $WEIR_STATE, then $XDG_STATE_HOME/weir)")
	f.BoolVar(&o.none, "no-state", false, "ask no history")
}

// home returns the folder of the histories, "" for none.
func (o *rememberedFlags) home() (history.Home, error) {
	switch {
	case o.none && o.dir != "":
		return "", usageError{errors.New("--state and --no-state contradict one another: give one of them")}
	case o.none:
		return "", nil
	case o.dir == "":
		home, err := stateHome("")
		if err != nil {
			home = "" // then there is no history to be asked, and none is needed
		}
		return home, nil
	}
	if info, err := os.Stat(o.dir); err != nil {
		return "", &monitor.InputError{Text: fmt.Sprintf("cannot read the histories of --state: %v", err)}
	} else if !info.IsDir() {
		return "", &monitor.InputError{Text: fmt.Sprintf("--state %s is no folder of histories", o.dir)}
	}
	return history.Home(o.dir), nil
}

// spans returns what tells where else than near their time lines of the stretch are:
// those of requests that took long. What a history says of another file, of the
// same number, costs the reading of some lines and changes nothing.
func spans(home history.Home, options *excerpt.Options, notice func(string)) func(name string, device, inode uint64) []excerpt.Range {
	if home == "" {
		return nil
	}
	to := options.To
	if to == 0 {
		to = math.MaxInt64
	}
	return func(name string, device, inode uint64) []excerpt.Range {
		const most = 8 // histories of one log: each has another filter
		file := fmt.Sprintf("%d:%d", device, inode)
		var ranges []excerpt.Range
		kept, err := home.List()
		if err != nil {
			notice(err.Error())
			return nil
		}
		asked := 0
		for _, k := range kept {
			if asked == most {
				break
			}
			found, err := spansOf(k.Path, name, options.From, to)
			if err != nil {
				notice(fmt.Sprintf("%v; it is not asked", err))
				continue
			}
			if found != nil {
				asked++
			}
			for _, s := range found {
				if s.File == file {
					ranges = append(ranges, excerpt.Range{From: s.FromOffset, To: s.ToOffset})
				}
			}
		}
		return ranges
	}
}

// spansOf returns the spans of a stretch out of a history; nil where it is not of
// that log.
func spansOf(path, name string, from, to int64) ([]history.Span, error) {
	db, err := history.OpenReadOnly(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	subject, err := db.Subject()
	if err != nil || !isAbout(subject, name) {
		return nil, err
	}
	found, err := db.Spans("", from, to)
	return append([]history.Span{}, found...), err
}

// isAbout reports whether a log is among those of a history.
func isAbout(s history.Subject, name string) bool {
	path, err := filepath.Abs(name)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(s.Logs, func(l string) bool {
		match, err := filepath.Match(l, path)
		return l == path || err == nil && match || l == filepath.Dir(path)
	})
}
