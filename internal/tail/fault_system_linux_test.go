package tail

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mounted mounts a file system for the test, which is skipped where that is not
// allowed.
func mounted(t *testing.T, kind, at, data string) {
	t.Helper()
	if err := syscall.Mount("none", at, kind, 0, data); err != nil {
		t.Skipf("mounting a file system (%s) is not allowed here: %v", kind, err)
	}
	t.Cleanup(func() { syscall.Unmount(at, syscall.MNT_DETACH) })
}

// P3, I5
func TestAFileSystemThatGoesAwayAndComesBackIsReadOn(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var dir string
		s := follow(t, Options{}, func(s *scenario) {
			dir = below(s, "disk")
			s.must(os.Mkdir(dir, 0o755))
			mounted(t, "tmpfs", dir, "")
		})
		w := s.writer()
		s.write(w, 40)
		s.look()
		s.write(w, 3) // not read when it goes
		held, err := os.ReadFile(s.path)
		s.must(err)
		s.must(syscall.Unmount(dir, syscall.MNT_DETACH))
		s.swept()
		w.Close()
		s.told()
		s.glance()
		// Another disk with the same content takes its place.
		mounted(t, "tmpfs", dir, "")
		s.must(os.WriteFile(s.path, held, 0o644))
		w = s.writer()
		s.write(w, 3)
		s.swept()
		s.restart(Options{}, func() {
			w.Close()
			held, err = os.ReadFile(s.path)
			s.must(err)
			s.must(syscall.Unmount(dir, syscall.MNT_DETACH))
			mounted(t, "tmpfs", dir, "")
			s.must(os.WriteFile(s.path, held, 0o644))
			s.write(s.writer(), 3)
		})
		s.swept()
	})
}

// I4
func TestACopyUpOfAnOverlayIsTheSameFile(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) {
			top := filepath.Dir(s.path)
			for _, d := range []string{"lower", "upper", "work", "disk"} {
				s.must(os.Mkdir(filepath.Join(top, d), 0o755))
			}
			s.path = filepath.Join(top, "lower", "access.log")
			s.write(s.writer(), 30)
			s.path = filepath.Join(top, "disk", "access.log")
			mounted(t, "overlay", filepath.Dir(s.path),
				fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", top))
		})
		s.look()
		for range 3 {
			s.write(s.writer(), 3) // the first write moves the file to the upper layer
			s.swept()
		}
		if got := s.src.State(); got.Rotations != 0 || got.Truncations != 0 {
			t.Errorf("rotations, truncations: got %d, %d, want 0, 0", got.Rotations, got.Truncations)
		}
	})
}

// R17
func TestABindMountOfTheFileIsTheSameFile(t *testing.T) {
	s := follow(t, Options{}, nil)
	w := s.writer()
	s.write(w, 3)
	other := filepath.Join(filepath.Dir(s.path), "other.log")
	s.must(os.WriteFile(other, nil, 0o644))
	if err := syscall.Mount(s.path, other, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("mounting is not allowed here: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(other, syscall.MNT_DETACH) })
	s.f.Close()
	s.start(Options{Paths: []string{s.path, other}})
	for range 3 {
		for _, src := range s.f.Sources() {
			s.src = src
			s.glance()
		}
		s.write(w, 2)
	}
	s.src = s.f.Sources()[0]
	s.ordered()
}

// S4
func TestALogOnAFullDiskIsReadWhatThereIsAndOnAfterIt(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) {
			dir := below(s, "disk")
			s.must(os.Mkdir(dir, 0o755))
			mounted(t, "tmpfs", dir, "size=64k")
		})
		filler := filepath.Join(filepath.Dir(s.path), "filler")
		s.must(os.WriteFile(filler, make([]byte, 32<<10), 0o644))
		w := s.writer()
		s.put(w, "#\n") // so that lines do not end where pages do
		s.want = append(s.want, "#\n")
		for full := false; !full; {
			l := s.line()
			n, err := w.WriteString(l)
			if err != nil {
				if !errors.Is(err, syscall.ENOSPC) || n == 0 {
					t.Fatal("want a disk that is full within a line: ", n, err)
				}
				s.look()
				s.remove(filler) // somebody makes room, and the server goes on
				s.put(w, l[n:])
				full = true
			}
			s.want = append(s.want, l)
		}
		s.look()
		s.write(w, 3)
		s.rename(".1")
		s.write(s.writer(), 3)
		s.ordered()
	})
}

