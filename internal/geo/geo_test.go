package geo

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the databases in testdata")

func named(name string) map[string]any {
	return map[string]any{"names": map[string]any{"de": "auf Deutsch", "en": name}}
}

// places is a database of countries and cities, each row as another maker would
// write it.
func places() []byte {
	nameless := map[string]any{"iso_code": "SE", "names": map[string]any{"de": "Schweden"}}
	return database(6,
		network{"192.0.2.0/24", map[string]any{"country": named("Germany"), "city": named("Berlin")}},
		network{"198.51.100.0/25", map[string]any{"country": nameless}},
		network{"198.51.100.128/25", map[string]any{"country": "France", "country_code": "FR", "city": "Paris"}},
		network{"203.0.113.0/25", map[string]any{"country": "PT", "country_name": "Portugal"}},
		network{"203.0.113.128/25", map[string]any{"country_code": "CL", "name": "no network"}},
		network{"2001:db8::/32", map[string]any{"country": named("Norway"), "city": named("Oslo")}},
		network{"10.0.0.0/8", map[string]any{"country": named("Nowhere")}},
	)
}

// networks is a database of autonomous systems, without IPv6.
func networks() []byte {
	return database(4,
		network{"192.0.2.0/24", map[string]any{"autonomous_system_number": uint32(64_496), "autonomous_system_organization": "Example AG"}},
		network{"198.51.100.0/25", map[string]any{"asn": "AS64497", "as_name": "Example SA"}},
		network{"198.51.100.128/25", map[string]any{"asn": "64498", "name": strings.Repeat("ä", 120)}},
		network{"203.0.113.0/24", map[string]any{"autonomous_system_number": uint32(64_499)}},
	)
}

