package query

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// A claim is a random expression with its meaning, told without the package.
type claim struct {
	text  string
	holds func(r *accesslog.Record) bool
}

// textOf is a naive reading of the text fields.
func textOf(field string, r *accesslog.Record) string {
	fragmentless, _, _ := strings.Cut(string(r.Target), "#")
	path, query, _ := strings.Cut(fragmentless, "?")
	agent := classifyForTests(r.Agent)
	switch field {
	case "client":
		return string(r.Client)
	case "user":
		return string(r.User)
	case "method":
		return string(r.Method)
	case "path":
		return path
	case "query":
		return query
	case "section":
		return string((&traffic.Sections{}).Of(r.Method, r.Target, r.Malformed))
	case "site":
		u, _ := url.Parse(string(r.Referrer))
		return u.Hostname()
	case "bot":
		return agent.Bot
	case "browser":
		return agent.Browser
	}
	return string(r.Agent)
}

func someWord(r *rand.Rand) string {
	words := []string{"a", "b", "ab", "/a", "/a/b", "GET", "x y", "it's", `"`, "Firefox", "Googlebot", "a.example", "and", "é", "(", "a,b", "a=1", "10.0.0.1", "/"}
	return words[r.IntN(len(words))]
}

// textClaim compares a text field.
func textClaim(r *rand.Rand) claim {
	fields := []string{"user", "method", "path", "query", "section", "site", "bot", "browser", "agent"}
	field, v := fields[r.IntN(len(fields))], someWord(r)
	about := func(op string, value string, holds func(s string) bool) claim {
		return claim{field + op + value, func(rec *accesslog.Record) bool { s := textOf(field, rec); return s != "" && holds(s) }}
	}
	switch r.IntN(9) {
	case 0:
		return about(" = ", always(v), func(s string) bool { return s == v })
	case 1:
		c := about(" != ", always(v), func(s string) bool { return s == v })
		return claim{c.text, func(rec *accesslog.Record) bool { return !c.holds(rec) }}
	case 2:
		return about(" *= ", always(v), func(s string) bool { return strings.Contains(s, v) })
	case 3:
		return about("^=", always(v), func(s string) bool { return strings.HasPrefix(s, v) })
	case 4:
		return about(" EndsWith ", always(v), func(s string) bool { return strings.HasSuffix(s, v) })
	case 5:
		re := regexp.MustCompile("(?i)" + regexp.QuoteMeta(v) + "$")
		return about("~*", always(regexp.QuoteMeta(v)+"$"), re.MatchString)
	case 6:
		w := someWord(r)
		re := regexp.MustCompile("^" + regexp.QuoteMeta(v) + ".*" + regexp.QuoteMeta(w) + "$")
		return about(" like ", always(v+"*"+w), re.MatchString)
	case 7:
		var set []string
		for range 1 + r.IntN(12) {
			set = append(set, someWord(r))
		}
		quoted := make([]string, len(set))
		for i, s := range set {
			quoted[i] = always(s)
		}
		return about(" in (", strings.Join(quoted, ",")+")", func(s string) bool {
			for _, w := range set {
				if s == w {
					return true
				}
			}
			return false
		})
	}
	if field == "section" {
		return claim{"malformed", func(rec *accesslog.Record) bool { return rec.Malformed }}
	}
	return claim{field + " exists", func(rec *accesslog.Record) bool { return textOf(field, rec) != "" }}
}

