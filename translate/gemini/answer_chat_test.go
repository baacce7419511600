package gemini_test

import (
	"sort"
	"strings"
	"testing"
)

// chatTeller spells what Chat clients are told.
type chatTeller struct{}

// toldChoice is a choice, gathered from deltas or read from a message.
type toldChoice struct {
	content, reasoning, refusal, finish, seal string
	calls                                     []*toldCall
	details, images, notes                    []any
	probs                                     int
}

type toldCall struct{ id, name, args, seal string }

func (chatTeller) whole(t *testing.T, body []byte) string {
	v := decoded(t, string(body))
	if v["error"] != nil {
		return failure(v)
	}
	var out lines
	for _, c := range list(v["choices"]) {
		choice := &toldChoice{finish: str(in(c, "finish_reason")), probs: len(list(in(c, "logprobs", "content")))}
		choice.add(t, in(c, "message"))
		choice.tell(&out, count(in(c, "index")))
	}
	tellChatUsage(&out, v)
	return out.String()
}

func (chatTeller) stream(t *testing.T, frames []frame) string {
	var out lines
	choices := map[string]*toldChoice{}
	var last object
	for i, f := range frames {
		if f.data == "[DONE]" {
			if i != len(frames)-1 {
				t.Error("something stands behind [DONE]")
			}
			break
		}
		v := decoded(t, f.data)
		if v["error"] != nil {
			if i != len(frames)-1 {
				t.Error("something stands behind an error")
			}
			tellChoices(&out, choices)
			return out.String() + failure(v)
		}
		for _, c := range list(v["choices"]) {
			index := count(in(c, "index"))
			if choices[index] == nil {
				choices[index] = &toldChoice{}
				if str(in(c, "delta", "role")) != "assistant" {
					t.Errorf("the first chunk of choice %s tells no role", index)
				}
			}
			choices[index].add(t, in(c, "delta"))
			choices[index].finish += str(in(c, "finish_reason"))
			choices[index].probs += len(list(in(c, "logprobs", "content")))
		}
		if v["usage"] != nil {
			if last != nil {
				t.Error("usage is told twice")
			}
			last = v
		}
		if i == len(frames)-1 {
			t.Error("no [DONE]")
		}
	}
	tellChoices(&out, choices)
	tellChatUsage(&out, last)
	return out.String()
}

// add takes over a delta, or a whole message.
func (c *toldChoice) add(t *testing.T, v any) {
	c.content += str(in(v, "content"))
	c.reasoning += str(in(v, "reasoning_content"))
	c.refusal += str(in(v, "refusal"))
	c.details = append(c.details, list(in(v, "reasoning_details"))...)
	c.images = append(c.images, list(in(v, "images"))...)
	c.notes = append(c.notes, list(in(v, "annotations"))...)
	if s := seal(in(v, "extra_content", "google", "thought_signature")); s != "" {
		c.seal = s // clients keep the last
	}
	for i, call := range list(in(v, "tool_calls")) {
		if n, ok := in(call, "index").(interface{ Int64() (int64, error) }); ok {
			at, _ := n.Int64()
			i = int(at)
		}
		for len(c.calls) <= i {
			c.calls = append(c.calls, &toldCall{})
		}
		if c.calls[i].id == "" && str(in(call, "id")) == "" {
			t.Errorf("call %d begins without an id", i)
		}
		c.calls[i].id += str(in(call, "id"))
		for _, key := range []string{"function", "custom"} {
			c.calls[i].name += str(in(call, key, "name"))
			c.calls[i].args += str(in(call, key, "arguments")) + str(in(call, key, "input"))
		}
		c.calls[i].seal += seal(in(call, "extra_content", "google", "thought_signature"))
	}
}

func tellChoices(out *lines, choices map[string]*toldChoice) {
	var order []string
	for index := range choices {
		order = append(order, index)
	}
	sort.Strings(order)
	for _, index := range order {
		choices[index].tell(out, index)
	}
}

func (c *toldChoice) tell(out *lines, index string) {
	if index != "0" {
		out.add("choice %s", index)
	}
	if c.reasoning != "" {
		out.add("reasoning %q", c.reasoning)
	}
	for _, d := range c.details {
		out.add("detail %q%s", str(in(d, "text")), seal(in(d, "signature")))
	}
	if c.content != "" || c.seal != "" {
		out.add("content %q%s", c.content, c.seal)
	}
	if c.refusal != "" {
		out.add("refusal %q", c.refusal)
	}
	for _, i := range c.images {
		out.add("image %s%s", str(in(i, "image_url", "url")), seal(in(i, "extra_content", "google", "thought_signature")))
	}
	for _, call := range c.calls {
		out.add("call %s %s%s", call.name, call.args, call.seal)
	}
	for _, n := range c.notes {
		u := in(n, "url_citation")
		out.add("citation %s %s %q", str(in(u, "url")), str(in(u, "title")), cut(c.content, count(in(u, "start_index")), count(in(u, "end_index"))))
	}
	if c.probs > 0 {
		out.add("logprobs of %d tokens", c.probs)
	}
	if c.finish != "" {
		out.add("finish %s", c.finish)
	}
}

// cut takes characters out of a text.
func cut(text, from, to string) string {
	runes := []rune(text)
	at := func(s string) int {
		n := 0
		for _, c := range s {
			n = 10*n + int(c-'0')
		}
		return min(n, len(runes))
	}
	return string(runes[at(from):at(to)])
}

func tellChatUsage(out *lines, v object) {
	u := v["usage"]
	if count(in(u, "total_tokens")) != "0" {
		out.add("usage %s + %s = %s", count(in(u, "prompt_tokens")), count(in(u, "completion_tokens")), count(in(u, "total_tokens")))
	}
	var parts []string
	for _, p := range [][3]string{{"cached", "prompt_tokens_details", "cached_tokens"}, {"reasoning", "completion_tokens_details", "reasoning_tokens"},
		{"audio in", "prompt_tokens_details", "audio_tokens"}, {"audio out", "completion_tokens_details", "audio_tokens"}} {
		if n := count(in(u, p[1], p[2])); n != "0" {
			parts = append(parts, p[0]+" "+n)
		}
	}
	if len(parts) > 0 {
		out.add("of which %s", strings.Join(parts, ", "))
	}
	if tier := str(v["service_tier"]); tier != "" {
		out.add("tier %s", tier)
	}
}
