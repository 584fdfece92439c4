package scenarios

import (
	"net/http"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// Marks of scenarios about Cinder's services.
const (
	MarkListedDown  = "service listed as down"
	MarkRowAgain    = "service's row made again"
	MarkBeatUnknown = "heartbeat of unknown outcome"
	MarkRefused     = "operator's request refused"
	MarkNoList      = "list of services not answered"
	MarkWorkClaimed = "unfinished work claimed"
	MarkFailedOver  = "backend failed over"
)

func cloudMarks() []string {
	return []string{MarkListedDown, MarkRowAgain, MarkBeatUnknown, MarkRefused, MarkNoList, MarkWorkClaimed, MarkFailedOver}
}

// cloudMark is the mark that a fact about Cinder's services reaches, empty for none.
func cloudMark(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case api.Judged:
		if !f.Up {
			return MarkListedDown
		}
	case cinder.RowCreated:
		if f.Again {
			return MarkRowAgain
		}
	case cinder.BeatFailed:
		if f.Unknown {
			return MarkBeatUnknown
		}
	case cinder.WorkClaimed:
		return MarkWorkClaimed
	case cinder.ReplicationChanged:
		if f.Status == "failed-over" {
			return MarkFailedOver
		}
	case cluster.CinderAnswered:
		if f.Status == http.StatusBadRequest {
			return MarkRefused
		}
	case cluster.CinderListed:
		if f.Status != http.StatusOK {
			return MarkNoList
		}
	}
	return ""
}
