package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A ruleSet is a way to configure logrotate.
type ruleSet struct {
	name, what string
	rules      []string
	force      bool // with -f; else logrotate decides
	copies     bool // copytruncate: no writer is told
}

// ruleSets begin with Debian's rules for nginx. There, as here, rotate keeps so
// many; more than anybody needs would only cost renames.
func ruleSets() []ruleSet {
	return []ruleSet{
		{"logrotate-create", "Debian's rules for nginx: create, compress, delaycompress", []string{"create 0640", "compress", "delaycompress"}, true, false},
		{"logrotate-nocreate", "nocreate, delaycompress, as for HAProxy", []string{"nocreate", "compress", "delaycompress"}, true, false},
		{"logrotate-copytruncate", "copytruncate", []string{"copytruncate", "nocompress"}, true, true},
		{"logrotate-compress", "create, compress at once", []string{"create 0640", "compress", "nodelaycompress"}, true, false},
		{"logrotate-copycompress", "copytruncate, compress at once", []string{"copytruncate", "compress", "nodelaycompress"}, true, true},
		{"logrotate-dateext", "create, names with the time", []string{"create 0640", "nocompress", "dateext", "dateformat -%Y%m%d-%H%M%S"}, true, false},
		{"logrotate-olddir", "create, into another folder", []string{"create 0640", "nocompress", "olddir " + oldDir}, true, false},
		{"logrotate-maxsize", "create, as soon as it is larger than 1 kB", []string{"create 0640", "nocompress", "weekly", "maxsize 1k"}, false, false},
	}
}

func logrotateScripts() []script {
	var list []script
	for _, r := range ruleSets() {
		list = append(list, script{
			name: r.name, what: "real logrotate: " + r.what, weight: 1, tool: "logrotate",
			run: func(ctx context.Context, s *scene) error { return r.run(ctx, s) },
		})
	}
	return list
}

// config is the file of a rule set. The script tells the writer to reopen, on
// descriptor 3, and waits on 4 until it has: what a server writes while the file
// is being compressed would be destroyed.
func (r ruleSet) config(path string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q {\n\trotate 99\n\tmissingok\n\tnotifempty\n", path)
	for _, rule := range r.rules {
		fmt.Fprintf(&b, "\t%s\n", rule)
	}
	if !r.copies {
		b.WriteString("\tsharedscripts\n\tpostrotate\n\t\techo reopen >&3; read answer <&4\n\tendscript\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// times is how often a run of the script rotates: by names with the second once,
// since a second run would have to wait for the next.
func (r ruleSet) times() int {
	if slices.Contains(r.rules, "dateext") {
		return 1
	}
	return 2
}

// run rotates with a clean folder before.
func (r ruleSet) run(ctx context.Context, s *scene) error {
	if err := s.empty(ctx); err != nil {
		return err
	}
	config, state := filepath.Join(s.dir, "logrotate.conf"), filepath.Join(s.dir, "logrotate.state")
	if err := os.WriteFile(config, []byte(r.config(s.path)), 0o644); err != nil {
		return err
	}
	for range r.times() {
		if err := s.larger(ctx, 2048); err != nil {
			return err
		}
		if err := r.free(ctx, s); err != nil {
			return err
		}
		if err := r.once(ctx, s, config, state); err != nil {
			return err
		}
	}
	return nil
}

// larger waits until the log has more than so many bytes.
func (s *scene) larger(ctx context.Context, bytes int64) error {
	for start := time.Now(); ; {
		info, err := os.Stat(s.path)
		if err != nil || info.Size() > bytes {
			return err
		}
		if time.Since(start) > patience {
			return fmt.Errorf("%s has only %d bytes after %v", s.path, info.Size(), patience)
		}
		if err := wait(ctx, turn); err != nil {
			return err
		}
	}
}

// free waits for the second whose name no file has. The clock that logrotate
// looks at is up to 10 ms behind.
func (r ruleSet) free(ctx context.Context, s *scene) error {
	if !slices.Contains(r.rules, "dateext") {
		return nil
	}
	taken := func(t time.Time) bool { return exists(s.path + t.Format("-20060102-150405")) }
	for taken(time.Now()) || taken(time.Now().Add(-20*turn)) {
		if err := wait(ctx, 20*turn); err != nil {
			return err
		}
	}
	return nil
}

// once runs logrotate, and sees that it has rotated.
func (r ruleSet) once(ctx context.Context, s *scene, config, state string) error {
	before, err := s.inodes()
	if err != nil {
		return err
	}
	args := []string{"-s", state, config}
	if r.force {
		args = append([]string{"-f"}, args...)
	}
	s.most = s.checker.most.Load()
	if err := s.logrotate(ctx, args); err != nil {
		return err
	}
	after, err := s.inodes()
	if err != nil {
		return err
	}
	var fresh []string
	for name, info := range after {
		if !slices.ContainsFunc(values(before), func(b os.FileInfo) bool { return os.SameFile(b, info) }) {
			fresh = append(fresh, name)
		}
	}
	if r.copies && len(fresh) > 0 {
		s.rotations++
		return s.audit(ctx, fresh...)
	}
	if len(after) == len(before) {
		return fmt.Errorf("logrotate has rotated nothing by %s:\n%s", config, r.config(s.path))
	}
	s.rotations++
	return nil
}

func values(m map[string]os.FileInfo) []os.FileInfo {
	var list []os.FileInfo
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// inodes are the rotated files, by name.
func (s *scene) inodes() (map[string]os.FileInfo, error) {
	names, err := s.rotated()
	if err != nil {
		return nil, err
	}
	m := map[string]os.FileInfo{}
	for _, name := range names {
		if m[name], err = os.Lstat(name); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// logrotate runs the program; the writer follows its requests to reopen after a
// grace.
func (s *scene) logrotate(ctx context.Context, args []string) error {
	requests, request, err := os.Pipe()
	if err != nil {
		return err
	}
	defer requests.Close()
	answer, answers, err := os.Pipe()
	if err != nil {
		return errors.Join(err, request.Close())
	}
	defer answers.Close()
	cmd := exec.CommandContext(ctx, "logrotate", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.ExtraFiles = []*os.File{request, answer}
	if path := logrotatePath(); path != "" {
		cmd.Path, cmd.Err = path, nil
	}
	var said lastBytes
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Start()
	request.Close()
	answer.Close()
	if err != nil {
		return err
	}
	grace := s.grace()
	reopened := make(chan error, 1)
	go func() {
		var err error
		for lines := bufio.NewScanner(requests); lines.Scan(); {
			err = errors.Join(err, wait(ctx, grace), s.writer.reopen())
			fmt.Fprintln(answers, "reopened")
		}
		reopened <- err
	}()
	if err := errors.Join(cmd.Wait(), <-reopened); err != nil {
		return fmt.Errorf("logrotate %s: %w\n%s", strings.Join(args, " "), err, said.String())
	}
	return nil
}

// logrotatePath finds logrotate where Debian has it too, which is not on the
// path of ordinary users; "" if it is not installed.
func logrotatePath() string {
	for _, name := range []string{"logrotate", "/usr/sbin/logrotate", "/sbin/logrotate"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
