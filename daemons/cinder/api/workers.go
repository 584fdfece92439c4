package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
)

// cleanupRequest is what a scheduler is asked to have cleaned up, as Cinder's
// CleanupRequest. What is null does not matter.
type cleanupRequest struct {
	ServiceID    *int64  `json:"service_id"`
	ClusterName  *string `json:"cluster_name"`
	Host         *string `json:"host"`
	Binary       *string `json:"binary"`
	IsUp         *bool   `json:"is_up"`
	Disabled     *bool   `json:"disabled"`
	ResourceID   *string `json:"resource_id"`
	ResourceType *string `json:"resource_type"`
	Until        string  `json:"until"`
}

// cleanedService is a service in the answer.
type cleanedService struct {
	ID          int64   `json:"id"`
	Host        string  `json:"host"`
	Binary      string  `json:"binary"`
	ClusterName *string `json:"cluster_name"`
}

// cleaned is the answer: services that clean up, and those for which nobody does.
type cleaned struct {
	Cleaning    []cleanedService `json:"cleaning"`
	Unavailable []cleanedService `json:"unavailable"`
}

// cleanable are the types of resources that can be in the middle of something.
func cleanable() []string { return []string{"Snapshot", "Volume"} }

// cleanup is POST /workers/cleanup: somebody who lives is to clean up after those that do
// not.
func (a *API) cleanup(c *call) (answer, error) {
	b := body{}
	if c.hasBody {
		var err error
		if b, err = c.object(cleanupSchema); err != nil {
			return answer{}, err
		}
	}
	request, err := a.cleanupRequest(c, b)
	if err != nil {
		return answer{}, err
	}
	var said cleaned
	err = a.config.RPC.Call(c.t, rpc.Target{Topic: binScheduler}, "work_cleanup", map[string]any{"cleanup_request": request}, &said)
	if err != nil {
		return answer{}, fmt.Errorf("ask a scheduler to have work cleaned up: %w", err)
	}
	return accepted(cleaned{append([]cleanedService{}, said.Cleaning...), append([]cleanedService{}, said.Unavailable...)}) // never null
}

// cleanupRequest is what a body asks for. Whose the work is on a resource is looked up,
// so that not everybody has to look. Error: a fault of status 400.
func (a *API) cleanupRequest(c *call, b body) (r cleanupRequest, err error) {
	no := false
	r = cleanupRequest{
		ClusterName: b.nullable("cluster_name"), Host: b.nullable("host"), Binary: b.nullable("binary"), IsUp: &no,
		Disabled: boolMember(b, "disabled"), ResourceID: b.nullable("resource_id"), ResourceType: b.nullable("resource_type"),
		Until: *timeOf(a.now()),
	}
	if up := boolMember(b, "is_up"); up != nil {
		r.IsUp = up
	}
	if r.ServiceID, err = serviceID(b["service_id"]); err != nil {
		return r, err
	}
	if t := r.ResourceType; t != nil && *t != "" {
		title := strings.ToUpper((*t)[:1]) + strings.ToLower((*t)[1:])
		if !slices.Contains(cleanable(), title) {
			return r, invalidInput("Resource type %s not valid, must be Snapshot or Volume", title)
		}
		r.ResourceType = &title
	}
	_, byService := b["service_id"]
	_, byCluster := b["cluster_name"]
	_, byHost := b["host"]
	if orEmpty(r.ResourceID) != "" && !byService && !byCluster && !byHost {
		return r, a.locate(c, &r)
	}
	return r, nil
}

func boolMember(b body, name string) *bool {
	v, ok := b[name]
	if !ok {
		return nil
	}
	yes := isTrue(v)
	return &yes
}

// serviceID is an id that may be written as text; an empty one is none.
func serviceID(v any) (*int64, error) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	if text == "" {
		return nil, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, invalid("Invalid input for field/attribute service_id. Value: %s. %s is not a service's", text, text)
	}
	return &id, nil
}

// locate finds out whose the work on a resource is.
func (a *API) locate(c *call, r *cleanupRequest) error {
	found, err := a.config.Store.Workers(c.t, db.WorkerFilter{ResourceID: *r.ResourceID, ResourceType: orEmpty(r.ResourceType)})
	switch {
	case err != nil:
		return fmt.Errorf("look for work on %s: %w", *r.ResourceID, err)
	case len(found) == 0:
		return invalidInput("There is no resource with UUID %s pending cleanup.", *r.ResourceID)
	case len(found) > 1:
		return invalidInput("There are multiple resources with UUID %s pending cleanup.  Please be more specific.", *r.ResourceID)
	}
	r.ServiceID, r.ResourceType = &found[0].ServiceID, &found[0].ResourceType
	return nil
}