// always puts a value into quotes.
func always(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// numberClaim compares a number.
func numberClaim(r *rand.Rand, zone *time.Location) claim {
	type quantity struct {
		name   string
		values []int64
		write  func(int64) string
		of     func(*accesslog.Record) (int64, bool)
	}
	plain := func(n int64) string { return strconv.FormatInt(n, 10) }
	q := []quantity{
		{"status", []int64{100, 200, 299, 404, 500, 999}, plain, func(r *accesslog.Record) (int64, bool) { return int64(r.Status), r.Status > 0 }},
		{"class", []int64{1, 2, 4, 5}, func(n int64) string { return plain(n) + "xx" }, func(r *accesslog.Record) (int64, bool) { return int64(r.Status / 100), r.Status > 0 }},
		{"bytes", []int64{0, 1, 999, 1000, 10_000}, plain, func(r *accesslog.Record) (int64, bool) { return r.Bytes, true }},
		{"latency", []int64{0, 1, 250_000_000, 1e9}, func(n int64) string { return plain(n) + "ns" }, func(r *accesslog.Record) (int64, bool) { return int64(r.Latency), r.Latency >= 0 }},
		{"hour", []int64{0, 2, 3, 12, 23}, plain, func(r *accesslog.Record) (int64, bool) { return int64(time.Unix(r.Sec, 0).In(zone).Hour()), true }},
		{"time", []int64{1_000_000_000, 1_500_000_000, 1_773_140_400}, func(n int64) string { return "@" + plain(n) }, func(r *accesslog.Record) (int64, bool) { return r.Sec, true }},
	}[r.IntN(6)]
	v := q.values[r.IntN(len(q.values))]
	ops := []string{"=", "!=", "<", "<=", ">", ">="}
	op := ops[r.IntN(len(ops))]
	return claim{q.name + op + q.write(v), func(rec *accesslog.Record) bool {
		n, there := q.of(rec)
		if !there {
			return op == "!="
		}
		return map[string]bool{"=": n == v, "!=": n != v, "<": n < v, "<=": n <= v, ">": n > v, ">=": n >= v}[op]
	}}
}

func clientClaim(r *rand.Rand) claim {
	p := netip.MustParsePrefix([]string{"10.0.0.0/8", "10.0.0.0/31", "2001:db8::/32", "0.0.0.0/0"}[r.IntN(4)])
	return claim{"client in (" + p.String() + ", '192.168.0.1')", func(rec *accesslog.Record) bool {
		a, err := netip.ParseAddr(string(rec.Client))
		return err == nil && (p.Contains(a) || a == netip.MustParseAddr("192.168.0.1"))
	}}
}

// randomClaim joins claims with signs or words.
func randomClaim(r *rand.Rand, depth int, zone *time.Location) claim {
	if depth == 0 {
		switch r.IntN(4) {
		case 0:
			return textClaim(r)
		case 1:
			return clientClaim(r)
		}
		return numberClaim(r, zone)
	}
	a := randomClaim(r, depth-1, zone)
	switch b := randomClaim(r, r.IntN(depth), zone); r.IntN(4) {
	case 0:
		return claim{"not (" + a.text + ")", func(rec *accesslog.Record) bool { return !a.holds(rec) }}
	case 1:
		return claim{"(" + a.text + ")and(" + b.text + ")", func(rec *accesslog.Record) bool { return a.holds(rec) && b.holds(rec) }}
	case 2:
		return claim{"(" + a.text + ") || " + "(" + b.text + ")", func(rec *accesslog.Record) bool { return a.holds(rec) || b.holds(rec) }}
	default:
		return claim{"!(" + a.text + ")&&(" + b.text + ")", func(rec *accesslog.Record) bool { return !a.holds(rec) && b.holds(rec) }}
	}
}

func randomRecord(r *rand.Rand) accesslog.Record {
	pick := func(of ...string) []byte {
		if i := r.IntN(len(of) + 1); i < len(of) {
			return []byte(of[i])
		}
		return nil
	}
	rec := accesslog.Record{
		Sec: []int64{1_000_000_000, 1_500_000_000, 1_773_140_400, 1_774_749_600, -5}[r.IntN(5)], Nanos: int32(r.IntN(2) * 5),
		Status: []int{0, 100, 200, 299, 404, 500}[r.IntN(6)], Bytes: []int64{0, 1, 1000, 10_000}[r.IntN(4)],
		Latency: []time.Duration{-1, 0, 1, 250 * time.Millisecond, time.Hour}[r.IntN(5)],
		Client:  pick("10.0.0.1", "10.9.0.1", "192.168.0.1", "2001:db8::1", "a.example"), User: pick("a", "b", "x y", "it's", "é", "É", "and"),
		Method: pick("GET", "POST"), Target: pick("/", "/a", "/a/b", "/a/b?a=1", "/ab?a#b", "/?", "/a#b?c"), Referrer: pick("http://a.example/", "https://a.example:8/a?b", "http://a.example", "a"),
		Agent: pick("Firefox/1", "a Googlebot", "ab", "x y", `"`),
	}
	if rec.Target == nil {
		rec.Malformed = r.IntN(2) == 0
	}
	return rec
}

func TestRandomExpressionsMeanWhatANaiveEvaluatorSays(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	o := testOptions(t)
	held := 0
	for range 20_000 {
		c := randomClaim(r, r.IntN(4), o.Zone)
		q, err := Compile(c.text, o)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		again, err := Compile(q.String(), o)
		if err != nil || again.String() != q.String() {
			t.Fatalf("%s: canonical %s: again %v, %v", c.text, q, again, err)
		}
		m, m2 := q.Matcher(), again.Matcher()
		for range 8 {
			rec := randomRecord(r)
			want := c.holds(&rec)
			if want {
				held++
				if q.Never() {
					t.Fatalf("%s\ncanonical %s\n%s\nmatches, and is said never to", c.text, q, shownRecord(rec))
				}
			}
			if got, got2 := m.Match(&rec), m2.Match(&rec); got != want || got2 != want {
				t.Fatalf("%s\ncanonical %s\n%s\ngot %t and %t, want %t", c.text, q, shownRecord(rec), got, got2, want)
			}
		}
	}
	if held < 30_000 || held > 130_000 {
		t.Errorf("%d of 160,000 claims hold: too one-sided to test", held)
	}
}

func shownRecord(r accesslog.Record) string {
	return fmt.Sprintf("%d.%d %d %d %v client %q user %q method %q target %q referrer %q agent %q malformed %t",
		r.Sec, r.Nanos, r.Status, r.Bytes, r.Latency, r.Client, r.User, r.Method, r.Target, r.Referrer, r.Agent, r.Malformed)
}

// FuzzCompile: no text makes Compile panic; what compiles has a canonical text
// that compiles to itself and holds for the same records.
func FuzzCompile(f *testing.F) {
	for _, c := range columns() {
		f.Add(c.Example)
	}
	for _, s := range []string{
		"", "((", "not", "status in (1xx, '', 404)", `path ~* "(?i)[k-s]+x?$"`, "client in (::/0, a, 10.0.0.1/8)", "path like **a*", "time > @0 and time < 9999-12-31",
		"bot in ('', yes)", "user = '-' || user=- && !(bot)", "agent =~* \xff", "user = \"a\"\"b'\"", "bytes > 1.5PiB", "latency = 1.000000001s", "user = \x00", "time = @-62135596800",
	} {
		f.Add(s)
	}
	o := testOptions(f)
	r := rand.New(rand.NewPCG(13, 14))
	all := records()
	for range 20 {
		all = append(all, randomRecord(r))
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Compile(text, o)
		if err != nil {
			e, ok := err.(*Error)
			if !ok || e.Column < 1 || e.Text == "" || len(e.Text) > 2000 {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		again, err := Compile(q.String(), o)
		if err != nil || again.String() != q.String() {
			t.Fatalf("%q: canonical %q: again %v, %v", text, q, again, err)
		}
		m, m2 := q.Matcher(), again.Matcher()
		never := q.Never()
		for i := range all {
			if never && m.Match(&all[i]) {
				t.Fatalf("%q matches %s, and is said never to", text, shownRecord(all[i]))
			}
			before := all[i].Clone()
			if m.Match(&all[i]) != m2.Match(&all[i]) {
				t.Fatalf("%q and %q differ for %s", text, q, shownRecord(all[i]))
			}
			if !bytes.Equal(before.Target, all[i].Target) || !bytes.Equal(before.Agent, all[i].Agent) {
				t.Fatalf("%q changed the record", text)
			}
		}
	})
}
