package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"weir/internal/escape"
	"weir/internal/unit"
)

// email sends a group as one plain text to all recipients.
type email struct{ wire }

// maxMail bounds the text, in bytes.
const maxMail = 256 << 10

// checkMail checks the settings of a channel of that kind.
func (c *Channel) checkMail(missing func(key, example string) error) error {
	switch {
	case c.Mail.Server == "":
		return missing("server", `server = "smtp.example.org:587"`)
	case c.Mail.From == "":
		return missing("from", `from = "weir@example.org"`)
	case len(c.Mail.To) == 0:
		return missing("to", `to = ["ops@example.org"]`)
	case c.Mail.TLS != "starttls" && c.Mail.TLS != "tls" && c.Mail.TLS != "none":
		return &SettingError{"tls", fmt.Sprintf(`it is "starttls", "tls" or "none", not %q`, c.Mail.TLS)}
	}
	if strings.Contains(c.Mail.Server, "@") { // what stands before it is not to be repeated
		return &SettingError{"server", "it is a host, and a port: username and password are keys of their own"}
	}
	if _, _, err := c.Mail.server(); err != nil {
		return &SettingError{"server", err.Error()}
	}
	if _, err := netmail.ParseAddress(c.Mail.From); err != nil {
		return &SettingError{"from", fmt.Sprintf("%q is no address: write it as weir@example.org", c.Mail.From)}
	}
	for _, to := range c.Mail.To {
		if _, err := netmail.ParseAddress(to); err != nil {
			return &SettingError{"to", fmt.Sprintf("%q is no address: write it as ops@example.org", to)}
		}
	}
	return nil
}

// server returns host and port, the usual one of the way of TLS where none is given.
func (m *Mail) server() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(m.Server)
	if err != nil {
		host, text = m.Server, map[string]string{"starttls": "587", "tls": "465", "none": "25"}[m.TLS]
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || host == "" || net.ParseIP(host) == nil && !hostName(host) {
		return "", 0, fmt.Errorf("%q is no server: write it as smtp.example.org:587", m.Server)
	}
	return host, int(n), nil
}

// hostName tells whether s has the form of a name of a host.
func hostName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '-' || c == '.' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

func (e *email) send(ctx context.Context, g *group) error {
	m, err := e.message(g)
	if err != nil {
		return err
	}
	client, err := e.smtp(ctx)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, m)
	if m.IsDelivered() {
		// What goes wrong after the server has taken it is its own business: to send
		// it again would double it.
		return nil
	}
	if err == nil {
		return errors.New("the server did not say that it has taken the message")
	}
	return e.mailFailure(ctx, err)
}

func (e *email) message(g *group) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(e.channel.Mail.From); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if err := m.To(e.channel.Mail.To...); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	m.Subject("[weir] " + g.title())
	m.SetDateWithValue(time.Now())
	// The same message has the same number however often it is sent, so that a mailbox
	// may drop it; mails about one alert make a thread.
	from, _ := netmail.ParseAddress(e.channel.Mail.From) // Check has parsed it
	domain := from.Address[lastAt(from.Address)+1:]
	m.SetMessageIDWithValue(digest(g.id(), g.channel) + "@" + domain)
	if len(g.messages) == 1 {
		m.SetGenHeader(mail.HeaderReferences, "<"+digest(g.messages[0].alert())+"@"+domain+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answering machine answers
	m.SetGenHeader("X-Weir-Id", escape.Terminal([]byte(g.id())))
	text := g.text(maxMail) + "\n"
	if g.host() != "" {
		text += "\n-- \nweir on " + escape.Terminal([]byte(g.host())) + "\n"
	}
	m.SetBodyString(mail.TypeTextPlain, text)
	return m, nil
}

func lastAt(address string) int {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return i
		}
	}
	return -1
}

// smtp returns a client for one mail, which ends with ctx.
func (e *email) smtp(ctx context.Context) (*mail.Client, error) {
	secure, err := e.tls()
	if err != nil {
		return nil, err
	}
	host, port, err := e.channel.Mail.server()
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	secure.ServerName = host
	dial := e.dialer()
	options := []mail.Option{
		mail.WithPort(port), mail.WithTimeout(e.channel.Timeout), mail.WithTLSConfig(secure), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(dialing, network, address)
			if err != nil {
				return nil, err
			}
			// The library gives each command its time anew.
			context.AfterFunc(ctx, func() { conn.Close() })
			if e.channel.Mail.TLS == "tls" {
				wrapped := tls.Client(conn, secure)
				if err := wrapped.HandshakeContext(dialing); err != nil {
					conn.Close()
					return nil, err
				}
				return wrapped, nil
			}
			return conn, nil
		}),
	}
	switch e.channel.Mail.TLS {
	case "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "tls": // it is there already: the library finds it, and no STARTTLS
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if e.channel.Username != "" {
		password, err := e.channel.Password.read()
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		// The strongest way that the server offers; none that shows the password
		// where there is no TLS.
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(e.channel.Username), mail.WithPassword(password))
	}
	return mail.NewClient(host, options...)
}

// mailFailure says why a mail did not go.
func (e *email) mailFailure(ctx context.Context, err error) error {
	var sent *mail.SendError
	if ctx.Err() != nil {
		return fmt.Errorf("no answer within %s", unit.Span(e.channel.Timeout))
	}
	if errors.As(err, &sent) {
		return &failure{text: "the mail server: " + escape.Terminal([]byte(sent.Error())), refused: !sent.IsTemp() && sent.Reason != mail.ErrSMTPRcptTo}
	}
	return e.why(ctx, err)
}
