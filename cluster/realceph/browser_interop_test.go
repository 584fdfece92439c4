//go:build interop

package realceph_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// browser is a headless Chromium with one page open, which is driven over a pair of pipes
// (--remote-debugging-pipe: messages of the DevTools protocol, each ended by a NUL).
type browser struct {
	t       *testing.T
	to      *os.File
	from    *os.File
	answers *bufio.Reader
	session string // of the page
	calls   int
}

// newBrowser starts one, or skips the test if none is installed.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
		}
	}
	if program == "" {
		t.Skip("no chromium and no google-chrome is installed")
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	hears, to := pipe(t)
	from, says := pipe(t)
	cmd.ExtraFiles = []*os.File{hears, says} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hears.Close()
	says.Close()
	b := &browser{t: t, to: to, from: from, answers: bufio.NewReader(from)}
	t.Cleanup(func() {
		b.call("", "Browser.close", nil, nil)
		limit := time.AfterFunc(patience, func() { cmd.Process.Kill() })
		defer limit.Stop()
		cmd.Wait()
	})
	b.attach()
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// attach opens a page and a session with it. The one that it begins with may come later.
func (b *browser) attach() {
	b.t.Helper()
	var page struct{ TargetID string }
	b.must(b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &page))
	var attached struct{ SessionID string }
	b.must(b.call("", "Target.attachToTarget", map[string]any{"targetId": page.TargetID, "flatten": true}, &attached))
	b.session = attached.SessionID
}

func (b *browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// call has a method of the DevTools protocol carried out, and reads its result.
func (b *browser) call(session, method string, params map[string]any, into any) error {
	b.calls++
	request := map[string]any{"id": b.calls, "method": method, "params": params}
	if params == nil {
		request["params"] = map[string]any{}
	}
	if session != "" {
		request["sessionId"] = session
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return err
	}
	if err := b.from.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for {
		text, err := b.answers.ReadBytes(0)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		var answer struct {
			ID     int
			Error  *struct{ Message string }
			Result json.RawMessage
		}
		if err := json.Unmarshal(text[:len(text)-1], &answer); err != nil {
			return fmt.Errorf("%s: %w in %s", method, err, text)
		}
		switch {
		case answer.ID != b.calls: // an event
		case answer.Error != nil:
			return fmt.Errorf("%s: %s", method, answer.Error.Message)
		case into != nil:
			return json.Unmarshal(answer.Result, into)
		default:
			return nil
		}
	}
}

// open goes to a page, as if its address was typed.
func (b *browser) open(url string) {
	b.t.Helper()
	var went struct{ ErrorText string }
	b.must(b.call(b.session, "Page.navigate", map[string]any{"url": url}, &went))
	if went.ErrorText != "" {
		b.t.Fatalf("%s: %s", url, went.ErrorText)
	}
}

// sight is what a person sees of the dashboard.
type sight struct {
	URL, Title, Text string
	Colour           string // of the headline's background, which the style sheet gives
	// Tables are rows of cells, the head first, by what is written above.
	Tables map[string][][]string
}

// look is of a page that is whole; what is rendered counts, and not what is in the source.
const look = `document.readyState == "complete" ? {
	url: location.href, title: document.title, text: document.body.innerText,
	colour: getComputedStyle(document.querySelector("h1")).backgroundColor,
	tables: Object.fromEntries([...document.querySelectorAll("h2 + table")].map(t => [
		t.previousElementSibling.innerText, [...t.rows].map(r => [...r.cells].map(c => c.innerText))])),
} : null`

// see is what is there now; nothing while the page is being loaded.
func (b *browser) see() (s sight) {
	var evaluated struct {
		Result struct{ Value sight }
	}
	params := map[string]any{"expression": look, "returnByValue": true}
	if err := b.call(b.session, "Runtime.evaluate", params, &evaluated); err != nil {
		b.t.Log(err) // the page was left just now
	}
	return evaluated.Result.Value
}
