package clock

import (
	"testing"
	"time"
)

const start = int64(1_700_000_000)

// world is a Clock and the wall's clock beside it, in seconds.
type world struct {
	*Clock
	t   *testing.T
	now int64
}

func newWorld(t *testing.T, lateness time.Duration, sources int) *world {
	w := &world{Clock: New(lateness, false), t: t, now: start}
	for range sources {
		w.Add(false)
	}
	return w
}

// line is one line of source i, stamped sec, written and read now; then the
// source is at its end.
func (w *world) line(i int, sec int64) Reading {
	at := time.Unix(w.now, 0)
	w.Wrote(i, at, at)
	rd := w.See(i, sec)
	w.Caught(i, true, at)
	return rd
}

// pass lets seconds pass without a line.
func (w *world) pass(seconds int64) {
	for range seconds {
		w.now++
		w.Tick(time.Unix(w.now, 0))
	}
}

func (w *world) wantClosed(want int64, why string) {
	w.t.Helper()
	got, ok := w.Closed()
	if !ok || got != want {
		w.t.Errorf("%s: closed is start%+d (%v), want start%+d", why, got-start, ok, want-start)
	}
}

func (w *world) wantOpen(why string) {
	w.t.Helper()
	if got, ok := w.Closed(); ok {
		w.t.Errorf("%s: closed is start%+d, want none", why, got-start)
	}
}

func wantVerdict(t *testing.T, got Reading, want Verdict, second int64) {
	t.Helper()
	if got.Verdict != want || got.Second != second {
		t.Errorf("got verdict %d in second start%+d, want %d in start%+d", got.Verdict, got.Second-start, want, second-start)
	}
}

func TestNothingIsClosedBeforeTheFirstRecord(t *testing.T) {
	w := newWorld(t, 2*time.Second, 1)
	w.wantOpen("at first")
	w.pass(100)
	w.wantOpen("after a time without records")
	if _, ok := w.Now(); ok {
		t.Error("the clock has a time before the first record")
	}
	if _, ok := w.Source(0); ok {
		t.Error("the source has a time before its first record")
	}
	w.End()
	w.wantOpen("at the end of nothing")
}

func TestASecondIsClosedWhenTheClockHasPassedItByTheLateness(t *testing.T) {
	for lateness, seconds := range map[time.Duration]int64{
		0: 0, time.Second: 1, 2 * time.Second: 2, 1500 * time.Millisecond: 2, time.Minute: 60, -time.Hour: 0,
	} {
		w := newWorld(t, lateness, 1)
		w.now += 1000
		for i := range int64(100) {
			if rd := w.line(0, start+i); rd.Verdict != OnTime {
				t.Errorf("lateness %v: a record in order has verdict %d", lateness, rd.Verdict)
			}
			w.wantClosed(start+i-seconds, lateness.String())
		}
	}
}

func TestARecordIsLateWhenItsSecondIsClosed(t *testing.T) {
	w := newWorld(t, 2*time.Second, 1)
	w.line(0, start)
	wantVerdict(t, w.line(0, start-1), OnTime, start-1)
	wantVerdict(t, w.line(0, start-2), OnTime, start-2)
	rd := w.line(0, start-3)
	wantVerdict(t, rd, Late, start-3)
	if rd.Run != 1 || rd.Epoch != nil {
		t.Errorf("got run %d, epoch %v; want the first of a run", rd.Run, rd.Epoch)
	}
	if rd = w.line(0, start-4); rd.Run != 2 {
		t.Errorf("the next late record: got run %d, want 2", rd.Run)
	}
	if rd = w.line(0, start); rd.Run != 0 {
		t.Errorf("a record in time: got run %d, want 0", rd.Run)
	}
	if rd = w.line(0, start-4); rd.Run != 1 {
		t.Errorf("a late record after one in time: got run %d, want 1", rd.Run)
	}
	w.wantClosed(start-2, "late records do not move the clock")
}

