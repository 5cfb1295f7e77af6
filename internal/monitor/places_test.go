package monitor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/geo"
	"weir/internal/view"
)

// database puts one of the databases that the test of package geo makes in the
// place of another, as those who fetch them do.
func (p *play) database(from, name string) {
	p.Helper()
	b, err := os.ReadFile(filepath.Join("../geo/testdata", from))
	p.must(err)
	p.must(os.WriteFile(p.path("new"), b, 0o644))
	p.touch("new")
	p.must(os.Rename(p.path("new"), p.path(name)))
}

func TestADatabaseThatIsReplacedIsUsedFromTheNextIntervalOn(t *testing.T) {
	inBubble(t, func(p *play) {
		p.database("places.mmdb", "geo.mmdb")
		db, err := geo.OpenLive(p.path("geo.mmdb"), time.Now())
		p.must(err)
		defer db.Close()
		o := p.options("access.log")
		asked := 0
		o.Look = db.Look
		o.Gauge.Tops.Places = 3
		o.Gauge.Place = func(client []byte) (country, city, network string) {
			asked++
			place := db.Place(client)
			return place.Country, place.City, place.Network
		}
		p.start(o)
		p.traffic("access.log", 5, 25*time.Second)
		p.must(os.WriteFile(p.path("geo.mmdb"), []byte("half"), 0o644))
		p.traffic("access.log", 5, 20*time.Second)
		p.database("networks.mmdb", "geo.mmdb")
		p.traffic("access.log", 5, 35*time.Second)
		p.stop()
		p.counted()
		first := func(t view.Table) string {
			if len(t.Rows) == 0 {
				return ""
			}
			return t.Rows[0].Key
		}
		shown := p.screen.intervals()
		for i, iv := range shown {
			country, network := "Germany", ""
			if i >= len(shown)-3 {
				country, network = "", "AS64496 Example AG"
			}
			if i >= 4 && i < len(shown)-3 {
				continue // the new one is found within
			}
			if c, n := first(iv.Countries), first(iv.Networks); c != country || n != network {
				p.Errorf("interval %d: got the country %q and the network %q, want %q and %q", i, c, n, country, network)
			}
		}
		if n := first(p.screen.closing.Networks); n != "AS64496 Example AG" || p.screen.closing.Networks.Rows[0].Hits != int64(p.wrote) {
			p.Errorf("got the network %q in the summary", n)
		}
		if asked != len(shown)+1 {
			p.Errorf("the place of one client was asked for %d times, want once for each of %d intervals and the summary", asked, len(shown))
		}
		notices := p.screen.notices()
		if strings.Count(notices, "geo.mmdb") != 2 || !strings.Contains(notices, "is not a MaxMind database") || !strings.Contains(notices, "has changed") {
			p.Errorf("got the notices %q, want one of the broken database and one of the new one", notices)
		}
	})
}
