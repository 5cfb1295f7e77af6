package tail

import (
	"os"
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
