package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mostMemory is law 3, in KiB of resident memory, program and database included.
// Seen: 59 to 62 MiB on a busy machine; 80 before Gauge.Close, and more, was made for it.
const mostMemory = 64 << 10

// TestReadingALogBackIntoAHistoryStaysBelowTheLimit: a day of requests of which no
// two have the same client or path fills the largest tables; all of it is read back,
// kept, and told at the end.
func TestReadingALogBackIntoAHistoryStaysBelowTheLimit(t *testing.T) {
	if testing.Short() || withRaceDetector() {
		t.Skip("it reads 60 MB, and the race detector takes memory of its own")
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "access.log")
	writeLogWithoutRepeats(t, log)
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	// The program as people have it: the tests, and what is there to debug them, are 4 MiB more.
	weir := filepath.Join(dir, "weir")
	if told, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", weir, "weir/cmd/weir").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, told)
	}
	cmd := exec.Command(weir, "--state", filepath.Join(dir, "state"), log)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := time.After(4 * patience) // 17 s on a machine that has nothing else to do
	most, told := 0, false
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			shown := endOf(t, out.Name())
			if err != nil || !bytes.Contains(shown, []byte("  250,000 hits ")) {
				t.Errorf("it ended with %v, and its summary does not tell all hits:\n%s", err, shown[max(0, len(shown)-2000):])
			}
			t.Logf("%.1f MiB resident at most", float64(most)/1024)
			if most > mostMemory || most < 10<<10 {
				t.Errorf("got %d KiB resident at most, want no more than %d", most, mostMemory)
			}
			return
		case <-stop:
			_ = cmd.Process.Kill()
		case <-look.C:
			most = max(most, peakOf(cmd.Process.Pid))
			// The last minute has the only alert: all before it is read.
			if !told && bytes.Contains(endOf(t, out.Name()), []byte("generated an alert")) {
				told = true
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
		}
	}
}

// endOf is the last of what a file holds.
func endOf(t *testing.T, name string) []byte {
	t.Helper()
	read, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	end, err := read.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = read.Seek(max(0, end-64<<10), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func withRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// peakOf is the most resident memory of a process so far, in KiB; 0 where it is gone.
func peakOf(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	n, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "kB", 2)[0]))
	return n
}

// writeLogWithoutRepeats writes 250,000 requests, three a second, and more in the
// last minutes.
func writeLogWithoutRepeats(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	at := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	for i := range 250_000 {
		if i < 245_000 && i%3 == 0 || i%100 == 0 {
			at = at.Add(time.Second)
		}
		fmt.Fprintf(w, "10.%d.%d.%d - user%d [%s] \"GET /part%d/of/the/site/%d HTTP/1.1\" %d %d \"https://from%d.example/\" \"Agent/%d (of some length, as they have) Like/%d\" 0.%03d\n",
			i>>16, i>>8&255, i&255, i%900, at.Format("02/Jan/2006:15:04:05 -0700"), i%40, i, []int{200, 200, 404, 500}[i%4], i, i%3000, i%2000, i%700, i%1000)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
