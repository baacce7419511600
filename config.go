package xjpgateway

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// Config is what the app holds, and what the smallest configurations write into the
// handler itself.
type Config struct {
	// Providers are the upstreams by name. Each is a module in the namespace
	// xjp.providers, whose kind stands in the field "kind".
	Providers map[string]json.RawMessage `json:"providers,omitempty" caddy:"namespace=xjp.providers inline_key=kind"`

	// Models are the logical models that clients ask for. Without any, each provider's
	// models are served under <provider>/<model>, and under their own names if there is
	// only one provider.
	Models []*ModelConfig `json:"models,omitempty"`

	// Keys are the clients' keys.
	Keys []*KeyConfig `json:"keys,omitempty"`

	// Store is where tenants, keys and the ledger are kept: a module in the namespace
	// xjp.stores, whose name stands in the field "engine". Default: {"engine": "sqlite"}.
	Store json.RawMessage `json:"store,omitempty" caddy:"namespace=xjp.stores inline_key=engine"`

	// StoreOff stores nothing: there are only the keys of this configuration and there is
	// no ledger, and limits are forgotten when the process ends.
	StoreOff bool `json:"store_off,omitempty"`

	// State is what counts limits: a module in the namespace xjp.state, whose name stands
	// in the field "engine". Several nodes that are to share limits need one that is not
	// in the process. Default: {"engine": "memory"}.
	State json.RawMessage `json:"state,omitempty" caddy:"namespace=xjp.state inline_key=engine"`

	// Peppers are secrets that keys are hashed with, normally placeholders such as
	// {env.XJP_PEPPER}. The first is the current one; keys hashed with the others are
	// still known, and hashed anew when they are used. Default: none.
	Peppers []string `json:"peppers,omitempty"`

	// OnStoreFailure says what becomes of clients while the store is away: "allow_known"
	// serves those whose keys are known to this process for up to five minutes, "deny"
	// none but those with keys of this configuration. Default: "allow_known".
	OnStoreFailure string `json:"on_store_failure,omitempty"`

	// TimeZone is where days and months of limits and of the ledger begin, by its name in
	// the IANA database. Default: UTC.
	TimeZone string `json:"time_zone,omitempty"`

	// Limits are those of each key that has none of its own nor its tenant's.
	Limits limits.Set `json:"limits,omitzero"`

	// Ledger says how the account of all requests is kept.
	Ledger LedgerConfig `json:"ledger,omitzero"`

	// Prices says where prices come from that the configuration does not give.
	Prices PricesConfig `json:"prices,omitzero"`

	// Idempotency says how answers are kept for requests that are sent again.
	Idempotency IdempotencyConfig `json:"idempotency,omitzero"`

	// BudgetAlerts says when an event tells of a budget that is being used up.
	BudgetAlerts BudgetAlertsConfig `json:"budget_alerts,omitzero"`

	// Timeouts bound the waiting for providers; routes can override each.
	Timeouts Timeouts `json:"timeouts,omitzero"`

	// Retry governs further tries of requests that no route could serve.
	Retry RetryConfig `json:"retry,omitzero"`

	// Breaker says when a failing route is let rest; routes can override each field.
	Breaker BreakerConfig `json:"breaker,omitzero"`

	// Queue bounds the waiting where a provider or a route has max_concurrent calls.
	Queue QueueConfig `json:"queue,omitzero"`

	// KeepAlive is the silence after which a streaming client is sent a frame that only
	// says that the stream lives. Default: 15s.
	KeepAlive caddy.Duration `json:"keep_alive,omitempty"`

	// MaxBody is the largest request body in bytes, also after decompression. Default: 32 MiB.
	MaxBody int64 `json:"max_body,omitempty"`

	// MaxBodies is the number of bytes that all request bodies in flight may hold
	// together; beyond it requests are refused with 503. Default: 1 GiB.
	MaxBodies int64 `json:"max_bodies,omitempty"`

	// MaxEvent is the largest single event of a provider's stream in bytes. Default: 16 MiB.
	MaxEvent int64 `json:"max_event,omitempty"`

	// Fetch governs the download of media for providers that take no URLs.
	Fetch FetchConfig `json:"fetch,omitzero"`

	// Recall governs the memory of reasoning signatures for clients that drop them.
	Recall RecallConfig `json:"recall,omitzero"`

	// LogFilterOK acknowledges that the access log is configured to hide X-Api-Key, which
	// Caddy does not hide by itself, and silences the warning about it.
	LogFilterOK bool `json:"log_filter_ok,omitempty"`
}

// ModelConfig is a logical model.
type ModelConfig struct {
	// Name is the name that clients ask for. One * stands for any characters; routes can
	// use what it matched as {model.rest}.
	Name string `json:"name"`

	// Aliases are further names of the model.
	Aliases []string `json:"aliases,omitempty"`

	// Routes are the ways to serve the model, tried in the order of the policy.
	Routes []*RouteConfig `json:"routes,omitempty"`

	// Policy orders the routes: "first" takes them as they are written, "weighted" by
	// their weights, "least_latency" the faster ones first, "cheapest" those by which the
	// request is expected to cost least. Default: "weighted" if a
	// route has a weight, else "first".
	Policy string `json:"policy,omitempty"`

	// Affinity keeps the requests of a session ("session") or of a client's key ("key")
	// on one route as long as that does not rest. Default: "off".
	Affinity string `json:"affinity,omitempty"`

	// FallbackOn are the classes of errors on which the next route is tried, or one of
	// the words "all", "none" and "default". Default: all but content_blocked.
	FallbackOn []string `json:"fallback_on,omitempty"`

	// Hedge sends a request that is not streamed by a second route as well, when the
	// first is slow. Default: off.
	Hedge HedgeConfig `json:"hedge,omitzero"`

	// Strict refuses a request with 400 where a field of it would be lost in translation.
	Strict bool `json:"strict,omitempty"`

	// Price is what the model costs, for routes without a price of their own. Default:
	// the price of the provider's model, from OpenRouter's list or the built-in table.
	Price *prices.Price `json:"price,omitempty"`

	// DisplayName is the model's name for people. Default: the name.
	DisplayName string `json:"display_name,omitempty"`

	// ContextWindow is the size of prompt and answer in tokens that clients are told.
	ContextWindow int64 `json:"context_window,omitempty"`

	// MaxOutput is the largest answer in tokens that clients are told.
	MaxOutput int64 `json:"max_output,omitempty"`
}

