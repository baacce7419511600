package behaviour

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
)

// capturing adds settings of captures to options by which a gateway stores things.
func capturing(stored, settings string) string {
	return strings.Replace(stored, "ledger {", "ledger {\n\t\t\tcapture "+settings, 1)
}

// capturedKey makes a key of the tenant acme, and gives its id and the header that presents it.
func capturedKey(t testing.TB, c *keys.Capture) (id string, header []string) {
	t.Helper()
	m, err := gatewaytest.App(t).Manager(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = m.CreateTenant(context.Background(), "test", "acme", keys.TenantSpec{}) // once
	r, secret, err := m.CreateKey(context.Background(), "test", "acme", keys.KeySpec{Capture: c})
	if err != nil {
		t.Fatal(err)
	}
	return r.ID, []string{"Authorization", "Bearer " + secret}
}

// captureOf gives the capture of a request, once it is stored.
func captureOf(t testing.TB, id string) (found *capture.Capture) {
	t.Helper()
	eventually(t, "the capture of "+id+" is stored", func() bool {
		var err error
		if found, err = gatewaytest.Store(t).Capture(context.Background(), "acme", id); err != nil {
			t.Fatal(err)
		}
		return found != nil
	})
	return found
}

// allCaptures lists what is captured.
func allCaptures(t testing.TB) []capture.Capture {
	t.Helper()
	list, _, err := gatewaytest.Store(t).Captures(context.Background(), capture.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestCaptures checks that what a client sent and what it was told are kept, byte for byte,
// whichever way it was answered, and for keys alone that ask for it.
func TestCaptures(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t))
	key, header := capturedKey(t, &keys.Capture{Share: 1})
	_, another := capturedKey(t, nil)
	over := time.Now().Add(300 * time.Millisecond)
	_, ended := capturedKey(t, &keys.Capture{Share: 1, Until: &over})
	time.Sleep(time.Until(over))
	check := func(where, body string, got reply) {
		t.Helper()
		c := captureOf(t, got.header.Get("X-Request-Id"))
		if c.Tenant != "acme" || c.Key != key || time.Since(c.Time) > time.Minute {
			t.Errorf("%s: it is of %s of %s at %v", where, c.Key, c.Tenant, c.Time)
		}
		if string(c.Request.Content) != body || c.Request.Size != int64(len(body)) || c.Request.Truncated {
			t.Errorf("%s: the request is %+v, not %s", where, c.Request, body)
		}
		if string(c.Answer.Content) != got.body || c.Answer.Size != int64(len(got.body)) || c.Answer.Truncated {
			t.Errorf("%s: the answer is %+v, not %s", where, c.Answer, got.body)
		}
	}
	wanted := 0
	for _, dialect := range dialects {
		ask := func(body string, header ...string) reply {
			t.Helper()
			return post(t, url+dialect.path, body, header...)
		}
		for _, wire := range wireNames {
			for _, stream := range []bool{false, true} {
				d.will(well)
				body := hello(wire, stream)
				check(name(dialect.name, wire, fmt.Sprint(stream)), body, ask(body, header...))
				ask(body, another...)
				ask(body, ended...)
				ask(body)
				wanted++
			}
		}
		for what, body := range map[string]string{"no JSON": `{"model":`, "no UTF-8": "{\"model\":\"\xff\"}", "an unknown model": hello("nobody", false)} {
			check(dialect.name+", "+what, body, ask(body, header...))
			wanted++
		}
		d.will(failing(500, "application/json", `{"error":{"message":"out of order"}}`))
		for _, stream := range []bool{false, true} {
			check(dialect.name+", a failure", hello("chat", stream), ask(hello("chat", stream), header...))
			wanted++
		}
		d.will(well)
		for range 2 { // the second is given the answer of the first
			check(dialect.name+", sent again", hello("chat", true), ask(hello("chat", true), append(header, idempotencyKey, "again-"+dialect.name)...))
			wanted++
		}
	}
	post(t, url+"/v1/messages/count_tokens", hello("messages", false), header...)
	get(t, url+"/v1/models", header...)
	if got := len(allCaptures(t)); got != wanted {
		t.Errorf("%d requests are captured, not %d", got, wanted)
	}
}

// TestCaptureOfAHedge checks that of two calls the answer that the client got is kept.
func TestCaptureOfAHedge(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	first.will(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	url := gatewaytest.Start(t, provider("first", "openai", first)+provider("second", "anthropic", second)+
		"\t\tmodel two {\n\t\t\troute first up\n\t\t\troute second up\n\t\t\thedge 20ms\n\t\t}\n"+gatewaytest.Stored(t))
	_, header := capturedKey(t, &keys.Capture{Share: 1})
	got := post(t, url+openai.path, hello("two", false), header...)
	if c := captureOf(t, got.header.Get("X-Request-Id")); got.status != 200 || string(c.Answer.Content) != got.body {
		t.Errorf("%d: kept is %s, not %s", got.status, c.Answer.Content, got.body)
	}
}

// TestCaptureOfAnAbandonedStream checks that what a client was sent until it went away is
// kept.
func TestCaptureOfAnAbandonedStream(t *testing.T) {
	d := newDouble(t)
	d.will(func(w http.ResponseWriter, r *http.Request) {
		events(w, chatStream[:2]...)
		<-r.Context().Done()
	})
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t))
	_, header := capturedKey(t, &keys.Capture{Share: 1})
	l := listen(t, url+openai.path, hello("chat", true), header...)
	l.until("Hello")
	l.cancel()
	c := captureOf(t, l.res.Header.Get("X-Request-Id"))
	if answer := string(c.Answer.Content); !strings.Contains(answer, `"Hello"`) || strings.Contains(answer, "[DONE]") || c.Answer.Truncated {
		t.Errorf("kept is %+v", c.Answer)
	}
}

