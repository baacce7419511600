package gemini_test

import (
	"strings"
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
				text "[Left out: image of type image/png, which this API cannot carry.]"
				stop end_turn
				lost image=dropped,thought_signature=dropped`},
		{name: "4.1 a file",
			google: []string{ends(`{"fileData":{"mimeType":"image/png","fileUri":"https://example.com/a.png"}}`, "STOP")},
			chat: `image https://example.com/a.png
				finish stop`,
			messages: `text "[Left out: image of type image/png, which this API cannot carry.]"
				stop end_turn
				lost image=dropped`},
		{name: "4.1 sound and film",
			google: []string{ends(`{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}},{"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}`, "STOP")},
			chat: `finish stop
				lost audio=dropped,video=dropped`,
			messages: `text "[Left out: audio of type audio/wav, which this API cannot carry.]"
				text "[Left out: video of type video/mp4, which this API cannot carry.]"
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

// TestPains goes through what other gateways got wrong with Gemini's answers (pains.md).
func TestPains(t *testing.T) {
	calls := ends(`{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"f","args":{"a":2}}}`, "STOP")
	runAnswers(t, []answer{
		{name: "pain 5: the arguments of parallel calls stay apart", google: []string{calls},
			chat: `call f {"a":1}
				call f {"a":2}
				finish tool_calls`,
			messages: `tool_use f {"a":1}
				tool_use f {"a":2}
				stop tool_use`},
		{name: "pain 6: a call is the reason to end, though Gemini says STOP",
			google: []string{parts(`{"functionCall":{"name":"f"}}`), parts(`{"text":""}`), ends(``, "STOP")},
			chat: `call f {}
				finish tool_calls`,
			messages: `tool_use f {}
				stop tool_use`},
		{name: "pain 16: a signed thought without text is kept",
			google: []string{parts(`{"text":"","thought":true,"thoughtSignature":"s1"}`), ends(`{"text":"a"}`, "STOP")},
			chat: `detail "" sealed s1
				content "a"
				finish stop`,
			messages: `thinking "" sealed s1
				text "a"
				stop end_turn`},
		{name: "pain 35: no part of the usage is more than its whole",
			google: []string{ends(`{"text":"a"}`, "STOP"), counted(`"promptTokenCount":10,"cachedContentTokenCount":30,"candidatesTokenCount":2,"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":9}],"promptTokensDetails":[{"modality":"AUDIO","tokenCount":90}]`)},
			chat: `content "a"
				finish stop
				usage 10 + 2 = 12
				of which cached 10, audio in 10, audio out 2`,
			messages: `text "a"
				stop end_turn
				usage 0 + 2
				cache read 10`},
	})
	t.Run("pain 5: calls without ids get ids of their own, the same in a stream", func(t *testing.T) {
		r, err := decodeWhole(t, exchange(nil), []byte(calls))
		if err != nil {
			t.Fatal(err)
		}
		one, two := string(r.Choices[0].Blocks[0].Call.ID), string(r.Choices[0].Blocks[1].Call.ID)
		stream := ""
		for _, f := range streamed(exchange(nil), chatDialect, []string{calls}) {
			stream += f.data
		}
		if one == two || !strings.HasPrefix(one, "call_") || !strings.Contains(stream, one) || !strings.Contains(stream, two) {
			t.Errorf("%s and %s in %s", one, two, stream)
		}
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
			if got := wholeTold(t, exchange(nil), chatDialect, chatTeller{}, []byte("["+a.google[0]+","+strings.Join(a.google[1:], ",")+"]")); got != a.chat {
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
