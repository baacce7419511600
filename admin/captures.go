package admin

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/capture"
)

// Capture is the bodies of a request as an administrator sees them.
type Capture struct {
	// ID is the request's, Time when it came, Tenant and Key who asked.
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Tenant string    `json:"tenant"`
	Key    string    `json:"key"`
	// Request is what the client sent, Answer what it was told.
	Request Body `json:"request"`
	Answer  Body `json:"answer"`
}

// Body is a body, or the beginning of one.
type Body struct {
	// Size is the size of the whole in bytes. Truncated says that its end is not kept.
	Size      int64 `json:"size"`
	Truncated bool  `json:"truncated,omitempty"`
	// Text is what is kept, or Base64 where it is no UTF-8. Lists have neither.
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

func captureOf(c *capture.Capture) Capture {
	return Capture{ID: c.ID, Time: c.Time, Tenant: c.Tenant, Key: c.Key, Request: bodyOf(&c.Request), Answer: bodyOf(&c.Answer)}
}

func bodyOf(b *capture.Body) Body {
	told := Body{Size: b.Size, Truncated: b.Truncated}
	if utf8.Valid(b.Content) {
		told.Text = string(b.Content)
	} else {
		told.Base64 = b.Content
	}
	return told
}

// listCaptures lists the requests whose bodies are kept, the latest first.
func (x *exchange) listCaptures() error {
	q, zone := x.query, x.backend.Location()
	f := capture.Filter{
		Tenant: q.text("tenant"), Key: q.text("key"), Since: q.moment("since", x.now, zone), Until: q.moment("until", x.now, zone),
		After: q.text("after"), Limit: q.limit(),
	}
	if err := q.done(); err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	page, next, err := store.Captures(x.Context(), f)
	if err != nil {
		return storeError(err, "the page")
	}
	list := make([]Capture, len(page))
	for i := range page {
		list[i] = captureOf(&page[i])
	}
	return writePage(x, list, next)
}

// getCapture shows the bodies of a request, and has the audit tell who has seen them: without
// that they are not shown.
func (x *exchange) getCapture() error {
	tenant, err := x.ofTenant()
	if err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	found, err := store.Capture(x.Context(), tenant, x.id)
	if err != nil {
		return storeError(err, "the capture")
	}
	if found == nil {
		return refuse(http.StatusNotFound, "no bodies of the request '%s' are kept", x.id)
	}
	seen := struct {
		Request string `json:"request"`
	}{found.ID}
	if err := x.note("capture.read", found.Tenant, found.Key, seen); err != nil {
		return err
	}
	return x.write(http.StatusOK, captureOf(found))
}

// note writes into the audit what changes neither a tenant nor a key.
func (x *exchange) note(action, tenant, subject string, detail any) error {
	manager, err := x.manager()
	if err != nil {
		return err
	}
	return storeError(manager.Note(x.Context(), x.actor(), action, tenant, subject, detail), "the audit")
}

// Deletion is what came of deleting.
type Deletion struct {
	Deleted int `json:"deleted"`
}

// deleteCaptures deletes the captures of a key, which must be there, or of a tenant, which
// may be gone.
func (x *exchange) deleteCaptures() error {
	tenant, key := x.query.text("tenant"), x.query.text("key")
	if err := x.query.done(); err != nil {
		return err
	}
	if tenant == "" && key == "" {
		return invalid("key: name the key whose captures are to be deleted, or the tenant")
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	subject := tenant
	if key != "" {
		record, err := store.Key(x.Context(), tenant, key)
		if err != nil {
			return storeError(err, "key '"+key+"'")
		}
		tenant, subject = record.Tenant, key
	}
	if err := x.note("capture.delete", tenant, subject, struct{}{}); err != nil {
		return err
	}
	deleted, err := capture.Delete(x.Context(), store, tenant, key)
	if err != nil {
		return storeError(err, "the captures")
	}
	return x.write(http.StatusOK, Deletion{deleted})
}
