package traffic

// A Dimension is a way to break the hits of a Tally down into rows.
type Dimension uint8

// The dimensions of a Tally.
const (
	BySection     Dimension = iota
	ByPath                  // targets without query and fragment
	ByNotFound              // paths of the hits answered 404
	ByServerError           // paths of the hits answered 5xx
	ByClient
	ByUser
	ByHost // virtual hosts
	ByAgent
	ByReferrer // referring sites: hosts, not pages
	ByMethod
	ByProtocol
	dimensions
)

// MaxRows returns how many keys of d a Tally counts one by one. Beyond it the
// table keeps those with the most hits, within an error that it knows. With
// every table full, latencies included, a Tally takes about 40 MiB.
func (d Dimension) MaxRows() int { return sizes[d].rows }

// MeanKey returns how many bytes the keys of d may have on average; where they
// are longer, fewer than MaxRows are counted.
func (d Dimension) MeanKey() int { return sizes[d].key }

// sizes is never changed. Sites have more clients and paths than anything
// else, and a person looks for them by name.
var sizes = [dimensions]struct{ rows, key int }{
	BySection: {4096, 64}, ByPath: {32768, 64}, ByNotFound: {8192, 64}, ByServerError: {8192, 64},
	ByClient: {32768, 40}, ByUser: {4096, 32}, ByHost: {4096, 48},
	ByAgent: {16384, 160}, ByReferrer: {8192, 48}, ByMethod: {64, 32}, ByProtocol: {64, 32},
}

// A Shard is a part of a Tally that can be folded by itself: Fold of different
// Shards of the same Tally may run at the same time. A Tally is the same
// whoever folds its Shards, as long as each of them sees the Batches in the
// same order.
type Shard uint8

// Shards is the number of Shards. They are cut so that each takes about the
// same time on the log of a usual site.
const Shards = 4

const (
	exactShard  Shard = iota // what is no row, and sections
	pathShard                // paths
	clientShard              // clients, users, hosts
	agentShard               // agents, referring sites, methods, protocols
)
