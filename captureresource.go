package xjpgateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/capture"
)

// defaultCaptureRetention is how long captures are kept.
const defaultCaptureRetention = 72 * time.Hour

// openCaptures stores the bodies of requests that are captured. It is made when the first
// one is.
type openCaptures struct {
	options  capture.Options
	once     sync.Once
	recorder *capture.Recorder
}

// get gives the recorder.
func (o *openCaptures) get() *capture.Recorder {
	o.once.Do(func() { o.recorder = capture.NewRecorder(o.options) })
	return o.recorder
}

// flush stores what waits to be stored.
func (o *openCaptures) flush(ctx context.Context) error {
	if o == nil {
		return nil
	}
	return o.get().Flush(ctx)
}

// holdCaptures holds what stores captures, which holds the store. It is nil where nothing is
// captured.
func (a *App) holdCaptures(store *openStore, storeID string, c CaptureConfig, h *holdings) (*openCaptures, error) {
	if c.Off {
		return nil, nil
	}
	o := capture.Options{MaxBody: c.maxBody(), MaxTotal: c.maxTotal()}
	logger, counts := a.logger.Named("capture"), a.metrics.captures
	o.OnStored = func(n int) { counts.WithLabelValues("stored").Add(float64(n)) }
	o.OnDropped = func(n int) { counts.WithLabelValues("dropped").Add(float64(n)) }
	o.OnError = func(err error) { logger.Error("captures cannot be stored", zap.Error(err)) }
	return hold(h, "captures", fmt.Sprintf("%s %d %d", storeID, o.MaxBody, o.MaxTotal), func() (*openCaptures, error) {
		o.Store = store.forCaptures
		return &openCaptures{options: o}, nil
	})
}

// Destruct stores what waits, as far as that can be done soon.
func (o *openCaptures) Destruct() error {
	closeLater(func() {
		o.once.Do(func() {})
		if o.recorder == nil {
			return
		}
		ctx, cancel := closing()
		defer cancel()
		o.recorder.Close(ctx)
	})
	return nil
}
