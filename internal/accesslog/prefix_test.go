package accesslog

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// wrapped are ways in which carriers write a line: what stands before it, by
// the name of the prefix.
func wrapped() map[string][]string {
	return map[string][]string{
		"syslog": {
			"<190>Mar 10 12:00:00 host nginx: ", "<190>Mar  1 12:00:00 nginx: ", "Mar 10 12:00:00 host nginx[123]: ",
			"Oct 10 12:00:00.123456 web-1.example.org haproxy[1]: ", "2026-03-10T12:00:00+01:00 host nginx: ",
			"<5>2026-03-10T12:00:00.123456Z host /usr/sbin/nginx: ", "Mar 10 12:00:00 host docker/web[9]: ",
		},
		"RFC 5424 syslog": {
			"<190>1 2026-03-10T12:00:00.000Z host nginx 123 - - ", `<190>1 - - nginx - access [a@1 b="c]\"" d="e"][f@2] `,
			"<190>1 2026-03-10T12:00:00Z host nginx - - - \ufeff",
		},
		"container runtime": {"2026-03-10T12:00:00.000000000Z stdout F ", "2025-12-31T17:37:40.493035218+01:00 stderr F "},
		"docker compose":    {"web_1  | ", "web-1 | ", "web-1  | 2026-03-10T12:00:00.000000000Z "},
		"kubectl":           {"[pod/web-5d4/nginx] ", "[pod/web-5d4/nginx] 2026-03-10T12:00:00.000000000Z "},
		"time stamp":        {"2026-03-10T12:00:00.123456789Z "},
	}
}

// docker wraps a line as Docker's json-file driver does.
func docker(line string) string {
	text, _ := json.Marshal(map[string]string{"log": line + "\n", "stream": "stdout", "time": "2026-03-10T12:00:00.000000000Z"})
	return string(text)
}

func TestEveryFormatIsReadBehindEveryPrefix(t *testing.T) {
	wraps := map[string][]func(string) string{"Docker json-file": {docker, func(l string) string {
		return strings.Replace(docker(l+"\r"), `"stream"`, `"attrs":{"a":"b"},"stream"`, 1)
	}}}
	for name, all := range wrapped() {
		for _, before := range all {
			wraps[name] = append(wraps[name], func(l string) string { return before + l })
		}
	}
	for name, all := range wraps {
		for _, wrap := range all {
			for _, f := range Formats() {
				var lines []string
				for _, l := range strings.Split(f.Example, "\n") {
					lines = append(lines, wrap(l))
				}
				primed, forced, primedForced := new(Auto), NewForced(f), NewForced(f)
				d := primed.Prime(sample(strings.Join(lines, "\n")))
				primedForced.Prime(sample(strings.Join(lines, "\n")))
				if d.Format.Name != f.Name || d.Prefix != name || !d.Found || len(d.Attempts) != len(Formats()) {
					t.Errorf("%q: detected as %q behind %q, want %q behind %q", lines[0], d.Format.Name, d.Prefix, f.Name, name)
					continue
				}
				for how, a := range map[string]*Auto{"undecided": new(Auto), "primed": primed, "forced": forced, "primed, forced": primedForced, "fork": primed.Fork()} {
					outs, r := feed(a, lines...)
					if out := outs[len(outs)-1]; out.Kind != Hit || !reflect.DeepEqual(r.Clone(), exampleRecord(f.Name)) {
						t.Errorf("%s, %q: got %+v %s", how, lines, out, show(r))
					}
					if got, _ := a.Format(); got.Name != f.Name || a.Prefix() != name {
						t.Errorf("%s, %q: got %q behind %q, want %q behind %q", how, lines, got.Name, a.Prefix(), f.Name, name)
					}
				}
			}
		}
	}
}

