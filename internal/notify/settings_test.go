package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// table is a [[notify]] table as a TOML parser yields it.
type table map[string]any

// fromTable makes a channel as package config does.
func fromTable(of table) (Channel, error) {
	kind, _ := of["kind"].(string)
	c, err := Default(Kind(kind))
	if err != nil {
		return c, err
	}
	for _, k := range Keys() {
		if v, ok := of[k]; ok {
			if err := c.Set(k, v); err != nil {
				return c, err
			}
		}
	}
	for k, v := range of {
		if err := c.Set(k, v); err != nil {
			return c, err
		}
	}
	return c, c.Check()
}

func good() map[string]table {
	return map[string]table{
		"bell":    {"name": "b", "kind": "bell", "severity": "critical", "resolved": false},
		"log":     {"name": "l", "kind": "log", "file": "/var/log/weir/alerts.log", "format": "json", "enabled": true, "rules": []any{"errors"}},
		"command": {"name": "c", "kind": "command", "command": []any{"/bin/page", "--now"}, "timeout": "1m"},
		"webhook": {
			"name": "w", "kind": "webhook", "url": "https://user:canary@example.org/hook?token=canary", "secret": "canary", "headers": map[string]any{"X-Token": "canary"},
			"username": "u", "password": "canary", "ca_file": "ca.pem", "allow_link_local": true, "max_per_hour": int64(7),
		},
		"email": {
			"name": "m", "kind": "email", "server": "smtp.example.org", "tls": "tls", "from": "weir@example.org", "to": []any{"a@example.org", "b@example.org"},
			"username": "u", "password_file": "/run/secrets/smtp",
		},
		"chat":         {"name": "t", "kind": "chat", "url": "telegram://123456789:canaryTelegramToken0123456789canary@telegram?chats=-1001", "group_wait": int64(30), "repeat": "4h"},
		"alertmanager": {"name": "a", "kind": "alertmanager", "url_file": "/run/secrets/am", "skip_brief": true, "give_up": "7d"},
	}
}

func TestEachKindIsReadFromItsTableAndShownAsOneThatReadsAlike(t *testing.T) {
	for name, of := range good() {
		c, err := fromTable(of)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again := table{"kind": name}
		for _, s := range c.Settings() {
			again[s.Key] = tomlValue(t, s.TOML)
			if strings.Contains(s.TOML, "canary") {
				t.Errorf("%s: %s = %s is told", name, s.Key, s.TOML)
			}
			if _, set := of[s.Key]; set == s.Default && s.Key != "resolved" && s.Key != "enabled" {
				t.Errorf("%s: %s = %s: default = %t, want %t", name, s.Key, s.TOML, s.Default, !set)
			}
		}
		back, err := fromTable(again)
		if err != nil {
			t.Errorf("%s: %v reads %v back", name, err, again)
			continue
		}
		if a, b := fmt.Sprint(c.Settings()), fmt.Sprint(back.Settings()); a != b {
			t.Errorf("%s: got %s, want %s", name, b, a)
		}
	}
}

