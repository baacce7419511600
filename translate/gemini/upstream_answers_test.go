package gemini_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// TestParts goes through what a candidate can hold (4.1).
func TestParts(t *testing.T) {
	runAnswers(t, []answer{
		{name: "4.1 thoughts, text and a call, each with a signature",
			google: []string{
				parts(`{"text":"Let me","thought":true}`), parts(`{"text":" think.","thought":true,"thoughtSignature":"s1"}`),
				parts(`{"text":"Hello "}`), parts(`{"text":"you","thoughtSignature":"s2"}`),
				ends(`{"functionCall":{"id":"c1","name":"f","args":{"x":1.50}},"thoughtSignature":"s3"},{"functionCall":{"id":"c2","name":"g","args":{}}}`, "STOP")},
			chat: `reasoning "Let me think."
				detail "Let me think." sealed s1
				content "Hello you" sealed s2
				call f {"x":1.50} sealed s3
				call g {}
				finish tool_calls`,
			messages: `thinking "Let me think." sealed s1
				text "Hello you"
				redacted sealed text s2
				redacted sealed s3
				tool_use f {"x":1.50}
				tool_use g {}
				stop tool_use`},
		{name: "4.5 a signature of an empty text is of the text before it",
			google: []string{parts(`{"text":"Hello"}`), ends(`{"text":"","thoughtSignature":"s1"}`, "STOP")},
			chat: `content "Hello" sealed s1
				finish stop`,
			messages: `text "Hello"
				redacted sealed text s1
				stop end_turn`},
		{name: "4.1 a signature of a text that is not there is no reasoning",
			google: []string{parts(`{"functionCall":{"name":"f"},"thoughtSignature":"s1"}`), ends(`{"text":"","thoughtSignature":"s2"}`, "STOP")},
			chat: `content "" sealed s2
				call f {} sealed s1
				finish tool_calls`,
			messages: `redacted sealed s1
				tool_use f {}
				redacted sealed text s2
				stop tool_use`},
		{name: "4.1 a part of nothing but a signature",
			google: []string{ends(`{"text":"Hi"},{"thoughtSignature":"s1"}`, "STOP")},
			chat: `content "Hi" sealed s1
				finish stop`,
			messages: `text "Hi"
				redacted sealed text s1
				stop end_turn`},
		{name: "4.1 of several signed texts a Chat answer keeps the last signature",
			google: []string{parts(`{"text":"a","thoughtSignature":"s1"}`), ends(`{"text":"b","thoughtSignature":"s2"}`, "STOP")},
			chat: `content "ab" sealed s2
				finish stop
				lost thought_signature=dropped`,
			messages: `text "a"
				redacted sealed text s1
				text "b"
				redacted sealed text s2
				stop end_turn`},
		{name: "4.1 a signed picture",
			google: []string{ends(`{"text":"Here:"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="},"thoughtSignature":"s1"}`, "STOP")},
			chat: `content "Here:"
				image data:image/png;base64,iVBORw0KGgo= sealed s1
				finish stop`,
			messages: `text "Here:"
				text "[The model made an image of type image/png, which this API cannot carry.]"
				stop end_turn
				lost image=dropped,thought_signature=dropped`},
		{name: "4.1 a file",
			google: []string{ends(`{"fileData":{"mimeType":"image/png","fileUri":"https://example.com/a.png"}}`, "STOP")},
			chat: `image https://example.com/a.png
				finish stop`,
			messages: `text "[The model made an image of type image/png, which this API cannot carry.]"
				stop end_turn
				lost image=dropped`},
		{name: "4.1 sound and film",
			google: []string{ends(`{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}},{"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}`, "STOP")},
			chat: `finish stop
				lost audio=dropped,video=dropped`,
			messages: `text "[The model made an audio of type audio/wav, which this API cannot carry.]"
				text "[The model made an video of type video/mp4, which this API cannot carry.]"
				stop end_turn
				lost audio=dropped,video=dropped`},
		{name: "4.1 code that the model ran is fenced text, with its signature",
			google: []string{ends(`{"executableCode":{"language":"PYTHON","code":"print('`+"```"+`')\n"},"thoughtSignature":"s1"},{"codeExecutionResult":{"outcome":"OUTCOME_OK"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2\n"}},{"text":"Two."}`, "STOP")},
			chat: `content "\n` + "````" + `PYTHON\nprint('` + "```" + `')\n\n` + "````" + `\n\n` + "```" + `\n2\n\n` + "```" + `\nTwo." sealed s1
				finish stop`,
			messages: `text "\n` + "````" + `PYTHON\nprint('` + "```" + `')\n\n` + "````" + `\n"
				redacted sealed text s1
				text "\n` + "```" + `\n2\n\n` + "```" + `\nTwo."
				stop end_turn`},
		{name: "4.1 parts that nobody knows are reported",
			google: []string{ends(`{"hologram":{"x":1}},{},{"text":"a"}`, "STOP")},
			chat: `content "a"
				finish stop
				lost hologram=dropped`,
			messages: `text "a"
				stop end_turn
				lost hologram=dropped`},
		{name: "4.5 candidates and content may be missing or empty",
			google: []string{`{}`, `{"candidates":[]}`, `{"candidates":[{}]}`, `{"candidates":[{"content":{}}]}`, parts(``), ends(`{"text":"a"}`, "STOP"), counted(`"promptTokenCount":3,"candidatesTokenCount":1`)},
			chat: `content "a"
				finish stop
				usage 3 + 1 = 4`,
			messages: `text "a"
				stop end_turn
				usage 3 + 1`},
		{name: "4.5 the last event may tell no usage",
			google: []string{`{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1}}`, ends(``, "STOP")},
			chat: `content "a"
				finish stop
				usage 3 + 1 = 4`,
			messages: `text "a"
				stop end_turn
				usage 3 + 1`},
		{name: "4.1 wrapped as Code Assist does",
			google: []string{`{"response":` + parts(`{"text":"a"}`) + `}`, `{"response":` + ends(``, "STOP") + `}`},
			chat: `content "a"
				finish stop`,
			messages: `text "a"
				stop end_turn`},
	})
}

