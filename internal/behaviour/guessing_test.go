package behaviour

import (
	"context"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	goruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/stores"
	"github.com/rickyjim626/xjp-gateway/stores/sqlite"
)

// crowd is how many wrong keys are tried. The full measure is a million.
var crowd = flag.Int("crowd", 20_000, "wrong keys that TestCrowd tries")

// lookups counts how often the store watched was asked for a key.
var lookups atomic.Int64

// watched is a store in SQLite that counts how often it is asked for a key.
type watched struct{ sqlite.Store }

func init() { caddy.RegisterModule(watched{}) }

func (watched) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.stores.watched", New: func() caddy.Module { return new(watched) }}
}

// Open implements stores.Module.
func (c *watched) Open(ctx context.Context, settings stores.Settings) (stores.Store, error) {
	store, err := c.Store.Open(ctx, settings)
	return watchedStore{store}, err
}

type watchedStore struct{ stores.Store }

func (s watchedStore) Key(ctx context.Context, tenant, id string) (*keys.Record, error) {
	lookups.Add(1)
	return s.Store.Key(ctx, tenant, id)
}

func (s watchedStore) KeyByHash(ctx context.Context, hash [32]byte) (*keys.Record, error) {
	lookups.Add(1)
	return s.Store.KeyByHash(ctx, hash)
}

// guarded is a gateway that is asked without a network, by clients of any address.
type guarded struct {
	t       *testing.T
	site    http.Handler
	manager *keys.Manager
}

func startGuarded(t *testing.T) *guarded {
	gatewaytest.Start(t, providers(newDouble(t))+strings.Replace(gatewaytest.Stored(t), "store sqlite", "store watched", 1))
	mod, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	m, err := gatewaytest.App(t).Manager(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{t: t, manager: m}
	for _, site := range mod.(*caddyhttp.App).Servers {
		g.site = site
	}
	return g
}

// newKey makes a key of a tenant, which is made along with it.
func (g *guarded) newKey(tenant string) (id, secret string) {
	g.t.Helper()
	g.manager.CreateTenant(context.Background(), "test", tenant, keys.TenantSpec{}) // unless it is there
	r, secret, err := g.manager.CreateKey(context.Background(), "test", tenant, keys.KeySpec{})
	if err != nil {
		g.t.Fatal(err)
	}
	return r.ID, secret
}

// ask sends a key from an address to the cheapest endpoint.
func (g *guarded) ask(from, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/v1/models", nil)
	r.Host, r.RemoteAddr = "127.0.0.1", from+":1234"
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	g.site.ServeHTTP(w, r)
	return w
}

// expect checks the status that a key from an address is answered with.
func (g *guarded) expect(what, from, key string, status int) *httptest.ResponseRecorder {
	g.t.Helper()
	w := g.ask(from, key)
	if w.Code != status {
		g.t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, status)
	}
	return w
}

// forge makes a key with an id and a checksum that is right.
func forge(id string) string {
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	_, other := keys.NewSecret()
	text := []byte(keys.Prefix + id + other[len(keys.Prefix)+len(id):])
	body := text[:len(text)-6]
	sum := crc32.ChecksumIEEE(body)
	for i := range 6 {
		text[len(text)-1-i] = base62[sum%62]
		sum /= 62
	}
	return string(text)
}

// invented is a key of a form by lot: as the store's, as the predecessor's, mistyped, or
// none at all.
func invented(r *rand.Rand) string {
	_, secret := keys.NewSecret()
	switch r.IntN(5) {
	case 0, 1:
		return secret
	case 2:
		return secret[:len(keys.Prefix)+43]
	case 3:
		return swapLast(secret)
	}
	return "sk-" + secret[4:]
}

// TestCrowd sends a crowd of wrong keys from a few addresses: keys that are in use go on
// from everywhere, others from elsewhere, and the crowd costs neither memory nor look-ups.
func TestCrowd(t *testing.T) {
	g := startGuarded(t)
	id, known := g.newKey("acme")
	_, fresh := g.newKey("other")
	const addresses, burst = 50, 20
	from := func(i int) string { return fmt.Sprintf("198.51.100.%d", i%addresses) }
	g.expect("a key before all", "192.0.2.1", known, 200)

	lots, heap, asked, began := rand.New(rand.NewPCG(1, 2)), heapNow(), lookups.Load(), time.Now()
	told := map[int]int{}
	for i := range *crowd {
		w := g.ask(from(i), invented(lots))
		told[w.Code]++
		if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Fatal("nobody is told when to come back")
		}
		if i == *crowd/2 { // it is to be looked up again, as keys in use are
			if _, err := g.manager.UpdateKey(context.Background(), "test", "acme", id, []byte(`{"description":"changed"}`)); err != nil {
				t.Fatal(err)
			}
		}
		if i%100 == 99 {
			g.expect("a key in use, from an address of the crowd", from(i), known, 200)
		}
	}
	took := time.Since(began)
	looked, grown := lookups.Load()-asked, heapNow()-heap
	t.Logf("%d wrong keys in %v: %v, %d look-ups, %d KiB more memory", *crowd, took.Round(time.Millisecond), told, looked, grown>>10)

	windows := int(took/time.Minute) + 1 // after each, an address may fail anew
	if told[401]+told[429] != *crowd || told[401] < addresses*burst || told[401] > windows*addresses*burst {
		t.Errorf("told is %v", told)
	}
	if looked > int64(told[401]+2) { // the key in use may have been looked up again
		t.Errorf("%d look-ups for %d keys that were looked at", looked, told[401])
	}
	if grown > 16<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
	if took < 50*time.Second { // the crowd's addresses are still held
		g.expect("a key that is not in use, from an address of the crowd", from(0), fresh, 429)
	}
	g.expect("the same from elsewhere", "192.0.2.2", fresh, 200)
	g.expect("and then from the crowd's", from(0), fresh, 200)
}

