package simulate

import (
	"cmp"
	"slices"
	"time"
)

// A held is a line that waits for its writing.
type held struct {
	at   time.Duration
	seq  int64 // breaks ties, so that a seed gives one order
	text []byte
	out  int
}

// order is that in which lines are written.
func (h *held) order(o *held) int {
	if h.at != o.at {
		return cmp.Compare(h.at, o.at)
	}
	return cmp.Compare(h.seq, o.seq)
}

// A calendar holds lines until their time, the next one first: a ring of days, of which
// each has the lines of a short time, in order only once it has come (R. Brown, Calendar
// Queues, 1988). A binary heap was as long as all that waits, and took a third of the time
// of a log in disorder. The zero value holds nothing; see newCalendar.
//
//	days   | 9: a b | 10: c | 11: | 12: f d e | ...
//	            ^ next    today is sorted, those behind it are not yet
type calendar struct {
	width  time.Duration // of a day
	days   [][]held      // a day d is at d modulo their number
	today  int64         // no line waits for an earlier day
	next   int           // in days[today]: those before it are gone
	sorted bool          // today's are in order
	n      int           // lines that wait
}

// daysOfCalendar are enough that a day has few lines at the usual rates, and few enough that
// going through empty ones costs nothing to speak of.
const daysOfCalendar = 1024

// newCalendar returns a calendar for lines none of which waits longer than most after any
// that waits with it.
func newCalendar(most time.Duration) calendar {
	return calendar{width: most/(daysOfCalendar-2) + 1, days: make([][]held, daysOfCalendar)}
}

func (c *calendar) day(number int64) *[]held { return &c.days[number%int64(len(c.days))] }

// push takes a line. No line that has left the calendar was to be written later.
func (c *calendar) push(h held) {
	number := int64(h.at / c.width)
	if c.n == 0 || number < c.today {
		c.turn(number)
	}
	day := c.day(number)
	*day = append(*day, h)
	c.n++
	if number != c.today || !c.sorted {
		return
	}
	for i := len(*day) - 1; i > c.next && (*day)[i].order(&(*day)[i-1]) < 0; i-- {
		(*day)[i], (*day)[i-1] = (*day)[i-1], (*day)[i]
	}
}

// turn makes another day today. What is gone of the old one is forgotten.
func (c *calendar) turn(number int64) {
	if c.next > 0 {
		day := c.day(c.today)
		*day = slices.Delete(*day, 0, c.next)
	}
	c.today, c.next, c.sorted = number, 0, false
}

// first returns the line that is to be written next, nil if none waits. It holds until the
// next push or pop.
func (c *calendar) first() *held {
	if c.n == 0 {
		return nil
	}
	for c.next == len(*c.day(c.today)) {
		c.turn(c.today + 1)
	}
	day := *c.day(c.today)
	if !c.sorted {
		slices.SortFunc(day, func(a, b held) int { return a.order(&b) })
		c.sorted = true
	}
	return &day[c.next]
}

// pop takes the first line out. There must be one.
func (c *calendar) pop() held {
	h := *c.first()
	c.next++
	c.n--
	return h
}
