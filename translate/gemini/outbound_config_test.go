package gemini_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// config is the generationConfig of a small request.
func config(members string) string {
	if members != "" {
		members = "," + members
	}
	return `"generationConfig":{"maxOutputTokens":100` + members + `}`
}

func TestConfig(t *testing.T) {
	runAll(t, []row{
		{name: "3.8: sampling", chat: `"temperature":0.70,"top_p":0.9,"top_k":40,"presence_penalty":0.5,"frequency_penalty":-1`,
			want: config(`"temperature":0.70,"topP":0.9,"topK":40,"presencePenalty":0.5,"frequencyPenalty":-1`)},
		{name: "3.8: sampling, from Messages", messages: `"temperature":1,"top_p":0.9,"top_k":40`, want: config(`"temperature":1,"topP":0.9,"topK":40`)},
		{name: "3.8: max_completion_tokens wins", chat: `"max_completion_tokens":7`, want: `"generationConfig":{"maxOutputTokens":7}`},
		{name: "3.8: no limit, no setting", chat: `"max_tokens":null`, want: `"generationConfig":null`},
		{name: "3.8: more than the model gives is cut", chat: `"max_tokens":1000000`, messages: `"max_tokens":1000000`, want: `"generationConfig":{"maxOutputTokens":65536}`, lost: "max_tokens=clamped"},
		{name: "3.8: one stop sequence is a list", chat: `"stop":"END"`, messages: `"stop_sequences":["END"]`, want: `"generationConfig":{"maxOutputTokens":100,"stopSequences":["END"]}`},
		{name: "3.8: five stop sequences at most", chat: `"stop":["1","2","","3","4","5","6"]`, want: `"generationConfig":{"maxOutputTokens":100,"stopSequences":["1","2","3","4","5"]}`, lost: "stop=clamped"},
		{name: "3.8: five stop sequences at most, told in the client's words", messages: `"stop_sequences":["1","2","3","4","5","6"]`, want: `"generationConfig":{"maxOutputTokens":100,"stopSequences":["1","2","3","4","5"]}`, lost: "stop_sequences=clamped"},
		{name: "3.8: several answers", chat: `"n":3`, want: `"generationConfig":{"maxOutputTokens":100,"candidateCount":3}`},
		{name: "3.8: more answers than eight", chat: `"n":9`, err: "n: n must be at most 8"},
		{name: "3.8: log probabilities", chat: `"logprobs":true,"top_logprobs":5`, want: config(`"responseLogprobs":true,"logprobs":5`)},
		{name: "A37: a seed fits into 31 bits, the same way each time", chat: `"seed":9007199254740993`, want: config(`"seed":1`), lost: "seed=converted"},
		{name: "A37: a small seed stays", chat: `"seed":2147483647`, want: config(`"seed":2147483647`)},
		{name: "A37: a negative seed becomes a positive one", chat: `"seed":-5`, want: config(`"seed":2147483643`), lost: "seed=converted"},
		{name: "A37: a seed beyond 64 bits", chat: `"seed":18446744073709551617`, want: config(`"seed":1`), lost: "seed=converted"},
		{name: "A37: a seed that is no whole number is left out", chat: `"seed":1.5`, want: config(""), lost: "seed=dropped"},
		{name: "3.8: kinds of output", chat: `"modalities":["text","image"]`, want: config(`"responseModalities":["TEXT","IMAGE"]`)},
		{name: "3.8: sound is refused, since nothing would bring it back", chat: `"modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}`, err: "modalities: modalities must be text and image"},
		{name: "3.1: a cheap tier", chat: `"service_tier":"flex"`, want: `"serviceTier":"flex"`},
		{name: "3.1: the usual tier is not named", chat: `"service_tier":"auto"`, messages: `"service_tier":"standard_only"`, want: `"serviceTier":null`},
		{name: "3.1: a dear tier only where the route permits it", chat: `"service_tier":"priority"`, want: `"serviceTier":null`, lost: "service_tier=dropped"},
		{name: "3.1: a dear tier that is permitted", to: studio("gemini-2.5-flash").with(func(t *translate.Target) { t.Quirks.FastMode = true }),
			chat: `"service_tier":"priority"`, messages: `"speed":"fast"`, want: `"serviceTier":"priority"`},
		{name: "3.1: Vertex AI has no field for it", to: vertexAI("gemini-2.5-flash"), chat: `"service_tier":"flex"`, want: `"serviceTier":null`, lost: "service_tier=dropped"},
		{name: "A48: unknown fields are not sent", chat: `"foo":{"bar":1},"logit_bias":{"1":2}`, want: `"foo":null,"logit_bias":null,` + contents(`{"role":"user","parts":[{"text":"hi"}]}`), lost: "foo=dropped,logit_bias=dropped"},
		{name: "A48: nor those inside of messages, parts and tools",
			chat: turns(`{"role":"user","foo":1,"content":[{"type":"text","text":"hi","foo":1}]}`) + `,"tools":[{"type":"function","foo":1,"function":{"name":"f","foo":1}}]`,
			want: contents(`{"role":"user","parts":[{"text":"hi"}]}`) + `,"tools":[{"functionDeclarations":[{"name":"f"}]}]`},
		{name: "A48: from Messages", messages: `"foo":1`, want: `"foo":null`, lost: "foo=dropped"},
		{name: "A48: one that changes what is done is refused", messages: `"mcp_servers":[{"type":"url","url":"https://h","name":"n"}]`, err: "mcp_servers: mcp_servers is not supported by this model's provider"},
		{name: "pain 19: what cannot be honoured is reported", chat: `"user":"u","prompt_cache_key":"k","min_p":0.1`, want: `"user":null`, lost: "user=dropped,prompt_cache_key=dropped,min_p=dropped"},
		{name: "pain 19: also to Messages clients, in their words", messages: `"metadata":{"user_id":"u"},"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]`,
			want: `"systemInstruction":{"parts":[{"text":"s"}]}`, lost: "metadata.user_id=dropped,cache_control=dropped"},
		{name: "pain 20: a mark with a time to live goes as a whole, Gemini caches without", messages: `"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]`,
			want: contents(`{"role":"user","parts":[{"text":"hi"}]}`), lost: "cache_control=dropped"},
		{name: "pain 21: empty texts are left out", chat: turns(`{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"hi"},{"type":"text","text":" \n"}]}`, `{"role":"assistant","content":""}`, `{"role":"user","content":"there"}`),
			want: contents(`{"role":"user","parts":[{"text":"hi"},{"text":"there"}]}`)},
		{name: "pain 21: nothing but empty text is refused here", chat: turns(`{"role":"user","content":""}`), messages: turns(`{"role":"user","content":[{"type":"text","text":" "}]}`), err: "messages: messages must hold something to answer"},
	})
}

