package keys

import (
	"fmt"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

func TestScope(t *testing.T) {
	p := &Principal{Scope: Scope{Models: []string{"claude-*"}, Dialects: []string{"openai"}, Endpoints: []string{"generate", "models"}}}
	all := &Principal{}
	for _, test := range []struct {
		name      string
		p         *Principal
		got, want bool
	}{
		{"a model of the scope", p, p.May("claude-opus-5"), true},
		{"another model", p, p.May("gemini-pro"), false},
		{"a dialect of the scope", p, p.MayDialect("openai"), true},
		{"another dialect", p, p.MayDialect("anthropic"), false},
		{"an endpoint of the scope", p, p.MayUse("models"), true},
		{"another endpoint", p, p.MayUse("count_tokens"), false},
		{"no scope", all, all.May("x") && all.MayDialect("y") && all.MayUse("z"), true},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v", test.name, test.got)
		}
	}
}

// TestBounds checks what requests are held against: by the model's own name or the pattern
// that says most of it, whatever the order of the map, and over the defaults of the moment.
func TestBounds(t *testing.T) {
	rpm := func(n int64) limits.Set { return limits.Set{RequestsPerMinute: n} }
	p := &Principal{ID: "k", TenantLimits: limits.Set{Concurrent: 9}, ModelLimits: map[string]limits.Set{
		"*": rpm(1), "claude-*": rpm(2), "claude-opus-*": rpm(3), "claude-opus-5": rpm(4), "*-flash": rpm(5), "gemini-*": rpm(6), "ab*": rpm(7), "a*b": rpm(8),
		"claude-opus-3": {}, "claude-haiku*": {}, // which say nothing
	}}
	none := &Principal{ID: "k", Limits: rpm(30)}
	limited := func(p *Principal, model string, defaults limits.Set) string {
		text, calendar := "", limits.NewCalendar(time.UTC)
		for _, m := range p.Bounds(model, &defaults).Meters(&limits.Demand{}, time.Now(), calendar) {
			text += fmt.Sprint(m.Key, "=", m.Limit, " ")
		}
		return text
	}
	for model, want := range map[string]string{
		"claude-opus-5": "claude-opus-5/rpm=4", "claude-opus-4": "claude-opus-*/rpm=3", "claude-opus-3": "claude-opus-*/rpm=3", "claude-haiku": "claude-*/rpm=2", "gpt": "*/rpm=1",
		"gemini-flash": "gemini-*/rpm=6", "grok-flash": "*-flash/rpm=5", "abb": "a*b/rpm=8",
	} {
		for i := range int64(20) {
			want := fmt.Sprint("key/k/rpm=", i%3+1, " tenant/concurrent=9 model/", want, " ")
			if got := limited(p, model, rpm(i%3+1)); got != want {
				t.Fatalf("%s has the limits %q, want %q", model, got, want)
			}
			p.bounds.Store(nil) // to work them out again
		}
	}
	if got := limited(none, "x", rpm(20)); got != "key/k/rpm=30 " {
		t.Errorf("the key's own over defaults: %q", got)
	}
	if got := limited(&Principal{}, "x", limits.Set{}); got != "" {
		t.Errorf("no limits: %q", got)
	}
}
