package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/feed"
	"weir/internal/history"
	"weir/internal/pace"
	"weir/internal/redact"
	"weir/internal/simulate"
	"weir/internal/unit"
)

// high holds what the top of a file says of the rule high-traffic.
type high struct{ threshold, window *value }

// generalKeys are those at the top of the file, then the tables. Formats and
// databases are read before what refers to them.
func generalKeys() []key[Config] {
	plain := text("a text in quotes", notEmpty)
	keys := []key[Config]{
		table1("formats", []string{"custom_formats"}, "log formats with names of their own", readFormats),
		{name: "format", about: "format of all logs: a name, a string of nginx's log_format or Apache's LogFormat, nginx:FILE[:NAME] or apache:FILE[:NAME]; recognised where nothing is said", flag: "format", aliases: []string{"log_format"}, read: readFormat, write: func(c *Config) string { return quote(c.Inputs.Format) }, give: func(c *Config) []string { return listOf(c.Inputs.Format) }},
		keyOf("geoip", "MaxMind databases (.mmdb) of countries, cities, networks", databases(), func(c *Config) *[]string { return &c.Inputs.Geoip }).as("geoip"),
		keyOf("logs", "logs to follow: files, directories, patterns", texts(text("a path in quotes", notEmpty)), func(c *Config) *[]string { return &c.Inputs.Logs }).also("log", "log_file", "log_files", "log_path", "log_paths", "file", "files", "path", "access_log"),
		keyOf("syslog", "addresses at which lines come by syslog", texts(text("an address in quotes, such as \"udp://127.0.0.1:5514\"", address)), func(c *Config) *[]string { return &c.Inputs.Syslog }).as("syslog"),
		keyOf("exec", "commands, each a line of the shell, whose output is a log", texts(plain), func(c *Config) *[]string { return &c.Inputs.Exec }).as("exec"),
		keyOf("journal", "units of systemd whose log is read", texts(plain), func(c *Config) *[]string { return &c.Inputs.Journal }).as("journal"),
		keyOf("map", "JSON logs: which key a field is under, FIELD=KEY", texts(text("a text, such as \"status=http.code\"", mapped)), func(c *Config) *[]string { return &c.Inputs.Map }).as("map"),
		keyOf("where", "only requests for which all of these hold (docs/query.md)", texts(filters()), func(c *Config) *[]string { return &c.Filter.Where }).as("where"),
		keyOf("ignore", "not the requests for which one of these holds", texts(filters()), func(c *Config) *[]string { return &c.Filter.Ignore }).as("ignore"),
		keyOf("client_from", "behind proxies: the logged header or field that has the clients", text("the name of a header or field", header), func(c *Config) *string { return &c.Filter.ClientFrom }).as("client-from"),
		keyOf("trust", "with client_from: the proxies that are believed", texts(text("a network, such as \"10.0.0.0/8\", \"private\" or \"all\"", network)), func(c *Config) *[]string { return &c.Filter.Trust }).as("trust"),
		keyOf("redact", "write [redacted] for what these match (docs/privacy.md)", texts(text("a pattern (RE2), or +emails, +tokens, +ids", pattern)), func(c *Config) *[]string { return &c.Filter.Redact }).as("redact"),
		keyOf("anonymize_ip", "keep addresses without their last parts: 1 to 3, 0 for whole ones", whole(0, accesslog.AnonymousLevels), func(c *Config) *int { return &c.Filter.AnonymizeIP }).as("anonymize-ip"),
		keyOf("no_query", "keep targets without what stands behind their ?", yes(), func(c *Config) *bool { return &c.Filter.NoQuery }).as("no-query"),

		{name: "threshold", about: "high traffic: alert above so many requests per second on average; the same as above of the rule high-traffic", live: true, aliases: []string{"alert", "alert_threshold", "high_traffic_threshold", "traffic_threshold", "requests_per_second", "max_hits"}, read: func(r *reader, v *value, _ *Config) { r.high.threshold = v }},
		{name: "window", about: "high traffic: over which the average is taken; the same as over of that rule", live: true, aliases: []string{"alert_window", "log_window", "alert_interval", "alert_period"}, read: func(r *reader, v *value, _ *Config) { r.high.window = v }},
		keyOf("alert_value", "what the messages of high traffic print as hits", word("average", "total"), func(c *Config) *string { return &c.Display.AlertValue }).as("alert-value").lively(),
		keyOf("interval", "time between summaries", span(time.Second, 24*time.Hour), func(c *Config) *time.Duration { return &c.Display.Interval }).as("interval").also("display_interval", "log_interval", "refresh_interval", "stats_interval", "summary_interval", "section_refresh"),
		keyOf("lateness", "how long a second waits for lines out of order", span(0, time.Hour), func(c *Config) *time.Duration { return &c.Inputs.Lateness }).as("lateness"),
		keyOf("top", "sections in a summary", whole(1, 1000), func(c *Config) *int { return &c.Display.Top }).as("top").also("top_sections"),
		keyOf("section_depth", "segments of the path that make a section", whole(1, 20), func(c *Config) *int { return &c.Display.SectionDepth }).as("section-depth"),
		keyOf("section_expiration", "a section without hits that long leaves the list", span(0, 24*time.Hour), func(c *Config) *time.Duration { return &c.Display.Expiration }).as("section-expiration"),
		{name: "timezone", about: "of the times shown, and of all in this file: local, UTC, +02:00, Europe/Berlin", flag: "timezone", aliases: []string{"time_zone", "tz"}, read: readZone, write: func(c *Config) string { return quote(c.Display.Timezone) }, give: func(c *Config) []string { return itself(c.Display.Timezone) }},
		keyOf("since", "begin with the records of this time; the last 2 days where nothing is said", text("a time, such as \"2h\" or \"2026-03-10 14:00\"", moment), func(c *Config) *string { return &c.Inputs.Since }).as("since"),
		keyOf("from_end", "pass over what the logs hold, begin with what is written now", yes(), func(c *Config) *bool { return &c.Inputs.FromEnd }).as("from-end"),
		keyOf("poll", "look at the files 4 times a second instead of asking the system for events", yes(), func(c *Config) *bool { return &c.Inputs.Poll }).as("poll"),
		keyOf("json", "one JSON object a line (docs/json.md)", yes(), func(c *Config) *bool { return &c.Display.JSON }).as("json"),
		keyOf("color", "of what is shown", word("auto", "always", "never"), func(c *Config) *string { return &c.Display.Color }).as("color"),
		keyOf("output", "a file that gets what is shown, too", plain, func(c *Config) *string { return &c.Display.Output }).as("output"),
		keyOf("rejects", "a file that gets the lines that are no requests", plain, func(c *Config) *string { return &c.Display.Rejects }).as("rejects"),
	}
	return append(keys,
		table1("state", []string{"retention", "history"}, "what is kept, where, for how long", readState),
		table1("simulate", []string{"simulation", "simulator"}, "a simulated log, written while weir follows it", func(r *reader, v *value, c *Config) {
			readTable(r, v.table, simulateKeys(), &c.Simulate, "[simulate]")
		}),
		table1("calendar", nil, "days that are like no other of their name, and maintenance", func(r *reader, v *value, c *Config) {
			readTable(r, v.table, calendarKeys(), &c.Calendar, "[calendar]")
		}),
		tables("source", "a log with a format of its own", readSource),
		tables("rule", "when something is wrong", readRule).lively(),
		tables("notify", "who is told", readChannel).lively(),
	)
}

