package cli

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
)

// outputFile is the file of --output, or of another flag. It is appended to, and opened
// anew after a SIGHUP, so that it can be rotated. Its methods may be called by
// several goroutines.
type outputFile struct {
	flag    string // without its hyphens
	name    string
	header  string // what an empty file begins with
	signals chan os.Signal

	mu struct {
		sync.Mutex
		file *os.File
	}
}

func openOutput(name string) (*outputFile, error) { return openRotated("output", name, "") }

// openRotated opens the file that a flag names.
func openRotated(flag, name, header string) (*outputFile, error) {
	o := &outputFile{flag: flag, name: name, header: header, signals: make(chan os.Signal, 1)}
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
	if err == nil && o.header != "" {
		var info os.FileInfo
		if info, err = file.Stat(); err == nil && info.Size() == 0 {
			_, err = file.WriteString(o.header)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write --%s: %w", o.flag, err)
	}
	return nil
}

// Write implements io.Writer.
func (o *outputFile) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mu.file == nil {
		return 0, fmt.Errorf("cannot write --%s: %s could not be opened again after SIGHUP", o.flag, o.name)
	}
	n, err := o.mu.file.Write(b)
	if err != nil {
		err = fmt.Errorf("cannot write --%s: %w", o.flag, err)
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
