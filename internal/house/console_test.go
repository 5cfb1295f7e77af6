package house

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/config"
	"weir/internal/gauge"
	"weir/internal/incident"
	"weir/internal/query"
	"weir/internal/term"
)

// A site is a simulated one, with what happens to it until the alert of a rule comes.
type site struct{ rule, script string }

// consoles are what docs/alerts.md shows the console with, by the names of the blocks: a site behind
// an hour and a half as usual. Rules of its own go by the name of the block.
func consoles() map[string]site {
	const shop, api = " path /shop/cart clients 40 bytes 12kB latency 20ms..180ms", " path /api/items clients 25 bytes 2kB latency 10ms..90ms"
	const usual = "90m at 5/s" + shop + " and 3/s" + api + "\n"
	own := func(name, keys, script string) site {
		return site{name, "rules\n[[rule]]\nname = \"" + name + "\"\n" + keys +
			"[[rule]]\nname = \"traffic-change\"\nenabled = false\n[[rule]]\nname = \"error-change\"\nenabled = false\nend\n" + script}
	}
	return map[string]site{
		"high-traffic":        {"high-traffic", usual + "3m at 5/s" + shop + " and 20/s path /api/items clients 2 latency 10ms..90ms\n"},
		"errors":              {"errors", usual + "3m at 5/s" + shop + " and 3/s" + api + " fail 30%\n"},
		"latency":             {"latency", usual + "6m at 5/s path /shop/cart clients 40 latency 1s..6s and 3/s" + api + "\n"},
		"no-traffic":          {"traffic-change", usual + "3m quiet\n"},
		"no-traffic-by-count": {"no-traffic", "rules\n[[rule]]\nname = \"traffic-change\"\nenabled = false\nend\n30m at 5/s" + shop + " and 3/s" + api + "\n3m quiet\n"},
		"traffic-change":      {"traffic-change", usual + "4m at 5/s" + shop + "\n"},
		"traffic-surge":       {"traffic-change", "rules\n[[rule]]\nname = \"high-traffic\"\nabove = \"60/s\"\nend\n" + usual + "4m at 20/s" + shop + " and 12/s" + api + "\n"},
		"error-change":        {"error-change", usual + "9m at 5/s" + shop + " fail 4% and 3/s" + api + "\n"},
		"errors-gone":         {"error-change", "90m at 5/s" + shop + " and 3/s" + api + " fail 10%\n30m at 5/s" + shop + " and 3/s" + api + "\n"},
		"latency-change":      {"latency-change", usual + "5m at 5/s path /shop/cart clients 40 latency 200ms..700ms and 3/s" + api + "\n"},
		"by-section": own("slow-section", "metric = \"p90\"\nby = \"section\"\nabove = \"500ms\"\nover = \"1m\"\nseverity = \"critical\"\n",
			"20m at 5/s"+shop+" and 3/s"+api+"\n5m at 5/s"+shop+" and 3/s path /api/items clients 25 latency 400ms..800ms\n"),
		"ratio": own("twice-an-hour-ago", "metric = \"traffic\"\nratio_to = \"1h\"\nabove = 2\nover = \"5m\"\n", usual+"10m at 11/s"+shop+" and 6/s"+api+"\n"),
		"burn":  own("objective", "slo = \"99.9%\"\n[[rule]]\nname = \"errors\"\nenabled = false\n", usual+"30m at 5/s"+shop+" fail 20% and 3/s"+api+"\n"),
		"silent": own("log-silent", "absent = \"log\"\nover = \"3m\"\n",
			"sources web1.log web2.log\n20m at 5/s"+shop+" from web1.log,web2.log\n5m at 5/s"+shop+" from web1.log\n"),
		"gone": own("log-gone", "absent = \"source\"\nover = \"1m\"\n",
			"sources web1.log web2.log\n20m at 4/s"+shop+" from web1.log,web2.log\ngone from web2.log\n3m at 4/s"+shop+" from web1.log\n"),
	}
}

