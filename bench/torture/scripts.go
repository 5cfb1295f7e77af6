package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A script is one kind of rotation, or of trouble with rotations. It begins and
// ends with a plain log that is being appended to.
type script struct {
	name   string
	what   string // one line
	weight int    // how often it comes in a mix
	resume bool   // ends the follower and starts it again: it must have a state
	tool   string // a program that it needs
	run    func(context.Context, *scene) error
}

// scripts are all kinds, those of ordinary life first.
func scripts() []script {
	list := []script{
		{"rename", "renamed, created at once; the writer stays on the old file for a while", 4, false, "", rename},
		{"nocreate", "renamed; nothing has the name until the writer reopens it", 3, false, "", nocreate},
		{"copytruncate", "copied and truncated between two lines: nothing is destroyed", 3, false, "", copyTruncateHeld},
		{"delete", "closed, deleted, created", 2, false, "", deleteCreate},
		{"race", "copied and truncated while it is written to: what comes between is destroyed", 2, false, "", copyTruncate},
		{"late", "renamed, created; the writer stays on the old file for half a second", 1, false, "", renameLate},
		{"burst", "two or three times renamed and created, as fast as lines come", 2, false, "", burst},
		{"compress", "renamed and created, then at once compressed and deleted", 2, false, "", renameCompress},
		{"copycompress", "copied, truncated, the copy at once compressed and deleted", 1, false, "", copyCompress},
		{"hole", "truncated twice while the writer keeps its own offset: a hole of zero bytes", 1, false, "", hole},
		{"truncate", "truncated without a copy: what was not read yet is destroyed", 1, false, "", truncate},
		{"regrow", "truncated without a copy while the follower is stopped, until the log is larger than before", 1, false, "", regrow},
		{"replace", "another file with the same content, and more, takes the name", 1, false, "", replace},
		{"symlink", "the name becomes a link, leads to another file, and is a file again", 1, false, "", symlink},
		{"stop", "two or three rotations while the follower is stopped", 2, false, "", stopped},
		{"stuck", "two or three rotations while nobody takes what the follower prints", 1, false, "", stuck},
		{"restart", "one to three rotations while the follower, asked to end, is down", 2, true, "", restart},
		{"kill", "one to three rotations while the follower, killed, is down", 2, true, "", killed},
	}
	return append(list, logrotateScripts()...)
}

// ordinary are the kinds that servers and logrotate do every day.
func ordinary() []string { return []string{"rename", "nocreate", "copytruncate", "delete"} }

// named returns the scripts that a list of names asks for; all and ordinary are
// names too.
func named(names []string) ([]script, error) {
	all := scripts()
	var list []script
	for _, name := range names {
		switch name {
		case "all":
			return all, nil
		case "ordinary":
			list = append(list, slices.DeleteFunc(slices.Clone(all), func(s script) bool { return !slices.Contains(ordinary(), s.name) })...)
			continue
		}
		i := slices.IndexFunc(all, func(s script) bool { return s.name == name })
		if i < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.name)
			}
			return nil, fmt.Errorf("there is no script named %q: take some of all, ordinary, %s", name, strings.Join(known, ", "))
		}
		list = append(list, all[i])
	}
	return list, nil
}

func rename(ctx context.Context, s *scene) error { return renameGrace(ctx, s, s.grace()) }

func renameLate(ctx context.Context, s *scene) error {
	return renameGrace(ctx, s, 500*time.Millisecond)
}

func renameGrace(ctx context.Context, s *scene, grace time.Duration) error {
	if err := s.rename(); err != nil {
		return err
	}
	if err := s.create(); err != nil {
		return err
	}
	if err := wait(ctx, grace); err != nil {
		return err
	}
	return s.writer.reopen()
}

func nocreate(ctx context.Context, s *scene) error {
	if err := s.rename(); err != nil {
		return err
	}
	if err := wait(ctx, s.grace()); err != nil {
		return err
	}
	return s.writer.reopen()
}

// copyTruncateHeld is what a writer does that rotates its own log: nothing is
// written between the copy and the truncation.
func copyTruncateHeld(_ context.Context, s *scene) error {
	return s.writer.held(func() error {
		if err := s.copyOut(); err != nil {
			return err
		}
		s.writer.first, s.writer.alone = s.writer.next, s.writer.next
		return s.truncate()
	})
}

// copyTruncate is what logrotate does.
func copyTruncate(ctx context.Context, s *scene) error {
	if err := s.copyOut(); err != nil {
		return err
	}
	if err := s.truncate(); err != nil {
		return err
	}
	return s.audit(ctx, s.path+".1")
}

func copyCompress(ctx context.Context, s *scene) error {
	if err := copyTruncate(ctx, s); err != nil {
		return err
	}
	return compress(s.path + ".1")
}

// deleteCreate leaves the lines of the deleted file with whoever has it open. A
// follower that has printed none of them may never have seen the file, and
// nobody can read it any more: then they count as destroyed.
func deleteCreate(_ context.Context, s *scene) error {
	return s.writer.held(func() error {
		if err := os.Remove(s.path); err != nil {
			return err
		}
		s.rotations++
		switch most := s.checker.most.Load(); {
		case most < s.writer.first:
			s.ledger.destroy(stretch{s.writer.first, s.writer.next}, most, nil)
		case most < s.writer.alone: // it has seen the file that this one replaced
			s.ledger.destroy(stretch{s.writer.alone, s.writer.next}, most, nil)
		}
		return s.writer.open()
	})
}

