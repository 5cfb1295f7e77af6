package accesslog

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/internal/pack"
)

// reborn stores the state of a and restores it, as a process does that was
// killed.
func reborn(t testing.TB, a *Auto, forced *Format, h *Hops) *Auto {
	t.Helper()
	state := a.AppendBinary(nil)
	back, same, err := RestoreAuto(state, forced, h)
	if err != nil || !same {
		t.Fatalf("same %v, error %v of the state %x", same, err, state)
	}
	if again := back.AppendBinary(nil); !bytes.Equal(again, state) {
		t.Fatalf("the restored state has other bytes\n%x\n%x", again, state)
	}
	return back
}

// allOf is all that a tells of line, and of its log so far.
func allOf(a *Auto, line []byte) string {
	var r Record
	out := a.Parse(line, &r)
	text := fmt.Sprintf("%+v ", out)
	if out.Kind == Hit {
		hop, way := a.Nearest()
		text += show(r) + fmt.Sprintf(" hop %q %d", hop, way)
	}
	joined, ok := a.Joined()
	f, known := a.Format()
	return text + fmt.Sprintf(" joined %q %v format %s %v prefix %q also %q changes %d missing %q hops %+v",
		joined, ok, f.Name, known, a.Prefix(), a.Also(), a.Changes(), a.Missing(), a.HopCounts())
}

// A life is a log, and what is asked for while it is read.
type life struct {
	forced *Format
	hops   *Hops
	head   [][]byte // for Prime; nil for none
	lines  [][]byte
}

// live reads the log with one Auto, and with another that is stored and restored
// before each line for which again says so. It returns the first, and how many
// lines were of which kind.
func (l *life) live(t testing.TB, name string, again func() bool) (one *Auto, kinds [4]int) {
	t.Helper()
	one, two := begin(l.forced, l.hops), begin(l.forced, l.hops)
	if l.head != nil {
		one.Prime(l.head)
		two.Prime(l.head)
	}
	var a, b []byte
	for i, line := range l.lines {
		if again() {
			two = reborn(t, two, l.forced, l.hops)
		}
		want, got := allOf(one, line), allOf(two, line)
		if got != want {
			t.Fatalf("%s, line %d, %.300q:\ngot  %s\nwant %s", name, i+1, line, got, want)
		}
		if a, b = one.AppendBinary(a[:0]), two.AppendBinary(b[:0]); !bytes.Equal(a, b) {
			t.Fatalf("%s, line %d, %.300q: the states differ\n%x\n%x", name, i+1, line, b, a)
		}
		for kind := range kinds {
			if strings.HasPrefix(want, fmt.Sprintf("{Kind:%d ", kind)) {
				kinds[kind]++
			}
		}
	}
	two = reborn(t, two, l.forced, l.hops)
	if l.head != nil { // the next file of the same log
		if x, y := one.Prime(l.head), two.Prime(l.head); x.Complaint() != y.Complaint() {
			t.Fatalf("%s, primed again: got %q, want %q", name, y.Complaint(), x.Complaint())
		}
		two = reborn(t, two, l.forced, l.hops)
	}
	if x, y := one.End(), two.End(); x != y {
		t.Fatalf("%s: %d lines given up at the end, want %d", name, y, x)
	}
	return one, kinds
}

func always() bool { return true }

func byteLines(lines ...string) (out [][]byte) {
	for _, l := range lines {
		out = append(out, []byte(l))
	}
	return out
}

// TestAnAutoOfEveryFormatGoesOnWhereItStood is killed before every line, forced
// and not, primed and not.
func TestAnAutoOfEveryFormatGoesOnWhereItStood(t *testing.T) {
	for _, f := range suite() {
		example := sample(f.Example)
		row := example[len(example)-1]
		lines := append(slices.Clone(example), row, []byte("rubbish"), row, row[:len(row)/2], nil, row)
		for _, forced := range []*Format{&f, nil} {
			for _, h := range []*Hops{nil, ReadLists(), hops(t, "x-forwarded-for", "all")} {
				for _, head := range [][][]byte{nil, example} {
					l := life{forced, h, head, lines}
					if _, kinds := l.live(t, f.Name, always); kinds[Hit] < 4 {
						t.Errorf("%s: %v lines by kind, want 4 requests at least", f.Name, kinds)
					}
				}
			}
		}
	}
}