func listOf(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// table1 is a key whose value is one table.
func table1(name string, aliases []string, about string, read func(*reader, *value, *Config)) key[Config] {
	return key[Config]{name: name, about: about, aliases: aliases, read: func(r *reader, v *value, c *Config) {
		switch {
		case v.sort == isText && name == "state":
			c.State.Dir = v.text
		case v.sort != isTable:
			r.wrong(v, fmt.Sprintf("a table, [%s]", r.key))
		default:
			read(r, v, c)
		}
	}}
}

// maxTables is how many rules, sources or channels a file may have.
const maxTables = 1000

// tables is a key whose value is a list of tables.
func tables(name, about string, read func(*reader, *value, *Config)) key[Config] {
	return key[Config]{name: name, about: about, read: func(r *reader, v *value, c *Config) {
		if v.sort == isTable {
			r.fail(v.at, "[%s] is one of several: write [[%s]] for each", r.key, r.key)
			return
		}
		if v.sort != isList {
			r.wrong(v, fmt.Sprintf("a table, [[%s]]", r.key))
			return
		}
		if len(v.items) > maxTables {
			r.fail(v.items[maxTables].at, "there are %d [[%s]], more than the %d there may be", len(v.items), name, maxTables)
			return
		}
		for _, item := range v.items {
			if r.key = name; item.sort != isTable {
				r.wrong(item, fmt.Sprintf("a table, [[%s]]", name))
				continue
			}
			read(r, item, c)
		}
	}}
}

// databases lets filters ask where clients are, once there are any.
func databases() codec[[]string] {
	c := texts(text("a path in quotes", notEmpty))
	read := c.read
	c.read = func(r *reader, v *value) ([]string, bool) {
		all, ok := read(r, v)
		r.places = r.places || len(all) > 0 || !ok
		return all, ok
	}
	return c
}

func notEmpty(_ *reader, v *value) error {
	if strings.TrimSpace(v.text) == "" {
		return errors.New("the text is empty")
	}
	return nil
}

func address(_ *reader, v *value) error {
	_, err := feed.ParseAddress(v.text)
	return err
}

func mapped(_ *reader, v *value) error {
	_, err := accesslog.CompileJSON([]string{v.text})
	return err
}

func header(_ *reader, v *value) error {
	_, err := accesslog.NewHops(v.text, nil)
	return err
}

func network(_ *reader, v *value) error {
	_, err := accesslog.NewHops("x-forwarded-for", []string{v.text})
	return err
}

func pattern(_ *reader, v *value) error {
	_, _, err := redact.Compile([]string{v.text})
	return err
}

func moment(r *reader, v *value) error {
	_, err := unit.ParseTime(v.text, r.o.Now, time.UTC)
	return err
}

func readZone(r *reader, v *value, c *Config) {
	if v.sort != isText {
		r.wrong(v, `a time zone, such as "local", "UTC" or "Europe/Berlin"`)
		return
	}
	zone, err := Zone(v.text)
	if err != nil {
		r.fail(v.at, "%s: %v", r.key, err)
		return
	}
	c.Display.Timezone, c.Display.Zone = v.text, zone
}

// Zone reads the name of a time zone: local, UTC, an offset or a name of the
// IANA database.
func Zone(s string) (*time.Location, error) {
	switch strings.ToLower(s) {
	case "local":
		return time.Local, nil
	case "utc", "z":
		return time.UTC, nil
	}
	if t, err := time.Parse("-07:00", s); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(s, offset), nil
	}
	z, err := time.LoadLocation(s)
	if err != nil || s == "" {
		return nil, errors.New("no such time zone: give local, UTC, an offset such as +02:00 or a name such as Europe/Berlin")
	}
	return z, nil
}

