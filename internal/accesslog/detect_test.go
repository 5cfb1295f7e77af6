package accesslog

import (
	"bytes"
	"strings"
	"testing"
)

func sample(text string) [][]byte {
	return bytes.Split([]byte(strings.TrimSuffix(text, "\n")), []byte("\n"))
}

// plainLine is an example's line of a format of the family.
func plainLine(t testing.TB, name string) string {
	t.Helper()
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("no format %q", name)
	}
	return f.Example
}

func TestEachExampleIsDetectedAsItself(t *testing.T) {
	for _, f := range Formats() {
		d := Detect(sample(f.Example))
		if !d.Found || d.Format.Name != f.Name || d.Confidence != 1 || d.Binary {
			t.Errorf("%s: got %q, found %v, confidence %v", f.Name, d.Format.Name, d.Found, d.Confidence)
		}
		if len(d.Attempts) != len(Formats()) {
			t.Errorf("%s: got %d attempts, want one for each format", f.Name, len(d.Attempts))
		}
	}
}

func TestDetectionWeighsTheWholeSample(t *testing.T) {
	combined, timed := plainLine(t, "combined"), plainLine(t, "combined-time")
	common := plainLine(t, "common")
	for _, c := range []struct {
		name, text, want string
		confidence       float64
	}{
		{"a broken head", "crash\ncrash\n" + strings.Repeat(combined+"\n", 6), "combined", 0.75},
		{"half", "x\n" + combined, "combined", 0.5},
		{"a third", "x\ny\n" + combined, "", 0},
		{"a request time in some lines only", timed + "\n" + combined + "\n" + timed, "combined", 1},
		{"a request time or a dash", timed + "\n" + combined + " -", "combined-time", 1},
		{"a dash at each end", combined + " -\n" + combined + " -", "combined", 1},
		{"a quoted dash at each end", combined + ` "-"` + "\n" + combined + ` "-"`, "combined", 1},
		{"seconds and microseconds", combined + " 0.1\n" + combined + " 100", "combined", 1},
		{"two formats", common + "\n" + common + "\n" + combined, "common", 2.0 / 3},
		{"a header and no row", `"remotehost","date","request"`, "", 0},
		{"nothing", "", "", 0},
	} {
		d := Detect(sample(c.text))
		if d.Format.Name != c.want || d.Found != (c.want != "") || d.Found && d.Confidence != c.confidence {
			t.Errorf("%s: got %q, found %v, confidence %v; want %q, %v", c.name, d.Format.Name, d.Found, d.Confidence, c.want, c.confidence)
		}
	}
	if d := Detect(nil); d.Found || d.Binary {
		t.Errorf("no lines: got %+v, want nothing found", d)
	}
	// Only the first 1,000 lines are read.
	long := strings.Repeat(combined+"\n", 1000) + strings.Repeat("x\n", 5000)
	if d := Detect(sample(long)); d.Confidence != 1 {
		t.Errorf("6,000 lines: got confidence %v, want that of the first 1,000", d.Confidence)
	}
}

func TestAnAttemptNamesItsFirstRejectedLine(t *testing.T) {
	d := Detect(sample(plainLine(t, "combined") + "\nbroken\n\n" + plainLine(t, "combined")))
	for _, a := range d.Attempts {
		if a.Format == "combined" {
			if a.Hits != 2 || a.Line != 2 || a.Outcome.Reason != ReasonCut || a.Outcome.Column != 7 {
				t.Errorf("got %+v, want 2 hits and line 2 cut at column 7", a)
			}
			return
		}
	}
	t.Error("no attempt for combined")
}

func TestCompressedAndBinarySamplesAreNamed(t *testing.T) {
	for magic, want := range map[string]string{
		"\x1f\x8b\x08\x00": "gzip", "\x28\xb5\x2f\xfd\x04": "zstd", "BZh91AY&SY": "bzip2", "\xfd7zXZ\x00\x00": "xz",
		"\x04\x22\x4d\x18": "lz4", "PK\x03\x04": "zip",
	} {
		if d := Detect([][]byte{[]byte(magic)}); d.Compressed != want || !d.Binary || d.Found {
			t.Errorf("%q: got %q, binary %v, found %v; want %q", magic, d.Compressed, d.Binary, d.Found, want)
		}
	}
	if d := Detect([][]byte{[]byte("a\x00b"), []byte("c")}); !d.Binary || d.Compressed != "" {
		t.Errorf("zero bytes: got %+v, want binary, not compressed", d)
	}
	for text, want := range map[string]string{"\xff\xfea\x00": "not a text file", "\xff\xfea": "no line is a request", "a\x00": "not a text file"} {
		if got := Detect([][]byte{[]byte(text)}).Complaint(); !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	// Zeros that a crash left do not make a log binary.
	text := plainLine(t, "combined")
	if d := Detect([][]byte{make([]byte, 512), []byte(text), []byte(text)}); d.Binary || !d.Found {
		t.Errorf("zeros before a log: got binary %v, found %v; want the log", d.Binary, d.Found)
	}
	if d := Detect([][]byte{[]byte("BZhello")}); d.Compressed != "" {
		t.Errorf("BZhello: got %q, want text", d.Compressed)
	}
}

func TestAComplaintNamesTheFormatsThatCameFurthest(t *testing.T) {
	got := Detect(sample(`203.0.113.7 - frank [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 2x0 1`)).Complaint()
	if want := "no line is a request in a format that weir knows (line 1 column 67: status is no number of three digits, for "; !strings.HasPrefix(got, want) ||
		!strings.Contains(got, " more; line 1 column ") || strings.Count(got, "line 1 column") != maxPlaces || len(got) > 400 {
		t.Errorf("got %q", got)
	}
}
