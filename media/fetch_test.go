package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	png       = "\x89PNG\r\n\x1a\n rest"
	forbidden = "the URL points to an address that the gateway does not fetch from"
)

// refusedFor fetches and returns the reason that a client is told.
func refusedFor(t *testing.T, f *Fetcher, address string) string {
	t.Helper()
	object, err := f.Fetch(context.Background(), address)
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatalf("%s: got %v, %v", address, object, err)
	}
	return refused.Error()
}

// TestFetchRefuses checks that no spelling of an address leads into the gateway's own
// network. All are asked for at port 80: the reason tells that the guard refused the
// address, and not that nobody listened.
func TestFetchRefuses(t *testing.T) {
	f := NewFetcher(Options{Timeout: 3 * time.Second})
	for _, test := range []struct{ name, host string }{
		{"loopback", "127.0.0.1"}, {"another loopback", "127.255.255.254"}, {"loopback in IPv6", "[::1]"},
		{"IPv4 mapped", "[::ffff:127.0.0.1]"}, {"IPv4 mapped in hexadecimal", "[::ffff:7f00:1]"}, {"IPv4 compatible", "[::7f00:1]"},
		{"this host", "0.0.0.0"}, {"this network", "0.1.2.3"}, {"unspecified in IPv6", "[::]"},
		{"private 10", "10.0.0.1"}, {"private 172", "172.16.5.5"}, {"private 192", "192.168.1.1"}, {"unique local", "[fd12:3456::1]"},
		{"link local", "169.254.1.1"}, {"the cloud's metadata", "169.254.169.254"}, {"metadata mapped", "[::ffff:169.254.169.254]"},
		{"metadata in IPv6", "[fd00:ec2::254]"}, {"link local in IPv6", "[fe80::1]"},
		{"NAT64 of loopback", "[64:ff9b::7f00:1]"}, {"NAT64 of metadata", "[64:ff9b::a9fe:a9fe]"}, {"local NAT64", "[64:ff9b:1::a00:1]"},
		{"6to4 of loopback", "[2002:7f00:1::1]"}, {"Teredo", "[2001:0:7f00:1::1]"},
		{"shared by providers", "100.64.0.1"}, {"benchmarks", "198.18.0.1"}, {"documentation", "192.0.2.1"}, {"documentation in IPv6", "[2001:db8::1]"},
		{"multicast", "224.0.0.1"}, {"multicast in IPv6", "[ff02::1]"}, {"broadcast", "255.255.255.255"}, {"reserved", "240.0.0.1"},
		{"a name for loopback, after DNS", "localhost"}, {"in capitals", "LOCALHOST"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := refusedFor(t, f, "http://"+test.host+"/x.png"); got != forbidden {
				t.Errorf("%s: %s", test.host, got)
			}
		})
	}
	for _, test := range []struct{ name, host string }{
		{"decimal", "2130706433"}, {"octal", "0177.0.0.1"}, {"hexadecimal", "0x7f000001"}, {"hexadecimal parts", "0x7f.0.0.1"}, {"short", "127.1"},
		{"decimal metadata", "2852039166"}, {"full width digits", "１２７.０.０.１"}, {"a zone", "[fe80::1%25lo]"}, {"a name with a dot", "localhost."},
	} {
		t.Run(name(test.name, "leads nowhere"), func(t *testing.T) { // some resolvers read it as an address, others do not
			if got := refusedFor(t, f, "http://"+test.host+"/"); got != forbidden && got != "the URL could not be fetched" && got != "the URL is not valid" && got != "the URL did not answer in time" {
				t.Errorf("%s", got)
			}
		})
	}
	for _, test := range []struct{ name, url, reason string }{
		{"a file", "file:///etc/passwd", "only http and https URLs can be fetched"},
		{"FTP", "ftp://example.com/x.png", "only http and https URLs can be fetched"},
		{"gopher", "gopher://127.0.0.1:6379/_INFO", "only http and https URLs can be fetched"},
		{"a path", "/etc/passwd", "only http and https URLs can be fetched"},
		{"no scheme", "//example.com/x.png", "only http and https URLs can be fetched"},
		{"a script", "javascript:alert(1)", "only http and https URLs can be fetched"},
		{"a user", "http://user:pass@example.com/", "URLs with a user name or password are not fetched"},
		{"a host hidden behind a user", "http://example.com@127.0.0.1/", "URLs with a user name or password are not fetched"},
		{"no host", "http:///x.png", "the URL has no host"},
		{"only a port", "http://:80/x.png", "the URL has no host"},
		{"a line feed", "http://example.com/\nHost: x", "the URL is not valid"},
		{"a broken escape", "http://example.com/%zz", "the URL is not valid"},
		{"nothing", "", "only http and https URLs can be fetched"},
		{"another port of a public address", "http://8.8.8.8:22/", forbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := refusedFor(t, f, test.url); got != test.reason {
				t.Errorf("%s", got)
			}
		})
	}
}