func TestARecordMoreThanAMinuteAheadIsFuture(t *testing.T) {
	w := newWorld(t, 2*time.Second, 1)
	w.line(0, start)
	wantVerdict(t, w.line(0, start+FutureAfter), OnTime, start+FutureAfter)
	wantVerdict(t, w.line(0, start+FutureAfter+1), Future, start+FutureAfter)
	w.wantClosed(start+FutureAfter-2, "a future record does not move the clock")
	if got, _ := w.Source(0); got != start+FutureAfter {
		t.Errorf("the source is at start%+d, want start%+d", got-start, FutureAfter)
	}
}

func TestAnOldFileIsMeasuredByItsLastWrite(t *testing.T) {
	w := newWorld(t, 2*time.Second, 1)
	written, now := time.Unix(start, 0), time.Unix(start+1_000_000, 0)
	w.Wrote(0, written, now)
	w.See(0, start-100)
	wantVerdict(t, w.See(0, start+FutureAfter+1), Future, start-100)
	wantVerdict(t, w.See(0, start), OnTime, start)
}

func TestTheSlowestActiveSourceHoldsTheOthersBack(t *testing.T) {
	w := newWorld(t, 2*time.Second, 2)
	w.line(0, start+10)
	w.line(1, start+4)
	w.wantClosed(start+8, "the mark never goes back")
	w.line(0, start+30)
	w.wantClosed(start+8, "the other source is at +4")
	w.line(1, start+20)
	w.wantClosed(start+18, "the other source is at +20")
}

func TestASourceSilentForTenSecondsHoldsNobody(t *testing.T) {
	w := newWorld(t, 0, 2)
	// The second source writes lines in time, then none; its own idle clock
	// goes on, but never past the first one's records.
	w.line(0, start)
	w.line(1, start-5)
	for range 9 {
		w.pass(1)
		w.line(0, w.now)
	}
	w.wantClosed(start+4, "after 9 s of silence: its idle clock, which stands 5 s behind")
	w.pass(1)
	w.line(0, w.now)
	w.wantClosed(start+10, "after 10 s of silence")
}

func TestAPendingSourceHoldsEverything(t *testing.T) {
	w := newWorld(t, 0, 1)
	other := w.Add(true)
	w.line(0, start)
	w.pass(1000)
	w.wantOpen("a source with unread lines has told nothing")
	w.Caught(other, true, time.Unix(start-9000, 0))
	w.pass(1)
	w.wantClosed(start+1001, "the source turned out to be empty")
}

func TestASourceFarBehindHoldsNobody(t *testing.T) {
	for behind, closed := range map[int64]int64{MaxSpread: start - MaxSpread, MaxSpread + 1: start} {
		w := newWorld(t, 0, 2)
		w.line(1, start-behind)
		w.line(0, start)
		w.wantClosed(closed, time.Duration(behind*1e9).String())
	}
}

func TestTheIdleClockGoesOnByTheWall(t *testing.T) {
	w := newWorld(t, 2*time.Second, 1)
	w.line(0, start-500)
	w.wantClosed(start-502, "at the record")
	w.pass(1)
	w.wantClosed(start-501, "a second later")
	w.pass(299)
	w.wantClosed(start-202, "five minutes later")
	if now, ok := w.Now(); !ok || now != start-200 {
		t.Errorf("got the time start%+d, want start-200", now-start)
	}
	if got, _ := w.Source(0); got != start-500 {
		t.Errorf("the source's own time: got start%+d, want start-500", got-start)
	}
}

func TestTheIdleClockStandsWhileLinesWaitToBeRead(t *testing.T) {
	w := newWorld(t, 0, 1)
	w.line(0, start)
	w.Caught(0, false, time.Unix(start, 0))
	w.pass(100)
	w.wantClosed(start, "unread lines wait")
	w.Caught(0, true, time.Unix(start, 0))
	w.pass(1)
	w.wantClosed(start+101, "they were read")
}

// TestTheIdleClockLearnsToWaitForAServerThatBuffers: lumps of lines every 5 s,
// whose first is as old as the lump before.
func TestTheIdleClockLearnsToWaitForAServerThatBuffers(t *testing.T) {
	w := newWorld(t, 0, 1)
	w.line(0, start)
	w.pass(5)
	wantVerdict(t, w.line(0, start+1), Late, start+1) // the idle clock had gone on
	w.line(0, start+5)
	w.pass(5)
	w.wantClosed(start+6, "5 s after a write the idle clock has gone on by 5 s less the 4 s learned")
	wantVerdict(t, w.line(0, start+6), OnTime, start+6)
}

