package main

import (
	"fmt"
	"strings"
)

// wire is a dialect, as the provider and the clients speak it.
type wire string

// The dialects of the drill.
const (
	chat     wire = "chat"
	messages wire = "messages"
)

var wires = []wire{chat, messages}

// kind is the kind of provider that speaks a wire.
func (w wire) kind() string {
	return map[wire]string{chat: "openai", messages: "anthropic"}[w]
}

// path is where clients of a dialect send their requests.
func (w wire) path() string {
	if w == messages {
		return "/v1/messages"
	}
	return "/v1/chat/completions"
}

// frame is a record of a stream; in Messages it has the event's name.
func (w wire) frame(data string) string {
	if name, ok := strings.CutPrefix(data, `{"type":"`); ok {
		name, _, _ = strings.Cut(name, `"`)
		return fmt.Sprintf("event: %s\ndata: %s\n\n", name, data)
	}
	return "data: " + data + "\n\n"
}

// begin is what a stream begins with.
func (w wire) begin(s *service) string {
	if w == chat {
		return w.chunk(`{"role":"assistant","content":""}`, "null")
	}
	return w.frame(`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"stop_sequence":null,"usage":`+s.prompt()+`}}`) +
		w.frame(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
}

// piece is a piece of a stream's text.
func (w wire) piece(text string) string {
	if w == chat {
		return w.chunk(`{"content":"`+text+`"}`, "null")
	}
	return w.frame(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + text + `"}}`)
}

// end is what a stream ends with.
func (w wire) end(s *service) string {
	if w == chat {
		return w.chunk(`{}`, `"stop"`) +
			w.frame(`{"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[],"usage":`+s.usage(w)+`}`) + w.frame(`[DONE]`)
	}
	return w.frame(`{"type":"content_block_stop","index":0}`) +
		w.frame(`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":`+s.answer()+`}`) + w.frame(`{"type":"message_stop"}`)
}

func (w wire) chunk(delta, reason string) string {
	return w.frame(`{"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + reason + `}]}`)
}

// whole is an answer that is not streamed.
func (w wire) whole(s *service, text string) string {
	if w == chat {
		return `{"id":"c1","object":"chat.completion","created":1700000000,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"stop"}],"usage":` + s.usage(w) + `}`
	}
	return `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"` + text + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":` + s.usage(w) + `}`
}

// ended reports whether an answer that a client got is a whole one.
func (w wire) ended(stream bool, body string) bool {
	switch {
	case !stream:
		return strings.HasSuffix(strings.TrimSpace(body), "}")
	case w == chat:
		return strings.Contains(body, "data: [DONE]") && !strings.Contains(body, `"error":`)
	}
	return strings.Contains(body, "event: message_stop")
}
