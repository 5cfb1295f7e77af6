package simulate

import "math/rand/v2"

// damage makes a line that is no request in any format out of the one that
// begins at from: one cut short, as a full disk leaves it, one of an error log,
// or bytes of another protocol. The line feed stays.
func damage(dst []byte, from int, r *rand.Rand) []byte {
	switch r.IntN(3) {
	case 0:
		// A sixth is not yet the status in any format, nor all of what LTSV needs: a
		// third was, now and then.
		length := (len(dst) - 1 - from) / 6
		dst = dst[:from+1+r.IntN(max(length, 1))]
	case 1:
		texts := errorLines()
		dst = append(dst[:from], texts[r.IntN(len(texts))]...)
	default:
		dst = append(dst[:from], "\x16\x03\x01\x02\x01\xfc\x03\x03"...)
		for range 8 + r.IntN(40) {
			dst = append(dst, byte(0x80+r.IntN(0x80)))
		}
	}
	return append(dst, '\n')
}

// errorLines returns lines of error logs that stand in access logs by mistake.
func errorLines() []string {
	return []string{
		"2026/03/01 12:00:00 [error] 4711#4711: *93 connect() failed (111: Connection refused) while connecting to upstream",
		"AH00558: httpd: Could not reliably determine the server's fully qualified domain name",
		"Traceback (most recent call last):",
		"tail: access.log: file truncated",
	}
}
