package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is where figures come from.
type machine struct {
	begin                  time.Time
	cpu, kernel, goVersion string
	cpus                   int
	memory                 int64 // bytes
	loadAtBegin, loadAtEnd string
}

const unknown = "unknown"

func thisMachine() machine {
	kernel := strings.TrimSpace(procText("/proc/sys/kernel/osrelease"))
	if kernel == "" {
		kernel = unknown
	}
	cpu := procField(procText("/proc/cpuinfo"), "model name")
	if cpu == "" {
		cpu = unknown
	}
	return machine{
		begin: time.Now().UTC(), cpu: cpu, cpus: runtime.NumCPU(),
		kernel: runtime.GOOS + " " + kernel, goVersion: runtime.Version(),
		memory:      kibibytes(procField(procText("/proc/meminfo"), "MemTotal")),
		loadAtBegin: loadAverage(),
	}
}

// procText is a file that systems other than Linux do not have; "" there.
func procText(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}

// procField returns the value of the first line "name : value".
func procField(text, name string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// kibibytes reads "123 kB", which Linux means as KiB, into bytes; 0 for
// anything else.
func kibibytes(s string) int64 {
	digits, _, _ := strings.Cut(s, " ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// loadAverage is that of 1, 5, 15 minutes.
func loadAverage() string {
	f := strings.Fields(procText("/proc/loadavg"))
	if len(f) < 3 {
		return unknown
	}
	return strings.Join(f[:3], " ")
}

// ownPeak is the peak resident memory of this program. A child on Linux
// begins with the peak of its parent in its own account: what is less cannot
// be told.
func ownPeak() int64 { return kibibytes(procField(procText("/proc/self/status"), "VmHWM")) }

// raisePriority puts the scheduling group of this terminal before others, as
// far as the system allows: nice alone has no effect from one group to
// another. It returns what undoes it.
func raisePriority() (restore func()) {
	const name = "/proc/self/autogroup"
	before := "0"
	if f := strings.Fields(procText(name)); len(f) > 0 {
		before = f[len(f)-1]
	}
	set := func(nice string) {
		// Without the right to, or on another system, figures are only noisier.
		_ = os.WriteFile(name, []byte(nice), 0o644)
	}
	set("-8")
	return func() { set(before) }
}
