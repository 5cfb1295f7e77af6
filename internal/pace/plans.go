package pace

import (
	"errors"
	"slices"
	"time"
)

// plans returns the table of patterns, the one place where each is told: the
// parser, the manual and the completion of shells come from it.
func plans() []plan {
	return []plan{{
		name: "constant", says: "stays at the rate",
		shape: func(_ values, ref Reference) (Shape, error) { return Constant{Rate: ref.Rate}, nil },
	}, {
		name: "ramp", says: "goes from one rate to another in a straight line, then stays there",
		keys: []key{
			{"from", kindLevel, "0", false, "the rate at the start"},
			{"to", kindLevel, "100%", false, "the rate at the end"},
			{"over", kindSpan, "1m", false, "how long that takes"},
			{"hold", kindSpan, "", false, "how long it then stays before it ends; without it, for ever"},
		},
		shape: ramp,
	}, {
		name: "sine", says: "swings around the rate; a whole period has as many requests as the rate alone",
		keys: []key{
			{"period", kindSpan, "2m", false, "from one crest to the next"},
			{"amp", kindShare, "60%", false, "how far it swings, a share of the rate"},
		},
		shape: sine,
	}, {
		name: "diurnal", says: "is a site over the day, with least before dawn and most in the evening; the rate is that of the peak",
		keys: []key{
			{"day", kindSpan, "24h", false, "how long a day takes: 10m is a day in ten minutes"},
			{"min", kindShare, "10%", false, "what is left in the quietest hour, a share of the rate"},
			{"peak", kindClock, "20:00", false, "the time of day with most"},
			{"from", kindClock, "00:00", false, "the time of day at which it begins"},
			{"weekend", kindShare, "100%", false, "what Saturday and Sunday have of it; the first day is a Monday"},
		},
		shape: diurnal,
	}, {
		name: "square", says: "is on, off, on, off, at constant lengths",
		keys: []key{
			{"period", kindSpan, "2m", false, "from one beginning to the next"},
			{"duty", kindShare, "50%", false, "which share of the period is on"},
			{"high", kindLevel, "100%", false, "the rate while it is on, which comes first"},
			{"low", kindLevel, "0", false, "the rate while it is off"},
		},
		shape: square,
	}, {
		name: "intermittent", says: "is on, off, on, off, at lengths that may be random",
		keys: []key{
			{"on", kindSpell, "30s", false, "how long it is on, with a spread: 30s+-10s"},
			{"off", kindSpell, "30s", false, "how long it is off"},
			{"high", kindLevel, "100%", false, "the rate while it is on, which comes first"},
			{"low", kindLevel, "0", false, "the rate while it is off"},
		},
		shape: intermittent,
	}, {
		name: "burst", says: "stays at the rate, with bursts, each at the end of its stretch of time",
		keys: []key{
			{"every", kindSpell, "1m", false, "from the end of one burst to the end of the next, with a spread: 1m+-20s"},
			{"len", kindSpan, "5s", false, "how long a burst is"},
			{"x", kindFactor, "10", false, "how many times the rate it has"},
		},
		shape: burst,
	}, {
		name: "steps", says: "goes through rates one after the other, then ends: steps:60s@9,60s@18", bare: "steps",
		keys:  []key{{"steps", kindSteps, "", true, "a length and a rate each, such as 60s@9,60s@18,30s@0"}},
		shape: func(v values, _ Reference) (Shape, error) { d, _ := v.get("steps"); return d.steps, nil },
	}, {
		name: "markov", says: "goes to and fro between two rates by chance, as bursty sources do",
		keys: []key{
			{"low", kindLevel, "20%", false, "the lower rate, which comes first"},
			{"high", kindLevel, "200%", false, "the higher rate"},
			{"p", kindShare, "5%", false, "the chance, in each interval, to rise from the lower one"},
			{"q", kindShare, "20%", false, "the chance to fall from the higher one"},
			{"every", kindSpan, "1s", false, "the interval"},
		},
		shape: markov,
	}, {
		name: "trace", says: "goes through the rates of a file, then ends: trace:rates.tsv", bare: "file",
		keys: []key{
			{"file", kindText, "", true, "a file of rows, each a time and a rate"},
			{"x", kindFactor, "1", false, "how many times the rates"},
			{"speed", kindFactor, "1", false, "how many times as fast the file goes by; the rates stay"},
			{"loop", kindSwitch, "no", false, "begin again at the end"},
		},
		shape: trace,
	}, {
		name: "alert-test", says: "stays below a threshold, exceeds it, falls again, then ends: exactly one alert, and its recovery",
		keys: []key{
			{"threshold", kindLevel, "10", false, "the threshold of the alert, requests a second"},
			{"window", kindSpan, "2m", false, "its window"},
		},
		shape: alertTest,
	}}
}

