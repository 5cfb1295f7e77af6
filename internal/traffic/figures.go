package traffic

// Figures are what graphs show of a stretch of time.
type Figures struct {
	Second          // hits, bytes, classes
	Malformed int64 // hits whose request field was no HTTP
	Visitors  int64 // distinct pairs of client and agent, an estimate beyond 1,024
	Latency   LatencyFigures
}

// LatencyFigures sum up latencies, in microseconds. Quantiles are at most 0.8 % off,
// Count, Sum and Max are exact.
type LatencyFigures struct {
	Count, Sum, P50, P90, P99, Max int64
}

// Figures reads the figures off t.
func (t *Tally) Figures() Figures {
	f := Figures{Second: t.Second, Malformed: t.Malformed}
	f.Visitors, _ = t.Visitors()
	if n := t.Latency.Count(); n > 0 {
		f.Latency = LatencyFigures{
			Count: n, Sum: t.Latency.Sum(), Max: t.Latency.Max(),
			P50: t.Latency.Quantile(0.5), P90: t.Latency.Quantile(0.9), P99: t.Latency.Quantile(0.99),
		}
	}
	return f
}
