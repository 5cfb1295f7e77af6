package main

import ("fmt";"os";"strconv";"strings";"sort"
 _ "time/tzdata")

func main() {
	want := os.Args[1]
	a,_ := strconv.Atoi(os.Args[2]); b,_ := strconv.Atoi(os.Args[3])
	step := int64(10)
	thr := 0.0
	if len(os.Args)>4 { x,_ := strconv.Atoi(os.Args[4]); step=int64(x) }
	if len(os.Args)>5 { thr,_ = strconv.ParseFloat(os.Args[5],64) }
	for _, st := range sets() {
		if want != "all" && !strings.Contains(want, st.name) { continue }
		y := newTally()
		for seed := a; seed < b; seed++ {
			st.make(newSource(uint64(seed), step), func(t *trace) { y.play(t, thr) })
		}
		n := 0
		for _, k := range y.kinds { n += y.faults[k] }
		fmt.Printf("%s recall %.1f FA %.3f (%d) alerts %d faults %d  %.0f ns/pt\n", st.name, y.share(), y.rate(), y.wrong, y.alerts, n, float64(y.took.Nanoseconds())/float64(y.points))
		sort.Strings(y.kinds)
		for _, k := range y.kinds { fmt.Printf("   %s %.1f %% med %.1f p90 %.1f within3 %.0f n %d\n", k, y.share(k), y.delay(k,.5), y.delay(k,.9), y.within(k,3), y.faults[k]) }
		fmt.Println("   ", y.by)
	}
}
