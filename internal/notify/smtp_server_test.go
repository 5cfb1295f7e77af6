package notify

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// A post is a mail server (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4616),
// on the loopback.
type post struct {
	t        *testing.T
	listener net.Listener
	secure   *tls.Config
	// How it behaves.
	bare     bool   // no STARTTLS
	implicit bool   // TLS from the first byte
	user     string // "user\x00password" that is let in; "" for all
	refuse   string // the answer to a text
	silent   bool   // never says a word
	quits    bool   // closes after it has taken a text

	mu    sync.Mutex
	mails []mailed
}

// A mailed is what arrived.
type mailed struct {
	from, to string
	text     string
	tls      bool
	login    string
}

// newPost starts a server, whose behaviour is set by change.
func newPost(t *testing.T, certificate tls.Certificate, change func(*post)) *post {
	t.Helper()
	p := &post{t: t, secure: tlsServer(certificate)}
	if change != nil {
		change(p)
	}
	var err error
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := p.listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	t.Cleanup(func() {
		p.listener.Close()
		<-done
	})
	return p
}

func (p *post) address() string { return p.listener.Addr().String() }

func (p *post) arrived() []mailed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mails
}

// serve talks to one client.
func (p *post) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	if p.silent {
		_, _ = conn.Read(make([]byte, 1))
		return
	}
	m := mailed{}
	if p.implicit {
		conn, m.tls = tls.Server(conn, p.secure), true
	}
	in := bufio.NewReader(conn)
	say := func(lines ...string) { fmt.Fprint(conn, strings.Join(lines, "\r\n")+"\r\n") }
	say("220 post.example ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			lines := []string{"250-post.example", "250-8BITMIME"}
			if !m.tls && !p.bare {
				lines = append(lines, "250-STARTTLS")
			}
			if m.tls || p.bare {
				lines = append(lines, "250-AUTH PLAIN")
			}
			say(append(lines, "250 ENHANCEDSTATUSCODES")...)
		case "STARTTLS":
			say("220 2.0.0 go on")
			conn = tls.Server(conn, p.secure)
			in, m.tls = bufio.NewReader(conn), true
		case "AUTH":
			_, code, _ := strings.Cut(rest, " ")
			login, _ := base64.StdEncoding.DecodeString(code)
			if m.login = strings.TrimPrefix(string(login), "\x00"); p.user != "" && m.login != p.user {
				say("535 5.7.8 no such user, or not this password: " + code)
				continue
			}
			say("235 2.7.0 welcome")
		case "MAIL":
			m.from = rest
			say("250 2.1.0 ok")
		case "RCPT":
			if strings.Contains(rest, "nobody@") {
				say("550 5.1.1 nobody of that name here")
				continue
			}
			m.to += rest + " "
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			if p.refuse != "" {
				say(p.refuse)
				continue
			}
			m.text = text.String()
			p.mu.Lock()
			p.mails = append(p.mails, m)
			p.mu.Unlock()
			say("250 2.0.0 taken")
			if p.quits {
				return
			}
			m.to = ""
		case "RSET", "NOOP":
			say("250 2.0.0 ok")
		case "QUIT":
			say("221 2.0.0 bye")
			return
		default:
			say("502 5.5.1 what is " + verb + "?")
		}
	}
}
