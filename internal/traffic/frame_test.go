package traffic

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/accesslog"
)

func TestAFrameGivesBackWhatWasSealed(t *testing.T) {
	s := NewSealer()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 21))
		var tally, back Tally
		tally.addAll(randomHits(r, r.IntN(500), 1+r.IntN(90)))
		frame, err := ParseFrame(s.Seal(&tally, 1000, 1010).AppendBinary(nil))
		if err != nil {
			t.Fatal(err)
		}
		if frame.From != 1000 || frame.To != 1010 {
			t.Errorf("got [%d, %d), want [1000, 1010)", frame.From, frame.To)
		}
		if err := s.Open(frame, &back); err != nil {
			t.Fatal(err)
		}
		if what := difference(&back, &tally); what != "" {
			t.Fatalf("seed %d: what came back differs in %s", seed, what)
		}
	}
}

// TestFramesOfFramesKeepTheirBounds builds coarser levels from finer ones, in
// the order of time, and holds the last against exact counts.
func TestFramesOfFramesKeepTheirBounds(t *testing.T) {
	s := NewSealer()
	for name, keys := range streams(1, 6000) {
		truth := map[int]int64{}
		var minute, hour Tally
		for i := 0; i < len(keys); i += 500 {
			var part Tally
			for _, k := range keys[i : i+500] {
				part.Add(client(k), nil)
				truth[k]++
			}
			if err := s.Open(s.Seal(&part, 0, 10), &minute); err != nil {
				t.Fatal(err)
			}
			if i/500%3 == 2 {
				if err := s.Open(s.Seal(&minute, 0, 60), &hour); err != nil {
					t.Fatal(err)
				}
				minute.Reset()
			}
		}
		// A frame has no more than FrameRows rows, so its error is theirs.
		if hour.Hits != 6000 {
			t.Errorf("%s: got %d hits, want 6000", name, hour.Hits)
		}
		bound := hour.Bound(ByClient)
		rows := map[string]Row{}
		for _, r := range hour.Top(ByClient, 1<<20) {
			rows[r.Key] = r
		}
		for k, hits := range truth {
			r, ok := rows[fmt.Sprintf("c%d", k)]
			if !ok && hits > bound || ok && (r.Hits > hits || r.Hits+r.Missed < hits) {
				t.Fatalf("%s: c%d has %d hits; the frame says %d to %d, %v, bound %d", name, k, hits, r.Hits, r.Hits+r.Missed, ok, bound)
			}
		}
	}
}

func TestAFrameHasTheRowsWithTheMostHits(t *testing.T) {
	var tally Tally
	for k := range 250 {
		for range 1 + k%120 {
			tally.Add(client(k), nil)
		}
	}
	var back Tally
	s := NewSealer()
	if err := s.Open(s.Seal(&tally, 0, 10), &back); err != nil {
		t.Fatal(err)
	}
	if got, want := back.Top(ByClient, 1000), tally.Top(ByClient, FrameRows); !slices.EqualFunc(got, want, sameRow) {
		t.Errorf("got %d rows, want the best %d", len(got), len(want))
	}
	if got, want := back.Bound(ByClient), tally.Top(ByClient, FrameRows+1)[FrameRows].Hits; got != want {
		t.Errorf("got the bound %d, want the hits of the best row dropped, %d", got, want)
	}
}

