package notify

import (
	"context"
	"errors"
	"io"
	"slices"
)

// bell rings the terminal.
type bell struct{ out io.Writer }

// send rings once for a group that has an alert; a recovery makes no noise.
func (b *bell) send(_ context.Context, g *group) error {
	if b.out == nil {
		return errors.New("there is no terminal that could ring: weir runs without one")
	}
	if !slices.ContainsFunc(g.messages, func(m Message) bool { return m.State == Firing }) {
		return nil
	}
	_, err := io.WriteString(b.out, "\a")
	return err
}
