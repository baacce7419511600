package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// client is who asks: a key that the gateway knows.
type client struct {
	name, tenant string // the name is a part of what its calls are known by
	id, secret   string // of the key
}

// call is one request of a client, and what it got for it.
type call struct {
	id     string
	client *client
	wire   wire
	model  string
	stream bool
	leaves bool // goes away when the first of the answer has come

	status  int // 0 if no answer has come
	request string
	ended   bool // a whole answer has come
	took    time.Duration
	body    string
}

// web asks each time on a new connection, so that none is lost with a gateway that was
// killed.
var web = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// ask makes the call. An error says that no answer came, or not all of it.
func (c *call) ask(site string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	body := fmt.Sprintf(`{"model":%q,"max_tokens":100,"stream":%t,"messages":[{"role":"user","content":"This is %s, who asks whether all is well with the provider, and if not, what there is to be done about it."}]}`, c.model, c.stream, c.id)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+site+c.wire.path(), strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.client.secret)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	r.Header.Set("X-Xjp-Session", c.id)
	began := time.Now()
	res, err := web.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	c.status, c.request, c.took = res.StatusCode, res.Header.Get("X-Request-Id"), time.Since(began)
	if c.leaves {
		_, err = res.Body.Read(make([]byte, 1))
		return err
	}
	text, err := io.ReadAll(res.Body)
	c.body = string(text)
	c.ended = err == nil && c.status == http.StatusOK && c.wire.ended(c.stream, c.body)
	return err
}

// overloaded reports whether the client was told to come again.
func (c *call) overloaded() bool { return c.status == 503 || c.status == 529 }

// said is the beginning of an answer, without what differs from one to the next.
func (c *call) said() string {
	return fmt.Sprintf("%d %.200s", c.status, requestID.ReplaceAllString(c.body, "req_…"))
}

var requestID = regexp.MustCompile(`req_[0-9a-z]+`)
