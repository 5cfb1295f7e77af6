package excerpt

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"weir/internal/accesslog"
)

// start is the first second of the logs of these tests.
var start = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC).Unix()

// A made line is one whose time is known without reading it.
type made struct {
	text string
	sec  int64
	own  bool // it has a time
}

// access is one line of an access log.
func access(sec int64, n int) made {
	at := time.Unix(sec, 0).UTC().Format("02/Jan/2006:15:04:05 -0700")
	return made{fmt.Sprintf("10.0.0.%d - - [%s] \"GET /a/%d HTTP/1.1\" %d 12 \"-\" \"%s\"\n", n%200, at, n, 200+n%2*300, strings.Repeat("agent ", n%20)), sec, true}
}

// accessLog makes a log out of order by up to lag seconds, with lines in it that
// are no requests.
func accessLog(r *rand.Rand, n int, lag int64) []made {
	var all []made
	for i := range n {
		sec := start + int64(i)*7200/int64(n)
		if r.IntN(300) == 0 {
			all = append(all, made{text: "no request at all\n", sec: 0})
		}
		all = append(all, access(sec-r.Int64N(lag+1), i))
	}
	return all
}

// appLog makes a log of a program, with stack traces; wall says what its clock
// shows.
func appLog(r *rand.Rand, n int, wall func(sec int64) string) []made {
	var all []made
	for i := range n {
		sec := start + int64(i)*7200/int64(n)
		all = append(all, made{fmt.Sprintf("%s INFO done %d %s\n", wall(sec), i, strings.Repeat("x", r.IntN(200))), sec, true})
		for k := range r.IntN(40) / 36 * r.IntN(30) {
			all = append(all, made{text: fmt.Sprintf("at com.example.Main.m%d(Main.java:%d) 2020-01-01 00:00:00\n", k, k)})
		}
	}
	return all
}

// wanted is what a reader of all lines would choose: a line by its time, one
// without as the one before it.
func wanted(all []made, from, to int64, where func(made) bool) string {
	var b strings.Builder
	in := from == 0
	for _, m := range all {
		if m.own {
			in = (from == 0 || m.sec >= from) && (to == 0 || m.sec < to)
		}
		if in && (where == nil || m.own && where(m)) {
			b.WriteString(m.text)
		}
	}
	return b.String()
}

// rotated writes a log into files as rotations leave them, the oldest first.
func rotated(t *testing.T, all []made, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		var text bytes.Buffer
		for _, m := range all[len(all)*i/len(names) : len(all)*(i+1)/len(names)] {
			text.WriteString(m.text)
		}
		write(t, filepath.Join(dir, name), text.Bytes())
	}
	return filepath.Join(dir, names[len(names)-1])
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	var packed bytes.Buffer
	var w io.WriteCloser
	switch filepath.Ext(path) {
	case ".gz":
		w = gzip.NewWriter(&packed)
	case ".zst":
		w, _ = zstd.NewWriter(&packed)
	default:
		packed.Write(text)
	}
	if w != nil {
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// taken runs and returns the lines of each log, and of all together.
func taken(t *testing.T, o Options, logs ...Log) (each []string, all string, results []Result) {
	t.Helper()
	parts := make([]strings.Builder, len(logs))
	var whole strings.Builder
	results, err := Run(context.Background(), logs, o, func(l Line) error {
		parts[l.Log].Write(l.Text)
		whole.Write(l.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range parts {
		each = append(each, parts[i].String())
		if n := int64(strings.Count(each[i], "\n")); results[i].Lines != n {
			t.Errorf("%s: counted %d lines, gave %d", logs[i].Name, results[i].Lines, n)
		}
	}
	return each, whole.String(), results
}

// same compares long texts.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	a, b := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s: %d lines, want %d; line %d differs:\n got  %.90q\n want %.90q", what, len(a)-1, len(b)-1, i+1, at(a, i), at(b, i))
		}
	}
}

func at(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}

// stretches are times to ask for: at the ends, in the middle, open, empty.
func stretches(r *rand.Rand) [][2]int64 {
	all := [][2]int64{{0, 0}, {start, 0}, {0, start + 3600}, {start + 7000, start + 9000}, {start - 900, start + 60}, {start + 3600, start + 3601}}
	for range 6 {
		from := start + r.Int64N(7200)
		all = append(all, [2]int64{from, from + 1 + r.Int64N(600)})
	}
	return all
}

func TestTheLinesAreThoseThatAReaderOfAllWouldChoose(t *testing.T) {
	for _, names := range [][]string{
		{"access.log"},
		{"access.log.2", "access.log.1", "access.log"},
		{"access.log.4.gz", "access.log.3.zst", "access.log.2.gz", "access.log.1", "access.log"},
		{"access.log-20261119.gz", "access.log-20261120", "access.log"},
		{"access-2026-11-19.log", "access-2026-11-20.log", "access-2026-11-21.log"},
		{"access.log.12", "access.log.11", "access.log.10", "access.log.9.gz", "access.log.2", "access.log"},
	} {
		t.Run(names[0], func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(names))))
			all := accessLog(r, 40_000, 90)
			path := rotated(t, all, names...)
			for _, s := range stretches(r) {
				what := fmt.Sprintf("from %d to %d", s[0]-start, s[1]-start)
				got, _, _ := taken(t, Options{From: s[0], To: s[1]}, Log{Name: path})
				same(t, what, got[0], wanted(all, s[0], s[1], nil))
				failed := func(m made) bool { return strings.Contains(m.text, "\" 500 ") }
				got, _, _ = taken(t, Options{From: s[0], To: s[1], Where: func(r *accesslog.Record) bool { return r.Status == 500 }}, Log{Name: path})
				same(t, what+" where", got[0], wanted(all, s[0], s[1], failed))
			}
		})
	}
}

