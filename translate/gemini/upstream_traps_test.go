package gemini_test

import (
	"testing"
)

// parts is an event with parts and nothing else.
func parts(list string) string { return `{"candidates":[{"content":{"parts":[` + list + `]}}]}` }

// ends is an event with parts and a reason to finish.
func ends(list, reason string) string {
	return `{"candidates":[{"content":{"parts":[` + list + `],"role":"model"},"finishReason":"` + reason + `"}]}`
}

// counted is an event with usageMetadata and no candidates.
func counted(members string) string { return `{"usageMetadata":{` + members + `}}` }

// TestTraps goes through the list B of provider-traps.md, as far as it is about the
// conversion of answers.
func TestTraps(t *testing.T) {
	runAnswers(t, []answer{
		{name: "B1: a call stands events before STOP and an empty text",
			google: []string{parts(`{"functionCall":{"name":"f","args":{"a":1}}}`), ends(`{"text":""}`, "STOP")},
			chat: `call f {"a":1}
				finish tool_calls`,
			messages: `tool_use f {"a":1}
				stop tool_use`},
		{name: "B2: a call without args has no arguments",
			google: []string{ends(`{"functionCall":{"name":"f"}}`, "STOP")},
			chat: `call f {}
				finish tool_calls`,
			messages: `tool_use f {}
				stop tool_use`},
		{name: "B3: usage of every event is told once, the last values of it",
			google: []string{
				`{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1,"totalTokenCount":11}}`,
				`{"candidates":[{"content":{"parts":[{"text":"b"}]}}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2,"totalTokenCount":12}}`,
				`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13}}`},
			chat: `content "ab"
				finish stop
				usage 10 + 3 = 13`,
			messages: `text "ab"
				stop end_turn
				usage 10 + 3`},
		{name: "B4: events with the type of traffic only, or with zeros, change no count",
			google: []string{
				counted(`"trafficType":"ON_DEMAND_FLEX"`),
				`{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":3,"totalTokenCount":13}}`,
				counted(`"trafficType":"ON_DEMAND_FLEX"`),
				`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":0,"cachedContentTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}}`},
			chat: `content "a"
				finish stop
				usage 10 + 3 = 13
				of which cached 4
				tier flex`,
			messages: `text "a"
				stop end_turn
				usage 6 + 3
				cache read 4`},
		{name: "B5: prompt 100, candidates 20, thoughts 30, tools 7, cached 40",
			google: []string{`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],
				"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":20,"thoughtsTokenCount":30,"toolUsePromptTokenCount":7,"cachedContentTokenCount":40,"totalTokenCount":157}}`},
			chat: `content "a"
				finish stop
				usage 107 + 50 = 157
				of which cached 40, reasoning 30`,
			messages: `text "a"
				stop end_turn
				usage 67 + 50
				cache read 40
				of which thinking 30`},
		{name: "B6: a total that leaves thoughts out has them in the candidates",
			google: []string{`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],
				"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":50,"thoughtsTokenCount":30,"totalTokenCount":150}}`},
			chat: `content "a"
				finish stop
				usage 100 + 50 = 150
				of which reasoning 30`,
			messages: `text "a"
				stop end_turn
				usage 100 + 50
				of which thinking 30`},
		{name: "B7: a blocked prompt is a refusal with the prompt's tokens",
			google: []string{`{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":12,"totalTokenCount":12}}`},
			chat: `refusal "the provider blocked the prompt: PROHIBITED_CONTENT"
				finish content_filter
				usage 12 + 0 = 12`,
			messages: `stop refusal
				explained "the provider blocked the prompt: PROHIBITED_CONTENT"
				usage 12 + 0`},
		{name: "B8: neither candidates nor a block reason is a failure of the provider",
			google:   []string{`{"usageMetadata":{"promptTokenCount":12,"totalTokenCount":12},"candidates":[]}`},
			chat:     `error server_error (empty_upstream_response): the provider sent an empty answer`,
			messages: `error api_error: the provider sent an empty answer`},
		{name: "B9: a malformed call is a failure of the provider",
			google:   []string{`{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: f("}]}`},
			chat:     `error server_error (upstream_error): the model made a tool call that is not valid`,
			messages: `error api_error: the model made a tool call that is not valid`},
		{name: "B10: a reason that nobody knows is an ordinary end",
			google: []string{ends(`{"text":"a"}`, "FOO_BAR")},
			chat: `content "a"
				finish stop`,
			messages: `text "a"
				stop end_turn`},
		{name: "B19: candidates go by their index, not by their place",
			google: []string{
				`{"candidates":[{"index":1,"content":{"parts":[{"text":"one"}]}},{"content":{"parts":[{"text":"zero"}]}}]}`,
				`{"candidates":[{"index":1,"finishReason":"MAX_TOKENS"},{"finishReason":"STOP"}]}`},
			chat: `content "zero"
				finish stop
				choice 1
				content "one"
				finish length`,
			messages: `text "zero"
				stop end_turn
				lost choices=dropped`},
		{name: "B20: a part that is a thought and a call is a call",
			google: []string{ends(`{"thought":true,"functionCall":{"name":"f","args":{}},"thoughtSignature":"s1"}`, "STOP")},
			chat: `call f {} sealed s1
				finish tool_calls`,
			messages: `redacted sealed s1
				tool_use f {}
				stop tool_use`},
		{name: "B21: arguments in pieces, ended by an empty call", google: piecesOfCall,
			chat: `call f {"city":"São \"P\"","where":{"lat":-23.5,"tags":["a",null],"ok":true}} sealed s1
				call g {}
				finish tool_calls`,
			messages: `redacted sealed s1
				tool_use f {"city":"São \"P\"","where":{"lat":-23.5,"ok":true,"tags":["a",null]}}
				tool_use g {}
				stop tool_use`},
		{name: "B22: calls of Google's own tools are none of the client's",
			google: []string{ends(`{"toolCall":{"toolType":"GOOGLE_SEARCH","id":"x"},"thoughtSignature":"s1"},{"toolResponse":{"id":"x","response":{}}},{"text":"a"}`, "STOP")},
			chat: `content "a"
				finish stop
				lost toolCall=dropped,toolResponse=dropped`,
			messages: `text "a"
				stop end_turn
				lost toolCall=dropped,toolResponse=dropped`},
		{name: "B23: CONTINUATION is a limit, since it is not resumed",
			google: []string{`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"CONTINUATION","continuationToken":"t"}]}`},
			chat: `content "a"
				finish length`,
			messages: `text "a"
				stop max_tokens`},
	})
}

