package cli

import "testing"

func TestWhatIsInUseAlwaysHasRoomBelowTheLimit(t *testing.T) {
	base := allow(1, true)
	defer frugal()
	if full := roomFor(25 << 20); full > base {
		t.Errorf("with every table of a log full, 25 MiB, the limit is raised from %d to %d: it is to hold", base, full)
	}
	for live := uint64(1 << 20); live < 8<<30; live *= 2 {
		if room := roomFor(live) - int64(live); room < 9<<20 || room > 9<<20+int64(live/8) {
			t.Errorf("with %d bytes in use the room is %d", live, room)
		}
	}
}
