package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Strangers are programs that visit the site: crawlers, which go through all of
// its paths, and scanners, which ask for what other sites may have.
type strangers struct {
	rand     *rand.Rand
	bots     float64 // share of all requests
	scanners float64

	crawlers []stranger
	files    []probe // what crawlers ask for besides the paths

	scans  []stranger
	probes []probe
	active int // the scanner at work
	left   int // how many requests it still sends
}

// A stranger is one of them.
type stranger struct {
	addr, agent, protocol string
	who                   int32
	at                    int // where it is among the paths or probes
}

// A probe is a request that is not for one of the paths.
type probe struct {
	target, query string
	section       int32
}

func newStrangers(s *Site, o SiteOptions) *strangers {
	t := &strangers{rand: rand.New(rand.NewPCG(o.Seed, 0x626f7473)), bots: o.Bots, scanners: o.Scanners}
	for i, agent := range crawlerAgents() {
		protocol := "HTTP/1.1"
		if i%2 == 1 {
			protocol = "HTTP/2.0"
		}
		for host := range 1 + 3*(i%3) { // the large ones come from several addresses
			t.crawlers = append(t.crawlers, stranger{
				addr: fmt.Sprintf("192.0.2.%d", 1+len(t.crawlers)), agent: agent, protocol: protocol,
				who: s.newcomer(), at: t.rand.IntN(len(s.paths)) + host,
			})
		}
	}
	agents := scannerAgents()
	for i := range 60 {
		t.scans = append(t.scans, stranger{
			addr: fmt.Sprintf("198.51.100.%d", 1+i), agent: agents[i%len(agents)], protocol: "HTTP/1.1",
			who: s.newcomer(), at: t.rand.IntN(100),
		})
	}
	for _, target := range []string{"/robots.txt", "/sitemap.xml", "/favicon.ico", "/ads.txt"} {
		t.files = append(t.files, s.probe(target, ""))
	}
	for _, p := range probes() {
		t.probes = append(t.probes, s.probe(p[0], p[1]))
	}
	return t
}

func (s *Site) probe(target, query string) probe {
	target = s.prefix + target
	return probe{target: target, query: query, section: s.section(target)}
}

// next draws the next request into l if a stranger has sent it.
func (t *strangers) next(s *Site, l *Line) bool {
	switch x := t.rand.Float64(); {
	case x < t.scanners:
		t.scan(l)
	case x < t.scanners+t.bots:
		t.crawl(s, l)
	default:
		return false
	}
	return true
}

// crawl draws a request of a crawler: the next path, or now and then one of the
// files that are for crawlers.
func (t *strangers) crawl(s *Site, l *Line) {
	c := &t.crawlers[t.rand.IntN(len(t.crawlers))]
	t.is(l, c)
	if t.rand.IntN(25) == 0 {
		f := &t.files[t.rand.IntN(len(t.files))]
		l.Target, l.section, l.Status = f.target, f.section, 200
		l.Bytes, l.Latency = int64(100+t.rand.IntN(900)), time.Duration(300+t.rand.IntN(2000))*time.Microsecond
		return
	}
	c.at = (c.at + 1) % len(s.paths)
	p := &s.paths[c.at]
	st := &s.styles[p.style]
	l.Target, l.section = p.target, p.section
	l.Status = st.statuses[st.byStatus.draw(t.rand)].status
	if l.Status == 200 && t.rand.IntN(5) == 0 {
		l.Status = 304
	}
	s.reply(l, p, st, t.rand)
}

// scan draws a request of a scanner: one of them at a time goes through some of
// what it knows, mostly in vain.
func (t *strangers) scan(l *Line) {
	if t.left == 0 {
		t.active, t.left = t.rand.IntN(len(t.scans)), 50+t.rand.IntN(350)
	}
	t.left--
	c := &t.scans[t.active]
	c.at++
	t.is(l, c)
	p := &t.probes[c.at%len(t.probes)]
	l.Target, l.Query, l.section = p.target, p.query, p.section
	l.Bytes, l.Latency = int64(146+t.rand.IntN(400)), time.Duration(100+t.rand.IntN(1500))*time.Microsecond
	switch x := t.rand.IntN(100); {
	case x < 85:
		l.Status = 404
	case x < 91:
		l.Status = 403
	case x < 95:
		l.Status = 301
	case x < 96:
		l.Status = 200
	default:
		words := garbage()
		l.Garbage, l.Status, l.section = words[t.rand.IntN(len(words))], 400, noSection
		l.Method, l.Target, l.Query, l.Protocol = "-", "-", "", "-"
	}
}

// noSection is the section of what is no request.
const noSection int32 = -1

// is makes l a request of c.
func (t *strangers) is(l *Line, c *stranger) {
	l.Client, l.User, l.Agent, l.Protocol, l.who = c.addr, "-", c.agent, c.protocol, c.who
	l.Method, l.Query, l.Referrer = "GET", "", "-"
}

func crawlerAgents() []string {
	return []string{
		"Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
		"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
		"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
		"Mozilla/5.0 (compatible; ExampleCrawler/1.4; +https://crawler.example/about)",
		"CCBot/2.0 (https://commoncrawl.org/faq/)",
	}
}

func scannerAgents() []string {
	return []string{
		"Mozilla/5.0 zgrab/0.x", "-", "python-requests/2.32.3", "Go-http-client/1.1", "curl/7.88.1", "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.129 Safari/537.36", "masscan/1.3",
	}
}

// probes returns what scanners ask for: a target with its query.
func probes() [][2]string {
	return [][2]string{
		{"/.env"},
		{"/.git/config"},
		{"/.aws/credentials"},
		{"/wp-login.php"},
		{"/wp-admin/setup-config.php"},
		{"/wp-content/plugins/readme.txt"},
		{"/xmlrpc.php"},
		{"/phpmyadmin/index.php", "lang=en"},
		{"/pma/index.php"},
		{"/admin/login"},
		{"/administrator/index.php"},
		{"/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"},
		{"/cgi-bin/luci/;stok=/locale", "form=country&operation=write"},
		{"/boaform/admin/formLogin", "username=admin&psd=admin"},
		{"/actuator/health"},
		{"/actuator/env"},
		{"/solr/admin/info/system", "wt=json"},
		{"/manager/html"},
		{"/server-status"},
		{"/backup.zip"},
		{"/dump.sql"},
		{"/config.json"},
		{"/api/v1/pods"},
		{"/index.php", "s=/Index/think/app/invokefunction&function=call_user_func_array"},
		{"/search", "q=1%27%20OR%20%271%27=%271"},
		{"/login", "next=../../../../etc/passwd"},
		{"/static/../../../etc/passwd"},
		{"/HNAP1/"},
		{"/owa/auth/logon.aspx"},
		{"/autodiscover/autodiscover.json", "a=b.example/mapi/nspi/"},
		{"/.well-known/security.txt"},
		{"/.DS_Store"},
		{"/sitemap.xml"},
		{"/telescope/requests"},
		{"/remote/fgt_lang", "lang=/../../../..//////////dev/cmdb/sslvpn_websession"},
		{"/druid/index.html"},
	}
}

// garbage returns what comes in place of a request.
func garbage() []string { return []string{"SSH-2.0-Go", "EHLO", "-", "*1", "MGLNDD_198.51.100.7_443"} }
