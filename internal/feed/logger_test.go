//go:build linux

package feed

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/accesslog"
)

// TestWhatLoggerSendsIsReadInAllItsWays lets the logger of util-linux send a
// line in each kind of head, and each framing, to one log.
func TestWhatLoggerSendsIsReadInAllItsWays(t *testing.T) {
	logger := needs(t, "logger", "bsdutils")
	path := filepath.Join(t.TempDir(), "s")
	udp, udpAt := at(t, "udp://127.0.0.1:0")
	tcp, tcpAt := at(t, "tcp://127.0.0.1:0")
	file, _ := at(t, "unix://"+path)
	where := func(at string) string {
		host, port, err := net.SplitHostPort(at)
		if err != nil {
			t.Fatal(err)
		}
		return "-n " + host + " -P " + port + " "
	}
	for l, ways := range map[*listener][]string{
		udp:  {where(udpAt) + "-d", where(udpAt) + "-d --rfc3164", where(udpAt) + "-d --rfc5424=notime", where(udpAt) + "-d --rfc5424=notq,nohost"},
		tcp:  {where(tcpAt) + "-T", where(tcpAt) + "-T --octet-count", where(tcpAt) + "-T --rfc3164", where(tcpAt) + "-T --rfc3164 --octet-count"},
		file: {"-u " + path, "-u " + path + " -i"},
	} {
		var a accesslog.Auto
		for i, way := range ways {
			args := append(strings.Fields(way), "-S", "8192", "-p", "local7.info", "-t", "httpd",
				fmt.Sprintf(`192.0.2.7 - - [10/Mar/2026:14:05:00 +0000] "GET /%d HTTP/1.1" 200 5 "-" "curl/8"`, i))
			if out, err := exec.CommandContext(t.Context(), logger, args...).CombinedOutput(); err != nil {
				t.Fatalf("logger %q: %v: %s", args, err, out)
			}
			l.until("the line of logger "+way, func(text string, _ []string) bool { return strings.Count(text, "\n") == i+1 })
			line := strings.Split(l.got(), "\n")[i]
			var r accesslog.Record
			if out := a.Parse([]byte(line), &r); out.Kind != accesslog.Hit || string(r.Path()) != fmt.Sprintf("/%d", i) {
				t.Errorf("logger %s: got %+v of %q, want a request of /%d", way, out, line, i)
			}
		}
	}
}
