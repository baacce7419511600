package registry

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// TestGeminiDefaults goes through the generations of provider-gemini-vertex.md 3.
func TestGeminiDefaults(t *testing.T) {
	for _, test := range []struct {
		model           string
		generation      float64
		jsonSchema      bool // parametersJsonSchema
		together        bool // output format, images in results: Gemini 3
		least, most     int64
		lowest          string
		system, effort  bool
		window, maximum int64
	}{
		{"gemini-1.5-pro", 1.5, false, false, 0, 0, "minimal", true, false, 1_048_576, 8_192},
		{"gemini-2.0-flash", 2, false, false, 0, 0, "minimal", true, false, 1_048_576, 8_192},
		{"gemini-2.0-flash-001", 2, false, false, 0, 0, "minimal", true, false, 1_048_576, 8_192},
		{"gemini-2.5-flash", 2.5, true, false, 0, 24_576, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-2.5-flash-lite-preview-09-2025", 2.5, true, false, 0, 24_576, "minimal", true, true, 1_048_576, 65_536},
		{"models/gemini-2.5-pro", 2.5, true, false, 128, 32_768, "minimal", true, true, 1_048_576, 65_536},
		{"google/gemini-2.5-pro:thinking", 2.5, true, false, 128, 32_768, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-3-pro-preview", 3, true, true, 0, 0, "low", true, true, 1_048_576, 65_536},
		{"gemini-3-flash-preview", 3, true, true, 0, 0, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-3.1-flash-lite", 3.1, true, true, 0, 0, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-3.5-flash", 3.5, true, true, 0, 0, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-3.7-flash", 3.7, true, true, 0, 0, "low", true, true, 1_048_576, 65_536},
		{"gemini-3.7-flash-lite", 3.7, true, true, 0, 0, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-flash-latest", 3, true, true, 0, 0, "low", true, true, 1_048_576, 65_536},
		{"gemini-flash-lite-latest", 3, true, true, 0, 0, "minimal", true, true, 1_048_576, 65_536},
		{"gemini-pro-latest", 3, true, true, 0, 0, "low", true, true, 1_048_576, 65_536},
		{"gemini-5-ultra", 5, true, true, 0, 0, "minimal", true, true, 1_048_576, 65_536}, // as the newest that is known
		{"gemma-3-27b-it", 2, false, false, 0, 0, "", false, false, 131_072, 8_192},
	} {
		t.Run(test.model, func(t *testing.T) {
			c := Defaults(test.model)
			if c.Gemini != test.generation || c.JSONSchemaTools != test.jsonSchema || c.ToolsWithFormat != test.together || c.ToolImages != test.together ||
				c.MinBudget != test.least || c.MaxBudget != test.most || c.LowestLevel != test.lowest || c.SystemTurn != test.system || c.Effort != test.effort ||
				c.ContextWindow != test.window || c.MaxOutput != test.maximum {
				t.Errorf("%+v", c)
			}
			if c.ImageURL || c.PDFURL || c.VideoURL || c.CacheControl {
				t.Error("Gemini fetches no URLs and takes no cache marks")
			}
		})
	}
}

// TestFamilies: what is told apart by the name (wire-openai-anthropic.md 1).
func TestFamilies(t *testing.T) {
	for _, test := range []struct {
		model string
		want  string // the flags that are told of it
		is    func(translate.Capabilities) bool
	}{
		{"claude-sonnet-4-5-20250929", "a budget, no effort, 64,000 tokens", func(c translate.Capabilities) bool {
			return c.Budget && !c.Effort && !c.Adaptive && c.MaxOutput == 64_000
		}},
		{"anthropic/claude-sonnet-4.5", "the same by OpenRouter's name", func(c translate.Capabilities) bool { return c.Budget && !c.Effort && c.MaxOutput == 64_000 }},
		{"claude-sonnet-4-5@20250929", "the same by Vertex AI's name", func(c translate.Capabilities) bool { return c.Budget && !c.Effort && c.MaxOutput == 64_000 }},
		{"claude-opus-4-6", "adaptive, no prefill", func(c translate.Capabilities) bool { return c.Adaptive && c.Effort && !c.Prefill }},
		{"claude-sonnet-5-5", "no forced tools, thinking between tools", func(c translate.Capabilities) bool { return !c.ForcedTools && c.BetweenTools && !c.Sampling }},
		{"claude-sonnet-5", "forced tools", func(c translate.Capabilities) bool { return c.ForcedTools && !c.BetweenTools && c.DisableThinking }},
		{"claude-3-haiku-20240307", "no thinking, 4,096 tokens", func(c translate.Capabilities) bool { return !c.Budget && !c.NativeFormat && c.MaxOutput == 4_096 }},
		{"claude-of-tomorrow", "as the newest", func(c translate.Capabilities) bool {
			return c.Adaptive && !c.Sampling && !c.Prefill && c.MaxOutput == 0
		}},
		{"gpt-5.2", "no sampling, max_completion_tokens", func(c translate.Capabilities) bool {
			return !c.Sampling && c.XHigh && c.MaxTokensParam == "max_completion_tokens"
		}},
		{"gpt-5-chat-latest", "sampling", func(c translate.Capabilities) bool { return c.Sampling && !c.Effort }},
		{"o3-mini", "no sampling", func(c translate.Capabilities) bool { return !c.Sampling && c.Effort }},
		{"gpt-4o-2024-08-06", "sampling", func(c translate.Capabilities) bool { return c.Sampling && !c.Effort && c.StopMax == 4 }},
		{"deepseek-chat", "no images", func(c translate.Capabilities) bool { return !c.Images && !c.PDF }},
		{"qwen3", "as a compatible server", func(c translate.Capabilities) bool {
			return c.Sampling && c.MaxTokensParam == "max_tokens" && c.StopMax == 0
		}},
		{"", "as a compatible server", func(c translate.Capabilities) bool { return c.Sampling && c.Tools }},
	} {
		t.Run(test.model+" "+test.want, func(t *testing.T) {
			if c := Defaults(test.model); !test.is(c) {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestEveryCapabilityIsSettable: each field has a flag of its own, and each flag sets its
// field and nothing else, over whatever the model's name told.
func TestEveryCapabilityIsSettable(t *testing.T) {
	seen := map[string]string{}
	for _, flag := range CapabilityFlags() {
		c := Defaults("gemini-2.5-pro")
		values := map[string][2]string{"max_tokens_param": {"max_completion_tokens", "max_tokens"}, "reasoning_style": {"none", "openrouter"}, "lowest_level": {"low", "minimal"}, "gemini": {"3.1", "2"}}[flag]
		if values[0] == "" {
			values = [2]string{"on", "off"}
			if SetCapability(&c, flag, "on") != nil {
				values = [2]string{"77", "88"}
			}
		}
		for _, value := range values {
			before := c
			if err := SetCapability(&c, flag, value); err != nil {
				t.Errorf("%s %s: %v", flag, value, err)
			}
			for i := range reflect.TypeFor[translate.Capabilities]().NumField() {
				name := reflect.TypeFor[translate.Capabilities]().Field(i).Name
				if reflect.ValueOf(c).Field(i).Interface() != reflect.ValueOf(before).Field(i).Interface() {
					if other := seen[name]; other != "" && other != flag {
						t.Errorf("%s and %s both set %s", flag, other, name)
					}
					seen[name] = flag
				}
			}
		}
	}
	for i := range reflect.TypeFor[translate.Capabilities]().NumField() {
		if name := reflect.TypeFor[translate.Capabilities]().Field(i).Name; seen[name] == "" {
			t.Errorf("nothing sets %s", name)
		}
	}
}

func TestSetCapabilityRefuses(t *testing.T) {
	for _, test := range []struct{ flag, value, want string }{
		{"colour", "on", `unknown capability "colour"; known are: adaptive, `},
		{"images", "maybe", `capability images: "maybe" is neither true nor false`},
		{"max_output", "-1", `capability max_output: "-1" is no number of tokens`},
		{"max_output", "many", "capability max_output"},
		{"stop_max", "x", "capability stop_max"},
		{"gemini", "new", `capability gemini: "new" is no generation such as 2.5`},
		{"gemini", "NaN", "capability gemini"},
		{"lowest_level", "none", "capability lowest_level: \"none\" is not one of minimal, low"},
		{"reasoning_style", "x", "capability reasoning_style"},
	} {
		c := Defaults("gemini-2.5-pro")
		before := c
		if err := SetCapability(&c, test.flag, test.value); err == nil || !strings.HasPrefix(err.Error(), test.want) || c != before {
			t.Errorf("%s %s: %v", test.flag, test.value, err)
		}
	}
	if !slices.IsSorted(CapabilityFlags()) {
		t.Error("the flags are not in order")
	}
}

// TestListCapabilities checks that what is listed can be set, and gives the same.
func TestListCapabilities(t *testing.T) {
	for _, model := range []string{"gemini-2.5-flash", "claude-sonnet-4-5", "gpt-5", "unheard-of"} {
		want := Defaults(model)
		var got translate.Capabilities
		for flag, value := range ListCapabilities(want) {
			if err := SetCapability(&got, flag, fmt.Sprint(value)); err != nil {
				t.Errorf("%s: %v", model, err)
			}
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", model, got, want)
		}
	}
}
