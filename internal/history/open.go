package history

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"weir/internal/lock"
	"weir/internal/traffic"
)

// Options are what a history is kept by. The zero value keeps the defaults.
type Options struct {
	// Keep is how long rows of each level are kept: 0 is 2 days, 30 days, 90
	// days, 2 years, for ever; Forever is for ever. No level is kept shorter than
	// the one below it. Spans are kept as long as minutes.
	Keep [levels]time.Duration
	// Tables is how long the frames of these rows are kept, no longer than the
	// rows: they take a hundred times their room. 0 is 1 day, 2 days, 30 days, 2
	// years, for ever. What is older has figures alone, and its tables are those
	// of the next level.
	Tables [levels]time.Duration
	// Max is how large the database may become, in bytes: 0 is DefaultMax, less
	// than 0 without a limit. Beyond it Prune drops the oldest frames of the
	// finest level, then those of the next; then rows.
	Max int64
}

const (
	// Forever keeps the rows of a level for ever.
	Forever = time.Duration(-1)
	// DefaultMax is 1 GiB.
	DefaultMax = 1 << 30
)

const day = 24 * time.Hour

// keep returns for how many seconds rows of l are kept; 0 is for ever.
func (o *Options) keep(l Level) int64 {
	return kept(&o.Keep, [levels]time.Duration{2 * day, 30 * day, 90 * day, 2 * 365 * day, Forever}, l)
}

// tables returns for how many seconds frames of l are kept; 0 is as long as the rows.
func (o *Options) tables(l Level) int64 {
	return kept(&o.Tables, [levels]time.Duration{day, 2 * day, 30 * day, 2 * 365 * day, Forever}, l)
}

// kept returns how long l is kept, in seconds, and no shorter than the levels below
// it; 0 is for ever.
func kept(asked *[levels]time.Duration, usual [levels]time.Duration, l Level) int64 {
	seconds := int64(1)
	for k := range l + 1 {
		d := asked[k]
		if d == 0 {
			d = usual[k]
		}
		if d < 0 {
			return 0
		}
		seconds = max(seconds, int64(d/time.Second))
	}
	return seconds
}

// A DB is an open history. Make one with Open or OpenReadOnly; whoever does
// closes it. All its methods may be called by many goroutines; Commit and Prune
// take turns, and reads wait for neither.
type DB struct {
	path    string // links followed
	options Options
	lock    *lock.Lock
	readers *sql.DB
	writers *sql.DB // nil for reading only

	mu     sync.Mutex // of all below
	w      *writer
	failed *Commit // what is to come first
}

// Open opens the history at path for writing, and makes it, with its folder, where
// there is none. One that another process writes is a *HeldError; a file of others,
// or of a later weir, a *ForeignError; one that cannot be read a *DamageError. A
// file that is not opened is left byte for byte as it is. It waits half a second
// for one that is held: AddMark lets go of it sooner.
func Open(path string, o Options) (*DB, error) { return take(path, o, patience) }

const (
	patience = 500 * time.Millisecond
	between  = 20 * time.Millisecond // two looks at a lock that is held
)

