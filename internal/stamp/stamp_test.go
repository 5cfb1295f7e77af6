package stamp

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// written is when the logs of these tests were written last.
var written = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func TestATimeIsFoundInEveryNotation(t *testing.T) {
	const want = "2026-11-21T10:00:00"
	for _, c := range []struct{ line, want string }{
		{"2026-11-21T10:00:00Z up", want + "Z"},
		{"2026-11-21T10:00:00.123456789+01:00 up", "2026-11-21T09:00:00.123456789Z"},
		{"2026-11-21T10:00:00.1234567891Z up", "2026-11-21T10:00:00.123456789Z"},
		{"2026-11-21 10:00:00,123 INFO up", want + ".123Z"},
		{"2026-11-21 10:00:00.123 +0100 [main] up", "2026-11-21T09:00:00.123Z"},
		{"2026-11-21 10:00:00.123 UTC [99] LOG:  up", want + ".123Z"},
		{"2026-11-21 10:00:00.5+02 up", "2026-11-21T08:00:00.5Z"},
		{"[2026-11-21T10:00:00-0230] up", "2026-11-21T12:30:00Z"},
		{"2026/11/21 10:00:00 [error] 7#7: *1 open() failed", want + "Z"},
		{"2026.11.21 10:00:00 up", want + "Z"},
		{"20261121T100000Z up", want + "Z"},
		{"20261121 10:00:00 up", want + "Z"},
		{"261121 10:00:00 [Warning] mysqld", want + "Z"},
		{"[Sat Nov 21 10:00:00.123456 2026] [core:error] [pid 9] up", want + ".123456Z"},
		{"[Sat Nov 21 10:00:00 2026] [error] up", want + "Z"},
		{"Sat Nov 21 10:00:00 UTC 2026 up", want + "Z"},
		{"Sat, 21 Nov 2026 10:00:00 GMT up", want + "Z"},
		{"Nov 21 10:00:00 host app[7]: up", want + "Z"},
		{"<34>Nov 21 10:00:00 host app[7]: up", want + "Z"},
		{"<165>1 2026-11-21T10:00:00.003Z host app 7 - - up", want + ".003Z"},
		{"Nov  1 10:00:00 host app: up", "2026-11-01T10:00:00Z"},
		{"Nov 21, 2026 10:00:00 AM com.example.Main up", want + "Z"},
		{"Nov 21, 2026 12:00:00 AM com.example.Main up", "2026-11-21T00:00:00Z"},
		{"Nov 21, 2026 10:00:00 PM com.example.Main up", "2026-11-21T22:00:00Z"},
		{"Nov 21 2026 10:00:00 fw %ASA-6: up", want + "Z"},
		{"[21-Nov-2026 10:00:00 UTC] PHP Warning: up", want + "Z"},
		{"21/Nov/2026:10:00:00 +0100 up", "2026-11-21T09:00:00Z"},
		{"21 Nov 2026 10:00:00.123 # Redis", want + ".123Z"},
		{"I1121 10:00:00.123456       1 main.go:7] up", want + ".123456Z"},
		{"1795255200 up", want + "Z"},
		{"1795255200.250 up", want + ".25Z"},
		{"1795255200123 up", want + ".123Z"},
		{"1795255200123456 up", want + ".123456Z"},
		{"1795255200123456789 up", want + ".123456789Z"},
		{`{"level":"info","ts":1795255200.5,"msg":"up"}`, want + ".5Z"},
		{`{"msg":"at \"time\":\"2020-01-01T00:00:00Z\"", "time": "2026-11-21T10:00:00Z"}`, want + "Z"},
		{`{"log":"` + string(bytes.Repeat([]byte("x"), 500)) + `\n","stream":"stderr","time":"2026-11-21T10:00:00.1Z"}`, want + ".1Z"},
		{"\xef\xbb\xbf2026-11-21T10:00:00Z up", want + "Z"},
		{"2026-11-21T10:00:00Z", want + "Z"},
	} {
		m, ok := New(nil, written).Time([]byte(c.line))
		got := time.Unix(m.Sec, int64(m.Nanos)).UTC().Format(time.RFC3339Nano)
		if !ok || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.line, got, ok, c.want)
		}
	}
}

