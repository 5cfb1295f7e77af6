package backtest

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/gauge"
)

// TestABacktestFindsWhatAWeirThatFollowsTells: the same records give the same alerts, with
// the same causes, as the gauge of a weir that reads the log; the rules that stand by default and
// one for each section, over five hours with waves, failures, slow requests, a silence, late lines.
func TestABacktestFindsWhatAWeirThatFollowsTells(t *testing.T) {
	o := rules()
	o.Rules = append(o.Rules,
		alert.Rule{Name: "each", Metric: alert.Share, Of: "5xx", By: alert.Section, Threshold: 100_000, Window: 60, Min: 10, For: 20},
		alert.Rule{Name: "few", Test: alert.Below, Threshold: 2_000_000, Window: 300},
		alert.Rule{Name: "slow", Metric: alert.P90, Threshold: 400_000, Window: 60, Min: 5, KeepFiring: 60},
	)
	records := day(5 * 3600)
	want := followed(o, records)
	run := New(o)
	source := run.AddSource("log")
	for part := range slices.Chunk(records, 997) {
		var text []byte
		for i := range part {
			text = Writer{}.Append(text, &part[i], "")
		}
		var b Block
		b.Fill(text)
		run.Caught(source, false)
		run.Play(source, &b, 1<<62)
		if b.Err() != nil {
			t.Fatal(b.Err())
		}
	}
	run.Caught(source, true)
	found := run.End()
	var got []alert.Event
	for _, a := range found.Alerts {
		got = append(got, a.Begin)
		if a.End != nil {
			got = append(got, *a.End)
		}
	}
	if len(want) < 12 || len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for _, e := range want {
		if !slices.ContainsFunc(got, func(g alert.Event) bool {
			g.Muted, e.Muted = "", ""
			return reflect.DeepEqual(g, e)
		}) {
			t.Fatalf("%v of %d is missing (cause %v)", e, e.At, e.Cause)
		}
	}
	// The rung of a rule's own threshold is the rule.
	for i := range found.Rules {
		r := &found.Rules[i]
		for _, s := range r.Steps {
			if s.Own && (s.Alerts != r.Alerts+r.Muted || s.Firing != r.Firing) {
				t.Errorf("%s: its own step has %d alerts, %d s, the rule %d, %d", r.Rule.Name, s.Alerts, s.Firing, r.Alerts, r.Firing)
			}
		}
	}
}

// followed returns what a weir tells that reads the records as a log.
func followed(o Options, records []accesslog.Record) []alert.Event {
	options := gauge.Options{Interval: 10, Lateness: o.Lateness, Rules: o.Rules, Filter: o.Filter}
	options.Tops.Sections, options.Tops.Clients = 5, 5
	g := gauge.New(options)
	g.AddSource("log", true)
	g.Wrote(0, o.Now, o.Now)
	for i := range records {
		g.Record(0, &records[i])
	}
	g.End()
	var events []alert.Event
	for _, out := range g.Take() {
		if e := out.Event; e != nil && e.Told() && (e.Begins() || e.State == alert.Quiet) {
			events = append(events, *e)
		}
	}
	return events
}

// day returns the records of a site on which much goes wrong.
func day(seconds int64) []accesslog.Record {
	r := rand.New(rand.NewPCG(7, 7))
	var out []accesslog.Record
	for s := range seconds {
		n := 4 + r.IntN(4)
		switch {
		case s%7200 > 6000 && s%7200 < 6500:
			n += 20
		case s > 9000 && s < 9400:
			n = 0
		case s%3000 < 400:
			n = r.IntN(2)
		}
		for range n {
			rec := accesslog.Record{
				Sec: 1_700_000_000 + s - r.Int64N(8)/7*5, Status: 200, Method: []byte("GET"), Target: []byte([]string{"/a/1", "/b", "/c?x"}[r.IntN(3)]),
				Client: []byte{byte('a' + r.IntN(9))}, Latency: time.Duration(20+r.IntN(80)) * time.Millisecond, Bytes: 100,
			}
			if s%5000 > 4500 && rec.Target[1] == 'b' && r.IntN(2) == 0 {
				rec.Status = 503
			}
			if s%4000 > 3800 {
				rec.Latency *= 9
			}
			out = append(out, rec)
		}
	}
	return out
}

// TestWhatIsWrittenDownIsReadBack: records with all fields and with none, and lines that are
// no requests; and torn text is an error, not a record.
func TestWhatIsWrittenDownIsReadBack(t *testing.T) {
	full := accesslog.Record{
		Sec: 1_700_000_000, Status: 404, Bytes: 1 << 40, Latency: time.Second, Client: []byte("1.2.3.4"), User: []byte("u"), Host: []byte("h"),
		Request: []byte("GET / HTTP/1.1"), Method: []byte("GET"), Target: []byte("/"), Protocol: []byte("HTTP/1.1"), Referrer: []byte("r"),
		Agent: []byte("a"), Forwarded: []byte("f"), Malformed: true,
	}
	none := accesslog.Record{Latency: accesslog.NoLatency, Sec: -5}
	text := Writer{}.Append(nil, &full, "x")
	text = Writer{}.AppendReject(text)
	text = Writer{}.Append(text, &none, "x")
	var got accesslog.Record
	rest, ok, err := next(text, &got)
	if err != nil || !ok || !reflect.DeepEqual(got, full) {
		t.Fatalf("got %+v, %v, want %+v", got, err, full)
	}
	if rest, ok, err = next(rest, &got); err != nil || ok {
		t.Fatalf("a rejected line is %v, %v", ok, err)
	}
	if rest, ok, err = next(rest, &got); err != nil || !ok || len(rest) > 0 || !reflect.DeepEqual(got, none) {
		t.Fatalf("got %+v, %v, want %+v", got, err, none)
	}
	one := Writer{}.Append(nil, &full, "x")
	for n := 1; n < len(one); n++ {
		if _, _, err := next(one[:n], &got); err == nil {
			t.Fatalf("%d of %d bytes are a record", n, len(one))
		}
	}
}

func TestAnAlertThatIsOpenAtTheEndHasFiredUpToIt(t *testing.T) {
	run := New(Options{Rules: []alert.Rule{{Name: "x", Threshold: 1_000_000, Window: 10}}, Now: time.Unix(2_000_000_000, 0)})
	source := run.AddSource("log")
	var b Block
	b.Fill(traffic(400, 4, 1_700_000_000))
	run.Caught(source, false)
	run.Play(source, &b, 1<<62)
	run.Caught(source, true)
	r := run.End()
	if len(r.Alerts) != 1 || r.Alerts[0].End != nil || r.Rules[0].Alerts != 1 || r.Rules[0].Firing != r.Alerts[0].Seconds(r.To+1) || r.Rules[0].Firing < 90 {
		t.Errorf("got %+v", r)
	}
}
