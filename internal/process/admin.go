package process

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Load gives the server another configuration, even an equal one.
func (p *Server) Load(caddyfile string) error {
	_, err := p.ask(http.MethodPost, "/load", caddyfile)
	return err
}

// Fetch reads from the admin endpoint.
func (p *Server) Fetch(path string) (string, error) { return p.ask(http.MethodGet, path, "") }

// ask calls the admin endpoint and gives its answer. A load changes the endpoint's own
// listener too, on which a new connection may be lost, so that a call without an answer is
// made again.
func (p *Server) ask(method, path, body string) (answer string, err error) {
	var res *http.Response
	for range 3 {
		if res, err = p.once(method, path, body); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.1000s", method, path, res.Status, text)
	}
	return string(text), err
}

func (p *Server) once(method, path, body string) (*http.Response, error) {
	r, err := http.NewRequest(method, "http://"+p.Admin+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "text/caddyfile")
	r.Header.Set("Cache-Control", "must-revalidate") // an equal configuration is loaded as well
	return web.Do(r)
}
