package prices

import (
	"regexp"
	"strings"
)

// variants are suffixes by which OpenRouter's clients choose among providers of a model, or
// what is done beside it, and which leave its price per token alone
// (provider-openrouter.md 2). Others, such as ":free", are models with prices of their own.
var variants = []string{":nitro", ":floor", ":exacto", ":online", ":thinking"}

// plain is a model's name without a variant.
func plain(model string) string {
	for _, variant := range variants {
		if name, ok := strings.CutSuffix(model, variant); ok {
			return name
		}
	}
	return model
}

// bare is the name that a model has everywhere: without publisher, version and variant, with
// dashes for dots. "publishers/google/models/gemini-2.5-pro" is "gemini-2-5-pro",
// "claude-sonnet-4-5@20250929" is "claude-sonnet-4-5", and so is "anthropic/claude-4.5-sonnet".
func bare(model string) string {
	name := strings.ToLower(plain(model))
	name = name[strings.LastIndexByte(name, '/')+1:]
	name, _, _ = strings.Cut(name, "@")
	name = strings.ReplaceAll(name, ".", "-")
	if strings.HasPrefix(name, "claude-") {
		name = versionFirst.ReplaceAllString(name, "claude-$2-$1")
	}
	return name
}

// versionFirst is how old names of Claude begin, and OpenRouter's permanent slugs.
var versionFirst = regexp.MustCompile(`^claude-(\d+(?:-\d)?)-([a-z]+)`)

// snapshot is what names a version of a model, at the end of its name: "-20250929",
// "-2024-08-06", "-001", "-latest", or the wish to let it think (provider-clewdr.md).
var snapshot = regexp.MustCompile(`-(\d{8}|\d{4}-\d{2}-\d{2}|00\d|latest|thinking|preview-\d{2}-\d{4})$`)

// withoutSnapshot is a bare name without the version of the model.
func withoutSnapshot(name string) string { return snapshot.ReplaceAllString(name, "") }
