// Package query is the filter language that picks requests out of access logs.
//
//	status >= 500 and path ~ "^/api" and client in 10.0.0.0/8 and not bot
//
//	text ──> Compile ──> Query, immutable and shared
//	                       └──> Matcher, one for each goroutine ──> Match(record)
//
// The logic has two values. A comparison with a field that the line does not
// carry is false; "a != b", "a !~ b" and "a not in b" are exactly "not (a = b)"
// and so on, and so they are true for such a line. Equality with the empty text
// asks whether the field is missing.
//
// Compile takes hostile text: its length, its nesting and the size of its
// regular expressions are limited. Match allocates nothing; regular expressions
// that are plain text in disguise (a prefix, a list of words) never reach the
// regexp engine, and others do only after a search for text that they need.
package query
