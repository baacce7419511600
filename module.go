package xjpgateway

import (
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/registry"
)

func init() {
	caddy.RegisterModule(Handler{})
}

// Handler is the gateway as an HTTP handler. It answers the paths of the dialects
// that it speaks and hands all others to the next handler:
//
//	POST /v1/chat/completions        OpenAI Chat
//	POST /v1/messages                Anthropic Messages
//	POST /v1/messages/count_tokens
//	GET  /v1/models, /v1/models/{id} in the shape of the caller's dialect
//	GET  /healthz, /readyz
//
// It makes these placeholders available:
//
// Placeholder | Description
// ------------|------------
// `{http.xjp.request_id}` | The request's id, as in the header X-Request-Id
// `{http.xjp.dialect}` | The client's dialect
// `{http.xjp.model}` | The logical model
// `{http.xjp.route}` | The route that answered
// `{http.xjp.provider}` | The provider that answered
// `{http.xjp.upstream_model}` | The provider's name of the model
// `{http.xjp.key.id}` | The client's key, by its id
// `{http.xjp.stream}` | Whether the answer is streamed
// `{http.xjp.attempts}` | How many calls to providers were made
// `{http.xjp.usage.input}` | Prompt tokens that were not cached
// `{http.xjp.usage.cached}` | Prompt tokens read from a cache
// `{http.xjp.usage.output}` | Tokens of the answer
// `{http.xjp.ttft_ms}` | Milliseconds to the first content
// `{http.xjp.error}` | The kind of the error, empty if there is none
//
// The key's id is also set as `{http.auth.user.id}`, which is the access log's user_id.
type Handler struct {
	// Inline is a small configuration that stands in the handler itself. It excludes
	// providers and models in the xjp app.
	Inline *Config `json:"config,omitempty"`

	// Models narrows the models that this site serves, by their names or aliases. A name
	// may hold one *, which stands for any characters. Default: all.
	Models []string `json:"models,omitempty"`

	// Auth set to "off" serves requests without a key. Default: keys are required.
	Auth string `json:"auth,omitempty"`

	// CORS lists the origins of web pages that may call the gateway; * is any. Default: none.
	CORS []string `json:"cors,omitempty"`

	// Errors set to "return" hands errors that occur before the answer has begun to
	// Caddy's handle_errors, where xjp_error renders them. Default: they are written here,
	// in the client's dialect.
	Errors string `json:"errors,omitempty"`

	app    *App
	logger *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.xjp_gateway",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision finds the app and contributes the inline configuration to it.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	mod, err := ctx.App("xjp")
	if err != nil {
		return err
	}
	h.app = mod.(*App)
	h.endAtExit(ctx)
	if h.Inline == nil {
		return nil
	}
	return h.app.contribute(ctx, h.Inline, "a handler's config")
}

// defines reports whether the configuration holds providers or models.
func (c *Config) defines() bool { return len(c.Providers) > 0 || len(c.Models) > 0 }

// Validate checks the site's settings against the app's.
func (h *Handler) Validate() error {
	s := h.app.snapshot.Load()
	for _, name := range h.Models {
		if err := known(s.registry, name); err != nil {
			return fmt.Errorf("models: %w", err)
		}
	}
	switch h.Auth {
	case "", "off":
	default:
		return fmt.Errorf("auth: %q is not known; the only value is off", h.Auth)
	}
	switch h.Errors {
	case "", "return":
	default:
		return fmt.Errorf("errors: %q is not known; the only value is return", h.Errors)
	}
	if h.Auth != "off" && s.keys.Len() == 0 {
		h.logger.Warn("no key is configured: every request will be refused; add a key, or auth off")
	}
	return nil
}

// ServeHTTP answers a request, or hands it on if its path is not the gateway's.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	e, ok := locate(r)
	if !ok {
		return next.ServeHTTP(w, r)
	}
	if !h.app.enter() {
		return tooLate(w, e.dialect)
	}
	c := h.newCall(w, r, e)
	defer c.settle()
	defer c.abandonRun()
	defer c.rescue()
	if h.cors(c) {
		return nil
	}
	err := c.answer(c.serve())
	c.finishRun()
	return err
}

// serve is a request's life from above: each step may end it with an error that the
// client is told in its dialect.
func (c *call) serve() error {
	if err := c.checkMethod(); err != nil {
		return err
	}
	switch c.op {
	case opHealth:
		return c.health()
	case opReady:
		return c.ready()
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	c.openAccount()
	if err := c.checkScope(); err != nil {
		return err
	}
	switch c.op {
	case opModels:
		return c.listModels()
	case opUnknown:
		return c.unknownPath()
	}
	c.sample()
	if err := c.readBody(); err != nil {
		return err
	}
	if err := c.findModel(); err != nil {
		return err
	}
	if c.op == opCount {
		return c.countTokens()
	}
	return c.once()
}

// serves reports whether the site serves a model under a name. A model that it lists is
// served under all of its names, an alias or a name of a wildcard under that name alone.
func (h *Handler) serves(m *registry.Model, name string) bool {
	return len(h.Models) == 0 || keys.Among(h.Models, m.Name) || keys.Among(h.Models, name)
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
