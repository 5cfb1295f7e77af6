package diagnosis

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/internal/accesslog"
)

const line = `203.0.113.7 - frank [10/Mar/2026:14:05:00 +0000] "GET /a/b?c=d HTTP/1.1" 200 2326 "-" "curl/8"`

// natureOf is nature without a prefix.
func natureOf(line []byte) Hint { return nature(line, func(n int) int { return n }) }

// TestAGoodLineIsNoneOfTheOthers: no hint may be given for the examples of
// formats.
func TestAGoodLineIsNoneOfTheOthers(t *testing.T) {
	for _, f := range accesslog.Formats() {
		lines := strings.Split(f.Example, "\n")
		if h := natureOf([]byte(lines[len(lines)-1])); h.Text != "" {
			t.Errorf("%s: got %q, want nothing", f.Name, h.Text)
		}
	}
}

func TestWhatALineIsInstead(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "an empty line",
		"\x00\x00\x00\x00":                  "4 zero bytes",
		"a\x00b":                            "zero bytes within",
		"2026/03/10 14:05:00 [error] 7#7: ": "nginx's error log",
		"[Tue Mar 10 14:05:00 2026] [error] [client 203.0.113.7] File does not exist": "Apache's error log",
		"Traceback (most recent call last):":                                          "a program that failed",
		"# a remark":                                                                  "a comment",
		"<!DOCTYPE html>":                                                             "a web page",
		`%h %l %u %t \"%r\" %>s %b`:                                                   "Apache's LogFormat",
		`{"a":1,}`:                                                                    "broken at column 8",
		"date;status;path":                                                            "no commas",
		"time,status":                                                                 "names of columns",
		"a\r\r":                                                                       "more than one carriage return",
		"\x1f\x8b\x08":                                                                "gzip",
		line[:60] + line:                                                              "two lines in one",
		"oops":                                                                        "",
		`{"a":1}`:                                                                     "",
	} {
		got := natureOf([]byte(text)).Text
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q in it", text, got, want)
		}
	}
}

// TestJSONIsBrokenWhereEncodingJSONSaysSo: both agree on what is valid, for all
// that a few bytes of damage make of good objects.
func TestJSONIsBrokenWhereEncodingJSONSaysSo(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	good := []byte(`{"time":"2026-03-10T14:05:00Z","n":-1.5e3,"ok":true,"no":null,"list":[1,"\u00e9\n",{}],"o":{"a":[]}}`)
	for range 50_000 {
		b := slices.Clone(good)
		for range r.IntN(3) {
			switch i := r.IntN(len(b)); r.IntN(3) {
			case 0:
				b = slices.Delete(b, i, i+1)
			case 1:
				b[i] = []byte(`"{}[],:\'x1 `)[r.IntN(12)]
			case 2:
				b = b[:i+1]
			}
		}
		at, wrong := checkJSON(b)
		if at < 0 || at > len(b) {
			t.Fatalf("%s: position %d of %d", b, at, len(b))
		}
		var v any
		err := json.Unmarshal(b, &v)
		// Numbers and \u are looked at less closely.
		if wrong != "" && err == nil {
			t.Fatalf("%s: got %q at %d; it is valid", b, wrong, at)
		}
		if wrong == "" && err != nil && !strings.Contains(err.Error(), "numeric") && !strings.Contains(err.Error(), `\u`) && !strings.Contains(err.Error(), "hexadecimal") {
			t.Fatalf("%s: got nothing wrong, want %v", b, err)
		}
	}
}

func TestDeepJSONIsGivenUp(t *testing.T) {
	if _, wrong := checkJSON([]byte(strings.Repeat(`{"a":`, 1_000_000))); wrong != "objects are nested too deep" {
		t.Errorf("got %q", wrong)
	}
}

func TestFieldsTellAllThatTheLineCarries(t *testing.T) {
	l := OfLine([]byte(line), Guess{})
	var names []string
	for _, f := range l.Fields {
		names = append(names, f.Name)
	}
	if want := "time client user method path query protocol status bytes agent"; !l.Found || strings.Join(names, " ") != want {
		t.Errorf("got %q, want %q", names, want)
	}
	if l.Fields[0].Sec != 1773151500 {
		t.Errorf("got %d, want the second of the line", l.Fields[0].Sec)
	}
}

func TestEveryFormatExplainsItsExample(t *testing.T) {
	for _, f := range accesslog.Formats() {
		lines := strings.Split(f.Example, "\n")
		var head [][]byte
		for _, l := range lines {
			head = append(head, []byte(l))
		}
		log := NewLog("log", head, Guess{})
		for _, l := range head {
			log.Add(l)
		}
		log.Close(false)
		if !log.Found || log.Format.Name != f.Name || log.Example == nil || log.Hits != 1 || len(log.Rejects) > 0 {
			t.Errorf("%s: got %s with %d hits, %d rejected", f.Name, log.Format.Name, log.Hits, len(log.Rejects))
		}
	}
}

