package mgr

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// stampLayout is how Ceph prints times in dumps.
const stampLayout = "2006-01-02T15:04:05.000000-0700"

func stamp(t wire.UTime) string { return t.Time().Format(stampLayout) }

// serviceDump is the map of services. (Ceph: ServiceMap::dump.)
func (srv *server) serviceDump(admin.Args) (any, error) {
	m := srv.g.s.cluster.Services
	services := map[string]any{}
	for _, name := range wire.SortedKeys(m.Services) {
		services[name] = map[string]any{"daemons": serviceJSON(m.Services[name])}
	}
	return struct {
		Epoch    uint32         `json:"epoch"`
		Modified string         `json:"modified"`
		Services map[string]any `json:"services"`
	}{m.Epoch, stamp(m.Modified), services}, nil
}

// serviceJSON is a service, whose summary lies among its daemons.
type serviceJSON msg.Service

// MarshalJSON implements json.Marshaler.
func (s serviceJSON) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	summary, err := json.Marshal(s.Summary)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, `{"summary":%s`, summary)
	for _, name := range wire.SortedKeys(s.Daemons) {
		d := s.Daemons[name]
		text, err := json.Marshal(struct {
			StartEpoch uint32            `json:"start_epoch"`
			StartStamp string            `json:"start_stamp"`
			GID        uint64            `json:"gid"`
			Addr       string            `json:"addr"`
			Metadata   map[string]string `json:"metadata"`
			TaskStatus map[string]string `json:"task_status"`
		}{d.StartEpoch, stamp(d.StartStamp), d.GID, fmt.Sprintf("%v/%d", d.Addr.IP, d.Addr.Nonce), orNone(d.Metadata), orNone(d.TaskStatus)})
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, ",%s:%s", key, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func orNone(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// serviceStatus is what service daemons say of themselves.
func (srv *server) serviceStatus(admin.Args) (any, error) {
	type status struct {
		Stamp  string            `json:"status_stamp"`
		Beacon string            `json:"last_beacon"`
		Status map[string]string `json:"status"`
	}
	s := srv.g.s
	all := map[string]map[string]status{}
	for _, service := range wire.SortedKeys(s.cluster.Services.Services) {
		for _, name := range wire.SortedKeys(s.cluster.Services.Services[service].Daemons) {
			d := s.cluster.Daemons.Get(state.Key{Type: service, Name: name})
			if d == nil || ownService(service) {
				continue
			}
			if all[service] == nil {
				all[service] = map[string]status{}
			}
			heard := s.h.Clock().Now().Add(d.Reported - s.now())
			all[service][name] = status{d.StatusStamp.Format(stampLayout), heard.Format(stampLayout), orNone(d.Status)}
		}
	}
	return all, nil
}
