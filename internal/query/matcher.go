package query

import (
	"bytes"
	"hash/maphash"
	"math"
	"time"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// A Matcher holds a Query against records, with the buffers that needs. It
// belongs to one goroutine and comes from Query.Matcher.
type Matcher struct {
	root     predicate
	sections traffic.Sections

	zone             *time.Location
	offset           int64 // of zone, in seconds, in [zoneFrom, zoneTo)
	zoneFrom, zoneTo int64

	classify func([]byte) Agent
	seed     maphash.Seed
	agents   []classified // by hash; nil until one is asked for
	long     classified   // an agent that is not kept

	locate  func([]byte) Place
	located []located // by hash; nil until one is asked for
}

// located is a client with where it is: country, city, network, code of the
// country.
type located struct {
	key    []byte
	fields [4][]byte
}

// classified is a user agent with what is known of it: bot, browser, system and
// device.
type classified struct {
	key    []byte
	fields [4][]byte
}

// Agents and clients in the caches, and the longest one that is kept: half a
// megabyte of each at most for each Matcher.
const (
	cachedAgents   = 1024
	cachedClients  = 1024
	longestInCache = 512
)

// text returns a field that is text, empty where it is missing. The result is
// valid until the next call.
func (m *Matcher) text(id fieldID, r *accesslog.Record) []byte {
	switch id {
	case clientField:
		return r.Client
	case forwardedField:
		return r.Forwarded
	case userField:
		return r.User
	case hostField:
		return r.Host
	case methodField:
		return r.Method
	case targetField:
		return r.Target
	case pathField:
		return r.Path()
	case queryField:
		return queryOf(r.Target)
	case sectionField:
		return m.sections.Of(r.Method, r.Target, r.Malformed)
	case protocolField:
		return r.Protocol
	case referrerField:
		return r.Referrer
	case siteField:
		return siteOf(r.Referrer)
	case agentField:
		return r.Agent
	case countryField, cityField, asnField, codeField:
		return m.ofClient(id, r.Client)
	}
	return m.ofAgent(id, r.Agent)
}

// queryOf returns what follows the "?" of a target, without the fragment.
func queryOf(target []byte) []byte {
	if i := bytes.IndexByte(target, '#'); i >= 0 {
		target = target[:i]
	}
	i := bytes.IndexByte(target, '?')
	if i < 0 {
		return nil
	}
	return target[i+1:]
}

// siteOf returns the host of a URL, without user, port and brackets; empty
// where there is none.
func siteOf(url []byte) []byte {
	i := bytes.IndexByte(url, ':')
	if i <= 0 || len(url) < i+3 || url[i+1] != '/' || url[i+2] != '/' {
		return nil
	}
	host := url[i+3:]
	for i, c := range host { // IndexAny takes three times as long
		if c == '/' || c == '?' || c == '#' {
			host = host[:i]
			break
		}
	}
	if i := bytes.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if len(host) > 0 && host[0] == '[' {
		if i := bytes.IndexByte(host, ']'); i > 0 {
			return host[1:i]
		}
	}
	if i := bytes.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return host
}

// ofAgent returns a field of the classification of a user agent.
func (m *Matcher) ofAgent(id fieldID, agent []byte) []byte {
	if len(agent) == 0 {
		return nil
	}
	return m.classified(agent).fields[id-botField]
}

// classified classifies an agent once, as long as no other takes its place.
func (m *Matcher) classified(agent []byte) *classified {
	if len(agent) > longestInCache {
		m.long.learn(m.classify(agent))
		return &m.long
	}
	if m.agents == nil {
		m.agents = make([]classified, cachedAgents)
	}
	c := &m.agents[maphash.Bytes(m.seed, agent)%cachedAgents]
	if !bytes.Equal(c.key, agent) {
		c.key = append(c.key[:0], agent...)
		c.learn(m.classify(agent))
	}
	return c
}

// ofClient returns a field of where a client is, which is looked up once as long
// as no other takes its place.
func (m *Matcher) ofClient(id fieldID, client []byte) []byte {
	if len(client) == 0 || len(client) > longestInCache {
		return nil // no address is that long
	}
	if m.located == nil {
		m.located = make([]located, cachedClients)
	}
	l := &m.located[maphash.Bytes(m.seed, client)%cachedClients]
	if !bytes.Equal(l.key, client) {
		l.key = append(l.key[:0], client...)
		p := m.locate(client)
		for i, s := range [...]string{p.Country, p.City, p.ASN, p.Code} {
			l.fields[i] = append(l.fields[i][:0], s...)
		}
	}
	return l.fields[id-countryField]
}

// learn keeps what was found, in the order of the ids of the fields and in lower
// case: these names are ours, and nobody knows how we write them.
func (c *classified) learn(a Agent) {
	for i, s := range [...]string{a.Bot, a.Browser, a.System, a.Device} {
		c.fields[i] = append(c.fields[i][:0], s...)
		for j, b := range c.fields[i] {
			if 'A' <= b && b <= 'Z' {
				c.fields[i][j] = b | 0x20
			}
		}
	}
}

// secondOfDay is 0 to 86,399 in the zone.
func (m *Matcher) secondOfDay(sec int64) int64 {
	local := m.local(sec)
	return local - traffic.FloorDiv(local, traffic.Day)*traffic.Day
}

// weekday counts from Sunday, 0. The first day of 1970 was a Thursday.
func (m *Matcher) weekday(sec int64) int64 {
	days := traffic.FloorDiv(m.local(sec), traffic.Day) + int64(time.Thursday)
	return days - traffic.FloorDiv(days, 7)*7
}

// local returns sec as the clocks of the zone show it. The zone is asked once
// for each stretch of time without a change of clocks.
func (m *Matcher) local(sec int64) int64 {
	if sec < m.zoneFrom || sec >= m.zoneTo {
		t := time.Unix(sec, 0).In(m.zone)
		_, offset := t.Zone()
		m.offset, m.zoneFrom, m.zoneTo = int64(offset), math.MinInt64, math.MaxInt64
		from, to := t.ZoneBounds()
		if !from.IsZero() {
			m.zoneFrom = from.Unix()
		}
		if !to.IsZero() {
			m.zoneTo = to.Unix()
		}
	}
	return sec + m.offset
}
