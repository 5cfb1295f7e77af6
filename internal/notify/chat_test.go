package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A site stands for all hosts of chats, over TLS.
type site struct {
	file   string
	server *httptest.Server
	mu     sync.Mutex
	asked  []asked
	answer func(w http.ResponseWriter, r *http.Request) // nil answers as each service does
}

// An asked is a request that came.
type asked struct {
	where  string
	header http.Header
	body   string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	hosts := []string{
		"discord.com", "chat.googleapis.com", "gotify.example", "mattermost.example", "ntfy.example", "api.pushover.net",
		"rocket.example", "hooks.slack.com", "slack.com", "acme.webhook.office.com", "api.telegram.org", "zulip.example.org",
	}
	file, certificate := authority(t, hosts...)
	s.file = file
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.asked = append(s.asked, asked{r.Method + " https://" + r.Host + r.URL.String(), r.Header, string(body)})
		answer := s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		switch r.Host {
		case "discord.com":
			w.WriteHeader(http.StatusNoContent)
		case "slack.com", "api.telegram.org":
			_, _ = io.WriteString(w, `{"ok":true,"result":{}}`)
		case "hooks.slack.com":
			_, _ = io.WriteString(w, "ok")
		case "acme.webhook.office.com":
			_, _ = io.WriteString(w, "1")
		default:
			_, _ = io.WriteString(w, `{"id":"1","time":1,"event":"message"}`)
		}
	}))
	s.server.TLS = tlsServer(certificate)
	s.server.Config.ErrorLog = discard()
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

func (s *site) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, s.server.Listener.Addr().String())
}

// took returns what was asked since the last call.
func (s *site) took() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.asked
	s.asked = nil
	return all
}

// chatURLs are a URL of each service, with tokens that are all canaries.
func chatURLs() map[string]string {
	const hex = "11111111-4444-4444-8444-cccccccccccc"
	return map[string]string{
		"discord":    "discord://canaryDiscordToken@693853386302554172",
		"googlechat": "googlechat://chat.googleapis.com/v1/spaces/AAAA/messages?key=canaryGoogleKey&token=canaryGoogleToken",
		"gotify":     "gotify://gotify.example/AcanaryGotify1x",
		"mattermost": "mattermost://mattermost.example/canaryMattermost",
		"ntfy":       "ntfy://weir:canaryNtfyPass@ntfy.example/canaryNtfyTopic",
		"pushover":   "pushover://shoutrrr:canaryPushoverToken@canaryPushoverUser/",
		"rocketchat": "rocketchat://rocket.example/canaryRocketA/canaryRocketB",
		"slack hook": "slack://hook:TCANARY00-BCANARY00-canarySlackToken0canary00@webhook",
		"slack api":  "slack://xoxb:123456789012-1234567890123-canarySlackApiToken00000@C0001CHAN",
		"teams":      "teams://" + hex + "@" + hex + "/ca0a41e5ca0a41e5ca0a41e5ca0a41e5/" + hex + "/V2canaryTeamsExtra0123456789?host=acme.webhook.office.com",
		"telegram":   "telegram://123456789:canaryTelegramToken0123456789canary@telegram?chats=-1001,@weir:7",
		"zulip":      "zulip://bot%40zulip.example.org:canaryZulipKey0123456789canaryZu@zulip.example.org?stream=ops&topic=weir",
	}
}

// canaries returns the secrets in a URL of chatURLs.
func canaries(text string) []string {
	var all []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(":/@?&=-", r) }) {
		if strings.Contains(strings.ToLower(word), "canary") {
			all = append(all, word)
		}
	}
	return all
}

// chatTo is a channel of kind chat, whose hosts are all the site.
func (s *site) chatTo(url string) (Channel, Options) {
	c, _ := Default(Chat)
	c.Name, c.URL, c.CAFile, c.Timeout = "chat", Literal(url), s.file, 5*time.Second
	return c, Options{dial: s.dial}
}

