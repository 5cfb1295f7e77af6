package history

import (
	"context"
	"database/sql"
	"fmt"
)

const (
	// application stands in the header of the file: "weir".
	application = 0x77656972
	// version is that of the format, in user_version.
	version = 2
)

// migrations are the steps from one version to the next: the first makes version
// 1 of an empty database. Each is run in a transaction of its own while the
// journal is a rollback journal, so that the header of the file itself, and not
// only its -wal, says which version it has.
func migrations() []string {
	return []string{schema1, schema2}
}

// schema1 makes version 1. docs/history.md says what the columns are. A commit
// costs what pages it writes, so what each of them changes stands in few tables
// without further indices.
const schema1 = `
CREATE TABLE point (
	level INTEGER NOT NULL, start INTEGER NOT NULL, part INTEGER NOT NULL,
	hits INTEGER NOT NULL, bytes INTEGER NOT NULL,
	other INTEGER NOT NULL, s1xx INTEGER NOT NULL, s2xx INTEGER NOT NULL,
	s3xx INTEGER NOT NULL, s4xx INTEGER NOT NULL, s5xx INTEGER NOT NULL,
	malformed INTEGER NOT NULL, rejected INTEGER NOT NULL, late INTEGER NOT NULL,
	visitors INTEGER NOT NULL,
	timed INTEGER NOT NULL, time_sum INTEGER NOT NULL, p50 INTEGER NOT NULL,
	p90 INTEGER NOT NULL, p99 INTEGER NOT NULL, time_max INTEGER NOT NULL,
	frame INTEGER NOT NULL,
	PRIMARY KEY (level, start, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX amended ON point (level, start) WHERE part > 0;
CREATE TABLE second (
	epoch INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (epoch, start)
) STRICT, WITHOUT ROWID;
CREATE TABLE frame (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE event (
	id INTEGER PRIMARY KEY, at INTEGER NOT NULL, rule TEXT NOT NULL, firing INTEGER NOT NULL,
	hits INTEGER NOT NULL, after INTEGER NOT NULL, threshold INTEGER NOT NULL,
	window INTEGER NOT NULL, total INTEGER NOT NULL, replayed INTEGER NOT NULL, cause BLOB NOT NULL
) STRICT;
CREATE INDEX event_at ON event (at);
CREATE TABLE mark (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL, key TEXT UNIQUE) STRICT;
CREATE INDEX mark_at ON mark (at);
CREATE TABLE span (
	minute INTEGER NOT NULL, id INTEGER NOT NULL, source TEXT NOT NULL, file TEXT NOT NULL,
	from_time INTEGER NOT NULL, to_time INTEGER NOT NULL,
	from_offset INTEGER NOT NULL, to_offset INTEGER NOT NULL, PRIMARY KEY (minute, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (
	kind TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, key TEXT NOT NULL,
	body BLOB NOT NULL, due INTEGER NOT NULL
) STRICT;
CREATE TABLE head (
	id INTEGER PRIMARY KEY CHECK (id = 1), commits INTEGER NOT NULL, sealed INTEGER NOT NULL,
	built1 INTEGER NOT NULL DEFAULT -4611686018427360000, built2 INTEGER NOT NULL DEFAULT -4611686018427360000,
	built3 INTEGER NOT NULL DEFAULT -4611686018427360000, built4 INTEGER NOT NULL DEFAULT -4611686018427360000,
	gone0 INTEGER NOT NULL DEFAULT -4611686018427360000, gone1 INTEGER NOT NULL DEFAULT -4611686018427360000,
	gone2 INTEGER NOT NULL DEFAULT -4611686018427360000, gone3 INTEGER NOT NULL DEFAULT -4611686018427360000,
	gone4 INTEGER NOT NULL DEFAULT -4611686018427360000,
	bare0 INTEGER NOT NULL DEFAULT -4611686018427360000, bare1 INTEGER NOT NULL DEFAULT -4611686018427360000,
	bare2 INTEGER NOT NULL DEFAULT -4611686018427360000, bare3 INTEGER NOT NULL DEFAULT -4611686018427360000,
	bare4 INTEGER NOT NULL DEFAULT -4611686018427360000,
	refused INTEGER NOT NULL, shed INTEGER NOT NULL
) STRICT;
INSERT INTO head (id, commits, sealed, refused, shed) VALUES (1, 0, -4611686018427360000, 0, 0);
`

// schema2 adds when nothing was read. Of what is there already that is not known.
const schema2 = `
CREATE TABLE unread (start INTEGER PRIMARY KEY, stop INTEGER NOT NULL, why INTEGER NOT NULL) STRICT;
INSERT INTO unread SELECT -4611686018427360000, sealed, 1 FROM head WHERE sealed > -4611686018427360000;
`

// never is before all time, and a multiple of every step.
const never = -4611686018427360000

// A head is the row of that name: how far things are.
type head struct {
	commits int64         // how many there were
	sealed  int64         // every stretch before it is
	built   [levels]int64 // of each level above the finest: rows before it are built
	gone    [levels]int64 // of each level: rows before it are dropped, or never were
	bare    [levels]int64 // of each level: rows before it have figures alone, no frame
	refused int64         // hits that came for a stretch of which no level has a row any more
	shed    int64         // rows dropped because the file was too large
}

const headColumns = "commits, sealed, built1, built2, built3, built4, gone0, gone1, gone2, gone3, gone4, " +
	"bare0, bare1, bare2, bare3, bare4, refused, shed"

// numbers are the values of headColumns.
func (h *head) numbers() []*int64 {
	all := []*int64{&h.commits, &h.sealed}
	for _, ends := range [][]int64{h.built[1:], h.gone[:], h.bare[:]} {
		for l := range ends {
			all = append(all, &ends[l])
		}
	}
	return append(all, &h.refused, &h.shed)
}

// queryer is a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readHead(q queryer) (head, error) {
	var h head
	var into []any
	for _, n := range h.numbers() {
		into = append(into, n)
	}
	if err := scanned(q.QueryRowContext(context.Background(), "SELECT "+headColumns+" FROM head WHERE id = 1").Scan(into...)); err != nil {
		return h, err
	}
	return h, scanned(h.check())
}

// check finds what no weir writes, because the layers of the past are found by
// these numbers alone.
func (h *head) check() error {
	for l := range levels {
		wrong := floor(h.gone[l], l.border()) != h.gone[l] || floor(h.bare[l], l.border()) != h.bare[l] || h.bare[l] < h.gone[l]
		if l > 0 {
			wrong = wrong || l.align(h.built[l]) != h.built[l] || h.built[l] > h.sealed || h.gone[l] > h.gone[l-1] || h.bare[l] > h.bare[l-1]
		}
		if wrong {
			return fmt.Errorf("its row head contradicts itself at the level of %v", l)
		}
	}
	if TenSeconds.align(h.sealed) != h.sealed || h.commits < 0 || h.refused < 0 || h.shed < 0 {
		return fmt.Errorf("its row head holds what none can")
	}
	return nil
}

// The kinds of table state.
const (
	kindState    = "state"
	kindPosition = "position"
)

// tables are the names of all tables of the format, in order.
const tables = tables1 + ",unread"

const tables1 = "event,frame,head,mark,outbox,point,second,span,sqlite_sequence,state"

// tablesOf are those of a version.
func tablesOf(v int) string {
	if v == 1 {
		return tables1
	}
	return tables
}
