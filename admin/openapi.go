package admin

import (
	_ "embed"
	"net/http"
)

// description is the OpenAPI description of all operations.
//
//go:embed openapi.json
var description []byte

// openAPI gives the description.
func (x *exchange) openAPI() error {
	if err := x.query.done(); err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(http.StatusOK)
	x.w.Write(description)
	return nil
}