// piecesOfCall is a call as streamFunctionCallArguments tells it.
var piecesOfCall = []string{
	parts(`{"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"s1"}`),
	parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"São ","willContinue":true}],"willContinue":true}}`),
	parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"\"P\"","willContinue":true}],"willContinue":true}}`),
	parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":""}],"willContinue":true}}`),
	parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.where.lat","numberValue":-23.5},{"jsonPath":"$['where'].tags[0]","stringValue":"a"}],"willContinue":true}}`),
	parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.where.tags[1]","nullValue":"NULL_VALUE"},{"jsonPath":"$.where.ok","boolValue":true}],"willContinue":true}}`),
	parts(`{"functionCall":{}}`),
	ends(`{"functionCall":{"name":"g"}}`, "STOP"),
}

// TestTrapsOfStreams are the traps that only streams have.
func TestTrapsOfStreams(t *testing.T) {
	for _, test := range []struct {
		name           string
		google         []string
		chat, messages string
	}{
		{"B11: a body that ends without a reason is no clean end", []string{parts(`{"text":"half an ans"}`)}, `
			content "half an ans"
			error server_error (upstream_stream_interrupted): the provider's stream ended before the answer was complete`, `
			error api_error: the provider's stream ended before the answer was complete`},
		{"B12: an error after text", []string{parts(`{"text":"half"}`), `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`}, `
			content "half"
			error server_error (overloaded): the provider is overloaded`, `
			error overloaded_error: the provider is overloaded`},
		{"5 an error in an array, bare in the stream", []string{parts(`{"text":"half"}`), `[{"error":{"code":429,"message":"Quota of project 123456789 used up","status":"RESOURCE_EXHAUSTED"}}]`}, `
			content "half"
			error rate_limit_error (upstream_rate_limited): the provider's rate limit is reached`, `
			error rate_limit_error: the provider's rate limit is reached`},
		{"4.2 a malformed call after text", []string{parts(`{"text":"half"}`), `{"candidates":[{"finishReason":"UNEXPECTED_TOOL_CALL"}]}`}, `
			content "half"
			error server_error (upstream_error): the model made a tool call that is not valid`, `
			error api_error: the model made a tool call that is not valid`},
		{"5 the operator's project is not told in a stream", []string{parts(`{"text":"half"}`), `{"error":{"code":400,"message":"No access to projects/my-project at us-central1-aiplatform.googleapis.com?key=AIzaSyA1234567890","status":"INVALID_ARGUMENT"}}`}, `
			content "half"
			error invalid_request_error (upstream_invalid_request): No access to projects/… at …?key=…`, `
			error invalid_request_error: No access to projects/… at …?key=…`},
		{"5 a cancelled call is not the client's fault", []string{`{"error":{"code":499,"message":"m","status":"CANCELLED"}}`}, `
			error server_error (upstream_stream_interrupted): the provider failed`, `
			error api_error: the provider failed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := answer{google: test.google}
			x := exchange(nil)
			if got := trimLines(chatTeller{}.stream(t, streamed(x, chatDialect, a.google))); got != trimLines(test.chat) {
				t.Errorf("chat:\n%s", got)
			}
			if got := trimLines(messagesTeller{}.stream(t, streamed(exchange(nil), messagesDialect, a.google))); got != trimLines(test.messages) {
				t.Errorf("messages:\n%s", got)
			}
		})
	}
}
