package translate

import "cmp"

// Spelling says by which of their several names a client's request gave some fields, so
// that errors and losses name those that the client wrote. Each is "" where the request
// has none of them.
type Spelling struct {
	MaxTokens, User, Effort string
}

// MaxTokensField is the client's name of the limit of the answer.
func (r *Request) MaxTokensField() string { return cmp.Or(r.Spelling.MaxTokens, "max_tokens") }

// UserField is the client's name of the end user.
func (r *Request) UserField() string { return cmp.Or(r.Spelling.User, "user") }

// EffortField is the client's name of its wish about reasoning.
func (r *Request) EffortField() string { return cmp.Or(r.Spelling.Effort, "reasoning_effort") }
