package history

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/simulate"
	"weir/internal/traffic"
)

// sampler draws the tallies of a site.
type sampler struct {
	site     *simulate.Site
	sections traffic.Sections
	sealer   *traffic.Sealer
	line     simulate.Line
}

func newSampler(tb testing.TB) *sampler {
	tb.Helper()
	site, err := simulate.NewSite(simulate.SiteOptions{Seed: 1, Clients: 200_000})
	if err != nil {
		tb.Fatal(err)
	}
	return &sampler{site: site, sealer: traffic.NewSealer()}
}

// stretch is what a site of so many requests a second counts in a row.
func (s *sampler) stretch(rate int, l Level) Stretch {
	var t traffic.Tally
	seconds := make([]traffic.Second, 10)
	for i := range rate * int(l.Step()) {
		h := &s.line
		s.site.Next(h)
		r := accesslog.Record{
			Client: []byte(h.Client), Method: []byte(h.Method), Target: []byte(h.Target), Protocol: []byte(h.Protocol),
			Status: h.Status, Bytes: max(0, h.Bytes), Agent: []byte(h.Agent), Referrer: []byte(h.Referrer), Latency: h.Latency,
		}
		t.Add(&r, s.sections.Of(r.Method, r.Target, false))
		if l == TenSeconds {
			n := traffic.Second{Hits: 1, Bytes: max(0, h.Bytes)}
			n.Classes[traffic.Class(h.Status)]++
			seconds[i/rate].Add(n)
		}
	}
	st := Seal(s.sealer, &t, 0, l.Step())
	if l == TenSeconds {
		st.Seconds = seconds
	}
	return st
}

// at is s in another row.
func (s Stretch) at(from int64) Stretch {
	width := s.Frame.To - s.Frame.From
	s.Frame.From, s.Frame.To = from, from+width
	return s
}

// usual is the commit of a follower: a frame, a position, three states.
func usual(s Stretch, n int64) *Commit {
	mark := make([]byte, 600) // a position with its marks is about so long
	return &Commit{
		Sealed:    []Stretch{s.at(noon + 10*n)},
		Positions: map[string][]byte{"/var/log/nginx/access.log": append(mark, fmt.Sprint(n)...)},
		States:    map[string][]byte{"board": mark[:400], "clocks": mark[:100], "open": mark[:300]},
		Spans:     []Span{{Source: "/var/log/nginx/access.log", File: "8:1234", FromTime: noon + 10*n, ToTime: noon + 10*n + 10, FromOffset: n * 2_000_000, ToOffset: (n + 1) * 2_000_000}},
	}
}

// BenchmarkCommit commits frames of 10,000 hits. The gate is 100 µs of CPU.
func BenchmarkCommit(b *testing.B) {
	s := newSampler(b)
	var frames []Stretch
	for range 6 {
		frames = append(frames, s.stretch(1000, TenSeconds))
	}
	for _, building := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "with levels"}[building], func(b *testing.B) {
			db, err := Open(filepath.Join(b.TempDir(), "history.db"), Options{}) // with the disk, unlike open
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			commit(b, db, usual(frames[0], 0))
			if !building {
				for l := Minute; l < levels; l++ {
					db.w.head.built[l] = l.align(1 << 40)
				}
			}
			b.ReportAllocs()
			began, n := cpuTime(), int64(0)
			for b.Loop() {
				n++
				commit(b, db, usual(frames[n%6], n))
			}
			b.ReportMetric(float64(cpuTime()-began)/float64(time.Microsecond)/float64(n), "cpu-µs/commit")
			b.ReportMetric(float64(len(frames[0].Frame.AppendBinary(nil))), "B/frame")
		})
	}
}

// BenchmarkOpenFrame merges a frame into a Tally: what tables of the past cost.
func BenchmarkOpenFrame(b *testing.B) {
	s := newSampler(b)
	f := s.stretch(1000, Minute)
	var t traffic.Tally
	b.ReportAllocs()
	for b.Loop() {
		if err := s.sealer.Open(f.Frame, &t); err != nil {
			b.Fatal(err)
		}
	}
}

var monthRate = flag.Int("month", 1000, "requests a second of BenchmarkMonth")

// month makes a history of 30 days: minutes as given, then two days of tens of
// seconds, and what is built of them.
func month(b *testing.B, path string, rate int) *DB {
	b.Helper()
	s := newSampler(b)
	const from, fine = noon - 30*86400, noon - 2*86400
	var minutes, tens []Stretch
	for range 8 {
		minutes = append(minutes, s.stretch(rate, Minute))
		tens = append(tens, s.stretch(rate, TenSeconds))
	}
	db := open(b, path, Options{Max: -1})
	for at := int64(from); at < fine; at += 3600 {
		var c Commit
		for i := range int64(60) {
			c.Sealed = append(c.Sealed, minutes[(at/3600+i*7)%8].at(at+i*60))
		}
		commit(b, db, &c)
	}
	var commits, total time.Duration
	for at := int64(fine); at < noon; at += 10 {
		c := usual(tens[at/10%8], (at-noon)/10)
		began := cpuTime()
		commit(b, db, c)
		total += cpuTime() - began
		commits++
	}
	b.Logf("%d commits, with all levels, cost %v of CPU each", commits, total/commits)
	return db
}

