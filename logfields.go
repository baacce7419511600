package xjpgateway

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// settle ends a call: what it held is given back, and what it was is told to metrics,
// access log and placeholders. It runs once, in every case.
func (c *call) settle() {
	c.record()
	c.settleLimits()
	c.learn()
	c.h.app.metrics.end(c)
	c.logFields()
	c.publish()
	c.endCapture()
	c.release()
	c.h.app.requests.Add(-1)
	c.h.app.leave()
}

// logFields adds what the gateway knows to the access log. No prompt, no answer and no
// secret is among it. A server without access logs would not read it.
func (c *call) logFields() {
	if server, ok := c.r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok && server.Logs == nil {
		return
	}
	extra, ok := c.r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields)
	if !ok {
		return
	}
	o := &c.outcome
	fields := []zapcore.Field{
		zap.String("xjp_request_id", c.id),
		zap.String("xjp_dialect", c.dialect.Inbound.Name()),
	}
	if c.model != "" {
		fields = append(fields, zap.String("xjp_model", quotedField(c.model)))
	}
	if o.route != nil {
		fields = append(fields,
			zap.String("xjp_route", o.route.id), zap.String("xjp_provider", o.route.upstream.name),
			zap.String("xjp_upstream_model", o.model), zap.String("xjp_upstream_dialect", c.upstreamDialect()),
			zap.Int("xjp_attempts", o.attempts), zap.Bool("xjp_stream", o.streamed))
	}
	if o.usage.Reported || o.usage.Estimated {
		u := &o.usage
		fields = append(fields,
			zap.Int64("xjp_input_tokens", u.Input), zap.Int64("xjp_cache_read_tokens", u.CacheRead),
			zap.Int64("xjp_cache_write_tokens", u.CacheWrite), zap.Int64("xjp_output_tokens", u.Output),
			zap.Int64("xjp_reasoning_tokens", u.Reasoning))
		if u.Cost != "" {
			fields = append(fields, zap.String("xjp_upstream_cost", u.Cost))
		}
	}
	if c.account.cost > 0 {
		fields = append(fields, zap.Stringer("xjp_cost", c.account.cost))
	}
	if o.first > 0 {
		fields = append(fields, zap.Int64("xjp_ttft_ms", o.first.Milliseconds()))
	}
	if o.stop != "" {
		fields = append(fields, zap.String("xjp_stop", o.stop))
	}
	if o.route != nil {
		if lost := c.lossText(); lost != "" {
			fields = append(fields, zap.String("xjp_losses", lost))
		}
	}
	if o.err != nil {
		fields = append(fields, zap.String("xjp_error", errorKind(o.err)))
	}
	if o.replayed {
		fields = append(fields, zap.Bool("xjp_replayed", true))
	}
	if o.gone {
		fields = append(fields, zap.Bool("xjp_client_gone", true))
	}
	fields = append(fields, c.sessionFields()...)
	for _, f := range fields {
		extra.Set(f)
	}
}

// upstreamDialect is the dialect that the provider was spoken to in.
func (c *call) upstreamDialect() string {
	if c.outcome.passed {
		return c.dialect.Inbound.Name()
	}
	if c.x.Target == nil {
		return ""
	}
	return c.outcome.wire
}

// The headers by which coding agents name a session and its parts; they group usage
// and are never anybody's identity (CC33).
var sessionHeaders = [...]struct{ header, field string }{
	{"X-Claude-Code-Session-Id", "xjp_session"},
	{"X-Claude-Code-Agent-Id", "xjp_agent"},
	{"X-Claude-Code-Parent-Agent-Id", "xjp_parent_agent"},
	{"X-Stainless-Retry-Count", "xjp_client_retry"},
}

func (c *call) sessionFields() []zapcore.Field {
	var fields []zapcore.Field
	for _, s := range sessionHeaders {
		if value := c.r.Header.Get(s.header); value != "" {
			fields = append(fields, zap.String(s.field, quotedField(value)))
		}
	}
	return fields
}

// quotedField bounds a client's words in the log.
func quotedField(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted]
	}
	return s
}

// logFailure logs a failed attempt: what an operator must act on as an error, others
// for the curious. The provider's own words are in it, the client's are not.
func (c *call) logFailure(a *attempt, f *failure) {
	level := zapcore.InfoLevel
	if f.verdict.Alarm {
		level = zapcore.ErrorLevel
	}
	entry := c.h.logger.Check(level, "attempt failed")
	if entry == nil {
		return
	}
	credential := ""
	if a.credential != nil {
		credential = a.credential.Name()
	}
	fields := []zapcore.Field{
		zap.String("request_id", c.id), zap.String("route", a.route.id), zap.String("provider", a.route.upstream.name),
		zap.String("credential", credential), zap.String("kind", errorKind(f.err)), zap.Int("upstream_status", f.err.Status),
		zap.String("upstream_type", quotedField(f.err.Type)), zap.String("upstream_message", c.withoutEcho(redact(string(a.scrub([]byte(f.err.Upstream)))))), zap.Int("attempt", c.outcome.attempts),
	}
	if span := trace.SpanContextFromContext(c.r.Context()); span.IsValid() {
		fields = append(fields, zap.String("traceID", span.TraceID().String())) // as in the access log
	}
	entry.Write(fields...)
}
