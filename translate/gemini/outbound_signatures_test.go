package gemini_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

const skip = `"thoughtSignature":"skip_thought_signature_validator"`

// twoCalls is a step of two calls in Chat, each with a signature or "".
func twoCalls(first, second string) string {
	call := func(id, signature string) string {
		extra := ""
		if signature != "" {
			extra = `,"extra_content":{"google":{"thought_signature":"` + signature + `"}}`
		}
		return `{"id":"` + id + `","type":"function","function":{"name":"f","arguments":"{}"}` + extra + `}`
	}
	return `{"role":"assistant","tool_calls":[` + call("a", first) + `,` + call("b", second) + `]}`
}

// sealedCall is a call in Messages, whose signature clients bring back in a redacted
// block before it.
func sealedCall(id, signature string) string {
	return `{"type":"redacted_thinking","data":"` + signature + `"},{"type":"tool_use","id":"` + id + `","name":"f","input":{}}`
}

const (
	chatAnswers     = `{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}`
	messagesAnswers = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"tool_result","tool_use_id":"b","content":"2"}]}`
	messagesTwo     = `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]}`
	answersStudio   = `{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"output":"1"}}},{"functionResponse":{"id":"b","name":"f","response":{"output":"2"}}}]}`
	answersVertex   = `{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}},{"functionResponse":{"name":"f","response":{"output":"2"}}}]}`
)

// two are two calls as they are sent, with what stands beside each.
func two(first, second string) string {
	comma := func(s string) string {
		if s != "" {
			return "," + s
		}
		return ""
	}
	return `{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}}` + comma(first) + `},{"functionCall":{"id":"b","name":"f","args":{}}` + comma(second) + `}]}`
}

func TestSignatures(t *testing.T) {
	runAll(t, []row{
		{name: "A18: Gemini 3 is given the placeholder for the first call of a step", to: studio("gemini-3-pro-preview"),
			chat:     turns(ask, twoCalls("", ""), chatAnswers),
			messages: turns(ask, messagesTwo, messagesAnswers),
			want:     contents(asked, two(skip, ""), answersStudio)},
		{name: "A18: in every step of a turn", to: studio("gemini-3-pro-preview"),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`, messagesTwo, messagesAnswers),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},`+skip+`}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`, two(skip, ""), answersStudio)},
		{name: "A19: with the first call signed, the second stays as it is", to: studio("gemini-3-pro-preview"),
			chat:     turns(ask, twoCalls("$studio1", ""), chatAnswers),
			messages: turns(ask, `{"role":"assistant","content":[`+sealedCall("a", "$studio1")+`,{"type":"tool_use","id":"b","name":"f","input":{}}]}`, messagesAnswers),
			want:     contents(asked, two(`"thoughtSignature":"$studio1"`, ""), answersStudio)},
		{name: "A20: nothing is put in for Gemini 2.5", to: studio("gemini-2.5-pro"),
			chat:     turns(ask, twoCalls("", ""), chatAnswers),
			messages: turns(ask, messagesTwo, messagesAnswers),
			want:     contents(asked, two("", ""), answersStudio)},
		{name: "A20: but its own signatures go back", to: studio("gemini-2.5-pro"),
			chat:     turns(ask, twoCalls("$studio1", ""), chatAnswers),
			messages: turns(ask, `{"role":"assistant","content":[`+sealedCall("a", "$studio1")+`,{"type":"tool_use","id":"b","name":"f","input":{}}]}`, messagesAnswers),
			want:     contents(asked, two(`"thoughtSignature":"$studio1"`, ""), answersStudio)},
		{name: "A21: Vertex AI is never given AI Studio's signatures", to: vertexAI("gemini-3-pro-preview"),
			chat: turns(ask, twoCalls("$studio1", ""), chatAnswers),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},`+skip+`},{"functionCall":{"name":"f","args":{}}}]}`, answersVertex),
			lost: "messages[1].signature=dropped"},
		{name: "A21: nor those that stand in reasoning", to: vertexAI("gemini-3-pro-preview"),
			messages: turns(ask, `{"role":"assistant","content":[`+sealedCall("a", "$studio1")+`,{"type":"tool_use","id":"b","name":"f","input":{}}]}`, messagesAnswers),
			want:     contents(asked, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},`+skip+`},{"functionCall":{"name":"f","args":{}}}]}`, answersVertex),
			lost:     "messages[1].content[0]=dropped"},
		{name: "A21: but its own", to: vertexAI("gemini-3-pro-preview"),
			chat:     turns(ask, twoCalls("$vertex1", "$vertex2"), chatAnswers),
			messages: turns(ask, `{"role":"assistant","content":[`+sealedCall("a", "$vertex1")+`,`+sealedCall("b", "$vertex2")+`]}`, messagesAnswers),
			want:     contents(asked, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"$vertex1"},{"functionCall":{"name":"f","args":{}},"thoughtSignature":"$vertex2"}]}`, answersVertex)},
		{name: "A21: a signature of unknown origin is not trusted", to: studio("gemini-3-pro-preview"),
			chat: turns(ask, twoCalls("$bare1", ""), chatAnswers),
			want: contents(asked, two(skip, ""), answersStudio),
			lost: "messages[1].signature=dropped"},
		{name: "A22: the second try after a refused signature has none",
			to:   studio("gemini-3-pro-preview").with(func(t *translate.Target) { t.Origin = "none" }),
			chat: turns(ask, twoCalls("$studio1", "$studio2"), chatAnswers),
			want: contents(asked, two(skip, ""), answersStudio),
			lost: "messages[1].signature=dropped"},
		{name: "A23: the placeholder is taken as plain text", to: studio("gemini-3-pro-preview"),
			chat: turns(ask, twoCalls("skip_thought_signature_validator", ""), chatAnswers),
			want: contents(asked, two(skip, ""), answersStudio)},
		{name: "A23: in its other spelling, too", to: studio("gemini-3-pro-preview"),
			chat: turns(ask, twoCalls("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=", ""), chatAnswers),
			want: contents(asked, two(skip, ""), answersStudio)},
		{name: "A24: a signed empty text is kept", to: studio("gemini-3-pro-preview"),
			chat: turns(ask, `{"role":"assistant","content":"","extra_content":{"google":{"thought_signature":"$studio1"}}},{"role":"user","content":"more"}`),
			want: contents(asked, `{"role":"model","parts":[{"text":"","thoughtSignature":"$studio1"}]}`, `{"role":"user","parts":[{"text":"more"}]}`)},
		{name: "A24: or its signature stands on the text before it", to: studio("gemini-3-pro-preview"),
			chat:     turns(ask, `{"role":"assistant","content":"Yes.","extra_content":{"google":{"thought_signature":"$studio1"}}},{"role":"user","content":"more"}`),
			messages: turns(ask, `{"role":"assistant","content":[{"type":"text","text":"Yes."},{"type":"redacted_thinking","data":"$studio1"}]},{"role":"user","content":"more"}`),
			want:     contents(asked, `{"role":"model","parts":[{"text":"Yes.","thoughtSignature":"$studio1"}]}`, `{"role":"user","parts":[{"text":"more"}]}`)},
		{name: "A24: signed text is not joined with other text", to: studio("gemini-3-pro-preview"),
			messages: turns(ask, `{"role":"assistant","content":[{"type":"text","text":"One."},{"type":"redacted_thinking","data":"$studio1"},{"type":"text","text":"Two."}]},{"role":"user","content":"more"}`),
			want:     contents(asked, `{"role":"model","parts":[{"text":"One.","thoughtSignature":"$studio1"},{"text":"Two."}]}`, `{"role":"user","parts":[{"text":"more"}]}`)},
		{name: "pain 15: thinking with a signature of Google's own gives it to the call after it", to: studio("gemini-3-pro-preview"),
			messages: turns(ask, `{"role":"assistant","content":[{"type":"thinking","thinking":"I will call.","signature":"$studio1"},{"type":"tool_use","id":"c1","name":"f","input":{}}]}`,
				`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"$studio1"}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "pain 17: the signature of a call comes back by any way that clients have", to: studio("gemini-3-pro-preview"),
			chat:     turns(ask, twoCalls("$studio1", "$studio2"), chatAnswers),
			messages: turns(ask, `{"role":"assistant","content":[`+sealedCall("a", "$studio1")+`,`+sealedCall("b", "$studio2")+`]}`, messagesAnswers),
			want:     contents(asked, two(`"thoughtSignature":"$studio1"`, `"thoughtSignature":"$studio2"`), answersStudio)},
		{name: "pain 17: also from an id that another gateway hid it in", to: studio("gemini-3-pro-preview"),
			chat: turns(ask, `{"role":"assistant","tool_calls":[{"id":"c1__thought__$studio1","type":"function","function":{"name":"f","arguments":"{}"}}]}`, `{"role":"tool","tool_call_id":"c1__thought__$studio1","content":"1"}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"$studio1"}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "pain 18: another family's signatures never reach Google", to: studio("gemini-3-pro-preview"),
			messages: turns(ask, `{"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"EqQBCkYIBR"},{"type":"redacted_thinking","data":"EmwKAhgB"},{"type":"tool_use","id":"c1","name":"f","input":{}}]}`,
				`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},`+skip+`}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`),
			lost: "messages[1].content[0]=dropped,messages[1].content[1]=dropped"},
		{name: "pain 16: a signature without text is not lost", to: studio("gemini-3-pro-preview"),
			messages: turns(ask, `{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"$studio1"},{"type":"tool_use","id":"c1","name":"f","input":{}}]}`,
				`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"$studio1"}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
	})
}
