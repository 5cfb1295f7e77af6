package accesslog

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// A timePart is one element of a time in a format string.
type timePart struct {
	kind timeKind
	c    byte // of timeLiteral; a space where one may stand for the first zero
}

type timeKind uint8

const (
	timeLiteral    timeKind = iota
	timeYear                // %Y
	timeYear2               // %y
	timeMonth               // %m
	timeMonthName           // %b, English
	timeMonthLong           // %B, English
	timeDay                 // %d, %e
	timeHour                // %H, %k
	timeHour12              // %I, %l
	timeHalf                // %p
	timeMinute              // %M
	timeSecond              // %S
	timeDayOfYear           // %j
	timeWord                // letters that say nothing: the day of the week
	timeOffset              // five bytes, +hhmm
	timeAnyZone             // +hhmm, +hh:mm, Z, UTC or GMT
	timeEpoch               // seconds since 1970, with a fraction or not
	timeEpochMilli          // milliseconds
	timeEpochMicro          // microseconds
	timeMilli               // three digits of the second
	timeMicro               // six digits
	timeDate                // 10/Oct/2000 or 2000-10-10, whichever it is
	timeFraction            // ".123", or nothing
	timeAny                 // any of the times that a CSV log may have
)

// What a time tells, as a set.
const (
	timeHasYear = 1 << iota
	timeHasMonth
	timeHasDay
	timeHasClock
	timeHasMinute
	timeHasSecond
	timeHasHalf
	timeHasFraction
	timeZone

	timeHasDate  = timeHasYear | timeHasMonth | timeHasDay
	timeHasEpoch = timeHasDate | timeHasClock | timeHasMinute | timeHasSecond | timeZone
	timeWhole    = timeHasDate | timeHasClock
)

func (k timeKind) bits() int {
	switch k {
	case timeYear, timeYear2:
		return timeHasYear
	case timeMonth, timeMonthName, timeMonthLong:
		return timeHasMonth
	case timeDay:
		return timeHasDay
	case timeDayOfYear:
		return timeHasMonth | timeHasDay
	case timeDate:
		return timeHasDate
	case timeHour, timeHour12:
		return timeHasClock
	case timeHalf:
		return timeHasHalf
	case timeMinute:
		return timeHasMinute
	case timeSecond:
		return timeHasSecond
	case timeOffset, timeAnyZone:
		return timeZone
	case timeEpoch, timeEpochMilli, timeEpochMicro, timeAny:
		return timeHasEpoch
	case timeMilli, timeMicro, timeFraction:
		return timeHasFraction
	}
	return 0
}

func bitsOf(parts []timePart) int {
	bits := 0
	for _, p := range parts {
		bits |= p.kind.bits()
	}
	return bits
}

// commonTime is the time of nginx's $time_local and Apache's %t.
const commonTime = "%d/%b/%Y:%H:%M:%S %z"

// strftime reads a format of strftime (POSIX, without what depends on the
// locale). strict takes %z as its five bytes; else other ways to write a zone
// will do. What is wrong has the position in the format.
func strftime(format string, strict bool) (parts []timePart, at int, wrong string) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			parts = append(parts, timePart{timeLiteral, format[i]})
			continue
		}
		start := i
		i++
		for i < len(format) && strings.IndexByte("EO-0", format[i]) >= 0 {
			i++ // other digits, other padding: both are read anyway
		}
		if i == len(format) {
			return nil, start, "a % without a letter ends it"
		}
		switch long := timeAbbreviation(format[i]); {
		case long != "":
			more, _, _ := strftime(long, strict)
			parts = append(parts, more...)
		case format[i] == 'z' && strict:
			parts = append(parts, timePart{kind: timeOffset})
		default:
			part, ok := timeLetter(format[i])
			if !ok {
				return nil, start, fmt.Sprintf("%%%c is no part of a time that weir can read: those are %%Y %%m %%b %%d %%H %%M %%S %%z and %%s, and a few more", format[i])
			}
			parts = append(parts, part)
		}
	}
	return parts, 0, ""
}

func timeAbbreviation(c byte) string {
	switch c {
	case 'T':
		return "%H:%M:%S"
	case 'R':
		return "%H:%M"
	case 'F':
		return "%Y-%m-%d"
	case 'D':
		return "%m/%d/%y"
	case 'r':
		return "%I:%M:%S %p"
	}
	return ""
}

