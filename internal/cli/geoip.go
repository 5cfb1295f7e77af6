package cli

import (
	"cmp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/geo"
	"weir/internal/monitor"
	"weir/internal/query"
)

// placeFlags are the flags that say where clients are looked up.
type placeFlags struct {
	files  []string
	opened databases     // by open
	live   liveDatabases // by follow
}

func (o *placeFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&o.files, "geoip", nil, "countries, cities, networks of clients, out of this MaxMind database `FILE` (.mmdb); may be repeated, what they know is put together")
}

// open opens the databases, which are to be closed.
func (o *placeFlags) open() (databases, error) {
	var all databases
	for _, name := range o.files {
		db, err := geo.Open(name)
		if err != nil {
			all.close()
			return nil, &monitor.InputError{Text: err.Error()}
		}
		all = append(all, db)
	}
	o.opened = all
	return all, nil
}

// lookup returns the function that expressions ask, for one goroutine. The
// databases may still have to be opened.
func (o *placeFlags) lookup() func(client []byte) query.Place {
	var twins databases
	for _, db := range o.opened {
		twins = append(twins, db.Twin())
	}
	return func(client []byte) query.Place {
		var found geo.Place
		if o.live != nil {
			found = placeIn(o.live, client)
		} else {
			found = placeIn(twins, client)
		}
		number, _, _ := strings.Cut(found.Network, " ")
		return query.Place{Country: found.Country, Code: found.Code, City: found.City, ASN: number}
	}
}

// databases are asked in turn.
type databases []*geo.DB

func (d databases) close() {
	for _, db := range d {
		_ = db.Close() // only read from
	}
}

// place is the function that knows where clients are; nil without databases.
func (d databases) place() func([]byte) (country, city, network string) { return namesIn(d) }

// namesIn is placeIn for views; nil without databases.
func namesIn[D locator](all []D) func([]byte) (country, city, network string) {
	if len(all) == 0 {
		return nil
	}
	return func(client []byte) (country, city, network string) {
		p := placeIn(all, client)
		return p.Country, p.City, p.Network
	}
}

// A locator is a geo.DB or a geo.Live.
type locator interface{ Place(client []byte) geo.Place }

// placeIn asks databases in turn, each for what those before it do not know.
func placeIn[D locator](all []D, client []byte) (found geo.Place) {
	for _, db := range all {
		p := db.Place(client)
		if found.Country == "" {
			found.Country, found.Code = p.Country, p.Code
		}
		found.City, found.Network = cmp.Or(found.City, p.City), cmp.Or(found.Network, p.Network)
	}
	return found
}

// follow opens the databases for as long as logs are followed. They are to be
// closed.
func (o *placeFlags) follow(now time.Time) (liveDatabases, error) {
	var all liveDatabases
	for _, name := range o.files {
		db, err := geo.OpenLive(name, now)
		if err != nil {
			all.close()
			return nil, &monitor.InputError{Text: err.Error()}
		}
		all = append(all, db)
	}
	o.live = all
	return all, nil
}

// liveDatabases are asked as databases are, and looked after.
type liveDatabases []*geo.Live

func (d liveDatabases) close() {
	for _, db := range d {
		_ = db.Close() // only read from
	}
}

// look looks after all of them.
func (d liveDatabases) look(now time.Time) (notices []string) {
	for _, db := range d {
		notices = append(notices, db.Look(now)...)
	}
	return notices
}

// damage is what was found to be wrong with the databases, a sentence each.
func (d databases) damage() []string {
	var said []string
	for _, db := range d {
		if err := db.Err(); err != nil {
			said = append(said, err.Error())
		}
	}
	return said
}
