package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	patience = 2 * time.Minute // for a line that is to be printed
	saidRoom = 4 << 10
)

// A follower is the command that is measured.
type follower struct {
	paths []string
	cmd   *exec.Cmd
	marks chan string // lines of the writer, as they are printed

	mu     sync.Mutex
	stderr []byte // the end of what it said; guarded by mu
}

// start runs the command, with the paths in place of {logs}.
func start(command, paths []string) (*follower, error) {
	var args []string
	for _, a := range command {
		if a == "{logs}" {
			args = append(args, paths...)
		} else {
			args = append(args, a)
		}
	}
	f := &follower{paths: paths, cmd: exec.Command(args[0], args[1:]...), marks: make(chan string, 1024)}
	f.cmd.Stderr = f
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := f.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the command cannot be started: %w", err)
	}
	go f.listen(out)
	return f, nil
}

// listen takes what the command prints.
func (f *follower) listen(out io.Reader) {
	defer close(f.marks)
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadSlice('\n')
		if i := bytes.Index(line, []byte(markHead)); i >= 0 {
			mark, _, _ := bytes.Cut(line[i:], []byte(" "))
			f.marks <- string(mark)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// Write keeps the end of what the command says on its standard error.
func (f *follower) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stderr = append(f.stderr, b...)
	if over := len(f.stderr) - saidRoom; over > 0 {
		f.stderr = append(f.stderr[:0], f.stderr[over:]...)
	}
	return len(b), nil
}

func (f *follower) said() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.TrimSpace(string(f.stderr))
}

func (f *follower) pid() int { return f.cmd.Process.Pid }

// end asks the command to end; with which code it does is its own matter.
func (f *follower) end() error {
	// A command that has ended already cannot be asked; what it said tells more.
	_ = f.cmd.Process.Signal(os.Interrupt)
	timer := time.AfterFunc(20*time.Second, func() { f.cmd.Process.Kill() })
	defer timer.Stop()
	for range f.marks { // to the end of its output
	}
	var exit *exec.ExitError
	if err := f.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// time writes a line into a log and waits until it is printed.
func (f *follower) time(ctx context.Context, w *writer, log int) (time.Duration, error) {
	began := time.Now()
	mark, err := w.line(log)
	if err != nil {
		return 0, err
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case got, ok := <-f.marks:
			switch {
			case !ok:
				return 0, errors.New("the command has ended")
			case got == mark:
				return time.Since(began), nil
			}
		case <-limit.C:
			return 0, fmt.Errorf("line %s of %s was not printed within %v", mark, f.paths[log], patience)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// markHead begins what a line of the writer is known by.
const markHead = "/many-line-"

// A writer appends lines to the logs.
type writer struct {
	paths []string
	n     int
	rnd   *rand.Rand
}

func newWriter(paths []string) *writer {
	return &writer{paths: paths, rnd: rand.New(rand.NewPCG(1, 2))}
}

// any is one of the logs.
func (w *writer) any() int { return w.rnd.IntN(len(w.paths)) }

// line appends one line to a log, and returns what it is known by. It opens the
// log for it: 10,000 descriptors are more than most may have.
func (w *writer) line(log int) (string, error) {
	w.n++
	mark := fmt.Sprintf("%s%d", markHead, w.n)
	file, err := os.OpenFile(w.paths[log], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(request(time.Now(), mark))
	return mark, errors.Join(err, file.Close())
}

// write appends lines for a while, into logs by chance.
func (w *writer) write(ctx context.Context, rate float64, span time.Duration) error {
	if rate <= 0 {
		return wait(ctx, span)
	}
	end := time.Now().Add(span)
	for due := time.Now(); due.Before(end); {
		if err := wait(ctx, time.Until(due)); err != nil {
			return err
		}
		if _, err := w.line(w.any()); err != nil {
			return err
		}
		due = due.Add(time.Duration(w.rnd.ExpFloat64() * float64(time.Second) / rate))
	}
	return wait(ctx, time.Until(end))
}

// request is a line of a log in the Combined format.
func request(t time.Time, target string) string {
	return fmt.Sprintf("192.0.2.%d - - [%s] \"GET %s HTTP/1.1\" 200 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"\n",
		t.Unix()%250+1, t.Format("02/Jan/2006:15:04:05 -0700"), target)
}

// makeLogs makes the logs, an hour old, and returns their paths.
func makeLogs(dir string, o options) ([]string, error) {
	old := time.Now().Add(-time.Hour)
	var text strings.Builder
	for i := range o.lines {
		text.WriteString(request(old.Add(time.Duration(i)*time.Second), "/index.html"))
	}
	paths := make([]string, o.files)
	for i := range paths {
		folder := filepath.Join(dir, fmt.Sprintf("site-%02d", i%o.dirs))
		if i < o.dirs {
			if err := os.Mkdir(folder, 0o755); err != nil {
				return nil, err
			}
		}
		paths[i] = filepath.Join(folder, fmt.Sprintf("host-%05d.log", i))
		if err := os.WriteFile(paths[i], []byte(text.String()), 0o644); err != nil {
			return nil, err
		}
		if err := os.Chtimes(paths[i], old, old); err != nil {
			return nil, err
		}
	}
	for i := range o.dirs {
		if err := os.Chtimes(filepath.Dir(paths[i]), old, old); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// wait sleeps, unless ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
