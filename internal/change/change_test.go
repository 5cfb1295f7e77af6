package change

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests are there on every machine
)

// monday is a Monday, 0:00 UTC.
const monday = int64(1_772_409_600)

// A site makes samples: rates by the minute since monday, as Poisson counts.
type site struct {
	s      *Series
	r      *rand.Rand
	minute int
	told   []Decision
	rate   func(minute int) float64 // requests a minute
	share  float64                  // of them that fail
	took   time.Duration            // latency of them
}

func newSite(o Options, rate float64) *site {
	return &site{
		s: New(o), r: rand.New(rand.NewPCG(1, 2)),
		rate: func(m int) float64 {
			return rate * (1 + 0.6*math.Sin(2*math.Pi*float64(m%minutesOfDay)/minutesOfDay))
		},
		share: 0.01, took: 200 * time.Millisecond,
	}
}

func (w *site) poisson(mean float64) int64 {
	n := int64(0)
	for t := w.r.ExpFloat64(); t < mean; t += w.r.ExpFloat64() {
		n++
	}
	return n
}

// run steps so many minutes, with the rate times factor, and returns what was told.
func (w *site) run(minutes int, factor float64) []Decision {
	from := len(w.told)
	per := int(60 / w.s.step)
	for range minutes {
		for i := range per {
			n := w.poisson(w.rate(w.minute) * factor / float64(per))
			sample := Sample{Requests: n, Failed: w.poisson(float64(n) * w.share), Timed: n}
			sample.Mean = time.Duration(float64(w.took) * math.Exp(0.9/math.Sqrt(float64(max(n, 1)))*w.r.NormFloat64()))
			sample.P90 = 2 * sample.Mean
			at := monday + 60*int64(w.minute) + int64(i+1)*w.s.step
			if d, ok := w.s.Step(at, sample); ok {
				w.told = append(w.told, d)
			}
		}
		w.minute++
	}
	return w.told[from:]
}

// skip leaves minutes out.
func (w *site) skip(minutes int) { w.minute += minutes }

// wants fails the test where other events were told.
func wants(t *testing.T, got []Decision, want ...Event) {
	t.Helper()
	var events []Event
	for _, d := range got {
		events = append(events, d.Event)
	}
	same := len(events) == len(want)
	for i := range min(len(events), len(want)) {
		same = same && events[i] == want[i]
	}
	if !same {
		t.Errorf("told %v, want %v:", events, want)
		for _, d := range got {
			t.Log(d.Text(time.UTC))
		}
	}
}

func TestAnOutageIsToldInAMinute(t *testing.T) {
	w := newSite(Options{}, 600)
	wants(t, w.run(3*minutesOfDay, 1))
	end := w.s.At()
	got := w.run(30, 0)
	wants(t, got, Alert)
	d := got[0]
	if after := d.At - end; after > 60 || d.Count != 0 || d.Change != -1 || !d.Firing || d.Since != d.At {
		t.Errorf("told after %d s: %+v", after, d)
	}
	wants(t, w.run(60, 1), Recovered)
}

func TestAnOutageIsFoundInTheFirstHour(t *testing.T) {
	w := newSite(Options{}, 600)
	wants(t, w.run(30, 1))
	got := w.run(5, 0)
	wants(t, got, Alert)
	if b := got[0].Basis; !b.Learning() || b.Pattern != Lately || b.Minutes != 30 {
		t.Errorf("the basis is %+v, want the last 30 minutes", b)
	}
}

// TestASmallSiteIsSilentUntilChanceIsRuledOut: of one request a minute, a quarter
// of an hour without any is told when that could not be chance, and not before.
func TestASmallSiteIsSilentUntilChanceIsRuledOut(t *testing.T) {
	w := newSite(Options{}, 1)
	w.rate = func(int) float64 { return 1 }
	w.run(3*minutesOfDay, 1)
	w.told = nil
	got := w.run(120, 0)
	wants(t, got, Alert)
	if after := got[0].At - monday - 3*86400; after < 5*60 || after > 45*60 {
		t.Errorf("told after %d s", after)
	}
}

