package agent

import (
	"bytes"
	"fmt"
	"testing"
)

const chromeAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"

func BenchmarkClassify(b *testing.B) {
	for _, c := range []struct{ name, agent string }{
		{"chrome", chromeAgent},
		{"iphone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1"},
		{"googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
		{"curl", "curl/8.5.0"},
		{"longest", string(bytes.Repeat([]byte("google-"), looked/7))},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := []byte(c.agent)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Classify(text)
			}
		})
	}
}

func BenchmarkCacheHit(b *testing.B) {
	var c Cache
	text := []byte(chromeAgent)
	b.ReportAllocs()
	for b.Loop() {
		c.Classify(text)
	}
}

// BenchmarkCacheOfManyAgents asks for 2,000 agents in turn.
func BenchmarkCacheOfManyAgents(b *testing.B) {
	var c Cache
	agents := make([][]byte, 2000)
	for i := range agents {
		agents[i] = fmt.Appendf(nil, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Classify(agents[i%len(agents)])
	}
}

// BenchmarkCacheMiss asks for agents that never come again.
func BenchmarkCacheMiss(b *testing.B) {
	var c Cache
	text := []byte(chromeAgent + " 00000000")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for d, n := len(text)-1, i; d >= len(chromeAgent)+1; d, n = d-1, n/10 {
			text[d] = '0' + byte(n%10)
		}
		c.Classify(text)
	}
}
