package gemini_test

import (
	"strings"
	"testing"
)

// A weather tool and its declaration at Google, for conversations with calls.
const (
	ask             = `{"role":"user","content":"go"}`
	asked           = `{"role":"user","parts":[{"text":"go"}]}`
	chatCall        = `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	messagesCall    = `{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]}`
	called          = `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}}}]}`
	messagesImage   = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + png + `"}}`
	png             = `iVBORw0KGgo=`
	inlinePNG       = `{"inlineData":{"mimeType":"image/png","data":"` + png + `"}}`
	chatCallOfThree = `{"role":"assistant","content":"Looking.","tool_calls":[
		{"id":"a","type":"function","function":{"name":"f","arguments":"{\"c\":\"Rome\"}"}},
		{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}},
		{"id":"c","type":"function","function":{"name":"f","arguments":"{\"c\":\"Oslo\"}"}}]}`
	messagesCallOfThree = `{"role":"assistant","content":[{"type":"text","text":"Looking."},
		{"type":"tool_use","id":"a","name":"f","input":{"c":"Rome"}},
		{"type":"tool_use","id":"b","name":"g","input":{}},
		{"type":"tool_use","id":"c","name":"f","input":{"c":"Oslo"}}]}`
	calledThree = `{"role":"model","parts":[{"text":"Looking."},
		{"functionCall":{"id":"a","name":"f","args":{"c":"Rome"}}},
		{"functionCall":{"id":"b","name":"g","args":{}}},
		{"functionCall":{"id":"c","name":"f","args":{"c":"Oslo"}}}]}`
)

// turns is the messages of a request.
func turns(list ...string) string { return `"messages":[` + strings.Join(list, ",") + `]` }

// contents is the contents that are to be sent.
func contents(list ...string) string { return `"contents":[` + strings.Join(list, ",") + `]` }

