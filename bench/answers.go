package main

import (
	"fmt"
	"strings"
)

// The usage that each answer tells.
const (
	inputTokens  = 1234
	outputTokens = 567
)

// stampDigits is the length of the time in a piece of text, in nanoseconds since the
// bench began; zero is no time.
const stampDigits = 16

// noStamp is the place for it in prebuilt answers.
var noStamp = strings.Repeat("0", stampDigits)

// token is the piece of text that chunk i consists of: its number and its time.
func token(i int) string { return tokenMark(i) + noStamp + " " }

func tokenMark(i int) string { return fmt.Sprintf("c%03d:", i) }

// allTokens is the text of a whole answer.
func allTokens(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(token(i))
	}
	return b.String()
}

// wholeAnswer is an answer that is not streamed.
func wholeAnswer(w wire, chunks int) string {
	text := allTokens(chunks)
	switch w {
	case chat:
		return fmt.Sprintf(`{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"model":"gpt-4.1-2025-04-14","choices":[{"index":0,"message":{"role":"assistant","content":"%s","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_fc9f1d7035"}`,
			text, inputTokens, outputTokens, inputTokens+outputTokens)
	case messages:
		return fmt.Sprintf(`{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"%s"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d,"service_tier":"standard"}}`,
			text, inputTokens, outputTokens)
	}
	return fmt.Sprintf(`{"candidates":[{"content":{"parts":[{"text":"%s"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d,"promptTokensDetails":[{"modality":"TEXT","tokenCount":%d}]},"modelVersion":"gemini-2.5-pro","responseId":"mAitaLmkHPPlz7IPvtfUqQ4"}`,
		text, inputTokens, outputTokens, inputTokens+outputTokens, inputTokens)
}

// streamRecords are the events of a streamed answer.
func streamRecords(w wire, chunks int) []string {
	switch w {
	case chat:
		return chatRecords(chunks)
	case messages:
		return messagesRecords(chunks)
	}
	return geminiRecords(chunks)
}

func chatRecords(chunks int) []string {
	record := func(choices, usage string) string {
		return `data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_fc9f1d7035","choices":[` + choices + `],"usage":` + usage + "}\n\n"
	}
	choice := func(delta, reason string) string {
		return record(`{"index":0,"delta":`+delta+`,"logprobs":null,"finish_reason":`+reason+`}`, "null")
	}
	list := []string{choice(`{"role":"assistant","content":"","refusal":null}`, "null")}
	for i := range chunks {
		list = append(list, choice(`{"content":"`+token(i)+`"}`, "null"))
	}
	return append(list, choice(`{}`, `"stop"`),
		record("", fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, inputTokens, outputTokens, inputTokens+outputTokens)),
		"data: [DONE]\n\n")
}

func messagesRecords(chunks int) []string {
	record := func(name, rest string) string {
		return "event: " + name + "\ndata: {\"type\":\"" + name + "\"" + rest + "}\n\n"
	}
	list := []string{
		record("message_start", fmt.Sprintf(`,"message":{"id":"msg_014p7gG3wDgGV9EUtLvnow3U","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":%d,"output_tokens":1}}`, inputTokens)),
		record("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`),
		record("ping", ""),
	}
	for i := range chunks {
		list = append(list, record("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":"`+token(i)+`"}`))
	}
	return append(list, record("content_block_stop", `,"index":0`),
		record("message_delta", fmt.Sprintf(`,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":%d}`, outputTokens)),
		record("message_stop", ""))
}

func geminiRecords(chunks int) []string {
	record := func(text, finish, usage string) string {
		return `data: {"candidates":[{"content":{"parts":[{"text":"` + text + `"}],"role":"model"}` + finish + `,"index":0}],"usageMetadata":{` + usage + `},"modelVersion":"gemini-2.5-pro","responseId":"mAitaLmkHPPlz7IPvtfUqQ4"}` + "\r\n\r\n"
	}
	var list []string
	for i := range chunks - 1 {
		list = append(list, record(token(i), "", fmt.Sprintf(`"promptTokenCount":%d,"totalTokenCount":%d`, inputTokens, inputTokens)))
	}
	return append(list, record(token(chunks-1), `,"finishReason":"STOP"`,
		fmt.Sprintf(`"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d`, inputTokens, outputTokens, inputTokens+outputTokens)))
}