func TestEachChatGetsTheTextWhereItWantsIt(t *testing.T) {
	s := newSite(t)
	a, b := firing("/a_b"), recovered("/c<x>")
	for name, c := range map[string]struct {
		where []string
		parts []string // of the last body, unescaped of its JSON or form
	}{
		"discord":    {[]string{"POST https://discord.com/api/webhooks/693853386302554172/canaryDiscordToken"}, []string{`firing \[critical\] high-traffic /a\_b`, `/c\<x\>`}},
		"googlechat": {[]string{"POST https://chat.googleapis.com/v1/spaces/AAAA/messages?key=canaryGoogleKey&token=canaryGoogleToken"}, []string{"1 firing, 1 recovered", "high-traffic /a_b"}},
		"gotify":     {[]string{"POST https://gotify.example/message"}, []string{"1 firing, 1 recovered (web1)", "high-traffic /a_b"}},
		"mattermost": {[]string{"POST https://mattermost.example/hooks/canaryMattermost"}, []string{`high-traffic /a\_b`}},
		"ntfy":       {[]string{"POST https://ntfy.example/canaryNtfyTopic"}, []string{"firing [critical] high-traffic /a_b: traffic of /a_b is high\n  top client"}},
		"pushover":   {[]string{"POST https://api.pushover.net/1/messages.json"}, []string{"high-traffic /a_b", "1 firing, 1 recovered"}},
		"rocketchat": {[]string{"POST https://rocket.example/hooks/canaryRocketA/canaryRocketB"}, []string{"high-traffic /a_b"}},
		"slack hook": {[]string{"POST https://hooks.slack.com/services/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0"}, []string{"high-traffic /a_b", "/c&lt;x&gt;"}},
		"slack api":  {[]string{"POST https://slack.com/api/chat.postMessage"}, []string{"high-traffic /a_b", "C0001CHAN"}},
		"teams":      {[]string{"POST https://acme.webhook.office.com/webhookb2/"}, []string{"high-traffic /a_b", "/c&lt;x&gt;"}},
		"telegram": {
			[]string{"POST https://api.telegram.org/bot123456789:canaryTelegramToken0123456789canary/sendMessage", "POST https://api.telegram.org/bot123456789:canaryTelegramToken0123456789canary/sendMessage"},
			[]string{"high-traffic /a_b", "@weir", `"message_thread_id":7`},
		},
		"zulip": {[]string{"POST https://zulip.example.org/api/v1/messages"}, []string{"high-traffic /a_b", "topic=weir"}},
	} {
		t.Run(name, func(t *testing.T) {
			channel, o := s.chatTo(chatURLs()[name])
			if err := sendTo(t, channel, o, a, b); err != nil {
				t.Fatal(err)
			}
			got := s.took()
			var where []string
			for _, g := range got {
				where = append(where, g.where)
			}
			if !slices.EqualFunc(where, c.where, strings.HasPrefix) {
				t.Fatalf("asked %q, want %q", where, c.where)
			}
			body := unwrapped(got[len(got)-1])
			for _, part := range c.parts {
				if !strings.Contains(body, part) {
					t.Errorf("%q is not in:\n%s", part, body)
				}
			}
		})
	}
	if len(chatURLs()) != 12 || len(messengers()) != 11 {
		t.Errorf("%d URLs for %d services: one is not tried", len(chatURLs()), len(messengers()))
	}
}

// unwrapped is a body with the texts in it as they are.
func unwrapped(a asked) string {
	var v any
	if json.Unmarshal([]byte(a.body), &v) == nil {
		return texts(v) + a.body
	}
	if a.header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		if text, err := url.QueryUnescape(a.body); err == nil {
			return text
		}
	}
	return a.body
}

func texts(v any) string {
	switch v := v.(type) {
	case string:
		return v + "\n"
	case []any:
		all := ""
		for _, one := range v {
			all += texts(one)
		}
		return all
	case map[string]any:
		all := ""
		for _, one := range v {
			all += texts(one)
		}
		return all
	}
	return ""
}

// What a log holds calls nobody by name, and marks nothing up.
func TestALogCannotSpeakInTheNameOfAChat(t *testing.T) {
	s := newSite(t)
	m := firing("/<!channel>@everyone<@U1>@**all**[x](http://evil)\u202e<users/all>")
	m.Text, m.Summary, m.Rule = "x", nil, "r"
	for name, live := range map[string][]string{
		"discord": {"@everyone", "<@U1>", "[x](http"}, "mattermost": {"@everyone", "@**all", "[x]("}, "rocketchat": {"@everyone", "@U1"},
		"slack hook": {"<!channel>", "<@U1>"}, "slack api": {"<!channel>", "<@U1>"}, "googlechat": {"<users/all>", "<@U1>"},
		"teams": {"<!channel>", "<@U1>"}, "zulip": {"@**all"}, "telegram": {`"parse_mode"`},
	} {
		channel, o := s.chatTo(chatURLs()[name])
		if err := sendTo(t, channel, o, m); err != nil {
			t.Fatal(name, err)
		}
		for _, a := range s.took() {
			for _, part := range append(live, "\u202e") {
				if body := unwrapped(a); strings.Contains(body, part) {
					t.Errorf("%s: %q is in:\n%s", name, part, body)
				}
			}
		}
	}
}

func TestAChatThatDoesNotTakeAMessageIsAFailureAndTellsNoToken(t *testing.T) {
	s := newSite(t)
	ways := map[string]func(http.ResponseWriter, *http.Request){
		"500, which repeats the request": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			fmt.Fprint(w, r.URL, r.Header)
		},
		"429": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "77")
			w.WriteHeader(429)
			fmt.Fprint(w, `{"ok":false,"description":"slow down"}`)
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example"+r.URL.String(), http.StatusTemporaryRedirect)
		},
		"reset": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		},
	}
	for name, url := range chatURLs() {
		for way, answer := range ways {
			s.answer = answer
			channel, o := s.chatTo(url)
			checkSecret(t, name+", "+way, sendTo(t, channel, o, firing("/a")), canaries(url))
			if n := len(s.took()); n != 1 {
				t.Errorf("%s, %s: asked %d times, want once: when to try again is the Dispatcher's to say", name, way, n)
			}
		}
		channel, o := s.chatTo(url)
		for _, cause := range []error{syscall.ECONNREFUSED, os.ErrDeadlineExceeded, &deniedError{"169.254.1.1", "is link-local"}} {
			dials := 0
			o.dial = func(context.Context, string, string) (net.Conn, error) {
				dials++
				return nil, cause
			}
			checkSecret(t, name+", "+cause.Error(), sendTo(t, channel, o, firing("/a")), canaries(url))
			if dials != 1 {
				t.Errorf("%s, %v: dialled %d times, want once", name, cause, dials)
			}
		}
	}
}

