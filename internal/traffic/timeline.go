package traffic

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// HourSeconds is the length of an hour of a Timeline.
const HourSeconds = 3600

// Lateness, in seconds, is how far a record may be behind the newest one of its
// source before a Timeline calls it late.
const Lateness = 2

const (
	// openHours is how many hours lie unpacked: five days, so that a log in any
	// order of its days is counted at full speed.
	openHours = 120
	// maxHours is the number of hours kept at all, three and a half years. An
	// hour takes about 200 bytes besides its seconds.
	maxHours = 30_000
	// maxPacked bounds the memory of all packed seconds: four months of a site
	// that has hits in every second, years of one that sleeps.
	maxPacked = 10 << 20
)

// A Timeline counts hits per second, exactly, over a whole log, and what else
// there is per hour. It takes lines in any order. Hours that were not touched
// for long are packed, a byte or two for a second with hits; what does not fit into the
// memory it may use is forgotten from the oldest hour on: first its seconds,
// then the hour. The zero value is ready and empty. A Timeline belongs to one
// goroutine.
type Timeline struct {
	Late int64 // records more than Lateness behind their source

	hours  map[int64]*hour
	open   []int64 // hours with seconds, in the order of opening
	last   *hour   // the one used last
	lastAt int64
	packed int   // bytes
	exact  int64 // hours before it have lost their seconds; 0 = none has
	kept   int64 // hours before it are not kept; 0 = all are
	gone   int64 // hits of hours no longer kept
	first  int64 // second of the oldest record; valid when there is one
	newest int64
	seen   bool
	noted  bool     // notedFirst and notedLast are valid
	clocks []int64  // newest second of each source
	spare  []uint32 // seconds of an hour, not in use
	buf    []byte

	notedFirst, notedLast int64

	mostHours, mostPacked int // 0 is maxHours, maxPacked; tests have fewer
}

// An Hour is what happened in one hour of event time.
type Hour struct {
	From int64 // its first second
	Second
}

type hour struct {
	Second
	seconds []uint32 // HourSeconds of them; nil when packed or forgotten
	packed  []byte
}

// Fold counts the records of b, which all come from one source.
func (t *Timeline) Fold(b *Batch, source int) {
	for len(t.clocks) <= source {
		t.clocks = append(t.clocks, math.MinInt64)
	}
	clock := t.clocks[source]
	for i := range b.hits {
		h := &b.hits[i]
		if h.sec < clock-Lateness && clock != math.MinInt64 {
			t.Late++
		}
		clock = max(clock, h.sec)
		t.count(h)
	}
	t.clocks[source] = clock
}

func (t *Timeline) count(h *hit) {
	if !t.seen {
		t.seen, t.first, t.newest = true, h.sec, h.sec
	}
	t.first, t.newest = min(t.first, h.sec), max(t.newest, h.sec)
	at := FloorDiv(h.sec, HourSeconds)
	if t.last == nil || at != t.lastAt {
		hr := t.hour(at)
		if hr == nil {
			t.gone++
			return
		}
		t.last, t.lastAt = hr, at
	}
	hr := t.last
	hr.Hits++
	hr.Bytes = sum(hr.Bytes, h.bytes)
	hr.Classes[Class(int(h.status))]++
	if hr.seconds != nil {
		s := &hr.seconds[h.sec-at*HourSeconds]
		*s = max(*s, *s+1) // stays at the largest number
	}
}

// hour returns an hour with its seconds open, unless they are forgotten; nil
// where the hour itself is.
func (t *Timeline) hour(at int64) *hour {
	hr := t.hours[at]
	if hr == nil {
		if t.kept != 0 && at < t.kept || len(t.hours) >= cmp.Or(t.mostHours, maxHours) && !t.forget(at) {
			return nil
		}
		if t.hours == nil {
			t.hours = map[int64]*hour{}
		}
		hr = new(hour)
		t.hours[at] = hr
	}
	if hr.seconds == nil && at >= t.exactHour() {
		t.openHour(at, hr)
	}
	return hr
}

func (t *Timeline) exactHour() int64 {
	if t.exact == 0 {
		return math.MinInt64
	}
	return t.exact
}

func (t *Timeline) openHour(at int64, hr *hour) {
	if len(t.open) >= openHours {
		t.pack(t.open[0])
		t.open = slices.Delete(t.open, 0, 1)
	}
	if hr.seconds, t.spare = t.spare, nil; hr.seconds == nil {
		hr.seconds = make([]uint32, HourSeconds)
	}
	clear(hr.seconds)
	unpack(hr.packed, hr.seconds)
	t.packed -= len(hr.packed)
	hr.packed = nil
	t.open = append(t.open, at)
}

