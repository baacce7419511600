package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// What a client asks of reasoning (wire-openai-anthropic.md 3.5).
func TestThinkingToEffort(t *testing.T) {
	none := with(local, func(o *translate.Target) { o.Caps.ReasoningStyle = "none" })
	old := gpt4o // takes no effort
	for _, r := range []row{
		{name: "3.5 absent: nothing", to: gpt5, in: ``, want: `"reasoning_effort":null`},
		{name: "3.5 absent: nothing at OpenRouter", to: openRouter, in: ``, want: `"reasoning":null`},
		{name: "3.5 effort alone", to: gpt5, in: `"output_config":{"effort":"low"}`, want: `"reasoning_effort":"low"`},
		{name: "3.5 effort alone at OpenRouter", to: openRouter, in: `"output_config":{"effort":"low"}`, want: `"reasoning":{"effort":"low"}`},
		{name: "trap 82: disabled", to: gpt5, in: `"thinking":{"type":"disabled"}`, want: `"reasoning_effort":"none"`},
		{name: "trap 82: disabled at OpenRouter", to: openRouter, in: `"thinking":{"type":"disabled"},"output_config":{"effort":"high"}`, want: `"reasoning":{"enabled":false}`},
		{name: "trap 82: disabled, for a model that does not think", to: old, in: `"thinking":{"type":"disabled"}`, want: `"reasoning_effort":null`},
		{name: "3.5 between_tools", to: gpt5, in: `"thinking":{"type":"between_tools"}`, want: `"reasoning_effort":"minimal"`},
		{name: "3.5 between_tools at OpenRouter", to: openRouter, in: `"thinking":{"type":"between_tools"}`, want: `"reasoning":{"effort":"minimal"}`},
		{name: "3.5 adaptive with effort", to: gpt5, in: `"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}`, want: `"reasoning_effort":"high"`},
		{name: "3.5 adaptive alone", to: gpt5, in: `"thinking":{"type":"adaptive"}`, want: `"reasoning_effort":null`},
		{name: "3.5 adaptive alone at OpenRouter", to: openRouter, in: `"thinking":{"type":"adaptive"}`, want: `"reasoning":{"enabled":true}`},
		{name: "trap 83: adaptive with effort max", to: gpt5, in: `"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}`, want: `"reasoning_effort":"xhigh"`, lost: "output_config.effort=clamped"},
		{name: "trap 83: max where high is the most", to: local, in: `"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}`, want: `"reasoning_effort":"high"`, lost: "output_config.effort=clamped"},
		{name: "trap 83: max at OpenRouter", to: openRouter, in: `"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}`, want: `"reasoning":{"effort":"max"}`},
		{name: "3.5 an effort of no known name", to: gpt5, in: `"output_config":{"effort":"turbo"}`, want: `"reasoning_effort":null`, lost: "output_config.effort=dropped"},
		{name: "3.5 a budget below 4096: low", to: gpt5, in: `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":4095}`, want: `"reasoning_effort":"low"`},
		{name: "3.5 a budget below 16384: medium", to: gpt5, in: `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":4096}`, want: `"reasoning_effort":"medium"`},
		{name: "3.5 a budget above: high", to: gpt5, in: `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":16384}`, want: `"reasoning_effort":"high"`},
		{name: "3.5 a budget at OpenRouter", to: openRouter, in: `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":2048}`, want: `"reasoning":{"max_tokens":2048}`},
		{name: "pain 28: a budget below the least is raised", to: openRouter, in: `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":500}`, want: `"reasoning":{"max_tokens":1024}`, lost: "thinking.budget_tokens=clamped"},
		{name: "pain 28: a budget that reaches the limit is lowered", to: openRouter, in: `"max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":4000}`, want: `"reasoning":{"max_tokens":3999}`, lost: "thinking.budget_tokens=clamped"},
		{name: "pain 28: a limit without room for thinking", to: openRouter, in: `"max_tokens":1024,"thinking":{"type":"enabled","budget_tokens":1024}`, want: `"reasoning":{"enabled":false}`, lost: "thinking=dropped"},
		{name: "3.5 display omitted: excluded", to: openRouter, in: `"thinking":{"type":"adaptive","display":"omitted"}`, want: `"reasoning":{"enabled":true,"exclude":true}`},
		{name: "3.5 a type that is not known yet", to: openRouter, in: `"thinking":{"type":"dreaming"}`, want: `"reasoning":{"enabled":true}`, lost: "thinking.type=converted"},
		{name: "3.5 thinking for a host without", to: none, in: `"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2048}`, want: `"reasoning":null,"reasoning_effort":null`, lost: "thinking=dropped"},
		{name: "3.5 thinking for a model without", to: old, in: `"thinking":{"type":"adaptive"}`, want: `"reasoning_effort":null`, lost: "thinking=dropped"},
	} {
		r.run(t)
	}
}

