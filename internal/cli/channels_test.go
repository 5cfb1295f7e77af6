package cli

import (
	"os"
	"strings"
	"testing"
	"time"

	"weir/internal/config"
)

// TestAChannelIsUnderstoodInTheFormsThatPeopleTry: what is shown of it is what it was taken for.
func TestAChannelIsUnderstoodInTheFormsThatPeopleTry(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Skip("this machine has no name")
	}
	for text, want := range map[string][]string{
		"bell":                        {`kind = "bell"`},
		"file:alerts.log":             {`kind = "log"`, `file = "alerts.log"`},
		"file:///var/log/alerts.log":  {`kind = "log"`, `file = "/var/log/alerts.log"`},
		"log:alerts.log":              {`kind = "log"`, `file = "alerts.log"`},
		"exec:cat >> x":               {`kind = "command"`, `command = ["/bin/sh", "-c", "cat >> x"]`},
		"command:cat":                 {`kind = "command"`, `command = ["/bin/sh", "-c", "cat"]`},
		"https://example.org/hook":    {`kind = "webhook"`},
		"webhook:http://example.org/": {`kind = "webhook"`},
		"alertmanager:127.0.0.1:9093": {`kind = "alertmanager"`},
		"alertmanager:http://am:9093": {`kind = "alertmanager"`},
		"alertmanager://am:9093":      {`kind = "alertmanager"`},
		"https://hooks.slack.com/services/T00000000/B00000000/xxxxxxxxxxxxxxxxxxxxxxxx": {`kind = "chat"`},
		"https://discord.com/api/webhooks/123456789/abcdefghij":                         {`kind = "chat"`},
		"ntfy://ntfy.sh/topic":                                  {`kind = "chat"`},
		"mailto:ops@example.org":                                {`kind = "email"`, `server = "localhost:25"`, `tls = "none"`, `from = "weir@` + host + `"`, `to = ["ops@example.org"]`},
		"mailto:a@x.org,b@x.org?server=smtp.x.org&from=w@x.org": {`kind = "email"`, `server = "smtp.x.org"`, `tls = "starttls"`, `from = "w@x.org"`, `to = ["a@x.org", "b@x.org"]`},
	} {
		flags := ruleFlags{channels: []string{text}}
		c, err := flags.over(config.Default(), configOptions(time.Unix(0, 0), false))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var shown []string
		for _, s := range c.Channels[0].Settings() {
			shown = append(shown, s.Key+" = "+s.TOML)
		}
		for _, w := range want {
			if !strings.Contains(strings.Join(shown, "\n")+"\n", w+"\n") {
				t.Errorf("%s: got\n%s\nwant %s among it", text, strings.Join(shown, "\n"), w)
			}
		}
	}
}

// TestNoFormOfAChannelThatIsWrongShowsItsSecret.
func TestNoFormOfAChannelThatIsWrongShowsItsSecret(t *testing.T) {
	const secret = "Can4rySecret"
	for _, form := range []string{
		"SECRET", "http://u:SECRET@", "http://[::1/SECRET", "http:/SECRET", "https:SECRET", "webhook:SECRET", "webhook:ftp://SECRET", "alertmanager:u:SECRET@h",
		"alertmanager:http://u:SECRET@", "slack://SECRET", "slack://hook:SECRET@webhook", "discord://SECRET", "discord://SECRET@", "telegram://SECRET",
		"telegram://SECRET@telegram", "gotify://SECRET", "ntfy://u:SECRET@h", "teams://SECRET", "mattermost://SECRET", "rocketchat://SECRET", "googlechat://SECRET",
		"zulip://SECRET", "pushover://SECRET", "pushover://shoutrrr:SECRET@", "smtp://u:SECRET@h", "smtps://u:SECRET@h:1", "mailto:SECRET", "mailto:a@b?password=SECRET",
		"mailto:a@b?server=u:SECRET@h:25", "ftp://u:SECRET@h", "https://hooks.slack.com/services/SECRET", "https://discord.com/api/webhooks/SECRET/x/y", "generic://SECRET",
		"http://h/%zzSECRET", "slack://%zzSECRET", "http://h:SECRET/",
	} {
		flags := ruleFlags{channels: []string{strings.ReplaceAll(form, "SECRET", secret)}}
		c, err := flags.over(config.Default(), configOptions(time.Unix(0, 0), false))
		said := ""
		if err != nil {
			said = err.Error()
		} else {
			said = c.Show()
		}
		if strings.Contains(strings.ToLower(said), strings.ToLower(secret)) {
			t.Errorf("%s: %s", form, said)
		}
	}
}
