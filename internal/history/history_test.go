package history

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/traffic"
)

// noon is a Saturday, 12:00 UTC.
const noon = 1795262400

func open(t testing.TB, path string, o Options) *DB {
	t.Helper()
	db, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	// These tests kill no machine, and the disk would take most of their time.
	if _, err := db.w.conn.ExecContext(context.Background(), "PRAGMA synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
	return db
}

func fresh(t testing.TB, o Options) *DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "history.db"), o)
}

// hit is a record of a log, without its line.
type hit struct {
	sec     int64
	client  int
	path    int
	status  int
	bytes   int64
	latency time.Duration
}

func (h *hit) addTo(t *traffic.Tally) {
	t.Add(&accesslog.Record{
		Client: fmt.Appendf(nil, "10.0.0.%d", h.client), Method: []byte("GET"), Protocol: []byte("HTTP/1.1"),
		Target: fmt.Appendf(nil, "/s%d/p%d", h.path%7, h.path), Status: h.status, Bytes: h.bytes, Latency: h.latency,
		Agent: []byte("curl/8"),
	}, fmt.Appendf(nil, "/s%d", h.path%7))
}

func (h *hit) second() traffic.Second {
	s := traffic.Second{Hits: 1, Bytes: h.bytes}
	s.Classes[traffic.Class(h.status)] = 1
	return s
}

// randomLog draws a log in the order of its lines: in bursts, with silences of up
// to a day, and with lines that are late by up to two days.
func randomLog(r *rand.Rand, n int) []hit {
	log := make([]hit, n)
	now := int64(noon - r.IntN(86400))
	for i := range log {
		switch r.IntN(60) {
		case 0:
			now += r.Int64N(7200)
		case 1:
			now += r.Int64N(20)
		case 2:
			if r.IntN(10) == 0 {
				now += r.Int64N(86400)
			}
		default:
			now += r.Int64N(3)
		}
		h := &log[i]
		*h = hit{sec: now, client: r.IntN(40), path: r.IntN(60), status: []int{200, 200, 304, 404, 500, 0}[r.IntN(6)], bytes: r.Int64N(1 << 20), latency: accesslog.NoLatency}
		if r.IntN(3) > 0 {
			h.latency = time.Duration(r.Int64N(int64(time.Second)))
		}
		switch r.IntN(40) {
		case 0:
			h.sec -= r.Int64N(300)
		case 1:
			h.sec -= r.Int64N(2 * 86400)
		}
	}
	return log
}

// keeper counts a log into a history as a follower does, by the crash rule: a
// commit holds how far the log was read (head), and from where on there are
// records of stretches that are not sealed (cut).
type keeper struct {
	db     *DB
	sealer *traffic.Sealer
	open   map[int64]*stretch // by beginning
	late   map[int64]*stretch
	sealed int64
	newest int64
	at     int // line of the log
	ready  Commit
}

type stretch struct {
	tally   traffic.Tally
	seconds [10]traffic.Second
	late    int64
	first   int // line
}

// start goes on from what was committed.
func start(t *testing.T, db *DB, log []hit) *keeper {
	t.Helper()
	k := &keeper{db: db, sealer: traffic.NewSealer(), open: map[int64]*stretch{}, late: map[int64]*stretch{}, sealed: never}
	positions, err := db.Positions()
	if err != nil {
		t.Fatal(err)
	}
	if p := positions["log"]; p != nil {
		head, n := binary.Uvarint(p)
		cut, _ := binary.Uvarint(p[n:])
		if k.sealed, _, _, err = db.Sealed(); err != nil {
			t.Fatal(err)
		}
		for i := int(cut); i < int(head); i++ {
			if log[i].sec >= k.sealed {
				k.count(log, i)
			}
		}
		k.at = int(head)
	}
	return k
}