// TestColumnsCountInTheWholeLine breaks a line at each of its bytes.
func TestColumnsCountInTheWholeLine(t *testing.T) {
	f, _ := Lookup("combined")
	example := strings.Replace(f.Example, "Mozilla", `M\"oz`+"\t😀é", 1)
	for name, all := range wrapped() {
		for _, before := range all {
			a := new(Auto)
			feed(a, before+example)
			for at := range len(example) {
				bad := example[:at] + "\x00" + example[at+1:]
				outs, _ := feed(a, before+bad)
				want, _ := feed(f.New(), bad)
				if w := want[0]; w.Kind == Rejected {
					w.Column += len(before)
					if outs[0] != w {
						t.Fatalf("%s, %q: got %+v, want %+v", name, before+bad, outs[0], w)
					}
				}
			}
		}
	}
	for _, wrap := range []func(string) string{docker, func(l string) string {
		// The same with surrogates, as other encoders write it.
		return strings.NewReplacer("😀", `\ud83d\ude00`, "é", `\u00e9`).Replace(docker(l))
	}} {
		a := new(Auto)
		feed(a, wrap(example))
		for at := 1; at < len(example); at++ {
			if example[at]&0xc0 == 0x80 || example[at-1] == '\\' {
				continue // within a character, or it would be escaped otherwise
			}
			end := at + 1
			for end < len(example) && example[end]&0xc0 == 0x80 {
				end++
			}
			bad := example[:at] + "\x00" + example[end:]
			whole := wrap(bad)
			outs, _ := feed(a, whole)
			want, _ := feed(f.New(), bad)
			if want[0].Kind != Rejected {
				continue
			}
			if out := outs[0]; out.Reason != ReasonBinary || out.Column != strings.Index(whole, `\u0000`)+1 {
				t.Fatalf("%q: got %+v, want column %d", whole, out, strings.Index(whole, `\u0000`)+1)
			}
		}
	}
}

func TestALineWithoutThePrefixOfItsLogIsRejected(t *testing.T) {
	f, _ := Lookup("combined")
	for name, all := range wrapped() {
		a := new(Auto)
		for _, c := range []struct {
			line   string
			reason Reason
		}{
			{all[0] + f.Example, ""},
			{f.Example, ReasonPrefix},
			{"", ReasonEmpty},
			{all[0], ReasonEmpty},
			{all[0] + "x", ReasonCut},
			{"\x00\x00" + all[0], ReasonBinary},
			{all[0] + f.Example, ""},
		} {
			if outs, _ := feed(a, c.line); outs[0].Reason != c.reason {
				t.Errorf("%s, %q: got %+v, want %q", name, c.line, outs[0], c.reason)
			}
		}
		// Another carrier took over: after 100 lines it is found.
		for range patience {
			feed(a, f.Example)
		}
		if outs, _ := feed(a, f.Example); outs[0].Kind != Hit || a.Prefix() != "" {
			t.Errorf("%s: without prefix from here on: got %+v behind %q", name, outs[0], a.Prefix())
		}
	}
}

func TestBothKindsOfSyslogMayStandInOneLog(t *testing.T) {
	f, _ := Lookup("combined")
	all := append(wrapped()["syslog"], wrapped()["RFC 5424 syslog"]...)
	for _, first := range all {
		a := new(Auto)
		feed(a, first+f.Example)
		for _, before := range all {
			if outs, r := feed(a, before+f.Example); outs[0].Kind != Hit || !reflect.DeepEqual(r.Clone(), exampleRecord(f.Name)) {
				t.Errorf("%q behind %q: got %+v %s", before, first, outs[0], show(r))
			}
		}
	}
}