func timeLetter(c byte) (timePart, bool) {
	for _, p := range [...]struct {
		c    byte
		kind timeKind
	}{
		{'Y', timeYear},
		{'y', timeYear2},
		{'m', timeMonth},
		{'b', timeMonthName},
		{'h', timeMonthName},
		{'B', timeMonthLong},
		{'d', timeDay},
		{'e', timeDay},
		{'H', timeHour},
		{'k', timeHour},
		{'I', timeHour12},
		{'l', timeHour12},
		{'p', timeHalf},
		{'M', timeMinute},
		{'S', timeSecond},
		{'j', timeDayOfYear},
		{'a', timeWord},
		{'A', timeWord},
		{'z', timeAnyZone},
		{'Z', timeAnyZone},
		{'s', timeEpoch},
		{'*', timeEpochMilli},
		{'f', timeEpochMicro},
	} {
		if p.c == c {
			part := timePart{kind: p.kind}
			if strings.IndexByte("ekl", c) >= 0 {
				part.c = ' '
			}
			return part, true
		}
	}
	switch c {
	case '%':
		return timePart{timeLiteral, '%'}, true
	case 't':
		return timePart{timeLiteral, '\t'}, true
	}
	return timePart{}, false
}

// width is the number of bytes a part has always, 0 where that varies.
func (k timeKind) width() int {
	switch k {
	case timeLiteral:
		return 1
	case timeYear:
		return 4
	case timeMonthName:
		return 3
	case timeYear2, timeMonth, timeDay, timeHour, timeHour12, timeHalf, timeMinute, timeSecond:
		return 2
	case timeDayOfYear:
		return 3
	case timeOffset:
		return 5
	}
	return 0
}

// A timeReader reads the times of one field.
type timeReader struct {
	parts []timePart
	look  int // so many parts, up to the first literal, are enough to know a time by
	head  int // so many parts have a fixed width and tell whole seconds
	width int // of the head in bytes, maxStamp at most; 0 where nothing is remembered
	idle  bool
	// Where the time begins with a date that may be written in two ways, what
	// reads the one with hyphens, and the one with slashes.
	iso, slashes *timeReader
}

// maxStamp is the length of the longest time that is remembered.
const maxStamp = 32

func newTimeReader(parts []timePart) timeReader {
	t := timeReader{parts: parts}
	if parts[0].kind == timeDate {
		t.iso, t.slashes = t.dated("%Y-%m-%d"), t.dated("%d/%b/%Y")
	}
	for t.look < len(parts) {
		t.look++
		if parts[t.look-1].kind == timeLiteral && t.look > 1 {
			break
		}
	}
	for _, p := range parts {
		w := p.kind.width()
		if w == 0 || t.width+w > maxStamp {
			break
		}
		t.head, t.width = t.head+1, t.width+w
	}
	// What stands behind the head must add to it without a look into it.
	if bitsOf(parts[t.head:])&^(timeZone|timeHasFraction) != 0 {
		t.head, t.width = 0, 0
	}
	return t
}

// dated is t for one way to write the date.
func (t *timeReader) dated(date string) *timeReader {
	parts, _, _ := strftime(date, false)
	r := newTimeReader(append(parts, t.parts[1:]...))
	return &r
}

// A stamp is the last time that was read, because a busy log repeats the same
// bytes for a whole second. The zero value is ready.
type stamp struct {
	raw [maxStamp]byte
	sec int64
}

// read reads the time at line[at]. next is the position behind it, or, when it
// is none, where it is wrong.
func (t *timeReader) read(line []byte, at int, s *stamp) (sec int64, nanos int32, next int, ok bool) {
	if t.iso != nil {
		if len(line)-at > 4 && line[at+4] == '-' {
			t = t.iso
		} else {
			t = t.slashes
		}
	}
	var m moment
	rest := t.parts
	if w := t.width; w > 0 && len(line)-at >= w {
		rest = t.parts[t.head:]
		if string(line[at:at+w]) != string(s.raw[:w]) || s.raw[0] == 0 {
			if next, ok = m.read(line, at, t.parts[:t.head]); !ok {
				return 0, 0, next, false
			}
			if s.sec, ok = m.seconds(); !ok {
				s.raw[0] = 0
				return 0, 0, at, false
			}
			copy(s.raw[:], line[at:at+w])
		}
		if at += w; len(rest) == 0 {
			return s.sec, 0, at, true
		}
		m = moment{}
		sec = s.sec
	}
	if next, ok = m.read(line, at, rest); !ok {
		return 0, 0, next, false
	}
	more, ok := m.seconds()
	return sec + more, m.nanos, next, ok
}

// begins says whether a time may begin at line[at], by its first few bytes.
func (t *timeReader) begins(line []byte, at int) bool {
	var m moment
	_, ok := m.read(line, at, t.parts[:t.look])
	return ok
}

// A moment is a time of which some parts have been read.
type moment struct {
	year, month, day, dayOfYear int
	hour, minute, second        int
	dated, twelve, afternoon    bool
	epoch, offset               int64
	nanos                       int32
}