// TestCallsInPieces goes through what partialArgs can hold beside B21.
func TestCallsInPieces(t *testing.T) {
	freeform := &translate.Request{Tools: []translate.Tool{{Name: scan.Text("patch"), Custom: true}}}
	bad := func(name string, list ...string) answer {
		events := []string{parts(`{"functionCall":{"name":"f","willContinue":true}}`)}
		for _, p := range list {
			events = append(events, parts(`{"functionCall":{"partialArgs":[`+p+`],"willContinue":true}}`))
		}
		return answer{name: name, google: append(events, ends(`{"functionCall":{}}`, "STOP")),
			chat: `error server_error (upstream_error): the model made a tool call that is not valid`, messages: `error api_error: the model made a tool call that is not valid`}
	}
	for _, a := range []answer{
		bad("pieces: no path", `{"stringValue":"a"}`), bad("pieces: the root", `{"jsonPath":"$","stringValue":"a"}`),
		bad("pieces: an array at the root", `{"jsonPath":"$[0]","stringValue":"a"}`),
		bad("pieces: into a value that is no container", `{"jsonPath":"$.a","stringValue":"x"}`, `{"jsonPath":"$.a.b","stringValue":"y"}`),
		bad("pieces: a container given a value", `{"jsonPath":"$.a.b","stringValue":"x"}`, `{"jsonPath":"$.a","stringValue":"y"}`),
		bad("pieces: a value that is complete", `{"jsonPath":"$.a","stringValue":"x"}`, `{"jsonPath":"$.a","stringValue":"y"}`),
		bad("pieces: back into what is closed", `{"jsonPath":"$.a.b","stringValue":"x"}`, `{"jsonPath":"$.c","numberValue":1}`, `{"jsonPath":"$.a.d","stringValue":"y"}`),
		bad("pieces: an element left out", `{"jsonPath":"$.a[1]","stringValue":"x"}`),
	} {
		t.Run(a.name, func(t *testing.T) { // what was told before differs, the failure does not
			if got := wholeTold(t, exchange(nil), chatDialect, chatTeller{}, []byte("["+a.google[0]+","+join(a.google[1:])+"]")); got != a.chat {
				t.Error(got)
			}
		})
	}
	runAnswers(t, []answer{
		{name: "pieces: without a last empty call",
			google: []string{parts(`{"functionCall":{"name":"f","willContinue":true}}`), ends(`{"functionCall":{"partialArgs":[{"jsonPath":"$.a.b[0].c","stringValue":"x"},{"jsonPath":"$.a.b[1]","numberValue":12345678901234567890}]}}`, "STOP")},
			chat: `call f {"a":{"b":[{"c":"x"},12345678901234567890]}}
				finish tool_calls`,
			messages: `tool_use f {"a":{"b":[{"c":"x"},12345678901234567890]}}
				stop tool_use`},
		{name: "pieces: the answer ends inside of a string",
			google: []string{parts(`{"functionCall":{"name":"f","willContinue":true}}`), ends(`{"functionCall":{"partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"x","willContinue":true}],"willContinue":true}}`, "MAX_TOKENS")},
			chat: `call f {"a":[{"b":"x"}]}
				finish length`,
			messages: `tool_use f {"a":[{"b":"x"}]}
				stop max_tokens`},
		{name: "pieces: two calls in turn",
			google: []string{
				parts(`{"functionCall":{"name":"f","partialArgs":[{"jsonPath":"$.a","stringValue":"x","willContinue":true}],"willContinue":true}}`),
				parts(`{"functionCall":{"name":"g","willContinue":true}}`), parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.b","boolValue":false}]}}`), ends(``, "STOP")},
			chat: `call f {"a":"x"}
				call g {"b":false}
				finish tool_calls`,
			messages: `tool_use f {"a":"x"}
				tool_use g {"b":false}
				stop tool_use`},
		{name: "pieces: of a freeform tool's input", asked: freeform,
			google: []string{parts(`{"functionCall":{"name":"patch","willContinue":true}}`), parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.input","stringValue":"a\n","willContinue":true}],"willContinue":true}}`),
				ends(`{"functionCall":{"partialArgs":[{"jsonPath":"$.input","stringValue":"\"b\""}]}}`, "STOP")},
			chat: `call patch a
				"b"
				finish tool_calls`},
	})
}

func join(list []string) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += ","
		}
		out += s
	}
	return out
}

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