// BenchmarkMonth makes a database of 30 days at 1,000 requests a second (-month)
// and asks it what people ask. The gates: open 100 ms, graph 20 ms, tables 50 ms.
func BenchmarkMonth(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history.db")
	db := month(b, path, *monthRate)
	began := time.Now()
	pruned, err := db.Prune(noon)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("pruned in %v: %+v", time.Since(began), pruned)
	stats, err := db.Stats()
	if err != nil {
		b.Fatal(err)
	}
	for l := range levels {
		have := stats.Levels[l]
		if have.Frames > 0 {
			b.Logf("%v: %d rows, %d frames, %d B/frame, %.2f MB a day, %.0f MB", l, have.Rows, have.Frames, have.Bytes/have.Frames,
				float64(have.Bytes)/float64(have.Frames)*86400/float64(l.Step())/1e6, float64(have.Bytes)/1e6)
		}
	}
	b.Logf("file %.0f MB, free %.0f MB", float64(stats.File)/1e6, float64(stats.Free)/1e6)
	db.Close()
	b.Run("open", func(b *testing.B) {
		loops, began := 0, cpuTime()
		for b.Loop() {
			loops++
			db, err := Open(path, Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			db.Close()
			b.StartTimer()
		}
		b.ReportMetric((cpuTime()-began).Seconds()*1000/float64(loops), "cpu-ms/op")
	})
	db = open(b, path, Options{})
	for name, step := range map[string]int64{"graph of hours": 3600, "graph of half hours": 1800, "graph of 10 minutes": 600, "graph of days": 86400} {
		b.Run(name, func(b *testing.B) {
			n, loops, began := 0, 0, cpuTime()
			for b.Loop() {
				loops++
				points, err := db.Series(noon-30*86400, noon, step)
				if err != nil {
					b.Fatal(err)
				}
				n = len(points)
			}
			b.ReportMetric(float64(n), "points")
			b.ReportMetric((cpuTime()-began).Seconds()*1000/float64(loops), "cpu-ms/op")
		})
	}
	for name, from := range map[string]int64{"tables": noon - 30*86400, "tables of an odd range": noon - 30*86400 + 12_340} {
		b.Run(name, func(b *testing.B) {
			s := traffic.NewSealer()
			var cover Cover
			loops, began := 0, cpuTime()
			for b.Loop() {
				loops++
				var t traffic.Tally
				var err error
				if _, cover, err = db.Tally(&t, s, from, noon); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cover.Rows[Minute]+cover.Rows[Hour]+cover.Rows[Day]+cover.Rows[TenSeconds]), "frames")
			b.ReportMetric((cpuTime()-began).Seconds()*1000/float64(loops), "cpu-ms/op")
		})
	}
}

// BenchmarkHour makes an hour of a site (-month requests a second) of rows of all
// levels and logs what their frames take: the sizes of docs/history.md.
func BenchmarkHour(b *testing.B) {
	for b.Loop() {
		s := newSampler(b)
		db := open(b, filepath.Join(b.TempDir(), "history.db"), Options{Max: -1})
		for at := int64(noon); at < noon+3600; at += 10 {
			commit(b, db, &Commit{Sealed: []Stretch{s.stretch(*monthRate, TenSeconds).at(at)}})
		}
		commit(b, db, &Commit{Until: noon + 86400})
		stats, err := db.Stats()
		if err != nil {
			b.Fatal(err)
		}
		all, o := 0.0, Options{}
		for l := range levels {
			frame := float64(stats.Levels[l].Bytes) / float64(stats.Levels[l].Frames)
			kept := 30 * 86400.0
			if keep := o.tables(l); keep > 0 {
				kept = min(kept, float64(keep))
			}
			mb := frame * kept / float64(l.Step()) / 1e6
			all += mb
			b.Logf("%v: %.0f B/frame, %.2f MB a day, %.0f MB after 30 days", l, frame, frame*86400/float64(l.Step())/1e6, mb)
		}
		rows := float64(stats.Levels[TenSeconds].Rows)
		b.Logf("%.0f MB of frames after 30 days; the file is %.2f times the frames of it (%.0f rows)", all,
			float64(stats.File-stats.Free)/float64(stats.Levels[0].Bytes+stats.Levels[1].Bytes+stats.Levels[2].Bytes+stats.Levels[3].Bytes+stats.Levels[4].Bytes), rows)
	}
}
