package drive

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// loops is the engine of one loop or of several, each on a thread of its own: loop i of n sends
// the requests i, i+n, i+2n ... of the Plan, on its share of the connections.
type loops struct {
	o   *Options
	at  map[string]string
	all []*loop

	mu    sync.Mutex
	lanes []lane // the last figures of each
}

// A lane is what one of the loops has told.
type lane struct {
	Progress
	recent Times // of its last second
	told   int   // seconds
	ended  bool
}

func (g *loops) name() string {
	text := "event loop, exact"
	if g.o.Batch > 0 {
		text = "event loop, batches of " + g.o.Batch.String()
	}
	if n := g.threads(); n > 1 {
		text += ", " + strconv.Itoa(n) + " threads"
	}
	return text
}

// threads is how many loops there are: not more than connections.
func (g *loops) threads() int { return min(1+len(g.o.Twins), g.o.Connections) }

func (g *loops) run(ctx context.Context, ticks chan<- Progress) (out outcome) {
	if err := g.prepare(); err != nil {
		return outcome{err: err}
	}
	defer g.close()
	begun := time.Now()
	for _, l := range g.all {
		l.begun = begun
	}
	if g.o.Raw != nil {
		file := newRawFile(g.o.Raw, begun)
		var logs []*rawLog
		for _, l := range g.all {
			l.raw = &rawLog{to: file}
			logs = append(logs, l.raw)
		}
		defer func() { out.raw = closeRaw(file, logs...) }()
	}
	// AfterFunc may write when the loops have ended, but never to a descriptor of somebody else.
	wakes := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(wakes)
		g.stop()
	})
	defer func() {
		if !stop() {
			<-wakes
		}
	}()
	defer g.listen()()
	outs := make([]outcome, len(g.all))
	var running sync.WaitGroup
	for i, l := range g.all {
		running.Go(func() {
			outs[i] = l.run(func(p Progress, recent Times) { g.tell(i, p, recent, ticks) }, g.stop)
			g.mu.Lock()
			defer g.mu.Unlock()
			g.lanes[i].ended = true
		})
	}
	running.Wait()
	return joined(outs)
}

// prepare makes the loops, ready to begin.
func (g *loops) prepare() error {
	n := g.threads()
	g.lanes = make([]lane, n)
	for i := range n {
		o := *g.o
		o.Connections = g.o.Connections / n
		if i < g.o.Connections%n {
			o.Connections++
		}
		if n > 1 {
			o.Plan = &share{plan: append([]Plan{g.o.Plan}, g.o.Twins...)[i], mine: int64(i), of: int64(n)}
		}
		l := &loop{o: &o, at: g.at, several: n > 1, changes: make(chan change, 16)}
		l.step, l.cursor.number = int64(n), int64(i-n)
		if err := l.prepare(); err != nil {
			g.close()
			return err
		}
		g.all = append(g.all, l)
	}
	return nil
}

func (g *loops) close() {
	for _, l := range g.all {
		l.close()
	}
}

// stop ends the sending of all.
func (g *loops) stop() {
	for _, l := range g.all {
		l.ending.Store(true)
		l.wake()
	}
}

// listen takes changes from whoever makes them to the loops, until done is called. All have the
// same moment.
func (g *loops) listen() (done func()) {
	if g.o.Changes == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case to, ok := <-g.o.Changes:
				if !ok {
					return
				}
				by := change{time.Since(g.all[0].begun), to}
				for i, l := range g.all {
					if !g.heeds(i) {
						continue
					}
					select {
					case l.changes <- by:
						l.wake()
					case <-end:
						return
					}
				}
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// heeds tells whether a loop has not ended.
func (g *loops) heeds(i int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.lanes[i].ended
}

// tell takes the figures of a second of one loop, and passes those of all on when the last of
// them has come. Where whoever takes them is slow, they come with those of the next.
func (g *loops) tell(i int, p Progress, recent Times, ticks chan<- Progress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lanes[i] = lane{Progress: p, recent: recent, told: g.lanes[i].told + 1}
	for k := range g.lanes {
		if !g.lanes[k].ended && g.lanes[k].told < g.lanes[i].told {
			return
		}
	}
	all := p
	if len(g.lanes) > 1 {
		all = together(g.lanes, p.Elapsed)
	}
	select {
	case ticks <- all:
	default:
	}
}

// together adds the figures of several loops up.
func together(lanes []lane, now time.Duration) Progress {
	sum := Progress{Elapsed: now, Asked: -1, Status: map[string]int64{}, Errors: map[string]int64{}}
	var recent Times
	for i := range lanes {
		p := &lanes[i]
		for _, to := range []struct {
			sum *int64
			n   int64
		}{
			{&sum.Total, p.Total},
			{&sum.Failed, p.Failed},
			{&sum.Bad, p.Bad},
			{&sum.Late, p.Late},
			{&sum.Due, p.Due},
			{&sum.Answered, p.Answered},
			{&sum.BytesIn, p.BytesIn},
			{&sum.BytesOut, p.BytesOut},
		} {
			*to.sum += to.n
		}
		for k, n := range p.Status {
			sum.Status[k] += n
		}
		for k, n := range p.Errors {
			sum.Errors[k] += n
		}
		for class, n := range p.Classes {
			sum.Classes[class] += n
		}
		if p.ended {
			continue // its last second is over
		}
		sum.Sent += p.Sent
		sum.Asked = max(sum.Asked, p.Asked)
		sum.UnderWay += p.UnderWay
		sum.Connections += p.Connections
		sum.Behind = max(sum.Behind, p.Behind)
		recent.merge(&p.recent)
	}
	sum.quantiles(&recent)
	return sum
}

// joined makes one outcome of those of several loops. Most connections at once is the sum of what
// each had at most, so not below what it was.
func joined(outs []outcome) outcome {
	all := outs[0]
	for _, o := range outs[1:] {
		all.tally.add(o.tally)
		all.length, all.ended = max(all.length, o.length), max(all.ended, o.ended)
		all.stopped, all.full = all.stopped || o.stopped, all.full || o.full
	}
	return all
}

// A share is every so manieth request of a Plan, which all loops follow to the same end.
type share struct {
	plan     Plan
	mine, of int64
	next     int64 // number of the next request of plan
}

// Next implements Plan.
func (s *share) Next() (time.Duration, int, bool) {
	for {
		due, request, ok := s.plan.Next()
		if !ok || request == Nobody {
			return due, request, ok
		}
		s.next++
		if (s.next-1)%s.of == s.mine {
			return due, request, true
		}
	}
}

// Turn implements Turning.
func (s *share) Turn(at time.Duration, to Setting, back bool) {
	if p, ok := s.plan.(Turning); ok {
		p.Turn(at, to, back)
		if back {
			s.next--
		}
	}
}

// turns tells whether it can be changed.
func turns(p Plan) bool {
	if s, ok := p.(*share); ok {
		p = s.plan
	}
	_, ok := p.(Turning)
	return ok
}

// asked is that of the whole Plan.
func (s *share) asked(from, to time.Duration) (int64, bool) {
	if p, ok := s.plan.(asking); ok {
		return p.asked(from, to)
	}
	return 0, false
}

// span implements bounded.
func (s *share) span() (time.Duration, bool) { return planned(s.plan) }

// wake makes await return, from another goroutine.
func (l *loop) wake() { _, _ = unix.Write(l.signal, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }
