package xjpgateway

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// openBook is the book of prices. Its list of OpenRouter's is fetched from when the gateway
// starts.
type openBook struct {
	config prices.ListConfig
	once   sync.Once
	list   *prices.List
	book   atomic.Pointer[prices.Book]
}

// defaultPriceRefresh is how often OpenRouter's list is fetched.
const defaultPriceRefresh = 6 * time.Hour

// openRouterKind is the kind of the providers that tell prices.
const openRouterKind = "openrouter"

// holdBook holds the book of prices, which asks the first provider of OpenRouter's kind.
func (a *App) holdBook(s *snapshot, c PricesConfig, h *holdings) (*openBook, error) {
	from, settings := s.priceTeller(), "built-in"
	config := prices.ListConfig{Every: orDefault(time.Duration(c.Refresh), defaultPriceRefresh)}
	if from != nil && !c.Offline {
		logger := a.logger.Named("prices")
		settings = from.identity + " " + config.Every.String()
		config.Dir = filepath.Join(caddy.AppDataDir(), "xjp", "prices")
		config.Fetch = func(ctx context.Context) ([]byte, error) { return from.fetchModels(ctx) }
		config.Failed = func(err error) { logger.Warn("prices are not up to date", zap.Error(err)) }
	}
	return hold(h, "prices", settings, func() (*openBook, error) {
		b := &openBook{config: config}
		b.book.Store(prices.NewBook(nil))
		return b, nil
	})
}

// priceTeller is the provider that tells prices, nil if there is none.
func (s *snapshot) priceTeller() *upstream {
	for _, name := range slices.Sorted(maps.Keys(s.upstreams)) {
		if u := s.upstreams[name]; u.kind == openRouterKind {
			return u
		}
	}
	return nil
}

// start begins to keep the list up to date.
func (b *openBook) start() {
	if b.config.Fetch == nil {
		return
	}
	b.once.Do(func() {
		b.list = prices.OpenList(b.config)
		b.book.Store(prices.NewBook(b.list))
	})
}

// Destruct ends the refreshing.
func (b *openBook) Destruct() error {
	closeLater(func() {
		b.once.Do(func() {})
		if b.list != nil {
			b.list.Close()
		}
	})
	return nil
}

// price is what a provider's model costs by a route, nil if that is not known.
func (acc *accounts) price(r *route, upstream string) *prices.Price {
	return acc.book.book.Load().Find(r.price, r.upstream.kind, upstream)
}

// sealPrice checks a configured price: the route's own, else the model's.
func sealPrice(m *ModelConfig, r *RouteConfig) (*prices.Price, error) {
	p := r.Price
	if p == nil {
		p = m.Price
	}
	if p == nil {
		return nil, nil
	}
	return p.Seal(prices.FromConfig)
}
