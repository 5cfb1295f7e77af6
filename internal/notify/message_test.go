package notify

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAMessageReadsBackAsItWasWritten(t *testing.T) {
	m := firing("/größe \"x\"\n\x1b\u202e<>&")
	m.Labels = map[string]string{"team": "web"}
	m.Late, m.Repeat, m.Ended = true, 3, began().Add(time.Hour)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Message
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, m) {
		t.Errorf("%v: got %+v, want %+v", err, back, m)
	}
	if strings.ContainsAny(string(text), "\x1b\u202e\n") {
		t.Errorf("%s steers a terminal", text)
	}
}

func TestTheManualNamesEveryKeyOfAMessage(t *testing.T) {
	manual, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(manual), "\n# Notifications\n")
	if !ok {
		t.Fatal("docs/json.md has no part called Notifications")
	}
	part, _, _ = strings.Cut(part, "\n# ")
	m := recovered("/a")
	m.Labels, m.Late, m.Repeat = map[string]string{"team": "web"}, true, 1
	g := group{"ops", []Message{m}}
	text, err := g.document()
	if err != nil {
		t.Fatal(err)
	}
	keys := regexp.MustCompile(`[{,]"([a-z_]+)":`).FindAllStringSubmatch(string(text), -1)
	if len(keys) < 20 {
		t.Fatalf("%d keys in %s", len(keys), text)
	}
	for _, k := range keys {
		if k[1] != "team" && !strings.Contains(part, "`"+k[1]+"`") {
			t.Errorf("docs/json.md does not tell of the key %s", k[1])
		}
	}
}

func TestTheManualNamesEveryKeyOfAChannelWithItsKinds(t *testing.T) {
	manual, err := os.ReadFile("../../docs/notifications.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for line := range strings.Lines(string(manual)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
			told[m[1]] = true
		}
	}
	for _, k := range Keys() {
		if !told[k] {
			t.Errorf("docs/notifications.md has no row for %s", k)
		}
	}
	for _, k := range Kinds() {
		if !told[string(k)] {
			t.Errorf("docs/notifications.md has no row for the kind %s", k)
		}
	}
	for _, s := range Services() {
		if !told[s] {
			t.Errorf("docs/notifications.md has no row for the service %s", s)
		}
	}
	for k := range told {
		if !slices.Contains(Keys(), k) && !slices.Contains(Kinds(), Kind(k)) && !slices.Contains(Services(), k) {
			t.Errorf("docs/notifications.md tells of %s, which there is not", k)
		}
	}
}

func TestATextIsCutBetweenRunesAndCountsWhatIsMissing(t *testing.T) {
	var many []Message
	for range 50 {
		many = append(many, firing("/"+strings.Repeat("ö", 40)))
	}
	for most := 60; most < 3000; most += 7 {
		g := group{"ops", many}
		text := g.text(most)
		if len(text) > most || !utf8.ValidString(text) || !strings.Contains(text, " more") {
			t.Fatalf("%d bytes: got %d: %q", most, len(text), text)
		}
	}
	g := group{"ops", many[:1]}
	if text := g.text(1000); strings.Contains(text, "more") || !strings.HasSuffix(text, "\n  top client 192.0.2.1") {
		t.Errorf("got %q", text)
	}
}

func TestAGroupHasOneIDAndATitleInOneLine(t *testing.T) {
	a, b := firing("/a\r\nX: 1"), recovered("/b")
	one, two := group{"ops", []Message{a}}, group{"ops", []Message{a, b}}
	if one.id() != a.ID || !strings.HasPrefix(two.id(), "group/") || two.id() == (&group{"ops", []Message{b, a}}).id() || two.id() != (&group{"x", []Message{a, b}}).id() {
		t.Errorf("ids: %q %q", one.id(), two.id())
	}
	if got := one.title(); got != `high-traffic firing: /a\x0D\x0AX: 1 (web1)` {
		t.Errorf("title: %q", got)
	}
	if got := two.title(); got != "1 firing, 1 recovered (web1)" {
		t.Errorf("title: %q", got)
	}
	long := group{"ops", []Message{firing(strings.Repeat("x", 1000))}}
	if n := len([]rune(long.title())); n > 120 {
		t.Errorf("a title of %d", n)
	}
}

func TestATimeThatJSONDoesNotKnowStopsNoMessage(t *testing.T) {
	m := firing("/a")
	m.At = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	r := seal("ops", &m, began(), began())
	if e, err := parse(&r); err != nil || e.Message.Text != m.Text {
		t.Errorf("got %+v %v", e, err)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("/a", "text\n\x1b[2J", "cause\u202e\xff", "host")
	f.Fuzz(func(t *testing.T, key, text, cause, host string) {
		m := firing(key)
		m.Text, m.Summary, m.Host = text, []string{cause}, host
		g := group{"ops", []Message{m, recovered(key)}}
		for _, line := range []string{m.line(), g.title(), (&group{"ops", g.messages[:1]}).title()} {
			if strings.ContainsAny(line, "\r\n\x00\x1b\u202e\u2028") || !utf8.ValidString(line) {
				t.Errorf("%q", line)
			}
		}
		r := seal("ops", &m, began(), began())
		if e, err := parse(&r); err != nil || utf8.ValidString(key) && e.Message.Key != key {
			t.Errorf("got %+v %v", e, err)
		}
		for _, s := range messengers() {
			if n := s.note(&g); len(n.plain) > s.most && s.most > 100 {
				t.Errorf("%s: %d bytes", s.scheme, len(n.plain))
			}
		}
	})
}
