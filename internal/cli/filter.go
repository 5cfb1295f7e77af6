package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/accesslog"
	"weir/internal/agent"
	"weir/internal/alert"
	"weir/internal/query"
	"weir/internal/redact"
)

// filterFlags are the flags that say which requests count, whose they are, and
// how much of them may be kept.
type filterFlags struct {
	proxies       proxyFlags
	where, ignore []string
	anonymize     int // level; 0 is not at all
	noQuery       bool
	lists         bool // an expression asks for forwarded; known after compile
	redact        []string
	rules         *redact.Rules // of redact, once compiled; nil without
	places        *placeFlags   // that fields of an expression may ask; nil without
}

func (o *filterFlags) add(f *pflag.FlagSet) {
	o.addQueries(f)
	f.IntVar(&o.anonymize, "anonymize-ip", 0, "keep clients without the last `LEVEL` bytes of IPv4 addresses, 64, 80 or 96 bits of IPv6, and host names without what is in front of the domain; 1 to 3")
	f.Lookup("anonymize-ip").NoOptDefVal = "1"
	f.BoolVar(&o.noQuery, "no-query", false, "keep targets and referrers without what stands behind their ?")
	o.addRedact(f)
}

// addQueries adds the flags that only choose.
func (o *filterFlags) addQueries(f *pflag.FlagSet) {
	o.addWhere(f)
	o.proxies.add(f)
}

func (o *filterFlags) addWhere(f *pflag.FlagSet) {
	f.StringArrayVar(&o.where, "where", nil, "only the requests for which this `EXPR` holds, as 'status >= 500 and not bot' (docs/query.md); may be repeated, all must hold")
	f.StringArrayVar(&o.ignore, "ignore", nil, "not the requests for which this `EXPR` holds, as 'path = /health'; may be repeated")
}

func (o *filterFlags) addRedact(f *pflag.FlagSet) {
	f.StringArrayVar(&o.redact, "redact", nil, "write [redacted] for what this `PATTERN` (RE2) matches, or its groups, as 'card=([0-9]+)'; +emails, +tokens and +ids are ready ones (docs/privacy.md); may be repeated")
}

// compile returns a maker of filters, each for one goroutine, which also take
// off a record what may not be kept; nil where nothing of it is asked for.
func (o *filterFlags) compile(now time.Time, zone *time.Location, depth int) (func() func(*accesslog.Record) bool, error) {
	options := o.meaning(now, zone, depth)
	where, err := queries("where", o.where, options)
	if err != nil {
		return nil, err
	}
	ignore, err := queries("ignore", o.ignore, options)
	if err != nil {
		return nil, err
	}
	for _, q := range slices.Concat(where, ignore) {
		o.lists = o.lists || q.ReadsForwarded()
	}
	if o.anonymize < 0 || o.anonymize > accesslog.AnonymousLevels {
		return nil, usageError{fmt.Errorf("invalid argument for --anonymize-ip: must be from 1 to %d, got %d", accesslog.AnonymousLevels, o.anonymize)}
	}
	if len(o.redact) > 0 {
		var bad int
		if o.rules, bad, err = redact.Compile(o.redact); err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --redact: %w%s", err, pointed(o.redact[bad], err))}
		}
	}
	if len(where)+len(ignore)+o.anonymize+len(o.redact) == 0 && !o.noQuery {
		return nil, nil
	}
	return func() func(*accesslog.Record) bool {
		var client []byte
		var redactor *redact.Redactor
		if o.rules != nil {
			redactor = o.rules.Redactor()
		}
		var wanted, unwanted []*query.Matcher
		for _, q := range where {
			wanted = append(wanted, q.Matcher())
		}
		for _, q := range ignore {
			unwanted = append(unwanted, q.Matcher())
		}
		return func(r *accesslog.Record) bool {
			for _, m := range wanted {
				if !m.Match(r) {
					return false
				}
			}
			for _, m := range unwanted {
				if m.Match(r) {
					return false
				}
			}
			if o.noQuery {
				dropQuery(r)
			}
			if redactor != nil {
				redactor.Record(r)
			}
			if o.anonymize > 0 {
				// Filters saw the whole address; what comes after sees this.
				client = accesslog.AppendAnonymous(client[:0], r.Client, o.anonymize)
				r.Client, r.Forwarded = client, nil
			}
			return true
		}
	}, nil
}