func TestCalls(t *testing.T) {
	runAll(t, []row{
		{name: "A7: results in reverse order come in one content in the order of the calls",
			chat: turns(ask, chatCallOfThree,
				`{"role":"tool","tool_call_id":"c","content":"3"},{"role":"tool","tool_call_id":"b","content":"2"},{"role":"tool","tool_call_id":"a","content":"1"}`),
			messages: turns(ask, messagesCallOfThree, `{"role":"user","content":[
				{"type":"tool_result","tool_use_id":"c","content":"3"},{"type":"tool_result","tool_use_id":"b","content":"2"},{"type":"tool_result","tool_use_id":"a","content":"1"}]}`),
			want: contents(asked, calledThree, `{"role":"user","parts":[
				{"functionResponse":{"id":"a","name":"f","response":{"output":"1"}}},
				{"functionResponse":{"id":"b","name":"g","response":{"output":"2"}}},
				{"functionResponse":{"id":"c","name":"f","response":{"output":"3"}}}]}`)},
		{name: "A8: a missing result is made up as an error",
			chat:     turns(ask, chatCallOfThree, `{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"c","content":"3"}`),
			messages: turns(ask, messagesCallOfThree, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"tool_result","tool_use_id":"c","content":"3"}]}`),
			want: contents(asked, calledThree, `{"role":"user","parts":[
				{"functionResponse":{"id":"a","name":"f","response":{"output":"1"}}},
				{"functionResponse":{"id":"b","name":"g","response":{"error":"no result was provided"}}},
				{"functionResponse":{"id":"c","name":"f","response":{"output":"3"}}}]}`),
			lost: "tool_result b=repaired"},
		{name: "A9: the name of a result is found by the id of its call",
			chat: turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			want: contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "A9: a result of no call becomes text that names the id, and is reported",
			chat: turns(ask, `{"role":"tool","tool_call_id":"c9","content":"1"}`),
			want: contents(`{"role":"user","parts":[{"text":"go"},{"text":"[result of tool call c9]"},{"text":"1"}]}`),
			lost: "messages[1]=repaired"},
		{name: "A10: text after results stands in the same content, after them",
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"1"},{"role":"user","content":"and?"}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]},{"role":"user","content":"and?"}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}},{"text":"and?"}]}`)},
		{name: "A10: text before a result moves behind it",
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"text","text":"see"},{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}},{"text":"see"}]}`)},
		{name: "A11: images of several results come after all results",
			messages: turns(ask, `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]}`,
				`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"one"},`+messagesImage+`]},{"type":"tool_result","tool_use_id":"b","content":[`+messagesImage+`]},{"type":"text","text":"so?"}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}}},{"functionCall":{"id":"b","name":"f","args":{}}}]}`,
				`{"role":"user","parts":[
					{"functionResponse":{"id":"a","name":"f","response":{"output":"one"}}},
					{"functionResponse":{"id":"b","name":"f","response":{"output":""}}},
					`+inlinePNG+`,`+inlinePNG+`,{"text":"so?"}]}`)},
		{name: "A11: Gemini 3 takes images within results", to: vertexAI("gemini-3-pro-preview"),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"one"},`+messagesImage+`]}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"}]}`,
				`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"one"},"parts":[`+inlinePNG+`]}}]}`)},
		{name: "A12: a number is an object's output",
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"42"}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"42"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"42"}}}]}`)},
		{name: "A12: a list is an object's output",
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"[1,2]"}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"[1,2]"}]}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"[1,2]"}}}]}`)},
		{name: "A12: no content is an empty output",
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":""}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":""}}}]}`)},
		{name: "A12: several texts are lines of one output",
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"a"},{"type":"text","text":"b \"c\""}]}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"a\nb \"c\""}}}]}`)},
		{name: "pain 24: what a tool says is never taken for fields",
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"{\"$ref\":\"#/x\",\"error\":\"none\"}"}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"{\"$ref\":\"#/x\",\"error\":\"none\"}"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"{\"$ref\":\"#/x\",\"error\":\"none\"}"}}}]}`)},
		{name: "A13: a failed tool's result is an error",
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":"no such file"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"error":"no such file"}}}]}`)},
		{name: "A14: no arguments are an empty object on the wire",
			chat: turns(ask, `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}`, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			want: contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "A14: nor is an absent input left out",
			messages: turns(ask, `{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f"}]}`, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "A15: digits of arguments are kept",
			chat:     turns(ask, `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"id\":12345678901234567890, \"x\":1.50}"}}]}`, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			messages: turns(ask, `{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{"id":12345678901234567890,"x":1.50}}]}`, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{"id":12345678901234567890,"x":1.50}}}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "pain 25: arguments that are no object are kept inside one",
			chat: turns(ask, `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"c\":"}}]}`, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{"_raw":"{\"c\":"}}}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`),
			lost: "messages[1].tool_calls[0].function.arguments=repaired"},
		{name: "A16: Vertex AI is sent no ids", to: vertexAI("gemini-2.5-pro"),
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}`,
				`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}}]}`)},
		{name: "A17: AI Studio is sent ids on both sides",
			chat:     turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want:     contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`)},
		{name: "3.2 5: a conversation that begins with a call is begun by the user",
			messages: turns(messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}`),
			want: contents(`{"role":"user","parts":[{"text":"(conversation continues)"}]}`, called,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"1"}}}]}`),
			lost: "messages[0]=repaired"},
		{name: "3.4: names that Google refuses are sent under others", to: vertexAI("gemini-2.5-pro"),
			chat: `"tools":[{"type":"function","function":{"name":"2fa"}},{"type":"function","function":{"name":"-x y"}},{"type":"function","function":{"name":"mcp.a:b-c"}}],"tool_choice":{"type":"function","function":{"name":"2fa"}},` +
				turns(ask, `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"2fa","arguments":"{}"}}]}`, `{"role":"tool","tool_call_id":"c1","content":"1"}`),
			want: `"tools":[{"functionDeclarations":[{"name":"__2fa_6545c832"},{"name":"__-x_y_1e56872f"},{"name":"mcp.a:b-c"}]}],
				"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["__2fa_6545c832"]}},` +
				contents(asked, `{"role":"model","parts":[{"functionCall":{"name":"__2fa_6545c832","args":{}}}]}`,
					`{"role":"user","parts":[{"functionResponse":{"name":"__2fa_6545c832","response":{"output":"1"}}}]}`)},
	})
}
