package gemini_test

import "testing"

// TestFinishReasons goes through the table of 4.2.
func TestFinishReasons(t *testing.T) {
	var rows []answer
	with := func(reason, chat, messages string) {
		rows = append(rows, answer{name: "4.2 " + reason + " with text", google: []string{ends(`{"text":"a"}`, reason)},
			chat: "content \"a\"\nfinish " + chat, messages: "text \"a\"\nstop " + messages})
	}
	without := func(reason, chat, messages string) {
		rows = append(rows, answer{name: "4.2 " + reason + " alone", google: []string{ends(``, reason)}, chat: "finish " + chat, messages: "stop " + messages})
	}
	called := func(reason, chat, messages string) {
		rows = append(rows, answer{name: "4.2 " + reason + " with a call", google: []string{ends(`{"functionCall":{"name":"f"}}`, reason)},
			chat: "call f {}\nfinish " + chat, messages: "tool_use f {}\nstop " + messages})
	}
	with("STOP", "stop", "end_turn")
	called("STOP", "tool_calls", "tool_use")
	with("MAX_TOKENS", "length", "max_tokens")
	without("MAX_TOKENS", "length", "max_tokens")
	called("MAX_TOKENS", "length", "max_tokens")
	for _, reason := range []string{"SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "LANGUAGE", "MODEL_ARMOR", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"} {
		with(reason, "content_filter", "refusal")
		without(reason, "content_filter", "refusal")
	}
	with("TOO_MANY_TOOL_CALLS", "stop", "pause_turn")
	called("TOO_MANY_TOOL_CALLS", "tool_calls", "tool_use")
	for _, reason := range []string{"NO_IMAGE", "IMAGE_OTHER", "OTHER", "FINISH_REASON_UNSPECIFIED"} {
		with(reason, "stop", "end_turn")
		without(reason, "content_filter", "refusal")
		called(reason, "tool_calls", "tool_use")
	}
	with("CONTINUATION", "length", "max_tokens")
	with("SOMETHING_NEW", "stop", "end_turn")
	called("SOMETHING_NEW", "tool_calls", "tool_use")
	rows = append(rows,
		answer{name: "4.2 OTHER is judged by its own candidate",
			google: []string{`{"candidates":[{"index":0,"finishReason":"OTHER"},{"index":1,"content":{"parts":[{"text":"a"}]},"finishReason":"OTHER"}]}`},
			chat: `finish content_filter
				choice 1
				content "a"
				finish stop`,
			messages: `stop refusal
				lost choices=dropped`},
		answer{name: "4.2 a refusal is explained",
			google: []string{`{"candidates":[{"finishReason":"SAFETY","finishMessage":"Sensitive \"words\""}]}`},
			chat: `refusal "Sensitive \"words\""
				finish content_filter`,
			messages: `stop refusal
				explained "Sensitive \"words\""`},
		answer{name: "4.3 blocked with a message",
			google: []string{`{"promptFeedback":{"blockReason":"MODEL_ARMOR","blockReasonMessage":"Policy \"x\""}}`},
			chat: `refusal "the provider blocked the prompt: MODEL_ARMOR: Policy \"x\""
				finish content_filter`,
			messages: `stop refusal
				explained "the provider blocked the prompt: MODEL_ARMOR: Policy \"x\""`},
		answer{name: "4.3 blocked after content has begun",
			google: []string{parts(`{"text":"Well"}`), `{"promptFeedback":{"blockReason":"SAFETY"}}`},
			chat: `content "Well"
				finish content_filter`,
			messages: `text "Well"
				stop refusal`},
		answer{name: "4.3 feedback that blocks nothing",
			google: []string{`{"promptFeedback":{"safetyRatings":[]},"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}`},
			chat: `content "a"
				finish stop`,
			messages: `text "a"
				stop end_turn`})
	runAnswers(t, rows)
}

// TestUsage goes through the arithmetic of 4.4.
func TestUsage(t *testing.T) {
	rows := []struct{ name, usage, chat, messages string }{
		{"4.4 no thoughts", `"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15`, "usage 10 + 5 = 15", "usage 10 + 5"},
		{"4.4 thoughts are outside of candidates", `"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":7,"totalTokenCount":22`,
			"usage 10 + 12 = 22\nof which reasoning 7", "usage 10 + 12\nof which thinking 7"},
		{"4.4 nothing but thoughts", `"promptTokenCount":10,"thoughtsTokenCount":7,"totalTokenCount":17`,
			"usage 10 + 7 = 17\nof which reasoning 7", "usage 10 + 7\nof which thinking 7"},
		{"4.4 tools' prompts are prompt", `"promptTokenCount":10,"candidatesTokenCount":5,"toolUsePromptTokenCount":4,"totalTokenCount":19`, "usage 14 + 5 = 19", "usage 14 + 5"},
		{"4.4 the cached are part of the prompt", `"promptTokenCount":10,"cachedContentTokenCount":8,"candidatesTokenCount":5`, "usage 10 + 5 = 15\nof which cached 8", "usage 2 + 5\ncache read 8"},
		{"4.4 more cached than prompt", `"promptTokenCount":10,"cachedContentTokenCount":80,"candidatesTokenCount":5`, "usage 10 + 5 = 15\nof which cached 10", "usage 0 + 5\ncache read 10"},
		{"4.4 modalities", `"promptTokenCount":10,"candidatesTokenCount":5,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4},{"modality":"AUDIO","tokenCount":6}],"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":5}]`,
			"usage 10 + 5 = 15\nof which audio in 6, audio out 5", "usage 10 + 5"},
		{"4.4 the tier by AI Studio's word", `"promptTokenCount":10,"candidatesTokenCount":5,"serviceTier":"priority"`, "usage 10 + 5 = 15\ntier priority", "usage 10 + 5\ntier priority"},
		{"4.4 the tier by Vertex AI's traffic", `"promptTokenCount":10,"candidatesTokenCount":5,"trafficType":"ON_DEMAND"`, "usage 10 + 5 = 15\ntier default", "usage 10 + 5\ntier standard"},
		{"4.4 throughput bought beforehand is no tier", `"promptTokenCount":10,"candidatesTokenCount":5,"trafficType":"PROVISIONED_THROUGHPUT"`, "usage 10 + 5 = 15", "usage 10 + 5"},
		{"4.4 what is no count changes none", `"promptTokenCount":10,"candidatesTokenCount":-5,"totalTokenCount":"15","thoughtsTokenCount":1e300`, "usage 10 + 0 = 10", "usage 10 + 0"},
		{"4.4 counts beyond all bounds do not turn negative", `"promptTokenCount":9223372036854775807,"toolUsePromptTokenCount":9223372036854775807,"candidatesTokenCount":9223372036854775807,"totalTokenCount":9223372036854775807,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":-1}]`,
			"usage 2251799813685248 + 1125899906842624 = 3377699720527872", "usage 2251799813685248 + 1125899906842624"},
	}
	for i := range rows {
		rows[i].chat = "content \"a\"\nfinish stop\n" + rows[i].chat
		rows[i].messages = "text \"a\"\nstop end_turn\n" + rows[i].messages
		runAnswers(t, []answer{{name: rows[i].name, chat: rows[i].chat, messages: rows[i].messages,
			google: []string{parts(`{"text":"a"}`), ends(``, "STOP"), counted(rows[i].usage)}}})
	}
}
