package registry

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Defaults tells what a model is believed to take, by the provider's name of it.
// Vendor prefixes and date suffixes are ignored, and dots are as good as dashes. The
// sources are wire-openai-anthropic.md 1 and provider-gemini-vertex.md 3.
func Defaults(model string) translate.Capabilities {
	name := plainName(model)
	caps := common
	for _, f := range families {
		if f.matches(name) {
			f.apply(&caps, name)
			break
		}
	}
	return caps
}

// common is what an unknown model of a compatible server takes.
var common = translate.Capabilities{
	Sampling: true, ForcedTools: true, Tools: true, ToolsWithFormat: true, NativeFormat: true,
	Prefill: true, MidSystem: true, SystemTurn: true, Images: true, ImageURL: true, PDF: true,
	Seed: true, Penalties: true, Logprobs: true, Effort: true, SystemParts: true,
	MaxTokensParam: "max_tokens", ReasoningStyle: "reasoning_content", ToolNameMax: 64,
}

var dated = regexp.MustCompile(`([@-](20\d{6}|latest|default)|-\d{4}-\d\d-\d\d)$`)

// plainName reduces a model's name to what its family goes by.
func plainName(model string) string {
	name := strings.ToLower(model)
	name = name[strings.LastIndexByte(name, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	name = strings.ReplaceAll(strings.TrimPrefix(name, "~"), ".", "-")
	return dated.ReplaceAllString(name, "")
}

// family is a group of models that take the same.
type family struct {
	prefix string
	apply  func(caps *translate.Capabilities, name string)
}

func (f family) matches(name string) bool { return strings.HasPrefix(name, f.prefix) }

// families are looked through in order.
var families = []family{
	{"claude", claude},
	{"gemini", gemini},
	{"gemma", gemma},
	{"gpt-", openai},
	{"chatgpt", openai},
	{"o1", openai},
	{"o3", openai},
	{"o4", openai},
	{"deepseek", deepseek},
}

// claudeModel is a row of the table in wire-openai-anthropic.md 1.
type claudeModel struct {
	contains  string
	maxOutput int64
	set       func(*translate.Capabilities)
}

// The rows are most specific first: sonnet-5-5 contains sonnet-5.
var claudeModels = []claudeModel{
	{"sonnet-5-5", 128_000, func(c *translate.Capabilities) { modern(c); c.ForcedTools, c.BetweenTools = false, true }},
	{"opus-5-5", 128_000, func(c *translate.Capabilities) { modern(c); c.ForcedTools = false }},
	{"haiku-5-5", 128_000, func(c *translate.Capabilities) { modern(c); c.DisableAtHigh = true }},
	{"fable-5-1", 128_000, func(c *translate.Capabilities) { modern(c); c.ForcedTools = false }},
	{"fable-5-2", 128_000, func(c *translate.Capabilities) { modern(c); c.ForcedTools = false }},
	{"fable-5", 128_000, modern},
	{"opus-5", 128_000, func(c *translate.Capabilities) { modern(c); c.Budget, c.DisableAtHigh = true, true }},
	{"sonnet-5", 128_000, func(c *translate.Capabilities) { modern(c); c.Budget, c.DisableThinking = true, true }},
	{"opus-4-8", 128_000, func(c *translate.Capabilities) { modern(c); c.Budget, c.DisableThinking = true, true }},
	{"opus-4-7", 128_000, func(c *translate.Capabilities) {
		modern(c)
		c.Budget, c.DisableThinking, c.MidSystem, c.Prefill = true, true, false, false
	}},
	{"sonnet-4-6", 128_000, func(c *translate.Capabilities) { budgeted(c); c.Adaptive, c.Effort, c.Prefill = true, true, false }},
	{"opus-4-6", 128_000, func(c *translate.Capabilities) { budgeted(c); c.Adaptive, c.Effort, c.Prefill = true, true, false }},
	{"opus-4-5", 64_000, func(c *translate.Capabilities) { budgeted(c); c.Effort = true }},
	{"sonnet-4-5", 64_000, budgeted},
	{"haiku-4-5", 64_000, budgeted},
	{"opus-4-1", 32_000, budgeted},
	{"sonnet-4", 64_000, func(c *translate.Capabilities) { budgeted(c); withoutFormat(c) }},
	{"opus-4", 32_000, func(c *translate.Capabilities) { budgeted(c); withoutFormat(c) }},
	{"3-7-sonnet", 64_000, func(c *translate.Capabilities) { budgeted(c); withoutFormat(c) }},
	{"3-5", 8_192, older},
	{"3-haiku", 4_096, older},
	{"3-opus", 4_096, older},
	{"", 0, modern},
}

func claude(c *translate.Capabilities, name string) {
	c.ContextWindow, c.CacheControl, c.ToolImages, c.PDFURL, c.TopK = 200_000, true, true, true, true
	c.StrictTools, c.WebSearch, c.ReasoningStyle = true, "web_search_20250305", "openrouter"
	c.Seed, c.Penalties, c.Logprobs, c.Effort, c.ToolNameMax = false, false, false, false, 128
	for _, m := range claudeModels {
		if strings.Contains(name, m.contains) {
			c.MaxOutput = m.maxOutput
			m.set(c)
			return
		}
	}
}

// modern is what the newest models take: adaptive thinking, no sampling, no prefill.
func modern(c *translate.Capabilities) {
	c.Adaptive, c.Effort, c.XHigh, c.MidSystem = true, true, true, true
	c.Sampling, c.Prefill = false, false
}

// budgeted is what models take that think by a budget. The newer of them refuse
// temperature beside top_p (trap 30).
func budgeted(c *translate.Capabilities) {
	c.Budget, c.DisableThinking, c.OneSampling, c.MidSystem = true, true, true, false
}

func withoutFormat(c *translate.Capabilities) { c.NativeFormat, c.StrictTools = false, false }

// older is what models take that do not think.
func older(c *translate.Capabilities) {
	withoutFormat(c)
	c.MidSystem = false
}

var geminiVersion = regexp.MustCompile(`^gemini-(\d+)(?:-(\d))?(?:-|$)`)

// gemini knows the old generations by name; all others are as the newest.
func gemini(c *translate.Capabilities, name string) {
	c.Gemini = 3
	if m := geminiVersion.FindStringSubmatch(name); m != nil {
		version, _ := strconv.ParseFloat(m[1]+"."+orZero(m[2]), 64)
		c.Gemini = version
	}
	c.ContextWindow, c.MaxOutput, c.TopK = 1_048_576, 65_536, true
	c.AudioIn, c.VideoIn, c.CacheControl, c.ReasoningStyle = true, true, false, "openrouter"
	c.ImageURL, c.PDFURL, c.VideoURL = false, false, false
	c.ToolImages, c.JSONSchemaTools, c.ToolsWithFormat = c.Gemini >= 3, c.Gemini >= 2.5, c.Gemini >= 3
	c.LowestLevel = "minimal"
	switch {
	case c.Gemini >= 3:
		if strings.Contains(name, "pro") || name == "gemini-flash" || c.Gemini >= 3.7 && strings.Contains(name, "flash") && !strings.Contains(name, "lite") {
			c.LowestLevel = "low"
		}
	case c.Gemini >= 2.5 && strings.Contains(name, "pro"):
		c.MinBudget, c.MaxBudget = 128, 32_768
	case c.Gemini >= 2.5:
		c.MaxBudget = 24_576
	default:
		c.Effort, c.MaxOutput = false, 8_192
	}
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// gemma has no system turn (A47) and does not think by request.
func gemma(c *translate.Capabilities, _ string) {
	c.Gemini, c.SystemTurn, c.Effort, c.TopK = 2, false, false, true
	c.ImageURL, c.PDFURL, c.ToolsWithFormat, c.ContextWindow, c.MaxOutput = false, false, false, 131_072, 8_192
}

var openaiReasoning = regexp.MustCompile(`^(o\d|gpt-[5-9])`)

func openai(c *translate.Capabilities, name string) {
	c.MaxTokensParam, c.ReasoningStyle, c.StopMax, c.UserMax = "max_completion_tokens", "openai_effort", 4, 64
	c.StrictTools, c.PDFURL, c.XHigh = true, false, false
	c.ContextWindow, c.MaxOutput = 128_000, 16_384
	if openaiReasoning.MatchString(name) && !strings.Contains(name, "-chat") {
		c.Sampling, c.Penalties, c.Logprobs = false, false, false
		c.ContextWindow, c.MaxOutput = 200_000, 100_000
		c.XHigh = strings.HasPrefix(name, "gpt-5-")
		return
	}
	c.Effort, c.AudioIn = false, strings.Contains(name, "audio")
	if strings.HasPrefix(name, "gpt-4-1") {
		c.ContextWindow, c.MaxOutput = 1_047_576, 32_768
	}
}

func deepseek(c *translate.Capabilities, _ string) {
	c.Images, c.ImageURL, c.PDF, c.ContextWindow = false, false, false, 128_000
}

// flags gives each capability's field by the flag's name.
var flags = map[string]func(*translate.Capabilities) any{
	"max_output":         func(c *translate.Capabilities) any { return &c.MaxOutput },
	"default_max_tokens": func(c *translate.Capabilities) any { return &c.DefaultMaxTokens },
	"context_window":     func(c *translate.Capabilities) any { return &c.ContextWindow },
	"adaptive":           func(c *translate.Capabilities) any { return &c.Adaptive },
	"budget":             func(c *translate.Capabilities) any { return &c.Budget },
	"disable_thinking":   func(c *translate.Capabilities) any { return &c.DisableThinking },
	"disable_at_high":    func(c *translate.Capabilities) any { return &c.DisableAtHigh },
	"between_tools":      func(c *translate.Capabilities) any { return &c.BetweenTools },
	"effort":             func(c *translate.Capabilities) any { return &c.Effort },
	"xhigh":              func(c *translate.Capabilities) any { return &c.XHigh },
	"sampling":           func(c *translate.Capabilities) any { return &c.Sampling },
	"one_sampling":       func(c *translate.Capabilities) any { return &c.OneSampling },
	"forced_tools":       func(c *translate.Capabilities) any { return &c.ForcedTools },
	"tools":              func(c *translate.Capabilities) any { return &c.Tools },
	"tools_with_format":  func(c *translate.Capabilities) any { return &c.ToolsWithFormat },
	"native_format":      func(c *translate.Capabilities) any { return &c.NativeFormat },
	"strict_tools":       func(c *translate.Capabilities) any { return &c.StrictTools },
	"prefill":            func(c *translate.Capabilities) any { return &c.Prefill },
	"mid_system":         func(c *translate.Capabilities) any { return &c.MidSystem },
	"hoist_system":       func(c *translate.Capabilities) any { return &c.HoistSystem },
	"system_turn":        func(c *translate.Capabilities) any { return &c.SystemTurn },
	"images":             func(c *translate.Capabilities) any { return &c.Images },
	"pdf":                func(c *translate.Capabilities) any { return &c.PDF },
	"audio_in":           func(c *translate.Capabilities) any { return &c.AudioIn },
	"video_in":           func(c *translate.Capabilities) any { return &c.VideoIn },
	"image_url":          func(c *translate.Capabilities) any { return &c.ImageURL },
	"pdf_url":            func(c *translate.Capabilities) any { return &c.PDFURL },
	"video_url":          func(c *translate.Capabilities) any { return &c.VideoURL },
	"tool_images":        func(c *translate.Capabilities) any { return &c.ToolImages },
	"cache_control":      func(c *translate.Capabilities) any { return &c.CacheControl },
	"top_k":              func(c *translate.Capabilities) any { return &c.TopK },
	"seed":               func(c *translate.Capabilities) any { return &c.Seed },
	"penalties":          func(c *translate.Capabilities) any { return &c.Penalties },
	"logprobs":           func(c *translate.Capabilities) any { return &c.Logprobs },
	"system_parts":       func(c *translate.Capabilities) any { return &c.SystemParts },
	"unsigned_thinking":  func(c *translate.Capabilities) any { return &c.UnsignedThinking },
	"max_tokens_param":   func(c *translate.Capabilities) any { return &c.MaxTokensParam },
	"reasoning_style":    func(c *translate.Capabilities) any { return &c.ReasoningStyle },
	"stop_max":           func(c *translate.Capabilities) any { return &c.StopMax },
	"user_max":           func(c *translate.Capabilities) any { return &c.UserMax },
	"tool_name_max":      func(c *translate.Capabilities) any { return &c.ToolNameMax },
	"web_search":         func(c *translate.Capabilities) any { return &c.WebSearch },
	"gemini":             func(c *translate.Capabilities) any { return &c.Gemini },
	"json_schema_tools":  func(c *translate.Capabilities) any { return &c.JSONSchemaTools },
	"min_budget":         func(c *translate.Capabilities) any { return &c.MinBudget },
	"max_budget":         func(c *translate.Capabilities) any { return &c.MaxBudget },
	"lowest_level":       func(c *translate.Capabilities) any { return &c.LowestLevel },
}

// words are the values of the flags that are not free.
var words = map[string][]string{
	"max_tokens_param": {"max_tokens", "max_completion_tokens"},
	"reasoning_style":  {"openai_effort", "openrouter", "reasoning_content", "none"},
	"lowest_level":     {"minimal", "low"},
}

// CapabilityFlags lists the names of all flags.
func CapabilityFlags() []string { return slices.Sorted(maps.Keys(flags)) }

// SetCapability sets a capability by its flag's name. A value is true, false, on or
// off, a number, or a word, as the flag demands.
func SetCapability(c *translate.Capabilities, flag, value string) error {
	field, ok := flags[flag]
	if !ok {
		return fmt.Errorf("unknown capability %q; known are: %s", flag, strings.Join(CapabilityFlags(), ", "))
	}
	switch p := field(c).(type) {
	case *bool:
		return setSwitch(p, flag, value)
	case *int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("capability %s: %q is no number of tokens", flag, value)
		}
		*p = n
	case *int:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("capability %s: %q is no number", flag, value)
		}
		*p = n
	case *float64:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n >= 0 && n < 1000) { // NaN and Inf are numbers, too
			return fmt.Errorf("capability %s: %q is no generation such as 2.5", flag, value)
		}
		*p = n
	case *string:
		if known := words[flag]; known != nil && !slices.Contains(known, value) {
			return fmt.Errorf("capability %s: %q is not one of %s", flag, value, strings.Join(known, ", "))
		}
		*p = value
	}
	return nil
}

func setSwitch(p *bool, flag, value string) error {
	switch value {
	case "true", "on":
		*p = true
	case "false", "off":
		*p = false
	default:
		return fmt.Errorf("capability %s: %q is neither true nor false", flag, value)
	}
	return nil
}

// ListCapabilities gives the values of all flags by name, without those that are off, zero
// or empty.
func ListCapabilities(c translate.Capabilities) map[string]any {
	list := map[string]any{}
	for flag, field := range flags {
		if value := reflect.ValueOf(field(&c)).Elem(); !value.IsZero() {
			list[flag] = value.Interface()
		}
	}
	return list
}
