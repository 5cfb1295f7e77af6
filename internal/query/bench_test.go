package query

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkMatch(b *testing.B) {
	var blocklist, users strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&blocklist, "%d.%d.0.0/16, ", 11+i/250, i%250)
		fmt.Fprintf(&users, "user%d, ", i)
	}
	for _, c := range []struct{ name, text string }{
		{"status", "status >= 500"},
		{"statusSet", "status in (403, 5xx)"},
		{"bytes", "bytes > 1MB"},
		{"time", "time > -2h"},
		{"hour", "hour < 6"},
		{"equal", "method = POST"},
		{"path", "path startswith /admin"},
		{"contains", "path contains wp-login"},
		{"like", "path like /api/*/edit"},
		{"prefixPattern", "path ~ ^/admin"},
		{"alternatives", "agent ~* 'bot|crawl|spider|slurp'"},
		{"pattern", `path ~ "^/[a-z]+/[a-z]+/[0-9]+$"`},
		{"patternAfterText", `path ~ "^/admin/[0-9]+$"`},
		{"network", "client in 192.168.0.0/16"},
		{"blocklist", "client in (" + blocklist.String() + "::1)"},
		{"userSet", "user in (" + users.String() + "x)"},
		{"section", "section = /pages"},
		{"site", "site = example.com"},
		{"bot", "not bot"},
		{"manual", `status >= 400 and path ~ "^/api" and client in 10.0.0.0/8 and not bot`},
	} {
		q, err := Compile(c.text, testOptions(b))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			m, r := q.Matcher(), request()
			r.Agent = []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
			b.ReportAllocs()
			for b.Loop() {
				m.Match(&r)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	o := testOptions(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(`status >= 500 and path ~ "^/api" and client in 10.0.0.0/8 and not bot`, o); err != nil {
			b.Fatal(err)
		}
	}
}
