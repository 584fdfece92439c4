package realceph

import (
	"os/exec"
	"syscall"
)

// endWithParent lets a program that we start not outlive us, however we end. The
// kernel looks at the thread that starts it, and Go keeps its threads.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
