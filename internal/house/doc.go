// Package house keeps the rules of this source tree, as tests.
//
// A rule that only stands in a document is forgotten by the third change. Here
// each one is a test whose message says what to write instead:
//
//	layers_test.go        which package may import which, with the reasons
//	comments_test.go      package comments, comments on exported names
//	calls_test.go         what pure code does not do, what nobody does
//	sizes_test.go         functions, files, structs, parameters
//	words_test.go         names that say nothing, marks of unfinished work
//	dependencies_test.go  every module we use has a reason
//	documents_test.go     every command in the documents is run, flags and formats are told
//	manual_test.go        keys, columns, exit codes, messages, figures are those of the code
//
// Each rule is tried on a breach of it, too, so that a rule that no longer
// finds anything is noticed. The package has no code of its own: it is never
// part of the binary.
package house
