package monitor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/history"
	"weir/internal/tail"
	"weir/internal/traffic"
)

// remembering are options with a history in a folder of the play.
func (p *play) remembering(folder string, names ...string) Options {
	p.Helper()
	o := p.options(names...)
	o.Subject = history.Of(o.Paths, "")
	db, err := history.Open(p.path(folder+"/history.db"), history.Options{})
	p.must(err)
	o.History = db
	return o
}

// killed ends the process as kill -9 does, between any two of its steps: what it
// has committed so far is copied to another folder, from which the next goes on.
func (p *play) killed(o *Options, from, to string) {
	p.Helper()
	p.copy(from, to)
	p.stop()
	p.must(o.History.Close())
}

// told is what a history holds, for comparing.
type told struct {
	Points  []history.Point
	Seconds map[int64]traffic.Second
	Events  []history.Event
}

func (p *play) read(folder string) told {
	p.Helper()
	db, err := history.OpenReadOnly(p.path(folder + "/history.db"))
	p.must(err)
	defer db.Close()
	got := told{Seconds: map[int64]traffic.Second{}}
	got.Points, err = db.Series(-1<<40, 1<<40, 10)
	p.must(err)
	p.must(db.Seconds(0, -1<<40, 1<<40, func(sec int64, n traffic.Second) { got.Seconds[sec] = n }))
	got.Events, err = db.Events(history.Filter{})
	p.must(err)
	problems, err := db.Check()
	p.must(err)
	if len(problems) > 0 {
		p.Errorf("%s: %q", folder, problems)
	}
	for i := range got.Points {
		got.Points[i].Parts = 0 // what was late may be in one part or in two
	}
	return got
}

// announced are the events that a screen was shown.
func (r *recorder) announced() []alert.Event {
	var list []alert.Event
	for _, o := range r.events() {
		list = append(list, *o.Event)
	}
	return list
}

// TestARunThatIsKilledAgainAndAgainRemembersWhatAnUndisturbedOneDoes: figures, alerts,
// and one message for each alert, through rotations, while nobody reads as well. Late
// lines are of one log alone: which of them are too late beside another log depends
// on which is read first.
func TestARunThatIsKilledAgainAndAgainRemembersWhatAnUndisturbedOneDoes(t *testing.T) {
	for _, seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(p *play) {
				r := rand.New(rand.NewPCG(seed, 3))
				calm := &play{T: p.T, dir: p.dir, screen: newRecorder()}
				logs := []string{"access.log", "other.log"}[:1+seed%2]
				undisturbed := calm.remembering("undisturbed", logs...)
				folder := func(n int) string { return fmt.Sprintf("life%d", n) }
				p.hits("access.log", 1)
				if len(logs) > 1 {
					p.hits("other.log", 1)
				}
				calm.start(undisturbed)
				life := 0
				o := p.remembering(folder(life), logs...)
				p.start(o)
				rate := 2
				second := func() {
					if r.IntN(60) == 0 {
						rate = []int{0, 2, 9, 25, 40}[r.IntN(5)]
					}
					p.hits("access.log", rate)
					if r.IntN(50) == 0 {
						p.must(os.Rename(p.path("access.log"), p.path("access.log-"+time.Now().Format("20060102-150405"))))
						p.append("access.log", "")
					}
					if len(logs) > 1 {
						p.hits("other.log", r.IntN(3))
					} else if rate > 0 && r.IntN(20) == 0 { // a request that took long
						p.append("access.log", line(time.Now().Add(-time.Duration(r.IntN(30))*time.Second), "/slow"))
						p.wrote++
					}
					p.pause(time.Second)
				}
				for range 25 {
					for range 3 + r.IntN(60) {
						second()
					}
					p.killed(&o, folder(life), folder(life+1))
					life++
					for range r.IntN(6) {
						second()
					}
					o = p.remembering(folder(life), logs...)
					p.start(o)
				}
				for range 20 {
					second()
				}
				p.pause(3 * time.Minute) // until all is closed
				p.stop()
				calm.stop()
				p.must(o.History.Close())
				p.must(undisturbed.History.Close())
				want, got := p.read("undisturbed"), p.read(folder(life))
				p.compare(want, got)
				hits := int64(0)
				for _, n := range got.Seconds {
					hits += n.Hits
				}
				if hits != int64(p.wrote) {
					p.Errorf("%d lines were written, the history has %d", p.wrote, hits)
				}
				if len(want.Events) == 0 {
					p.Error("no alert came up: the test shows nothing of them")
				}
				if want, got := calm.screen.announced(), p.screen.announced(); !reflect.DeepEqual(got, want) {
					p.Errorf("announced %v, the undisturbed one %v", got, want)
				}
			})
		})
	}
}

func (p *play) compare(want, got told) {
	p.Helper()
	for i := range max(len(want.Points), len(got.Points)) {
		if i >= len(want.Points) || i >= len(got.Points) || want.Points[i] != got.Points[i] {
			p.Errorf("of %d and %d points number %d is another:\nwant %+v\ngot  %+v", len(want.Points), len(got.Points), i, at(want.Points, i), at(got.Points, i))
			break
		}
	}
	for _, sec := range slices.Sorted(func(yield func(int64) bool) {
		for s := range want.Seconds {
			if !yield(s) {
				return
			}
		}
	}) {
		if want.Seconds[sec] != got.Seconds[sec] {
			p.Errorf("second %d: want %+v, got %+v", sec, want.Seconds[sec], got.Seconds[sec])
			break
		}
	}
	order := func(a, b history.Event) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(want.Events, order)
	slices.SortFunc(got.Events, order)
	if !reflect.DeepEqual(want.Events, got.Events) {
		p.Errorf("events: want %v\ngot %v", want.Events, got.Events)
	}
}

