package xjpgateway

import (
	"encoding/binary"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Providers quote the request that they refuse, some of them all of it. Nothing of a
// prompt may be in a log, so what a message has in common with the client's words is
// hidden there: each run of at least echoLength bytes.
const echoLength = 12

// echoes finds a message's pieces in other texts.
type echoes struct {
	message string
	at      map[[echoLength]byte][]int // where each piece of the message begins
	// maybe rules out most of a text by four of its bytes, without a look at the map.
	maybe  [1 << 12]bool
	hidden []bool
}

// withoutEcho hides what a message repeats of the request's texts. The model's name is
// none of them.
func (c *call) withoutEcho(message string) string {
	if len(message) < echoLength {
		return message
	}
	doc := c.document()
	if doc == nil {
		return message
	}
	e := &echoes{message: message, at: map[[echoLength]byte][]int{}, hidden: make([]bool, len(message))}
	for i := 0; i+echoLength <= len(message); i++ {
		piece := [echoLength]byte([]byte(message[i : i+echoLength]))
		e.at[piece] = append(e.at[piece], i)
		e.maybe[bucket(piece[:])] = true
	}
	for key, value := range doc.Root().Members() {
		if string(key) != "model" {
			e.walk(value)
		}
	}
	return e.rest()
}

func bucket(b []byte) uint32 { return binary.LittleEndian.Uint32(b) * 2654435761 >> 20 }

// walk looks at all texts in a value.
func (e *echoes) walk(v scan.Value) {
	switch v.Kind() {
	case scan.String:
		e.look([]byte(v.Text().String()))
	case scan.Object:
		for _, member := range v.Members() {
			e.walk(member)
		}
	case scan.Array:
		for element := range v.Elements() {
			e.walk(element)
		}
	}
}

func (e *echoes) look(text []byte) {
	for i := 0; i+echoLength <= len(text); i++ {
		if !e.maybe[bucket(text[i:])] {
			continue
		}
		for _, at := range e.at[[echoLength]byte(text[i:])] {
			for j := range echoLength {
				e.hidden[at+j] = true
			}
		}
	}
}

// rest is the message with an ellipsis for each run that is hidden.
func (e *echoes) rest() string {
	var out []byte
	for i := range len(e.message) {
		switch {
		case !e.hidden[i]:
			out = append(out, e.message[i])
		case i == 0 || !e.hidden[i-1]:
			out = append(out, "…"...)
		}
	}
	return string(out)
}