func ramp(v values, _ Reference) (Shape, error) {
	hold := Forever
	if d, ok := v.get("hold"); ok {
		hold = d.spell.Mean
	}
	return Ramp{From: v.level("from"), To: v.level("to"), Over: v.span("over"), Hold: hold}, nil
}

func sine(v values, ref Reference) (Shape, error) {
	if v.span("period") < stair {
		return nil, errors.New("the period of a sine must be 10ms at least")
	}
	return Sine{Rate: ref.Rate, Amplitude: portion(ref.Rate, v.share("amp")), Period: v.span("period")}, nil
}

func diurnal(v values, ref Reference) (Shape, error) {
	if v.span("day") < time.Second {
		return nil, errors.New("a day must take a second at least")
	}
	if v.share("weekend") == 0 {
		return nil, errors.New("a weekend must have some of the traffic: write 0.0001% for nearly nothing")
	}
	peak := v.span("peak")
	if peak == 0 {
		peak = 24 * time.Hour
	}
	return Diurnal{
		Rate: ref.Rate, Least: v.share("min"), Weekend: v.share("weekend"),
		Day: v.span("day"), Peak: peak, From: v.span("from"),
	}, nil
}

func square(v values, ref Reference) (Shape, error) {
	period := v.span("period")
	on := border(v.share("duty"), whole, period)
	return cycles(Cycles{High: v.level("high"), Low: v.level("low"), On: Spell{Mean: on}, Off: Spell{Mean: period - on}, Seed: ref.Seed})
}

func intermittent(v values, ref Reference) (Shape, error) {
	return cycles(Cycles{High: v.level("high"), Low: v.level("low"), On: v.spell("on"), Off: v.spell("off"), Seed: ref.Seed})
}

func burst(v values, ref Reference) (Shape, error) {
	length, calm := v.span("len"), v.spell("every")
	calm.Mean -= length
	switch {
	case calm.Mean <= 0:
		return nil, errors.New("a burst must be shorter than the time from one to the next")
	case calm.Spread > calm.Mean:
		return nil, errors.New("the spread of every leaves no time for a burst")
	}
	return cycles(Cycles{High: portion(ref.Rate, v.share("x")), Low: ref.Rate, On: Spell{Mean: length}, Off: calm, OffFirst: true, Seed: ref.Seed})
}

// cycles refuses what a Schedule would go through for hours without finding a
// request.
func cycles(c Cycles) (Shape, error) {
	switch {
	case c.On.Mean+c.Off.Mean < stair:
		return nil, errors.New("one time on and off must be 10ms at least")
	case (c.High == 0 || c.On.Mean == 0) && (c.Low == 0 || c.Off.Mean == 0):
		return nil, errors.New("it would be silent for ever")
	}
	return c, nil
}

func markov(v values, ref Reference) (Shape, error) {
	m := Markov{Low: v.level("low"), High: v.level("high"), Rise: v.share("p"), Fall: v.share("q"), Every: v.span("every"), Seed: ref.Seed}
	switch {
	case m.Rise == 0 || m.Fall == 0:
		return nil, errors.New("p and q must be more than nothing, else one of the rates stays for ever")
	case m.Every < stair:
		return nil, errors.New("every must be 10ms at least")
	case m.Low == 0 && m.High == 0:
		return nil, errors.New("it would be silent for ever")
	}
	return m, nil
}

func trace(v values, ref Reference) (Shape, error) {
	t := ref.Trace
	t.Times, t.Speed = v.share("x"), v.share("speed")
	d, _ := v.get("loop")
	t.Loop = d.yes
	switch {
	case t.Times == 0 || t.Speed == 0:
		return nil, errors.New("x and speed must be more than nothing")
	case t.Loop && len(t.steps) > 0 && t.Length() < stair:
		return nil, errors.New("a trace in a loop must be 10ms at least")
	case t.Loop && len(t.steps) > 0 && !slices.ContainsFunc(t.steps, func(s Step) bool { return portion(s.Rate, t.Times) > 0 }):
		return nil, errors.New("a trace without a request, in a loop, would be silent for ever")
	}
	return t, nil
}

// alertTest is a window below the threshold, a window and a quarter at twice of
// it, a window below: the average passes the threshold a third into the second
// and falls below it two thirds into the third.
func alertTest(v values, _ Reference) (Shape, error) {
	window, threshold := v.span("window"), v.level("threshold")
	if window < 4*time.Second || threshold == 0 {
		return nil, errors.New("the window must be 4 seconds at least, and the threshold more than nothing")
	}
	return Steps{
		{For: window, Rate: threshold / 2},
		{For: window + window/4, Rate: clamp(2 * threshold)},
		{For: window, Rate: threshold / 2},
	}, nil
}