func TestLinesWithoutATimeHaveNone(t *testing.T) {
	for _, line := range []string{
		"", " ", "Traceback (most recent call last):", "  File \"2026-11-21T10:00:00Z\", line 3", "\tat com.example.Main(Main.java:7)",
		"ValueError: 2026-11-21 10:00:00 is no date", "2026-13-01 10:00:00 up", "2026-02-29 10:00:00 up", "2026-11-21 24:00:00 up",
		"2026-11-21 up", "10:00:00 up", "1795255200a up", "179525520 up", "Nov 31 10:00:00 host", "E1331 10:00:00.1 x", "Error 2026-11-21 10:00:00",
		"2026-11-21T10:00:00Zebra", "{}", `{"time":"soon"}`, `{"thread":1795255200}`, "99999999999999999999 up", "<34>", "<x>2026-11-21T10:00:00Z",
		"1.795255200 up", "1795255200123.5 up",
	} {
		if m, ok := New(nil, written).Time([]byte(line)); ok {
			t.Errorf("%q: got %d, want none", line, m.Sec)
		}
	}
}

func lines(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func TestTimesBehindOtherWordsAreFoundOnceTheLogWasSeen(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"INFO 2026-11-21 10:00:00,5 up", "2026-11-21T10:00:00.5Z"},
		{"web-1  | 2026-11-21T10:00:00Z up", "2026-11-21T10:00:00Z"},
		{"7:M 21 Nov 2026 10:00:00.123 * Ready", "2026-11-21T10:00:00.123Z"},
		{`level=info time="2026-11-21T10:00:00Z" msg=up`, "2026-11-21T10:00:00Z"},
		{"level=info ts=1795255200.5 msg=up", "2026-11-21T10:00:00.5Z"},
		{`10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1`, "2026-11-21T10:00:00Z"},
	} {
		r := New(nil, written)
		if n := r.Learn(lines(c.line, "no time", c.line)); n != 2 {
			t.Errorf("%s: %d of the lines have a time, want 2", c.line, n)
		}
		m, ok := r.Time([]byte(c.line))
		if got := time.Unix(m.Sec, int64(m.Nanos)).UTC().Format(time.RFC3339Nano); !ok || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.line, got, ok, c.want)
		}
	}
}

func TestADateThatIsSpokenOfIsNoneWhereTimesStandFirst(t *testing.T) {
	r := New(nil, written)
	trace := "ValueError: 2020-01-01 00:00:00 is not ok"
	r.Learn(lines("2026-11-21 10:00:00 boom", trace, "2026-11-21 10:00:01 boom"))
	if _, ok := r.Time([]byte(trace)); ok {
		t.Error("the date in a message was taken for the time of its line")
	}
}

func TestTimesWithoutAYearAreOfTheLastThatIsNotLater(t *testing.T) {
	for _, c := range []struct{ newest, line, want string }{
		{"2027-01-01T00:10:00Z", "Dec 31 23:59:59 host up", "2026-12-31T23:59:59Z"},
		{"2027-01-01T00:10:00Z", "Jan  1 00:05:00 host up", "2027-01-01T00:05:00Z"},
		{"2026-12-31T23:59:59Z", "Jan  1 00:05:00 host up", "2027-01-01T00:05:00Z"}, // another clock
		{"2027-06-01T00:00:00Z", "Feb 29 10:00:00 host up", "2024-02-29T10:00:00Z"},
		{"2027-01-01T00:10:00Z", "W1231 23:59:59.5 1 main.go:7] up", "2026-12-31T23:59:59.5Z"},
	} {
		newest, _ := time.Parse(time.RFC3339, c.newest)
		m, ok := New(nil, newest).Time([]byte(c.line))
		if got := time.Unix(m.Sec, int64(m.Nanos)).UTC().Format(time.RFC3339Nano); !ok || got != c.want {
			t.Errorf("%s in a log of %s: got %s, %v, want %s", c.line, c.newest, got, ok, c.want)
		}
	}
}

