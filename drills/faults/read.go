package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// said is what an answer says to a strict client.
type said struct {
	text   string
	starts int    // how often it begins
	ended  bool   // it ends as good answers do
	failed string // the kind or code of the error that it tells, empty if none
}

// readAnswer reads a whole answer of status 200 or a stream.
func readAnswer(w wire, stream bool, body string) (said, error) {
	if !utf8.ValidString(body) {
		return said{}, errors.New("the answer is not UTF-8")
	}
	switch {
	case stream && w == chat:
		return readChat(body)
	case stream:
		return readMessages(body)
	case w == chat:
		return readChatWhole(body)
	}
	return readMessagesWhole(body)
}

// record is one record of an event stream.
type record struct{ name, data string }

// records takes a stream apart. Comments are left out; all else must be records of at most
// one name and one line of data, the last one ended.
func records(body string) ([]record, error) {
	if body != "" && !strings.HasSuffix(body, "\n\n") {
		return nil, fmt.Errorf("the last record is not ended: %q", body[max(0, len(body)-80):])
	}
	var list []record
	for text := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		var r record
		for line := range strings.SplitSeq(text, "\n") {
			if name, ok := strings.CutPrefix(line, "event: "); ok && r.name == "" {
				r.name = name
			} else if data, ok := strings.CutPrefix(line, "data: "); ok && r.data == "" {
				r.data = data
			} else if line != "" && !strings.HasPrefix(line, ":") {
				return nil, fmt.Errorf("a line that no client expects: %q", line)
			}
		}
		if r != (record{}) {
			list = append(list, r)
		}
	}
	return list, nil
}

// chatChunk is a record of a Chat stream.
type chatChunk struct {
	ID, Object, Model string
	Choices           *[]struct {
		Delta struct {
			Role    string
			Content string
		}
		FinishReason string `json:"finish_reason"`
	}
	Error *struct{ Message, Type, Code string }
}

// readChat reads a Chat stream: chunks of one id, the first with the role, one reason to
// stop, then [DONE]; or an error as the last record, and no [DONE] after it.
func readChat(body string) (s said, err error) {
	list, err := records(body)
	id, stop := "", ""
	for i, r := range list {
		if err != nil {
			return s, err
		}
		if s.ended || s.failed != "" {
			return s, fmt.Errorf("record %d comes after the end: %s", i, r.data)
		}
		if r.name != "" {
			return s, fmt.Errorf("record %d has a name: %s", i, r.name)
		}
		if r.data == "[DONE]" {
			if stop == "" {
				return s, errors.New("[DONE] without a reason to stop")
			}
			s.ended = true
			continue
		}
		var c chatChunk
		if err := json.Unmarshal([]byte(r.data), &c); err != nil {
			return s, fmt.Errorf("record %d: %w: %s", i, err, r.data)
		}
		if c.Error != nil {
			if c.Error.Message == "" || c.Error.Type == "" {
				return s, fmt.Errorf("record %d: an error without message or type: %s", i, r.data)
			}
			s.failed = c.Error.Type + " " + c.Error.Code
			continue
		}
		if c.ID == "" || c.Object != "chat.completion.chunk" || c.Model == "" || c.Choices == nil || id != "" && c.ID != id {
			return s, fmt.Errorf("record %d is no chunk of this stream: %s", i, r.data)
		}
		id = c.ID
		for _, choice := range *c.Choices {
			if choice.Delta.Role != "" {
				s.starts++
			}
			if s.starts == 0 {
				return s, fmt.Errorf("record %d: the first chunk has no role: %s", i, r.data)
			}
			s.text += choice.Delta.Content
			if choice.FinishReason != "" {
				if stop != "" {
					return s, fmt.Errorf("record %d: a second reason to stop", i)
				}
				stop = choice.FinishReason
			}
		}
	}
	return s, unfinished(s, err)
}

// unfinished is the error of a stream that simply stops.
func unfinished(s said, err error) error {
	if err == nil && !s.ended && s.failed == "" {
		err = errors.New("the stream has neither an end nor an error")
	}
	return err
}

