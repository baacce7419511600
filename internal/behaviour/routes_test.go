package behaviour

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// debugging asks for the headers that tell what the gateway did.
var debugging = []string{"x-xjp-debug", "1"}

// TestLosses checks what a client is told of what could not be carried.
func TestLosses(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmodel strict {\n\t\t\tstrict\n\t\t\troute messages claude-sonnet-4-5\n\t\t}\n\t\tmodel half {\n\t\t\troute messages claude-sonnet-4-5 {\n\t\t\t\tstrict\n\t\t\t}\n\t\t\troute chat up\n\t\t}\n\t\tmodel claude {\n\t\t\troute messages claude-sonnet-4-5\n\t\t}")
	const lossy = `{"model":"%s","max_tokens":100,"temperature":1.7,"seed":7,"logit_bias":{"1":2},"messages":[{"role":"user","content":"Hi"}]%s}`
	for _, stream := range []string{"", `,"stream":true`} {
		t.Run(name("losses are told to those who ask", stream), func(t *testing.T) {
			body := fmt.Sprintf(lossy, "claude", stream)
			got := post(t, url+openai.path, body, debugging...)
			header := got.header.Get("X-Xjp-Lossy")
			for _, want := range []string{"temperature=clamped", "seed=dropped", "logit_bias=dropped"} {
				if !strings.Contains(header, want) {
					t.Errorf("%q lacks %s", header, want)
				}
			}
			if got.status != 200 || got.header.Get("X-Xjp-Provider") != "messages" || got.header.Get("X-Xjp-Upstream-Model") != "claude-sonnet-4-5" {
				t.Errorf("%d %v", got.status, got.header)
			}
			for _, headers := range [][]string{nil, {"x-xjp-debug", "0"}, {"x-xjp-debug", "true"}} {
				if got := post(t, url+openai.path, body, headers...); got.header.Get("X-Xjp-Lossy") != "" || got.header.Get("X-Xjp-Provider") != "" {
					t.Errorf("told without being asked: %v", got.header)
				}
			}
		})
		t.Run(name("nothing is lost in the client's own dialect", stream), func(t *testing.T) {
			got := post(t, url+openai.path, fmt.Sprintf(lossy, "chat", stream), debugging...)
			if got.status != 200 || got.header.Get("X-Xjp-Lossy") != "" || got.header.Get("X-Xjp-Provider") != "chat" {
				t.Errorf("%d %v", got.status, got.header)
			}
		})
		t.Run(name("a strict model refuses with the field's name", stream), func(t *testing.T) {
			d.will(well)
			got := post(t, url+openai.path, fmt.Sprintf(lossy, "strict", stream), debugging...)
			e := errorIn(t, openai, got)
			if got.status != 400 || !strings.Contains("temperature seed logit_bias", or(e.param, "none")) || !strings.Contains(e.message, "strict") || len(d.asked()) != 0 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		t.Run(name("a strict route leaves it to the next", stream), func(t *testing.T) {
			d.will(well)
			got := post(t, url+openai.path, fmt.Sprintf(lossy, "half", stream), debugging...)
			if got.status != 200 || got.header.Get("X-Xjp-Provider") != "chat" || d.last(t).path != "/v1/chat/completions" {
				t.Errorf("%d %v", got.status, got.header)
			}
		})
	}
	t.Run("strict has nothing against what is carried whole", func(t *testing.T) {
		for _, body := range []string{hello("strict", true), `{"model":"strict","max_completion_tokens":50,"stop":["x"],"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}]}`} {
			if got := post(t, url+openai.path, body); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
	})
	t.Run("a Messages client is told in its own terms", func(t *testing.T) {
		got := post(t, url+anthropic.path, withField("chat", false, "container", `"c"`), debugging...)
		if got.status == 200 && !strings.Contains(got.header.Get("X-Xjp-Lossy"), "container") {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}

// TestRouteOptions checks what a route adds to each request.
func TestRouteOptions(t *testing.T) {
	d := newDouble(t)
	const options = "\t\t\t\tbody added `{\"b\":[1,2.5]}`\n\t\t\t\tbody temperature 0.25\n\t\t\t\theader X-Route one\n\t\t\t\theader User-Agent route-agent\n"
	config := ""
	for _, w := range [][2]string{{"chat", "openai"}, {"messages", "anthropic"}, {"gemini", "gemini"}} {
		config += "\t\tprovider " + w[0] + " " + w[1] + " {\n\t\t\tapi_key " + secret + "\n\t\t\tbase_url " + d.url + "\n\t\t\theader X-Provider two\n\t\t\theader X-Route provider\n\t\t}\n" +
			"\t\tmodel " + w[0] + " {\n\t\t\talias " + w[0] + "-alias vendor/" + w[0] + "\n\t\t\troute " + w[0] + " up {\n" + options + "\t\t\t}\n\t\t}\n"
	}
	url := gatewaytest.Start(t, config)
	for _, dialect := range dialects {
		for _, model := range wireNames {
			for _, stream := range []bool{false, true} {
				t.Run(name("fields and headers of the route,", dialect.name, "to", model, fmt.Sprint(stream)), func(t *testing.T) {
					d.will(well)
					body := strings.Replace(hello(model, stream), `{"model"`, `{"temperature":0.9,"model"`, 1)
					checkAnswer(t, model, dialect, stream, post(t, url+dialect.path, body))
					call := d.last(t)
					if !strings.Contains(call.body, `"added":{"b":[1,2.5]}`) || model != "gemini" && (!strings.Contains(call.body, `"temperature":0.25`) || strings.Contains(call.body, "0.9")) {
						t.Errorf("%s", call.body)
					}
					if n := strings.Count(call.body, `"added"`); n != 1 {
						t.Errorf("%d times in %s", n, call.body)
					}
					h := call.header
					if h.Get("X-Route") != "one" || h.Get("X-Provider") != "two" || h.Get("User-Agent") != "route-agent" {
						t.Errorf("%v", h)
					}
				})
			}
		}
	}
	t.Run("aliases are the model, under the name that was asked for", func(t *testing.T) {
		for _, dialect := range dialects {
			for _, alias := range []string{"chat-alias", "vendor/chat", "messages-alias", "gemini-alias"} {
				for _, stream := range []bool{false, true} {
					d.will(well)
					got := post(t, url+dialect.path, hello(alias, stream))
					if got.status != 200 || !strings.Contains(got.body, `"model":"`+alias+`"`) || strings.Contains(got.body, `"model":"up"`) {
						t.Errorf("%d %s", got.status, got.body)
					}
				}
			}
		}
	})
}

// TestWildRoutes checks what a wildcard stands for.
func TestWildRoutes(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, provider("p", "openai", d)+"\t\tmodel or/* {\n\t\t\troute p {model.rest}\n\t\t}\n\t\tmodel or/special-* {\n\t\t\troute p s-{model.rest}-x\n\t\t}\n\t\tmodel *-mini {\n\t\t\troute p mini\n\t\t}\n\t\tmodel or/exact {\n\t\t\troute p exactly\n\t\t}")
	for _, test := range []struct{ model, want string }{
		{"or/a", "a"}, {"or/vendor/model:free", "vendor/model:free"}, {"or/special-7", "s-7-x"}, {"or/exact", "exactly"}, {"gpt-mini", "mini"},
		{`or/qu\"ote`, `qu\"ote`}, {`or/\u00e9`, "é"}, {"or/", ""}, {"-mini", ""}, {"or", ""},
	} {
		t.Run(name("model", test.model), func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				got := post(t, url+dialect.path, hello(test.model, false))
				if test.want == "" {
					if errorIn(t, dialect, got); got.status != 404 {
						t.Errorf("%d %s", got.status, got.body)
					}
					continue
				}
				if got.status != 200 || !strings.Contains(d.last(t).body, `"model":"`+test.want+`"`) {
					t.Errorf("%d, the provider got %s", got.status, d.asked()[0].body)
				}
			}
		})
	}
}

// TestRouteOrder checks which of several routes serve.
func TestRouteOrder(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(inTurn(first, second, ""))))
	for _, dialect := range dialects {
		for _, stream := range []bool{false, true} {
			t.Run(name("the first serves while it can,", dialect.name, fmt.Sprint(stream)), func(t *testing.T) {
				for _, model := range wireNames {
					first.will(well)
					second.will(well)
					got := post(t, url+dialect.path, hello(model, stream), debugging...)
					checkAnswer(t, model, dialect, stream, got)
					if first.last(t); len(second.asked()) != 0 || got.header.Get("X-Xjp-Provider") != "first-"+model {
						t.Errorf("%v", got.header)
					}
				}
			})
			t.Run(name("what is wrong in itself goes to none other,", dialect.name, fmt.Sprint(stream)), func(t *testing.T) {
				for _, status := range []int{400, 413, 422} {
					first.will(failing(status, "application/json", `{"error":{"message":"messages[0]: bad field"}}`))
					second.will(well)
					got := post(t, url+dialect.path, hello("chat", stream))
					if e := errorIn(t, dialect, got); got.status < 400 || got.status > 499 || !strings.Contains(e.message, "bad field") {
						t.Errorf("%d: %d %s", status, got.status, got.body)
					}
					if first.last(t); len(second.asked()) != 0 {
						t.Errorf("%d: it was sent elsewhere", status)
					}
				}
			})
			t.Run(name("a missing model goes to the next,", dialect.name, fmt.Sprint(stream)), func(t *testing.T) {
				first.will(failing(404, "application/json", `{"error":{"message":"no such model up"}}`))
				second.will(well)
				checkAnswer(t, "404", dialect, stream, post(t, url+dialect.path, hello("chat", stream)))
			})
			t.Run(name("a missing model of the operator's choice is no 404,", dialect.name, fmt.Sprint(stream)), func(t *testing.T) {
				first.will(failing(404, "application/json", `{"error":{"message":"no such model up"}}`))
				got := post(t, url+dialect.path, hello("one-gemini", stream))
				if errorIn(t, dialect, got); got.status != 502 || strings.Contains(got.body, "no such model") {
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
	}
	t.Run("a rested credential is tried again where there is no other", func(t *testing.T) {
		first.will(failing(401, "application/json", `{}`))
		post(t, url+openai.path, hello("one-chat", false))
		first.will(well)
		began := time.Now()
		checkAnswer(t, "again", openai, false, post(t, url+openai.path, hello("one-chat", false)))
		if time.Since(began) > 5*time.Second {
			t.Error("it waited")
		}
	})
}

// TestCredentials checks that several credentials of one provider take turns, and that a
// bad one costs the client nothing.
func TestCredentials(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site("\t\tprovider p openai {\n\t\t\tbase_url "+d.url+"\n\t\t\tapi_key key-one-of-two\n\t\t\tapi_key key-two-of-two\n\t\t}\n\t\tmodel m {\n\t\t\troute p up\n\t\t}")))
	used := func() map[string]int {
		n := map[string]int{}
		for _, call := range d.asked() {
			n[call.header.Get("Authorization")]++
		}
		return n
	}
	t.Run("they take turns", func(t *testing.T) {
		d.will(well)
		for range 6 {
			post(t, url+openai.path, hello("m", false))
		}
		if n := used(); n["Bearer key-one-of-two"] != 3 || n["Bearer key-two-of-two"] != 3 {
			t.Errorf("%v", n)
		}
	})
	t.Run("a refused one is passed over, and rests", func(t *testing.T) {
		d.will(withKey("key-one-of-two", 401))
		for range 6 {
			checkAnswer(t, "with one bad key", openai, false, post(t, url+openai.path, hello("m", false)))
		}
		if n := used(); n["Bearer key-one-of-two"] > 1 || n["Bearer key-two-of-two"] != 6 {
			t.Errorf("%v", n)
		}
	})
}
