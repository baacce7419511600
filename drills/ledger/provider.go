package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"time"
)

// provider is the double of a provider, which notes what it serves.
type provider struct {
	*httptest.Server
	chance *bench
	// pad is put into each usage, so that records are larger.
	pad string
	// pace is how long each of an answer's pieces takes at most.
	pace time.Duration

	mu       sync.Mutex
	last     int64
	services map[string][]*service // by the call that was in the prompt
	open     map[string]int        // answers under way, by key
	most     map[string]int        // and how many were at once
}

func newProvider(b *bench) (*provider, error) {
	p := &provider{chance: b, pace: 40 * time.Millisecond, services: map[string][]*service{}, open: map[string]int{}, most: map[string]int{}}
	p.Server = httptest.NewServer(p)
	return p, nil
}

func (p *provider) close() {
	p.CloseClientConnections()
	p.Close()
}

// callID is what clients put into prompts and sessions: "drill-<key>-<number>".
var callID = regexp.MustCompile(`drill-([a-z]+)-\d+`)

// ServeHTTP answers well, unless the model's name says otherwise.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	id := callID.FindStringSubmatch(string(body))
	if err != nil || id == nil {
		return // a request that did not come whole was not served
	}
	x := &exchange{provider: p, w: w, r: r, key: id[1], stream: strings.Contains(string(body), `"stream":true`)}
	x.slow = strings.Contains(string(body), `"model":"slow"`)
	x.service = p.enter(id[0], id[1], wireOf(r))
	defer x.leave()
	switch {
	case strings.Contains(string(body), `"model":"failing"`) && p.chance.draw(3) == 0:
		x.fail()
	case strings.Contains(string(body), `"model":"breaking"`) && p.chance.draw(2) == 0:
		x.breakOff()
	default:
		x.serve()
	}
}

func wireOf(r *http.Request) wire {
	if strings.HasSuffix(r.URL.Path, "/messages") {
		return messages
	}
	return chat
}

// enter notes a call.
func (p *provider) enter(id, key string, w wire) *service {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	s := &service{number: p.last, wire: w, pad: p.pad}
	p.services[id] = append(p.services[id], s)
	p.open[key]++
	p.most[key] = max(p.most[key], p.open[key])
	return s
}

// served is what was served to a call.
func (p *provider) served(id string) []*service {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.services[id]
}

// atOnce is how many answers to a key were most under way at once.
func (p *provider) atOnce(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.most[key]
}

// exchange is a call that is being answered.
type exchange struct {
	*service
	provider *provider
	w        http.ResponseWriter
	r        *http.Request
	key      string
	stream   bool
	slow     bool
	left     bool
}

// leave notes that nothing is under way any more, before the caller can know.
func (x *exchange) leave() {
	if !x.left {
		x.left = true
		x.provider.mu.Lock()
		defer x.provider.mu.Unlock()
		x.provider.open[x.key]--
	}
}

// tell notes that the usage is about to be sent.
func (x *exchange) tell() {
	x.leave()
	x.provider.mu.Lock()
	defer x.provider.mu.Unlock()
	x.told = true
}

func (x *exchange) head(status int) {
	x.provider.mu.Lock()
	x.status = status
	x.provider.mu.Unlock()
	contentType := "application/json"
	if x.stream && status == http.StatusOK {
		contentType = "text/event-stream"
	}
	x.w.Header().Set("Content-Type", contentType)
	x.w.WriteHeader(status)
}

func (x *exchange) fail() {
	x.head(http.StatusInternalServerError)
	io.WriteString(x.w, `{"error":{"message":"out of order"}}`)
}

// pieces is how many pieces an answer has.
const pieces = answerTokens

// serve answers well.
func (x *exchange) serve() {
	if !x.stream {
		x.pause()
		x.tell()
		x.head(http.StatusOK)
		io.WriteString(x.w, x.wire.whole(x.service, "All is well."))
		return
	}
	x.head(http.StatusOK)
	x.send(x.wire.begin(x.service))
	for i := range pieces {
		if !x.pause() {
			return
		}
		x.send(x.wire.piece(fmt.Sprintf("piece %d ", i)))
	}
	x.tell()
	x.send(x.wire.end(x.service))
}

// breakOff breaks the connection in the middle of an answer.
func (x *exchange) breakOff() {
	x.head(http.StatusOK)
	if x.stream {
		x.send(x.wire.begin(x.service))
		x.send(x.wire.piece("piece "))
	} else {
		x.send(`{"id":`)
	}
	panic(http.ErrAbortHandler)
}

func (x *exchange) send(text string) {
	io.WriteString(x.w, text)
	http.NewResponseController(x.w).Flush()
}

// slowPace is how long each piece takes of an answer that is slow.
const slowPace = 300 * time.Millisecond

// pause waits a while, and reports whether the caller is still there.
func (x *exchange) pause() bool {
	wait := slowPace
	if !x.slow {
		wait = x.provider.chance.between(0, x.provider.pace+1)
	}
	select {
	case <-time.After(wait):
		return true
	case <-x.r.Context().Done():
		return false
	}
}
