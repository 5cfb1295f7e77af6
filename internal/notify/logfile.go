package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"weir/internal/escape"
)

// logFile appends a line for each message to a file. The file is opened for each group:
// so one that was rotated away, or deleted, is made again, and no signal is needed.
type logFile struct {
	path string
	json bool
	torn bool // the last line may lack its end: the disk was full
}

func (l *logFile) send(_ context.Context, g *group) error {
	var b bytes.Buffer
	if l.torn {
		b.WriteByte('\n')
	}
	for i := range g.messages {
		m := &g.messages[i]
		if l.json {
			line, err := json.Marshal(m)
			if err != nil {
				return err
			}
			b.Write(append(line, '\n'))
			continue
		}
		b.WriteString(m.At.Format(time.RFC3339) + " " + m.line())
		for _, cause := range m.Summary {
			b.WriteString("; " + escape.Terminal([]byte(cause)))
		}
		b.WriteByte('\n')
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("the log cannot be opened: %w", err)
	}
	// One write, so that the lines of several processes do not mix. It is on the disk
	// before the row leaves the outbox.
	n, err := f.Write(b.Bytes())
	if n > 0 {
		l.torn = err != nil
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("the log cannot be written: %w", err)
	}
	return nil
}
