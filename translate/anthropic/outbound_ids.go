package anthropic

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// callIDs gives the calls of a conversation the ids by which they are sent: legal ones,
// and none twice, which the API refuses. Some hosts count their calls anew in each turn.
type callIDs struct {
	sent     []string // in the order of the calls
	used     map[string]bool
	answered int
}

// call gives the id of the next call.
func (c *callIDs) call(raw scan.Text) string {
	n := len(c.sent)
	id := translate.SafeID(raw, n)
	if c.used[id] {
		id = translate.SafeID(append(append(scan.Text(nil), raw...), " "+strconv.Itoa(n)...), n)
	}
	if c.used == nil {
		c.used = map[string]bool{}
	}
	c.used[id] = true
	c.sent = append(c.sent, id)
	return id
}

// result gives the id of the call that the next result answers: results stand in the
// order of the calls, one for each, as translate.Arrange leaves them.
func (c *callIDs) result() string {
	id := c.sent[c.answered]
	c.answered++
	return id
}
