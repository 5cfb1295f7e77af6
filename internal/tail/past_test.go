package tail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// ever asks for all of the past.
func ever(string) time.Time { return time.Unix(1, 0) }

// file writes a rotated file of n lines that must be read, age hours old, packed as
// its name says.
func (s *scenario) file(suffix string, n, age int) {
	s.t.Helper()
	var text strings.Builder
	for range n {
		l := s.line()
		text.WriteString(l)
		s.want = append(s.want, l)
	}
	s.store(suffix, text.String(), age)
}

// store writes a rotated file of that text.
func (s *scenario) store(suffix, text string, age int) {
	s.t.Helper()
	if s.marks {
		text = "\ufeff" + text
	}
	data := spell(text, s.coding)
	if pack := packers(s.t)[filepath.Ext(suffix)]; pack != nil {
		data = pack(data)
	}
	s.must(os.WriteFile(s.path+suffix, data, 0o644))
	s.aged(suffix, age)
}

func (s *scenario) aged(suffix string, age int) {
	s.t.Helper()
	at := s.now.Add(-time.Duration(age) * time.Hour)
	s.must(os.Chtimes(s.path+suffix, at, at))
}

// current writes the file at the path.
func (s *scenario) current(n int) *os.File {
	s.t.Helper()
	w := s.writer()
	s.write(w, n)
	s.aged("", 0)
	return w
}

// shift rotates as logrotate does with delaycompress, from the file at the path on:
// the newest rotated one is compressed, and what is older than most goes.
func (s *scenario) shift(most int) {
	s.t.Helper()
	for i := most + 1; i > 0; i-- {
		for _, ending := range []string{"", ".gz", ".zst", ".xz"} {
			from := fmt.Sprintf("%s.%d%s", s.path, i, ending)
			if _, err := os.Stat(from); err != nil {
				continue
			}
			if i > most {
				s.must(os.Remove(from))
				continue
			}
			s.must(os.Rename(from, fmt.Sprintf("%s.%d%s", s.path, i+1, ending)))
		}
	}
	if _, err := os.Stat(s.path + ".2"); err == nil {
		s.pack(".2")
	}
	s.rename(".1")
}

// pack compresses a rotated file.
func (s *scenario) pack(suffix string) {
	s.t.Helper()
	text, err := os.ReadFile(s.path + suffix)
	s.must(err)
	info, err := os.Stat(s.path + suffix)
	s.must(err)
	s.must(os.WriteFile(s.path+suffix+".gz", packers(s.t)[".gz"](text), 0o644))
	s.must(os.Chtimes(s.path+suffix+".gz", info.ModTime(), info.ModTime()))
	s.must(os.Remove(s.path + suffix))
}

// some reads n batches, as far as there are so many.
func (s *scenario) some(n int) {
	s.t.Helper()
	for range n {
		s.src.touched.Store(true)
		b := s.src.Next(s.now)
		if b == nil {
			return
		}
		s.take(b)
	}
}

func TestThePastIsReadBeforeTheLog(t *testing.T) {
	for name, suffixes := range map[string][]string{
		"counters":           {".12.gz", ".3.zst", ".2.xz", ".1"},
		"all plain":          {".3", ".2", ".1"},
		"dates":              {"-20201118.gz", "-20201119.zst", "-20201120"},
		"dates with a minus": {"-2020-11-18.xz", "-2020-11-19", "-2020-11-20"},
		"both kinds":         {"-20201118.gz", ".2.gz", ".1"},
		"one":                {".1.gz"},
		"none":               {},
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				var w *os.File
				s := follow(t, Options{Past: ever, Block: 300}, func(s *scenario) {
					for i, suffix := range suffixes {
						s.file(suffix, 40+i, 24*(len(suffixes)-i))
					}
					w = s.current(50)
				})
				s.ordered()
				s.write(w, 5)
				s.shift(30)
				s.write(s.writer(), 5)
				s.pass(time.Minute)
				s.ordered()
				st := s.src.State()
				if st.Rotations != 1 || st.Truncations+int(st.PossibleLoss)+int(st.Recovered) != 0 || st.Behind != 0 {
					t.Errorf("state: got %+v, want one rotation, nothing lost, recovered or behind", st)
				}
				s.wantTold("access.log: rotated, following the new file")
			})
		})
	}
}

