// Package term writes what weir finds out for a terminal, a pipe or a file: plain lines, or JSON.
//
// Each block goes out in one Write, so that a reader of a pipe never sees half
// of one. Every string of a log passes the gate of package escape here and
// nowhere else. Colour is added, never needed: each coloured line says in words
// what its colour says.
package term
