package cli

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/history"
	"weir/internal/simulate"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// kept is when the histories of the scripts end: 2026-03-10T14:00:00Z. They tell of eight
// days and 14 hours: hours until the ninth, minutes until 11:00 of the tenth, tens of
// seconds then. In each night there is an hour without a request, and from 13:00 on a
// burst that alerts.
const kept = 1_773_151_200

// traffickers makes the traffic of a history.
type traffickers struct {
	site   *simulate.Site
	rand   *rand.Rand
	line   simulate.Line
	cut    traffic.Sections
	sealer *traffic.Sealer
	second traffic.Seconds
}

// rate is how many requests there are in a second, on average.
func rateAt(sec int64) float64 {
	day := float64(sec%86400) / 86400
	rate := 0.22 - 0.18*math.Cos(2*math.Pi*(day-0.1))
	switch {
	case sec%86400 >= 3*3600 && sec%86400 < 4*3600:
		return 0
	case sec >= kept-3600 && sec < kept-2700:
		return 14
	}
	return rate
}

// count adds the requests of a second.
func (g *traffickers) count(t *traffic.Tally, sec int64) (n traffic.Second) {
	rate := rateAt(sec)
	hits := int(rate)
	if g.rand.Float64() < rate-float64(hits) {
		hits++
	}
	for range hits {
		g.site.Next(&g.line)
		l := &g.line
		if sec >= kept-3600 && sec < kept-3000 && g.rand.IntN(12) == 0 {
			l.Status, l.Latency = 502, 4*time.Second
		}
		r := accesslog.Record{
			Client: []byte(l.Client), Method: []byte(l.Method), Protocol: []byte(l.Protocol), Target: []byte(l.Target), Status: l.Status,
			Bytes: max(0, l.Bytes), Latency: l.Latency, Referrer: []byte(l.Referrer), Agent: []byte(l.Agent), Host: []byte(l.Host),
		}
		t.Add(&r, g.cut.Of(r.Method, r.Target, false))
		one := traffic.Second{Hits: 1, Bytes: r.Bytes}
		one.Classes[traffic.Class(r.Status)] = 1
		n.Add(one)
	}
	return n
}

// stretch seals what is counted in [from, to); ok is false where that is nothing.
func (g *traffickers) stretch(from, to int64) (s history.Stretch, ok bool) {
	var t traffic.Tally
	var seconds []traffic.Second
	for sec := from; sec < to; sec++ {
		n := g.count(&t, sec)
		seconds = append(seconds, n)
		g.second.Add(sec, n)
	}
	s = history.Seal(g.sealer, &t, from, to)
	if to-from == 10 {
		s.Seconds = seconds
	}
	return s, t.Hits > 0
}

