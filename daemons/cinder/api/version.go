package api

import (
	"fmt"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"strconv"
	"strings"
)

// version is a microversion: 3.27 is {3, 27}.
type version struct{ major, minor int }

// The microversions that are served, Zed's (api_version_request.py).
var (
	minVersion = version{3, 0}
	maxVersion = version{3, 70}
)

// What came with which microversion (api/microversions.py).
var (
	clusterSupport     = version{3, 7}
	workersCleanup     = version{3, 24}
	replicationCluster = version{3, 26}
	dynamicLogLevels   = version{3, 32}
	backendStateReport = version{3, 49}
)

// versionsUpdated is when the newest of them was made.
const versionsUpdated = "2022-08-31T00:00:00Z"

// versionHeader is the header in which clients ask for a microversion of a service, and
// answers tell it.
const (
	versionHeader = "OpenStack-API-Version"
	serviceType   = "volume"
)

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

func (v version) atLeast(o version) bool {
	return v.major > o.major || v.major == o.major && v.minor >= o.minor
}

// tell puts the version that an answer is of into its header.
func (v version) tell(w http.ResponseWriter) {
	w.Header().Set(versionHeader, serviceType+" "+v.String())
	w.Header().Set("Vary", versionHeader)
}

// requestedVersion is the one that a request wants. Without a header that is the least.
// Errors: faults of status 400 for what is no version, 406 for one that is not served,
// which is returned as well.
func requestedVersion(header http.Header) (version, error) {
	values, ok := header[http.CanonicalHeaderKey(versionHeader)]
	if !ok {
		return minVersion, nil
	}
	for _, item := range strings.Split(values[0], ",") {
		if !strings.Contains(item, serviceType) {
			continue
		}
		fields := strings.Fields(item)
		if len(fields) != 2 {
			return version{}, &fault{http.StatusBadRequest, badVersion(strings.TrimSpace(item))}
		}
		return parseVersion(fields[1])
	}
	return version{}, &fault{http.StatusBadRequest, "API version None is not supported on this method."}
}

func badVersion(text string) string {
	return fmt.Sprintf("API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", text)
}

func parseVersion(text string) (version, error) {
	if text == "latest" {
		return maxVersion, nil
	}
	major, minor, _ := strings.Cut(text, ".")
	v := version{}
	var ok [2]bool
	v.major, ok[0] = versionNumber(major)
	v.minor, ok[1] = versionNumber(minor)
	if !ok[0] || !ok[1] || v.major == 0 {
		return version{}, &fault{http.StatusBadRequest, badVersion(text)}
	}
	if !v.atLeast(minVersion) || !maxVersion.atLeast(v) {
		return v, &fault{http.StatusNotAcceptable, fmt.Sprintf(
			"Version %s is not supported by the API. Minimum is %v and maximum is %v.", text, minVersion, maxVersion)}
	}
	return v, nil
}

// versionNumber reads digits without a leading zero.
func versionNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && strconv.Itoa(n) == text && n >= 0
}

// versionDocument is what clients read to find out what is served. base is where the
// server was asked, "http://127.0.0.1:8776/".
func versionDocument(base string) any {
	type object = map[string]any
	return object{"versions": []any{object{
		"id": "v3.0", "status": "CURRENT", "version": maxVersion.String(), "min_version": minVersion.String(),
		"updated": versionsUpdated,
		"links": []any{
			object{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
			object{"rel": "self", "href": base + "v3/"},
		},
		"media-types": []any{object{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}},
	}}}
}
