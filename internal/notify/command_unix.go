//go:build unix

package notify

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a command into a process group of its own, so that a signal reaches all
// it starts, and Ctrl-C on the terminal reaches weir alone.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup kills all that is left of the group. An error means that nobody is.
func endGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