// seconds is the Unix time of the parts that were read: of a date alone its
// midnight, of a clock alone the seconds of a day.
func (m *moment) seconds() (int64, bool) {
	sec := m.epoch - m.offset
	if m.dated {
		switch {
		case m.dayOfYear > 0:
			sec += (daysSinceEpoch(m.year, 1, 1) + int64(m.dayOfYear-1)) * 86400
		case m.month < 1 || m.day < 1 || m.day > daysIn(m.year, m.month):
			return 0, false
		default:
			sec += daysSinceEpoch(m.year, m.month, m.day) * 86400
		}
	}
	hour := m.hour
	if m.twelve {
		hour %= 12
		if m.afternoon {
			hour += 12
		}
	}
	return sec + int64(hour*3600+m.minute*60+m.second), true
}

// read reads parts at line[at]. It returns the position behind them, or where
// they are wrong.
func (m *moment) read(line []byte, at int, parts []timePart) (next int, ok bool) {
	day := at
	for i := range parts {
		p := &parts[i]
		if p.kind == timeLiteral {
			if at >= len(line) || line[at] != p.c {
				return min(at, len(line)), false
			}
			at++
			continue
		}
		if p.kind == timeDay {
			day = at
		}
		n := p.kind.width()
		if n == 0 {
			n = p.kind.extent(line[min(at, len(line)):])
		}
		if len(line)-at < n {
			return len(line), false
		}
		field := line[at : at+n]
		if p.c == ' ' && n > 1 && field[0] == ' ' {
			field = field[1:]
		}
		if !m.take(p.kind, field) {
			return at, false
		}
		at += n
	}
	if m.dated && m.dayOfYear == 0 && (m.month > 0 && m.day > daysIn(m.year, m.month)) {
		return day, false
	}
	return at, true
}

// extent is the length of a part of varying width that b begins with.
func (k timeKind) extent(b []byte) int {
	n := 0
	switch k {
	case timeWord, timeMonthLong:
		for n < len(b) && 'a' <= b[n]|0x20 && b[n]|0x20 <= 'z' {
			n++
		}
	case timeEpoch, timeEpochMilli, timeEpochMicro:
		for n < len(b) && (isDigit(b[n]) || k == timeEpoch && b[n] == '.') {
			n++
		}
	case timeAnyZone:
		for n < len(b) && n < 6 && (isDigit(b[n]) || n == 0 && (b[n] == '+' || b[n] == '-') || n == 3 && b[n] == ':' || 'A' <= b[n] && b[n] <= 'Z') {
			n++
		}
	case timeDate:
		switch {
		case len(b) > 4 && b[4] == '-':
			return len("2000-10-10")
		default:
			return len("10/Oct/2000")
		}
	case timeMilli:
		return 3
	case timeMicro:
		return 6
	case timeAny:
		return anyTimeExtent(b)
	case timeFraction:
		if len(b) > 0 && (b[0] == '.' || b[0] == ',') {
			for n = 1; n < len(b) && isDigit(b[n]); n++ {
			}
		}
	}
	return n
}

// take reads one part out of its bytes.
func (m *moment) take(k timeKind, b []byte) (ok bool) {
	switch k {
	case timeYear:
		m.dated = true
		m.year, ok = digits(b)
	case timeYear2:
		m.dated = true
		m.year, ok = digits(b)
		if m.year += 2000; m.year >= 2069 { // POSIX: 69 to 99 are of the last century
			m.year -= 100
		}
	case timeMonth:
		m.month, ok = digits(b)
		ok = ok && 1 <= m.month && m.month <= 12
	case timeMonthName, timeMonthLong:
		if len(b) >= 3 {
			m.month = monthNumber(b[0], b[1], b[2])
		}
		ok = m.month > 0
	case timeDay:
		m.day, ok = digits(b)
		ok = ok && 1 <= m.day && m.day <= 31
	case timeDayOfYear:
		m.dayOfYear, ok = digits(b)
		ok = ok && 1 <= m.dayOfYear && m.dayOfYear <= 366
	case timeHour, timeHour12:
		m.twelve = k == timeHour12
		m.hour, ok = digits(b)
		ok = ok && (m.hour <= 12 || m.hour <= 23 && !m.twelve)
	case timeHalf:
		m.afternoon = b[0]|0x20 == 'p'
		ok = (m.afternoon || b[0]|0x20 == 'a') && b[1]|0x20 == 'm'
	case timeMinute:
		m.minute, ok = digits(b)
		ok = ok && m.minute <= 59
	case timeSecond:
		m.second, ok = digits(b)
		ok = ok && m.second <= 60
	case timeWord:
		ok = len(b) > 0
	case timeOffset:
		m.offset, ok = zoneSeconds(b[0], b[1:5])
	case timeDate:
		return m.takeDate(b)
	default:
		return m.takeVarying(k, b)
	}
	return ok
}

