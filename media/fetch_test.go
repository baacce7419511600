package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/ports"
)

// refused is what clients are told of an address that is not public.
const refused = "the URL points to an address that the gateway does not fetch from"

// TestGuard: no spelling of an address leads into the gateway's own network (A42). None of
// them is dialed, so the test needs no network.
func TestGuard(t *testing.T) {
	f := NewFetcher(Options{Timeout: 5 * time.Second})
	for _, test := range []struct{ name, url, want string }{
		{"A42: the metadata server", "http://169.254.169.254/latest/meta-data/", refused},
		{"A42: this machine", "http://127.0.0.1/", refused},
		{"A42: this machine by any of its addresses", "http://127.8.8.8/", refused},
		{"A42: this machine in IPv6", "http://[::1]/", refused},
		{"A42: this machine by name", "http://localhost/", refused},
		{"A42: no address at all", "http://0.0.0.0/", refused},
		{"A42: no address at all in IPv6", "http://[::]/", refused},
		{"A42: a private network of class A", "http://10.1.2.3/", refused},
		{"A42: a private network of class B", "http://172.16.0.1/", refused},
		{"A42: a private network of class C", "http://192.168.1.1/", refused},
		{"A42: a network behind a carrier's NAT", "http://100.64.0.1/", refused},
		{"A42: a unique local address", "http://[fd00::1]/", refused},
		{"A42: a link-local address", "http://[fe80::1]/", refused},
		{"A42: an IPv4 address in IPv6's clothes", "http://[::ffff:169.254.169.254]/", refused},
		{"A42: an IPv4 address behind NAT64", "http://[64:ff9b::a9fe:a9fe]/", refused},
		{"A42: an IPv4 address within 6to4", "http://[2002:a9fe:a9fe::1]/", refused},
		{"A42: a broadcast", "http://255.255.255.255/", refused},
		{"A42: a multicast", "http://224.0.0.1/", refused},
		{"A42: addresses for documents", "http://192.0.2.1/", refused},
		{"A42: a port that is not the web's", "http://93.184.216.34:22/", refused},
		{"A42: a database's port", "https://93.184.216.34:5432/", refused},
		{"A42: a file", "file:///etc/passwd", "only http and https URLs can be fetched"},
		{"A42: another protocol", "gopher://127.0.0.1:6379/_", "only http and https URLs can be fetched"},
		{"A42: no protocol", "//169.254.169.254/", "only http and https URLs can be fetched"},
		{"A42: a user in front of the host", "http://example.com@169.254.169.254/", "URLs with a user name or password are not fetched"},
		{"A42: no host", "http:///latest", "the URL has no host"},
		{"A42: no URL", "http://[::1", "the URL is not valid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			object, err := f.Fetch(context.Background(), test.url)
			var told *Error
			if !errors.As(err, &told) || told.Reason != test.want {
				t.Errorf("%v, %v, want %q", object, err, test.want)
			}
		})
	}
	// Numbers that C libraries take for addresses are names here, or are refused as well.
	for _, url := range []string{"http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/"} {
		t.Run("A42: odd spellings of this machine: "+url, func(t *testing.T) {
			if object, err := f.Fetch(context.Background(), url); err == nil {
				t.Errorf("fetched %d bytes", len(object.Data))
			}
		})
	}
}

