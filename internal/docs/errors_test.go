package docs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
)

// kinds are the kinds of errors by the names in logs and metrics.
var kinds = map[string]translate.ErrorKind{
	"invalid_request": translate.ErrInvalid, "context_overflow": translate.ErrContext, "too_large": translate.ErrTooLarge, "slow_request": translate.ErrSlow,
	"auth": translate.ErrAuth, "permission": translate.ErrPermission, "not_found": translate.ErrNotFound,
	"model_not_found": translate.ErrModel, "method": translate.ErrMethod, "content_blocked": translate.ErrContent,
	"rate_limit": translate.ErrRateLimit, "quota": translate.ErrQuota, "billing": translate.ErrBilling, "upstream_rate_limit": translate.ErrUpstreamLimit, "upstream_auth": translate.ErrUpstreamAuth,
	"upstream": translate.ErrUpstream, "overloaded": translate.ErrOverloaded, "timeout": translate.ErrTimeout,
	"conflict": translate.ErrConflict, "idempotency_key_reused": translate.ErrKeyReused, "interrupted": translate.ErrInterrupted, "internal": translate.ErrInternal, "unsupported": translate.ErrUnsupported,
}

// spelled is an error as docs/errors.md writes it in a cell: status, type, code.
func spelled(status int, body []byte) string {
	var e struct{ Error struct{ Type, Code string } }
	if err := json.Unmarshal(body, &e); err != nil {
		return err.Error()
	}
	cell := fmt.Sprintf("%d `%s`", status, e.Error.Type)
	if e.Error.Code != "" {
		cell += fmt.Sprintf(" `%s`", e.Error.Code)
	}
	return cell
}

// TestKindsOfErrors compares the table of kinds with what the dialects write.
func TestKindsOfErrors(t *testing.T) {
	rows := map[string][]string{}
	for _, l := range read(t, "docs/errors.md").lines {
		if cells := strings.Split(strings.Trim(l.text, "| "), " | "); l.block == "" && len(cells) == 4 {
			rows[strings.Trim(cells[0], "`")] = cells[1:]
		}
	}
	for _, name := range named(t, `translate\.Err\w+: "(\w+)"`, 20, "metrics.go") {
		if _, ok := kinds[name]; !ok {
			t.Errorf("the kind %s is not compared", name)
		}
	}
	for name, kind := range kinds {
		e := &translate.Error{Kind: kind, Message: "m"}
		chat := spelled(openai.Dialect{}.Status(e), openai.Dialect{}.EncodeError(nil, e, ""))
		messages := spelled(anthropic.Dialect{}.Status(e), anthropic.Dialect{}.EncodeError(nil, e, ""))
		row := rows[name]
		if row == nil {
			t.Errorf("docs/errors.md has no row on %s", name)
			continue
		}
		if row[1] != chat || row[2] != messages {
			t.Errorf("docs/errors.md says %q and %q of %s, the dialects %q and %q", row[1], row[2], name, chat, messages)
		}
	}
}

// TestShownErrors checks that the errors shown are what the gateway answers.
func TestShownErrors(t *testing.T) {
	e := &translate.Error{Kind: translate.ErrModel, Param: "model", Message: "model `clade` does not exist; similar models are claude"}
	interrupted := translate.EndOf(nil, true)
	overflow := &translate.Error{Kind: translate.ErrContext, Tokens: 210_000, Limit: 200_000}
	both := &translate.Error{Kind: translate.ErrContext, Tokens: 190_000, Limit: 200_000, MaxTokens: 32_000}
	text := source(t, "docs/errors.md")
	for _, want := range []string{
		string(openai.Dialect{}.EncodeError(nil, e, "")),
		string(anthropic.Dialect{}.EncodeError(nil, e, "req_0123456789abcdefghjkmnpq")),
		"data: " + string(openai.Dialect{}.EncodeError(nil, interrupted, "")),
		"event: error\ndata: " + string(anthropic.Dialect{}.EncodeError(nil, interrupted, "")),
		overflow.Overflow(), both.Overflow(),
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("docs/errors.md does not show\n%s", want)
		}
	}
}
