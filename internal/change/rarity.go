package change

import (
	"math"
	"time"
)

// rarity is how seldom so much surprise is told where nothing is wrong.
//
// The surprise alone would say once in two days for 3.5: but windows overlap, a
// change has to last and to matter.
func rarity(k Kind, surprise float64) time.Duration {
	weeks := math.Pow(10, surprise-2.5)
	_ = k
	return time.Duration(min(weeks, 52) * 7 * 24 * float64(time.Hour))
}
