package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// drawAt draws n requests, so many a second.
func drawAt(s *Site, n, rate int) []Line {
	lines := make([]Line, n)
	for i := range lines {
		lines[i].At = time.Unix(1_773_151_500, 0).Add(time.Duration(i) * time.Second / time.Duration(rate))
		s.Next(&lines[i])
	}
	return lines
}

func TestPeopleComeForVisits(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 12, Clients: 5000, Sessions: true})
	pages := map[string]string{} // the page that each client looks at
	from, parts, revisits, first := 0, 0, map[bool][2]int{}, 0
	seen := map[string]bool{}
	const n = 50_000
	for _, l := range drawAt(s, n, 50) {
		asset := strings.HasSuffix(l.Target, ".js") || strings.HasPrefix(l.Target, "/static") || strings.HasPrefix(l.Target, "/images")
		if !asset && !strings.HasPrefix(l.Target, "/api") && !strings.HasPrefix(l.Target, "/feed") {
			if l.Referrer == pages[l.Client] {
				from++
			} else if l.Referrer != "-" && !strings.HasPrefix(l.Referrer, "https://") {
				// Somebody may be here twice at a time.
				first++
			}
			pages[l.Client] = "http://www.example.org" + l.Target
			seen[l.Client] = true
			continue
		}
		if !seen[l.Client] {
			t.Fatalf("%s loads %s before any page", l.Client, l.Target)
		}
		if asset {
			parts++
			r := revisits[l.Status == 304]
			r[0]++
			revisits[l.Status == 304] = r
		}
		if !strings.HasPrefix(l.Referrer, "http://www.example.org/") {
			t.Fatalf("%s is loaded by %s", l.Target, l.Referrer)
		}
	}
	if parts < n*4/10 || parts > n*8/10 {
		t.Errorf("got %d parts of pages in %d requests, want about six in ten", parts, n)
	}
	if from < n/20 || first > from/2 {
		t.Errorf("got %d pages that the one before refers to, %d others, want mostly those", from, first)
	}
	if share := float64(revisits[true][0]) / float64(parts); share < 0.25 || share > 0.8 {
		t.Errorf("%.2f of the parts were in a cache, want about half: few clients come again and again", share)
	}
}

func TestVisitsFollowTheRateInBoundedMemory(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 13, Clients: 100_000, Sessions: true})
	under := func() int { return len(s.visits.heap) }
	l := Line{At: time.Unix(1_773_151_500, 0)}
	run := func(seconds, rate int) {
		for range seconds * rate {
			l.At = l.At.Add(time.Second / time.Duration(rate))
			s.Next(&l)
		}
	}
	run(40, 100)
	calm := under()
	run(40, 2000)
	busy := under()
	if busy < 8*calm { // reading takes as long
		t.Errorf("%d visits at 100 requests a second, %d at 2000", calm, busy)
	}
	run(120, 20)
	if got := under(); got > busy/8 {
		t.Errorf("%d of %d visits are under way at 20 requests a second, want most to have given up", got, busy)
	}
	run(1, 800_000)
	if got := under(); got > maxVisits {
		t.Errorf("%d visits, want %d at most", got, maxVisits)
	}
	l.At = l.At.Add(time.Hour)
	s.Next(&l)
	if got := under(); got > 1 {
		t.Errorf("after an hour of silence %d visits go on", got)
	}
}

func TestStrangersAreAsManyAsAsked(t *testing.T) {
	for _, sessions := range []bool{false, true} {
		s := newTestSite(t, SiteOptions{Seed: 14, Clients: 5000, Sessions: sessions, Bots: 0.2, Scanners: 0.1})
		bots, scans, vain := 0, 0, 0
		paths, run, longest, before := map[string]bool{}, 0, 0, ""
		const n = 50_000
		for _, l := range drawAt(s, n, 50) {
			switch {
			case strings.HasPrefix(l.Client, "192.0.2."):
				bots++
				paths[l.Target] = true
				if l.Method != "GET" || l.Query != "" || l.Referrer != "-" {
					t.Fatalf("a crawler sent %+v", l)
				}
			case strings.HasPrefix(l.Client, "198.51.100."):
				scans++
				if l.Status >= 400 {
					vain++
				}
				if l.Client != before {
					run = 0
				}
				run, before = run+1, l.Client
				longest = max(longest, run)
			default:
				if l.Garbage != "" {
					t.Fatalf("people sent %+v", l)
				}
			}
		}
		if x := float64(bots) / n; x < 0.19 || x > 0.21 {
			t.Errorf("bots got %.3f, want 0.2", x)
		}
		if x := float64(scans) / n; x < 0.09 || x > 0.11 {
			t.Errorf("scanners got %.3f, want 0.1", x)
		}
		if vain < scans*9/10 || longest < 50 {
			t.Errorf("%d of %d scans were in vain, one scanner sent %d in a row", vain, scans, longest)
		}
		if len(paths) < 700 {
			t.Errorf("crawlers have seen %d paths, want nearly all 768", len(paths))
		}
	}
}

func TestTheSameSeedDrawsTheSameVisitsAndStrangers(t *testing.T) {
	draw := func(seed uint64) string {
		s := newTestSite(t, SiteOptions{Seed: seed, Clients: 500, Sessions: true, Bots: 0.1, Scanners: 0.1})
		return fmt.Sprint(drawAt(s, 2000, 20))
	}
	if first, again := draw(1), draw(1); first != again {
		t.Error("one seed drew different requests")
	}
	if draw(1) == draw(2) {
		t.Error("two seeds drew the same requests")
	}
}

// What is new must not change the logs of old seeds.
func TestWithoutVisitsAndStrangersASeedDrawsWhatItAlwaysDid(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 1, Clients: 20_000})
	f, err := NewFormat("common", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, l := range drawAt(s, 2, 1) {
		got = f.AppendLine(got, &l)
	}
	const want = `210.75.161.152 - - [10/Mar/2026:14:05:00 +0000] "GET /api HTTP/1.1" 204 -
205.8.162.95 - - [10/Mar/2026:14:05:01 +0000] "GET /account/olive-ember HTTP/2.0" 200 7660
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
