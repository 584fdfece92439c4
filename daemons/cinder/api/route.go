package api

import (
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"strings"
)

// handler answers a request. Its error is a fault, or nobody's business.
type handler func(*API, *call) (answer, error)

// route is where a request goes. One without a handler has a path and a method that
// Cinder's router knows, and nobody there.
type route struct {
	handle handler
	since  version
	id     string
}

// find tells where a path below /v3/ leads, and the project in it, if any.
func (a *API) find(method, path string) (project string, to route, ok bool) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(parts) > 1 && !isCollection(parts[0]) {
		project, parts = parts[0], parts[1:]
	}
	if len(parts) > 2 || !isCollection(parts[0]) {
		return "", route{}, false
	}
	member := ""
	if len(parts) == 2 {
		member = strings.TrimSuffix(parts[1], ".json")
	}
	to, ok = routes(parts[0], member, method)
	return project, to, ok
}

func isCollection(name string) bool {
	return name == "os-services" || name == "clusters" || name == "workers"
}

// routes is the table of what is served. member is what follows the collection, "" if
// nothing does.
func routes(collection, member, method string) (route, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	switch {
	case member == "" && (method == http.MethodGet || method == http.MethodPost),
		member != "" && (method == http.MethodGet || method == http.MethodPut || method == http.MethodDelete || method == http.MethodPatch):
	case collection == "workers" && member == "cleanup" && method == http.MethodPost:
		return route{(*API).cleanup, workersCleanup, ""}, true
	default:
		return route{}, false
	}
	switch {
	case collection == "os-services" && member == "" && method == http.MethodGet:
		return route{(*API).listServices, minVersion, ""}, true
	case collection == "os-services" && member != "" && method == http.MethodPut:
		return route{(*API).updateService, minVersion, member}, true
	case collection == "clusters" && member == "" && method == http.MethodGet:
		return route{(*API).listClusters, clusterSupport, ""}, true
	case collection == "clusters" && member == "detail" && method == http.MethodGet:
		return route{(*API).listClustersDetailed, clusterSupport, ""}, true
	case collection == "clusters" && member != "" && method == http.MethodGet:
		return route{(*API).showCluster, clusterSupport, member}, true
	case collection == "clusters" && member != "" && method == http.MethodPut:
		return route{(*API).updateCluster, clusterSupport, member}, true
	}
	return route{}, true
}
