package monitor

import (
	"os"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/view"
)

// later adds text to a file of the directory that is followed. The time of the
// directory is that of the bubble, in which two changes can be far apart while
// they are within one tick of the machine's clock.
func (p *play) later(name, text string) {
	p.Helper()
	p.append(name, text)
	p.must(os.Chtimes(p.dir, time.Now(), time.Now()))
}

// account is what became of the lines of a log.
func (p *play) account(name string) view.Source {
	p.Helper()
	for _, s := range p.screen.closing.Sources {
		if s.Name == p.path(name) {
			return s
		}
	}
	p.Fatalf("%s was not followed; got %+v", name, p.screen.closing.Sources)
	return view.Source{}
}

// TestALogThatComesLaterIsCountedLikeTheOthers, second by second, through a
// rotation of both.
func TestALogThatComesLaterIsCountedLikeTheOthers(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.options()
		o.Patterns = []string{p.dir}
		p.start(o)
		p.pause(5 * time.Second)
		p.later("a.log", "")
		p.traffic("a.log", 4, 25*time.Second)
		p.later("b.log", line(time.Now(), "/b"))
		p.wrote++
		for range 30 {
			p.hits("b.log", 2)
			p.hits("a.log", 3)
			p.pause(time.Second)
		}
		for _, name := range []string{"a.log", "b.log"} {
			p.must(os.Rename(p.path(name), p.path(name+".1")))
			p.later(name, "")
			p.traffic(name, 3, 5*time.Second)
		}
		p.pause(12 * time.Second)
		p.stop()
		p.counted()
		if a, b := p.account("a.log"), p.account("b.log"); a.Hits != 100+90+15 || b.Hits != 1+60+15 || a.Format != "common" || b.Format != "common" {
			p.Errorf("got the accounts %+v, %+v; want 205 and 76 hits", a, b)
		}
		if n := len(p.screen.closing.Sources); n != 2 {
			p.Errorf("got %d sources, want 2: a rotated log is none", n)
		}
		if late := p.screen.closing.Late; late != 0 {
			p.Errorf("%d lines were late, want none: a new log is found within the lateness", late)
		}
	})
}

// TestALogThatComesLaterBeginsWhereTheOthersDid: an old one that is moved there is
// not counted as traffic of now.
func TestALogThatComesLaterBeginsWhereTheOthersDid(t *testing.T) {
	for name, c := range map[string]struct {
		set         func(o *Options)
		hits, older int64
	}{
		"the last 2 days": {func(*Options) {}, 3, 2},
		"--since":         {func(o *Options) { o.Since = time.Now().Add(-time.Hour) }, 2, 3},
		"--from-end":      {func(o *Options) { o.FromEnd = true }, 5, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *play) {
				p.later("a.log", line(time.Now(), "/a"))
				o := p.options("a.log")
				o.Patterns = []string{p.dir}
				c.set(&o)
				p.start(o)
				p.pause(5 * time.Second)
				text := ""
				for _, age := range []time.Duration{90 * 24 * time.Hour, 49 * time.Hour, 2 * time.Hour, time.Minute, 0} {
					text += line(time.Now().Add(-age), "/b")
				}
				p.later("b.log", text)
				p.pause(30 * time.Second)
				p.stop()
				// What is passed over by bisection is not even counted as older.
				if b := p.account("b.log"); b.Hits != c.hits || b.Older > c.older || b.Rejected != 0 {
					p.Errorf("got the account %+v, want %d hits", b, c.hits)
				}
			})
		})
	}
}

// TestALogThatComesLaterHasTheFormatOfItsName, and one that cannot be read ends
// nothing.
func TestALogThatComesLaterHasTheFormatOfItsName(t *testing.T) {
	inBubble(t, func(p *play) {
		csv, ok := accesslog.Lookup("csv")
		if !ok {
			p.Fatal("there is no format csv")
		}
		o := p.options()
		o.Patterns = []string{p.path("*")}
		o.FormatOf = func(path string) *accesslog.Format {
			if strings.HasSuffix(path, ".csvlog") {
				return &csv
			}
			return nil
		}
		p.start(o)
		p.pause(5 * time.Second)
		p.later("packed", "\x1f\x8b\x08\x00 and more\n")
		p.later("b.csvlog", "\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n")
		p.pause(5 * time.Second)
		p.traffic("a.log", 1, time.Second)
		p.later("a.log", "")
		p.pause(5 * time.Second)
		p.stop()
		if b := p.account("b.csvlog"); b.Format != "csv" {
			p.Errorf("got the account %+v, want the format csv", b)
		}
		if a := p.account("a.log"); a.Hits != 1 {
			p.Errorf("got the account %+v, want a hit", a)
		}
		if n := p.screen.notices(); strings.Count(n, "it is not followed") != 1 {
			p.Errorf("got the notices %q, want one that packed is not followed", n)
		}
	})
}