// TestAHeaderIsKnownAfterAKill: it stood at the head of a file that was rotated
// away, and may come again, changed.
func TestAHeaderIsKnownAfterAKill(t *testing.T) {
	for _, c := range []struct{ header, row, changed, other string }{
		{"bytes,time,path", "12,7,/a", "path,size,time", "/b,12,8"},
		{"#Fields: date time cs-uri-stem sc-bytes", "2000-10-10 20:55:36 /a 12", "#Fields: sc-bytes cs-uri date time", "12 /b 2000-10-10 20:55:36"},
		{"#Software: Tomcat\n#Date: 2000-10-10 20:00:00\n#GMT-Offset: -0800\n#Fields: time-local cs-uri time-taken sc-bytes", `20:55:36 /a 0.042 12`, "#Fields: time cs-uri sc-bytes", "20:55:37 /b 12"},
		{"#Fields: date time x-edge-location cs-uri-stem sc-bytes", "2000-10-10\t20:55:36\tFRA\t/a\t12", "#Fields: x-edge-location date time cs-uri-stem sc-bytes", "FRA\t2000-10-10\t20:55:36\t/b\t12"},
	} {
		a := new(Auto)
		feed(a, strings.Split(c.header, "\n")...)
		for _, step := range []struct{ line, want string }{{c.row, "h/a12"}, {c.row, "h/a12"}, {c.changed, "d"}, {c.other, "h/b12"}, {c.other, "h/b12"}} {
			a = reborn(t, a, nil, nil)
			outs, r := feed(a, step.line)
			got := outline(outs)
			if got == "h" {
				got += fmt.Sprint(string(r.Target), r.Bytes)
			}
			if got != step.want {
				t.Errorf("%q of %q: got %s, want %s: %+v", step.line, c.header, got, step.want, outs)
			}
		}
	}
}

func TestPiecesWaitThroughAKill(t *testing.T) {
	f, _ := Lookup("combined")
	want := mustHit(t, f.New(), f.Example)
	for name, cut := range cuttings() {
		for how, lines := range map[string][]string{"undecided": nil, "known": {cut("stdout", f.Example, true)}} {
			for _, forced := range []*Format{nil, &f} {
				a := begin(forced, nil)
				feed(a, lines...)
				pieces := cutUp(cut, "stdout", f.Example, 5)
				other := cutUp(cut, "stderr", "rubbish that is cut", 3)
				for i, piece := range pieces {
					a = reborn(t, a, forced, nil)
					if i < 2 {
						feed(a, other[i])
						a = reborn(t, a, forced, nil)
					}
					outs, r := feed(a, piece)
					switch text, ok := a.Joined(); {
					case i < 4 && outs[0].Kind != Piece:
						t.Errorf("%s, %s: piece %d: got %+v", name, how, i+1, outs[0])
					case i == 4 && (outs[0].Kind != Hit || show(r) != show(want) || how == "known" && (!ok || string(text) != f.Example)):
						t.Errorf("%s, %s: got %+v %s, joined %q", name, how, outs[0], show(r), text)
					}
				}
				if a = reborn(t, a, forced, nil); a.End() != 1 {
					t.Errorf("%s, %s: the line of the other stream is not waited for", name, how)
				}
			}
		}
	}
}

