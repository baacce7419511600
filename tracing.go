package xjpgateway

import (
	"net/http"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// The attributes of GenAI spans, with their names in OpenTelemetry's semantic
// conventions 1.41. They are constants of our own because those conventions are still
// in development. None holds a prompt or an answer.
const (
	attrOperation     = "gen_ai.operation.name"
	attrProvider      = "gen_ai.provider.name"
	attrRequestModel  = "gen_ai.request.model"
	attrResponseModel = "gen_ai.response.model"
	attrFinish        = "gen_ai.response.finish_reasons"
	attrInput         = "gen_ai.usage.input_tokens"
	attrOutput        = "gen_ai.usage.output_tokens"
	attrCacheRead     = "gen_ai.usage.cache_read.input_tokens"
	attrCacheWrite    = "gen_ai.usage.cache_creation.input_tokens"
	attrReasoning     = "gen_ai.usage.reasoning.output_tokens"
	attrErrorType     = "error.type"
)

var propagator = autoprop.NewTextMapPropagator()

// startSpan begins the attempt's span if the tracing directive is on, and hands its
// context to the provider. The provider of spans is the request's own: Caddy has no
// global one.
func (a *attempt) startSpan(req *http.Request) {
	parent := trace.SpanFromContext(a.ctx)
	if !parent.SpanContext().IsValid() {
		return
	}
	tracer := parent.TracerProvider().Tracer("github.com/rickyjim626/xjp-gateway")
	ctx, span := tracer.Start(a.ctx, "chat "+a.target.route.Model, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String(attrOperation, "chat"),
		attribute.String(attrProvider, a.route.upstream.name),
		attribute.String(attrRequestModel, a.target.route.Model),
	))
	a.span = span
	propagator.Inject(ctx, propagation.HeaderCarrier(req.Header))
}

// endSpan ends the attempt's span with what is known of its answer.
func (a *attempt) endSpan() {
	if a.span == nil {
		return
	}
	o := &a.c.outcome
	if o.usage.Reported {
		a.span.SetAttributes(
			attribute.Int64(attrInput, o.usage.Prompt()), attribute.Int64(attrOutput, o.usage.Output),
			attribute.Int64(attrCacheRead, o.usage.CacheRead), attribute.Int64(attrCacheWrite, o.usage.CacheWrite),
			attribute.Int64(attrReasoning, o.usage.Reasoning))
	}
	if o.stop != "" {
		a.span.SetAttributes(attribute.StringSlice(attrFinish, []string{o.stop}))
	}
	a.span.SetAttributes(attribute.String(attrResponseModel, a.target.route.Model))
	if a.failed != nil {
		a.span.SetAttributes(attribute.String(attrErrorType, errorKind(a.failed)))
		a.span.SetStatus(codes.Error, errorKind(a.failed))
	}
	a.span.End()
	a.span = nil
}
