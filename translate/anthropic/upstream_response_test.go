package anthropic_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// answer writes a whole answer of Messages.
func answer(blocks, rest string) string {
	if rest == "" {
		rest = `"stop_reason":"end_turn","stop_sequence":null`
	}
	return `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[` + blocks + `],` + rest + `,"usage":{"input_tokens":10,"output_tokens":3}}`
}

// answerRow is an answer of Messages and what a client of Chat must get of it.
type answerRow struct {
	name    string
	asked   string // members of the request
	shown   string // how reasoning is shown
	blocks  string
	rest    string // members of the answer about its end
	message string // members of the message; one of null must be there as null
	finish  string
	lost    string
}

func (r answerRow) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) {
		x := asking(t, r.asked)
		x.ReasoningFormat = r.shown
		got, err := wholeAnswer(t, x, answer(r.blocks, r.rest))
		if err != nil {
			t.Fatal(err)
		}
		members(t, got, `"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"logical"`)
		v, _ := scan.Parse(got)
		choice := v.Get("choices").First()
		if string(choice.Get("index").Raw()) != "0" || v.Get("choices").Len() != 1 || string(choice.Get("logprobs").Raw()) != "null" {
			t.Errorf("choices %s", v.Get("choices").Raw())
		}
		if want := `{"role":"assistant",` + r.message + `}`; string(choice.Get("message").Raw()) != want {
			t.Errorf("message\n%s\nwant\n%s", choice.Get("message").Raw(), want)
		}
		finish := choice.Get("finish_reason").Str()
		if s := choice.Get("stop_reason"); s.Exists() {
			finish += " " + s.Str()
		}
		if r.finish == "" {
			r.finish = "stop"
		}
		if finish != r.finish {
			t.Errorf("finish %q, want %q", finish, r.finish)
		}
		if lost := x.AnswerLosses.String(); lost != r.lost {
			t.Errorf("losses %q, want %q", lost, r.lost)
		}
	})
}

