package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"
)

// Options bound what a Fetcher does. A zero field takes the default.
type Options struct {
	// MaxBytes is the largest download. Default: 20 MiB.
	MaxBytes int64
	// Timeout bounds a download from name resolution to the last byte. Default: 20s.
	Timeout time.Duration
	// MaxRedirects is how often a download may be sent elsewhere. Default: 3.
	MaxRedirects int
	// AllowPrivate are networks that may be fetched from although they are not public.
	// With any, ports other than 80 and 443 are allowed, too.
	AllowPrivate []netip.Prefix
}

// Object is something that was fetched.
type Object struct {
	// Type is its media type, by its first bytes or else as the server declared it.
	Type string
	Data []byte
}

// Error is a download that was refused or failed, in words fit for the client: they
// tell nothing about the network that the gateway stands in.
type Error struct{ Reason string }

// Error gives the reason.
func (e *Error) Error() string { return e.Reason }

// Fetcher downloads what clients name by URL. Each address is checked when it is
// dialed, after DNS, and again for each redirect, so that no name can lead into the
// gateway's own network. It is safe for concurrent use.
type Fetcher struct {
	client   *http.Client
	maxBytes int64
	timeout  time.Duration
}

// NewFetcher makes a fetcher.
func NewFetcher(o Options) *Fetcher {
	if o.MaxBytes == 0 {
		o.MaxBytes = 20 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 3
	}
	dialer := &net.Dialer{Timeout: o.Timeout, Control: guard(o.AllowPrivate).Safe}
	return &Fetcher{
		maxBytes: o.MaxBytes,
		timeout:  o.Timeout,
		client: &http.Client{
			// No proxy: the check is of the address that is dialed.
			Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10},
			CheckRedirect: func(r *http.Request, via []*http.Request) error {
				if len(via) > o.MaxRedirects {
					return &Error{"the URL redirects too often"}
				}
				return checkURL(r.URL)
			},
		},
	}
}

// guard refuses addresses that are not public.
func guard(allow []netip.Prefix) *ssrf.Guardian {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	options := []ssrf.Option{ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)}
	if len(allow) > 0 {
		options = append(options, ssrf.WithAnyPort())
	}
	return ssrf.New(options...)
}

// checkURL refuses what is no plain web address.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return &Error{"only http and https URLs can be fetched"}
	case u.User != nil:
		return &Error{"URLs with a user name or password are not fetched"}
	case u.Hostname() == "":
		return &Error{"the URL has no host"}
	}
	return nil
}

// Fetch downloads a URL. An error that the client may see is an *Error.
func (f *Fetcher) Fetch(ctx context.Context, address string) (*Object, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &Error{"the URL is not valid"}
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &Error{"the URL is not valid"}
	}
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "xjp-gateway")
	res, err := f.client.Do(r)
	if err != nil {
		return nil, reason(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, &Error{fmt.Sprintf("the URL answered with status %d", res.StatusCode)}
	}
	return f.read(ctx, res)
}

// read reads an answer within the limit.
func (f *Fetcher) read(ctx context.Context, res *http.Response) (*Object, error) {
	tooLarge := &Error{fmt.Sprintf("what the URL points to is larger than %d bytes", f.maxBytes)}
	if res.ContentLength > f.maxBytes {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, f.maxBytes+1))
	if err != nil {
		return nil, reason(ctx, err)
	}
	if int64(len(data)) > f.maxBytes {
		return nil, tooLarge
	}
	if len(data) == 0 {
		return nil, &Error{"the URL points to nothing"}
	}
	mediaType := Sniff(data[:min(len(data), 64)], res.Header.Get("Content-Type"))
	if mediaType == "" || mediaType == "application/octet-stream" || mediaType == "binary/octet-stream" {
		mediaType = TypeByExtension(res.Request.URL.Path)
	}
	return &Object{Type: mediaType, Data: data}, nil
}

// reason tells a failure without telling about the gateway's network.
func reason(ctx context.Context, err error) error {
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return &Error{"the URL points to an address that the gateway does not fetch from"}
	case ctx.Err() != nil:
		return &Error{"the URL did not answer in time"}
	}
	return &Error{"the URL could not be fetched"}
}