// opens gives a site hours: closed from 22 to 8, or an office that is busy on weekdays from 6 to 19.
func (w *site) opens(office bool, rate float64) {
	w.rate = func(m int) float64 {
		hour, free := m%minutesOfDay/60, m/minutesOfDay%7 >= 5
		switch {
		case !office && (hour < 8 || hour >= 22):
			return 0
		case office && (free || hour < 6):
			return rate * 0.15
		case office && hour >= 19:
			return rate * 0.3
		}
		return rate
	}
}

// TestAShopThatClosesIsNewsForTwoNights, and no more: what it has at night is learned although
// it was told, and an outage by day is told as before, also one that keeps it from opening.
func TestAShopThatClosesIsNewsForTwoNights(t *testing.T) {
	for _, rate := range []float64{6, 20, 60, 600} {
		w := newSite(Options{}, rate)
		w.opens(false, rate)
		w.run(2*minutesOfDay+9*60, 1)
		wants(t, w.run(12*minutesOfDay+5*60, 1)) // to two in the afternoon
		wants(t, w.run(30, 0), Alert)
		wants(t, w.run(60, 1), Recovered)
		w.run(16*60+30, 1) // to eight in the morning
		from := w.s.At()
		got := w.run(90, 0)
		wants(t, got, Alert)
		if len(got) > 0 && got[0].At-from > 3600 {
			t.Errorf("%v/min: that it does not open is told after %d s", rate, got[0].At-from)
		}
	}
}

// TestAnOutageOfTheFirstWeekIsNotWhatIsUsualAtItsHour: the same weekday and hour a week later is told of
// as soon as the first one.
func TestAnOutageOfTheFirstWeekIsNotWhatIsUsualAtItsHour(t *testing.T) {
	for _, minutes := range []int{60, 180} {
		w := newSite(Options{}, 60)
		w.run(3*minutesOfDay+9*60, 1)
		wants(t, w.run(minutes, 0), Alert)
		w.run(7*minutesOfDay-minutes, 1)
		from := w.s.At()
		got := w.run(minutes, 0)
		wants(t, got, Alert)
		if len(got) > 0 && got[0].At-from > 120 {
			t.Errorf("%d minutes: told after %d s", minutes, got[0].At-from)
		}
	}
}

// TestADayOnWhichASiteIsClosedIsNewsOnce: what ends after half a day was no incident.
func TestADayOnWhichASiteIsClosedIsNewsOnce(t *testing.T) {
	w := newSite(Options{}, 60)
	open := w.rate
	w.rate = func(m int) float64 {
		if m/minutesOfDay%7 == 6 {
			return 0
		}
		return open(m)
	}
	wants(t, w.run(8*minutesOfDay, 1), Alert, Recovered)
	wants(t, w.run(14*minutesOfDay, 1))
}

// TestASiteThatGrowsTenfoldForGoodIsNewsOnce: what a new normal may make of the courses is bounded, and it
// is known to be too little.
func TestASiteThatGrowsTenfoldForGoodIsNewsOnce(t *testing.T) {
	for _, kind := range []Kind{Traffic, Errors} {
		w := newSite(Options{Kind: kind}, 60)
		w.run(9*minutesOfDay+11*60, 1)
		w.told = nil
		if kind == Errors {
			w.share *= 20
			wants(t, w.run(10*minutesOfDay, 1), Alert, NewNormal)
			continue
		}
		wants(t, w.run(2*minutesOfDay, 10), Alert, NewNormal)
		wants(t, w.run(30, 0), Alert)
	}
}

