package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"weir/internal/tail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store that may be broken.
type memory struct {
	mu    sync.Mutex
	at    map[string]tail.Position
	fails error
	saves int
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = err
}

func (m *memory) Positions() map[string]tail.Position { return maps.Clone(m.at) }

func (m *memory) Save(now map[string]tail.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saves++
	if m.fails != nil {
		return m.fails
	}
	m.at = maps.Clone(now)
	return nil
}

// writes is an Out that calls a function.
type writes func([]byte) (int, error)

func (w writes) Write(b []byte) (int, error) { return w(b) }

// told collects notices.
type told []string

func (l *told) tell(text string) { *l = append(*l, text) }

func newLog(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.log")
	appendTo(t, name, text)
	return name
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// once runs to the end of the logs and returns what was written.
func once(t *testing.T, o Options) (string, told) {
	t.Helper()
	var out bytes.Buffer
	var notices told
	o.Once, o.Poll, o.Tell = true, true, notices.tell
	if o.Out == nil {
		o.Out = &out
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String(), notices
}

func TestLinesLookAsTheFormSays(t *testing.T) {
	const text = "one\r\n\xff\x1b[2J\"\n\nhalf"
	for name, c := range map[string]struct {
		form Form
		want string
	}{
		"as they are": {Form{}, text + "\n"},
		"prefix":      {Form{Prefix: Always}, "LOG: one\r\nLOG: \xff\x1b[2J\"\nLOG: \nLOG: half\n"},
		"visible":     {Form{Visible: true}, "one\n\\xFF\\x1B[2J\"\n\nhalf\n"},
		"both":        {Form{Visible: true, Prefix: Always}, "LOG: one\nLOG: \\xFF\\x1B[2J\"\nLOG: \nLOG: half\n"},
		"json": {Form{JSON: true, Prefix: Always}, `{"source":"LOG","line":1,"offset":0,"text":"one\u000d"}` + "\n" +
			`{"source":"LOG","line":2,"offset":5,"text":"\\xFF\u001b[2J\""}` + "\n" +
			`{"source":"LOG","line":3,"offset":12,"text":""}` + "\n" +
			`{"source":"LOG","line":4,"offset":13,"text":"half"}` + "\n" +
			`{"type":"summary","source":"LOG","lines":4,"bytes":18,"offset":17,"size":17,"lag_bytes":0,"lag_seconds":0,"rotations":0,` +
			`"truncations":0,"recovered_bytes":0,"possible_loss_bytes":0,"zero_bytes":0,"too_long":0,"lost_messages":0}` + "\n"},
	} {
		log := newLog(t, text)
		got, _ := once(t, Options{Paths: []string{log}, Start: Start{From: 1}, Form: c.form})
		if got = strings.ReplaceAll(got, log, "LOG"); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if c.form.JSON {
			for line := range strings.Lines(got) {
				if !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
		}
	}
}

// TestTheKeysAreInTheManual reads the keys off what is written.
func TestTheKeysAreInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(manual), "\n# Raw lines\n")
	if !ok {
		t.Fatal("docs/json.md has lost its heading \"Raw lines\"")
	}
	got, _ := once(t, Options{Paths: []string{newLog(t, "one\n")}, Start: Start{From: 1}, Form: Form{JSON: true}})
	keys := 0
	for line := range strings.Lines(got) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		for key := range o {
			if keys++; !strings.Contains(part, "`"+key+"`") {
				t.Errorf("docs/json.md does not tell of the key %s", key)
			}
		}
	}
	if keys != 19 {
		t.Errorf("got %d keys, want 4 of a line and 15 of a summary: none may go", keys)
	}
}

func TestTheStoreGoesBeforeTheStart(t *testing.T) {
	a, b := newLog(t, "1\n2\n3\n"), newLog(t, "4\n5\n6\n")
	m := &memory{}
	if got, _ := once(t, Options{Paths: []string{a}, Start: Start{Last: 2}, Store: m}); got != "2\n3\n" {
		t.Errorf("first: got %q", got)
	}
	appendTo(t, a, "7\nhal")
	if got, _ := once(t, Options{Paths: []string{a, b}, Start: Start{Last: 1}, Store: m, Form: Form{Prefix: Never}}); got != "7\n6\n" {
		t.Errorf("second: got %q, want what is new of the one, the last of the other", got)
	}
	appendTo(t, a, "f\n")
	if got, _ := once(t, Options{Paths: []string{a}, Store: m}); got != "half\n" {
		t.Errorf("third: got %q, want the line that was not finished, whole", got)
	}
}