// The blocks of an answer (wire-openai-anthropic.md 4.1 and 4.2).
func TestMessagesAnswerToChat(t *testing.T) {
	const (
		none     = `"content":null,"refusal":null`
		use      = `{"type":"tool_use","id":"toolu_1","name":"f","input":{"z": 1.50,"a":"\u00e9"}}`
		call     = `{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{\"z\": 1.50,\"a\":\"\\u00e9\"}"}}`
		thinking = `{"type":"thinking","thinking":"Hm.","signature":"sig+/="}`
		hidden   = `{"type":"redacted_thinking","data":"xyz"}`
		custom   = `,"tools":[{"type":"custom","custom":{"name":"patch"}}]`
		legacy   = `,"functions":[{"name":"f"}]`
		format   = `,"response_format":{"type":"json_schema","json_schema":{"name":"person","schema":{"type":"object"}}}`
		stopTool = `"stop_reason":"tool_use","stop_sequence":null`
	)
	long := strings.Repeat("n", 130)
	short := long[:55] + "_" + hash(long)[:8]
	for _, r := range []answerRow{
		{name: "4.2 text blocks are joined without a separator", blocks: text("a\\n") + `,` + text("") + `,` + text(`é\u00e9\"`), message: `"content":"a\né\u00e9\"","refusal":null`},
		{name: "4.2 no text", blocks: "", message: none},
		{name: "4.2 a call: the bytes of its input are kept", blocks: text("I look.") + `,` + use, rest: stopTool,
			message: `"content":"I look.","refusal":null,"tool_calls":[` + call + `]`, finish: "tool_calls"},
		{name: "4.2 a call alone", blocks: use, rest: stopTool, message: none + `,"tool_calls":[` + call + `]`, finish: "tool_calls"},
		{name: "4.2 a call of nothing", blocks: `{"type":"tool_use","id":"toolu_1","name":"f","input":{}}`, rest: stopTool, message: none + `,"tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{}"}}]`, finish: "tool_calls"},
		{name: "4.2 a call without input", blocks: `{"type":"tool_use","id":"toolu_1","name":"f"}`, rest: stopTool, message: none + `,"tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{}"}}]`, finish: "tool_calls"},
		{name: "2.5 a call of a tool whose name was shortened", asked: `,"tools":[{"type":"function","function":{"name":"` + long + `"}}]`,
			blocks: `{"type":"tool_use","id":"toolu_1","name":"` + short + `","input":{}}`, rest: stopTool, message: none + `,"tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"` + long + `","arguments":"{}"}}]`, finish: "tool_calls"},
		{name: "pain 26: a call of a freeform tool", asked: custom, blocks: `{"type":"tool_use","id":"toolu_1","name":"patch","input":{"input":"*** \"x\"\n"}}`, rest: stopTool,
			message: none + `,"tool_calls":[{"id":"toolu_1","type":"custom","custom":{"name":"patch","input":"*** \"x\"\n"}}]`, finish: "tool_calls"},
		{name: "2.5 the older form", asked: legacy, blocks: use, rest: stopTool, message: none + `,"function_call":{"name":"f","arguments":"{\"z\": 1.50,\"a\":\"\\u00e9\"}"}`, finish: "function_call"},
		{name: "2.5 the older form has room for one call", asked: legacy, blocks: use + `,` + use, rest: stopTool, message: none + `,"function_call":{"name":"f","arguments":"{\"z\": 1.50,\"a\":\"\\u00e9\"}"}`, finish: "function_call", lost: "function_call=dropped"},
		{name: "2.7 the stand-in for a schema is the content", asked: format, blocks: `{"type":"tool_use","id":"toolu_1","name":"person","input":{"a": "\"b\""}}`, rest: stopTool, message: `"content":"{\"a\": \"\\\"b\\\"\"}","refusal":null`},
		{name: "trap 38: the model answers in text all the same", asked: format, blocks: text(`{\"a\":1}`), message: `"content":"{\"a\":1}","refusal":null`},
		{name: "trap 51: a call of the server's own is none of the client's", blocks: `{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query":"x"}},{"type":"web_search_tool_result","tool_use_id":"srv_1","content":[]},` + text("Found."),
			message: `"content":"Found.","refusal":null`, lost: "server_tool_use=dropped,web_search_tool_result=dropped"},
		{name: "rule G9: a block of an unknown type", blocks: `{"type":"hologram","x":1},` + text("a"), message: `"content":"a","refusal":null`, lost: "hologram=dropped"},
		{name: "4.2 citations of the web, in characters", blocks: text(`Añ😀\u00e9\ud83d\ude00\n`) + `,{"type":"text","text":"Blue.","citations":[{"type":"web_search_result_location","url":"https://x/y","title":"T \"q\"","cited_text":"c","encrypted_index":"e"}]}`,
			message: `"content":"Añ😀\u00e9\ud83d\ude00\nBlue.","refusal":null,"annotations":[{"type":"url_citation","url_citation":{"url":"https://x/y","title":"T \"q\"","start_index":6,"end_index":11}}]`},
		{name: "4.2 citations of documents have no counterpart", blocks: `{"type":"text","text":"Blue.","citations":[{"type":"char_location","cited_text":"c","document_index":0,"start_char_index":0,"end_char_index":1}]}`,
			message: `"content":"Blue.","refusal":null`, lost: "citations=dropped"},

		{name: "4.2 thinking and its seal", blocks: thinking + `,` + text("a"),
			message: `"content":"a","refusal":null,"reasoning_content":"Hm.","reasoning_details":[{"type":"reasoning.text","text":"Hm.","signature":"sig+/=","format":"anthropic-claude-v1","index":0}]`},
		{name: "4.2 thinking without a seal needs no details", blocks: `{"type":"thinking","thinking":"Hm.","signature":""},` + text("a"), message: `"content":"a","refusal":null,"reasoning_content":"Hm."`},
		{name: "4.2 hidden thinking shows nothing", blocks: hidden + `,` + text("a"), message: `"content":"a","refusal":null,"reasoning_details":[{"type":"reasoning.encrypted","data":"xyz","format":"anthropic-claude-v1","index":0}]`},
		{name: "pain 16: a seal without text is kept", blocks: `{"type":"thinking","thinking":"","signature":"sig"},` + text("a"),
			message: `"content":"a","refusal":null,"reasoning_details":[{"type":"reasoning.text","text":"","signature":"sig","format":"anthropic-claude-v1","index":0}]`},
		{name: "4.2 several pieces of thinking", blocks: thinking + `,` + hidden + `,` + `{"type":"thinking","thinking":"So.","signature":"sig2"},` + text("a"),
			message: `"content":"a","refusal":null,"reasoning_content":"Hm.So.","reasoning_details":[{"type":"reasoning.text","text":"Hm.","signature":"sig+/=","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"xyz","format":"anthropic-claude-v1","index":1},{"type":"reasoning.text","text":"So.","signature":"sig2","format":"anthropic-claude-v1","index":2}]`},
		{name: "4.2 reasoning under its other name", shown: "reasoning", blocks: `{"type":"thinking","thinking":"Hm.","signature":""},` + text("a"), message: `"content":"a","refusal":null,"reasoning":"Hm."`},
		{name: "4.2 reasoning under both names", shown: "both", blocks: `{"type":"thinking","thinking":"Hm.","signature":""},` + text("a"), message: `"content":"a","refusal":null,"reasoning_content":"Hm.","reasoning":"Hm."`},
		{name: "4.2 reasoning under no name", shown: "none", blocks: thinking + `,` + text("a"), message: `"content":"a","refusal":null`},
		{name: "2.8 reasoning that the client excluded", asked: `,"reasoning":{"effort":"low","exclude":true}`, blocks: thinking + `,` + text("a"), message: `"content":"a","refusal":null`},
	} {
		r.run(t)
	}
}