// TestAnOfficeIsQuietFromTheSecondWeekOn but for what chance does where a request comes a minute:
// the first weekend is news.
func TestAnOfficeIsQuietFromTheSecondWeekOn(t *testing.T) {
	for _, rate := range []float64{6, 60, 600} {
		w := newSite(Options{}, rate)
		w.opens(true, rate)
		w.run(7*minutesOfDay, 1)
		if got := w.run(21*minutesOfDay, 1); len(got) > 4 || rate > 6 {
			wants(t, got)
		}
	}
}

// TestASiteThatComesBackAfterDaysIsNormalSoon: what is closed on weekends, and open all night
// else, is no surge that hides an outage of Monday afternoon.
func TestASiteThatComesBackAfterDaysIsNormalSoon(t *testing.T) {
	for _, rate := range []float64{6, 60, 600} {
		w := newSite(Options{}, rate)
		w.rate = func(m int) float64 {
			if m/minutesOfDay%7 >= 5 {
				return 0
			}
			return rate
		}
		for week := range 4 {
			w.run(7*minutesOfDay-w.minute%(7*minutesOfDay), 1)
			w.run(4*60, 1)
			if _, firing := w.s.Firing(); firing {
				t.Errorf("%v/min, Monday %d: it is told still at four in the morning", rate, week+2)
			}
			w.run(10*60, 1)
			from := w.s.At()
			got := w.run(30, 0)
			wants(t, got, Alert)
			if len(got) > 0 && got[0].At-from > max(120, int64(7200/rate)) {
				t.Errorf("%v/min, Monday %d: an outage of the afternoon is told after %d s", rate, week+2, got[0].At-from)
			}
			w.run(60, 1)
		}
	}
}

// TestVisitsThatTakeAMinuteAreNoNews: their requests lie in several steps, and in two minutes.
func TestVisitsThatTakeAMinuteAreNoNews(t *testing.T) {
	s, r := New(Options{}), rand.New(rand.NewPCG(5, 6))
	told, steps := 0, make([]int64, 28*24*360)
	for i := range steps {
		if r.Float64() > 0.2 {
			continue
		}
		for at := float64(i); int(at) < len(steps); at += 3 * r.ExpFloat64() {
			steps[int(at)]++
			if r.Float64() < 0.2 {
				break
			}
		}
	}
	for i, n := range steps {
		if d, ok := s.Step(monday+10*int64(i), Sample{Requests: n}); ok && d.Event == Alert {
			told++
		}
	}
	if told > 6 {
		t.Errorf("told %d times in four weeks: a visit is not four visitors", told)
	}
}

// TestAPageWithAllThatIsOnItIsNoSurge: a site of six requests a minute that come
// ten at a time.
func TestAPageWithAllThatIsOnItIsNoSurge(t *testing.T) {
	s, r := New(Options{}), rand.New(rand.NewPCG(3, 4))
	told := 0
	for i := range int64(28 * 24 * 360) {
		sample := Sample{}
		if r.Float64() < 0.1 {
			sample.Requests = 1 + int64(r.ExpFloat64()*9.5)
		}
		if d, ok := s.Step(monday+10*i, sample); ok && d.Event == Alert {
			told++
		}
	}
	if told > 8 {
		t.Errorf("told %d times in four weeks: a page is not ten visitors", told)
	}
}

// TestAVisitorAnHourIsNoSurge: visitors who come some times an hour, each with a page and
// what is on it, from the first minute of a log on.
func TestAVisitorAnHourIsNoSurge(t *testing.T) {
	wrong := 0
	for seed := range uint64(8) {
		s, r := New(Options{}), rand.New(rand.NewPCG(seed, 3))
		for i := range 7 * minutesOfDay * 6 {
			n := int64(0)
			if r.IntN(6*10) == 0 {
				n = 1 + int64(r.ExpFloat64()*9.5)
			}
			if d, ok := s.Step(monday+int64(i+1)*10, Sample{Requests: n}); ok && d.Event == Alert {
				wrong++
			}
		}
	}
	if wrong > 4 {
		t.Errorf("told %d surges and falls in 8 weeks, want 4 at most", wrong)
	}
}

