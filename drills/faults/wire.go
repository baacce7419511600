package main

import (
	"fmt"
	"net/http"
	"strings"
)

// wire is a dialect, as clients or providers speak it.
type wire string

// The dialects of the drill.
const (
	chat     wire = "chat"
	messages wire = "messages"
	gemini   wire = "gemini"
)

// wires are what providers speak, clientWires what clients speak.
var (
	wires       = []wire{chat, messages, gemini}
	clientWires = []wire{chat, messages}
)

// kind is the kind of provider that speaks a wire.
func (w wire) kind() string {
	return map[wire]string{chat: "openai", messages: "anthropic", gemini: "gemini"}[w]
}

// next is another wire, for the route behind: a request is translated anew on its way there.
func (w wire) next() wire {
	return map[wire]wire{chat: messages, messages: gemini, gemini: chat}[w]
}

// path is where clients of a dialect send their requests.
func (w wire) path() string {
	if w == messages {
		return "/v1/messages"
	}
	return "/v1/chat/completions"
}

// request is the smallest request that is good in both dialects.
func request(model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":100,"stream":%t,"messages":[{"role":"user","content":"Hi there"}]}`, model, stream)
}

// wireOf tells by its path what is spoken to a provider.
func wireOf(r *http.Request) wire {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/messages"):
		return messages
	case strings.Contains(path, "enerateContent"):
		return gemini
	}
	return chat
}

// frame is a record of a stream. Data with a type gets that as its event's name, as in
// Messages; what begins with a colon is a comment.
func frame(data string) string {
	if name, ok := strings.CutPrefix(data, `{"type":"`); ok {
		name, _, _ = strings.Cut(name, `"`)
		return fmt.Sprintf("event: %s\ndata: %s\n\n", name, data)
	}
	if strings.HasPrefix(data, ":") {
		return data + "\n\n"
	}
	return "data: " + data + "\n\n"
}

// lifecycle is what streams of a wire begin with and what carries nothing.
func (w wire) lifecycle() string {
	switch w {
	case chat:
		return frame(": PROCESSING") + frame(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`)
	case messages:
		return frame(`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}}`) +
			frame(`{"type":"ping"}`) + frame(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	}
	return frame(`{"usageMetadata":{"promptTokenCount":12},"modelVersion":"up"}`)
}

// told is the usage that a stream's lifecycle has told, served the one of a good answer.
func (w wire) told() usage {
	return map[wire]usage{messages: {12, 1}, gemini: {12, 0}}[w]
}

var served = usage{12, 3}

// silence is a frame that only says that the stream lives.
func (w wire) silence() string {
	if w == messages {
		return frame(`{"type":"ping"}`)
	}
	return frame(": PROCESSING")
}

// keepAlive is how a client's stream is kept alive.
func (w wire) keepAlive() string {
	if w == messages {
		return "event: ping\ndata: "
	}
	return ":"
}

// content is a frame with a piece of text. The text needs no quoting.
func (w wire) content(text string) string {
	switch w {
	case chat:
		return frame(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":null}]}`)
	case messages:
		return frame(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + text + `"}}`)
	}
	return frame(`{"candidates":[{"content":{"role":"model","parts":[{"text":"` + text + `"}]},"index":0}],"modelVersion":"up"}`)
}

// ending is what a good stream ends with.
func (w wire) ending() string {
	switch w {
	case chat:
		return frame(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`) +
			frame(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}`) + frame(`[DONE]`)
	case messages:
		return frame(`{"type":"content_block_stop","index":0}`) +
			frame(`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}`) + frame(`{"type":"message_stop"}`)
	}
	return frame(`{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15},"modelVersion":"up"}`)
}

// failure is an error as the wire tells it inside of a 200.
func (w wire) failure() string {
	switch w {
	case chat:
		return `{"error":{"message":"their words","type":"server_error","code":502}}`
	case messages:
		return `{"type":"error","error":{"type":"api_error","message":"their words"}}`
	}
	return `{"error":{"code":502,"message":"their words","status":"UNKNOWN"}}`
}

// whole is an answer that is not streamed.
func (w wire) whole(text string) string {
	switch w {
	case chat:
		return `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}`
	case messages:
		return `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"` + text + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":3}}`
	}
	return `{"candidates":[{"content":{"role":"model","parts":[{"text":"` + text + `"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15},"modelVersion":"up"}`
}
