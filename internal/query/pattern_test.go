package query

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// TestPlainExpressionsNeverReachTheEngine names what each becomes.
func TestPlainExpressionsNeverReachTheEngine(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"^/api", `query.prefix "/api"`},
		{"^/api/.*", `query.prefix "/api/"`},
		{`\.php$`, `query.suffix ".php"`},
		{`.*\.php$`, `query.suffix ".php"`},
		{"^/$", `query.equal "/"`},
		{"^$", `query.equal ""`},
		{"admin", `query.within "admin"`},
		{"(?:ad)(min)", `query.within "admin"`},
		{".*", `query.within ""`},
		{"bot|crawler|spider", "*query.search"},
		{"^/(api|admin)/", "*query.search"},
		{"colou?r[12]$", "*query.search"},
		{"^/api/[0-9]+$", `*query.pattern after query.prefix "/api/"`},
		{`^/.*wp-login`, `*query.pattern after query.within "wp-login"`},
		{`[0-9]+\.php$`, `*query.pattern after query.suffix ".php"`},
		{`\badmin\b`, `*query.pattern after query.within "admin"`},
		{"[0-9]+", "*query.pattern"},
		{"(?m)^a", `*query.pattern after query.within "a"`},
		{"(?i)bot", "*query.pattern folded"},
	} {
		spent := 0
		got, err := newPattern(c.text, false, &spent)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if said := describe(got); said != c.want {
			t.Errorf("%s: becomes %s, want %s", c.text, said, c.want)
		}
	}
}

func describe(t test) string {
	switch p := t.(type) {
	case *search:
		return "*query.search"
	case *pattern:
		switch {
		case p.folded != nil:
			return "*query.pattern folded"
		case p.text != nil:
			return "*query.pattern after " + describe(p.text)
		}
		return "*query.pattern"
	}
	return fmt.Sprintf("%T %q", t, t)
}

// expression returns a random regular expression over few letters.
func expression(r *rand.Rand, depth int) string {
	atoms := []string{"a", "b", "k", "S", "ab", "K", "é", "[ab]", "[^a]", ".", "\\b", "^", "$", "[sk]", "\uFFFD", "[a-z]", "(?i)k", "(?-i:S)", "[aA]", "\\d", "1", "(?i:é)"}
	if depth == 0 {
		return atoms[r.IntN(len(atoms))]
	}
	sub := func() string { return expression(r, depth-1) }
	switch r.IntN(9) {
	case 0:
		return "(" + sub() + "|" + sub() + ")"
	case 1:
		return "(?:" + sub() + ")?"
	case 2:
		return "(" + sub() + ")*"
	case 3:
		return "(?:" + sub() + "){1,2}"
	case 4:
		return "^" + sub()
	case 5:
		return sub() + "$"
	case 6:
		return sub() + "|" + sub()
	}
	return sub() + sub()
}

func someText(r *rand.Rand) []byte {
	pieces := []string{"a", "b", "A", "B", "k", "s", "S", "K", "\u212a", "ſ", "é", "É", "\xff", "\xc3", "1", "\n", " "}
	var b []byte
	for range 1 + r.IntN(6) {
		b = append(b, pieces[r.IntN(len(pieces))]...)
	}
	return b
}

func TestShortcutsOfRegularExpressionsChangeNoAnswer(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	engine, total := 0, 0
	for range 30_000 {
		text, fold := expression(r, r.IntN(4)), r.IntN(2) == 0
		head := ""
		if fold {
			head = "(?i)"
		}
		re, err := regexp.Compile(head + text)
		spent := 0
		got, err2 := newPattern(text, fold, &spent)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%q: %v, want %v", text, err2, err)
		}
		if err != nil {
			continue
		}
		total++
		if p, ok := got.(*pattern); ok && p.text == nil && p.folded == nil {
			engine++
		}
		for range 20 {
			b := someText(r)
			if got.holds(b) != re.Match(b) {
				t.Fatalf("%q (fold %t, %s) on %q: %t, want %t", text, fold, describe(got), b, got.holds(b), re.Match(b))
			}
		}
	}
	if engine*3 > total*2 {
		t.Errorf("%d of %d expressions have no shortcut: the analysis has gone", engine, total)
	}
}

