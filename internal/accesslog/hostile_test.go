package accesslog

import (
	"bytes"
	"strings"
	"testing"
)

// hostileLines are lines of about a MiB that make parsers work: much of what
// they look for, and never the end of it.
func hostileLines() map[string][]byte {
	const size = 1 << 20
	fill := func(begin, unit string) []byte {
		return append([]byte(begin), bytes.Repeat([]byte(unit), (size-len(begin))/len(unit))...)
	}
	lines := map[string][]byte{
		"x": fill("", "x"), "spaces": fill("", " "), "words": fill("", "x "), "backslashes": fill("", `\`), "quotes": fill("", `"`),
		"escaped quotes": fill("", `\"`), "brackets": fill("", "["), "closed": fill("", "] "), "times": fill("", "[10/Oct/2000:13:55:36 -0700] "),
		"colons": fill("", "a:b\t"), "commas": fill("", ","), "tabs": fill("", "\t"), "zeros": fill("", "\x00"), "percent": fill("", "%25"),
		"objects": fill("", `{"a":`), "arrays": fill("", "["), "keys": fill("{", `"a":1,`), "log": fill(`{"log":"`, `\\`), "log x": fill(`{"log":"`, `x`),
		"log closed": append(fill(`{"log":"`, `\u0041`), `\n","time":"x"}`...),
		"fields":     fill("#Fields: ", "date "), "directive": fill("#", "a"), "csv header": fill("date,request,", "x,"),
		"syslog": fill("<190>Mar 10 12:00:00 host nginx: ", "x "), "structured": fill("<190>1 - - - - - [", `a="\]" `), "pod": fill("[pod/", "/"), "pipe": fill("a", " "),
		"digits": fill("", "7"), "dashes": fill("", "- "), "dots": fill("", "1.2.3.4 "), "slashes": fill("GET ", "/"), "w3c": fill("2000-10-10 20:55:36 ", `""`), "lines": fill("", "a:b "),
		"ltsv": fill("time:", "\tx:y"), "semicolons": fill("", ";"), "sums": fill("", "0.1, "), "hex": fill("", `\x22`), "unicode": fill(`{"a":"`, `\ud83d`),
	}
	for _, f := range formats {
		example := f.Example[strings.LastIndexByte(f.Example, '\n')+1:]
		for name, unit := range map[string]string{"words": " x", "quotes": ` "x"`, "escapes": `\"`, "agents": `%2520`} {
			lines[f.Name+" "+name] = fill(example, unit)
			lines[f.Name+" mid "+name] = fill(example[:2*len(example)/3], unit)
		}
	}
	return lines
}

// TestALongLineOfAnyFormatIsRecognised has lines that are long in one field.
func TestALongLineOfAnyFormatIsRecognised(t *testing.T) {
	for _, f := range Formats() {
		for _, what := range []string{"/create", "GET /pages", "Mozilla/5.0"} {
			if !strings.Contains(f.Example, what) {
				continue
			}
			long := strings.Replace(f.Example, what, what+strings.Repeat("a", 2*longLine), 1)
			for _, wrap := range []func(string) string{func(l string) string { return l }, docker} {
				a := new(Auto)
				var lines []string
				for l := range strings.SplitSeq(long, "\n") {
					lines = append(lines, wrap(l))
				}
				outs, r := feed(a, lines...)
				if got, _ := a.Format(); outs[len(outs)-1].Kind != Hit || got.Name != f.Name || string(r.Client) != "203.0.113.7" {
					t.Errorf("%s, long behind %q: got %+v of the format %q", f.Name, what, outs, got.Name)
				}
			}
		}
	}
}

func TestFewFormatsAreTriedOnTheWholeOfALongLine(t *testing.T) {
	var r Record
	for name, line := range hostileLines() {
		a := new(Auto)
		a.prepare()
		if rows, column := a.shortlist(line); len(rows) > maxWhole || column > len(line)+1 {
			t.Errorf("%s: %d formats, column %d", name, len(rows), column)
		}
		if out := a.Parse(line, &r); out.Kind == Rejected && (out.Reason == "" || out.Column < 1 || out.Column > len(line)+1) {
			t.Errorf("%s: got %+v of %d bytes", name, out, len(line))
		}
	}
}

// BenchmarkHostile tries each hostile line with all formats.
func BenchmarkHostile(b *testing.B) {
	for name, line := range hostileLines() {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			var r Record
			a := new(Auto)
			a.Parse([]byte("x"), &r)
			for b.Loop() {
				f := a.Fork() // undecided each time
				f.Parse(line, &r)
			}
		})
	}
}
