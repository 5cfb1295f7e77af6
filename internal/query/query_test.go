package query

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests are there on every machine

	"weir/internal/accesslog"
)

// testOptions are those of most tests: Tuesday noon in Berlin, which is UTC+1.
func testOptions(t testing.TB) Options {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return Options{Now: time.Date(2026, 3, 10, 12, 0, 0, 7, berlin), Zone: berlin, Agent: classifyForTests, Place: func() func([]byte) Place { return placeForTests }}
}

// placeForTests knows one network.
func placeForTests(client []byte) Place {
	if strings.HasPrefix(string(client), "10.") {
		return Place{Country: "Germany", Code: "DE", City: "Berlin", ASN: "AS3320"}
	}
	return Place{}
}

// classifyForTests knows a few agents.
func classifyForTests(agent []byte) Agent {
	switch s := string(agent); {
	case strings.Contains(s, "Googlebot"):
		return Agent{Bot: "Googlebot", Device: "bot"}
	case strings.Contains(s, "Firefox"):
		return Agent{Browser: "Firefox", System: "Linux", Device: "desktop"}
	}
	return Agent{}
}

// request is a request of a browser with all fields.
func request() accesslog.Record {
	return accesslog.Record{
		Sec: 1773140400, Nanos: 250_000_000, // 2026-03-10 12:00:00.25 in Berlin
		Status: 404, Bytes: 20_000, Latency: 250 * time.Millisecond,
		Client: []byte("10.1.2.3"), User: []byte("ada"), Host: []byte("www.example.com:443"), Method: []byte("GET"),
		Target: []byte("/api/users/7?page=1&q=a%20b#top"), Protocol: []byte("HTTP/1.1"),
		Referrer: []byte("https://me@shop.example.com:8443/cart?x=1"), Agent: []byte("Mozilla/5.0 (X11; Linux) Firefox/140.0"),
	}
}

// bare is a malformed request that carries next to nothing.
func bare() accesslog.Record {
	return accesslog.Record{Sec: 1773140400, Latency: accesslog.NoLatency, Client: []byte("2001:db8::7"), Request: []byte(`\x16\x03`), Malformed: true}
}

// robot comes at night, to another host.
func robot() accesslog.Record {
	return accesslog.Record{
		Sec: 1772935200, Status: 200, Bytes: 512, Latency: 0, // Sunday 2026-03-08 03:00 in Berlin
		Client: []byte("crawl-7.example.net"), Method: []byte("HEAD"), Target: []byte("/robots.txt"), Protocol: []byte("HTTP/2.0"),
		Agent: []byte("Googlebot/2.1 (+http://www.google.com/bot.html)"), Forwarded: []byte("203.0.113.7, 10.0.0.1"),
	}
}

func records() []accesslog.Record { return []accesslog.Record{request(), bare(), robot()} }