func burst(ctx context.Context, s *scene) error {
	for range 2 + s.rand.IntN(2) {
		if err := renameGrace(ctx, s, 0); err != nil {
			return err
		}
		if err := s.lines(ctx, 1); err != nil {
			return err
		}
	}
	return nil
}

// renameCompress waits for the writer before it compresses: what is written into
// a file behind gzip's back would be destroyed.
func renameCompress(ctx context.Context, s *scene) error {
	if err := rename(ctx, s); err != nil {
		return err
	}
	return compress(s.path + ".1")
}

// hole ends with a rename, by which the writer comes to append again.
func hole(ctx context.Context, s *scene) error {
	if err := s.writer.reopenAbsolute(true); err != nil {
		return err
	}
	for range 2 {
		if err := s.lines(ctx, 20); err != nil {
			return err
		}
		if err := copyTruncate(ctx, s); err != nil {
			return err
		}
	}
	if err := s.rename(); err != nil {
		return err
	}
	return s.writer.reopenAbsolute(false)
}

// truncate destroys the lines of the file, as far as they are not read. It leaves
// the follower the time to look once: were the next file to come and go before,
// nothing on the disk would tie it to what was read last.
func truncate(ctx context.Context, s *scene) error {
	if err := destroy(ctx, s); err != nil {
		return err
	}
	return s.looked(ctx)
}

func destroy(ctx context.Context, s *scene) error {
	if err := s.truncate(); err != nil {
		return err
	}
	return s.audit(ctx)
}

func regrow(ctx context.Context, s *scene) error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	err = s.whilePaused(func() error {
		if err := destroy(ctx, s); err != nil {
			return err
		}
		for range 300 {
			now, err := os.Stat(s.path)
			if err != nil || now.Size() > info.Size() {
				return err
			}
			if err := wait(ctx, turn); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.looked(ctx)
}

func (s *scene) whilePaused(f func() error) error {
	if err := s.follower.pause(); err != nil {
		return err
	}
	// Also after a failure: a stopped program does not end when it is asked to.
	return errors.Join(f(), s.follower.resume())
}

// replace is what an editor does, or a program that filters a log.
func replace(_ context.Context, s *scene) error {
	return s.writer.held(func() error {
		text, err := os.ReadFile(s.path)
		if err != nil {
			return err
		}
		first, alone := s.writer.first, s.writer.next
		temp := filepath.Join(s.dir, "replacement")
		if err := os.WriteFile(temp, slices.Concat(text, s.writer.more(3)), 0o644); err != nil {
			return err
		}
		if err := os.Rename(temp, s.path); err != nil {
			return err
		}
		s.rotations++
		if err := s.writer.open(); err != nil {
			return err
		}
		s.writer.first, s.writer.alone = first, alone
		return nil
	})
}

// symlink gives the files behind the link names of their own, such as
// access.log-000017.
func symlink(ctx context.Context, s *scene) error {
	target := func() string { return fmt.Sprintf("%s-%06d", s.path, s.rotations) }
	link := func(to string) error {
		temp := filepath.Join(s.dir, "link")
		if err := os.Symlink(filepath.Base(to), temp); err != nil {
			return err
		}
		return os.Rename(temp, s.path)
	}
	first := target()
	if err := os.Rename(s.path, first); err != nil {
		return err
	}
	if err := link(first); err != nil {
		return err
	}
	s.rotations++
	if err := s.lines(ctx, 20); err != nil {
		return err
	}
	second := target()
	if err := os.WriteFile(second, nil, 0o644); err != nil {
		return err
	}
	if err := link(second); err != nil {
		return err
	}
	s.rotations++
	if err := wait(ctx, s.grace()); err != nil {
		return err
	}
	if err := s.writer.reopen(); err != nil {
		return err
	}
	if err := s.lines(ctx, 20); err != nil {
		return err
	}
	temp := filepath.Join(s.dir, "plain")
	if err := os.WriteFile(temp, nil, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temp, s.path); err != nil {
		return err
	}
	s.rotations++
	return s.writer.reopen()
}

// some does up to n rotations after which all lines stand somewhere on the disk.
func some(ctx context.Context, s *scene, n int) error {
	kinds := []func(context.Context, *scene) error{rename, nocreate, copyTruncateHeld, renameCompress}
	for range n {
		if err := s.lines(ctx, 1+s.rand.Int64N(100)); err != nil {
			return err
		}
		if err := kinds[s.rand.IntN(len(kinds))](ctx, s); err != nil {
			return err
		}
	}
	return s.lines(ctx, 1+s.rand.Int64N(100))
}

func stopped(ctx context.Context, s *scene) error {
	return s.whilePaused(func() error { return some(ctx, s, 2+s.rand.IntN(2)) })
}

func stuck(ctx context.Context, s *scene) error {
	select {
	case s.checker.gate <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.checker.gate }()
	return some(ctx, s, 2+s.rand.IntN(2))
}

func restart(ctx context.Context, s *scene) error {
	if err := s.follower.end(ctx); err != nil {
		return err
	}
	if err := some(ctx, s, 1+s.rand.IntN(3)); err != nil {
		return err
	}
	return s.follower.start(s.checker)
}

func killed(ctx context.Context, s *scene) error {
	if err := s.follower.kill(); err != nil {
		return err
	}
	s.checker.killed()
	if err := some(ctx, s, 1+s.rand.IntN(3)); err != nil {
		return err
	}
	return s.follower.start(s.checker)
}
