package tail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// bzipped is what the program makes of the lines 1 to 12 of a scenario: no
// library here writes bzip2.
const bzipped = "QlpoOTFBWSZTWaqPTZcAAFjfgGAQQAD/4AKABAAqgFwAIACKBUpRkH6UaBpptQZqUAGj1ABmJpbn0tbrV+3fT0TUlVVrVVVVX3J5" +
	"JcTJCSTiQAAAAAACqQlOIBt8JPMnwn4nsmpMEwTBNyZEwTkTiT+LuSKcKEhVR6bLgA=="

// packers compress a text; the last takes 12 lines only.
func packers(t *testing.T) map[string]func(text []byte) []byte {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func(text []byte) []byte{
		".gz": func(text []byte) []byte {
			var b bytes.Buffer
			for _, part := range [][]byte{text[:len(text)/2], text[len(text)/2:]} { // two members
				z := gzip.NewWriter(&b)
				z.Write(part)
				must(z.Close())
			}
			return b.Bytes()
		},
		".zst": func(text []byte) []byte {
			z, err := zstd.NewWriter(nil)
			must(err)
			defer z.Close()
			return z.EncodeAll(text, nil)
		},
		".xz": func(text []byte) []byte {
			var b bytes.Buffer
			z, err := xz.NewWriter(&b)
			must(err)
			z.Write(text)
			must(z.Close())
			return b.Bytes()
		},
		".bz2": func([]byte) []byte {
			data, err := base64.StdEncoding.DecodeString(bzipped)
			must(err)
			return data
		},
		"": bytes.Clone,
	}
}

// R6, R11
func TestTheRestIsReadFromACopyHoweverItWasCompressed(t *testing.T) {
	for ending, pack := range packers(t) {
		inModes := inBothModes
		if ending == ".bz2" {
			inModes = inUTF8
		}
		for _, taken := range []int{0, 1, 11, 12} {
			for _, inPlace := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d%s %v", taken, ending, inPlace), func(t *testing.T) {
					inModes(t, func(t *testing.T, follow opener) {
						s := follow(t, Options{}, nil)
						w := s.writer()
						s.write(w, taken)
						s.look()
						s.restart(Options{}, func() {
							s.write(w, 12-taken)
							text, err := os.ReadFile(s.path)
							s.must(err)
							s.must(os.WriteFile(s.path+".1"+ending, pack(text), 0o644))
							if inPlace {
								s.must(w.Truncate(0))
							} else {
								s.must(os.Remove(s.path))
							}
							s.write(s.writer(), 2)
						})
						s.ordered()
						if got := s.src.State().PossibleLoss; got != 0 {
							t.Errorf("possible loss: got %d, want 0", got)
						}
					})
				})
			}
		}
	}
}

// G1
func TestADamagedCopyIsToldAndTheRestGoesOn(t *testing.T) {
	gz := packers(t)[".gz"]
	for name, damage := range map[string]func(data []byte) []byte{
		"cut short":         func(data []byte) []byte { return data[:len(data)/3] },
		"a bad checksum":    func(data []byte) []byte { data[len(data)-8] ^= 1; return data },
		"noise behind it":   func(data []byte) []byte { return append(data, "noise"...) },
		"only its header":   func(data []byte) []byte { return data[:10] },
		"noise within it":   func(data []byte) []byte { data[len(data)/4] ^= 0x55; return data },
		"plain text":        func([]byte) []byte { return []byte("this is no gzip\n") },
		"nothing":           func([]byte) []byte { return nil },
		"another program's": func([]byte) []byte { return []byte("\x1f\x9d\x90ab") },
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 30)
				s.look()
				var lost []string
				s.restart(Options{}, func() {
					for range 500 {
						l := s.line()
						s.put(w, l)
						lost = append(lost, l)
					}
					text, err := os.ReadFile(s.path)
					s.must(err)
					s.must(os.WriteFile(s.path+".1.gz", damage(gz(text)), 0o644))
					s.must(os.Remove(s.path))
					w = s.writer()
					s.write(w, 2)
				})
				for range 5 {
					s.glance()
				}
				s.write(w, 3)
				s.glance()
				for _, l := range s.want {
					if n := strings.Count(strings.Join(s.got, ""), l); n != 1 {
						t.Fatalf("the rest of the log: got %q %d times, want once", l, n)
					}
				}
				for _, l := range s.got {
					if !slices.Contains(s.want, l) && !slices.Contains(lost, l) && l != "this is no gzip\n" && name != "noise within it" {
						t.Errorf("a line nobody wrote: %q", l)
					}
				}
				if name == "cut short" && len(s.got) < len(s.want)+100 {
					t.Errorf("lines read: got %d, want what stands before the cut, too", len(s.got))
				}
				s.pass(2 * defaultHold)
				s.glance()
				s.glance()
				if got := s.src.State().Held; got != 0 {
					t.Errorf("files still open: got %d, want 0", got)
				}
				if got := s.told(); strings.Count(got, "access.log.1.gz: ") > 1 {
					t.Errorf("notices: got %q, want it told once", got)
				} else if got == "" && name != "noise behind it" && name != "a bad checksum" {
					t.Error("nothing was told of it")
				}
			})
		})
	}
}

