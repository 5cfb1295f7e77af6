package history

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"weir/internal/traffic"
)

// victim names the history that this test binary, run again, writes to until it
// is killed.
const victim = "WEIR_HISTORY_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		fmt.Println(writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// numbered is commit number n: n hits in its stretch, a position and a state that
// say n, and every seventh time something late.
func numbered(s *traffic.Sealer, n int64) *Commit {
	at := noon + 10*n
	c := &Commit{
		Sealed:    []Stretch{tenSeconds(s, at, int(n%50)+1)},
		Positions: map[string][]byte{"log": strconv.AppendInt(nil, n, 10)},
		States:    map[string][]byte{"board": strconv.AppendInt(nil, n, 10)},
		Marks:     []Mark{{At: at, Text: strconv.FormatInt(n, 10)}},
	}
	if n%7 == 3 {
		c.Amended = []Stretch{tenSeconds(s, at-30, 1)}
	}
	return c
}

func writeUntilKilled(path string) error {
	db, err := Open(path, Options{Keep: [levels]time.Duration{10 * time.Minute, time.Hour, Forever, Forever, Forever}, Tables: [levels]time.Duration{time.Minute, 10 * time.Minute, Forever, Forever, Forever}})
	if err != nil {
		return err
	}
	_, n, _, err := db.Sealed()
	if err != nil {
		return err
	}
	s := traffic.NewSealer()
	for ; ; n++ {
		if err := db.Commit(numbered(s, n)); err != nil {
			return err
		}
		fmt.Println(n)
		if n%20 == 19 {
			if _, err := db.Prune(noon + 10*n); err != nil {
				return err
			}
		}
	}
}

// TestAKillAtAnyMomentLeavesWholeCommits kills a process that commits and prunes as
// fast as it can, again and again.
func TestAKillAtAnyMomentLeavesWholeCommits(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "history.db")
	r := rand.New(rand.NewPCG(9, uint64(time.Now().UnixNano())))
	said := int64(-1)
	for round := range 25 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), victim+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// So many commits, then a moment more: between any two steps of one.
		lines := bufio.NewScanner(out)
		for left := r.IntN(80); left >= 0 && lines.Scan(); left-- {
			if said, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
				t.Fatalf("round %d: %s", round, lines.Text())
			}
		}
		for until := time.Now().Add(time.Duration(r.IntN(5_000)) * time.Microsecond); time.Now().Before(until); {
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			if said, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
				t.Fatalf("round %d: %s", round, lines.Text())
			}
		}
		_ = cmd.Wait() // killed
		wholeCommits(t, path, said)
	}
}

// wholeCommits looks for commits 0 to n-1 and nothing else, where n is more than
// was said to be committed.
func wholeCommits(t *testing.T, path string, said int64) {
	t.Helper()
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, n, _, err := db.Sealed()
	if err != nil || n <= said || n > said+2 {
		t.Fatalf("there are %d commits (%v), %d were told of", n, err, said+1)
	}
	last := strconv.FormatInt(n-1, 10)
	positions, err1 := db.Positions()
	state, _, err2 := db.State("board")
	marks, err3 := db.Marks(0, 2*noon)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if string(positions["log"]) != last || string(state) != last || int64(len(marks)) != n {
		t.Fatalf("of %d commits there is the position %s, the state %s, %d marks", n, positions["log"], state, len(marks))
	}
	want := int64(0)
	for i := range n {
		want += i%50 + 1
		if i%7 == 3 {
			want++
		}
	}
	for _, step := range []int64{10, 3600} {
		points, err := db.Series(noon-60, noon+10*n, step)
		if err != nil {
			t.Fatal(err)
		}
		got := int64(0)
		for _, p := range points {
			got += p.Hits
		}
		if got != want {
			t.Fatalf("step %d: %d commits have %d hits, want %d", step, n, got, want)
		}
	}
	problems, err := db.Check()
	if err != nil || len(problems) > 0 {
		t.Fatalf("after %d commits: %v %q", n, err, problems)
	}
}