// TestSources goes through grounding and citations.
func TestSources(t *testing.T) {
	searching := &translate.Request{WebSearch: &translate.WebSearch{}}
	const chunks = `"groundingChunks":[{"web":{"uri":"https://a.example","title":"a"}},{"web":{"uri":"https://b.example","title":"b"}},{"retrievedContext":{"uri":"gs://c","title":"c"}}]`
	lost := "\nlost annotations=dropped"
	runAnswers(t, []answer{
		{name: "4.1 sources of stretches of text, counted in characters", asked: searching,
			google: []string{parts(`{"text":"Größe: 3 m. "}`), ends(`{"text":"Ümlaut 😀."}`, "STOP"),
				`{"candidates":[{"groundingMetadata":{` + chunks + `,"searchEntryPoint":{"renderedContent":"<b>"},"groundingSupports":[
					{"segment":{"startIndex":9,"endIndex":12,"text":"3 m"},"groundingChunkIndices":[0]},
					{"segment":{"startIndex":14,"endIndex":26,"text":"Ümlaut 😀"},"groundingChunkIndices":[0,1]},
					{"segment":{"endIndex":2,"text":"lau"},"groundingChunkIndices":[7,-1]}]}}]}`},
			chat: `content "Größe: 3 m. Ümlaut 😀."
				citation https://a.example a "3 m"
				citation https://a.example a "Ümlaut 😀"
				citation https://b.example b "Ümlaut 😀"
				citation gs://c c "Größe: 3 m. Ümlaut 😀."
				finish stop
				lost searchEntryPoint=dropped`,
			messages: `text "Größe: 3 m. Ümlaut 😀."
				stop end_turn
				lost searchEntryPoint=dropped,annotations=dropped`},
		{name: "4.1 places that are off by a few bytes are found by their words", asked: searching,
			google: []string{ends(`{"text":"one two three"}`, "STOP"), `{"candidates":[{"groundingMetadata":{` + chunks + `,"groundingSupports":[{"segment":{"startIndex":5,"endIndex":8,"text":"two"},"groundingChunkIndices":[0,1,2]}]}}]}`},
			chat: `content "one two three"
				citation https://a.example a "two"
				citation https://b.example b "two"
				citation gs://c c "two"
				finish stop`,
			messages: "text \"one two three\"\nstop end_turn" + lost},
		{name: "4.1 sources belong to the block that they speak of", asked: searching,
			google: []string{parts(`{"text":"one ","thoughtSignature":"s1"}`), ends(`{"text":"two"}`, "STOP"), `{"candidates":[{"groundingMetadata":{` + chunks + `,"groundingSupports":[{"segment":{"startIndex":4,"endIndex":7,"text":"two"},"groundingChunkIndices":[0,1,2]}]}}]}`},
			chat: `content "one two" sealed s1
				citation https://a.example a "two"
				citation https://b.example b "two"
				citation gs://c c "two"
				finish stop`,
			messages: "text \"one \"\nredacted sealed text s1\ntext \"two\"\nstop end_turn" + lost},
		{name: "4.1 without a search asked for, a source is of the last text",
			google: []string{parts(`{"text":"thinking","thought":true}`), parts(`{"text":"one two"}`), ends(`{"functionCall":{"name":"f"}}`, "STOP"), `{"candidates":[{"groundingMetadata":{"groundingChunks":[{"maps":{"uri":"https://m.example","title":"m"}}]}}]}`},
			chat: `reasoning "thinking"
				content "one two"
				call f {}
				citation https://m.example m "one two"
				finish tool_calls`,
			messages: "thinking \"thinking\"\ntext \"one two\"\ntool_use f {}\nstop tool_use" + lost},
		{name: "4.1 repeated in each event, sources are told once",
			google: []string{`{"candidates":[{"content":{"parts":[{"text":"a"}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example","title":"a"}}]}}]}`,
				`{"candidates":[{"finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example","title":"a"}},{"web":{"title":"no address"}}]}}]}`},
			chat: `content "a"
				citation https://a.example a "a"
				finish stop
				lost groundingMetadata=dropped`,
			messages: "text \"a\"\nstop end_turn\nlost groundingMetadata=dropped,annotations=dropped"},
		{name: "4.1 works that the text repeats", asked: searching,
			google: []string{`{"candidates":[{"content":{"parts":[{"text":"to be or not"}]},"citationMetadata":{"citations":[{"startIndex":3,"endIndex":5,"uri":"https://w.example","title":"w"},{"endIndex":2}]},"urlContextMetadata":{"urlMetadata":[{}]},"finishReason":"STOP"}]}`},
			chat: `content "to be or not"
				citation https://w.example w "be"
				finish stop
				lost urlContextMetadata=dropped,citationMetadata=dropped`,
			messages: "text \"to be or not\"\nstop end_turn\nlost urlContextMetadata=dropped,citationMetadata=dropped,annotations=dropped"},
		{name: "4.1 sources of no text",
			google:   []string{`{"candidates":[{"finishReason":"RECITATION","citationMetadata":{"citationSources":[{"endIndex":2,"uri":"https://w.example"}]}}]}`},
			chat:     "finish content_filter\nlost citationMetadata=dropped",
			messages: "stop refusal\nlost citationMetadata=dropped"},
	})
}

