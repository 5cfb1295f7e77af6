package main

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	readRoom  = 256 << 10
	mostTexts = 1000 // broken lines kept for the report
)

// A bitmap is a set of line numbers, a bit each.
type bitmap struct{ words []uint64 }

func (b *bitmap) has(n int64) bool {
	return n>>6 < int64(len(b.words)) && b.words[n>>6]&(1<<(n&63)) != 0
}

func (b *bitmap) add(n int64) {
	for n>>6 >= int64(len(b.words)) {
		b.words = append(b.words, 0)
	}
	b.words[n>>6] |= 1 << (n & 63)
}

// A double is lines that came once more, and the highest number seen by then.
type double struct {
	stretch
	most int64
}

// A checker reads what a follower prints and counts it by number. read is called
// by one goroutine at a time; all others may be called from anywhere.
//
// The lines that were seen are a bit each: 1.2 MB for 10,000,000.
type checker struct {
	written func() int64  // the number behind the last line written: higher ones are broken
	gate    chan struct{} // one deep: full while a read goes on, or while somebody wants the pipe to fill up

	most    atomic.Int64 // the highest number seen
	arrived atomic.Int64 // lines of any kind
	changed atomic.Int64 // when the last one came, in Unix nanoseconds

	mu       sync.Mutex
	limit    int64 // what written said last
	proof    proof
	seen     bitmap
	distinct int64
	late     int64
	zeros    int64 // NUL bytes in front of lines
	broken   []string
	brokenN  int64
	doubled  []double // the first few
	doubledN int64
	kill     int64          // what had been seen when the follower was killed last
	again    map[int64]bool // of those, what it has printed again since
	repeated int64
	cut      int64 // lines that a kill has cut off in the pipe
}

func newChecker(written func() int64) *checker {
	c := &checker{written: written, gate: make(chan struct{}, 1)}
	c.changed.Store(time.Now().UnixNano())
	return c
}

// read reads lines until r ends. killed tells, at the end, whether half a line
// is the work of a kill.
func (c *checker) read(r io.Reader, killed func() bool) error {
	buf := make([]byte, readRoom)
	fill := 0
	for {
		c.gate <- struct{}{}
		n, err := r.Read(buf[fill:])
		<-c.gate
		fill += n
		if n > 0 {
			fill = c.take(buf, fill)
		}
		if err == nil {
			continue
		}
		if fill > 0 {
			c.end(buf[:fill], killed())
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return err
	}
}

// take counts the whole lines of buf[:fill], moves the rest to its front and
// returns how much that is.
func (c *checker) take(buf []byte, fill int) int {
	c.changed.Store(time.Now().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	at := 0
	for {
		n := bytes.IndexByte(buf[at:fill], '\n')
		if n < 0 {
			break
		}
		c.line(buf[at : at+n])
		at += n + 1
	}
	if at == 0 && fill == len(buf) {
		if zeros := leading(buf); zeros > 0 {
			c.zeros += int64(zeros) // the hole of a file, larger than the buffer
			return copy(buf, buf[zeros:])
		}
		c.line(buf) // nothing that was written is so long
		return 0
	}
	return copy(buf, buf[at:fill])
}

// leading is how many NUL bytes b begins with.
func leading(b []byte) int { return len(b) - len(bytes.TrimLeft(b, "\x00")) }

// line counts one line; the lock is held.
func (c *checker) line(text []byte) {
	zeros := leading(text)
	c.zeros += int64(zeros)
	text = text[zeros:]
	c.arrived.Add(1)
	n, ok := c.proof.number(text)
	if ok && n >= c.limit {
		c.limit = c.written()
	}
	if !ok || n < 1 || n >= c.limit {
		if zeros > 0 && len(text) == 0 {
			return
		}
		c.brokenN++
		if len(c.broken) < mostTexts {
			c.broken = append(c.broken, string(text[:min(len(text), lineRoom)]))
		}
		return
	}
	if c.seen.has(n) {
		if n <= c.kill && !c.again[n] {
			c.again[n] = true
			c.repeated++
			return
		}
		c.doubledN++
		if k := len(c.doubled); k > 0 && c.doubled[k-1].to == n {
			c.doubled[k-1].to++
		} else if k < mostTexts {
			c.doubled = append(c.doubled, double{stretch{n, n + 1}, c.most.Load()})
		}
		return
	}
	c.seen.add(n)
	c.distinct++
	if most := c.most.Load(); n < most {
		c.late++
	} else {
		c.most.Store(n)
	}
}

// end counts what a follower has left without a newline.
func (c *checker) end(text []byte, killed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if killed {
		c.cut++
		return
	}
	c.line(text)
}

// killed notes that the follower was killed, so that it may print once more what
// it had printed since it last saved its position. All it had printed has been
// read.
func (c *checker) killed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kill, c.again = c.most.Load(), map[int64]bool{}
}

// quiet is how long no line has come.
func (c *checker) quiet(now time.Time) time.Duration {
	return now.Sub(time.Unix(0, c.changed.Load()))
}

// missing returns the lines below next that were not seen, in order, those that
// were destroyed before the follower came to them apart.
func (c *checker) missing(next int64, gone []stretch) (lost, unread []stretch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add := func(list []stretch, n int64) []stretch {
		if k := len(list); k > 0 && list[k-1].to == n {
			list[k-1].to++
			return list
		}
		return append(list, stretch{n, n + 1})
	}
	for n := int64(1); n < next; n++ {
		if n&63 == 0 && n>>6 < int64(len(c.seen.words)) && c.seen.words[n>>6] == ^uint64(0) {
			n += 63
			continue
		}
		if c.seen.has(n) {
			continue
		}
		for len(gone) > 0 && gone[0].to <= n {
			gone = gone[1:]
		}
		if len(gone) > 0 && gone[0].from <= n {
			unread = add(unread, n)
		} else {
			lost = add(lost, n)
		}
	}
	return lost, unread
}

// count adds up the lines of a list.
func count(list []stretch) int64 {
	var n int64
	for _, s := range list {
		n += s.to - s.from
	}
	return n
}