// TestRareKnowledgeOutlivesAKill: each life ends as it does only where one thing
// was kept that few logs need.
func TestRareKnowledgeOutlivesAKill(t *testing.T) {
	const syslog = "<13>Oct 10 20:55:36 web nginx: "
	cut := cuttings()["container runtime"]
	whole := cut("stdout", exampleCommon, true)
	rubbish := repeat("rubbish", patience+1)
	joined := func(parts ...[]string) [][]byte { return byteLines(slices.Concat(parts...)...) }
	for name, c := range map[string]struct {
		head, lines [][]byte
		want        Outcome
	}{
		"how long a piece has waited": {nil, joined([]string{whole, cut("stderr", "x", false)}, repeat(whole, maxWaited+1)), Outcome{Kind: Hit, Unfinished: 1}},
		"that pieces are too many":    {nil, joined([]string{whole}, repeat(cut("stdout", strings.Repeat("x", 500<<10), false), 3), []string{cut("stdout", "", true)}), Outcome{Kind: Rejected, Reason: ReasonTooLong, Column: maxJoined + 1}},
		"that the header in force is the only one": {
			nil, joined([]string{"time,path,x", "7,/a,1", "path,time", "/b,8"}, rubbish, []string{"7,/a,1"}),
			Outcome{Kind: Rejected, Reason: ReasonTime, Column: 3},
		},
		"a header of lines that have lost their prefix": {
			joined([]string{syslog + "time,path,x", syslog + "7,/a,1"}),
			joined([]string{syslog + "7,/a,1", "path,time"}, repeat("/b,8", patience)),
			Outcome{Kind: Hit},
		},
	} {
		l := life{head: c.head, lines: c.lines}
		l.live(t, name, always)
		a := begin(nil, nil)
		if c.head != nil {
			a.Prime(c.head)
		}
		var out Outcome
		for _, line := range c.lines {
			a = reborn(t, a, nil, nil)
			out = a.Parse(line, new(Record))
		}
		if out != c.want {
			t.Errorf("%s: got %+v of the last line, want %+v", name, out, c.want)
		}
	}
}

// randomLife has formats that change and mix, headers, prefixes, pieces that are
// lost and rubbish, whatever is asked for.
func randomLife(t testing.TB, r *rand.Rand) *life {
	all := suite()
	l, f := new(life), all[r.IntN(len(all))]
	if r.IntN(4) == 0 {
		forced := f
		l.forced = &forced
	}
	switch r.IntN(4) {
	case 0:
		l.hops = hops(t, []string{"x-forwarded-for", "my-ip", "forwarded"}[r.IntN(3)], "all")
	case 1:
		l.hops = ReadLists()
	}
	example := func() []string {
		if r.IntN(3) == 0 {
			f = all[r.IntN(len(all))]
		}
		return strings.Split(f.Example, "\n")
	}
	one := func() string { return oneLine(r, example()) }
	var out []string
	for len(out) < 200+r.IntN(700) {
		switch r.IntN(16) {
		case 0, 1: // one format
			lines := example()
			out = append(append(out, lines...), slices.Repeat(lines[len(lines)-1:], r.IntN(60))...)
		case 2, 3, 4: // a mixture
			out = append(out, mixed(r, r.IntN(250), map[string]int{"combined": 50, "common": 20, one(): 25, "rubbish": 5})...)
		case 5: // a format that was changed
			out = append(append(out, repeat(one(), patience+r.IntN(9))...), example()...)
		case 6, 7: // behind a prefix, in pieces
			cut := cuttings()[[]string{"container runtime", "Docker json-file"}[r.IntN(2)]]
			for range r.IntN(150) {
				for _, piece := range cutUp(cut, []string{"stdout", "stderr"}[r.IntN(2)], one(), 1+max(0, r.IntN(8)-4)) {
					if r.IntN(30) > 0 {
						out = append(out, piece)
					}
				}
			}
		case 8:
			for range r.IntN(130) {
				out = append(out, "<13>Oct 10 20:55:36 web nginx: "+one())
			}
		case 9:
			out = append(out, repeat("rubbish", 1+r.IntN(140))...)
		case 10:
			line := one()
			out = append(out, mangle(r, line), mangle(r, line), "", mangle(r, line))
		case 11:
			if r.IntN(8) == 0 {
				out = append(out, one()+strings.Repeat(" x", longLine/2))
			}
		default:
			out = append(out, one(), one())
		}
	}
	l.lines = byteLines(out...)
	if r.IntN(3) == 0 {
		l.head = l.lines[:r.IntN(50)]
	}
	return l
}

