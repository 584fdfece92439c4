package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"net/url"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/web"
)

// call is a request on its way to its handler.
type call struct {
	t       host.Task
	version version
	query   url.Values
	id      string // the last part of the path, where that is no name of a collection
	request string // its own id, "req-..."
	body    any    // as JSON has it, hasBody if there is one
	hasBody bool
}

// answer is what a handler has to say. A nil body is none.
type answer struct {
	status int
	body   any
}

func ok(body any) (answer, error) { return answer{http.StatusOK, body}, nil }

// plainText is a body that is no JSON.
type plainText string

// ServeHTTP implements http.Handler. It must run in a task of the API's loop, as
// [web.Listen] has it.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := "req-" + newUUID(a.config.Host.Rand("cinder.api.request"))
	w.Header().Set("X-Openstack-Request-Id", id)
	switch path := r.URL.Path; {
	case path == "/":
		a.tellVersions(w, r, http.StatusMultipleChoices)
	case path == "/healthcheck":
		a.write(w, answer{http.StatusOK, plainText("OK")})
	case path == "/v3":
		w.Header().Set("Location", baseURL(r)+"v3/")
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.WriteHeader(http.StatusFound)
	case !strings.HasPrefix(path, "/v3/"):
		noRoute(w, r)
	case r.Header.Get("X-Auth-Token") == "":
		handOutToken(w, r)
	default:
		w.Header().Set("X-Compute-Request-Id", id)
		a.serveV3(w, r, strings.TrimPrefix(path, "/v3/"), id)
	}
}

// tellVersions answers which versions are served, whichever is asked for.
func (a *API) tellVersions(w http.ResponseWriter, r *http.Request, status int) {
	v, err := requestedVersion(r.Header)
	if err != nil {
		v = minVersion
	}
	v.tell(w)
	a.write(w, answer{status, versionDocument(baseURL(r))})
}

// baseURL is the server's root as the client knows it.
func baseURL(r *http.Request) string { return "http://" + r.Host + "/" }

// handOutToken is noauth's answer to who has no token: one is made up.
func handOutToken(w http.ResponseWriter, r *http.Request) {
	part := func(header string) string {
		if v := r.Header.Get(header); v != "" {
			return v
		}
		return "admin"
	}
	w.Header().Set("X-Auth-Token", part("X-Auth-User")+":"+part("X-Auth-Project-Id"))
	w.Header().Set("X-Server-Management-Url", strings.TrimSuffix(baseURL(r)+strings.TrimPrefix(r.URL.Path, "/"), "/"))
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(http.StatusNoContent)
}

// noRoute is the answer to a path that means nothing, in what the client likes to read.
func noRoute(w http.ResponseWriter, r *http.Request) {
	kind, text := "text/plain; charset=UTF-8", "404 Not Found\n\n"+noResource+"\n\n   "
	switch likes := r.Header.Get("Accept"); {
	case strings.Contains(likes, "html"), strings.Contains(likes, "*/*"):
		kind = "text/html; charset=UTF-8"
		text = "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  " +
			noResource + "<br /><br />\n\n\n\n </body>\n</html>"
	case strings.Contains(likes, "json"):
		kind = "application/json"
		text = `{"message": "` + noResource + `<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, text) // it goes to memory
}

// serveV3 answers a request below /v3/.
func (a *API) serveV3(w http.ResponseWriter, r *http.Request, path, id string) {
	if path == "" {
		a.tellVersions(w, r, http.StatusOK)
		return
	}
	project, route, ok := a.find(r.Method, path)
	if !ok {
		noRoute(w, r)
		return
	}
	a.log.Debug("request", "request", id, "method", r.Method, "path", r.URL.Path)
	v, err := requestedVersion(r.Header)
	if v != (version{}) {
		v.tell(w)
	}
	if err == nil {
		var said answer
		if said, err = a.perform(r, id, route, project, v); err == nil {
			a.write(w, said)
			return
		}
	}
	f := asFault(err)
	if f.status >= http.StatusInternalServerError {
		a.log.Error("request failed", "request", id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	a.write(w, answer{f.status, map[string]any{faultName(f.status): faultBody{f.status, f.message}}})
}

type faultBody struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// perform passes a request to its handler.
func (a *API) perform(r *http.Request, id string, to route, project string, v version) (answer, error) {
	c := &call{t: web.Task(r), version: v, id: to.id, request: id}
	var err error
	if err = c.readBody(r); err != nil {
		return answer{}, err
	}
	if project != "" && project != tokenProject(r.Header.Get("X-Auth-Token")) {
		return answer{}, invalid(malformedURL)
	}
	c.query = parseQuery(r.URL.RawQuery)
	if to.handle == nil || !v.atLeast(to.since) {
		return answer{}, notFound(noResource)
	}
	return to.handle(a, c)
}

// parseQuery reads a query. What is no escape stands for itself, as in Python.
func parseQuery(text string) url.Values {
	plain := func(s string) string {
		if unescaped, err := url.QueryUnescape(s); err == nil {
			return unescaped
		}
		return s
	}
	values := url.Values{}
	for _, pair := range strings.Split(text, "&") {
		if key, value, _ := strings.Cut(pair, "="); pair != "" {
			values.Add(plain(key), plain(value))
		}
	}
	return values
}

// tokenProject is the project of a token of noauth, "user:project".
func tokenProject(token string) string {
	user, project, _ := strings.Cut(token, ":")
	if project == "" {
		return user
	}
	return project
}

// readBody reads the JSON of a request. One without a type counts for nothing, as
// Cinder's.
func (c *call) readBody(r *http.Request) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case len(text) == 0 || kind == "":
		return nil
	case kind != "application/json" && kind != "application/vnd.openstack.volume+json":
		return &fault{http.StatusUnsupportedMediaType, "Unsupported Content-Type"}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&c.body) != nil || !errors.Is(d.Decode(new(any)), io.EOF) {
		return invalid(badBody)
	}
	c.hasBody = true
	return nil
}

// object is the body by its schema. Error: a fault.
func (c *call) object(s schema) (body, error) {
	if !c.hasBody {
		return nil, invalid(malformed)
	}
	return s.check(c.body)
}

// write sends an answer.
func (a *API) write(w http.ResponseWriter, what answer) {
	if text, ok := what.body.(plainText); ok {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.WriteHeader(what.status)
		_, _ = io.WriteString(w, string(text)) // it goes to memory
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if what.status == http.StatusAccepted && what.body == nil {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	}
	var b bytes.Buffer
	if what.body != nil {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(what.body); err != nil {
			a.log.Error("answer cannot be encoded", "error", err)
			what.status = http.StatusInternalServerError
		}
	}
	w.WriteHeader(what.status)
	_, _ = w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