func name(parts ...string) string { return strings.Join(parts, " ") }

// loopback allows what tests serve.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// serve starts a server and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// TestFetchAllows checks the list of allowed private networks: it opens those and nothing else.
func TestFetchAllows(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, png) })
	f := NewFetcher(Options{AllowPrivate: loopback, Timeout: 3 * time.Second})
	t.Run("an allowed network, at any port", func(t *testing.T) {
		object, err := f.Fetch(context.Background(), address+"/x")
		if err != nil || object.Type != "image/png" || string(object.Data) != png {
			t.Errorf("%+v, %v", object, err)
		}
	})
	t.Run("a name that leads there", func(t *testing.T) {
		if _, err := f.Fetch(context.Background(), strings.Replace(address, "127.0.0.1", "localhost", 1)); err != nil {
			t.Error(err)
		}
	})
	for _, host := range []string{"169.254.169.254", "10.0.0.1", "0.0.0.0", "[::1]", "[64:ff9b::7f00:1]"} {
		t.Run(name("still forbidden", host), func(t *testing.T) {
			if got := refusedFor(t, f, "http://"+host+"/"); got != forbidden {
				t.Error(got)
			}
		})
	}
	t.Run("IPv6", func(t *testing.T) {
		f := NewFetcher(Options{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("fd00::/8")}, Timeout: time.Second})
		if got := refusedFor(t, f, "http://[fe80::1]/"); got != forbidden {
			t.Error(got)
		}
		if got := refusedFor(t, f, address); got != forbidden {
			t.Error(got)
		}
	})
}

// TestFetchRedirects checks that each step is looked at anew.
func TestFetchRedirects(t *testing.T) {
	var hits atomic.Int32
	var address string
	address = serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		switch target := r.URL.Query().Get("to"); {
		case target != "":
			http.Redirect(w, r, target, http.StatusFound)
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusTemporaryRedirect)
		default:
			io.WriteString(w, png)
		}
	})
	f := NewFetcher(Options{AllowPrivate: loopback, Timeout: 3 * time.Second})
	to := func(target string) string { return address + "/?to=" + url.QueryEscape(target) }
	for _, test := range []struct{ name, url, reason string }{
		{"to the cloud's metadata", to("http://169.254.169.254/latest/meta-data/"), forbidden},
		{"to a private network", to("http://192.168.0.1/"), forbidden},
		{"to loopback in IPv6", to("http://[::1]/"), forbidden},
		{"in two steps", to(to("http://10.0.0.1/")), forbidden},
		{"to a file", to("file:///etc/passwd"), "only http and https URLs can be fetched"},
		{"to a URL with a user", to("http://a:b@127.0.0.1/"), "URLs with a user name or password are not fetched"},
		{"without end", address + "/loop", "the URL redirects too often"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := refusedFor(t, f, test.url); got != test.reason {
				t.Error(got)
			}
		})
	}
	t.Run("the loop ends after three", func(t *testing.T) {
		hits.Store(0)
		refusedFor(t, f, address+"/loop")
		if n := hits.Load(); n != 4 {
			t.Errorf("%d requests", n)
		}
	})
	t.Run("to where it may", func(t *testing.T) {
		if object, err := f.Fetch(context.Background(), to(address+"/there.png")); err != nil || object.Type != "image/png" {
			t.Errorf("%v, %v", object, err)
		}
	})
}

