package behaviour

import (
	"encoding/json"
	"strings"
	"testing"
)

// list is a list of models in either shape.
type list struct {
	Object  string
	Data    []map[string]any
	HasMore *bool   `json:"has_more"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
}

func listIn(t testing.TB, r reply) list {
	t.Helper()
	var l list
	if err := json.Unmarshal([]byte(r.body), &l); err != nil || r.status != 200 {
		t.Fatalf("no list: %d %s", r.status, r.body)
	}
	return l
}

// ids are the listed models' ids in order.
func ids(t testing.TB, r reply) string {
	t.Helper()
	var found []string
	for _, m := range listIn(t, r).Data {
		found = append(found, m["id"].(string))
	}
	return strings.Join(found, " ")
}