// TestSameWrongKeyAgain checks that a client with a wrong key does not hold up others who
// share its address.
func TestSameWrongKeyAgain(t *testing.T) {
	g := startGuarded(t)
	_, fresh := g.newKey("acme")
	_, wrong := keys.NewSecret()
	const from = "198.51.100.1"
	asked := lookups.Load()
	for range 200 {
		g.expect("the same wrong key", from, wrong, 401)
	}
	if looked := lookups.Load() - asked; looked > 20 {
		t.Errorf("it was looked up %d times", looked)
	}
	g.expect("another's key", from, fresh, 200)
}

func heapNow() int64 {
	goruntime.GC()
	goruntime.GC() // what pools hold outlives the first
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestRefusalsTellNothing checks that the answers to wrong keys are the same to the byte,
// whatever is wrong with them: only who has a right secret learns more.
func TestRefusalsTellNothing(t *testing.T) {
	g := startGuarded(t)
	id, _ := g.newKey("acme")
	revokedID, revoked := g.newKey("acme")
	disabledID, disabled := g.newKey("other")
	_, unknown := keys.NewSecret()
	if _, err := g.manager.RevokeKey(context.Background(), "test", "acme", revokedID); err != nil {
		t.Fatal(err)
	}
	if _, err := g.manager.UpdateKey(context.Background(), "test", "other", disabledID, []byte(`{"disabled":true}`)); err != nil {
		t.Fatal(err)
	}
	const from = "192.0.2.1"
	refusal := func(secret string) string {
		w := g.expect("a wrong key", from, secret, 401)
		requestID := w.Header().Get("X-Request-Id")
		w.Header().Del("Content-Length") // that of the body, which is compared
		return strings.ReplaceAll(fmt.Sprint(w.Code, w.Header(), w.Body), requestID, "ID")
	}
	want := refusal(unknown)
	for what, secret := range map[string]string{
		"revoked":                                   revoked,
		"with the id of a key":                      forge(id),
		"with the id of a disabled key":             forge(disabledID),
		"with the id of a revoked key":              forge(revokedID),
		"as the predecessor's":                      unknown[:len(keys.Prefix)+43],
		"of no form":                                "anything",
		"an id alone":                               id,
		"the hash of a key, in hexadecimal digits":  fmt.Sprintf("%x", keys.HashOf(revoked)),
		"the hash of a key, as it is in the config": fmt.Sprintf("sha256:%x", keys.HashOf(revoked)),
	} {
		if got := refusal(secret); got != want {
			t.Errorf("a key %s is told\n%s, an unknown one\n%s", what, got, want)
		}
	}
	mistyped := strings.Replace(want, "the key is not valid", "the key is not valid: it is mistyped or cut off", 1)
	for _, typo := range []string{swapLast(revoked), swapLast(unknown), unknown[:30]} {
		if got := refusal(typo); got != mistyped {
			t.Errorf("of a typo is told\n%s, want\n%s", got, mistyped)
		}
	}
	if w := g.expect("a disabled key", from, disabled, 403); !strings.Contains(w.Body.String(), "the key is disabled") {
		t.Errorf("of a disabled key is told %s", w.Body)
	}
	forged := forge(disabledID)
	g.expect("the id of a disabled key with a wrong secret", from, forged, 401)
}

// TestRefusalsTakeAsLong checks that the time of a refusal does not tell which ids there
// are.
func TestRefusalsTakeAsLong(t *testing.T) {
	g := startGuarded(t)
	id, _ := g.newKey("acme")
	const rounds = 300
	took := map[string][]time.Duration{}
	for i := range rounds {
		_, unknown := keys.NewSecret()
		for what, secret := range map[string]string{"known": forge(id), "unknown": unknown} {
			from := fmt.Sprintf("10.%d.%d.1", len(what), i%250) // so that none is slowed down
			began := time.Now()
			w := g.ask(from, secret)
			took[what] = append(took[what], time.Since(began))
			if w.Code != 401 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	}
	median := func(list []time.Duration) time.Duration {
		slices.Sort(list)
		return list[len(list)/2]
	}
	known, unknown := median(took["known"]), median(took["unknown"])
	t.Logf("a wrong secret takes %v with an id that is there, %v with one that is not", known, unknown)
	if known > 4*unknown || unknown > 4*known {
		t.Errorf("a wrong secret takes %v with an id that is there, %v with one that is not", known, unknown)
	}
}
