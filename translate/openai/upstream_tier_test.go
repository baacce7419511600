package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// TestFastMode tells Chat clients of Claude's fast mode in their own word, and keeps it for
// the price although the end of the stream names the tier alone.
func TestFastMode(t *testing.T) {
	x := &translate.Exchange{ID: "1", Model: "m", Request: &translate.Request{IncludeUsage: true}}
	x.Begin(&translate.Target{})
	pass := translate.NewConversion(anthropic.Dialect{}.NewDecoder(x), openai.Dialect{}.NewEncoder(x), nil)
	var out []byte
	var usage *translate.Usage
	for _, record := range []string{
		`{"type":"message_start","message":{"id":"msg_1","model":"c","usage":{"input_tokens":10,"output_tokens":1,"service_tier":"standard","speed":"fast"}}}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3,"service_tier":"standard"}}`, `{"type":"message_stop"}`,
	} {
		var seen translate.Seen
		out, seen = pass.Record(out, nil, []byte(record), nil)
		if seen.Usage != nil {
			usage = seen.Usage
		}
	}
	if !strings.Contains(string(out), `"service_tier":"priority"`) || usage == nil || usage.ServiceTier != "fast" {
		t.Errorf("the usage is %+v of %s", usage, out)
	}
}

// TestTier carries the tier that served, which sets the price, in streams as well.
func TestTier(t *testing.T) {
	for name, to := range map[string]translate.Inbound{"chat": openai.Dialect{}, "messages": anthropic.Dialect{}} {
		x := &translate.Exchange{ID: "1", Model: "m", Request: &translate.Request{IncludeUsage: true}}
		x.Begin(&translate.Target{})
		pass := translate.NewConversion(openai.Dialect{}.NewDecoder(x), to.NewEncoder(x), nil)
		var out []byte
		for _, record := range []string{
			`{"service_tier":"priority","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}`,
			`{"service_tier":"priority","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, `[DONE]`,
		} {
			out, _ = pass.Record(out, nil, []byte(record), nil)
		}
		if !strings.Contains(string(out), `"service_tier":"priority"`) {
			t.Errorf("%s lacks the tier: %s", name, out)
		}
	}
}

// TestPassedTier reads the tier that served off answers that are handed on as they are.
func TestPassedTier(t *testing.T) {
	x := &translate.Exchange{ID: "1", Model: "m", Request: &translate.Request{IncludeUsage: true}}
	x.Begin(&translate.Target{})
	var doc scan.Doc
	whole := `{"id":"1","model":"u","service_tier":"flex","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`
	if err := doc.Parse([]byte(whole), scan.Limits{}); err != nil {
		t.Fatal(err)
	}
	if _, seen := (openai.Dialect{}).PassResponse(nil, &doc, x); seen.Usage == nil || seen.Usage.ServiceTier != "flex" {
		t.Errorf("whole, the usage is %+v", seen.Usage)
	}
	pass := openai.Dialect{}.NewPass(x)
	var usage *translate.Usage
	for _, record := range []string{
		`{"model":"u","service_tier":"priority","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}`,
		`{"model":"u","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}`,
	} {
		_, seen := pass.Record(nil, nil, []byte(record), []byte("data: "+record+"\n\n"))
		if seen.Usage != nil {
			usage = seen.Usage
		}
	}
	if usage == nil || usage.ServiceTier != "priority" {
		t.Errorf("streamed, the usage is %+v", usage)
	}
}
