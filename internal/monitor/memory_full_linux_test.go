package monitor

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weir/internal/notify"
)

// smallDisk mounts a file system of so many bytes in the folder, or skips the test.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("A FULL DISK IS NOT TESTED: a small file system cannot be mounted here (%v); root can", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no room in dir.
func (p *play) fill(name string) {
	p.Helper()
	f, err := os.Create(name)
	p.must(err)
	defer f.Close()
	for block := make([]byte, 4096); ; {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
}

// TestAFullDiskStopsTheWritingNotTheWatching, is told once, and heals by itself: the
// history lacks nothing in the end.
func TestAFullDiskStopsTheWritingNotTheWatching(t *testing.T) {
	disk := smallDisk(t, "2m")
	inBubble(t, func(p *play) {
		p.must(os.Symlink(disk, p.path("state")))
		o := p.remembering("state", "access.log")
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 3, 30*time.Second)
		p.fill(disk + "/ballast")
		p.traffic("access.log", 40, 5*time.Minute)
		if n := len(p.screen.intervals()); n < 30 {
			p.Errorf("%d intervals were shown, want 30: the watching must go on", n)
		}
		if n := len(p.screen.events()); n != 1 {
			p.Errorf("%d alerts were shown, want 1", n)
		}
		if n := strings.Count(p.screen.notices(), "the disk is full"); n != 1 {
			p.Errorf("it was told %d times that the disk is full, want once; got\n%s", n, p.screen.notices())
		}
		p.must(os.Remove(disk + "/ballast"))
		p.traffic("access.log", 3, 30*time.Second)
		if !strings.Contains(p.screen.notices(), "the history is written again") {
			p.Errorf("it was not told that the history is written again; got\n%s", p.screen.notices())
		}
		p.pause(3 * time.Minute)
		p.stop()
		p.must(o.History.Close())
		got, hits := p.read("state"), int64(0)
		for _, n := range got.Seconds {
			hits += n.Hits
		}
		if hits != int64(p.wrote) || len(got.Events) != len(p.screen.events()) {
			p.Errorf("the history has %d hits, %d events; %d lines were written, %d events shown", hits, len(got.Events), p.wrote, len(p.screen.events()))
		}
	})
}

// TestARunThatEndsWhileTheDiskIsFullIsGoneOnFromWhereItWasWrittenLast: what could not
// be written is read again.
func TestARunThatEndsWhileTheDiskIsFullIsGoneOnFromWhereItWasWrittenLast(t *testing.T) {
	disk := smallDisk(t, "2m")
	inBubble(t, func(p *play) {
		p.must(os.Symlink(disk, p.path("state")))
		o := p.remembering("state", "access.log")
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 3, 30*time.Second)
		p.fill(disk + "/ballast")
		p.traffic("access.log", 20, 2*time.Minute)
		p.stop()
		_ = o.History.Close() // the disk is full
		p.must(os.Remove(disk + "/ballast"))
		o = p.remembering("state", "access.log")
		p.start(o)
		p.traffic("access.log", 3, 30*time.Second)
		p.pause(3 * time.Minute)
		p.stop()
		p.must(o.History.Close())
		hits := int64(0)
		for _, n := range p.read("state").Seconds {
			hits += n.Hits
		}
		if hits != int64(p.wrote) {
			p.Errorf("the history has %d hits, %d lines were written", hits, p.wrote)
		}
	})
}

// TestMemoryStaysBoundedWhileAHistoryCannotBeWritten for long: the oldest stretches
// are given up, and it is told which.
func TestMemoryStaysBoundedWhileAHistoryCannotBeWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine seals 3,000 stretches")
	}
	k := memory{next: new(pending)}
	var told lostFigures
	for i := range 3000 {
		s := sealedOf(int64(i)*10, 20<<10)
		k.seal(s)
		if k.size > mostWaiting {
			k.giveUp()
		}
		if k.size > mostWaiting {
			t.Fatalf("after %d stretches %d bytes wait", i, k.size)
		}
		told = k.lost
	}
	if kept := len(k.next.Sealed) + len(k.next.Amended); kept+told.stretches != 3000 || told.stretches == 0 {
		t.Errorf("of 3000 stretches %d wait, %d are given up", kept, told.stretches)
	}
	if told.from != 0 || told.to != k.next.Sealed[0].Frame.From {
		t.Errorf("given up: %+v, the first kept begins at %d", told, k.next.Sealed[0].Frame.From)
	}
}

// TestAnAlertGoesOutAlthoughItsOwnCommitFindsTheDiskFull: at once, and once; its end, too, when the
// history is written again.
func TestAnAlertGoesOutAlthoughItsOwnCommitFindsTheDiskFull(t *testing.T) {
	disk := smallDisk(t, "2m")
	inBubble(t, func(p *play) {
		p.must(os.Symlink(disk, p.path("state")))
		o := p.remembering("state", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 3, 33*time.Second) // behind the commit of the last ten seconds
		p.fill(disk + "/ballast")
		p.hits("access.log", 2000)
		p.traffic("access.log", 1, 4*time.Second)
		p.wantDelivered("one", "high-traffic firing late=false")
		p.must(os.Remove(disk + "/ballast"))
		p.traffic("access.log", 1, 30*time.Second)
		if waiting, err := o.History.Targets(); err != nil || len(waiting) > 0 {
			p.Errorf("the history has it waiting still: %v (%v)", waiting, err)
		}
		p.traffic("access.log", 1, 3*time.Minute)
		p.stop()
		p.must(o.History.Close())
		p.wantDelivered("one", "high-traffic firing late=false", "high-traffic recovered late=false")
	})
}
