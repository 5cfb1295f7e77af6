package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/googlechat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/teams"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/zulip"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"weir/internal/escape"
)

// chat sends a group as one text to a chat, or as a push message, by a URL of shoutrrr.
//
// That library knows the URLs, and what each service wants to be sent. What it is not
// trusted with is the sending: its services take no context, send through a client of
// the process, wait and try again by themselves; Telegram's is silent when no server was
// reached, Zulip's panics (v0.13.2). So each is given a client that is judged (wire.client),
// or its request is sent from here where it takes none.
type chat struct {
	wire
	// took has, of a URL with several chats, the numbers of the messages that each has taken
	// while another has not: what is tried again is for that one alone.
	took map[string]map[string]bool
}

// A note is a group as chats show it.
type note struct {
	title string
	text  string // with the title before it, where that says more than the text
	plain string // without
	to    string // the chat of the URL that it is for, where that names several
}

// A messenger is a row of the table of services.
type messenger struct {
	scheme string
	most   int // bytes of a text
	// gate makes a text of one line harmless: no markup, nobody called by name.
	gate func(string) string
	// parse checks a URL, without sending.
	parse func(*url.URL) error
	send  func(ctx context.Context, w *wire, u *url.URL, n *note) error
	// chats are those that a URL names, where it may name several: each is sent to by itself.
	chats func(*url.URL) ([]string, error)
}

func messengers() []messenger {
	quiet := strings.NewReplacer("@", "@\u200b")
	markdown := strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "|", `\|`, ">", `\>`, "<", `\<`,
		"#", `\#`, "[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`, "@", "@\u200b")
	// What Slack's manual names: "Escaping text".
	entities := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	google := strings.NewReplacer("<", "<\u200b", "@", "@\u200b")
	none := func(s string) string { return s }
	return []messenger{
		{"discord", 1900, markdown.Replace, parseBy(func() types.Service { return &discord.Service{} }), sendDiscord, nil},
		{"googlechat", 3800, google.Replace, parseBy(func() types.Service { return &googlechat.Service{} }), sendGoogleChat, nil},
		{"gotify", 8000, none, parseGotify, sendGotify, nil},
		{"mattermost", 3800, markdown.Replace, parseBy(func() types.Service { return &mattermost.Service{} }), sendMattermost, nil},
		{"ntfy", 3800, none, parseBy(func() types.Service { return &ntfy.Service{} }), sendNtfy, nil},
		{"pushover", 1000, none, parseBy(func() types.Service { return &pushover.Service{} }), sendPushover, nil},
		{"rocketchat", 3800, quiet.Replace, parseBy(func() types.Service { return &rocketchat.Service{} }), sendRocketChat, nil},
		{"slack", 3000, entities.Replace, parseBy(func() types.Service { return &slack.Service{} }), sendSlack, nil},
		{"teams", 8000, html.EscapeString, parseTeams, sendTeams, nil},
		{"telegram", 3800, none, parseBy(func() types.Service { return &telegram.Service{} }), sendTelegram, telegramChats},
		{"zulip", 8000, quiet.Replace, parseBy(func() types.Service { return &zulip.Service{} }), sendZulip, nil},
	}
}

// Services returns the schemes of the URLs that chat channels take.
func Services() []string {
	var names []string
	for _, s := range messengers() {
		names = append(names, s.scheme)
	}
	return names
}

// parseBy has a service of the library read a URL.
func parseBy(make func() types.Service) func(*url.URL) error {
	return func(u *url.URL) error { return make().Initialize(u, nil) }
}

// parseGotify is parseBy with what the library looks at only when it sends.
func parseGotify(u *url.URL) error {
	s := &gotify.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	if s.Config.Host == "" || s.Config.Token == "" {
		return errors.New("write it as gotify://host/token")
	}
	return nil
}

// parseTeams is parseBy with what the library looks at only when it sends.
func parseTeams(u *url.URL) error {
	_, _, err := teamsURL(u)
	return err
}

// teamsURL returns where messages to a team go, and the colour of its cards.
func teamsURL(u *url.URL) (where, color string, err error) {
	s := &teams.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return "", "", err
	}
	c := s.Config
	where = teams.BuildWebhookURL(c.Host, c.Group, c.Tenant, c.AltID, c.GroupOwner, c.ExtraID)
	return where, c.Color, teams.ValidateWebhookURL(where)
}

// checkChat checks the form of a URL.
func checkChat(text string) error {
	_, _, err := parseChat(text)
	return err
}