func TestWallClocksAreReadInTheirZone(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		wall, want string
		again      int64
	}{
		{"2026-07-01 12:00:00", "2026-07-01T10:00:00Z", 0},
		{"2026-12-01 12:00:00", "2026-12-01T11:00:00Z", 0},
		{"2026-10-25 01:59:59", "2026-10-24T23:59:59Z", 0},
		{"2026-10-25 02:30:00", "2026-10-25T00:30:00Z", 3600}, // comes twice
		{"2026-10-25 03:00:00", "2026-10-25T02:00:00Z", 0},
		{"2026-03-29 01:59:59", "2026-03-29T00:59:59Z", 0},
		{"2026-03-29 02:30:00", "2026-03-29T01:30:00Z", 0}, // was left out
		{"2026-03-29 03:00:00", "2026-03-29T01:00:00Z", 0},
	} {
		m, ok := New(berlin, written).Time([]byte(c.wall + " up"))
		if got := time.Unix(m.Sec, 0).UTC().Format(time.RFC3339); !ok || got != c.want || m.Again != c.again {
			t.Errorf("%s: got %s, again %d, %v, want %s, again %d", c.wall, got, m.Again, ok, c.want, c.again)
		}
	}
}

// TestEveryMomentIsReadBackInEveryZone writes moments down as wall clocks show
// them, around changes of the clock, too.
func TestEveryMomentIsReadBackInEveryZone(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"} {
		in := zone(t, name)
		r := New(in, written)
		for sec := int64(1743000000); sec < 1743000000+400*86400; sec += 1733 {
			at := time.Unix(sec, 0).In(in)
			m, ok := r.Time(fmt.Appendf(nil, "%s up", at.Format("2006-01-02 15:04:05")))
			if !ok || m.Sec != sec && m.Sec+m.Again != sec {
				t.Fatalf("%s %s: got %d or %d later, %v, want %d", name, at, m.Sec, m.Again, ok, sec)
			}
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no database of zones: %v", err)
	}
	return z
}

func TestATimeCostsNoMemory(t *testing.T) {
	r := New(zone(t, "Europe/Berlin"), written)
	for _, line := range lines("2026-11-21 10:00:00,123 up", "Nov 21 10:00:00 host up", "[Sat Nov 21 10:00:00.1 2026] up", `{"a":1,"time":"2026-11-21T10:00:00Z"}`, "no time") {
		if n := testing.AllocsPerRun(100, func() { r.Time(line) }); n > 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{
		"2026-11-21T10:00:00.1+01:00 x", "[Sat Nov 21 10:00:00.1 2026] x", "Feb 29 10:00:00 x", "I1121 10:00:00.1", "1795255200.1", `{"ts":1}`,
		"<34>1 2026-11-21T10:00:00Z", "a ts=1795255200 b", "9999-12-31 23:59:60 -1500", "1970-01-01 00:00:00 +1500", "Nov 21, 2026 12:00:00 PM",
	} {
		f.Add([]byte(s), true)
	}
	berlin, _ := time.LoadLocation("Europe/Berlin")
	f.Fuzz(func(t *testing.T, line []byte, deep bool) {
		before := bytes.Clone(line)
		r := New(berlin, written)
		r.deep = deep
		m, ok := r.Time(line)
		again, sure := r.Time(line)
		switch {
		case m != again || ok != sure:
			t.Fatalf("%q: first %v, then %v", line, m, again)
		case !ok && m != Moment{}:
			t.Fatalf("%q: %v without a time", line, m)
		case ok && (m.Sec < 0 || m.Sec > most || m.Nanos < 0 || m.Nanos > 999_999_999 || m.Again < 0 || m.Again > 86400):
			t.Fatalf("%q: got %v", line, m)
		case !bytes.Equal(line, before):
			t.Fatalf("%q became %q", before, line)
		}
	})
}

func BenchmarkTime(b *testing.B) {
	for name, line := range map[string]string{
		"nginx": "2026/11/21 10:00:00 [error] 7#7: *1 open() failed", "syslog": "Nov 21 10:00:00 host app[7]: up", "trace": "com.example.Main: failed",
	} {
		b.Run(name, func(b *testing.B) {
			r := New(time.UTC, written)
			for b.Loop() {
				r.Time([]byte(line))
			}
		})
	}
}