// loopback permits this machine, so that the rest can be tested without a network.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// serve runs a server and counts its requests.
func serve(t *testing.T, h http.HandlerFunc) (address string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func TestFetch(t *testing.T) {
	const png = "\x89PNG\r\n\x1a\nrest"
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/image":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, png)
		case "/text":
			w.Header().Set("Content-Type", "Text/CSV; charset=utf-8")
			io.WriteString(w, "a,b")
		case "/unknown.mp3":
			w.Header().Set("Content-Type", "application/octet-stream")
			io.WriteString(w, "sound")
		case "/nothing":
		case "/missing":
			http.NotFound(w, r)
		case "/large":
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, strings.Repeat("x", 5000))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 512)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		case "/exact":
			io.WriteString(w, strings.Repeat("x", 1000))
		case "/zipped": // nobody asked for it
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "\x1f\x8b\x08\x00")
		case "/seen":
			fmt.Fprintf(w, "%s|%s|%s|%s", r.Header.Get("User-Agent"), r.Header.Get("Accept-Encoding"), r.Header.Get("Authorization"), r.Header.Get("Cookie"))
		}
	})
	f := NewFetcher(Options{AllowPrivate: loopback, MaxBytes: 1000})
	for _, test := range []struct{ name, path, mediaType, data, err string }{
		{"what it is counts more than what it is called", "/image", "image/png", png, ""},
		{"else what it is called", "/text", "text/csv", "a,b", ""},
		{"else its name", "/unknown.mp3", "audio/mpeg", "sound", ""},
		{"nothing", "/nothing", "", "", "the URL points to nothing"},
		{"an error", "/missing", "", "", "the URL answered with status 404"},
		{"larger than allowed, by its length", "/large", "", "", "what the URL points to is larger than 1000 bytes"},
		{"larger than allowed, without a length", "/endless", "", "", "what the URL points to is larger than 1000 bytes"},
		{"as large as allowed", "/exact", "text/plain", strings.Repeat("x", 1000), ""},
		{"it says who it is and sends no secrets", "/seen", "text/plain", "xjp-gateway|identity||", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			object, err := f.Fetch(context.Background(), address+test.path)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Fatalf("%v, want %q", err, test.err)
				}
				return
			}
			if err != nil || object.Type != test.mediaType || string(object.Data) != test.data {
				t.Fatalf("%+v, %v", object, err)
			}
		})
	}
	t.Run("a server that is not there tells nothing about the network", func(t *testing.T) {
		l, err := ports.Hold()
		if err != nil {
			t.Fatal(err)
		}
		closed := l.Addr().String()
		l.Close()
		if _, err := f.Fetch(context.Background(), "http://"+closed); err == nil || err.Error() != "the URL could not be fetched" {
			t.Errorf("%v", err)
		}
	})
}

func TestRedirects(t *testing.T) {
	address, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; path {
		case "/inside":
			http.Redirect(w, r, "http://127.0.0.2:9/", http.StatusFound) // beside the only address that is permitted
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/user":
			http.Redirect(w, r, "http://a:b@example.com/", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/3", "/2", "/1":
			http.Redirect(w, r, "/"+string(path[1]-1), http.StatusFound)
		default:
			io.WriteString(w, "there")
		}
	})
	f := NewFetcher(Options{AllowPrivate: loopback})
	for _, test := range []struct{ name, path, want string }{
		{"A42: a redirect into the network", "/inside", refused},
		{"A42: a redirect to the metadata server", "/metadata", refused},
		{"A42: a redirect to a file", "/file", "only http and https URLs can be fetched"},
		{"A42: a redirect with a password", "/user", "URLs with a user name or password are not fetched"},
		{"A42: a redirect in a circle", "/loop", "the URL redirects too often"},
		{"three redirects are followed", "/3", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			requests.Store(0)
			object, err := f.Fetch(context.Background(), address+test.path)
			if test.want == "" {
				if err != nil || string(object.Data) != "there" {
					t.Errorf("%+v, %v", object, err)
				}
				return
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("%v, want %q", err, test.want)
			}
			if n := requests.Load(); n > 4 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestFetchTime(t *testing.T) {
	release := make(chan struct{})
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			io.WriteString(w, "begun")
			w.(http.Flusher).Flush()
		}
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server is closed
	f := NewFetcher(Options{AllowPrivate: loopback, Timeout: 100 * time.Millisecond})
	for _, path := range []string{"/silent", "/slow"} {
		began := time.Now()
		_, err := f.Fetch(context.Background(), address+path)
		if err == nil || err.Error() != "the URL did not answer in time" || time.Since(began) > 10*time.Second {
			t.Errorf("%s: %v after %v", path, err, time.Since(began))
		}
	}
	t.Run("a client that goes away ends it", func(t *testing.T) {
		f := NewFetcher(Options{AllowPrivate: loopback, Timeout: time.Minute})
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(50*time.Millisecond, cancel)
		began := time.Now()
		if _, err := f.Fetch(ctx, address+"/silent"); err == nil || time.Since(began) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
