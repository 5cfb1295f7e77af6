package tail

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTheFamilyOfALogIsListedOldestFirst(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"access.log", []string{"access.log", "access.log.1", "access.log.10.gz", "access.log.2.gz", "error.log", "access.log.2"}, []string{"access.log.10.gz", "access.log.2", "access.log.1", "access.log"}},
		{"access.log", []string{"access.log-20261121", "access.log-20261120.zst", "access.log"}, []string{"access.log-20261120.zst", "access.log-20261121", "access.log"}},
		{"access.log", []string{"access.log.1", "access.log.2.gz"}, []string{"access.log.2.gz", "access.log.1"}},
		{"access-2026-11-20.log", []string{"access-2026-11-19.log", "access-2026-11-20.log", "access-2026-11-21.log"}, []string{"access-2026-11-19.log", "access-2026-11-20.log", "access-2026-11-21.log"}},
		{"access.log.1", []string{"access.log", "access.log.1", "access.log.2"}, []string{"access.log.1"}},
		{"none.log", []string{"access.log"}, nil},
	} {
		dir := t.TempDir()
		for _, f := range c.files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(f), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := baseNames(Family(filepath.Join(dir, c.name))); !slices.Equal(got, c.want) {
			t.Errorf("%s among %q: got %q, want %q", c.name, c.files, got, c.want)
		}
	}
}

func TestTheFamilyOfALinkIsThatOfWhatItLeadsToToo(t *testing.T) {
	dir, store := t.TempDir(), t.TempDir()
	for _, f := range []string{filepath.Join(store, "site.log"), filepath.Join(store, "site.log.1"), filepath.Join(dir, "other.log")} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "access.log")
	if err := os.Symlink(filepath.Join(store, "site.log"), link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if got, want := baseNames(Family(link)), []string{"site.log.1", "access.log"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func baseNames(all []Member) []string {
	var list []string
	for _, m := range all {
		list = append(list, filepath.Base(m.Path))
	}
	return list
}
