package main

import (
	"fmt"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// service is what the provider has served to one call.
type service struct {
	number int64 // tells it apart from all others, and stands in its usage
	wire   wire
	pad    string // makes its usage longer
	status int
	told   bool // its usage was sent, or is about to be
}

// Each answer uses as many tokens, but for those of the prompt that no cache had a part in.
const (
	cachedTokens = 7
	answerTokens = 5
	varying      = 50
)

// tokens are what it used.
func (s *service) tokens() ledger.Tokens {
	return ledger.Tokens{Input: 20 + s.number%varying, CacheRead: cachedTokens, Output: answerTokens}
}

// pricing is the price of all models, in USD for a million tokens; the rates below are the
// same in nano-USD for one.
const pricing = `price {
	input 3
	cache_read 0.30
	output 15
}
`

// cost is what it costs at that price.
func (s *service) cost() prices.Amount {
	t := s.tokens()
	return prices.Amount(3000*t.Input + 300*t.CacheRead + 15_000*t.Output)
}

// The usage as a wire tells it: at once, or a stream of Messages in two parts.
func (s *service) usage(w wire) string {
	t := s.tokens()
	if w == chat {
		return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d},%s}`,
			t.Prompt(), t.Output, t.Total(), t.CacheRead, s.mark())
	}
	return fmt.Sprintf(`{"input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d,%s}`, t.Input, t.CacheRead, t.Output, s.mark())
}

func (s *service) prompt() string {
	t := s.tokens()
	return fmt.Sprintf(`{"input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":1,%s}`, t.Input, t.CacheRead, s.mark())
}

func (s *service) answer() string {
	return fmt.Sprintf(`{"output_tokens":%d,%s}`, answerTokens, s.mark())
}

// mark is by what an attempt in the ledger is known to be of this service: the ledger keeps
// the provider's usage as it came.
func (s *service) mark() string { return fmt.Sprintf(`"service":"<%d>","pad":"%s"`, s.number, s.pad) }
