package simulate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
)

// readRotated returns what stands in a log with its rotated files, the oldest
// first, each file for itself.
func readRotated(t *testing.T, name string) []string {
	t.Helper()
	var parts []string
	for n := 1; ; n++ {
		text, err := os.ReadFile(fmt.Sprintf("%s.%d", name, n))
		if errors.Is(err, fs.ErrNotExist) {
			packed, err := os.Open(fmt.Sprintf("%s.%d.gz", name, n))
			if err != nil {
				break
			}
			z, err := gzip.NewReader(packed)
			if err != nil {
				t.Fatal(err)
			}
			if text, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
			packed.Close()
		}
		parts = append([]string{string(text)}, parts...)
	}
	if text, err := os.ReadFile(name); err == nil {
		parts = append(parts, string(text))
	}
	return parts
}

// lines returns n numbered lines of different lengths.
func numberedLines(from, n int) string {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "line %d %s\n", i, strings.Repeat("x", i%97))
	}
	return b.String()
}

func TestRotationByItsSizeLosesNoLineAndKeepsTheLimit(t *testing.T) {
	for _, how := range Hows() {
		for _, header := range []string{"", "#a\n#b\n"} {
			t.Run(fmt.Sprintf("%s/%d", how, len(header)), func(t *testing.T) {
				name := filepath.Join(t.TempDir(), "a.log")
				f, err := OpenFile(name, FileOptions{Header: header, Limit: 2000, How: how})
				if err != nil {
					t.Fatal(err)
				}
				var want strings.Builder
				for i := range 25 { // more and less than the limit at once
					text := numberedLines(i*100, 1+i*2)
					want.WriteString(text)
					if n, err := f.Write([]byte(text)); n != len(text) || err != nil {
						t.Fatal(n, err)
					}
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				parts := readRotated(t, name)
				if how == Delete {
					if len(parts) != 1 || !strings.HasSuffix(header+want.String(), strings.TrimPrefix(parts[0], header)) {
						t.Fatalf("got %d files, want the last lines alone", len(parts))
					}
					return
				}
				got := ""
				for i, p := range parts {
					if !strings.HasPrefix(p, header) || len(p) > 2000 || !strings.HasSuffix(p, "\n") {
						t.Fatalf("file %d of %d has %d bytes, want up to 2000, whole lines behind a header", i, len(parts), len(p))
					}
					got += p[len(header):]
				}
				if got != want.String() || len(parts) < 15 {
					t.Errorf("%d files hold %d bytes, want %d in more than 15", len(parts), len(got), want.Len())
				}
			})
		}
	}
}

func TestALineLongerThanTheLimitHasAFileOfItsOwn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.log")
	f, err := OpenFile(name, FileOptions{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("y", 500) + "\n"
	if _, err := f.Write([]byte("a\n" + long + "b\n")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := readRotated(t, name); len(got) != 3 || got[0] != "a\n" || got[1] != long || got[2] != "b\n" {
		t.Errorf("got %q", got)
	}
}

func TestOnlyTheNewestRotatedFilesAreKept(t *testing.T) {
	for _, how := range []How{Rename, CopyTruncate, Gzip} {
		name := filepath.Join(t.TempDir(), "a.log")
		f, err := OpenFile(name, FileOptions{How: how, Keep: 3})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 9 {
			fmt.Fprintf(f, "%d\n", i)
			if err := f.Rotate(); err != nil {
				t.Fatal(err)
			}
			if err := f.Rotate(); err != nil { // nothing to rotate
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(readRotated(t, name), ""); got != "6\n7\n8\n" {
			t.Errorf("%s: got %q, want the last three", how, got)
		}
	}
}

func TestAFileWithoutCreateIsMadeByTheNextLine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.log")
	f, err := OpenFile(name, FileOptions{How: NoCreate})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "a")
	if err := f.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the rotation there is a file: %v", err)
	}
	fmt.Fprintln(f, "b")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := readRotated(t, name); len(got) != 2 || got[1] != "b\n" {
		t.Errorf("got %q", got)
	}
}

func TestWhatCannotBeRotatedIsTold(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.log")
	f, err := OpenFile(name, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "a")
	// A folder stands where the rotated file is to be.
	if err := os.MkdirAll(filepath.Join(dir, "a.log.1", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.log.2"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "a.log.3", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	f.o.Keep = 3
	if err := f.Rotate(); err == nil || !strings.Contains(err.Error(), "cannot rotate") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenFile(filepath.Join(dir, "no", "a.log"), FileOptions{}); err == nil {
		t.Error("a file in a folder that is not there got no error")
	}
}

// By time: what stands in a file is what was due in its stretch of time, and the
// files together are what one file would be. Live and unpaced do the same.
func TestRotationByTimeCutsTheLogAtItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, live := range []bool{false, true} {
			for _, how := range []How{Rename, CopyTruncate, Gzip} {
				dir := t.TempDir()
				names := []string{filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")}
				l := newTestLog(t, "25s@7,60s@0,10s@7")
				l.Every, l.NoHeader, l.Truth = 10*time.Second, true, NewTruth(l.Site, 8, "csv", names)
				<-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
				start := time.Now()
				var to []io.Writer
				for _, name := range names {
					f, err := OpenFile(name, FileOptions{Header: string(l.Format.AppendHeader(nil)), How: how})
					if err != nil {
						t.Fatal(err)
					}
					to = append(to, f)
				}
				run := func() (int64, error) { return l.Fill(t.Context(), start, to...) }
				if live {
					run = func() (int64, error) { return l.Run(t.Context(), to...) }
				}
				if n, err := run(); n != 245 || err != nil {
					t.Fatalf("got %d, %v, want 245 lines", n, err)
				}
				total := 0
				for i, name := range names {
					if err := to[i].(*File).Close(); err != nil {
						t.Fatal(err)
					}
					parts := readRotated(t, name)
					lines := 0
					for k, part := range parts {
						w := &witness{t: t, start: start}
						w.Write([]byte(part))
						for _, sec := range w.stamps() {
							lines++
							// 0-10, 10-20, 20-30, then 80-90, 90-100 s of the log.
							if want := []int64{0, 10, 20, 80, 90}[k]; sec < want || sec >= want+10 {
								t.Errorf("%s, live %v: a line of second %d stands in file %d", how, live, sec, k)
							}
						}
					}
					if len(parts) != 5 || int64(lines) != l.Truth.lines[i] {
						t.Errorf("%s, live %v: got %d files with %d lines, want 5 with %d", how, live, len(parts), lines, l.Truth.lines[i])
					}
					total += lines
				}
				if total != 245 {
					t.Errorf("%s, live %v: got %d lines in all files", how, live, total)
				}
			}
		}
	})
}

func TestSeveralOutputsShareTheLinesOfOne(t *testing.T) {
	var one bytes.Buffer
	three := make([]bytes.Buffer, 3)
	start := time.Unix(1_773_151_500, 0)
	if _, err := newTestLog(t, "100s@30").Fill(t.Context(), start, &one); err != nil {
		t.Fatal(err)
	}
	if _, err := newTestLog(t, "100s@30").Fill(t.Context(), start, &three[0], &three[1], &three[2]); err != nil {
		t.Fatal(err)
	}
	left := map[string]int{}
	for line := range strings.Lines(one.String()) {
		left[line]++
	}
	for i := range three {
		n := 0
		for line := range strings.Lines(three[i].String()) {
			if strings.Contains(line, "remotehost") {
				if n > 0 {
					t.Errorf("output %d has a header in line %d", i, n+1)
				}
				continue
			}
			left[line]--
			n++
		}
		if n < 850 || n > 1150 {
			t.Errorf("output %d got %d of 3000 lines", i, n)
		}
	}
	for line, n := range left {
		if n != 0 && !strings.Contains(line, "remotehost") {
			t.Fatalf("%d times too few: %s", n, line)
		}
	}
}

func TestASurgeIsInThePace(t *testing.T) {
	in, err := ParseIncident("at=10s for=5s traffic=x4 every=20s")
	if err != nil {
		t.Fatal(err)
	}
	outage, err := ParseIncident("at=12s for=2s outage")
	if err != nil {
		t.Fatal(err)
	}
	p := pace.New(Shape(pace.Constant{Rate: 5 * unit.One, For: time.Minute}, []Incident{in, outage}))
	counts := map[int]int{}
	for n := int64(0); ; n++ {
		due, ok := p.Due(n)
		if !ok {
			break
		}
		counts[int(due/time.Second)]++
	}
	for sec := range 60 {
		want := 5
		if k := sec % 20; k >= 10 && k < 15 {
			want = 20
		}
		if sec == 12 || sec == 13 {
			want = 0
		}
		if counts[sec] != want {
			t.Errorf("second %d got %d requests, want %d", sec, counts[sec], want)
		}
	}
}
