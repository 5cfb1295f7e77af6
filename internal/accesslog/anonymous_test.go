package accesslog

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAnAnonymousClientIsNobodyInParticular(t *testing.T) {
	for _, c := range []struct {
		client string
		want   [3]string
	}{
		{"192.0.2.77", [3]string{"192.0.2.0", "192.0.0.0", "192.0.0.0"}},
		{"203.17.113.9", [3]string{"203.17.113.0", "203.17.0.0", "203.0.0.0"}},
		{"2001:db8:1:2:3:4:5:6", [3]string{"2001:db8:1:2::", "2001:db8:1::", "2001:db8::"}},
		{"::ffff:192.0.2.77", [3]string{"192.0.2.0", "192.0.0.0", "192.0.0.0"}},
		{"fe80::1%eth0", [3]string{"fe80::", "fe80::", "fe80::"}},
		{"host-7.customer.example.net", [3]string{"*.example.net", "*.example.net", "*.example.net"}},
		{"example.net", [3]string{"example.net", "example.net", "example.net"}},
		{"localhost", [3]string{"localhost", "localhost", "localhost"}},
		{"unix:", [3]string{"unix:", "unix:", "unix:"}},
		{"9.9.9.9, 8.8.8.8", [3]string{"-", "-", "-"}},
		{"", [3]string{}},
	} {
		for i, want := range c.want {
			if got := string(AppendAnonymous([]byte("x"), []byte(c.client), i+1)); got != "x"+want {
				t.Errorf("%q at level %d: got %q, want %q", c.client, i+1, got[1:], want)
			}
		}
	}
	if got := string(AppendAnonymous(nil, []byte("192.0.2.77"), 99)); got != "192.0.0.0" {
		t.Errorf("a level beyond all: got %q, want that of the highest", got)
	}
	buf := make([]byte, 0, 64)
	for _, text := range []string{"192.0.2.77", "2001:db8:1:2:3:4:5:6", "2001:db8::77", "host-7.customer.example.net"} {
		client := []byte(text)
		if n := testing.AllocsPerRun(100, func() { AppendAnonymous(buf, client, 2) }); n > 0 {
			t.Errorf("%s: got %v allocations, want none", text, n)
		}
	}
}

func FuzzGroupsAreReadAsNetipReadsThem(f *testing.F) {
	for _, text := range []string{
		"::", "::1", "1::", "2001:db8:1:2:3:4:5:6", "2001:DB8::a:0", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:8:9",
		":", ":::", "1:", ":1", "1::2::3", "12345::", "::ffff:192.0.2.1", "fe80::1%eth0", "g::", "", "1", "abcd",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := netip.ParseAddr(text)
		got, ok := parseGroups([]byte(text))
		if ok && (err != nil || got != want) {
			t.Errorf("%q: got %v, want %v (%v)", text, got, want, err)
		}
		if !ok && err == nil && want.Is6() && want.Zone() == "" && !strings.Contains(text, ".") {
			t.Errorf("%q is not read, want %v", text, want)
		}
	})
}