// readFormat takes the name of a format, or [format.NAME] for [formats.NAME].
func readFormat(r *reader, v *value, c *Config) {
	if v.sort == isTable {
		readFormats(r, v, c)
		return
	}
	if v.sort != isText {
		r.wrong(v, `the name of a format, such as "combined"`)
		return
	}
	if err := r.format(v.text, c); err != nil {
		r.fail(v.at, "%s: %v", r.key, err)
		return
	}
	c.Inputs.Format = v.text
}

// format says what is wrong with a FORMAT.
func (r *reader) format(text string, c *Config) error {
	if _, ok := c.Find(text); ok || text == "" {
		return nil
	}
	err := r.o.Format(text, "", "")
	if err == nil || strings.ContainsAny(text, "$%:") {
		return err
	}
	names := slices.Concat(accesslog.Names(), accesslog.PredefinedNames())
	for _, f := range c.Formats {
		names = append(names, f.Name)
	}
	return fmt.Errorf("no format is called %s%s (weir formats lists them; one of your own is [formats.NAME])", shown(text), nearest(text, names))
}

func readFormats(r *reader, v *value, c *Config) {
	for _, e := range v.table.entries {
		where := fmt.Sprintf("[formats.%s]", e.name)
		if e.value.sort != isTable {
			r.key = e.name
			r.wrong(e.value, "a table, "+where)
			continue
		}
		f := Format{Name: e.name}
		found := readTable(r, e.value.table, formatKeys(), &f, where)
		switch _, known := accesslog.Lookup(e.name); {
		case known || slices.Contains(accesslog.PredefinedNames(), e.name):
			r.fail(e.at, "a format is called %q already: give this one another name", e.name)
		case strings.ContainsAny(e.name, "$%=:\"") || e.name == "":
			r.fail(e.at, "%q is no name for a format: give one of letters, digits and hyphens", e.name)
		case found["pattern"] == nil:
			r.missing(e.at, "%s has no pattern: pattern = '...', a string of nginx's log_format, Apache's LogFormat or GoAccess", where)
		case f.Pattern != "":
			if err := r.o.Format(f.Pattern, f.Date, f.Time); err != nil {
				r.fail(found["pattern"].value.at, "pattern: %v", err)
			}
		}
		c.Formats = append(c.Formats, f)
	}
}