// What had been seen of a log counts as lost, as far as it is not in the compressed
// copy either.
func TestWhatADamagedCopyLacksIsCounted(t *testing.T) {
	gz := packers(t)[".gz"]
	for name, c := range map[string]struct {
		copied func(text []byte) []byte
		less   bool
	}{
		"whole":            {gz, false},
		"made too early":   {func(text []byte) []byte { return gz(text[:len(text)/2]) }, true},
		"cut short":        {func(text []byte) []byte { b := gz(text); return b[:len(b)/2] }, true},
		"a wrong checksum": {func(text []byte) []byte { b := gz(text); b[len(b)-8] ^= 1; return b }, false},
	} {
		t.Run(name, func(t *testing.T) {
			inUTF8(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{Block: 4 << 10}, nil)
				w := s.writer()
				rnd := rand.New(rand.NewPCG(1, 2))
				got := 0
				for range 2000 {
					l := fmt.Sprintf("%016x %016x\n", rnd.Uint64(), rnd.Uint64())
					s.put(w, l)
				}
				take := func() bool {
					b := s.src.Next(s.now)
					if b == nil {
						return false
					}
					got += len(b.Data)
					b.Release()
					return true
				}
				take() // one block of many
				text, err := os.ReadFile(s.path)
				s.must(err)
				s.must(os.WriteFile(s.path+".1.gz", c.copied(text), 0o644))
				s.must(w.Truncate(0))
				for range 3 {
					for take() {
					}
					s.pass(time.Second)
				}
				st := s.src.State()
				if (got < len(text)) != c.less || got+int(st.PossibleLoss) != len(text) {
					t.Errorf("of %d bytes %d were read and %d counted as lost; want all in one or the other, less than all read: %v", len(text), got, st.PossibleLoss, c.less)
				}
			})
		})
	}
}

// A replacement is a log that is replaced by a file with the same content and more;
// that one leaves the path again, and is compressed, before anyone has looked.
type replacement struct {
	half    bool // at the end of the log when it was replaced
	inPlace bool // copied and truncated, else renamed
	torn    bool // the copy ends in half a line
	anew    bool // which does not go on behind it
	idle    bool // nothing is written there for a while
}

