package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A heard outbox notes why rows are deferred.
type heard struct {
	*Memory
	mu  sync.Mutex
	why []string
	now chan struct{}
}

func (h *heard) Defer(ids []int64, until time.Time, why string) error {
	h.mu.Lock()
	h.why = append(h.why, why)
	h.mu.Unlock()
	err := h.Memory.Defer(ids, until, why)
	select {
	case h.now <- struct{}{}:
	default:
	}
	return err
}

// TestNoOutputTellsASecret sends to servers that repeat all they were told, and looks
// through all that comes out: what is told, the status, the reasons in the outbox.
func TestNoOutputTellsASecret(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusTeapot)
		// The head of an answer is quoted, so each gets its turn.
		secrets := []string{r.URL.String(), r.Header.Get("Authorization"), r.Header.Get("X-Token"), user + ":" + password, "https://h/" + r.URL.Path + "x", string(body)}
		fmt.Fprint(w, secrets[len(r.URL.Query().Get("turn"))%len(secrets)])
	}))
	defer echo.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	_, certificate := authority(t, "127.0.0.1")
	post := newPost(t, certificate, func(p *post) { p.bare, p.user = true, "none\x00none" })
	host := strings.TrimPrefix(echo.URL, "http://")
	web := func(kind Kind, at string) Channel {
		c, _ := Default(kind)
		c.Name, c.URL, c.GroupWait = "ops", Literal(at), 0
		c.Username, c.Password = "weir", Literal("canary!pass word\"")
		c.Headers = map[string]Secret{"X-Token": Literal("canaryHeader+/=")}
		return c
	}
	channels := map[string]Channel{
		"refused": web(Webhook, closed.URL+"/canaryPathToken?key=canaryKey"),
		"unknown": web(Webhook, "https://canaryUser:canaryPassword@nowhere.invalid/canaryPathToken"),
		"no url":  web(Webhook, "ht!tp://${WEIR_TEST_CANARY}"),
		"denied":  web(Alertmanager, "http://canaryUser:canaryPassword@169.254.169.254/canaryPathToken"),
	}
	for turn := range 6 {
		path := "/canaryPathToken?key=canaryKey&turn=" + strings.Repeat("x", turn)
		channels[fmt.Sprint("webhook ", turn)] = web(Webhook, "http://canaryUser:canaryPassword@"+host+path)
		channels[fmt.Sprint("alertmanager ", turn)] = web(Alertmanager, "http://"+host+path)
	}
	mail := mailTo(post.address(), func(c *Channel) {
		c.Name, c.GroupWait, c.Mail.TLS, c.Username, c.Password = "ops", 0, "none", "weir", Literal("canaryPassword")
	})
	channels["mail"] = mail
	t.Setenv("WEIR_TEST_CANARY", "canary in the environment")
	for name, c := range channels {
		t.Run(name, func(t *testing.T) {
			box := &heard{Memory: NewMemory(10), now: make(chan struct{}, 1)}
			s := &stage{t: t, box: box}
			s.start(Options{}, []Channel{c}, nil)
			s.say(firing("/a"))
			select {
			case <-box.now:
			case <-time.After(30 * time.Second):
				t.Fatal("nothing failed within 30 s")
			}
			s.end()
			status, _ := json.Marshal(s.d.Status())
			tested := Test(t.Context(), c, Options{})
			all := fmt.Sprint(s.told, string(status), box.why, tested)
			if len(s.told) == 0 || tested == nil {
				t.Errorf("got %s, want a failure that is told", all)
			}
			for _, secret := range []string{"canary", "Y2FuYXJ5", "d2VpcjpjYW5hcnk"} { // and in base64
				if strings.Contains(all, secret) {
					t.Errorf("%q is told: %s", secret, all)
				}
			}
		})
	}
}

func TestURLsInWhatOthersSayAreCutToTheirHost(t *testing.T) {
	for text, want := range map[string]string{
		`Post "https://u:p@h.example:8/a/b?c=d": EOF`: `Post "https://[redacted]@h.example:8/[redacted]": EOF`,
		"see http://h/ or http://h, (ftp://x/y) x://": "see http://h/ or http://h, (ftp://x/[redacted]) x://",
		"nothing here":                                 "nothing here",
		"https://h/token: refused":                     "https://h/[redacted]: refused",
		"https://h#token https://user@h https://h?q=1": "https://h/[redacted] https://[redacted]@h https://h/[redacted]",
	} {
		if got := withoutURLs(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzRedaction(f *testing.F) {
	f.Add("https://u:p@h/canary", "canary")
	f.Add("a canarycanary b", "canary")
	f.Fuzz(func(t *testing.T, text, secret string) {
		var r redactor
		r.add(secret)
		if got := r.text(text); len(secret) >= 4 && !strings.Contains(Redacted, secret) && !strings.Contains(got, Redacted) && strings.Contains(got, secret) {
			t.Errorf("%q without %q: got %q", text, secret, got)
		}
	})
}
