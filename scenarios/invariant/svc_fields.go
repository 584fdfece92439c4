package invariant

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/cluster"
)

// fieldsOfVersion is I-SVC-18: an answer has what there is in the microversion that was
// asked for, and no fields that came later; how replication stands is said of volume
// services only.
type fieldsOfVersion struct{}

func (fieldsOfVersion) Name() string { return "I-SVC-18 answers are of the version asked for" }

// cameWith are the fields of services that not all versions have, and the minor version
// with which each came (api/microversions.py); clustersCameWith are those of clusters.
var (
	cameWith         = map[string]int{"cluster": 7, "backend_state": 49}
	clustersCameWith = map[string]int{"replication_status": 26, "frozen": 26, "active_backend_id": 26}
)

// ofVolumes are the fields that only volume services have.
var ofVolumes = []string{"replication_status", "frozen", "active_backend_id", "backend_state"}

func (fieldsOfVersion) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cluster.CinderListed:
		if f.Status != http.StatusOK {
			return ""
		}
		for _, field := range strings.Split(f.OtherFields, ",") {
			if slices.Contains(ofVolumes, field) {
				return violation("a service without volumes is listed with %s", field)
			}
		}
		return tooNew(f.Version, f.VolumeFields+","+f.OtherFields, cameWith)
	case cluster.CinderClusters:
		if f.Status == http.StatusOK {
			return tooNew(f.Version, f.Fields, clustersCameWith)
		}
	}
	return ""
}

// tooNew names the first field that came after a version.
func tooNew(version, fields string, since map[string]int) string {
	_, minor, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(minor)
	if err != nil {
		return ""
	}
	for _, field := range strings.Split(fields, ",") {
		if first, ok := since[field]; ok && n < first {
			return violation("an answer of version %s has the field %s, which came with 3.%d", version, field, first)
		}
	}
	return ""
}
