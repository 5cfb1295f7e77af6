package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhatIsThereIsReadThenFollowed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var w *os.File
		s := follow(t, Options{}, func(s *scenario) {
			w = s.writer()
			s.write(w, 100)
		})
		s.look()
		if st := s.src.State(); !st.AtEnd || st.Offset != st.Size || st.Written.IsZero() {
			t.Errorf("state after reading all: got %+v, want at its end, offset = size, a time", st)
		}
		for range 50 {
			s.write(w, 3)
			s.look()
		}
		s.ordered()
		s.wantTold("")
	})
}

// R2
func TestAWriterThatStaysOnTheRenamedFileIsReadOn(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		old := s.writer()
		s.write(old, 10)
		s.look()
		s.told()
		s.rename(".1")
		fresh := s.writer() // created at once, nobody writes there yet
		for range 20 {
			s.write(old, 1)
			s.look()
		}
		s.write(fresh, 5)
		s.look()
		s.write(old, 5) // an old child of the server ends a request
		s.pass(9 * time.Minute)
		s.look()
		s.write(old, 1) // still within the hold, which the last line renewed
		s.pass(9 * time.Minute)
		s.ordered()
		s.wantTold("access.log: rotated, following the new file")
		if got := s.src.State().Rotations; got != 1 {
			t.Errorf("rotations: got %d, want 1", got)
		}
	})
}

func TestTheOldFileIsClosedAfterTheHold(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Hold: time.Minute}, nil)
		old := s.writer()
		s.write(old, 1)
		s.look()
		s.rename(".1")
		s.writer()
		s.look()
		if got := len(s.src.held); got != 1 {
			t.Fatalf("files held after a rotation: got %d, want 1", got)
		}
		s.pass(59 * time.Second)
		s.look()
		if got := len(s.src.held); got != 1 {
			t.Errorf("files held before the hold is over: got %d, want 1", got)
		}
		s.pass(time.Second)
		s.look()
		if got := len(s.src.held); got != 0 {
			t.Errorf("files held after the hold: got %d, want 0", got)
		}
		s.check()
	})
}

func TestOneLookAtLeastBetweenRotationsLosesNothing(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		// Two rotations between two looks leave the middle file under a name that is
		// not ours; finding it there is another matter.
		s := follow(t, Options{Hold: time.Minute}, nil)
		var ws []*os.File
		for i := range 200 {
			ws = append(ws, s.writer())
			for _, w := range ws[max(0, len(ws)-3):] {
				s.write(w, 2)
			}
			s.look()
			s.pass(time.Second)
			s.rename(fmt.Sprint(".", i))
		}
		s.check()
		if got := s.src.State().Rotations; got != 199 {
			t.Errorf("rotations: got %d, want 199", got)
		}
		if got := len(s.src.held); got > mostHeld+1 {
			t.Errorf("files held: got %d, want at most %d", got, mostHeld+1)
		}
		if got := s.told(); !strings.Contains(got, "closing the oldest") {
			t.Errorf("notices: got %q, want one about closing the oldest", got)
		}
	})
}

// L1
func TestHalfALineAtTheEndOfARotatedFileIsFinishedByItsWriter(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		old := s.writer()
		s.write(old, 3)
		l := s.line()
		s.put(old, l[:9])
		s.look()
		s.rename(".1")
		s.write(s.writer(), 3)
		s.look()
		s.put(old, l[9:])
		s.want = append(s.want, l)
		s.check()
	})
}

// L2
func TestHalfALineThatIsNeverFinishedIsDeliveredWhenItsFileIsClosed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		old := s.writer()
		s.write(old, 3)
		s.put(old, "half")
		s.look()
		s.rename(".1")
		s.write(s.writer(), 3)
		s.look()
		if got, want := len(s.got), 6; got != want {
			t.Errorf("lines before the hold is over: got %d, want %d", got, want)
		}
		s.pass(defaultHold)
		s.want = append(s.want, "half\n")
		s.check()
	})
}

