package traffic

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestASectionEndsBeforeTheSecondSlash(t *testing.T) {
	for _, c := range []struct {
		method, target   string
		one, two, threes string // at depth 1, 2 and 3
	}{
		{"GET", "/pages/create", "/pages", "/pages/create", "/pages/create"},
		{"GET", "http://my.site.com/pages/create", "http://my.site.com/pages", "http://my.site.com/pages/create", "http://my.site.com/pages/create"},
		{"GET", "/", "/", "/", "/"},
		{"GET", "/a/", "/a", "/a", "/a"},
		{"GET", "//x/y", "/x", "/x/y", "/x/y"},
		{"GET", "///", "/", "/", "/"},
		{"GET", "http://h/", "http://h/", "http://h/", "http://h/"},
		{"GET", "http://h", "http://h/", "http://h/", "http://h/"},
		{"GET", "http://h//x//y/", "http://h/x", "http://h/x/y", "http://h/x/y"},
		{"GET", "/foo", "/foo", "/foo", "/foo"},
		{"GET", "/foo/bar/baz", "/foo", "/foo/bar", "/foo/bar/baz"},
		{"GET", "/a/b/c/d/", "/a", "/a/b", "/a/b/c"},
		{"GET", "/a//b///c", "/a", "/a/b", "/a/b/c"},
		{"GET", "http://example.com/foo/bar", "http://example.com/foo", "http://example.com/foo/bar", "http://example.com/foo/bar"},
		{"GET", "https://[2001:db8::1]:8443/a/b", "https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a/b", "https://[2001:db8::1]:8443/a/b"},
		// The query and the fragment are cut before segments are counted.
		{"GET", "/a?b=/c/d", "/a", "/a", "/a"},
		{"GET", "/a/b?c=/d#/e", "/a", "/a/b", "/a/b"},
		{"GET", "/a#/b/c", "/a", "/a", "/a"},
		{"GET", "/?q=1", "/", "/", "/"},
		{"GET", "http://h?q=/a/b", "http://h/", "http://h/", "http://h/"},
		{"GET", "/login?next=http://h/x", "/login", "/login", "/login"},
		// An escaped slash is no slash, case is kept, other bytes are kept.
		{"GET", "/a%2Fb/c", "/a%2Fb", "/a%2Fb/c", "/a%2Fb/c"},
		{"GET", "/Pages/CREATE", "/Pages", "/Pages/CREATE", "/Pages/CREATE"},
		{"GET", "/\xff\x00/x", "/\xff\x00", "/\xff\x00/x", "/\xff\x00/x"},
		{"GET", "/../etc/passwd", "/..", "/../etc", "/../etc/passwd"},
		// What has no path.
		{"OPTIONS", "*", "(connect)", "(connect)", "(connect)"},
		{"CONNECT", "example.com:443", "(connect)", "(connect)", "(connect)"},
		{"CONNECT", "/odd", "(connect)", "(connect)", "(connect)"},
		{"GET", "example.com:443", "(connect)", "(connect)", "(connect)"},
		{"GET", "[::1]:22", "(connect)", "(connect)", "(connect)"},
		{"GET", "example.com:", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "example.com:123456", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "-", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "foo", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "foo/bar", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "85:asd//x/y", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "?a=b", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "http:///x", "(malformed)", "(malformed)", "(malformed)"},
		{"GET", "://h/x", "(malformed)", "(malformed)", "(malformed)"},
	} {
		for depth, want := range []string{c.one, c.one, c.two, c.threes} {
			s := Sections{Depth: depth}
			if got := s.Of([]byte(c.method), []byte(c.target), false); string(got) != want {
				t.Errorf("%s %q at depth %d: got %q, want %q", c.method, c.target, depth, got, want)
			}
		}
		var s Sections
		if got := s.Of([]byte(c.method), []byte(c.target), true); string(got) != MalformedSection {
			t.Errorf("%s %q of a malformed request: got %q, want %q", c.method, c.target, got, MalformedSection)
		}
	}
}

