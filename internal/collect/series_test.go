package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/internal/timesite"
)

func layouts() map[string]layout {
	free, _ := ParseMetric(`free{disk="a b"}`)
	return map[string]layout{
		"four columns": {metrics: Counts()},
		"named":        {metrics: []Metric{free, Counts()[0]}, named: true},
		"extended":     {metrics: Counts(), named: true, extended: true},
	}
}

// TestASeriesCutAnywhereGoesOnWithTrueLinesOnly cuts a series at each of its bytes, as
// a crash would, and appends to it.
func TestASeriesCutAnywhereGoesOnWithTrueLinesOnly(t *testing.T) {
	for name, l := range layouts() {
		values := func(i int) []string {
			all := []string{strconv.Itoa(100 + i), "1.5e+21", "-7"}[:len(l.metrics)]
			if l.extended && i == 1 {
				return nil
			}
			return all
		}
		whole := l.header()
		for i := range 3 {
			whole += l.row(time.Unix(1_773_151_500+int64(10*i), 0), values(i), 1234567*time.Nanosecond)
		}
		added := l.row(time.Unix(1_773_151_600, 0), values(0), 0)
		for _, rest := range []string{"", "\x00\x00\x00"} {
			for at := range len(whole) + 1 {
				n, path := &notebook{}, filepath.Join(t.TempDir(), "stats.tsv")
				held := whole[:at] + rest
				if err := os.WriteFile(path, []byte(held), 0o644); err != nil {
					t.Fatal(err)
				}
				s, err := openSeries(path, l, n.tell)
				if err != nil {
					t.Fatalf("%s, cut at %d: %v", name, at, err)
				}
				if err := errors.Join(s.append(added), s.close()); err != nil {
					t.Fatal(err)
				}
				kept := held[:strings.LastIndexByte(held, '\n')+1]
				if kept == "" {
					kept = l.header()
				}
				if got := read(t, path); got != kept+added {
					t.Fatalf("%s, cut at %d: got %q, want %q", name, at, got, kept+added)
				}
				torn := held[strings.LastIndexByte(held, '\n')+1:]
				if (n.String() != "") != (torn != "") || torn != "" && !strings.Contains(n.String(), "its last line was cut off while it was written, and is taken away: "+cut(strconv.Quote(torn))) {
					t.Fatalf("%s, cut at %d: told %q of %q", name, at, n, torn)
				}
				if rows := strings.Count(strings.TrimPrefix(kept, l.header()), "\n"); rows > 0 && s.last != time.Unix(1_773_151_500+int64(10*(rows-1)), 0) {
					t.Fatalf("%s, cut at %d: got a last record at %v", name, at, s.last)
				}
			}
		}
	}
}

func TestAFileThatHoldsSomethingElseIsLeftAsItIs(t *testing.T) {
	for _, c := range []struct{ layout, holds, want string }{
		{"four columns", "unix\tfree\n1\t2\n", `begins with "unix\tfree", not with a row of 4 numbers (Unix time, 200s, 404s, 500s): name another file`},
		{"four columns", "hello\n", `begins with "hello"`},
		{"four columns", "\n", `begins with ""`},
		{"four columns", "1773151500\t1\t2\n", `not with a row of 4 numbers`},
		{"four columns", "1773151500\t1\t2\t3\t4\n", `not with a row of 4 numbers`},
		{"four columns", "1773151500\t1\t2\tx\n", `not with a row of 4 numbers`},
		{"four columns", "1773151500\t1\t2\t3\nThe end.\n", `its last line is "The end."`},
		{"four columns", "1773151500\t1\t2\t3\n1773151510\t1\t\t3\n", `its last line is`},
		{"four columns", "1773151500\t1\t2\t3\nThe end.", `it ends in "The end."`},
		{"four columns", "precious", `it ends in "precious"`},
		{"extended", "1773151500\t1\t2\t3\n", `not with the columns asked for, "unix_ms\t200s\t404s\t500s\telapsed_ms\tok"`},
		{"named", "unix\t200s\n", `not with the columns asked for`},
		{"extended", "unix_ms\t200s\t404s\t500s\telapsed_ms\tok\nx\n", `its last line is "x"`},
	} {
		path := filepath.Join(t.TempDir(), "stats.tsv")
		if err := os.WriteFile(path, []byte(c.holds), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := openSeries(path, layouts()[c.layout], func(text string) { t.Errorf("told %s", text) })
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Error(), c.want) || !strings.HasPrefix(refused.Error(), path) {
			t.Errorf("%s, %q: got %v, want a refusal with %q", c.layout, c.holds, err, c.want)
		}
		if got := read(t, path); got != c.holds {
			t.Errorf("%s: %q became %q", c.layout, c.holds, got)
		}
	}
}

