package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// audit checks one answer while it arrives.
type audit struct {
	client wire
	stream bool
	chunks int

	got  []byte // the whole body so far
	seen int    // how many tokens have come
	at   int    // where to look for the next
	// delays is how long each chunk took from the upstream to here, if it is stamped.
	delays []time.Duration
}

// reset begins with another answer.
func (a *audit) reset() { a.got, a.seen, a.at, a.delays = a.got[:0], 0, 0, a.delays[:0] }

// arrived looks for the tokens in what has come.
func (a *audit) arrived(now time.Duration) {
	for a.seen < a.chunks {
		i := bytes.Index(a.got[a.at:], []byte(tokenMark(a.seen)))
		if i < 0 {
			return
		}
		from := a.at + i + len(tokenMark(0))
		if len(a.got) < from+stampDigits {
			return
		}
		if sent, err := strconv.ParseInt(string(a.got[from:from+stampDigits]), 10, 64); err == nil && sent > 0 {
			a.delays = append(a.delays, now-time.Duration(sent))
		}
		a.at = from + stampDigits
		a.seen++
	}
}

// expectation is a piece of text that an answer must hold a number of times.
type expectation struct {
	text  string
	times int
}

// expectations by form of answer. What ends a stream must stand there exactly once.
var (
	chatWhole = []expectation{
		{`"finish_reason":"stop"`, 1}, {fmt.Sprintf(`"prompt_tokens":%d`, inputTokens), 1}, {fmt.Sprintf(`"completion_tokens":%d`, outputTokens), 1},
	}
	chatStream    = append([]expectation{{"data: [DONE]\n\n", 1}}, chatWhole...)
	messagesWhole = []expectation{
		{`"stop_reason":"end_turn"`, 1}, {fmt.Sprintf(`"output_tokens":%d`, outputTokens), 1}, {fmt.Sprintf(`"input_tokens":%d`, inputTokens), 1},
	}
	messagesStream = []expectation{
		{`"type":"message_start"`, 1}, {`"type":"content_block_start"`, 1}, {`"type":"content_block_stop"`, 1},
		{`"stop_reason":"end_turn"`, 1}, {fmt.Sprintf(`"output_tokens":%d`, outputTokens), 1}, {`"type":"message_stop"`, 1},
	}
)

func (a *audit) expectations() []expectation {
	switch {
	case a.client == chat && a.stream:
		return chatStream
	case a.client == chat:
		return chatWhole
	case a.stream:
		return messagesStream
	}
	return messagesWhole
}

// finish tells what is wrong with an answer that has ended.
func (a *audit) finish() error {
	if a.seen < a.chunks {
		return fmt.Errorf("text is missing from chunk %d on", a.seen)
	}
	for _, want := range a.expectations() {
		if n := bytes.Count(a.got, []byte(want.text)); n != want.times {
			return fmt.Errorf("%q stands there %d times, not %d", want.text, n, want.times)
		}
	}
	if !a.stream {
		return nil
	}
	if n := bytes.Count(a.got, []byte(":"+noStamp)) + len(a.delays); n != a.chunks {
		return fmt.Errorf("%d pieces of text, not %d", n, a.chunks)
	}
	end := "data: [DONE]\n\n"
	if a.client == messages {
		end = "{\"type\":\"message_stop\"}\n\n"
	}
	if !bytes.HasSuffix(a.got, []byte(end)) {
		return errors.New("the stream does not end with its terminator")
	}
	return nil
}
