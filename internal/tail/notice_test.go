package tail

import "testing"

func TestADeniedFileIsToldWithWhatToDo(t *testing.T) {
	for _, c := range []struct {
		a    access
		want string
	}{
		{
			access{goos: "linux", mode: 0o640, owner: "root", group: "adm", self: "alice"},
			`access.log: permission denied; group adm may read it: run "sudo usermod -aG adm alice" and log in again`,
		},
		{
			access{goos: "linux", mode: 0o640, owner: "root", group: "adm"},
			`access.log: permission denied; group adm may read it: add the user weir runs as to it and log in again`,
		},
		{
			access{mode: 0o600, owner: "root", group: "adm", self: "alice"},
			`access.log: permission denied; only its owner root may read it: run weir as that user, or have the group allowed`,
		},
		{
			access{goos: "linux", mode: 0o750, owner: "root", group: "adm", self: "alice", dir: "/var/log/nginx"},
			`access.log: permission denied by the directory /var/log/nginx; group adm may enter it: ` +
				`run "sudo usermod -aG adm alice" and log in again`,
		},
		{
			access{mode: 0o740, owner: "root", group: "adm", self: "alice", dir: "/var/log/nginx"},
			`access.log: permission denied by the directory /var/log/nginx; only its owner root may enter it: ` +
				`run weir as that user, or have the group allowed`,
		},
		{
			access{goos: "linux", mode: 0o640, owner: "root", group: "adm", self: "alice", write: true},
			`access.log: permission denied; only its owner root may read and write it, as a named pipe needs: ` +
				`run weir as that user, or have the group allowed`,
		},
		{access{}, `access.log: permission denied; give the user weir runs as the right to read it`},
	} {
		got := deniedText("access.log", c.a)
		if got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.a, got, c.want)
		}
	}
}

func TestTheCommandFitsTheSystem(t *testing.T) {
	for goos, want := range map[string]string{
		"linux":   "sudo usermod -aG adm alice",
		"freebsd": "sudo pw groupmod adm -m alice",
		"darwin":  "sudo dseditgroup -o edit -a alice -t user adm",
	} {
		if got := joinCommand(goos, "adm", "alice"); got != want {
			t.Errorf("%s: got %q, want %q", goos, got, want)
		}
	}
}

func TestNoticesAreBoundedWhenNobodyAsks(t *testing.T) {
	s := follow(t, Options{}, nil)
	w := s.writer()
	for range 2 * mostNotices {
		s.write(w, 1)
		s.look()
		s.must(w.Truncate(0))
		s.look()
	}
	if got := len(s.f.Notices()); got != mostNotices {
		t.Errorf("notices kept: got %d, want %d", got, mostNotices)
	}
	if got := len(s.f.Notices()); got != 0 {
		t.Errorf("notices told again: got %d, want 0", got)
	}
}
