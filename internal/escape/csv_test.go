package escape

import (
	"strings"
	"testing"
)

func TestACellNeverStartsAFormula(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"/api":           "/api",
		"a=b":            "a=b",
		"=1+1":           "'=1+1",
		"+49":            "'+49",
		"-":              "'-",
		"@SUM(A1)":       "'@SUM(A1)",
		"\tx":            "'\tx",
		"\rx":            "'\rx",
		"\nx":            "'\nx",
		"＝1":             "'＝1",
		"'=1":            "'=1",
		"=cmd|' /C x'!A": "'=cmd|' /C x'!A",
		"\xff":           "\xff",
	} {
		if got := CSV(in); got != want {
			t.Errorf("CSV(%q) got %q, want %q", in, got, want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("=1")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, s string) {
		got := CSV(s)
		if got != "" && strings.ContainsAny(got[:1], "=+-@\t\r\n") {
			t.Fatalf("CSV(%q) got %q, which starts a formula", s, got)
		}
		if got != s && got != "'"+s {
			t.Fatalf("CSV(%q) got %q, want the cell with or without an apostrophe", s, got)
		}
		if CSV(got) != got {
			t.Fatalf("a second pass over CSV(%q) got %q, want %q", s, CSV(got), got)
		}
	})
}
