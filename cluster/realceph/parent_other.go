//go:build !linux

package realceph

import "os/exec"

// endWithParent does nothing: only Linux can let a program end with its parent.
func endWithParent(*exec.Cmd) {}