// Reasoning of earlier turns (3.2, provider-openrouter.md 3).
func TestThinkingReplayedToChat(t *testing.T) {
	loop := func(blocks string) string {
		return calls(blocks+`,`+callA, `{"type":"tool_result","tool_use_id":"toolu_a","content":"ok"}`)
	}
	message := func(extra string) string {
		return turns(`{"role":"user","content":"go"},{"role":"assistant","content":null,` + extra + `"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`)
	}
	const signed = `{"type":"thinking","thinking":"h\u00e9 \"x\"","signature":"EqQB+/=="}`
	google := with(openRouter, func(o *translate.Target) { o.Family, o.Model = translate.FamilyGoogle, "google/gemini-3-pro" })
	for _, r := range []row{
		{name: "3.2 thinking, pain 15: byte for byte at OpenRouter", to: openRouter, in: loop(signed),
			want: message(`"reasoning_details":[{"type":"reasoning.text","text":"h\u00e9 \"x\"","signature":"EqQB+/==","format":"anthropic-claude-v1","index":0}],`)},
		{name: "pain 16: a seal without text is kept", to: openRouter, in: loop(`{"type":"thinking","thinking":"","signature":"S"}`),
			want: message(`"reasoning_details":[{"type":"reasoning.text","text":"","signature":"S","format":"anthropic-claude-v1","index":0}],`)},
		{name: "3.2 redacted_thinking at OpenRouter, pain 15: the sequence is kept", to: openRouter, in: loop(`{"type":"redacted_thinking","data":"RRR"},` + signed),
			want: message(`"reasoning_details":[{"type":"reasoning.encrypted","data":"RRR","format":"anthropic-claude-v1","index":0},{"type":"reasoning.text","text":"h\u00e9 \"x\"","signature":"EqQB+/==","format":"anthropic-claude-v1","index":1}],`)},
		{name: "D23: unsigned thinking is dropped", to: openRouter, in: loop(`{"type":"thinking","thinking":"hm","signature":""}`), want: message(``), lost: "messages[1].content[0]=dropped"},
		{name: "pain 18: another family's seal is never sent", to: google, in: loop(signed), want: message(``), lost: "messages[1].content[0]=dropped"},
		{name: "pain 18: nor the gateway's own, to the wrong family", to: openRouter, in: loop(`{"type":"redacted_thinking","data":"xjp1.google.o1.AAA"}`), want: message(``), lost: "messages[1].content[0]=dropped"},
		{name: "D24: the same reasoning is sent once", to: openRouter, in: loop(signed + `,` + signed),
			want: message(`"reasoning_details":[{"type":"reasoning.text","text":"h\u00e9 \"x\"","signature":"EqQB+/==","format":"anthropic-claude-v1","index":0}],`), lost: "messages[1].content[1]=dropped"},
		{name: "3.2 thinking: as text inside a tool loop, where the host wants it", in: loop(`{"type":"thinking","thinking":"hm","signature":""}`), want: message(`"reasoning_content":"hm",`)},
		{name: "3.2 redacted_thinking has no text", in: loop(`{"type":"redacted_thinking","data":"RRR"}`), want: message(``), lost: "messages[1].content[0]=dropped"},
		{name: "3.2 thinking: not after the user has spoken again", in: turns(`{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"x"}]},{"role":"user","content":"b"}`),
			want: turns(`{"role":"user","content":"a"},{"role":"assistant","content":"x"},{"role":"user","content":"b"}`), lost: "messages[1].content[0]=dropped"},
		{name: "3.2 thinking: dropped for OpenAI", to: gpt5, in: loop(signed), want: message(``), lost: "messages[1].content[0]=dropped"},
	} {
		r.run(t)
	}
}

// An item that OpenRouter made for another family goes through a Messages client and back
// as it was (provider-openrouter.md 3, rule 5).
func TestForeignItemsComeBackWhole(t *testing.T) {
	const item = `{"type":"reasoning.encrypted","data":"gAAA\u0041==","id":"rs_1","format":"openai-responses-v1","index":0}`
	target := with(openRouter, func(o *translate.Target) { o.Family, o.Model = translate.FamilyOpenAI, "openai/gpt-5.2" })
	t.Run("pain 15: whole items", func(t *testing.T) {
		answer := wholeAnswer(t, `{"id":"gen-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"reasoning_details":[`+item+`],"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`, target())
		if answer.err != nil {
			t.Fatal(answer.err)
		}
		blocks := member(t, answer.body, "content")
		if !strings.Contains(blocks, `"type":"redacted_thinking","data":"xjp1.openai.`) {
			t.Fatalf("content is %s", blocks)
		}
		got := toChat(t, request(t, turns(`{"role":"user","content":"go"},{"role":"assistant","content":`+blocks+`},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_a","content":"ok"}]}`)), target())
		if !strings.Contains(string(got.body), `"reasoning_details":[`+item+`]`) || got.lost != "" {
			t.Errorf("the item did not come back, lost %q: %s", got.lost, got.body)
		}
	})
}
