// Package drive sends HTTP requests at times that are set beforehand.
//
//	Plan ──> due, request ──> a free connection ──> answer ──> tally ──> Report
//	           │ none free: it keeps the time at which it was due
//
// The loop is open: no answer is waited for before the next request is sent, and a
// server that stands still does not slow the schedule. There are never more
// connections than allowed. What is due while all of them are taken is sent as soon
// as one is free, and its latency counts from when it was due; so a stall shows in
// the percentiles with all it did to those who would have come meanwhile (Gil Tene
// calls its absence coordinated omission).
//
// Two engines send. On Linux, for HTTP/1.1 without TLS, it is a loop over
// non-blocking sockets, or several that share the Plan, which wakes up at the very
// microsecond. Elsewhere, for TLS and for HTTP/2 it is net/http, with a goroutine
// for each connection. Both follow the same Plan and fill the same tally, and both
// turn to another Setting in the middle of it.
package drive
