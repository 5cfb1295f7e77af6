package incident

import (
	"weir/internal/gauge"
	"weir/internal/traffic"
	"weir/internal/view"
)

// A store is what a weir keeps across its ends, as package monitor does it: what
// has come up and the state are one commit, made before anything is shown. The lines
// read since then are read again.
type store struct {
	state   []byte
	learned []byte
	seconds map[int64]map[int64]traffic.Second // by epoch
	journal []line                             // read since the last commit

	// how lines were counted: by the runs that ended, and up to the last commit of this one
	hits, late, future, rejected int64
	run                          view.Snapshot // of this run, at its last commit
}

// commit stores what has come up, and the state that goes with it.
func (p *player) commit(outs []gauge.Output) {
	c := &p.store
	for _, o := range outs {
		if s := o.Sealed; s != nil {
			if c.seconds == nil {
				c.seconds = map[int64]map[int64]traffic.Second{}
			}
			if c.seconds[s.Epoch] == nil {
				c.seconds[s.Epoch] = map[int64]traffic.Second{}
			}
			for i, n := range s.Seconds {
				sum := c.seconds[s.Epoch][s.Frame.From+int64(i)]
				sum.Add(n)
				c.seconds[s.Epoch][s.Frame.From+int64(i)] = sum
			}
		}
	}
	if learned, fresh := p.g.Checkpoint(nil); fresh {
		c.learned = learned
	}
	state, err := p.g.AppendBinary(nil)
	if err != nil {
		p.out = append(p.out, "note: "+err.Error())
		return
	}
	c.state, c.journal, c.run = state, c.journal[:0], p.g.Snapshot()
}

// begin starts a weir: a new one, or one that goes on from a state.
func (p *player) begin(state []byte) {
	p.g = gauge.New(p.options())
	if state != nil {
		g, err := gauge.Restore(p.options(), state, gauge.Past{
			Seconds: func(epoch, from int64, yield func(sec int64, n traffic.Second)) error {
				for sec, n := range p.store.seconds[epoch] {
					if sec >= from {
						yield(sec, n)
					}
				}
				return nil
			},
			Learned: p.store.learned,
		})
		if err != nil {
			p.out = append(p.out, "note: "+err.Error())
		} else {
			p.g = g
		}
	}
	for i, name := range p.s.sources {
		waits := false
		for k := range p.way {
			waits = waits || p.way[k].source == i && !p.way[k].arrival.After(p.now)
		}
		p.g.AddSource(name, state != nil && waits)
	}
	p.deliver()
}

// end ends the weir. What was read and not stored is read again.
func (p *player) end(inOrder bool) {
	if p.g == nil {
		return
	}
	if inOrder {
		p.commit(nil)
	}
	c := &p.store
	for i := range c.journal {
		if !c.journal[i].garbage {
			c.hits--
		}
	}
	c.counted(c.run)
	c.run = view.Snapshot{}
	p.way = append(c.journal, p.way...)
	c.journal, p.g = nil, nil
}

// counted adds what a run has counted.
func (c *store) counted(s view.Snapshot) {
	c.late, c.future, c.rejected = c.late+s.Late, c.future+s.Future, c.rejected+s.Rejected.Total
}
