// Package sdks lets the official SDKs judge the running gateway.
package sdks

import (
	"context"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

const demo = "\t\tprovider demo\n\t\tmodel demo {\n\t\t\troute demo demo\n\t\t}"

func TestOpenAI(t *testing.T) {
	url := gatewaytest.Start(t, demo)
	client := openai.NewClient(openaioption.WithBaseURL(url+"/v1"), openaioption.WithAPIKey(gatewaytest.Key), openaioption.WithMaxRetries(0))
	params := openai.ChatCompletionNewParams{Model: "demo", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")}}
	whole, err := client.Chat.Completions.New(context.Background(), params)
	if err != nil {
		t.Fatal(err)
	}
	stream := client.Chat.Completions.NewStreaming(context.Background(), params)
	defer stream.Close()
	acc := openai.ChatCompletionAccumulator{}
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			t.Fatalf("the accumulator refused %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got, want := acc.Choices[0].Message.Content, whole.Choices[0].Message.Content; got != want || got == "" {
		t.Errorf("streamed %q, whole %q", got, want)
	}
}

func TestAnthropic(t *testing.T) {
	url := gatewaytest.Start(t, demo)
	client := anthropic.NewClient(anthropicoption.WithBaseURL(url), anthropicoption.WithAPIKey(gatewaytest.Key), anthropicoption.WithMaxRetries(0))
	params := anthropic.MessageNewParams{Model: "demo", MaxTokens: 1024, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("hello"))}}
	whole, err := client.Messages.New(context.Background(), params)
	if err != nil {
		t.Fatal(err)
	}
	stream := client.Messages.NewStreaming(context.Background(), params)
	defer stream.Close()
	var message anthropic.Message
	for stream.Next() {
		if err := message.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got, want := message.Content[0].Text, whole.Content[0].Text; got != want || got == "" {
		t.Errorf("streamed %q, whole %q", got, want)
	}
}
