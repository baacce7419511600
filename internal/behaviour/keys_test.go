package behaviour

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestKeys checks where a key may stand, in both dialects and on every kind of path.
func TestKeys(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	const key = gatewaytest.Key
	for _, test := range []struct {
		name    string
		headers []string
		status  int
		message string
	}{
		{"Bearer", []string{"Authorization", "Bearer " + key}, 200, ""},
		{"the scheme in lower case", []string{"Authorization", "bearer " + key}, 200, ""},
		{"the scheme in capitals and more blanks", []string{"Authorization", "BEARER   " + key + " "}, 200, ""},
		{"without a scheme", []string{"Authorization", key}, 200, ""},
		{"x-api-key", []string{"X-Api-Key", key}, 200, ""},
		{"x-api-key with the scheme", []string{"X-Api-Key", "Bearer " + key}, 200, ""},
		{"both, the same", []string{"Authorization", "Bearer " + key, "X-Api-Key", key}, 200, ""},
		{"an empty one beside it", []string{"Authorization", "Bearer " + key, "X-Api-Key", " "}, 200, ""},
		{"an empty Bearer beside it", []string{"Authorization", "Bearer ", "X-Api-Key", key}, 200, ""},
		{"two different", []string{"Authorization", "Bearer " + key, "X-Api-Key", "XJP_other_key"}, 400, "two different keys"},
		{"two different lines of one header", []string{"X-Api-Key", key, "X-Api-Key", "XJP_other_key"}, 400, "two different keys"},
		{"none", nil, 401, "no key was sent"},
		{"an empty one", []string{"Authorization", "Bearer"}, 401, "no key was sent"},
		{"a wrong one", []string{"Authorization", "Bearer XJP_wrong_key"}, 401, "not valid"},
		{"a wrong x-api-key", []string{"X-Api-Key", "XJP_wrong_key"}, 401, "not valid"},
		{"another scheme", []string{"Authorization", "Basic eHg6eXk="}, 401, "not valid"},
		{"the right one in the query", []string{"X-Nothing", "1"}, 401, "no key was sent"},
		{"the provider's own key", []string{"Authorization", "Bearer " + secret}, 401, "not valid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				headers := append([]string{"Authorization", ""}, test.headers...)
				got := post(t, url+dialect.path+"?key="+key, hello("chat", false), headers...)
				if got.status != test.status {
					t.Fatalf("%s: %d %s", dialect.name, got.status, got.body)
				}
				list := get(t, url+"/v1/models", headers...)
				if list.status != test.status {
					t.Errorf("the models: %d", list.status)
				}
				if test.status == 200 {
					d.last(t)
					continue
				}
				if n := len(d.asked()); n != 0 {
					t.Errorf("%s: the provider was called %d times", dialect.name, n)
				}
				e := errorIn(t, dialect, got)
				if !strings.Contains(e.message, test.message) || strings.Contains(got.body, "wrong_key") || strings.Contains(got.body, key) {
					t.Errorf("%s: %s", dialect.name, e.message)
				}
			}
		})
	}
	t.Run("CC2: the key as Bearer, as x-api-key, or as both", func(t *testing.T) {
		for _, headers := range [][]string{{"Authorization", "Bearer " + key}, {"X-Api-Key", key}, {"Authorization", "Bearer " + key, "X-Api-Key", key}} {
			if got := post(t, url+"/v1/messages", hello("messages", false), append([]string{"Authorization", ""}, headers...)...); got.status != 200 {
				t.Errorf("%v: %d", headers, got.status)
			}
		}
	})
	t.Run("CC20: an unknown key is told not to try again, in dialect", func(t *testing.T) {
		for _, dialect := range dialects {
			got := post(t, url+dialect.path, hello("chat", false), "Authorization", "", "X-Api-Key", "XJP_revoked_key")
			e := errorIn(t, dialect, got)
			if got.status != 401 || got.header.Get("X-Should-Retry") != "false" {
				t.Errorf("%d %v", got.status, got.header)
			}
			if dialect == anthropic && e.kind != "authentication_error" {
				t.Errorf("type %q", e.kind)
			}
			if dialect == openai && (e.kind != "invalid_request_error" || e.code != "invalid_api_key") {
				t.Errorf("type %q, code %q", e.kind, e.code)
			}
		}
	})
	t.Run("a wrong key is refused from the headers alone", func(t *testing.T) {
		got := post(t, url+"/v1/messages", `{"not JSON`, "Authorization", "Bearer XJP_wrong_key")
		if got.status != 401 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

// TestNoClientKeyGoesOn checks what becomes of the client's key.
func TestNoClientKeyGoesOn(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	t.Run("CC3: the client's key reaches no provider in any form", func(t *testing.T) {
		for _, dialect := range dialects {
			for _, model := range []string{"chat", "messages", "gemini"} {
				for _, stream := range []bool{false, true} {
					d.will(well)
					got := post(t, url+dialect.path+"?key="+gatewaytest.Key, hello(model, stream), "X-Api-Key", gatewaytest.Key, "X-Goog-Api-Key", gatewaytest.Key,
						"Api-Key", gatewaytest.Key, "Cookie", "key="+gatewaytest.Key, "Proxy-Authorization", "Basic "+gatewaytest.Key)
					if got.status != 200 {
						t.Fatalf("%d %s", got.status, got.body)
					}
					call := d.last(t)
					if sent := fmt.Sprint(call.path, call.query, call.header, call.body); strings.Contains(sent, gatewaytest.Key) {
						t.Errorf("%s to %s: the provider got %s", dialect.name, model, sent)
					}
					if strings.Contains(fmt.Sprint(got), secret) {
						t.Error("the client got the provider's key")
					}
				}
			}
		}
	})
}

// TestBrake checks that guessing at keys is slow, for those who guess.
func TestBrake(t *testing.T) {
	d := newDouble(t)
	config := strings.Replace(gatewaytest.Site(providers(d)), "\tadmin off\n", "\tadmin off\n\tservers {\n\t\ttrusted_proxies static 127.0.0.0/8\n\t}\n", 1)
	url := gatewaytest.Run(t, config)
	guess := func(from string, n int) reply {
		return post(t, url+"/v1/messages", `{}`, "Authorization", "", "X-Api-Key", "XJP_guess_"+strconv.Itoa(n), "X-Forwarded-For", from)
	}
	const burst = 20
	tests := []struct{ name, first, second string }{
		{"IPv4", "192.0.2.1", "192.0.2.1"},
		{"IPv6 counts by its /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::7"},
		{"IPv4 in IPv6", "192.0.2.9", "::ffff:192.0.2.9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i := range burst {
				if got := guess(test.first, i); got.status != 401 {
					t.Fatalf("guess %d: %d", i+1, got.status)
				}
			}
			for _, dialect := range dialects {
				got := post(t, url+dialect.path, `{}`, "Authorization", "Bearer XJP_guess", "X-Forwarded-For", test.second)
				e := errorIn(t, dialect, got)
				wait, err := strconv.Atoi(got.header.Get("Retry-After"))
				if got.status != 429 || e.kind != "rate_limit_error" || err != nil || wait < 1 || wait > 60 {
					t.Errorf("%s: %d, Retry-After %q, %+v", dialect.name, got.status, got.header.Get("Retry-After"), e)
				}
			}
			right := post(t, url+"/v1/messages", hello("messages", false), "X-Forwarded-For", test.second)
			if right.status != 200 {
				t.Errorf("the right key from there: %d %s", right.status, right.body)
			}
		})
	}
	t.Run("others are not held up", func(t *testing.T) {
		for _, other := range []string{"192.0.2.2", "2001:db8:1:3::1"} {
			if got := guess(other, 0); got.status != 401 {
				t.Errorf("%s: %d", other, got.status)
			}
		}
	})
	t.Run("no key at all is no guess", func(t *testing.T) {
		for range burst + 5 {
			if got := post(t, url+"/v1/messages", `{}`, "Authorization", "", "X-Forwarded-For", "192.0.2.3"); got.status != 401 {
				t.Fatalf("%d", got.status)
			}
		}
	})
}

