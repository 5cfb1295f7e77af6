package tail

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestTheNamesOfRotatedFilesAreTold(t *testing.T) {
	for _, c := range []struct {
		base, name string
		numbers    []uint64 // nil: it is none
		counts     bool
	}{
		{"access.log", "access.log.1", []uint64{1}, true},
		{"access.log", "access.log.12.gz", []uint64{12}, true},
		{"access.log", "access.log.1.zst", []uint64{1}, true},
		{"access.log", "access.log.1.bz2", []uint64{1}, true},
		{"access.log", "access.log.1.xz", []uint64{1}, true},
		{"access.log", "access.log.0", []uint64{0}, true},
		{"access.log", "access.log-20261121", []uint64{20261121}, false},
		{"access.log", "access.log-20261121.gz", []uint64{20261121}, false},
		{"access.log", "access.log-2026-11-21", []uint64{2026, 11, 21}, false},
		{"access.log", "access.log-2026-11-21T10:00:00Z", []uint64{2026, 11, 21, 10, 0, 0}, false},
		{"access.log", "access.log_261121", []uint64{261121}, false},
		{"access.log", "access.log-20261121-1795000000", []uint64{20261121, 1795000000}, false},
		{"access.log", "access.1.log", []uint64{1}, true},
		{"access.log", "access-20261121.log", []uint64{20261121}, false},
		{"access.log", "access-2026-11-21.log.gz", []uint64{2026, 11, 21}, false},
		{"access", "access.1", []uint64{1}, true},
		{"access-20261121.log", "access-20261120.log", []uint64{20261120}, false},
		{"access-20261121.log", "access-20261120.log.gz", []uint64{20261120}, false},
		{"u_ex261121.log", "u_ex261120.log", []uint64{261120}, false},
		{"access.2026-11-21.log", "access.2026-11-20.log", []uint64{2026, 11, 20}, false},
		{"access.21-11-2026.log", "access.22-11-2026.log", []uint64{22, 11, 2026}, false},
		{"site1-2026-11-21-09.log", "site1-2026-11-21-10.log", []uint64{1, 2026, 11, 21, 10}, false},
		{"access-20261121_101500.log", "access-20261121_111500.log", []uint64{20261121, 111500}, false},
		{"access.202611.log", "access.202612.log", []uint64{202612}, false},
		{"access.1795000000", "access.1795003600", []uint64{1795003600}, false}, // rotatelogs of Apache
		{"access.2026-47.log", "access.2026-48.log", []uint64{2026, 48}, false},
		{"access.log", "access.log.99999999999999999999999", []uint64{9999999999999999999}, false},

		{"access.log", "access.log", nil, false},
		{"access.log", "access.log.gz", nil, false}, // no number, so no order
		{"access.log", "access.log.", nil, false},
		{"access.log", "access.log~", nil, false},
		{"access.log", "access.log.bak", nil, false},
		{"access.log", "access.log.1.bak", nil, false},
		{"access.log", "access.log.swp", nil, false},
		{"access.log", "access.log1", nil, false},
		{"access.log", "access.log.1\n", nil, false},
		{"access.log", ".access.log.1", nil, false},
		{"access.log", "error.log.1", nil, false},
		{"access.log", "access_ssl.log.1", nil, false},
		{"access.log", "access-ssl.log", nil, false},
		{"site1.log", "site2.log", nil, false},        // a counter in a name tells sites apart
		{"access.log", "access_8080.log", nil, false}, // of a port
		{"access.log", "access-443.log", nil, false},
		{"access.log", "access_12.log", []uint64{12}, true},
		{"access.log", "access.365.log", []uint64{365}, true},
		{"10.0.0.1.log", "10.0.0.2.log", nil, false},
		{"192.168.10.1.log", "192.168.10.2.log.gz", nil, false},
		{"web-01-8080.log", "web-02-8080.log", nil, false},
		{"customer-5123456.log", "customer-5123457.log", nil, false},
		{"site1-20261121.log", "site2-20261121.log", nil, false},
		{"site1-20261121.log", "site2-20261122.log", nil, false},
		{"20261121access", "access20261121", nil, false},
		{"access.log", "", nil, false},
		{"", "access.log.1", nil, false},
	} {
		got, ok := parseTag(c.base, c.name)
		if ok != (c.numbers != nil) {
			t.Errorf("parseTag(%q, %q): got %v, want %v", c.base, c.name, ok, c.numbers != nil)
			continue
		}
		if ok && (!slices.Equal(got.numbers, c.numbers) || got.counts != c.counts) {
			t.Errorf("parseTag(%q, %q): got %+v, want %v, counter %v", c.base, c.name, got, c.numbers, c.counts)
		}
	}
}

