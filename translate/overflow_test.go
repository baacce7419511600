package translate

import "testing"

// TestOverflows reads the numbers of a context overflow from the words of providers, as
// they have been seen (CC15, CC16).
func TestOverflows(t *testing.T) {
	for _, test := range []struct {
		name, message            string
		tokens, limit, maxTokens int64
	}{
		{"Anthropic", "prompt is too long: 210000 tokens > 200000 maximum", 210_000, 200_000, 0},
		{"Anthropic: prompt and answer", "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length or `max_tokens` and try again", 190_000, 200_000, 32_000},
		{"OpenAI", "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. Please reduce the length of the messages.", 130_000, 128_000, 0},
		{"OpenAI: prompt and answer", "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 in the messages, 1000 in the completion).", 8000, 8192, 1000},
		{"OpenAI: a configured limit", "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens. Please reduce the length of the messages.", 300_000, 272_000, 0},
		{"OpenAI without numbers", "Your input exceeds the context window of this model. Please adjust your input and try again.", 0, 0, 0},
		{"OpenRouter", "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens (2500021 of text input). Please reduce the length of either one", 2_500_021, 200_000, 0},
		{"DeepSeek", "This model's maximum context length is 1048565 tokens. However, you requested 1250025 tokens (1250025 in the messages, 0 in the completion).", 1_250_025, 1_048_565, 0},
		{"Google", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1_200_000, 1_048_576, 0},
		{"Google without its count", "The input token count exceeds the maximum number of tokens allowed 1048576.", 0, 1_048_576, 0},
		{"Mistral", "Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length", 140_000, 131_072, 0},
		{"xAI", "This model's maximum prompt length is 131072 but the request contains 140000 tokens.", 140_000, 131_072, 0},
		{"vLLM", "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 1000 input tokens (5000 > 4096 - 1000).", 1000, 4096, 5000},
		{"vLLM: the decoder's prompt", "The decoder prompt (length 5000) is longer than the maximum model length of 4096.", 5000, 4096, 0},
		{"Together", "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 512 `max_new_tokens`", 9000, 8193, 512},
		{"llama.cpp", "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it", 9000, 8192, 0},
		{"Bedrock without numbers", "Input is too long for requested model.", 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := NewUpstreamError(400, ErrorBody{Message: test.message})
			if e.Kind != ErrContext || e.Tokens != test.tokens || e.Limit != test.limit || e.MaxTokens != test.maxTokens {
				t.Errorf("kind %d, %d tokens, limit %d, answer %d", e.Kind, e.Tokens, e.Limit, e.MaxTokens)
			}
		})
	}
	for _, message := range []string{
		"max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5",
		"Invalid 'max_tokens': integer above maximum value. Expected a value <= 16384, but got 99999 instead.",
		"Cached content is too small. total_token_count=97, min_total_token_count=1024",
	} {
		if e := NewUpstreamError(400, ErrorBody{Message: message}); e.Kind != ErrInvalid {
			t.Errorf("%q is kind %d", message, e.Kind)
		}
	}
}
