// Package traffic counts records: exactly per second of event time, by key within a stretch of time.
//
// Seconds is what alerts are decided on: integers for every second of a day.
// A Tally is what a summary is read off: hits, bytes, statuses, visitors,
// latency, and rows by section, client, path and method. Tallies merge, so a
// long stretch is the sum of its parts.
package traffic
