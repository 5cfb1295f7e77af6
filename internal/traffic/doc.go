// Package traffic counts records: exactly per second of event time, by key within a stretch of time.
//
// Seconds is what alerts are decided on: integers for every second of a day.
// A Timeline holds those of a whole log, packed. A Tally is what a summary is
// read off: hits, bytes, statuses, visitors, latency, and rows by section, path,
// client, agent and more, in bounded memory. A Batch brings it the records of a
// block. Tallies merge, so a long stretch is the sum of its parts; a Frame is a
// sealed one.
package traffic