func TestAWildcardIsTheRegularExpressionWithPointStar(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		var w strings.Builder
		for range r.IntN(7) {
			w.WriteString([]string{"a", "b", "ab", "*"}[r.IntN(4)])
		}
		re := regexp.MustCompile("^" + strings.ReplaceAll(w.String(), "*", ".*") + "$")
		b := make([]byte, 1+r.IntN(8))
		for i := range b {
			b[i] = "ab"[r.IntN(2)]
		}
		if got := newWildcard(w.String()).holds(b); got != re.Match(b) {
			t.Fatalf("%q like %q: %t, want %t", b, w.String(), got, !got)
		}
	}
}

func TestTheProgramOfAnExpressionIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("x{1000}", 1000), strings.Repeat(`\pL`, 2700), "((a{31}){31}[^b]){1}" + strings.Repeat("(?:[a-z]{30}){30}", 400),
		strings.Repeat("a", maxPattern+1),
	} {
		spent := 0
		if _, err := newPattern(text, false, &spent); err == nil {
			t.Errorf("%.40s: accepted, %d bytes", text, len(text))
		}
	}
}

func checkAddress(t *testing.T, s string) {
	t.Helper()
	want, err := netip.ParseAddr(s)
	got, ok := parseAddress([]byte(s))
	if ok != (err == nil) || ok && got != numeric(want.Unmap().WithZone("")) {
		t.Fatalf("%q: %v, %t, want %v, %v", s, got, ok, want, err)
	}
}

func TestAddressesAreReadAsByThePackageNetip(t *testing.T) {
	for _, s := range []string{
		"", "1.2.3.4", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0.0.0.0", "256.1.1.1", "1.2.3.", ".1.2.3", "1..2.3", "255.255.255.255", "1.2.3.4 ",
		"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2::3", "1:2:3:4:5:6:7:8::", ":1", "1:", ":::", "12345::", "g::",
		"::ffff:1.2.3.4", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "::1.2.3", "fe80::1%eth0", "fe80::1%", "%", "1.2.3.4%a", "localhost", "a.b", "abcd:x",
	} {
		checkAddress(t, s)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		b := make([]byte, r.IntN(24))
		for i := range b {
			b[i] = "0123456789abcdefF::::...%"[r.IntN(25)]
		}
		checkAddress(t, string(b))
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("::ffff:1.2.3.4")
	f.Fuzz(func(t *testing.T, s string) { checkAddress(t, s) })
}

func TestNetworksHoldWhatThePackageNetipSays(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		var sets []*networks
		var prefixes []netip.Prefix
		for range 1 + r.IntN(12) {
			a := randomAddress(r)
			p := netip.PrefixFrom(a, r.IntN(a.BitLen()+1)).Masked()
			v, err := addressValue(p.String())
			if err != nil {
				t.Fatal(err)
			}
			sets, prefixes = append(sets, v.networks), append(prefixes, p)
		}
		set := union(sets)
		for range 30 {
			a, want := randomAddress(r), false
			for _, p := range prefixes {
				want = want || p.Contains(a)
			}
			if got, _ := parseAddress([]byte(a.String())); set.has(got) != want {
				t.Fatalf("%v in %v: %t", a, prefixes, !want)
			}
		}
	}
}

// randomAddress is near others of its kind, and never IPv4 within IPv6.
func randomAddress(r *rand.Rand) netip.Addr {
	if r.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(2)) << 7, byte(r.IntN(256))})
	}
	return netip.AddrFrom16([16]byte{0x20, 1, 0, 0, 0, 0, 0, byte(r.IntN(3)), byte(r.IntN(2)) << 7, 15: byte(r.IntN(256))})
}
