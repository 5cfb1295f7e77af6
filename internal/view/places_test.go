package view

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/traffic"
)

// put is the place of a client that is called country/city/network.
func put(client []byte) (country, city, network string) {
	parts := strings.Split(string(client)+"//", "/")
	return parts[0], parts[1], parts[2]
}

func placed(tb Table) string {
	text := fmt.Sprintf("%d keys, rest %d:", tb.Keys, tb.Rest)
	for _, r := range tb.Rows {
		text += fmt.Sprintf(" [%s %d, %d bytes, %d errors]", r.Key, r.Hits, r.Bytes, r.Errors)
	}
	return text
}

func TestClientsArePutTogetherByPlace(t *testing.T) {
	var tally traffic.Tally
	for client, n := range map[string]int{
		"France/Paris/AS1": 5, "France/Lyon/AS1": 4, "Texas/Paris/AS2": 3, "Chile//AS1": 2, "/Nowhere/": 1, "": 6,
	} {
		count(&tally, n, request(client, "/", 200), "/")
	}
	count(&tally, 1, request("France/Lyon/AS1", "/", 500), "/")
	var s Stats
	s.PlacesOf(&tally, 3, put)
	for name, c := range map[string]struct{ got, want string }{
		"countries": {placed(s.Countries), "4 keys, rest 2: [France 10, 1000 bytes, 1 errors] [(unknown) 7, 700 bytes, 0 errors] [Texas 3, 300 bytes, 0 errors]"},
		"cities":    {placed(s.Cities), "5 keys, rest 4: [(unknown) 8, 800 bytes, 0 errors] [Lyon, France 5, 500 bytes, 1 errors] [Paris, France 5, 500 bytes, 0 errors]"},
		"networks":  {placed(s.Networks), "3 keys, rest 0: [AS1 12, 1200 bytes, 1 errors] [(unknown) 7, 700 bytes, 0 errors] [AS2 3, 300 bytes, 0 errors]"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
}

func TestATableOfPlacesWithoutAnyIsEmpty(t *testing.T) {
	for _, c := range []struct {
		client                      string
		countries, cities, networks int
	}{
		{"France", 1, 0, 0},
		{"/Paris", 0, 1, 0},
		{"//AS1", 0, 0, 1},
		{"//", 1, 0, 0}, // the row of those that are not known
	} {
		var tally traffic.Tally
		count(&tally, 1, request(c.client, "/", 200), "/")
		var s Stats
		s.PlacesOf(&tally, 10, put)
		if got := [3]int{len(s.Countries.Rows), len(s.Cities.Rows), len(s.Networks.Rows)}; got != [3]int{c.countries, c.cities, c.networks} {
			t.Errorf("%s: got %d rows, want %d, %d, %d", c.client, got, c.countries, c.cities, c.networks)
		}
	}
}

// TestClientsThatWereDroppedAreInTheRest: what the tables show and leave out is
// every hit, however many clients had to go.
func TestClientsThatWereDroppedAreInTheRest(t *testing.T) {
	var tally traffic.Tally
	for i := range 100_000 {
		count(&tally, 1, request(fmt.Sprintf("France//%d", i), "/", 200), "/")
	}
	var s Stats
	s.PlacesOf(&tally, 10, put)
	if tb := s.Countries; tb.Keys != 1 || tb.Rest == 0 || tb.Rows[0].Hits+tb.Rest != 100_000 || tb.Bound != tally.Bound(traffic.ByClient) || tb.Bound == 0 {
		t.Errorf("got %s with the bound %d, want one row and a rest of 100,000 hits in all, and the bound %d", placed(tb), tb.Bound, tally.Bound(traffic.ByClient))
	}
}