// missing is fail, unless what is missing may stand in a line that is no TOML.
func (r *reader) missing(at place, format string, args ...any) {
	if !r.partial {
		r.fail(at, format, args...)
	}
}

// missingUnless is missing, unless something else is wrong that may be it.
func (r *reader) missingUnless(wrong bool, at place, format string, args ...any) {
	if !wrong {
		r.missing(at, format, args...)
	}
}

func formatKeys() []key[Format] {
	any := text("a text in quotes", notEmpty)
	return []key[Format]{
		keyOf("pattern", "a string of nginx's log_format, Apache's LogFormat or GoAccess", any, func(f *Format) *string { return &f.Pattern }).also("format", "log_format"),
		keyOf("date", "of GoAccess: what %d is, as for strftime", any, func(f *Format) *string { return &f.Date }).also("date_format"),
		keyOf("time", "of GoAccess: what %t is", any, func(f *Format) *string { return &f.Time }).also("time_format"),
	}
}

func sourceKeys() []key[Source] {
	return []key[Source]{
		keyOf("path", "a file, directory, pattern, or an input as it is named above", text("a path in quotes", notEmpty), func(s *Source) *string { return &s.Path }).also("file", "log"),
		keyOf("format", "of this log", text("a format in quotes", notEmpty), func(s *Source) *string { return &s.Format }).also("log_format"),
	}
}

func readSource(r *reader, v *value, c *Config) {
	var s Source
	found := readTable(r, v.table, sourceKeys(), &s, "[[source]]")
	if found["path"] == nil {
		r.missing(v.at, `[[source]] has no path: path = "access.log"`)
	}
	if e := found["format"]; e != nil && s.Format != "" {
		if err := r.format(s.Format, c); err != nil {
			r.fail(e.value.at, "format: %v", err)
		}
	}
	if s.Path == "" {
		return
	}
	if slices.ContainsFunc(c.Inputs.Sources, func(o Source) bool { return o.Path == s.Path }) || slices.Contains(c.Inputs.Logs, s.Path) {
		r.fail(found["path"].at, "%s is given twice: it would be read once", shown(s.Path))
		return
	}
	c.Inputs.Sources = append(c.Inputs.Sources, s)
}

