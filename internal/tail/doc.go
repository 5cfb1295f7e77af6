// Package tail turns log files that are being written into batches of whole
// lines.
//
// A path is one endless stream, whatever happens to the inodes behind it:
//
//	path ──stat──► current file ──pread──► Batch ──► the owner
//	                 │ renamed, replaced
//	                 ▼
//	               held files (old descriptors, read until quiet)
//
// What it promises:
//
//   - A line is delivered whole, and once. The offset moves over complete lines
//     only: half a line is left in the file and read again when its newline is
//     there.
//
//   - The descriptor of a file that was renamed or deleted is read on until it
//     has been quiet for Options.Hold, because a server goes on writing into it
//     until it has been told to reopen.
//
//   - The bytes before the offset are compared in the read that fetches new
//     ones, so a file that was truncated or rewritten in place is noticed
//     whatever its size says.
//
//   - What could not be read because it was destroyed is counted in
//     State.PossibleLoss, as far as its size was known.
//
//   - What a rotation left behind is found again, by inode or by content, under
//     the names that rotations give: the rest of a file that was copied and
//     truncated, a file that came and went between two looks, and, with
//     Options.Resume, all that was logged while nobody read; compressed or not.
//
//   - With Options.Past the stream begins in the rotated files that are there at
//     first; they may be rotated, compressed and deleted while they are read.
//
//   - A Position that was taken before a Batch gives the lines of that batch first,
//     in the same order, also when the files have been rotated since.
//
//   - Where few files may be open, those that have been quiet for longest are
//     closed, and read on from where they were when they change.
//
//   - A log in UTF-16 gives the lines that the same log gives in UTF-8. Offsets,
//     positions and all that a file is known by stay those of its own bytes.
//
// What it does not do: it parses nothing, and takes no rotated file for a log of
// its own. A file that was created and deleted between two looks is not seen, nor
// one that was moved meanwhile into a directory that the path does not tell of.
//
// Beside paths there are patterns and directories, whose files become sources as
// they come; see Choice for those that do not.
//
// Pipes and Inputs, which are made elsewhere, have no path: their bytes come once,
// and are cut into the same batches by a goroutine each.
//
// The package is pulled. One goroutine owns a Follower with all its Sources: it
// waits for Follower.Wake or for Follower.Sweep to pass, then calls Source.Next
// on each source until that is nil. Only Batch.Release may be called from
// elsewhere. Events of the file system are hints to look early; no decision
// depends on them.
package tail
