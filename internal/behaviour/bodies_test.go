package behaviour

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

// padded is a good request of exactly the given size.
func padded(size int) string {
	body := withField("chat", false, "user", `""`)
	return strings.Replace(body, `"user":""`, `"user":"`+strings.Repeat("x", size-len(body))+`"`, 1)
}

// chunked hides a body's length.
type chunked struct{ io.Reader }

func TestBodySize(t *testing.T) {
	d := newDouble(t)
	const limit = 100_000
	url := gateway(t, d, "\t\tmax_body 100KB")
	refused := func(t *testing.T, dialect dialect, got reply) {
		t.Helper()
		e := errorIn(t, dialect, got)
		if got.status != 413 || !strings.Contains(e.message, "larger than 100000 bytes") || got.header.Get("X-Should-Retry") != "false" {
			t.Errorf("%s: %d %s", dialect.name, got.status, got.body)
		}
		if dialect == anthropic && e.kind != "request_too_large" || dialect == openai && e.code != "request_too_large" {
			t.Errorf("%s: %+v", dialect.name, e)
		}
		if n := len(d.asked()); n != 0 {
			t.Errorf("%s: the provider was called %d times", dialect.name, n)
		}
	}
	for _, dialect := range dialects {
		t.Run(name(dialect.name, "exactly the limit"), func(t *testing.T) {
			if got := post(t, url+dialect.path, padded(limit)); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		t.Run(name(dialect.name, "one byte more, declared"), func(t *testing.T) {
			d.will(well)
			refused(t, dialect, post(t, url+dialect.path, padded(limit+1)))
		})
		t.Run(name(dialect.name, "one byte more, chunked"), func(t *testing.T) {
			d.will(well)
			r := request(t, "POST", url+dialect.path, "")
			r.Body, r.ContentLength = io.NopCloser(chunked{strings.NewReader(padded(limit + 1))}), -1
			refused(t, dialect, do(t, r))
		})
		t.Run(name(dialect.name, "exactly the limit, chunked"), func(t *testing.T) {
			r := request(t, "POST", url+dialect.path, "")
			r.Body, r.ContentLength = io.NopCloser(chunked{strings.NewReader(padded(limit))}), -1
			if got := do(t, r); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	t.Run("what is declared too large is refused before it is there", func(t *testing.T) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: 5000000000\r\n\r\n%s", gatewaytest.Key, strings.Repeat(" ", 1<<20))
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 413" {
			t.Errorf("%q, %v", answer, err)
		}
	})
}

// TestBodyOfDefaultSize checks the default limit, which has room for images.
func TestBodyOfDefaultSize(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	t.Run("CC34: 31 MB pass, 33 MiB are too large in the words of Messages", func(t *testing.T) {
		if got := post(t, url+"/v1/messages", strings.Replace(padded(31_000_000), `"chat"`, `"messages"`, 1)); got.status != 200 {
			t.Errorf("31 MB: %d %s", got.status, got.body)
		}
		got := post(t, url+"/v1/messages", padded(33<<20))
		if e := errorIn(t, anthropic, got); got.status != 413 || e.kind != "request_too_large" {
			t.Errorf("33 MiB: %d %s", got.status, got.body)
		}
	})
	t.Run("CC34: Caddy's own limit on bodies is told in the same words", func(t *testing.T) {
		config := strings.Replace(gatewaytest.Site(providers(d)), "\txjp_gateway {", "\trequest_body {\n\t\tmax_size 10KB\n\t}\n\thandle_errors {\n\t\txjp_error\n\t}\n\txjp_gateway {", 1)
		url := gatewaytest.Run(t, config)
		for _, size := range []int64{20_000, -1} {
			r := request(t, "POST", url+"/v1/messages", padded(20_000))
			r.ContentLength = size
			got := do(t, r)
			if e := errorIn(t, anthropic, got); got.status != 413 || e.kind != "request_too_large" {
				t.Errorf("length %d: %d %s", size, got.status, got.body)
			}
		}
	})
}

// TestBodiesInFlight checks the allowance for all bodies together.
func TestBodiesInFlight(t *testing.T) {
	d := newDouble(t)
	release := make(chan struct{})
	url := gatewaytest.Run(t, strings.Replace(gatewaytest.Site(providers(d)), "\tadmin off\n", "\tadmin off\n\txjp {\n\t\tmax_bodies 300KB\n\t}\n", 1))
	d.will(func(w http.ResponseWriter, r *http.Request) {
		<-release
		well(w, r)
	})
	first := make(chan reply, 1)
	go func() { first <- post(t, url+"/v1/messages", padded(200_000)) }()
	eventually(t, "the first request is with the provider", func() bool { return len(d.asked()) == 1 })
	for _, dialect := range dialects {
		t.Run(name(dialect.name, "beyond the allowance"), func(t *testing.T) {
			got := post(t, url+dialect.path, padded(200_000))
			e := errorIn(t, dialect, got)
			want := 503
			if dialect == anthropic {
				want = 529
			}
			if got.status != want || got.header.Get("Retry-After") != "1" || !strings.Contains(e.message, "too many request bodies") {
				t.Errorf("%d, Retry-After %q: %s", got.status, got.header.Get("Retry-After"), got.body)
			}
		})
	}
	t.Run("a small one still fits", func(t *testing.T) {
		done := make(chan reply, 1)
		go func() { done <- post(t, url+"/v1/messages", hello("messages", false)) }()
		eventually(t, "it is with the provider", func() bool { return len(d.asked()) == 2 })
		close(release)
		if got := <-done; got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("afterwards there is room again", func(t *testing.T) {
		if got := <-first; got.status != 200 {
			t.Errorf("the first: %d", got.status)
		}
		for range 5 { // each gives back what it took
			if got := post(t, url+"/v1/messages", padded(200_000)); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
		}
	})
}

// eventually waits for something that another goroutine brings about.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it does not come about that %s", what)
}

// TestSlowBody checks Caddy's limit on the time that a body may take: SDKs try again after
// a 408.
func TestSlowBody(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Run(t, strings.Replace(gatewaytest.Site(providers(d)), "\tadmin off\n", "\tadmin off\n\tservers {\n\t\ttimeouts {\n\t\t\tread_body 200ms\n\t\t}\n\t}\n", 1))
	for _, dialect := range dialects {
		t.Run(dialect.name, func(t *testing.T) {
			r, w := io.Pipe()
			defer w.Close()
			go io.WriteString(w, `{"model":`)
			req := request(t, "POST", url+dialect.path, "")
			req.Body = r
			got := do(t, req)
			if e := errorIn(t, dialect, got); got.status != 408 || !strings.Contains(e.message, "in time") || len(d.asked()) != 0 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, test := range []struct {
		header string
		ok     bool
	}{
		{"application/json", true}, {"application/json; charset=utf-8", true}, {"Application/JSON", true}, {"text/json", true},
		{"application/vnd.api+json", true}, {"", true},
		{"text/plain", false}, {"application/x-www-form-urlencoded", false}, {"multipart/form-data; boundary=x", false},
		{"application/xml", false}, {"json", false}, {";", false},
	} {
		t.Run(name("Content-Type", test.header), func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				r := request(t, "POST", url+dialect.path, hello("chat", false))
				if r.Header.Del("Content-Type"); test.header != "" {
					r.Header.Set("Content-Type", test.header)
				}
				got := do(t, r)
				if test.ok {
					if got.status != 200 || d.last(t).header.Get("Content-Type") != "application/json" {
						t.Errorf("%s: %d %s", dialect.name, got.status, got.body)
					}
					continue
				}
				e := errorIn(t, dialect, got)
				if got.status != 400 || e.kind != "invalid_request_error" || !strings.Contains(e.message, "application/json") || len(d.asked()) != 0 {
					t.Errorf("%s: %d %s", dialect.name, got.status, got.body)
				}
			}
		})
	}
}

func TestContentEncoding(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmax_body 2MB")
	good := hello("chat", false)
	const size = 1_900_000
	for _, test := range []struct {
		name, encoding, body string
		status               int
		says                 string
	}{
		{"gzip", "gzip", gzipped(good), 200, ""},
		{"x-gzip in capitals", " X-GZIP ", gzipped(good), 200, ""},
		{"gzip of two members", "gzip", gzipped(good[:20]) + gzipped(good[20:]), 200, ""},
		{"zstd", "zstd", zstandard(good), 200, ""},
		{"identity", "identity", good, 200, ""},
		{"gzip that is none", "gzip", good, 400, "not gzip"},
		{"gzip of nothing", "gzip", "", 400, "not gzip"},
		{"gzip cut off", "gzip", gzipped(good)[:40], 400, "could not be read"},
		{"gzip with a wrong checksum", "gzip", spoiled(gzipped(good), 5), 400, "could not be read"},
		{"zstd that is none", "zstd", good, 400, ""},
		{"zstd cut off", "zstd", zstandard(good)[:40], 400, "could not be read"},
		{"gzip of no JSON", "gzip", gzipped("hello"), 400, "byte 0"},
		{"deflate", "deflate", good, 400, "`deflate` is not supported"},
		{"br", "br", good, 400, "`br` is not supported"},
		{"two encodings", "gzip, gzip", gzipped(gzipped(good)), 400, "is not supported"},
		{"a gzip bomb by its ratio", "gzip", gzipped(padded(size)), 413, "compressed suspiciously well"},
		{"a zstd bomb by its ratio", "zstd", zstandard(padded(size)), 413, "compressed suspiciously well"},
		{"gzip beyond max_body when decoded", "gzip", gzipped(dense(2_200_000)), 413, "larger than 2000000 bytes"},
		{"zstd beyond max_body when decoded", "zstd", zstandard(dense(2_200_000)), 413, "larger than 2000000 bytes"},
		{"much that was compressed honestly", "gzip", gzipped(dense(1_800_000)), 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				got := post(t, url+dialect.path, test.body, "Content-Encoding", test.encoding, "Content-Type", "application/json")
				if got.status != test.status {
					t.Fatalf("%s: %d %.300s", dialect.name, got.status, got.body)
				}
				if test.status == 200 {
					if call := d.last(t); call.header.Get("Content-Encoding") != "" || !strings.Contains(call.body, `"role":"user"`) {
						t.Errorf("%s: the provider got %v", dialect.name, call.header)
					}
					continue
				}
				if e := errorIn(t, dialect, got); !strings.Contains(e.message, test.says) || len(d.asked()) != 0 {
					t.Errorf("%s: %s, %d calls", dialect.name, e.message, len(d.asked()))
				}
			}
		})
	}
	t.Run("a bomb is given up long before its end", func(t *testing.T) {
		bomb := gzipped(`{"model":"` + strings.Repeat(" ", 32<<20) + `"}`) // 32 KB
		if got := post(t, url+"/v1/messages", bomb, "Content-Encoding", "gzip", "Content-Type", "application/json"); got.status != 413 {
			t.Errorf("%d", got.status)
		}
	})
}

// spoiled changes one byte, counted from the end.
func spoiled(s string, fromEnd int) string {
	b := []byte(s)
	b[len(b)-fromEnd] ^= 0xff
	return string(b)
}

// dense is a good request of about the given size whose text compresses as prose does.
func dense(size int) string {
	var b strings.Builder
	state := uint32(1)
	for b.Len() < size {
		state = state*1664525 + 1013904223
		fmt.Fprintf(&b, "%x ", state>>8)
	}
	return withField("chat", false, "user", `"`+b.String()+`"`)
}

// A provider may answer without reading the request: the answer is the client's, although
// most of the body is still on its way.
func TestProviderThatReadsNoBody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 1000))
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(chatWhole), chatWhole)
				<-done // it neither reads on nor closes
			}()
		}
	}()
	url := gateway(t, &double{url: "http://" + listener.Addr().String()})
	for _, dialect := range dialects {
		start := time.Now()
		got := post(t, url+dialect.path, strings.Replace(hello("chat", false), "Hi there", strings.Repeat("x", 16<<20), 1))
		if got.status != 200 || read(got.body, dialect, false).text == "" {
			t.Errorf("%s: %d %.200s", dialect.name, got.status, got.body)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: it took %s", dialect.name, d)
		}
	}
}