// tomlValue reads what Settings writes: strings, numbers, lists and tables of strings,
// all of which JSON reads, too, but for the sign between a key and its value.
func tomlValue(t *testing.T, text string) any {
	t.Helper()
	if strings.HasPrefix(text, "{") {
		text = strings.ReplaceAll(text, " = ", ": ")
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if n, ok := v.(json.Number); ok {
		i, _ := n.Int64()
		return i
	}
	return v
}

func TestAWrongSettingNamesItsKeyAndWhatToWrite(t *testing.T) {
	with := func(kind, key string, value any) table {
		of := table{}
		for k, v := range good()[kind] {
			of[k] = v
		}
		if value == nil {
			delete(of, key)
		} else {
			of[key] = value
		}
		return of
	}
	for _, c := range []struct {
		of        table
		key, want string
	}{
		{table{"name": "x", "kind": "slack"}, "kind", `there is no kind of channel called "slack" ("chat", with a url that begins with slack://?)`},
		{table{"name": "x", "kind": "smtp"}, "kind", `there is no kind of channel called "smtp" ("email"?)`},
		{table{"name": "x", "kind": "exec"}, "kind", `there is no kind of channel called "exec" ("command"?)`},
		{table{"name": "x", "kind": "webhok"}, "kind", `there is no kind of channel called "webhok" ("webhook"?)`},
		{table{"name": "x"}, "kind", "it is one of bell, log, command"},
		{with("webhook", "name", "a b"), "name", `"a b" is no name`},
		{with("webhook", "name", nil), "name", "is no name"},
		{with("webhook", "urll", "x"), "urll", `there is no such key ("url"?)`},
		{with("webhook", "server", "x"), "server", "a channel of kind webhook has no such key"},
		{with("webhook", "url", nil), "url", "a channel of kind webhook needs it"},
		{with("webhook", "url", "ftp://canary"), "url", "does not begin with http:// or https://"},
		{with("webhook", "url", "https://"), "url", "names no host"},
		{with("webhook", "url", "https://canary\x7f"), "url", "it is no URL"},
		{with("webhook", "url", int64(7)), "url", "it is a text in quotes"},
		{with("webhook", "url_file", "x"), "url_file", "url is set, too"},
		{with("email", "password", "canary"), "", "set, too"},
		{with("webhook", "secret", ""), "secret", "it is empty"},
		{with("webhook", "headers", "X"), "headers", "it is a table such as"},
		{with("webhook", "headers", map[string]any{"X": int64(1)}), "headers", `the value of "X"`},
		{with("webhook", "headers", map[string]any{"X\nY": "1"}), "headers", "is no name of a header"},
		{with("webhook", "password", nil), "password", "there is a username without one"},
		{with("webhook", "username", nil), "username", "there is a password without one"},
		{with("webhook", "severity", true), "severity", "it is a list of texts"},
		{with("webhook", "severity", []any{int64(1)}), "severity", "has 1 in it"},
		{with("webhook", "resolved", "yes"), "resolved", `it is true or false, not "yes"`},
		{with("webhook", "group_wait", "soon"), "group_wait", "write it as 30s"},
		{with("webhook", "group_wait", "2h"), "group_wait", "1h at most"},
		{with("webhook", "group_wait", true), "group_wait", "a stretch of time"},
		{with("webhook", "repeat", "5s"), "repeat", "1m at least"},
		{with("alertmanager", "repeat", "0s"), "repeat", "an Alertmanager ends alerts"},
		{with("webhook", "give_up", "1h"), "give_up", "1d at least"},
		{with("webhook", "timeout", "0s"), "timeout", "more than 0s"},
		{with("webhook", "max_per_hour", int64(-1)), "max_per_hour", "not -1"},
		{with("webhook", "max_per_hour", "7"), "max_per_hour", `not "7"`},
		{with("log", "file", nil), "file", "needs it"},
		{with("log", "format", "xml"), "format", `it is "text" or "json", not "xml"`},
		{with("command", "command", []any{}), "command", "needs it"},
		{with("command", "command", []any{""}), "command", "needs it"},
		{with("email", "server", nil), "server", "needs it"},
		{with("email", "server", "smtp.example.org:x"), "server", "is no server"},
		{with("email", "tls", "yes"), "tls", `it is "starttls", "tls" or "none"`},
		{with("email", "from", "weir"), "from", `"weir" is no address`},
		{with("email", "from", nil), "from", "needs it"},
		{with("email", "to", []any{"a@b", "ops"}), "to", `"ops" is no address`},
		{with("email", "to", nil), "to", "needs it"},
		{with("chat", "url", "irc://canary"), "url", `there is no service called "irc"`},
		{with("chat", "allow_link_local", true), "allow_link_local", "has no such key"},
	} {
		_, err := fromTable(c.of)
		var wrong *SettingError
		if !errors.As(err, &wrong) || c.key != "" && wrong.Key != c.key || !strings.Contains(wrong.Text, c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v: got %v, want %s: %s", c.of, err, c.key, c.want)
		}
	}
}

func TestNamesOfChannelsAreTheirOwn(t *testing.T) {
	if _, err := New([]Channel{hook("http://a", nil), hook("http://b", nil)}, Options{}); err == nil || !strings.Contains(err.Error(), "there are two channels of that name") {
		t.Errorf("got %v", err)
	}
	if _, err := New([]Channel{{}}, Options{}); err == nil {
		t.Error("a channel without anything is taken")
	}
}

func TestASecretComesFromItselfAFileOrTheEnvironment(t *testing.T) {
	t.Setenv("WEIR_TEST_A", "canary a")
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "canary in a file\r\n")
	write(filepath.Join(dir, "empty"), "\n")
	write(filepath.Join(dir, "large"), strings.Repeat("x", maxSecret+1))
	for _, c := range []struct {
		secret     Secret
		text, want string // shown, and read; a want that begins with ! is an error
	}{
		{Secret{}, "", ""},
		{Literal("canary"), Redacted, "canary"},
		{Literal("${WEIR_TEST_A}"), "${WEIR_TEST_A}", "canary a"},
		{Literal("x${WEIR_TEST_A}y${WEIR_TEST_A}"), Redacted, "xcanary aycanary a"},
		{Literal("$${WEIR_TEST_A}$"), Redacted, "${WEIR_TEST_A}$"},
		{Literal("${WEIR_TEST_NONE}"), "${WEIR_TEST_NONE}", "!the environment variable WEIR_TEST_NONE is not set"},
		{Literal("${WEIR"), Redacted, `!it has a "${" without "}"`},
		{Literal(Redacted), Redacted, "!weir config show"},
		{FromFile(file), "in the file " + file, "canary in a file"},
		{FromFile(filepath.Join(dir, "none")), "", "!cannot be read"},
		{FromFile(filepath.Join(dir, "empty")), "", "!is empty"},
		{FromFile(filepath.Join(dir, "large")), "", "!so it is no secret"},
	} {
		if c.text != "" && c.secret.String() != c.text {
			t.Errorf("shown: got %q, want %q", c.secret, c.text)
		}
		got, err := c.secret.read()
		if part, wrong := strings.CutPrefix(c.want, "!"); wrong {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want %q", c.secret, err, part)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s: got %q %v, want %q", c.secret, got, err, c.want)
		}
		if !c.secret.Equal(c.secret) || c.secret.Equal(Literal("other")) || c.secret.IsZero() != (c.text == "" && c.secret.file == "") {
			t.Errorf("%s: Equal or IsZero are wrong", c.secret)
		}
	}
}

