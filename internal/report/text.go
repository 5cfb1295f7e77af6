package report

import (
	"io"
	"time"

	"weir/internal/alert"
)

// Text writes a Report as a page for a person, to be read from its head down:
// what was read, the whole of it, when, what stands out, who and what, the
// alerts of the past, what could not be read. It belongs to one goroutine.
type Text struct {
	W     io.Writer
	Zone  *time.Location // of all times; nil is UTC
	Color bool           // terminal sequences may be written
	Width int            // cells; 0 is 80, and fewer than 60 are 60
}

const (
	usualWidth  = 80
	leastWidth  = 60
	maxMessages = 100 // alerts that are listed, the newest ones
	maxLogs     = 12  // that are listed by name
	maxItems    = 6   // methods or protocols that are listed
)

// Write writes r in one piece. The error is that of the writer.
func (t *Text) Write(r *Report) error {
	p := &page{Report: r, zone: zone(t.Zone), color: t.Color, width: max(t.Width, leastWidth)}
	if t.Width == 0 {
		p.width = usualWidth
	}
	p.head()
	if r.Seen {
		p.whole()
		p.when()
		p.notes()
		p.breakdown()
		p.past()
	} else {
		p.nothing()
	}
	p.logs()
	_, err := t.W.Write(p.buf)
	return err
}

// breakdown writes the tables.
func (p *page) breakdown() {
	hits := p.Hits
	p.table("sections", p.Sections, ofSections, hits)
	p.table("paths", p.Paths, ofRequests, hits)
	p.table("clients", p.Clients, ofRequests, hits)
	p.table("countries", p.Countries, ofPlaces, hits)
	p.table("cities", p.Cities, ofPlaces, hits)
	p.table("networks", p.Networks, ofPlaces, hits)
	p.table("agents", p.Agents, ofAgents, hits)
	p.table("browsers", p.Browsers, ofRequests, hits)
	p.table("systems", p.Systems, ofRequests, hits)
	p.table("bots", p.Bots, ofRequests, hits)
	p.table("referring sites", p.Referrers, ofSome, hits)
	if p.Hosts.Keys > 1 {
		p.table("hosts", p.Hosts, ofRequests, hits)
	}
	p.table("users", p.Users, ofSome, hits)
	p.table("paths answered 404", p.NotFound, ofAnswers, p.Count(404))
	p.table("paths answered 5xx", p.ServerErrors, ofAnswers, p.Classes[5])
}

// eventColor is the colour of a change of state.
func eventColor(s alert.State) string {
	if s == alert.Firing {
		return red
	}
	return green
}
