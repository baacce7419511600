package openai_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

const (
	png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
	pdf = "JVBERi0xLjQKJSVFT0Y="
)

// calls is a conversation with an assistant turn that calls tools and what follows it.
func calls(assistant, user string) string {
	return turns(`{"role":"user","content":"go"},{"role":"assistant","content":[` + assistant + `]},{"role":"user","content":[` + user + `]}`)
}

const callA = `{"type":"tool_use","id":"toolu_a","name":"f","input":{}}`

// answered is what a provider gets of calls(callA, …): the messages after the call.
func answered(messages string) string {
	return turns(`{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}}]},` + messages)
}

// Content of users (wire-openai-anthropic.md 3.2).
func TestMessagesUserContentToChat(t *testing.T) {
	image := `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + png + `"}}`
	for _, r := range []row{
		{name: "3.2 a string", in: turns(`{"role":"user","content":"hi"}`), want: turns(`{"role":"user","content":"hi"}`)},
		{name: "3.2 one text: a string", in: turns(`{"role":"user","content":[{"type":"text","text":"\u00e9\n"}]}`), want: turns(`{"role":"user","content":"\u00e9\n"}`)},
		{name: "3.2 one text with a mark: a part", to: openRouter, in: turns(`{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}`)},
		{name: "pain 21: empty text is left out", in: turns(`{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"a"}]}`), want: turns(`{"role":"user","content":"a"}`)},
		{name: "3.2 image in base64", in: turns(`{"role":"user","content":[` + image + `,{"type":"text","text":"what?"}]}`),
			want: turns(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `"}},{"type":"text","text":"what?"}]}`)},
		{name: "3.2 image of a wrong label: the type that its bytes tell", in: turns(`{"role":"user","content":[` + strings.Replace(image, "image/png", "image/jpeg", 1) + `]}`),
			want: turns(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `"}}]}`)},
		{name: "3.2 image by URL", in: turns(`{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://h/a.png?x=1"}}]}`),
			want: turns(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png?x=1"}}]}`)},
		{name: "3.2 image in a file: refused", in: turns(`{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f1"}}]}`), err: "messages[0].content[0]: "},
		{name: "3.2 image to a model without eyes: refused", to: with(local, func(o *translate.Target) { o.Caps.Images = false }),
			in: turns(`{"role":"user","content":[` + image + `]}`), err: "messages[0].content[0]: this model takes no images"},
		{name: "trap 86: a PDF is a file", in: turns(`{"role":"user","content":[{"type":"document","title":"t.pdf","source":{"type":"base64","media_type":"application/pdf","data":"` + pdf + `"}}]}`),
			want: turns(`{"role":"user","content":[{"type":"file","file":{"filename":"t.pdf","file_data":"data:application/pdf;base64,` + pdf + `"}}]}`)},
		{name: "trap 86: a PDF without a title", in: turns(`{"role":"user","content":[{"type":"document","citations":{"enabled":true},"source":{"type":"base64","media_type":"application/pdf","data":"` + pdf + `"}}]}`),
			want: turns(`{"role":"user","content":[{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,` + pdf + `"}}]}`), lost: "messages[0].content[0].citations=dropped"},
		{name: "3.2 document as text", in: turns(`{"role":"user","content":[{"type":"document","title":"T","context":"C","source":{"type":"text","media_type":"text/plain","data":"body"}}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"T\nC\nbody"}]}`), lost: "messages[0].content[0]=converted"},
		{name: "3.2 document as content", in: turns(`{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},` + image + `]}}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `"}}]}`), lost: "messages[0].content[0]=converted"},
		{name: "3.2 document by URL: file_data is the URL where the host fetches", to: openRouter, in: turns(`{"role":"user","content":[{"type":"document","title":"t.pdf","source":{"type":"url","url":"https://h/t.pdf"}}]}`),
			want: turns(`{"role":"user","content":[{"type":"file","file":{"filename":"t.pdf","file_data":"https://h/t.pdf"}}]}`)},
		{name: "3.2 document in a file: refused", in: turns(`{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f1"}}]}`), err: "messages[0].content[0]: "},
		{name: "3.2 search_result: title, source, texts", in: turns(`{"role":"user","content":[{"type":"search_result","title":"T","source":"https://s","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"T\nhttps://s\nx\ny"}]}`), lost: "messages[0].content[0]=converted"},
		{name: "3.2 container_upload: refused", in: turns(`{"role":"user","content":[{"type":"container_upload","file_id":"f"}]}`), err: "messages[0].content[0]: content of type container_upload"},
		{name: "3.2 unknown block: dropped", in: turns(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"hologram","x":1}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"a"}]}`), lost: "messages[0].content[1]=dropped"},
		{name: "3.2 compaction: its summary is the user's", in: turns(`{"role":"assistant","content":[{"type":"compaction","content":"so far"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"so far"}]},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`), lost: "messages[0].content[0]=converted"},
		{name: "trap 70: a system message in the middle, in place", to: gpt5, in: turns(`{"role":"user","content":"a"},{"role":"system","content":"late"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`),
			want: turns(`{"role":"user","content":"a"},{"role":"system","content":"late"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`)},
		{name: "trap 70: a system message in the middle, wrapped", to: with(local, func(o *translate.Target) { o.Caps.MidSystem = false }),
			in:   turns(`{"role":"user","content":"a"},{"role":"system","content":"late"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"<system-reminder>\nlate\n</system-reminder>"}]},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`),
			lost: "messages[1]=converted"},
		{name: "3.2 prefill: the assistant's message last", in: turns(`{"role":"user","content":"a"},{"role":"assistant","content":"So"}`), want: turns(`{"role":"user","content":"a"},{"role":"assistant","content":"So"}`)},
		{name: "3.2 prefill: refused where it is not taken", to: with(local, func(o *translate.Target) { o.Caps.Prefill = false }),
			in: turns(`{"role":"user","content":"a"},{"role":"assistant","content":"So"}`), err: "messages: this model does not continue"},
		{name: "pain 21: nothing but empty text: refused", in: turns(`{"role":"user","content":""}`), err: "messages: messages must hold something to answer"},
	} {
		r.run(t)
	}
}

// Results of tools (3.2, 3.3).
func TestMessagesResultsToChat(t *testing.T) {
	image := `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + png + `"}}`
	part := `{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `"}}`
	result := func(rest string) string { return `{"type":"tool_result","tool_use_id":"toolu_a"` + rest + `}` }
	for _, r := range []row{
		{name: "trap 71: text beside a result comes after it", in: calls(callA, `{"type":"text","text":"and?"},`+result(`,"content":"ok"`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"ok"},{"role":"user","content":"and?"}`)},
		{name: "3.3 results in the order of the calls", in: calls(callA+`,{"type":"tool_use","id":"toolu_b","name":"g","input":{}}`, `{"type":"tool_result","tool_use_id":"toolu_b","content":"B"},`+result(`,"content":"A"`)),
			want: turns(`{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"toolu_b","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_a","content":"A"},{"role":"tool","tool_call_id":"toolu_b","content":"B"}`)},
		{name: "3.2 tool_result: texts joined by a line feed", in: calls(callA, result(`,"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"a\nb"}`)},
		{name: "trap 72: an image is never text (pain 22)", in: calls(callA, result(`,"content":[`+image+`]`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"[image 1 of tool result toolu_a]"},{"role":"user","content":[{"type":"text","text":"Media of tool result toolu_a:"},` + part + `]}`),
			lost: "messages[2].content[0]=converted"},
		{name: "trap 73: text and image (pain 22)", in: calls(callA, result(`,"content":[{"type":"text","text":"see"},`+image+`]`)+`,{"type":"text","text":"and?"}`),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"see\n[image 1 of tool result toolu_a]"},{"role":"user","content":[{"type":"text","text":"Media of tool result toolu_a:"},` + part + `,{"type":"text","text":"and?"}]}`),
			lost: "messages[2].content[0]=converted"},
		{name: "trap 73: the media of two results stand after both tool messages", in: calls(callA+`,{"type":"tool_use","id":"toolu_b","name":"g","input":{}}`, result(`,"content":[`+image+`]`)+`,{"type":"tool_result","tool_use_id":"toolu_b","content":"B"}`),
			want: turns(`{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"toolu_b","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_a","content":"[image 1 of tool result toolu_a]"},{"role":"tool","tool_call_id":"toolu_b","content":"B"},{"role":"user","content":[{"type":"text","text":"Media of tool result toolu_a:"},` + part + `]}`),
			lost: "messages[2].content[0]=converted"},
		{name: "pain 22: an image for a model without eyes is named and reported", to: with(local, func(o *translate.Target) { o.Caps.Images = false }),
			in:   calls(callA, result(`,"content":[{"type":"text","text":"see"},`+image+`]`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"see\n[image 1 of tool result toolu_a]"}`), lost: "messages[2].content[0].content[1]=dropped"},
		{name: "3.2 tool_result: a document", in: calls(callA, result(`,"content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"`+pdf+`"}}]`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"[document 1 of tool result toolu_a]"},{"role":"user","content":[{"type":"text","text":"Media of tool result toolu_a:"},{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,` + pdf + `"}}]}`),
			lost: "messages[2].content[0]=converted"},
		{name: "trap 74: a result without content", in: calls(callA, result(``)), want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":""}`)},
		{name: "trap 74: a result of null", in: calls(callA, result(`,"content":null`)), want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":""}`)},
		{name: "trap 75: a failed result says so", in: calls(callA, result(`,"content":"boom","is_error":true`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"Error: boom"}`), lost: "messages[2].content[0].is_error=converted"},
		{name: "trap 75: a failed result that says so already", in: calls(callA, result(`,"content":"Error: boom","is_error":true`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"Error: boom"}`)},
		{name: "3.2 tool_result: search_result, tool_reference and browser_state as text", in: calls(callA, result(`,"content":[{"type":"search_result","title":"T","source":"S","content":[{"type":"text","text":"x"}]},{"type":"tool_reference","tool_name":"g"},{"type":"browser_state","url":"u"}]`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"T\nS\nx\n[tool reference: g]\n[browser state] {\"type\":\"browser_state\",\"url\":\"u\"}"}`),
			lost: "messages[2].content[0].content[0]=converted,messages[2].content[0].content[1]=converted,messages[2].content[0].content[2]=converted"},
		{name: "pain 19: a mark inside a result goes on its message", to: openRouter, in: calls(callA, result(`,"content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]`)),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"a","cache_control":{"type":"ephemeral"}}`)},
		{name: "pain 28: a call without a result gets one", in: calls(callA, `{"type":"text","text":"never mind"}`),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"Error: no result was provided"},{"role":"user","content":"never mind"}`), lost: "tool_result toolu_a=repaired"},
		{name: "pain 28: a result without a call becomes text", in: turns(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_x","content":"lost"}]}`),
			want: turns(`{"role":"user","content":[{"type":"text","text":"[result of tool call toolu_x]"},{"type":"text","text":"lost"}]}`), lost: "messages[0].content[0]=repaired"},
		{name: "3.2 tool_result: an id above the host's 40 characters, alike in call and result", in: strings.ReplaceAll(calls(callA, result(`,"content":"ok"`)), "toolu_a", "toolu_"+strings.Repeat("x", 60)),
			want: strings.ReplaceAll(answered(`{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`), "toolu_a", "toolu_dad7588837af6f5357db06")},
	} {
		r.run(t)
	}
}

// Earlier answers of the assistant (3.2, 3.3).
func TestMessagesAssistantToChat(t *testing.T) {
	said := func(blocks string) string {
		return turns(`{"role":"user","content":"a"},{"role":"assistant","content":[` + blocks + `]},{"role":"user","content":"b"}`)
	}
	told := func(message string) string {
		return turns(`{"role":"user","content":"a"},` + message + `{"role":"user","content":"b"}`)
	}
	result := `{"type":"tool_result","tool_use_id":"toolu_a","content":"ok"}`
	for _, r := range []row{
		{name: "trap 76: calls only: content is null", in: calls(callA, result), want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`)},
		{name: "trap 76: blank text beside calls is none (pain 21)", in: calls(`{"type":"text","text":""},`+callA, result), want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`)},
		{name: "trap 88: the bytes of input are kept", in: calls(`{"type":"tool_use","id":"toolu_a","name":"f","input":{"z": 1.50, "a": [1,  2], "n": 12345678901234567890}}`, result),
			want: turns(`{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{\"z\": 1.50, \"a\": [1,  2], \"n\": 12345678901234567890}"}}]},{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`)},
		{name: "pain 25: no input is {}", in: calls(`{"type":"tool_use","id":"toolu_a","name":"f"}`, result), want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`)},
		{name: "3.2 tool_use: text before and after is joined in order", in: calls(`{"type":"text","text":"one "},`+callA+`,{"type":"text","text":"two"}`, result),
			want: turns(`{"role":"user","content":"go"},{"role":"assistant","content":"one two","tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`)},
		{name: "3.2 tool_use: a mark on a call is reported, pain 19", to: openRouter, in: calls(strings.TrimSuffix(callA, "}")+`,"cache_control":{"type":"ephemeral"}}`, result),
			want: answered(`{"role":"tool","tool_call_id":"toolu_a","content":"ok"}`), lost: "cache_control=dropped"},
		{name: "3.2 text: citations are dropped", in: said(`{"type":"text","text":"x","citations":[{"type":"char_location","cited_text":"y"}]}`), want: told(`{"role":"assistant","content":"x"},`),
			lost: "messages[1].content[0].citations=dropped"},
		{name: "3.2 text with a mark: parts", to: openRouter, in: said(`{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}`),
			want: told(`{"role":"assistant","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]},`)},
		{name: "3.3 turns of the assistant in a row are one message", in: turns(`{"role":"user","content":"go"},{"role":"assistant","content":[` + callA + `]},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_b","name":"g","input":{}}]},{"role":"user","content":[` + result + `,{"type":"tool_result","tool_use_id":"toolu_b","content":"B"}]}`),
			want: turns(`{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"toolu_b","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_a","content":"ok"},{"role":"tool","tool_call_id":"toolu_b","content":"B"}`)},
		{name: "3.2 server tools: dropped, their sources told", in: said(`{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://a","title":"A","encrypted_content":"e"}]},{"type":"text","text":"x"}`),
			want: told(`{"role":"assistant","content":"[web search results]\nA https://a\nx"},`), lost: "messages[1].content[0]=dropped,messages[1].content[1]=converted"},
		{name: "3.2 thinking only: the turn is dropped", in: said(`{"type":"thinking","thinking":"hm","signature":"s"}`), want: turns(`{"role":"user","content":"a"},{"role":"user","content":"b"}`),
			lost: "messages[1].content[0]=dropped"},
	} {
		r.run(t)
	}
}