// take is Open with so much patience.
func take(path string, o Options, patience time.Duration) (*DB, error) {
	path = placeOf(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of the history %s: %w", path, err)
	}
	db := &DB{path: path, options: o}
	var err error
	for {
		if db.lock, err = lock.Take(path); patience <= 0 || !errors.As(err, new(*lock.HeldError)) {
			break
		}
		patience -= between
		time.Sleep(between)
	}
	if err != nil {
		if held := (*lock.HeldError)(nil); errors.As(err, &held) {
			return nil, &HeldError{Path: path, PID: held.PID}
		}
		return nil, fmt.Errorf("cannot write to the history %s: %w", path, err)
	}
	if err := db.open(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// OpenReadOnly opens the history at path for reading, whoever writes to it. Errors
// are those of Open; that there is none is fs.ErrNotExist.
func OpenReadOnly(path string) (*DB, error) {
	db := &DB{path: placeOf(path)}
	if found, err := db.inspect(); err != nil {
		return nil, err
	} else if !found {
		return nil, fmt.Errorf("there is no history %s: %w", db.path, fs.ErrNotExist)
	}
	if err := db.openReaders(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// Names returns the files that the history at path is kept in, there or not:
// none of them is a log.
func Names(path string) []string {
	path = placeOf(path)
	return []string{path, path + "-wal", path + "-shm", path + "-journal", path + ".lock", path + ".new"}
}

// placeOf follows links.
func placeOf(name string) string {
	if place, err := filepath.EvalSymlinks(name); err == nil {
		return place
	}
	return name
}

// open opens a history that this process has locked.
func (db *DB) open() error {
	found, err := db.inspect()
	if err != nil {
		return err
	}
	if !found {
		if err := db.create(); err != nil {
			return err
		}
	}
	// SQLite would open for reading what it may not write, and say so later.
	file, err := os.OpenFile(db.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("cannot write to the history %s: %w", db.path, err)
	}
	file.Close()
	defer db.tidy()()
	// Readers first: a connection that may write puts the -wal into the file
	// when it is closed, also if what is in there turns out to be none of ours.
	if err := db.openReaders(); err != nil {
		return err
	}
	if err := db.upgrade(); err != nil {
		return told(db.path, "write to", err)
	}
	if db.writers, err = connect(db.path, "mode=rw"); err != nil {
		return told(db.path, "open", err)
	}
	// A file that comes from a system with another journal is changed to that of
	// this one, while nobody else has it open.
	db.readers.SetMaxIdleConns(0)
	defer db.readers.SetMaxIdleConns(1)
	w, err := newWriter(db.writers)
	if err != nil {
		return told(db.path, "open", err)
	}
	db.w = w
	return nil
}

// tidy returns what removes the files that SQLite laid beside a history that was
// not opened then.
func (db *DB) tidy() func() {
	var made []string
	for _, name := range []string{db.path + "-wal", db.path + "-shm"} {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			made = append(made, name)
		}
	}
	return func() {
		if db.w == nil && db.journal() == 0 {
			for _, name := range made {
				_ = os.Remove(name) // they hold nothing
			}
		}
	}
}

// inspect looks at the beginning of the file, without SQLite, which would put a
// -wal into the files of others. It reports whether there is a history.
func (db *DB) inspect() (bool, error) {
	file, err := os.Open(db.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, db.orphan()
	}
	if err != nil {
		return false, fmt.Errorf("cannot open the history %s: %w", db.path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return false, &ForeignError{Path: db.path, Reason: "is no file"}
	} else if err == nil && info.Size() == 0 {
		return false, db.orphan()
	}
	var h [100]byte
	if _, err := io.ReadFull(file, h[:]); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, fmt.Errorf("cannot read the history %s: %w", db.path, err)
	}
	if !bytes.HasPrefix(h[:], []byte("SQLite format 3\x00")) {
		return false, &ForeignError{Path: db.path, Reason: "is no database, or its beginning is damaged"}
	}
	if id := binary.BigEndian.Uint32(h[68:]); id != application {
		return false, &ForeignError{Path: db.path, Reason: "is a database of another program, or its beginning is damaged"}
	}
	switch v := binary.BigEndian.Uint32(h[60:]); {
	case v > version:
		return false, &ForeignError{
			Path: db.path, Newer: true,
			Reason: fmt.Sprintf("is of version %d, written by a newer weir than this, which reads version %d", v, version),
		}
	case v < 1:
		return false, &DamageError{Path: db.path, Reason: errors.New("its version is 0")}
	case h[18] < 1 || h[18] > 2 || h[18] != h[19]:
		return false, &DamageError{Path: db.path, Reason: errors.New("its header names a journal that does not exist")}
	}
	return true, nil
}

// orphan complains about what was committed to a database that is gone: SQLite
// would put it into the next one of that name.
func (db *DB) orphan() error {
	for _, name := range []string{db.path + "-wal", db.path + "-journal"} {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			return &DamageError{Path: db.path, Reason: fmt.Errorf("it is gone or empty, and %s is there", filepath.Base(name))}
		}
	}
	return nil
}

// create makes a history under another name, so that it is there whole or not at
// all.
func (db *DB) create() error {
	name := db.path + ".new"
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot make the history %s: %w", db.path, err)
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("cannot make the history %s: %w", db.path, err)
	}
	file.Close()
	made, err := connect(name, "mode=rw")
	if err == nil {
		err = migrate(made)
		err = errors.Join(err, made.Close())
	}
	if err == nil {
		err = os.Rename(name, db.path)
	}
	if err != nil {
		_ = os.Remove(name) // the first failure is the one to tell
		return told(db.path, "make", err)
	}
	return nil
}

// migrate makes an empty database one of the version of now.
func migrate(made *sql.DB) error {
	ctx := context.Background()
	conn, err := made.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	text := fmt.Sprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d; BEGIN;", pageSize, application)
	for i, step := range migrations() {
		text += fmt.Sprintf("%s PRAGMA user_version = %d;", step, i+1)
	}
	_, err = conn.ExecContext(ctx, text+"COMMIT")
	return err
}

// upgrade brings a history of an earlier version, which readers have looked at, to
// that of now. Killed between two steps it is one of the version between.
func (db *DB) upgrade() error {
	ctx := context.Background()
	var v int
	if err := db.readers.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil || v == version {
		return err
	}
	// As long as one of them is open the journal cannot be changed.
	if err := db.readers.Close(); err != nil {
		return err
	}
	pool, err := connect(db.path, "mode=rw")
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var journal string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&journal); err != nil {
		return err
	}
	for i, step := range migrations()[v:] {
		text := fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT", step, v+i+1)
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return db.openReaders()
}

// pageSize is that of the file. A commit writes some 32 KiB, so pages larger than
// the usual 4 KiB spare checksums and system calls.
const pageSize = 8192

// connect returns a pool of connections. None is opened yet.
func connect(path, how string) (*sql.DB, error) {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive of Windows
	}
	// Rows of untrusted files: no view or trigger is run, none is there.
	how += "&_busy_timeout=5000&_dqs=0&_defensive=1&_error_rc=1&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"
	c, err := sqlite.NewConnector("file://" + (&url.URL{Path: path}).EscapedPath() + "?" + how)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// openReaders opens the connections that read, and looks whether the tables are
// those of the format.
func (db *DB) openReaders() error {
	how := "mode=ro&_query_only=1&_pragma=cache_size(-4096)"
	err := db.tryReaders(how)
	if errors.Is(err, fs.ErrPermission) && db.journal() == 0 {
		// A -wal is used through a -shm, which cannot be made on a read-only disk.
		err = db.tryReaders(how + "&immutable=1")
	}
	return err
}

// journal returns how many bytes there are in the -wal.
func (db *DB) journal() int64 {
	info, err := os.Stat(db.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// mostReaders is how many connections read at the same time.
const mostReaders = 4

func (db *DB) tryReaders(how string) error {
	pool, err := connect(db.path, how)
	if err != nil {
		return told(db.path, "open", err)
	}
	pool.SetMaxOpenConns(mostReaders)
	pool.SetMaxIdleConns(1) // each has a cache of 4 MiB
	if err := readable(pool); err != nil {
		pool.Close()
		if foreign := (*ForeignError)(nil); errors.As(err, &foreign) {
			foreign.Path = db.path
			return foreign
		}
		if errors.As(err, new(*sqlite.Error)) {
			return told(db.path, "open", err)
		}
		return &DamageError{Path: db.path, Reason: err}
	}
	db.readers = pool
	return nil
}

// readable finds out whether a database is of our format and version.
func readable(pool *sql.DB) error {
	ctx := context.Background()
	var v int
	if err := pool.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return err
	}
	if v > version {
		return &ForeignError{Newer: true, Reason: fmt.Sprintf("is of version %d, written by a newer weir than this, which reads version %d", v, version)}
	}
	var names string
	err := pool.QueryRowContext(ctx, "SELECT coalesce(group_concat(name), '') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)").Scan(&names)
	if err != nil {
		return err
	}
	if names != tablesOf(v) {
		return fmt.Errorf("its tables are %s", names)
	}
	_, err = readHead(pool)
	return err
}

// Path returns where the history is, links followed.
func (db *DB) Path() string { return db.path }

// Close lets go of the history. All that was committed is in it.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	var errs []error
	// The writer last: it puts the -wal into the file.
	if db.readers != nil {
		errs = append(errs, db.readers.Close())
	}
	if db.w != nil {
		errs = append(errs, db.w.close())
		db.w = nil
	}
	if db.writers != nil {
		errs = append(errs, db.writers.Close())
	}
	db.lock.Release()
	db.lock = nil
	return told(db.path, "close", errors.Join(errs...))
}

// Discard closes the history, and takes it away where nothing was ever committed:
// its owner was mistaken about what to keep. Its folder goes with it, if nothing else
// is in there.
func (db *DB) Discard() error {
	_, commits, _, err := db.Sealed()
	if err != nil || commits > 0 || db.w == nil {
		return errors.Join(err, db.Close())
	}
	// As long as the lock is held nobody else has begun to write to it.
	for _, name := range Names(db.path) {
		_ = os.Remove(name) // where open files cannot be removed an empty history stays
	}
	err = db.Close()
	_ = os.Remove(filepath.Dir(db.path)) // it has other files, or is gone
	return err
}

// A writer is the connection that writes, with its statements.
type writer struct {
	conn   *sql.Conn
	all    []*sql.Stmt
	head   head
	next   int64               // number of the next frame
	spans  map[string]openSpan // by source: those that may become longer
	sealer *traffic.Sealer
	tally  traffic.Tally
	buf    []byte
	statements
}

// statements are the prepared ones of a writer.
type statements struct {
	begin, commit, rollback       *sql.Stmt
	putPoint, putFrame, putHead   *sql.Stmt
	putState, putEvent, putSpan   *sql.Stmt
	putMark, putOutbox, delOutbox *sql.Stmt
	firstPoint, points, putGap    *sql.Stmt
	oldSeconds, newSeconds        *sql.Stmt
}

func newWriter(pool *sql.DB) (*writer, error) {
	ctx := context.Background()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, sealer: NewSealer(), spans: map[string]openSpan{}}
	if err := w.prepare(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *writer) prepare() error {
	ctx := context.Background()
	journal := "WAL"
	if runtime.GOOS == "windows" {
		journal = "DELETE" // its WAL was reported to break under this driver
	}
	// cache_size is in KiB where it is negative: a commit changes 100 of them, and
	// with 4 MiB it took as long. The -wal shrinks back to its limit.
	settings := "PRAGMA journal_mode = " + journal + "; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;" +
		"PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 512"
	if _, err := w.conn.ExecContext(ctx, settings); err != nil {
		return err
	}
	for _, s := range []struct {
		into **sql.Stmt
		text string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.rollback, "ROLLBACK"},
		{&w.putPoint, "INSERT INTO point VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
		{&w.oldSeconds, "SELECT data FROM second WHERE epoch = ? AND start = ?"},
		{&w.newSeconds, "INSERT OR REPLACE INTO second VALUES (?, ?, ?)"},
		{&w.putFrame, "INSERT INTO frame VALUES (?, ?)"},
		{&w.putHead, "UPDATE head SET (" + headColumns + ") = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE id = 1"},
		{&w.putState, "INSERT INTO state VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET data = excluded.data, sum = excluded.sum"},
		{&w.putEvent, "INSERT INTO event VALUES (NULL,?,?,?,?,?,?,?,?,?,?)"},
		{&w.putSpan, "INSERT OR REPLACE INTO span VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
		{&w.putMark, "INSERT INTO mark VALUES (NULL, ?, ?, ?) ON CONFLICT (key) DO NOTHING"},
		{&w.putOutbox, "INSERT INTO outbox VALUES (NULL, ?, ?, ?, ?)"},
		{&w.putGap, "INSERT OR REPLACE INTO unread VALUES (?, ?, ?)"},
		{&w.delOutbox, "DELETE FROM outbox WHERE id = ?"},
		{&w.firstPoint, "SELECT min(start) FROM point WHERE level = ? AND start >= ? AND start < ?"},
		{&w.points, "SELECT " + figureColumns + ", frame, data FROM point JOIN frame ON frame.id = point.frame " +
			"WHERE level = ? AND start >= ? AND start < ? ORDER BY start, part"},
	} {
		stmt, err := w.conn.PrepareContext(ctx, s.text)
		if err != nil {
			return err
		}
		*s.into = stmt
		w.all = append(w.all, stmt)
	}
	return w.load()
}

// load reads what the writer knows by heart.
func (w *writer) load() error {
	h, err := readHead(w.conn)
	if err != nil {
		return err
	}
	w.head = h
	clear(w.spans)
	return w.conn.QueryRowContext(context.Background(), "SELECT max(coalesce((SELECT max(id) FROM frame), 0), "+
		"coalesce((SELECT max(part) FROM point WHERE part > 0), 0)) + 1").Scan(&w.next)
}

func (w *writer) close() error {
	errs := make([]error, 0, len(w.all)+1)
	for _, s := range w.all {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}
