package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// An amServer is a real Alertmanager on the loopback.
type amServer struct {
	t   *testing.T
	url string
	// notified are the groups it has sent on to its own receiver.
	mu       sync.Mutex
	notified []string
}

// newAlertmanager starts the one of the system. Where it is missing the test is left
// out, aloud; on the machine that checks it fails.
func newAlertmanager(t *testing.T) *amServer {
	t.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		if program, err = exec.LookPath("alertmanager"); err != nil {
			const missing = "prometheus-alertmanager is missing (Debian: prometheus-alertmanager)"
			if os.Getenv("CI") != "" {
				t.Fatal(missing + ", and this is the machine that checks")
			}
			t.Skip(missing + ": this test is left out")
		}
	}
	am := &amServer{t: t}
	receiver := httptest.NewServer(http.HandlerFunc(am.receive))
	t.Cleanup(receiver.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	text := fmt.Sprintf("route:\n  receiver: test\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 1h\n"+
		"receivers:\n- name: test\n  webhook_configs:\n  - url: %s\n    send_resolved: true\n", receiver.URL)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "--config.file="+config, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr, cmd.Dir = &said, &said, dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the Alertmanager said:\n%s", said.String())
		}
	})
	am.url = "http://" + address
	am.until("it is ready", func() bool {
		resp, err := http.Get(am.url + "/-/ready")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return am
}

// until waits for something that another process does.
func (am *amServer) until(what string, done func() bool) {
	am.t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-end.C:
			am.t.Fatalf("waited 30 s until %s", what)
		}
	}
}

func (am *amServer) receive(_ http.ResponseWriter, r *http.Request) {
	var group struct {
		Status string
		Alerts []struct {
			Status      string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&group)
	am.mu.Lock()
	defer am.mu.Unlock()
	for _, a := range group.Alerts {
		am.notified = append(am.notified, a.Status+" "+a.Labels["key"]+": "+a.Annotations["summary"])
	}
}

func (am *amServer) has(line string) bool {
	am.mu.Lock()
	defer am.mu.Unlock()
	for _, n := range am.notified {
		if n == line {
			return true
		}
	}
	return false
}

// An amAlert is what its API says of an alert.
type amAlert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
	Status              struct{ State string }
}

// alerts reads the alerts that are active.
func (am *amServer) alerts() []amAlert {
	resp, err := http.Get(am.url + "/api/v2/alerts?filter=" + url.QueryEscape(`alertname=~".+"`))
	if err != nil {
		am.t.Fatal(err)
	}
	defer resp.Body.Close()
	var all []amAlert
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		am.t.Fatal(err)
	}
	return all
}

func TestARealAlertmanagerKnowsAnAlertFromItsBeginningToItsEnd(t *testing.T) {
	am := newAlertmanager(t)
	c, _ := Default(Alertmanager)
	c.Name, c.URL = "am", Literal(am.url+"/")
	now := time.Now().Truncate(time.Second)
	m := firing("/api?x=\"1\"\xff")
	m.At, m.Began = now.Add(-time.Minute), now.Add(-time.Minute)
	m.Labels = map[string]string{"team": "web", "9 odd-name": "x", "empty": "", "alertname": "not this one"}
	m.ID = MessageID(m.Rule, m.Key, m.Began, m.State)
	if err := sendTo(t, c, Options{}, m); err != nil {
		t.Fatal(err)
	}
	got := am.alerts()
	if len(got) != 1 {
		t.Fatalf("got %+v, want one alert", got)
	}
	want := map[string]string{
		"alertname": "high-traffic", "key": "/api?x=\"1\"\uFFFD", "severity": "critical", "instance": "web1", "team": "web", "_9_odd_name": "x",
	}
	if fmt.Sprint(got[0].Labels) != fmt.Sprint(want) {
		t.Errorf("labels: got %v, want %v", got[0].Labels, want)
	}
	if a := got[0].Annotations; a["value"] != "10.05" || a["description"] != "top client 192.0.2.1" {
		t.Errorf("annotations: got %v", a)
	}
	if left := time.Until(got[0].EndsAt); !got[0].StartsAt.Equal(m.Began) || left < 3*time.Minute || left > 4*time.Minute {
		t.Errorf("got %s to %s, want from %s for 4 minutes from now", got[0].StartsAt, got[0].EndsAt, m.Began)
	}
	first := got[0].EndsAt
	if err := sendTo(t, c, Options{}, m); err != nil { // it fires on
		t.Fatal(err)
	}
	if got := am.alerts(); len(got) != 1 || got[0].EndsAt.Before(first) {
		t.Errorf("sent again: got %+v, want the one alert, longer", got)
	}
	over := m
	over.State, over.Ended = Recovered, now.Add(time.Hour) // its log is ahead
	over.ID = MessageID(m.Rule, m.Key, m.Began, Recovered)
	summary := strings.ToValidUTF8(m.Text, "\uFFFD")
	text := "firing /api?x=\"1\"\uFFFD: " + summary
	am.until("it told of the alert: "+text, func() bool { return am.has(text) })
	if err := sendTo(t, c, Options{}, over); err != nil {
		t.Fatal(err)
	}
	am.until("the alert is over", func() bool { return len(am.alerts()) == 0 })
	am.until("it told of the recovery", func() bool { return am.has("resolved /api?x=\"1\"\uFFFD: " + summary) })
}

func TestARealAlertmanagerIsTestedAndKeepsWhatTheDispatcherSends(t *testing.T) {
	am := newAlertmanager(t)
	c, _ := Default(Alertmanager)
	c.Name, c.URL = "am", Literal(am.url)
	if err := Test(t.Context(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := am.alerts(); len(got) != 1 || got[0].Labels["alertname"] != "test" || time.Until(got[0].EndsAt) > time.Minute {
		t.Errorf("got %+v, want a test that ends within a minute", got)
	}
	box := NewMemory(10)
	s := &stage{t: t, box: box}
	s.start(Options{}, []Channel{c}, nil)
	defer s.end()
	now := time.Now().Truncate(time.Second)
	a, b := firing("/a"), firing("/b")
	a.Began, a.At, b.Began, b.At = now, now, now, now
	s.d.Open([]Message{a, b})
	s.say(a, b)
	am.until("both alerts are there", func() bool { return len(am.alerts()) == 3 })
	a.State, a.Ended, a.ID = Recovered, now.Add(time.Second), MessageID(a.Rule, a.Key, now, Recovered)
	s.d.Open([]Message{b})
	s.say(a)
	am.until("one of them is over", func() bool { return len(am.alerts()) == 2 })
}

func TestAnAlertThatBeganAndEndedWhileItWaitedIsSaidOnceAsOver(t *testing.T) {
	now := began().Add(time.Hour)
	got := postables([]Message{firing("/a"), recovered("/a"), firing("/b")}, now, time.Minute)
	if len(got) != 2 || !got[0].EndsAt.Equal(began().Add(time.Second)) || !got[1].EndsAt.Equal(now.Add(4*time.Minute)) {
		t.Errorf("got %+v", got)
	}
	future := recovered("/c")
	future.Began, future.Ended = now.Add(time.Minute), now.Add(time.Hour)
	if got := postables([]Message{future}, now, time.Minute); got[0].StartsAt.After(got[0].EndsAt) || got[0].EndsAt.After(now) {
		t.Errorf("a log that is ahead: got %+v, want it over now", got)
	}
}
