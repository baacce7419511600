package vertex

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"golang.org/x/sync/singleflight"
)

// scope is what a token must be good for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// tokenTimeout bounds a call to the token endpoint: all requests wait for it while a
// token is expired.
const tokenTimeout = 10 * time.Second

// tokenRest is how long a failure to get a token is remembered, so that requests do not
// queue up behind an endpoint that hangs (B24).
const tokenRest = 2 * time.Second

// Token is a credential whose tokens come from Google. It is shared by all requests:
// the library refreshes a token in the background ahead of its expiry, and calls that
// find an expired one wait for a single refresh.
type Token struct {
	name    string
	load    func(*credentials.DetectOptions) (*auth.Credentials, error)
	client  *http.Client
	timeout time.Duration

	mu      sync.Mutex
	current *auth.Credentials
	made    time.Time
	failed  error
	until   time.Time

	flight singleflight.Group
}

// FromFile makes a credential from a file of Google's, which is read at the first use.
func FromFile(path string, external bool) *Token {
	return newToken("credentials", func(o *credentials.DetectOptions) (*auth.Credentials, error) {
		file, err := readFile(path, external)
		if err != nil {
			return nil, err
		}
		return credentials.NewCredentialsFromFile(file.Type, path, o)
	})
}

// file is what must be known of a credentials file. Nothing of it is told in errors.
type file struct {
	Type      credentials.CredType `json:"type"`
	ProjectID string               `json:"project_id"`
}

// readFile reads a credentials file. One that makes this process ask other addresses or
// run programs for its token is refused unless external is true (provider-gemini-vertex.md 2).
func readFile(path string, external bool) (*file, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.New("the credentials file cannot be read")
	}
	f := &file{}
	if json.Unmarshal(data, f) != nil {
		return nil, errors.New("the credentials file is no JSON")
	}
	switch f.Type {
	case credentials.ServiceAccount, credentials.AuthorizedUser, credentials.GDCHServiceAccount:
	case credentials.ExternalAccount, credentials.ExternalAccountAuthorizedUser, credentials.ImpersonatedServiceAccount:
		if !external {
			return nil, errors.New("the credentials file is of the type " + string(f.Type) + ", which asks other addresses for tokens; allow_external_account permits it")
		}
	default:
		return nil, errors.New("the credentials file is of an unknown type")
	}
	return f, nil
}

// FromEnvironment makes a credential from Application Default Credentials: the file of
// GOOGLE_APPLICATION_CREDENTIALS, gcloud's own, or the metadata server.
func FromEnvironment() *Token {
	return newToken("application default credentials", credentials.DetectDefault)
}

func newToken(name string, load func(*credentials.DetectOptions) (*auth.Credentials, error)) *Token {
	return &Token{name: name, load: load, client: &http.Client{Timeout: tokenTimeout}, timeout: tokenTimeout}
}

// Name identifies the credential.
func (t *Token) Name() string { return t.name }

// Authorize adds a token to a request. It waits for one at most as long as the request
// lives.
func (t *Token) Authorize(r *http.Request) error {
	if err := t.resting(); err != nil {
		return err
	}
	found := t.flight.DoChan("token", t.fetch)
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case result := <-found:
		if result.Err != nil {
			return result.Err
		}
		granted := result.Val.(*grant)
		r.Header.Set("Authorization", "Bearer "+granted.token)
		if granted.quota != "" {
			r.Header.Set("X-Goog-User-Project", granted.quota)
		}
		return nil
	}
}

// grant is a token and the project whose quota it uses.
type grant struct{ token, quota string }

// resting is the last failure, while it is remembered.
func (t *Token) resting() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Now().Before(t.until) {
		return t.failed
	}
	return nil
}

// fetch gets a token, mostly from the library's memory.
func (t *Token) fetch() (any, error) {
	g, err := t.grant()
	if err != nil {
		t.mu.Lock()
		t.failed, t.until = err, time.Now().Add(tokenRest)
		t.mu.Unlock()
	}
	return g, err
}

func (t *Token) grant() (*grant, error) {
	creds, err := t.loaded()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	defer cancel()
	token, err := creds.Token(ctx)
	if err != nil {
		return nil, errors.New("the token endpoint refused or did not answer")
	}
	quota, _ := creds.QuotaProjectID(ctx)
	return &grant{token.Value, quota}, nil
}

// loaded reads the credential at its first use, so that loading a configuration makes
// no network call.
func (t *Token) loaded() (*auth.Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil {
		return t.current, nil
	}
	creds, err := t.load(&credentials.DetectOptions{Scopes: []string{scope}, Client: t.client})
	if err == nil {
		t.current, t.made = creds, time.Now()
	}
	return creds, err
}

// youngToken is the age below which a refused token is kept: another one that is as
// fresh would fare no better, and of many requests that are refused at once only the
// first makes a new one.
const youngToken = 5 * time.Second

// Retoken forgets the token after the provider refused it; the library has no way to
// invalidate one.
func (t *Token) Retoken() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.made) > youngToken {
		t.current = nil
	}
}

// Destruct is called when no configuration uses the credential any more.
func (t *Token) Destruct() error {
	t.client.CloseIdleConnections()
	return nil
}
