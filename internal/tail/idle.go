package tail

import (
	"os"
	"time"
)

// Waits reports whether Next gives nil without a look: there was one a moment ago,
// or the source has been idle for long.
func (s *Source) Waits(now time.Time) bool {
	return now.Before(s.due) && s.stream == nil && !s.touched.Load()
}

// Due is when s has to be asked again, if Touched does not name it before; zero
// for at once.
func (s *Source) Due() time.Time {
	if s.stream != nil {
		return time.Time{}
	}
	return s.due
}

// pause decides when to look next, after a look that found nothing. While a file
// is in use its owner decides alone, but that ten thousand are not all looked at
// again after each block of one; of ten thousand that are idle few are looked at
// in any second.
func (s *Source) pause(now time.Time) {
	if s.changed.IsZero() {
		s.changed = now
	}
	most := mostPauseBesideEvents
	if s.f.waker == nil {
		most = mostPauseAlone
	}
	many := time.Duration(max(0, len(s.f.sources)-fewSources))
	if now.Sub(s.changed) > busy {
		s.due = now.Add(min(many*time.Millisecond, most))
		return
	}
	s.due = now.Add(min(many*perBusy, s.f.Sweep()*9/10))
}

// idle reports whether nothing has happened to an idle source, by its name alone:
// one call of the system instead of three. While a file is in use it is read at
// each look, whatever its time says.
func (s *Source) idle(now time.Time) bool {
	f := s.cur
	if s.changed.IsZero() || now.Sub(s.changed) <= busy || !s.atEnd || s.parking.parked || s.parking.restless || s.sick != nil ||
		f == nil || len(s.held) > 0 || f.unanchored() || f.reached != f.size || f.barren > f.pos || s.f.closed {
		return false
	}
	info, err := os.Stat(s.name)
	if err != nil || info.Size() != f.size || !info.ModTime().Equal(f.written) || !os.SameFile(f.info, info) {
		return false
	}
	f.settle(now)
	s.pause(now)
	return true
}

const (
	// busy is how long after its last write a file is looked at with every sweep.
	busy = time.Minute
	// fewSources are looked at with every sweep even if they are idle; beyond
	// them an idle source waits a millisecond for each, a thousand looks a second.
	fewSources = 128

	// perBusy is what a source in use waits for each of the others, so that it is
	// not looked at again with every line of theirs; never longer than a sweep.
	perBusy = 100 * time.Microsecond

	mostPauseBesideEvents = 10 * time.Second
	mostPauseAlone        = 5 * time.Second
)
