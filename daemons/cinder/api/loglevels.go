package api

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
)

// logRequest is which loggers are asked about, and to what level they are set.
type logRequest struct {
	Prefix string `json:"prefix"`
	Level  string `json:"level,omitempty"`
}

// logLevels are the loggers of one process.
type logLevels struct {
	Host   string            `json:"host"`
	Binary string            `json:"binary"`
	Levels map[string]string `json:"levels"`
}

// logged is whom a request for log levels is about.
type logged struct {
	api      bool
	services []db.Service
}

// loggers finds the API and the live services that a body names.
func (a *API) loggers(c *call, b body) (l logged, err error) {
	binary, server := b.text("binary"), b.text("server")
	all := binary == "" || binary == "*"
	l.api = all || binary == binAPI
	if binary == binAPI {
		return l, nil
	}
	filter := db.ServiceFilter{}
	if !all {
		filter.Binary = binary
	}
	found, err := a.config.Store.Services(c.t, filter)
	if err != nil {
		return l, fmt.Errorf("%s: %w", c.id, err)
	}
	now := a.now()
	for i := range found {
		if s := &found[i]; a.lists().Up(*s, now) && (server == "" || isAt(s, server)) {
			l.services = append(l.services, *s)
		}
	}
	return l, nil
}

// isAt reports whether a service is at a host or in a cluster.
func isAt(s *db.Service, server string) bool {
	return matches(s.Host, server) || s.ClusterName != nil && matches(*s.ClusterName, server)
}

// ownTopic is where a service and nobody else is asked.
func ownTopic(s *db.Service) rpc.Target { return rpc.Target{Topic: s.Binary, Server: s.Host} }

// setLog is PUT /os-services/set-log. That it is accepted says only that services were
// told.
func (a *API) setLog(c *call) (answer, error) {
	b, err := c.object(setLogSchema)
	if err != nil {
		return answer{}, err
	}
	request := logRequest{b.text("prefix"), b.text("level")}
	if request.Level == "" {
		return answer{}, invalidInput(" is not a valid log level.")
	}
	to, err := a.loggers(c, b)
	if err != nil {
		return answer{}, err
	}
	if to.api {
		a.levels.set(request.Prefix, request.Level)
	}
	for i := range to.services {
		if err := a.config.RPC.Cast(c.t, ownTopic(&to.services[i]), "set_log_levels", map[string]any{"log_request": request}); err != nil {
			return answer{}, fmt.Errorf("set log levels of %s on %s: %w", to.services[i].Binary, to.services[i].Host, err)
		}
	}
	return accepted(nil)
}

// getLog is PUT /os-services/get-log.
func (a *API) getLog(c *call) (answer, error) {
	b, err := c.object(getLogSchema)
	if err != nil {
		return answer{}, err
	}
	from, err := a.loggers(c, b)
	if err != nil {
		return answer{}, err
	}
	request, said := logRequest{Prefix: b.text("prefix")}, []logLevels{}
	if server := b.text("server"); from.api && (server == "" || server == a.config.Options.Host) {
		said = append(said, logLevels{a.config.Options.Host, binAPI, a.levels.get(request.Prefix)})
	}
	for i := range from.services {
		s := &from.services[i]
		var levels []logRequest
		if err := a.config.RPC.Call(c.t, ownTopic(s), "get_log_levels", map[string]any{"log_request": request}, &levels); err != nil {
			return answer{}, fmt.Errorf("ask %s on %s for log levels: %w", s.Binary, s.Host, err)
		}
		byName := map[string]string{}
		for _, l := range levels {
			byName[l.Prefix] = l.Level
		}
		said = append(said, logLevels{s.Host, s.Binary, byName})
	}
	return ok(map[string]any{"log_levels": said})
}
