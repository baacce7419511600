package vertex

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tokenServer is Google's token endpoint on loopback.
type tokenServer struct {
	*httptest.Server
	calls atomic.Int64
	// lifetime is what tokens are said to live, in seconds.
	lifetime int
	// hang makes it silent, refuse makes it say no.
	hang, refuse atomic.Bool
	// hold is how long an answer takes.
	hold time.Duration
}

func newTokenServer(t *testing.T) *tokenServer {
	s := &tokenServer{lifetime: 3600}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.calls.Add(1)
		if r.ParseForm() != nil || r.Form.Get("assertion") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		time.Sleep(s.hold)
		if s.hang.Load() {
			<-r.Context().Done()
			return
		}
		if s.refuse.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_grant","error_description":"secret words"}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, n, s.lifetime)
	}))
	t.Cleanup(s.Close)
	return s
}

var privateKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, _ := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// keyFile writes a service account's file; more replaces fields of it.
func keyFile(t *testing.T, s *tokenServer, more map[string]string) string {
	fields := map[string]string{
		"type": "service_account", "project_id": "file-project", "private_key_id": "id", "private_key": privateKey(),
		"client_email": "a@file-project.iam.gserviceaccount.com", "client_id": "1", "universe_domain": "googleapis.com",
	}
	if s != nil {
		fields["token_uri"] = s.URL
	}
	for key, value := range more {
		fields[key] = value
	}
	data, _ := json.Marshal(fields)
	path := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// authorize makes a request and returns its headers.
func authorize(ctx context.Context, token *Token) (http.Header, error) {
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost", nil)
	err := token.Authorize(r)
	return r.Header, err
}

func TestToken(t *testing.T) {
	t.Run("2 nothing is asked for before the first request", func(t *testing.T) {
		s := newTokenServer(t)
		FromFile(keyFile(t, s, nil), false)
		if n := s.calls.Load(); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("2 a herd makes one call", func(t *testing.T) {
		s := newTokenServer(t)
		s.hold = 50 * time.Millisecond
		token := FromFile(keyFile(t, s, map[string]string{"quota_project_id": "billed"}), false)
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				h, err := authorize(context.Background(), token)
				if err != nil || h.Get("Authorization") != "Bearer token-1" {
					t.Errorf("%v, %v", h, err)
				}
			})
		}
		wait.Wait()
		if n := s.calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("2 a token is refreshed ahead of its end, without waiting", func(t *testing.T) {
		s := newTokenServer(t)
		s.lifetime = 120 // below the library's 3m45s: stale from the beginning, yet good
		token := FromFile(keyFile(t, s, nil), false)
		if _, err := authorize(context.Background(), token); err != nil {
			t.Fatal(err)
		}
		s.hold = 200 * time.Millisecond
		began := time.Now()
		h, err := authorize(context.Background(), token)
		if err != nil || h.Get("Authorization") != "Bearer token-1" || time.Since(began) > 100*time.Millisecond {
			t.Errorf("%v, %v after %v", h, err, time.Since(began))
		}
		for range 100 {
			if h, _ = authorize(context.Background(), token); h.Get("Authorization") != "Bearer token-1" {
				return // the new one is in use
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Error("the token was never refreshed")
	})
	t.Run("B24: an endpoint that hangs blocks nobody for long", func(t *testing.T) {
		s := newTokenServer(t)
		s.hang.Store(true)
		token := FromFile(keyFile(t, s, nil), false)
		token.timeout = 150 * time.Millisecond
		began := time.Now()
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				if _, err := authorize(context.Background(), token); err == nil {
					t.Error("no error")
				}
			})
		}
		wait.Wait()
		if took := time.Since(began); took > time.Second || s.calls.Load() != 1 {
			t.Errorf("%v and %d calls", took, s.calls.Load())
		}
		began = time.Now()
		if _, err := authorize(context.Background(), token); err == nil || time.Since(began) > 50*time.Millisecond {
			t.Errorf("the next request: %v after %v", err, time.Since(began))
		}
		s.hang.Store(false)
		token.until = time.Time{}
		if _, err := authorize(context.Background(), token); err != nil {
			t.Errorf("after the rest: %v", err)
		}
	})
	t.Run("B24: a request that ends does not wait", func(t *testing.T) {
		s := newTokenServer(t)
		s.hang.Store(true)
		token := FromFile(keyFile(t, s, nil), false)
		token.timeout = 300 * time.Millisecond
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := authorize(ctx, token); err == nil || time.Since(began) > 200*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	t.Run("2 a refused token is made anew, once for all that were refused", func(t *testing.T) {
		s := newTokenServer(t)
		token := FromFile(keyFile(t, s, nil), false)
		authorize(context.Background(), token)
		token.made = token.made.Add(-time.Minute)
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				token.Retoken()
				if h, err := authorize(context.Background(), token); err != nil || h.Get("Authorization") != "Bearer token-2" {
					t.Errorf("%v, %v", h, err)
				}
			})
		}
		wait.Wait()
		if n := s.calls.Load(); n != 2 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("2 errors tell nothing secret", func(t *testing.T) {
		s := newTokenServer(t)
		s.refuse.Store(true)
		path := keyFile(t, s, nil)
		_, err := authorize(context.Background(), FromFile(path, false))
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("got %v", err)
		}
	})
}

func TestQuotaProject(t *testing.T) {
	s := newTokenServer(t)
	path := keyFile(t, s, nil)
	t.Setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "billed")
	h, err := authorize(context.Background(), FromFile(path, false))
	if err != nil || h.Get("X-Goog-User-Project") != "billed" {
		t.Errorf("%v, %v", h, err)
	}
}

func TestApplicationDefault(t *testing.T) {
	s := newTokenServer(t)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", keyFile(t, s, nil))
	h, err := authorize(context.Background(), FromEnvironment())
	if err != nil || h.Get("Authorization") != "Bearer token-1" {
		t.Errorf("%v, %v", h, err)
	}
}

func TestCredentialFiles(t *testing.T) {
	for _, test := range []struct {
		name, kind string
		external   bool
		ok         bool
	}{
		{"2 a service account", "service_account", false, true},
		{"2 a user's login", "authorized_user", false, true},
		{"2 an external account is refused", "external_account", false, false},
		{"2 an external account where it is allowed", "external_account", true, true},
		{"2 an external user is refused", "external_account_authorized_user", false, false},
		{"2 an impersonation is refused", "impersonated_service_account", false, false},
		{"2 an impersonation where it is allowed", "impersonated_service_account", true, true},
		{"2 an unknown type", "other", true, false},
		{"2 no type", "", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := readFile(keyFile(t, nil, map[string]string{"type": test.kind}), test.external)
			if (err == nil) != test.ok {
				t.Fatalf("got %v", err)
			}
			if err == nil && f.ProjectID != "file-project" {
				t.Errorf("project %q", f.ProjectID)
			}
		})
	}
	for _, content := range []string{"no JSON", "[]", ""} {
		path := filepath.Join(t.TempDir(), "f")
		os.WriteFile(path, []byte(content), 0o600)
		if _, err := readFile(path, false); err == nil || strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, err := readFile(filepath.Join(t.TempDir(), "absent"), false); err == nil {
		t.Error("an absent file is accepted")
	}
}
