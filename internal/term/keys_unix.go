//go:build !windows

package term

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wait is how long a read of keys waits for one, in tenths of a second as terminals count.
const wait = 1

// A keyboard is a terminal that gives keys one by one.
type keyboard struct {
	fd    int
	mu    sync.Mutex
	saved *unix.Termios // as it was; nil while it is so
	ended bool
}

// Keys calls press for each key that is typed on f, as it is typed and without showing it, until
// stop, which leaves the terminal as it was before it returns. Ctrl-C and the like stay signals.
// While this process is in the background the terminal is left alone. press is called from one
// goroutine, and must not call stop, which waits for it. ok is false where f is no terminal.
func Keys(f *os.File, press func(byte)) (stop func(), ok bool) {
	k := &keyboard{fd: int(f.Fd())}
	if _, err := unix.IoctlGetTermios(k.fd, readTermios); err != nil {
		return func() {}, false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64)
		for k.ready() {
			// Without a key it returns after some time, so that the end is seen.
			n, err := unix.Read(k.fd, buf)
			if err != nil && err != unix.EINTR && err != unix.EAGAIN {
				return
			}
			for _, b := range buf[:max(n, 0)] {
				press(b)
			}
		}
	}()
	return func() {
		k.end()
		<-done
	}, true
}

// ready waits until keys may be read; false at the end. To ask a terminal for anything from the
// background would stop this process.
func (k *keyboard) ready() bool {
	for {
		k.mu.Lock()
		ended, mine := k.ended, k.foreground()
		if !ended && mine {
			k.take()
		}
		k.mu.Unlock()
		if ended || mine {
			return !ended
		}
		time.Sleep(wait * 100 * time.Millisecond)
	}
}

// foreground tells whether this process may use its terminal.
func (k *keyboard) foreground() bool {
	group, err := unix.IoctlGetInt(k.fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// take makes the terminal give single keys.
func (k *keyboard) take() {
	now, err := unix.IoctlGetTermios(k.fd, readTermios)
	if err != nil || k.saved != nil && now.Lflag&unix.ICANON == 0 {
		return // it does already: a shell may have put it back while this process was stopped
	}
	saved := *now
	if k.saved != nil {
		saved = *k.saved
	}
	now.Lflag &^= unix.ICANON | unix.ECHO
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 0, wait
	if unix.IoctlSetTermios(k.fd, writeTermios, now) == nil {
		k.saved = &saved
	}
}

// end puts the terminal back.
func (k *keyboard) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	if k.saved != nil && k.foreground() {
		_ = unix.IoctlSetTermios(k.fd, writeTermios, k.saved)
		k.saved = nil
	}
}
