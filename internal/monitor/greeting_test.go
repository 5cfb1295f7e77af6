package monitor

import "testing"

func TestTheGreetingNamesAPlaceBelowTheHomeAsShellsDo(t *testing.T) {
	for _, c := range []struct{ path, home, want string }{
		{"/home/u/.local/state/weir/a.log-x", "/home/u", "~/.local/state/weir/a.log-x"},
		{"/home/user/s", "/home/u", "/home/user/s"},
		{"/home/u", "/home/u", "/home/u"},
		{"/var/lib/weir", "", "/var/lib/weir"},
		{"s/a.log-x", "/home/u", "s/a.log-x"},
	} {
		if got := fromHome(c.path, c.home); got != c.want {
			t.Errorf("%s with the home %q: got %s, want %s", c.path, c.home, got, c.want)
		}
	}
}
