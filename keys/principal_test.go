package keys

import (
	"testing"

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

func TestModelLimitsOf(t *testing.T) {
	rpm := func(n int64) limits.Set { return limits.Set{RequestsPerMinute: n} }
	p := &Principal{ModelLimits: map[string]limits.Set{
		"*": rpm(1), "claude-*": rpm(2), "claude-opus-*": rpm(3), "claude-opus-5": rpm(4), "*-flash": rpm(5), "gemini-*": rpm(6), "ab*": rpm(7), "a*b": rpm(8),
	}}
	for model, want := range map[string]string{
		"claude-opus-5": "claude-opus-5", "claude-opus-4": "claude-opus-*", "claude-haiku": "claude-*", "gpt": "*",
		"gemini-flash": "gemini-*", "grok-flash": "*-flash", "abb": "a*b",
	} {
		for range 20 { // whatever the order of the map
			pattern, set := p.ModelLimitsOf(model)
			if pattern != want || set != p.ModelLimits[want] {
				t.Fatalf("%s has the limits of %q, want %q", model, pattern, want)
			}
		}
	}
	if pattern, set := (&Principal{}).ModelLimitsOf("x"); pattern != "" || set != (limits.Set{}) {
		t.Errorf("limits of %q without any", pattern)
	}
}