// TestFetchLimits checks size and time.
func TestFetchLimits(t *testing.T) {
	const most = 10_000
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		switch _, err := fmt.Sscanf(r.URL.Path, "/bytes/%d", &n); {
		case err == nil && r.URL.Query().Has("chunked"):
			for ; n > 0; n -= 1000 {
				w.Write(make([]byte, min(n, 1000)))
				http.NewResponseController(w).Flush()
			}
		case err == nil:
			w.Write(make([]byte, n))
		case r.URL.Path == "/silent":
			<-r.Context().Done()
		case r.URL.Path == "/drip":
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		case r.URL.Path == "/short":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "x")
		default:
			http.Error(w, "secret words", http.StatusNotFound)
		}
	})
	f := NewFetcher(Options{AllowPrivate: loopback, MaxBytes: most, Timeout: 300 * time.Millisecond})
	for _, test := range []struct{ name, path, reason string }{
		{"too large as declared", "/bytes/10001", "what the URL points to is larger than 10000 bytes"},
		{"too large as it turns out", "/bytes/10001?chunked", "what the URL points to is larger than 10000 bytes"},
		{"far too large", "/bytes/50000000?chunked", "what the URL points to is larger than 10000 bytes"},
		{"nothing", "/bytes/0", "the URL points to nothing"},
		{"not found", "/nothing", "the URL answered with status 404"},
		{"no answer", "/silent", "the URL did not answer in time"},
		{"drop by drop", "/drip", "the URL did not answer in time"},
		{"broken off", "/short", "the URL could not be fetched"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := refusedFor(t, f, address+test.path); got != test.reason {
				t.Error(got)
			}
		})
	}
	for _, path := range []string{"/bytes/10000", "/bytes/10000?chunked"} {
		t.Run(name("as large as may be", path), func(t *testing.T) {
			if object, err := f.Fetch(context.Background(), address+path); err != nil || len(object.Data) != most {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("the caller leaves", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := f.Fetch(ctx, address+"/bytes/1"); err == nil {
			t.Error("no error")
		}
	})
}

// TestFetchTypes checks that bytes count more than names.
func TestFetchTypes(t *testing.T) {
	var asked http.Header
	var contentType, body string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		w.Header()["Content-Type"] = nil
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		io.WriteString(w, body)
	})
	f := NewFetcher(Options{AllowPrivate: loopback})
	for _, test := range []struct{ name, path, contentType, body, want string }{
		{"as declared", "/x", "image/png", png, "image/png"},
		{"a wrong label", "/x.jpg", "image/jpeg", png, "image/png"},
		{"a web page's label", "/x", "text/html; charset=utf-8", "%PDF-1.7", "application/pdf"},
		{"no label", "/x", "", "\xff\xd8\xff\xe0", "image/jpeg"},
		{"another spelling", "/x", "image/jpg", "unknown", "image/jpeg"},
		{"a label that tells nothing, by the name", "/a/b.mp3?sig=1.png", "application/octet-stream", "unknown", "audio/mpeg"},
		{"no label, by the name", "/b.PDF", "", "unknown", "application/pdf"},
		{"nothing tells", "/b", "", "unknown", ""},
		{"a label of text", "/b", "text/plain; charset=utf-8", "hello", "text/plain"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contentType, body = test.contentType, test.body
			object, err := f.Fetch(context.Background(), address+test.path)
			if err != nil || object.Type != test.want {
				t.Errorf("%+v, %v", object, err)
			}
		})
	}
	t.Run("the request says little", func(t *testing.T) {
		if len(asked) != 3 || asked.Get("Connection") != "close" || asked.Get("Accept-Encoding") != "identity" || asked.Get("User-Agent") != "xjp-gateway" {
			t.Errorf("%v", asked)
		}
	})
}
