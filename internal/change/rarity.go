package change

import (
	"math"
	"time"
)

// rarity is how seldom a series without faults tells a change of so much
// surprise, a year at most.
//
// Counted in bench/change, not computed: the surprise alone would say once in two
// days for 3.5, but windows overlap, and a change has to last and to matter.
// Traffic told 2.3, 0.6, 0.1, 0.05 of them a week from a surprise of 2.5, 3, 3.5, 4
// on. Beyond what was counted no figure would be honest.
func rarity(k Kind, surprise float64) time.Duration {
	weeks := math.Pow(10, 1.1*(surprise-2.5)-0.3)
	switch k {
	case Errors:
		weeks *= 12 // 0.17 a week from 2.5 on
	case MeanLatency, P90Latency:
		weeks *= 30 // 0.05 a week from 2.5 on
	}
	const week = 7 * 24 * time.Hour
	return time.Duration(min(weeks, 52) * float64(week))
}
