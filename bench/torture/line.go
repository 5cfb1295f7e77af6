package main

import (
	"bytes"
	"strconv"
	"time"
)

const (
	stampLayout = "02/Jan/2006:15:04:05 -0700"
	numberWidth = 12
	lineRoom    = 6 << 10 // no line is longer
	beforeStamp = " - - ["
	afterStamp  = `] "GET /torture/`
)

// stampOf is the time of a line as a log has it.
func stampOf(t time.Time) []byte { return t.UTC().AppendFormat(nil, stampLayout) }

// appendLine appends line n of a log in the Combined format, newline included.
// The number and the stamp decide every byte of it, so that a reader can tell a
// line that was written from one that was put together from two.
//
// Most lines have 120 to 320 bytes. One in 512 has 3,000 to 5,000, so that
// there are some that are longer than a page of memory.
func appendLine(b []byte, n int64, stamp []byte) []byte {
	h := scramble(uint64(n))
	b = append(b, "10."...)
	for shift := 0; shift < 24; shift += 8 {
		b = strconv.AppendUint(b, h>>shift&0xff, 10)
		b = append(b, '.')
	}
	b = append(b[:len(b)-1], beforeStamp...)
	b = append(b, stamp...)
	b = append(b, afterStamp...)
	b = appendNumber(b, n)
	b = append(b, ` HTTP/1.1" 200 `...)
	b = strconv.AppendUint(b, h>>24&0xffff, 10)
	b = append(b, ` "-" "`...)
	length := 20 + int(h>>40%200)
	if h>>48%512 == 0 {
		length = 3000 + int(h>>40%2000)
	}
	for i := range length {
		b = append(b, 'a'+byte((h>>(i%8*7)+uint64(i))%26))
	}
	return append(b, '"', '\n')
}

// appendNumber appends n in numberWidth digits.
func appendNumber(b []byte, n int64) []byte {
	var digits [numberWidth]byte
	for i := numberWidth - 1; i >= 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	return append(b, digits[:]...)
}

// scramble is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection
// whose every bit depends on every bit of n.
func scramble(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// A proof reads lines back. It holds the memory in which they are made again;
// its zero value is ready.
type proof struct{ again []byte }

// number returns the number of a line, given without its newline; false unless
// it is byte for byte one that appendLine made.
func (p *proof) number(line []byte) (int64, bool) {
	begin := bytes.Index(line[:min(len(line), 40)], []byte(beforeStamp)) + len(beforeStamp)
	end := begin + len(stampLayout)
	digits := end + len(afterStamp)
	if begin < len(beforeStamp) || digits+numberWidth > len(line) {
		return 0, false
	}
	var n int64
	for _, c := range line[digits : digits+numberWidth] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	p.again = appendLine(p.again[:0], n, line[begin:end])
	return n, bytes.Equal(p.again[:len(p.again)-1], line)
}
