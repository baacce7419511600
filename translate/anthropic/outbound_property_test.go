package anthropic_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/internal/doubles/messages"
)

// talk is a conversation of a Chat client, as well or ill formed as clients make them, and
// the words that it says.
type talk struct {
	body    string
	words   []string // of users and the model, in order, each once
	system  []string
	results []string
}

// word makes up a word that comes but once.
func (k *talk) word(list *[]string) string {
	w := "w" + strconv.Itoa(len(k.words)+len(k.system)+len(k.results)) + "w"
	*list = append(*list, w)
	return w
}

// content is a string or parts, with empty ones among them.
func (k *talk) content(t *rapid.T, list *[]string) string {
	if rapid.Bool().Draw(t, "string") {
		return `"` + k.word(list) + `"`
	}
	var parts []string
	for range rapid.IntRange(0, 2).Draw(t, "empty") {
		parts = append(parts, `{"type":"text","text":"`+rapid.SampledFrom([]string{"", " ", `\n`}).Draw(t, "blank")+`"`+rapid.SampledFrom([]string{"", `,"cache_control":{"type":"ephemeral"}`}).Draw(t, "mark")+`}`)
	}
	return `[` + strings.Join(append(parts, `{"type":"text","text":"`+k.word(list)+` "}`), ",") + `]`
}

var talks = rapid.Custom(func(t *rapid.T) talk {
	k := talk{}
	ids := rapid.SampledFrom([]string{"call_a", "call_b", "x:1", "", "é"})
	var list []string
	for range rapid.IntRange(1, 12).Draw(t, "turns") {
		switch role := rapid.SampledFrom([]string{"user", "user", "assistant", "calls", "tool", "tool", "system", "thought"}).Draw(t, "role"); role {
		case "user", "assistant":
			list = append(list, `{"role":"`+role+`","content":`+k.content(t, &k.words)+`}`)
		case "system":
			list = append(list, `{"role":"system","content":`+k.content(t, &k.system)+`}`)
		case "tool":
			list = append(list, `{"role":"tool","tool_call_id":"`+ids.Draw(t, "id")+`","content":`+k.content(t, &k.results)+`}`)
		case "thought":
			list = append(list, `{"role":"assistant","content":null,"reasoning_content":"Hm"}`)
		default:
			var calls []string
			for range rapid.IntRange(1, 3).Draw(t, "calls") {
				calls = append(calls, `{"id":"`+ids.Draw(t, "id")+`","type":"function","function":{"name":"f","arguments":"`+rapid.SampledFrom([]string{"{}", "", "[", `{\"a\":1}`}).Draw(t, "arguments")+`"}}`)
			}
			reasoning := rapid.SampledFrom([]string{"", `"reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"s","format":"anthropic-claude-v1"}],`}).Draw(t, "reasoning")
			list = append(list, `{"role":"assistant",`+reasoning+`"tool_calls":[`+strings.Join(calls, ",")+`]}`)
		}
	}
	settings := rapid.SampledFrom([]string{"", `,"reasoning_effort":"high"`, `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required","reasoning_effort":"low"`, `,"max_tokens":1500,"thinking":{"type":"enabled","budget_tokens":1024}`}).Draw(t, "settings")
	k.body = `{"model":"m","messages":[` + strings.Join(list, ",") + `]` + settings + `}`
	return k
})

// TestConversationsStandWhateverTheirForm holds for every conversation: it is refused for
// what it lacks, or becomes one that the API takes, with all that was said in its order.
func TestConversationsStandWhateverTheirForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := talks.Draw(r, "talk")
		target := rapid.SampledFrom([]string{"claude-sonnet-4-5", "claude-opus-4-8", "claude-opus-5-5"}).Draw(r, "model")
		got := send(t, k.body, claude(target)())
		if got.err != nil {
			if f := got.err.Param; f != "messages" {
				r.Fatalf("refused for %s: %s", f, got.err.Message)
			}
			return
		}
		if err := messages.Check(got.body); err != nil {
			r.Fatalf("%v in %s", err, got.body)
		}
		sent, at := string(got.body), 0
		for _, w := range k.words {
			n := strings.Index(sent[at:], w)
			if n < 0 || strings.Count(sent, w) != 1 {
				r.Fatalf("%s is missing, out of order or said twice in %s", w, sent)
			}
			at += n
		}
		for _, w := range k.system {
			if strings.Count(sent, w) != 1 {
				r.Fatalf("%s is missing or said twice in %s", w, sent)
			}
		}
		for _, w := range k.results {
			if n := strings.Count(sent, w); n > 1 || n == 0 && !strings.Contains(got.lost, "repaired") {
				r.Fatalf("%s is there %d times, and the losses are %s, in %s", w, n, got.lost, sent)
			}
		}
	})
}
