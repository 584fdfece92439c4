// Package web lets modules of managers serve pages, with package [web] of the daemons.
//
//	site := web.NewSite(m, handler)
//	return site, nil // it is a module.Module
//
// Readers may ask for pages by GET and HEAD, with nothing in the bodies. A handler runs
// in a task of the manager's loop, so it may look at the state of the cluster. One that
// panics is the module's failure.
//
// [web]: github.com/wavetank/wavetank/daemons/web
package web
