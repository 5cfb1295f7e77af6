// Package bench measures weir against its speed gates, with logs that the simulator makes.
//
// Benchmarks tell the cost of each layer between a file and a figure; the tests
// beside them guard what must not be lost: no allocation for a line, and a
// ratio to the time that reading alone takes. README.md tells of the programs
// in the folders below.
package bench
