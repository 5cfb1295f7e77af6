package accesslog

import (
	"bytes"
	"strings"
	"testing"
)

func TestAnUndecidedAutoTakesTheFirstFormatThatReadsALine(t *testing.T) {
	for _, f := range Formats() {
		a := new(Auto)
		outs, r := feed(a, append([]string{"no log line"}, strings.Split(f.Example, "\n")...)...)
		if outs[0].Reason != ReasonNoFormat || outs[0].Column < 1 || outs[0].Column > len("no log line")+1 {
			t.Errorf("%s: got %+v for a line of no format, want %q and a column", f.Name, outs[0], ReasonNoFormat)
		}
		if got, ok := a.Format(); !ok || got.Name != f.Name || outs[len(outs)-1].Kind != Hit || r.Sec != 971211336 {
			t.Errorf("%s: got %q %v, %+v", f.Name, got.Name, ok, outs)
		}
		if a.Changes() != 0 {
			t.Errorf("%s: got %d changes, want none", f.Name, a.Changes())
		}
	}
}

func TestTheFurthestColumnOfAnyFormatIsReported(t *testing.T) {
	line := plainLine(t, "common") + ` "unclosed`
	var r Record
	out := new(Auto).Parse([]byte(line), &r)
	if want := len(line) - len(`"unclosed`) + 1; out.Reason != ReasonNoFormat || out.Column != want {
		t.Errorf("got %+v, want %q at %d", out, ReasonNoFormat, want)
	}
}

func TestADashAtTheEndDoesNotDecideForARequestTime(t *testing.T) {
	a := new(Auto)
	feed(a, plainLine(t, "combined")+" -")
	if f, _ := a.Format(); f.Name != "combined" {
		t.Errorf("got %q, want combined", f.Name)
	}
}

func TestPrimingDecidesWithoutBeingPartOfTheLog(t *testing.T) {
	csv, _ := Lookup("csv")
	header, row, _ := strings.Cut(csv.Example, "\n")
	a := new(Auto)
	if d := a.Prime(sample(csv.Example)); !d.Found {
		t.Fatalf("got %+v, want csv found", d)
	}
	// A follower may begin in the middle of the file, without its header.
	if outs, _ := feed(a, row, header, row); outs[0].Kind != Hit || outs[1].Kind != Directive || outs[2].Kind != Hit {
		t.Errorf("got %+v, want a hit, the header as a directive, a hit", outs)
	}
	// A head with a header alone decides nothing, but its columns are known.
	a = new(Auto)
	a.Prime(sample("size,time,path"))
	if _, ok := a.Format(); ok {
		t.Error("a header alone decided")
	}
	if outs, r := feed(a, "12,7,/a"); outs[0].Kind != Hit || r.Bytes != 12 {
		t.Errorf("got %+v %s, want a hit of 12 bytes", outs, show(r))
	}
}

func TestAPrimedAutoIsNotMisledByOneOddLine(t *testing.T) {
	combined := plainLine(t, "combined")
	a := new(Auto)
	a.Prime(sample(combined + " 17\n" + combined + " x\n" + combined))
	if f, _ := a.Format(); f.Name != "combined" {
		t.Errorf("got %q, want combined", f.Name)
	}
}

func TestAForcedAutoKeepsItsFormat(t *testing.T) {
	f, _ := Lookup("common")
	a := NewForced(f)
	combined := plainLine(t, "combined")
	a.Prime(sample(combined))
	for i := range 3 * patience {
		if outs, _ := feed(a, combined); outs[0].Reason != ReasonExtra {
			t.Fatalf("line %d: got %+v, want %q", i, outs[0], ReasonExtra)
		}
	}
	if got, ok := a.Format(); !ok || got.Name != "common" || a.Changes() != 0 {
		t.Errorf("got %q %v, %d changes; want common", got.Name, ok, a.Changes())
	}
}

func TestAfterAHundredRejectedLinesTheFormatMayChange(t *testing.T) {
	common, combined := plainLine(t, "common"), plainLine(t, "combined")
	a := new(Auto)
	feed(a, common)
	for i := range patience {
		if outs, _ := feed(a, combined); outs[0].Kind != Rejected {
			t.Fatalf("line %d: got %+v, want it rejected", i+1, outs[0])
		}
	}
	if a.Changes() != 0 {
		t.Fatalf("got %d changes after %d rejected lines, want none", a.Changes(), patience)
	}
	if outs, _ := feed(a, combined); outs[0].Kind != Hit || a.Changes() != 1 {
		t.Errorf("got %+v, %d changes; want a hit, one change", outs[0], a.Changes())
	}
	if f, _ := a.Format(); f.Name != "combined" {
		t.Errorf("got %q, want combined", f.Name)
	}
}

func TestAHitInBetweenStartsTheHundredAnew(t *testing.T) {
	common, combined := plainLine(t, "common"), plainLine(t, "combined")
	a := new(Auto)
	feed(a, common)
	for range 5 {
		feed(a, repeat("rubbish", patience)...)
		feed(a, common)
	}
	feed(a, repeat("rubbish", patience-1)...)
	if outs, _ := feed(a, combined); outs[0].Kind != Rejected {
		t.Errorf("got %+v of the line 100 behind a hit, want it rejected", outs[0])
	}
	if f, _ := a.Format(); f.Name != "common" || a.Changes() != 0 {
		t.Errorf("got %q, %d changes; want common, none", f.Name, a.Changes())
	}
}

func TestAHeaderAmongTheRejectedLinesIsRemembered(t *testing.T) {
	a := new(Auto)
	feed(a, plainLine(t, "common"), "size,time,path")
	for range patience {
		feed(a, "12,7,/a")
	}
	if outs, r := feed(a, "13,7,/a"); outs[0].Kind != Hit || r.Bytes != 13 {
		t.Errorf("got %+v %s, want the columns of the header", outs[0], show(r))
	}
	if len(a.Missing()) != 0 {
		t.Errorf("got %q missing, want nothing", a.Missing())
	}
}

func TestAnAutoSaysWhatItsHeaderLacks(t *testing.T) {
	a := new(Auto)
	feed(a, "client,status", "192.0.2.1,200")
	if got := a.Missing(); len(got) != 2 {
		t.Errorf("got %q missing, want the time and the request", got)
	}
	if got := new(Auto).Missing(); got != nil {
		t.Errorf("undecided: got %q missing, want nothing", got)
	}
}

func BenchmarkAuto(b *testing.B) {
	f, _ := Lookup("combined")
	for name, line := range map[string][]byte{"combined": []byte(f.Example), "nothing": bytes.Repeat([]byte("x "), 100)} {
		b.Run(name, func(b *testing.B) {
			a := new(Auto)
			var r Record
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				a.Parse(line, &r)
			}
		})
	}
}