// oneLine is a header, a row below some header, rubbish, a line with a list of
// addresses, or one of an example.
func oneLine(r *rand.Rand, example []string) string {
	pick := func(lines ...string) string { return lines[r.IntN(len(lines))] }
	switch r.IntN(12) {
	case 0:
		return pick("date,remotehost,xff,request,status,bytes", "size,time,path", "client,status", "my ip,date,url",
			"#Version: 1.0", "#Software: Microsoft IIS", "#Software: Oracle", "#Date: 2000-10-10 20:00:00", "#GMT-Offset: +0530",
			"#Fields: time cs-uri-stem sc-status", "#Fields: date time cs(my-ip) c-ip cs-uri", "#Fields: date time x-edge-location cs-uri-stem")
	case 1:
		return pick("20:55:36 /x 200", `971211336,10.0.0.8,"1.1.1.1","GET /y HTTP/1.0",200,7`, "7,7,/z", "2000-10-10 20:55:36 10.0.0.7 10.0.0.8 /z")
	case 2:
		return "rubbish"
	case 3:
		all := listings()
		return pick(strings.Split(all[r.IntN(len(all))].lines, "\n")...)
	}
	return pick(example...)
}

// TestAnAutoThatIsKilledReadsAsOneThatIsNot: from any line on all that is told is
// the same, and so are the bytes of the states.
func TestAnAutoThatIsKilledReadsAsOneThatIsNot(t *testing.T) {
	kinds, changes, also, longest := [4]int{}, 0, 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 66))
		l := randomLife(t, r)
		often := 1 + r.IntN(9)
		one, some := l.live(t, fmt.Sprint("seed ", seed), func() bool { return r.IntN(often) == 0 })
		for k, n := range some {
			kinds[k] += n
		}
		changes += one.Changes()
		also += len(one.Also())
		longest = max(longest, len(one.AppendBinary(nil)))
	}
	t.Logf("%v lines by kind, %d changes, %d formats besides, %d bytes of state in the end at most", kinds, changes, also, longest)
	if kinds[Hit] < 10000 || kinds[Directive] < 300 || kinds[Rejected] < 10000 || kinds[Piece] < 500 || changes < 100 || also < 30 {
		t.Errorf("%v lines by kind, %d changes, %d formats besides: the lives are too tame", kinds, changes, also)
	}
}

// TestRealLogsAreReadOnAfterAKill is killed before every line of every real log.
func TestRealLogsAreReadOnAfterAKill(t *testing.T) {
	corpus(t, "combined/nginx_shop.log")
	root := filepath.Join("..", "..", "..", "shared", "data")
	files, hits := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		if err != nil || d.IsDir() || filepath.Ext(name) != ".log" && !strings.HasPrefix(name, "w3c") {
			return err
		}
		lines := corpus(t, name)
		for _, head := range [][][]byte{nil, lines[:min(len(lines), 100)]} {
			l := life{head: head, lines: lines[:min(len(lines), 1500)]}
			_, kinds := l.live(t, name, always)
			hits += kinds[Hit]
		}
		files++
		return nil
	})
	t.Logf("%d requests of %d files", hits, files)
	if err != nil || hits < 5000 {
		t.Errorf("%d requests of %d files, error %v: the test sees too few", hits, files, err)
	}
}

// TestAnotherFormatThanWasAskedForBeginsAnew: what a format string means is not
// in its name.
func TestAnotherFormatThanWasAskedForBeginsAnew(t *testing.T) {
	must := func(f Format, err error) *Format {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return &f
	}
	table := func(name string) *Format {
		f, _ := Lookup(name)
		return &f
	}
	xff, other := hops(t, "x-forwarded-for"), hops(t, "forwarded")
	const nginx = `log_format main '$remote_addr [$time_local] "$request" $status `
	all := []struct {
		f *Format
		h *Hops
	}{
		{must(Compile(nginx + `$request_time';`)), nil},
		{must(Compile(nginx + `$upstream_response_time';`)), nil},
		{nil, nil},
		{nil, xff},
		{nil, other},
		{table("combined"), nil},
		{table("csv"), nil},
		{table("csv"), xff},
		{table("json"), nil},
		{must(Compile(`%h %t "%r" %>s %b`)), nil},
		{must(Compile(`%h %t "%r" %>s %O`)), nil},
		{must(CompileGoAccess(`%h [%d:%t %^] "%r" %s`, "%d/%b/%Y", "%T")), nil},
		{must(CompileGoAccess(`%h [%d:%t %^] "%r" %s`, "%Y/%b/%d", "%T")), nil},
		{must(CompileGoAccess("W3C", "%d/%b/%Y", "")), nil},
		{must(CompileGoAccess("W3C", "%Y/%m/%d", "")), nil},
		{must(CompileJSON([]string{"status=http.code"})), nil},
		{must(CompileJSON([]string{"status=http.code", "user=who"})), nil},
	}
	for i, was := range all {
		state := begin(was.f, was.h).AppendBinary(nil)
		for j, now := range all {
			a, same, err := RestoreAuto(state, now.f, now.h)
			if err != nil || same != (i == j) || !bytes.Equal(a.AppendBinary(nil), begin(now.f, now.h).AppendBinary(nil)) {
				t.Errorf("the state of row %d, asked for row %d: got same %v, error %v", i, j, same, err)
			}
		}
	}
	// Compiled once more it is the same, and the trusted networks may change.
	again := must(Compile("\n" + nginx + `$request_time';`))
	if _, same, err := RestoreAuto(begin(all[0].f, xff).AppendBinary(nil), again, hops(t, "X-Forwarded-For", "all")); !same || err != nil {
		t.Errorf("the same text, other networks: got same %v, error %v", same, err)
	}
}