func TestTheIdleClockWaitsAMinuteAtMost(t *testing.T) {
	w := newWorld(t, 0, 1)
	w.line(0, start)
	w.pass(1000)
	w.line(0, start+1)
	w.line(0, w.now)
	w.pass(60)
	w.wantClosed(start+1000, "60 s after the write")
	w.pass(2)
	w.wantClosed(start+1002, "62 s after the write")
}

func TestAQuietSiteTeachesNoWait(t *testing.T) {
	w := newWorld(t, 0, 1)
	w.line(0, start)
	w.pass(300)
	w.line(0, w.now)
	w.pass(1)
	w.wantClosed(start+301, "a record written when it happened")
}

func TestAtTheEndAllThatWasSeenIsClosed(t *testing.T) {
	w := newWorld(t, time.Minute, 2)
	w.line(0, start)
	w.line(1, start-100)
	w.End()
	w.wantClosed(start+1, "at the end")
}

func TestTheWallIsTheClockWhereItIsAskedToBe(t *testing.T) {
	w := &world{Clock: New(2*time.Second, true), t: t, now: start}
	w.Add(false)
	w.line(0, start-500)
	w.wantClosed(start-502, "before the source is known to be at its end")
	w.pass(1)
	w.wantClosed(start-1, "the wall is at +1")
	w.pass(10)
	w.wantClosed(start+9, "the wall is at +11")
}

// TestTheWaitShrinksByAQuarterWithEachLongerGapThatWasNoBuffer and not with
// gaps too short to tell.
func TestTheWaitShrinksByAQuarterWithEachLongerGapThatWasNoBuffer(t *testing.T) {
	c := New(2*time.Second, false)
	i := c.Add(false)
	now := time.Unix(1_700_000_000, 0)
	write := func(gap, age time.Duration) {
		now = now.Add(gap)
		c.Tick(now)
		c.Wrote(i, now, now)
		c.See(i, now.Add(-age).Unix())
		c.Caught(i, true, now)
	}
	write(0, 0)
	write(50*time.Second, 42*time.Second)
	want := 40 * time.Second
	for n := range 6 {
		if got := c.sources[i].hold; got != want {
			t.Fatalf("after %d gaps that were no buffer: got a wait of %v, want %v", n, got, want)
		}
		write(10*time.Second, 0)
		write(58*time.Second, 0)
		want -= want / 4
		if want <= 8*time.Second {
			break // the gaps of 10 s begin to tell
		}
	}
}

// TestWhatComesInLumpsIsOnTimeFromTheFirstOn: with Hold nothing has to be learned, nor
// waited for, and the clock goes on where the source has ceased.
func TestWhatComesInLumpsIsOnTimeFromTheFirstOn(t *testing.T) {
	const begin, every, hold = 1_773_151_500, 10, 35
	for _, held := range []bool{true, false} {
		c := New(0, false)
		if held {
			c.Hold(hold * time.Second)
		}
		c.Add(false)
		late, now := 0, time.Time{}
		for tick := int64(0); tick < 6*every; tick++ {
			now = time.Unix(begin+tick, 0)
			// Of the fourth lump nothing comes: its seconds come with the fifth.
			if tick%every == 0 && tick != 4*every {
				from := tick - every
				if tick == 5*every {
					from -= every
				}
				c.Caught(0, false, now)
				c.Wrote(0, now, now)
				for sec := from; sec < tick; sec++ {
					if c.See(0, begin+sec).Verdict != OnTime {
						late++
					}
				}
				c.Caught(0, true, now)
				if closed, _ := c.Closed(); held && closed != begin+tick-1 {
					t.Errorf("after %d s: closed to %d, want all before the last second, %d", tick, closed-begin, tick-1)
				}
			}
			c.Tick(now)
		}
		if held != (late == 0) {
			t.Errorf("hold %v: %d records were late", held, late)
		}
		if !held {
			continue
		}
		c.Tick(now.Add((hold + 20) * time.Second))
		if closed, _ := c.Closed(); closed < begin+5*every+20 {
			t.Errorf("the source has ceased, and the clock stands %d s after the begin", closed-begin)
		}
	}
}