// TestRequestsOfAnHourInOneMinuteOfItAreNoSurge: logs that were thinned out, sites that a
// program visits once an hour. A few alerts at first are what it takes to know.
func TestRequestsOfAnHourInOneMinuteOfItAreNoSurge(t *testing.T) {
	s, r := New(Options{}), rand.New(rand.NewPCG(4, 3))
	wrong := 0
	for i := range 7 * minutesOfDay * 6 {
		n := int64(0)
		if i/6%60 == 5 {
			n = int64(r.IntN(20))
		}
		if d, ok := s.Step(monday+int64(i+1)*10, Sample{Requests: n}); ok && d.Event == Alert {
			wrong++
		}
	}
	if wrong > 3 {
		t.Errorf("told %d changes in a week, want 3 at most", wrong)
	}
}

// TestNothingAtAllIsNoRecovery: the log of a small site that ends was told as gone and back
// every eleven minutes, since little was missing in a quarter of an hour.
func TestNothingAtAllIsNoRecovery(t *testing.T) {
	w := newSite(Options{}, 3)
	w.run(2*minutesOfDay, 1)
	wants(t, w.run(8*hour, 0), Alert)
	got := w.run(hour, 1)
	wants(t, got, Recovered)
	if len(got) == 1 && got[0].Value == 0 {
		t.Errorf("recovered without a request: %s", got[0].Text(time.UTC))
	}
}

func TestChangesAreToldByTheirSize(t *testing.T) {
	for name, c := range map[string]struct {
		kind    Kind
		factor  float64
		share   float64
		took    time.Duration
		minutes int
		want    []Event
	}{
		"half":                      {Traffic, 0.5, 0.01, 200, 30, []Event{Alert}},
		"twice":                     {Traffic, 2, 0.01, 200, 30, []Event{Alert}},
		"a tenth less":              {Traffic, 0.9, 0.01, 200, 60, nil},
		"a deploy of two minutes":   {Traffic, 0.3, 0.01, 200, 2, nil},
		"ten times the errors":      {Errors, 1, 0.1, 200, 30, []Event{Alert}},
		"no errors any more":        {Errors, 1, 0, 200, 60, []Event{Alert}},
		"errors as before":          {Errors, 0.2, 0.01, 200, 60, nil},
		"twice as slow":             {P90Latency, 1, 0.01, 400, 30, []Event{Alert}},
		"twice as slow, on average": {MeanLatency, 1, 0.01, 400, 30, []Event{Alert}},
		"twice as fast":             {P90Latency, 1, 0.01, 100, 60, nil},
	} {
		w := newSite(Options{Kind: c.kind}, 600)
		w.run(2*minutesOfDay, 1)
		w.told = nil
		w.share, w.took = c.share, c.took*time.Millisecond
		w.run(c.minutes, c.factor)
		t.Log(name)
		wants(t, w.told, c.want...)
		if c.minutes > 2 {
			continue
		}
		w.share, w.took = 0.01, 200*time.Millisecond
		wants(t, w.run(60, 1))
	}
}

// TestFewErrorsSayNothing: four are too few to be told, and nobody is told that
// one an hour has stopped.
func TestFewErrorsSayNothing(t *testing.T) {
	w := newSite(Options{Kind: Errors}, 600)
	w.share = 0
	w.run(minutesOfDay, 1)
	for range 4 {
		if d, ok := w.s.Step(w.s.At()+10, Sample{Requests: 100, Failed: 1}); ok {
			t.Errorf("told: %v", d.Text(time.UTC))
		}
	}
	w.minute += 10
	wants(t, w.run(60, 1))
	w.share = 1.0 / 36000
	w.run(minutesOfDay, 1)
	w.share = 0
	wants(t, w.run(180, 1))
}

