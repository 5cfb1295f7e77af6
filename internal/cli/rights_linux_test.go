package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// withoutRights makes cmd run as nobody where the test runs as root, whom no
// mode stops from reading.
func withoutRights(ts *testscript.TestScript, cmd *exec.Cmd) {
	if os.Getuid() != 0 {
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	// Nobody has to come to the program and to the folder of the script.
	for _, path := range []string{cmd.Path, ts.MkAbs(".")} {
		for dir := path; dir != os.TempDir() && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			info, err := os.Stat(dir)
			ts.Check(err)
			ts.Check(os.Chmod(dir, info.Mode().Perm()|0o055))
		}
	}
}
