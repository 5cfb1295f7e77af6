package history

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// documented are the megabytes a day of the frames of each level, and of all that is
// kept after 30 days, that docs/history.md tells for so many requests a second.
func documented(t *testing.T, rate int) (levels []float64, all float64) {
	t.Helper()
	text, err := os.ReadFile("../../docs/history.md")
	if err != nil {
		t.Fatal(err)
	}
	start := "| " + strings.TrimSuffix(strings.ReplaceAll(strconv.Itoa(rate), "000", ",000"), ",") + " |"
	row := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(start) + `(( [\d.]+ \|){6})$`).FindSubmatch(text)
	if row == nil {
		t.Fatalf("docs/history.md has no row of sizes that begins with %q", start)
	}
	for cell := range strings.SplitSeq(strings.Trim(string(row[1]), " |"), "|") {
		n, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
		if err != nil {
			t.Fatal(err)
		}
		levels = append(levels, n)
	}
	return levels[:Levels], levels[Levels]
}

// TestAHistoryTakesTheRoomThatItsPageTells writes some minutes of a site, and what is
// built of them, and takes them for a day: each size is a fifth off at most.
func TestAHistoryTakesTheRoomThatItsPageTells(t *testing.T) {
	const off = 0.2
	for _, c := range []struct {
		rate    int
		seconds int64
		coarse  Level // up to which so few are enough
	}{{10, 3600, Day}, {100, 1200, Hour}, {1000, 600, TenMinutes}} {
		s := newSampler(t)
		db := open(t, filepath.Join(t.TempDir(), "history.db"), Options{Max: -1})
		for at := int64(noon); at < noon+c.seconds; at += 10 {
			commit(t, db, &Commit{Sealed: []Stretch{s.stretch(c.rate, TenSeconds).at(at)}})
		}
		commit(t, db, &Commit{Until: noon + 86400})
		stats, err := db.Stats()
		if err != nil {
			t.Fatal(err)
		}
		told, all := documented(t, c.rate)
		sum, o := 0.0, Options{}
		for l := range levels {
			a := float64(stats.Levels[l].Bytes) / float64(stats.Levels[l].Frames) * 86400 / float64(l.Step()) / 1e6
			if l > c.coarse {
				a = told[l] // more would have to be counted
			}
			if math.Abs(a-told[l]) > off*told[l] {
				t.Errorf("%d requests a second: the frames of %v take %.2f MB a day, docs/history.md says %v", c.rate, l, a, told[l])
			}
			days := 30.0
			if keep := o.tables(l); keep > 0 {
				days = min(days, float64(keep)/86400)
			}
			sum += a * days
		}
		if math.Abs(sum-all) > off*all {
			t.Errorf("%d requests a second: the frames of 30 days take %.0f MB, docs/history.md says %v", c.rate, sum, all)
		}
		var frames int64
		for l := range levels {
			frames += stats.Levels[l].Bytes
		}
		if file := float64(stats.File-stats.Free) / float64(frames); c.seconds >= 1200 && (file < 1.03 || file > 1.25) {
			t.Errorf("%d requests a second: the file is %.2f times its frames, docs/history.md says 1.05 to 1.2 times", c.rate, file)
		}
	}
}
