package clock

import (
	"testing"
	"time"
)

// run feeds n records of source i, spread evenly over span+1 seconds from sec
// on, and returns the epochs that began.
func (w *world) run(i int, sec, n, span int64) (epochs []Epoch) {
	for k := range n {
		if rd := w.line(i, sec+k*(span+1)/n); rd.Epoch != nil {
			epochs = append(epochs, *rd.Epoch)
		}
	}
	return epochs
}

func TestAnEpochTakesAHundredRecordsThatSpanTenSeconds(t *testing.T) {
	for _, c := range []struct {
		name          string
		records, span int64
		epochs        int
	}{
		{"a hundred over ten seconds", RunRecords, RunSpan, 1},
		{"ninety-nine over ten seconds", RunRecords - 1, RunSpan, 0},
		{"a hundred over nine seconds", RunRecords, RunSpan - 1, 0},
		{"a thousand over nine seconds", 10 * RunRecords, RunSpan - 1, 0},
		{"a thousand in one second", 10 * RunRecords, 0, 0},
	} {
		for way, to := range map[string]int64{"back": start - 3600, "ahead": start + 3600} {
			w := newWorld(t, 2*time.Second, 1)
			w.line(0, start)
			epochs := w.run(0, to, c.records, c.span)
			if len(epochs) != c.epochs {
				t.Errorf("%s, %s: got %d epochs, want %d", c.name, way, len(epochs), c.epochs)
				continue
			}
			if c.epochs == 0 {
				w.wantClosed(start-2, c.name)
				continue
			}
			want := Epoch{Source: 0, From: start, To: to, Shift: to - start}
			if epochs[0] != want {
				t.Errorf("%s, %s: got %+v, want %+v", c.name, way, epochs[0], want)
			}
			w.wantClosed(to+c.span-2, c.name)
			wantVerdict(t, w.line(0, to+c.span+1), OnTime, to+c.span+1)
		}
	}
}

func TestOneRecordInTimeEndsTheRun(t *testing.T) {
	for way, to := range map[string]int64{"back": start - 3600, "ahead": start + 3600} {
		w := newWorld(t, 2*time.Second, 1)
		w.line(0, start)
		w.run(0, to, RunRecords-1, RunSpan)
		w.line(0, start+1)
		if epochs := w.run(0, to, RunRecords-1, RunSpan); len(epochs) != 0 {
			t.Errorf("%s: an epoch began after two runs of %d", way, RunRecords-1)
		}
	}
}

func TestLateAndFutureRecordsMakeNoRunTogether(t *testing.T) {
	w := newWorld(t, 2*time.Second, 1)
	w.line(0, start)
	for k := range int64(1000) {
		if w.line(0, start-3600+k%20).Epoch != nil || w.line(0, start+3600+k%20).Epoch != nil {
			t.Fatal("an epoch began from records of which every other was late, the rest future ones")
		}
	}
}

func TestOneClockOfSeveralIsSetAlone(t *testing.T) {
	for way, to := range map[string]int64{"back": start - 3600, "ahead": start + 3600} {
		w := newWorld(t, 0, 2)
		w.line(0, start)
		w.line(1, start)
		epochs := w.run(1, to, 10*RunRecords, 100)
		if len(epochs) != 1 || !epochs[0].Alone || epochs[0].Shift != 0 || epochs[0].Source != 1 {
			t.Fatalf("%s: got %+v, want one epoch of source 1 alone", way, epochs)
		}
		w.now += 5
		w.line(0, start+5)
		w.wantClosed(start+5, "the other source leads on, held back by nobody")
		// Set right again, it is one of them as before.
		wantVerdict(t, w.line(1, start+6), OnTime, start+6)
		w.line(0, start+14)
		w.wantClosed(start+6, "and holds the other back")
	}
}

