package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"weir/internal/escape"
)

// command runs a program for each group, which finds it as JSON on its standard input.
type command struct{ args []string }

// saidBytes is how much of what a program says is kept for the error.
const saidBytes = 500

func (c *command) send(ctx context.Context, g *group) error {
	input, err := g.document()
	if err != nil {
		return err
	}
	cmd := exec.Command(c.args[0], c.args[1:]...)
	var said head
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(input, '\n')), &said, &said
	// What it leaves running may hold the pipes open.
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the command could not be started: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done: // what it leaves running may have been meant to
	case <-ctx.Done():
		endGroup(cmd)
		<-done
		return fmt.Errorf("the command did not end in time and was killed%s", said.quoted())
	}
	// A program that needs no input may close it.
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) && (cmd.ProcessState == nil || !cmd.ProcessState.Success()) {
		return fmt.Errorf("the command failed (%w)%s", err, said.quoted())
	}
	return nil
}

// head keeps the first bytes of what is written to it, and takes all. It is written by
// one goroutine of exec, and read after Wait.
type head struct{ b []byte }

func (t *head) Write(p []byte) (int, error) {
	t.b = append(t.b, p[:min(len(p), saidBytes-len(t.b))]...)
	return len(p), nil
}

func (t *head) quoted() string {
	if s := strings.TrimSpace(string(t.b)); s != "" {
		return ": it said: " + escape.Terminal([]byte(strings.ReplaceAll(s, "\n", "; ")))
	}
	return ""
}
