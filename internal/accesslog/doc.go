// Package accesslog reads the lines of web-server access logs into records.
//
//	line ──> Parser ──> Outcome: Hit, Directive or Rejected
//	                      └────> Record: byte views into the line
//
// A Format is a row of the table that Formats returns; Detect finds the row
// that fits a sample of lines, and an Auto is the Parser of a log nobody has
// named the format of. A line that cannot be read is never an error and never
// dropped in silence: it is a Rejected Outcome with a Reason and a column.
//
// Parsing allocates nothing per line. Nothing here starts a goroutine, reads a
// file or looks at a clock; a Parser belongs to one log and one goroutine,
// everything else in the package may be used by many at once.
package accesslog
