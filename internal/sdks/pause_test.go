package sdks

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// pausing answers like a Messages provider that pauses in the middle of a web search, and
// goes on when it is shown what it has said.
type pausing struct {
	bodies []string
	broken bool // the second call breaks
}

func (p *pausing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.bodies = append(p.bodies, string(body))
	w.Header().Set("Content-Type", "text/event-stream")
	if len(p.bodies) == 1 {
		write(w,
			`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"I look \"it\""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" up. "}}`,
			`{"type":"content_block_stop","index":0}`,
			`{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}}`,
			`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\":"}}`,
			`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"x\"}"}}`,
			`{"type":"content_block_stop","index":1}`,
			`{"type":"message_delta","delta":{"stop_reason":"pause_turn","stop_sequence":null},"usage":{"output_tokens":5}}`,
			`{"type":"message_stop"}`)
		return
	}
	if p.broken {
		panic(http.ErrAbortHandler)
	}
	write(w,
		`{"type":"message_start","message":{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":30,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Here it is."}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}`,
		`{"type":"message_stop"}`)
}

func write(w io.Writer, events ...string) {
	for _, e := range events {
		name := strings.Split(e, `"`)[3]
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, e)
	}
}

func TestPause(t *testing.T) {
	provider := &pausing{}
	upstream := httptest.NewServer(provider)
	defer upstream.Close()
	url := gatewaytest.Start(t, "\t\tprovider anthropic {\n\t\t\tapi_key secret-of-the-provider\n\t\t\tbase_url "+upstream.URL+"\n\t\t}\n\t\tmodel m {\n\t\t\troute anthropic claude-sonnet-4-5 {\n\t\t\t\tcapability web_search web_search_20250305\n\t\t\t}\n\t\t}")
	client := openai.NewClient(openaioption.WithBaseURL(url+"/v1"), openaioption.WithAPIKey(gatewaytest.Key), openaioption.WithMaxRetries(0))
	params := openai.ChatCompletionNewParams{Model: "m", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("search")}}

	check := func(t *testing.T, r *openai.ChatCompletion) {
		t.Helper()
		if got, want := r.Choices[0].Message.Content, `I look "it" up. Here it is.`; got != want {
			t.Errorf("content %q, want %q", got, want)
		}
		if got := r.Choices[0].FinishReason; got != "stop" {
			t.Errorf("finish reason %q", got)
		}
		if r.Usage.PromptTokens != 40 || r.Usage.CompletionTokens != 12 {
			t.Errorf("usage %d + %d, want the sum of both streams, 40 + 12", r.Usage.PromptTokens, r.Usage.CompletionTokens)
		}
		if len(provider.bodies) != 2 {
			t.Fatalf("%d calls", len(provider.bodies))
		}
		want := `{"role":"assistant","content":[{"type":"text","text":"I look \"it\" up. "},{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query":"x"}}]}]`
		if !strings.Contains(provider.bodies[1], want) {
			t.Errorf("the second request is\n%s\nand lacks\n%s", provider.bodies[1], want)
		}
		provider.bodies = nil
	}
	options := openaioption.WithJSONSet("web_search_options", map[string]any{})
	t.Run("trap 50: a paused stream is continued", func(t *testing.T) {
		params := params
		params.StreamOptions.IncludeUsage = openai.Bool(true)
		stream := client.Chat.Completions.NewStreaming(context.Background(), params, options)
		acc := openai.ChatCompletionAccumulator{}
		for stream.Next() {
			acc.AddChunk(stream.Current())
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		check(t, &acc.ChatCompletion)
	})
	t.Run("trap 50: a paused answer is continued", func(t *testing.T) {
		whole, err := client.Chat.Completions.New(context.Background(), params, options)
		if err != nil {
			t.Fatal(err)
		}
		check(t, whole)
	})
	t.Run("trap 50, pain 7: a continuation that breaks is an error after what was said", func(t *testing.T) {
		provider.broken = true
		stream := client.Chat.Completions.NewStreaming(context.Background(), params, options)
		text := ""
		for stream.Next() {
			if c := stream.Current().Choices; len(c) > 0 {
				text += c[0].Delta.Content
			}
		}
		if stream.Err() == nil || text != `I look "it" up. ` {
			t.Errorf("error %v after %q", stream.Err(), text)
		}
	})
}