// I6
func TestAReadErrorIsToldAndTriedAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		// Reading the memory of a process where it has none is an I/O error.
		s := follow(t, Options{}, func(s *scenario) { s.must(os.Symlink("/proc/self/mem", s.path)) })
		for range 3 {
			s.glance()
		}
		got := s.told()
		if strings.Count(got, "input/output error; what was read is kept, trying again") != 1 {
			t.Errorf("notices: got %q, want one that tells of the error and that it is tried again", got)
		}
		s.must(os.Remove(s.path))
		s.write(s.writer(), 3)
		s.swept()
	})
}

// L7
func TestAWriterThatMapsTheFileIsReadByTheSweep(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		const size = 1 << 16
		var m []byte
		s := follow(t, Options{}, func(s *scenario) {
			w := s.preallocated(size)
			var err error
			m, err = syscall.Mmap(int(w.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
			s.must(err)
		})
		t.Cleanup(func() { syscall.Munmap(m) })
		s.look()
		at := 0
		for range 50 {
			l := s.line()
			at += copy(m[at:], l)
			s.want = append(s.want, l)
			s.swept()
		}
	})
}

// L7
func TestADirectWriterIsRead(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|syscall.O_DIRECT, 0o644)
		if err != nil {
			t.Skip("this file system has no direct writes: ", err)
		}
		s.open = append(s.open, w)
		const page = 4096 // whole pages at addresses that are a multiple of one
		m, err := syscall.Mmap(-1, 0, page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		s.must(err)
		t.Cleanup(func() { syscall.Munmap(m) })
		for range 5 {
			for at := 0; at < page; {
				l := s.line()
				at += copy(m[at:], l)
				s.want = append(s.want, l)
			}
			if _, err := w.Write(m); err != nil {
				t.Skip("this file system has no direct writes: ", err)
			}
			s.look()
		}
		s.ordered()
	})
}

// L7
func TestSpaceReservedByTheSystemIsNotRead(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY, 0o644)
		s.must(err)
		s.open = append(s.open, w)
		if err := syscall.Fallocate(int(w.Fd()), 0, 0, 1<<20); err != nil {
			t.Skip("this file system reserves no space: ", err)
		}
		for range 5 {
			s.look()
			s.write(w, 3)
		}
		s.ordered()
	})
}

// S9
func TestWithoutDescriptorsLeftItIsToldAndTriedAgain(t *testing.T) {
	if os.Getenv("WEIR_TEST_FEW_DESCRIPTORS") == "" {
		alone(t, nil, "WEIR_TEST_FEW_DESCRIPTORS=1")
		return
	}
	s := follow(t, Options{}, nil)
	w := s.writer()
	s.write(w, 3)
	s.look()
	s.told()
	s.rename(".1")
	fresh := s.writer()
	s.write(w, 2)
	s.write(fresh, 3)
	var hoard []*os.File
	var before unix.Rlimit
	s.must(unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	s.must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: before.Max}))
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			break
		}
		hoard = append(hoard, f)
	}
	s.glance()
	if got := s.told(); !strings.Contains(got, "too many open files; trying again") {
		t.Errorf("notices: got %q, want one about too many open files", got)
	}
	for _, f := range hoard {
		f.Close()
	}
	s.ordered()
}

