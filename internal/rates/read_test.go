package rates

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// read makes a table of text, as an edge does.
func read(text string, lenient bool) (*Table, error) {
	r := Reader{Name: "stats.tsv", Lenient: lenient}
	for line := range strings.Lines(text) {
		take := r.Line
		if !strings.HasSuffix(line, "\n") {
			take = r.Torn
		}
		if err := take([]byte(strings.TrimSuffix(line, "\n"))); err != nil {
			return nil, err
		}
	}
	return r.Table()
}

// shown writes a table on one line.
func shown(t *Table) string {
	var b strings.Builder
	for _, s := range t.Series {
		fmt.Fprintf(&b, "%s %v ", s.Name, s.Values)
	}
	fmt.Fprintf(&b, "at %v", t.Series[0].At)
	for _, n := range t.Notices {
		b.WriteString("; " + n)
	}
	return b.String()
}

func TestTablesAreReadInAllTheirForms(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"four columns":     {"10\t1\t2\t3\n20\t4\t5\t6\n", "200s [1 4] 404s [2 5] 500s [3 6] at [10000 20000]"},
		"other columns":    {"10\t1\n20\t4\n", "column 2 [1 4] at [10000 20000]"},
		"a header":         {"unix\t200s\tcats\n10\t1\t2\n20\t4\t5\n", "200s [1 4] cats [2 5] at [10000 20000]"},
		"extended":         {"# weir-stats v1\nunix_ms\tiso_local\t200s\telapsed_ms\tok\n1773151500123\t2026-03-10T14:05:00+01:00\t7\t3\t1\n1773151510123\t2026-03-10T14:05:10+01:00\t\t\t0\n1773151520123\tx\t9\t3\t1\n", "200s [7 NaN 9] at [1773151500123 1773151510123 1773151520123]"},
		"a new header":     {"unix\ta\n10\t1\nunix\tb\ta\n20\t5\t2\n", "a [1 2] b [NaN 5] at [10000 20000]"},
		"a counter gone":   {"unix\ta\tb\n10\t1\t2\nunix\tb\n20\t5\n", "a [1 NaN] b [2 5] at [10000 20000]"},
		"spaces":           {"10   1 2\n20 3  4 \n", "column 2 [1 3] column 3 [2 4] at [10000 20000]"},
		"commas":           {"10,1\n20, 2\n", "column 2 [1 2] at [10000 20000]"},
		"windows":          {"\ufeff10\t1\r\n20\t2\r\n", "column 2 [1 2] at [10000 20000]"},
		"fractions":        {"10.5\t1.5\n20.25\t2e3\n", "column 2 [1.5 2000] at [10500 20250]"},
		"RFC 3339":         {"2026-03-10T14:05:00Z\t1\n2026-03-10T15:05:10+01:00\t2\n", "column 2 [1 2] at [1773151500000 1773151510000]"},
		"empty lines":      {"\n10\t1\n\n# remark\n20\t2\n", "column 2 [1 2] at [10000 20000]"},
		"holes":            {"10\t1\t2\n20\t\t3\n30\t-\t4\n", "column 2 [1 NaN NaN] column 3 [2 3 4] at [10000 20000 30000]"},
		"no last feed":     {"10\t1\n20\t2", "column 2 [1 2] at [10000 20000]"},
		"half a number":    {"10\t100\n20\t110\n30\t1", "column 2 [100 110] at [10000 20000]; stats.tsv:3: the last line is not whole, and left out"},
		"half a line":      {"10\t1\t1\n20\t1\t2\n30\t1", "column 2 [1 1] column 3 [1 2] at [10000 20000]; stats.tsv:3: the last line is not whole, and left out"},
		"time goes back":   {"10\t1\n20\t2\n15\t2\n16\t2\n30\t3\n", "column 2 [1 2 3] at [10000 20000 30000]; stats.tsv:3:1: the time goes back by 5s; 2 such lines are left out"},
		"the same time":    {"10\t1\n10\t2\n30\t3\n", "column 2 [1 3] at [10000 30000]; stats.tsv:2:1: the time is that of the line before; the line is left out"},
		"quoted header":    {"\"time\",\"a\"\n10,1\n20,2\n", "a [1 2] at [10000 20000]"},
		"a large counter":  {"10\t12345678901234567\n20\t1.3e16\n", "column 2 [1.2345678901234568e+16 1.3e+16] at [10000 20000]"},
		"semicolons":       {"10;1\n20;2\n", "column 2 [1 2] at [10000 20000]"},
		"time past 5000":   {"99999999999\t1\n99999999999999\t2\n", "column 2 [1 2] at [99999999999000 99999999999999]"},
		"a later beginner": {"unix\tb\n10\t1\n20\t2\nunix\tc\n30\t7\n", "b [1 2 NaN] c [NaN NaN 7] at [10000 20000 30000]"},
	} {
		table, err := read(c.text, false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := shown(table); got != c.want {
			t.Errorf("%s\n got  %s\n want %s", name, got, c.want)
		}
	}
}

func TestWhatIsWrongWithATableIsSaidWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "stats.tsv is empty: a rate is made of two lines at least",
		"# nothing\n":                `stats.tsv has no line with a time and counters, such as "1773151500\t4512\t31\t2"`,
		"10\t1\n":                    "stats.tsv has one line with counters: a rate is made of two lines at least",
		"10\t1\n20\tNaN\n":           `stats.tsv:2:4: "NaN" is no count (column 2)`,
		"10\t1\t2\t3\n20\t1\tx\t3\n": `stats.tsv:2:6: "x" is no count (404s)`,
		"10\t1\n20\t-4\n":            `stats.tsv:2:4: "-4" is below 0, which no counter can be (column 2)`,
		"10\t1\n20\tInf\n":           `stats.tsv:2:4: "Inf" is no count (column 2)`,
		"10\t1\t1\n20\t1\n":          "stats.tsv:2:4: the line has 2 columns, and 3 are wanted (unix, column 2, column 3)",
		"10\t1\n20\t1\t2\n":          "stats.tsv:2:6: the line has 3 columns, and only 2 are wanted (unix, column 2)",
		"10\t1\n?\t1\n":              `stats.tsv:2:1: "?" is no time: want seconds since 1970`,
		"NaN\t1\n":                   `stats.tsv:1:1: "NaN" is no time: want seconds since 1970`,
		"hello\n":                    `stats.tsv:1:1: "hello" is no time: want seconds since 1970, a tab, counters`,
		"unix\ta\ta\n":               `stats.tsv:1:8: the header has two columns called "a"`,
		"unix\t\ta\n":                "stats.tsv:1:6: the header has a column without a name",
		"unix\tok\n":                 "stats.tsv:1:1: no column is a counter",
		"1e99\t1\n":                  `stats.tsv:1:1: "1e99" is no time: want seconds since 1970`,
	} {
		if _, err := read(text, false); err == nil || err.Error() != want {
			t.Errorf("%q\n got  %v\n want %s", text, err, want)
		}
	}
}

func TestALenientReaderLeavesOutWhatCannotBeRead(t *testing.T) {
	table, err := read("10\t1\t1\n20\tNaN\t2\n30\t3\n40\t4\t4\n", true)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shown(table), `column 2 [1 4] column 3 [1 4] at [10000 40000]; stats.tsv:2:4: "NaN" is no count (column 2); 2 such lines are left out`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTablesAreToldFromLogs(t *testing.T) {
	for head, want := range map[string]bool{
		"1773151500\t4512\t31\t2\n":          true,
		"1773151500\tNaN\n":                  true,
		"# remark\nunix\ta\n1773151500\t1\n": true,
		"time,hits\n1773151500,1\n":          true,
		"1773151500 1 2 3\n":                 true,
		"1773151500.123    5 10.0.0.1 TCP_MISS/200 512 GET http://a/ - DIRECT/1 text/html\n": false,
		"10.0.0.1 - - [10/Mar/2026:14:05:00 +0000] \"GET / HTTP/1.1\" 200 5\n":               false,
		"\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n": false,
		"#Fields: date time c-ip\n2026-03-10 14:05:00 10.0.0.1\n":                            false,
		"{\"time\":1773151500}\n":           false,
		"time:10/Mar/2026\thost:10.0.0.1\n": false,
		"":                                  false,
		"time,client,status\n1773151500,10.0.0.1,200\n": false,
	} {
		if got := Looks([]byte(head)); got != want {
			t.Errorf("%q: got %t", head, got)
		}
	}
}

// FuzzReader holds that no text makes a table that cannot be drawn.
func FuzzReader(f *testing.F) {
	f.Add("10\t1\t2\t3\n20\t4\t5\t6\n", true)
	f.Add("unix\ta\n10\t1\nunix\tb\n20\t5", false)
	f.Add("10;;\n\ufeff\n20;1;-\n20;1e400;\n", true)
	f.Fuzz(func(t *testing.T, text string, lenient bool) {
		table, err := read(text, lenient)
		if err != nil {
			return
		}
		for _, s := range table.Series {
			if len(s.At) != len(s.Values) || len(s.At) < 2 {
				t.Fatalf("%d times, %d values", len(s.At), len(s.Values))
			}
			for i, v := range s.Values {
				if v < 0 || math.IsInf(v, 0) || i > 0 && s.At[i] <= s.At[i-1] {
					t.Fatalf("row %d: %v at %d", i, v, s.At[i])
				}
			}
			line := s.Line(Cut{Window: 60_000, From: s.At[0], To: s.At[len(s.At)-1], Columns: 100})
			for _, p := range line.Points {
				if p.Value < 0 || math.IsInf(p.Value, 0) {
					t.Fatalf("a rate of %v", p.Value)
				}
			}
			s.Resets()
			s.Gaps()
		}
	})
}

func BenchmarkReader(b *testing.B) {
	line := []byte("1773151500\t123456789\t31415\t27182")
	b.ReportAllocs()
	r := Reader{Name: "x"}
	at := int64(1773151500)
	for b.Loop() {
		at++
		line = fmt.Appendf(line[:0], "%d\t123456789\t31415\t27182", at)
		if err := r.Line(line); err != nil {
			b.Fatal(err)
		}
	}
}
