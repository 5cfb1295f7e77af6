package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// serve answers requests until in ends, and notes when each has arrived; then it writes to out
// how many connections there were at once and in all, and the arrivals.
func serve(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	begun := time.Now()
	var mu sync.Mutex
	arrivals := make([]int64, 0, 1<<22) // not grown in the middle of a run
	open, most, opened := 0, 0, 0
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at := time.Since(begun)
			if r.URL.Path != warmUpPath {
				mu.Lock()
				arrivals = append(arrivals, int64(at))
				mu.Unlock()
			}
			_, _ = io.WriteString(w, "2026-03-01T12:00:00Z\n")
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			switch state {
			case http.StateNew:
				open++
				opened++
				most = max(most, open)
			case http.StateClosed, http.StateHijacked:
				open--
			}
		},
	}
	go func() { _ = s.Serve(l) }()
	_, _ = io.Copy(io.Discard, in)
	_ = s.Close()
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(arrivals) // two goroutines may have noted theirs the other way round
	w := bufio.NewWriter(out)
	for _, n := range append([]int64{int64(most), int64(opened)}, arrivals...) {
		_ = binary.Write(w, binary.LittleEndian, n)
	}
	return w.Flush()
}

// A server is serve in a process of its own.
type server struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	url string
}

func start(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, self, "-serve")}
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReaderSize(out, 1<<20)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	at, err := s.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server: %w", err)
	}
	s.url = "http://" + strings.TrimSpace(at) + "/"
	return s, s.warmUp(ctx)
}

// warmUpPath is for requests that are not noted.
const warmUpPath = "/warm-up"

// warmUp sends the first requests, so that no generator pays for what a server does only once.
func (s *server) warmUp(ctx context.Context) error {
	c := &http.Client{Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	for range 200 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.url, "/")+warmUpPath, nil)
		if err != nil {
			return err
		}
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return nil
}

// stall stops the server for a while, after some time.
func (s *server) stall(ctx context.Context, after, length time.Duration) error {
	for _, step := range []struct {
		wait time.Duration
		sig  os.Signal
	}{{after, stopSignal}, {length, goOnSignal}} {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(step.wait):
		}
		if err := s.cmd.Process.Signal(step.sig); err != nil {
			return err
		}
	}
	return nil
}

// seen is what a server has noted.
type seen struct {
	most, opened int
	arrivals     []int64
}

// read ends the server and returns what it has noted.
func (s *server) read() (seen, error) {
	s.in.Close()
	b, err := io.ReadAll(s.out)
	if err != nil || len(b) < 16 {
		return seen{}, fmt.Errorf("the server told %d bytes: %v", len(b), err)
	}
	n := make([]int64, len(b)/8)
	for i := range n {
		n[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return seen{int(n[0]), int(n[1]), n[2:]}, nil
}

// end makes sure that the server is gone.
func (s *server) end() {
	s.in.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}
