package replay

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// paths are where a dialect's requests go.
var paths = map[string]string{"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}

// reply is an answer of the gateway as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
}

var plainClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * workers}}

// post sends a body as it is.
func post(t *testing.T, url string, body []byte) *reply {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+gatewaytest.Key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Xjp-Debug", "1")
	res, err := plainClient.Do(r)
	if err != nil {
		t.Error(err)
		return &reply{header: http.Header{}}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return &reply{res.StatusCode, res.Header, got}
}

// question is the smallest request of a dialect.
func question(dialect, model string, stream bool) []byte {
	q := object{"model": model, "stream": stream, "messages": []any{object{"role": "user", "content": "hi"}}}
	if dialect == "anthropic" {
		q["max_tokens"] = 100
	} else if stream {
		q["stream_options"] = object{"include_usage": true}
	}
	return []byte(encode(q))
}

// span is where a member stands in a document: from its key to the end of its value, and
// the value alone.
type span struct{ key, value, end int }

// members finds the members of a JSON object in its text.
func members(doc []byte) map[string]span {
	d := json.NewDecoder(bytes.NewReader(doc))
	found := map[string]span{}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		from := int(d.InputOffset())
		key, err := d.Token()
		if err != nil {
			return nil
		}
		after := int(d.InputOffset())
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil
		}
		end := int(d.InputOffset())
		from += bytes.IndexByte(doc[from:], '"')
		found[key.(string)] = span{from, max(after, end-len(v)), end}
	}
	return found
}

// renamed replaces the value of a document's member model, if that is a string.
func renamed(doc []byte, name string) []byte {
	at, ok := members(doc)["model"]
	if !ok || doc[at.value] != '"' {
		return doc
	}
	return bytes.Join([][]byte{doc[:at.value], []byte(encode(name)), doc[at.end:]}, nil)
}