// writeStore makes a history of simulated traffic.
func writeStore(path string) error {
	site, err := simulate.NewSite(simulate.SiteOptions{Seed: 3, Clients: 900})
	if err != nil {
		return err
	}
	g := &traffickers{site: site, rand: rand.New(rand.NewPCG(3, 5)), sealer: traffic.NewSealer()}
	db, err := history.Open(path, history.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	const night, eleven = kept - 14*3600, kept - 3*3600
	var c history.Commit
	for _, part := range []struct{ from, to, step int64 }{{night - 8*86400, night, 3600}, {night, eleven, 60}, {eleven, kept, 10}} {
		for at := part.from; at < part.to; at += part.step {
			if s, ok := g.stretch(at, at+part.step); ok {
				c.Sealed = append(c.Sealed, s)
			}
		}
	}
	c.Until = kept
	board := alert.NewBoard(alert.HighTrafficRule(10*unit.One, 2*time.Minute))
	board.Advance(eleven, alert.Only{Seconds: &g.second})
	for i, e := range board.Advance(kept, alert.Only{Seconds: &g.second}) {
		c.Events = append(c.Events, history.Event{Event: e, Replayed: i > 1})
	}
	c.Marks = []history.Mark{{At: kept - 5400, Text: "deploy 1.4.2"}, {At: kept - 2600, Text: "autoscaling on"}}
	c.Positions = map[string][]byte{"access.log": []byte("at 4711")}
	c.Spans = []history.Span{{Source: "access.log", File: "inode 7", FromTime: kept - 60, ToTime: kept, FromOffset: 4000, ToOffset: 4711}}
	c.Outbox = []history.Message{{Target: "ops", Key: "1", Body: []byte("high traffic"), Due: kept}}
	if err := db.Commit(&c); err != nil {
		return err
	}
	late, ok := g.stretch(kept-600, kept-590)
	if !ok {
		return fmt.Errorf("no request is late")
	}
	late.Seconds, late.Late = nil, late.Hits
	return db.Commit(&history.Commit{Amended: []history.Stretch{late}})
}

// template makes the history of the scripts once.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "weir-store")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "history.db")
	if err := writeStore(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// keep puts the history of a subject into a home, written a minute after those that are
// there.
func keep(home history.Home, subject history.Subject) (string, error) {
	data, err := template()
	if err != nil {
		return "", err
	}
	there, err := home.List()
	if err != nil {
		return "", err
	}
	path := home.Path(subject)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", err
	}
	name, state := subject.State()
	if err := commit(path, &history.Commit{States: map[string][]byte{name: state}}); err != nil {
		return "", err
	}
	at := time.Unix(kept+2+60*int64(len(there)), 0)
	return path, os.Chtimes(path, at, at)
}

func commit(path string, c *history.Commit) error {
	db, err := history.Open(path, history.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Commit(c)
}

// subjectIn is what weir given these words in the folder of the script would keep; a
// word -where=EXPR stands for the flag.
func subjectIn(ts *testscript.TestScript, words []string) history.Subject {
	var logs, where, ignore []string
	for _, w := range words {
		if len(w) > 7 && w[:7] == "-where=" {
			where = append(where, w[7:])
			continue
		}
		if expr, ok := strings.CutPrefix(w, "-ignore="); ok {
			ignore = append(ignore, expr)
			continue
		}
		if w != "-" {
			w = ts.MkAbs(w)
		}
		logs = append(logs, w)
	}
	return history.Of(logs, picked(where, ignore))
}

func keeps(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: keeps HOME [-where=EXPR] [-ignore=EXPR] LOG...")
	}
	_, err := keep(history.Home(ts.MkAbs(args[0])), subjectIn(ts, args[1:]))
	ts.Check(err)
}

// fires commits an alert of a second after the end of a history.
func fires(ts *testscript.TestScript, _ bool, args []string) {
	path := history.Home(ts.MkAbs(args[0])).Path(subjectIn(ts, args[1:2]))
	after := int64(number(ts, args[2]))
	e := alert.Event{Rule: alert.HighTrafficRule(10*unit.One, 2*time.Minute), State: alert.Firing, At: kept + after, Sample: alert.Sample{Num: 1300 + after, Den: 120, Hits: 1300 + after}}
	ts.Check(commit(path, &history.Commit{Events: []history.Event{{Event: e}}}))
}

// holds keeps a history locked until the script ends.
func holds(ts *testscript.TestScript, _ bool, args []string) {
	db, err := history.Open(history.Home(ts.MkAbs(args[0])).Path(subjectIn(ts, args[1:])), history.Options{})
	ts.Check(err)
	ts.Defer(func() { db.Close() })
}

// damages overwrites bytes in the middle of the frames of a history.
func damages(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.OpenFile(history.Home(ts.MkAbs(args[0])).Path(subjectIn(ts, args[1:])), os.O_RDWR, 0)
	ts.Check(err)
	defer file.Close()
	end, err := file.Seek(0, io.SeekEnd)
	ts.Check(err)
	for _, at := range []int64{end / 3, end / 2} {
		_, err = file.WriteAt(make([]byte, 600), at)
		ts.Check(err)
	}
}

// TestTheHistoryOfTheScriptsIsSound: what scripts show is what a weir would keep.
func TestTheHistoryOfTheScriptsIsSound(t *testing.T) {
	path, err := keep(history.Home(t.TempDir()), history.Of([]string{"access.log"}, ""))
	if err != nil {
		t.Fatal(err)
	}
	db, err := history.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("got %q, %v, want none", problems, err)
	}
	if events, err := db.Events(history.Filter{}); err != nil || len(events) < 2 {
		t.Errorf("got %d alerts, %v, want 2 at least", len(events), err)
	}
}
