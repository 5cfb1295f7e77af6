package history

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"weir/internal/traffic"
)

// smallDisk mounts a file system of so many bytes, or skips the test.
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

// TestAFullDiskStopsTheWritingUntilThereIsRoom fills the disk at every size in
// turn, so that each step of a commit is the one that fails.
func TestAFullDiskStopsTheWritingUntilThereIsRoom(t *testing.T) {
	dir := smallDisk(t, "3m")
	s := traffic.NewSealer()
	failures := 0
	for room := int64(0); room < 120<<10; room += 4 << 10 {
		path := filepath.Join(dir, "history.db")
		db, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range int64(30) {
			commit(t, db, numbered(s, n))
		}
		fillDisk(t, filepath.Join(dir, "ballast"), room)
		failed := int64(-1)
		var waiting *Commit
		for n := int64(30); n < 100; n++ {
			waiting = numbered(s, n)
			if err = db.Commit(waiting); err != nil {
				failed = n
				break
			}
		}
		if failed < 0 || !errors.Is(err, ErrFull) {
			t.Fatalf("%d bytes of room: got %v, want that the disk is full", room, err)
		}
		failures++
		if _, commits, _, err := db.Sealed(); commits != failed || err != nil {
			t.Fatalf("%d bytes of room: %d commits (%v), %d succeeded", room, commits, err, failed)
		}
		// Still no room, then another commit: it would leave a hole.
		if err := db.Commit(waiting); !errors.Is(err, ErrFull) {
			t.Fatalf("%d bytes of room: again: %v", room, err)
		}
		if err := db.Commit(numbered(s, failed+1)); !errors.Is(err, ErrOrder) {
			t.Fatalf("the next commit before the failed one: %v", err)
		}
		if _, err := db.Prune(noon); err != nil {
			t.Fatalf("pruning on a full disk: %v", err)
		}
		if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
			t.Fatal(err)
		}
		commit(t, db, waiting)
		commit(t, db, numbered(s, failed+1))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		wholeCommits(t, path, failed+1)
		for _, name := range Names(path) {
			_ = os.Remove(name) // for the next size
		}
	}
	t.Logf("%d times full", failures)
}

// fillDisk writes until no more than room bytes are left.
func fillDisk(t *testing.T, name string, room int64) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err == nil {
		err = file.Truncate(max(0, info.Size()-room))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAHistoryIsNotMadeOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, "1m")
	for room := int64(0); room < 160<<10; room += 16 << 10 {
		fillDisk(t, filepath.Join(dir, "ballast"), room)
		path := filepath.Join(dir, "history.db")
		db, err := Open(path, Options{})
		if err == nil {
			if room < 64<<10 {
				t.Errorf("made with %d bytes of room", room)
			}
			db.Close()
		} else if !errors.Is(err, ErrFull) && !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%d bytes of room: %v", room, err)
		}
		if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
			t.Fatal(err)
		}
		// What is left behind is nothing, or a whole history without a commit.
		db, err = Open(path, Options{})
		if err != nil {
			t.Fatalf("%d bytes of room, then more: %v", room, err)
		}
		db.Close()
		_ = os.Remove(path)
	}
}

func TestAHistoryOnAReadOnlyDiskCanBeRead(t *testing.T) {
	dir := smallDisk(t, "4m")
	path := filepath.Join(dir, "history.db")
	filled(t, path)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("A READ-ONLY DISK IS NOT TESTED: %v", err)
	}
	db, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	_, commits, _, err := db.Sealed()
	if commits != 40 || err != nil {
		t.Errorf("got %d commits (%v)", commits, err)
	}
	db.Close()
	db, err = Open(path, Options{})
	if err == nil {
		db.Close()
		t.Fatal("opened for writing on a read-only disk")
	}
	if !errors.Is(err, unix.EROFS) {
		t.Errorf("got %v", err)
	}
}
