package xjpgateway

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/idempotency"
)

// openDesk has requests with an Idempotency-Key done once.
type openDesk struct{ *idempotency.Desk }

// holdDesk holds the desk, which holds the engines of state. It is nil where no
// Idempotency-Key is heeded.
func (a *App) holdDesk(engines *openEngines, c IdempotencyConfig, h *holdings) (*openDesk, error) {
	if c.Off {
		return nil, nil
	}
	logger, unkept := a.logger.Named("idempotency"), a.metrics.unkept
	o := idempotency.Options{
		TTL: time.Duration(c.TTL), MaxAnswer: c.MaxSize, MaxRecordings: orDefault(c.MaxTotal, defaultMaxAnswers),
		OnError: func(err error) { // an engine that is away is told of once, and not here
			unkept.Inc()
			logger.Debug("answer cannot be looked up or kept", zap.Error(err))
		},
	}
	settings := fmt.Sprintf("%s %d %d %d", engines.identity, o.TTL, o.MaxAnswer, o.MaxRecordings)
	return hold(h, "desk", settings, func() (*openDesk, error) {
		o.Store = engines.Answers
		return &openDesk{idempotency.NewDesk(o)}, nil
	})
}

// Destruct ends the renewal of claims.
func (d *openDesk) Destruct() error {
	d.Close()
	return nil
}
