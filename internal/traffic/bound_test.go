package traffic

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// streams are sequences of keys that are hard in different ways.
func streams(seed uint64, n int) map[string][]int {
	r := rand.New(rand.NewPCG(seed, 7))
	zipf := rand.NewZipf(r, 1.1, 10, 1<<20)
	made := map[string]func(i int) int{
		"Zipf":                  func(int) int { return int(zipf.Uint64()) },
		"uniform":               func(int) int { return r.IntN(n / 3) },
		"each one once":         func(i int) int { return i },
		"round robin":           func(i int) int { return i % 300 },
		"a few in a crowd":      func(i int) int { return []int{r.IntN(5), 10 + i}[r.IntN(2)] },
		"one at the end":        func(i int) int { return []int{i, -1}[i/(n-n/10)%2] },
		"the light push out":    func(i int) int { return []int{i % 100, 1000 + i}[i*2/n%2] },
		"blocks of equal keys":  func(i int) int { return i / 7 },
		"all the same":          func(int) int { return 1 },
		"back again and again":  func(i int) int { return []int{i % 150, 10_000 + i}[i/500%2] },
		"heavy, then forgotten": func(i int) int { return []int{i % 20, 5000 + i%2000}[min(1, i*3/n)] },
	}
	out := map[string][]int{}
	for name, key := range made {
		keys := make([]int, n)
		for i := range keys {
			keys[i] = key(i)
		}
		out[name] = keys
	}
	return out
}

// client is a record of nothing but a client.
func client(k int) *accesslog.Record {
	return &accesslog.Record{Client: fmt.Appendf(nil, "c%d", k), Bytes: 3, Status: 503, Latency: accesslog.NoLatency}
}

// testPart makes tables of clients of 128 rows.
const testPart = 32768 / 128

// checkBound holds the bounded part of law 1 against exact counts.
func checkBound(t *testing.T, what string, tally *Tally, truth map[int]int64, limit int) {
	t.Helper()
	n := int64(0)
	for _, hits := range truth {
		n += hits
	}
	bound := tally.Bound(ByClient)
	if bound*int64(limit) > 2*n {
		t.Errorf("%s: a key may be wrong by %d of %d hits with %d rows: more than 2 N / rows", what, bound, n, limit)
	}
	rows := map[string]Row{}
	for _, r := range tally.Top(ByClient, 1<<20) {
		rows[r.Key] = r
		if r.Missed > bound {
			t.Errorf("%s: %s may have missed %d hits, more than the bound %d", what, r.Key, r.Missed, bound)
		}
		if r.Bytes != 3*r.Hits || r.Errors != r.Hits {
			t.Errorf("%s: %s: %d bytes and %d errors are not those of %d hits", what, r.Key, r.Bytes, r.Errors, r.Hits)
		}
	}
	if len(rows) > limit {
		t.Errorf("%s: got %d rows, want %d at most", what, len(rows), limit)
	}
	for k, hits := range truth {
		r, ok := rows[fmt.Sprintf("c%d", k)]
		switch {
		case !ok && hits > bound:
			t.Errorf("%s: c%d with %d hits has no row, and the bound is %d", what, k, hits, bound)
		case ok && (r.Hits > hits || r.Hits+r.Missed < hits):
			t.Errorf("%s: c%d has %d hits, the row says %d to %d", what, k, hits, r.Hits, r.Hits+r.Missed)
		}
		delete(rows, fmt.Sprintf("c%d", k))
	}
	if len(rows) > 0 {
		t.Errorf("%s: rows of keys that never came: %v", what, slices.Sorted(maps.Keys(rows)))
	}
}

func TestBeyondItsRowsATableKnowsItsError(t *testing.T) {
	for seed := range uint64(5) {
		for name, keys := range streams(seed, 6000) {
			var tally Tally
			tally.Limit(testPart)
			truth := map[int]int64{}
			for i, k := range keys {
				tally.Add(client(k), nil)
				truth[k]++
				if i == 100 && len(truth) < 128 && tally.Bound(ByClient) != 0 {
					t.Errorf("%s: below its cap a table is exact", name)
				}
			}
			checkBound(t, name, &tally, truth, 128)
		}
	}
}

// TestBoundsHoldForEveryMergeTree is the bounded part of law 1.
func TestBoundsHoldForEveryMergeTree(t *testing.T) {
	for seed := range uint64(8) {
		for name, keys := range streams(seed, 5000) {
			r := rand.New(rand.NewPCG(seed, 8))
			truth := map[int]int64{}
			parts := make([]*Tally, 2+r.IntN(12))
			for i := range parts {
				parts[i] = new(Tally)
				parts[i].Limit(testPart)
			}
			inOrder := r.IntN(2) == 0
			for i, k := range keys {
				truth[k]++
				part := r.IntN(len(parts))
				if inOrder {
					part = i * len(parts) / len(keys)
				}
				parts[part].Add(client(k), nil)
			}
			for len(parts) > 1 {
				i, j := r.IntN(len(parts)), r.IntN(len(parts)-1)
				if j >= i {
					j++
				}
				parts[i].Merge(parts[j])
				parts = slices.Delete(parts, j, j+1)
			}
			checkBound(t, fmt.Sprintf("%s, seed %d", name, seed), parts[0], truth, 128)
		}
	}
}

