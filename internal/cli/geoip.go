package cli

import (
	"cmp"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/geo"
	"weir/internal/monitor"
)

// placeFlags are the flags that say where clients are looked up.
type placeFlags struct{ files []string }

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
	return all, nil
}

// databases are asked in turn.
type databases []*geo.DB

func (d databases) close() {
	for _, db := range d {
		_ = db.Close() // only read from
	}
}

// place is the function that knows where clients are; nil without databases.
func (d databases) place() func([]byte) (country, city, network string) { return placeIn(d) }

// placeIn asks databases in turn, each for what those before it do not know. It
// is nil without any.
func placeIn[D interface{ Place([]byte) geo.Place }](all []D) func([]byte) (country, city, network string) {
	if len(all) == 0 {
		return nil
	}
	return func(client []byte) (country, city, network string) {
		for _, db := range all {
			p := db.Place(client)
			country, city, network = cmp.Or(country, p.Country), cmp.Or(city, p.City), cmp.Or(network, p.Network)
		}
		return country, city, network
	}
}

// live opens the databases for as long as logs are followed. They are to be
// closed.
func (o *placeFlags) live(now time.Time) (liveDatabases, error) {
	var all liveDatabases
	for _, name := range o.files {
		db, err := geo.OpenLive(name, now)
		if err != nil {
			all.close()
			return nil, &monitor.InputError{Text: err.Error()}
		}
		all = append(all, db)
	}
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