func TestTheRestOfACompressedFileThatHadReplacedTheLogIsRead(t *testing.T) {
	for ending, pack := range packers(t) {
		inModes := inBothModes
		if ending == ".bz2" {
			inModes = inUTF8
		}
		for name, r := range map[string]replacement{
			"renamed":                         {},
			"renamed, half a line":            {half: true},
			"renamed, half a line, idle":      {half: true, idle: true},
			"renamed, torn":                   {torn: true, anew: true},
			"copied":                          {inPlace: true},
			"copied, half a line":             {inPlace: true, half: true},
			"copied, half a line, idle":       {inPlace: true, half: true, idle: true},
			"copied, torn":                    {inPlace: true, torn: true},
			"copied, half a line, torn":       {inPlace: true, half: true, torn: true},
			"copied, torn and then destroyed": {inPlace: true, torn: true, anew: true},
		} {
			if ending == ".bz2" && r.torn {
				continue // of that there are whole lines only
			}
			t.Run(ending+" "+name, func(t *testing.T) {
				inModes(t, func(t *testing.T, follow opener) {
					s := follow(t, Options{}, nil)
					r.play(s, ending, pack)
					if ending == "" {
						s.glance() // it may grow: half a line at its end waits
						s.pass(2 * defaultHold)
						s.check()
					} else {
						s.ordered()
					}
					if got := s.src.State().PossibleLoss; got != 0 {
						t.Errorf("possible loss: got %d, want 0", got)
					}
					s.restart(Options{}, func() {})
					s.glance()
					compare(t, s.got, s.want)
				})
			})
		}
	}
}

func (r replacement) play(s *scenario, ending string, pack func([]byte) []byte) {
	s.t.Helper()
	w := s.writer()
	s.write(w, 5)
	half := ""
	if r.half {
		half = s.line()
		s.want = append(s.want, half)
		s.put(w, half[:20])
		half = half[20:]
	}
	s.glance()
	text, err := os.ReadFile(s.path)
	s.must(err)
	s.must(os.WriteFile(s.path+".tmp", text, 0o644))
	s.must(os.Rename(s.path+".tmp", s.path))
	w = s.writer()
	s.put(w, half)
	s.write(w, 12-s.wrote)
	rest := ""
	switch line := s.line(); {
	case r.torn && r.anew:
		s.put(w, line[:20])
		s.want = append(s.want, line[:20]+"\n")
	case r.torn:
		s.put(w, line[:20])
		s.want = append(s.want, line)
		rest = line[20:]
	}
	text, err = os.ReadFile(s.path)
	s.must(err)
	s.must(os.WriteFile(s.path+".1"+ending, pack(text), 0o644))
	if r.inPlace {
		s.must(w.Truncate(0))
	} else {
		s.must(os.Remove(s.path))
		w = s.writer()
	}
	if r.idle {
		s.glance()
		s.glance() // as long as nothing of the new file was read
	}
	s.put(w, rest)
	s.write(w, 4)
}

// All that was read of a log is a header that all its files have. One that was there
// before, or was read, is no copy of it with more in it.
func TestAnOlderLogWithTheSameHeaderIsNotTakenForTheRestOfADeletedOne(t *testing.T) {
	const header = "#Fields: date time cs-method cs-uri-stem sc-status\n"
	for _, ending := range []string{"", ".gz", ".zst", ".xz"} {
		for _, known := range []string{"there at first", "read", "read and closed"} {
			t.Run(ending+" "+known, func(t *testing.T) {
				inBothModes(t, func(t *testing.T, follow opener) {
					begin := func(s *scenario) *os.File {
						w := s.writer()
						s.put(w, header)
						s.want = append(s.want, header)
						return w
					}
					rotate := func(s *scenario) {
						text, err := os.ReadFile(s.path)
						s.must(err)
						s.must(os.WriteFile(s.path+".1"+ending, packers(t)[ending](text), 0o644))
						s.must(os.Remove(s.path))
					}
					s := follow(t, Options{}, func(s *scenario) {
						s.write(begin(s), 20)
						if known == "there at first" {
							rotate(s)
							s.want = nil
						}
					})
					s.look()
					if known != "there at first" {
						rotate(s)
						w := begin(s)
						s.look()
						if known == "read and closed" {
							s.pass(2 * defaultHold)
							s.glance()
						}
						w.Close()
						s.must(os.Remove(s.path))
					}
					begin(s)
					s.look()
					s.must(os.Remove(s.path))
					s.write(begin(s), 3)
					s.look()
					s.pass(2 * defaultHold)
					s.check()
				})
			})
		}
	}
}
