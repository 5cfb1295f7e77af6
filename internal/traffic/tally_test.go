package traffic

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// hit is a record with its section, as the Gauge would hand them over.
type hit struct {
	record  accesslog.Record
	section []byte
}

// randomHits draws records over so many keys of each dimension.
func randomHits(r *rand.Rand, n, keys int) []hit {
	hits := make([]hit, n)
	for i := range hits {
		k := r.IntN(keys)
		h := &hits[i]
		h.section = fmt.Appendf(nil, "/s%d", k%200)
		h.record = accesslog.Record{
			Status:  []int{0, 200, 200, 301, 404, 500, 503, 999, -1}[r.IntN(9)],
			Bytes:   r.Int64N(100_000),
			Latency: time.Duration(r.Int64N(int64(10 * time.Second))),
			Client:  fmt.Appendf(nil, "10.0.%d.%d", k/256, k%256),
			Agent:   fmt.Appendf(nil, "agent %d", r.IntN(3)),
			Method:  []byte([]string{"GET", "POST", "PROPFIND"}[r.IntN(3)]),
			Target:  fmt.Appendf(nil, "/s%d/p%d?q=%d", k%200, k, r.IntN(100)),
		}
		switch r.IntN(20) {
		case 0:
			h.record.Malformed, h.record.Method, h.record.Target = true, nil, nil
			h.section = []byte(MalformedSection)
		case 1, 2:
			h.record.Latency = accesslog.NoLatency
		}
	}
	return hits
}

func (t *Tally) addAll(hits []hit) {
	for i := range hits {
		t.Add(&hits[i].record, hits[i].section)
	}
}

// difference says in what two Tallies differ; "" when they tell the same.
func difference(a, b *Tally) string {
	an, aExact := a.Visitors()
	bn, bExact := b.Visitors()
	switch {
	case a.Second != b.Second:
		return fmt.Sprintf("seconds: %+v and %+v", a.Second, b.Second)
	case a.Malformed != b.Malformed || a.Statuses != b.Statuses:
		return "malformed requests or statuses"
	case !a.Latency.Equal(&b.Latency):
		return "latency"
	case an != bn || aExact != bExact:
		return fmt.Sprintf("visitors: %d %v and %d %v", an, aExact, bn, bExact)
	}
	for d := range dimensions {
		if a.Others(d) != b.Others(d) {
			return fmt.Sprintf("dimension %d: others: %+v and %+v", d, a.Others(d), b.Others(d))
		}
		tops := func(t *Tally) [][]Row {
			return [][]Row{t.Top(d, MaxRows), t.Top(d, 10), t.TopErrors(d, 10), t.TopNotFound(d, 10)}
		}
		for k, rows := range tops(a) {
			if !slices.EqualFunc(rows, tops(b)[k], sameRow) {
				return fmt.Sprintf("dimension %d: list %d", d, k)
			}
		}
	}
	return ""
}

func sameRow(a, b Row) bool {
	if (a.Latency == nil) != (b.Latency == nil) || a.Latency != nil && !a.Latency.Equal(b.Latency) {
		return false
	}
	a.Latency, b.Latency = nil, nil
	return a == b
}

// TestMergeIsTheTallyOfAll is law 1: any split of the records into Tallies,
// merged in any order and grouping, tells what one Tally tells.
func TestMergeIsTheTallyOfAll(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		hits := randomHits(r, r.IntN(400), 1+r.IntN(300))
		var whole Tally
		whole.addAll(hits)
		parts := make([]*Tally, 1+r.IntN(7))
		for i := range parts {
			parts[i] = new(Tally)
		}
		for i := range hits {
			parts[r.IntN(len(parts))].addAll(hits[i : i+1])
		}
		for len(parts) > 1 {
			i, j := r.IntN(len(parts)), r.IntN(len(parts)-1)
			if j >= i {
				j++
			}
			before := *parts[j]
			parts[i].Merge(parts[j])
			if parts[j].Second != before.Second || parts[j].Statuses != before.Statuses {
				t.Fatalf("seed %d: Merge changed its argument", seed)
			}
			parts = slices.Delete(parts, j, j+1)
		}
		if what := difference(parts[0], &whole); what != "" {
			t.Fatalf("seed %d: the merged parts differ from the whole in %s", seed, what)
		}
	}
}

func TestAMergedTallySharesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	hits := randomHits(r, 300, 100)
	var a, b, want Tally
	b.addAll(hits)
	want.addAll(hits)
	a.Merge(&b)
	b.addAll(hits)
	b.Reset()
	b.addAll(hits[:7])
	if what := difference(&a, &want); what != "" {
		t.Errorf("what became of the part changed the whole in %s", what)
	}
}

func TestResetLeavesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	var used, fresh Tally
	used.addAll(randomHits(r, 3000, 2000))
	for i := range MaxRows + 10 {
		used.Add(&accesslog.Record{Client: fmt.Append(nil, i), Latency: accesslog.NoLatency}, nil)
	}
	used.Reset()
	if what := difference(&used, &fresh); what != "" {
		t.Fatalf("after Reset the Tally differs from a new one in %s", what)
	}
	hits := randomHits(r, 500, 100)
	used.addAll(hits)
	fresh.addAll(hits)
	if what := difference(&used, &fresh); what != "" {
		t.Errorf("a Tally used again differs from a new one in %s", what)
	}
}

// TestBeyondTheCapNoHitIsLost counts more keys than there are rows for.
func TestBeyondTheCapNoHitIsLost(t *testing.T) {
	const keys, extra = MaxRows + 2_500, 3
	var t1, t2, sum Tally
	for i := range keys * 2 {
		k := i % keys
		r := accesslog.Record{
			Status: 500, Bytes: 2, Latency: time.Millisecond, Client: fmt.Append(nil, "c", k),
			Method: fmt.Append(nil, "M", k), Target: fmt.Append(nil, "/p", k),
		}
		part := &t1
		if i >= keys+extra {
			part = &t2
		}
		part.Add(&r, fmt.Append(nil, "/s", k))
	}
	sum.Merge(&t1)
	sum.Merge(&t2)
	for name, tally := range map[string]*Tally{"added": &t1, "merged": &sum} {
		for d := range dimensions {
			all := tally.Others(d)
			tally.Rows(d, func(r *Row) bool { all.add(r); return true })
			if all.Hits != tally.Hits || all.Bytes != tally.Bytes || all.Errors != tally.Classes[5] {
				t.Errorf("%s, dimension %d: rows and others hold %d hits, %d bytes, %d errors of %d, %d, %d",
					name, d, all.Hits, all.Bytes, all.Errors, tally.Hits, tally.Bytes, tally.Classes[5])
			}
			if n, exact := tally.Keys(d); n != MaxRows || exact {
				t.Errorf("%s, dimension %d: got %d keys, exact %v; want %d, false", name, d, n, exact, MaxRows)
			}
		}
	}
	if n, exact := sum.Visitors(); n != keys || !exact {
		t.Errorf("got %d visitors, exact %v; want %d, true", n, exact, keys)
	}
}

func TestAHitIsInOneRowOfEachDimension(t *testing.T) {
	hits := randomHits(rand.New(rand.NewPCG(5, 1)), 5000, 3000)
	var tally Tally
	tally.addAll(hits)
	for d, want := range map[Dimension]int64{
		BySection: tally.Hits, ByClient: tally.Hits,
		ByPath: tally.Hits - tally.Malformed, ByMethod: tally.Hits - tally.Malformed,
	} {
		got := int64(0)
		tally.Rows(d, func(r *Row) bool { got += r.Hits; return true })
		if got != want || tally.Malformed == 0 {
			t.Errorf("dimension %d: rows hold %d hits of %d (%d malformed)", d, got, want, tally.Malformed)
		}
	}
}

func TestAKeyIsCutAt512Bytes(t *testing.T) {
	var tally Tally
	long := strings.Repeat("x", 5000)
	for _, tail := range []string{"a", "b"} {
		target := []byte("/" + long + tail)
		tally.Add(&accesslog.Record{Client: []byte("c"), Method: []byte("GET"), Target: target}, target)
	}
	want := "/" + long[:maxKey-1]
	for _, d := range []Dimension{BySection, ByPath} {
		rows := tally.Top(d, 5)
		if len(rows) != 1 || rows[0].Key != want || rows[0].Hits != 2 {
			t.Errorf("dimension %d: got %d rows, the first with %d hits and a key of %d bytes; want one of 2 hits and %d bytes",
				d, len(rows), rows[0].Hits, len(rows[0].Key), maxKey)
		}
	}
}