func (m *moment) takeVarying(k timeKind, b []byte) (ok bool) {
	switch k {
	case timeAnyZone:
		if string(b) == "UTC" || string(b) == "GMT" {
			return true
		}
		m.offset, ok = parseOffset(b)
		ok = ok && len(b) > 0
	case timeEpoch:
		m.epoch, m.nanos, ok = parseEpoch(b)
	case timeAny:
		m.epoch, m.nanos, ok = parseTimeText(b)
	case timeEpochMilli, timeEpochMicro:
		var n int64
		unit := int64(1e3)
		if k == timeEpochMicro {
			unit = 1e6
		}
		n, ok = parseCount(b)
		m.epoch, m.nanos = n/unit, int32(n%unit*(1e9/unit))
		ok = ok && n < math.MaxInt64 && m.epoch <= MaxSec
	case timeMilli, timeMicro:
		m.nanos, ok = parseFraction(b)
	case timeFraction:
		ok = len(b) == 0
		if len(b) > 1 {
			m.nanos, ok = parseFraction(b[1:])
		}
	}
	return ok
}

// anyTimeExtent is the length of the time that b begins with, whichever it is:
// up to a byte that no time has, and one space where it has one.
func anyTimeExtent(b []byte) int {
	n, limit := 0, min(len(b), 40)
	for n < limit && (isNameByte(b[n]) || bytes.IndexByte([]byte("+-:./"), b[n]) >= 0) {
		n++
	}
	if n+1 < limit && b[n] == ' ' {
		zone := n + 1
		for zone < limit && (isNameByte(b[zone]) || bytes.IndexByte([]byte("+-:."), b[zone]) >= 0) {
			zone++
		}
		if _, _, ok := parseTimeText(b[:zone]); ok {
			return zone
		}
	}
	return n
}

// takeDate reads 2000-10-10 or 10/Oct/2000.
func (m *moment) takeDate(b []byte) bool {
	var okYear, okMonth, okDay bool
	if b[4] == '-' {
		m.year, okYear = digits(b[0:4])
		m.month, okMonth = digits(b[5:7])
		m.day, okDay = digits(b[8:10])
		okMonth = okMonth && b[7] == '-'
	} else {
		m.day, okDay = digits(b[0:2])
		m.month = monthNumber(b[3], b[4], b[5])
		m.year, okYear = digits(b[7:11])
		okMonth = b[2] == '/' && b[6] == '/'
	}
	m.dated = true
	return okYear && okMonth && okDay && 1 <= m.month && m.month <= 12 && m.day >= 1 && m.day <= daysIn(m.year, m.month)
}

// writeTime writes the time of the examples, 20:55:36 in UTC, as seven hours
// west of it where a zone tells so.
func writeTime(b *strings.Builder, parts []timePart, zoned bool) {
	hour := 20
	if zoned {
		hour = 13
	}
	for _, p := range parts {
		switch p.kind {
		case timeLiteral:
			b.WriteByte(p.c)
		case timeYear2:
			b.WriteString("00")
		case timeYear:
			b.WriteString("2000")
		case timeMonth, timeDay:
			b.WriteString("10")
		case timeMonthName:
			b.WriteString("Oct")
		case timeMonthLong:
			b.WriteString("October")
		case timeDayOfYear:
			b.WriteString("284")
		case timeDate:
			b.WriteString("10/Oct/2000")
		case timeHour:
			fmt.Fprintf(b, "%02d", hour)
		case timeHour12:
			fmt.Fprintf(b, "%02d", hour-hour/13*12)
		case timeHalf:
			b.WriteString("PM")
		case timeMinute:
			b.WriteString("55")
		case timeSecond:
			b.WriteString("36")
		case timeWord:
			b.WriteString("Tue")
		case timeOffset:
			b.WriteString("-0700")
		case timeAnyZone:
			b.WriteString("-07:00")
		case timeEpoch, timeAny:
			b.WriteString("971211336")
		case timeEpochMilli, timeEpochMicro:
			b.WriteString("971211336" + strings.Repeat("0", 3*int(k3(p.kind))))
		case timeMilli:
			b.WriteString("000")
		case timeMicro:
			b.WriteString("000000")
		}
	}
}

// k3 is the number of thousands in a second of an epoch's unit.
func k3(k timeKind) int {
	if k == timeEpochMicro {
		return 2
	}
	return 1
}
