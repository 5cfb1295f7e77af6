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
// every table full of long keys a Tally takes about 30 MiB.
func (d Dimension) MaxRows() int { return maxRows[d] }

// maxRows is never changed. Sites have more clients and paths than anything
// else, and a person looks for them by name.
var maxRows = [dimensions]int{
	BySection: 4096, ByPath: 32768, ByNotFound: 8192, ByServerError: 8192,
	ByClient: 32768, ByUser: 4096, ByHost: 4096,
	ByAgent: 16384, ByReferrer: 8192, ByMethod: 64, ByProtocol: 64,
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