func TestPiecesThatCannotBeJoinedAnyMoreAreCounted(t *testing.T) {
	f, _ := Lookup("combined")
	cut := cuttings()["container runtime"]
	for _, lines := range [][]string{{}, {cut("stdout", f.Example, true)}} {
		a := new(Auto)
		feed(a, append(lines, cut("stdout", "a", false), cut("stderr", "b", false))...)
		b, same, err := RestoreAuto(a.AppendBinary(nil), &f, nil)
		if same || err != nil {
			t.Fatalf("got same %v, error %v", same, err)
		}
		b = reborn(t, b, &f, nil)
		if outs, _ := feed(b, f.Example); outs[0].Kind != Hit || outs[0].Unfinished != 2 {
			t.Errorf("got %+v, want a hit, and 2 lines given up", outs[0])
		}
	}
}

// TestAFormatThatIsNotKnownBeginsAnew: the state was written by a weir with more
// formats.
func TestAFormatThatIsNotKnownBeginsAnew(t *testing.T) {
	a := new(Auto)
	a.Prime(sample(strings.Join(mixed(rand.New(rand.NewPCG(1, 1)), 300, map[string]int{"haproxy": 60, "squid": 30, "csv": 10}), "\n")))
	for _, name := range []string{"haproxy", "squid", "csv"} {
		state := a.AppendBinary(nil)
		body := bytes.Replace(state[:len(state)-4], []byte(name), []byte(strings.Repeat("x", len(name))), 1)
		if bytes.Equal(body, state[:len(state)-4]) {
			t.Fatalf("%s is not in the state", name)
		}
		b, same, err := RestoreAuto(pack.AppendSum(body, 0), nil, nil)
		if same || err != nil || !bytes.Equal(b.AppendBinary(nil), new(Auto).AppendBinary(nil)) {
			t.Errorf("%s: got same %v, error %v, want a new Auto", name, same, err)
		}
	}
}

func TestADamagedStateIsAnError(t *testing.T) {
	for _, state := range exampleStates() {
		for n := range state {
			if _, _, err := RestoreAuto(state[:n], nil, nil); err == nil || !strings.HasPrefix(err.Error(), "the stored state of the parser") {
				t.Errorf("%x, cut at %d: got error %v", state, n, err)
			}
			other := bytes.Clone(state)
			other[n] ^= 0x41
			if _, _, err := RestoreAuto(other, nil, nil); err == nil {
				t.Errorf("%x, byte %d changed: no error", state, n)
			}
			if _, _, err := RestoreAuto(pack.AppendSum(bytes.Clone(state[:n]), 0), nil, nil); err == nil && n < len(state)-4 {
				t.Errorf("%x, cut at %d, with a sum: no error", state, n)
			}
		}
	}
	newer := pack.AppendSum([]byte{stateVersion + 1, 1, 2, 3}, 0)
	for _, state := range [][]byte{newer, newer[:5]} {
		if _, _, err := RestoreAuto(state, nil, nil); err == nil || !strings.Contains(err.Error(), "another weir") {
			t.Errorf("of another version: got error %v", err)
		}
	}
}