func TestFramesThatCannotBeReadSayWhy(t *testing.T) {
	var tally Tally
	tally.addAll(randomHits(rand.New(rand.NewPCG(1, 1)), 100, 20))
	s := NewSealer()
	good := s.Seal(&tally, 1, 2).AppendBinary(nil)
	newer := slices.Clone(good)
	newer[5] = 9
	for want, b := range map[string][]byte{
		"this is no frame": []byte("something else"),
		"the frame has version 9, this weir reads version 1: it was written by another weir": newer,
		"the frame is damaged: its beginning cannot be read":                                 good[:6],
	} {
		if _, err := ParseFrame(b); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for n := range len(good) {
		f, err := ParseFrame(good[:n])
		if err != nil {
			continue
		}
		var got Tally
		if err := s.Open(f, &got); err == nil {
			t.Errorf("cut to %d of %d bytes it was read without an error", n, len(good))
		}
		if got.Hits != 0 {
			t.Errorf("cut to %d bytes: the error came after something was merged", n)
		}
	}
}

// FuzzTally reads any bytes as a Tally. What is accepted, and merged into an
// empty one, has the bytes it was read from.
func FuzzTally(f *testing.F) {
	for seed := range uint64(4) {
		var tally Tally
		tally.addAll(randomHits(rand.New(rand.NewPCG(seed, 2)), int(seed)*40, 30))
		f.Add(tally.appendBinary(nil, 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var tally Tally
		if tally.mergeBinary(b, new(hashes)) != nil {
			return
		}
		if got := tally.appendBinary(nil, 0); !bytes.Equal(got, b) {
			var again Tally
			if err := again.mergeBinary(got, new(hashes)); err != nil {
				t.Fatalf("what was written back cannot be read: %v", err)
			}
			if !bytes.Equal(again.appendBinary(nil, 0), got) {
				t.Fatal("written back twice it differs")
			}
		}
	})
}

// BenchmarkSeal seals an interval of 10,000 hits. The gate is 1 ms.
func BenchmarkSeal(b *testing.B) {
	r := rand.New(rand.NewPCG(6, 1))
	zipf := rand.NewZipf(r, 1.1, 10, 50_000)
	var tally Tally
	for range 10_000 {
		k := int(zipf.Uint64())
		tally.Add(&accesslog.Record{
			Client: fmt.Appendf(nil, "10.%d.%d.%d", k%250, r.IntN(3), r.IntN(250)), Method: []byte("GET"), Protocol: []byte("HTTP/1.1"),
			Target: fmt.Appendf(nil, "/section%d/some/path/%d.html", k%27, k), Status: []int{200, 200, 200, 404, 500}[r.IntN(5)],
			Agent: fmt.Appendf(nil, "Mozilla/5.0 (X11; Linux x86_64; rv:%d) Gecko/20100101", k%300), Bytes: r.Int64N(50_000),
			Latency: time.Duration(r.Int64N(int64(time.Second))),
		}, fmt.Appendf(nil, "/section%d", k%27))
	}
	s := NewSealer()
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		size = len(s.Seal(&tally, 0, 10).packed)
	}
	b.ReportMetric(float64(size), "B/frame")
}

// TestAFrameMergesAsTheTallyThatItIsReadInto, whatever that goes into holds: also where
// tables are full, and with more sections than have a detail.
func TestAFrameMergesAsTheTallyThatItIsReadInto(t *testing.T) {
	s := NewSealer()
	purged := 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 22))
		var direct, by Tally
		if part := 1 + 400*int(seed%3); part > 1 {
			direct.Limit(part)
			by.Limit(part)
		}
		for range 2 + r.IntN(8) {
			var tally, read Tally
			tally.addAll(randomHits(r, r.IntN(800), 1+r.IntN(300)))
			frame := s.Seal(&tally, 0, 10)
			if err := s.Open(frame, &direct); err != nil {
				t.Fatal(err)
			}
			if err := s.Open(frame, &read); err != nil {
				t.Fatal(err)
			}
			by.Merge(&read)
		}
		if !bytes.Equal(direct.AppendBinary(nil), by.AppendBinary(nil)) {
			t.Fatalf("seed %d: merged from its bytes a frame counts other than merged as a tally: %s", seed, difference(&direct, &by))
		}
		if direct.Bound(ByPath) > 0 {
			purged++
		}
	}
	if purged < 20 {
		t.Errorf("%d of 120 were full", purged)
	}
}

// TestATallyIsOfUseAgainAfterADamagedFrame: nothing of it is left after Reset.
func TestATallyIsOfUseAgainAfterADamagedFrame(t *testing.T) {
	refused := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 23))
		var tally, into Tally
		tally.addAll(randomHits(r, 1+r.IntN(200), 1+r.IntN(60)))
		good := tally.appendBinary(nil, 0)
		bad := bytes.Clone(good)
		bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
		if into.mergeBinary(bad, new(hashes)) != nil {
			refused++
		}
		into.Reset()
		if err := into.mergeBinary(good, new(hashes)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(into.AppendBinary(nil), good) {
			t.Fatalf("seed %d: after Reset it differs in %s", seed, difference(&into, &tally))
		}
	}
	if refused < 100 {
		t.Errorf("%d of 400 damaged forms were refused", refused)
	}
}
