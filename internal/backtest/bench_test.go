package backtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/config"
	"weir/internal/query"
)

// rules are those that stand by default.
func rules() Options {
	return Options{
		Rules: config.Default().Watched(), Lateness: 2 * time.Second, Now: time.Unix(2_000_000_000, 0),
		Filter: func(text string) func(*accesslog.Record) bool {
			q, err := query.Compile(text, query.Options{})
			if err != nil {
				panic(err)
			}
			return q.Matcher().Match
		},
	}
}

// traffic writes n records of a site, so many a second.
func traffic(n, perSecond int, from int64) []byte {
	r := rand.New(rand.NewPCG(1, 1))
	var text []byte
	for i := range n {
		rec := accesslog.Record{
			Sec: from + int64(i/perSecond), Status: 200, Bytes: r.Int64N(5000), Latency: time.Duration(1+r.IntN(200)) * time.Millisecond,
			Method: []byte("GET"), Target: fmt.Appendf(nil, "/s%d/%d", r.IntN(12), r.IntN(100)), Client: fmt.Appendf(nil, "10.0.0.%d", r.IntN(200)), Agent: []byte("x"),
		}
		if r.IntN(100) == 0 {
			rec.Status = 500
		}
		text = Writer{}.Append(text, &rec, "")
	}
	return text
}

// BenchmarkPlay is what a line costs behind its parsing, with the rules that stand by
// default, on a busy site, and on one where nearly all is the cost of seconds.
func BenchmarkPlay(b *testing.B) {
	for _, perSecond := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d-per-second", perSecond), func(b *testing.B) {
			const block = 10_000
			text := traffic(block, perSecond, 0)
			run := New(rules())
			source := run.AddSource("x")
			b.ReportAllocs()
			from := int64(1_700_000_000)
			var r accesslog.Record
			var moved []byte
			for done := 0; done < b.N; done += block {
				b.StopTimer()
				moved = moved[:0]
				for rest := text; len(rest) > 0; {
					rest, _, _ = next(rest, &r)
					r.Sec += from
					moved = Writer{}.Append(moved, &r, "")
				}
				from += int64(block / perSecond)
				b.StartTimer()
				var bl Block
				bl.Fill(moved)
				run.Caught(source, false)
				run.Play(source, &bl, 1<<62)
			}
		})
	}
}
