package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
)

// spelling is how Chat tells a kind of error (6.2).
type spelling struct {
	status     int
	kind, code string
}

var spellings = map[translate.ErrorKind]spelling{
	translate.ErrInvalid:       {400, "invalid_request_error", ""},
	translate.ErrContext:       {400, "invalid_request_error", "context_length_exceeded"},
	translate.ErrTooLarge:      {413, "invalid_request_error", "request_too_large"},
	translate.ErrSlow:          {408, "invalid_request_error", "request_timeout"},
	translate.ErrAuth:          {401, "invalid_request_error", "invalid_api_key"},
	translate.ErrPermission:    {403, "permission_error", "insufficient_permissions"},
	translate.ErrBilling:       {429, "insufficient_quota", "insufficient_quota"},
	translate.ErrNotFound:      {404, "invalid_request_error", ""},
	translate.ErrModel:         {404, "invalid_request_error", "model_not_found"},
	translate.ErrMethod:        {405, "invalid_request_error", ""},
	translate.ErrConflict:      {409, "conflict_error", "idempotency_conflict"},
	translate.ErrKeyReused:     {422, "invalid_request_error", "idempotency_key_reused"},
	translate.ErrContent:       {400, "invalid_request_error", "content_policy_violation"},
	translate.ErrRateLimit:     {429, "rate_limit_error", "rate_limit_exceeded"},
	translate.ErrQuota:         {429, "insufficient_quota", "insufficient_quota"},
	translate.ErrUpstreamLimit: {429, "rate_limit_error", "upstream_rate_limited"},
	translate.ErrUpstreamAuth:  {502, "server_error", "upstream_auth_failed"},
	translate.ErrUpstream:      {502, "server_error", "upstream_error"},
	translate.ErrOverloaded:    {503, "server_error", "overloaded"},
	translate.ErrTimeout:       {504, "server_error", "upstream_timeout"},
	translate.ErrInterrupted:   {502, "server_error", "upstream_stream_interrupted"},
	translate.ErrInternal:      {500, "server_error", ""},
	translate.ErrUnsupported:   {404, "invalid_request_error", ""},
}

// Status is the HTTP status of an error.
func (Dialect) Status(e *translate.Error) int { return spellings[e.Kind].status }

// EncodeError writes an error with all four keys that clients read.
func (Dialect) EncodeError(dst []byte, e *translate.Error, _ string) []byte {
	s := spellings[e.Kind]
	code := s.code
	if e.Code != "" {
		code = e.Code
	}
	w := emit.Writer{B: append(dst, `{"error":`...)}
	w.Object()
	w.KeyString("message", e.Message)
	w.KeyString("type", s.kind)
	w.Key("param")
	writeWord(&w, e.Param)
	w.Key("code")
	writeWord(&w, code)
	if e.Details != nil {
		w.KeyRaw("details", e.Details)
	}
	w.EndObject()
	w.B = append(w.B, '}')
	return w.B
}

// writeWord writes a word, null if there is none.
func writeWord(w *emit.Writer, word string) {
	if word == "" {
		w.Null()
		return
	}
	w.String(word)
}
