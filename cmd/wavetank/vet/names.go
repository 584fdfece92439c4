package vet

import (
	"go/ast"
	"go/types"
	"strings"
)

// checkName rejects the names of standard packages that reach past the seam,
// however they are spelled (renamed import, dot import, function value).
func (c *checker) checkName(id *ast.Ident) {
	obj := c.pass.TypesInfo.Uses[id]
	if obj == nil || obj.Pkg() == nil {
		return
	}
	f := finding{node: id, what: obj.Pkg().Path() + "." + obj.Name()}
	if recv := receiver(obj); recv != "" {
		f.what = obj.Pkg().Path() + "." + recv + "." + obj.Name()
		f.rule, f.why, f.instead = methodObjection(f.what)
	} else if obj.Parent() == obj.Pkg().Scope() {
		f.rule, f.why, f.instead = nameObjection(obj.Pkg().Path(), obj.Name())
	}
	if f.rule != "" {
		c.report(f)
	}
}

// receiver names the type a method belongs to; it is empty for anything else.
func receiver(obj types.Object) string {
	fn, ok := obj.(*types.Func)
	if !ok || fn.Signature().Recv() == nil {
		return ""
	}
	t := fn.Signature().Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := t.(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}

// nameObjection says what is wrong with a package-level name; the rule is empty
// if nothing is.
func nameObjection(pkg, name string) (r rule, why, instead string) {
	switch pkg {
	case "time":
		return timeObjection(name)
	case "context":
		return contextObjection(name)
	case "sync":
		return syncObjection(name)
	case "runtime":
		return runtimeObjection(name)
	case "fmt":
		return fmtObjection(name)
	case "log/slog":
		return slogObjection(name)
	case "reflect":
		return reflectObjection(name)
	}
	if strings.HasPrefix(pkg, "crypto/") {
		return cryptoObjection(name)
	}
	return "", "", ""
}

func timeObjection(name string) (r rule, why, instead string) {
	const clock = "it reads this machine's clock, which no seed controls"
	const wait = "it waits in real time"
	switch name {
	case "Now", "Since", "Until":
		return ruleTime, clock, "ask host.Clock." + name
	case "Sleep":
		return ruleTime, wait, "use host.Task.Sleep, or a timer of the loop"
	case "After", "AfterFunc", "NewTimer", "NewTicker", "Tick":
		return ruleTime, wait, "use host.Loop.NewTimer"
	case "Local", "LoadLocation":
		return ruleTime, "the time zone belongs to this machine", "use time.UTC"
	}
	return "", "", ""
}

func contextObjection(name string) (r rule, why, instead string) {
	switch name {
	case "WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause":
		return ruleTime, "its deadline is in real time", "set a timer of host.Loop"
	case "AfterFunc":
		return ruleThreads, "it starts a goroutine", "use host.Loop.Post"
	}
	return "", "", ""
}

func syncObjection(name string) (r rule, why, instead string) {
	switch name {
	case "Mutex", "RWMutex", "Locker":
		return "", "", ""
	case "WaitGroup", "Cond":
		return ruleThreads, "it waits for another thread", "use host.Loop.Post, or host.Task.Park and Wake"
	case "Map":
		return ruleState, "it iterates in map order and is shared between simulated machines", "keep a map in the loop's own state"
	}
	return ruleState, "what it holds is shared between simulated machines", "keep the value in the loop's own state"
}

func runtimeObjection(name string) (r rule, why, instead string) {
	switch name {
	case "Gosched", "LockOSThread", "UnlockOSThread", "Goexit", "NumGoroutine":
		return ruleThreads, "the Go scheduler is not the simulator's", "use host.Loop"
	case "Stack":
		return ruleAddresses, "it shows addresses and numbers of goroutines", "publish a fact with host.Host.Probe"
	case "NumCPU", "GOMAXPROCS", "NumCgoCall", "ReadMemStats", "GOOS", "GOARCH", "Version":
		return ruleOutside, "the answer depends on this machine", "make it an option of the daemon"
	case "SetFinalizer", "AddCleanup", "GC":
		return ruleThreads, "the garbage collector runs when it likes", "release the object explicitly"
	}
	return "", "", ""
}

func fmtObjection(name string) (r rule, why, instead string) {
	switch name {
	case "Print", "Printf", "Println", "Scan", "Scanf", "Scanln":
		return ruleOutside, "it uses the process's standard streams", "log to host.Host.Log"
	}
	return "", "", ""
}

func slogObjection(name string) (r rule, why, instead string) {
	base := strings.TrimSuffix(name, "Context")
	switch base {
	case "Default", "SetDefault", "Debug", "Info", "Warn", "Error", "Log", "LogAttrs", "SetLogLoggerLevel":
		return ruleOutside, "the default logger belongs to the process and stamps the machine's time", "log to host.Host.Log"
	}
	return "", "", ""
}

func reflectObjection(name string) (r rule, why, instead string) {
	if name == "Select" {
		return ruleThreads, "it picks among ready cases at random", insteadChannel
	}
	return "", "", ""
}

// cryptoObjection is about functions that draw from the operating system, whatever
// source they are given: since Go 1.26 most ignore it.
func cryptoObjection(name string) (r rule, why, instead string) {
	const draws = "it draws from the operating system, whatever source it is given"
	const insteadKeys = "take keys and nonces as options, or draw their bytes from host.Host.Rand"
	switch {
	case strings.HasPrefix(name, "Generate"), strings.HasPrefix(name, "Encrypt"),
		name == "Sign", name == "SignASN1", name == "SignPSS", name == "Encapsulate":
		return ruleRandomness, draws, insteadKeys
	}
	return "", "", ""
}

// methodObjection says what is wrong with a method, given as
// "package.Type.Method".
func methodObjection(method string) (r rule, why, instead string) {
	switch method {
	case "reflect.Value.MapKeys", "reflect.Value.MapRange", "reflect.Value.Seq", "reflect.Value.Seq2":
		return ruleOrder, "it yields a map's keys in map order", "sort the keys first"
	case "reflect.Value.Pointer", "reflect.Value.UnsafePointer", "reflect.Value.UnsafeAddr":
		return ruleAddresses, "addresses differ from run to run", "compare identifiers"
	case "reflect.Value.Send", "reflect.Value.Recv", "reflect.Value.TrySend", "reflect.Value.TryRecv":
		return ruleThreads, "it is a channel operation", "use host.Loop.Post"
	case "time.Time.Local":
		return ruleTime, "the time zone belongs to this machine", "use Time.UTC"
	}
	if strings.HasPrefix(method, "crypto/") {
		return cryptoObjection(method[strings.LastIndex(method, ".")+1:])
	}
	return "", "", ""
}
