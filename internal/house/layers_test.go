package house

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A layer says what a package may do.
type layer uint8

const (
	edge    layer = iota // meets the world; edges do not import one another
	files                // reads and writes files, knows nothing of the web
	pure                 // no goroutine, no clock, no file, no log, no context
	checks               // has tests only
	measure              // benchmarks, which may import anything
)

// A row is a package with its place in the house.
type row struct {
	dir   string
	layer layer
	// joins: an edge that puts other edges together.
	joins bool
}

// table is the house from the roof down: a package imports only what stands
// further down. It is the one of ARCHITECTURE.md.
func table() []row {
	return []row{
		{dir: "bench", layer: measure},
		{dir: "bench/compare", layer: measure},
		{dir: "bench/mklog", layer: measure},
		{dir: "bench/torture", layer: measure},
		{dir: "bench/many", layer: measure},
		{dir: "bench/kills", layer: measure},
		{dir: "bench/change", layer: measure},
		{dir: "bench/traffic", layer: measure},
		{dir: "bench/program", layer: measure},
		{dir: "cmd/weir", layer: edge, joins: true},
		{dir: "internal/cli", layer: edge, joins: true},
		{dir: "internal/monitor", layer: edge, joins: true},
		{dir: "internal/config", layer: edge, joins: true},
		{dir: "internal/term", layer: edge},
		{dir: "internal/report", layer: edge},
		{dir: "internal/relay", layer: edge},
		{dir: "internal/simulate", layer: edge},
		{dir: "internal/timesite", layer: edge},
		{dir: "internal/collect", layer: edge},
		{dir: "internal/drive", layer: edge},
		{dir: "internal/plot", layer: edge},
		{dir: "internal/history", layer: edge},
		{dir: "internal/notify", layer: edge},

		{dir: "internal/bookmark", layer: files},
		{dir: "internal/lock", layer: files},
		{dir: "internal/outage", layer: files},
		{dir: "internal/excerpt", layer: files},
		{dir: "internal/scan", layer: files},
		{dir: "internal/feed", layer: files},
		{dir: "internal/tail", layer: files},
		{dir: "internal/archive", layer: files},
		{dir: "internal/geo", layer: files},

		{dir: "internal/diagnosis", layer: pure},
		{dir: "internal/incident", layer: pure},
		{dir: "internal/backtest", layer: pure},
		{dir: "internal/gauge", layer: pure},
		{dir: "internal/view", layer: pure},
		{dir: "internal/meter", layer: pure},
		{dir: "internal/alert", layer: pure},
		{dir: "internal/change", layer: pure},
		{dir: "internal/redact", layer: pure},
		{dir: "internal/query", layer: pure},
		{dir: "internal/traffic", layer: pure},
		{dir: "internal/clock", layer: pure},
		{dir: "internal/sketch", layer: pure},
		{dir: "internal/export", layer: pure},
		{dir: "internal/agent", layer: pure},
		{dir: "internal/accesslog", layer: pure},
		{dir: "internal/charset", layer: pure},
		{dir: "internal/stamp", layer: pure},
		{dir: "internal/pace", layer: pure},
		{dir: "internal/rates", layer: pure},
		{dir: "internal/pack", layer: pure},
		{dir: "internal/escape", layer: pure},
		{dir: "internal/unit", layer: pure},

		{dir: "internal/house", layer: checks},
	}
}

// place returns the index of a package in the table, -1 where it has no row.
func place(dir string) int {
	return slices.IndexFunc(table(), func(r row) bool { return r.dir == dir })
}

func layerOf(dir string) layer {
	if i := place(dir); i >= 0 {
		return table()[i].layer
	}
	return edge
}

func TestEveryPackageHasAPlaceInTheHouse(t *testing.T) {
	found := map[string]bool{}
	for _, f := range goFiles(t) {
		found[f.dir()] = true
		if place(f.dir()) < 0 && !found["told "+f.dir()] {
			found["told "+f.dir()] = true
			t.Errorf("%s has no row in the layer table: add it to table() in internal/house/layers_test.go, above all it imports, and tell in ARCHITECTURE.md what it is for", f.dir())
		}
	}
	for _, r := range table() {
		if !found[r.dir] {
			t.Errorf("the layer table has a row for %s, which is gone: take the row out", r.dir)
		}
	}
}

