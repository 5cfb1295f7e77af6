package accesslog

import "bytes"

// Kind says what a line of a log turned out to be.
type Kind uint8

const (
	// Hit is a request; the Record was filled.
	Hit Kind = iota
	// Directive is a line about the log itself (a CSV header): neither a hit
	// nor rejected.
	Directive
	// Rejected is a line that is no request in the format at hand.
	Rejected
	// Piece is a piece of a line that a container runtime cut, but for the last:
	// what the whole is, is the Outcome of that.
	Piece
)

// Reason names why a line was rejected. Reasons are counted and shown; their
// texts are stable.
type Reason string

// The reasons a line can be rejected for.
const (
	ReasonEmpty    Reason = "empty line"
	ReasonCut      Reason = "line ends too early"
	ReasonField    Reason = "field not as expected"
	ReasonTime     Reason = "time not readable"
	ReasonStatus   Reason = "status is no number of three digits"
	ReasonBytes    Reason = "size is no number"
	ReasonLatency  Reason = "request time is no number"
	ReasonQuote    Reason = "quote not opened or closed"
	ReasonExtra    Reason = "more fields than the format has"
	ReasonNoHeader Reason = "no header seen before the first row"
	ReasonBinary   Reason = "not text"
	ReasonTooLong  Reason = "line longer than the limit"
	ReasonNoFormat Reason = "no known format"
	ReasonColumns  Reason = "columns are missing in the header"

	// Of JSON and of labelled values.
	ReasonSyntax    Reason = "not valid JSON"
	ReasonNested    Reason = "JSON nested too deeply"
	ReasonNoTime    Reason = "no time in the line"
	ReasonNoRequest Reason = "no request in the line"
	ReasonNoStatus  Reason = "no status in the line"
	ReasonLogger    Reason = "line of another logger"

	// Of what stands before a line.
	ReasonPrefix  Reason = "not the prefix of the lines before it"
	ReasonPartial Reason = "pieces of a line whose rest never came"
)

// An Outcome is the result of parsing one line. A bad line is such a result,
// never an error. The column of a line joined from pieces counts in what they
// are together.
//
// It has four words and four fields: with five of either it went through memory,
// and a line cost 150 ns instead of 95.
type Outcome struct {
	Kind Kind
	// Unfinished is the number of earlier lines, in pieces, whose rest is not
	// waited for any more: each is one Rejected with ReasonPartial. Only an Auto
	// has any.
	Unfinished uint8
	Reason     Reason // set when Rejected
	Column     int    // 1-based byte position where parsing failed, when Rejected; one past the line where it is too short
}

// rejected is the Outcome of a line that went wrong at the 0-based position
// at. A line with a zero byte is called what it is: a stretch of zeros left by
// a crash, or a file that is no log; any other reason would mislead.
func rejected(line []byte, why Reason, at int) Outcome {
	if zero := bytes.IndexByte(line, 0); zero >= 0 {
		why, at = ReasonBinary, zero
	}
	return Outcome{Kind: Rejected, Reason: why, Column: at + 1}
}

// A Parser turns lines of one log into records.
//
// Parse reads line, which has neither its line feed nor the carriage return
// before it, fills r when the outcome is Hit, and leaves r undefined
// otherwise. It allocates nothing per line, never reads beyond line and never
// panics. The views in r lie in line or in memory of the Parser, and are valid
// until the next Parse or until line changes. A Parser keeps what a log says about itself (a header) and belongs
// to one log and one goroutine.
type Parser interface {
	Parse(line []byte, r *Record) Outcome
}
