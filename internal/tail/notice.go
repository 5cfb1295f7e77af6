package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"weir/internal/archive"
)

// A Notice is one sentence for the person who watches. It holds names as they
// are in the file system: escape it before it is shown.
type Notice struct {
	Source int // index of the source, -1 for the Follower as a whole
	Text   string
}

// Notices returns what happened since the last call, in order. Each thing is
// told once until it is over.
func (f *Follower) Notices() []Notice {
	f.hearFeeds()
	out := f.notices
	f.notices = nil
	return out
}

// notify keeps a notice; the oldest give way if nobody asks.
func (f *Follower) notify(source int, text string) {
	if len(f.notices) >= mostNotices {
		f.notices = slices.Delete(f.notices, 0, 1)
	}
	f.notices = append(f.notices, Notice{source, text})
}

// missingText tells what of path is missing: the file or its directory.
func missingText(path string) string {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("%s: its directory %s does not exist; waiting for both", path, dir)
	}
	return path + ": no such file yet; waiting for it"
}

// cutText tells that content of the file was removed in place; from is where the
// rest of it was found, "" if nowhere.
func cutText(path string, c cut, from string) string {
	var b strings.Builder
	switch {
	case c.restart():
		fmt.Fprintf(&b, "%s: truncated at %d bytes, reading it from its start", path, c.mark.Offset)
		if from != "" {
			fmt.Fprintf(&b, "; what it held is in %s", from)
		}
	case c.mark.Offset > c.kept:
		fmt.Fprintf(&b, "%s: shortened from %d to %d bytes, all of which were read; reading on from there", path, c.size, c.kept)
	default:
		fmt.Fprintf(&b, "%s: shortened behind byte %d, reading on from there", path, c.kept)
	}
	if c.lost > 0 {
		fmt.Fprintf(&b, "; %d bytes were gone before they could be read", c.lost)
	}
	return b.String()
}

// afterError tells what is done about an error of reading.
func afterError(err error) string {
	var damage *archive.Error
	var disk *fs.PathError
	if errors.As(err, &damage) && !errors.As(err, &disk) {
		return "what stands before that is read"
	}
	return "what was read is kept, trying again"
}

// An access is who may read a file that we may not.
type access struct {
	dir   string // the directory that keeps us out, "" if it is the file itself
	mode  fs.FileMode
	owner string // name of the user it belongs to, "" where there are none
	group string // name of its group, "" where there are none
	self  string // name of the user we run as, "" if not known
	goos  string // the system, as runtime.GOOS
	write bool   // writing is needed as well, as for a named pipe
}

// whoMayRead looks up who could read path.
func whoMayRead(path string) access {
	at, dir := path, ""
	info, err := os.Stat(at)
	// What lies in a directory without x for us cannot even be looked at; the
	// first directory above that can is the one.
	for errors.Is(err, fs.ErrPermission) && filepath.Dir(at) != at {
		at = filepath.Dir(at)
		dir = at
		info, err = os.Stat(at)
	}
	if err != nil {
		return access{}
	}
	a := access{goos: runtime.GOOS, dir: dir, mode: info.Mode().Perm(), write: info.Mode().Type() == fs.ModeNamedPipe}
	if uid, gid, ok := owners(info); ok {
		a.owner, a.group = strconv.Itoa(int(uid)), strconv.Itoa(int(gid))
		if u, err := user.LookupId(a.owner); err == nil {
			a.owner = u.Username
		}
		if g, err := user.LookupGroupId(a.group); err == nil {
			a.group = g.Name
		}
	}
	if u, err := user.Current(); err == nil {
		a.self = u.Username
	}
	return a
}

// deniedText tells that path may not be read, and who may.
func deniedText(path string, a access) string {
	head, verb, need := path+": permission denied", "read it", fs.FileMode(0o040)
	if a.write {
		verb, need = "read and write it, as a named pipe needs", 0o060
	}
	if a.dir != "" {
		head, verb, need = head+" by the directory "+a.dir, "enter it", 0o010
	}
	switch {
	case a.owner == "" && a.group == "":
		return head + "; give the user weir runs as the right to " + verb
	case a.mode&need != need:
		return fmt.Sprintf("%s; only its owner %s may %s: run weir as that user, or have the group allowed", head, a.owner, verb)
	case a.self == "":
		return fmt.Sprintf("%s; group %s may %s: add the user weir runs as to it and log in again", head, a.group, verb)
	}
	return fmt.Sprintf("%s; group %s may %s: run %q and log in again", head, a.group, verb, joinCommand(a.goos, a.group, a.self))
}

// joinCommand is how a user is put into a group on the system goos.
func joinCommand(goos, group, name string) string {
	switch goos {
	case "freebsd", "dragonfly":
		return fmt.Sprintf("sudo pw groupmod %s -m %s", group, name)
	case "darwin":
		return fmt.Sprintf("sudo dseditgroup -o edit -a %s -t user %s", name, group)
	}
	return fmt.Sprintf("sudo usermod -aG %s %s", group, name)
}

// followable returns an error for a path that can never be followed.
func followable(path string) error {
	if path == "" {
		return errors.New("the path of a log file is empty: name a file, or - for standard input")
	}
	if path == "-" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil // that may change
	}
	switch m := info.Mode(); {
	case m.IsDir():
		return fmt.Errorf("%s is a directory, which cannot be read as a log: name a file", path)
	case m&fs.ModeSocket != 0:
		return fmt.Errorf("%s is a socket, which cannot be read as a log: name a file or a named pipe", path)
	case m&fs.ModeDevice != 0:
		return fmt.Errorf("%s is a device, which cannot be read as a log: name a file, "+
			"or pipe into weir and name it -", path)
	}
	return nil
}

// looksLikeLog reports whether a file of this name is likely being written as a
// log: access.log, access_log, other_vhosts_access.log; not access.log.2.gz.
func looksLikeLog(name string) bool {
	lower := strings.ToLower(name)
	if strings.HasSuffix(lower, ".log") || strings.HasSuffix(lower, "_log") || strings.HasSuffix(lower, "-log") {
		return true
	}
	return strings.Contains(lower, "access") && filepath.Ext(lower) == ""
}
