package gemini_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

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