func TestTheFileMayBeMissingBetweenRenameAndCreate(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		old := s.writer()
		s.write(old, 3)
		s.look()
		s.told()
		s.rename(".1")
		for range 5 {
			s.write(old, 1)
			s.look()
			s.pass(time.Second)
		}
		if !s.src.State().Missing {
			t.Error("state: got not missing, want missing")
		}
		s.wantTold("access.log: has been moved or deleted; reading on from the open file until there is a new one")
		s.write(s.writer(), 2)
		s.ordered()
		if s.src.State().Missing {
			t.Error("state with a new file: got missing, want not missing")
		}
		s.wantTold("access.log: rotated, following the new file")
	})
}

// R12
func TestATruncatedFileIsReadFromItsStart(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 10)
		s.look()
		s.told()
		s.must(w.Truncate(0))
		s.write(w, 2)
		s.ordered()
		s.wantTold("access.log: truncated at 320 bytes, reading it from its start")
		st := s.src.State()
		if st.Truncations != 1 || st.PossibleLoss != 0 {
			t.Errorf("truncations, possible loss: got %d, %d, want 1, 0", st.Truncations, st.PossibleLoss)
		}
	})
}

// R12
func TestATruncationIsSeenThoughTheFileGrewPastTheOldOffset(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, lines := range []int{9, 10, 11, 500} { // smaller, equal and greater size
			s := follow(t, Options{}, nil)
			w := s.writer()
			s.write(w, 10)
			s.look()
			s.must(w.Truncate(0))
			s.write(w, lines)
			s.ordered()
			if got := s.src.State().Truncations; got != 1 {
				t.Errorf("%d lines: truncations: got %d, want 1", lines, got)
			}
		}
	})
}

// TestATruncationOfWhatWasReadIsNoLoss looks between the cut and the next line,
// as happens with every copytruncate.
func TestATruncationOfWhatWasReadIsNoLoss(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		for range 5 {
			s.write(w, 40)
			s.look()
			s.must(w.Truncate(0))
			s.look()
		}
		s.write(w, 3)
		s.ordered()
		if st := s.src.State(); st.Truncations != 5 || st.PossibleLoss != 0 {
			t.Errorf("got %d truncations with %d bytes possibly lost, want 5 with none", st.Truncations, st.PossibleLoss)
		}
	})
}

func TestTheAnchorReachesPastAnEndThatManyLinesShare(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		// Lines as of one browser: 110 equal bytes at the end, at equal offsets.
		line := func(n int) string {
			return fmt.Sprintf("192.0.2.1 - - [21/Nov/2026:12:00:%02d +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" %q\n",
				n, "Mozilla/5.0 "+strings.Repeat("x", 100))
		}
		s := follow(t, Options{}, nil)
		w := s.writer()
		for n := range 5 {
			s.put(w, line(n))
			s.want = append(s.want, line(n))
		}
		s.look()
		s.must(w.Truncate(0))
		for n := 10; n < 18; n++ {
			s.put(w, line(n))
			s.want = append(s.want, line(n))
		}
		s.ordered()
	})
}

// R9
func TestBytesDestroyedUnreadAreCounted(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 4)
		s.put(w, "000099 GET")
		s.look()
		s.must(w.Truncate(0))
		s.write(w, 1)
		s.check()
		if got, want := s.src.State().PossibleLoss, int64(len("000099 GET")); got != want {
			t.Errorf("possible loss: got %d bytes, want %d", got, want)
		}
	})
}

func TestCuttingOffOnlyHalfALineDoesNotReadTheRestAgain(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 4)
		s.put(w, "half a line")
		s.look()
		s.told()
		s.must(w.Truncate(4 * 32))
		s.look()
		s.wantTold("access.log: shortened behind byte 128, reading on from there; 11 bytes were gone before they could be read")
		if st := s.src.State(); st.Truncations != 1 || st.PossibleLoss != 11 || st.Offset != 128 {
			t.Errorf("truncations, possible loss, offset: got %d, %d, %d, want 1, 11, 128", st.Truncations, st.PossibleLoss, st.Offset)
		}
		s.write(w, 2)
		s.look()
		s.write(w, 2)
		s.ordered()
	})
}

// R14
func TestDeletedAndCreatedAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		for range 100 {
			w := s.writer()
			s.write(w, 3)
			s.look()
			s.must(os.Remove(s.path))
			s.write(w, 1) // unlinked, yet still written
			s.look()
		}
		s.check()
	})
}