// checkSecret wants an error without any of the secrets.
func checkSecret(t *testing.T, name string, err error, secrets []string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: delivered", name)
		return
	}
	for _, secret := range append(secrets, "canary", "Canary", "CANARY") {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error tells %q: %v", name, secret, err)
			return
		}
	}
}

func TestAChatThatSaysNoWith200IsAFailure(t *testing.T) {
	s := newSite(t)
	for name, body := range map[string]string{
		"slack hook": "no_service", "slack api": `{"ok":false,"error":"channel_not_found"}`, "telegram": `{"ok":false,"description":"chat not found"}`,
		"teams": "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
	} {
		s.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
		channel, o := s.chatTo(chatURLs()[name])
		err := sendTo(t, channel, o, firing("/a"))
		if err == nil || !strings.Contains(err.Error(), strings.Trim(body[len(body)-9:], `"}`)) {
			t.Errorf("%s: got %v, want what it said", name, err)
		}
	}
}

func TestAChatOnlySaysWhatFitsAndCountsTheRest(t *testing.T) {
	s := newSite(t)
	var many []Message
	for i := range 100 {
		many = append(many, firing(fmt.Sprintf("/%d/%s", i, strings.Repeat("_", 200))))
	}
	for name, url := range chatURLs() {
		channel, o := s.chatTo(url)
		if err := sendTo(t, channel, o, many...); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if body := unwrapped(s.took()[0]); !strings.Contains(body, " more") {
			t.Errorf("%s: does not count what it leaves out: %.300s", name, body)
		}
	}
}

func TestAURLOfNoChatIsRefusedWithoutBeingTold(t *testing.T) {
	for text, want := range map[string]string{
		"slak://hook:canary@webhook":       `there is no service called "slak" ("slack"?)`,
		"canary":                           "it is no URL of a chat",
		"slack://hook:canarycanary@x":      "it is no URL of slack",
		"telegram://canary:canary@x":       "it is no URL of telegram",
		"discord://":                       "it is no URL of discord",
		"matrix://user:canary@example.org": `there is no service called "matrix"`,
		"ntfy://user:can%ary@h/t":          "it is no URL: the characters",
		"teams://canary":                   "it is no URL of teams",
		"gotify://h":                       "it is no URL of gotify",
		"zulip://canary":                   "it is no URL of zulip",
	} {
		c, _ := Default(Chat)
		c.Name, c.URL = "chat", Literal(text)
		err := c.Check()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func FuzzChatURL(f *testing.F) {
	for _, text := range chatURLs() {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		_ = checkChat(text) // it does not panic
	})
}

// TestAChatThatTakesNothingKeepsNoOtherFromHearing, and no other hears twice of what is tried again.
func TestAChatThatTakesNothingKeepsNoOtherFromHearing(t *testing.T) {
	s := newSite(t)
	kicked := true
	heard := map[string][]string{}
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var m struct {
			Chat string `json:"chat_id"`
			Text string `json:"text"`
		}
		if err := json.Unmarshal([]byte(s.asked[len(s.asked)-1].body), &m); err != nil {
			t.Error(err)
		}
		if m.Chat == "-1" && kicked {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"ok":false,"description":"bot was kicked"}`)
			return
		}
		for _, key := range []string{"/first", "/second"} {
			if strings.Contains(m.Text, key) {
				heard[m.Chat] = append(heard[m.Chat], key)
			}
		}
		_, _ = io.WriteString(w, `{"ok":true,"result":{}}`)
	}
	c, o := s.chatTo("telegram://123456789:canaryTelegramToken0123456789canary@telegram?chats=-1,-2,-2")
	out := newSender(&c, &o)
	for i, messages := range [][]Message{{firing("/first")}, {firing("/first")}, {firing("/first"), firing("/second")}} {
		err := deliver(t.Context(), out, &group{c.Name, messages})
		checkSecret(t, "telegram", err, nil)
		if err != nil && !strings.Contains(err.Error(), "1 of 2 chats") {
			t.Errorf("try %d: %v", i, err)
		}
	}
	kicked = false
	if err := deliver(t.Context(), out, &group{c.Name, []Message{firing("/first"), firing("/second")}}); err != nil {
		t.Error(err)
	}
	for _, chat := range []string{"-1", "-2"} {
		if want := []string{"/first", "/second"}; !slices.Equal(heard[chat], want) {
			t.Errorf("chat %s heard %q, want %q", chat, heard[chat], want)
		}
	}
}