func TestFilesNotWrittenSinceAreLeftOut(t *testing.T) {
	since := noon().Add(-50 * time.Hour)
	s := follow(t, Options{Past: func(string) time.Time { return since }}, func(s *scenario) {
		s.file(".4.gz", 3, 96)
		s.file(".3.gz", 3, 51)
		s.want = nil
		s.file(".2.gz", 3, 50)
		s.file(".1", 3, 24)
		s.current(3)
	})
	s.ordered()
	s.wantTold("")
	none := follow(t, Options{Past: func(string) time.Time { return time.Time{} }}, func(s *scenario) {
		s.file(".1", 3, 24)
		s.want = nil
		s.current(3)
	})
	none.ordered()
	end := follow(t, Options{Past: ever, FromEnd: true}, func(s *scenario) {
		s.file(".1", 3, 24)
		s.current(3)
		s.want = nil
	})
	end.ordered()
}

func TestAPastWithoutALogIsRead(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Past: ever}, func(s *scenario) {
			s.file(".2.gz", 3, 48)
			s.file(".1.gz", 3, 24)
		})
		s.ordered()
		s.restart(Options{Past: ever}, func() {
			s.writerOf(4)
			s.shift(9)
			s.writerOf(4)
		})
		s.ordered()
		s.shift(9)
		s.writerOf(4)
		s.ordered()
	})
}

// writerOf writes n lines at the path.
func (s *scenario) writerOf(n int) {
	s.t.Helper()
	s.write(s.writer(), n)
}

// Nothing was ever read of it, so there is no place to go on from.
func TestAResumeThatNeverHadAFileBeginsInThePast(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		meanwhile := func(s *scenario) {
			s.file(".2.gz", 5, 3)
			s.file(".1", 5, 2)
			s.current(5)
		}
		s := follow(t, Options{Past: ever}, nil)
		s.glance()
		s.restart(Options{Past: ever}, func() { meanwhile(s) })
		s.ordered()
		s.restart(Options{Past: ever}, func() { s.shift(9); s.writerOf(5) })
		s.ordered()

		for name, o := range map[string]Options{
			"no past":      {},
			"an empty one": {Past: func(string) time.Time { return time.Time{} }},
			"from the end": {Past: ever, FromEnd: true},
		} {
			s := follow(t, o, nil)
			s.glance()
			s.restart(o, func() {
				meanwhile(s)
				s.want = s.want[10:]
			})
			s.ordered()
			if t.Failed() {
				t.Fatal(name)
			}
		}
	})
}

func TestThirtyCompressedFilesAreRead(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Past: ever, Block: 4 << 10}, func(s *scenario) {
			for i := 30; i > 0; i-- {
				s.file(fmt.Sprintf(".%d.gz", i), 100, 24*i)
			}
			s.current(100)
		})
		s.some(20)
		s.restart(Options{Past: ever, Block: 4 << 10}, func() { s.shift(60) })
		s.writerOf(10)
		s.ordered()
		s.wantTold("access.log: no such file yet; waiting for it\naccess.log: can be read now, following it")
	})
}

func TestMoreThanThirtyTwoPlainFilesAreReadAndClosed(t *testing.T) {
	s := follow(t, Options{Past: ever}, func(s *scenario) {
		for i := 50; i > 0; i-- {
			s.file(fmt.Sprintf(".%d", i), 10, i)
		}
		s.current(10)
	})
	s.ordered()
	s.wantTold("")
	if got := s.src.State().Held; got != 0 {
		t.Errorf("files held that are hours old: got %d, want 0", got)
	}
}

// Logs that begin with the same header are not copies of one another.
func TestAHeaderMakesNoCopy(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		header := "#Software: a server\n#Fields: " + strings.Repeat("date time cs-method ", 40) + "\n"
		s := follow(t, Options{Past: ever}, func(s *scenario) {
			for i, suffix := range []string{".3.gz", ".2.gz", ".1"} {
				l := s.line()
				s.want = append(slices.AppendSeq(s.want, strings.Lines(header)), l)
				s.store(suffix, header+l, 72-24*i)
			}
			s.put(s.writer(), header)
			s.want = slices.AppendSeq(s.want, strings.Lines(header))
			s.aged("", 0)
		})
		s.ordered()
	})
}

func TestWhatIsNoLogBesideItIsNoHarm(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Past: ever}, func(s *scenario) {
			s.must(os.WriteFile(s.path+".9", nil, 0o644))
			s.must(os.WriteFile(s.path+".8.gz", packers(s.t)[".gz"](nil), 0o644))
			s.must(os.WriteFile(s.path+".7.gz", nil, 0o644))
			s.must(os.Mkdir(s.path+".6", 0o755))
			s.must(os.Symlink("access.log", s.path+".5"))
			s.must(os.WriteFile(s.path+".4", make([]byte, 100_000), 0o644))
			for i, suffix := range []string{".9", ".8.gz", ".7.gz", ".4"} {
				s.aged(suffix, 100-i)
			}
			s.must(os.WriteFile(s.path+".bak", []byte("a backup\n"), 0o644))
			s.file(".1", 5, 24)
			s.current(5)
		})
		s.look()
		s.pass(time.Hour)
		s.ordered()
		if got := s.src.State().PossibleLoss; got != 0 {
			t.Errorf("possible loss: got %d, want 0", got)
		}
	})
}

func TestADamagedFileOfThePastIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		damage func([]byte) []byte
		told   string
	}{
		"cut":         {func(b []byte) []byte { return b[:len(b)/2] }, "access.log.2.gz: "},
		"a head only": {func(b []byte) []byte { return b[:10] }, "access.log.2.gz: "},
		"noise": {func(b []byte) []byte {
			for i := 12; i < len(b); i++ {
				b[i] = byte(i * 7)
			}
			return b
		}, "access.log.2.gz: "},
	} {
		t.Run(name, func(t *testing.T) {
			inUTF8(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{Past: ever}, func(s *scenario) {
					s.file(".3.gz", 5, 72)
					keep := s.want
					s.file(".2.gz", 3000, 48)
					s.want = keep
					b, err := os.ReadFile(s.path + ".2.gz")
					s.must(err)
					s.must(os.WriteFile(s.path+".2.gz", c.damage(b), 0o644))
					s.aged(".2.gz", 48)
					s.file(".1", 5, 24)
					s.current(5)
				})
				for range 5 {
					s.glance()
				}
				all := strings.Join(s.got, "")
				for _, l := range s.want {
					if strings.Count(all, l) != 1 {
						t.Errorf("got %q %d times, want once", l, strings.Count(all, l))
					}
				}
				if got := s.told(); strings.Count(got, c.told) != 1 {
					t.Errorf("notices: got %q, want one with %q", got, c.told)
				}
			})
		})
	}
}

func TestASeekIntoThePastBeginsInItsFirstFile(t *testing.T) {
	number := func(line []byte) string { return string(line[:6]) }
	for _, c := range []struct {
		suffixes []string
		at       int // first line wanted, from 1
		from     int // where reading begins
	}{
		{[]string{".2", ".1"}, 1, 1},
		{[]string{".2", ".1"}, 77, 77},
		{[]string{".2", ".1"}, 100, 100},
		{[]string{".2", ".1"}, 101, 101},
		{[]string{".2", ".1"}, 150, 150},
		{[]string{".2", ".1"}, 201, 201},
		{[]string{".2", ".1"}, 250, 250},
		{[]string{".2", ".1"}, 300, 300},
		{[]string{".2.gz", ".1"}, 150, 1}, // it is not known what a compressed file holds
		{[]string{".2", ".1.gz"}, 50, 50},
		{[]string{".2", ".1.gz"}, 150, 101},
		{nil, 250, 50},
	} {
		inBothModes(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{Past: ever}, func(s *scenario) {
				for i, suffix := range c.suffixes {
					s.file(suffix, 100, 48-24*i)
				}
				s.current(100)
			})
			for range 2 { // the second is to find the same
				for _, at := range []int{298, c.at} {
					if c.suffixes == nil {
						at -= 200
					}
					key := fmt.Sprintf("%06d", at)
					s.src.SeekFirst(func(line []byte) (ok, told bool) { return number(line) >= key, true })
				}
			}
			s.want = s.want[c.from-1:]
			s.ordered()
		})
	}
}

func TestTheHeadIsThatOfThePast(t *testing.T) {
	for _, suffix := range []string{".1", ".1.gz", ".1.xz"} {
		inUTF8(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{Past: ever}, func(s *scenario) {
				s.store(".2", "", 48)
				s.file(suffix, 5000, 24)
				s.current(10)
			})
			all := strings.Join(s.want, "")
			for _, n := range []int{40, 4000, 100_000} {
				if got := string(s.src.Head(n)); got != all[:min(n, 5000*32)] {
					t.Errorf("Head(%d) of %s: got %d bytes, %q ..., want the first of the oldest file", n, suffix, len(got), got[:min(len(got), 40)])
				}
			}
			if got := string(s.src.Last(40)); got != s.want[len(s.want)-1] {
				t.Errorf("Last: got %q, want the last line of all", got)
			}
			s.ordered()
			if got := string(s.src.Head(32)); got != s.want[5000] {
				t.Errorf("Head once all was read: got %q, want that of the current file", got)
			}
		})
	}
}