// parseChat reads the URL of a chat. The error holds nothing of it but its scheme.
func parseChat(text string) (s messenger, u *url.URL, err error) {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return messenger{}, nil, fmt.Errorf("it is no URL of a chat: it begins with one of %s, such as slack://", strings.Join(Services(), ", "))
	}
	found := false
	for _, one := range messengers() {
		if one.scheme == strings.ToLower(scheme) {
			s, found = one, true
		}
	}
	if !found {
		return messenger{}, nil, fmt.Errorf("there is no service called %q%s: it is one of %s; for another one, take kind = \"webhook\" or \"command\"",
			scheme, nearest(scheme, Services()), strings.Join(Services(), ", "))
	}
	if u, err = url.Parse(text); err != nil {
		return messenger{}, nil, fmt.Errorf("it is no URL: the characters @ : / ? # %% in tokens are to be written as %%40 and so on")
	}
	// A library that panics over a URL is no reason to end.
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("it is no URL of %s", s.scheme)
		}
	}()
	if err := s.parse(u); err != nil {
		var r redactor
		r.add(pieces(text, true)...)
		return messenger{}, nil, fmt.Errorf("it is no URL of %s: %s", s.scheme, r.text(err.Error()))
	}
	return s, u, nil
}

func (c *chat) send(ctx context.Context, g *group) error {
	text, err := c.channel.URL.read()
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	s, u, err := parseChat(text)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if s.chats == nil {
		return s.send(ctx, &c.wire, u, s.note(g))
	}
	chats, err := s.chats(u)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	return c.sendEach(chats, g, func(to string, g *group) error {
		n := s.note(g)
		n.to = to
		return s.send(ctx, &c.wire, u, n)
	})
}

// mostTook bounds the messages of which it is known that a chat has taken them.
const mostTook = 1000

// sendEach sends to each of chats what it has not taken yet, so that one that takes nothing keeps
// nobody from hearing, and nobody hears twice. The error is the first one.
func (c *chat) sendEach(chats []string, g *group, send func(to string, g *group) error) error {
	var first error
	failed := 0
	for _, to := range chats {
		took := c.took[to]
		rest := group{channel: g.channel}
		for i := range g.messages {
			if !took[g.messages[i].ID] {
				rest.messages = append(rest.messages, g.messages[i])
			}
		}
		if len(rest.messages) == 0 {
			continue
		}
		if err := send(to, &rest); err != nil {
			failed++
			if first == nil {
				first = err
			}
			if f := (*failure)(nil); !errors.As(err, &f) || !f.own {
				return err // the others are behind the same server
			}
			continue
		}
		if took == nil || len(took) > mostTook {
			took = map[string]bool{}
		}
		for i := range rest.messages {
			took[rest.messages[i].ID] = true
		}
		if c.took == nil {
			c.took = map[string]map[string]bool{}
		}
		c.took[to] = took
	}
	if first != nil {
		if f := (*failure)(nil); failed < len(chats) && errors.As(first, &f) {
			own := *f
			own.text = fmt.Sprintf("%d of %d chats: %s", failed, len(chats), f.text)
			return &own
		}
		return first
	}
	for _, took := range c.took {
		for i := range g.messages {
			delete(took, g.messages[i].ID)
		}
	}
	return nil
}

// note writes a group for a service.
func (s *messenger) note(g *group) *note {
	// What the gate adds is at most as much again; the cut is before it, so that it
	// cuts through no escape.
	most := s.most
	for {
		plain := s.gate(g.text(most))
		if len(plain) <= s.most || most < 100 {
			n := &note{title: s.gate(g.title()), text: plain, plain: plain}
			if len(g.messages) > 1 {
				n.text = n.title + "\n" + plain
			}
			return n
		}
		most -= most / 4
	}
}

// through sends by a service of the library, with a client that is judged.
func (w *wire) through(ctx context.Context, u *url.URL, s types.Service, n *note, use func(*http.Client)) error {
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	client, j, err := w.client(ctx)
	if err != nil {
		return err
	}
	use(client)
	// A panic is no failure of its own where the request has failed.
	func() {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the delivery broke: %v", p)
			}
		}()
		err = s.Send(n.text, &types.Params{types.TitleKey: n.title})
	}()
	switch {
	case j.verdict != nil:
		return j.verdict
	case err == nil && j.asked == 0:
		return errors.New("nothing was sent: the URL names nobody to send to")
	}
	return err
}

func sendDiscord(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &discord.Service{}
	return w.through(ctx, u, s, &note{text: n.text}, func(client *http.Client) {
		// One embed, so that it is one request; and it does not wait by itself.
		s.HTTPClient, s.Sleeper, s.Config.SplitLines, s.Config.JSON = client, wakeful{}, false, false
	})
}

// wakeful does not sleep.
type wakeful struct{}

// Sleep implements discord.Sleeper.
func (wakeful) Sleep(time.Duration) {}

func sendMattermost(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &mattermost.Service{}
	return w.through(ctx, u, s, n, func(client *http.Client) { *s.GetHTTPClient() = *client })
}

func sendNtfy(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &ntfy.Service{}
	return w.through(ctx, u, s, &note{title: n.title, text: n.plain}, s.SetHTTPClient)
}

