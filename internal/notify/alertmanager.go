package notify

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// keptFor is for how many repeats an Alertmanager keeps an alert that is not sent again.
// Prometheus takes the same (rules/manager.go, SendAlerts).
const keptFor = 4

// alertmanager posts alerts to the API of the Alertmanager of Prometheus, version 2
// (api/v2/openapi.yaml, postableAlerts). It groups and silences by itself; that an alert
// fires on is told again until it recovers.
type alertmanager struct{ wire }

// postable is one alert of that API. Labels are its identity.
type postable struct {
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func (a *alertmanager) send(ctx context.Context, g *group) error {
	r, err := a.request()
	if err != nil {
		return err
	}
	base, _ := parseWeb(r.url) // request has parsed it
	r.url = base.JoinPath("api/v2/alerts").String()
	if r.body, err = json.Marshal(postables(g.messages, time.Now(), a.channel.Repeat)); err != nil {
		return err
	}
	r.kind = "application/json"
	_, err = a.post(ctx, r)
	return err
}

// postables returns what is to be said of alerts: of each the last that is known.
func postables(messages []Message, now time.Time, every time.Duration) []postable {
	var all []postable
	at := map[string]int{}
	for i := range messages {
		m := &messages[i]
		p := postable{StartsAt: m.Began, EndsAt: m.Ended, Labels: labels(m), Annotations: annotations(m)}
		switch {
		case m.State == Recovered && p.EndsAt.After(now):
			// The clock of a log may be ahead: what has ended has ended.
			p.EndsAt = now
		case p.EndsAt.IsZero():
			p.EndsAt = now.Add(keptFor * every)
		}
		if p.StartsAt.After(p.EndsAt) { // refused by the API
			p.StartsAt = p.EndsAt
		}
		name := m.alert()
		if k, ok := at[name]; ok {
			all[k] = p
			continue
		}
		at[name] = len(all)
		all = append(all, p)
	}
	return all
}

// labels returns the identity of an alert: rule, key, host, and what the rule adds.
func labels(m *Message) map[string]string {
	all := map[string]string{}
	for _, name := range sortedLabels(m.Labels) {
		put(all, labelName(name), m.Labels[name])
	}
	put(all, "alertname", m.Rule)
	put(all, "key", m.Key)
	put(all, "severity", m.Severity)
	put(all, "instance", m.Host)
	return all
}

func annotations(m *Message) map[string]string {
	all := map[string]string{}
	put(all, "summary", m.Text)
	put(all, "description", strings.Join(m.Summary, "\n"))
	put(all, "value", m.Value)
	return all
}

// put sets a label that has a value: an empty one is none (Prometheus data model).
func put(labels map[string]string, name, value string) {
	if value = strings.ToValidUTF8(value, "\uFFFD"); value != "" {
		labels[name] = value
	}
}

// labelName is a name as all versions of the Alertmanager take it: letters, digits and
// underscores, no digit first.
func labelName(name string) string {
	b := []byte(name)
	for i, c := range b {
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') {
			b[i] = '_'
		}
	}
	if len(b) == 0 || slices.Contains([]byte("0123456789"), b[0]) {
		return "_" + string(b)
	}
	return string(b)
}
