package geo

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A watched is a Live of a test, with the time that it is told.
type watched struct {
	*testing.T
	*Live
	now time.Time
}

func watch(t *testing.T, b []byte) *watched {
	t.Helper()
	w := &watched{T: t, now: time.Unix(1_700_000_000, 0)}
	var err error
	if w.Live, err = OpenLive(write(t, b), w.now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Live.Close() })
	return w
}

// city is where a client of the test is.
func (w *watched) city() string { return w.Place([]byte("192.0.2.7")).City }

// look lets d pass and wants the city, and one notice that has these words; ""
// is no notice.
func (w *watched) look(d time.Duration, city, words string) {
	w.Helper()
	w.now = w.now.Add(d)
	got := w.Look(w.now)
	if words == "" && len(got) > 0 || words != "" && (len(got) != 1 || !strings.Contains(got[0], words) || !strings.Contains(got[0], w.path)) {
		w.Errorf("got the notices %q, want one that has %q", got, words)
	}
	if c := w.city(); c != city {
		w.Errorf("got the city %q, want %q", c, city)
	}
}

// put writes b into the file; in place, or as another file that takes its name.
func (w *watched) put(b []byte, rename bool) {
	w.Helper()
	name := w.path
	if rename {
		name += ".new"
	}
	err := os.WriteFile(name, b, 0o600)
	if err == nil {
		err = os.Chtimes(name, w.now, w.now) // as of the time of the test
	}
	if err == nil && rename {
		err = os.Rename(name, w.path)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// moved is the database in which the client has gone elsewhere.
func moved(city string) []byte {
	return database(6, network{"192.0.2.0/24", map[string]any{"country": named("Chile"), "city": named(city)}})
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	for name, rename := range map[string]bool{"replaced by another": true, "written in place": false} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, places())
			w.look(time.Minute, "Berlin", "")
			w.put(moved("Arica"), rename)
			w.look(lookEvery, "Berlin", "") // it may still be being written
			w.look(lookEvery-1, "Berlin", "")
			w.look(1, "Arica", " has changed: ")
			w.look(time.Hour, "Arica", "")
			w.put(moved("Calama"), rename)
			w.look(time.Hour, "Arica", "")
			w.look(time.Hour, "Calama", " has changed: ")
		})
	}
}

func TestTheFileIsLookedAtEveryFiveSecondsAtMost(t *testing.T) {
	w := watch(t, places())
	w.put(moved("Arica"), true)
	for range 20 {
		w.look(lookEvery/20-time.Millisecond, "Berlin", "")
	}
	w.look(time.Second, "Berlin", "")
	w.look(-time.Hour, "Arica", " has changed: ") // a clock that was set back does not stop it
}

func TestABrokenFileKeepsWhatWasReadBefore(t *testing.T) {
	whole := moved("Arica")
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"half of it":    {whole[:len(whole)/2], "is cut short"},
		"no end":        {whole[:len(whole)-9], "is damaged or cut short"},
		"nothing":       {nil, "is not a MaxMind database"},
		"another thing": {[]byte("<html>404</html>"), "is not a MaxMind database"},
		"packed":        {[]byte("\x1f\x8b\x08 and so on"), "packed with gzip"},
	} {
		for _, rename := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				w := watch(t, places())
				w.put(c.content, rename)
				w.look(lookEvery, "Berlin", "")
				w.look(lookEvery, "Berlin", c.want)
				w.look(lookEvery, "Berlin", "")
				w.look(time.Hour, "Berlin", "")
				w.put(whole, rename)
				w.look(lookEvery, "Berlin", "")
				w.look(lookEvery, "Arica", " has changed: ")
			})
		}
	}
}

// TestAFileThatGrowsIsNotRead: whoever fetches a database takes a while.
func TestAFileThatGrowsIsNotRead(t *testing.T) {
	w := watch(t, places())
	whole := moved("Arica")
	for n := range len(whole) / 16 {
		w.put(whole[:16*n], false)
		w.look(lookEvery, "Berlin", "")
	}
	w.put(whole, false)
	w.look(lookEvery, "Berlin", "")
	w.look(lookEvery, "Arica", " has changed: ")
}

func TestAFileThatIsGoneKeepsWhatWasRead(t *testing.T) {
	w := watch(t, places())
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	w.look(lookEvery, "Berlin", "what was read of it before stays in use")
	w.look(lookEvery, "Berlin", "")
	w.put(moved("Arica"), true)
	w.look(lookEvery, "Berlin", "")
	w.look(lookEvery, "Arica", " has changed: ")
	// The one that was there before comes back: with another time, or a size.
	w.put(places(), true)
	w.look(lookEvery, "Arica", "")
	w.look(lookEvery, "Berlin", " has changed: ")
}

// TestDamageIsToldOnce: what a broken database does not know is not passed over
// in silence.
func TestDamageIsToldOnce(t *testing.T) {
	whole := places()
	at := bytes.Index(whole, []byte("\x44city")) // a key becomes a pointer to nowhere
	if at < 0 {
		t.Fatal("no city in the database")
	}
	broken := slices.Clone(whole)
	copy(broken[at:], "\x3f\xff\xff\xff\xff")
	w := watch(t, broken)
	w.look(time.Second, "", "")
	w.look(time.Second, "", "is damaged, some clients have no place")
	w.look(time.Second, "", "")
}

func TestWhatCannotBeOpenedForFollowingIsTheSameSentence(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none.mmdb"), t.TempDir(), write(t, nil), write(t, places()[:99])} {
		_, want := Open(path)
		_, got := OpenLive(path, time.Time{})
		if got == nil || want == nil || got.Error() != want.Error() {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

// TestFollowingAndReportsSeeTheSamePlaces holds a Live against a DB.
func TestFollowingAndReportsSeeTheSamePlaces(t *testing.T) {
	for _, b := range [][]byte{places(), networks()} {
		mapped, live := open(t, b), watch(t, b)
		for _, client := range []string{"192.0.2.7", "198.51.100.200", "203.0.113.1", "2001:db8::1", "8.8.8.8", "10.1.2.3", "", "x"} {
			if got, want := live.Place([]byte(client)), mapped.Place([]byte(client)); got != want {
				t.Errorf("%s: got %+v, want %+v", client, got, want)
			}
		}
	}
}