func TestAuthOff(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tauth off")
	for _, test := range []struct {
		name    string
		headers []string
	}{
		{"no key", []string{"Authorization", ""}},
		{"any key, as SDKs must send one", []string{"Authorization", "", "X-Api-Key", "whatever"}},
		{"two keys", []string{"X-Api-Key", "whatever"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				if got := post(t, url+dialect.path, hello("chat", false), test.headers...); got.status != 200 {
					t.Errorf("%s: %d %s", dialect.name, got.status, got.body)
				}
				if call := d.last(t); strings.Contains(fmt.Sprint(call.header), "whatever") {
					t.Errorf("%s: the provider got %v", dialect.name, call.header)
				}
			}
		})
	}
}

// TestScopes checks that a key sees and uses its own models only.
func TestScopes(t *testing.T) {
	d := newDouble(t)
	const narrow, wild = "XJP_narrow_key", "XJP_wild_key"
	url := gateway(t, d, provider("p", "openai", d)+"\t\tmodel free/* {\n\t\t\troute p {model.rest}\n\t\t}\n\t\tmodel other {\n\t\t\talias second\n\t\t\troute p up\n\t\t}\n"+
		"\t\tkey "+narrow+" {\n\t\t\tid narrow\n\t\t\tmodels messages other\n\t\t}\n\t\tkey "+wild+" {\n\t\t\tid wild\n\t\t\tmodels free/*\n\t\t}")
	for _, test := range []struct {
		name, key, model string
		status           int
	}{
		{"its own model", narrow, "messages", 200},
		{"its own model by an alias", narrow, "second", 200},
		{"another model", narrow, "chat", 403},
		{"a model of a wildcard", narrow, "free/x", 403},
		{"a wildcard's model", wild, "free/x", 200},
		{"beside the wildcard", wild, "messages", 403},
		{"a key without scope", gatewaytest.Key, "free/x", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				got := post(t, url+dialect.path, hello(test.model, false), "Authorization", "Bearer "+test.key)
				if got.status != test.status {
					t.Fatalf("%s: %d %s", dialect.name, got.status, got.body)
				}
				if test.status == 200 {
					continue
				}
				e := errorIn(t, dialect, got)
				if e.kind != "permission_error" || !strings.Contains(e.message, test.model) || got.header.Get("X-Should-Retry") != "false" {
					t.Errorf("%s: %+v", dialect.name, e)
				}
				if n := len(d.asked()); n != 0 {
					t.Errorf("%s: the provider was called %d times", dialect.name, n)
				}
			}
		})
	}
	t.Run("the list shows no more than the key may use", func(t *testing.T) {
		if got, want := ids(t, get(t, url+"/v1/models", "Authorization", "Bearer "+narrow)), "messages other second"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("an unknown model's neighbours are told within the scope", func(t *testing.T) {
		got := post(t, url+"/v1/messages", hello("message", false), "Authorization", "Bearer "+wild)
		if e := errorIn(t, anthropic, got); got.status != 404 || strings.Contains(e.message, "messages") {
			t.Errorf("%d %s", got.status, e.message)
		}
	})
}
