package monitor

import (
	"io"
	"testing"
	"time"

	"weir/internal/history"
)

// piped are options for standard input with a history, and the end to write to.
func (p *play) piped(folder string) (Options, *io.PipeWriter) {
	p.Helper()
	r, w := io.Pipe()
	o := p.options()
	o.Paths, o.Stdin, o.Subject = []string{"-"}, r, history.Of([]string{"-"}, "")
	db, err := history.Open(p.path(folder+"/history.db"), history.Options{})
	p.must(err)
	o.History = db
	return o, w
}

func (p *play) total(folder string) int64 {
	p.Helper()
	hits := int64(0)
	for _, n := range p.read(folder).Seconds {
		hits += n.Hits
	}
	return hits
}

// TestWhatCameThroughAPipeIsCommittedEachSecond: a kill loses what came since, which
// nothing brings back, and an end as by Ctrl-C nothing.
func TestWhatCameThroughAPipeIsCommittedEachSecond(t *testing.T) {
	inBubble(t, func(p *play) {
		o, w := p.piped("first")
		p.start(o)
		say := func(w io.Writer) {
			if _, err := io.WriteString(w, line(time.Now(), "/api/x")); err != nil {
				p.Fatal(err)
			}
			p.pause(100 * time.Millisecond)
		}
		for range 105 {
			say(w)
		}
		p.killed(&o, "first", "second")
		p.must(w.Close())

		o, w = p.piped("second")
		p.start(o)
		for range 33 {
			say(w)
		}
		p.stop()
		p.must(w.Close())
		p.must(o.History.Close())

		// All is sealed at the end of input.
		o, w = p.piped("second")
		p.start(o)
		p.must(w.Close())
		p.must(<-p.done)
		p.must(o.History.Close())
		if got := p.total("second"); got < 105-12+33 || got > 105+33 {
			p.Errorf("the history has %d hits; %d were sent, a second of them may be lost by the kill", got, 105+33)
		}
		if got := p.total("second"); got == 105+33 {
			p.Log("nothing was lost at all")
		}
	})
}