func TestARecordFromTheFuturePlacesNothingOnceABetterOneComes(t *testing.T) {
	w := newWorld(t, 0, 1)
	wantVerdict(t, w.line(0, start+9_000_000), Future, start+9_000_000)
	w.wantOpen("all that was seen lies ahead")
	rd := w.line(0, start)
	wantVerdict(t, rd, OnTime, start)
	if !rd.Restart {
		t.Error("got no Restart with the first record that is believed")
	}
	w.wantClosed(start, "the record that is believed")
	if w.line(0, start+1).Restart {
		t.Error("got a second Restart")
	}
}

func TestALogThatIsAllAheadIsBelievedAfterARun(t *testing.T) {
	const ahead = 86_400
	w := newWorld(t, 0, 1)
	epochs := w.run(0, start+ahead, RunRecords, RunSpan)
	if len(epochs) != 1 || epochs[0].Shift != 0 {
		t.Fatalf("got %+v, want one epoch without a shift: there is no older time line", epochs)
	}
	w.now += 11
	wantVerdict(t, w.line(0, start+ahead+11), OnTime, start+ahead+11)
	wantVerdict(t, w.line(0, start+2*ahead), Future, start+ahead+11)
}

func TestALogThatIsAllAheadAndFallsSilentIsBelieved(t *testing.T) {
	w := newWorld(t, 0, 1)
	w.line(0, start+86_400)
	w.pass(9)
	w.wantOpen("after 9 s")
	w.pass(1)
	w.wantClosed(start+86_410, "after 10 s")
}

// TestOneLineAheadInAQuietLogDoesNotMoveTheOthers: what is said above holds
// only where no other source knows better.
func TestOneLineAheadInAQuietLogDoesNotMoveTheOthers(t *testing.T) {
	w := newWorld(t, 0, 2)
	w.line(0, start)
	wantVerdict(t, w.line(1, start+300_000_000), Future, start)
	w.pass(20)
	w.wantClosed(start+20, "both silent for 20 s")
	wantVerdict(t, w.line(0, w.now), OnTime, w.now)
	w.End()
	w.wantClosed(start+21, "at the end")
}

func TestOneLineAheadIsTheEndOfALogThatHasNoOther(t *testing.T) {
	w := newWorld(t, 0, 1)
	w.line(0, start+300_000_000)
	w.End()
	w.wantClosed(start+300_000_001, "at the end")
}

// TestANewLogThatIsAheadOfASilentOneIsAnEpoch: the time line goes over to the
// only source that speaks, and says so.
func TestANewLogThatIsAheadOfASilentOneIsAnEpoch(t *testing.T) {
	w := newWorld(t, 0, 2)
	w.line(0, start)
	w.pass(60)
	epochs := w.run(1, w.now+86_400, RunRecords, RunSpan)
	want := Epoch{Source: 1, From: start + 60, To: start + 60 + 86_400, Shift: 86_400}
	if len(epochs) != 1 || epochs[0] != want {
		t.Fatalf("got %+v, want %+v", epochs, want)
	}
}

// TestTheClockOfTheFileSystemMayBeWrong: a file on another machine carries the
// times of that machine's clock.
func TestTheClockOfTheFileSystemMayBeWrong(t *testing.T) {
	for _, offset := range []time.Duration{-5 * time.Minute, -20 * time.Second, -5 * time.Second, 0, 5 * time.Second, time.Hour} {
		c := New(2*time.Second, false)
		i := c.Add(true)
		start := time.Unix(1_700_000_000, 0)
		for s := range int64(300) {
			now := start.Add(time.Duration(s) * time.Second)
			c.Wrote(i, now.Add(offset), now)
			for range 20 {
				if rd := c.See(i, now.Unix()); rd.Verdict != OnTime || rd.Epoch != nil {
					t.Fatalf("offset %v, after %d s: got %+v, want every record on time", offset, s, rd)
				}
			}
			c.Caught(i, true, now.Add(offset))
			c.Tick(now.Add(900 * time.Millisecond))
		}
		// Silence: the idle clock goes on as if nothing were wrong.
		c.Tick(start.Add(420 * time.Second))
		if got, _ := c.Closed(); got < start.Unix()+410 || got > start.Unix()+420 {
			t.Errorf("offset %v: after two minutes of silence closed is %d s after the start, want about 418", offset, got-start.Unix())
		}
	}
}