// TestExpressionsPickTheRequestsTheySay has for each expression the records it
// holds for: q the request, b the bare one, r the robot.
// It is one function because the cases are read against one another.
func TestExpressionsPickTheRequestsTheySay(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// The example of the manual, joining, precedence.
		{`status >= 400 and path ~ "^/api" and client in 10.0.0.0/8 and not bot`, "q"},
		{"status=404 or bot and malformed", "q"},
		{"(status=404 or bot) and malformed", ""},
		{"not status = 404 and not bot", "b"},
		{"not (status = 404 or bot)", "b"},
		{"!bot && !malformed || status==200", "qr"},
		{"NOT Bot AND Not MALFORMED", "q"},
		{"not not bot", "r"},
		{"!!bot", "r"},
		{"((((bot))))", "r"},
		{"bot\n\tor\r\nmalformed", "br"},
		// Status and class.
		{"status = 404", "q"},
		{"status == 4xx", "q"},
		{"status != 404", "br"},
		{"status < 404", "r"},
		{"status <= 4xx", "qr"},
		{"status > 3xx", "q"},
		{"status > 4XX", ""},
		{"status >= 2xx", "qr"},
		{"status in (404, 5xx)", "q"},
		{"status in (1xx, 200, 200, 2xx, 500)", "r"},
		{"status not in (404, 5xx)", "br"},
		{"status exists", "qr"},
		{`status = ""`, "b"},
		{"status = -", "b"},
		{`status in ("", 200)`, "br"},
		{"code=200", "r"},
		{"class = 4xx", "q"},
		{"class = 4", "q"},
		{"class < 4xx", "r"},
		{"class != 4xx", "br"},
		{"class in (2xx, 3xx)", "r"},
		// Sizes and durations.
		{"bytes = 20kB", "q"},
		{"bytes > 19.9KB", "q"},
		{"bytes > 20KiB", ""},
		{"bytes <= 0.5 KiB", "error"},
		{`bytes <= "0.5 KiB"`, "br"},
		{"bytes = 0", "b"},
		{"size > 0", "qr"},
		{"latency = 250ms", "q"},
		{"latency = 0.25s", "q"},
		{"latency < 1m", "qr"},
		{"latency > 9223372036854775807ns", ""},
		{"latency >= 0s", "qr"},
		{"latency != 250ms", "br"},
		{"latency exists", "qr"},
		{"latency in (0ms, 250ms)", "qr"},
		// Places.
		{"country = Germany", "q"},
		{"country = DE", "q"},
		{"country in (FR, DE)", "q"},
		{"country not in (FR, Germany)", "br"},
		{"country != DE", "br"},
		{"country != France", "qbr"},
		{`country ~ "^(DE|FR)$"`, "q"},
		{"country exists", "q"},
		{`country = ""`, "br"},
		{"city = Berlin and asn = AS3320", "q"},
		{"city startswith B or asn exists", "q"},
		// Text.
		{"user = ada", "q"},
		{"user = Ada", ""},
		{"user != ada", "br"},
		{`user = ""`, "br"},
		{"user = -", "br"},
		{`user != ""`, "q"},
		{"user exists", "q"},
		{"user not exists", "br"},
		{"not user exists", "br"},
		{`user in ("", bob)`, "br"},
		{`user not in ("", bob)`, "q"},
		{`user contains ""`, "q"},
		{"method in (GET, HEAD)", "qr"},
		{"method not in (GET, POST)", "br"},
		{"method in (A, B, C, D, E, F, G, H, GET)", "q"},
		{"host = www.example.com:443", "q"},
		{"host startswith www.", "q"},
		{"target endswith #top", "q"},
		{"path = /api/users/7", "q"},
		{"path ^= /api", "q"},
		{"path $= .txt", "r"},
		{"path *= users", "q"},
		{"path not startswith /api", "br"},
		{"path like /api/*", "q"},
		{`path like "*/users/*"`, "q"},
		{"path like *.txt", "r"},
		{"path like /api", ""},
		{"path not like /api/*", "br"},
		{"path like /robots.txt*", "r"},
		{"path like /robots.t*.txt", ""},
		{"query = page=1&q=a%20b", "q"},
		{"query contains page=1", "q"},
		{"query exists", "q"},
		{"section = /api", "q"},
		{"section = (malformed)", "error"},
		{"section = '(malformed)'", "b"},
		{"section != /api", "br"},
		{"protocol = HTTP/1.1", "q"},
		{"referer contains /cart", "q"},
		{"site = shop.example.com", "q"},
		{"site exists", "q"},
		{"agent contains 'Firefox/140'", "q"},
		{"user-agent contains Google", "r"},
		{`user = "a" or user = 'ada'`, "q"},
		{`user = 'it''s'`, ""},
		// Regular expressions.
		{"path ~ users", "q"},
		{"path ~ ^/api", "q"},
		{"path ~ /7$", "q"},
		{"path ~ ^/api/users/7$", "q"},
		{`path ~ ^/[a-z]+\.txt$`, "r"},
		{"path !~ ^/api", "br"},
		{"path ~ ^$", ""},
		{"agent ~ bot|crawl", "r"},
		{"agent ~ BOT", ""},
		{"agent ~* BOT", "r"},
		{"agent !~* BOT", "qb"},
		{`path =~ '^/(api|admin)/'`, "q"},
		{"user ~* ^ADA$", "q"},
		// Clients.
		{"client = 10.1.2.3", "q"},
		{"client = 10.1.2.0/24", "q"},
		{"client in 10.0.0.0/8", "q"},
		{"client in (192.168.0.0/16, 2001:db8::/32)", "b"},
		{"client in (10.1.2.3, crawl-7.example.net)", "qr"},
		{"client not in (10.0.0.0/8)", "br"},
		{"client = 2001:DB8:0::0007", "b"},
		{"client = crawl-7.example.net", "r"},
		{"client in ::/0", "b"},
		{"client in 0.0.0.0/0", "q"},
		{"client endswith .example.net", "r"},
		{"ip = ::ffff:10.1.2.3", "q"},
		// Times.
		{"time >= 12:00", "qb"},
		{"time = 12:00", "qb"},
		{"time = 12:00:00.25", "q"},
		{"time = 2026-03-10T12:00:00.25+01:00", "q"},
		{"time < 2026-03-10T12:00:00.25+01:00", "br"},
		{"time > 12:00", ""},
		{"time <= 12:00", "qbr"},
		{`time < "2026-03-10 12:00"`, "r"},
		{"time > -2h", "qb"},
		{"time > '3d ago'", "qbr"},
		{"time > yesterday and time < now", ""},
		{"time != @1773140400", "r"},
		{"hour = 12", "qb"},
		{"hour < 6", "r"},
		{"hour in (3, 4, 12)", "qbr"},
		{"weekday = tuesday", "qb"},
		{"weekday in (sat, Sun)", "r"},
		{"weekday != tue", "r"},
		// Yes or no, and what the agent tells.
		{"malformed", "b"},
		{"malformed = yes", "b"},
		{"malformed = FALSE", "qr"},
		{"malformed != true", "qr"},
		{"bot = Googlebot", "r"},
		{"bot != Googlebot", "qb"},
		{"bot = false", "qb"},
		{"bot in (true)", "r"},
		{"bot ~ ^Google", "r"},
		{"bot exists", "r"},
		{`bot in ("", Googlebot)`, "qbr"},
		{"browser = Firefox and os = Linux", "q"},
		// What is derived from agents has no case of its own.
		{"bot = googlebot", "r"},
		{"bot = GOOGLEBOT or device = Desktop", "qr"},
		{"bot in (googlebot, x)", "r"},
		{"bot not in (googlebot, x)", "qb"},
		{"browser startswith FIRE and browser endswith Fox and browser contains IREF and browser like f*X", "q"},
		{"browser ~ ^fire and system ~ ^LIN", "q"},
		{"system !~ ^lin", "br"},
		{"forwarded = 10.1.2.3", ""},
		{"forwarded exists", "r"},
		{"xff contains 203.0.113.7", "r"},
		{"device in (desktop, phone)", "q"},
		{"device != desktop", "br"},
	} {
		q, err := Compile(c.text, testOptions(t))
		got := "error"
		if err == nil {
			got = held(q)
		}
		if got != c.want {
			t.Errorf("%s: holds for %q, want %q (%v)", c.text, got, c.want, err)
		}
		if err != nil {
			continue
		}
		again, err := Compile(q.String(), testOptions(t))
		if err != nil || again.String() != q.String() || held(again) != c.want {
			t.Errorf("%s: its canonical text %s gives %v, %v", c.text, q, again, err)
		}
	}
}

