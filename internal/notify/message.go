package notify

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/unit"
)

// A State is what a message says of an alert.
type State string

// The states that are told of. An alert that only might fire is nobody's business yet.
const (
	Firing    State = "firing"
	Recovered State = "recovered"
)

// A Message tells of one change of one alert. It is a value; the map and the slice in it
// are not to be changed once it was handed over. Its JSON is that of docs/json.md.
type Message struct {
	// ID is the same however often this is sent: MessageID makes it.
	ID       string
	Rule     string // the name of the rule
	Key      string // what the rule is about ("/api"), "" for the whole site
	State    State
	Severity string
	At       time.Time // the second that decided it, in the time of the log
	Began    time.Time // At of the firing
	Ended    time.Time // At of the recovery; zero while it fires
	Value    string    // what was measured, as Text says it
	Text     string    // the sentence
	Labels   map[string]string
	Summary  []string  // lines about the cause
	Late     bool      // it happened while nobody watched
	Repeat   int64     // how often the alert was told before, where the channel repeats it
	Known    bool      // somebody has said that they know of the alert: people are not told again
	Quiet    time.Time // somebody has muted it until then: people are not told again before
	Host     string    // where weir runs
}

// MessageID returns the key by which receivers may drop what they already have.
func MessageID(rule, key string, began time.Time, state State) string {
	return strings.Join([]string{rule, key, strconv.FormatInt(began.Unix(), 10), string(state)}, "/")
}

// alert names the alert that a message is about, whatever its state.
func (m *Message) alert() string { return MessageID(m.Rule, m.Key, m.Began, "") }

// again is the message that tells of a firing alert once more.
func (m Message) again(n int64) Message {
	m.ID, m.Repeat = m.ID+"/"+strconv.FormatInt(n, 10), n
	return m
}

// line is the sentence with the state, as one line that steers nothing.
func (m *Message) line() string {
	var b strings.Builder
	b.WriteString(string(m.State))
	if m.Severity != "" {
		b.WriteString(" [" + m.Severity + "]")
	}
	b.WriteString(" " + m.Rule)
	if m.Key != "" {
		b.WriteString(" " + m.Key)
	}
	b.WriteString(": " + m.Text)
	switch {
	case m.Late:
		b.WriteString(" (told late)")
	case m.Repeat > 0:
		b.WriteString(" (still, since " + m.Began.Format(time.RFC3339) + ")")
	}
	return escape.Terminal([]byte(b.String()))
}

