package rates

// Growth returns by how much a counter grew from one look to the next: one that is
// smaller than before was reset in between, and has grown to what it is.
func Growth(before, after float64) float64 { return grown(before, after) }

// Share returns how many of n events, evenly spread over a stretch of so many equal
// parts, fall into part i, from 0. The shares of all parts together are n. n times parts
// is below 1<<61.
func Share(n, i, parts int64) int64 { return until(n, i+1, parts) - until(n, i, parts) }

// until is how many of the events lie before part i: the k-th of them, from 0, lies at
// (k + 1/2) / n of the stretch, so that a single one lies in its middle.
func until(n, i, parts int64) int64 { return (2*n*i + parts - 1) / (2 * parts) }
