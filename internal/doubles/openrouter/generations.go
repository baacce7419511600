// Package openrouter is a double of what OpenRouter tells of answers once they are over
// (provider-openrouter.md 5 and 7).
package openrouter

import (
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Generations serves GET /generation to one key. An answer that has just ended is not known
// yet, as a recorded 404 shows.
type Generations struct {
	// Key is the API key of the account that the answers were made for.
	Key string

	mu    sync.Mutex
	known map[string]generation
	asked int
}

type generation struct {
	data string
	hide int
}

// Tell has an answer told of by its data, after it was asked for some times in vain.
func (g *Generations) Tell(id, data string, after int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil {
		g.known = map[string]generation{}
	}
	g.known[id] = generation{data, after}
}

// Asked is how often answers were asked for.
func (g *Generations) Asked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

func (g *Generations) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	w.Header().Set("Content-Type", "application/json")
	id := r.URL.Query().Get("id")
	known, ok := g.known[id]
	switch {
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Header.Get("Authorization") != "Bearer "+g.Key:
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":{"message":"No auth credentials found","code":401}}`)
	case !ok || known.hide > 0:
		known.hide--
		if ok {
			g.known[id] = known
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"error":{"message":"Generation %s not found","code":404}}`, id)
	default:
		fmt.Fprintf(w, `{"data":%s}`, known.data)
	}
}
