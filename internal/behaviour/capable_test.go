package behaviour

import (
	"strings"
	"testing"
)

// TestCapableRouteRests checks that a route which lacks what a request needs does not
// stand in for one that has it and rests.
func TestCapableRouteRests(t *testing.T) {
	able, unable := newDouble(t), newDouble(t)
	url := gateway(t, newDouble(t), provider("able", "openai", able), provider("unable", "openai", unable),
		"\t\tmodel seeing {\n\t\t\troute able up\n\t\t\troute unable up {\n\t\t\t\tcapability images false\n\t\t\t}\n\t\t\tfallback on none\n\t\t}")
	body := strings.Replace(hello("seeing", false), `"Hi there"`, `[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]`, 1)
	unable.will(well)
	able.will(failing(429, "application/json", `{"error":{"message":"slow down"}}`, "Retry-After", "60"))
	for i := range 2 {
		if got := post(t, url+openai.path, body); got.status != 429 || got.header.Get("Retry-After") == "" {
			t.Errorf("request %d: %d %s", i+1, got.status, got.body)
		}
	}
	if a, b := len(able.asked()), len(unable.asked()); a != 1 || b != 0 {
		t.Errorf("the capable route was asked %d times, the other %d", a, b)
	}
}