func TestImportsOnlyGoDown(t *testing.T) {
	for _, f := range goFiles(t) {
		from := place(f.dir())
		if from < 0 || f.test() {
			continue // without a place it is told elsewhere; tests may look at anything
		}
		for _, dir := range ours(f) {
			if wrong := upward(from, place(dir)); wrong != "" {
				t.Errorf("%s imports %s: %s", f.path, dir, wrong)
			}
		}
	}
}

// ours returns the packages of this module that f imports.
func ours(f *goFile) []string {
	var dirs []string
	for _, imp := range imports(f) {
		if dir, ok := strings.CutPrefix(imp, "weir/"); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func imports(f *goFile) []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		p, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
		paths = append(paths, p)
	}
	return paths
}

// upward says what is wrong with an import from one row of the table to
// another; "" when nothing is.
func upward(from, to int) string {
	if to < 0 {
		return "it has no row in the layer table"
	}
	a, b := table()[from], table()[to]
	switch {
	case to <= from:
		return "arrows only go down. Move what both need to a package further down, or declare the small interface you need here and let monitor join the two"
	case a.layer == edge && b.layer == edge && !a.joins:
		return "edges do not know one another. Meet at a pure type (view, alert, gauge) and let monitor or cli join the two"
	case a.layer == pure && b.layer != pure:
		return "a pure package imports pure ones only. Take the value as an argument"
	case a.layer == files && b.layer != pure && b.layer != files:
		return "an I/O package imports pure ones and other I/O packages only. Hand out a type of your own"
	case b.layer == checks || b.layer == measure && a.layer != measure:
		return "nothing imports tests"
	}
	return ""
}

func TestTheLayerTableCanSayNo(t *testing.T) {
	for _, c := range []struct {
		from, to string
		fine     bool
	}{
		{"cmd/weir", "internal/cli", true},
		{"internal/cli", "internal/monitor", true},
		{"internal/cli", "internal/simulate", true},
		{"internal/monitor", "internal/tail", true},
		{"internal/monitor", "internal/term", true},
		{"internal/monitor", "internal/cli", false},
		{"internal/term", "internal/simulate", false},
		{"internal/term", "internal/view", true},
		{"internal/tail", "internal/unit", true},
		{"internal/scan", "internal/archive", true},
		{"internal/archive", "internal/scan", false},
		{"internal/scan", "internal/report", false},
		{"internal/gauge", "internal/clock", true},
		{"internal/clock", "internal/gauge", false},
		{"internal/view", "internal/tail", false},
		{"internal/incident", "internal/gauge", true},
		{"internal/cli", "internal/house", false},
		{"internal/cli", "internal/nowhere", false},
		{"internal/cli", "bench/program", false},
		{"bench/kills", "bench/program", true},
	} {
		if wrong := upward(place(c.from), place(c.to)); (wrong == "") != c.fine {
			t.Errorf("%s imports %s: got %q, want fine = %t", c.from, c.to, wrong, c.fine)
		}
	}
}

// A ban is an import that is not wanted, and why.
type ban struct {
	path   string
	except []string // packages that may
	why    string
}

