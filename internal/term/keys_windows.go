package term

import (
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// Keys calls press for each key that is typed on f, as it is typed and without showing it, until
// stop, which leaves the console as it was before it returns. Ctrl-C stays a signal. press is
// called from one goroutine, once more perhaps behind stop. ok is false where f is no console.
func Keys(f *os.File, press func(byte)) (stop func(), ok bool) {
	h := windows.Handle(f.Fd())
	var saved uint32
	if windows.GetConsoleMode(h, &saved) != nil {
		return func() {}, false
	}
	if windows.SetConsoleMode(h, saved&^(windows.ENABLE_LINE_INPUT|windows.ENABLE_ECHO_INPUT)) != nil {
		return func() {}, false
	}
	end := make(chan struct{})
	go func() {
		buf := make([]byte, 64)
		for {
			const wait = 100 // milliseconds
			event, err := windows.WaitForSingleObject(h, wait)
			select {
			case <-end:
				return
			default:
			}
			if err != nil || event != windows.WAIT_OBJECT_0 {
				continue
			}
			n, err := f.Read(buf)
			if err != nil {
				return
			}
			for _, b := range buf[:n] {
				press(b)
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		_ = windows.SetConsoleMode(h, saved)
	}), true
}