// exampleStates have each part of the form.
func exampleStates() (states [][]byte) {
	const combined = exampleCommon + exampleTail
	cut := cuttings()["container runtime"]
	add := func(a *Auto, lines ...string) {
		feed(a, lines...)
		states = append(states, a.AppendBinary(nil))
	}
	add(new(Auto))
	add(new(Auto), combined)
	add(new(Auto), "size,time,path", "12,7,/a", cut("stdout", "x", false), "#Date: 2000-10-10 20:00:00", "#Fields: time cs-uri")
	add(new(Auto), cut("stdout", combined, true), cut("stdout", "abc", false), cut("stderr", "def", false))
	add(new(Auto), "rubbish", cut("stderr", "abc", false), "rubbish")
	add(new(Auto), mixed(rand.New(rand.NewPCG(7, 7)), 220, map[string]int{"combined": 60, "common": 30, "rubbish": 10})...)
	window := new(Auto)
	add(window, append(repeat(combined, 3), repeat(exampleCommon, 20)...)...)
	add(window, append(repeat(exampleCommon, 20), combined)...)
	ended := new(Auto)
	feed(ended, combined)
	feed(ended, repeat("rubbish", patience+1)...)
	feed(ended, cut("stdout", "x", false))
	ended.Prime(sample(exampleCommon))
	add(ended)
	return states
}

// TestTheFormOfAStateIsThatOfItsVersion: where it fails the numbers of columns,
// fields or prefixes have moved, or the form has. Then stateVersion counts up.
func TestTheFormOfAStateIsThatOfItsVersion(t *testing.T) {
	csv, w3c := new(csvParser), newW3C().(*w3cParser)
	csv.LearnHeader([]byte("ip,xff,user,time,method,path,protocol,status,bytes,referrer,agent,vhost,request_time,latency_ms,latency_us,latency_ns,x"))
	for _, line := range []string{
		"#Fields: date time date-local time-local timestamp c-ip x-forwarded-for cs-username cs-method cs-uri cs-uri-stem cs-uri-query cs-version" +
			" sc-status sc-bytes time-taken timetakenms cs(referer) cs(user-agent) cs-host x-host-header x",
		"#Software: Microsoft IIS", "#GMT-Offset: -0800", "#Date: 2000-10-10 20:00:00",
	} {
		w3c.LearnHeader([]byte(line))
	}
	whole := new(csvParser)
	whole.LearnHeader([]byte("request,time"))
	prefixes := ""
	for p := range prefixCount {
		prefixes += p.String() + ", "
	}
	var got []string
	for _, k := range []keeper{csv, w3c, whole} {
		got = append(got, hex.EncodeToString(k.appendHeader(nil)))
	}
	for _, state := range exampleStates() {
		got = append(got, hex.EncodeToString(state))
	}
	want := append(formOfVersion1(), ", syslog, RFC 5424 syslog, container runtime, Docker json-file, docker compose, kubectl, time stamp, ")
	if got = append(got, prefixes); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func formOfVersion1() []string {
	return []string{
		"1101120203060708090a0b0c0d0e0f101100",
		"0300160102030405060708090a0b0c0d0e0f10111213141500ffc10380d59b9e07",
		"020503",
		"0100000000000000000000000000b7626c22",
		"010400000000000008636f6d62696e6564000000000000002b0e9b37",
		"010c0000000000030363737600030a636c6f756466726f6e740201000080d59b9e0703773363020002020a0080d59b9e0703637376030a030700030000009fa3e5b5",
		"01040303010361626300036465660000000008636f6d62696e656400000000000000336b1ee8",
		"010000000302000361626300000000000000000036828ef9",
		"010400000000010008636f6d62696e656400000106636f6d6d6f6e0800000021459074",
		"010400000000001408636f6d62696e65640000001400040106636f6d6d6f6e042a7d2029",
		"010400000000000008636f6d62696e65640000002800180106636f6d6d6f6e18c2a8a7ac",
		"0104000003100100010006636f6d6d6f6e000000640000002b91e29f",
	}
}

func TestAStateIsSmallAndBounded(t *testing.T) {
	a := new(Auto)
	feed(a, plainLine(t, "combined"))
	if n := len(a.AppendBinary(nil)); n > 40 {
		t.Errorf("%d bytes for a log in Combined, want tens", n)
	}
	wide := strings.Repeat(" x", 2*maxColumns)
	feed(a, "time,path"+strings.Repeat(",x", maxColumns-2), "#Fields: date time cs-uri"+wide, "#Fields: date time cs-uri x-edge-location"+wide)
	feed(a, repeat("rubbish", patience)...)
	header := len(a.AppendBinary(nil))
	if header < 3*maxColumns || header > 4*maxColumns+1024 {
		t.Errorf("%d bytes with the widest headers", header)
	}
	for _, cut := range cuttings() {
		for range 40 {
			feed(a, cut("stdout", strings.Repeat("x", 30<<10), false), cut("stderr", strings.Repeat("x", 30<<10), false))
		}
	}
	if n := len(a.AppendBinary(nil)); n > header+4*maxJoined {
		t.Errorf("%d bytes at the worst", n)
	}
}

func TestStoringAnAutoAllocatesNothing(t *testing.T) {
	for name, a := range autosToStore(t) {
		b := a.AppendBinary(nil)
		if n := testing.AllocsPerRun(100, func() { b = a.AppendBinary(b[:0]) }); n != 0 {
			t.Errorf("%s: got %v allocations, want none", name, n)
		}
	}
}

func autosToStore(t testing.TB) map[string]*Auto {
	usual, csv, mix, behind := new(Auto), new(Auto), new(Auto), new(Auto)
	lines := mixed(rand.New(rand.NewPCG(1, 2)), 500, map[string]int{"combined": 50, "common": 40, "rubbish": 10})
	usual.Prime(sample(plainLine(t, "combined")))
	feed(usual, plainLine(t, "combined"))
	feed(csv, "rubbish", "size,time,path,client,agent,referrer", "12,7,/a,10.0.0.1,,")
	mix.Prime(sample(strings.Join(lines, "\n")))
	feed(mix, lines...)
	behind.Behind(hops(t, "x-forwarded-for"))
	feed(behind, plainLine(t, "combined"))
	return map[string]*Auto{"usual": usual, "csv": csv, "mixed": mix, "behind proxies": behind}
}

func BenchmarkStoreAuto(b *testing.B) {
	all := autosToStore(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			var state []byte
			b.ReportAllocs()
			for b.Loop() {
				state = all[name].AppendBinary(state[:0])
			}
			b.ReportMetric(float64(len(state)), "B/state")
		})
	}
}