func TestItIsKnownHowFarThePastIsRead(t *testing.T) {
	s := follow(t, Options{Past: ever, Block: 4 << 10}, func(s *scenario) {
		s.file(".3.gz", 3000, 72)
		s.file(".2.gz", 3000, 48)
		s.file(".1", 3000, 24)
		s.current(10)
	})
	total := int64(0)
	for _, suffix := range []string{".3.gz", ".2.gz", ".1"} {
		info, err := os.Stat(s.path + suffix)
		s.must(err)
		total += info.Size()
	}
	last := int64(0)
	for i := 0; ; i++ {
		st := s.src.State()
		if st.Behind+st.CaughtUp != total {
			t.Fatalf("after %d batches: %d behind and %d caught up, want %d together", i, st.Behind, st.CaughtUp, total)
		}
		if st.CaughtUp < last {
			t.Fatalf("caught up: got %d after %d, want no less", st.CaughtUp, last)
		}
		last = st.CaughtUp
		b := s.src.Next(s.now)
		if b == nil {
			break
		}
		s.take(b)
	}
	if last != total {
		t.Errorf("caught up at the end: got %d, want %d", last, total)
	}
}

func TestABatchTellsItsFile(t *testing.T) {
	s := follow(t, Options{Past: ever, Block: 300}, func(s *scenario) {
		s.file(".2.gz", 20, 48)
		s.file(".1", 20, 24)
		s.current(20)
	})
	text := map[string][]byte{}
	for _, suffix := range []string{".1", ""} {
		b, err := os.ReadFile(s.path + suffix)
		s.must(err)
		text[suffix] = b
	}
	seen := map[string]int{}
	for b := s.src.Next(s.now); b != nil; b = s.src.Next(s.now) {
		suffix := ".2.gz"
		for name := range text {
			info, err := os.Stat(s.path + name)
			s.must(err)
			if d, i := identify(info); b.Device == d && b.Inode == i {
				suffix = name
				if !bytes.HasPrefix(text[name][b.Offset:], b.Data) {
					t.Errorf("batch at %d of %q is not what stands there", b.Offset, name)
				}
			}
		}
		if suffix == ".2.gz" && (b.Device != 0 || b.Inode != 0) {
			t.Errorf("a batch is of file %d on %d, which nobody knows", b.Inode, b.Device)
		}
		seen[suffix] += bytes.Count(b.Data, newline)
		b.Release()
	}
	for _, suffix := range []string{".2.gz", ".1", ""} {
		if seen[suffix] != 20 {
			t.Errorf("lines of %q: got %d, want 20", suffix, seen[suffix])
		}
	}
}

// What has a history of its own is not the past of another: a log of each day, of
// which that of today is new and the others are followed already.
func TestThePastOfAnotherLogIsNotRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("access-20201118.log", "a line of the eighteenth\n")
	write("access-20201119.log", "a line of the nineteenth\n")
	write("access-20201120.log", "a line of the twentieth\n")
	read := func(f *Follower) (all string) {
		for _, s := range f.Sources() {
			for b := s.Next(noon()); b != nil; b = s.Next(noon()) {
				all += string(b.Data)
				b.Release()
			}
		}
		return all
	}
	o := Options{Paths: []string{filepath.Join(dir, "access-20201120.log"), filepath.Join(dir, "access-20201119.log")}, Poll: true, Past: ever}
	f, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	want := "a line of the eighteenth\na line of the twentieth\na line of the nineteenth\n"
	if got := read(f); got != want {
		t.Errorf("got %q, want each line once, %q", got, want)
	}
	o.Resume = map[string]Position{}
	for _, s := range f.Sources() {
		o.Resume[s.State().Name] = s.Position()
	}
	f.Close()
	write("access-20201121.log", "a line of today\n")
	o.Paths = append(o.Paths, filepath.Join(dir, "access-20201121.log"))
	if f, err = Open(o); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, want := read(f), "a line of today\n"; got != want {
		t.Errorf("with a log more: got %q, want %q", got, want)
	}
}

// Few files may be open, and many logs have a past.
func TestThePastIsReadWithFewDescriptors(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	var want, got []string
	for i := range 12 {
		s := &scenario{t: t, path: filepath.Join(dir, fmt.Sprintf("site%c.log", 'a'+i)), now: noon(), wrote: 1000 * i}
		for j := 6; j > 0; j-- {
			s.file(fmt.Sprintf(".%d%s", j, []string{".gz", ""}[(i+j)%2]), 10, 24*j)
		}
		s.current(10).Close()
		paths = append(paths, s.path)
		want = append(want, s.want...)
	}
	f, err := Open(Options{Paths: paths, Poll: true, Past: ever, Block: 100, open: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	now := noon()
	for more := true; more; now = now.Add(time.Second) {
		more = false
		for _, s := range f.Sources() {
			s.touched.Store(true)
			if b := s.Next(now); b != nil {
				more = true
				for l := range bytes.Lines(b.Data) {
					got = append(got, string(l))
				}
				b.Release()
			}
		}
	}
	compare(t, got, want)
}
