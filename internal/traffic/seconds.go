package traffic

import (
	"iter"
	"maps"
	"math"
	"slices"
)

// Day is how many seconds Seconds remembers.
const Day = 24 * 60 * 60

// A Second holds the exact figures of one second of event time.
type Second struct {
	Hits    int64
	Bytes   int64
	Classes [6]int64 // by first digit of the status: 1xx at 1 ... 5xx at 5; 0 = none or another
}

// Add adds o to s.
func (s *Second) Add(o Second) { s.add(&o) }

func (s *Second) add(o *Second) {
	s.Hits = sum(s.Hits, o.Hits)
	s.Bytes = sum(s.Bytes, o.Bytes)
	for i, n := range o.Classes {
		s.Classes[i] = sum(s.Classes[i], n)
	}
}

// sum adds sizes that a log may claim to be as large as it likes: it stops at
// the largest number, where + would go on below zero.
func sum(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Sub takes o away from s.
func (s *Second) Sub(o Second) {
	s.Hits -= o.Hits
	s.Bytes -= o.Bytes
	for i, n := range o.Classes {
		s.Classes[i] -= n
	}
}

// Class returns the index of a status in Classes.
func Class(status int) int {
	if c := status / 100; c >= 1 && c <= 5 {
		return c
	}
	return 0
}

const (
	pageSeconds = 60
	mostFree    = 64 // pages kept to be used again
)

type page struct {
	seconds [pageSeconds]Second
	sum     Second
}

// Seconds counts per second of event time, exactly, for the Day that ends at
// the newest second counted, or less (Forget). Quiet stretches cost nothing: a page of a minute
// is made when something falls into it. The zero value is ready and empty.
// Seconds belongs to one goroutine.
type Seconds struct {
	pages  map[int64]*page // by minute
	newest int64           // second
	last   int64           // minute of lastPage
	lastP  *page
	free   []*page
	gone   int64 // minute before which all is forgotten, where forgot
	forgot bool
}

// Add counts n in second sec. A second a Day or more behind the newest, or one that
// was forgotten, is not kept; Add reports whether it was.
func (s *Seconds) Add(sec int64, n Second) bool {
	p := s.page(sec)
	if p == nil {
		return false
	}
	p.seconds[sec-FloorDiv(sec, pageSeconds)*pageSeconds].Add(n)
	p.sum.Add(n)
	return true
}

// Sub takes back what Add counted in second sec, where it is still kept.
func (s *Seconds) Sub(sec int64, n Second) {
	m := FloorDiv(sec, pageSeconds)
	// A page may outlive the Day; what Add refused is not in it.
	if p := s.pages[m]; p != nil && sec >= s.oldest() {
		p.seconds[sec-m*pageSeconds].Sub(n)
		p.sum.Sub(n)
	}
}

func (s *Seconds) page(sec int64) *page {
	if s.pages == nil {
		s.pages = map[int64]*page{}
		s.newest = sec
	}
	if sec < s.oldest() {
		return nil
	}
	s.newest = max(s.newest, sec)
	m := FloorDiv(sec, pageSeconds)
	if s.lastP != nil && m == s.last {
		return s.lastP
	}
	p := s.pages[m]
	if p == nil {
		s.evict()
		if n := len(s.free); n > 0 {
			p, s.free = s.free[n-1], s.free[:n-1]
			*p = page{}
		} else {
			p = new(page)
		}
		s.pages[m] = p
	}
	s.last, s.lastP = m, p
	return p
}

// evict gives back the pages that lie wholly a Day behind.
func (s *Seconds) evict() {
	if len(s.pages) < Day/pageSeconds {
		return // rarely needed sooner, and walking them each minute is waste
	}
	oldest := FloorDiv(s.oldest(), pageSeconds)
	s.drop(oldest)
}

// drop gives back the pages before a minute.
func (s *Seconds) drop(before int64) {
	for m, p := range s.pages {
		if m < before {
			delete(s.pages, m)
			if len(s.free) < mostFree {
				s.free = append(s.free, p)
			}
		}
	}
	if s.lastP != nil && s.last < before {
		s.lastP = nil
	}
}

// Forget lets go of the minutes that end before second sec: a Day takes 5 MiB, and
// who looks back two minutes needs none of it. What comes for them is not kept.
func (s *Seconds) Forget(sec int64) {
	m := FloorDiv(sec, pageSeconds)
	if s.pages == nil || s.forgot && m <= s.gone {
		return
	}
	s.gone, s.forgot = m, true
	s.drop(m)
}

// oldest is the first second that is kept: of the Day, unless more is forgotten. A
// page may outlive the Day, and is given back some time: what is read must not
// depend on when.
func (s *Seconds) oldest() int64 {
	if s.forgot {
		return max(s.newest-Day+1, s.gone*pageSeconds)
	}
	return s.newest - Day + 1
}

// At returns the figures of second sec.
func (s *Seconds) At(sec int64) Second {
	m := FloorDiv(sec, pageSeconds)
	if p := s.pages[m]; p != nil && sec >= s.oldest() {
		return p.seconds[sec-m*pageSeconds]
	}
	return Second{}
}

// Sum returns the figures of the window [from, to).
func (s *Seconds) Sum(from, to int64) Second {
	var sum Second
	from = max(from, s.oldest())
	for from < to {
		m := FloorDiv(from, pageSeconds)
		end := (m + 1) * pageSeconds
		p := s.pages[m]
		switch {
		case p == nil:
		case from == m*pageSeconds && end <= to:
			sum.add(&p.sum)
		default:
			// Copies of 64 bytes took up to half as long again, by where the
			// stack happened to lie: a tenth of the report of a day.
			seconds := p.seconds[from-m*pageSeconds : min(end, to)-m*pageSeconds]
			for i := range seconds {
				sum.add(&seconds[i])
			}
		}
		from = end
	}
	return sum
}

// Next returns the first second at or after from that has hits. It costs at
// most a look at every page kept, however long the gap.
func (s *Seconds) Next(from int64) (sec int64, ok bool) {
	if from > s.newest {
		return 0, false
	}
	from = max(from, s.oldest())
	m := FloorDiv(from, pageSeconds)
	for tries := 0; tries < 3; tries++ {
		if p := s.pages[m]; p != nil && p.sum.Hits > 0 {
			for i := max(from, m*pageSeconds); i < (m+1)*pageSeconds; i++ {
				if p.seconds[i-m*pageSeconds].Hits > 0 {
					return i, true
				}
			}
		}
		if tries == 0 {
			m++
			continue
		}
		next, found := int64(0), false
		for k, p := range s.pages {
			if k >= m && p.sum.Hits > 0 && (!found || k < next) {
				next, found = k, true
			}
		}
		if !found {
			return 0, false
		}
		m = next
	}
	return 0, false
}

// Newest returns the newest second counted, from which the Day is reckoned
// back. ok is false as long as there is none.
func (s *Seconds) Newest() (second int64, ok bool) { return s.newest, s.pages != nil }

// From yields all seconds at or after from that hold anything, in the order of
// time.
func (s *Seconds) From(from int64) iter.Seq2[int64, Second] {
	return func(yield func(int64, Second) bool) {
		from = max(from, s.oldest())
		for _, m := range slices.Sorted(maps.Keys(s.pages)) {
			if (m+1)*pageSeconds <= from {
				continue
			}
			for i, n := range s.pages[m].seconds {
				if sec := m*pageSeconds + int64(i); sec >= from && n != (Second{}) && !yield(sec, n) {
					return
				}
			}
		}
	}
}

// Shift moves everything counted by delta seconds: the time line was set.
func (s *Seconds) Shift(delta int64) {
	old := s.pages
	if delta == 0 || old == nil {
		return
	}
	newest := s.newest + delta
	// A minute that is forgotten in part after the move is kept whole.
	gone, forgot := FloorDiv(s.gone*pageSeconds+delta, pageSeconds), s.forgot
	*s = Seconds{pages: make(map[int64]*page, len(old)), newest: newest, gone: gone, forgot: forgot}
	for m, p := range old {
		for i, n := range p.seconds {
			if n != (Second{}) {
				s.Add(m*pageSeconds+int64(i)+delta, n)
			}
		}
	}
	s.newest = newest
}

// FloorDiv divides and rounds down, for times before 1970 too: stretches of b
// seconds are aligned to it. b is positive.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
