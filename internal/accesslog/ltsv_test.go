package accesslog

import (
	"strings"
	"testing"
)

func TestLabelsMayStandInAnyOrderAndBeMissing(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{
			"time:[28/Feb/2013:12:00:00 +0900]|host:192.0.2.1|forwardedfor:-|req:GET /list HTTP/1.1|status:200|size:5316|referer:-|ua:x|reqtime_microsec:9789|cache:-|runtime:-|vhost:h.example|reqsize:90",
			"1362020400.000000000 200 5316 9.789ms client=192.0.2.1 host=h.example request=GET /list HTTP/1.1 method=GET target=/list protocol=HTTP/1.1 agent=x",
		},
		{
			"status:404|uri:/a?b|method:GET|protocol:HTTP/1.0|time:2013-02-28T12:00:00+09:00|reqtime:0.25|apptime:0.1|user:u",
			"1362020400.000000000 404 0 250ms user=u method=GET target=/a?b protocol=HTTP/1.0",
		},
		{"apptime:0.1|time:7|uri:/a", "7.000000000 0 0 100ms target=/a"},
		{"apptime:0.001, 0.002 : 0.1|time:7|uri:/a", "7.000000000 0 0 103ms target=/a"},
		{"apptime:-, 0.002|time:7|uri:/a", "7.000000000 0 0 2ms target=/a"},
		{"time:7|remote_addr:::1|request_uri:/a|http_user_agent:a:b", "7.000000000 0 0 client=::1 target=/a agent=a:b"},
		{"time:7|req:HELP|status:400", "7.000000000 400 0 request=HELP malformed"},
		{"time:7|uri:/a|unknown:|x-y.z:1", "7.000000000 0 0 target=/a"},
	} {
		r := mustHit(t, newLTSV(), strings.ReplaceAll(c.line, "|", "\t"))
		if got := tellAll(&r); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.line, got, c.want)
		}
	}
	for _, c := range []struct {
		line   string
		column int
		reason Reason
	}{
		{"text", 1, ReasonCut},
		{"two words: and more", 1, ReasonField},
		{":x", 1, ReasonField},
		{"time:7|req", 8, ReasonCut},
		{"time:7|req|uri:/a", 8, ReasonField},
		{"time:7||uri:/a", 8, ReasonCut},
		{"time:7|uri:/a|", 15, ReasonCut},
		{"time:7|status:200", 18, ReasonNoRequest},
		{"uri:/a|status:200", 18, ReasonNoTime},
		{"time:x|uri:/a", 6, ReasonTime},
		{"time:7|uri:/a|reqtime:x", 23, ReasonLatency},
		{"time:7|uri:/a|apptime:0.1, x", 23, ReasonLatency},
	} {
		outs, _ := feed(newLTSV(), strings.ReplaceAll(c.line, "|", "\t"))
		if out := outs[0]; out.Reason != c.reason || out.Column != c.column {
			t.Errorf("%s: got %+v, want %q at %d", c.line, out, c.reason, c.column)
		}
	}
}
