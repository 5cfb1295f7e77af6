package geo

import (
	"cmp"
	"strconv"
	"strings"
)

// maxName is how many bytes of a name are kept.
const maxName = 200

// A record holds the fields that databases name places by. They are of any
// type, because the same name is a map in one and a string in another.
type record struct {
	Country      any `maxminddb:"country"`      // GeoIP2, DB-IP: a map; IPinfo: a name or a code
	CountryName  any `maxminddb:"country_name"` // IPinfo
	CountryCode  any `maxminddb:"country_code"` // IPinfo and others
	City         any `maxminddb:"city"`
	Number       any `maxminddb:"autonomous_system_number"` // GeoIP2, DB-IP
	Organization any `maxminddb:"autonomous_system_organization"`
	ASN          any `maxminddb:"asn"`     // IPinfo: AS3320
	ASName       any `maxminddb:"as_name"` // IPinfo Lite
	Name         any `maxminddb:"name"`    // IPinfo, beside asn
}

func (r *record) place() Place {
	return Place{
		Country: cmp.Or(english(r.Country), text(r.CountryName), text(r.Country), code(r.Country), text(r.CountryCode)),
		City:    cmp.Or(english(r.City), text(r.City)),
		Network: r.network(),
		Code:    cmp.Or(code(r.Country), text(r.CountryCode), short(text(r.Country))),
	}
}

func (r *record) network() string {
	n, name := cmp.Or(number(r.Number), number(r.ASN)), cmp.Or(text(r.Organization), text(r.ASName))
	if name == "" && n != "" {
		name = text(r.Name) // which means anything where no network stands beside it
	}
	return strings.TrimSpace(n + " " + name)
}

// english is the English name in a map of GeoIP2.
func english(field any) string {
	of, _ := field.(map[string]any)
	names, _ := of["names"].(map[string]any)
	return text(names["en"])
}

func code(field any) string {
	of, _ := field.(map[string]any)
	return text(of["iso_code"])
}

// short is s if it has the length of a code of a country.
func short(s string) string {
	if len(s) == 2 {
		return s
	}
	return ""
}

// text is a field that is a string, of a bounded length.
func text(field any) string {
	s, _ := field.(string)
	if len(s) > maxName {
		s = s[:maxName]
	}
	return strings.Clone(strings.TrimSpace(strings.ToValidUTF8(s, "")))
}

// number is the number of a network, as AS3320.
func number(field any) string {
	switch n := field.(type) {
	case uint64:
		if n > 0 {
			return "AS" + strconv.FormatUint(n, 10)
		}
	case string:
		n = text(n)
		if n == "" || strings.HasPrefix(n, "AS") {
			return n
		}
		return "AS" + n
	}
	return ""
}