func (k *keeper) count(log []hit, i int) {
	h := &log[i]
	at := TenSeconds.align(h.sec)
	into, late := k.open, int64(0)
	if at < k.sealed {
		into, late = k.late, 1
	}
	s := into[at]
	if s == nil {
		s = &stretch{first: i}
		into[at] = s
	}
	h.addTo(&s.tally)
	s.late += late
	s.seconds[h.sec-at].Add(h.second())
	k.newest = max(k.newest, h.sec)
}

// read counts a line more, and seals what is 20 s behind.
func (k *keeper) read(log []hit) {
	k.count(log, k.at)
	k.at++
	until := max(k.sealed, TenSeconds.align(k.newest-20))
	k.ready.Sealed = append(k.ready.Sealed, k.take(k.open, until)...)
	k.sealed = until
}

// take makes Stretches of what begins before until.
func (k *keeper) take(from map[int64]*stretch, until int64) []Stretch {
	var all []Stretch
	for at, s := range from {
		if at < until {
			sealed := Seal(k.sealer, &s.tally, at, at+10)
			sealed.Seconds, sealed.Late = slices.Clone(s.seconds[:]), s.late
			all = append(all, sealed)
			delete(from, at)
		}
	}
	slices.SortFunc(all, func(a, b Stretch) int { return int(a.Frame.From - b.Frame.From) })
	return all
}

func (k *keeper) commit(t *testing.T) {
	t.Helper()
	k.ready.Amended = k.take(k.late, k.sealed)
	k.ready.Until = k.sealed
	cut := k.at
	for _, s := range k.open {
		cut = min(cut, s.first)
	}
	k.ready.Positions = map[string][]byte{"log": binary.AppendUvarint(binary.AppendUvarint(nil, uint64(k.at)), uint64(cut))}
	if err := k.db.Commit(&k.ready); err != nil {
		t.Fatal(err)
	}
	k.ready.Reset()
}

// finish seals all there is.
func (k *keeper) finish(t *testing.T) {
	t.Helper()
	until := TenSeconds.align(k.newest) + 10
	k.ready.Sealed = append(k.ready.Sealed, k.take(k.open, until)...)
	k.sealed = max(k.sealed, until)
	k.commit(t)
}

