package deps
import (
 _ "github.com/openai/openai-go/v3"
 _ "github.com/anthropics/anthropic-sdk-go"
 _ "github.com/go-json-experiment/json"
 _ "code.dny.dev/ssrf"
 _ "pgregory.net/rapid"
 _ "go.uber.org/goleak"
 _ "cloud.google.com/go/auth/credentials"
 _ "github.com/klauspost/compress/zstd"
 _ "github.com/prometheus/client_golang/prometheus"
 _ "go.opentelemetry.io/otel/trace"
 _ "go.uber.org/zap"
 _ "github.com/spf13/cobra"
 _ "golang.org/x/sync/singleflight"
 _ "golang.org/x/time/rate"
)
