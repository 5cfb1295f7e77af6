package notify

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"weir/internal/unit"
)

// A Kind is a way messages go.
type Kind string

// The kinds, a file each.
const (
	Bell         Kind = "bell"
	Log          Kind = "log"
	Command      Kind = "command"
	Webhook      Kind = "webhook"
	Email        Kind = "email"
	Chat         Kind = "chat"
	Alertmanager Kind = "alertmanager"
)

// Kinds returns all of them.
func Kinds() []Kind { return []Kind{Bell, Log, Command, Webhook, Email, Chat, Alertmanager} }

const (
	// leastGiveUp is the shortest time for which a message may be tried: a channel that
	// is down over night is no reason to lose what happened in it.
	leastGiveUp = 24 * time.Hour
	usualGiveUp = 72 * time.Hour
	// leastRepeat bounds how often an alert that fires on is told again.
	leastRepeat = time.Minute
	mostTimeout = 5 * time.Minute
	mostWait    = time.Hour
)

// A Policy says which messages a channel takes, and when.
type Policy struct {
	Severities []string // it takes these only; none means all
	Rules      []string // it takes these only; none means all
	// Resolved: recoveries are told, too.
	Resolved bool
	// SkipBrief: an alert that recovered while its message still waited, untried, is
	// not told at all.
	SkipBrief  bool
	GroupWait  time.Duration // messages that come within it are one; 0 sends at once
	Repeat     time.Duration // tell again so often while it fires; 0 for never
	MaxPerHour int           // deliveries; what is beyond waits, to be grouped; 0 for no limit
	GiveUp     time.Duration // how long a message is tried
	Timeout    time.Duration // of one delivery
}

// takes tells whether a message is for the channel.
func (p *Policy) takes(m *Message) bool {
	return (len(p.Severities) == 0 || slices.Contains(p.Severities, m.Severity)) &&
		(len(p.Rules) == 0 || slices.Contains(p.Rules, m.Rule)) &&
		(p.Resolved || m.State != Recovered)
}

// A Channel is what is set for one channel: a [[notify]] table. Default makes one, Set
// and the fields fill it, Check tells what is wrong with it. What a kind does not use is
// zero. It holds no secret in the open, and may be copied.
type Channel struct {
	Name    string // also the target of its rows in the outbox
	Kind    Kind
	Enabled bool
	Policy

	URL            Secret // of webhooks, chats, Alertmanagers
	Key            Secret // with which webhooks are signed
	Headers        map[string]Secret
	Username       string
	Password       Secret
	CAFile         string   // PEM, certificates trusted besides those of the system
	AllowLinkLocal bool     // addresses where clouds tell their secrets, too
	Command        []string // the program and its arguments; no shell
	File           string   // the log
	JSON           bool     // lines of the log are objects
	Mail           Mail
}

// Mail is where messages go by e-mail.
type Mail struct {
	Server string // host:port, or host
	TLS    string // starttls, tls, none
	From   string
	To     []string
}

// Default returns a channel of the kind, with what holds where nothing is set.
func Default(kind Kind) (Channel, error) {
	if !slices.Contains(Kinds(), kind) {
		names := make([]string, 0, len(Kinds()))
		for _, k := range Kinds() {
			names = append(names, string(k))
		}
		return Channel{}, &SettingError{"kind", fmt.Sprintf("there is no kind of channel called %q%s: it is one of %s", string(kind), meant(string(kind), names), strings.Join(names, ", "))}
	}
	c := Channel{Kind: kind, Enabled: true, Policy: Policy{
		Resolved: true, GroupWait: 10 * time.Second, MaxPerHour: 60, GiveUp: usualGiveUp, Timeout: 10 * time.Second,
	}}
	switch kind {
	case Bell, Log:
		c.GroupWait, c.MaxPerHour = 0, 0
	case Alertmanager: // which groups by itself
		c.GroupWait, c.MaxPerHour, c.Repeat = 0, 0, time.Minute
	case Email:
		c.Mail.TLS = "starttls"
	}
	return c, nil
}

// meant returns which kind somebody who writes another name may mean, in parentheses, "" for
// none.
func meant(name string, names []string) string {
	for kind, others := range map[Kind][]string{
		Log: {"file"}, Command: {"exec", "program", "script"}, Webhook: {"http", "https", "hook", "url"}, Email: {"mail", "smtp", "mailto"},
	} {
		if slices.Contains(others, name) {
			return fmt.Sprintf(" (%q?)", string(kind))
		}
	}
	if slices.Contains(Services(), name) {
		return fmt.Sprintf(` (%q, with a url that begins with %s://?)`, string(Chat), name)
	}
	return nearest(name, names)
}

