package drive

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weir/internal/timesite"
)

func TestTheRawFileSaysOfEachRequestWhatTheReportSaysOfAll(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		_, at := site(t, timesite.Options{})
		var file bytes.Buffer
		o.Raw = &file
		o.Requests = []Request{request(t, "GET", at), request(t, "GET", at+"/fail"), request(t, "GET", answers(t, "", false))}
		o.Plan = planOf(&o, 3000, 10_000) // more than a batch
		r, err := play(t, o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRaw(bytes.NewReader(file.Bytes()), "it")
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(file.String(), "\n"); n != 3001 {
			t.Errorf("got %d lines, want 3001", n)
		}
		// Times are rounded to the microsecond.
		near := func(a, b float64) bool { return a-b < 0.01+b/100 && b-a < 0.01+b/100 }
		if again.Due != r.Due || again.Sent != r.Sent || again.Answered != r.Answered || again.Failed != r.Failed || again.Late != r.Late ||
			again.Status["200"] != r.Status["200"] || again.Status["500"] != r.Status["500"] || again.Errors["closed"] != r.Errors["closed"] || again.Errors["reset"] != r.Errors["reset"] {
			t.Errorf("got\n%swant\n%s", again.Text(), r.Text())
		}
		if !near(again.Latency.P99, r.Latency.P99) || !near(again.Service.Max, r.Service.Max) || !near(again.Lag.P50, r.Lag.P50) || !near(again.Seconds, r.Seconds) {
			t.Errorf("got\n%swant\n%s", again.Text(), r.Text())
		}
		if want := 21*r.Status["200"] + 17*r.Status["500"]; again.BytesIn != want {
			t.Errorf("got %d bytes of bodies, want %d", again.BytesIn, want)
		}
	})
}

func TestWhatWasNeverSentStandsInTheRawFileToo(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		g := &gate{open: make(chan struct{}), enough: func(int64) bool { return false }}
		var file bytes.Buffer
		o.Raw, o.Connections, o.Overload = &file, 1, Drop
		server := httptest.NewServer(g)
		defer server.Close()
		o.Requests = []Request{request(t, "GET", server.URL)}
		o.Plan = &called{Plan: planOf(&o, 3, 1000), left: 4, then: func() { close(g.open) }}
		if _, err := play(t, o); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(file.String(), "\t-\t"); n != 2 || strings.Count(file.String(), "\tdropped\t0\n") != 2 {
			t.Errorf("got %s", file.String())
		}
		r, err := ParseRaw(bytes.NewReader(file.Bytes()), "it")
		if err != nil || r.Due != 3 || r.Sent != 1 || r.Errors["dropped"] != 2 {
			t.Errorf("got %v, %+v", err, r)
		}
	})
}

// A slowDisk takes nothing until it is let go.
type slowDisk struct {
	free chan struct{}
	took int
	fail error
}

func (d *slowDisk) Write(b []byte) (int, error) {
	<-d.free
	if d.fail != nil {
		return 0, d.fail
	}
	d.took += bytes.Count(b, []byte{'\n'})
	return len(b), nil
}

func TestASlowDiskKeepsNobodyWaitingAndWhatIsMissingIsTold(t *testing.T) {
	const n = 3 * rawBatch * rawQueue
	disk := &slowDisk{free: make(chan struct{})}
	f := newRawFile(disk, time.Unix(0, 0))
	l := &rawLog{to: f}
	for i := range n {
		l.add(exchange{due: time.Duration(i)}) // returns, or the test never ends
	}
	close(disk.free)
	err := closeRaw(f, l)
	if err == nil || !strings.Contains(err.Error(), "are missing") || l.lost == 0 || int64(disk.took)+l.lost != n+1 {
		t.Errorf("%d written, %d lost, of %d: %v", disk.took, l.lost, n, err)
	}
	full := &slowDisk{free: make(chan struct{}), fail: errors.New("no space left")}
	close(full.free)
	f = newRawFile(full, time.Unix(0, 0))
	l = &rawLog{to: f}
	for range 10 * rawBatch {
		l.add(exchange{})
	}
	if err := closeRaw(f, l); err == nil || err.Error() != "no space left" {
		t.Errorf("got %v", err)
	}
}

func TestADamagedRawFileIsToldWithItsLine(t *testing.T) {
	good := "1772366400.000000\t1772366400.000001\t1772366400.000500\t200\t5\n"
	for text, want := range map[string]string{
		"": "no request stands in it", rawHeader: "no request stands in it", "due\tsend\n" + good: "no raw file",
		rawHeader + good + "x\n":                                       "line 3: there are 1 columns, not 5",
		rawHeader + strings.Replace(good, "200", "bored", 1):           `line 2: "bored" is neither a status nor an error`,
		rawHeader + strings.Replace(good, "200", "1000", 1):            "neither a status",
		rawHeader + strings.Replace(good, ".000500", "", 1):            "is no time",
		rawHeader + strings.Replace(good, "1772366400.0", "-1.0", 1):   "is no time",
		rawHeader + strings.Replace(good, "\t5\n", "\t-5\n", 1):        "is no number of bytes",
		rawHeader + strings.Replace(good, "1772366400.0", "9e99.0", 1): "is no time",
	} {
		if r, err := ParseRaw(strings.NewReader(text), "it"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %q", text, r, err, want)
		}
	}
}

func FuzzRawFilesAreReadOrRefused(f *testing.F) {
	f.Add("1772366400.000000\t1772366400.000001\t1772366400.000500\t200\t5\n1772366400.000000\t-\t1772366400.000500\tunsent\t0\n")
	f.Add("0.000000\t8589934591.999999\t0.000000\ttimeout\t9223372036854775807\n")
	f.Fuzz(func(t *testing.T, lines string) {
		r, err := ParseRaw(strings.NewReader(rawHeader+lines), "it")
		if err != nil {
			return
		}
		if r.Due != r.Answered+r.Failed {
			t.Errorf("%d due, %d answered, %d failed", r.Due, r.Answered, r.Failed)
		}
		for _, b := range [][]byte{r.CSV(), r.HTML(), r.HGRM(), []byte(r.Text())} {
			if bytes.Contains(b, []byte("NaN")) {
				t.Errorf("NaN in %s", b)
			}
		}
		if _, err := r.JSON(); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkRaw is what the goroutine that sends pays for a line, with a writer that keeps up.
func BenchmarkRaw(b *testing.B) {
	f := newRawFile(io.Discard, time.Now())
	l := &rawLog{to: f}
	for b.Loop() {
		l.add(exchange{due: time.Second, sent: time.Second, done: 2 * time.Second, status: 200, bytes: 21})
	}
	_ = closeRaw(f, l) // lines may be lost: nobody waits
}
