package feed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what others are to do.
const patience = 30 * time.Second

// A listener reads a Feed as a tail.Source does, and keeps what it got.
type listener struct {
	t    *testing.T
	feed *Feed

	mu      sync.Mutex
	text    strings.Builder
	err     error
	over    bool
	notices []string
	changed chan struct{}
}

// hear reads f until it is closed, at the end of the test at the latest.
func hear(t *testing.T, f *Feed, err error) *listener {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{t: t, feed: f, changed: make(chan struct{}, 1)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		b := make([]byte, 256<<10)
		for {
			n, err := f.Read(b)
			l.mu.Lock()
			l.text.Write(b[:n])
			l.err, l.over = err, err != nil
			l.mu.Unlock()
			select {
			case l.changed <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		f.Close()
		<-gone
	})
	return l
}

// until waits until done is true of what has come.
func (l *listener) until(what string, done func(text string, notices []string) bool) {
	l.t.Helper()
	sweep := time.NewTicker(5 * time.Millisecond)
	defer sweep.Stop()
	deadline := time.After(patience)
	for {
		l.mu.Lock()
		l.notices = append(l.notices, l.feed.Notices()...)
		text, ok := l.text.String(), done(l.text.String(), l.notices)
		l.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-l.changed:
		case <-sweep.C:
		case <-deadline:
			l.t.Fatalf("%s did not come within %v; got %d bytes: %.300q, notices %.900q", what, patience, len(text), text, l.notices)
		}
	}
}

// got is what has come so far.
func (l *listener) got() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines waits for as many lines as are wanted, and compares them.
func (l *listener) lines(want ...string) {
	l.t.Helper()
	var got []string
	l.until(fmt.Sprintf("%d lines", len(want)), func(text string, _ []string) bool {
		got = strings.SplitAfter(text, "\n")
		got = got[:len(got)-1]
		return len(got) >= len(want)
	})
	for i, line := range got {
		got[i] = strings.TrimSuffix(line, "\n")
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("lines:\n got  %.900q\n want %.900q", got, want)
	}
}

// notice waits for one that holds the text.
func (l *listener) notice(part string) string {
	l.t.Helper()
	found := ""
	l.until("a notice with "+part, func(_ string, notices []string) bool {
		i := slices.IndexFunc(notices, func(n string) bool { return strings.Contains(n, part) })
		if i >= 0 {
			found = notices[i]
		}
		return i >= 0
	})
	return found
}

// end waits for the end of Read.
func (l *listener) end() error {
	l.t.Helper()
	l.until("the end", func(string, []string) bool { return l.over })
	return l.err
}

// needs skips a test aloud where a program is missing, and fails it where
// everything is to be checked.
func needs(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing (Debian: %s), and this is the machine that checks", program, pkg)
	}
	t.Skipf("%s is missing (Debian: %s): this test is left out", program, pkg)
	return ""
}

func TestTheQueueIsBoundedAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(100)
		put := 0
		go func() {
			for i := range 1000 {
				q.put(fmt.Appendf(nil, "line %d\n", i))
				put++
			}
			q.put([]byte(strings.Repeat("x", 500) + "\n")) // longer than the queue
			q.end(nil)
		}()
		synctest.Wait()
		if got := len(q.buf) - q.from; got > 100 || put > 20 {
			t.Errorf("with nobody reading: got %d bytes of %d lines in it, want no more than 100", got, put)
		}
		var got strings.Builder
		for b := make([]byte, 7); ; {
			n, err := q.read(b)
			got.Write(b[:n])
			if err == io.EOF {
				break
			}
		}
		var want strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&want, "line %d\n", i)
		}
		want.WriteString(strings.Repeat("x", 500) + "\n")
		if got.String() != want.String() {
			t.Errorf("got %d bytes, want %d, the same", got.Len(), want.Len())
		}
		if cap(q.buf) > 2000 {
			t.Errorf("memory: got %d bytes for a limit of 100", cap(q.buf))
		}
	})
}

func TestClosingAQueueLetsEveryoneGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, empty := newQueue(1), newQueue(1)
		full.put([]byte("x"))
		results := make(chan bool, 2)
		go func() { results <- full.put([]byte("y")) }()
		go func() {
			_, err := empty.read(make([]byte, 1))
			results <- err != io.EOF
		}()
		synctest.Wait()
		full.close()
		empty.close()
		for range 2 {
			if <-results {
				t.Error("after close: got a line put or read, want neither")
			}
		}
	})
}

func TestNoticesThatComeTooOftenAreCounted(t *testing.T) {
	n := notices{most: 2}
	at := time.Unix(1e9, 0)
	for i := range 5 {
		n.add(at, fmt.Sprint(i))
	}
	if got := n.take(at, false); !slices.Equal(got, []string{"0", "1"}) {
		t.Errorf("got %q, want the first two", got)
	}
	if got := n.take(at.Add(9*time.Second), false); got != nil {
		t.Errorf("within 10 s: got %q, want nothing", got)
	}
	n.add(at.Add(10*time.Second), "next")
	want := []string{"3 more messages of this kind were left out", "next"}
	if got := n.take(at.Add(10*time.Second), false); !slices.Equal(got, want) {
		t.Errorf("after 10 s: got %q, want %q", got, want)
	}
	for range 4 {
		n.add(at.Add(11*time.Second), "x")
	}
	want = []string{"x", "3 more messages of this kind were left out"}
	if got := n.take(at.Add(11*time.Second), true); !slices.Equal(got, want) {
		t.Errorf("at the end: got %q, want %q", got, want)
	}
}

func TestLossesAreToldAtOnceThenEveryTenSeconds(t *testing.T) {
	f := newFeed("x")
	at := time.Unix(1e9, 0)
	f.lose(1, " here")
	if got := f.losses(at); got != "1 message was lost here" {
		t.Errorf("got %q", got)
	}
	f.lose(5, " there")
	if got := f.losses(at.Add(9 * time.Second)); got != "" {
		t.Errorf("within 10 s: got %q, want nothing", got)
	}
	f.lose(2, " there")
	if got := f.losses(at.Add(10 * time.Second)); got != "7 messages were lost there" {
		t.Errorf("after 10 s: got %q", got)
	}
	if got := f.losses(at.Add(time.Hour)); got != "" || f.Lost() != 8 {
		t.Errorf("without a new one: got %q and %d in all, want nothing and 8", got, f.Lost())
	}
}