func TestLinesOfAnyLogAreChosenWithTheirTraces(t *testing.T) {
	iso := func(sec int64) string { return time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05,000") }
	syslog := func(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.Stamp) + " host app[7]:" }
	apache := func(sec int64) string { return time.Unix(sec, 0).UTC().Format("[Mon Jan 02 15:04:05.000000 2006]") }
	for i, wall := range []func(int64) string{iso, syslog, apache} {
		r := rand.New(rand.NewPCG(2, uint64(i)))
		all := appLog(r, 30_000, wall)
		path := rotated(t, all, "app.log.3.gz", "app.log.2", "app.log.1", "app.log")
		for k := range 4 {
			touch(t, fmt.Sprint(path, [...]string{"", ".1", ".2", ".3.gz"}[k]), start+7200)
		}
		for _, s := range stretches(r) {
			got, _, results := taken(t, Options{From: s[0], To: s[1]}, Log{Name: path, Context: true})
			same(t, fmt.Sprintf("%s from %d to %d", wall(start), s[0]-start, s[1]-start), got[0], wanted(all, s[0], s[1], nil))
			if results[0].Err != nil {
				t.Error(results[0].Err)
			}
		}
	}
}

func touch(t *testing.T, path string, sec int64) {
	t.Helper()
	if err := os.Chtimes(path, time.Unix(sec, 0), time.Unix(sec, 0)); err != nil {
		t.Fatal(err)
	}
}

// TestTheHourThatComesTwiceIsToldApart has a log without zones while clocks go
// back: an hour comes twice, and only the order of the log tells which.
func TestTheHourThatComesTwiceIsToldApart(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("no database of zones: %v", err)
	}
	was := start
	start = time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC).Unix() // 02:00, until 03:00; then 02:00 again
	defer func() { start = was }()
	wall := func(sec int64) string { return time.Unix(sec, 0).In(berlin).Format("2006-01-02 15:04:05") }
	r := rand.New(rand.NewPCG(3, 3))
	all := appLog(r, 30_000, wall)
	for _, names := range [][]string{{"app.log"}, {"app.log.1.gz", "app.log"}} {
		path := rotated(t, all[:len(all)/len(names)*len(names)], names...)
		for _, s := range [][2]int64{{start + 1800, start + 1900}, {start + 5400, start + 5500}, {start + 3500, start + 3700}} {
			got, _, _ := taken(t, Options{From: s[0], To: s[1], Zone: berlin}, Log{Name: path})
			same(t, fmt.Sprintf("%v from %d", names, s[0]-start), got[0], wanted(all, s[0], s[1], nil))
		}
	}
}

