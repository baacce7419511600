package main

import (
	"strings"
	"testing"
)

// The streams that a good gateway writes, for the readers to be tried on.
var (
	goodChat     = strings.TrimPrefix(chat.lifecycle(), frame(": PROCESSING")) + chat.content("Hello") + chat.ending()
	goodMessages = messages.lifecycle() + messages.content("Hello") + messages.ending()
)

func TestReadersFindBadStreams(t *testing.T) {
	failed := func(w wire) string { return frame(w.failure()) }
	for _, test := range []struct {
		name string
		w    wire
		body string
		want string // in the error; empty if the stream is good
	}{
		{"a good Chat stream", chat, goodChat, ""},
		{"a good Messages stream", messages, goodMessages, ""},
		{"comments", chat, ": keep-alive\n\n" + goodChat, ""},
		{"an error ends a Chat stream", chat, strings.TrimSuffix(goodChat, chat.ending()) + `data: {"error":{"message":"m","type":"t","param":null,"code":"c"}}` + "\n\n", ""},
		{"an error ends a Messages stream", messages, messages.lifecycle() + failed(messages), ""},
		{"pain 7: [DONE] after an error", chat, `data: {"error":{"message":"m","type":"t"}}` + "\n\ndata: [DONE]\n\n", "after the end"},
		{"pain 7: message_stop after an error", messages, messages.lifecycle() + failed(messages) + frame(`{"type":"message_stop"}`), "no place"},
		{"no [DONE]", chat, strings.TrimSuffix(goodChat, frame("[DONE]")), "neither"},
		{"no message_stop", messages, strings.TrimSuffix(goodMessages, frame(`{"type":"message_stop"}`)), "neither"},
		{"nothing", chat, "", "neither"},
		{"pain 10: a second start", messages, messages.lifecycle() + goodMessages, "no place"},
		{"pain 10: a second stream behind the first", chat, goodChat + goodChat, "after the end"},
		{"another id", chat, strings.Replace(goodChat, "chatcmpl-1", "chatcmpl-2", 1), "this stream"},
		{"[DONE] without a reason", chat, chat.content("x") + frame("[DONE]"), "no role"},
		{"a second reason", chat, strings.Replace(goodChat, `"finish_reason":null`, `"finish_reason":"stop"`, 1), "second reason"},
		{"a delta of no block", messages, strings.Replace(goodMessages, frame(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`), "", 1), "no place"},
		{"a block that stays open", messages, strings.Replace(goodMessages, frame(`{"type":"content_block_stop","index":0}`), "", 1), "no place"},
		{"no JSON", chat, "data: {\n\n", "unexpected end"},
		{"half a record", chat, goodChat + "data: {", "not ended"},
		{"a foreign line", messages, "hello\n\n" + goodMessages, "no client expects"},
		{"half a character", chat, strings.Replace(goodChat, "Hello", "\xe4\xbd", 1), "UTF-8"},
		{"a wrong name", messages, strings.Replace(goodMessages, "event: ping", "event: pong", 1), "no place"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readAnswer(test.w, true, test.body)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadersTellWhatIsSaid(t *testing.T) {
	for w, body := range map[wire]string{chat: goodChat, messages: goodMessages} {
		if s, err := readAnswer(w, true, body); err != nil || s != (said{text: "Hello", starts: 1, ended: true}) {
			t.Errorf("%s: %+v, %v", w, s, err)
		}
		if s, err := readAnswer(w, false, w.whole("Hello")); err != nil || s != (said{text: "Hello", starts: 1, ended: true}) {
			t.Errorf("%s, whole: %+v, %v", w, s, err)
		}
		if _, err := readAnswer(w, false, w.whole("Hello")[:60]); err == nil {
			t.Errorf("%s: a truncated answer passes", w)
		}
	}
}

func TestChecksFindWrongAnswers(t *testing.T) {
	good := strings.Replace(goodMessages, "Hello", healthyText, 1)
	if err := checkServed(messages, true, &answer{status: 200, body: good}); err != nil {
		t.Errorf("a good answer: %v", err)
	}
	for name, got := range map[string]*answer{
		"another text":  {status: 200, body: goodMessages},
		"a status":      {status: 502, body: "{}"},
		"a broken one":  {status: 200, body: messages.lifecycle() + frame(messages.failure())},
		"an empty body": {status: 200},
	} {
		if checkServed(messages, true, got) == nil {
			t.Errorf("%s passes as the healthy route's", name)
		}
	}
	if checkBroken(messages, &answer{status: 200, body: good}, healthyText) == nil {
		t.Error("a good answer passes as a broken one")
	}
	if _, err := readError(chat, `{"error":{"message":"m","type":"t"}}`, ""); err == nil {
		t.Error("an error of Chat without all keys passes")
	}
	if _, err := readError(messages, messages.failure(), "req_1"); err == nil {
		t.Error("an error of Messages without its request's id passes")
	}
}