func bans() []ban {
	return []ban{
		{"github.com/spf13/cobra", []string{"internal/cli"}, "flags are the business of cli; others take an Options struct"},
		{"github.com/spf13/pflag", []string{"internal/cli"}, "flags are the business of cli; others take an Options struct"},
		{"github.com/fsnotify/fsnotify", []string{"internal/tail"}, "events of the file system are hints, and only tail knows how little they can be trusted"},
		{"github.com/oschwald/maxminddb-golang/v2", []string{"internal/geo"}, "how databases name places is the business of geo"},
		{"github.com/pelletier/go-toml/v2/unstable", []string{"internal/config"}, "how weir.toml is read is the business of config; others take what it says"},
		{"database/sql", []string{"internal/history"}, "all SQL stands in one package, so that another store is one import away"},
		{"modernc.org/sqlite", []string{"internal/history"}, "all SQL stands in one package, so that another store is one import away"},
		{"gonum.org/v1/plot/vg", []string{"internal/plot"}, "how a picture is drawn is the business of plot; others hand it a Chart"},
		{"codeberg.org/go-pdf/fpdf", []string{"internal/plot"}, "how a picture is drawn is the business of plot; others hand it a Chart"},
		{"github.com/wneessen/go-mail", []string{"internal/notify"}, "who is told of alerts, and how, is the business of notify"},
		{"github.com/nicholas-fedor/shoutrrr", nil, "its router has all services, 3.9 MB of them, and sends by itself: package notify takes single services"},
		{"github.com/nicholas-fedor/shoutrrr/pkg/router", nil, "it has all services, 3.9 MB of them, and sends by itself: package notify takes single services"},
		{"golang.org/x/term", []string{"internal/cli", "internal/term"}, "only what writes to a terminal asks what it is"},
		{"flag", []string{"bench/compare", "bench/mklog", "bench/torture", "bench/many", "bench/kills", "bench/change", "bench/traffic", "bench/program"}, "flags are the business of cli, which uses cobra"},
		{"log", nil, "return a Notice or an error; the edges decide how it is told (log/slog where a log is meant)"},
		{"regexp", []string{"internal/query"}, "a format compiles to a table of operations: regular expressions cost 20 to 30 times as much a line"},
		{"math/rand", nil, "use math/rand/v2 with a seed that is passed in"},
		{"io/ioutil", nil, "its functions live in io and os"},
		{"reflect", nil, "say it in types"},
		{"unsafe", nil, "what it wins is a few nanoseconds, what it costs is the proof that a hostile log cannot write our memory"},
		{"testing", nil, "tests belong into _test.go files"},
		{"net/http", []string{"internal/timesite", "internal/collect", "internal/notify", "internal/drive", "internal/outage", "bench/traffic"}, "speaking HTTP is the business of an edge of its own"},
	}
}

// purityBans are what no pure package imports.
func purityBans() []ban {
	return []ban{
		{"context", nil, "pure code does not wait, so it has nothing to cancel"},
		{"os", nil, "pure code takes bytes"},
		{"io/fs", nil, "pure code takes bytes"},
		{"io", nil, "pure code takes bytes, returns bytes"},
		{"sync", nil, "a pure value belongs to one goroutine"},
		{"sync/atomic", nil, "a pure value belongs to one goroutine"},
		{"log/slog", nil, "pure code returns what there is to say"},
		{"net", nil, "pure code does not know the network (net/netip for addresses)"},
		{"encoding/json", nil, "how a view is written down is the business of an edge"},
		{"math/rand/v2", nil, "the same lines give the same output"},
	}
}

func TestNobodyImportsWhatIsNotWanted(t *testing.T) {
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		unwanted := bans()
		if layerOf(f.dir()) == pure {
			unwanted = append(unwanted, purityBans()...)
		}
		for _, imp := range imports(f) {
			for _, b := range unwanted {
				if imp == b.path && slices.Contains(b.except, f.dir()) {
					used[b.path+" in "+f.dir()] = true
				} else if imp == b.path {
					t.Errorf("%s imports %s: %s", f.path, imp, b.why)
				}
			}
		}
	}
	for _, b := range bans() {
		for _, dir := range b.except {
			if !used[b.path+" in "+dir] {
				t.Errorf("%s is excepted from the ban of %s and does not use it: take the exception out of bans()", dir, b.path)
			}
		}
	}
}

func TestArchitectureHasALineForEveryPackage(t *testing.T) {
	text := document(t, "ARCHITECTURE.md")
	for _, r := range table() {
		if !strings.Contains(text, "\n| `"+path.Base(r.dir)+"` |") {
			t.Errorf("ARCHITECTURE.md has no line that begins \"| `%s` |\": say in one sentence what the package is for", path.Base(r.dir))
		}
	}
}

func TestAPackageIsAFolderOfInternalOrCmd(t *testing.T) {
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		if d.IsDir() && (rel == ".git" || rel == "dist" || rel == ".tools" || rel == "internal" || rel == "cmd" || rel == "bench") {
			return fs.SkipDir
		}
		if path.Ext(name) == ".go" {
			t.Errorf("%s: Go code lives in cmd/, internal/ or bench/", filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
