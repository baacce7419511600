package xjpgateway

import (
	"net/http"
	"strings"
)

// operation is what an endpoint does.
type operation uint8

const (
	opGenerate operation = iota
	opCount
	opModels
	opHealth
	opReady
	// opUnknown is a path under a prefix of ours that nothing is served at.
	opUnknown
)

// endpoint is where a request goes.
type endpoint struct {
	op      operation
	dialect *dialect
	// model is the rest of the path for a single model.
	model string
}

// locate finds the endpoint for a request; ok is false for paths that are not the
// gateway's. Base URLs pasted with and without /v1, and with a slash at the end, all work,
// so the prefix may be doubled or absent and slashes may be (clients-need.md 1).
func locate(r *http.Request) (e endpoint, ok bool) {
	path := singleSlashes(r.URL.Path)
	switch path {
	case "/healthz":
		return endpoint{op: opHealth, dialect: openaiDialect}, true
	case "/readyz":
		return endpoint{op: opReady, dialect: openaiDialect}, true
	}
	rest, ours := path, false
	for strings.HasPrefix(rest, "/v1/") {
		rest, ours = rest[len("/v1"):], true
	}
	switch rest = strings.TrimSuffix(rest, "/"); rest {
	case "/chat/completions":
		return endpoint{op: opGenerate, dialect: openaiDialect}, true
	case "/messages":
		return endpoint{op: opGenerate, dialect: anthropicDialect}, true
	case "/messages/count_tokens":
		return endpoint{op: opCount, dialect: anthropicDialect}, true
	}
	if !ours && path != "/v1" && !strings.HasPrefix(path, "/v1beta/") && !asksForModels(r, rest) {
		return endpoint{}, false
	}
	if name, found := strings.CutPrefix(rest, "/models"); found && (name == "" || name[0] == '/') {
		return endpoint{op: opModels, dialect: dialectOf(r, rest), model: strings.TrimPrefix(name, "/")}, true
	}
	return endpoint{op: opUnknown, dialect: dialectOf(r, rest)}, true
}

// singleSlashes takes doubled slashes out of a path.
func singleSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// asksForModels reports whether a path without a version is the model list's. A page of
// the site's own may stand at /models, but browsers ask for it without a key.
func asksForModels(r *http.Request, path string) bool {
	return (path == "/models" || strings.HasPrefix(path, "/models/")) &&
		(r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "")
}

// dialectOf tells the caller's dialect where the path does not: Anthropic's SDKs
// always send anthropic-version (wire-openai-anthropic.md 7).
func dialectOf(r *http.Request, rest string) *dialect {
	if r.Header.Get("anthropic-version") != "" || strings.HasPrefix(rest, "/messages/") {
		return anthropicDialect
	}
	return openaiDialect
}

// methodsOf are the methods that an operation is called with, the proper one first.
// HEAD is as good as GET.
func methodsOf(op operation) []string {
	switch op {
	case opModels, opHealth, opReady:
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{http.MethodPost}
}

// allowed spells the methods of an operation as the header Allow has them.
func allowed(op operation) string {
	return strings.Join(append(methodsOf(op), http.MethodOptions), ", ")
}
