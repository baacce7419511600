package xjpgateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// openStore is the store, which is opened in the background: a gateway starts without it
// and goes on without it.
type openStore struct {
	module   stores.Module
	settings stores.Settings
	logger   *zap.Logger

	once  sync.Once
	ctx   context.Context
	stop  context.CancelFunc
	done  chan struct{} // closed when nothing is tried any more
	tried chan struct{} // closed when opening has been tried once
	open  atomic.Pointer[stores.Store]
}

func newOpenStore(module stores.Module, settings stores.Settings, logger *zap.Logger) *openStore {
	s := &openStore{module: module, settings: settings, logger: logger, tried: make(chan struct{}), done: make(chan struct{})}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// get gives the store, nil while it is not open.
func (s *openStore) get() stores.Store {
	if open := s.open.Load(); open != nil {
		return *open
	}
	return nil
}

// forLedger gives the store to the ledger, nil while it is not open.
func (s *openStore) forLedger() ledger.Store {
	if store := s.get(); store != nil {
		return store
	}
	return nil
}

// forKeys gives the store to the directory of keys, nil while it is not open.
func (s *openStore) forKeys() keys.Store {
	if store := s.get(); store != nil {
		return store
	}
	return nil
}

// forCaptures gives the store to captures, nil while it is not open.
func (s *openStore) forCaptures() capture.Store {
	if store := s.get(); store != nil {
		return store
	}
	return nil
}

// maxOpening is how long a request waits for a store that is being opened for the first time.
const maxOpening = 10 * time.Second

// await gives the store once opening it has been tried, nil if that failed.
func (s *openStore) await(ctx context.Context) stores.Store {
	if store := s.get(); store != nil {
		return store
	}
	s.start()
	timer := time.NewTimer(maxOpening)
	defer timer.Stop()
	select {
	case <-s.tried:
	case <-ctx.Done():
	case <-timer.C:
	}
	return s.get()
}

// start begins to open the store.
func (s *openStore) start() { s.once.Do(func() { go s.keepTrying() }) }

// The waits between attempts to open the store.
const (
	firstOpenWait = 500 * time.Millisecond
	maxOpenWait   = 30 * time.Second
)

// keepTrying opens the store, however long it takes.
func (s *openStore) keepTrying() {
	defer close(s.done)
	tried := sync.OnceFunc(func() { close(s.tried) })
	defer tried()
	for wait := firstOpenWait; ; wait = min(2*wait, maxOpenWait) {
		store, err := s.module.Open(s.ctx, s.settings)
		if err == nil {
			s.open.Store(&store)
			s.logger.Info("store is open")
			return
		}
		if errors.Is(err, context.Canceled) && s.ctx.Err() != nil {
			return
		}
		s.logger.Error("store cannot be opened", zap.Error(err), zap.Duration("next_try", wait))
		tried()
		select {
		case <-time.After(wait):
		case <-s.ctx.Done():
			return
		}
	}
}

// Destruct closes the store.
func (s *openStore) Destruct() error {
	s.stop()
	closeLater(func() {
		s.once.Do(func() { close(s.done) })
		<-s.done
		if store := s.get(); store != nil {
			if err := store.Close(); err != nil {
				s.logger.Error("store cannot be closed", zap.Error(err))
			}
		}
	})
	return nil
}
