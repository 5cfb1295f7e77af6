package monitor

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"weir/internal/history"
)

// dying ends the process in its n-th round, or where it has so few, when it waits.
// What it had committed by then is in the folder to.
func (p *play) dying(o Options, n int, from, to string) {
	p.Helper()
	o.Look = func(time.Time) []string {
		if n--; n == 0 {
			p.copy(from, to)
			p.cancel()
		}
		return nil
	}
	p.start(o)
	synctest.Wait()
	if n > 0 {
		p.copy(from, to)
	}
	p.stop()
	p.must(o.History.Close())
}

// copy copies the files of a folder.
func (p *play) copy(from, to string) {
	p.Helper()
	files, err := os.ReadDir(p.path(from))
	p.must(err)
	p.must(os.MkdirAll(p.path(to), 0o700))
	for _, f := range files {
		text, err := os.ReadFile(p.path(filepath.Join(from, f.Name())))
		p.must(err)
		p.must(os.WriteFile(p.path(filepath.Join(to, f.Name())), text, 0o600))
	}
}

// A hostile log is one whose lines are not all what they seem.
type hostile struct {
	name  string
	head  string // of a file
	write func(sec int64, n int) (text string, rejected int)
	// rotated, when not nil, is told that the next line is the first of a file.
	rotated func()
}

func utf16le(text string) string {
	b := make([]byte, 0, 2*len(text))
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// hostiles are such logs.
func hostiles(r *rand.Rand) []*hostile {
	fields, header := 0, true
	combined := func(sec int64, n int) (string, int) {
		var b strings.Builder
		bad := 0
		for i := range n {
			b.WriteString(line(time.Unix(sec, 0).UTC(), fmt.Sprintf("/s%d/%d", i%5, r.IntN(1000))))
		}
		if r.IntN(40) == 0 {
			b.WriteString("what is this\n")
			bad++
		}
		if r.IntN(600) == 0 {
			b.WriteString(strings.Repeat("x", maxLine+10) + "\n")
			bad++
		}
		return b.String(), bad
	}
	w3c := func(sec int64, n int) (string, int) {
		var b strings.Builder
		if fields == 0 || r.IntN(100) == 0 {
			fields = 1 + r.IntN(2)
			b.WriteString([]string{"", "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n", "#Fields: date time cs-method cs-uri-stem c-ip sc-bytes sc-status\n"}[fields])
		}
		at := time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05")
		for range n {
			if fields == 1 {
				fmt.Fprintf(&b, "%s 192.0.2.1 GET /w/%d 200\n", at, r.IntN(100))
			} else {
				fmt.Fprintf(&b, "%s GET /w/%d 192.0.2.1 17 200\n", at, r.IntN(100))
			}
		}
		return b.String(), 0
	}
	docker := func(sec int64, n int) (string, int) {
		var b strings.Builder
		for range n {
			text := strings.TrimSuffix(line(time.Unix(sec, 0).UTC(), "/docker"), "\n")
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, "{\"log\":%q,\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n", text[:30])
				text = text[30:]
			}
			fmt.Fprintf(&b, "{\"log\":%q,\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n", text+"\n")
		}
		return b.String(), 0
	}
	csv := func(sec int64, n int) (string, int) {
		var b strings.Builder
		if header {
			// A log that has a header alone begins like each that was rotated away.
			b.WriteString("\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n")
			header = false
		}
		for range n {
			fmt.Fprintf(&b, "\"192.0.2.1\",\"-\",\"-\",%d,\"GET /csv/x HTTP/1.0\",200,1234\n", sec)
		}
		return b.String(), 0
	}
	wide := func(sec int64, n int) (string, int) {
		return utf16le(strings.Repeat(line(time.Unix(sec, 0).UTC(), "/wide"), n)), 0
	}
	return []*hostile{
		{name: "a.log", write: combined},
		{name: "w.log", write: w3c, rotated: func() { fields = 0 }},
		{name: "d.log", write: docker},
		{name: "c.log", write: csv, rotated: func() { header = true }},
		{name: "u.log", write: wide, head: "\xff\xfe"},
	}
}

// seeds are those of plays that take long. Under -short, as with the race detector,
// it is the last alone: the one with all of the logs.
func seeds() []uint64 {
	if testing.Short() {
		return []uint64{3}
	}
	return []uint64{0, 1, 2, 3}
}

// TestNoLineOfAHostileLogIsLostOrDoubledByKills while it is read back, whatever is in
// hand: of several logs, in UTF-16, with headers that change, in pieces, with lines
// that are rejected, rotated in between.
func TestNoLineOfAHostileLogIsLostOrDoubledByKills(t *testing.T) {
	for _, seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(p *play) {
				const lives = 12
				r := rand.New(rand.NewPCG(seed, 9))
				logs := hostiles(r)
				logs = logs[:2+seed%4]
				var names []string
				want, bad := map[int64]int64{}, 0
				sec := time.Now().Unix()
				for _, l := range logs {
					names = append(names, l.name)
					p.append(l.name, l.head)
				}
				write := func(seconds int) {
					texts := make([]strings.Builder, len(logs))
					for range seconds {
						sec++
						for i, l := range logs {
							n := 1 + r.IntN(3)
							text, rejected := l.write(sec, n)
							texts[i].WriteString(text)
							want[sec] += int64(n)
							bad += rejected
						}
					}
					<-time.After(time.Until(time.Unix(sec, 0)))
					for i, l := range logs {
						p.append(l.name, texts[i].String())
					}
				}
				folder := func(n int) string { return fmt.Sprintf("life%d", n) }
				for life := range lives {
					write(1 + r.IntN(1500))
					if r.IntN(3) == 0 {
						l := logs[r.IntN(len(logs))]
						to := p.path(l.name + "-" + time.Now().Format("20060102-150405"))
						if r.IntN(2) == 0 {
							p.must(os.Rename(p.path(l.name), to))
							p.append(l.name, "")
						} else {
							text, err := os.ReadFile(p.path(l.name))
							p.must(err)
							p.must(os.WriteFile(to, text, 0o644))
							p.must(os.Chtimes(to, time.Now(), time.Now()))
							p.must(os.Truncate(p.path(l.name), 0))
						}
						if l.rotated != nil {
							l.rotated()
						}
						p.append(l.name, l.head)
					}
					n := 1 + r.IntN(30)
					if r.IntN(3) == 0 {
						n = 1000
					}
					p.dying(p.remembering(folder(life), names...), n, folder(life), folder(life+1))
				}
				o := p.remembering(folder(lives), names...)
				p.start(o)
				for range 60 {
					write(1)
				}
				p.pause(3 * time.Minute)
				p.stop()
				p.must(o.History.Close())
				got := p.read(folder(lives))
				off := 0
				for _, s := range slices.Sorted(maps.Keys(want)) {
					n := want[s]
					if got.Seconds[s].Hits != n && off < 5 {
						off++
						p.Errorf("second %d: got %d hits, want %d", s, got.Seconds[s].Hits, n)
					}
				}
				var sum history.Figures
				for i := range got.Points {
					sum.Hits += got.Points[i].Hits
					sum.Rejected += got.Points[i].Rejected
					sum.Late += got.Points[i].Late
				}
				if sum.Rejected != int64(bad) || sum.Late != 0 {
					p.Errorf("got %d rejected, want %d; %d late", sum.Rejected, bad, sum.Late)
				}
			})
		})
	}
}
