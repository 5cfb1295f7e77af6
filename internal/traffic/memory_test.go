package traffic

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// TestEveryTableFullAndALongLogStayBelowTheLimit is law 3 for reports: no key
// comes twice, all have a latency, every section is of the most detail there
// is, and the log spans more seconds than are kept.
func TestEveryTableFullAndALongLogStayBelowTheLimit(t *testing.T) {
	const limit = 48 << 20 // of the 64 MiB; the rest is blocks and the program itself. Seen: 39 MiB
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var tally Tally
	var timeline Timeline
	var b Batch
	most := int64(0)
	for i := range 120_000 {
		key := func(kind string, size int) []byte { return fmt.Appendf(nil, "%s%0*d", kind, size, i) }
		b.add(&accesslog.Record{
			Sec: int64(i) * 997, Status: []int{404, 500}[i%2], Latency: time.Duration(i%1000) * time.Duration(1+i) * time.Microsecond,
			Client: key("c", 36), User: key("u", 28), Host: key("h", 40), Method: key("M", 8), Protocol: key("P", 8),
			Target: key("/p", 60), Referrer: key("https://r", 40), Agent: key("agent", 140),
		}, key("/p", 60), key("/s", 60))
		if b.Len() == 2048 {
			tally.Fold(&b)
			timeline.Fold(&b, 0)
			b.Reset(nil)
		}
		if i%20_000 == 0 {
			most = max(most, heap()-before)
		}
	}
	most = max(most, heap()-before)
	t.Logf("heap at most %.1f MiB", float64(most)/(1<<20))
	if most > limit {
		t.Errorf("got %d bytes of heap, want no more than %d", most, limit)
	}
	for d := range dimensions {
		if n, exact := tally.Keys(d); exact || n < d.MaxRows()/4 {
			t.Errorf("dimension %d: %d keys, exact %v: the table was not filled", d, n, exact)
		}
	}
	runtime.KeepAlive(&timeline)
}
