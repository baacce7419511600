package behaviour

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
)

// TestAnswersApart checks that nobody is given an answer of another key's, of the same tenant
// or of another, nor learns which Idempotency-Keys others have sent.
func TestAnswersApart(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t)+`
		key XJP_static_one {
			id b.c
			tenant a
		}
		key XJP_static_two {
			id c
			tenant a.b
		}
`)
	m, err := gatewaytest.App(t).Manager(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	clients := []string{gatewaytest.Key, "XJP_static_one", "XJP_static_two"}
	for _, tenant := range []string{"acme", "other"} {
		if _, err := m.CreateTenant(context.Background(), "test", tenant, keys.TenantSpec{}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, secret, err := m.CreateKey(context.Background(), "test", tenant, keys.KeySpec{})
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, secret)
		}
	}
	for key, stream := range map[string]bool{"shared-whole": false, "shared-stream": true} {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(100 * time.Millisecond) // so that all are under way at once
			well(w, r)
		})
		ask := func(client, body string) reply {
			return post(t, url+anthropic.path, body, "Authorization", "Bearer "+client, "X-Xjp-Session", "shared", idempotencyKey, key)
		}
		first := make([]reply, len(clients))
		var wg sync.WaitGroup
		for i, client := range clients {
			wg.Go(func() { first[i] = ask(client, hello("messages", stream)) })
		}
		wg.Wait()
		for i, client := range clients {
			wantFresh(t, client, first[i])
			wantReplay(t, client, ask(client, hello("messages", stream)), first[i])
		}
		if n := len(d.asked()); n != len(clients) {
			t.Errorf("the provider was called %d times for %d clients", n, len(clients))
		}
	}
	d.will(well)
	ask := func(client, text string) reply {
		return post(t, url+openai.path, strings.Replace(hello("chat", false), "Hi", text, 1), "Authorization", "Bearer "+client, idempotencyKey, "of-one")
	}
	wantFresh(t, "the one", ask(clients[3], "Hi"))
	for _, client := range clients[4:] {
		wantFresh(t, "another body of another", ask(client, "Ho"))
	}
	if got := ask(clients[3], "Ho"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("another body of the one: %d", got.status)
	}
}
