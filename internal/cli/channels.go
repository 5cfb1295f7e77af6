package cli

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strings"

	"weir/internal/notify"
)

// channelForms tells how the CHANNEL of --notify is written.
const channelForms = "write bell, file:PATH, exec:COMMAND, an http(s) address, alertmanager:ADDRESS, mailto:ADDRESS, or the URL of a chat such as slack://TOKEN"

// channelTOML writes the CHANNEL of --notify as a table of a configuration. Errors repeat
// nothing of it that may be a secret.
func channelTOML(text string, number int) (string, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	kind, keys := notify.Chat, "url = "+quoted(text)
	switch {
	case text == "bell":
		kind, keys = notify.Bell, ""
	case !ok && strings.ContainsAny(text, "./\\"):
		return "", errors.New("this is no channel: write file:PATH to write into a file; else " + channelForms)
	case !ok || rest == "":
		return "", errors.New("this is no channel: " + channelForms)
	case scheme == "file" || scheme == "log":
		kind, keys = notify.Log, "file = "+quoted(strings.TrimPrefix(rest, "//"))
	case scheme == "exec" || scheme == "command":
		kind, keys = notify.Command, `command = ["/bin/sh", "-c", `+quoted(rest)+"]"
	case scheme == "webhook":
		kind, keys = notify.Webhook, "url = "+quoted(rest)
	case scheme == "http" || scheme == "https":
		if chat := chatHook(text); chat != "" {
			keys = "url = " + quoted(chat)
			break
		}
		kind = notify.Webhook
	case scheme == "alertmanager":
		if address := strings.TrimPrefix(rest, "//"); !strings.Contains(address, "://") {
			rest = "http://" + address
		}
		kind, keys = notify.Alertmanager, "url = "+quoted(rest)
	case scheme == "mailto":
		var err error
		if keys, err = mailTOML(rest); err != nil {
			return "", err
		}
		kind = notify.Email
	case scheme == "smtp" || scheme == "smtps":
		return "", errors.New("a mail server with a password is set in a weir.toml (docs/notifications.md); mailto:ADDRESS goes by the one of this machine")
	}
	return fmt.Sprintf("[[notify]]\nname = \"%s-%d\"\nkind = \"%s\"\n%s\n", kind, number+1, kind, keys), nil
}

// chatHook turns the addresses that Slack and Discord give for their webhooks, which take no
// other's JSON, into the URL of a chat; "" for all other addresses.
func chatHook(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch host := strings.ToLower(u.Hostname()); {
	case host == "hooks.slack.com" && len(parts) == 4 && parts[0] == "services":
		return "slack://hook:" + strings.Join(parts[1:], "-") + "@webhook"
	case (host == "discord.com" || host == "discordapp.com") && len(parts) == 4 && parts[0] == "api" && parts[1] == "webhooks":
		return "discord://" + parts[3] + "@" + parts[2]
	}
	return ""
}

// mailTOML reads what stands behind mailto: (RFC 6068), addresses and parameters: the server,
// by default that of this machine, which needs no password, from and tls.
func mailTOML(text string) (string, error) {
	list, query, _ := strings.Cut(text, "?")
	const form = "write mailto:ops@example.org, or mailto:ops@example.org?server=smtp.example.org:25&from=weir@example.org"
	var to []string
	for address := range strings.SplitSeq(list, ",") {
		address, err := url.PathUnescape(strings.TrimSpace(address))
		if err == nil {
			_, err = mail.ParseAddress(address)
		}
		if err != nil {
			return "", errors.New("this is no address of an e-mail: " + form)
		}
		to = append(to, quoted(address))
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", errors.New("what stands behind the ? cannot be read: " + form)
	}
	for name := range values {
		if !slices.Contains([]string{"server", "from", "tls"}, name) {
			return "", fmt.Errorf("mailto: has no %q: %s; more is set in a weir.toml (docs/notifications.md)", name, form)
		}
	}
	from, server, secure := values.Get("from"), values.Get("server"), values.Get("tls")
	if from == "" {
		host, err := os.Hostname()
		if err != nil || host == "" {
			return "", errors.New("this machine has no name that mails could come from: " + form)
		}
		from = "weir@" + host
	}
	if server == "" {
		server = "localhost:25"
		if secure == "" {
			secure = "none" // it does not leave the machine
		}
	}
	keys := fmt.Sprintf("server = %s\nfrom = %s\nto = [%s]\n", quoted(server), quoted(from), strings.Join(to, ", "))
	if secure != "" {
		keys += "tls = " + quoted(secure) + "\n"
	}
	return keys, nil
}
