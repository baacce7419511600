package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// captured are five captures in a store: three of a key of acme, and two of others.
func captured(t *testing.T, b *backend) (key string) {
	t.Helper()
	var of []string
	for _, tenant := range []string{"acme", "other"} {
		k := created(t, b, `{"create_tenant":true,"tenant":"`+tenant+`"}`)
		of = append(of, k.ID)
	}
	var list []capture.Capture
	for i := range 5 {
		c := capture.Capture{ID: fmt.Sprint("req_", i), Time: noon.Add(time.Duration(i) * time.Minute), Tenant: []string{"acme", "other"}[i%2], Key: of[i%2],
			Request: capture.Body{Content: []byte(`{"say":"<会话>"}`), Size: 17}, Answer: capture.Body{Content: []byte("\xff\x00"), Size: 1 << 20, Truncated: true}}
		list = append(list, c)
	}
	if err := b.store.InsertCaptures(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	return of[0]
}

// audited lists what the audit says of captures, the latest first.
func audited(t *testing.T, b *backend) (list []string) {
	t.Helper()
	for _, e := range decoded[admin.Page[keys.Audit]](t, ask(t, b, "GET", "/xjp/audit", ""), 200).Data {
		if strings.HasPrefix(e.Action, "capture.") {
			list = append(list, fmt.Sprint(e.Actor, " ", e.Action, " ", e.Tenant, " ", e.Subject, " ", e.Detail))
		}
	}
	return list
}

// TestCaptures lists, reads and deletes captures, of one tenant and of all, and looks for
// that in the audit.
func TestCaptures(t *testing.T) { onEach(t, storedCaptures) }

func storedCaptures(t *testing.T, engine stores.Module) {
	b := stored(t, engine, 0)
	key := captured(t, b)
	var seen []string
	for next := "start"; next != ""; {
		page := decoded[admin.Page[admin.Capture]](t, ask(t, b, "GET", "/xjp/captures?tenant=acme&limit=2&after="+strings.TrimPrefix(next, "start"), ""), 200)
		for _, c := range page.Data {
			seen = append(seen, c.ID)
			if c.Request.Text != "" || len(c.Answer.Base64) > 0 || c.Request.Size != 17 || !c.Answer.Truncated || c.Key != key {
				t.Errorf("listed is %+v", c)
			}
		}
		next = page.Next
	}
	if got := strings.Join(seen, " "); got != "req_4 req_2 req_0" {
		t.Errorf("listed are %s", got)
	}
	if got := audited(t, b); got != nil {
		t.Errorf("a list is in the audit: %s", got)
	}
	c := decoded[admin.Capture](t, ask(t, b, "GET", "/xjp/captures/req_2?tenant=acme", ""), 200)
	if c.Request.Text != `{"say":"<会话>"}` || c.Request.Truncated || string(c.Answer.Base64) != "\xff\x00" || c.Answer.Size != 1<<20 || !c.Answer.Truncated || !c.Time.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("shown is %+v", c)
	}
	expectError(t, ask(t, b, "GET", "/xjp/captures/req_2?tenant=other", ""), 404, "no bodies of the request 'req_2' are kept")
	expectError(t, ask(t, b, "GET", "/xjp/captures/req_9", ""), 404, "no bodies of the request 'req_9' are kept")
	expectError(t, ask(t, b, "GET", "/xjp/captures?after=nowhere", ""), 400, "after: this is not where a page of the list ends")

	expectError(t, ask(t, b, "DELETE", "/xjp/captures", ""), 400, "key: name the key whose captures are to be deleted, or the tenant")
	expectError(t, ask(t, b, "DELETE", "/xjp/captures?key=nothing", ""), 404, "key 'nothing' does not exist")
	expectError(t, ask(t, b, "DELETE", "/xjp/captures?tenant=other&key="+key, ""), 404, "does not exist")
	for _, step := range []struct {
		query string
		want  int
	}{{"key=" + key, 3}, {"tenant=acme&key=" + key, 0}, {"tenant=other", 2}, {"tenant=gone", 0}} {
		if got := decoded[admin.Deletion](t, ask(t, b, "DELETE", "/xjp/captures?"+step.query, ""), 200); got.Deleted != step.want {
			t.Errorf("of %s %d were deleted, not %d", step.query, got.Deleted, step.want)
		}
	}
	want := []string{"admin capture.delete gone gone {}", "admin capture.delete other other {}", "admin capture.delete acme " + key + " {}",
		"admin capture.delete acme " + key + " {}", "admin capture.read acme " + key + ` {"request":"req_2"}`}
	if got := audited(t, b); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the audit is\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// unaudited is a store that has a capture, and whose audit cannot be written to.
type unaudited struct{ stores.Store }

func (unaudited) Capture(context.Context, string, string) (*capture.Capture, error) {
	return &capture.Capture{ID: "req_1", Request: capture.Body{Content: []byte("what was said"), Size: 13}}, nil
}

func (unaudited) WriteAudit(context.Context, *keys.Audit) error {
	return errors.New("the disk is gone")
}

// TestUnauditedCapture checks that nobody sees what a client has sent without the audit's
// telling of it.
func TestUnauditedCapture(t *testing.T) {
	b := &backend{store: unaudited{}}
	w := ask(t, b, "GET", "/xjp/captures/req_1", "")
	if expectError(t, w, 503, "the store does not answer"); strings.Contains(w.Body.String(), "said") {
		t.Errorf("told is %s", w.Body)
	}
	expectError(t, ask(t, b, "DELETE", "/xjp/captures?tenant=acme", ""), 503, "the store does not answer")
}

// TestCaptureOfKeys checks how a key is told which of its requests to capture, and that who
// asks for it in vain learns so.
func TestCaptureOfKeys(t *testing.T) {
	b, _ := keeping()
	k := created(t, b, `{"tenant":"acme","capture":{"share":0.1,"until":"2099-01-01T00:00:00Z"}}`)
	if k.Capture == nil || k.Capture.Share != 0.1 || k.Capture.Until.Year() != 2099 || k.CaptureOff {
		t.Errorf("made is %+v", k)
	}
	for body, words := range map[string]string{
		`{"capture":{"share":2}}`:                                "capture.share: must be above 0 and at most 1",
		`{"capture":{"share":"10%"}}`:                            "capture.share: must be a number",
		`{"capture":{"shore":1}}`:                                "capture.shore: is not known",
		`{"capture":{"share":1,"until":"soon"}}`:                 "capture.until: must be a time such as",
		`{"capture":{"share":1,"until":"2001-01-01T00:00:00Z"}}`: "capture.until: is in the past",
	} {
		expectError(t, ask(t, b, "POST", "/xjp/keys", body), 400, words)
		expectError(t, ask(t, b, "PATCH", "/xjp/keys/"+k.ID, body), 400, words)
	}
	b.off = true
	for _, w := range []string{`{"capture":{"share":1}}`, `{"description":"x"}`} {
		if got := decoded[admin.Key](t, ask(t, b, "PATCH", "/xjp/keys/"+k.ID, w), 200); got.Capture.Share != 1 || !got.CaptureOff {
			t.Errorf("changed is %+v", got)
		}
	}
	if got := decoded[admin.Key](t, ask(t, b, "PATCH", "/xjp/keys/"+k.ID, `{"capture":null}`), 200); got.Capture != nil || got.CaptureOff {
		t.Errorf("changed is %+v", got)
	}
	var listed admin.Page[map[string]json.RawMessage]
	if read(t, b, "/xjp/keys", &listed); listed.Data[0]["capture"] != nil || listed.Data[0]["capture_off"] != nil {
		t.Errorf("listed is %s", listed.Data[0])
	}
}
