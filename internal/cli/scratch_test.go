package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestWhatAKilledDemoLeftIsRemovedByTheNextOne, and nothing that belongs to one that runs, or
// to somebody else.
func TestWhatAKilledDemoLeftIsRemovedByTheNextOne(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders have no locks there")
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	running, remove, err := scratch("weir-test-")
	if err != nil {
		t.Fatal(err)
	}
	folder := func(name string, mode os.FileMode) string {
		dir := filepath.Join(temporary, name)
		if err := os.Mkdir(dir, mode); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	fill := func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "access.log"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	killed, beginning, foreign, other := folder("weir-test-17", 0o700), folder("weir-test-18", 0o700), folder("weir-test-19", 0o755), folder("weir-other-20", 0o700)
	for _, dir := range []string{running, killed, foreign, other} {
		fill(dir)
	}
	link := filepath.Join(temporary, "weir-test-21")
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	_, removeAlso, err := scratch("weir-test-")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(killed); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", killed, err)
	}
	for _, dir := range []string{running, beginning, foreign, other, link} {
		if _, err := os.Lstat(dir); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
	remove()
	removeAlso()
	if left, _ := filepath.Glob(filepath.Join(temporary, "weir-test-*")); len(left) != 3 {
		t.Errorf("left: %v, want those of others", left)
	}
}
