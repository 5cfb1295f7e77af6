package monitor

import (
	"database/sql"
	"strings"
	"testing"
	"time"
)

// spoil makes the history in a folder refuse each new row, as a damaged one does.
func (p *play) spoil(folder string) (heal func()) {
	p.Helper()
	db, err := sql.Open("sqlite", p.path(folder+"/history.db"))
	p.must(err)
	defer db.Close()
	_, err = db.ExecContext(p.Context(), "CREATE TRIGGER refuses BEFORE INSERT ON frame BEGIN SELECT RAISE(ABORT, 'this is refused'); END")
	p.must(err)
	return func() {
		db, err := sql.Open("sqlite", p.path(folder+"/history.db"))
		p.must(err)
		defer db.Close()
		_, err = db.ExecContext(p.Context(), "DROP TRIGGER refuses")
		p.must(err)
	}
}

// TestAHistoryThatRefusesWhatIsToBeKeptIsGivenUpAndTheWatchingGoesOn: it is told once
// that it is tried again and once that it is not; intervals and alerts come as ever;
// and the next weir that can write it reads what was not kept.
func TestAHistoryThatRefusesWhatIsToBeKeptIsGivenUpAndTheWatchingGoesOn(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.remembering("state", "access.log")
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 3, 30*time.Second)
		heal := p.spoil("state")
		p.traffic("access.log", 40, 5*time.Minute)
		if n := len(p.screen.intervals()); n < 30 {
			p.Errorf("%d intervals were shown, want 30: the watching must go on", n)
		}
		if n := len(p.screen.events()); n != 1 {
			p.Errorf("%d alerts were shown, want 1", n)
		}
		for text, want := range map[string]int{"this is refused": 2, "the writing is tried again": 1, "tried 3 times, and nothing more is kept": 1, "is written again": 0} {
			if n := strings.Count(p.screen.notices(), text); n != want {
				p.Errorf("%q was told %d times, want %d; got\n%s", text, n, want, p.screen.notices())
			}
		}
		p.stop()
		p.must(o.History.Close())
		heal()
		o = p.remembering("state", "access.log")
		p.start(o)
		p.traffic("access.log", 3, 30*time.Second)
		p.pause(3 * time.Minute)
		p.stop()
		p.must(o.History.Close())
		if hits := p.total("state"); hits != int64(p.wrote) {
			p.Errorf("the history has %d hits, %d lines were written", hits, p.wrote)
		}
	})
}
