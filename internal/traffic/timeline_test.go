package traffic

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/internal/accesslog"
)

// at folds one record of each second into t.
func (t *Timeline) at(source int, seconds ...int64) {
	var b Batch
	for _, sec := range seconds {
		b.add(&accesslog.Record{Sec: sec, Bytes: 2, Status: 500, Latency: accesslog.NoLatency}, nil, nil)
	}
	t.Fold(&b, source)
}

// counts reads all seconds with hits back.
func (t *Timeline) counts() map[int64]int64 {
	got := map[int64]int64{}
	t.Hours(func(h Hour, seconds []uint32) bool {
		for i, n := range seconds {
			if n > 0 {
				got[h.From+int64(i)] += int64(n)
			}
		}
		return true
	})
	return got
}

func TestATimelineCountsEverySecondInAnyOrder(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		var tl Timeline
		want := map[int64]int64{}
		// Up to 2,000 hours, so that most of them are packed and some unpacked again.
		span := int64(1+r.IntN(2000)) * HourSeconds
		start := int64(1_700_000_000)
		for range 3000 {
			sec := start + r.Int64N(span)
			n := 1
			if r.IntN(50) == 0 {
				n = 300
			}
			for range n {
				tl.at(0, sec)
			}
			want[sec] += int64(n)
		}
		if got := tl.counts(); !maps.Equal(got, want) {
			t.Fatalf("seed %d: seconds differ", seed)
		}
		keys := slices.Sorted(maps.Keys(want))
		first, last, ok := tl.Span()
		if !ok || first != keys[0] || last != keys[len(keys)-1] {
			t.Errorf("got the span %d to %d, want %d to %d", first, last, keys[0], keys[len(keys)-1])
		}
		hits, errors := int64(0), int64(0)
		before := int64(-1)
		tl.Hours(func(h Hour, _ []uint32) bool {
			hits, errors = hits+h.Hits, errors+h.Classes[5]
			if h.From <= before {
				t.Errorf("hour %d comes after %d", h.From, before)
			}
			before = h.From
			return true
		})
		all := int64(0)
		for _, n := range want {
			all += n
		}
		if hits != all || errors != all {
			t.Errorf("hours hold %d hits and %d errors of %d", hits, errors, all)
		}
	}
}

func TestPackedSecondsComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	for range 500 {
		want := make([]uint32, HourSeconds)
		for range r.IntN(4000) {
			want[r.IntN(HourSeconds)] = uint32(r.Uint64() >> (32 + r.IntN(32)))
		}
		got := make([]uint32, HourSeconds)
		unpack(pack(nil, want), got)
		if !slices.Equal(got, want) {
			t.Fatal("seconds differ after packing")
		}
	}
	if n := len(pack(nil, make([]uint32, HourSeconds))); n != 0 {
		t.Errorf("an hour of silence takes %d bytes", n)
	}
}

func TestLateIsMeasuredWithinASource(t *testing.T) {
	var tl Timeline
	tl.at(0, 1000, 998, 997, 1000)
	tl.at(1, 10, 8) // another log, of long ago
	tl.at(0, 997, 998)
	if tl.Late != 2 {
		t.Errorf("got %d late, want 2: both of second 997 after 1000", tl.Late)
	}
}

func TestTooManyHoursForgetTheOldest(t *testing.T) {
	const most = 1000
	tl := Timeline{mostHours: most}
	const hours = most + 5
	for h := range int64(hours) {
		tl.at(0, h*HourSeconds)
	}
	tl.at(0, 3*HourSeconds)
	n := 0
	tl.Hours(func(h Hour, _ []uint32) bool {
		if n == 0 && h.From != most/10*HourSeconds {
			t.Errorf("the oldest hour left begins at %d", h.From)
		}
		n++
		return true
	})
	from, gone := tl.Exact()
	if n != hours-most/10 || gone != most/10+1 || from != most/10*HourSeconds {
		t.Errorf("got %d hours, %d hits gone, seconds from %d", n, gone, from)
	}
}

func TestTooManySecondsForgetThoseOfTheOldestHours(t *testing.T) {
	const most = 40 * HourSeconds
	tl := Timeline{mostPacked: most}
	busy := make([]int64, HourSeconds)
	hours := int64(most/HourSeconds + openHours + 20)
	for h := range hours {
		for i := range busy {
			busy[i] = h*HourSeconds + int64(i)
		}
		tl.at(0, busy...)
	}
	if tl.packed > most {
		t.Errorf("packed seconds take %d bytes", tl.packed)
	}
	from, gone := tl.Exact()
	if from == 0 || gone != 0 {
		t.Errorf("got seconds from %d and %d hits gone; want some forgotten, and no hour", from, gone)
	}
	tl.at(0, 5) // in an hour without its seconds
	n, known := int64(0), int64(0)
	tl.Hours(func(h Hour, seconds []uint32) bool {
		n++
		if want := int64(HourSeconds); h.Hits != want && h.From != 0 || h.From == 0 && h.Hits != want+1 {
			t.Errorf("hour %d has %d hits", h.From, h.Hits)
		}
		if (seconds != nil) != (h.From >= from) {
			t.Errorf("hour %d: seconds known: %v, and they are from %d on", h.From, seconds != nil, from)
		}
		for _, s := range seconds {
			known += int64(s)
		}
		return true
	})
	if n != hours || known != (hours*HourSeconds-from) {
		t.Errorf("got %d hours and %d hits in known seconds; want %d and %d", n, known, hours, hours*HourSeconds-from)
	}
}

func TestATimelineStaysSmall(t *testing.T) {
	tl := Timeline{mostHours: 5000}
	r := rand.New(rand.NewPCG(9, 5))
	for range 30_000 {
		tl.at(0, r.Int64N(253402300799))
	}
	if n := len(tl.hours); n > 5000 {
		t.Errorf("got %d hours", n)
	}
	hits := int64(0)
	tl.Hours(func(h Hour, _ []uint32) bool { hits += h.Hits; return true })
	if _, gone := tl.Exact(); hits+gone != 30_000 {
		t.Errorf("got %d hits in hours and %d gone, want 30,000 together", hits, gone)
	}
}

func ExampleSite() {
	for _, r := range []string{"https://www.example.org/a?b", "http://example.org:8080", "https://example.org?q", "android-app://com.example/", "direct", "https://"} {
		fmt.Println(string(Site([]byte(r))))
	}
	// Output:
	// www.example.org
	// example.org:8080
	// example.org
	// com.example
	// direct
	// https://
}
