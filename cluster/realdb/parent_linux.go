package realdb

import (
	"os/exec"
	"syscall"
)

// endWithParent lets a server not outlive us, however we end. The kernel looks at the
// thread that starts it, and Go keeps its threads.
func endWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
