package term

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"weir/internal/accesslog"
	"weir/internal/diagnosis"
	"weir/internal/escape"
)

const (
	goodHead = `203.0.113.7 - frank [10/Mar/2026:14:05:00 +0000] `
	goodTail = ` "http://www.example.org/start" "Mozilla/5.0 (X11; Linux x86_64)"`
	goodLine = goodHead + `"GET /pages/create?id=7 HTTP/1.1" 200 2326` + goodTail
)

// brokenLines are lines as logs of broken servers, tools and disks have them,
// by the name of the file with the answer.
func brokenLines() map[string]string {
	wide := func(s string) string {
		b := []byte("\xff\xfe")
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	return map[string]string{
		"good":                      goodLine,
		"good-with-time":            goodLine + " 0.042",
		"good-common":               goodHead + `"GET /" 404 -`,
		"tls-hello-as-request":      goodHead + `"\x16\x03\x01\x00\xEE" 400 166 "-" "-"`,
		"one-word-request":          `10.0.0.1 - - [10/Mar/2026:14:05:00 +0000] "quit" 400 0 "-" "-"`,
		"cut-in-the-agent":          goodLine[:len(goodLine)-10],
		"cut-in-the-time":           `203.0.113.7 - frank [10/Mar/2026:14`,
		"cut-after-the-size":        goodHead + `"GET / HTTP/1.1" 200`,
		"no-closing-quote":          goodHead + `"GET / HTTP/1.1 200 2326` + goodTail,
		"no-opening-quote":          goodHead + `GET / HTTP/1.1" 200 2326` + goodTail,
		"quote-not-escaped":         goodHead + `"GET / HTTP/1.1" 200 2326 "-" "Mozilla "fake" 5.0"`,
		"status-before-request":     goodHead + `200 "GET / HTTP/1.1" 2326` + goodTail,
		"size-before-status":        goodHead + `"GET / HTTP/1.1" 2326 200` + goodTail,
		"size-with-a-unit":          goodHead + `"GET / HTTP/1.1" 200 2.3k` + goodTail,
		"iso-time":                  `203.0.113.7 - - [2026-03-10T14:05:00+00:00] "GET / HTTP/1.1" 200 2326` + goodTail,
		"unix-time":                 `203.0.113.7 - - [1773151500.123] "GET / HTTP/1.1" 200 2326` + goodTail,
		"german-month":              `203.0.113.7 - - [10/Mär/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 2326` + goodTail,
		"numeric-month":             `203.0.113.7 - - [10/03/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 2326` + goodTail,
		"no-offset":                 `203.0.113.7 - - [10/Mar/2026:14:05:00] "GET / HTTP/1.1" 200 2326` + goodTail,
		"zone-by-name":              `203.0.113.7 - - [10/Mar/2026:14:05:00 UTC+0] "GET / HTTP/1.1" 200 2326` + goodTail,
		"no-such-day":               `203.0.113.7 - - [31/Feb/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 2326` + goodTail,
		"no-brackets":               `203.0.113.7 - - 10/Mar/2026:14:05:00 +0000 "GET / HTTP/1.1" 200 2326` + goodTail,
		"several-addresses":         `203.0.113.7, 198.51.100.2 - - [10/Mar/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 2326` + goodTail,
		"space-in-front":            " " + goodLine,
		"two-lines-in-one":          goodLine[:90] + goodLine,
		"nginx-error-log":           `2026/03/10 14:05:00 [error] 7#7: *1 open() "/srv/x" failed (2: No such file or directory)`,
		"apache-error-log":          `[Tue Mar 10 14:05:00.123456 2026] [core:error] [pid 7:tid 8] [client 203.0.113.7:50000] AH00037: Symbolic link not allowed`,
		"stack-trace":               "\tat com.example.Shop.main(Shop.java:7)",
		"nothing":                   "",
		"a-space":                   "   ",
		"zero-bytes":                strings.Repeat("\x00", 40) + goodLine,
		"zero-within":               goodLine[:60] + "\x00\x00" + goodLine[62:],
		"tls-hello":                 "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"utf-16":                    wide(goodLine),
		"old-mac-line-ends":         "one line\rand another\rand a third",
		"carriage-return-at-end":    goodLine + "\r\r",
		"colours":                   "\x1b[32m" + goodLine + "\x1b[0m",
		"letters-in-the-status":     goodHead + `"GET / HTTP/1.1" 2OO 2326` + goodTail,
		"printed-quotes":            goodHead + `“GET / HTTP/1.1” 200 2326 “-” “curl/8”`,
		"behind-syslog":             "Mar 10 14:05:00 web nginx: " + goodHead + `"GET / HTTP/1.1" 200 23k` + goodTail,
		"behind-docker":             `{"log":"203.0.113.7 - - [10/Mar/2026:14:05:00 +0000] \"GET / HTTP/1.1\" 2OO 5\n","stream":"stdout","time":"2026-03-10T14:05:00Z"}`,
		"good-behind-syslog":        "Mar 10 14:05:00 web nginx: " + goodHead + `"GET / HTTP/1.1" 200 2326` + goodTail,
		"another-program":           "Mar 10 14:05:00 web sshd[123]: Failed password for root from 203.0.113.7 port 22 ssh2",
		"json-behind-compose":       `web-1  | {"time":"2026-03-10T14:05:00Z","status":200,"took":}`,
		"json-without-a-time":       `{"when":"2026-03-10T14:05:00Z","status":200,"request":"GET / HTTP/1.1"}`,
		"json-of-a-bad-time":        `{"time":"yesterday","status":200,"request":"GET / HTTP/1.1"}`,
		"json-of-a-bad-status":      `{"time":"2026-03-10T14:05:00Z","status":"OK","request":"GET / HTTP/1.1"}`,
		"json-message":              `{"time":"2026-03-10T14:05:00Z","level":"info","msg":"server started"}`,
		"labels-without-a-request":  "time:[10/Mar/2026:14:05:00 +0000]\thost:203.0.113.7\tstatus:200",
		"row-without-header":        "203.0.113.7,-,-,1773151500,GET / HTTP/1.1,200",
		"row-without-fields":        "2026-03-10 14:05:00 192.0.2.80 GET /pages - 443",
		"json-without-a-comma":      `{"time":"2026-03-10T14:05:00Z" "method":"GET","path":"/"}`,
		"json-cut":                  `{"time":"2026-03-10T14:05:00Z","method":"GE`,
		"json-with-single-quotes":   `{"time":'2026-03-10T14:05:00Z'}`,
		"json-with-nginx-escapes":   `{"agent":"\x22quoted\x22","status":200}`,
		"w3c-fields":                "#Fields: date time c-ip cs-method cs-uri-stem sc-status",
		"header-with-tabs":          "time\tstatus\tpath\tbytes",
		"log-format-itself":         `$remote_addr - $remote_user [$time_local] "$request" $status`,
		"tail-heading":              "==> access.log <==",
		"seconds-with-comma":        goodLine + " 0,042",
		"steers-the-terminal":       "\x1b]0;owned\a" + goodHead + "\u202ekcab",
		"ipv6-and-host":             `www.example.org:443 2001:db8::7 - - [10/Mar/2026:14:05:00 +0000] "POST /api HTTP/2.0" 502 0 "-" "curl/8.5.0"`,
		"escapes-in-a-path":         goodHead + `"GET /00000` + "\x01\xff\xff\xff\xff" + `000 HTTP/1.1" 200 5`,
		"a-very-long-line":          goodHead + `"GET /` + strings.Repeat("a", 5000) + ` HTTP/1.1" 2xx 17` + goodTail,
		"escapes-left-of-the-place": strings.Repeat("\u00a0", 30) + " - [x] y",
	}
}

// golden compares what was written with a file of testdata/guide.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "guide", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\ngo test ./internal/term -update rewrites it", got, want)
	}
}

