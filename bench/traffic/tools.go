package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A tool is a load generator.
type tool struct {
	name    string
	program string // what must be installed; "" for nothing
	command string // of sh
	most    string // as many as it can; "" where it is not asked
	paced   bool   // it keeps a rate
	// quantiles finds p50 and p99 in its output.
	quantiles func(string) (p50, p99 string)
}

// tools are those given by flags.
type tools []tool

// String implements flag.Value.
func (t *tools) String() string { return "" }

// Set implements flag.Value.
func (t *tools) Set(s string) error {
	name, command, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q has no =", s)
	}
	*t = append(*t, tool{name: name, command: command, paced: strings.Contains(command, "{rate}")})
	return nil
}

// known are the generators that are looked for. hey and siege pace each of their workers by
// itself; wrk and ab have no rate.
func known() []tool {
	const weir = "{weir} trafficgen --url {url} --rps {rate} --duration {seconds}s --connections {connections} --kept 0 --live off --json"
	return []tool{
		{name: "weir, exact", command: weir + " --pace exact", paced: true, quantiles: ofReport},
		{
			name: "weir, batch", command: weir + " --pace batch", paced: true,
			most: "{weir} trafficgen --url {url} --rps 1000000 --timeout 1s --duration {seconds}s --connections {connections} --kept 0 --live off",
		},
		{
			name: "hey", program: "hey", command: "hey -z {seconds}s -c 50 -q {share} {url}", paced: true,
			most: "hey -z {seconds}s -c {connections} {url}", quantiles: ofHey,
		},
		{name: "wrk", program: "wrk", most: "wrk -t 2 -c {connections} -d {seconds}s {url}"},
		{name: "ab -k", program: "ab", most: "ab -q -k -c {connections} -t {seconds} -n 100000000 {url}"},
		{name: "siege -b", program: "siege", most: "siege -q -b -c {connections} -t {seconds}S {url}"},
	}
}

// ofReport reads the JSON of weir.
func ofReport(out string) (p50, p99 string) {
	var r struct {
		Latency struct {
			P50 float64 `json:"p50_ms"`
			P99 float64 `json:"p99_ms"`
		} `json:"latency"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		return "?", "?"
	}
	return fmt.Sprintf("%.2f ms", r.Latency.P50), fmt.Sprintf("%.0f ms", r.Latency.P99)
}

// ofHey reads "  99% in 0.0210 secs"; a percent sign may be doubled.
func ofHey(out string) (p50, p99 string) {
	p50, p99 = "?", "?"
	for line := range strings.Lines(out) {
		share, took, ok := strings.Cut(strings.TrimSpace(line), " in ")
		switch {
		case ok && strings.TrimRight(share, "%") == "50":
			p50 = took
		case ok && strings.TrimRight(share, "%") == "99":
			p99 = took
		}
	}
	return p50, p99
}

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// fill puts values into a command.
func fill(command string, values map[string]string) string {
	for name, v := range values {
		command = strings.ReplaceAll(command, "{"+name+"}", v)
	}
	return command
}

// usage is what a generator took.
type usage struct {
	cpu    time.Duration
	peak   memory
	output string
}

// carryOut runs a command to its end.
func carryOut(ctx context.Context, command string) (usage, error) {
	// exec: the processor time and the memory are those of the program, not of a shell.
	if !strings.ContainsAny(command, "|;&") {
		command = "exec " + command
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	ended := make(chan struct{})
	peak := make(chan memory, 1)
	go func() { peak <- watch(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	u := usage{peak: <-peak, output: out.String()}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return u, err
}

// A memory is what a process has, in bytes: all that is resident, and of that what is its own, not
// pages of its program, which the system may take back, and other processes share.
type memory struct{ resident, own int64 }

// watch returns the most memory of a process that was seen. The figure that a process
// leaves behind includes its parent's, from which it was forked.
func watch(pid int, ended <-chan struct{}) memory {
	var most memory
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		for line := range strings.Lines(string(text)) {
			for prefix, to := range map[string]*int64{"VmHWM:": &most.resident, "RssAnon:": &most.own} {
				if v, ok := strings.CutPrefix(line, prefix); ok {
					n, _ := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
					*to = max(*to, n<<10)
				}
			}
		}
	}
}

// loadAverage is that of 1, 5, 15 minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(text))
	if err != nil || len(f) < 3 {
		return "unknown"
	}
	return strings.Join(f[:3], " ")
}

// raisePriority puts the scheduling group of this terminal before others, as far as the system
// allows. It returns what undoes it.
func raisePriority() (restore func()) {
	const name = "/proc/self/autogroup"
	set := func(nice string) { _ = os.WriteFile(name, []byte(nice), 0o644) } // without the right to, figures are noisier
	set("-8")
	return func() { set("0") }
}