// meaning is what expressions mean beside their text.
func (o *filterFlags) meaning(now time.Time, zone *time.Location, depth int) query.Options {
	options := query.Options{Now: now, Zone: zone, SectionDepth: depth, Agent: classify}
	if o.places != nil && len(o.places.files) > 0 {
		options.Place = o.places.lookup
	}
	return options
}

// ofRules returns what makes filters of the expressions of rules, for one goroutine. It
// comes before hops. The error is of an expression that cannot be asked with these flags.
func (o *filterFlags) ofRules(rules []alert.Rule, now time.Time, zone *time.Location, depth int) (func(text string) func(*accesslog.Record) bool, error) {
	compiled := map[string]*query.Query{}
	options := o.meaning(now, zone, depth)
	for i := range rules {
		of := rules[i].Of
		if rules[i].Class() != 0 {
			of = ""
		}
		for _, text := range []string{rules[i].Where, of} {
			if text == "" || compiled[text] != nil {
				continue
			}
			q, err := query.Compile(text, options)
			if err != nil {
				return nil, usageError{fmt.Errorf("the rule %s: %w%s", rules[i].Name, err, pointed(text, err))}
			}
			compiled[text], o.lists = q, o.lists || q.ReadsForwarded()
		}
	}
	return func(text string) func(*accesslog.Record) bool { return compiled[text].Matcher().Match }, nil
}

// hops returns what finds clients behind proxies; nil where that is not asked
// for. It is called after compile. written says that records are written down,
// with the lists that their lines carry.
func (o *filterFlags) hops(written bool) (*accesslog.Hops, error) {
	return o.proxies.hops(o.lists || written)
}

// rejects returns the writer of --rejects, which redacts the lines on their way
// into the file. compile comes before it.
func (o *filterFlags) rejects(file io.Writer) io.Writer {
	if o.rules == nil {
		return file
	}
	return &redactedLines{to: file, redactor: o.rules.Redactor()}
}

// redactedLines takes lines as scan.AppendReject writes them, whole ones with
// each Write, and redacts what stands behind their place and reason.
type redactedLines struct {
	to       io.Writer
	redactor *redact.Redactor
	buf      []byte
}

// Write implements io.Writer. It writes once.
func (w *redactedLines) Write(p []byte) (int, error) {
	w.buf = w.buf[:0]
	for text := range bytes.Lines(p) {
		place := bytes.IndexByte(text, '\t') + 1
		w.buf = append(w.buf, text[:place]...)
		line := bytes.TrimSuffix(text[place:], []byte("\n"))
		w.buf = append(w.redactor.AppendLine(w.buf, line), text[place+len(line):]...)
	}
	if _, err := w.to.Write(w.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}

// dropQuery takes what stands behind a ? off the target and the referrer.
func dropQuery(r *accesslog.Record) {
	if len(r.Target) > 0 {
		if path := r.Path(); len(path) < len(r.Target) {
			r.Target, r.Request = path, nil
		}
	}
	if i := bytes.IndexByte(r.Request, '?'); r.Malformed && i >= 0 {
		r.Request = r.Request[:i]
	}
	if i := bytes.IndexAny(r.Referrer, "?#"); i >= 0 {
		r.Referrer = r.Referrer[:i]
	}
}

func queries(flag string, texts []string, o query.Options) ([]*query.Query, error) {
	var all []*query.Query
	for _, text := range texts {
		q, err := query.Compile(text, o)
		if err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --%s: %w%s", flag, err, pointed(text, err))}
		}
		all = append(all, q)
	}
	return all, nil
}

// pointed quotes an expression in which the column of the error is counted.
func pointed(text string, err error) string {
	var e *query.Error
	if !errors.As(err, &e) || len(text) > 100 {
		return ""
	}
	return fmt.Sprintf(" in %q", text)
}

// classify tells the query language what an agent says of itself.
func classify(text []byte) query.Agent {
	a := agent.Classify(text)
	return query.Agent{Browser: a.Browser, System: a.System, Device: a.Device, Bot: a.Bot}
}