// fits fails unless the text steers no terminal and has 80 columns at most.
func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := escape.Width([]byte(line)); n > guideCells {
			t.Errorf("%d columns, want 80 at most: %s", n, line)
		}
		if escape.Terminal([]byte(line)) != line {
			t.Errorf("got %q, which could steer a terminal", line)
		}
	}
}

func TestBrokenLinesAreExplained(t *testing.T) {
	for name, text := range brokenLines() {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			l := diagnosis.OfLine([]byte(text), diagnosis.Guess{})
			if err := (&Guide{W: &out}).Line(&l); err != nil {
				t.Fatal(err)
			}
			fits(t, out.String())
			golden(t, name, out.String())
		})
	}
	files, _ := filepath.Glob("testdata/guide/*.txt")
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txt")
		if _, ok := brokenLines()[name]; !ok && !strings.HasPrefix(name, "log-") && name != "formats" {
			t.Errorf("%s belongs to no line", f)
		}
	}
}

// diagnose is the diagnosis of a whole log.
func diagnose(lines []string, forced *accesslog.Format) *diagnosis.Log {
	var head [][]byte
	for _, l := range lines[:min(len(lines), 1000)] {
		head = append(head, []byte(l))
	}
	log := diagnosis.NewLog("access.log", head, diagnosis.Guess{Format: forced})
	for _, l := range lines {
		log.Add([]byte(l))
	}
	log.Close(false)
	return log
}