// TestCaptureBounds checks that bodies are cut, with their size told, and that the oldest
// make room for new ones.
func TestCaptureBounds(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+capturing(gatewaytest.Stored(t), "{\n\t\t\t\tmax_body 100\n\t\t\t\tmax_total 16KiB\n\t\t\t}"))
	_, header := capturedKey(t, &keys.Capture{Share: 1})
	long := strings.Replace(hello("chat", true), "Hi", strings.Repeat("Hi", 5000), 1)
	got := post(t, url+openai.path, long, header...)
	c := captureOf(t, got.header.Get("X-Request-Id"))
	if string(c.Request.Content) != long[:100] || c.Request.Size != int64(len(long)) || !c.Request.Truncated {
		t.Errorf("the request is %+v", c.Request)
	}
	if string(c.Answer.Content) != got.body[:100] || c.Answer.Size != int64(len(got.body)) || !c.Answer.Truncated {
		t.Errorf("the answer is %+v", c.Answer)
	}
	var last string
	for range 40 {
		last = post(t, url+openai.path, long, header...).header.Get("X-Request-Id")
	}
	captureOf(t, last)
	most := int(16<<10/c.Footprint()) + 2 + 16<<10/16/int(c.Footprint())
	if n := len(allCaptures(t)); n > most || n < 20 {
		t.Errorf("%d captures are there, of %d bytes each", n, c.Footprint())
	}
}

// TestCaptureShare checks that of many requests about the share is captured.
func TestCaptureShare(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, providers(d)+gatewaytest.Stored(t))
	_, header := capturedKey(t, &keys.Capture{Share: 0.3})
	const asked = 300
	for range asked {
		if got := post(t, url+openai.path, hello("chat", false), header...); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	// The standard deviation is 8.
	if n := len(allCaptures(t)); n < 90-48 || n > 90+48 {
		t.Errorf("of %d requests %d are captured", asked, n)
	}
}