func TestFormat(t *testing.T) {
	const point = `{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false}`
	asJSON := `"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":` + point + `}}`
	asOutput := `"output_config":{"format":{"type":"json_schema","schema":` + point + `}}`
	runAll(t, []row{
		{name: "3.8: JSON", chat: `"response_format":{"type":"json_object"}`, want: config(`"responseMimeType":"application/json"`)},
		{name: "3.8: a schema", chat: asJSON, messages: asOutput, want: config(`"responseMimeType":"application/json","responseJsonSchema":` + point)},
		{name: "3.8: a schema in OpenAPI's form for older models", to: studio("gemini-2.0-flash"), chat: asJSON, messages: asOutput,
			want: config(`"responseMimeType":"application/json","responseSchema":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]}`)},
		{name: "3.8: a list as the answer", chat: `"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"array","items":{"type":"string"}}}}`,
			want: config(`"responseMimeType":"application/json","responseJsonSchema":{"type":"array","items":{"type":"string"}}`)},
		{name: "3.8: beside tools on Gemini 3", to: studio("gemini-3-pro-preview"), chat: chatFG + "," + asJSON, messages: messagesFG + "," + asOutput,
			want: declared + "," + config(`"responseMimeType":"application/json","responseJsonSchema":`+point)},
		{name: "3.8: beside tools before Gemini 3 it is told in words", chat: chatFG + "," + asJSON, lost: "response_format=converted",
			want: declared + "," + config("") + `,"systemInstruction":{"parts":[{"text":"Respond with a single JSON value that satisfies this JSON Schema, and nothing else: ` + strings.ReplaceAll(point, `"`, `\"`) + `"}]}`},
		{name: "3.8: the same for Messages", messages: `"system":"s",` + messagesFG + "," + asOutput, lost: "output_config.format=converted",
			want: declared + "," + config("") + `,"systemInstruction":{"parts":[{"text":"s"},{"text":"Respond with a single JSON value that satisfies this JSON Schema, and nothing else: ` + strings.ReplaceAll(point, `"`, `\"`) + `"}]}`},
		{name: "3.8: a schema that cannot be told is refused by its name", messages: `"output_config":{"format":{"type":"json_schema","schema":{"$ref":"https://example.com/a"}}}`, err: "output_config.format: the schema cannot be used"},
	})
}

