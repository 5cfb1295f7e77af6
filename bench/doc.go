// Package bench measures weir against its speed gates, with logs that the simulator makes.
//
// It has benchmarks only. Figures are those of one core, from memory: what a
// disk or a pipe adds is not in them.
package bench