func TestLogsAreExplained(t *testing.T) {
	repeat := func(n int, line string) []string { return slices.Repeat([]string{line}, n) }
	mixed := repeat(50, goodLine)
	for i, name := range []string{"nothing", "cut-in-the-agent", "no-closing-quote", "nginx-error-log", "zero-within", "iso-time", "size-before-status"} {
		mixed = slices.Insert(mixed, 10+3*i, brokenLines()[name])
	}
	forced, _ := accesslog.Lookup("combined-time")
	for name, c := range map[string]struct {
		lines  []string
		forced *accesslog.Format
	}{
		"log-mixed":               {mixed, nil},
		"log-empty":               {nil, nil},
		"log-of-errors":           {repeat(20, brokenLines()["nginx-error-log"]), nil},
		"log-half-and-half":       {append(repeat(20, goodLine), repeat(30, "oops")...), nil},
		"log-forced":              {repeat(20, goodLine), &forced},
		"log-milliseconds":        {repeat(20, goodLine+" 42"), nil},
		"log-header-without-time": {[]string{"when,request,status", "a,b,c", "d,e,f"}, nil},
		"log-csv": {append([]string{"date,remotehost,request,status,bytes,latency_ms"},
			repeat(20, `1773151500,203.0.113.7,"GET /api/user HTTP/1.0",200,1234,17`)...), nil},
		"log-that-changes":   {append(repeat(20, goodLine), repeat(200, `203.0.113.7 - - [10/Mar/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 5`)...), nil},
		"log-behind-compose": {repeat(20, "web-1  | "+goodLine), nil},
		"log-json-bad-time":  {repeat(20, brokenLines()["json-of-a-bad-time"]), nil},
		"log-w3c-changes": {[]string{
			"#Fields: date time c-ip cs-method cs-uri-stem sc-status", "2026-03-10 14:05:00 203.0.113.7 GET /a 200",
			"2026-03-10 14:05:00 203.0.113.7 GET /a", "2026-03-10 14:05:00 203.0.113.7 GET /a b 200", "2026-03-10 14:05:00 203.0.113.7 GET /a OK",
			"#Fields: c-ip cs-method", "203.0.113.7 GET",
		}, nil},
		"log-csv-rows": {[]string{
			"date,client,request,status,bytes", "2026-03-10T14:05:00Z,203.0.113.7,GET /a HTTP/1.1,200,5",
			"2026-03-10T14:05:00Z,203.0.113.7,GET /a HTTP/1.1,200", "2026-03-10T14:05:00Z,203.0.113.7,GET /a,b HTTP/1.1,200,5", "10.3.2026,203.0.113.7,GET / HTTP/1.1,200,5",
		}, nil},
		"log-utf-16": {repeat(5, brokenLines()["utf-16"]), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := (&Guide{W: &out}).Log(diagnose(c.lines, c.forced)); err != nil {
				t.Fatal(err)
			}
			fits(t, out.String())
			golden(t, name, out.String())
		})
	}
}

func TestAllFormatsAreListed(t *testing.T) {
	var out strings.Builder
	if err := (&Guide{W: &out}).Formats(accesslog.Formats(), 80); err != nil {
		t.Fatal(err)
	}
	fits(t, out.String())
	var long strings.Builder
	if err := (&Guide{W: &long}).Formats(accesslog.Formats(), 0); err != nil {
		t.Fatal(err)
	}
	for _, f := range accesslog.Formats() {
		if !strings.Contains("\n"+out.String(), "\n"+f.Name+" ") {
			t.Errorf("%s is not listed", f.Name)
		}
		for line := range strings.SplitSeq(f.Example, "\n") {
			if !strings.Contains(long.String(), escape.Terminal([]byte(line))) {
				t.Errorf("the long list lacks the example of %s", f.Name)
			}
		}
	}
}

// FuzzExplanationsFit: whatever a line holds, the page has 80 columns and
// steers nothing, and the caret stands below the line.
func FuzzExplanationsFit(f *testing.F) {
	for _, l := range brokenLines() {
		f.Add([]byte(l))
	}
	f.Add([]byte("\u00a0\u00a0\u00a0\u00a0\u00a0\xc2\u00a0\u00a0\u00a0\u00a0")) // a caret behind the last column
	f.Add([]byte("0000 00000 [00/May/0000:00:00:00 ]00000"))                    // a zone of nothing
	f.Fuzz(func(t *testing.T, text []byte) {
		var out bytes.Buffer
		l := diagnosis.OfLine(text, diagnosis.Guess{})
		if err := (&Guide{W: &out}).Line(&l); err != nil {
			t.Fatal(err)
		}
		fits(t, out.String())
		out.Reset()
		if err := (&Guide{W: &out}).Log(diagnose([]string{goodLine, string(text), goodLine}, nil)); err != nil {
			t.Fatal(err)
		}
		fits(t, out.String())
	})
}