func TestNothingIsLearnedDuringAnAlert(t *testing.T) {
	w := newSite(Options{}, 600)
	w.rate = func(int) float64 { return 600 }
	w.run(2*minutesOfDay, 1)
	before := w.s.Look().Expected
	wants(t, w.run(100, 0.4), Alert)
	d := w.s.Look()
	if math.Abs(d.Expected/before-1) > 0.05 {
		t.Errorf("100 minutes into an alert %.2f a second are expected, before it were %.2f", d.Expected, before)
	}
	if since, firing := w.s.Firing(); !firing || d.Since != since || !d.Firing {
		t.Errorf("firing %v since %d, and the decision says %+v", firing, since, d)
	}
	got := w.run(120, 1)
	wants(t, got, Recovered)
	if d := got[0]; d.Firing || d.At-d.Since < 100*60-120 || d.At-d.Since > 115*60 {
		t.Errorf("lasted %d s", d.At-d.Since)
	}
}

func TestWhatStaysIsTheNewNormalAndTheFormerOneIsKnownAgain(t *testing.T) {
	w := newSite(Options{}, 600)
	w.run(4*minutesOfDay, 1)
	w.told = nil
	got := w.run(8*60, 0.4)
	wants(t, got, Alert, NewNormal)
	d := got[1]
	if d.Was == 0 || math.Abs(d.Value/d.Was-0.4) > 0.05 || d.At-d.Since != freeze*60 && d.At-d.Since > (freeze+1)*60 {
		t.Errorf("the new normal is %+v", d)
	}
	got = w.run(6*60, 1)
	wants(t, got, Returned)
	if math.Abs(got[0].Value/got[0].Expected-1) > 0.2 {
		t.Errorf("what returned is %+v", got[0])
	}
}

func TestAnOutageIsNoNewNormalForADay(t *testing.T) {
	w := newSite(Options{}, 600)
	w.run(3*minutesOfDay, 1)
	wants(t, w.run(20*60, 0), Alert)
	wants(t, w.run(60, 1), Recovered)
	w.told = nil
	w.run(26*60, 0)
	wants(t, w.told, Alert, NewNormal)
}

// TestTheFirstLiveMinuteKnowsWhatThePastTaught feeds three weeks in steps as old
// points come, and looks.
func TestTheFirstLiveMinuteKnowsWhatThePastTaught(t *testing.T) {
	w := newSite(Options{Step: time.Minute}, 60)
	w.rate = func(m int) float64 {
		if m/minutesOfDay%7 >= 5 {
			return 20
		}
		return 100
	}
	w.run((3*7+4)*minutesOfDay+12*60, 1)
	d := w.s.Look()
	if d.Basis.Learning() || d.Basis.Pattern == Unknown || math.Abs(d.Expected*60-100) > 10 {
		t.Errorf("three weeks taught %+v", d)
	}
	w.run(14*minutesOfDay, 1)
	w.told = nil
	w.run(18*60, 1) // Saturday begins: a fifth of Friday
	wants(t, w.told)
}

func TestAHolidayIsLikeTheDayThatTheCalendarSays(t *testing.T) {
	weekend := func(m int) float64 {
		if d := m / minutesOfDay; d%7 >= 5 || d == 23 {
			return 200
		}
		return 600
	}
	for _, known := range []bool{false, true} {
		var days []Day
		if known {
			y, m, d := time.Unix(monday, 0).UTC().AddDate(0, 0, 23).Date()
			days = []Day{{Date{y, m, d}, time.Sunday}}
		}
		w := newSite(Options{Step: time.Minute, Calendar: NewCalendar(nil, days, nil)}, 600)
		w.rate = weekend
		w.run(23*minutesOfDay, 1)
		w.told = nil
		w.run(minutesOfDay, 1)
		alerts := len(w.told)
		if (alerts == 0) != known {
			t.Errorf("a holiday that the calendar knows (%v) was told %d times", known, alerts)
		}
		w.run(minutesOfDay, 1)
		if known {
			wants(t, w.told)
		}
	}
}

