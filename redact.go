package xjpgateway

import "regexp"

// secretPattern finds what looks like a credential in a provider's words: some
// providers repeat the key that they refuse.
var secretPattern = regexp.MustCompile(`(?i)(sk-[a-z0-9_*-]{6,}|AIza[0-9a-z_-]{10,}|ya29\.[0-9a-z._-]+|XJP_[0-9a-z_-]{6,}|Bearer\s+[^\s"']+|[?&]key=[^&\s"']+)`)

// maxLogged bounds what is logged of a provider's words.
const maxLogged = 2048

// redact hides what looks like a credential.
func redact(s string) string {
	if len(s) > maxLogged {
		s = s[:maxLogged]
	}
	return secretPattern.ReplaceAllString(s, "REDACTED")
}