func BenchmarkRestoreAuto(b *testing.B) {
	all := autosToStore(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			state := all[name].AppendBinary(nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := RestoreAuto(state, nil, all[name].hops); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzRestoreAuto has states whose checksum is right.
func FuzzRestoreAuto(f *testing.F) {
	for _, state := range exampleStates() {
		f.Add(state[:len(state)-4], false)
	}
	csv, _ := Lookup("csv")
	forced := NewForced(csv)
	feed(forced, strings.Split(csv.Example, "\n")...)
	state := forced.AppendBinary(nil)
	f.Add(state[:len(state)-4], true)
	var lines [][]byte
	for _, format := range Formats() {
		lines = append(lines, sample(format.Example)...)
	}
	for _, cut := range cuttings() {
		for _, stream := range []string{"stdout", "stderr"} {
			lines = append(lines, byteLines(cutUp(cut, stream, exampleCommon, 2)...)...)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, isForced bool) {
		var asked *Format
		if isForced {
			asked = &csv
		}
		state := pack.AppendSum(bytes.Clone(body), 0)
		a, same, err := RestoreAuto(state, asked, nil)
		if err != nil {
			return
		}
		if again := a.AppendBinary(nil); same && !bytes.Equal(again, state) {
			t.Fatalf("what was accepted is written as %x, not %x", again, state)
		}
		var r Record
		for _, line := range lines {
			a.Parse(line, &r)
		}
		a.Fork().Parse(lines[0], &r)
		a.Prime(lines)
		a.End()
	})
}
