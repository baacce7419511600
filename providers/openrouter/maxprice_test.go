package openrouter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers"
)

// bounded is a body as it goes to a provider that may ask so much at most.
func bounded(t *testing.T, m MaxPrice, body string) (string, error) {
	t.Helper()
	bounds, err := m.bounds()
	if err != nil {
		t.Fatal(err)
	}
	call := &providers.Call{Route: &providers.Route{}, Body: []byte(body)}
	_, err = client(Settings{bounds: bounds}).NewRequest(t.Context(), call)
	return string(call.Body), err
}

// TestMaxPrice checks what of bounds goes into bodies.
func TestMaxPrice(t *testing.T) {
	both := MaxPrice{Prompt: "3", Completion: "15"}
	for _, c := range []struct {
		name       string
		most       MaxPrice
		body, want string
	}{
		{"none changes nothing", MaxPrice{}, `{"model":"m","provider":{"max_price":{"prompt":9}}}`, `{"model":"m","provider":{"max_price":{"prompt":9}}}`},
		{"D16: tokens are priced per million", both, `{"model":"m"}`, `{"model":"m","provider":{"max_price":{"prompt":"3","completion":"15"}}}`},
		{"requests and images each", MaxPrice{Request: "0.01", Image: "0"}, `{"model":"m"}`, `{"model":"m","provider":{"max_price":{"request":"0.01","image":"0"}}}`},
		{"beside what is chosen already", both, `{"provider":{"order":["a"],"sort":"price"},"model":"m"}`, `{"provider":{"order":["a"],"sort":"price","max_price":{"prompt":"3","completion":"15"}},"model":"m"}`},
		{"null is nothing", both, `{"model":"m","provider":null}`, `{"model":"m","provider":{"max_price":{"prompt":"3","completion":"15"}}}`},
		{"the lower bound holds", both, `{"model":"m","provider":{"max_price":{"prompt":1.5,"completion":"15.01"}}}`, `{"model":"m","provider":{"max_price":{"prompt":"1.5","completion":"15"}}}`},
		{"nothing is lower than free", both, `{"model":"m","provider":{"max_price":{"prompt":0,"completion":-1}}}`, `{"model":"m","provider":{"max_price":{"prompt":"0","completion":"15"}}}`},
		{"bounds of other things stay", both, `{"model":"m","provider":{"max_price":{"audio":1,"prompt":null}}}`, `{"model":"m","provider":{"max_price":{"audio":1,"prompt":"3","completion":"15"}}}`},
		{"what is no bound is none", both, `{"model":"m","provider":{"max_price":"cheap"}}`, `{"model":"m","provider":{"max_price":{"prompt":"3","completion":"15"}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := bounded(t, c.most, c.body)
			if err != nil || got != c.want || !json.Valid([]byte(got)) {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
			if again, err := bounded(t, c.most, got); err != nil || again != got {
				t.Errorf("a second time it is %s, %v", again, err)
			}
		})
	}
	if got, err := bounded(t, both, `{"model":"m","provider":"cheapest"}`); err == nil || !strings.Contains(err.Error(), "provider must be an object") {
		t.Errorf("%s, %v", got, err)
	}
}

// TestMaxPriceOfRates checks that a bound from a price per token is a million times as much.
func TestMaxPriceOfRates(t *testing.T) {
	perToken, err := prices.ParsePerUnit("0.0000025")
	if err != nil {
		t.Fatal(err)
	}
	bounds, err := (&MaxPrice{Prompt: "2.5"}).bounds()
	if err != nil || len(bounds) != 1 || bounds[0].most != perToken {
		t.Errorf("D16: 2.5 USD per million tokens is %+v, %v, not %s per token", bounds, err, perToken)
	}
}

// TestMaxPriceConfiguration reads and refuses settings.
func TestMaxPriceConfiguration(t *testing.T) {
	for block, want := range map[string]string{
		"prompt 3\ncompletion .5": `{"prompt":3,"completion":0.5}`,
		"request 1e-2\nimage 0":   `{"request":0.01,"image":0}`,
		"prompt -1":               "max_price: prompt: ",
		"completion cheap":        "max_price: completion: ",
		"prompt 1\nprompt 2":      "prompt already specified",
		"tokens 3":                "unknown max_price option 'tokens'",
		"prompt":                  "wrong argument count",
	} {
		var p Provider
		err := p.UnmarshalCaddyfile(caddyfile.NewTestDispenser("openrouter {\nmax_price {\n" + block + "\n}\n}"))
		if err == nil {
			text, _ := json.Marshal(p.MaxPrice)
			if string(text) != want {
				t.Errorf("%q is read as %s, not %s", block, text, want)
			}
			var again MaxPrice
			if json.Unmarshal(text, &again) != nil || again != p.MaxPrice {
				t.Errorf("%s is read as %+v", text, again)
			}
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %s", block, err, want)
		}
	}
	if _, err := (&MaxPrice{Image: "x"}).bounds(); err == nil || !strings.Contains(err.Error(), "max_price: image: ") {
		t.Errorf("%v", err)
	}
}
