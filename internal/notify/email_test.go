package notify

import (
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

// mailTo is a channel of kind email to a server.
func mailTo(server string, change func(*Channel)) Channel {
	c, _ := Default(Email)
	c.Name, c.Timeout = "mail", 5*time.Second
	c.Mail.Server, c.Mail.From, c.Mail.To = server, "Weir <weir@example.org>", []string{"ops@example.org", "Boss <boss@example.org>"}
	if change != nil {
		change(&c)
	}
	return c
}

// opened returns the headers and the text of a mail.
func opened(t *testing.T, text string) (netmail.Header, string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	var body io.Reader = m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestAMailGoesOverSTARTTLSWithALogin(t *testing.T) {
	file, certificate := authority(t, "127.0.0.1")
	for name, way := range map[string]struct {
		server func(*post)
		tls    string
		secure bool
	}{
		"starttls": {nil, "starttls", true},
		"tls":      {func(p *post) { p.implicit = true }, "tls", true},
	} {
		t.Run(name, func(t *testing.T) {
			server := newPost(t, certificate, func(p *post) {
				p.user = "weir\x00canary-password"
				if way.server != nil {
					way.server(p)
				}
			})
			c := mailTo(server.address(), func(c *Channel) {
				c.Mail.TLS, c.CAFile, c.Username, c.Password = way.tls, file, "weir", Literal("canary-password")
			})
			a, b := firing("/größe"), recovered("/größe")
			if err := sendTo(t, c, Options{}, a, b); err != nil {
				t.Fatal(err)
			}
			got := server.arrived()
			if len(got) != 1 || got[0].tls != way.secure || got[0].login != "weir\x00canary-password" {
				t.Fatalf("got %+v, want one mail over TLS", got)
			}
			if got[0].from != "FROM:<weir@example.org> BODY=8BITMIME" || got[0].to != "TO:<ops@example.org> TO:<boss@example.org> " {
				t.Errorf("from %q to %q", got[0].from, got[0].to)
			}
			head, text := opened(t, got[0].text)
			subject, _ := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			if subject != "[weir] 1 firing, 1 recovered (web1)" || head.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("subject %q, headers %v", subject, head)
			}
			want := "firing [critical] high-traffic /größe: traffic of /größe is high\n  top client 192.0.2.1\n" +
				"recovered [critical] high-traffic /größe: traffic of /größe is as it was\n  top client 192.0.2.1\n\n-- \nweir on web1\n"
			if text != want {
				t.Errorf("text:\n%s\nwant:\n%s", text, want)
			}
			if err := sendTo(t, c, Options{}, a, b); err != nil {
				t.Fatal(err)
			}
			again, _ := opened(t, server.arrived()[1].text)
			if id := head.Get("Message-Id"); id == "" || again.Get("Message-Id") != id {
				t.Errorf("Message-Id: got %q and %q, want the same for the same messages", id, again.Get("Message-Id"))
			}
		})
	}
}

func TestMailsAboutOneAlertMakeAThread(t *testing.T) {
	_, certificate := authority(t, "127.0.0.1")
	server := newPost(t, certificate, func(p *post) { p.bare = true })
	c := mailTo(server.address(), func(c *Channel) { c.Mail.TLS = "none" })
	for _, m := range []Message{firing("/a"), recovered("/a"), firing("/b")} {
		if err := sendTo(t, c, Options{}, m); err != nil {
			t.Fatal(err)
		}
	}
	var threads []string
	for _, m := range server.arrived() {
		head, _ := opened(t, m.text)
		threads = append(threads, head.Get("References"))
	}
	if len(threads) != 3 || threads[0] == "" || threads[0] != threads[1] || threads[0] == threads[2] {
		t.Errorf("threads: got %q, want the first two alike", threads)
	}
}

func TestAFieldOfAMailHoldsNoLineEnd(t *testing.T) {
	_, certificate := authority(t, "127.0.0.1")
	server := newPost(t, certificate, func(p *post) { p.bare = true })
	c := mailTo(server.address(), func(c *Channel) { c.Mail.TLS = "none" })
	m := firing("/a\r\nBcc: victim@example.org\r\n\r\nbody\u2028\x00")
	m.Rule, m.Host, m.Text = "rule\r\nX-Evil: 1", "host\r\nX-Evil: 2", "text\r\n.\r\nQUIT\r\nMAIL FROM:<x@y>"
	m.ID = MessageID(m.Rule, m.Key, m.Began, m.State)
	if err := sendTo(t, c, Options{}, m); err != nil {
		t.Fatal(err)
	}
	got := server.arrived()
	if len(got) != 1 {
		t.Fatalf("%d mails, want 1", len(got))
	}
	head, text := opened(t, got[0].text)
	if head.Get("Bcc") != "" || head.Get("X-Evil") != "" || !strings.Contains(text, `text\x0D\x0A.\x0D\x0AQUIT`) {
		t.Errorf("headers %v\n%s", head, text)
	}
	for key, change := range map[string]func(*Channel){
		"from": func(c *Channel) { c.Mail.From = "a@b\r\nX-Evil: 1" },
		"to":   func(c *Channel) { c.Mail.To = []string{"a@b>\r\nRCPT TO:<c@d"} },
	} {
		bad := mailTo("127.0.0.1:25", change)
		var wrong *SettingError
		if err := bad.Check(); !errors.As(err, &wrong) || wrong.Key != key {
			t.Errorf("%s with a line end: got %v", key, err)
		}
	}
}

func TestWhatAMailServerSaysDecides(t *testing.T) {
	file, certificate := authority(t, "127.0.0.1")
	secure := func(c *Channel) { c.CAFile = file }
	login := func(c *Channel) {
		c.CAFile, c.Username, c.Password = file, "weir", Literal("canary-password")
	}
	for name, c := range map[string]struct {
		server  func(*post)
		channel func(*Channel)
		want    string // part of the error, "" for delivered
		refused bool
	}{
		"not trusted":         {nil, nil, "its certificate is not trusted", false},
		"no STARTTLS":         {func(p *post) { p.bare = true }, secure, "does not support STARTTLS", false},
		"wrong password":      {func(p *post) { p.user = "weir\x00other" }, login, "535", false},
		"password in the air": {func(p *post) { p.bare = true }, func(c *Channel) { login(c); c.Mail.TLS = "none" }, "auth", false},
		"nobody":              {nil, func(c *Channel) { secure(c); c.Mail.To = []string{"ops@example.org", "nobody@example.org"} }, "nobody of that name here", false},
		"spam":                {func(p *post) { p.refuse = "554 5.7.1 this is spam" }, secure, "this is spam", true},
		"greylisted":          {func(p *post) { p.refuse = "451 4.7.1 later" }, secure, "later", false},
		"hangs":               {func(p *post) { p.silent = true }, func(c *Channel) { secure(c); c.Timeout = 200 * time.Millisecond }, "no answer within 200ms", false},
		"leaves after it":     {func(p *post) { p.quits = true }, secure, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			server := newPost(t, certificate, c.server)
			err := sendTo(t, mailTo(server.address(), c.channel), Options{}, firing("/a"))
			var f *failure
			errors.As(err, &f)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want it delivered", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case c.refused != (f != nil && f.refused):
				t.Errorf("got %+v, want refused = %t", f, c.refused)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "AHdlaXIAY2FuYXJ5")) {
				t.Errorf("the error tells the password: %v", err)
			}
			if c.want != "" && len(server.arrived()) > 0 {
				t.Errorf("a mail arrived all the same")
			}
		})
	}
}

func TestAMailServerIsNamedWithOrWithoutItsPort(t *testing.T) {
	for _, c := range []struct {
		server, tls, host string
		port              int
	}{
		{"smtp.example.org", "starttls", "smtp.example.org", 587},
		{"smtp.example.org", "tls", "smtp.example.org", 465},
		{"smtp.example.org", "none", "smtp.example.org", 25},
		{"smtp.example.org:2525", "tls", "smtp.example.org", 2525},
		{"[::1]:25", "none", "::1", 25},
		{"127.0.0.1:25", "none", "127.0.0.1", 25},
		{"smtp.example.org:0", "none", "", 0},
		{"smtp.example.org:99999", "none", "", 0},
		{":25", "none", "", 0},
		{"a b:25", "none", "", 0},
		{"smtp://example.org", "none", "", 0},
		{"a\r\nb:25", "none", "", 0},
	} {
		m := Mail{Server: c.server, TLS: c.tls}
		host, port, err := m.server()
		if host != c.host || port != c.port || (err == nil) != (c.port != 0) {
			t.Errorf("%q %s: got %s %d %v, want %s %d", c.server, c.tls, host, port, err, c.host, c.port)
		}
	}
}
