package tail

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A stored position is read by later versions: its names and forms stay.
func TestAPositionIsStoredAsItAlwaysWas(t *testing.T) {
	born := time.Date(2026, 11, 21, 11, 0, 0, 5, time.UTC)
	p := Position{
		Files: []Mark{{
			Path: "/var/log/nginx/access.log", Device: 1, Inode: 2, Born: born, Offset: 3, Line: 4, Size: 5, Written: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
			Prefix: []Sum{6, 1 << 63}, Anchor: 7, Anchored: 3, Carry: []byte("10.0"), Blind: true, Joins: true,
		}},
		Live: true,
		Read: []Mark{{Path: "/a"}},
	}
	const want = `{"files":[{"path":"/var/log/nginx/access.log","device":1,"inode":2,"born":"2026-11-21T11:00:00.000000005Z",` +
		`"offset":3,"line":4,"size":5,"written":"2026-11-21T12:00:00Z","prefix":["0000000000000006","8000000000000000"],` +
		`"anchor":"0000000000000007","anchored":3,"carry":"MTAuMA==","blind":true,"joins":true}],"live":true,` +
		`"read":[{"path":"/a","device":0,"inode":0,"offset":0,"size":0,"written":"0001-01-01T00:00:00Z",` +
		`"anchor":"0000000000000000","anchored":0}]}`
	text, err := json.Marshal(p)
	if err != nil || string(text) != want {
		t.Errorf("stored: got %s, %v, want %s", text, err, want)
	}
	var back Position
	if err := json.Unmarshal([]byte(want), &back); err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("read: got %+v, %v, want %+v", back, err, p)
	}
}

func TestASumThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"", "0", "00000000000000000", "000000000000000g", "0x00000000000000"} {
		var s Sum
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "16 hexadecimal digits") {
			t.Errorf("UnmarshalText(%q): got %v, want an error that says what a sum is", text, err)
		}
	}
}

// What a mark says is found to be wrong, or leads to lines that are there: no
// line that nobody wrote, no crash, and what is written from then on is read.
func TestADamagedPositionLosesNothingThatIsWrittenLater(t *testing.T) {
	for name, damage := range map[string]func(m *Mark){
		"offset below zero":    func(m *Mark) { m.Offset = -5 },
		"offset beyond":        func(m *Mark) { m.Offset = 1 << 40 },
		"anchor below zero":    func(m *Mark) { m.Anchored = -1 },
		"anchor too long":      func(m *Mark) { m.Anchored = 1 << 30 },
		"anchor beyond offset": func(m *Mark) { m.Offset, m.Anchored = 10, 200 },
		"other anchor":         func(m *Mark) { m.Anchor++ },
		"other prefix":         func(m *Mark) { m.Prefix[0]++ },
		"no prefix":            func(m *Mark) { m.Prefix = nil },
		"line below zero":      func(m *Mark) { m.Line = -1 },
		"size below zero":      func(m *Mark) { m.Size = -1 },
		"other file":           func(m *Mark) { m.Inode++ },
		"nothing at all":       func(m *Mark) { *m = Mark{} },
		"another path":         func(m *Mark) { m.Path = "/nowhere\x00\n" },
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 20)
				s.look()
				p := s.src.Position()
				damage(&p.Files[0])
				s.f.Close()
				s.start(Options{Resume: map[string]Position{s.path: p}})
				s.glance()
				known := map[string]bool{}
				for _, l := range s.want {
					known[l] = true
				}
				for _, l := range s.got {
					if !known[l] {
						t.Errorf("a line nobody wrote: %q", l)
					}
				}
				s.got = s.want[:len(s.want):len(s.want)]
				s.write(w, 3)
				s.ordered()
			})
		})
	}
}

func FuzzAStoredPositionNeverCrashesTheReader(f *testing.F) {
	f.Add([]byte(`{"files":[{"path":"/a","offset":-1,"anchored":300}],"live":true}`))
	f.Add([]byte(`{"files":[{"inode":1,"offset":64,"line":-3,"anchored":64,"carry":"MTAuMA==","blind":true,"joins":true}]}`))
	f.Add([]byte(`{"read":[{"offset":9223372036854775807,"anchored":256}]}`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		var p Position
		if json.Unmarshal(stored, &p) != nil || len(p.Files)+len(p.Read) > 20 {
			t.Skip()
		}
		s := follow(t, Options{}, func(s *scenario) {
			s.write(s.writer(), 5)
			s.rename(".1")
			s.write(s.writer(), 5)
			info, err := os.Stat(s.path)
			s.must(err)
			if len(p.Files) > 0 { // so that the rest of the mark matters
				p.Files[0].Device, p.Files[0].Inode = identify(info)
			}
		})
		s.f.Close()
		s.start(Options{Resume: map[string]Position{s.path: p}})
		s.look()
		s.got, s.want = nil, nil
		s.write(s.writer(), 2)
		s.glance()
		for _, l := range s.want {
			if !strings.Contains(strings.Join(s.got, ""), l) {
				t.Errorf("read %q after %s, want %q in it", s.got, fmt.Sprintf("%+v", p), l)
			}
		}
	})
}
