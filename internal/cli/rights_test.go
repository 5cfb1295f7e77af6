//go:build !linux

package cli

import (
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
)

// withoutRights does nothing: elsewhere a test does not run as root.
func withoutRights(*testscript.TestScript, *exec.Cmd) {}