func TestMaintenanceIsNeitherToldNorLearned(t *testing.T) {
	from := monday + 3*86400
	c := NewCalendar(time.UTC, nil, []Pause{{from, from + 3600}})
	w := newSite(Options{Calendar: c}, 600)
	w.run(3*minutesOfDay, 1)
	wants(t, w.run(60, 0))
	wants(t, w.run(120, 1))
}

// TestTheClockOfTheVisitorsCounts: a site whose day begins at eight, on the wall
// of Berlin, across both changes of the clock.
func TestTheClockOfTheVisitorsCounts(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []time.Time{time.Date(2026, 3, 9, 0, 0, 0, 0, berlin), time.Date(2026, 10, 5, 0, 0, 0, 0, berlin)} {
		told := map[bool]int{}
		for _, local := range []bool{false, true} {
			o := Options{Step: time.Minute}
			if local {
				o.Calendar = NewCalendar(berlin, nil, nil)
			}
			w := newSite(o, 0)
			w.minute = int(first.Unix()-monday) / 60
			w.rate = func(m int) float64 {
				if h := time.Unix(monday+60*int64(m), 0).In(berlin).Hour(); h >= 8 && h < 20 {
					return 600
				}
				return 100
			}
			w.run(20*minutesOfDay-120, 1) // to Saturday, 22:00
			w.told = nil
			w.run(2*minutesOfDay-240, 1)
			told[local] = len(w.told)
		}
		if told[true] != 0 || told[false] == 0 {
			t.Errorf("%v: told %d times by local time and %d by UTC, want none and some", first, told[true], told[false])
		}
	}
}

func TestWhatIsMissingIsNotJudged(t *testing.T) {
	for _, gap := range []int{1, 7, 59, 61, 600, 3 * minutesOfDay} {
		w := newSite(Options{}, 600)
		w.run(4*minutesOfDay, 1)
		w.told = nil
		w.skip(gap)
		w.run(180, 1)
		t.Logf("%d minutes", gap)
		wants(t, w.told)
		wants(t, w.run(20, 0), Alert)
	}
}

func TestASampleThatIsNotLaterIsCountedOnly(t *testing.T) {
	w := newSite(Options{}, 600)
	w.run(100, 1)
	before := w.s.AppendBinary(nil)
	at := w.s.At()
	for _, t0 := range []int64{at, at - 1, at - 5000, at + 9} {
		if _, ok := w.s.Step(t0, Sample{Requests: 1 << 40}); ok {
			t.Error("something was told")
		}
	}
	if w.s.Late() != 4 || w.s.At() != at {
		t.Errorf("%d were late, at %d", w.s.Late(), w.s.At()-at)
	}
	w.s.late = 0
	if string(w.s.AppendBinary(nil)) != string(before) {
		t.Error("late samples have changed the state")
	}
}

// TestALongSilenceIsNotWalked would not return if it were.
func TestALongSilenceIsNotWalked(t *testing.T) {
	const aeon = int64(1) << 39
	for k := range kinds {
		w := newSite(Options{Kind: k}, 600)
		w.run(minutesOfDay, 1)
		at := w.s.At()
		told := w.s.Idle(at + aeon)
		if k == Traffic {
			wants(t, told, Alert, NewNormal)
		} else {
			wants(t, told)
		}
		d, ok := w.s.Step(at+aeon+10, Sample{Requests: 100, Timed: 100, Mean: time.Second})
		if ok {
			t.Errorf("%v: told %v", k, d.Text(time.UTC))
		}
	}
}