func TestLogprobs(t *testing.T) {
	x := exchange(nil)
	const google = `{"candidates":[{"content":{"parts":[{"text":"Hé"}]},"finishReason":"STOP","logprobsResult":{
		"chosenCandidates":[{"token":"H","tokenId":1,"logProbability":-6.7947026e-06},{"token":"é","tokenId":2}],
		"topCandidates":[{"candidates":[{"token":"H","logProbability":-6.7947026e-06},{"token":"\"","logProbability":-12.196156}]},{"candidates":[{"token":"é"}]}]}}]}`
	r, err := decodeWhole(t, x, []byte(google))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"content":[` +
		`{"token":"H","logprob":-6.7947026e-06,"bytes":[72],"top_logprobs":[{"token":"H","logprob":-6.7947026e-06,"bytes":[72]},{"token":"\"","logprob":-12.196156,"bytes":[34]}]},` +
		`{"token":"é","logprob":0,"bytes":[195,169],"top_logprobs":[{"token":"é","logprob":0,"bytes":[195,169]}]}],"refusal":null}`
	if got := string(r.Choices[0].Logprobs); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	runAnswers(t, []answer{{name: "3.8 logprobs of events are those of the answer", google: []string{google, `{"candidates":[{"logprobsResult":{"chosenCandidates":[{"token":"!"}]}}]}`},
		chat: `content "Hé"
			logprobs of 3 tokens
			finish stop`,
		messages: `text "Hé"
			stop end_turn`}})
}