// TestAnyOrderAnyKillCountsTheSameAsAllAtOnce is laws 1, 2 and 6: whatever is
// late, whenever the process is killed, all levels hold what one Tally of all
// records does.
func TestAnyOrderAnyKillCountsTheSameAsAllAtOnce(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 6))
		log := randomLog(r, 200+r.IntN(1500))
		path := filepath.Join(t.TempDir(), "history.db")
		o := Options{Max: -1}
		for l := range o.Keep {
			o.Keep[l], o.Tables[l] = Forever, Forever
		}
		switch seed % 5 {
		case 1:
			o.Keep = [levels]time.Duration{time.Hour, 5 * time.Hour, 20 * time.Hour, 48 * time.Hour, Forever}
		case 2: // each no longer than until the next is built
			o.Keep = [levels]time.Duration{time.Second, time.Second, time.Second, time.Second, Forever}
		case 3:
			o.Keep = [levels]time.Duration{5 * time.Hour, 20 * time.Hour, 40 * time.Hour, Forever, Forever}
			o.Tables = [levels]time.Duration{time.Hour, 5 * time.Hour, 20 * time.Hour, 48 * time.Hour, Forever}
		case 4:
			o.Tables = [levels]time.Duration{time.Second, time.Second, time.Second, time.Second, Forever}
		}
		db := open(t, path, o)
		k := start(t, db, log)
		for k.at < len(log) {
			k.read(log)
			switch r.IntN(40) {
			case 0, 1, 2:
				k.commit(t)
			case 3:
				db.Close() // what is not committed is lost with its process
				db = open(t, path, o)
				k = start(t, db, log)
			case 4:
				_, err := db.Prune(k.newest)
				if r.IntN(2) == 0 { // killed before what is no longer kept was deleted
					_, err = db.step(func(w *writer) (bool, error) { return w.expire(&Pruned{}, &o, k.newest) })
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		k.finish(t)
		if _, err := db.step(func(w *writer) (bool, error) { return w.expire(&Pruned{}, &o, k.newest) }); err != nil {
			t.Fatal(err)
		}
		holds(t, fmt.Sprintf("seed %d", seed), db, log)
		if _, err := db.Prune(k.newest); err != nil {
			t.Fatal(err)
		}
		holds(t, fmt.Sprintf("seed %d, pruned", seed), db, log)
		db.Close()
	}
}

// holds compares a history with the log it was made of.
func holds(t *testing.T, what string, db *DB, log []hit) {
	t.Helper()
	var want, got traffic.Tally
	first, last := log[0].sec, log[0].sec
	for i := range log {
		log[i].addTo(&want)
		first, last = min(first, log[i].sec), max(last, log[i].sec)
	}
	figures, cover, err := db.Tally(&got, traffic.NewSealer(), first, last+1)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	stats, err := db.Stats()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if stats.Refused > 0 {
		t.Fatalf("%s: %d hits refused, and the days are kept for ever", what, stats.Refused)
	}
	if !bytes.Equal(got.AppendBinary(nil), want.AppendBinary(nil)) {
		t.Fatalf("%s: the history of %d hits has %d, of latencies %d, want %d", what, want.Hits, got.Hits, got.Latency.Count(), want.Latency.Count())
	}
	if w := FiguresOf(&want); figures.Second != w.Second || figures.Latency != w.Latency || cover.From > first || cover.To <= last {
		t.Errorf("%s: got %+v in [%d, %d), want %+v", what, figures, cover.From, cover.To, w)
	}
	// Any part of it, its ends rounded outwards to the rows there are.
	r := rand.New(rand.NewPCG(uint64(len(log)), 5))
	for range 30 {
		from := first + r.Int64N(last-first+1)
		to := from + 1 + r.Int64N(min(last-from+1, []int64{50, 5000, 500000}[r.IntN(3)]))
		var part, truth traffic.Tally
		_, cover, err := db.Tally(&part, traffic.NewSealer(), from, to)
		if err != nil || cover.From > from || cover.To < to {
			t.Fatalf("%s: [%d, %d) is covered by %+v (%v)", what, from, to, cover, err)
		}
		for i := range log {
			if log[i].sec >= cover.From && log[i].sec < cover.To {
				log[i].addTo(&truth)
			}
		}
		if !bytes.Equal(part.AppendBinary(nil), truth.AppendBinary(nil)) {
			t.Fatalf("%s: [%d, %d), by %+v, has %d hits, want %d", what, from, to, cover, part.Hits, truth.Hits)
		}
	}
	for _, step := range []int64{10, 60, 90, 3600, 7200, 86400, 50000} {
		points, err := db.Series(first, last+1, step)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var all Figures
		for i, p := range points {
			if p.Step < 1 || i > 0 && p.Start < points[i-1].Start+points[i-1].Step {
				t.Fatalf("%s: step %d: point %d is [%d, +%d), behind %+v", what, step, i, p.Start, p.Step, points[i-1])
			}
			var part Figures
			for j := range log {
				if log[j].sec >= p.Start && log[j].sec < p.Start+p.Step {
					part.Second.Add(log[j].second())
				}
			}
			if part.Second != p.Second {
				t.Fatalf("%s: step %d: point [%d, +%d) of %d parts has %+v, want %+v", what, step, p.Start, p.Step, p.Parts, p.Second, part.Second)
			}
			all.join(&p.Figures)
		}
		if all.Second != want.Second || all.Latency.Count != want.Latency.Count() || all.Latency.Sum != want.Latency.Sum() || all.Latency.Max != want.Latency.Max() {
			t.Errorf("%s: step %d: the points have %+v, want %+v", what, step, all, FiguresOf(&want))
		}
	}
	problems, err := db.Check()
	if err != nil || len(problems) > 0 {
		t.Fatalf("%s: %v %s", what, err, strings.Join(problems, "\n"))
	}
}

func forever() (all [levels]time.Duration) {
	for l := range all {
		all[l] = Forever
	}
	return all
}

func tenSeconds(s *traffic.Sealer, at int64, hits int) Stretch {
	var t traffic.Tally
	for i := range hits {
		(&hit{sec: at, client: i % 40, path: i % 50, status: 200, bytes: 100, latency: time.Duration(i) * time.Millisecond}).addTo(&t)
	}
	return Seal(s, &t, at, at+10)
}

func TestWhatIsCommittedIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some", "where", "history.db")
	db := open(t, path, Options{})
	s := traffic.NewSealer()
	rule := alert.HighTrafficRule(10_000_000, 2*time.Minute)
	events := []Event{
		{Event: alert.Event{Rule: rule, State: alert.Firing, At: noon + 7, Began: noon + 7, Sample: alert.Sample{Num: 1201, Den: 120, Hits: 1201}}},
		{Event: alert.Event{Rule: rule, State: alert.Quiet, Was: alert.Firing, At: noon + 99, Began: noon + 7, Sample: alert.Sample{Num: 1199, Den: 120, Hits: 1199}, After: 92}, Replayed: true},
		{Event: alert.Event{Rule: alert.Rule{Name: "other", Window: 1, Total: true}, State: alert.Firing, At: noon + 100, Began: noon + 100, Sample: alert.Sample{Den: 1}}},
	}
	c := Commit{
		Sealed: []Stretch{tenSeconds(s, noon, 5)}, Events: events,
		States:    map[string][]byte{"board": []byte("b1"), "empty": nil},
		Positions: map[string][]byte{"/a": []byte("p1"), "/b": []byte("p2")},
		Spans: []Span{
			{Source: "/a", File: "1", FromTime: noon, ToTime: noon + 10, ToOffset: 500},
			{Source: "/b", File: "1", FromTime: noon, ToTime: noon + 10, ToOffset: 100},
			{Source: "/a", File: "1", FromTime: noon + 9, ToTime: noon + 20, FromOffset: 500, ToOffset: 900},
			{Source: "/a", File: "2", FromTime: noon + 20, ToTime: noon + 30, FromOffset: 0, ToOffset: 900},
		},
		Marks:  []Mark{{At: noon + 50, Text: "deploy"}, {At: noon + 40, Text: "änderung"}},
		Outbox: []Message{{Target: "mail", Key: "k1", Body: []byte("body"), Due: noon}, {Target: "chat", Key: "k2", Due: noon + 60}},
	}
	commit(t, db, &c)
	commit(t, db, &Commit{States: map[string][]byte{"board": []byte("b2")}, Delivered: []int64{1}, Spans: []Span{
		{Source: "/a", File: "2", FromTime: noon + 30, ToTime: noon + 40, FromOffset: 900, ToOffset: 1000},
		{Source: "/a", File: "2", FromTime: noon + 81, ToTime: noon + 91, FromOffset: 1000, ToOffset: 1100},
	}})
	db.Close()
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for name, want := range map[string]string{"board": "b2", "empty": ""} {
		if data, ok, err := reader.State(name); err != nil || !ok || string(data) != want {
			t.Errorf("state %s: got %q, %v (%v), want %q", name, data, ok, err, want)
		}
	}
	if _, ok, err := reader.State("none"); ok || err != nil {
		t.Errorf("a state nobody committed is there (%v)", err)
	}
	if p, err := reader.Positions(); err != nil || len(p) != 2 || string(p["/a"]) != "p1" || string(p["/b"]) != "p2" {
		t.Errorf("got positions %q (%v)", p, err)
	}
	for i := range events {
		events[i].ID = int64(i + 1)
	}
	firing := alert.Firing
	for what, f := range map[string]struct {
		Filter
		want []Event
	}{
		"all":    {Filter{}, events},
		"time":   {Filter{From: noon + 8, To: noon + 100}, events[1:2]},
		"rule":   {Filter{Rule: rule.Name}, events[:2]},
		"state":  {Filter{State: &firing}, []Event{events[0], events[2]}},
		"after":  {Filter{After: 2}, events[2:]},
		"newest": {Filter{Limit: 2}, events[1:]},
	} {
		got, err := reader.Events(f.Filter)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", f.want) {
			t.Errorf("%s: got %+v (%v), want %+v", what, got, err, f.want)
		}
	}
	if got, err := reader.Marks(noon, noon+51); fmt.Sprint(got) != fmt.Sprint([]Mark{{ID: 2, At: noon + 40, Text: "änderung"}, {ID: 1, At: noon + 50, Text: "deploy"}}) {
		t.Errorf("got marks %v (%v)", got, err)
	}
	if got, err := reader.Outbox(noon+60, 10); fmt.Sprint(got) != fmt.Sprint([]Message{{2, "chat", "k2", []byte{}, noon + 60}}) {
		t.Errorf("got messages %v (%v)", got, err)
	}
	if got, err := reader.Outbox(noon+59, 10); len(got) != 0 || err != nil {
		t.Errorf("got messages %v before they are due (%v)", got, err)
	}
	got, err := reader.Spans("/a", noon+20, noon+80)
	if want := []Span{{"/a", "2", noon + 20, noon + 40, 0, 1000}}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got spans %v (%v), want %v", got, err, want)
	}
	if got, err := reader.Spans("", noon-9, noon+100); len(got) != 4 || err != nil || got[0].ToOffset != 900 {
		t.Errorf("got spans %v (%v), want 4, of the first two of /a one", got, err)
	}
	if err := reader.Commit(&Commit{}); err != ErrReadOnly {
		t.Errorf("written by a reader: %v", err)
	}
}

