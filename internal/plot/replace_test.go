package plot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestAPictureIsReplacedAsAWhole(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	file := filepath.Join(dir, "rates.png")
	if err := Replace(file, []byte("one"), now); err != nil {
		t.Fatal(err)
	}
	before, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, []byte("two"), now); err != nil {
		t.Fatal(err)
	}
	old := make([]byte, 10)
	if n, _ := before.Read(old); string(old[:n]) != "one" {
		t.Errorf("who had the old picture open reads %q", old[:n])
	}
	if got, _ := os.ReadFile(file); string(got) != "two" {
		t.Errorf("got %q", got)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o640 && filepath.Separator == '/' {
		t.Errorf("its rights became %v", info.Mode())
	}
	if got := names(t, dir); got != "rates.png" {
		t.Errorf("left behind: %s", got)
	}
}

func TestWhatAKillLeftBehindIsRemoved(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for _, name := range []string{".rates.png.weir-plot-17", ".rates.png.weir-plot-18", ".other.png.weir-plot-19"} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "18") {
			continue // it is being written
		}
		if err := os.Chtimes(file, now, now.Add(-2*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(filepath.Join(dir, "rates.png"), []byte("x"), now); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), ".other.png.weir-plot-19 .rates.png.weir-plot-18 rates.png"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestALinkStaysALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "real.png"), filepath.Join(dir, "link.png")
	if err := os.WriteFile(file, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip("no links here")
	}
	if err := Replace(link, []byte("two"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Lstat(link); info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link became a file")
	}
	if got, _ := os.ReadFile(file); string(got) != "two" {
		t.Errorf("got %q", got)
	}
}

func TestWhatCannotBeWrittenIsNamedAndLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	if err := Replace(dir, nil, time.Now()); err == nil || !strings.Contains(err.Error(), "it is a directory: name a file in it") {
		t.Errorf("a directory: got %v", err)
	}
	missing := filepath.Join(dir, "none", "a.png")
	if err := Replace(missing, nil, time.Now()); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "cannot write "+missing+": ") {
		t.Errorf("a folder that is not there: got %v", err)
	}
	if os.Geteuid() == 0 {
		return // may write everything
	}
	file := filepath.Join(dir, "a.png")
	if err := os.WriteFile(file, []byte("one"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, []byte("two"), time.Now()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without rights: got %v", err)
	}
	if got, _ := os.ReadFile(file); string(got) != "one" {
		t.Errorf("it became %q", got)
	}
}