// TestTheConsolesOfTheManualAreThoseOfWeir plays a site for each block
// "<!-- console NAME -->" of docs/alerts.md: the interval in which its alert comes, with the
// alert.
func TestTheConsolesOfTheManualAreThoseOfWeir(t *testing.T) {
	const name = "docs/alerts.md"
	text := document(t, name)
	block := regexp.MustCompile("(?s)<!-- console ([a-z-]+) -->\n```text\n(.*?)```")
	shown := 0
	got := block.ReplaceAllStringFunc(text, func(old string) string {
		called := block.FindStringSubmatch(old)[1]
		site, ok := consoles()[called]
		if !ok {
			t.Errorf("%s shows the console %s, which is no site of this test", name, called)
			return old
		}
		shown++
		s, err := scriptOptions().Parse(called, site.script+"----\n")
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("<!-- console %s -->\n```text\n%s```", called, consoleOf(t, s, site.rule))
	})
	if shown != len(consoles()) {
		t.Errorf("%s shows %d consoles, want %d", name, shown, len(consoles()))
	}
	if got == text {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s shows other consoles than weir; go test ./internal/house -update rewrites it:\n%s", name, firstDifference(got, text))
}

// consoleOf returns what the console shows when the alert of a rule comes: that, and the next
// interval.
func consoleOf(t *testing.T, s *incident.Script, rule string) string {
	var p strings.Builder
	screen := &term.Plain{W: &p, Zone: time.UTC}
	from, done := -1, false
	s.Watch(func(o gauge.Output) {
		if done || o.Sealed != nil {
			return
		}
		before := p.Len()
		if err := screen.Show(o); err != nil {
			t.Fatal(err)
		}
		switch {
		case from < 0 && o.Event != nil && o.Event.Begins() && o.Event.Rule.Name == rule:
			from = before
		case from >= 0 && (o.Interval != nil || o.Quiet != nil):
			done = true
		}
	})
	if from < 0 {
		t.Fatalf("no alert of %s came:\n%s", rule, s.Play())
	}
	return strings.Trim(p.String()[from:], "\n") + "\n"
}

// TestTheBacktestsOfTheManualAreThoseOfWeir runs weir backtest on logs that are not part of the
// project, for each block "<!-- backtest FILE -->"; where they are not there it is skipped.
func TestTheBacktestsOfTheManualAreThoseOfWeir(t *testing.T) {
	data := filepath.Join(root, "..", "shared", "data")
	if dir := os.Getenv("WEIR_SHARED_DATA"); dir != "" {
		data = dir
	}
	if _, err := os.Stat(data); err != nil {
		t.Skipf("the logs that the manual has backtests of are not in %s, nor in $WEIR_SHARED_DATA", data)
	}
	const name = "docs/alerts.md"
	text, bin := document(t, name), buildWeir(t)
	block := regexp.MustCompile("(?s)<!-- backtest ([^>]+) -->\n```text\n(.*?)```")
	if !block.MatchString(text) {
		t.Fatalf("%s shows no backtest", name)
	}
	got := block.ReplaceAllStringFunc(text, func(old string) string {
		file := block.FindStringSubmatch(old)[1]
		command := "weir backtest --timezone UTC -n 0 " + file
		return fmt.Sprintf("<!-- backtest %s -->\n```text\n$ %s\n%s```", file, command, runShown(t, data, bin, command))
	})
	if got == text {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s shows another backtest than weir; go test ./internal/house -update rewrites it:\n%s", name, firstDifference(got, text))
}

// scriptOptions are those of weir test: the rules that stand by default, in UTC.
func scriptOptions() incident.Options {
	rules := func(c *config.Config) incident.Rules {
		utc := *c
		utc.Display.Zone = time.UTC
		return incident.Rules{List: utc.Watched(), Filter: func(text string) func(*accesslog.Record) bool {
			q, err := query.Compile(text, query.Options{})
			if err != nil {
				return func(*accesslog.Record) bool { return false } // config has read it, so it is never wrong
			}
			return q.Matcher().Match
		}}
	}
	return incident.Options{Rules: rules(config.Default()), Read: func(name, text string) (incident.Rules, error) {
		c, err := config.Parse(name, text, config.Options{})
		if err != nil {
			return incident.Rules{}, err
		}
		return rules(c), nil
	}}
}
