package monitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/internal/history"
	"weir/internal/tail"
)

// rejected are the rejected lines that a history has.
func (t *told) rejected() (n int64) {
	for i := range t.Points {
		n += t.Points[i].Rejected
	}
	return n
}

// TestALineTooLongIsRejectedOnce, if the process is killed before another line comes.
func TestALineTooLongIsRejectedOnce(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.remembering("first", "access.log")
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 3, 15*time.Second)
		p.append("access.log", strings.Repeat("x", maxLine+1)+"\n")
		p.pause(2 * time.Minute)
		p.killed(&o, "first", "second")
		o = p.remembering("second", "access.log")
		p.start(o)
		p.traffic("access.log", 3, 30*time.Second)
		p.pause(2 * time.Minute)
		p.stop()
		p.must(o.History.Close())
		got := p.read("second")
		if n := got.rejected(); n != 1 {
			p.Errorf("the history has %d rejected lines, one was written", n)
		}
	})
}

// TestWhatTakesThePlaceOfALogThatIsGoneIsCountedFromItsFirstLine, though the process
// was killed with a part of a block counted: that part is of the log that is gone.
func TestWhatTakesThePlaceOfALogThatIsGoneIsCountedFromItsFirstLine(t *testing.T) {
	parts := 0
	for round := 2; round < 40; round += 6 {
		inBubble(t, func(p *play) {
			logs := []string{"a.log", "b.log"}
			var texts [2]strings.Builder
			for i := range 4000 {
				at := time.Now().Add(time.Duration(i) * time.Second)
				texts[i/50%2].WriteString(strings.Repeat(line(at, fmt.Sprintf("/x/%d", i)), 3))
			}
			p.pause(4000 * time.Second)
			for i, name := range logs {
				p.append(name, texts[i].String())
			}
			p.dying(p.remembering("first", logs...), round, "first", "second")
			o := p.remembering("second", logs...)
			stored, err := o.History.Positions()
			p.must(err)
			for _, data := range stored {
				s, err := parseLaneState(data)
				p.must(err)
				if len(s.Counted) > 0 {
					parts++
				}
			}
			p.pause(time.Minute)
			began := time.Now()
			for _, name := range logs {
				p.must(os.Remove(p.path(name)))
				p.append(name, strings.Repeat(line(began, "/new"), 20))
			}
			p.start(o)
			p.pause(time.Minute)
			p.stop()
			p.must(o.History.Close())
			got := p.read("second")
			if n := got.Seconds[began.Unix()].Hits; n != 40 || got.rejected() != 0 {
				p.Errorf("killed in round %d: %d of 40 lines of the new logs are counted, %d rejected", round, n, got.rejected())
			}
		})
	}
	if parts == 0 {
		t.Error("no process was killed with a part of a block counted: nothing is tested")
	}
}

// A pipeFeed is an input that a test writes.
type pipeFeed struct{ *io.PipeReader }

func (pipeFeed) Notices() []string { return nil }
func (pipeFeed) Lost() int64       { return 0 }

// TestAHistoryThatCannotBeGoneOnFromCostsNoLineOfAStream: nothing is taken from it, and
// it is not closed, before all of the history was looked at.
func TestAHistoryThatCannotBeGoneOnFromCostsNoLineOfAStream(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.remembering("state", "access.log")
		p.must(o.History.Commit(&history.Commit{States: map[string][]byte{stateGauge: []byte("of a later weir")}}))
		r, w := io.Pipe()
		o.Inputs = []tail.Input{{Name: "pipe", Feed: pipeFeed{r}}}
		stdin, in := io.Pipe()
		o.Stdin, o.Paths = stdin, append(o.Paths, "-")
		go func() {
			for range 5 {
				fmt.Fprint(w, line(time.Now(), "/pipe"))
				fmt.Fprint(in, line(time.Now(), "/stdin"))
			}
			w.Close()
			in.Close()
		}()
		if _, err := New(o); !errors.As(err, new(*HistoryError)) {
			p.Fatalf("got the error %v, want one of the history", err)
		}
		synctest.Wait()
		p.must(o.History.Close())
		o.History = nil
		p.wrote = 10
		p.start(o)
		p.pause(30 * time.Second)
		p.stop()
		p.counted()
	})
}