// held returns the letters of the records that q holds for.
func held(q *Query) string {
	m := q.Matcher()
	out := ""
	for i, r := range records() {
		if m.Match(&r) {
			out += "qbr"[i : i+1]
		}
	}
	return out
}

func TestTheCanonicalTextHasOneSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"((CODE==404))&&!ROBOT":              "status = 404 and not bot",
		"a":                                  "",
		"(bot and malformed) and status=2xx": "bot and malformed and status = 2xx",
		"(bot or malformed) and (bot)":       "(bot or malformed) and bot",
		"bot and malformed or status=200":    "bot and malformed or status = 200",
		"not(not(bot or malformed))":         "bot or malformed",
		"!(bot||malformed)":                  "not (bot or malformed)",
		"path!~x":                            "path !~ x",
		"not path !~* x":                     "path ~* x",
		"path not contains 'a b'":            `not path contains "a b"`,
		"path ^= a\"b\"":                     "",
		`path ^= 'a"b'`:                      `path startswith 'a"b'`,
		`path = "a""b'c"`:                    `path = "a""b'c"`,
		"user = AND":                         "",
		"user = 'AND'":                       `user = "AND"`,
		"client = 10.1.2.3/8":                "client in 10.0.0.0/8",
		"client not in (10.0.0.1)":           "client != 10.0.0.1",
		"status in (5XX,404)":                "status in (5xx, 404)",
		"bytes > 1.5MiB":                     "bytes > 1572864",
		"latency > 1500ms":                   "latency > 1.5s",
		"time > -2h":                         "time > 2026-03-10T10:00:00+01:00",
		"weekday = Monday":                   "weekday = mon",
		"user = ''":                          "not user exists",
		"user in ('', x) and bot":            "(not user exists or user = x) and bot",
		"malformed != no":                    "malformed",
	} {
		q, err := Compile(text, testOptions(t))
		got := ""
		if err == nil {
			got = q.String()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s (%v)", text, got, want, err)
		}
	}
}

