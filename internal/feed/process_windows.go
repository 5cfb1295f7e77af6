package feed

import (
	"os/exec"
	"syscall"
)

// shell hands the line over as it is: cmd has rules for quotes of its own.
func shell(line string) *exec.Cmd {
	cmd := exec.Command("cmd")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /s /c "` + line + `"`}
	return cmd
}

func ownGroup(*exec.Cmd) {}

// terminate ends the command at once: there is no signal to ask with.
func terminate(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // it has ended already, then