// TestWhatCouldNotBeWrittenComesAgain fails the second block.
func TestWhatCouldNotBeWrittenComesAgain(t *testing.T) {
	log := newLog(t, strings.Repeat("0123456789abcde\n", 40<<10))
	m := &memory{}
	var first bytes.Buffer
	blocks := 0
	r, err := New(Options{
		Paths: []string{log}, Start: Start{From: 1}, Store: m, Once: true, Poll: true, Tell: func(string) {},
		Out: writes(func(b []byte) (int, error) {
			if blocks++; blocks == 2 {
				return 10, syscall.EPIPE
			}
			return first.Write(b)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("got %v, want a broken pipe", err)
	}
	rest, _ := once(t, Options{Paths: []string{log}, Store: m})
	if got := first.String() + rest; got != strings.Repeat("0123456789abcde\n", 40<<10) {
		t.Errorf("got %d + %d bytes, want %d in all", first.Len(), len(rest), 640<<10)
	}
}

// TestItEndsThoughNobodyReads asks for the end while a write is stuck.
func TestItEndsThoughNobodyReads(t *testing.T) {
	log := newLog(t, "1\n2\n")
	synctest.Test(t, func(t *testing.T) {
		m, gate := &memory{}, make(chan struct{})
		var notices told
		r, err := New(Options{
			Paths: []string{log}, Start: Start{Last: 1}, Store: m, Poll: true, Tell: notices.tell,
			Out: writes(func(b []byte) (int, error) { <-gate; return len(b), nil }),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Minute+giveUpAfter {
			t.Errorf("it took %v, want %v more than a minute", took, giveUpAfter)
		}
		if len(notices) != 1 || !strings.Contains(notices[0], "could not be written within 5s") {
			t.Errorf("notices: %q", notices)
		}
		before := maps.Clone(m.at)
		close(gate) // a late success is none: the next process begins before it
		synctest.Wait()
		for key, at := range m.at {
			if at.Files[0].Offset != 2 || at.Files[0].Offset != before[key].Files[0].Offset {
				t.Errorf("saved %+v, want the place before the line nobody took", at)
			}
		}
	})
}

// TestAStoreThatFailsIsToldOnceAndTriedAgain lets it fail for ten seconds.
func TestAStoreThatFailsIsToldOnceAndTriedAgain(t *testing.T) {
	log := newLog(t, "1\n")
	synctest.Test(t, func(t *testing.T) {
		m := &memory{fails: errors.New("the disk is full")}
		var notices told
		var out bytes.Buffer
		r, err := New(Options{Paths: []string{log}, Store: m, Poll: true, Tell: notices.tell, Out: &out})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second+time.Millisecond, func() { m.fail(nil) })
		time.AfterFunc(5*time.Second, func() { appendTo(t, log, "2\n") })
		time.AfterFunc(20*time.Second, cancel)
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		if len(notices) != 2 || !strings.Contains(notices[0], "the disk is full; going on") || notices[1] != "the state is written again" {
			t.Errorf("notices: %q", notices)
		}
		if m.saves < 10 || m.saves > 14 {
			t.Errorf("saved %d times, want once a second until it worked, and at the end", m.saves)
		}
		if got := slices.Collect(maps.Values(m.at)); out.String() != "2\n" || len(got) != 1 || got[0].Files[0].Offset != 4 {
			t.Errorf("wrote %q, saved %+v", out.String(), got)
		}
	})
}

func TestLinesThatAreTooLongAreToldAndCounted(t *testing.T) {
	log := newLog(t, "1\n"+strings.Repeat(strings.Repeat("x", 1<<20+1)+"\n", 3)+"2\n")
	got, notices := once(t, Options{Paths: []string{log}, Start: Start{From: 1}})
	if got != "1\n2\n" {
		t.Errorf("got %d bytes", len(got))
	}
	want := []string{
		log + ": a line of more than 1 MiB was left out, behind byte 2; further ones are counted",
		log + ": 3 lines of more than 1 MiB were left out",
	}
	if !slices.Equal(notices, want) {
		t.Errorf("got %q, want %q", notices, want)
	}
}

// TestNoLineIsAllocatedFor writes the same block in each form again and again.
func TestNoLineIsAllocatedFor(t *testing.T) {
	b := &tail.Batch{Line: 1, Data: bytes.Repeat([]byte("192.0.2.1 - - \"GET /\xc3\xa9\"\n"), 1000)}
	for name, f := range map[string]Form{"prefix": {}, "json": {JSON: true}, "visible": {Visible: true}} {
		l := newLabel("a.log", true)
		buf := f.appendBlock(nil, l, b)
		if n := testing.AllocsPerRun(10, func() { buf = f.appendBlock(buf[:0], l, b) }); n > 0 {
			t.Errorf("%s: %v allocations for a block of 1000 lines", name, n)
		}
	}
}

// TestAPositionThatIsNotSavedAfterABrokenPipeIsTold has both at once.
func TestAPositionThatIsNotSavedAfterABrokenPipeIsTold(t *testing.T) {
	m := &memory{fails: errors.New("the disk is full")}
	var notices told
	r, err := New(Options{
		Paths: []string{newLog(t, "1\n")}, Start: Start{Last: 1}, Store: m, Once: true, Poll: true, Tell: notices.tell,
		Out: writes(func([]byte) (int, error) { return 0, syscall.EPIPE }),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("got %v, want a broken pipe", err)
	}
	if len(notices) != 2 || notices[1] != "the disk is full; what was written since it was last saved will come again after a restart" {
		t.Errorf("notices: %q", notices)
	}
}
