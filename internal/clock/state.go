package clock

import (
	"encoding/binary"
	"time"

	"weir/internal/pack"
)

// stateVersion is that of the binary form of a Clock:
//
//	version  mark  unsure  time of the last tick or write
//	sources: how many, then of each
//	  flags  newest  wrote  [dated]  looked  skew  gap  hold
//	  run: how many, and unless that is 0  verdict  first low high  clock before
//
// A time is its second, as the step from that of the tick, and its nanosecond.
const stateVersion = 1

// The flags of a source.
const (
	flagSet = 1 << iota
	flagTentative
	flagApart
	flagPending
	flagLive
	flagMeasure
	flagUndated
	flagDated // the last write had no record yet
)

// noMark stands for the mark before anything was closed.
const noMark = -pack.Horizon - 1

// Saved is what a stored Clock knew of one source. It is immutable.
type Saved struct{ s source }

// AppendBinary appends the state of c to b, its sources in order. What New was
// given is no part of it. Equal states have equal bytes.
func (c *Clock) AppendBinary(b []byte) []byte {
	b = append(b, stateVersion)
	b = binary.AppendVarint(b, max(c.closed, noMark))
	b = append(b, flags(c.unsure))
	b = appendTime(b, c.now, time.Time{})
	b = binary.AppendUvarint(b, uint64(len(c.sources)))
	for i := range c.sources {
		b = c.sources[i].appendBinary(b, c.now)
	}
	return b
}

func (s *source) appendBinary(b []byte, now time.Time) []byte {
	b = append(b, flags(s.set, s.tentative, s.apart, s.pending, s.live, s.measure, s.undated, !s.dated.Equal(s.wrote)))
	b = binary.AppendVarint(b, s.newest)
	b = appendTime(b, s.wrote, now)
	if !s.dated.Equal(s.wrote) {
		b = appendTime(b, s.dated, now)
	}
	b = appendTime(b, s.looked, now)
	b = binary.AppendVarint(b, s.skew)
	b = binary.AppendVarint(b, int64(s.gap))
	b = binary.AppendVarint(b, int64(s.hold))
	r := &s.run
	b = binary.AppendUvarint(b, uint64(r.n))
	if r.n > 0 { // else all of it is overwritten before it is looked at
		b = append(b, byte(r.verdict))
		for _, v := range [...]int64{r.first, r.low, r.high, r.clockBefore} {
			b = binary.AppendVarint(b, v)
		}
	}
	return b
}

func flags(set ...bool) (f byte) {
	for i, is := range set {
		if is {
			f |= 1 << i
		}
	}
	return f
}

// appendTime appends t as the step from from. Steps go round at the ends of 64
// bits, so any two times have one.
func appendTime(b []byte, t, from time.Time) []byte {
	b = binary.AppendVarint(b, t.Unix()-from.Unix())
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

func readTime(r *pack.Reader, from time.Time) time.Time {
	sec := r.Int("time")
	nanos := r.Uint("time", 999_999_999)
	return time.Unix(from.Unix()+sec, int64(nanos))
}

// Restore returns the Clock whose state AppendBinary wrote to b, with the
// lateness and the manner of New, which may be others than they were: the mark
// stays where it is until they say that it moves. It has no source yet; those
// it had are handed back in their order, for AddSaved. Who restores tells what
// waits to be read with Caught before the next Tick.
func Restore(lateness time.Duration, wall bool, b []byte) (*Clock, []Saved, error) {
	c := New(lateness, wall)
	r := pack.NewReader("the state of the clock", b)
	r.Version(stateVersion)
	if c.closed = r.Int("mark"); c.closed == noMark {
		c.closed = none
	} else if c.closed < -pack.Horizon || c.closed > pack.Horizon {
		r.Damaged("mark")
	}
	c.unsure = r.Bool("manner")
	c.now = readTime(r, time.Time{})
	var saved []Saved
	for n := r.Count("sources", minSource); n > 0 && r.Err() == nil; n-- {
		saved = append(saved, Saved{readSource(r, c.now)})
	}
	if err := r.End(); err != nil {
		return nil, nil, err
	}
	return c, saved, nil
}

// minSource is how many bytes the form of a source has at least.
const minSource = 10

func readSource(r *pack.Reader, now time.Time) source {
	f := r.Byte("source") // all flags are known
	s := source{
		set: f&flagSet != 0, tentative: f&flagTentative != 0, apart: f&flagApart != 0,
		pending: f&flagPending != 0, live: f&flagLive != 0, measure: f&flagMeasure != 0, undated: f&flagUndated != 0,
	}
	s.newest = r.Second("source")
	s.wrote = readTime(r, now)
	if s.dated = s.wrote; f&flagDated != 0 {
		s.dated = readTime(r, now)
	}
	s.looked = readTime(r, now)
	s.skew = r.Int("source")
	s.gap = time.Duration(r.Int("source"))
	s.hold = time.Duration(r.Int("source"))
	if s.hold < 0 || s.hold > MaxHold {
		r.Damaged("source")
	}
	if s.run.n = int(r.Uint("run", pack.Horizon)); s.run.n > 0 {
		s.run.verdict = Verdict(r.Byte("run"))
		if s.run.verdict != Late && s.run.verdict != Future {
			r.Damaged("run")
		}
		s.run.first, s.run.low, s.run.high = r.Second("run"), r.Second("run"), r.Second("run")
		s.run.clockBefore = r.Second("run")
	}
	return s
}

// AddSaved makes a source known that a stored Clock knew, and returns its
// number, as Add does.
func (c *Clock) AddSaved(s Saved) int {
	c.sources = append(c.sources, s.s)
	return len(c.sources) - 1
}
