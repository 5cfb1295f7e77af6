package agent

import (
	"bytes"
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
