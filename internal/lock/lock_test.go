package lock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestASecondOneIsToldWhoHoldsIt(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	first, err := Take(name)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var held *HeldError
		if _, err := Take(name); !errors.As(err, &held) || held.PID != os.Getpid() {
			t.Fatalf("got %v, want that process %d holds it", err, os.Getpid())
		}
	}
	first.Release()
	again, err := Take(name)
	if err != nil {
		t.Fatal(err)
	}
	if !Held(name) || Writer(name) != os.Getpid() {
		t.Errorf("got %t, process %d; want that this one holds it", Held(name), Writer(name))
	}
	again.Release()
	if Held(name) || Writer(name) != os.Getpid() {
		t.Errorf("got %t, process %d after it was let go of; want that this one was the last", Held(name), Writer(name))
	}
	(*Lock)(nil).Release()
}

func TestALockWithoutAFolderIsAnError(t *testing.T) {
	if _, err := Take(filepath.Join(t.TempDir(), "no", "file")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
