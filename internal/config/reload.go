package config

import (
	"slices"
	"strings"

	"weir/internal/notify"
)

// A Difference is what two Configs do not have in common, by names such as
// "interval", "state.max", "rule latency".
type Difference struct {
	Live    []string // a running weir takes it
	Restart []string // holds from the next start on
}

// Compare returns in what the new one differs.
func Compare(old, new *Config) Difference {
	var d Difference
	compareKeys(&d, "", generalKeys(), old, new)
	compareKeys(&d, "state.", stateKeys(), &old.State, &new.State)
	compareKeys(&d, "simulate.", simulateKeys(), &old.Simulate, &new.Simulate)
	compareKeys(&d, "calendar.", calendarKeys(), &old.Calendar, &new.Calendar)
	compareTables(&d.Restart, old.Formats, new.Formats, func(f *Format) (name, text string) {
		return "formats." + f.Name, f.Pattern + "\x00" + f.Date + "\x00" + f.Time
	})
	compareTables(&d.Restart, old.Inputs.Sources, new.Inputs.Sources, func(s *Source) (name, text string) { return "source " + s.Path, s.Format })
	compareTables(&d.Live, old.Rules, new.Rules, func(r *Rule) (name, text string) {
		var b strings.Builder
		showRule(&b, &draft{Rule: *r}, nil)
		return "rule " + r.Name, b.String()
	})
	compareTables(&d.Live, old.Channels, new.Channels, func(c *notify.Channel) (name, text string) {
		var b strings.Builder
		showChannel(&b, c)
		return "notify " + c.Name, b.String()
	})
	for i := range new.Channels {
		// What is redacted looks the same.
		name := "notify " + new.Channels[i].Name
		k := slices.IndexFunc(old.Channels, func(c notify.Channel) bool { return c.Name == new.Channels[i].Name })
		if k >= 0 && !slices.Contains(d.Live, name) && !sameSecrets(&old.Channels[k], &new.Channels[i]) {
			d.Live = append(d.Live, name)
		}
	}
	return d
}

func compareKeys[T any](d *Difference, table string, keys []key[T], old, new *T) {
	for _, k := range keys {
		switch {
		case k.write == nil || k.write(old) == k.write(new):
		case k.live:
			d.Live = append(d.Live, table+k.name)
		default:
			d.Restart = append(d.Restart, table+k.name)
		}
	}
}

// compareTables adds the tables that are in one list only, or have another text.
func compareTables[T any](to *[]string, old, new []T, say func(*T) (name, text string)) {
	was := map[string]string{}
	for i := range old {
		name, text := say(&old[i])
		was[name] = text
	}
	for i := range new {
		name, text := say(&new[i])
		if before, ok := was[name]; !ok || before != text {
			*to = append(*to, name)
		}
		delete(was, name)
	}
	for i := range old {
		name, _ := say(&old[i])
		if _, gone := was[name]; gone {
			*to = append(*to, name)
		}
	}
}

// A Reload is what came of a file that was changed.
type Reload struct {
	// Config is the new one, valid as a whole; nil where Err is not, and then the one
	// before holds on.
	Config *Config
	Difference
	Err error
}

// A Watch decides when a changed file is taken. It knows no file: its owner reads the
// text every second or so. Make one with NewWatch; it belongs to one goroutine.
type Watch struct {
	name   string
	o      Options
	config *Config
	text   string // that was judged last
	seen   string // at the last look
}

// NewWatch returns a Watch of the file whose text gave c.
func NewWatch(name, text string, c *Config, o Options) *Watch {
	return &Watch{name: name, o: o, config: c, text: text, seen: text}
}

// Look is given the text of the file. It is taken once it was the same at two looks
// that follow one another, since editors write in pieces, or at once where somebody asks for it.
// ok is false where there is nothing to tell. A text that is wrong is told once.
func (w *Watch) Look(text string, asked bool) (r Reload, ok bool) {
	still := text == w.seen
	w.seen = text
	if text == w.text && !asked || !still && !asked {
		return Reload{}, false
	}
	w.text = text
	c, err := Parse(w.name, text, w.o)
	if err != nil {
		return Reload{Err: err}, true
	}
	r = Reload{Config: c, Difference: Compare(w.config, c)}
	w.config = c
	return r, asked || len(r.Live)+len(r.Restart) > 0
}