// messagesEvent is a record of a Messages stream.
type messagesEvent struct {
	Type  string
	Index int
	Delta struct {
		Type, Text string
		StopReason string `json:"stop_reason"`
	}
	Error struct{ Type, Message string }
}

// readMessages reads a Messages stream: its events in the order that the SDKs demand, or
// an error as the last of them, and no message_stop after it.
func readMessages(body string) (s said, err error) {
	list, err := records(body)
	const closed = -1
	open, next, stop := closed, 0, ""
	for i, r := range list {
		if err != nil {
			return s, err
		}
		var e messagesEvent
		if err := json.Unmarshal([]byte(r.data), &e); err != nil {
			return s, fmt.Errorf("record %d: %w: %s", i, err, r.data)
		}
		ok := r.name == e.Type && !s.ended && s.failed == ""
		switch e.Type {
		case "ping":
		case "error":
			ok = ok && e.Error.Type != "" && e.Error.Message != ""
			s.failed = e.Error.Type
		case "message_start":
			ok = ok && s.starts == 0
			s.starts++
		case "content_block_start":
			ok = ok && s.starts == 1 && open == closed && e.Index == next && stop == ""
			open = next
			next++
		case "content_block_delta":
			ok = ok && open != closed && e.Index == open
			s.text += e.Delta.Text
		case "content_block_stop":
			ok = ok && open != closed && e.Index == open
			open = closed
		case "message_delta":
			ok = ok && s.starts == 1 && open == closed && stop == "" && e.Delta.StopReason != ""
			stop = e.Delta.StopReason
		case "message_stop":
			ok = ok && stop != ""
			s.ended = true
		default:
			ok = false
		}
		if !ok {
			return s, fmt.Errorf("record %d has no place there: %s %s", i, r.name, r.data)
		}
	}
	return s, unfinished(s, err)
}

// readChatWhole reads a Chat answer.
func readChatWhole(body string) (s said, err error) {
	var a struct {
		ID, Object, Model string
		Choices           []struct {
			Message      struct{ Role, Content string }
			FinishReason string `json:"finish_reason"`
		}
		Usage struct {
			Total int `json:"total_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return s, err
	}
	if a.ID == "" || a.Object != "chat.completion" || a.Model == "" || len(a.Choices) != 1 || a.Choices[0].Message.Role != "assistant" || a.Choices[0].FinishReason == "" || a.Usage.Total == 0 {
		return s, errors.New("no whole answer of Chat")
	}
	return said{text: a.Choices[0].Message.Content, starts: 1, ended: true}, nil
}

// readMessagesWhole reads a Messages answer.
func readMessagesWhole(body string) (s said, err error) {
	var a struct {
		ID, Type, Role, Model string
		Content               []struct{ Type, Text string }
		StopReason            string `json:"stop_reason"`
		Usage                 struct {
			Output int `json:"output_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return s, err
	}
	if a.ID == "" || a.Type != "message" || a.Role != "assistant" || a.Model == "" || a.StopReason == "" || a.Usage.Output == 0 {
		return s, errors.New("no whole answer of Messages")
	}
	for _, c := range a.Content {
		s.text += c.Text
	}
	s.starts, s.ended = 1, true
	return s, nil
}

// readError reads the body of an error answer and gives its type, and in Chat its code.
func readError(w wire, body, id string) (string, error) {
	if w == messages {
		var e struct {
			Type      string
			Error     struct{ Type, Message string }
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil || e.Type != "error" || e.Error.Type == "" || e.Error.Message == "" || e.RequestID != id {
			return "", fmt.Errorf("no error of Messages: %.200s", body)
		}
		return e.Error.Type, nil
	}
	var e struct{ Error map[string]*string }
	if err := json.Unmarshal([]byte(body), &e); err != nil || len(e.Error) != 4 || e.Error["message"] == nil || e.Error["type"] == nil {
		return "", fmt.Errorf("no error of Chat: %.200s", body)
	}
	told := *e.Error["type"] + " "
	if code := e.Error["code"]; code != nil {
		told += *code
	}
	return told, nil
}
