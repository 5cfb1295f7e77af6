package cli

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
)

// outputFile is the file of --output. It is appended to, and opened anew after
// a SIGHUP, so that it can be rotated. Its methods may be called by several
// goroutines.
type outputFile struct {
	name    string
	signals chan os.Signal

	mu struct {
		sync.Mutex
		file *os.File
	}
}

func openOutput(name string) (*outputFile, error) {
	o := &outputFile{name: name, signals: make(chan os.Signal, 1)}
	if err := o.open(); err != nil {
		return nil, err
	}
	notifyHangup(o.signals)
	go func() {
		for range o.signals {
			// An error shows at the next write: then no file is open.
			o.open()
		}
	}()
	return o, nil
}

func (o *outputFile) open() error {
	file, err := os.OpenFile(o.name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mu.file != nil {
		o.mu.file.Close()
	}
	o.mu.file = file
	if err != nil {
		return fmt.Errorf("cannot write --output: %w", err)
	}
	return nil
}

// Write implements io.Writer.
func (o *outputFile) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mu.file == nil {
		return 0, fmt.Errorf("cannot write --output: %s could not be opened again after SIGHUP", o.name)
	}
	n, err := o.mu.file.Write(b)
	if err != nil {
		err = fmt.Errorf("cannot write --output: %w", err)
	}
	return n, err
}

// Close ends the waiting for signals and closes the file.
func (o *outputFile) Close() error {
	signal.Stop(o.signals)
	close(o.signals)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.file.Close()
}