// A channel in whatever hands shows no secret.
func TestNoWayOfPrintingAChannelShowsItsSecrets(t *testing.T) {
	c := hook("https://user:canary1@example.org/canary2?x=canary3", func(c *Channel) {
		c.Key, c.Password, c.Username = Literal("canary4"), Literal("canary5"), "user"
		c.Headers = map[string]Secret{"X-A": Literal("canary6")}
	})
	d, err := New([]Channel{c}, Options{Outbox: NewMemory(1)})
	if err != nil {
		t.Fatal(err)
	}
	encoded, _ := json.Marshal(c)
	hidden := struct{ c Channel }{c}
	for _, text := range []string{
		c.String(), fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c), fmt.Sprintf("%v %+v", &c, []Channel{c}),
		fmt.Sprintf("%v %+v %#v", hidden, hidden, hidden), fmt.Sprintf("%v %+v %#v %x", c.Key, c.Key, c.Key, c.Key), string(encoded),
		fmt.Sprint(c.Settings()), fmt.Sprintf("%+v", d), fmt.Sprintf("%+v", d.Status()), fmt.Sprintf("%+v %#v", d.lanes[0], d.lanes[0].out),
	} {
		if strings.Contains(text, "canary") || strings.Contains(text, "63616e617279") {
			t.Errorf("a secret is in %s", text)
		}
	}
	if !strings.Contains(string(encoded), Redacted) {
		t.Errorf("got %s, want it to say that something is left out", encoded)
	}
}

func TestChannelsAreEqualWhereAllThatIsSetIsTheSame(t *testing.T) {
	made := func(change func(*Channel)) *Channel {
		c := opsChannel("ops", func(c *Channel) {
			c.Key, c.Headers = Literal("a"), map[string]Secret{"X-A": Literal("b")}
			c.Username, c.Password, c.Severities = "u", FromFile("p"), []string{"info"}
		})
		if change != nil {
			change(&c)
		}
		return &c
	}
	if !made(nil).Equal(made(nil)) {
		t.Error("the same is not equal")
	}
	for name, change := range map[string]func(*Channel){
		"name": func(c *Channel) { c.Name = "x" }, "url": func(c *Channel) { c.URL = Literal("http://127.0.0.1/other") },
		"secret": func(c *Channel) { c.Key = Literal("b") }, "password": func(c *Channel) { c.Password = FromFile("q") },
		"header": func(c *Channel) { c.Headers["X-A"] = Literal("c") }, "severity": func(c *Channel) { c.Severities = nil },
		"timeout": func(c *Channel) { c.Timeout++ }, "enabled": func(c *Channel) { c.Enabled = false },
	} {
		if made(change).Equal(made(nil)) {
			t.Errorf("with another %s it is equal", name)
		}
	}
}
