package accesslog

import "testing"

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
	client, buf := []byte("192.0.2.77"), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { AppendAnonymous(buf, client, 2) }); n > 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
