// Package ledger keeps an account of every request: one record for each that passed
// authentication, with the attempts that were made for it. Records go to a local journal
// first and from there, in batches, into a store.
package ledger

import (
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// End is how a request ended.
type End string

// The ends. Lost is that of a request whose process died; what it used is an estimate.
const (
	Complete       End = "complete"
	ClientGone     End = "client_gone"
	UpstreamBroken End = "upstream_broken"
	Refused        End = "refused"  // by the provider, or by the gateway for want of a route
	Rejected       End = "rejected" // by a check of the gateway's own, such as a limit
	Lost           End = "lost"
)

// Tokens counts tokens once each.
type Tokens struct {
	// Input is prompt tokens that no cache had a part in.
	Input int64 `json:"input,omitempty"`
	// CacheRead is prompt tokens read from a cache, CacheWrite5m and CacheWrite1h those
	// written to one.
	CacheRead    int64 `json:"cache_read,omitempty"`
	CacheWrite5m int64 `json:"cache_write_5m,omitempty"`
	CacheWrite1h int64 `json:"cache_write_1h,omitempty"`
	// Output is all tokens of the answer; Reasoning is a part of it.
	Output    int64 `json:"output,omitempty"`
	Reasoning int64 `json:"reasoning,omitempty"`
	// AudioInput and ImageInput are parts of the prompt, AudioOutput and ImageOutput are
	// parts of the answer.
	AudioInput  int64 `json:"audio_input,omitempty"`
	ImageInput  int64 `json:"image_input,omitempty"`
	AudioOutput int64 `json:"audio_output,omitempty"`
	ImageOutput int64 `json:"image_output,omitempty"`
}

// Prompt is all tokens of the prompt.
func (t *Tokens) Prompt() int64 { return t.Input + t.CacheRead + t.CacheWrite5m + t.CacheWrite1h }

// Total is all tokens.
func (t *Tokens) Total() int64 { return t.Prompt() + t.Output }

// Add adds the counts of others.
func (t *Tokens) Add(o *Tokens) {
	t.Input += o.Input
	t.CacheRead += o.CacheRead
	t.CacheWrite5m += o.CacheWrite5m
	t.CacheWrite1h += o.CacheWrite1h
	t.Output += o.Output
	t.Reasoning += o.Reasoning
	t.AudioInput += o.AudioInput
	t.ImageInput += o.ImageInput
	t.AudioOutput += o.AudioOutput
	t.ImageOutput += o.ImageOutput
}

// Record is the account of one request. Times are in UTC and exact to the microsecond.
type Record struct {
	// ID is the request's id as the client sees it.
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Tenant and Key are who asked; both are empty on a site without authentication.
	Tenant string `json:"tenant,omitempty"`
	Key    string `json:"key,omitempty"`
	// Endpoint is what was asked for: "generate", "count_tokens" or "models".
	Endpoint string `json:"endpoint"`
	// Dialect is the client's dialect, Model the logical model, Session the session that
	// the client named.
	Dialect string `json:"dialect"`
	Model   string `json:"model,omitempty"`
	Session string `json:"session,omitempty"`
	Stream  bool   `json:"stream,omitempty"`
	// Status is the HTTP status that the client was told, Error the kind of its error.
	Status int    `json:"status"`
	End    End    `json:"end"`
	Error  string `json:"error,omitempty"`
	// Route, Provider and Upstream, the provider's name of the model, are those of the
	// attempt that answered, else of the last.
	Route    string `json:"route,omitempty"`
	Provider string `json:"provider,omitempty"`
	Upstream string `json:"upstream_model,omitempty"`
	// Tokens and Cost are the sums of those of the attempts.
	Tokens Tokens        `json:"tokens,omitzero"`
	Cost   prices.Amount `json:"cost"`
	// Estimated says that a part of the tokens is an estimate, Unpriced that a part has no
	// known price.
	Estimated bool `json:"estimated,omitempty"`
	Unpriced  bool `json:"unpriced,omitempty"`
	// Replayed says that the answer was one given before to the same idempotency key.
	Replayed bool `json:"replayed,omitempty"`
	// Latency and FirstToken are milliseconds from the request's arrival to its end and to
	// the first content.
	Latency    int64 `json:"latency_ms"`
	FirstToken int64 `json:"first_token_ms,omitempty"`
	// Losses are what translation could not carry, as in x-xjp-lossy.
	Losses string `json:"losses,omitempty"`
	// Attempts are the calls to providers, in the order in which they began.
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Attempt is the account of one call to a provider.
type Attempt struct {
	// Number counts a request's attempts from 1.
	Number   int    `json:"number"`
	Route    string `json:"route"`
	Provider string `json:"provider"`
	Upstream string `json:"upstream_model"`
	// Dialect is the one that the provider was spoken to in.
	Dialect string `json:"dialect,omitempty"`
	// UpstreamID is the provider's own id of its answer, "" if none came.
	UpstreamID string `json:"upstream_id,omitempty"`
	// Status is the provider's HTTP status, 0 if none came; End how the attempt ended and
	// Error the kind of its error.
	Status int    `json:"status,omitempty"`
	End    End    `json:"end"`
	Error  string `json:"error,omitempty"`
	// Tokens are those that the provider told, or an estimate of them; Raw is its usage
	// object as it came.
	Tokens    Tokens `json:"tokens,omitzero"`
	Estimated bool   `json:"estimated,omitempty"`
	Raw       string `json:"raw_usage,omitempty"`
	// Images is how many images the prompt held, counted where the price is by them, and
	// OutputImages how many the answer did. Providers do not tell these.
	Images       int64 `json:"images,omitempty"`
	OutputImages int64 `json:"output_images,omitempty"`
	// Cost is what counts: the provider's own figure where it gave one, else Priced.
	// Unpriced says that it is not the full cost, as a part has no known price.
	Cost     prices.Amount `json:"cost"`
	Unpriced bool          `json:"unpriced,omitempty"`
	// Priced is the cost by the price of the version Price; Price is empty where no price
	// is known. Reported is the provider's own figure, as the decimal of USD it wrote.
	Priced   prices.Amount `json:"priced"`
	Price    string        `json:"price,omitempty"`
	Reported string        `json:"reported,omitempty"`
	// Start is milliseconds from the request's arrival to the call, Latency from there to
	// its end.
	Start   int64 `json:"start_ms,omitempty"`
	Latency int64 `json:"latency_ms"`
	// Hedged says that another call for the same answer was faster.
	Hedged bool `json:"hedged,omitempty"`
}

// Untold reports whether the provider has begun an answer and has not told what it cost, as
// it broke off before, or has told nothing at all.
func (a *Attempt) Untold() bool {
	return a.UpstreamID != "" && a.Status == http.StatusOK && a.Reported == "" && (a.Estimated || a.End != Complete)
}

// ended is when the request ended.
func (r *Record) ended() time.Time { return r.Time.Add(time.Duration(r.Latency) * time.Millisecond) }

// Sum sets what a record says of all its attempts together.
func (r *Record) Sum() {
	r.Tokens, r.Cost, r.Estimated, r.Unpriced = Tokens{}, 0, false, false
	for i := range r.Attempts {
		a := &r.Attempts[i]
		r.Tokens.Add(&a.Tokens)
		r.Cost += a.Cost
		r.Estimated = r.Estimated || a.Estimated
		r.Unpriced = r.Unpriced || a.Unpriced
	}
}
