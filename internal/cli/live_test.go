package cli

import (
	"strings"
	"testing"
	"time"

	"weir/internal/drive"
	"weir/internal/unit"
)

func TestEachKeyDoesWhatTheScreenSays(t *testing.T) {
	c := controls{rate: 500 * unit.One, patterns: []string{"constant", "sine", "burst"}}
	s := drive.Setting{Jitter: 0.25}
	for _, k := range []struct {
		key  byte
		want drive.Setting
		says string
	}{
		{'+', drive.Setting{Faster: 1, Jitter: 0.25}, ""},
		{'=', drive.Setting{Faster: 2, Jitter: 0.25}, ""},
		{'-', drive.Setting{Faster: 1, Jitter: 0.25}, ""},
		{'_', drive.Setting{Jitter: 0.25}, ""},
		{'k', drive.Setting{Jitter: 0.4}, ""},
		{'j', drive.Setting{Jitter: 0.3}, ""},
		{' ', drive.Setting{Jitter: 0.3, Paused: true}, ""},
		{'+', drive.Setting{Faster: 1, Jitter: 0.3, Paused: true}, ""},
		{' ', drive.Setting{Faster: 1, Jitter: 0.3}, ""},
		{'p', drive.Setting{Faster: 1, Jitter: 0.3, Pattern: 1}, ""},
		{'p', drive.Setting{Faster: 1, Jitter: 0.3, Pattern: 2}, ""},
		{'p', drive.Setting{Faster: 1, Jitter: 0.3}, ""},
		{'x', drive.Setting{Faster: 1, Jitter: 0.3}, ""},
		{0x1b, drive.Setting{Faster: 1, Jitter: 0.3}, ""},
	} {
		to, says, stop := c.press(s, k.key)
		if to != k.want || says != k.says || stop {
			t.Errorf("%q: got %+v, %q, %t, want %+v", k.key, to, says, stop, k.want)
		}
		s = to
	}
	for range 200 {
		s, _, _ = c.press(s, '-')
		s, _, _ = c.press(s, 'k')
	}
	if s.Faster != drive.Slowest || s.Jitter != 1 {
		t.Errorf("at the ends got %+v", s)
	}
	if _, says, stop := c.press(s, 'q'); !stop || says != "stopping" {
		t.Errorf("q: got %q, %t", says, stop)
	}
	log := controls{}
	for _, key := range []byte("jkp") {
		if to, says, _ := log.press(drive.Setting{}, key); to != (drive.Setting{}) || says == "" {
			t.Errorf("a log, %q: got %+v, %q", key, to, says)
		}
	}
}

func TestNoKeyLeadsToMoreThanAnotherMachineMayGet(t *testing.T) {
	o := &trafficgen{connections: 4, peaks: []unit.PerSecond{600 * unit.One, 900 * unit.One}}
	o.pacing.rate = 600 * unit.One
	site, target, err := drive.ParseURL("http://192.0.2.1/")
	if err != nil {
		t.Fatal(err)
	}
	c := o.controls(&drive.Options{Requests: []drive.Request{{Method: "GET", Site: site, Target: target}}})
	c.patterns = []string{"constant", "another"}
	s := drive.Setting{}
	for range 20 {
		s, _, _ = c.press(s, '+')
	}
	if s.Faster != 5 || s.Times()*600 > 1000 {
		t.Errorf("got %+v", s)
	}
	for _, key := range []byte("kp") {
		if to, says, _ := c.press(s, key); to != s || !strings.Contains(says, "--yes-i-own-this") {
			t.Errorf("%q: got %+v, %q", key, to, says)
		}
	}
}

func TestTheScreenShowsWhatARunDoes(t *testing.T) {
	l := &live{setting: drive.Setting{Faster: 1, Jitter: 0.5, Pattern: 1}, controls: controls{
		title: "GET http://127.0.0.1:8080/", length: 5 * time.Minute, allowed: 64, rate: 500 * unit.One, patterns: []string{"constant", "sine:period=2m"}, keys: true,
	}}
	for i := range int64(9) {
		l.seconds = append(l.seconds, liveSecond{i * 100, i * 50})
	}
	l.last = drive.Progress{
		Elapsed: 65_100 * time.Millisecond, Sent: 400, Asked: 800, Failed: 4, Classes: [6]int64{2: 32_100, 5: 3}, P50: 210 * time.Microsecond, P99: 3 * time.Millisecond, Lag: 20 * time.Microsecond,
		UnderWay: 64, Connections: 64, Behind: 2 * time.Second, Late: 1234,
	}
	want := `GET http://127.0.0.1:8080/  1m5s of 5m
wanted    550 a second (500 x 1.1), jitter 0.5, sine:period=2m (2 of 2)
asked     800 a second     ▁▂▃▄▅▆▇█
sent      400 a second     ▁▁▂▂▃▃▄▄
answered  2xx 32,100  5xx 3  without an answer 4
latency   p50 0.21 ms  p99 3.0 ms  sent late p99 0.02 ms
under way 64 on 64 of 64 connections  BEHIND by 2.0 s  late 1,234
+ - rate   j k jitter   space pause   p pattern   q stop
`
	if got := strings.Join(l.screen(79), "\n") + "\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	l.setting.Paused = true
	l.controls.patterns = nil
	l.said = "stopping"
	for _, cells := range []int{40, 20, 1} {
		for i, row := range l.screen(cells) {
			if n := len([]rune(row)); n > cells {
				t.Errorf("line %d has %d cells, of %d: %q", i, n, cells, row)
			}
		}
	}
	if rows := l.screen(79); !strings.HasSuffix(rows[0], "PAUSED") || rows[1] != "wanted    the log, 1.1 times as fast as at the start" || rows[len(rows)-1] != "stopping" {
		t.Errorf("got %q", rows)
	}
}