// Why an answer ended (4.3).
func TestMessagesStopToChat(t *testing.T) {
	stop := func(reason string) string { return `"stop_reason":"` + reason + `","stop_sequence":null` }
	const (
		hi   = `"content":"hi","refusal":null`
		use  = `{"type":"tool_use","id":"t","name":"f","input":{}}`
		call = `"content":null,"refusal":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]`
	)
	for _, r := range []answerRow{
		{name: "4.3 end_turn", blocks: text("hi"), rest: stop("end_turn"), message: hi, finish: "stop"},
		{name: "4.3 stop_sequence", blocks: text("hi"), rest: `"stop_reason":"stop_sequence","stop_sequence":"EN\"D"`, message: hi, finish: `stop EN"D`},
		{name: "4.3 max_tokens", blocks: text("hi"), rest: stop("max_tokens"), message: hi, finish: "length"},
		{name: "trap 48: model_context_window_exceeded", blocks: text("hi"), rest: stop("model_context_window_exceeded"), message: hi, finish: "length"},
		{name: "4.3 tool_use", blocks: use, rest: stop("tool_use"), message: call, finish: "tool_calls"},
		{name: "pain 6: a call, whatever the reason", blocks: use, rest: stop("end_turn"), message: call, finish: "tool_calls"},
		{name: "4.3 a call that the limit cut", blocks: use, rest: stop("max_tokens"), message: call, finish: "length"},
		{name: "4.3 tool_use without a call", blocks: text("hi"), rest: stop("tool_use"), message: hi, finish: "stop"},
		{name: "4.3 pause_turn, where it is not continued", blocks: text("hi"), rest: stop("pause_turn"), message: hi, finish: "stop"},
		{name: "trap 49: a refusal that explains itself", blocks: text("hi"), rest: stop("refusal") + `,"stop_details":{"type":"refusal","category":"cyber","explanation":"Not \"that\"."}`,
			message: `"content":"hi","refusal":"Not \"that\"."`, finish: "content_filter"},
		{name: "trap 49: a refusal that does not", blocks: "", rest: stop("refusal") + `,"stop_details":null`, message: `"content":null,"refusal":null`, finish: "content_filter"},
		{name: "4.3 compaction", blocks: text("hi"), rest: stop("compaction"), message: hi, finish: "stop"},
		{name: "rule G9: an unknown reason", blocks: text("hi"), rest: stop("tired"), message: hi, finish: "stop"},
		{name: "4.3 no reason at all, as Clewdr has it", blocks: text("hi"), rest: `"stop_reason":null,"stop_sequence":null`, message: hi, finish: "stop"},
	} {
		if r.rest == stop("tool_use") || r.finish == "tool_calls" || strings.Contains(r.blocks, "tool_use") {
			r.asked = `,"tools":[{"type":"function","function":{"name":"f"}}]`
		}
		r.run(t)
	}
}

// Answers that are errors, in a 200.
func TestMessagesFailedAnswerToChat(t *testing.T) {
	for _, r := range []struct {
		name, body string
		kind       translate.ErrorKind
		message    string
	}{
		{"pain 8: an error in a 200", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, translate.ErrOverloaded, "the provider is overloaded"},
		{"5.5 an answer of nothing", `{}`, translate.ErrUpstream, "the provider sent an empty answer"},
		{"4.2 content that is no list", `{"type":"message","content":"hi"}`, translate.ErrUpstream, "the provider sent an empty answer"},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, err := wholeAnswer(t, asking(t, ""), r.body)
			if err == nil || err.Kind != r.kind || err.Message != r.message {
				t.Errorf("error %+v", err)
			}
		})
	}
}
