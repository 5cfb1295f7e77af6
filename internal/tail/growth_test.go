package tail

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/fsnotify/fsnotify"
)

// Marks of closed files are kept up to mostMarks. Once there are so many nothing
// grows any more, however often a log is rotated, and in whatever way.
func TestWhatIsKnownOfALogDoesNotGrowWithItsRotations(t *testing.T) {
	if testing.Short() {
		t.Skip("5,696 rotations; TestAThousandRotationsOfAWriterThatMovesAtOnce has the same goroutines")
	}
	const full, more = mostMarks + 200, 3
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Hold: time.Minute}, nil)
		w := s.writer()
		rotations := 0
		weight := func() (bytes, watches int) {
			s.pass(time.Hour)
			s.glance()
			s.f.Notices()
			s.got, s.want = nil, nil
			if k := s.f.waker; k != nil {
				watches = len(k.events.WatchList())
				k.mu.Lock()
				defer k.mu.Unlock()
			}
			return weigh(reflect.ValueOf(s.f), map[unsafe.Pointer]bool{}), watches
		}
		rotate := func(n int) {
			for range n {
				w = s.rotateSomehow(w, rotations)
				rotations++
				s.pass(20 * time.Second)
				s.glance()
				clear(s.begun)
			}
			s.check()
		}
		rotate(full)
		first, watched := weight()
		if n := len(s.f.marks); n != mostMarks {
			t.Fatalf("marks after %d rotations: got %d, want %d", full, n, mostMarks)
		}
		rotate(more * full)
		last, watches := weight()
		t.Logf("%d bytes and %d watches after %d rotations, %d and %d after %d", first, watched, full, last, watches, rotations)
		if last > first+4<<10 {
			t.Errorf("weight after %d rotations: got %d bytes, want about the %d that it was after %d", rotations, last, first, full)
		}
		if watches > watched {
			t.Errorf("watches after %d rotations: got %d, want the %d that there were after %d", rotations, watches, watched, full)
		}
	})
}

// rotateSomehow rotates the n-th time, in one of the ways, and writes lines before
// and behind it; it returns the writer that has the log then.
func (s *scenario) rotateSomehow(w *os.File, n int) *os.File {
	s.t.Helper()
	s.write(w, 2)
	dir := filepath.Dir(s.path)
	fresh := func() {
		s.glance()
		w.Close()
		w = s.writer()
	}
	switch n % 6 {
	case 0:
		s.shifted(4)
		s.rename(".1")
		fresh()
	case 1:
		s.shifted(4)
		s.copyAside()
		s.must(w.Truncate(0))
	case 2:
		s.shifted(4)
		text, err := os.ReadFile(s.path)
		s.must(err)
		file, err := os.Create(s.path + ".1.gz")
		s.must(err)
		z := gzip.NewWriter(file)
		z.Write(text)
		s.must(z.Close())
		s.must(file.Close())
		s.must(w.Truncate(0))
	case 3:
		text, err := os.ReadFile(s.path)
		s.must(err)
		s.must(os.WriteFile(s.path+".tmp", text, 0o644))
		s.must(os.Rename(s.path+".tmp", s.path))
		fresh()
	case 4: // a link to a file with the date in its name, in a directory of the day
		day := filepath.Join(dir, fmt.Sprint("day", n))
		s.must(os.Mkdir(day, 0o755))
		s.must(os.RemoveAll(filepath.Join(dir, fmt.Sprint("day", n-6))))
		to := filepath.Join(day, fmt.Sprintf("access-%06d.log", n))
		s.must(os.WriteFile(to, nil, 0o644))
		s.glance()
		s.must(os.Symlink(to, s.path+".new"))
		s.must(os.Rename(s.path+".new", s.path))
		fresh()
	case 5:
		s.glance()
		s.must(os.Remove(s.path))
		fresh()
	}
	s.write(w, 2)
	s.open = s.open[:0]
	return w
}

// weigh is about how many bytes are reached from v: of what grows, that is maps,
// slices and strings, and of what these refer to.
func weigh(v reflect.Value, seen map[unsafe.Pointer]bool) (n int) {
	known := func(p unsafe.Pointer) bool {
		was := p == nil || seen[p]
		seen[p] = true
		return was
	}
	switch v.Kind() {
	case reflect.Pointer:
		switch v.Type() {
		case reflect.TypeFor[*os.File](), reflect.TypeFor[*time.Location](), reflect.TypeFor[*fsnotify.Watcher]():
			return 0 // of the system, and used by others
		}
		if known(v.UnsafePointer()) {
			return 0
		}
		return int(v.Elem().Type().Size()) + weigh(v.Elem(), seen)
	case reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return weigh(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			n += weigh(v.Field(i), seen)
		}
	case reflect.Array:
		for i := range v.Len() {
			n += weigh(v.Index(i), seen)
		}
	case reflect.Slice:
		if known(v.UnsafePointer()) {
			return 0
		}
		n += v.Cap() * int(v.Type().Elem().Size())
		if k := v.Type().Elem().Kind(); k == reflect.Uint8 || k == reflect.Uint64 {
			return n
		}
		for i := range v.Len() {
			n += weigh(v.Index(i), seen)
		}
	case reflect.Map:
		for of := v.MapRange(); of.Next(); {
			n += int(v.Type().Key().Size()+v.Type().Elem().Size()) + weigh(of.Key(), seen) + weigh(of.Value(), seen)
		}
	case reflect.String:
		n += v.Len()
	}
	return n
}