// nearest returns ", nearest is x" for the name that is most like the given one, ""
// where none is.
func nearest(name string, names []string) string {
	best, distance := "", 3
	for _, n := range names {
		if d := unit.Distance(name, n); d < distance {
			best, distance = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (%q?)", best)
}

// A SettingError says what is wrong with one setting of a channel, in a sentence that
// holds no secret.
type SettingError struct {
	Key  string // as in the table; "" for the table as a whole
	Text string
}

// Error returns the sentence, with the key before it.
func (e *SettingError) Error() string {
	if e.Key == "" {
		return e.Text
	}
	return e.Key + ": " + e.Text
}

// Equal tells whether two are set to the same, secrets included.
func (c *Channel) Equal(d *Channel) bool {
	return slices.Equal(c.Settings(), d.Settings()) && c.URL.Equal(d.URL) && c.Key.Equal(d.Key) && c.Password.Equal(d.Password) &&
		maps.EqualFunc(c.Headers, d.Headers, Secret.Equal)
}

// String is the channel in a few words, without secrets.
func (c Channel) String() string { return c.Name + " (" + string(c.Kind) + ")" }

// Check returns a *SettingError for the first thing that is wrong with the channel, nil
// for nothing. It reads no secrets and asks no server: Test does.
func (c *Channel) Check() error {
	if c.Name == "" || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		return &SettingError{"name", fmt.Sprintf("%q is no name: write letters, digits, -, _ and .", c.Name)}
	}
	if err := c.checkPolicy(); err != nil {
		return err
	}
	missing := func(key, example string) error {
		return &SettingError{key, fmt.Sprintf("a channel of kind %s needs it: write %s", c.Kind, example)}
	}
	switch c.Kind {
	case Bell:
	case Log:
		if c.File == "" {
			return missing("file", `file = "/var/log/weir/alerts.log"`)
		}
	case Command:
		if len(c.Command) == 0 || c.Command[0] == "" {
			return missing("command", `command = ["/usr/local/bin/page-me", "--urgent"]`)
		}
	case Webhook:
		if c.URL.IsZero() {
			return missing("url", `url = "https://example.org/hook", or url_file`)
		}
		return c.checkURL(webURL)
	case Alertmanager:
		if c.URL.IsZero() {
			return missing("url", `url = "http://127.0.0.1:9093"`)
		}
		return c.checkURL(webURL)
	case Chat:
		if c.URL.IsZero() {
			return missing("url", `url = "slack://hook:T-B-X@webhook", or url_file`)
		}
		return c.checkURL(checkChat)
	case Email:
		return c.checkMail(missing)
	default:
		return &SettingError{"kind", "it is missing: write kind = \"webhook\""}
	}
	return nil
}

func (c *Channel) checkPolicy() error {
	p := &c.Policy
	switch {
	case p.GiveUp < leastGiveUp:
		return &SettingError{"give_up", fmt.Sprintf("a message is tried for %s at least, so that a night without the channel loses none", unit.Span(leastGiveUp))}
	case p.Repeat != 0 && p.Repeat < leastRepeat:
		return &SettingError{"repeat", fmt.Sprintf("it is %s at least, or 0s for never", unit.Span(leastRepeat))}
	case p.Repeat == 0 && c.Kind == Alertmanager:
		return &SettingError{"repeat", "an Alertmanager ends alerts that are not sent again: leave it out for 1m"}
	case p.Timeout <= 0 || p.Timeout > mostTimeout:
		return &SettingError{"timeout", fmt.Sprintf("it is more than 0s and %s at most", unit.Span(mostTimeout))}
	case p.GroupWait < 0 || p.GroupWait > mostWait:
		return &SettingError{"group_wait", fmt.Sprintf("it is %s at most", unit.Span(mostWait))}
	case p.MaxPerHour < 0:
		return &SettingError{"max_per_hour", "it is a number of deliveries, or 0 for no limit"}
	case c.Username != "" && c.Password.IsZero():
		return &SettingError{"password", "there is a username without one: write password_file"}
	case c.Username == "" && !c.Password.IsZero():
		return &SettingError{"username", "there is a password without one"}
	}
	for _, name := range sortedHeaders(c.Headers) {
		if err := checkHeader(name); err != nil {
			return err
		}
	}
	return nil
}

// checkURL checks the form of a URL that stands in the table and needs no variable.
func (c *Channel) checkURL(check func(string) error) error {
	if c.URL.text == nil || strings.Contains(*c.URL.text, "${") || *c.URL.text == Redacted {
		return nil
	}
	if err := check(*c.URL.text); err != nil {
		return &SettingError{"url", err.Error()}
	}
	return nil
}

// webURL checks the URL of a web server.
func webURL(text string) error {
	_, err := parseWeb(text)
	return err
}

func parseWeb(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		// url.Error would repeat the whole, password and all.
		return nil, fmt.Errorf("it is no URL: write it as https://example.org/hook")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("it does not begin with http:// or https://")
	case u.Hostname() == "":
		return nil, fmt.Errorf("it names no host: write it as https://example.org/hook")
	}
	u.Fragment = ""
	return u, nil
}
