package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// endOfPrompt stands at the end of each prompt, so that the upstream can see that a
// request arrived whole.
const endOfPrompt = "end-of-prompt-7f3a"

// object is a JSON object in the making.
type object = map[string]any

// requestBody writes the body that a client of a dialect sends.
func requestBody(w wire, model string, s *scenario) []byte {
	body := object{"model": model, "max_tokens": 1024, "stream": s.stream}
	if w == chat && s.stream {
		body["stream_options"] = object{"include_usage": true}
	}
	switch s.body {
	case small:
		body["messages"] = []any{object{"role": "user", "content": "Say a hundred words. " + endOfPrompt}}
	case agent:
		addConversation(body, w)
	case image:
		body["messages"] = []any{object{"role": "user", "content": []any{picture(w), object{"type": "text", "text": "What is this? " + endOfPrompt}}}}
	}
	out, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of plain values always marshal
	}
	return out
}

// imageBytes is the size of the picture that makes 2 MB of base64.
const imageBytes = 3 << 19

// picture is an image part with random pixels.
func picture(w wire) object {
	data := make([]byte, imageBytes)
	copy(data, "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	random := rand.New(rand.NewPCG(1, 2))
	for i := 16; i < len(data); i++ {
		data[i] = byte(random.Uint32())
	}
	text := base64.StdEncoding.EncodeToString(data)
	if w == messages {
		return object{"type": "image", "source": object{"type": "base64", "media_type": "image/png", "data": text}}
	}
	return object{"type": "image_url", "image_url": object{"url": "data:image/png;base64," + text}}
}

// The size of an agent's conversation.
const (
	agentTools    = 30
	agentMessages = 40
	agentText     = 610 // bytes of text in each message
)

// code is what agents send about: text full of line feeds and quotes.
var code = strings.Repeat("func main() {\n\tfmt.Println(\"hello, \\\"world\\\"\") // prints a line\n}\n", 20)

// addConversation adds an agent's tools and messages: a system prompt, a question, and
// then call and result by turns.
func addConversation(body object, w wire) {
	var tools, list []any
	for i := range agentTools {
		tools = append(tools, tool(w, i))
	}
	system := "You are a coding agent. " + code[:agentText]
	if w == messages {
		body["system"] = system
	} else {
		list = append(list, object{"role": "system", "content": system})
	}
	list = append(list, object{"role": "user", "content": code[:agentText]})
	for i := 0; i < agentMessages-2; i += 2 {
		end := ""
		if i == agentMessages-4 {
			end = endOfPrompt
		}
		list = append(list, callMessage(w, i), resultMessage(w, i, code[:agentText]+end))
	}
	body["tools"], body["messages"] = tools, list
}

func tool(w wire, i int) object {
	name := fmt.Sprintf("tool_%02d", i)
	schema := object{
		"type": "object", "additionalProperties": false, "required": []string{"path"},
		"properties": object{
			"path":   object{"type": "string", "description": "The absolute path of the file. " + code[:120]},
			"offset": object{"type": "integer", "minimum": 0, "description": "The line to begin with."},
			"mode":   object{"type": "string", "enum": []string{"read", "write", "append"}},
			"ranges": object{"type": "array", "items": object{"type": "object", "properties": object{"from": object{"type": "number"}, "to": object{"type": "number"}}}},
		},
	}
	description := "Reads and writes a file. " + code[:280]
	if w == messages {
		return object{"name": name, "description": description, "input_schema": schema}
	}
	return object{"type": "function", "function": object{"name": name, "description": description, "parameters": schema}}
}

func callMessage(w wire, i int) object {
	id, name := fmt.Sprintf("call_%04d", i), fmt.Sprintf("tool_%02d", i%agentTools)
	input := object{"path": "/src/main.go", "offset": i, "mode": "read", "text": code[:agentText/2]}
	if w == messages {
		return object{"role": "assistant", "content": []any{
			object{"type": "text", "text": code[:agentText/2]},
			object{"type": "tool_use", "id": id, "name": name, "input": input},
		}}
	}
	arguments, _ := json.Marshal(input)
	return object{"role": "assistant", "content": code[:agentText/2], "tool_calls": []any{
		object{"id": id, "type": "function", "function": object{"name": name, "arguments": string(arguments)}},
	}}
}

func resultMessage(w wire, i int, text string) object {
	id := fmt.Sprintf("call_%04d", i)
	if w == messages {
		return object{"role": "user", "content": []any{object{"type": "tool_result", "tool_use_id": id, "content": text}}}
	}
	return object{"role": "tool", "tool_call_id": id, "content": text}
}
