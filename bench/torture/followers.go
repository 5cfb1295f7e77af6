package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A candidate is a follower of the table.
type candidate struct {
	name    string
	version []string // a command that says it in its first line
	args    []string // with {log} and {state}; the first one is looked for on the path
	state   bool     // goes on where it was when it is started again
	config  string   // written to {state}/config
}

// candidates are the followers that print what they read. Those that only count
// (GoAccess, mtail), or that need a terminal (multitail, lnav), are no match for
// a checker of lines.
func candidates() []candidate {
	return []candidate{
		{name: "weir tail", version: []string{"weir", "version"}, args: []string{"weir", "tail", "--no-state", "{log}"}},
		{name: "weir tail --poll", version: []string{"weir", "version"}, args: []string{"weir", "tail", "--no-state", "--poll", "{log}"}},
		{name: "weir tail --state", version: []string{"weir", "version"}, args: []string{"weir", "tail", "--state", "{state}/position", "{log}"}, state: true},
		{name: "GNU `tail -F`", version: []string{"tail", "--version"}, args: []string{"tail", "-n", "+1", "-F", "{log}"}},
		{name: "busybox `tail -F`", version: []string{"busybox"}, args: []string{"busybox", "tail", "-n", "+1", "-F", "{log}"}},
		{
			name: "rsyslog imfile", version: []string{"rsyslogd", "-v"}, state: true, config: rsyslogConfig,
			args: []string{"rsyslogd", "-n", "-C", "-f", "{state}/config", "-i", "{state}/pid"},
		},
		{
			name: "`since`, every 0.2 s", version: []string{"since", "-V"}, state: true,
			args: []string{"sh", "-c", "while since -s {state}/positions -q {log} || true; do sleep 0.2; done"},
		},
		{
			name: "`logtail2`, every 0.2 s", version: []string{"dpkg-query", "-W", "logtail"}, state: true,
			args: []string{"sh", "-c", "while /usr/sbin/logtail2 -f {log} -o {state}/offset || true; do sleep 0.2; done"},
		},
	}
}

// rsyslogConfig lets imfile look at changes of the file, and saves its position
// for every 100 lines.
const rsyslogConfig = `global(workDirectory="{state}" maxMessageSize="16k")
module(load="imfile" mode="inotify")
template(name="line" type="string" string="%msg%\n")
input(type="imfile" file="{log}" tag="log" reopenOnTruncate="on" persistStateInterval="100" persistStateAfterSubmission="on" ruleset="print")
ruleset(name="print") { action(type="omfile" file="/dev/stdout" template="line") }
`

// installed returns the path of a program that ordinary users may not have on
// theirs; "" if there is none.
func installed(name string) string {
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if p, err := exec.LookPath(path); err == nil {
			return p
		}
	}
	return ""
}

// program is what must be installed for a candidate.
func (c candidate) program() string {
	if len(c.version) > 0 && c.version[0] != "dpkg-query" {
		return c.version[0]
	}
	if c.args[0] == "sh" && strings.Contains(c.args[2], "logtail2") {
		return "logtail2"
	}
	return c.args[0]
}

// says returns the version of a candidate.
func (c candidate) says(ctx context.Context) string {
	if len(c.version) == 0 {
		return ""
	}
	out, _ := exec.CommandContext(ctx, installed(c.version[0]), c.version[1:]...).CombinedOutput() // some end with 1
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	for _, word := range strings.Fields(line) {
		word = strings.Trim(word, "v,()")
		if word != "" && word[0] >= '0' && word[0] <= '9' && strings.Contains(word, ".") {
			return word
		}
	}
	return line
}

// in makes a follower of a candidate for a scene.
func (c candidate) in(s *scene) (follower, error) {
	path := installed(c.args[0])
	if path == "" {
		return nil, fmt.Errorf("%s is not installed", c.args[0])
	}
	f, err := inFolder(append([]string{path}, c.args[1:]...), s)
	if err != nil || c.config == "" {
		return f, err
	}
	state := filepath.Join(s.dir, "state")
	text := strings.NewReplacer("{log}", s.path, "{state}", state).Replace(c.config)
	return f, os.WriteFile(filepath.Join(state, "config"), []byte(text), 0o644)
}
