package xjpgateway

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// secretPattern finds what looks like a credential in a provider's words.
var secretPattern = regexp.MustCompile(`(?i)(sk-[a-z0-9_*-]{6,}|AIza[0-9a-z_-]{10,}|ya29\.[0-9a-z._-]+|eyJ[0-9a-z_-]{8,}\.[0-9a-z_-]+\.[0-9a-z_-]*|XJP_[0-9a-z_-]{6,}|Bearer\s+[^\s"']+|[?&]key=[^&\s"']+)`)

// redacted stands where a secret stood.
const redacted = "REDACTED"

// maxLogged bounds what is logged of a provider's words.
const maxLogged = 2048

// redact hides what looks like a credential.
func redact(s string) string {
	if len(s) > maxLogged {
		s = s[:maxLogged]
	}
	return secretPattern.ReplaceAllString(s, redacted)
}

// minSecret is the length from which a header's value is taken for a secret.
const minSecret = 8

// secrets are the values that this attempt's request was sent with and that nobody else
// may see: the credential's, and those of the headers that the configuration adds. Some
// providers and proxies repeat them in their errors.
func (a *attempt) secrets() []string {
	var list []string
	add := func(value string) {
		if _, token, ok := strings.Cut(value, " "); ok && len(token) >= minSecret {
			list = append(list, token)
		}
		if len(value) >= minSecret {
			list = append(list, value)
		}
	}
	for _, name := range [...]string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Proxy-Authorization"} {
		add(a.header.Get(name))
	}
	for name := range a.route.upstream.ExtraHeaders() {
		add(a.header.Get(name))
	}
	for name := range a.route.headers {
		add(a.header.Get(name))
	}
	return list
}

// scrub takes the attempt's secrets out of what a provider said.
func (a *attempt) scrub(said []byte) []byte {
	for _, secret := range a.secrets() {
		said = bytes.ReplaceAll(said, []byte(secret), []byte(redacted))
	}
	return said
}

// scrubError does the same in an error that was read from a provider's answer.
func (a *attempt) scrubError(e *translate.Error) {
	for _, secret := range a.secrets() {
		for _, field := range [...]*string{&e.Message, &e.Upstream, &e.Type, &e.Code, &e.Param} {
			*field = strings.ReplaceAll(*field, secret, redacted)
		}
		e.Details = bytes.ReplaceAll(e.Details, []byte(secret), []byte(redacted))
	}
}
