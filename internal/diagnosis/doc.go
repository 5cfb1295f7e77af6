// Package diagnosis finds out what weir makes of a line or a log.
//
//	line ──> OfLine ──> Line: the format, its fields; or where each format failed
//	log  ──> Log.Add, Log.Close ──> format, runners-up, an example, rejected lines
//
// A rejected line has a Hint where what went wrong is known from experience: a
// line of the error log, a cut line, another order of fields, UTF-16. Hints are
// sentences for whoever runs the server, and say what to do.
//
// Strings of a log are kept as they are; who shows them passes them through
// package escape.
package diagnosis
