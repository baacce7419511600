package xjpgateway

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

func init() { caddy.OnExit(flushLedgers) }

// openLedger is the ledger, whose journal is opened when it is needed first: validating a
// configuration writes nothing.
type openLedger struct {
	options ledger.Options
	once    sync.Once
	ledger  *ledger.Ledger
	open    atomic.Bool // it can be written to
	err     error
}

// The defaults of the ledger.
const (
	defaultSync       = 100 * time.Millisecond
	defaultMaxJournal = 1 << 30
	// ledgerBatch is how many records are inserted at once: what a transaction costs by itself
	// is shared by them.
	ledgerBatch = 1000
)

// holdLedger holds the ledger, which holds the store.
func (a *App) holdLedger(store *openStore, storeID string, c LedgerConfig, h *holdings) (*openLedger, error) {
	o := ledger.Options{
		Dir: orDefault(c.Journal, filepath.Join(caddy.AppDataDir(), "xjp", "journal")), Sync: defaultSync,
		MaxBytes: orDefault(c.MaxJournal, defaultMaxJournal), Strict: c.Strict, Batch: ledgerBatch,
	}
	if c.Sync != nil {
		o.Sync = time.Duration(*c.Sync)
	}
	logger := a.logger.Named("ledger")
	o.OnError = func(err error) { logger.Error("ledger", zap.Error(err)) }
	o.OnResume = func(part string) { logger.Info("ledger works again", zap.String("part", part)) }
	settings := storeID + " " + o.Dir + " " + o.Sync.String() + " " + strconv.FormatInt(o.MaxBytes, 10) + " " + strconv.FormatBool(o.Strict)
	return hold(h, "ledger", settings, func() (*openLedger, error) {
		o.Store = store.forLedger
		o.OnLost = func(r *ledger.Record) {
			logger.Warn("request of a process that died is settled by an estimate", zap.String("request_id", r.ID), zap.String("tenant", r.Tenant), zap.String("key", r.Key))
		}
		return &openLedger{options: o}, nil
	})
}

// get gives the ledger, and opens its journal if that has not been done.
func (l *openLedger) get() (*ledger.Ledger, error) {
	l.once.Do(func() {
		l.ledger, l.err = ledger.Open(l.options)
		l.open.Store(l.err == nil)
	})
	return l.ledger, l.err
}

// start notes that a provider is about to be called.
func (l *openLedger) start(s *ledger.Start) error {
	book, err := l.get()
	if err != nil {
		return err
	}
	return book.Start(s)
}

// end notes how a request ended.
func (l *openLedger) end(r *ledger.Record) error {
	book, err := l.get()
	if err != nil {
		return err
	}
	return book.End(r)
}

// flush stores what is in the journal; one that has not been opened holds nothing of this
// process.
func (l *openLedger) flush(ctx context.Context) error {
	book, err := l.get()
	if err != nil {
		return err
	}
	return book.Flush(ctx)
}

// lag tells what has not reached the store yet.
func (l *openLedger) lag() (ledger.Lag, error) {
	book, err := l.get()
	if err != nil {
		return ledger.Lag{}, err
	}
	return book.Lag(), nil
}

// Destruct writes what can be written, and closes the journal.
func (l *openLedger) Destruct() error {
	closeLater(func() {
		l.once.Do(func() { l.err = context.Canceled }) // it is not to be opened any more
		l.open.Store(false)
		if l.ledger == nil {
			return
		}
		ctx, cancel := closing()
		defer cancel()
		if l.options.Store() == nil {
			cancel() // what is in the journal stays there
		}
		if err := l.ledger.Close(ctx); err != nil {
			l.options.OnError(err)
		}
	})
	return nil
}

// maxFarewellFlush bounds the time that the exit of the process takes for what the journal
// holds; the next start finds what is left.
const maxFarewellFlush = 3 * time.Second

// flushLedgers is called when the process ends: requests that outlived their configuration
// have been recorded by then.
func flushLedgers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, maxFarewellFlush)
	defer cancel()
	for _, l := range openLedgers() {
		if err := l.ledger.Flush(ctx); err != nil {
			l.options.OnError(err) // the next process stores it
		}
	}
}

// openLedgers are the ledgers that this process writes.
func openLedgers() (list []*openLedger) {
	resources.Range(func(_, value any) bool {
		if l, ok := value.(*openLedger); ok && l.open.Load() {
			list = append(list, l)
		}
		return true
	})
	return list
}

// maxCatchUp bounds how long a request waits for the store to catch up.
const maxCatchUp = 500 * time.Millisecond

// catchUp brings into the store what the journal holds, that of a process that was killed
// too: what it used counts towards limits. It returns an error if that cannot be done soon.
// A disk that is full is none: what has been written can be stored all the same.
func catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxCatchUp)
	defer cancel()
	for _, l := range openLedgers() {
		if err := l.ledger.Flush(ctx); err != nil && !errors.Is(err, ledger.ErrFull) {
			return err
		}
	}
	return nil
}