// TestCaptureOff checks that a configuration can forbid captures, whatever keys ask for, and
// that what was captured before is still deleted in time.
func TestCaptureOff(t *testing.T) {
	d := newDouble(t)
	stored := gatewaytest.Stored(t)
	url := gatewaytest.Start(t, providers(d)+stored)
	_, header := capturedKey(t, &keys.Capture{Share: 1})
	kept := post(t, url+openai.path, hello("chat", false), header...).header.Get("X-Request-Id")
	captureOf(t, kept)
	old := []capture.Capture{{ID: "old", Time: time.Now().Add(-73 * time.Hour), Tenant: "acme"}}
	if err := gatewaytest.Store(t).InsertCaptures(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	port := url[strings.LastIndex(url, ":")+1:]
	gatewaytest.Load(t, strings.ReplaceAll(gatewaytest.Site(providers(d)+capturing(stored, "off\n\t\t\tretention 1000h")), "{port}", port))
	got := post(t, url+openai.path, hello("chat", false), header...)
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	record(t, got)
	eventually(t, "what is old is deleted, and nothing else is there", func() bool {
		list := allCaptures(t)
		return len(list) == 1 && list[0].ID == kept
	})
}

// TestCapturesAndFailingStore checks that no client waits for a store that takes no captures,
// and that they are stored when it does again.
func TestCapturesAndFailingStore(t *testing.T) {
	d := newDouble(t)
	dir := t.TempDir()
	url := gatewaytest.Start(t, providers(d)+gatewaytest.StoredIn(t, dir))
	_, header := capturedKey(t, &keys.Capture{Share: 1})
	db := database(t, dir)
	execute(t, db, "ALTER TABLE xjp_captures RENAME TO xjp_elsewhere")
	var ids []string
	begun := time.Now()
	for range 10 {
		got := post(t, url+openai.path, hello("chat", true), header...)
		if got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		ids = append(ids, got.header.Get("X-Request-Id"))
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("clients waited %v", took)
	}
	execute(t, db, "ALTER TABLE xjp_elsewhere RENAME TO xjp_captures")
	for _, id := range ids {
		captureOf(t, id)
	}
}

// TestWhereWordsAre checks that what is said to and by a model is in no file of the gateway,
// unless captures are on; and that it is then in their table alone.
func TestWhereWordsAre(t *testing.T) {
	const sent, told = "canary sent 7c41", "canary told 90fe"
	d := newDouble(t)
	d.will(func(w http.ResponseWriter, r *http.Request) {
		whole(w, strings.Replace(chatWhole, "Hello there", told, 1))
	})
	dir := t.TempDir()
	caddyfile, log := logged(t, providers(d)+gatewaytest.StoredIn(t, dir))
	url := gatewaytest.Run(t, caddyfile)
	body := strings.Replace(hello("chat", false), "Hi there", sent, 1)
	holding := func() (files []string) {
		t.Helper()
		gatewaytest.Store(t)
		for _, root := range []string{dir, filepath.Dir(log)} {
			err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				text, err := os.ReadFile(path)
				if err == nil && (strings.Contains(string(text), sent) || strings.Contains(string(text), told)) {
					files = append(files, filepath.Base(path))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
	_, off := capturedKey(t, nil)
	if got := post(t, url+openai.path, body, off...); got.status != 200 || !strings.Contains(got.body, told) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if files := holding(); files != nil {
		t.Errorf("the words are in %s", files)
	}

	_, on := capturedKey(t, &keys.Capture{Share: 1})
	got := post(t, url+openai.path, body, on...)
	captureOf(t, got.header.Get("X-Request-Id"))
	for _, file := range holding() {
		if !strings.HasPrefix(file, "xjp.db") {
			t.Errorf("the words are in %s", file)
		}
	}
	db := database(t, dir)
	where := []string{}
	for _, table := range column(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
		for _, row := range rows(t, db, "SELECT * FROM "+table) {
			if strings.Contains(row, sent) || strings.Contains(row, told) {
				where = append(where, table)
			}
		}
	}
	if fmt.Sprint(where) != "[xjp_captures]" {
		t.Errorf("the words are in the tables %v", where)
	}
}

// database opens the file of a store beside it.
func database(t testing.TB, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "xjp.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// rows gives all rows of a query, each as one text.
func rows(t testing.TB, db *sql.DB, query string) (list []string) {
	t.Helper()
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		cells := make([]sql.RawBytes, len(names))
		into := make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := ""
		for _, cell := range cells {
			row += string(cell) + "\n"
		}
		list = append(list, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// column gives the one column of a query.
func column(t testing.TB, db *sql.DB, query string) (list []string) {
	t.Helper()
	for _, row := range rows(t, db, query) {
		list = append(list, strings.TrimSpace(row))
	}
	return list
}