func commit(t testing.TB, db *DB, c *Commit) {
	t.Helper()
	if err := db.Commit(c); err != nil {
		t.Fatal(err)
	}
}

func TestWhatMustNotBeCountedIsRefused(t *testing.T) {
	db := fresh(t, Options{})
	s := traffic.NewSealer()
	commit(t, db, &Commit{Sealed: []Stretch{tenSeconds(s, noon, 5)}, Until: noon + 20})
	wide := tenSeconds(s, noon+20, 1)
	wide.Frame.To += 10
	off := tenSeconds(s, noon+25, 1)
	minute := tenSeconds(s, noon+60, 1).Frame
	minute.To += 50
	for want, c := range map[string]*Commit{
		"is sealed already":             {Sealed: []Stretch{tenSeconds(s, noon+10, 1)}},
		"is sealed already, up to":      {Sealed: []Stretch{tenSeconds(s, noon+30, 1), tenSeconds(s, noon+20, 1)}},
		"is that of no row":             {Sealed: []Stretch{wide}},
		"[1795262425, 1795262435)":      {Sealed: []Stretch{off}},
		"is not sealed yet":             {Amended: []Stretch{tenSeconds(s, noon+20, 1)}},
		"comes for ten seconds, not":    {Amended: []Stretch{wide}},
		"no stretch ends at 1795262421": {Until: noon + 21},
		"is given with 9 seconds":       {Sealed: []Stretch{{Frame: tenSeconds(s, noon+20, 1).Frame, Seconds: make([]traffic.Second, 9)}}},
		"is given with 10 seconds":      {Sealed: []Stretch{{Frame: minute, Seconds: make([]traffic.Second, 10)}}},
		"is given with 11 seconds":      {Amended: []Stretch{{Frame: tenSeconds(s, noon, 1).Frame, Seconds: make([]traffic.Second, 11)}}},
	} {
		if err := db.Commit(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	// None of them stands in the way of the next, nor left anything behind.
	commit(t, db, &Commit{Sealed: []Stretch{tenSeconds(s, noon+20, 2)}})
	points, err := db.Series(noon, noon+60, 60)
	if err != nil || len(points) != 1 || points[0].Hits != 7 || points[0].Parts != 2 || points[0].Whole() {
		t.Errorf("got %+v (%v), want 7 hits of 2 rows", points, err)
	}
}

// TestACommitThatWasWrittenAllTheSameIsNotWrittenTwice is about an error that came
// when the transaction had reached the disk.
func TestACommitThatWasWrittenAllTheSameIsNotWrittenTwice(t *testing.T) {
	db := fresh(t, Options{})
	s := traffic.NewSealer()
	commit(t, db, numbered(s, 0))
	c := numbered(s, 1)
	commit(t, db, c)
	c.attempt, db.failed = 2, c // what an error leaves behind
	if err := db.Commit(numbered(s, 2)); !errors.Is(err, ErrOrder) {
		t.Errorf("another one first: %v", err)
	}
	commit(t, db, c)
	commit(t, db, numbered(s, 2))
	if marks, err := db.Marks(0, 2*noon); len(marks) != 3 || err != nil {
		t.Errorf("got %v (%v), want three marks", marks, err)
	}
	if _, commits, _, err := db.Sealed(); commits != 3 || err != nil {
		t.Errorf("got %d commits (%v), want 3", commits, err)
	}
}

// TestAPastIsKeptAtTheLevelItIsGiven commits minutes and hours directly, as those
// who read an old log do, then goes on in tens of seconds.
func TestAPastIsKeptAtTheLevelItIsGiven(t *testing.T) {
	db := fresh(t, Options{})
	s := traffic.NewSealer()
	var hour, minute traffic.Tally
	for i := range 50 {
		(&hit{client: i, path: i, status: 200}).addTo(&hour)
		(&hit{client: i, path: i, status: 404}).addTo(&minute)
	}
	commit(t, db, &Commit{Sealed: []Stretch{Seal(s, &hour, noon-7200, noon-3600), Seal(s, &minute, noon, noon+60), Seal(s, &minute, noon+120, noon+180)}})
	commit(t, db, &Commit{Sealed: []Stretch{tenSeconds(s, noon+240, 7)}, Amended: []Stretch{tenSeconds(s, noon-7000, 1), tenSeconds(s, noon+30, 2), tenSeconds(s, noon+240, 3)}})
	commit(t, db, &Commit{Until: noon + 86400})
	for step, want := range map[int64]string{
		10:    "[-7200 +3600 51] [0 +60 52] [120 +60 50] [240 +10 10] ",
		60:    "[-7200 +3600 51] [0 +60 52] [120 +60 50] [240 +60 10] ",
		3600:  "[-7200 +3600 51] [0 +3600 112] ",
		86400: "[-43200 +86400 163] ",
	} {
		points, err := db.Series(noon-86400, noon+86400, step)
		got := ""
		for _, p := range points {
			got += fmt.Sprintf("[%d +%d %d] ", p.Start-noon, p.Step, p.Hits)
		}
		if got != want || err != nil {
			t.Errorf("step %d: got %s(%v), want %s", step, got, err, want)
		}
	}
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("%v %s", err, problems)
	}
}

func TestALaterLevelIsReadWhereTheFinerOnesAreGone(t *testing.T) {
	db := fresh(t, Options{Keep: [levels]time.Duration{time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, Forever}})
	s := traffic.NewSealer()
	const first = noon - 3*86400
	for at := int64(first); at < noon; at += 600 {
		commit(t, db, &Commit{Sealed: []Stretch{tenSeconds(s, at, 1), tenSeconds(s, at+300, 1)}})
	}
	commit(t, db, &Commit{Until: noon})
	p, err := db.Prune(noon)
	if err != nil || p.Expired == 0 {
		t.Fatalf("pruned %+v (%v)", p, err)
	}
	points, err := db.Series(first, noon, 10)
	if err != nil {
		t.Fatal(err)
	}
	steps, hits, order := map[int64]int64{}, int64(0), []int64{}
	for _, p := range points {
		steps[p.Step] += p.Hits
		hits += p.Hits
		if n := len(order); n == 0 || order[n-1] != p.Step {
			order = append(order, p.Step)
		}
	}
	if hits != 3*86400/300 || fmt.Sprint(order) != "[86400 3600 600 60 10]" || steps[10] != 12 || steps[60] != 5*12 || steps[600] != 6*12 {
		t.Errorf("got %d hits, by step %v, in the order %v", hits, steps, order)
	}
	stats, err := db.Stats()
	if err != nil || stats.Levels[TenSeconds].Rows != 12 || stats.Levels[TenSeconds].Oldest != noon-3600 || stats.Levels[Minute].Rows != 72 {
		t.Errorf("got %+v (%v)", stats, err)
	}
	if p, err := db.Prune(noon); err != nil || p != (Pruned{}) {
		t.Errorf("pruned twice: %+v (%v)", p, err)
	}
	// What comes for a time of which only hours and days are left goes to these.
	commit(t, db, &Commit{Amended: []Stretch{tenSeconds(s, noon-20*3600, 1), tenSeconds(s, noon-7*86400, 1)}})
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("%v %s", err, problems)
	}
	points, err = db.Series(noon-8*86400, noon, 86400)
	if err != nil || len(points) != 5 || points[0].Hits != 1 {
		t.Errorf("got %+v (%v)", points, err)
	}
}