// R14
func TestAReusedInodeNumberIsANewFile(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		// A file that is open keeps its number, so let go of it first.
		reused := 0
		for range 20 {
			s := follow(t, Options{Hold: time.Second}, nil)
			w := s.writer()
			s.write(w, 10)
			s.look()
			s.rename(".1")
			s.write(s.writer(), 5)
			s.look()
			s.pass(2 * time.Second)
			s.look() // closes the first file
			before, err := os.Stat(s.path + ".1")
			s.must(err)
			w.Close()
			s.must(os.Remove(s.path + ".1"))
			s.must(os.Remove(s.path))
			s.write(s.writer(), 20) // more than the first file had
			after, err := os.Stat(s.path)
			s.must(err)
			if os.SameFile(before, after) {
				reused++
			}
			s.check()
		}
		if reused == 0 {
			t.Skip("this file system never gave the number of a deleted inode to the next file")
		}
		t.Logf("%d of 20 new files had the inode number of one read before", reused)
	})
}

func TestALinkThatLeadsElsewhereIsFollowed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		dir := filepath.Dir(s.path)
		var ws []*os.File
		link := s.path
		for day := range 5 {
			s.path = filepath.Join(dir, fmt.Sprint("day", day))
			w := s.writer()
			ws = append(ws, w)
			s.must(os.Symlink(filepath.Base(s.path), link+".new"))
			s.must(os.Rename(link+".new", link))
			for _, w := range ws {
				s.write(w, 2)
			}
			s.look()
		}
		s.check()
	})
}

// R16
func TestALinkThatLeadsBackIsResumedWhereItWas(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, wait := range []time.Duration{0, time.Hour} { // the first file held, and closed
			s := follow(t, Options{}, nil)
			dir, link := filepath.Dir(s.path), s.path
			s.path = filepath.Join(dir, "a")
			a := s.writer()
			s.path = filepath.Join(dir, "b")
			b := s.writer()
			turn := func(to string) {
				s.remove(link)
				s.must(os.Symlink(to, link))
			}
			turn("a")
			s.write(a, 5)
			s.look()
			turn("b")
			s.write(b, 5)
			s.look()
			s.pass(wait)
			s.look()
			turn("a")
			s.write(a, 5)
			s.check()
			if s.src.State().Truncations != 0 {
				t.Errorf("after %v: truncations: got %d, want 0", wait, s.src.State().Truncations)
			}
		}
	})
}

// P1
func TestAFileMissingAtTheStartIsReadFromItsFirstByte(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, fromEnd := range []bool{false, true} {
			s := follow(t, Options{FromEnd: fromEnd}, nil)
			s.look()
			s.look()
			s.wantTold("access.log: no such file yet; waiting for it")
			s.write(s.writer(), 5)
			s.ordered()
			if st := s.src.State(); st.Missing || st.Rotations != 0 {
				t.Errorf("from end %v: state: got %+v, want found, no rotation", fromEnd, st)
			}
			s.wantTold("access.log: can be read now, following it")
		}
	})
}

func TestAMissingDirectoryIsNamed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) { s.path = filepath.Join(s.path, "nginx", "access.log") })
		if got, want := s.f.Notices()[0].Text, "its directory "+filepath.Dir(s.path)+" does not exist"; !strings.Contains(got, want) {
			t.Errorf("notice: got %q, want %q in it", got, want)
		}
		s.must(os.MkdirAll(filepath.Dir(s.path), 0o755))
		s.write(s.writer(), 2)
		s.ordered()
	})
}

func TestAPathGivenTwiceCountsOnce(t *testing.T) {
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log")}
	s.write(s.writer(), 3)
	s.start(Options{Paths: []string{s.path, filepath.Dir(s.path) + "/./access.log"}})
	if got := len(s.f.Sources()); got != 1 {
		t.Errorf("sources: got %d, want 1", got)
	}
	s.ordered()
}

