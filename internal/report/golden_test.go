package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// compare holds got against a golden file, or with -update rewrites it. Escape
// characters stand as ^[ in the file, so that it can be looked at.
func compare(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\x1b", "^[")
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// text is the page of r.
func text(t testing.TB, r *Report, page Text) string {
	t.Helper()
	var out bytes.Buffer
	page.W = &out
	if err := page.Write(r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestEachReportLooksAsItDid(t *testing.T) {
	for name, r := range scenes() {
		t.Run(name, func(t *testing.T) {
			page := text(t, r, Text{})
			compare(t, name+".txt", page)
			if got := strip(text(t, r, Text{Color: true})); got != page {
				t.Errorf("without its colours the page is\n%s\nwant\n%s", got, page)
			}
			var object, table bytes.Buffer
			if err := (&JSON{W: &object}).Write(r); err != nil {
				t.Fatal(err)
			}
			if err := (&CSV{W: &table}).Write(r); err != nil {
				t.Fatal(err)
			}
			if name != "years" && name != "month" { // as three-days, but long
				compare(t, name+".json", object.String())
				compare(t, name+".csv", table.String())
			}
		})
	}
	compare(t, "rich.color", text(t, rich(), Text{Color: true}))
	compare(t, "rich-60.txt", text(t, rich(), Text{Width: 60}))
	compare(t, "rich-120.txt", text(t, rich(), Text{Width: 120}))
	compare(t, "month-narrow.txt", text(t, scenes()["month"], Text{Width: 1}))
	compare(t, "bounded-60.txt", text(t, bounded(), Text{Width: 60}))
}

// strip takes our own colours out.
func strip(s string) string {
	return strings.NewReplacer(red, "", green, "", dim, "", bold, "", plain, "").Replace(s)
}

// TestTimesAreInTheZoneAskedFor reads the same day half an hour off UTC.
func TestTimesAreInTheZoneAskedFor(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	page := text(t, rich(), Text{Zone: zone})
	for _, want := range []string{
		"2026-03-10 05:30:00 to 2026-03-11 05:29:59 +0530 (1d)", "triggered at 2026-03-10T13:50:00+05:30", "2026-03-10 19:35:07",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}

// writes remembers each Write on its own.
type writes []string

func (w *writes) Write(b []byte) (int, error) {
	*w = append(*w, string(b))
	return len(b), nil
}

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestAReportIsOneWriteAndItsErrorComesBack(t *testing.T) {
	for name, r := range scenes() {
		var out writes
		for _, w := range []interface{ Write(*Report) error }{&Text{W: &out}, &JSON{W: &out}, &CSV{W: &out}} {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if len(out) != 3 {
			t.Errorf("%s: got %d writes, want one of each", name, len(out))
		}
		for _, w := range out {
			if !strings.HasSuffix(w, "\n") {
				t.Errorf("%s: %.40q... does not end its line", name, w)
			}
		}
		for _, w := range []interface{ Write(*Report) error }{&Text{W: full{}}, &JSON{W: full{}}, &CSV{W: full{}}} {
			if err := w.Write(r); err != os.ErrClosed {
				t.Errorf("%s: %T got %v, want %v", name, w, err, os.ErrClosed)
			}
		}
	}
}