func TestLogsAreMergedByTimeAndTracesStayWithTheirLine(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	one, two := accessLog(r, 8_000, 0), accessLog(r, 6_000, 0)
	app := appLog(r, 5_000, func(sec int64) string { return time.Unix(sec, 0).UTC().Format("2006/01/02 15:04:05") })
	logs := []Log{{Name: rotated(t, one, "access.log.1.gz", "access.log")}, {Name: rotated(t, two, "access.log")}, {Name: rotated(t, app, "app.log.1", "app.log"), Context: true}}
	o := Options{From: start + 600, To: start + 4000, Where: func(r *accesslog.Record) bool { return r.Status == 200 }}
	each, all, _ := taken(t, o, logs...)
	fine := func(m made) bool { return strings.Contains(m.text, "\" 200 ") }
	same(t, "first", each[0], wanted(one, o.From, o.To, fine))
	same(t, "second", each[1], wanted(two, o.From, o.To, fine))
	same(t, "context", each[2], wanted(app, o.From, o.To, nil))
	times := map[string]made{}
	for _, m := range slices.Concat(one, two, app) {
		times[m.text] = m
	}
	newest, before := int64(0), ""
	for line := range strings.Lines(all) {
		m := times[line]
		if m.own && m.sec < newest {
			t.Fatalf("%q, of %d, comes after a line of %d", line, m.sec, newest)
		}
		if !m.own && !strings.Contains(before, "INFO") && !strings.HasPrefix(before, "at ") {
			t.Fatalf("a trace comes behind %q", before)
		}
		newest, before = max(newest, m.sec), line
	}
}

func TestUTF16IsGivenInUTF8(t *testing.T) {
	all := accessLog(rand.New(rand.NewPCG(5, 5)), 3_000, 0)
	raw := []byte{0xff, 0xfe}
	for _, m := range all {
		for _, u := range utf16.Encode([]rune(m.text)) {
			raw = binary.LittleEndian.AppendUint16(raw, u)
		}
	}
	path := filepath.Join(t.TempDir(), "access.log")
	write(t, path, raw)
	got, _, _ := taken(t, Options{From: start + 600, To: start + 900}, Log{Name: path})
	same(t, "UTF-16", got[0], wanted(all, start+600, start+900, nil))
}

func TestStandardInputIsReadOnce(t *testing.T) {
	all := accessLog(rand.New(rand.NewPCG(6, 6)), 9_000, 60)
	text := wanted(all, 0, 0, nil)
	got, _, _ := taken(t, Options{From: start + 600, To: start + 900, Stdin: strings.NewReader(text)}, Log{Name: "-"})
	same(t, "standard input", got[0], wanted(all, start+600, start+900, nil))
}

func TestALineInPiecesComesWhole(t *testing.T) {
	var all []made
	for i := range 400 {
		m := access(start+int64(i), i)
		at := time.Unix(m.sec, 0).UTC().Format("2006-01-02T15:04:05.000000000Z")
		line := strings.TrimSuffix(m.text, "\n")
		all = append(all, made{at + " stdout P " + line[:30] + "\n" + at + " stdout F " + line[30:] + "\n", m.sec, true})
	}
	path := rotated(t, all, "access.log.1", "access.log")
	o := Options{From: start + 100, To: start + 300, Where: func(r *accesslog.Record) bool { return r.Status == 500 }}
	got, _, _ := taken(t, o, Log{Name: path})
	same(t, "pieces", got[0], wanted(all, o.From, o.To, func(m made) bool { return strings.Contains(m.text, "\" 500 ") }))
}

func TestACopyThatWasNotTruncatedIsNotGivenTwice(t *testing.T) {
	all := accessLog(rand.New(rand.NewPCG(7, 7)), 4_000, 10)
	for _, copied := range []string{"access.log.1", "access.log.1.gz"} {
		path := rotated(t, all, "access.log")
		text := wanted(all[:2500], 0, 0, nil)
		write(t, filepath.Join(filepath.Dir(path), copied), []byte(text))
		got, _, results := taken(t, Options{}, Log{Name: path})
		same(t, copied, got[0], wanted(all, 0, 0, nil))
		if len(results[0].Notices) != 1 || !strings.Contains(results[0].Notices[0], "has the same lines as") {
			t.Errorf("%s: got notices %q, want one", copied, results[0].Notices)
		}
	}
}

