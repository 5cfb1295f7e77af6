//go:build unix

package feed

import (
	"os/exec"
	"syscall"
)

func shell(line string) *exec.Cmd { return exec.Command("/bin/sh", "-c", line) }

// ownGroup puts a command into a process group of its own, so that a signal
// reaches all it starts, and Ctrl-C on the terminal reaches weir alone.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminate asks the whole group to end. An error means that nobody is left.
func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// kill ends the whole group.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