func TestTheOldestFineRowsGoWhenTheDatabaseIsTooLarge(t *testing.T) {
	db := fresh(t, Options{Keep: forever(), Tables: forever(), Max: 8 << 20})
	s := traffic.NewSealer()
	c := Commit{}
	for at := int64(noon - 4*86400); at < noon; at += 150 {
		c.Sealed = append(c.Sealed, tenSeconds(s, at, 50))
	}
	commit(t, db, &c)
	commit(t, db, &Commit{Until: noon})
	var before, after traffic.Tally
	if _, _, err := db.Tally(&before, s, 0, noon); err != nil {
		t.Fatal(err)
	}
	p, err := db.Prune(noon)
	if err != nil || p.Shed == 0 {
		t.Fatalf("pruned %+v (%v)", p, err)
	}
	if _, _, err := db.Tally(&after, s, 0, noon); err != nil || !bytes.Equal(before.AppendBinary(nil), after.AppendBinary(nil)) {
		t.Errorf("the days have other hits than before: %d, want %d (%v)", after.Hits, before.Hits, err)
	}
	stats, err := db.Stats()
	if err != nil || stats.Shed != p.Shed {
		t.Errorf("got %+v (%v), want %d rows counted", stats, err, p.Shed)
	}
	if fine := stats.Levels[TenSeconds]; fine.Frames < 86400/150 || fine.Frames == fine.Rows || fine.Rows != 4*86400/150 {
		t.Errorf("of the finest level there are %+v, want all rows, and the frames of the newest day at least", fine)
	}
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("%v %s", err, problems)
	}
	// So small that it cannot be kept: the newest day of each level stays.
	db.options.Max = 1
	if _, err := db.Prune(noon); err != nil {
		t.Fatal(err)
	}
	stats, _ = db.Stats()
	for l := range levels {
		if have := stats.Levels[l]; have.Newest+l.Step() < noon-150 && l < Day || have.Newest-have.Oldest > 2*86400 && l < Day || have.Rows == 0 {
			t.Errorf("%v: %+v", l, have)
		}
	}
}
