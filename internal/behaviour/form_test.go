package behaviour

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// form is what a stream says when it is read as strictly as the strictest client reads.
type form struct {
	text, reasoning, calls, stop string
}

// records takes an event stream apart: comments are left out, all else must be records of
// at most one name and one line of data.
func records(t *testing.T, body string) (list [][2]string) {
	t.Helper()
	if !strings.HasSuffix(body, "\n\n") {
		t.Errorf("the last record is not ended: %q", body[max(0, len(body)-80):])
	}
	for _, record := range strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		var r [2]string
		for line := range strings.SplitSeq(record, "\n") {
			if name, ok := strings.CutPrefix(line, "event: "); ok && r[0] == "" {
				r[0] = name
			} else if data, ok := strings.CutPrefix(line, "data: "); ok && r[1] == "" {
				r[1] = data
			} else if !strings.HasPrefix(line, ":") {
				t.Errorf("a line that no client expects: %q", line)
			}
		}
		if r != [2]string{} {
			list = append(list, r)
		}
	}
	return list
}

// chunk is one record of Chat. Pointers tell what is there.
type chunk struct {
	ID      string
	Object  string
	Created int64
	Model   string
	Choices *[]struct {
		Index *int
		Delta *struct {
			Role             string
			Content          *string
			ReasoningContent *string `json:"reasoning_content"`
			ToolCalls        []struct {
				Index    *int
				ID       string
				Type     string
				Function struct {
					Name      string
					Arguments *string
				}
			} `json:"tool_calls"`
		}
		FinishReason *string `json:"finish_reason"`
	}
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
		TotalTokens      int `json:"total_tokens"`
	}
	Error json.RawMessage
}

// checkChat reads a stream as the openai SDK, the AI SDK and LangChain do.
func checkChat(t *testing.T, body string) form {
	t.Helper()
	var f form
	type call struct{ name, args string }
	var calls []call
	list := records(t, body)
	if n := len(list); n == 0 || list[n-1] != [2]string{"", "[DONE]"} {
		t.Fatalf("no [DONE] at the end of %s", body)
	}
	usages, role, id := 0, false, ""
	for i, r := range list[:len(list)-1] {
		var c chunk
		if err := json.Unmarshal([]byte(r[1]), &c); err != nil || r[0] != "" {
			t.Fatalf("record %d: %v in %v", i, err, r)
		}
		switch {
		case c.ID == "" || c.Object != "chat.completion.chunk" || c.Created == 0 || c.Model == "" || c.Model == "up":
			t.Errorf("record %d: id, object, created or model is missing or wrong: %s", i, r[1])
		case c.Choices == nil || c.Error != nil:
			t.Errorf("record %d: choices is missing, or error is there: %s", i, r[1])
		case id != "" && c.ID != id:
			t.Errorf("record %d: the id changes to %s", i, c.ID)
		}
		id = c.ID
		if c.Usage != nil {
			if usages++; len(*c.Choices) != 0 || c.Usage.PromptTokens != 12 || c.Usage.TotalTokens != c.Usage.PromptTokens+c.Usage.CompletionTokens || i != len(list)-2 {
				t.Errorf("record %d: usage must come last, alone and right: %s", i, r[1])
			}
			continue
		}
		for _, choice := range *c.Choices {
			if choice.Index == nil || choice.Delta == nil {
				t.Fatalf("record %d: index or delta is missing: %s", i, r[1])
			}
			if !role && choice.Delta.Role != "assistant" {
				t.Errorf("record %d: the first chunk has no role: %s", i, r[1])
			}
			role = true
			if choice.Delta.Content != nil {
				f.text += *choice.Delta.Content
			}
			if choice.Delta.ReasoningContent != nil {
				f.reasoning += *choice.Delta.ReasoningContent
			}
			for _, part := range choice.Delta.ToolCalls {
				if part.Index == nil || *part.Index > len(calls) {
					t.Fatalf("record %d: a call's index is missing or leaps: %s", i, r[1])
				}
				if *part.Index == len(calls) { // its first fragment
					if part.ID == "" || len(part.ID) > 40 || part.Type != "function" || part.Function.Name == "" {
						t.Errorf("record %d: a call begins without id, type or name: %s", i, r[1])
					}
					calls = append(calls, call{name: part.Function.Name})
				}
				if part.Function.Arguments != nil {
					calls[*part.Index].args += *part.Function.Arguments
				}
			}
			if choice.FinishReason != nil {
				if f.stop != "" {
					t.Errorf("record %d: a second reason to stop", i)
				}
				f.stop = map[string]string{"stop": "stop", "tool_calls": "calls"}[*choice.FinishReason]
			}
		}
	}
	if usages != 1 {
		t.Errorf("usage is told %d times", usages)
	}
	for _, c := range calls {
		f.calls += fmt.Sprintf(" %s(%s)", c.name, c.args)
	}
	f.calls = strings.TrimSpace(f.calls)
	return f
}

