package translate

import (
	"regexp"
	"strconv"
	"strings"
)

// overflows are the ways in which providers say that a prompt is too long: with prompt,
// limit and answer asked for in named groups (claude-code-gateway.md 5.2).
var overflows = []*regexp.Regexp{
	regexp.MustCompile(`prompt is too long: (?P<n>[\d,]+) tokens > (?P<m>[\d,]+) maximum`),
	regexp.MustCompile("input length and `max_tokens` exceed context limit: (?P<n>[\\d,]+) \\+ (?P<a>[\\d,]+) > (?P<m>[\\d,]+)"),
	regexp.MustCompile(`(?i)maximum context length (?:is|of) (?P<m>[\d,]+) tokens.*?(?:requested|resulted in|you requested)\D*(?P<t>[\d,]+) tokens(?:\s*\((?P<n>[\d,]+) (?:in|of)[^,;)]*[,;]?\s*(?P<a>[\d,]+)?)?`),
	regexp.MustCompile(`(?i)maximum context length (?:is|of) (?P<m>[\d,]+) tokens and your request has (?P<n>[\d,]+) input tokens \((?P<a>[\d,]+) >`), // vLLM
	regexp.MustCompile(`(?i)maximum context length (?:is|of) (?P<m>[\d,]+)`),
	regexp.MustCompile(`(?i)maximum prompt length is (?P<m>[\d,]+) but the request contains (?P<n>[\d,]+)`),                // xAI
	regexp.MustCompile(`(?i)limit of (?P<m>[\d,]+) tokens.*?resulted in (?P<n>[\d,]+) tokens`),                             // OpenAI
	regexp.MustCompile(`(?i)prompt contains (?P<n>[\d,]+) tokens.*?model with (?P<m>[\d,]+) maximum`),                      // Mistral
	regexp.MustCompile(`(?i)prompt \(length (?P<n>[\d,]+)\) is longer than the maximum model length of (?P<m>[\d,]+)`),     // vLLM
	regexp.MustCompile(`(?i)must be <= (?P<m>[\d,]+)\. Given: (?P<n>[\d,]+) .?inputs.? tokens and (?P<a>[\d,]+)`),          // Together, TGI
	regexp.MustCompile(`(?i)request \((?P<n>[\d,]+) tokens\) exceeds the available context size \((?P<m>[\d,]+) tokens\)`), // llama.cpp
	regexp.MustCompile(`(?i)input token count(?: \(?(?P<n>[\d,]+)\)?)? exceeds the maximum number of tokens allowed \(?(?P<m>[\d,]+)\)?`),
	regexp.MustCompile(`(?i)prompt (?:token count of|contains) (?P<n>[\d,]+)(?: tokens)?.*?(?:limit|maximum) of (?P<m>[\d,]+)`),
	regexp.MustCompile(`(?i)(?P<n>[\d,]+) tokens.*?(?:exceed|larger|longer|greater).*?(?P<m>[\d,]+)`),
}

// overflowWords tell an overflow without numbers.
var overflowWords = regexp.MustCompile(`(?i)context.?length.?exceeded|context window|maximum context|input is too long|prompt is too long|too many (?:input )?tokens|exceeds? the (?:model's |available )?(?:context|maximum number of tokens)|maximum prompt length|longer than the maximum model length|inputs.? tokens \+ .?max_new_tokens|greater than the context length|input token count|exceed context limit|reduce the length of the (?:messages|prompt)`)

// readOverflow reports whether a message tells that the context overflows, and reads
// the numbers.
func readOverflow(message string, e *Error) bool {
	if !overflowWords.MatchString(message) {
		return false
	}
	for _, pattern := range overflows {
		m := pattern.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		total := int64(0)
		for i, name := range pattern.SubexpNames() {
			n, _ := strconv.ParseInt(strings.ReplaceAll(m[i], ",", ""), 10, 64)
			switch name {
			case "n":
				e.Tokens = n
			case "m":
				e.Limit = n
			case "a":
				e.MaxTokens = n
			case "t":
				total = n
			}
		}
		if e.Tokens == 0 {
			e.Tokens = total
		}
		return true
	}
	return true
}

// Overflows makes e a context overflow if its code or message says so, for errors whose
// status tells nothing.
func (e *Error) Overflows(code string) bool {
	if !readOverflow(e.Upstream, e) && code != "context_length_exceeded" {
		return false
	}
	e.Kind, e.Code = ErrContext, ""
	e.Message = e.told(e.Upstream)
	return true
}
