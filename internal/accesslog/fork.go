package accesslog

// A log is read block by block on many processors, and what a line means
// depends on the lines before it: on a header, on the format in use, on how
// many lines were rejected in a row. So each block is parsed by a fork, which
// assumes that none of this changes, and afterwards, in the order of the log,
// Follow looks whether it did.
//
//	block 1   block 2   block 3
//	 fork      fork      fork        at the same time
//	 Follow ─> Follow ─> Follow      one after the other
//
// It nearly never does. A block for which it did is parsed again.

// Fork returns an Auto that would read the next lines as a does, with no line
// rejected so far, and none begun. It shares nothing with a.
func (a *Auto) Fork() *Auto {
	f := *a
	f.from = a.turns
	f.rejected, f.leading, f.moved, f.counts = 0, 0, false, HopCounts{}
	f.nearest = nil
	f.lead, f.trial = a.lead.fresh(), a.trial.fresh()
	f.mix = a.mix.fork()
	if a.parser != nil {
		f.parser = fork(a.parser)
	}
	if a.others != nil {
		f.others = make([]Parser, len(a.others))
		for i, p := range a.others {
			f.others[i] = fork(p)
			if p == a.parser {
				f.parser = f.others[i]
			}
		}
	}
	return &f
}

// Forked reports whether f, which has read some block, is still what Fork
// would return, and if so makes it ready for the next block.
func (a *Auto) Forked(f *Auto) bool {
	if f.from != a.turns || f.turns != f.from {
		return false
	}
	f.rejected, f.leading, f.moved, f.counts = 0, 0, false, HopCounts{}
	f.lead.forget()
	f.trial.forget()
	f.mix.missed = 0
	return true
}

// Follow reports whether f, a fork of a that has read the lines that come next,
// has read them as a would have. If so a takes over what f has learned and
// stands behind these lines; f must not be used any more unless Forked says so.
// If not a is unchanged.
func (a *Auto) Follow(f *Auto) bool {
	if f.from != a.turns || a.parser == nil || a.lead.open+a.trial.open > 0 {
		return false // pieces of a line go on across the border
	}
	if !a.forced && a.rejected > 0 && a.rejected+f.leading > patience {
		return false // the run goes on across the border, and is long enough to matter
	}
	if !a.forced && !a.mix.follows(&f.mix) {
		return false
	}
	run := f.rejected
	if !f.moved {
		run += a.rejected
	}
	counts := a.counts
	counts.add(f.counts)
	if f.turns != f.from {
		mix := a.mix
		*a = *f.Fork()
		a.mix = mix
	}
	a.counts = counts
	a.mix.follow(&f.mix)
	a.lead.follow(&f.lead.streams)
	if f.trial.open > 0 {
		a.trial.kind = f.trial.kind
	}
	a.trial.follow(&f.trial.streams)
	a.rejected = run
	return true
}

// A forker is a Parser that can be copied, with what it knows of its log. All
// of this package can.
type forker interface{ fork() Parser }

// fork copies p. A Parser from elsewhere, as one that measures another, is its own
// copy.
func fork(p Parser) Parser {
	if f, ok := p.(forker); ok {
		return f.fork()
	}
	return p
}