func TestEveryFieldHasAnExampleThatNamesItAndCompiles(t *testing.T) {
	for i, c := range columns() {
		if int(c.id) != i {
			t.Errorf("%s stands at %d of the table, its id is %d", c.Name, i, c.id)
		}
		q, err := Compile(c.Example, testOptions(t))
		if err != nil || !strings.Contains(q.String(), c.Name) {
			t.Errorf("%s: the example %s gives %v, %v", c.Name, c.Example, q, err)
		}
		for _, alias := range append(c.Aliases, strings.ToUpper(c.Name)) {
			q2, err := Compile(strings.Replace(c.Example, c.Name, alias, 1), testOptions(t))
			if err != nil || q2.String() != q.String() {
				t.Errorf("%s: with the alias %s the example gives %v, %v", c.Name, alias, q2, err)
			}
		}
	}
}

func TestTheHourFollowsAChangeOfClocks(t *testing.T) {
	o := testOptions(t)
	q, err := Compile("hour = 2", o)
	if err != nil {
		t.Fatal(err)
	}
	m := q.Matcher()
	hours := 0
	// On 2026-03-29 the hour from 2 to 3 is left out, on 2026-10-25 it comes twice.
	for _, day := range []string{"2026-03-29", "2026-10-25", "2026-03-29"} {
		start, _ := time.ParseInLocation(time.DateOnly, day, o.Zone)
		for h := range 23 {
			r := accesslog.Record{Sec: start.Unix() + int64(h)*3600}
			if m.Match(&r) {
				hours++
			}
		}
	}
	if hours != 2 {
		t.Errorf("two days without the hour 2 and one with two of it: %d, want 2", hours)
	}
}

func TestSectionsAreCutAtTheDepthAskedFor(t *testing.T) {
	o := testOptions(t)
	o.SectionDepth = 2
	q, err := Compile("section = /api/users", o)
	if err != nil {
		t.Fatal(err)
	}
	if got := held(q); got != "q" {
		t.Errorf("holds for %q, want q", got)
	}
}

func TestAnAgentIsClassifiedOnce(t *testing.T) {
	o := testOptions(t)
	calls := 0
	o.Agent = func(agent []byte) Agent {
		calls++
		return classifyForTests(agent)
	}
	q, err := Compile("bot = Googlebot and device = bot", o)
	if err != nil {
		t.Fatal(err)
	}
	m := q.Matcher()
	for range 10 {
		r := robot()
		if !m.Match(&r) {
			t.Fatal("the robot is not found")
		}
	}
	if calls != 1 {
		t.Errorf("%d classifications of one agent, want 1", calls)
	}
	r := robot()
	r.Agent = []byte("Googlebot " + strings.Repeat("x", longestInCache))
	if !m.Match(&r) {
		t.Error("the robot with a long agent is not found")
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	for _, text := range []string{
		"status >= 500", "path ~ ^/api", `agent ~* "bot|crawl(er)?s?"`, `path ~ "[0-9]+/x"`, "client in (10.0.0.0/8, ::1)", "section = /api",
		"site = x or bot or browser = Firefox", "hour = 3 or weekday = sun", "method in (A, B, C, D, E, F, G, H, I, J)", "path like /a*b*c",
		"time > -2h or latency > 1s or bytes > 1MB", "query = a",
	} {
		q, err := Compile(text, testOptions(t))
		if err != nil {
			t.Fatal(err)
		}
		m := q.Matcher()
		all := records()
		if n := testing.AllocsPerRun(100, func() {
			for i := range all {
				m.Match(&all[i])
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", text, n)
		}
	}
}

// TestAPlaceIsLookedUpOnceAClientAndOnlyIfAskedFor: a lookup costs more than a
// line.
func TestAPlaceIsLookedUpOnceAClientAndOnlyIfAskedFor(t *testing.T) {
	asked, made := 0, 0
	o := testOptions(t)
	o.Place = func() func([]byte) Place {
		made++
		return func(client []byte) Place {
			asked++
			return placeForTests(client)
		}
	}
	for text, want := range map[string]int{"status = 404": 0, "country = DE or city = Paris or asn = AS3320": 1} {
		q, err := Compile(text, o)
		if err != nil {
			t.Fatal(err)
		}
		asked, made = 0, 0
		m := q.Matcher()
		r := request()
		m.Match(&r)
		if n := testing.AllocsPerRun(100, func() { m.Match(&r) }); n != 0 {
			t.Errorf("%s: %v allocations a record, want none", text, n)
		}
		if asked != want || made != want {
			t.Errorf("%s: asked %d times, of %d makers, want %d", text, asked, made, want)
		}
	}
	o.Place = nil
	if _, err := Compile("status = 200 and country = DE", o); err == nil || !strings.Contains(err.Error(), "column 18: country is not known here") || !strings.Contains(err.Error(), "--geoip") {
		t.Errorf("got %v without a database, want an error that says --geoip", err)
	}
}