func TestLinesWithoutAPrefixAreNotTakenForOnesWithIt(t *testing.T) {
	for _, line := range []string{
		"", "x", "web", "web |", "web|x ", "<190>", "<1900>Mar 10 12:00:00 h t: x", "<190>1 x", "<190>1 - - - - x", "<190>1 - - - - - [a", "Mar 10 12:00:00",
		"Mar 10 12:00:00 host", "Mar 10 12:00:00 host nginx x", "Mar 10 12:60:00 host nginx: x", "Foo 10 12:00:00 host nginx: x", "Mar 10 12:00:00 : x",
		"2026-03-10T12:00:00Z 192.0.2.1 - - x", "2026-03-10 12:00:00.000 stdout F x", "[pod/web] x]", "[pod/a b] x", "[10/Oct/2000:13:55:36 -0700] x",
		`{"log":"a\n","stream":"stdout"}`, `{"log":"a`, `{"logs":"a","time":"x"}`, `{"log":"`,
	} {
		if p := prefixOf([]byte(line)); p != prefixNone {
			t.Errorf("%q: got the prefix %q, want none", line, p)
		}
	}
	for _, f := range Formats() {
		for _, line := range strings.Split(f.Example, "\n") {
			if p := prefixOf([]byte(line)); p != prefixNone && f.Name != "aws-elb" { // it begins with a time of its own
				t.Errorf("%s: got the prefix %q, want none", f.Name, p)
			}
		}
	}
}

func TestForksKnowThePrefix(t *testing.T) {
	f, _ := Lookup("combined")
	for _, a := range []*Auto{new(Auto), NewForced(f)} {
		line := docker(strings.Replace(f.Example, "/pages", `/\"`, 1))
		first, second := a.Fork(), a.Fork()
		feed(first, line)
		feed(second, line)
		if a.Follow(second) {
			// An undecided Auto follows none; a forced one follows the first.
			if a.Follow(first) {
				t.Error("two forks that each found the prefix were followed")
			}
		} else {
			feed(a, line)
		}
		one, two := a.Fork(), a.Fork()
		_, r := feed(one, line)
		kept := r.Clone()
		feed(two, strings.ReplaceAll(line, "/", "x"))
		if !reflect.DeepEqual(r, kept) || string(r.Client) != "203.0.113.7" {
			t.Error("a fork writes into the text of another")
		}
		if !a.Follow(one) || !a.Follow(two) {
			t.Error("forks that learned nothing were not followed")
		}
	}
}

func TestParsingBehindAPrefixAllocatesNothing(t *testing.T) {
	f, _ := Lookup("combined")
	lines := map[string]string{"docker": docker(f.Example), "docker with JSON": docker(exampleJSON)}
	for name, all := range wrapped() {
		for i, before := range all {
			lines[fmt.Sprint(name, i)] = before + f.Example
		}
	}
	for name, text := range lines {
		a, line, r := new(Auto), []byte(text), Record{}
		for range 4 {
			a.Parse(line, &r)
		}
		if n := testing.AllocsPerRun(100, func() {
			if a.Parse(line, &r).Kind != Hit {
				t.Fatal(name)
			}
			a.Parse(line[:len(line)/2], &r)
		}); n != 0 {
			t.Errorf("%s: got %v allocations, want none", name, n)
		}
	}
}

func FuzzPrefix(f *testing.F) {
	example := exampleCommon + exampleTail
	f.Add([]byte(docker(example)), uint8(prefixDocker))
	f.Add([]byte(`{"log":"\ud83d\ude00\ud83d\u0041\x41","time":"`+`"}`), uint8(prefixDocker))
	for _, all := range wrapped() {
		for _, before := range all {
			f.Add([]byte(before+example), uint8(prefixOf([]byte(before+example))))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte, kind uint8) {
		combined, _ := Lookup("combined")
		for _, p := range []prefix{prefixOf(line), prefix(kind % uint8(prefixCount))} {
			a := NewForced(combined)
			a.lead.kind, a.settled = p, true
			checkLine(t, a, line)
		}
	})
}

func BenchmarkPrefix(b *testing.B) {
	f, _ := Lookup("combined")
	for name, text := range map[string]string{
		"none": f.Example, "docker": docker(f.Example), "syslog": wrapped()["syslog"][0] + f.Example,
		"cri": wrapped()["container runtime"][0] + f.Example,
	} {
		b.Run(name, func(b *testing.B) {
			a, line, r := new(Auto), []byte(text), Record{}
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if a.Parse(line, &r).Kind != Hit {
					b.Fatal("not a hit")
				}
			}
		})
	}
}
