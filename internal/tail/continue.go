package tail

import "bytes"

// continues reports whether f holds what was read of old, as after an atomic
// replacement by an editor, a copy-up of an overlay file system or a log moved
// to another disk; and moves f behind it. old must still be open.
//
// A log that was rotated begins anew, perhaps with the same header, perhaps with
// the same first line. So only more than one line, or all of a file that was
// read, tell.
func (f *file) continues(old *file) bool {
	size, err := f.length()
	if err != nil || old.offset == 0 || old.skipping() {
		return false
	}
	shared := min(size, old.offset)
	head := f.slice(0, min(shared, compared))
	if bytes.Count(head, newline) < 2 || !bytes.Equal(head, old.slice(0, int64(len(head)))) {
		return false
	}
	if shared < old.offset && shared < prefixSize {
		return false // a header that both have
	}
	from := max(0, shared-compared)
	end := f.slice(from, shared-from)
	if int64(len(end)) < shared-from || !bytes.Equal(end, old.slice(from, shared-from)) {
		return false
	}
	line, carry := old.line, old.carry
	f.coding = old.coding
	f.turn()
	if f.moveTo(shared, false) != nil {
		f.rewind()
		return false
	}
	if shared == old.offset {
		f.line, f.carry = line, carry
	}
	return true
}

// compared is how much is compared at both ends of what two files share.
const compared = 64 << 10