func TestVisitorsAreCountedExactlyBelowTheCap(t *testing.T) {
	var tally Tally
	visit := func(client, agent string) {
		tally.Add(&accesslog.Record{Client: []byte(client), Agent: []byte(agent), Latency: accesslog.NoLatency}, nil)
	}
	for i := range 40_000 {
		visit(fmt.Sprint("c", i%20_000), fmt.Sprint("a", i%4))
		visit("one", fmt.Sprint(i%7))
	}
	// The same bytes, parted elsewhere, are other visitors.
	visit("ab", "c")
	visit("a", "bc")
	if n, exact := tally.Visitors(); n != 20_009 || !exact {
		t.Errorf("got %d visitors, exact %v; want 20009, true", n, exact)
	}
	for i := range MaxVisitors + 5 {
		visit(fmt.Sprint("d", i), "")
	}
	if n, exact := tally.Visitors(); n != MaxVisitors || exact {
		t.Errorf("beyond the cap: got %d visitors, exact %v; want %d, false", n, exact, MaxVisitors)
	}
}

func TestTopIsTheHeadOfAllRowsSorted(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 9))
		var tally Tally
		tally.addAll(randomHits(r, 1+r.IntN(2000), 1+r.IntN(500)))
		n := r.IntN(30)
		for d := range dimensions {
			for name, list := range map[string]struct {
				got []Row
				by  func(Row) int64
			}{
				"Top":         {tally.Top(d, n), func(r Row) int64 { return r.Hits }},
				"TopErrors":   {tally.TopErrors(d, n), func(r Row) int64 { return r.Errors }},
				"TopNotFound": {tally.TopNotFound(d, n), func(r Row) int64 { return r.NotFound }},
			} {
				var want []Row
				tally.Rows(d, func(r *Row) bool { want = append(want, *r); return true })
				want = slices.DeleteFunc(want, func(r Row) bool { return list.by(r) == 0 })
				slices.SortFunc(want, func(a, b Row) int {
					return cmp.Or(cmp.Compare(list.by(b), list.by(a)), strings.Compare(a.Key, b.Key))
				})
				want = want[:min(n, len(want))]
				if !slices.EqualFunc(list.got, want, sameRow) {
					t.Fatalf("seed %d: %s(%d, %d): got %v, want %v", seed, name, d, n, list.got, want)
				}
			}
		}
	}
}

func TestTheRowOfOneKey(t *testing.T) {
	var tally Tally
	tally.Add(&accesslog.Record{Client: []byte("c"), Bytes: 9, Status: 404, Malformed: true}, []byte("/s"))
	if r := tally.Row(ByClient, "c"); r.Hits != 1 || r.Bytes != 9 || r.NotFound != 1 {
		t.Errorf("got %+v, want one hit of 9 bytes, not found", r)
	}
	if r := tally.Row(ByPath, "c"); r.Hits != 0 || r.Key != "c" {
		t.Errorf("of a key that is not there: got %+v, want no hits", r)
	}
}

func TestATallyKeepsNoViewIntoItsRecords(t *testing.T) {
	var tally Tally
	line := []byte("10.0.0.1 GET /shop")
	r := accesslog.Record{Client: line[:8], Method: line[9:12], Target: line[13:]}
	tally.Add(&r, line[13:])
	for i := range line {
		line[i] = '#'
	}
	for d, want := range map[Dimension]string{ByClient: "10.0.0.1", ByMethod: "GET", ByPath: "/shop", BySection: "/shop"} {
		if rows := tally.Top(d, 1); len(rows) != 1 || rows[0].Key != want {
			t.Errorf("dimension %d: got %v, want the key %q", d, rows, want)
		}
	}
}

func TestAddAllocatesNothingOnceItsKeysAreKnown(t *testing.T) {
	hits := randomHits(rand.New(rand.NewPCG(6, 1)), 2000, 500)
	var tally Tally
	tally.addAll(hits)
	i := 0
	if n := testing.AllocsPerRun(10_000, func() {
		h := &hits[i%len(hits)]
		tally.Add(&h.record, h.section)
		i++
	}); n != 0 {
		t.Errorf("got %v allocations per record, want 0", n)
	}
}

// BenchmarkTallyAdd counts records over 2,000 keys, all known.
func BenchmarkTallyAdd(b *testing.B) {
	hits := randomHits(rand.New(rand.NewPCG(6, 1)), 8192, 2000)
	var tally Tally
	tally.addAll(hits)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		h := &hits[i%len(hits)]
		tally.Add(&h.record, h.section)
		i++
	}
}

// BenchmarkTallyMerge merges an interval of 2,000 keys into a running total.
func BenchmarkTallyMerge(b *testing.B) {
	var total, part Tally
	part.addAll(randomHits(rand.New(rand.NewPCG(6, 1)), 8192, 2000))
	b.ReportAllocs()
	for b.Loop() {
		total.Merge(&part)
	}
}