// RouteConfig is one way to serve a model.
type RouteConfig struct {
	// Provider is the name of a configured provider.
	Provider string `json:"provider"`

	// Model is the provider's name of the model. It may hold {model.rest}.
	Model string `json:"model"`

	// Weight is the route's share of the requests among the weights of all, from 1 to
	// 1,000,000. It is not for fallback routes. Default: 1 under the policy "weighted".
	Weight int `json:"weight,omitempty"`

	// Fallback takes the route only after all that are none.
	Fallback bool `json:"fallback,omitempty"`

	// MaxConcurrent is the most calls by this route at once, from 1 to 1,000,000.
	// Default: no limit but the provider's.
	MaxConcurrent int `json:"max_concurrent,omitempty"`

	// Breaker overrides the common one.
	Breaker BreakerConfig `json:"breaker,omitzero"`

	// Wire is the dialect to speak to a provider that knows several: "chat" or "messages".
	Wire string `json:"wire,omitempty"`

	// Publisher, Region and Project override the provider's own (Vertex).
	Publisher string `json:"publisher,omitempty"`
	Region    string `json:"region,omitempty"`
	Project   string `json:"project,omitempty"`

	// Backend chooses among the provider's endpoints (Clewdr: "code" or "web").
	Backend string `json:"backend,omitempty"`

	// Strict refuses a request with 400 where a field of it would be lost in translation.
	Strict bool `json:"strict,omitempty"`

	// Price is what the provider's model costs. Default: the model's price.
	Price *prices.Price `json:"price,omitempty"`

	// Capabilities overrides what the model is believed to take, by flag: true, false, a
	// number or a word. The flags and their defaults are in docs/providers.md.
	Capabilities map[string]json.RawMessage `json:"capabilities,omitempty"`

	// Body holds fields that are added to each request body, replacing any of the same name.
	Body map[string]json.RawMessage `json:"body,omitempty"`

	// Headers are added to each request to the provider. Placeholders are allowed in their
	// values.
	Headers map[string]string `json:"headers,omitempty"`

	// Timeouts override the common ones.
	Timeouts Timeouts `json:"timeouts,omitzero"`

	// ReasoningFormat is how Chat clients are shown reasoning: "reasoning_content"
	// (default), "reasoning", "both" or "none".
	ReasoningFormat string `json:"reasoning_format,omitempty"`
}

// KeyConfig is a client's key.
type KeyConfig struct {
	// Key is the key itself, normally a placeholder such as {env.XJP_KEY}. It is hashed
	// when the configuration is loaded.
	Key string `json:"key,omitempty"`

	// Hash is the lower-case hexadecimal SHA-256 of the key, instead of Key.
	Hash string `json:"hash,omitempty"`

	// ID names the key in logs. Default: "key" and its number.
	ID string `json:"id,omitempty"`

	// Tenant is the tenant that the key is billed to. Default: "default".
	Tenant string `json:"tenant,omitempty"`

	// Models are the logical models that the key may use. Default: all.
	Models []string `json:"models,omitempty"`

	// Limits are the key's own, over the common ones.
	Limits limits.Set `json:"limits,omitzero"`

	// Optional leaves the key out when its placeholder is unset.
	Optional bool `json:"optional,omitempty"`
}

// Timeouts bound the waiting for a provider. A zero field takes the default.
type Timeouts struct {
	// Connect bounds the time to a connection, for providers whose http transport sets no
	// dial_timeout of its own. It is not for routes. Default: the transport's, 3s.
	Connect caddy.Duration `json:"connect,omitempty"`
	// FirstToken bounds the time to the first content of a stream. Default: 5m.
	FirstToken caddy.Duration `json:"first_token,omitempty"`
	// Idle bounds the silence between two pieces of a stream. Default: 2m.
	Idle caddy.Duration `json:"idle,omitempty"`
	// Total bounds an answer that is not streamed. Default: 10m.
	Total caddy.Duration `json:"total,omitempty"`
	// StreamTotal bounds a whole stream. Default: no limit.
	StreamTotal caddy.Duration `json:"stream_total,omitempty"`
}

// FetchConfig governs the download of media that clients name by URL.
type FetchConfig struct {
	// Off refuses requests whose URLs the gateway would have to fetch.
	Off bool `json:"off,omitempty"`
	// Allow lists private networks, in CIDR notation, that may be fetched from.
	Allow []string `json:"allow,omitempty"`
	// MaxSize is the largest download in bytes. Default: 20 MiB.
	MaxSize int64 `json:"max_size,omitempty"`
	// Timeout bounds a download. Default: 20s.
	Timeout caddy.Duration `json:"timeout,omitempty"`
}

// RecallConfig bounds the memory of reasoning signatures.
type RecallConfig struct {
	// Off remembers nothing.
	Off bool `json:"off,omitempty"`
	// MaxSize is the memory in bytes. Default: 64 MiB.
	MaxSize int64 `json:"max_size,omitempty"`
	// TTL is how long a signature is kept. Default: 1h.
	TTL caddy.Duration `json:"ttl,omitempty"`
}
