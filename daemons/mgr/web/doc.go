// Package web lets modules of managers serve pages: net/http's handlers on tasks of a
// module, over the seam's streams. So a page can be asked for in the simulator, and on
// the real machine with any browser.
//
//	site := web.NewSite(m, handler)
//	return site, nil // it is a module.Module
//
// It speaks HTTP/1.1 as far as readers need: GET and HEAD, requests one after another on
// a connection, nothing in their bodies. A handler runs in a task of the manager's loop,
// so it may look at the state of the cluster, and must not block.
package web
