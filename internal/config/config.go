// Package config reads weir.toml: strictly, with the place of all that is wrong.
//
//	text ──tree──► tables, each key and value with its line and column
//	       ──keys──► Config ──► flags of weir, rules, channels
//
// What may stand in the file is said once, in tables of keys (general.go,
// rulekeys.go and others): name, other names, what it is for, how its value is
// read and how it is written. Unknown keys, `weir config show` and the parting of
// what a reload takes from what needs a restart all come from these tables.
//
// Nothing here reads a file or knows the time: text in, Config or Errors out.
package config

import (
	"cmp"
	"slices"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/notify"
	"weir/internal/unit"
)

// MaxSize is how many bytes a file may have: no person writes more.
const MaxSize = 1 << 20

// Options are what a file means beside its text. The zero value is usable.
type Options struct {
	// Now is what relative times in the file, and in its filters, relate to.
	Now time.Time
	// Format says whether a log format can be compiled, with the date and the time
	// of GoAccess or "" for both. With nil a name of a known format, or a string
	// of nginx or Apache.
	Format func(text, date, time string) error
	// Places: databases of countries are given elsewhere, so that filters may ask.
	Places bool
}

// A Config is what a file says, with the defaults for what it does not say. It
// is not changed once it was read. Make one with Parse or Default.
type Config struct {
	Inputs   Inputs
	Filter   Filter
	Display  Display
	State    State
	Formats  []Format
	Simulate Simulate
	Calendar Calendar
	// Rules are those of the file and those that stand by default, disabled ones
	// included.
	Rules []Rule
	// Channels are those of [[notify]], disabled ones included.
	Channels []notify.Channel
}

// Inputs say what is read.
type Inputs struct {
	Logs                  []string // paths, directories, patterns
	Syslog, Exec, Journal []string // as of the flags
	Sources               []Source
	Format                string // of all logs; "" is to recognise it
	Map                   []string
	Geoip                 []string
	Lateness              time.Duration
	Since                 string // as of the flag; "" is the usual
	FromEnd, Poll         bool
}

// A Source is a log with what is said of it alone.
type Source struct {
	Path   string
	Format string // a name of accesslog, of Formats, or a string; "" is to recognise it
}

// A Format is a log format with a name of its own.
type Format struct{ Name, Pattern, Date, Time string }

// Filter says which requests count, whose they are, and what of them is kept.
type Filter struct {
	Where, Ignore []string
	ClientFrom    string
	Trust         []string
	Redact        []string
	AnonymizeIP   int
	NoQuery       bool
}

// Display says what is shown, and how.
type Display struct {
	Interval, Expiration time.Duration
	Top, SectionDepth    int
	AlertValue           string // "average" or "total"
	Timezone             string
	Zone                 *time.Location // of Timezone
	JSON                 bool
	Color                string
	Output, Rejects      string
}

// State says what is kept, where, for how long.
type State struct {
	Enabled bool
	Dir     string   // "" is where weir keeps it
	Max     string   // a size, or "none"
	Keep    []string // by level, as --state-keep
}

// Simulate says whether weir writes a simulated log, and which.
type Simulate struct {
	Enabled  bool
	File     string
	Host     string
	Sections int
	Clients  int
	Rate     unit.PerSecond
	Pattern  string // steps of package pace; "" is Rate
	Format   string
	Seed     int // 0 is another one each time
}

// Calendar is what is known of days to come.
type Calendar struct {
	Holidays []string // days, as 2026-12-25
	Like     time.Weekday
	Pauses   []string // stretches of maintenance, as 2026-12-24 18:00/2026-12-25 06:00
}

// A Rule is one of the file, or one that stands by default.
type Rule struct {
	alert.Rule // its Policy is nil: see Config.Watched
	Enabled    bool
	Message    string
	Labels     map[string]string
	Mute       []string // stretches, as the file has them
	Schedule   []string // the same; the only ones that are told, where there are any
}

// Parse reads a file. name is what errors call it. The error is an *Invalid.
func Parse(name, text string, o Options) (*Config, error) {
	return parse(name, text, o, defaults())
}

// With returns c with the rules and channels of another text, in which the rules of c
// are those that stand by default. name is what errors call it. The error is an *Invalid.
func (c *Config) With(name, text string, o Options) (*Config, error) {
	more, err := parse(name, text, o, c.Rules)
	if err != nil {
		return nil, err
	}
	both := *c
	both.Rules = more.Rules
	both.Channels = append(slices.Clip(c.Channels), more.Channels...)
	return &both, nil
}

// Default returns what holds without a file.
func Default() *Config {
	c, _ := parse("", "", Options{}, defaults()) // an empty file is never wrong
	return c
}

func parse(name, text string, o Options, standing []Rule) (*Config, error) {
	r := &reader{o: o, standing: standing, places: o.Places}
	if o.Format == nil {
		r.o.Format = compiles
	}
	c := blank()
	c.Rules = slices.Clone(standing)
	root := r.tree(text)
	given := readTable(r, root, generalKeys(), c, atTop)
	r.finish(c, root, given)
	if len(r.errs) == 0 {
		return c, nil
	}
	slices.SortStableFunc(r.errs, func(a, b Error) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	more := max(0, len(r.errs)-MaxErrors)
	return nil, &Invalid{File: name, Errors: r.errs[:len(r.errs)-more], More: more}
}

// blank is a Config with the defaults of all single keys, without rules.
func blank() *Config {
	return &Config{
		Inputs: Inputs{Lateness: 2 * time.Second},
		Display: Display{
			Interval: 10 * time.Second, Expiration: 2 * time.Minute, Top: 5, SectionDepth: 1, AlertValue: "average",
			Timezone: "local", Zone: time.Local, Color: "auto",
		},
		State:    State{Enabled: true, Max: "1GiB", Keep: []string{"2d", "30d", "90d", "2y", "forever"}},
		Simulate: Simulate{File: "access.log", Host: "www.example.org", Sections: 16, Clients: 20_000, Rate: 10 * unit.One, Format: "combined"},
		Calendar: Calendar{Like: time.Sunday},
	}
}

// compiles is Options.Format where there is none.
func compiles(text, date, clock string) error {
	if _, ok := accesslog.Lookup(text); ok {
		return nil
	}
	if date+clock != "" || slices.Contains(accesslog.PredefinedNames(), text) {
		_, err := accesslog.CompileGoAccess(text, date, clock)
		return err
	}
	_, err := accesslog.Compile(text)
	return err
}

// In returns c as if it had been written for a zone, which a flag may name beside it: the days and
// hours of its rules are those of people, who see the times of that zone. c is not changed.
func (c *Config) In(zone *time.Location) *Config {
	d := *c
	d.Display.Zone = zone
	return &d
}

// Watched returns the rules that are to be decided, each with its Policy.
func (c *Config) Watched() []alert.Rule {
	var out []alert.Rule
	calendar := c.calendar()
	for i := range c.Rules {
		rule := &c.Rules[i]
		if !rule.Enabled {
			continue
		}
		a := rule.Rule
		p := alert.Policy{Message: rule.Message, Labels: rule.Labels, Mutes: c.stretches(rule.Mute), Schedule: c.stretches(rule.Schedule)}
		if a.Test == alert.Changes {
			p.Calendar = calendar
		}
		if p.Message != "" || p.Labels != nil || p.Mutes != nil || p.Schedule != nil || p.Calendar != nil {
			a.Policy = &p
		}
		out = append(out, a)
	}
	return out
}

// Find returns the format that has the name, with its date and time.
func (c *Config) Find(name string) (Format, bool) {
	i := slices.IndexFunc(c.Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return c.Formats[i], true
}