// message is one event of Messages.
type message struct {
	Type    string
	Index   *int
	Message *struct {
		ID, Type, Role, Model string
		Content               *[]any
		Usage                 *map[string]any
	}
	ContentBlock *struct {
		Type, ID, Name string
		Text           *string
		Thinking       *string
		Input          *map[string]any
	} `json:"content_block"`
	Delta *struct {
		Type        string
		Text        string
		Thinking    string
		PartialJSON string  `json:"partial_json"`
		Signature   *string `json:"signature"`
		StopReason  string  `json:"stop_reason"`
	}
	Usage *map[string]any
}

// checkMessages reads a stream as Anthropic's SDKs, the AI SDK and LangChain do.
func checkMessages(t *testing.T, body string) form {
	t.Helper()
	var f form
	kind, args, next, open, ended, signed := "", "", 0, false, false, false
	for i, r := range records(t, body) {
		var e message
		if err := json.Unmarshal([]byte(r[1]), &e); err != nil || e.Type != r[0] || r[0] == "" {
			t.Fatalf("event %d: %v, or its name is not its type: %v", i, err, r)
		}
		if i == 0 != (e.Type == "message_start") || ended {
			t.Fatalf("event %d is out of place: %s", i, body)
		}
		switch e.Type {
		case "message_start":
			m := e.Message
			if m == nil || m.ID == "" || m.Type != "message" || m.Role != "assistant" || m.Model == "" || m.Model == "up" || m.Content == nil || m.Usage == nil || (*m.Usage)["input_tokens"] == nil {
				t.Errorf("event %d: something is missing: %s", i, r[1])
			}
		case "ping":
		case "content_block_start":
			if e.Index == nil || *e.Index != next || open || e.ContentBlock == nil {
				t.Fatalf("event %d: its index or place is wrong: %s", i, body)
			}
			open, kind, args, signed = true, e.ContentBlock.Type, "", false
			switch b := e.ContentBlock; kind {
			case "text":
				if b.Text == nil {
					t.Errorf("event %d: a text without text: %s", i, r[1])
				}
			case "thinking":
				if b.Thinking == nil {
					t.Errorf("event %d: thinking without thinking: %s", i, r[1])
				}
			case "tool_use":
				if b.ID == "" || b.Name == "" || b.Input == nil || len(*b.Input) != 0 {
					t.Errorf("event %d: a call without id, name or empty input: %s", i, r[1])
				}
				f.calls += " " + b.Name
			}
		case "content_block_delta":
			if e.Index == nil || *e.Index != next || !open || e.Delta == nil {
				t.Fatalf("event %d: its index or place is wrong: %s", i, body)
			}
			switch want := map[string]string{"text_delta": "text", "input_json_delta": "tool_use", "thinking_delta": "thinking", "signature_delta": "thinking"}[e.Delta.Type]; {
			case want != kind:
				t.Errorf("event %d: a %s in a block of %s", i, e.Delta.Type, kind)
			case e.Delta.Type == "signature_delta":
				signed = e.Delta.Signature != nil
			}
			f.text, f.reasoning, args = f.text+e.Delta.Text, f.reasoning+e.Delta.Thinking, args+e.Delta.PartialJSON
		case "content_block_stop":
			if e.Index == nil || *e.Index != next || !open {
				t.Fatalf("event %d: its index or place is wrong: %s", i, body)
			}
			if kind == "thinking" && !signed {
				t.Errorf("event %d: thinking ends without a signature", i)
			}
			if kind == "tool_use" {
				f.calls += "(" + or(args, "{}") + ")"
			}
			open, next = false, next+1
		case "message_delta":
			if open || e.Delta == nil || e.Usage == nil || (*e.Usage)["output_tokens"] == nil {
				t.Errorf("event %d: something is missing: %s", i, r[1])
			}
			f.stop += map[string]string{"end_turn": "stop", "tool_use": "calls"}[e.Delta.StopReason]
		case "message_stop":
			ended = true
		default:
			t.Errorf("event %d: no client knows %s", i, e.Type)
		}
	}
	if !ended {
		t.Errorf("no message_stop in %s", body)
	}
	f.calls = strings.TrimSpace(f.calls)
	return f
}
