package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what the system says that a process has used so far.
type usage struct {
	at             time.Time
	user, system   time.Duration
	resident, peak int64 // KiB
	descriptors    int
}

// load is what was used since before, in per cent of a core.
func (u usage) load(before usage) float64 {
	return 100 * float64(u.user+u.system-before.user-before.system) / float64(u.at.Sub(before.at))
}

// usageOf reads /proc, see proc(5).
func usageOf(pid int) (usage, error) {
	u := usage{at: time.Now()}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, fmt.Errorf("the command has ended, or this system has no /proc: %w", err)
	}
	if u.user, u.system, err = times(string(stat)); err != nil {
		return u, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	if strings.Contains(string(status), "State:\tZ") {
		return u, errors.New("the command has ended")
	}
	u.resident, u.peak = kib(string(status), "VmRSS"), kib(string(status), "VmHWM")
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	u.descriptors = len(open)
	return u, err
}

// tick is the unit of times in /proc: USER_HZ, which is 100 on all of Linux.
const tick = 10 * time.Millisecond

// times are the processor times in the text of /proc/PID/stat.
func times(stat string) (user, system time.Duration, err error) {
	// The name of the program may hold blanks and brackets; behind it there are none.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, 0, fmt.Errorf("/proc/PID/stat has %d fields", len(fields))
	}
	u, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, 0, err
	}
	s, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(u) * tick, time.Duration(s) * tick, err
}

// kib is a figure in the text of /proc/PID/status, 0 if it is not there.
func kib(status, name string) int64 {
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		if key != name {
			continue
		}
		number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, _ := strconv.ParseInt(number, 10, 64)
		return n
	}
	return 0
}