func TestRejectedLinesAreOfEveryReasonAndInOrder(t *testing.T) {
	var lines []string
	lines = append(lines, slices.Repeat([]string{line}, 100)...)
	lines = append(lines, slices.Repeat([]string{"oops"}, 50)...)
	lines = append(lines, line, strings.Replace(line, " 200 ", " abc ", 1), line, "", line)
	var head [][]byte
	for _, l := range lines {
		head = append(head, []byte(l))
	}
	log := NewLog("log", head, Guess{})
	for _, l := range head {
		log.Add(l)
	}
	log.Close(true)
	var got []int
	for _, f := range log.Rejects {
		got = append(got, f.Number)
	}
	if want := []int{101, 102, 152, 154}; !slices.Equal(got, want) || log.Rejected != 52 || !log.More {
		t.Errorf("got the lines %v of %d, want %v of 52", got, log.Rejected, want)
	}
}

func TestGapsHaveFixesThatFit(t *testing.T) {
	all := gaps(map[string]bool{}, "common", "x-forwarded-for")
	if len(all) != 4 {
		t.Fatalf("got %d gaps, want x-forwarded-for, latency, referrer and agent, host", len(all))
	}
	for _, g := range all {
		for _, f := range g.Fixes {
			for _, l := range f.Lines {
				if len(l) > 69 {
					t.Errorf("%s, %s: %d characters: %s", g.Name, f.Server, len(l), l)
				}
			}
		}
	}
	if got := gaps(map[string]bool{"latency": true, "agent": true, "host": true}, "combined", ""); len(got) != 0 {
		t.Errorf("got %v, want no gap", got)
	}
}

func FuzzNature(f *testing.F) {
	f.Add([]byte(line), 5)
	f.Add([]byte(`{"a":'b'}`), 1)
	f.Add([]byte("0"), 102) // a column behind the line
	f.Fuzz(func(t *testing.T, text []byte, column int) {
		if h := natureOf(text); h.Column < 0 || h.Column > len(text)+1 {
			t.Errorf("%q: column %d", text, h.Column)
		}
		for _, why := range []accesslog.Reason{
			accesslog.ReasonCut, accesslog.ReasonTime, accesslog.ReasonQuote, accesslog.ReasonStatus, accesslog.ReasonBytes,
			accesslog.ReasonLatency, accesslog.ReasonField, accesslog.ReasonExtra,
		} {
			Advice(text, accesslog.Outcome{Kind: accesslog.Rejected, Reason: why, Column: column}, "combined-time")
		}
	})
}

// TestEveryFormatSaysWhereItsRequestTimeIs: or what gives it one.
func TestEveryFormatSaysWhereItsRequestTimeIs(t *testing.T) {
	without := []string{"combined", "common", "vhost-combined", "vhost-common"}
	for _, f := range accesslog.Formats() {
		place, _ := latencyPlace(f.Name)
		if (place == "") != slices.Contains(without, f.Name) {
			t.Errorf("%s: got the place %q of its request time", f.Name, place)
		}
		p, lines := f.New(), strings.Split(f.Example, "\n")
		var r accesslog.Record
		for _, l := range lines {
			p.Parse([]byte(l), &r)
		}
		if place != "" && r.Latency < 0 && f.Name != "csv" {
			t.Errorf("%s: the example has no request time %q", f.Name, place)
		}
		for _, fix := range latencyFixes(f.Name) {
			for _, l := range fix.Lines {
				if len(l) > 72 {
					t.Errorf("%s, %s: %q is longer than 72 characters", f.Name, fix.Server, l)
				}
			}
		}
	}
}

// TestTheFormatIsFoundBehindAHeadOfRubbish: lines from elsewhere tell it.
func TestTheFormatIsFoundBehindAHeadOfRubbish(t *testing.T) {
	var head, rest [][]byte
	for range 1000 {
		head = append(head, []byte("Mar 10 something went wrong"))
		rest = append(rest, []byte(line))
	}
	l := NewLog("access.log", head, Guess{}, rest[:400]...)
	for _, text := range append(head, rest...) {
		l.Add(text)
	}
	l.Close(false)
	if !l.Detection.Found || l.Sample != 400 || l.Format.Name != "combined" || l.Hits != 1000 || l.Rejected != 1000 {
		t.Errorf("got %q of a sample of %d, %d hits, %d rejected", l.Format.Name, l.Sample, l.Hits, l.Rejected)
	}
}

// TestFieldsThatComeLateAreNotCalledMissing: hits all over the log are looked at.
func TestFieldsThatComeLateAreNotCalledMissing(t *testing.T) {
	plain := `{"time":"2026-03-10T14:05:00Z","request":"GET / HTTP/1.1","status":200,"host":"h"}`
	l := NewLog("access.log", [][]byte{[]byte(plain)}, Guess{})
	for i := range 4000 {
		text := plain
		if i > 2000 {
			text = strings.Replace(plain, `"host"`, `"request_time":0.1,"http_user_agent":"x","host"`, 1)
		}
		l.Add([]byte(text))
	}
	l.Close(false)
	if l.Hits != 4000 || len(l.Gaps) != 0 {
		t.Errorf("got %d hits, %d gaps, want none", l.Hits, len(l.Gaps))
	}
}