func at(list []history.Point, i int) any {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

// sealedOf is a stretch whose frame takes about so many bytes.
func sealedOf(from int64, size int) *gauge.Sealed {
	var t traffic.Tally
	var b traffic.Batch
	r := rand.New(rand.NewPCG(uint64(from), 1))
	for range size / 40 {
		b.Add(&accesslog.Record{Sec: from, Client: fmt.Appendf(nil, "%x", r.Uint64()), Target: fmt.Appendf(nil, "/%x/%x", r.Uint64(), r.Uint64()), Status: 200})
	}
	t.Fold(&b)
	return &gauge.Sealed{Frame: traffic.NewSealer().Seal(&t, from, from+10), Figures: t.Figures()}
}

// TestLinesThatWereCountedAreLeftOutWhereverTheyComeAgain: blocks of other sizes, what
// was written into an older file before them, a restart between, in the middle.
func TestLinesThatWereCountedAreLeftOutWhereverTheyComeAgain(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("line %d\n", i))
	}
	text := strings.Join(lines, "")
	r := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		first := r.IntN(150)
		n := 1 + r.IntN(199-first)
		from, to := strings.Index(text, lines[first]), strings.Index(text, lines[first+n])
		l := lane{place: place{skip: []counted{{Bytes: int64(to - from), Begin: beginningOf([]byte(text[from:to]))}}}}
		var got strings.Builder
		block := func(text string) {
			l.batch = &tail.Batch{Data: []byte(text)}
			l.rest, l.place.bytes = l.batch.Data, 0
			l.pass()
			got.Write(l.rest)
			if r.IntN(3) == 0 { // killed when all of the block was dealt with
				data, err := json.Marshal(l.place.skip)
				if err != nil {
					t.Fatal(err)
				}
				l.place.skip = nil
				if err := json.Unmarshal(data, &l.place.skip); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := ""
		if r.IntN(2) == 0 {
			want = "of an older file\n"
			block(want)
		}
		for i := first; i < 200; {
			k := min(1+r.IntN(60), 200-i)
			block(strings.Join(lines[i:i+k], ""))
			i += k
		}
		if want += text[to:]; got.String() != want {
			t.Fatalf("lines %d to %d were counted: got %q, want %q", first, first+n-1, got.String(), want)
		}
	}
}

// gaps are the stretches of time that the history in a folder says nobody read.
func (p *play) gaps(folder string) []history.Gap {
	p.Helper()
	db, err := history.OpenReadOnly(p.path(folder + "/history.db"))
	p.must(err)
	defer db.Close()
	gaps, err := db.Unread(0, time.Now().Unix()+1000)
	p.must(err)
	return gaps
}

// TestAHistoryKnowsWhenNobodyRead: not while no request came, not where a log was read
// on from where an earlier process had stopped, though that was an hour before; but
// where that place is gone.
func TestAHistoryKnowsWhenNobodyRead(t *testing.T) {
	inBubble(t, func(p *play) {
		run := func(silence time.Duration) (began, ended int64) {
			began = time.Now().Unix()
			o := p.remembering("state", "access.log")
			p.start(o)
			p.traffic("access.log", 2, 30*time.Second)
			p.pause(silence)
			p.traffic("access.log", 2, 30*time.Second)
			p.pause(time.Minute)
			p.stop()
			p.must(o.History.Close())
			return began, time.Now().Unix()
		}
		p.hits("access.log", 1)
		run(10 * time.Minute)
		p.pause(time.Hour)
		_, ended := run(10 * time.Minute)
		if gaps := p.gaps("state"); len(gaps) > 0 {
			p.Errorf("all was read, and it says that nobody read in %+v", gaps)
		}
		p.pause(time.Hour)
		p.must(os.Remove(p.path("access.log")))
		p.hits("access.log", 1)
		p.pause(10 * time.Minute)
		began, _ := run(time.Minute)
		gaps := p.gaps("state")
		if len(gaps) != 1 || gaps[0].Unknown {
			p.Fatalf("got the gaps %+v, want one", gaps)
		}
		// Up to the first line of the file that came instead, ten minutes before.
		if g := gaps[0]; g.From < ended-100 || g.From > ended || g.To < began-620 || g.To > began-590 {
			p.Errorf("got a gap of [%d, %d), want one from the end of the run before, %d, to ten minutes before this began, %d", g.From, g.To, ended, began)
		}
	})
}

// TestWhatAPipeWouldHaveBroughtIsUnreadWhileNobodyRan: nothing brings it back.
func TestWhatAPipeWouldHaveBroughtIsUnreadWhileNobodyRan(t *testing.T) {
	inBubble(t, func(p *play) {
		for range 2 {
			o, w := p.piped("state")
			p.start(o)
			for range 30 {
				_, err := io.WriteString(w, line(time.Now(), "/api/x"))
				p.must(err)
				p.pause(time.Second)
			}
			p.killed(&o, "state", "copy")
			p.must(w.Close())
			p.pause(time.Hour)
		}
		began := time.Now().Unix() - 3630
		gaps := p.gaps("state")
		if len(gaps) != 1 || gaps[0].To < began-10 || gaps[0].To > began || gaps[0].To-gaps[0].From < 3590 {
			p.Errorf("got the gaps %+v, want one of an hour up to the second start, %d", gaps, began)
		}
	})
}
