package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestAHeldFileThatWasReadIsNotMissed(t *testing.T) {
	s := follow(t, Options{}, nil)
	s.write(s.writer(), 3)
	s.look()
	s.rename(".1")
	s.write(s.writer(), 2)
	s.ordered()
	s.told()
	s.restart(Options{}, func() { s.remove(s.path + ".1") })
	s.ordered()
	s.wantTold("")

	// With bytes that nobody has read it is.
	w := s.writer()
	s.rename(".1")
	s.write(s.writer(), 1)
	s.ordered()
	s.put(w, "lost")
	s.glance()
	s.told()
	s.restart(Options{}, func() { s.remove(s.path + ".1") })
	s.ordered()
	s.wantTold("access.log: the file that was read up to byte 64 is gone, and 4 bytes with it; reading on with what came after it")

	// And so is the one in which reading was to go on.
	s.restart(Options{}, func() {
		s.remove(s.path)
		s.write(s.writer(), 1)
	})
	s.ordered()
	s.wantTold("access.log: the file that was read up to byte 32 is gone; reading on with what came after it")
}

func TestWhatCameBetweenIsReadThoughTheClockWasSetBack(t *testing.T) {
	s := follow(t, Options{}, nil)
	w := s.writer()
	s.write(w, 30)
	w.Close()
	ahead := time.Now().Add(24 * time.Hour)
	s.must(os.Chtimes(s.path, ahead, ahead))
	s.ordered()
	s.restart(Options{}, func() {
		s.rename(".2")
		s.write(s.writer(), 8) // of today again
		s.rename(".1")
		s.write(s.writer(), 3)
	})
	s.ordered()
}

// Between a look and the place that is kept the log may have been copied and cut
// some times; and once more while there is no reader, so that the copy of what it
// held when the place was made is the newest of all.
func TestCopiesMadeBetweenTheLastLookAndItsPlaceComeFirst(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, carried := range []bool{false, true} {
			s := follow(t, Options{}, nil)
			s.marks = false // nobody writes it into the middle of a line
			w := s.writer()
			copyAndCut := func() {
				s.pass(time.Second)
				for i := 3; i > 0; i-- {
					_ = os.Rename(fmt.Sprintf("%s.%d", s.path, i), fmt.Sprintf("%s.%d", s.path, i+1))
				}
				text, err := os.ReadFile(s.path)
				s.must(err)
				s.must(os.WriteFile(s.path+".1", text, 0o644))
				s.aged(".1", 0)
				s.must(w.Truncate(0))
				s.aged("", 0)
			}
			line := func() (first, second string) {
				l := s.line()
				s.want = append(s.want, l)
				return l[:20], l[20:]
			}
			s.write(w, 3)
			s.aged("", 0)
			s.look()
			rest := ""
			if carried {
				var half string
				half, rest = line()
				s.put(w, half)
				s.aged("", 0)
				s.glance()
				s.pass(time.Second)
				s.glance()
			}
			copyAndCut()
			s.glance()
			s.put(w, rest)
			for range 2 {
				s.write(w, 5)
				half, rest := line()
				s.put(w, half)
				copyAndCut()
				s.put(w, rest)
			}
			s.write(w, 5)
			s.restart(Options{}, func() {
				copyAndCut()
				s.write(w, 3)
			})
			s.ordered()
			if got := s.src.State().PossibleLoss; got != 0 {
				t.Errorf("possible loss: got %d, want 0", got)
			}
		}
	})
}

func TestARotatedFileOfBeforeIsNoNewsWhenItIsCompressed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, n := range []int{1, 2, 200} {
			var w *os.File
			s := follow(t, Options{}, func(s *scenario) {
				s.put(s.writer(), strings.Repeat("an older line\n", n))
				s.rename(".1")
				s.aged(".1", 0)
				w = s.writer()
				s.aged("", 0) // of the same tick
			})
			s.glance()
			s.pack(".1")
			s.glance()
			s.write(w, 3)
			s.pass(time.Second)
			s.aged("", 0)
			s.ordered()
		}
	})
}

// Too little is in it to know it again by.
func TestACopyOfOneShortLineIsReadOnce(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, suffix := range []string{".1", ".1.gz"} {
			s := follow(t, Options{}, func(s *scenario) {
				s.writer()
				s.aged("", 0)
			})
			s.glance()
			s.pass(time.Second)
			s.store(suffix, "short\n", 0)
			s.want = append(s.want, "short\n")
			for range 3 {
				s.some(100)
			}
			if suffix == ".1" {
				s.pack(suffix)
			}
			s.write(s.writer(), 3)
			s.ordered()
		}
	})
}
