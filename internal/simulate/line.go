package simulate

import "time"

// NoBytes is the Bytes of a reply without a body.
const NoBytes int64 = -1

// A Line is one request as a log tells it. Its strings belong to the Site that
// drew it and live as long. A "-" stands where there is nothing to tell.
//
// A Format writes the strings as they are: they must be free of quotes,
// backslashes, tabs and control characters, as those of a Site always are.
type Line struct {
	At       time.Time // when the request came
	Client   string    // address
	User     string
	Host     string // virtual host with its port
	Method   string
	Target   string // without the query
	Query    string // without the question mark; "" = none
	Protocol string
	// Garbage is what came in place of a request: a word of another protocol. ""
	// = a request came. Formats without a field of the request write "-" for its
	// parts.
	Garbage  string
	Status   int
	Bytes    int64 // of the body; NoBytes = none
	Latency  time.Duration
	Referrer string
	Agent    string

	section int32 // number of what the Site counts it under
	who     int32 // number of the client with its agent
}
