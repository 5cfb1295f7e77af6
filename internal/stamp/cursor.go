package stamp

import (
	"bytes"
	"math"
)

// A cursor walks over a line. What does not fit leaves it anywhere: it is copied
// before something is tried.
type cursor struct {
	b []byte
	i int
}

// opening passes over what stands before the time at the head of a line: brackets,
// quotes, the priority of syslog with the version of RFC 5424.
func (c *cursor) opening() {
	if c.take('<') {
		if _, digits := c.digits(); digits == 0 || !c.take('>') {
			c.i = 0
		} else if c.i+1 < len(c.b) && isDigit(c.b[c.i]) && c.b[c.i+1] == ' ' {
			c.i += 2
		}
	}
	for c.i < 3 && c.i < len(c.b) && bytes.IndexByte([]byte(`["('`), c.b[c.i]) >= 0 {
		c.i++
	}
}

func (c *cursor) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *cursor) take(b byte) bool {
	if c.i < len(c.b) && c.b[c.i] == b {
		c.i++
		return true
	}
	return false
}

func (c *cursor) oneOf(set string) bool {
	if c.i < len(c.b) && bytes.IndexByte([]byte(set), c.b[c.i]) >= 0 {
		c.i++
		return true
	}
	return false
}

// digits reads a number and how many digits it has; beyond 19 the number is of
// the first.
func (c *cursor) digits() (n uint64, digits int) {
	for c.i < len(c.b) && isDigit(c.b[c.i]) {
		if digits < 19 {
			n = 10*n + uint64(c.b[c.i]-'0')
		}
		c.i++
		digits++
	}
	return n, digits
}

// two reads one or two digits.
func (c *cursor) two() (int, bool) {
	n, digits := c.digits()
	return int(n), digits == 1 || digits == 2
}

// month reads Jan to Dec.
func (c *cursor) month() (int, bool) {
	if c.i+3 > len(c.b) {
		return 0, false
	}
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for at := 0; at < len(names); at += 3 {
		if string(c.b[c.i:c.i+3]) == names[at:at+3] {
			c.i += 3
			return at/3 + 1, true
		}
	}
	return 0, false
}

// weekday reads Mon to Sun.
func (c *cursor) weekday() bool {
	if c.i+3 > len(c.b) {
		return false
	}
	switch string(c.b[c.i : c.i+3]) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		c.i += 3
		return true
	}
	return false
}

// clock reads 10:00:00.
func (c *cursor) clock(p *parts) bool {
	for i, into := range []*int{&p.hour, &p.min, &p.sec} {
		if i > 0 && !c.take(':') {
			return false
		}
		n, digits := c.digits()
		if digits != 2 && !(i == 0 && digits == 1) {
			return false
		}
		*into = int(n)
	}
	return true
}

// basic reads 100000.
func (c *cursor) basic(p *parts) bool {
	at := c.i
	n, digits := c.digits()
	if digits != 6 {
		c.i = at
		return false
	}
	p.hour, p.min, p.sec = int(n/10_000), int(n/100%100), int(n%100)
	return true
}

// fraction reads .123 or ,123.
func (c *cursor) fraction(p *parts) {
	at := *c
	if !c.oneOf(".,") {
		return
	}
	n, digits := c.digits()
	if digits == 0 {
		*c = at
		return
	}
	for ; digits < 9; digits++ {
		n *= 10
	}
	for ; digits > 9; digits-- {
		n /= 10
	}
	p.nanos = int32(n % 1_000_000_000)
}

// half reads AM and PM.
func (c *cursor) half(p *parts) {
	at := *c
	if !c.take(' ') || !c.oneOf("AP") || !c.take('M') || p.hour < 1 || p.hour > 12 {
		*c = at
		return
	}
	if p.hour %= 12; c.b[c.i-2] == 'P' {
		p.hour += 12
	}
}

// zone reads Z, UTC, GMT, +01:00, +0100 and, where no space is before it, +01.
func (c *cursor) zone(p *parts) {
	at := *c
	space := c.take(' ')
	for _, name := range []string{"UTC", "GMT", "Z", "z"} {
		if bytes.HasPrefix(c.b[c.i:], []byte(name)) && (c.i+len(name) == len(c.b) || !isWord(c.b[c.i+len(name)])) {
			c.i += len(name)
			p.zoned, p.offset = true, 0
			return
		}
	}
	sign := c.peek()
	if !c.oneOf("+-") {
		*c = at
		return
	}
	n, digits := c.digits()
	hours, minutes := n, uint64(0)
	switch {
	case digits == 2 && c.take(':'):
		more := 0
		if minutes, more = c.digits(); more != 2 {
			digits = 0
		}
	case digits == 4:
		hours, minutes = n/100, n%100
	case digits != 2 || space:
		digits = 0
	}
	if digits == 0 || hours > 15 || minutes > 59 || c.i < len(c.b) && isWord(c.b[c.i]) {
		*c = at
		return
	}
	p.zoned, p.offset = true, int64(hours*3600+minutes*60)
	if sign == '-' {
		p.offset = -p.offset
	}
}

// lastYear reads the year behind a time of day.
func (c *cursor) lastYear(p *parts) {
	at := *c
	if !c.take(' ') {
		return
	}
	n, digits := c.digits()
	if digits != 4 || n < 1970 || n > 9999 || c.i < len(c.b) && isWord(c.b[c.i]) {
		*c = at // syslog has the name of the host there
		return
	}
	p.year = int(n)
}

// unix reads seconds, milliseconds, microseconds or nanoseconds since 1970: how
// many digits there are tells which, from 2001 to 2286.
func (c *cursor) unix() (m Moment, ok bool) {
	n, digits := c.digits()
	if n > math.MaxInt64 {
		return m, false
	}
	each := uint64(1)
	switch digits {
	case 10:
		var p parts
		c.fraction(&p)
		m.Nanos = p.nanos
	case 13:
		each = 1_000
	case 16:
		each = 1_000_000
	case 19:
		each = 1_000_000_000
	default:
		return m, false
	}
	if c.i < len(c.b) && (isWord(c.b[c.i]) || c.b[c.i] == '.' && digits != 10) {
		return Moment{}, false
	}
	if m.Sec = int64(n / each); each > 1 {
		m.Nanos = int32(n % each * (1_000_000_000 / each))
	}
	if m.Sec < 1_000_000_000 {
		return Moment{}, false
	}
	return m, true
}
