package scan

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// combined is a log of so many lines in the order of time.
func combined(lines int) []byte {
	r := rand.New(rand.NewPCG(uint64(lines), 3))
	var data []byte
	for i := range lines {
		data = append(data, line(r, i/10, 100)...)
	}
	return data
}

// pack compresses data.
func pack(t testing.TB, kind string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case "gz":
		w = gzip.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	case "xz":
		w, err = xz.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestACompressedLogIsReadAsThePlainOne(t *testing.T) {
	data := combined(3000)
	plain := run(t, Options{}, write(t, "access.log", data))
	for _, kind := range []string{"gz", "zst", "xz"} {
		packed := pack(t, kind, data)
		for what, r := range map[string]*Result{
			"a file":         run(t, Options{}, write(t, "access.log.1", packed)),
			"standard input": run(t, Options{Stdin: bytes.NewReader(packed)}, "-"),
		} {
			if len(r.Failures) > 0 || !bytes.Equal(r.Tally.AppendBinary(nil), plain.Tally.AppendBinary(nil)) {
				t.Errorf("%s, %s: got %d hits of %d, failures %v", kind, what, r.Tally.Hits, plain.Tally.Hits, r.Failures)
			}
		}
	}
}

func TestWhatCameBeforeABreakIsCounted(t *testing.T) {
	data := combined(5000)
	packed := pack(t, "gz", data)
	for _, cut := range []int{len(packed) / 3, len(packed) - 1} {
		r := run(t, Options{blockSize: 5000}, write(t, "access.log.gz", packed[:cut]))
		if len(r.Failures) != 1 || !errors.Is(r.Failures[0], io.ErrUnexpectedEOF) || !strings.Contains(r.Failures[0].Error(), "cut short") {
			t.Errorf("cut to %d bytes: got the failures %v, want one that says cut short", cut, r.Failures)
		}
		text, _ := io.ReadAll(must(gzip.NewReader(bytes.NewReader(packed[:cut]))))
		lines := int64(bytes.Count(text, []byte("\n")))
		if cut := text[bytes.LastIndexByte(text, '\n')+1:]; r.Tally.Hits != lines || len(cut) > 0 && r.Rejected[accesslog.ReasonCut] != 1 {
			t.Errorf("got %d hits, rejected %v; want the %d whole lines, and the half one rejected", r.Tally.Hits, r.Rejected, lines)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLogsThatCannotBeReadAreToldAndTheOthersCounted(t *testing.T) {
	good := write(t, "good.log", combined(100))
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.log")
	r := run(t, Options{Workers: 2}, missing, dir, good)
	if r.Tally.Hits != 100 || len(r.Failures) != 2 {
		t.Fatalf("got %d hits and the failures %v, want 100 and two", r.Tally.Hits, r.Failures)
	}
	for i, want := range []string{"cannot read " + missing + ": no such file or directory", dir + " is a directory"} {
		if got := r.Failures[i].Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAFileThatShrinksIsTold(t *testing.T) {
	data := combined(4000)
	path := write(t, "access.log", data)
	s := newSource(0, Log{Name: path})
	o := Options{blockSize: 4096}
	var b lines
	if !s.read(&b, &o) {
		t.Fatal("nothing was read")
	}
	if err := os.Truncate(path, 6000); err != nil {
		t.Fatal(err)
	}
	for s.read(&b, &o) {
	}
	if s.err == nil || !strings.Contains(s.err.Error(), "became shorter while it was read") {
		t.Errorf("got %v, want that it became shorter", s.err)
	}
}

func TestWhatIsWrittenWhileReadingIsLeftForTheNextTime(t *testing.T) {
	data := combined(1000)
	path := write(t, "access.log", data)
	s := newSource(0, Log{Name: path})
	o := Options{blockSize: 4096}
	var b lines
	n := 0
	for s.read(&b, &o) {
		n += len(b.data)
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(data)
		f.Close()
	}
	if n != len(data) || s.err != nil {
		t.Errorf("got %d bytes, %v; want the %d that were there", n, s.err, len(data))
	}
}

// endless is a line that never ends, up to size bytes.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return int(n), nil
}

func TestALineOfAGibibyteIsOneRejectedLine(t *testing.T) {
	if testing.Short() {
		t.Skip("a Gibibyte; without -short it runs")
	}
	after := string(combined(50))
	in := io.MultiReader(strings.NewReader(string(combined(10))), &endless{1 << 30}, strings.NewReader("\n"+after))
	r := run(t, Options{Stdin: in}, "-")
	if r.Tally.Hits != 60 || r.Rejected[accesslog.ReasonTooLong] != 1 || len(r.Rejected) != 1 {
		t.Errorf("got %d hits, rejected %v; want 60 and one line too long", r.Tally.Hits, r.Rejected)
	}
	if last := r.Sources[0].LastReject; last.Line != 11 || last.Column != maxLine+1 {
		t.Errorf("got %+v, want line 11 at column %d", last, maxLine+1)
	}
}

func TestBlocksAreCutTheSameHoweverAStreamIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	data := wild(r, 500)
	want := print(run(t, Options{Stdin: bytes.NewReader(data), blockSize: 3000}, "-"))
	for range 5 {
		if got := print(run(t, Options{Stdin: &stutter{data, r}, blockSize: 3000}, "-")); got != want {
			t.Error("the result depends on how many bytes a Read returns")
		}
	}
}

// stutter returns any number of bytes, none included.
type stutter struct {
	data []byte
	r    *rand.Rand
}

func (s *stutter) Read(p []byte) (int, error) {
	n := min(len(p), len(s.data), s.r.IntN(3000))
	copy(p, s.data[:n])
	s.data = s.data[n:]
	if len(s.data) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestAStretchOfTimeIsThatOfTheWholeLogFiltered(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 4))
	var ordered, disordered []byte
	for i := range 40_000 {
		ordered = append(ordered, line(r, max(0, i/4-r.IntN(60)), 100)...)
		disordered = append(disordered, line(r, r.IntN(10_000), 100)...)
	}
	if len(ordered) < worthSeeking {
		t.Fatalf("a log of %d bytes is not bisected", len(ordered))
	}
	for name, data := range map[string][]byte{"ordered": ordered, "disordered": disordered} {
		path := write(t, "access.log", data)
		for _, c := range [][2]int64{{5000, 0}, {0, 5000}, {3000, 3100}, {9990, 0}, {0, 1}, {20_000, 0}, {0, 20_000}, {-5000, 3}} {
			var o Options
			if c[0] != 0 {
				o.From = stamp.Unix() + c[0]
			}
			if c[1] != 0 {
				o.To = stamp.Unix() + c[1]
			}
			var done atomic.Int64
			o.Done = &done
			got := run(t, o, path)
			want := run(t, Options{Where: func() func(*accesslog.Record) bool { return o.spans }}, path)
			if !bytes.Equal(got.Tally.AppendBinary(nil), want.Tally.AppendBinary(nil)) {
				t.Errorf("%s, %v: got %d hits, want %d", name, c, got.Tally.Hits, want.Tally.Hits)
			}
			if done.Load() != int64(len(data)) {
				t.Errorf("%s, %v: progress says %d of %d bytes", name, c, done.Load(), len(data))
			}
			lines := got.Sources[0].Lines
			if name == "ordered" && c == [2]int64{3000, 3100} && lines > 3000 {
				t.Errorf("%d lines were read for 100 s of 10,000", lines)
			}
		}
	}
}

// TestAPartOfADifficultLogIsThatOfTheWholeFiltered has logs in which bisection
// could go wrong: formats that change, long stretches that cannot be read, long
// downloads that are logged an hour late.
func TestAPartOfADifficultLogIsThatOfTheWholeFiltered(t *testing.T) {
	if testing.Short() {
		t.Skip("many lines; without -short it runs")
	}
	r := rand.New(rand.NewPCG(8, 14))
	kinds := map[string]func(i int) string{
		"another format from the middle on": func(i int) string {
			if l := line(r, i, 100); i < 17_000 {
				return l
			} else {
				return "www.example.org:80 " + l
			}
		},
		"rubbish in the middle": func(i int) string {
			if i > 12_000 && i < 24_000 {
				return "PHP Warning: something is not as it should be, and this line says so at some length, again, and again, and again, in a log\n"
			}
			return line(r, i, 100)
		},
		"long downloads": func(i int) string {
			if i%300 == 0 {
				return line(r, max(0, i-3600), 100)
			}
			return line(r, i, 100)
		},
		"some lines rejected": func(i int) string {
			if i%1000 == 7 {
				return "broken\n"
			}
			return line(r, i, 100)
		},
	}
	for name, make := range kinds {
		var data []byte
		for i := range 36_000 {
			data = append(data, make(i)...)
		}
		path := write(t, "access.log", data)
		for range 12 {
			o := Options{From: stamp.Unix() + r.Int64N(36_000)}
			o.To = o.From + r.Int64N(9000)
			got := run(t, o, path)
			want := run(t, Options{Where: func() func(*accesslog.Record) bool { return o.spans }}, path)
			if !bytes.Equal(got.Tally.AppendBinary(nil), want.Tally.AppendBinary(nil)) {
				t.Errorf("%s, %d to %d: got %d hits, want %d", name, o.From-stamp.Unix(), o.To-stamp.Unix(), got.Tally.Hits, want.Tally.Hits)
			}
		}
	}
}

func TestLinesAfterOneTooLongAreCountedBeforeTheBreak(t *testing.T) {
	text := strings.Repeat("x", 3*maxLine) + "\n" + string(combined(20))
	packed := pack(t, "gz", []byte(text))
	r := run(t, Options{}, write(t, "access.log.gz", packed[:len(packed)-8]))
	if r.Tally.Hits != 20 || r.Rejected[accesslog.ReasonTooLong] != 1 || len(r.Failures) != 1 {
		t.Errorf("got %d hits, rejected %v, failures %v; want 20, one too long, and the break", r.Tally.Hits, r.Rejected, r.Failures)
	}
}

func TestABadHeadDoesNotHideTheFormatOfTheRest(t *testing.T) {
	bad := strings.Repeat("[Tue Mar 10 12:00:00 2026] [error] something is wrong, and has been for long\n", 9000)
	data := combined(9000)
	r := run(t, Options{}, write(t, "access.log", append([]byte(bad), data...)))
	if r.Tally.Hits != 9000 || r.Sources[0].Format != "combined-time" || len(r.Notices) != 0 {
		t.Errorf("got %d hits in the format %q, notices %q; want 9,000 in combined-time", r.Tally.Hits, r.Sources[0].Format, r.Notices)
	}
}

func TestVeryShortLinesMakeSmallBlocks(t *testing.T) {
	c := cutter{r: strings.NewReader(strings.Repeat("1,/\n", 50_000)), size: blockSize}
	var b lines
	n := 0
	for c.next(&b) {
		got := bytes.Count(b.data, []byte("\n"))
		if got > maxRecords {
			t.Fatalf("got %d lines in a block, want %d at most", got, maxRecords)
		}
		n += got
	}
	if n != 50_000 {
		t.Errorf("got %d lines, want 50,000", n)
	}
}

func TestADamagedArchiveInADirectoryIsNoSilence(t *testing.T) {
	dir := t.TempDir()
	packed := pack(t, "gz", combined(5000))
	if err := os.WriteFile(filepath.Join(dir, "cut.gz"), packed[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	logs, notices, err := Find([]string{dir}, nil)
	if err != nil || len(logs) != 1 || len(notices) != 0 {
		t.Errorf("got %v, %v, %v; want the archive, which reading it will tell to be cut", logs, notices, err)
	}
}

func TestMillionsOfDistinctKeysStayInTheirTables(t *testing.T) {
	pr, pw := io.Pipe()
	if testing.Short() {
		t.Skip("many lines; without -short it runs")
	}
	const n = 400_000
	go func() {
		var b []byte
		for i := range n {
			b = fmt.Appendf(b[:0], `2001:db8::%x - user%d [%s] "GET /section%d/page HTTP/1.1" 404 5 "https://site%d.example/" "agent %d"`+"\n",
				i, i, stamp.Add(time.Duration(i)*time.Millisecond).Format("02/Jan/2006:15:04:05 -0700"), i, i, i)
			pw.Write(b)
		}
		pw.Close()
	}()
	r := run(t, Options{Stdin: pr}, "-")
	if r.Tally.Hits != n {
		t.Errorf("got %d hits, want %d", r.Tally.Hits, n)
	}
	for d := traffic.BySection; d <= traffic.ByReferrer; d++ {
		keys, exact := r.Tally.Keys(d)
		if keys > d.MaxRows() || exact != (d == traffic.ByServerError || d == traffic.ByHost) || r.Tally.Bound(d)*int64(d.MaxRows()) > 2*n {
			t.Errorf("dimension %d: %d keys, exact %v, bound %d", d, keys, exact, r.Tally.Bound(d))
		}
	}
}

func TestFindTakesFilesDirectoriesAndPatterns(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"access.log": combined(20), "access.log.1.gz": pack(t, "gz", combined(20)), "error.log": []byte("2026/03/10 00:00:00 [error] it broke\n"),
		"empty.log": nil, ".hidden": combined(20), "other.txt": combined(20),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		names   []string
		want    []string
		notices int
	}{
		{[]string{in("access.log")}, []string{in("access.log")}, 0},
		{[]string{dir}, []string{in("access.log"), in("access.log.1.gz"), in("other.txt")}, 1},
		{[]string{in("access*")}, []string{in("access.log"), in("access.log.1.gz")}, 0},
		{[]string{in("access.log"), dir + "/./access.log", "-", "/dev/stdin"}, []string{in("access.log"), "-"}, 1},
		{[]string{in("error.log")}, []string{in("error.log")}, 0},
	} {
		logs, notices, err := Find(c.names, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range logs {
			got = append(got, l.Name)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || len(notices) != c.notices {
			t.Errorf("%v: got %v and the notices %q; want %v and %d", c.names, got, notices, c.want, c.notices)
		}
	}
	empty := t.TempDir()
	for name, want := range map[string]string{
		in("*.none"): in("*.none") + ": no file matches this pattern",
		empty:        empty + ": there is no access log in this directory",
	} {
		if _, _, err := Find([]string{name}, nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
