package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// maxBody bounds what an administrator sends. A request that is to be priced or explained
// may be as long as a client's.
const (
	maxBody    = 1 << 20
	maxRequest = 32 << 20
)

// mergePatch is the media type of RFC 7396.
const mergePatch = "application/merge-patch+json"

// body reads the whole body of a request, which must say that it is JSON. A form of a
// browser cannot say so without asking first.
func (x *exchange) body(most int64) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if kind != "application/json" && (kind != mergePatch || x.Method != http.MethodPatch) {
		return nil, refuse(http.StatusUnsupportedMediaType, "the body must be JSON; send it with Content-Type: application/json")
	}
	text, err := io.ReadAll(http.MaxBytesReader(x.w, x.Request.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", most)
	case err != nil:
		return nil, invalid("the body cannot be read: %v", err)
	}
	return text, nil
}

// decode reads the body of a request into a value. Fields that it does not have are
// errors: a misspelt limit would be none.
func (x *exchange) decode(into any) error {
	text, err := x.body(maxBody)
	if err != nil {
		return err
	}
	return decode(text, into)
}

func decode(text []byte, into any) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return invalid("the body is empty; send a JSON object")
	}
	if err := keys.Decode(text, into); err != nil {
		return invalid("%s", err)
	}
	return nil
}

// write answers with a value, for machines and so that people can read it too.
func (x *exchange) write(status int, value any) error {
	text, err := encode(value)
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	x.w.Write(text)
	return nil
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	err := encoder.Encode(value)
	return b.Bytes(), err
}

// Page is a part of a list. Next is where the next one begins, "" behind the last.
type Page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next,omitempty"`
}

// writePage answers with a part of a list, which is never null.
func writePage[T any](x *exchange, list []T, next string) error {
	if list == nil {
		list = []T{}
	}
	return x.write(http.StatusOK, Page[T]{list, next})
}
