package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func newTestSite(t testing.TB, o SiteOptions) *Site {
	t.Helper()
	s, err := NewSite(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSameSeedDrawsTheSameRequests(t *testing.T) {
	draw := func(seed uint64) string {
		s, out := newTestSite(t, SiteOptions{Seed: seed, Clients: 500}), ""
		var l Line
		for range 300 {
			s.Next(&l)
			out += fmt.Sprintln(l)
		}
		return out
	}
	if first, again := draw(1), draw(1); first != again {
		t.Error("one seed drew different requests")
	}
	if draw(1) == draw(2) {
		t.Error("two seeds drew the same requests")
	}
}

func TestSectionsAreTheAskedOnesByZipf(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 3, Sections: 20, Clients: 1000})
	hits := map[string]int{}
	var l Line
	const n = 200_000
	for range n {
		s.Next(&l)
		name := l.Target
		if i := strings.IndexByte(name[1:], '/'); i >= 0 {
			name = name[:i+1]
		}
		hits[name]++
	}
	if got := s.Sections(); len(hits) != 20 || len(got) != 20 || !slices.Contains(got, "/section-17") {
		t.Fatalf("got sections %v and hits %v, want 20 with /section-17", got, hits)
	}
	// 1/rank over the sum of 1/1..1/20, which is 3.5977; five standard errors are 0.005.
	for name, rank := range map[string]float64{"/api": 1, "/products": 2, "/static": 3, "/section-20": 20} {
		if got, want := float64(hits[name])/n, 1/rank/3.5977; got < want-0.005 || got > want+0.005 {
			t.Errorf("share of %s got %.4f, want %.4f", name, got, want)
		}
	}
}

func TestAClientKeepsItsAgent(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 4, Clients: 5000})
	agents, hits, v6 := map[string]string{}, map[string]int{}, 0
	bots := 0
	var l Line
	const n = 100_000
	for range n {
		s.Next(&l)
		who := l.Agent + l.Protocol + l.User
		if before, ok := agents[l.Client]; ok && before != who {
			t.Fatalf("client %s got %q after %q", l.Client, who, before)
		}
		agents[l.Client] = who
		hits[l.Client]++
		if slices.Contains(botAgents(), l.Agent) {
			bots++
			if l.Method != "GET" || l.Referrer != "-" {
				t.Fatalf("a bot got %s with referrer %s", l.Method, l.Referrer)
			}
		}
	}
	for addr := range agents {
		a, err := netip.ParseAddr(addr)
		if err != nil {
			t.Fatal(err)
		}
		if a.Is6() {
			v6++
			if !netip.MustParsePrefix("2001:db8::/32").Contains(a) {
				t.Errorf("address %s is not one for documentation", a)
			}
		}
	}
	if share := float64(v6) / float64(len(agents)); share < 0.10 || share > 0.15 {
		t.Errorf("share of version 6 got %.3f, want about 1/8", share)
	}
	if bots == 0 || bots > n/5 {
		t.Errorf("got %d requests of %d by bots, want a few", bots, n)
	}
	counts := make([]int, 0, len(hits))
	for _, h := range hits {
		counts = append(counts, h)
	}
	slices.Sort(counts)
	// Rank 1 of 5,000 by 1/rank^0.9 has 5.4 %; the median client has 9 in 100,000.
	if top, median := counts[len(counts)-1], counts[len(counts)/2]; top < n/25 || median > n/5000 {
		t.Errorf("the busiest client got %d, the median %d: not heavy-tailed", top, median)
	}
}

func TestRepliesFitTheirStatus(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 5, Clients: 100})
	statuses := map[int]int{}
	var l Line
	const n = 100_000
	for range n {
		s.Next(&l)
		statuses[l.Status]++
		bodyless := l.Status == 304 || l.Status == 204 || l.Method == "HEAD"
		if bodyless != (l.Bytes == NoBytes) || l.Latency < 0 {
			t.Fatalf("%s with status %d got %d bytes in %v", l.Method, l.Status, l.Bytes, l.Latency)
		}
		for _, f := range []string{l.Client, l.User, l.Host, l.Method, l.Target, l.Query, l.Protocol, l.Referrer, l.Agent} {
			if strings.ContainsFunc(f, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
				t.Fatalf("field %q would need quoting", f)
			}
		}
	}
	if statuses[200] < n*7/10 || statuses[304] < n/100 || statuses[404] < n/200 || statuses[500]+statuses[503] < n/2000 {
		t.Errorf("statuses got %v, want mostly 200 with some 304, 404 and 5xx", statuses)
	}
}

func TestTheHostStandsWhereItIsAsked(t *testing.T) {
	var l Line
	for _, c := range []struct {
		o            SiteOptions
		host, target string
	}{
		{SiteOptions{}, "www.example.org:80", "/"},
		{SiteOptions{Host: "shop.test"}, "shop.test:80", "/"},
		{SiteOptions{Host: "shop.test:8443"}, "shop.test:8443", "/"},
		{SiteOptions{Host: "shop.test", AbsoluteTargets: true}, "shop.test:80", "http://shop.test/"},
	} {
		c.o.Clients = 10
		s := newTestSite(t, c.o)
		own := 0
		for range 500 {
			s.Next(&l)
			if l.Host != c.host || !strings.HasPrefix(l.Target, c.target) {
				t.Fatalf("%+v got host %q and target %q", c.o, l.Host, l.Target)
			}
			if strings.HasPrefix(l.Referrer, "http://"+strings.TrimSuffix(c.host, ":80")+"/") {
				own++
			}
			if strings.Count(l.Referrer, "://") > 1 {
				t.Fatalf("referrer got %q", l.Referrer)
			}
		}
		if own == 0 {
			t.Errorf("%+v got no referrer of its own", c.o)
		}
	}
}

func TestASiteThatCannotBeIsRefused(t *testing.T) {
	for _, o := range []SiteOptions{{Sections: -1}, {Sections: 1 << 20}, {Clients: -1}, {Clients: 1 << 30}, {Host: `a"b`}, {Host: "a b"}, {Host: "http://a/"}} {
		if _, err := NewSite(o); err == nil {
			t.Errorf("NewSite(%+v) got no error", o)
		}
	}
}

func TestAWheelDrawsByWeight(t *testing.T) {
	weights := []float64{5, 0, 1, 3, 0.5, 0.5}
	s := newTestSite(t, SiteOptions{Seed: 6, Clients: 1})
	w, counts := newWheel(weights), make([]int, len(weights))
	const n = 200_000
	for range n {
		counts[w.draw(s.rand)]++
	}
	for i, weight := range weights {
		if got := float64(counts[i]) / n; got < weight/10-0.006 || got > weight/10+0.006 || weight == 0 && got != 0 {
			t.Errorf("number %d of weight %v/10 got a share of %.4f", i, weight, got)
		}
	}
}
