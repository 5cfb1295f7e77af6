package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"weir/internal/accesslog"
)

func full() accesslog.Record {
	return accesslog.Record{
		Sec: 1773151500, Nanos: 120_000_000, Status: 200, Bytes: 2326, Latency: 42_500 * time.Microsecond,
		Client: []byte("2001:db8::7"), User: []byte("frank"), Host: []byte("www.example.org:443"),
		Request: []byte("GET /a/b?id=7#x HTTP/1.1"), Method: []byte("GET"), Target: []byte("/a/b?id=7#x"), Protocol: []byte("HTTP/1.1"),
		Referrer: []byte(`http://x/\x22`), Agent: []byte(`curl, "8"`), Forwarded: []byte("2001:db8::7, 10.0.0.1"),
	}
}

func write(t testing.TB, name string, zone *time.Location, records ...accesslog.Record) string {
	t.Helper()
	n, ok := Lookup(name)
	if !ok {
		t.Fatalf("no notation %s", name)
	}
	w := n.New(zone)
	out := []byte(n.Header)
	for _, r := range records {
		out = w.Append(out, &r, "access.log")
	}
	return string(out)
}

func TestARecordInEveryNotation(t *testing.T) {
	none := accesslog.Record{Sec: 0, Latency: accesslog.NoLatency}
	odd := accesslog.Record{
		Sec: 1773151500, Status: 400, Latency: 0, Malformed: true,
		Client: []byte("192.0.2.7"), Request: []byte("\x16\x03\x01 =x"), Agent: []byte("=HYPERLINK(1)"),
	}
	split := full()
	split.Request, split.Nanos, split.Protocol = nil, 0, nil
	zone := time.FixedZone("", 7200)
	for _, c := range []struct {
		name string
		r    accesslog.Record
		want string
	}{
		{"json", full(), `{"time":"2026-03-10T16:05:00.120+02:00","client":"2001:db8::7","user":"frank","method":"GET","path":"/a/b","query":"id=7#x","protocol":"HTTP/1.1","status":200,"bytes":2326,"referrer":"http://x/\\x22","agent":"curl, \"8\"","host":"www.example.org:443","forwarded":"2001:db8::7, 10.0.0.1","latency_ms":42.5,"source":"access.log"}`},
		{"json", none, `{"time":"1970-01-01T02:00:00+02:00","bytes":0,"source":"access.log"}`},
		{"json", odd, `{"time":"2026-03-10T16:05:00+02:00","client":"192.0.2.7","status":400,"bytes":0,"agent":"=HYPERLINK(1)","latency_ms":0,"malformed":true,"request":"\u0016\u0003\u0001 =x","source":"access.log"}`},
		{"csv", full(), `2026-03-10T16:05:00.120+02:00,2001:db8::7,frank,GET,/a/b,id=7#x,HTTP/1.1,200,2326,http://x/\x22,"curl, ""8""",www.example.org:443,42.5,,,access.log,"2001:db8::7, 10.0.0.1"`},
		{"csv", odd, `2026-03-10T16:05:00+02:00,192.0.2.7,,,,,,400,0,,'=HYPERLINK(1),,0,true,\x16\x03\x01 =x,access.log,`},
		{"tsv", odd, "2026-03-10T16:05:00+02:00\t192.0.2.7\t\t\t\t\t\t400\t0\t\t'=HYPERLINK(1)\t\t0\ttrue\t\\x16\\x03\\x01 =x\taccess.log\t"},
		{"combined", full(), `2001:db8::7 - frank [10/Mar/2026:16:05:00 +0200] "GET /a/b?id=7#x HTTP/1.1" 200 2326 "http://x/\x22" "curl, \"8\""`},
		{"combined-time", full(), `2001:db8::7 - frank [10/Mar/2026:16:05:00 +0200] "GET /a/b?id=7#x HTTP/1.1" 200 2326 "http://x/\x22" "curl, \"8\"" 0.042500`},
		{"combined-time", none, `- - - [01/Jan/1970:02:00:00 +0200] "- -" - - "-" "-" -`},
		{"combined-time", odd, `192.0.2.7 - - [10/Mar/2026:16:05:00 +0200] "\x16\x03\x01 =x" 400 - "-" "=HYPERLINK(1)" 0.000`},
		{"combined", split, `2001:db8::7 - frank [10/Mar/2026:16:05:00 +0200] "GET /a/b?id=7#x" 200 2326 "http://x/\x22" "curl, \"8\""`},
		{"combined", none, `- - - [01/Jan/1970:02:00:00 +0200] "- -" - - "-" "-"`},
		{"combined", odd, `192.0.2.7 - - [10/Mar/2026:16:05:00 +0200] "\x16\x03\x01 =x" 400 - "-" "=HYPERLINK(1)"`},
	} {
		n, _ := Lookup(c.name)
		if got := strings.TrimPrefix(write(t, c.name, zone, c.r), n.Header); got != c.want+"\n" {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestFractionsHaveThreeSixOrNineDigits(t *testing.T) {
	for nanos, want := range map[int32]string{0: "", 5_000_000: ".005", 5_000: ".000005", 5: ".000000005", 999_999_999: ".999999999", 100_000_000: ".100"} {
		r := accesslog.Record{Sec: 1773151500, Nanos: nanos}
		if got := write(t, "json", time.UTC, r); !strings.Contains(got, `"2026-03-10T14:05:00`+want+`Z"`) {
			t.Errorf("%d ns: got %s, want %q", nanos, got, want)
		}
	}
}

func TestLatenciesAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		d := time.Duration(r.Int64N(1 << r.IntN(50)))
		var got struct {
			Latency json.Number `json:"latency_ms"`
		}
		if err := json.Unmarshal([]byte(write(t, "json", time.UTC, accesslog.Record{Latency: d})), &got); err != nil {
			t.Fatal(err)
		}
		back, err := time.ParseDuration(got.Latency.String() + "ms")
		if err != nil || back != d {
			t.Fatalf("%v: got %s", d, got.Latency)
		}
	}
}

// hostile is a record of which every string is what an attacker, or a disk, may
// make of it.
func hostile(r *rand.Rand) accesslog.Record {
	pieces := []string{"a", "/", " ", "\"", "\\", `\"`, `\x22`, `\\`, "\n", "\r", "\t", "\x00", "\x1b[2J", "\x7f", "\xff", "é", "\u202e", "=1", "+", "-", "@", ",", "'", "[10/Mar/2026:", "日本", "?", "#", "HTTP/1.1", "＝"}
	text := func() []byte {
		if r.IntN(4) == 0 {
			return nil
		}
		var b []byte
		for range 1 + r.IntN(6) {
			b = append(b, pieces[r.IntN(len(pieces))]...)
		}
		return b
	}
	rec := accesslog.Record{
		Sec: r.Int64N(253402300799), Nanos: int32(r.IntN(1e9)), Status: r.IntN(1000), Bytes: r.Int64N(1 << 52), Latency: time.Duration(r.Int64N(1e12)) - 1,
		Client: text(), User: text(), Host: text(), Referrer: text(), Agent: text(), Request: text(), Forwarded: text(), Malformed: r.IntN(3) == 0,
	}
	if !rec.Malformed {
		rec.Method, rec.Target, rec.Protocol = text(), text(), text()
	}
	return rec
}

func TestWhateverTheLogHoldsTheNotationIsKept(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	zone := time.FixedZone("", -34200)
	for range 20_000 {
		rec := hostile(r)
		line := write(t, "json", zone, rec)
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !utf8.ValidString(line) || strings.Count(line, "\n") != 1 {
			t.Fatalf("%q: %v", line, err)
		}
		for key, want := range map[string][]byte{"client": rec.Client, "user": rec.User, "agent": rec.Agent, "host": rec.Host, "referrer": rec.Referrer, "forwarded": rec.Forwarded} {
			if got, _ := object[key].(string); utf8.Valid(want) && got != string(want) {
				t.Fatalf("%s: got %q, want %q", key, got, want)
			}
		}
		if at, err := time.Parse(time.RFC3339Nano, object["time"].(string)); err != nil || at.Unix() != rec.Sec || at.Nanosecond() != int(rec.Nanos) {
			t.Fatalf("time %v: %v, want %d and %d ns", object["time"], err, rec.Sec, rec.Nanos)
		}

		rows, err := csv.NewReader(strings.NewReader(write(t, "csv", zone, rec))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(rows[0]) {
			t.Fatalf("csv: %v, %q", err, rows)
		}
		for i, cell := range rows[1] {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") && rows[0][i] != "time" {
				t.Fatalf("%s: %q is a formula", rows[0][i], cell)
			}
		}
		tsv := write(t, "tsv", zone, rec)
		if strings.Count(tsv, "\n") != 2 || strings.Count(tsv, "\t") != 2*strings.Count(columns, " ") {
			t.Fatalf("tsv: %q", tsv)
		}
		checkCombined(t, "combined", &rec, zone)
		checkCombined(t, "combined-time", &rec, zone)
	}
}

// checkCombined fails unless what was written is one Combined line, which the
// parser of that format reads, and writing it again changes nothing.
func checkCombined(t *testing.T, name string, rec *accesslog.Record, zone *time.Location) {
	t.Helper()
	line := write(t, name, zone, *rec)
	format, _ := accesslog.Lookup(name)
	var back accesslog.Record
	text := []byte(strings.TrimSuffix(line, "\n"))
	if out := format.New().Parse(text, &back); out.Kind != accesslog.Hit {
		// What no server writes as a client or a user may look like a virtual
		// host in front; the quoted fields must not be the reason.
		if f, ok := accesslog.Lookup("vhost-" + name); !ok || f.New().Parse(text, &back).Kind != accesslog.Hit {
			if out.Reason != accesslog.ReasonField && out.Reason != accesslog.ReasonStatus {
				t.Fatalf("%q: got %+v", line, out)
			}
		}
		return
	}
	if again := write(t, name, zone, back); again != line && back.Host == nil {
		t.Fatalf("writing it again changes it:\n%q\n%q", line, again)
	}
	if back.Sec != rec.Sec || back.Bytes != rec.Bytes {
		t.Fatalf("%q: got %d and %d bytes, want %d and %d", line, back.Sec, back.Bytes, rec.Sec, rec.Bytes)
	}
	if name == "combined-time" && back.Latency != rec.Latency {
		t.Fatalf("%q: got %v, want %v", line, back.Latency, rec.Latency)
	}
}

func TestACombinedLineIsWrittenAsItWas(t *testing.T) {
	format, _ := accesslog.Lookup("combined")
	for _, line := range []string{
		format.Example,
		`192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "\x16\x03\x01\"" 400 - "-" "a\\b \"c\" \xd0\x9f"`,
		`- - mary ann [10/Oct/2000:13:55:36 -0700] "-" 408 - "-" "-"`,
	} {
		var r accesslog.Record
		if out := format.New().Parse([]byte(line), &r); out.Kind != accesslog.Hit {
			t.Fatalf("%s: got %+v", line, out)
		}
		if got := write(t, "combined", time.FixedZone("", -25200), r); got != line+"\n" {
			t.Errorf("got  %swant %s", got, line)
		}
	}
}

func TestWritersAllocateNothingPerRecord(t *testing.T) {
	r := full()
	for _, n := range Notations() {
		w, dst := n.New(time.UTC), make([]byte, 0, 4096)
		w.Append(dst, &r, "access.log")
		if got := testing.AllocsPerRun(100, func() { w.Append(dst, &r, "access.log") }); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", n.Name, got)
		}
	}
}