func TestALogWithoutLinesOfTheTimeTellsWhichItHas(t *testing.T) {
	all := accessLog(rand.New(rand.NewPCG(8, 8)), 5_000, 0)
	for _, names := range [][]string{{"access.log.2.gz", "access.log.1", "access.log"}, {"access.log.1", "access.log.gz"}} {
		path := rotated(t, all, names...)
		_, _, results := taken(t, Options{From: start + 90_000}, Log{Name: path})
		last := all[len(all)-1].sec
		if r := results[0]; r.Lines != 0 || r.Last != last || r.Err != nil {
			t.Errorf("%v: got %+v, want none, the last of %d", names, r, last)
		}
		if newest, ok := Newest([]Log{{Name: path}}, Options{}); !ok || newest != last {
			t.Errorf("%v: newest: got %d, %v, want %d", names, newest, ok, last)
		}
	}
}

func TestWhatCannotBeReadIsTold(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty.log"), nil)
	write(t, filepath.Join(dir, "prose.log"), []byte("one\ntwo\n"))
	write(t, filepath.Join(dir, "app.log"), []byte("2026-11-21 10:00:00 up\n"))
	write(t, filepath.Join(dir, "gone.log.1"), []byte(access(start, 1).text))
	pick := func(*accesslog.Record) bool { return true }
	for _, c := range []struct {
		name  string
		where func(*accesslog.Record) bool
		want  string
	}{
		{"none.log", nil, "cannot read .*none.log: no such file"},
		{"prose.log", nil, "no line has a time that weir knows"},
		{"app.log", pick, "no filter can be asked"},
		{"empty.log", nil, ""},
		{"gone.log", nil, ""},
	} {
		_, _, results := taken(t, Options{From: 1, Where: c.where}, Log{Name: filepath.Join(dir, c.name)})
		if err := results[0].Err; (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), strings.TrimPrefix(c.want, "cannot read .*")) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLinesThatAreTooLongAreLeftOutAndCounted(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(access(start, 1).text)
	text.WriteString(strings.Repeat("x", 3<<20) + "\n")
	text.WriteString(access(start+1, 2).text)
	text.WriteString(strings.Repeat("y", maxLine+7) + "\n")
	text.WriteString(strings.TrimSuffix(access(start+2, 3).text, "\n"))
	path := filepath.Join(t.TempDir(), "access.log")
	write(t, path, text.Bytes())
	got, _, results := taken(t, Options{}, Log{Name: path})
	same(t, "long", got[0], access(start, 1).text+access(start+1, 2).text+access(start+2, 3).text)
	if results[0].TooLong != 2 {
		t.Errorf("got %d lines too long, want 2", results[0].TooLong)
	}
}

func TestWhatIsRememberedOfPlacesNeverMakesAnAnswerWrong(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	all := accessLog(r, 30_000, 60)
	path := rotated(t, all, "access.log.1", "access.log")
	hints := func(string, uint64, uint64) []Range {
		var ranges []Range
		for range r.IntN(6) {
			from := r.Int64N(6<<20) - 1<<20
			ranges = append(ranges, Range{from, from + r.Int64N(200_000) - 1000})
		}
		return ranges
	}
	for range 4 {
		for _, s := range stretches(r) {
			got, _, _ := taken(t, Options{From: s[0], To: s[1], Spans: hints}, Log{Name: path})
			same(t, fmt.Sprintf("from %d to %d", s[0]-start, s[1]-start), got[0], wanted(all, s[0], s[1], nil))
		}
	}
}

func TestALineFarFromItsTimeIsFoundWhereItIsRemembered(t *testing.T) {
	all := accessLog(rand.New(rand.NewPCG(10, 10)), 30_000, 5)
	slow := access(start+600, 4711) // a download that took more than an hour
	all = slices.Insert(all, len(all)*2/3, slow)
	path := rotated(t, all, "access.log")
	text := wanted(all, 0, 0, nil)
	place := int64(strings.Index(text, slow.text))
	o := Options{From: start + 500, To: start + 700}
	o.Spans = func(string, uint64, uint64) []Range { return []Range{{place - 3000, place + 3000}} }
	got, _, _ := taken(t, o, Log{Name: path})
	same(t, "remembered", got[0], wanted(all, o.From, o.To, nil))
	if !strings.HasSuffix(got[0], slow.text) {
		t.Error("the line that is far from its time is missing")
	}
}