// gated is a Message as JSON writes it: strings may come from a log, and JSON is
// looked at with cat, too.
type gated struct {
	ID       escape.JSON            `json:"id"`
	Rule     escape.JSON            `json:"rule"`
	Key      escape.JSON            `json:"key,omitempty"`
	State    escape.JSON            `json:"state"`
	Severity escape.JSON            `json:"severity"`
	At       time.Time              `json:"at"`
	Began    time.Time              `json:"began"`
	Ended    time.Time              `json:"ended,omitzero"`
	Value    escape.JSON            `json:"value"`
	Text     escape.JSON            `json:"message"`
	Labels   map[string]escape.JSON `json:"labels,omitempty"`
	Summary  []escape.JSON          `json:"summary,omitempty"`
	Late     bool                   `json:"late,omitempty"`
	Repeat   int64                  `json:"repeat,omitempty"`
	Known    bool                   `json:"acknowledged,omitempty"`
	Quiet    time.Time              `json:"muted_until,omitzero"`
	Host     escape.JSON            `json:"host,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (m Message) MarshalJSON() ([]byte, error) {
	g := gated{
		ID: escape.JSON(m.ID), Rule: escape.JSON(m.Rule), Key: escape.JSON(m.Key), State: escape.JSON(m.State),
		Severity: escape.JSON(m.Severity), At: m.At, Began: m.Began, Ended: m.Ended, Value: escape.JSON(m.Value),
		Text: escape.JSON(m.Text), Late: m.Late, Repeat: m.Repeat, Known: m.Known, Quiet: m.Quiet, Host: escape.JSON(m.Host),
	}
	for _, line := range m.Summary {
		g.Summary = append(g.Summary, escape.JSON(line))
	}
	for name, value := range m.Labels {
		if g.Labels == nil {
			g.Labels = map[string]escape.JSON{}
		}
		g.Labels[escape.Terminal([]byte(name))] = escape.JSON(value)
	}
	return json.Marshal(g)
}

// UnmarshalJSON implements json.Unmarshaler: it reads what MarshalJSON wrote.
func (m *Message) UnmarshalJSON(text []byte) error {
	var g gated
	if err := json.Unmarshal(text, &g); err != nil {
		return err
	}
	*m = Message{
		ID: string(g.ID), Rule: string(g.Rule), Key: string(g.Key), State: State(g.State), Severity: string(g.Severity),
		At: g.At, Began: g.Began, Ended: g.Ended, Value: string(g.Value), Text: string(g.Text),
		Late: g.Late, Repeat: g.Repeat, Known: g.Known, Quiet: g.Quiet, Host: string(g.Host),
	}
	for _, line := range g.Summary {
		m.Summary = append(m.Summary, string(line))
	}
	for name, value := range g.Labels {
		if m.Labels == nil {
			m.Labels = map[string]string{}
		}
		m.Labels[name] = string(value)
	}
	return nil
}

// A group is what one delivery tells: whole alerts, the oldest first.
type group struct {
	channel  string
	messages []Message
}

// document is a group as webhooks and commands get it.
type document struct {
	Version   int         `json:"version"`
	ID        escape.JSON `json:"id"`
	Channel   string      `json:"channel"`
	Host      escape.JSON `json:"host,omitempty"`
	Title     string      `json:"title"`
	Firing    int         `json:"firing"`
	Recovered int         `json:"recovered"`
	Messages  []Message   `json:"messages"`
}

func (g *group) document() ([]byte, error) {
	firing, recovered := g.count()
	return json.Marshal(document{
		Version: 1, ID: escape.JSON(g.id()), Channel: g.channel, Host: escape.JSON(g.host()), Title: g.title(),
		Firing: firing, Recovered: recovered, Messages: g.messages,
	})
}

// id is the same for the same messages.
func (g *group) id() string {
	if len(g.messages) == 1 {
		return g.messages[0].ID
	}
	ids := make([]string, len(g.messages))
	for i := range g.messages {
		ids[i] = g.messages[i].ID
	}
	return "group/" + digest(ids...)
}

func (g *group) host() string { return g.messages[0].Host }

func (g *group) count() (firing, recovered int) {
	for _, m := range g.messages {
		if m.State == Recovered {
			recovered++
		} else {
			firing++
		}
	}
	return firing, recovered
}

// title is the group in a few words, on one line.
func (g *group) title() string {
	const cells = 120
	var b strings.Builder
	if m := &g.messages[0]; len(g.messages) == 1 {
		b.WriteString(m.Rule + " " + string(m.State))
		if m.Key != "" {
			b.WriteString(": " + m.Key)
		}
	} else {
		firing, recovered := g.count()
		var parts []string
		if firing > 0 {
			parts = append(parts, unit.Count(int64(firing))+" firing")
		}
		if recovered > 0 {
			parts = append(parts, unit.Count(int64(recovered))+" recovered")
		}
		b.WriteString(strings.Join(parts, ", "))
	}
	if g.host() != "" {
		b.WriteString(" (" + g.host() + ")")
	}
	title, _ := escape.AppendCut(nil, []byte(b.String()), cells)
	return string(title)
}

// text is the group for people, a line for each message with its cause below it, at
// most so many bytes: what would not fit is counted in the last line.
func (g *group) text(most int) string {
	var b strings.Builder
	for i := range g.messages {
		m := &g.messages[i]
		part := m.line() + "\n"
		for _, cause := range m.Summary {
			part += "  " + escape.Terminal([]byte(cause)) + "\n"
		}
		rest := ""
		if i+1 < len(g.messages) {
			rest = "and " + unit.Count(int64(len(g.messages)-i)) + " more\n"
		}
		if b.Len()+len(part)+len(rest) <= most {
			b.WriteString(part)
			continue
		}
		if i == 0 {
			b.WriteString(cut(part, most-len(rest)-len("…\n")) + "…\n")
			i++
		}
		if left := len(g.messages) - i; left > 0 {
			b.WriteString("and " + unit.Count(int64(left)) + " more\n")
		}
		break
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cut returns the head of s, at most so many bytes, between runes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:max(most, 0)], "")
}

// sortedLabels returns the names of labels in their order.
func sortedLabels(labels map[string]string) []string { return slices.Sorted(maps.Keys(labels)) }
