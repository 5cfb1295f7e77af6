package accesslog

// stampLen is the length of a Common Log time without its brackets.
const stampLen = len("10/Oct/2000:13:55:36 -0700")

// A stampCache reads the time of the Common Log Format and remembers the last
// one, because a busy log repeats the same 26 bytes for a whole second: then
// comparing them replaces reading them. The zero value is ready.
type stampCache struct {
	raw [stampLen]byte // all zero bytes as long as nothing is remembered
	sec int64
}

// parse reads the time whose opening bracket is at line[at]:
//
//	[10/Oct/2000:13:55:36 -0700]
//	0  3   7    12 15 18  22   27
//
// It returns the position after the closing bracket.
func (c *stampCache) parse(line []byte, at int, r *Record) (int, Reason) {
	if at >= len(line) {
		return len(line), ReasonCut
	}
	if line[at] != '[' {
		return at, ReasonTime
	}
	if len(line)-at < stampLen+2 {
		return len(line), ReasonCut
	}
	at++
	raw := [stampLen]byte(line[at:])
	if raw != c.raw || raw[0] == 0 {
		sec, bad := parseStamp(&raw)
		if bad >= 0 {
			return at + bad, ReasonTime
		}
		c.raw, c.sec = raw, sec
	}
	if line[at+stampLen] != ']' {
		return at + stampLen, ReasonTime
	}
	r.Sec = c.sec
	return at + stampLen + 1, ""
}

// parseStamp returns the Unix seconds of a Common Log time, or the position at
// which it is none (-1 when all is well). Leap seconds are accepted and fall
// on the second after them, as in Unix time.
func parseStamp(b *[stampLen]byte) (sec int64, bad int) {
	for _, s := range [...]struct {
		at int
		c  byte
	}{{2, '/'}, {6, '/'}, {11, ':'}, {14, ':'}, {17, ':'}, {20, ' '}} {
		if b[s.at] != s.c {
			return 0, s.at
		}
	}
	month := monthNumber(b[3], b[4], b[5])
	if month == 0 {
		return 0, 3
	}
	year, ok := digits(b[7:11])
	if !ok {
		return 0, 7
	}
	day, ok := digits(b[0:2])
	if !ok || day < 1 || day > daysIn(year, month) {
		return 0, 0
	}
	clock, bad := clockSeconds(b[12:20])
	if bad >= 0 {
		return 0, 12 + bad
	}
	offset, ok := zoneSeconds(b[21], b[22:26])
	if !ok {
		return 0, 21
	}
	return daysSinceEpoch(year, month, day)*86400 + clock - offset, -1
}

// clockSeconds reads hh:mm:ss, whose colons have been checked, into seconds of
// the day; bad is the position of what is out of range, or -1.
func clockSeconds(b []byte) (sec int64, bad int) {
	hour, ok := digits(b[0:2])
	if !ok || hour > 23 {
		return 0, 0
	}
	minute, ok := digits(b[3:5])
	if !ok || minute > 59 {
		return 0, 3
	}
	second, ok := digits(b[6:8])
	if !ok || second > 60 {
		return 0, 6
	}
	return int64(hour*3600 + minute*60 + second), -1
}

// zoneSeconds reads a zone's sign and hhmm. The zones in use reach from -1200
// to +1400.
func zoneSeconds(sign byte, hhmm []byte) (offset int64, ok bool) {
	hours, okHours := digits(hhmm[:2])
	minutes, okMinutes := digits(hhmm[2:4])
	if !okHours || !okMinutes || hours > 14 || minutes > 59 {
		return 0, false
	}
	offset = int64(hours*3600 + minutes*60)
	switch sign {
	case '+':
		return offset, true
	case '-':
		return -offset, true
	}
	return 0, false
}

// monthNumber is 1 to 12 for the English abbreviation abc, 0 for any other.
// Servers write it in this spelling whatever their locale.
func monthNumber(a, b, c byte) int {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for i := 0; i < len(names); i += 3 {
		if names[i] == a && names[i+1] == b && names[i+2] == c {
			return i/3 + 1
		}
	}
	return 0
}

// digits reads b, which must be all decimal digits and short enough not to
// overflow.
func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// daysIn is the number of days of a month in the proleptic Gregorian calendar.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts the days from 1 January 1970 to a date. Years begin in
// March here, so that the leap day comes last and the months before it make a
// pattern: March to February start on day (153*m+2)/5 of such a year.
// time.Date gives the same (a test compares all days of 400 years), at six
// times the price.
func daysSinceEpoch(year, month, day int) int64 {
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	// 400 years are 146,097 days; adding 400 years keeps year 0 positive.
	y += 400
	era, ofEra := y/400, y%400
	days := ofEra*365 + ofEra/4 - ofEra/100 + (153*m+2)/5 + day - 1
	return int64(era*146097+days) - 719468 - 146097
}
