package main

import (
	"bufio"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// summary is what was written.
type summary struct {
	lines, bytes int64
	last         time.Time // of the last line
}

// write writes the log of o to w.
func write(w io.Writer, o options) (summary, error) {
	r := rand.New(rand.NewPCG(o.seed, 0))
	l := &log{site: newSite(o, r), rand: r, day: newDay(o.size), latency: o.latency, methods: methods(), statuses: statuses()}
	out := bufio.NewWriterSize(w, 1<<20)
	line := make([]byte, 0, 1024)
	var s summary
	for s.bytes < o.size {
		line = l.append(line[:0])
		if _, err := out.Write(line); err != nil {
			return s, err
		}
		s.lines++
		s.bytes += int64(len(line))
		l.day.advance(r.ExpFloat64() * float64(len(line)))
	}
	s.last = l.day.start.Add(time.Duration(l.day.second) * time.Second)
	return s, out.Flush()
}

// log makes one line after the other. It belongs to one goroutine.
type log struct {
	site     *site
	rand     *rand.Rand
	day      *day
	latency  bool
	methods  []weighted
	statuses []weighted
}

// append appends the next line.
func (l *log) append(b []byte) []byte {
	s, r := l.site, l.rand
	client := s.client.pick(r.Uint64())
	b = appendAddress(b, client)
	b = append(b, " - "...)
	if r.IntN(100) < 2 {
		b = append(b, s.words[r.IntN(users)]...)
	} else {
		b = append(b, '-')
	}
	b = append(b, " ["...)
	b = append(b, l.day.stamp...)
	b = append(b, `] "`...)
	b = append(b, l.methods[s.method.pick(r.Uint64())].text...)
	b = append(b, ' ')
	b = append(b, s.paths[s.path.pick(r.Uint64())]...)
	b = l.appendQuery(b)
	if r.IntN(3) == 0 {
		b = append(b, ` HTTP/2.0" `...)
	} else {
		b = append(b, ` HTTP/1.1" `...)
	}
	b = l.appendAnswer(b)
	b = append(b, ` "`...)
	if r.IntN(100) < 40 {
		b = append(b, '-')
	} else {
		b = append(b, s.referrers[s.referrer.pick(r.Uint64())]...)
	}
	b = append(b, `" "`...)
	b = append(b, s.agentOf(client, r)...)
	b = append(b, '"')
	if l.latency {
		b = appendLatency(append(b, ' '), math.Exp(r.NormFloat64()*1.1-3.2))
	}
	return append(b, '\n')
}

// appendQuery gives 15 % of the requests a query, half of them with a page.
func (l *log) appendQuery(b []byte) []byte {
	if l.rand.IntN(100) >= 15 {
		return b
	}
	b = append(b, "?q="...)
	b = append(b, l.site.word(l.rand)...)
	if l.rand.IntN(2) == 0 {
		b = append(b, "&page="...)
		b = strconv.AppendInt(b, l.rand.Int64N(50), 10)
	}
	return b
}

// appendAnswer appends status and size, log-normal around 5 kB. Half of the
// servers write - for an answer without a body.
func (l *log) appendAnswer(b []byte) []byte {
	status := l.statuses[l.site.answer.pick(l.rand.Uint64())].text
	b = append(b, status...)
	b = append(b, ' ')
	if status == "304" || status == "204" {
		return append(b, "-0"[l.rand.IntN(2)])
	}
	return strconv.AppendInt(b, int64(math.Exp(l.rand.NormFloat64()*1.7+8.5)), 10)
}

// appendLatency appends seconds with 3 decimals, as nginx writes
// $request_time.
func appendLatency(b []byte, seconds float64) []byte {
	ms := uint64(seconds * 1000)
	b = strconv.AppendUint(b, ms/1000, 10)
	rest := ms % 1000
	return append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
}

// day is the time of the log: it begins at midnight, the requests come at
// random, 1.6 times as many as on the average at one in the afternoon, 0.4 times
// at one in the night.
type day struct {
	start   time.Time
	perByte float64 // seconds that a byte of the log takes, on the average
	at      float64 // seconds since start
	second  int64   // the whole ones of at
	stamp   []byte  // second as a log has it
}

const secondsOfDay = 24 * 60 * 60

// newDay spreads size bytes over the day. How many fit is random, so that a
// little is left free: were the rest of the log set to the last second, it
// would look like an onslaught.
func newDay(size int64) *day {
	const lineLength = 240
	free := 4 / math.Sqrt(float64(size)/lineLength)
	d := &day{
		start:   time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC),
		perByte: secondsOfDay * max(0.5, 1-free) / float64(size),
		second:  -1,
	}
	d.advance(0)
	return d
}

// advance lets the time go on until b bytes at the average rate are written.
func (d *day) advance(b float64) {
	rate := 1 - 0.6*math.Cos(2*math.Pi*(d.at/secondsOfDay-1.0/24))
	d.at = min(d.at+b*d.perByte/rate, secondsOfDay-1)
	if s := int64(d.at); s != d.second {
		d.second = s
		d.stamp = d.start.Add(time.Duration(s)*time.Second).AppendFormat(d.stamp[:0], "02/Jan/2006:15:04:05 -0700")
	}
}
