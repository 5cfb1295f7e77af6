package tail

import (
	"io"
	"sync"
)

// A Feed is a stream of lines that comes from elsewhere than a file: a socket,
// the output of a command. Package feed makes them.
type Feed interface {
	// Read gives what has come, and waits for it. io.EOF is the end; any other
	// error is one too, and told.
	io.Reader
	// Notices returns what happened since the last call, a sentence each. It is
	// called from another goroutine than Read.
	Notices() []string
	// Lost is how many messages were lost on their way so far, as far as that
	// is known. It is called from another goroutine than Read.
	Lost() int64
	// Close makes Read return, and lets go of all that the Feed holds.
	io.Closer
}

// An Input is a Feed with its name. It belongs to the Follower from Open on, if
// that succeeds, and is closed with it.
type Input struct {
	Name string
	Feed Feed
}

// feed begins to read an input.
func (s *Source) feed(from Feed) {
	s.from, s.state.Kind = from, Stream
	s.f.feeds = append(s.f.feeds, s)
	s.stream = newStream(s.f, from)
}

// hearFeeds keeps what the feeds have to tell.
func (f *Follower) hearFeeds() {
	for _, s := range f.feeds {
		for _, text := range s.from.Notices() {
			s.notify(s.name + ": " + text)
		}
	}
}

// closeFeeds closes all feeds side by side, because each may give a command
// seconds to end.
func (f *Follower) closeFeeds() {
	var feeds sync.WaitGroup
	for _, s := range f.feeds {
		feeds.Go(func() { s.from.Close() })
	}
	feeds.Wait()
}
