package xjpgateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// problem is what is wrong with a route, in one word.
type problem string

// The problems that a check can find.
const (
	problemCredential problem = "credential"
	problemBalance    problem = "balance"
	problemModel      problem = "model"
	problemRegion     problem = "region"
	problemNetwork    problem = "network"
	problemTimeout    problem = "timeout"
	problemLimit      problem = "rate limit"
	problemRequest    problem = "request"
	problemAnswer     problem = "answer"
	problemProvider   problem = "provider"
)

// finding is what a check found out about a route.
type finding struct {
	Problem problem `json:"problem,omitempty"`
	// Status is the provider's HTTP status, 0 if none came.
	Status int `json:"upstream_status,omitempty"`
	// Message says what happened, Help what would help. No secret is in them.
	Message string `json:"message,omitempty"`
	Help    string `json:"help,omitempty"`
}

// Error gives the message.
func (f *finding) Error() string { return f.Message }

// diagnose says what a failed call means to the operator; nil if the route works all
// the same. ended is why the call's context ended, nil if it did not.
func diagnose(err, ended error) *finding {
	var known *finding
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(ended, context.DeadlineExceeded) {
		return &finding{Problem: problemTimeout, Message: "no answer within the time limit",
			Help: "check base_url and the network, or give it longer with --timeout"}
	}
	var failed *failure
	if errors.As(err, &failed) && failed.cause != nil {
		return unreached(failed.cause)
	}
	var e *translate.Error
	if !errors.As(err, &e) {
		if failed == nil {
			return unreached(err)
		}
		e = failed.err
	}
	if worksAllTheSame.MatchString(e.Upstream) {
		return nil
	}
	f := judged(e)
	f.Status, f.Message = e.Status, said(e)
	return f
}

// unresolved is what Go says of a host that DNS does not know.
var unresolved = regexp.MustCompile(`lookup (\S+?)(?: on \S+)?: `)

// unreached explains why no answer came. It reads the words, since Caddy's transport
// hides what a failure to connect is made of.
func unreached(err error) *finding {
	f := &finding{Problem: problemNetwork}
	text := err.Error()
	var unknown x509.UnknownAuthorityError
	var verify *tls.CertificateVerificationError
	switch lookup := unresolved.FindStringSubmatch(text); {
	case lookup != nil:
		f.Message, f.Help = "the host "+lookup[1]+" cannot be resolved", "check base_url and, for Vertex, the location; check the resolver"
	case strings.Contains(text, "connection refused"):
		f.Message, f.Help = "the connection was refused", "check that the server runs and that base_url has its port"
	case strings.Contains(text, "first record does not look like a TLS handshake"), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		f.Message, f.Help = "the server does not speak TLS", "write base_url with http://"
	case errors.As(err, &unknown):
		f.Message, f.Help = "the server's certificate is of an unknown authority", "set tls_trust_pool in the provider's transport"
	case errors.As(err, &verify):
		f.Message, f.Help = "the server's certificate is not valid: "+verify.Err.Error(), "check the host in base_url"
	case strings.Contains(text, "timeout"), strings.Contains(text, "deadline exceeded"):
		f.Problem, f.Message, f.Help = problemTimeout, "the server cannot be reached in time", "check base_url, the firewall and the proxy"
	default:
		f.Message, f.Help = redact(text), "check base_url and the network"
	}
	return f
}

// Words by which providers say what their status does not tell.
var (
	noBalance    = regexp.MustCompile(`(?i)credit balance|insufficient[_ ](?:quota|balance|credits|funds)|billing|payment required|exceeded your current quota|more credits|prepayment`)
	wrongRegion  = regexp.MustCompile(`(?i)region|location is not supported|country|territory|not available in your`)
	wrongModel   = regexp.MustCompile(`(?i)model[^.]{0,80}(?:not (?:a valid|found|exist|supported|available)|does not exist|unknown|invalid)|(?:unknown|invalid|no such|not a valid) model|model_not_found`)
	wrongProject = regexp.MustCompile(`(?i)project|api has not been used|service_disabled`)

	// worksAllTheSame is said by reasoning models that thought longer than a check lets them.
	worksAllTheSame = regexp.MustCompile(`(?i)max_tokens or model output limit was reached`)
)

// judged names the problem behind a provider's error.
func judged(e *translate.Error) *finding {
	words := e.Type + " " + e.Upstream
	switch {
	case e.Status == 402, noBalance.MatchString(words):
		return &finding{Problem: problemBalance, Help: "add credit to the provider's account, or raise the key's limit"}
	case e.Kind == translate.ErrUpstreamAuth && e.Status == 0:
		return &finding{Problem: problemCredential, Help: "check the credentials file or the login of this machine, and that it can reach the token endpoint"}
	case (e.Status == 400 || e.Status == 403) && wrongRegion.MatchString(words):
		return &finding{Problem: problemRegion, Help: "set another location or region, or reach the provider from another country"}
	case e.Status == 403 && wrongProject.MatchString(words):
		return &finding{Problem: problemCredential, Help: "check the project, that its API is enabled and that the account may use it"}
	case e.Kind == translate.ErrUpstreamAuth:
		return &finding{Problem: problemCredential, Help: "check the key or token and the environment variable or file that holds it"}
	case e.Status == 404 && e.Upstream == "":
		return &finding{Problem: problemModel, Help: "check the route's model and the path in base_url"}
	case e.Status == 404, e.Status < 500 && wrongModel.MatchString(words):
		return &finding{Problem: problemModel, Help: "check the route's model; on Vertex, that the location offers it"}
	case e.Kind == translate.ErrUpstreamLimit:
		return &finding{Problem: problemLimit, Help: "the credential works; try again later or raise the limit"}
	case e.Kind == translate.ErrTimeout:
		return &finding{Problem: problemTimeout, Help: "try again later"}
	case e.Kind == translate.ErrInvalid, e.Kind == translate.ErrContent, e.Kind == translate.ErrTooLarge, e.Kind == translate.ErrContext:
		return &finding{Problem: problemRequest, Help: "check the route's body, headers, wire and capabilities"}
	case e.Status == 0:
		return &finding{Problem: problemAnswer, Help: "check that base_url is the provider's API, and that no proxy stands between"}
	}
	return &finding{Problem: problemProvider, Help: "try again later, and look at the provider's status page"}
}

// maxSaid bounds what is repeated of a provider's words.
const maxSaid = 300

// said is a provider's message in one line, or what the gateway says in its place.
func said(e *translate.Error) string {
	text := strings.Join(strings.Fields(redact(e.Upstream)), " ")
	if text == "" || e.Status == 0 && e.Kind != translate.ErrUpstreamAuth {
		text = e.Message
	}
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	if e.Status > 0 {
		text = fmt.Sprintf("%d: %s", e.Status, text)
	}
	return text
}