// S9
func TestWithoutDescriptorsLeftOthersAreParked(t *testing.T) {
	if os.Getenv("WEIR_TEST_FEW_DESCRIPTORS") == "" {
		alone(t, nil, "WEIR_TEST_FEW_DESCRIPTORS=1")
		return
	}
	c := crowded(t, 20, 0, Options{}, false)
	for _, w := range c.writers {
		c.write(w, 30)
	}
	c.all()
	if c.opened() != 20 {
		t.Fatalf("%d files are open, want all", c.opened())
	}
	c.told()
	// What happens is done before, since it takes descriptors itself.
	for i := range c.paths {
		c.write(c.writers[i], 2)
		if i%2 == 0 {
			c.rename(i)
		} else {
			c.copyTruncate(i)
		}
		c.write(c.writers[i], 3)
	}
	var before unix.Rlimit
	c.must(unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	c.must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 128, Max: before.Max}))
	var hoard []*os.File
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			break
		}
		hoard = append(hoard, f)
	}
	c.all()
	compare(t, c.got, c.want)
	if got := c.told(); strings.Contains(got, "too many open files") || !strings.Contains(got, "20 logs are followed, and only ") {
		t.Errorf("notices: got %q, want no file given up, and one that few may be open", got)
	}
	for _, f := range hoard {
		f.Close()
	}
	for _, s := range c.f.Sources() {
		if n := s.State().PossibleLoss; n != 0 {
			t.Errorf("%s: possible loss of %d", s.name, n)
		}
	}
}

// alone runs the test that calls it in a process of its own, with the variables
// given. attr may be nil.
func alone(t *testing.T, attr *syscall.SysProcAttr, env ...string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run", "^"+strings.Split(t.Name(), "/")[0]+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSPC):
		t.Skip("a process of its own kind is not allowed here: ", err)
	case err != nil:
		t.Errorf("%v:\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	}
}

// I2
func TestWithoutEventsLeftTheOwnerIsToldAndLooksMoreOften(t *testing.T) {
	limit := os.Getenv("WEIR_TEST_NO_EVENTS")
	if limit == "" {
		for _, name := range []string{"max_inotify_instances", "max_inotify_watches"} {
			t.Run(name, func(t *testing.T) {
				// In a user namespace the limits are those of the test alone.
				own := &syscall.SysProcAttr{
					Cloneflags:  syscall.CLONE_NEWUSER,
					UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
					GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
				}
				alone(t, own, "WEIR_TEST_NO_EVENTS="+name)
			})
		}
		return
	}
	if err := os.WriteFile("/proc/sys/user/"+limit, []byte("0"), 0o644); err != nil {
		t.Skip("the limits cannot be set: ", err)
	}
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log"), now: noon()}
	f, err := Open(Options{Paths: []string{s.path}})
	s.must(err)
	t.Cleanup(f.Close)
	s.f, s.src = f, f.Sources()[0]
	if f.Sweep() != sweepAlone {
		t.Errorf("sweep: got %v, want %v", f.Sweep(), sweepAlone)
	}
	if got := s.told(); strings.Count(got, "the system gives no events about files") != 1 {
		t.Errorf("notices: got %q, want one about events", got)
	}
	s.write(s.writer(), 3)
	s.look()
	s.rename(".1")
	s.write(s.writer(), 3)
	s.ordered()
}

// I3
func TestAnOverflowOfTheEventsWakesTheOwner(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		t.Skip("the length of the queue is not known: ", err)
	}
	queue, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || queue > 200_000 {
		t.Skip("the queue is too long to be filled: ", string(text))
	}
	woken, goOn := make(chan struct{}, 1), make(chan struct{})
	w, err := newWaker(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
		<-goOn
	})
	if err != nil {
		t.Skip("this system gives no events: ", err)
	}
	defer w.close()
	dir := t.TempDir()
	path := filepath.Join(dir, "access.log")
	if err := w.watch(path, &Source{}); err != nil {
		t.Fatal(err)
	}
	touch := func(path string) {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	wait := func() {
		t.Helper()
		select {
		case <-woken:
		case <-time.After(20 * time.Second):
			t.Fatal("no wake")
		}
	}
	touch(path)
	wait() // the waker is held there, as an owner that was stopped
	other := [...]string{filepath.Join(dir, "other"), filepath.Join(dir, "another")}
	for i := range queue + 1000 {
		touch(other[i%2]) // of no concern, so that only the overflow can wake
	}
	touch(path) // lost
	close(goOn)
	wait()
}