func sendPushover(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &pushover.Service{}
	return w.through(ctx, u, s, &note{title: n.title, text: n.plain}, func(client *http.Client) { s.Client = client })
}

func sendRocketChat(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &rocketchat.Service{}
	return w.through(ctx, u, s, n, func(client *http.Client) { s.Client = client })
}

func sendSlack(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &slack.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	payload := slack.CreateJSONPayload(s.Config, n.text)
	if !s.Config.Token.IsAPIToken() {
		a, err := w.postJSON(ctx, s.Config.Token.WebhookURL(), payload, nil)
		if said := strings.TrimSpace(string(a.body)); err == nil && said != "" && said != "ok" {
			return &failure{text: "Slack said: " + excerpt(a.body)}
		}
		return err
	}
	a, err := w.postJSON(ctx, "https://slack.com/api/chat.postMessage", payload, map[string]string{"Authorization": s.Config.Token.Authorization()})
	return saidOK(a, err)
}

// saidOK looks for {"ok":true}, as Slack and Telegram answer.
func saidOK(a answer, err error) error {
	if err != nil {
		return err
	}
	var told struct {
		OK bool `json:"ok"`
	}
	if json.Unmarshal(a.body, &told) != nil || !told.OK {
		return &failure{text: "it answered 200, and not that it has taken the message: " + excerpt(a.body), own: true}
	}
	return nil
}

// telegramChats are those that a URL names, each once.
func telegramChats(u *url.URL) ([]string, error) {
	s := &telegram.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return nil, err
	}
	var all []string
	for _, to := range s.Config.Chats {
		if !slices.Contains(all, to) {
			all = append(all, to)
		}
	}
	return all, nil
}

func sendTelegram(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &telegram.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	id, thread, _ := strings.Cut(n.to, ":")
	// No parse_mode: nothing in the text is markup. No preview: nobody asks for what
	// a log names.
	payload := map[string]any{"chat_id": id, "text": n.text, "disable_web_page_preview": true, "disable_notification": !s.Config.Notification}
	if number, err := strconv.Atoi(thread); err == nil {
		payload["message_thread_id"] = number
	}
	return saidOK(w.postJSON(ctx, "https://api.telegram.org/bot"+s.Config.Token+"/sendMessage", payload, nil))
}

func sendTeams(ctx context.Context, w *wire, u *url.URL, n *note) error {
	where, color, err := teamsURL(u)
	if err != nil {
		return err
	}
	a, err := w.postJSON(ctx, where, map[string]any{
		"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": n.title, "title": n.title,
		"text": strings.ReplaceAll(n.plain, "\n", "<br>"), "themeColor": color,
	}, nil)
	// Teams answers 200 where it drops a message for its rate limit, and says so in the
	// text ("Create Incoming Webhooks", Microsoft).
	if err == nil && strings.Contains(string(a.body), "HTTP error 429") {
		return &failure{text: "Teams said: " + excerpt(a.body)}
	}
	return err
}

func sendGoogleChat(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &googlechat.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	where := url.URL{
		Scheme: "https", Host: s.Config.Host, Path: s.Config.Path,
		RawQuery: url.Values{"key": {s.Config.Key}, "token": {s.Config.Token}}.Encode(),
	}
	_, err := w.postJSON(ctx, where.String(), googlechat.JSON{Text: n.text}, nil)
	return err
}

func sendGotify(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &gotify.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	where := url.URL{Scheme: "https", Host: s.Config.Host}
	if s.Config.DisableTLS {
		where.Scheme = "http"
	}
	_, err := w.postJSON(ctx, where.JoinPath(s.Config.Path, "message").String(),
		map[string]any{"title": n.title, "message": n.plain, "priority": s.Config.Priority}, map[string]string{"X-Gotify-Key": s.Config.Token})
	return err
}

func sendZulip(ctx context.Context, w *wire, u *url.URL, n *note) error {
	s := &zulip.Service{}
	if err := s.Initialize(u, nil); err != nil {
		return err
	}
	where := url.URL{Scheme: "https", Host: s.Config.Host, Path: "/api/v1/messages"}
	_, err := w.post(ctx, &request{
		url: where.String(), kind: "application/x-www-form-urlencoded", body: []byte(zulip.CreatePayload(s.Config, n.text).Encode()),
		username: s.Config.BotMail, password: s.Config.BotKey,
	})
	return err
}

// postJSON posts a value as JSON.
func (w *wire) postJSON(ctx context.Context, where string, value any, header map[string]string) (answer, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return answer{}, err
	}
	return w.post(ctx, &request{url: where, kind: "application/json", body: body, header: header})
}

// excerpt is the head of an answer, for an error.
func excerpt(body []byte) string {
	return escape.Terminal(body[:min(len(body), quotedAnswer)])
}
