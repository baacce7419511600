package xjpgateway

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// offers remembers which models providers offer. It survives reloads and is bounded by
// the number of configured providers.
var offers sync.Map // of *offer by the provider's name and the list's address

// offer is the list of one provider. Asking is one call at a time.
type offer struct {
	mu     sync.Mutex
	models []providers.Model
	stale  time.Time // when to ask again
}

// How long a list is good, how soon a provider that did not answer is asked again, how
// long one is waited for, and how large a list may be. A client waits three seconds for
// the whole answer (claude-code-gateway.md 6), and it should have it within one (CC31).
const (
	offerTTL     = 10 * time.Minute
	offerRetry   = 30 * time.Second
	offerTimeout = 800 * time.Millisecond
	offerLimit   = 16 << 20
)

// askProviders asks all providers whose lists the client's models need, at once: one that
// does not answer holds up none of the others.
func (c *call) askProviders() {
	var asking sync.WaitGroup
	seen := map[*upstream]bool{}
	for _, m := range c.s.registry.Models() {
		for _, r := range c.wildRoutes(m) {
			if u := r.Data.(*route).upstream; !seen[u] {
				seen[u] = true
				asking.Go(func() { u.offered() })
			}
		}
	}
	asking.Wait()
}

// offered tells the models that a provider offers, and asks for them if that was long
// ago. A list that is old stays in use while the provider cannot be reached.
func (u *upstream) offered() []providers.Model {
	lister, ok := u.Provider.(providers.Lister)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), offerTimeout)
	defer cancel()
	req, err := u.listRequest(ctx)
	if err != nil {
		return nil
	}
	value, _ := offers.LoadOrStore(u.name+" "+req.URL.String(), &offer{})
	o := value.(*offer)
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Now().Before(o.stale) {
		return o.models
	}
	o.stale = time.Now().Add(offerRetry)
	body, err := u.list(req)
	if err != nil {
		return o.models
	}
	if models, err := lister.ParseModels(body); err == nil && len(models) > 0 {
		o.models, o.stale = models, time.Now().Add(offerTTL)
	}
	return o.models
}

// fetchModels makes a ListModels call.
func (u *upstream) fetchModels(ctx context.Context) ([]byte, error) {
	req, err := u.listRequest(ctx)
	if err != nil {
		return nil, err
	}
	return u.list(req)
}

func (u *upstream) listRequest(ctx context.Context) (*http.Request, error) {
	return u.NewRequest(ctx, &providers.Call{Op: providers.ListModels, Client: http.Header{}})
}

// list sends the request for a list and reads the answer.
func (u *upstream) list(req *http.Request) ([]byte, error) { return u.fetch(req, u.Credentials()[0]) }

// fetch sends a request that is no client's, and reads the answer.
func (u *upstream) fetch(req *http.Request, by providers.Credential) ([]byte, error) {
	if err := by.Authorize(req); err != nil {
		return nil, err
	}
	for name, value := range u.ExtraHeaders() {
		req.Header.Set(name, value)
	}
	res, err := u.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, offerLimit))
	if err == nil && res.StatusCode != http.StatusOK {
		err = &translate.Error{Kind: translate.ErrUpstream, Status: res.StatusCode, Message: res.Status}
	}
	return body, err
}
