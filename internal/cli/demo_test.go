package cli

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/view"
)

// TestTheDemosShowWhatTheyPromise plays every story with --check, three minutes
// and more of it, in fake time.
func TestTheDemosShowWhatTheyPromise(t *testing.T) {
	for _, st := range stories() {
		t.Run(st.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			synctest.Test(t, func(t *testing.T) {
				st.poll = true // a wait for events of the system would stop fake time
				var out strings.Builder
				began := time.Now()
				if err := st.check(t.Context(), &out); err != nil {
					t.Errorf("got %v, want no error", err)
				}
				if !strings.HasPrefix(out.String(), "PASS demo "+st.name+": ") {
					t.Errorf("got %q, want PASS", out.String())
				}
				if took := time.Since(began); took < st.checked || took > st.checked+2*time.Second {
					t.Errorf("it took %v, want %v", took, st.checked)
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
					t.Errorf("got %v, %v in the folder for temporary files, want nothing left", left, err)
				}
			})
		})
	}
}

// TestABrokenOffCheckIsNoPass: Ctrl-C in the middle.
func TestABrokenOffCheckIsNoPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := stories()[0]
		st.poll = true
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var out strings.Builder
		if err := st.check(ctx, &out); err == nil || out.String() != "" {
			t.Errorf("got %v and %q, want an error and nothing said", err, out.String())
		}
	})
}

func TestTheJudgeFindsWhatIsWrong(t *testing.T) {
	fired, recovered := alert.Event{State: alert.Firing}, alert.Event{State: alert.Quiet, Was: alert.Firing}
	good := func() *witness {
		w := &witness{}
		for _, o := range []gauge.Output{{Interval: interval(60)}, {Event: &fired}, {Interval: interval(40)}, {Event: &recovered}, {Notice: &view.Notice{}}} {
			if err := w.Show(o); err != nil {
				t.Fatal(err)
			}
		}
		c := view.Closing{}
		c.Hits = 100
		if err := w.Close(&c); err != nil {
			t.Fatal(err)
		}
		return w
	}
	st := story{alerts: 1}
	if wrong := good().judge(st, 100); wrong != "" {
		t.Fatalf("got %q, want nothing wrong", wrong)
	}
	for name, c := range map[string]struct {
		change  func(w *witness)
		written int64
		want    string
	}{
		"a line lost":       {func(w *witness) { w.closing.Hits-- }, 100, "100 lines were written, 99 counted, 100 shown"},
		"a line twice":      {func(w *witness) { w.closing.Hits++ }, 100, "101 counted"},
		"an interval lost":  {func(w *witness) { w.shown -= 10 }, 100, "90 shown"},
		"more written":      {func(*witness) {}, 101, "101 lines were written"},
		"no alert":          {func(w *witness) { w.events = nil }, 100, "0 messages"},
		"no recovery":       {func(w *witness) { w.events = w.events[:1] }, 100, "1 messages"},
		"one alert more":    {func(w *witness) { w.events = append(w.events, fired, recovered) }, 100, "4 messages"},
		"the wrong order":   {func(w *witness) { w.events[0], w.events[1] = recovered, fired }, 100, "by turns"},
		"two of one kind":   {func(w *witness) { w.events[1] = fired }, 100, "by turns"},
		"nothing was there": {func(w *witness) { *w = witness{} }, 100, "0 counted"},
	} {
		w := good()
		c.change(w)
		if wrong := w.judge(st, c.written); !strings.Contains(wrong, c.want) {
			t.Errorf("%s: got %q, want %q in it", name, wrong, c.want)
		}
	}
}

func interval(hits int64) *view.Interval { return &view.Interval{Stats: view.Stats{Hits: hits}} }

// TestAStoryThatDoesNotComeTrueFails: a quiet site, of which an alert is told.
func TestAStoryThatDoesNotComeTrueFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := story{name: "quiet", steps: "60s@5", checked: 60 * time.Second, alerts: 1, poll: true}
		var out strings.Builder
		err := st.check(t.Context(), &out)
		if exitCode(err) != exitCheck || !strings.HasPrefix(out.String(), "FAIL demo quiet: 0 messages") {
			t.Errorf("got exit code %d and %q, want %d and FAIL", exitCode(err), out.String(), exitCheck)
		}
	})
}
