// Package history keeps what was counted in a SQLite database.
//
// A DB is one file. What belongs together is written by one Commit, whole or not
// at all: sealed stretches of time, figures that came late, alert events, states,
// positions. So after kill -9 the positions are those of exactly what was counted.
//
//	10 s  ->  1 min  ->  10 min  ->  1 h  ->  1 day
//
// A Stretch has figures in plain columns, for graphs, and a traffic.Frame, for
// tables; old ones keep the figures alone. Each Level is built from what is stored of the one below it, once its
// last second is sealed. The format is told in docs/history.md.
//
// The process that holds the lock writes, over one connection; any number of
// others read, and leave marks for it (AddMark). All SQL of the program stands here.
package history
