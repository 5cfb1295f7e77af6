package tail

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs do with the file system rights of user and group 65534, which
// on Linux belong to a thread. Without root it just runs it.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread() // unlocked only when the rights are back
	if err := syscall.Setfsgid(65534); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	defer func() {
		syscall.Setfsuid(0)
		syscall.Setfsgid(0)
		runtime.UnlockOSThread()
	}()
	do()
}

// P2
func TestAFileThatMayNotBeReadIsReadOnceItMay(t *testing.T) {
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log")}
	s.must(os.Chmod(filepath.Dir(filepath.Dir(s.path)), 0o755))
	w := s.writer()
	s.write(w, 5)
	s.must(os.Chmod(s.path, 0))
	asNobody(t, func() {
		s.start(Options{})
		s.look()
		s.look()
	})
	if st := s.src.State(); !st.Denied || st.Missing {
		t.Errorf("state: got %+v, want denied, not missing", st)
	}
	if got := s.told(); strings.Count(got, "permission denied; only its owner") != 1 {
		t.Errorf("notices: got %q, want one that permission is denied", got)
	}
	s.must(os.Chmod(s.path, 0o644))
	asNobody(t, s.ordered)
	if s.src.State().Denied {
		t.Error("state after it was granted: got denied")
	}
	s.wantTold("access.log: can be read now, following it")
}

// P2
func TestARotatedFileThatMayNotBeReadYetKeepsTheOldOneGoing(t *testing.T) {
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log")}
	s.must(os.Chmod(filepath.Dir(filepath.Dir(s.path)), 0o755))
	old := s.writer()
	s.write(old, 5)
	asNobody(t, func() {
		s.start(Options{})
		s.look()
	})
	s.rename(".1")
	fresh := s.writer()
	s.must(os.Chmod(s.path, 0o600)) // created, the group comes a moment later
	if os.Geteuid() != 0 {
		s.must(os.Chmod(s.path, 0))
	}
	s.write(old, 3)
	asNobody(t, s.look)
	s.write(fresh, 3)
	asNobody(t, s.look)
	if !s.src.State().Denied {
		t.Error("state: got not denied, want denied")
	}
	s.must(os.Chmod(s.path, 0o644))
	asNobody(t, s.ordered)
}

// P3
func TestTheDirectoryThatKeepsUsOutIsNamed(t *testing.T) {
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "nginx", "access.log")}
	dir := filepath.Dir(s.path)
	s.must(os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755))
	s.must(os.Mkdir(dir, 0o755))
	s.write(s.writer(), 2)
	s.must(os.Chmod(dir, 0o600))
	defer os.Chmod(dir, 0o755)
	asNobody(t, func() { s.start(Options{}) })
	want := "permission denied by the directory " + dir + "; only its owner"
	if got := s.f.Notices(); len(got) != 1 || !strings.Contains(got[0].Text, want) {
		t.Errorf("notices: got %+v, want %q in one", got, want)
	}
	s.must(os.Chmod(dir, 0o755))
	asNobody(t, s.ordered)
}
