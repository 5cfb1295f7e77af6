package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/term"

	"weir/internal/accesslog"
	"weir/internal/escape"
)

// usualLogs are where the access logs of common servers are by default.
func usualLogs() []string {
	return []string{
		"/var/log/nginx/access.log",
		"/var/log/apache2/access.log",
		"/var/log/apache2/other_vhosts_access.log",
		"/var/log/httpd/access_log",
		"/var/log/caddy/*.log",
		"/var/log/lighttpd/access.log",
		"/var/log/traefik/access.log",
		"/var/log/haproxy.log",
		"/var/log/squid/access.log",
		"/usr/local/var/log/nginx/access.log",
		"/opt/homebrew/var/log/nginx/access.log",
		"/usr/local/nginx/logs/access.log",
		"/var/log/access.log",
		"/tmp/access.log",
		"access.log",
	}
}

// offer finds out what "weir" alone is to follow: what comes through a pipe, or
// one of the usual logs. No path and no error means that help was shown.
func offer(s streams) ([]string, error) {
	if st, err := s.in.Stat(); err == nil && (st.Mode()&os.ModeNamedPipe != 0 || st.Mode().IsRegular()) {
		return []string{"-"}, nil
	}
	found := existing(usualLogs())
	if len(found) == 0 {
		fmt.Fprint(s.out, "weir FILE... follows access logs: weir /var/log/nginx/access.log\n"+
			"weir demo    shows what it does, in three minutes\n"+
			"weir --help  tells the rest\n")
		return nil, nil
	}
	if !term.IsTerminal(int(s.in.Fd())) || !term.IsTerminal(int(s.out.Fd())) {
		fmt.Fprintln(s.out, "logs found here; follow one with:")
		for _, f := range found {
			fmt.Fprintf(s.out, "  weir %s\n", escape.Terminal([]byte(f)))
		}
		return nil, nil
	}
	return choose(s, found)
}

func existing(patterns []string) []string {
	var found []string
	for _, p := range patterns {
		matches, _ := filepath.Glob(p) // the patterns are ours, and good
		for _, m := range matches {
			if readable(m) {
				found = append(found, m)
			}
		}
	}
	return found
}

// readable reports whether name is a file that is empty yet, may not be read
// yet, or has a format that weir knows.
func readable(name string) bool {
	if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(name)
	if err != nil {
		return true // following it tells how to be allowed to
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, 64<<10))
	if err != nil || len(head) == 0 {
		return err == nil
	}
	var lines [][]byte
	for line := range bytes.Lines(head) {
		lines = append(lines, accesslog.TrimEnd(line))
	}
	return accesslog.Detect(lines).Found
}

// choose asks which of the logs found is meant.
func choose(s streams, found []string) ([]string, error) {
	fmt.Fprintln(s.out, "logs found here:")
	for i, f := range found {
		fmt.Fprintf(s.out, "  %d  %s\n", i+1, escape.Terminal([]byte(f)))
	}
	fmt.Fprintf(s.out, "which to follow? [1-%d, Enter for 1] ", len(found))
	answer, err := bufio.NewReader(s.in).ReadString('\n')
	answer = strings.TrimSpace(answer)
	if err != nil && answer == "" {
		return nil, nil // Ctrl-D: none
	}
	if answer == "" {
		return found[:1], nil
	}
	n, err := strconv.Atoi(answer)
	if err != nil || n < 1 || n > len(found) {
		return nil, usageError{fmt.Errorf("%q is not one of 1 to %d", answer, len(found))}
	}
	return found[n-1 : n], nil
}