// TestThinking goes through the table of 3.8. A wish is an effort in Chat.
func TestThinking(t *testing.T) {
	effort := func(level string) string { return `"reasoning_effort":"` + level + `"` }
	level := func(level string) string {
		return config(`"thinkingConfig":{"thinkingLevel":"` + level + `","includeThoughts":true}`)
	}
	budget := func(n string) string {
		return config(`"thinkingConfig":{"thinkingBudget":` + n + `,"includeThoughts":true}`)
	}
	flash37, flash3, pro3 := studio("gemini-3.7-flash"), studio("gemini-3-flash-preview"), studio("gemini-3.1-pro-preview")
	flash25, pro25, flash20 := studio("gemini-2.5-flash"), vertexAI("gemini-2.5-pro"), studio("gemini-2.0-flash")
	runAll(t, []row{
		{name: "A38: minimal is the level low on gemini-3.7-flash", to: flash37, chat: effort("minimal"), want: level("low"), lost: "reasoning_effort=converted"},
		{name: "A38: minimal is the level minimal on gemini-3-flash", to: flash3, chat: effort("minimal"), want: level("minimal")},
		{name: "A38: gemini-flash-latest is among the newest", to: studio("gemini-flash-latest"), chat: effort("minimal"), want: level("low"), lost: "reasoning_effort=converted"},
		{name: "A38: a name of tomorrow is as the newest", to: studio("gemini-4-flash"), chat: effort("minimal"), want: level("low"), lost: "reasoning_effort=converted"},
		{name: "A39: an effort and a budget make one setting, on Gemini 2.5", messages: `"thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"high"}`, want: budget("2000")},
		{name: "A39: an effort and a budget make one setting, on Gemini 3", to: flash3, messages: `"thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"high"}`, want: level("low"), lost: "thinking=converted"},
		{name: "A39: an effort and a budget make one setting, from Chat", chat: `"reasoning_effort":"high","reasoning":{"max_tokens":2000}`, want: budget("2000")},
		{name: "3.8: low on Gemini 3", to: pro3, chat: effort("low"), messages: `"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}`, want: level("low")},
		{name: "3.8: medium on Gemini 3", to: pro3, chat: effort("medium"), want: level("medium")},
		{name: "3.8: high on Gemini 3", to: pro3, chat: effort("high"), want: level("high")},
		{name: "3.8: more than high is high on Gemini 3", to: pro3, chat: effort("xhigh"), want: level("high"), lost: "reasoning_effort=clamped"},
		{name: "3.8: off is the lowest level on Gemini 3", to: pro3, chat: effort("none"), want: config(`"thinkingConfig":{"thinkingLevel":"low"}`), lost: "reasoning_effort=converted"},
		{name: "3.8: off is the lowest level on Gemini 3, from Messages", to: flash3, messages: `"thinking":{"type":"disabled"}`, want: config(`"thinkingConfig":{"thinkingLevel":"minimal"}`), lost: "thinking=converted"},
		{name: "3.8: a middling budget on Gemini 3", to: pro3, messages: `"thinking":{"type":"enabled","budget_tokens":8000}`, want: level("medium"), lost: "thinking=converted"},
		{name: "3.8: a large budget on Gemini 3", to: pro3, messages: `"thinking":{"type":"enabled","budget_tokens":16384}`, want: level("high"), lost: "thinking=converted"},
		{name: "3.8: adaptive leaves it to Gemini 3", to: pro3, messages: `"thinking":{"type":"adaptive"}`, want: config(`"thinkingConfig":{"includeThoughts":true}`)},
		{name: "3.8: adaptive leaves it to Gemini 2.5", to: flash25, messages: `"thinking":{"type":"adaptive"}`, want: config(`"thinkingConfig":{"includeThoughts":true}`)},
		{name: "3.8: no wish leaves all of it to the model", to: pro3, chat: `"temperature":1`, messages: `"temperature":1`, want: config(`"temperature":1`)},
		{name: "3.8: minimal on Gemini 2.5", to: flash25, chat: effort("minimal"), want: budget("983")},
		{name: "3.8: low on Gemini 2.5", to: flash25, chat: effort("low"), want: budget("4915")},
		{name: "3.8: medium on Gemini 2.5", to: flash25, chat: effort("medium"), want: budget("12288")},
		{name: "3.8: high on Gemini 2.5", to: flash25, chat: effort("high"), want: budget("19660")},
		{name: "3.8: the most on Gemini 2.5", to: flash25, chat: effort("max"), want: budget("24576")},
		{name: "3.8: the most on Gemini 2.5 Pro", to: pro25, chat: effort("xhigh"), want: budget("32768")},
		{name: "3.8: off on Gemini 2.5", to: flash25, chat: effort("none"), messages: `"thinking":{"type":"disabled"}`, want: config(`"thinkingConfig":{"thinkingBudget":0}`)},
		{name: "3.8: Gemini 2.5 Pro cannot be off", to: pro25, chat: effort("none"), want: config(`"thinkingConfig":{"thinkingBudget":128}`), lost: "reasoning_effort=converted"},
		{name: "3.8: a budget beyond the model's is cut", to: flash25, messages: `"thinking":{"type":"enabled","budget_tokens":100000}`, want: budget("24576"), lost: "thinking=clamped"},
		{name: "3.8: models that do not think are not asked to", to: flash20, chat: effort("high"), want: config(""), lost: "reasoning_effort=dropped"},
		{name: "3.8: models that do not think are not told to stop", to: flash20, chat: effort("none"), messages: `"thinking":{"type":"disabled"}`, want: config("")},
		{name: "3.8: thoughts that the client hides are not asked for", to: pro3, chat: `"reasoning":{"effort":"high","exclude":true}`, messages: `"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"high"}`,
			want: config(`"thinkingConfig":{"thinkingLevel":"high"}`)},
		{name: "3.8: an effort that nobody knows", to: pro3, messages: `"output_config":{"effort":"heroic"}`, want: config(`"thinkingConfig":{"includeThoughts":true}`), lost: "output_config.effort=dropped"},
	})
}