// TestFramesMergedIntoATableThatDropsKeysKeepTheirBounds: the rows of a Frame may
// lie below its own bound, so the median of a table may, too.
func TestFramesMergedIntoATableThatDropsKeysKeepTheirBounds(t *testing.T) {
	s := NewSealer()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		var total Tally
		total.Limit(testPart)
		truth := map[int]int64{}
		for frame := range 60 {
			var part Tally
			part.Limit(testPart * (1 + r.IntN(4)))
			for range r.IntN(900) {
				k := r.IntN(1 + r.IntN(3000))
				part.Add(client(k), nil)
				truth[k]++
			}
			if err := s.Open(s.Seal(&part, 0, 10), &total); err != nil {
				t.Fatal(err)
			}
			bound := total.Bound(ByClient)
			rows := map[string]Row{}
			for _, row := range total.Top(ByClient, 1<<20) {
				rows[row.Key] = row
			}
			for k, hits := range truth {
				row, ok := rows[fmt.Sprintf("c%d", k)]
				if !ok && hits > bound || ok && (row.Hits > hits || row.Hits+row.Missed < hits || row.Missed > bound) {
					t.Fatalf("seed %d, frame %d: c%d has %d hits; got %d to %d, %v, bound %d", seed, frame, k, hits, row.Hits, row.Hits+row.Missed, ok, bound)
				}
			}
			var own Tally
			if err := s.Open(s.Seal(&total, 0, 10), &own); err != nil {
				t.Fatalf("seed %d: its own frame: %v", seed, err)
			}
		}
	}
}

// TestARowKeepsItsOwnLatencyWhenOthersAreDropped gives each client a latency of
// its own.
func TestARowKeepsItsOwnLatencyWhenOthersAreDropped(t *testing.T) {
	var tally Tally
	tally.Limit(testPart)
	for i := range 3000 {
		k := []int{i % 50, 100 + i}[i%2]
		r := client(k)
		r.Latency = time.Duration(k) * time.Millisecond
		tally.Add(r, []byte{byte('a' + k%26)})
	}
	for _, row := range tally.Top(ByClient, 1000) {
		if row.Coarse == nil || fmt.Sprintf("c%d", row.Coarse.Mean()/1000) != row.Key || row.Coarse.Count() != row.Hits {
			t.Errorf("%s: got the latency %+v of %d hits", row.Key, row.Coarse, row.Hits)
		}
	}
}

func TestHitsOfHostileFramesDoNotOverflow(t *testing.T) {
	var a, b Tally
	a.Add(client(1), nil)
	a.tables[ByClient].entries[0].hits, a.Hits = 1<<62, 1<<62
	for range 3 {
		b.Merge(&a)
	}
	s := NewSealer()
	var back Tally
	if err := s.Open(s.Seal(&b, 0, 1), &back); err != nil || back.Hits < 1<<62 || back.Top(ByClient, 1)[0].Hits < 1<<62 {
		t.Errorf("got %d hits, %v", back.Hits, err)
	}
}

func TestTheSameRecordsGiveTheSameBytesHoweverTheyAreBatched(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	hits := randomHits(r, 20_000, 9000)
	var want Tally
	want.Limit(64)
	want.addAll(hits)
	for _, size := range []int{1, 2, 63, 64, 65, 1000, 20_000} {
		var got Tally
		got.Limit(64)
		var b Batch
		var shards [Shards]Tally
		for i := range hits {
			b.add(&hits[i].record, hits[i].record.Path(), hits[i].section)
			if b.Len() == size || i == len(hits)-1 {
				got.Fold(&b)
				for s := range shards {
					if shards[s].part == 0 {
						shards[s].Limit(64)
					}
					shards[s].FoldShard(&b, Shard(s))
				}
				b.Reset(nil)
			}
		}
		if what := difference(&got, &want); what != "" {
			t.Errorf("in batches of %d: differs in %s", size, what)
		}
		for s := 1; s < len(shards); s++ {
			shards[0].Merge(&shards[s])
		}
		if what := difference(&shards[0], &want); what != "" {
			t.Errorf("the shards by themselves, in batches of %d: differ in %s", size, what)
		}
	}
}

func TestTheMedianIsThatOfTheSortedValues(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		values := make([]int64, 1+r.IntN(400))
		for i := range values {
			values[i] = r.Int64N(1 + r.Int64N(50))
		}
		switch r.IntN(3) {
		case 0:
			slices.Sort(values)
		case 1:
			slices.Sort(values)
			slices.Reverse(values)
		}
		sorted := slices.Sorted(slices.Values(values))
		k := r.IntN(len(values))
		if got, want := nth(slices.Clone(values), k), sorted[k]; got != want {
			t.Fatalf("number %d of %v: got %d, want %d", k, sorted, got, want)
		}
		if got, want := median(values), sorted[(len(sorted)-1)/2]; got != want {
			t.Fatalf("median of %v: got %d, want %d", sorted, got, want)
		}
	}
}

func TestATableFullOfLongKeysStaysBelowItsMemory(t *testing.T) {
	var tally Tally
	tally.Limit(testPart)
	long := make([]byte, 400)
	for i := range 20_000 {
		key := append(long[:400:400], fmt.Sprint(i%700)...)
		tally.Add(&accesslog.Record{Client: key, Latency: accesslog.NoLatency}, nil)
	}
	if n := len(tally.tables[ByClient].keys); n > 128*40+2*maxKey {
		t.Errorf("got %d bytes of keys in a table of 128 rows", n)
	}
	if tally.Bound(ByClient) == 0 {
		t.Error("keys were dropped, and the bound is 0")
	}
}
