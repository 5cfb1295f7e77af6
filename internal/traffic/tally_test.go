package traffic

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// sample is a record with its section.
type sample struct {
	record  accesslog.Record
	section []byte
}

// randomHits draws records over so many keys of each dimension.
func randomHits(r *rand.Rand, n, keys int) []sample {
	hits := make([]sample, n)
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

			Protocol: []byte("HTTP/1.1"),
			Referrer: fmt.Appendf(nil, "https://site%d.example/page?x=%d", k%17, k),
			Host:     fmt.Appendf(nil, "host%d", k%3),
		}
		if r.IntN(10) == 0 {
			h.record.User = fmt.Appendf(nil, "user %d", k%9)
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

func sameRow(a, b Row) bool {
	a.Latency, a.Coarse, a.Visitors = nil, nil, nil
	b.Latency, b.Coarse, b.Visitors = nil, nil, nil
	return a == b
}

func (t *Tally) addAll(hits []sample) {
	for i := range hits {
		t.Add(&hits[i].record, hits[i].section)
	}
}

// difference says in what two Tallies differ; "" when they tell the same, which
// their canonical bytes show.
func difference(a, b *Tally) string {
	if bytes.Equal(a.appendBinary(nil, 0), b.appendBinary(nil, 0)) {
		return ""
	}
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
		if !bytes.Equal(a.tables[d].appendBinary(nil, 0), b.tables[d].appendBinary(nil, 0)) {
			return fmt.Sprintf("dimension %d: %v and %v", d, a.Top(d, 3), b.Top(d, 3))
		}
	}
	return "their bytes"
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
	for i := range ByClient.MaxRows() + 10 {
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

func TestALongKeyIsCutAndStaysDifferentFromOthers(t *testing.T) {
	var tally Tally
	long := strings.Repeat("x", 5000)
	for _, tail := range []string{"a", "b", "a"} {
		target := []byte("/" + long + tail)
		tally.Add(&accesslog.Record{Client: []byte("c"), Method: []byte("GET"), Target: target, Latency: accesslog.NoLatency}, target)
	}
	for _, d := range []Dimension{BySection, ByPath} {
		rows := tally.Top(d, 5)
		if len(rows) != 2 || rows[0].Hits != 2 || rows[1].Hits != 1 {
			t.Fatalf("dimension %d: got %v, want two rows of 2 and 1 hits", d, rows)
		}
		for _, r := range rows {
			if len(r.Key) != maxKey || !strings.HasPrefix(r.Key, "/xxx") || r.Key[maxKey-17] != '~' {
				t.Errorf("dimension %d: got a key of %d bytes, %q", d, len(r.Key), r.Key)
			}
		}
	}
}

func TestVisitorsArePairsOfClientAndAgent(t *testing.T) {
	var tally Tally
	visit := func(client, agent string) {
		tally.Add(&accesslog.Record{Client: []byte(client), Agent: []byte(agent), Latency: accesslog.NoLatency}, nil)
	}
	for i := range 2000 {
		visit(fmt.Sprint("c", i%200), fmt.Sprint("a", i%4))
		visit("one", fmt.Sprint(i%7))
	}
	// The same bytes, parted elsewhere, are other visitors.
	visit("ab", "c")
	visit("a", "bc")
	if n, exact := tally.Visitors(); n != 209 || !exact {
		t.Errorf("got %d visitors, exact %v; want 209, true", n, exact)
	}
	for i := range 100_000 {
		visit(fmt.Sprint("d", i), "")
	}
	if n, exact := tally.Visitors(); n < 97_000 || n > 103_500 || exact {
		t.Errorf("got %d visitors, exact %v; want about 100,209, an estimate", n, exact)
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