func write(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t *testing.T, b []byte) *DB {
	t.Helper()
	db, err := Open(write(t, b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestClientsHaveThePlaceTheDatabaseSays(t *testing.T) {
	where, who := open(t, places()), open(t, networks())
	for _, db := range []*DB{where, who} {
		if err := db.reader.Verify(); err != nil {
			t.Errorf("the database of the test: %v", err)
		}
	}
	for client, want := range map[string]Place{
		"192.0.2.7":              {"Germany", "Berlin", "AS64496 Example AG", ""},
		"::ffff:192.0.2.7":       {"Germany", "Berlin", "AS64496 Example AG", ""},
		"198.51.100.1":           {"SE", "", "AS64497 Example SA", "SE"},
		"198.51.100.200":         {"France", "Paris", "AS64498 " + strings.Repeat("ä", 100), "FR"},
		"203.0.113.1":            {"Portugal", "", "AS64499", "PT"},
		"203.0.113.200":          {"CL", "", "AS64499", "CL"},
		"2001:db8::1":            {"Norway", "Oslo", "", ""},
		"2001:db8::1%eth0":       {"Norway", "Oslo", "", ""},
		"2001:db9::1":            {},
		"8.8.8.8":                {},
		"10.1.2.3":               {}, // though the database has it
		"127.0.0.1":              {},
		"::1":                    {},
		"fe80::1":                {},
		"0.0.0.0":                {},
		"":                       {},
		"-":                      {},
		"www.example.org":        {},
		"192.0.2.7:80":           {},
		strings.Repeat("1", 999): {},
	} {
		for range 2 { // the second time it is remembered
			got := where.Place([]byte(client))
			got.Network = who.Place([]byte(client)).Network
			if got != want {
				t.Errorf("%s: got %+v, want %+v", client, got, want)
			}
		}
	}
	if where.Err() != nil || who.Err() != nil {
		t.Errorf("got the errors %v and %v, want none", where.Err(), who.Err())
	}
}

func TestWhatCannotBeOpenedIsASentence(t *testing.T) {
	whole := places()
	for _, c := range []struct{ name, path, want string }{
		{"missing", filepath.Join(t.TempDir(), "none.mmdb"), "cannot read the database "},
		{"a directory", t.TempDir(), " is not a file: "},
		{"empty", write(t, nil), " is not a MaxMind database, or is cut short"},
		{"text", write(t, []byte("network,country\n")), " is not a MaxMind database, or is cut short"},
		{"gzip", write(t, []byte("\x1f\x8b\x08 and so on")), " is packed with gzip"},
		{"the head only", write(t, whole[:len(whole)/2]), " is not a MaxMind database, or is cut short"},
		{"the end is missing", write(t, whole[:len(whole)-9]), " is damaged or cut short"},
		{"the head is missing", write(t, whole[len(whole)/2:]), " is damaged or cut short"},
	} {
		db, err := Open(c.path)
		if err == nil {
			db.Close()
			t.Errorf("%s: no error, want one", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: got %q, want it to name the file and say %q", c.name, err, c.want)
		}
	}
}

// TestADamagedDatabaseIsBorne: cut at every byte, and with every byte changed,
// a database is refused or read, but never the end of the process.
func TestADamagedDatabaseIsBorne(t *testing.T) {
	clients := []string{"192.0.2.7", "198.51.100.1", "198.51.100.200", "203.0.113.200", "2001:db8::1", "8.8.8.8"}
	refused, damaged := 0, 0
	name := write(t, nil)
	look := func(b []byte) {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(name)
		if err != nil {
			refused++
			return
		}
		defer db.Close()
		for _, c := range clients {
			p := db.Place([]byte(c))
			if len(p.Country) > maxName || len(p.City) > maxName || len(p.Network) > 2*maxName+3 {
				t.Errorf("a place of %d, %d, %d bytes", len(p.Country), len(p.City), len(p.Network))
			}
		}
		if db.Err() != nil {
			damaged++
		}
	}
	for _, whole := range [][]byte{places(), networks()} {
		for i := range whole {
			look(whole[:i])
			for _, flip := range []byte{0x01, 0x20, 0x80, 0xff} {
				b := bytes.Clone(whole)
				b[i] ^= flip
				look(b)
			}
		}
	}
	if refused == 0 || damaged == 0 {
		t.Errorf("%d refused, %d damaged where they were read: want some of both", refused, damaged)
	}
}

func TestTheDatabasesOfOtherTestsAreThese(t *testing.T) {
	for name, want := range map[string][]byte{"places.mmdb": places(), "networks.mmdb": networks()} {
		name = filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what this test makes (%v): go test ./internal/geo -update writes it", name, err)
		}
	}
}

func TestNoMorePlacesAreRememberedThanAreToBe(t *testing.T) {
	db := open(t, places())
	for i := range uintptr(maxPlaces) {
		db.places[1<<40+i] = Place{}
	}
	if p := db.Place([]byte("192.0.2.7")); p.City != "Berlin" || len(db.places) != 1 {
		t.Errorf("got %+v with %d remembered, want Berlin with 1", p, len(db.places))
	}
}

// TestTwinsShareTheFileAndTheDamage: each goroutine has one.
func TestTwinsShareTheFileAndTheDamage(t *testing.T) {
	broken := places()
	copy(broken[bytes.Index(broken, []byte("\x44city")):], "\x3f\xff\xff\xff\xff") // a key becomes a pointer to nowhere
	for _, c := range []struct {
		b      []byte
		city   string
		damage bool
	}{{places(), "Berlin", false}, {broken, "", true}} {
		db := open(t, c.b)
		var wait sync.WaitGroup
		for range 4 {
			twin := db.Twin()
			wait.Go(func() {
				for range 100 {
					if p := twin.Place([]byte("192.0.2.7")); p.City != c.city {
						t.Errorf("got the city %q, want %q", p.City, c.city)
					}
				}
			})
		}
		wait.Wait()
		if (db.Err() != nil) != c.damage {
			t.Errorf("got the damage %v", db.Err())
		}
	}
}

func FuzzADatabaseOfAnyBytes(f *testing.F) {
	f.Add(places(), "192.0.2.7")
	f.Add(networks(), "198.51.100.200")
	f.Add([]byte(marker), "2001:db8::1")
	f.Fuzz(func(t *testing.T, b []byte, client string) {
		db, err := Open(write(t, b))
		if err != nil {
			return
		}
		defer db.Close()
		if p := db.Place([]byte(client)); len(p.Country) > maxName || len(p.City) > maxName {
			t.Errorf("a place of %d and %d bytes", len(p.Country), len(p.City))
		}
	})
}