func TestOfAListingOnlyRotatedFilesOfTheLogAreTaken(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"acces", "access", "access-20261120.log", "access.1.log", "access.log", "access.log-20261121", "access.log.2", "access.log.bak",
		"access2.log", "accessory.log.1", "a", "z.log.1", "ACCESS.log.1",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range among(entries, dir, "access.log") {
		got = append(got, filepath.Base(b.path))
	}
	slices.Sort(got)
	if want := []string{"access-20261120.log", "access.1.log", "access.log-20261121", "access.log.2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzANameIsTakenForARotatedOneOnlyByItsDigits(f *testing.F) {
	f.Add("access.log", "access.log.1.gz")
	f.Add("access.log", "access-20261121.log")
	f.Add("access-1.log", "access-2.log")
	f.Add("2026access", "access2026")
	f.Add("access20261121", "20261120access")
	f.Add("access.log2026", "access.1.log2026")
	f.Add("\xff.log", "\xff.log.1")
	f.Add(".log", "1.log")
	f.Fuzz(func(t *testing.T, base, name string) {
		got, ok := parseTag(base, name)
		if !ok {
			return
		}
		if start := commonStart(base); !strings.HasPrefix(name, start) {
			t.Errorf("parseTag(%q, %q): got %+v, and it does not begin with %q", base, name, got, start)
		}
		if name == base {
			t.Errorf("parseTag(%q, itself): got %+v, want none", base, got)
		}
		if len(got.numbers) == 0 || !strings.ContainsFunc(name, isDigit) {
			t.Errorf("parseTag(%q, %q): got %+v, want none without digits", base, name, got)
		}
		// A compressed copy has the tag of the file.
		if plainName(name) == name {
			if packed, ok := parseTag(base, name+".gz"); !ok || !slices.Equal(packed.numbers, got.numbers) {
				t.Errorf("parseTag(%q, %q): got %+v, %v, want that of the file, %+v", base, name+".gz", packed, ok, got)
			}
		}
	})
}

func TestRotatedFilesAreOrderedNewestFirst(t *testing.T) {
	for name, want := range map[string][]string{
		"counters":            {"access.log.1", "access.log.2.gz", "access.log.10.gz"},
		"dates":               {"access.log-20261121", "access.log-20261120.gz", "access.log-20251231"},
		"dates with seconds":  {"access.log-20261121-2", "access.log-20261121-1", "access.log-20261121"},
		"of both kinds: time": {"access.log.7", "access.log-20261121", "access.log.2"},
	} {
		files := fstest.MapFS{}
		for i, n := range want {
			files[n] = &fstest.MapFile{ModTime: noon().Add(-time.Duration(i) * time.Hour)}
		}
		var all []sibling
		for n := range files {
			tag, ok := parseTag("access.log", n)
			info, err := fs.Stat(files, n)
			if !ok || err != nil {
				t.Fatal(n, ok, err)
			}
			all = append(all, sibling{path: n, info: info, tag: tag})
		}
		order(all)
		var got []string
		for _, b := range all {
			got = append(got, b.path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestOfAFileAndItsCompressedCopyOnlyTheFileIsListed(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"access.log", "access.log.1", "access.log.1.gz", "access.log.2.gz", "access.log.2.xz", "other.log.1"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "access.log.3"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("access.log", filepath.Join(dir, "access.log.4")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range siblings(dir, "access.log") {
		got = append(got, filepath.Base(b.path))
	}
	if want := []string{"access.log.1", "access.log.2.gz"}; !slices.Equal(got, want) {
		t.Errorf("siblings: got %q, want %q", got, want)
	}
	if got := siblings(filepath.Join(dir, "none"), "access.log"); got != nil {
		t.Errorf("siblings in a directory that is not there: got %v, want none", got)
	}
}

func TestWhileALogIsCompressedOnlyTheLogIsListed(t *testing.T) {
	dir := t.TempDir()
	// Dates and counters side by side are ordered by their times, and what is
	// being made is the newest.
	for i, name := range []string{"access.log-20261120", "access.log.2.gz", "access.log.1", "access.log.1.gz"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 21, 12, i, 0, 0, time.UTC)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, b := range siblings(dir, "access.log") {
		names = append(names, filepath.Base(b.path))
	}
	if want := []string{"access.log.1", "access.log.2.gz", "access.log-20261120"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestARotatedFileIsLookedForUnderRotatedNamesOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "access.log.1")
	if err := os.WriteFile(path, []byte("a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	listed := siblings(dir, "access.log")[0]
	// The same number, as another file may have been given it since.
	other := filepath.Join(dir, "logrotate.state")
	if err := os.Rename(path, other); err != nil {
		t.Fatal(err)
	}
	if listed.follow() {
		t.Errorf("found as %s, want none", listed.path)
	}
	if err := os.Rename(other, path+"0"); err != nil {
		t.Fatal(err)
	}
	// And another has its name.
	if err := os.WriteFile(path, []byte("b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := listed.open(&blocks{block: 1 << 10, line: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if c.path != path+"0" || listed.path != path+"0" {
		t.Errorf("opened %s, now %s, want %s0", c.path, listed.path, path)
	}
}
