// Package notify brings messages about alerts to people.
//
//	Dispatcher.Rows ──> the caller's commit ──> Outbox ──┐ one goroutine for each channel
//	Dispatcher.Open (what is firing now) ────────────────┤
//	                                                     ▼
//	  due? ─> whole alerts ─> group ─> rate ─> send ─┬─> Done
//	                                                 └─> Defer: back-off, Retry-After
//
// A message is at least once outside and exactly once inside: its row is written in the
// transaction that changes the state of the alert, and goes when the channel has taken it.
// Its ID is the same each time, so that a receiver can drop what it already has. What is
// in the way of one channel is in the way of no other, nor of counting.
//
// The package knows nothing of rules or of stores. It declares what it is told
// (Message), and what it needs (Outbox); monitor joins them. Secrets stand in no error,
// text or JSON that comes out of it.
package notify
