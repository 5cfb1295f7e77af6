package plot

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAPictureHasNoNameWhileItIsWritten, so that a kill leaves nothing behind.
func TestAPictureHasNoNameWhileItIsWritten(t *testing.T) {
	dir := t.TempDir()
	f := unnamed(dir, 0o640)
	if f == nil {
		t.Skip("this file system has no files without a name")
	}
	defer f.Close()
	if _, err := f.WriteString("half a pict"); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "" {
		t.Errorf("there is %s", got)
	}
	if err := christen(f, filepath.Join(dir, "a.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("ure"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a.png")); err != nil || string(got) != "half a picture" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := christen(f, filepath.Join(dir, "a.png")); err == nil {
		t.Error("it took the name of another file")
	}
}

// TestAPictureHasTheRightsOfAnyOther, with the name from the first and without.
func TestAPictureHasTheRightsOfAnyOther(t *testing.T) {
	dir := t.TempDir()
	plain, picture := filepath.Join(dir, "plain"), filepath.Join(dir, "a.png")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(picture, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.Stat(picture)
	if err != nil {
		t.Fatal(err)
	}
	if a.Mode() != b.Mode() {
		t.Errorf("got %v, want %v", b.Mode(), a.Mode())
	}
}
