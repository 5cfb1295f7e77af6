package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/accesslog"
	"weir/internal/monitor"
)

const (
	maxConfigFiles = 1000    // of a web server, its includes among them
	maxConfigBytes = 4 << 20 // of one such file
)

// serverFormat reads the format NAME out of FILE[:NAME], a configuration file
// of nginx or Apache. Without a name it is the one that logs are written in, or
// the only one.
func serverFormat(kind, text string) (accesslog.Format, error) {
	file, name := text, ""
	if _, err := os.Stat(text); err != nil {
		if colon := strings.LastIndexByte(text, ':'); colon > 0 {
			file, name = text[:colon], text[colon+1:]
		}
	}
	if file == "" {
		return accesslog.Format{}, fmt.Errorf("%s: must be followed by a configuration file, as in nginx:/etc/nginx/nginx.conf", kind)
	}
	c := serverConfig{kind: kind, dir: filepath.Dir(file)}
	if err := c.read(file); err != nil {
		return accesslog.Format{}, &monitor.InputError{Text: fmt.Sprintf("cannot read the configuration %s: %v", file, cause(err))}
	}
	d, err := c.pick(file, name)
	if err != nil {
		return accesslog.Format{}, err
	}
	f, err := accesslog.Compile(d.Spec)
	if err != nil {
		return accesslog.Format{}, fmt.Errorf("%s:%d: %w", d.file, d.Line, err)
	}
	return f, nil
}

// serverConfig is what the files of a web server say about its logs.
type serverConfig struct {
	kind   string
	dir    string // that relative names of files are below
	seen   []string
	found  []definition
	used   []string
	failed error // the first of those of included files
}

type definition struct {
	accesslog.Definition
	file string
}

// read reads a file and those it includes.
func (c *serverConfig) read(name string) error {
	name = filepath.Clean(name)
	if slices.Contains(c.seen, name) || len(c.seen) >= maxConfigFiles {
		return nil
	}
	c.seen = append(c.seen, name)
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
	if err != nil {
		return err
	}
	if len(text) > maxConfigBytes {
		return fmt.Errorf("it has more than %d MiB", maxConfigBytes>>20)
	}
	read := accesslog.ReadNginxConfig
	if c.kind == "apache" {
		read = accesslog.ReadApacheConfig
	}
	config := read(string(text))
	for _, d := range config.Formats {
		c.found = append(c.found, definition{d, name})
	}
	for _, u := range config.Used {
		if !slices.Contains(c.used, u) {
			c.used = append(c.used, u)
		}
	}
	if config.Root != "" {
		c.dir = config.Root
	}
	for _, pattern := range config.Includes {
		c.include(pattern)
	}
	return nil
}

// include reads the files of a pattern. What cannot be read is remembered: it
// matters only where a format is missing.
func (c *serverConfig) include(pattern string) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(c.dir, pattern)
	}
	names, err := filepath.Glob(pattern)
	if err == nil && len(names) == 0 && !strings.ContainsAny(pattern, "*?[") {
		err = fmt.Errorf("%s: %w", pattern, fs.ErrNotExist)
	}
	for _, n := range names {
		if info, e := os.Stat(n); e == nil && !info.Mode().IsRegular() {
			continue
		}
		if e := c.read(n); e != nil && err == nil {
			err = fmt.Errorf("%s: %w", n, cause(e))
		}
	}
	if c.failed == nil {
		c.failed = err
	}
}

// pick finds the definition that is meant.
func (c *serverConfig) pick(file, name string) (definition, error) {
	names := c.names()
	asked := name != ""
	if !asked {
		switch {
		case len(c.used) == 1:
			name = c.used[0]
		case len(c.used) == 0 && len(c.found) == 1:
			return c.found[0], nil
		case len(names) == 0:
			return definition{}, c.explained(fmt.Errorf("%s defines no format of an access log", file))
		default:
			return definition{}, fmt.Errorf("%s has several formats: write %s:%s:NAME with one of %s", file, c.kind, file, strings.Join(names, ", "))
		}
	}
	// The last definition of a name counts, as it does for the servers.
	for i := len(c.found) - 1; i >= 0; i-- {
		if c.found[i].Name == name {
			return c.found[i], nil
		}
	}
	if c.kind == "nginx" && name == "combined" {
		return definition{accesslog.Definition{Name: name, Spec: nginxCombined}, file}, nil
	}
	if len(names) == 0 {
		return definition{}, c.explained(fmt.Errorf("%s defines no format of an access log, so none is called %s", file, name))
	}
	return definition{}, c.explained(fmt.Errorf("%s defines no format %s: there is %s", file, name, strings.Join(names, ", ")))
}

// nginxCombined is the format that nginx has without being told.
const nginxCombined = `log_format combined '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';`

func (c *serverConfig) names() []string {
	var names []string
	for _, d := range c.found {
		if d.Name != "" && !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
	}
	if c.kind == "nginx" && slices.Contains(c.used, "combined") && !slices.Contains(names, "combined") {
		names = append(names, "combined")
	}
	return names
}

// explained adds what could not be read, which may be where the format stands.
func (c *serverConfig) explained(err error) error {
	if c.failed == nil {
		return err
	}
	return &monitor.InputError{Text: fmt.Sprintf("%v (and could not read what it includes: %v)", err, c.failed)}
}

// cause is err without the operation and the name of the file.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
