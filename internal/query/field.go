package query

import (
	"strings"

	"weir/internal/unit"
)

// A Kind is what the values of a field are, which decides the operators that
// it takes.
type Kind string

// The kinds of fields.
const (
	Text     Kind = "text"
	Address  Kind = "address"  // text that may also be compared with networks
	Status   Kind = "status"   // 404 or 5xx
	Class    Kind = "class"    // 5xx
	Size     Kind = "size"     // bytes
	Duration Kind = "duration" // with a unit
	Moment   Kind = "time"
	Hour     Kind = "hour" // 0 to 23
	Weekday  Kind = "weekday"
	Flag     Kind = "yes or no"
	Name     Kind = "name, or yes or no" // text that is a condition by itself
)

// A Field is a row of the table of fields.
type Field struct {
	Name    string
	Aliases []string
	Kind    Kind
	About   string // what it is, without a full stop
	Example string // an expression that compiles
}

// Fields returns the table of fields, in the order in which a person looks for
// them. The caller owns it.
func Fields() []Field {
	var out []Field
	for _, c := range columns() {
		out = append(out, c.Field)
	}
	return out
}

// A fieldID is a field to the code that runs for each record.
type fieldID uint8

const (
	clientField fieldID = iota
	forwardedField
	userField
	hostField
	methodField
	targetField
	pathField
	queryField
	sectionField
	protocolField
	statusField
	classField
	bytesField
	latencyField
	referrerField
	siteField
	agentField
	timeField
	hourField
	weekdayField
	malformedField
	botField
	browserField
	systemField
	deviceField
	countryField
	cityField
	asnField
	codeField // of the country; has no name of its own
)

// A column is a Field with what the compiler needs to know.
type column struct {
	Field
	id       fieldID
	always   bool // no record is without it
	dash     bool // a log writes "-" where it is missing
	classify bool // needs Options.Agent
	locate   bool // needs Options.Place
}

// columns returns the table. Its order is that of the ids.
func columns() []column {
	return []column{
		{Field: Field{"client", []string{"ip", "addr", "address", "remote_addr"}, Address, "address or host name of the client", "client in (10.0.0.0/8, 192.168.0.0/16)"}, id: clientField, dash: true},
		{Field: Field{"forwarded", []string{"xff", "x_forwarded_for"}, Text, "addresses that proxies have logged for the request (X-Forwarded-For), as the line has them", "forwarded contains 203.0.113.7"}, id: forwardedField, dash: true},
		{Field: Field{"user", []string{"remote_user"}, Text, "user name of HTTP authentication", "user exists"}, id: userField, dash: true},
		{Field: Field{"host", []string{"vhost", "server"}, Text, "virtual host, with its port where the log has it", "host = www.example.com"}, id: hostField, dash: true},
		{Field: Field{"method", []string{"verb"}, Text, "method of the request, in capitals", "method in (POST, PUT)"}, id: methodField, dash: true},
		{Field: Field{"target", []string{"uri", "url"}, Text, "path and query as requested", "target contains debug=1"}, id: targetField, dash: true},
		{Field: Field{"path", nil, Text, "target without its query", "path startswith /api/"}, id: pathField},
		{Field: Field{"query", []string{"args"}, Text, "what follows the ? of the target", `query ~ "(^|&)page=1(&|$)"`}, id: queryField},
		{Field: Field{"section", nil, Text, "what stands before the second / of the path; (connect) and (malformed) for requests without a path", "section = /api"}, id: sectionField, always: true},
		{Field: Field{"protocol", []string{"proto"}, Text, "protocol of the request", "protocol = HTTP/1.0"}, id: protocolField, dash: true},
		{Field: Field{"status", []string{"code"}, Status, "status of the response: a number or a class", "status in (404, 5xx)"}, id: statusField, dash: true},
		{Field: Field{"class", nil, Class, "class of the status", "class >= 4xx"}, id: classField, dash: true},
		{Field: Field{"bytes", []string{"size"}, Size, "bytes sent to the client; 0 where the log has -", "bytes > 10MB"}, id: bytesField, always: true},
		{Field: Field{"latency", []string{"duration", "took"}, Duration, "how long the request took", "latency >= 250ms"}, id: latencyField, dash: true},
		{Field: Field{"referrer", []string{"referer", "ref"}, Text, "page that the request came from", "referrer contains /search"}, id: referrerField, dash: true},
		{Field: Field{"site", []string{"referrer_host", "referer_host"}, Text, "host of the referrer, without a port", "site endswith .example.com"}, id: siteField},
		{Field: Field{"agent", []string{"user_agent", "useragent", "ua"}, Text, "user agent as the client sent it", "agent startswith curl/"}, id: agentField, dash: true},
		{Field: Field{"time", []string{"at", "timestamp"}, Moment, "time of the request", "time > -2h"}, id: timeField, always: true},
		{Field: Field{"hour", nil, Hour, "hour of the day in the display zone, 0 to 23", "hour < 6"}, id: hourField, always: true},
		{Field: Field{"weekday", []string{"day"}, Weekday, "day of the week in the display zone, in English", "weekday in (sat, sun)"}, id: weekdayField, always: true},
		{Field: Field{"malformed", nil, Flag, "the request is not HTTP (a TLS hello, one word, nothing)", "not malformed"}, id: malformedField, always: true},
		{Field: Field{"bot", []string{"crawler", "robot"}, Name, "the visitor is a program; its name", "not bot"}, id: botField, classify: true},
		{Field: Field{"browser", nil, Text, "browser, from the user agent", "browser = Firefox"}, id: browserField, classify: true},
		{Field: Field{"system", []string{"os"}, Text, "operating system, from the user agent", "system = Android"}, id: systemField, classify: true},
		{Field: Field{"device", nil, Text, "kind of device, from the user agent", "device = phone"}, id: deviceField, classify: true},
		{Field: Field{"country", nil, Text, "country of the client, by its English name or its code, out of --geoip", "country in (DE, France)"}, id: countryField, locate: true},
		{Field: Field{"city", nil, Text, "city of the client, by its English name, out of --geoip", "city = Berlin"}, id: cityField, locate: true},
		{Field: Field{"asn", nil, Text, "number of the network of the client, out of --geoip", "asn = AS3320"}, id: asnField, locate: true},
	}
}

// lookup returns the column of a name or an alias, in any case and with - for
// _, as headers and options are written.
func lookup(name string) (column, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	for _, c := range columns() {
		if c.Name == name {
			return c, true
		}
		for _, a := range c.Aliases {
			if a == name {
				return c, true
			}
		}
	}
	return column{}, false
}

// nearest returns the field whose name or alias is the fewest changes of a
// letter away from name; "" when none is near.
func nearest(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if len(name) > 32 {
		return "" // no slip of the finger
	}
	best, field := max(1, min(3, len(name)/3))+1, ""
	for _, c := range columns() {
		for _, known := range append([]string{c.Name}, c.Aliases...) {
			if d := unit.Distance(name, known); d < best {
				best, field = d, c.Name
			}
		}
	}
	return field
}
