//go:build unix

package feed

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// TestARealNginxSendsItsLogAsTheManualTells lets one request be logged to UDP
// and to a socket file. Run by root, its workers have another user.
func TestARealNginxSendsItsLogAsTheManualTells(t *testing.T) {
	nginx := needs(t, "nginx", "nginx-light")
	dir, err := os.MkdirTemp("", "weir") // not that of t, which only its owner may enter
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	udp, bound := at(t, "udp://127.0.0.1:0")
	file, _ := at(t, "unix://"+path("weir.sock"))
	config := fmt.Sprintf(`daemon off;
pid %[1]s/pid;
error_log stderr;
events {}
http {
	client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	access_log syslog:server=%[2]s,tag=nginx,severity=info combined;
	access_log syslog:server=unix:%[1]s/weir.sock,nohostname combined;
	server { listen unix:%[1]s/http.sock; location / { return 204; } }
}
`, dir, bound)
	if err := os.WriteFile(path("nginx.conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), nginx, "-e", "stderr", "-c", path("nginx.conf"), "-p", dir)
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait()
	}()
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-gone
	}()
	ask(t, path("http.sock"), gone, &said)
	for name, l := range map[string]*listener{"udp": udp, "unix": file} {
		l.until("a line by "+name, func(text string, _ []string) bool { return strings.HasSuffix(text, "\n") })
		line := strings.TrimSuffix(l.got(), "\n")
		var a accesslog.Auto
		var r accesslog.Record
		if out := a.Parse([]byte(line), &r); out.Kind != accesslog.Hit || string(r.Path()) != "/shop/cart" || r.Status != 204 {
			t.Errorf("%s: got %+v of %q, want a request of /shop/cart", name, out, line)
		}
		if !strings.HasPrefix(line, "<190>") || a.Prefix() != "syslog" {
			t.Errorf("%s: got %q behind %q, want it behind a head of syslog", name, line, a.Prefix())
		}
	}
}

// ask sends one request, as soon as somebody answers.
func ask(t *testing.T, socket string, gone chan struct{}, said *strings.Builder) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			defer conn.Close()
			send(t, conn, "GET /shop/cart?id=7 HTTP/1.0\r\nUser-Agent: curl/8\r\n\r\n")
			if answer, err := io.ReadAll(conn); err != nil || !strings.Contains(string(answer), " 204 ") {
				t.Fatalf("nginx answers %q (%v)", answer, err)
			}
			return
		}
		select {
		case <-again.C:
		case <-gone:
			t.Fatalf("nginx has ended: %s", said.String())
		case <-deadline:
			t.Fatalf("nginx does not answer: %v", err)
		}
	}
}