// TestALogIsFollowedThoughWhatWasKnownOfItsFormatCannotBeRead: nothing is counted twice,
// nothing is left out, also in a log that comes later.
func TestALogIsFollowedThoughWhatWasKnownOfItsFormatCannotBeRead(t *testing.T) {
	for _, later := range []bool{false, true} {
		inBubble(t, func(p *play) {
			o := p.remembering("state", "access.log")
			o.Patterns = []string{p.path("*.log")}
			p.hits("access.log", 1)
			p.start(o)
			p.traffic("access.log", 3, 30*time.Second)
			p.stop()
			stored, err := o.History.Positions()
			p.must(err)
			for name, data := range stored {
				s, err := parseLaneState(data)
				p.must(err)
				s.Parser = []byte{99}
				stored[name], err = json.Marshal(s)
				p.must(err)
			}
			p.must(o.History.Commit(&history.Commit{Positions: stored}))
			p.must(o.History.Close())
			o = p.remembering("state", "access.log")
			o.Patterns = []string{p.path("*.log")}
			if later {
				o.Paths = nil
				p.must(os.Rename(p.path("access.log"), p.path("away")))
			}
			p.start(o)
			p.pause(5 * time.Second)
			if later {
				p.must(os.Rename(p.path("away"), p.path("access.log")))
				p.pause(5 * time.Second)
			}
			p.traffic("access.log", 3, 30*time.Second)
			p.pause(time.Minute)
			p.stop()
			p.must(o.History.Close())
			hits := int64(0)
			for _, n := range p.read("state").Seconds {
				hits += n.Hits
			}
			if hits != int64(p.wrote) {
				p.Errorf("later %t: the history has %d hits, %d lines were written", later, hits, p.wrote)
			}
			if !strings.Contains(p.screen.notices(), "is found anew") {
				p.Errorf("later %t: it was not told that the format was found anew; got\n%s", later, p.screen.notices())
			}
		})
	}
}

// TestAnAlertOfThePastIsNoNewsToAProcessThatReadsThePastOn after a kill, as it is none
// to the one that is not killed; and none is there twice.
func TestAnAlertOfThePastIsNoNewsToAProcessThatReadsThePastOn(t *testing.T) {
	inBubble(t, func(p *play) {
		var text strings.Builder
		for i := range 3000 {
			at := time.Now().Add(time.Duration(i) * time.Second)
			text.WriteString(strings.Repeat(line(at, fmt.Sprintf("/x/%d", i)), 1+i/2500*30))
		}
		p.pause(3000 * time.Second)
		p.append("access.log", text.String())
		p.dying(p.remembering("calm0", "access.log"), 1000, "calm0", "calm")
		want := p.read("calm")
		if len(want.Events) == 0 || !want.Events[0].Replayed {
			p.Fatalf("got the events %v, want one that is replayed", want.Events)
		}
		onward := 0
		for round := 2; round < 12; round += 3 {
			first, second := fmt.Sprint("first", round), fmt.Sprint("second", round)
			p.dying(p.remembering(first, "access.log"), round, first, second)
			o := p.remembering(second, "access.log")
			if _, some, err := o.History.State(stateGauge); err == nil && some {
				onward++
			}
			p.dying(o, 1000, second, "end")
			if got := p.read("end"); !reflect.DeepEqual(got.Events, want.Events) {
				p.Errorf("killed in round %d: got the events %v, want %v", round, got.Events, want.Events)
			}
			p.must(os.RemoveAll(p.path("end")))
		}
		if onward == 0 {
			p.Error("no process went on from another: nothing is tested")
		}
	})
}