func TestALongSeriesIsCheckedAtItsEnds(t *testing.T) {
	l, path := layouts()["four columns"], filepath.Join(t.TempDir(), "stats.tsv")
	var b bytes.Buffer
	for i := range 100_000 {
		b.WriteString(l.row(time.Unix(1_773_151_500+int64(i), 0), []string{"1", "2", "3"}, 0))
	}
	if err := os.WriteFile(path, append(b.Bytes(), "17731"...), 0o644); err != nil {
		t.Fatal(err)
	}
	n := &notebook{}
	s, err := openSeries(path, l, n.tell)
	if err != nil || s.last != time.Unix(1_773_151_500+99_999, 0) || s.close() != nil {
		t.Fatalf("got %v, %v", s, err)
	}
	if got := read(t, path); got != b.String() || n.String() == "" {
		t.Errorf("got %d bytes, want %d; told %q", len(got), b.Len(), n)
	}
}

func TestTwoCollectorsDoNotWriteOneFile(t *testing.T) {
	l, path := layouts()["four columns"], filepath.Join(t.TempDir(), "stats.tsv")
	first, err := openSeries(path, l, nil)
	if err != nil {
		t.Fatal(err)
	}
	var refused *RefusedError
	if _, err := openSeries(path, l, nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), "is written by another process already") {
		t.Errorf("got %v, want a refusal", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	second, err := openSeries(path, l, nil)
	if err != nil {
		t.Fatalf("it was let go of: got %v", err)
	}
	second.close()
}

func TestAFileThatIsMovedDeletedOrEmptiedIsBegunAnew(t *testing.T) {
	l, dir, n := layouts()["extended"], t.TempDir(), &notebook{}
	path := filepath.Join(dir, "stats.tsv")
	s, err := openSeries(path, l, n.tell)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	row := func(i int64) string { return l.row(time.Unix(1_773_151_500+i, 0), []string{"1", "2", "3"}, 0) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.append(row(0)))
	must(os.Rename(path, path+".1"))
	must(s.append(row(1)))
	must(s.append(row(2)))
	if got, want := read(t, path), l.header()+row(1)+row(2); got != want || read(t, path+".1") != l.header()+row(0) {
		t.Errorf("moved: got %q, want %q", got, want)
	}
	must(os.Remove(path))
	must(s.append(row(3)))
	if got, want := read(t, path), l.header()+row(3); got != want {
		t.Errorf("deleted: got %q, want %q", got, want)
	}
	must(os.Truncate(path, 0))
	must(s.append(row(4)))
	if got, want := read(t, path), l.header()+row(4); got != want {
		t.Errorf("emptied: got %q, want %q", got, want)
	}
	if told := path + ": was moved or deleted: going on in a new file"; n.String() != told+"\n"+told {
		t.Errorf("told %q", n)
	}
	must(os.Rename(path, path+".2"))
	must(os.WriteFile(path, []byte("precious\n"), 0o644))
	if err := s.append(row(5)); !errors.As(err, new(*RefusedError)) || read(t, path) != "precious\n" {
		t.Errorf("got %v, and %q in a file of somebody else", err, read(t, path))
	}
}

func TestWhatCannotBeWrittenEndsTheRun(t *testing.T) {
	dir := t.TempDir()
	if _, err := openSeries(dir, layouts()["extended"], nil); err == nil || !strings.Contains(err.Error(), "cannot write the series: ") {
		t.Errorf("a directory: got %v", err)
	}
	if _, err := openSeries(filepath.Join(dir, "no/such"), layouts()["extended"], nil); err == nil || !strings.Contains(err.Error(), "no such") {
		t.Errorf("no directory: got %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := inMemory(t, timesite.New(timesite.Options{}))
		o := options(t, "http://site/stats", "", &notebook{})
		o.Dial, o.Out = m.dial, full{}
		if totals, err := Run(context.Background(), o); err == nil || err.Error() != "cannot write the series: disk full" || totals.Records != 0 {
			t.Errorf("got %+v, %v", totals, err)
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestMetricsAreReadAsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"up": "up []", " up ": "up []", "200s": " []", "a.b": " []", "Total Accesses": " []", "job:rate": "job:rate []",
		`hits{code="200", path="a\"b\\c\nd",}`: `hits [{code 200} {path a"b\c` + "\nd}]", "hits {}": "hits []", "{a}": " []",
	} {
		m, err := ParseMetric(text)
		if got := fmt.Sprintf("%s %v", m.name, m.labels); err != nil || got != want || m.String() != strings.TrimSpace(text) || m.whole {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "the name of the metric is empty", " ": "empty", "a\tb": "no tabs", "a{b=c}": "labels are written as", "a{b": "labels", `a{b="c`: "labels", `a{b="c"}d`: "labels", `a{b="c"d="e"}`: "labels", `a{b!="c"}`: "labels",
	} {
		if m, err := ParseMetric(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v, want an error with %q", text, m, err, want)
		}
	}
}

func TestValuesAreFoundOnPages(t *testing.T) {
	prometheus := `# HELP hits Requests.
# TYPE hits counter
hits{code="200",method="get"} 1027 1395066363000
hits{code="200",method="post"} 3
hits{method="get", code="500"} 5
hitsmore 9
free_bytes 1.5e+09
temperature{room="a: b"} -3.25
load NaN
up 1
big 9007199254740993
`
	status := "Total Accesses: 1,5\nTotal kBytes: 12\nActive connections: 291 \nBusyWorkers: 3\na.b: 5\n"
	object := `{"a":{"b.c":[1,{"d":2}],"e":-0.5},"a.b":7,"t":true,"big":9007199254740993,"exp":1e3}`
	for _, c := range []struct{ page, metric, want string }{
		{prometheus, "hits", "1035"},
		{prometheus, `hits{code="200"}`, "1030"},
		{prometheus, `hits{code="500",method="get"}`, "5"},
		{prometheus, `hits{code="404"}`, `!hits{code="404"} is not on the page`},
		{prometheus, "free_bytes", "1500000000"},
		{prometheus, `temperature{room="a: b"}`, "-3.25"},
		{prometheus, "load", `!load is "NaN" on the page, which is no number`},
		{prometheus, "big", "9007199254740993"},
		{prometheus, "hit", "!hit is not on the page"},
		{status, "Total kBytes", "12"},
		{status, "Total Accesses", `!Total Accesses is "1,5" on the page`},
		{status, "Active connections", "291"},
		{status, "BusyWorkers", "3"},
		{status, "a.b", "5"},
		{object, "a.e", "-0.5"},
		{object, "a.b", "7"},
		{object, "a.b.c.0", "1"},
		{object, "a.b.c.1.d", "2"},
		{object, "a.b.c.2", "!a.b.c.2 is not on the page"},
		{object, "a", `!a is {"b.c":[1,{"d":2}],"e":-0.5} on the page, which is no number`},
		{object, "t", "!t is true"},
		{object, "big", "9007199254740993"},
		{object, "exp", "1000"},
	} {
		m, err := ParseMetric(c.metric)
		if err != nil {
			t.Fatal(err)
		}
		got, err := page{body: []byte(c.page), sized: true}.values([]Metric{m})
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, %v, want an error with %q", c.metric, got, err, want)
			}
		} else if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, %v, want %s", c.metric, got, err, want)
		}
	}
}

// FuzzPages: whatever a server says, a line is one that is read back, or there is none.
func FuzzPages(f *testing.F) {
	for _, seed := range []string{good, `{"200s":1,"404s":2,"500s":3,"hits":{"a":1}}`, "hits{code=\"1\"} 4\nhits 1e300\n200s: 1\n404s:0\n500s:9", "[]", "\ufeff200s: 0\r\n", `hits{a="\`} {
		f.Add([]byte(seed), "", true)
		f.Add([]byte(seed), "application/json", false)
	}
	hits, _ := ParseMetric("hits")
	l := layout{metrics: append(Counts(), hits)}
	f.Fuzz(func(t *testing.T, body []byte, kind string, sized bool) {
		for _, l := range []layout{l, {metrics: Counts()}} {
			values, err := page{kind: kind, body: body, sized: sized}.values(l.metrics)
			if err != nil {
				continue
			}
			row := l.row(time.Unix(1, 0), values, 0)
			line, ended := strings.CutSuffix(row, "\n")
			if _, ok := l.read(line); !ok || !ended || strings.Contains(line, "\n") {
				t.Fatalf("%q gave the line %q", body, row)
			}
			for i, value := range values {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || i < 3 && (n < 0 || n != math.Trunc(n)) {
					t.Fatalf("%q gave %q", body, values)
				}
			}
		}
	})
}
