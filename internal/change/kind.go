package change

import (
	"math"
	"time"
)

// A Kind is what a Series watches.
type Kind uint8

const (
	// Traffic is the number of requests, up or down.
	Traffic Kind = iota
	// Errors is the share of requests that failed: up where 5 failed or more,
	// down where at least 10 were expected to.
	Errors
	// MeanLatency is the time a request takes on average, up only.
	MeanLatency
	// P90Latency is the time that nine of ten requests take at most, up only.
	P90Latency
	kinds
)

// String returns the name of a kind in messages, such as "p90 latency".
func (k Kind) String() string {
	switch k {
	case Errors:
		return "errors"
	case MeanLatency:
		return "mean latency"
	case P90Latency:
		return "p90 latency"
	}
	return "traffic"
}

// A Sample is what was measured in one step of time. A Series takes what its
// Kind is about, so one Sample serves all. The zero value says that there were
// no requests; a step of which nothing is known is left out.
type Sample struct {
	Requests int64 // negative ones are taken for none
	Failed   int64 // of Requests; more are taken for all of them
	Timed    int64 // requests with a latency
	Mean     time.Duration
	P90      time.Duration
}

// figures returns a Sample as a sum with its weight: requests in a share of a
// minute, errors of requests, logarithms of latency of requests. n is 0 where
// the Sample says nothing.
func (s Sample) figures(k Kind, minutes float64) (x, n float64) {
	requests := float64(max(0, s.Requests))
	switch k {
	case Traffic:
		return requests, minutes
	case Errors:
		return min(requests, float64(max(0, s.Failed))), requests
	case MeanLatency:
		n = float64(max(0, s.Timed))
		return logarithm(s.Mean) * n, n
	}
	n = float64(max(0, s.Timed))
	return logarithm(s.P90) * n, n
}

// soft is added to every latency before its logarithm is taken: a change of a
// millisecond is none, whatever it is in per cent, and logs round to one.
const soft = 0.002

// logarithm returns the figure that a Series knows for a latency.
func logarithm(d time.Duration) float64 { return math.Log(max(0, d.Seconds()) + soft) }

// seconds is what logarithm was taken of, up to what a time.Duration holds.
func seconds(l float64) float64 { return max(0, math.Exp(min(l, 22.9))-soft) }

// A Sensitivity says how soon a change is told.
type Sensitivity uint8

const (
	// Normal is what the goals are measured with.
	Normal Sensitivity = iota
	// High tells more changes: two to six times the false alarms.
	High
	// Low tells what nobody could overlook.
	Low
)

// Threshold returns the surprise, in powers of ten, from which on a change is
// told where so many series are watched together. From ten on it rises with
// their number, so that the false alarms of all of them together do not.
func Threshold(k Kind, s Sensitivity, series int) float64 {
	t := k.law().threshold
	switch s {
	case High:
		t -= 0.5
	case Low:
		t = 5
	}
	return t + math.Log10(max(1, float64(series)/10))
}

// A law holds what differs between the kinds. Where figures come from is told
// in ARCHITECTURE.md; they are those of the benchmark in bench/change.
type law struct {
	latency   bool
	alike     bool    // minutes count alike, however much is in them
	level     float64 // half-life of the level, in minutes
	slow      float64 // the same beside profiles, which know the rise of the morning
	ratio     float64 // half-life of what today has of the usual
	rare      bool    // what is few or none is usual
	least     float64 // spread of counts, least and most: variance M + spread*M^2
	most      float64
	memory    float64          // of the spread, in minutes
	effect    [windows]float64 // |ln(value/expected)| that matters, by window
	up, down  float64          // counts in a window: fewer say nothing
	wanted    float64          // expected counts that make a window speak
	prior     float64          // counts that the level begins with
	coverage  float64          // weight without which a bin of a profile is not learned
	threshold float64
	fewer     float64 // by how much more surprise is asked of what falls
}

// windows is how many lengths of time are looked at.
const windows = 4

// lengths returns the windows, in minutes. Three of them, without the hour,
// found 59 % of what four find.
func lengths() [windows]int { return [windows]int{1, 5, 15, 60} }

func (k Kind) law() law {
	// Half and double in a minute; 33 % less or 49 % more in five; a fifth in an
	// hour. One smallest effect for all told 95 % of deploys that last two minutes.
	effect := [windows]float64{0.70, 0.40, 0.25, 0.20}
	switch k {
	case Traffic:
		return law{
			alike: true, level: 30, slow: 90, ratio: 200, least: 0.0004, most: 0.25, memory: 10080,
			effect: effect, wanted: 5, up: 30, coverage: 0.34, threshold: 3.3,
		}
	case Errors:
		return law{
			level: 240, slow: 240, ratio: 240, least: 0.02, most: 0.1, memory: 10080,
			effect: effect, up: 5, down: 10, prior: 0.5, threshold: 3, fewer: 1, rare: true,
		}
	}
	return law{latency: true, level: 30, slow: 90, ratio: 200, least: 0.0004, memory: 2880, effect: effect, threshold: 2.55}
}