// naiveSection splits the target by "/" and joins what is not empty.
func naiveSection(target string, depth int) string {
	target, _, _ = strings.Cut(target, "#")
	target, _, _ = strings.Cut(target, "?")
	origin := ""
	if scheme, rest, ok := strings.Cut(target, "://"); ok && !strings.Contains(scheme, "/") {
		host, path, _ := strings.Cut(rest, "/")
		origin, target = scheme+"://"+host, "/"+path
	}
	var segments []string
	for _, part := range strings.Split(target, "/") {
		if part != "" && len(segments) < max(1, depth) {
			segments = append(segments, part)
		}
	}
	return origin + "/" + strings.Join(segments, "/")
}

func TestSectionsOfRandomTargetsAreThoseOfSplitAndJoin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sections := [4]Sections{{Depth: 0}, {Depth: 1}, {Depth: 2}, {Depth: 3}}
	parts := []string{"/", "/", "/", "a", "bc", "%2F", "?", "#", "=", "é", "x:80", "*", "://"}
	for range 200_000 {
		target := []string{"/", "http://h.example", "ftp://u@[::1]:21", "//"}[r.IntN(4)]
		slash := !strings.HasPrefix(target, "/")
		for range r.IntN(12) {
			p := parts[r.IntN(len(parts))]
			if slash && p[0] != '/' {
				p = "/" + p // still within the host
			}
			slash = false
			target += p
		}
		for depth := range sections {
			got := string(sections[depth].Of([]byte("GET"), []byte(target), false))
			if want := naiveSection(target, depth); got != want {
				t.Fatalf("%q at depth %d: got %q, want %q", target, depth, got, want)
			}
		}
	}
}

func TestSectionsAllocateNothingPerRequest(t *testing.T) {
	for _, c := range []struct {
		name, target string
		depth        int
		malformed    bool
	}{
		{"one segment, a view", "/pages/create?x=1", 1, false},
		{"absolute, a view", "http://h/pages/create", 1, false},
		{"doubled slashes", "//x//y", 1, false},
		{"three segments", "/a/b/c/d", 3, false},
		{"no path", "*", 1, false},
		{"garbage", "\x16\x03\x01", 1, false},
		{"no HTTP", "", 1, true},
	} {
		s := Sections{Depth: c.depth}
		method, target := []byte("GET"), []byte(c.target)
		if n := testing.AllocsPerRun(1000, func() { s.Of(method, target, c.malformed) }); n != 0 {
			t.Errorf("%s: got %v allocations per request, want 0", c.name, n)
		}
	}
}

// FuzzSection holds what must be true of any request: no panic, the target is
// left as it is, and the section is one of the two names or no longer than the
// target and a slash.
func FuzzSection(f *testing.F) {
	f.Add("GET", "/pages/create?x=/y", 1)
	f.Add("GET", "http://h//x/y", 2)
	f.Add("CONNECT", "h:443", 3)
	f.Add("GET", "://", 0)
	f.Fuzz(func(t *testing.T, method, target string, depth int) {
		s := Sections{Depth: depth}
		in := []byte(target)
		got := s.Of([]byte(method), in, false)
		if string(in) != target {
			t.Fatalf("%q was changed to %q", target, in)
		}
		if name := string(got); name == MalformedSection || name == ConnectSection {
			return
		}
		if len(got) == 0 || len(got) > len(target)+1 {
			t.Fatalf("%q: the section %q is empty or longer than the target", target, got)
		}
		if bytes.ContainsAny(got, "?#") {
			t.Fatalf("%q: the section %q holds a query or a fragment", target, got)
		}
		once := string(got)
		if again := s.Of([]byte("GET"), []byte(once), false); string(again) != once {
			t.Fatalf("%q: the section of the section %q is %q", target, once, again)
		}
	})
}