// R17
func TestTwoNamesOfOneFileCountOnceUntilTheyPart(t *testing.T) {
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log"), now: time.Unix(1e9, 0)}
	first := s.writer()
	link := filepath.Join(filepath.Dir(s.path), "current.log")
	s.must(os.Symlink(s.path, link))
	s.write(first, 3)
	s.start(Options{Paths: []string{s.path, link}})
	both := func() {
		for _, src := range s.f.Sources() {
			s.src = src
			s.look()
		}
	}
	both()
	s.wantTold("current.log: is the same file as access.log; counted once")
	s.path = filepath.Join(filepath.Dir(s.path), "other.log")
	second := s.writer()
	s.remove(link)
	s.must(os.Symlink(s.path, link))
	s.write(first, 3)
	s.write(second, 3)
	both()
	compare(t, s.got, s.want)
}

func TestSeveralFilesAreReadEachForItself(t *testing.T) {
	dir := t.TempDir()
	s := &scenario{t: t, now: time.Unix(1e9, 0)}
	var paths []string
	var ws []*os.File
	for i := range 5 {
		s.path = filepath.Join(dir, fmt.Sprint(i, ".log"))
		paths = append(paths, s.path)
		ws = append(ws, s.writer())
	}
	s.start(Options{Paths: paths})
	for range 20 {
		for i, src := range s.f.Sources() {
			s.write(ws[i], 2)
			b := src.Next(s.now)
			if b == nil || b.Source != i {
				t.Fatalf("source %d: got batch %+v, want one of source %d", i, b, i)
			}
			s.take(b)
		}
	}
	compare(t, s.got, s.want)
}

func TestLineNumbersAndOffsetsBeginAgainWithANewFile(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 3)
		s.look()
		s.write(w, 2)
		b := s.src.Next(s.now)
		if b.Line != 4 || b.Offset != 96 || b.Seq != 2 || b.Read != s.now {
			t.Errorf("line, offset, seq, read: got %d, %d, %d, %v, want 4, 96, 2, %v", b.Line, b.Offset, b.Seq, b.Read, s.now)
		}
		s.take(b)
		s.rename(".1")
		s.write(s.writer(), 1)
		b = s.src.Next(s.now)
		if b.Line != 1 || b.Offset != 0 || b.Seq != 3 {
			t.Errorf("line, offset, seq after rotation: got %d, %d, %d, want 1, 0, 3", b.Line, b.Offset, b.Seq)
		}
		s.take(b)
		s.ordered()
	})
}

// To find the copy of what was cut away takes time: 49 ms where 441 lines were lost,
// which were written, copied and cut away meanwhile. So nothing of the file may be
// read before there was another look.
func TestWhatIsCopiedAndCutAwayWhileTheCopyBeforeIsSoughtIsRead(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 50)
		s.look()
		copyTruncate := func() {
			text, err := os.ReadFile(s.path)
			s.must(err)
			_ = os.Rename(s.path+".1", s.path+".2") // there is none at first
			s.must(os.WriteFile(s.path+".1", text, 0o644))
			s.must(os.Truncate(s.path, 0))
		}
		copyTruncate()
		s.write(w, 3)
		if blk, restarted := s.src.read(s.src.cur, s.now); blk != nil || !restarted {
			t.Fatalf("got %v, %t, want that the file is to be read from its start", blk, restarted)
		}
		copyTruncate()
		s.write(w, 2)
		s.ordered()
	})
}

// What was written, copied and truncated between the look at the directory and the
// first read comes first, also where half a line is all that is there by then.
func TestACopyMadeBeforeTheFirstReadIsReadBeforeIt(t *testing.T) {
	for name, after := range map[string]string{"a line": "000002 GET /pages/create 000002\n", "half a line": "000002 GET /pages/cre"} {
		t.Run(name, func(t *testing.T) {
			inUTF8(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.look()
				const first = "000001 GET /pages/create 000001\n"
				s.must(os.WriteFile(s.path+".1", []byte(first), 0o644))
				s.put(w, after)
				// From here on as if the directory had been looked at before all that.
				blk := s.src.readOn(s.now)
				if blk == nil || string(blk.batch.Data) != first {
					t.Fatalf("got %v, want the line in the copy", blk)
				}
				blk.batch.Release()
			})
		})
	}
}
