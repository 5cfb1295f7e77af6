package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// tool is one row of a table: a program with its arguments.
type tool struct {
	// key is what gates look for: wc, weir, weir-1 (one worker), goaccess ...
	key     string
	name    string // as the table shows it
	command string // as one would type it, with FILE for the log
	path    string // "" where it is not installed
	version string
	// slow programs run once on a large log, unless all runs are asked for.
	slow bool
	only []string // variants it runs on; nil for all
	args func(f logFile) []string
	// hits reads the number of hits from what the program wrote; nil where it
	// counts none.
	hits func(out []byte) (int64, error)
}

// outputLimit is more than any program writes that counts hits.
const outputLimit = 4 * mib

// allTools returns the rows of the tables, weir's first after the floor that
// wc and cat are.
func allTools(ctx context.Context, o options, scratch string) ([]tool, error) {
	weir := filepath.Join(scratch, "weir")
	var err error
	if o.weir != "" {
		weir, err = binary(o.weir)
	} else {
		err = build(ctx, "weir/cmd/weir", weir)
	}
	if err != nil {
		return nil, fmt.Errorf("no weir to measure: %w", err)
	}
	tools := slices.Concat(floorTools(ctx), weirTools(ctx, weir), goaccessTools(ctx, o, scratch))
	rivals, err := rivalTools(ctx, scratch)
	if err != nil {
		return nil, err
	}
	tools = append(tools, rivals...)
	return slices.DeleteFunc(tools, func(t tool) bool { return slices.Contains(o.without, t.key) }), nil
}

func floorTools(ctx context.Context) []tool {
	return []tool{
		installed(ctx, tool{
			key: "wc", name: "wc -l", command: "wc -l FILE",
			args: func(f logFile) []string { return []string{"-l", f.name} },
			hits: firstNumber,
		}, "wc", "--version"),
		installed(ctx, tool{
			key: "cat", name: "cat", command: "cat FILE",
			args: func(f logFile) []string { return []string{f.name} },
		}, "cat", "--version"),
	}
}

// weirTools are weir as it comes, then with a number of workers.
func weirTools(ctx context.Context, path string) []tool {
	row := func(workers int) tool {
		flags := []string{"report"}
		key := "weir"
		if workers > 0 {
			flags = append(flags, "--workers", strconv.Itoa(workers))
			key = weirKey(workers)
		}
		t := tool{
			key: key, name: "weir " + strings.Join(flags, " "),
			args: func(f logFile) []string { return slices.Concat(flags, []string{"-o", "json", f.name}) },
			hits: weirHits,
		}
		t.command = t.name + " -o json FILE"
		return t
	}
	tools := []tool{row(0), row(1), row(2), row(8)}
	tools[3].only = manyClients()
	for i := range tools {
		tools[i].path = path
		tools[i].version = versionOf(ctx, path, "version")
	}
	return tools
}

// weirKey is the key of weir with a number of workers.
func weirKey(workers int) string { return "weir-" + strconv.Itoa(workers) }

// gzipTools are the rows of a table about a compressed log.
func gzipTools(ctx context.Context, tools []tool, o options) []tool {
	i := slices.IndexFunc(tools, func(t tool) bool { return t.key == "weir" })
	list := []tool{tools[i]}
	if !slices.Contains(o.without, "gzip") {
		list = append(list, installed(ctx, tool{
			key: "gzip", name: "gzip -dc", command: "gzip -dc FILE",
			args: func(f logFile) []string { return []string{"-dc", f.name} },
		}, "gzip", "--version"))
	}
	return list
}

// installed completes a tool with its place and version, if there is one on
// PATH.
func installed(ctx context.Context, t tool, name string, versionArgs ...string) tool {
	path, err := binary(name)
	if err != nil {
		return t
	}
	t.path = path
	t.version = versionOf(ctx, path, versionArgs...)
	return t
}

// versionOf is the number in the first line that a program says about itself,
// or all of the line where it begins no word with a digit. weir's line is kept
// for its commit.
func versionOf(ctx context.Context, path string, args ...string) string {
	cmd := exec.CommandContext(ctx, path, args...)
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		return unknown
	}
	return versionIn(string(out))
}

func versionIn(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if rest, ok := strings.CutPrefix(line, "weir "); ok {
		return rest
	}
	for _, word := range strings.Fields(line) {
		word = strings.TrimPrefix(word, "v")
		if word != "" && word[0] >= '0' && word[0] <= '9' {
			return strings.TrimRight(word, ".,;:)")
		}
	}
	if len(line) > 60 {
		line = line[:60]
	}
	return line
}

// firstNumber reads the number that wc begins with.
func firstNumber(out []byte) (int64, error) {
	f := strings.Fields(string(out))
	if len(f) == 0 {
		return 0, errors.New("it wrote nothing")
	}
	return strconv.ParseInt(f[0], 10, 64)
}

func weirHits(out []byte) (int64, error) {
	var report struct {
		Hits *int64 `json:"hits"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return 0, fmt.Errorf("its output is no JSON: %w", err)
	}
	if report.Hits == nil {
		return 0, errors.New(`its JSON has no "hits"`)
	}
	return *report.Hits, nil
}

// gzipVersion is that of the decompressor this program is built with, which is
// weir's.
func gzipVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/klauspost/compress" {
				return strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	return unknown
}

// fileHits reads a file that a program wrote, with the function for it.
func fileHits(name string, hits func([]byte) (int64, error)) (int64, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	return hits(text)
}