// pack packs the seconds of an hour, and forgets those of old hours where they
// take too much memory.
func (t *Timeline) pack(at int64) {
	hr := t.hours[at]
	if hr == nil || hr.seconds == nil {
		return
	}
	if hr == t.last {
		t.last = nil
	}
	t.buf = pack(t.buf[:0], hr.seconds)
	hr.packed = slices.Clone(t.buf)
	hr.seconds, t.spare = nil, hr.seconds
	t.packed += len(hr.packed)
	most := cmp.Or(t.mostPacked, maxPacked)
	if t.packed <= most {
		return
	}
	// A tenth at once: sorting the hours each time would cost more than all.
	for _, old := range t.sorted() {
		o := t.hours[old]
		t.packed -= len(o.packed)
		o.packed = nil
		t.exact = old + 1
		if t.packed < most/10*9 {
			break
		}
	}
}

// forget makes room for the hour at by dropping the oldest tenth of all. It
// reports whether at is newer than what is gone.
func (t *Timeline) forget(at int64) bool {
	old := t.sorted()
	old = old[:(len(old)+9)/10]
	if at <= old[len(old)-1] {
		// What is as old as this is not kept from now on, or each record of
		// such an hour would sort them all.
		t.kept = max(t.kept, at+1)
		t.exact = max(t.exact, t.kept)
		return false
	}
	for _, k := range old {
		hr := t.hours[k]
		t.gone += hr.Hits
		t.packed -= len(hr.packed)
		delete(t.hours, k)
		t.kept = k + 1
	}
	t.exact = max(t.exact, t.kept)
	t.open = slices.DeleteFunc(t.open, func(k int64) bool { return t.hours[k] == nil })
	t.last = nil
	return true
}

func (t *Timeline) sorted() []int64 {
	at := make([]int64, 0, len(t.hours))
	for k := range t.hours {
		at = append(at, k)
	}
	slices.Sort(at)
	return at
}

// Note lets a second belong to the span of the log though no record in it
// counts, as those that a filter passes over.
func (t *Timeline) Note(sec int64) {
	if !t.noted {
		t.noted, t.notedFirst, t.notedLast = true, sec, sec
	}
	t.notedFirst, t.notedLast = min(t.notedFirst, sec), max(t.notedLast, sec)
}

// Span returns the first and the last second with a record; ok is false when
// there is none.
func (t *Timeline) Span() (first, last int64, ok bool) {
	if t.seen && t.noted {
		return min(t.first, t.notedFirst), max(t.newest, t.notedLast), true
	}
	return t.first, t.newest, t.seen
}

// Exact returns the first second from which on seconds are known, and how many
// hits lie in hours that are not known at all. Both are 0 where nothing was
// forgotten.
func (t *Timeline) Exact() (from, gone int64) { return t.exact * HourSeconds, t.gone }

// Hours calls yield for every hour with a record, oldest first, until it
// returns false. seconds are its hits per second, nil where they are forgotten;
// they are valid during the call.
func (t *Timeline) Hours(yield func(h Hour, seconds []uint32) bool) {
	buf := make([]uint32, HourSeconds)
	for _, at := range t.sorted() {
		hr := t.hours[at]
		var seconds []uint32
		switch {
		case at < t.exactHour():
		case hr.seconds != nil:
			seconds = hr.seconds
		default:
			clear(buf)
			unpack(hr.packed, buf)
			seconds = buf
		}
		if !yield(Hour{From: at * HourSeconds, Second: hr.Second}, seconds) {
			return
		}
	}
}

// pack appends seconds to b: a number n as 2n, a run of r zeros as 2r+1, both
// as varints. What is missing at the end is zero.
func pack(b []byte, seconds []uint32) []byte {
	run := uint64(0)
	for _, n := range seconds {
		if n == 0 {
			run++
			continue
		}
		if run > 0 {
			b = binary.AppendUvarint(b, run<<1|1)
			run = 0
		}
		b = binary.AppendUvarint(b, uint64(n)<<1)
	}
	return b
}

// unpack undoes pack.
func unpack(b []byte, seconds []uint32) {
	at := 0
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		if v&1 == 1 {
			at += int(v >> 1)
			continue
		}
		seconds[at] = uint32(v >> 1)
		at++
	}
}
