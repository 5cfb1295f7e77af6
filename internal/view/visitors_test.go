package view

import (
	"fmt"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

func TestBotsAreToldFromPeople(t *testing.T) {
	var tally traffic.Tally
	visit := func(n int, agent string, latency time.Duration) {
		count(&tally, n, accesslog.Record{
			Client: []byte("192.0.2.1"), Agent: []byte(agent), Method: []byte("GET"), Target: []byte("/"), Status: 200, Bytes: 10, Latency: latency,
		}, "/")
	}
	const googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
	visit(40, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", time.Second)
	visit(20, "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", accesslog.NoLatency)
	visit(5, "nothing anybody knows", accesslog.NoLatency)
	visit(9, googlebot, accesslog.NoLatency)
	visit(3, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", accesslog.NoLatency)
	visit(2, "curl/8.8.0", accesslog.NoLatency)
	visit(1, "curl/7.1", accesslog.NoLatency)
	s := Read(&tally, Tops{Others: 2})
	told := func(tb Table) string {
		text := fmt.Sprintf("%d keys, rest %d:", tb.Keys, tb.Rest)
		for _, r := range tb.Rows {
			text += fmt.Sprintf(" %s %d", r.Key, r.Hits)
		}
		return text
	}
	for name, c := range map[string]struct{ got, want string }{
		"bots":     {told(s.Bots), "3 keys, rest 3: Googlebot 9 GPTBot 3"},
		"kinds":    {told(s.BotKinds), "3 keys, rest 3: search 9 ai 3"},
		"browsers": {told(s.Browsers), "3 keys, rest 5: Chrome 40 Firefox 20"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	if s.BotHits != 15 {
		t.Errorf("got %d hits by bots, want 15", s.BotHits)
	}
	if l := s.Browsers.Rows[0].Latency; l == nil || l.Count != 40 || l.Mean != time.Second || s.Browsers.Rows[1].Latency != nil {
		t.Errorf("got the latencies %+v and %+v, want that of 40 hits and none", l, s.Browsers.Rows[1].Latency)
	}
	few := Read(&tally, Tops{Bots: 2})
	if got, want := told(few.Bots), told(s.Bots); got != want || few.BotHits != s.BotHits {
		t.Errorf("without the tables of a report: got %q, %d hits by bots, want %q, %d", got, few.BotHits, want, s.BotHits)
	}
	if len(few.Browsers.Rows)+len(few.Agents.Rows) > 0 {
		t.Error("without the tables of a report there are some of them")
	}
	if none := Read(&tally, Tops{}); none.BotHits != 0 || len(none.Bots.Rows) > 0 {
		t.Errorf("got %d hits by bots, want none where they are not asked for", none.BotHits)
	}
}
