package native

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// spans keeps what Caddy's tracing exports.
var spans spanKeeper

type spanKeeper struct {
	mu   sync.Mutex
	list []sdktrace.ReadOnlySpan
}

func init() {
	os.Setenv("OTEL_TRACES_EXPORTER", "kept")
	autoexport.RegisterSpanExporter("kept", func(context.Context) (sdktrace.SpanExporter, error) { return &spans, nil })
}

// ExportSpans keeps spans.
func (k *spanKeeper) ExportSpans(_ context.Context, list []sdktrace.ReadOnlySpan) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, list...)
	return nil
}

// Shutdown does nothing.
func (k *spanKeeper) Shutdown(context.Context) error { return nil }

// drop forgets what earlier tests left.
func (k *spanKeeper) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = nil
}

// take stops Caddy, whose tracing exports all spans then, and returns them.
func (k *spanKeeper) take(t *testing.T) []sdktrace.ReadOnlySpan {
	t.Helper()
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.list
	k.list = nil
	return list
}

// described is a span in words.
type described struct {
	Name       string
	Kind       string
	Trace, ID  string
	Status     string
	Attributes map[string]any
	Events     int
}

// describe makes spans comparable.
func describe(list []sdktrace.ReadOnlySpan) []described {
	var out []described
	for _, s := range list {
		d := described{Name: s.Name(), Kind: s.SpanKind().String(), Status: s.Status().Code.String() + s.Status().Description, Attributes: map[string]any{}, Events: len(s.Events())}
		d.Trace, d.ID = s.SpanContext().TraceID().String(), s.SpanContext().SpanID().String()
		for _, a := range s.Attributes() {
			d.Attributes[string(a.Key)] = a.Value.AsInterface()
		}
		out = append(out, d)
	}
	return out
}