func TestShiftCarriesOn(t *testing.T) {
	a, b := newSite(Options{}, 600), newSite(Options{}, 600)
	a.run(500, 1)
	b.run(500, 1)
	const delta = 7 * 86400 // the same place in the week
	b.s.Shift(delta)
	for i := range int64(600) {
		at := a.s.At() + 10
		sample := Sample{Requests: 100}
		if i > 100 {
			sample.Requests = 20
		}
		d, ok := a.s.Step(at, sample)
		e, and := b.s.Step(at+delta, sample)
		if e.At -= delta; !and {
			e.At = 0
		}
		if and && e.Since != 0 {
			e.Since -= delta
		}
		if ok != and || d != e {
			t.Fatalf("step %d: %+v, shifted %+v", i, d, e)
		}
	}
	if _, firing := a.s.Firing(); !firing {
		t.Error("nothing was told: the test is too tame")
	}
}

// TestAnyNumbersAreJudged feeds nonsense, and looks for figures that are none.
func TestAnyNumbersAreJudged(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		s := New(Options{Kind: Kind(seed) % kinds, Step: []time.Duration{0, time.Minute, 14 * time.Second}[seed%3]})
		any := func() int64 {
			switch r.IntN(4) {
			case 0:
				return 0
			case 1:
				return r.Int64N(1000)
			case 2:
				return -r.Int64()
			}
			return r.Int64() >> r.IntN(63)
		}
		at := r.Int64N(1<<40) - 1<<39
		for range 3000 {
			at += s.step
			if r.IntN(50) == 0 {
				at += r.Int64N(100_000)
			}
			d, ok := s.Step(at, Sample{any(), any(), any(), time.Duration(any()), time.Duration(any())})
			if r.IntN(20) == 0 && !ok {
				d = s.Look()
			}
			for _, v := range []float64{d.Value, d.Count, d.Of, d.Expected, d.Low, d.High, d.Was, d.Surprise, d.Basis.Today, d.Basis.Share} {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
					t.Fatalf("seed %d: %+v", seed, d)
				}
			}
			if math.IsNaN(d.Change) || d.Event != NewNormal && (d.Low > d.Expected*1.000001 || d.High < d.Expected*0.999999) {
				t.Fatalf("seed %d: %+v", seed, d)
			}
			_ = d.Text(time.UTC)
		}
	}
}

func TestAStepCostsNoMemory(t *testing.T) {
	w := newSite(Options{}, 600)
	w.run(2*minutesOfDay, 1)
	at := w.s.At()
	if n := testing.AllocsPerRun(2000, func() {
		at += 10
		w.s.Step(at, Sample{Requests: 100})
	}); n != 0 {
		t.Errorf("got %v allocations a step", n)
	}
}

func TestThresholdsRiseWithTheNumberOfSeries(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		how    Sensitivity
		series int
		want   float64
	}{
		{Traffic, Normal, 1, 3.3},
		{Traffic, Normal, 10, 3.3},
		{Traffic, Normal, 1000, 5.3},
		{Traffic, High, 1, 2.8},
		{Traffic, Low, 1, 5},
		{Errors, Normal, 0, 3},
		{P90Latency, Normal, 100, 3.55},
	} {
		if got := Threshold(c.kind, c.how, c.series); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v, %v, %d series: got %v, want %v", c.kind, c.how, c.series, got, c.want)
		}
	}
}

func TestStepsAreThoseThatAMinuteHas(t *testing.T) {
	for d, want := range map[time.Duration]int64{
		0: 10, time.Nanosecond: 10, time.Second: 10, 14 * time.Second: 12, 10 * time.Second: 10,
		40 * time.Second: 30, time.Minute: 60, time.Hour: 60, -time.Second: 10,
	} {
		if got := (Options{Step: d}).step(); got != want {
			t.Errorf("%v: got %d s, want %d", d, got, want)
		}
	}
}

// BenchmarkStep is the cost of a sample of ten seconds, windows, learning and all.
func BenchmarkStep(b *testing.B) {
	w := newSite(Options{}, 600)
	w.run(2*minutesOfDay, 1)
	at := w.s.At()
	b.ReportAllocs()
	for b.Loop() {
		at += 10
		w.s.Step(at, Sample{Requests: 90 + at/10%21})
	}
}
