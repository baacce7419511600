package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func build(t *testing.T, models ...*Model) *Registry {
	t.Helper()
	r, err := New(models)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	r := build(t,
		&Model{Name: "gemini-pro", Aliases: []string{"gemini", "g/pro"}},
		&Model{Name: "openrouter/*"}, &Model{Name: "openrouter/google/*"}, &Model{Name: "*:free"}, &Model{Name: "claude-*-latest"}, &Model{Name: "openrouter/special"},
	)
	for _, test := range []struct{ name, ask, model, rest string }{
		{"by name", "gemini-pro", "gemini-pro", ""},
		{"by alias", "gemini", "gemini-pro", ""},
		{"by an alias with a slash", "g/pro", "gemini-pro", ""},
		{"by pattern", "openrouter/meta/llama", "openrouter/*", "meta/llama"},
		{"the longest pattern wins", "openrouter/google/gemma:free", "openrouter/google/*", "gemma:free"},
		{"a name wins over all patterns", "openrouter/special", "openrouter/special", ""},
		{"a star in front", "x:free", "*:free", "x"},
		{"a star in the middle", "claude-sonnet-latest", "claude-*-latest", "sonnet"},
		{"a star stands for something", "openrouter/", "", ""},
		{"the two ends may not overlap", "claude-latest", "", ""},
		{"names are spelled as they are", "Gemini-Pro", "", ""},
		{"a pattern is no name", "openrouter/*", "openrouter/*", "*"},
		{"nothing", "", "", ""},
		{"something else", "gpt-5", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, ok := r.Find(test.ask)
			if ok != (test.model != "") || ok && (m.Model.Name != test.model || m.Rest != test.rest) {
				t.Errorf("%+v, %v", m, ok)
			}
		})
	}
	t.Run("what the star matched goes into the upstream's name", func(t *testing.T) {
		m, _ := r.Find("openrouter/meta/llama")
		for upstream, want := range map[string]string{"{model.rest}": "meta/llama", "x/{model.rest}:nitro": "x/meta/llama:nitro", "fixed": "fixed"} {
			if got := m.Upstream(&Route{Upstream: upstream}); got != want {
				t.Errorf("%s became %s, want %s", upstream, got, want)
			}
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		models []*Model
		want   string
	}{
		{"no name", []*Model{{Name: " "}}, "a model without a name"},
		{"two stars", []*Model{{Name: "a*b*"}}, "only one *"},
		{"a name twice", []*Model{{Name: "a"}, {Name: "a"}}, `model "a" is defined twice`},
		{"an alias that is a name", []*Model{{Name: "a"}, {Name: "b", Aliases: []string{"a"}}}, `model "a" is defined twice`},
		{"an alias with a star", []*Model{{Name: "a", Aliases: []string{"b*"}}}, "alias"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := New(test.models); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestNear(t *testing.T) {
	r := build(t, &Model{Name: "claude-sonnet-4.5"}, &Model{Name: "claude-opus-4.1"}, &Model{Name: "gemini-2.5-pro"}, &Model{Name: "gemini-2.5-flash"},
		&Model{Name: "gemini-2.5-flash-lite"}, &Model{Name: "gemini-2.0-flash"}, &Model{Name: "secret-model"}, &Model{Name: "openrouter/*"})
	allowed := func(m *Model) bool { return m.Name != "secret-model" }
	for _, test := range []struct {
		name, ask string
		want      []string
	}{
		{"a dash for a dot", "claude-sonnet-4-5", []string{"claude-sonnet-4.5"}},
		{"a date behind", "claude-sonnet-4.5-20250929", []string{"claude-sonnet-4.5"}},
		{"a provider in front", "google/gemini-2.5-pro", []string{"gemini-2.5-pro"}},
		{"capitals", "GEMINI-2.5-PRO", []string{"gemini-2.5-pro", "gemini-2.5-flash"}},
		{"three at most, the nearest first", "gemini-2.5-flas", []string{"gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.0-flash"}},
		{"nothing that the key may not see", "secret-model-2", nil},
		{"nothing alike", "llama", nil},
		{"nothing", "", nil},
		{"too long to be a name", strings.Repeat("gemini", 10_000), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := r.Near(test.ask, allowed); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"ab", "", 2}, {"kitten", "sitting", 3}, {"abc", "xabcx", 0}, {"ab", "xabx", 2}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%s", fmt.Sprint(test, got))
		}
	}
}