func FuzzNotations(f *testing.F) {
	f.Add([]byte(`203.0.113.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /pages HTTP/1.1" 200 2326 "-" "\x22\\ "`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r accesslog.Record
		if new(accesslog.Auto).Parse(line, &r).Kind != accesslog.Hit || r.Sec < 0 || r.Sec > 253402300799 {
			return
		}
		if text := write(t, "json", time.UTC, r); !json.Valid([]byte(text)) || strings.Count(text, "\n") != 1 {
			t.Errorf("%q is no line of JSON", text)
		}
		if rows, err := csv.NewReader(strings.NewReader(write(t, "csv", time.UTC, r))).ReadAll(); err != nil || len(rows) != 2 {
			t.Errorf("%q: %v", rows, err)
		}
		if text := write(t, "combined", time.UTC, r); strings.Count(text, "\n") != 1 {
			t.Errorf("%q is more than a line", text)
		}
	})
}

func BenchmarkCombinedTo(b *testing.B) {
	format, _ := accesslog.Lookup("combined")
	var lines [][]byte
	for i := range 1000 {
		lines = append(lines, fmt.Appendf(nil, `203.0.113.%d - - [10/Oct/2000:13:%02d:36 -0700] "GET /pages/create?id=%d HTTP/1.1" 200 %d "http://www.example.org/start" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"`,
			i%250, i/20, i, i*37))
	}
	size := len(bytes.Join(lines, nil))
	for _, n := range Notations() {
		b.Run(n.Name, func(b *testing.B) {
			p, w, dst := format.New(), n.New(time.UTC), make([]byte, 0, 1<<20)
			var r accesslog.Record
			for b.Loop() {
				dst = dst[:0]
				for _, line := range lines {
					p.Parse(line, &r)
					dst = w.Append(dst, &r, "access.log")
				}
			}
			b.SetBytes(int64(size))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(lines)), "ns/line")
		})
	}
}

// TestTheKeysOfRecordsAreInTheManual: docs/json.md names each of them, and
// tables have the same.
func TestTheKeysOfRecordsAreInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, told, ok := strings.Cut(string(manual), "\n# Records\n")
	if !ok {
		t.Fatal("docs/json.md has lost its chapter on records")
	}
	odd := full()
	odd.Malformed = true
	for _, r := range []accesslog.Record{full(), odd} {
		var object map[string]any
		if err := json.Unmarshal([]byte(write(t, "json", time.UTC, r)), &object); err != nil {
			t.Fatal(err)
		}
		for key := range object {
			if !strings.Contains(told, "`"+key+"`") {
				t.Errorf("docs/json.md does not tell of the key %s of records", key)
			}
			if !slices.Contains(strings.Fields(columns), key) {
				t.Errorf("tables have no column %s", key)
			}
		}
	}
	if all := "`" + strings.ReplaceAll(columns, " ", "`, `") + "`"; !strings.Contains(strings.ReplaceAll(told, "\n", " "), all) {
		t.Errorf("docs/json.md does not give the columns in their order: %s", all)
	}
}