func stateKeys() []key[State] {
	return []key[State]{
		keyOf("enabled", "keep what is counted, and go on from it", yes(), func(s *State) *bool { return &s.Enabled }),
		keyOf("dir", "the folder of the histories; where weir keeps them if nothing is said", text("a path in quotes", notEmpty), func(s *State) *string { return &s.Dir }).also("path", "directory").as("state"),
		keyOf("max", "how large a history may become, as 500MB, 2GB or none", text("a size, such as \"500MB\", or \"none\"", size), func(s *State) *string { return &s.Max }).also("max_size").as("state-max"),
		keyOf("keep", "how long figures by 10 s, 1 min, 10 min, 1 h, 1 day are kept", several(text("a span, such as \"30d\", or \"forever\"", kept)), func(s *State) *[]string { return &s.Keep }).as("state-keep"),
	}
}

// size and kept say what --state-max and --state-keep refuse.
func size(_ *reader, v *value) error {
	n, err := unit.ParseBytes(v.text)
	switch {
	case v.text == "none":
		return nil
	case err == nil && n < 1<<20:
		return errors.New("a history takes 1 MiB at least; write none for no limit")
	}
	return err
}

func kept(_ *reader, v *value) error {
	d, err := unit.ParseSpan(v.text)
	switch {
	case v.text == "forever":
		return nil
	case err == nil && d < time.Minute:
		return fmt.Errorf("must be a minute at least, not %s", shown(v.text))
	}
	return err
}

func readState(r *reader, v *value, c *Config) {
	name := r.key
	found := readTable(r, v.table, stateKeys(), &c.State, "["+name+"]")
	if e := found["keep"]; e != nil && len(c.State.Keep) > history.Levels {
		r.fail(e.value.at, "keep has %d spans, there are %d: of figures by 10 s, 1 min, 10 min, 1 h, 1 day", len(c.State.Keep), history.Levels)
	}
	if found["dir"] != nil && !c.State.Enabled {
		r.fail(found["dir"].at, "dir says where to keep, and enabled = false to keep nothing: give one of them")
	}
}

func simulateKeys() []key[Simulate] {
	return []key[Simulate]{
		keyOf("enabled", "on or off", yes(), func(s *Simulate) *bool { return &s.Enabled }).also("on"),
		keyOf("file", "the log that is written; it is followed where no other is named", text("a path in quotes", notEmpty), func(s *Simulate) *string { return &s.File }).also("log", "path", "output", "log_file"),
		keyOf("host", "of the site", text("a host, such as \"www.example.org\"", hostName), func(s *Simulate) *string { return &s.Host }),
		keyOf("sections", "of the site", whole(1, 100_000), func(s *Simulate) *int { return &s.Sections }),
		keyOf("clients", "of the site", whole(1, 20_000_000), func(s *Simulate) *int { return &s.Clients }),
		keyOf("rate", "requests per second", rate(), func(s *Simulate) *unit.PerSecond { return &s.Rate }).also("per_second"),
		keyOf("pattern", "how the rate goes over time, as sine:period=2m,amp=60% or 60s@9,60s@18", text("a pattern, such as \"60s@9,60s@18\"", steps), func(s *Simulate) *string { return &s.Pattern }).also("steps"),
		keyOf("format", "of the log", word(simulate.FormatNames()...), func(s *Simulate) *string { return &s.Format }),
		keyOf("seed", "of everything random; 0 is another one each time", whole(0, 1<<53), func(s *Simulate) *int { return &s.Seed }),
	}
}

func hostName(_ *reader, v *value) error {
	_, err := simulate.NewSite(simulate.SiteOptions{Sections: 1, Clients: 1, Host: v.text})
	return err
}

// Pattern reads the pattern of a simulated log: as loggen does, or steps alone.
func Pattern(text string) (pace.Pattern, error) {
	if text != "" && text[0] >= '0' && text[0] <= '9' {
		text = "steps:" + text
	}
	return pace.Parse(text)
}

func steps(_ *reader, v *value) error {
	if v.text == "" {
		return nil
	}
	p, err := Pattern(v.text)
	if err == nil && p.File() != "" {
		return errors.New("a trace is read by weir loggen and weir trafficgen alone: write steps, or another pattern")
	}
	return err
}
