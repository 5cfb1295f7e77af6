package config

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"weir/internal/notify"
)

const manual = "../../docs/config.md"

func manualText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheExampleOfTheManualIsRight reads the first TOML block of docs/config.md.
func TestTheExampleOfTheManualIsRight(t *testing.T) {
	m := regexp.MustCompile("(?s)```toml\n(.*?)```").FindStringSubmatch(manualText(t))
	if m == nil {
		t.Fatal("docs/config.md has lost its example")
	}
	c := parsed(t, m[1])
	if got := rule(t, c, "checkout").Labels["team"]; got != "shop" {
		t.Errorf("got the label %q", got)
	}
	if len(c.Channels) != 2 || c.Channels[0].Kind != notify.Email || len(c.Rules) != len(Default().Rules)+7 {
		t.Errorf("got %d channels, %d rules", len(c.Channels), len(c.Rules))
	}
	for _, k := range Keys() {
		if k.Table == "[[rule]]" && !regexp.MustCompile(`(?m)^`+k.Name+` = `).MatchString(m[1]) {
			t.Errorf("the example has no %s of a rule", k.Name)
		}
	}
}

// TestTheManualListsEveryKey holds the tables of docs/config.md against the tables of keys.
func TestTheManualListsEveryKey(t *testing.T) {
	var keys strings.Builder
	table := "-"
	for _, k := range Keys() {
		if k.Table != table {
			table = k.Table
			title := "`" + table + "`"
			if table == "" {
				title = "At the top"
			}
			fmt.Fprintf(&keys, "\n### %s\n\n| key | what it is | by default | flag |\n|---|---|---|---|\n", title)
		}
		name := "`" + k.Name + "`"
		if k.Live {
			name += " *"
		}
		about := strings.ReplaceAll(k.About, "|", "\\|")
		if len(k.Aliases) > 0 {
			about += "; also `" + strings.Join(k.Aliases, "`, `") + "`"
		}
		usual, flag := "", ""
		if k.Default != "" {
			usual = "`" + k.Default + "`"
		}
		if k.Flag != "" {
			flag = "`--" + k.Flag + "`"
		}
		fmt.Fprintf(&keys, "| %s | %s | %s | %s |\n", name, about, usual, flag)
	}
	keys.WriteString("\n\\* taken by a reload\n")
	between(t, "keys", keys.String())
	between(t, "rules", "\n```toml\n"+strings.TrimSpace(standingText())+"\n```\n\n")
}

// between compares what stands between two marks of the manual, or with -update puts it there.
func between(t *testing.T, mark, want string) {
	t.Helper()
	text := manualText(t)
	head, rest, ok := strings.Cut(text, "<!-- "+mark+" -->\n")
	got, tail, ok2 := strings.Cut(rest, "<!-- end -->\n")
	if !ok || !ok2 {
		t.Fatalf("docs/config.md has lost the mark %q", mark)
	}
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(manual, []byte(head+"<!-- "+mark+" -->\n"+want+"<!-- end -->\n"+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("docs/config.md does not list the %s as they are; go test ./internal/config -update rewrites it", mark)
	}
}

// TestTheExamplesOfNotificationsAreRight reads what docs/notifications.md shows.
func TestTheExamplesOfNotificationsAreRight(t *testing.T) {
	text, err := os.ReadFile("../../docs/notifications.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	channels := 0
	for _, b := range blocks {
		channels += len(parsed(t, b[1]).Channels)
	}
	if channels == 0 {
		t.Error("docs/notifications.md shows no channel")
	}
}
