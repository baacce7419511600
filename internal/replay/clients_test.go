package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// got is what an SDK made of the gateway's answer.
type got struct {
	said
	err error
	// partial is true if content came before the error.
	partial bool
}

// clients are the official SDKs before one gateway.
type clients struct {
	chat     openai.Client
	messages anthropic.Client
}

func newClients(url string) *clients {
	transport := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * workers}}
	return &clients{
		chat: openai.NewClient(openaioption.WithBaseURL(url+"/v1"), openaioption.WithAPIKey(gatewaytest.Key),
			openaioption.WithMaxRetries(0), openaioption.WithHTTPClient(transport)),
		messages: anthropic.NewClient(anthropicoption.WithBaseURL(url), anthropicoption.WithAPIKey(gatewaytest.Key),
			anthropicoption.WithMaxRetries(0), anthropicoption.WithHTTPClient(transport)),
	}
}

// dialects are the clients' dialects.
var dialects = []string{"openai", "anthropic"}

// ask asks a model for an answer, whole or streamed.
func (c *clients) ask(dialect, model string, stream bool) got {
	switch {
	case dialect == "openai" && stream:
		return c.chatStream(chatParams(model))
	case dialect == "openai":
		return c.chatWhole(chatParams(model))
	case stream:
		return c.messagesStream(messagesParams(model))
	}
	return c.messagesWhole(messagesParams(model))
}

func chatParams(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hi")}}
}

func messagesParams(model string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{Model: model, MaxTokens: 4096,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("hi"))}}
}

func (c *clients) chatWhole(params openai.ChatCompletionNewParams) got {
	r, err := c.chat.Chat.Completions.New(context.Background(), params)
	if err != nil {
		return got{err: err}
	}
	return got{said: fromCompletion(r)}
}

func (c *clients) chatStream(params openai.ChatCompletionNewParams) got {
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	s := c.chat.Chat.Completions.NewStreaming(context.Background(), params)
	defer s.Close()
	acc := openai.ChatCompletionAccumulator{}
	g := got{}
	beside := extras{}
	for s.Next() {
		chunk := s.Current()
		if !acc.AddChunk(chunk) {
			return got{err: fmt.Errorf("the accumulator refused %s", chunk.RawJSON())}
		}
		for _, choice := range chunk.Choices {
			if choice.Index == 0 {
				beside.read(choice.Delta.RawJSON())
				g.partial = g.partial || choice.FinishReason != "" || choice.Delta.Content != "" || len(choice.Delta.ToolCalls) > 0
			}
		}
	}
	if s.Err() != nil {
		g.err = s.Err()
		return g
	}
	g.said = completed(&acc.ChatCompletion)
	beside.into(&g.said)
	return g
}

// fromCompletion reads a whole answer.
func fromCompletion(r *openai.ChatCompletion) said {
	s := completed(r)
	if len(r.Choices) > 0 {
		beside := extras{}
		beside.read(r.Choices[0].Message.RawJSON())
		beside.into(&s)
	}
	return s
}

// completed reads what the SDK has fields for.
func completed(r *openai.ChatCompletion) said {
	s := said{choices: len(r.Choices), usage: counts{
		prompt: r.Usage.PromptTokens, answer: r.Usage.CompletionTokens,
		cached: r.Usage.PromptTokensDetails.CachedTokens, thought: r.Usage.CompletionTokensDetails.ReasoningTokens,
	}}
	if len(r.Choices) == 0 {
		return s
	}
	c := r.Choices[0]
	s.text, s.refusal, s.finish = c.Message.Content, c.Message.Refusal, c.FinishReason
	for _, call := range c.Message.ToolCalls {
		s.add(call.Function.Name, call.Function.Arguments)
	}
	return s
}

// extras are what the SDK has no field for, read from messages or deltas.
type extras struct {
	said
	legacy     *gathered
	transcript string
	parts      bool // content came as parts, which the SDK takes for text
}

func (x *extras) read(raw string) {
	v := decode([]byte(raw))
	r := chatReader{said: &said{}}
	r.thoughts(v)
	x.reasoning += r.reasoning
	for _, d := range list(at(v, "reasoning_details")) {
		for _, key := range []string{"signature", "data"} {
			x.seal(str(at(d, key)))
		}
	}
	x.seal(str(at(v, "extra_content", "google", "thought_signature")))
	for _, c := range list(at(v, "tool_calls")) {
		x.seal(str(at(c, "extra_content", "google", "thought_signature")))
	}
	x.images += len(list(at(v, "images")))
	x.parts = x.parts || len(list(at(v, "content"))) > 0
	x.text += partsText(at(v, "content"))
	x.transcript += str(at(v, "audio", "transcript"))
	if f := at(v, "function_call"); f != nil {
		if x.legacy == nil {
			x.legacy = &gathered{}
		}
		x.legacy.name += str(at(f, "name"))
		x.legacy.args += str(at(f, "arguments"))
	}
}

func (x *extras) seal(s string) {
	if s != "" {
		x.seals = append(x.seals, unsealed(s))
	}
}

func (x *extras) into(s *said) {
	s.reasoning, s.seals, s.images = x.reasoning, x.seals, x.images
	if x.parts {
		s.text = x.text
	}
	s.text += x.transcript
	if x.legacy != nil {
		s.add(x.legacy.name, x.legacy.args)
	}
}

// unsealed undoes the gateway's envelope around opaque values.
func unsealed(s string) string {
	if parts := strings.SplitN(s, ".", 4); parts[0] == "xjp1" && len(parts) == 4 {
		s = parts[3]
		if strings.HasPrefix(s, "{") {
			return str(at(decode([]byte(s)), "data"))
		}
	}
	return s
}

func (c *clients) messagesWhole(params anthropic.MessageNewParams) got {
	m, err := c.messages.Messages.New(context.Background(), params)
	if err != nil {
		return got{err: err}
	}
	return got{said: fromMessage(m)}
}

func (c *clients) messagesStream(params anthropic.MessageNewParams) got {
	s := c.messages.Messages.NewStreaming(context.Background(), params)
	defer s.Close()
	m := anthropic.Message{}
	g := got{}
	stopped := false
	for s.Next() {
		event := s.Current()
		if err := m.Accumulate(event); err != nil {
			return got{err: fmt.Errorf("the accumulator refused %s: %w", event.RawJSON(), err)}
		}
		g.partial = g.partial || strings.HasPrefix(event.Type, "content_block")
		stopped = stopped || event.Type == "message_stop"
	}
	g.err = s.Err()
	if g.err == nil && !stopped {
		g.err = errors.New("no message_stop")
	}
	if g.err == nil {
		g.said = fromMessage(&m)
	}
	return g
}

func fromMessage(m *anthropic.Message) said {
	s := said{choices: 1, finish: string(m.StopReason), usage: counts{
		prompt: m.Usage.InputTokens + m.Usage.CacheReadInputTokens + m.Usage.CacheCreationInputTokens,
		answer: m.Usage.OutputTokens, cached: m.Usage.CacheReadInputTokens, thought: m.Usage.OutputTokensDetails.ThinkingTokens,
	}}
	for _, b := range m.Content {
		switch b.Type {
		case "text":
			s.text += b.Text
		case "thinking":
			s.reasoning += b.Thinking
			if b.Signature != "" {
				s.seals = append(s.seals, unsealed(b.Signature))
			}
		case "redacted_thinking":
			s.seals = append(s.seals, unsealed(b.Data))
		case "tool_use":
			s.add(b.Name, string(b.Input))
		}
	}
	return s
}
