package tail

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/charset"
)

// A Position that was taken before a batch gives that batch again, line by line, and
// then all that followed, as long as files are only rotated.
func TestAPositionGivesTheSameLinesAgain(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 12
	}
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 3))
		o := Options{Past: ever, Block: 1 + rnd.IntN(400), MaxLine: 4 << 10}
		s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log"), now: noon()}
		if seed%4 == 3 {
			s.coding, s.marks = charset.UTF16LE, true
		}
		for i := 2 + rnd.IntN(4); i > 0; i-- {
			s.file(fmt.Sprintf(".%d%s", i, []string{"", ".gz", ".zst"}[rnd.IntN(3)]), rnd.IntN(25), 24*i)
		}
		w := s.current(rnd.IntN(20))
		s.start(o)
		type place struct {
			at  []byte // a Position, as it is stored
			got int    // lines read before
		}
		var places []place
		var p Position
		read := func(most int) {
			for range most {
				s.src.PositionInto(&p)
				text, err := json.Marshal(p)
				s.must(err)
				places = append(places, place{text, len(s.got)})
				s.src.touched.Store(true)
				b := s.src.Next(s.now)
				if b == nil {
					return
				}
				s.take(b)
			}
		}
		for range 12 {
			s.pass(time.Second)
			switch rnd.IntN(4) {
			case 0, 1:
				s.write(w, rnd.IntN(6))
			case 2:
				read(1 + rnd.IntN(9))
			case 3:
				// No two rotations between looks: what stood between the two is then
				// found by its time, and the times of this test are not those of its files.
				read(1 << 20)
				s.shift(99)
				w = s.writer()
			}
		}
		read(1 << 20)
		compare(t, s.got, s.want)
		all := s.got
		if rnd.IntN(2) == 0 {
			s.shift(99)
			s.writer()
		}
		s.f.Close()
		for range 12 {
			from := places[rnd.IntN(len(places))]
			var p Position
			s.must(json.Unmarshal(from.at, &p))
			o := o
			o.Block = 1 + rnd.IntN(400)
			o.Resume = map[string]Position{s.path: p}
			s.got = nil
			s.start(o)
			s.glance()
			if !slices.Equal(s.got, all[from.got:]) {
				t.Errorf("seed %d, from line %d: got %d lines that begin with %q, want %d that begin with %q; %s\n%s", seed, from.got,
					len(s.got), first2(s.got), len(all)-from.got, first2(all[from.got:]), s.told(), from.at)
				return
			}
			s.f.Close()
		}
		for _, w := range s.open {
			w.Close()
		}
	}
}

func first2(lines []string) []string { return lines[:min(len(lines), 2)] }

func TestAPositionWithMemoryToUseTakesNone(t *testing.T) {
	s := follow(t, Options{Block: 4 << 10}, func(s *scenario) { s.current(1000) })
	s.some(2)
	var p Position
	s.src.PositionInto(&p)
	if n := testing.AllocsPerRun(100, func() { s.src.PositionInto(&p) }); n != 0 {
		t.Errorf("allocations of PositionInto: got %v, want 0", n)
	}
	if want := s.src.Position(); fmt.Sprint(p) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", p, want)
	}
}

// BenchmarkPosition is what a Position costs with each batch: of a log in use, and
// of one with thirty rotated files before it.
func BenchmarkPosition(b *testing.B) {
	for _, siblings := range []int{0, 30} {
		b.Run(fmt.Sprintf("%d behind", siblings), func(b *testing.B) {
			s := &scenario{path: filepath.Join(b.TempDir(), "access.log"), now: noon()}
			text := strings.Repeat(strings.Repeat("x", 200)+"\n", 5000)
			for i := siblings; i >= 0; i-- {
				name := fmt.Sprintf("%s.%d", s.path, i)
				if i == 0 {
					name = s.path
				}
				at := s.now.Add(-time.Duration(i) * time.Hour)
				if err := os.WriteFile(name, fmt.Appendf(nil, "%d %s", i, text), 0o600); err != nil {
					b.Fatal(err)
				}
				if err := os.Chtimes(name, at, at); err != nil {
					b.Fatal(err)
				}
			}
			f, err := Open(Options{Paths: []string{s.path}, Poll: true, Past: ever, Block: 64 << 10})
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			src := f.Sources()[0]
			src.Next(s.now).Release()
			var p Position
			b.ReportAllocs()
			for b.Loop() {
				src.PositionInto(&p)
			}
		})
	}
}
