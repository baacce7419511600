package openai

import (
	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Peek finds what routing needs in a body: the model, whether the answer is to be
// streamed, and whether the stream is to tell usage. It also checks what is cheap to
// check, so that a request that cannot be right reaches no provider.
func Peek(doc *scan.Doc) (model string, stream, includeUsage bool, err *translate.Error) {
	f := &translate.Fields{}
	top := translate.Top()
	root := doc.Root()
	model = f.NeedText(root.Get("model"), top, "model").String()
	stream = f.Bool(root.Get("stream"), top, "stream")
	if options := root.Get("stream_options"); f.Kind(options, scan.Object, top, "stream_options") {
		includeUsage = f.Bool(options.Get("include_usage"), top, "stream_options.include_usage")
	}
	if f.Err == nil && model == "" {
		f.Fail(top, "model", "must not be empty")
	}
	for _, field := range []string{"max_tokens", "max_completion_tokens"} {
		if n, ok := f.Int(root.Get(field), top, field); ok && n < 0 {
			f.Fail(top, field, "must not be negative")
		}
	}
	checkMessages(f, root.Get("messages"))
	return model, stream, includeUsage, f.Err
}

// roles are the roles of messages.
var roles = map[string]translate.Role{
	"system": translate.System, "developer": translate.Developer, "user": translate.User,
	"assistant": translate.Assistant, "tool": translate.User, "function": translate.User,
}

func checkMessages(f *translate.Fields, list scan.Value) {
	if !f.NeedKind(list, scan.Array, translate.Top(), "messages") {
		return
	}
	i := 0
	for m := range list.Elements() {
		at := translate.Element("messages", i)
		if f.NeedKind(m, scan.Object, at, "") {
			role := m.Get("role")
			if _, ok := roles[string(role.Text())]; !ok {
				f.Fail(at, ".role", "must be one of system, developer, user, assistant and tool")
			}
			checkContent(f, m.Get("content"), i)
		}
		i++
	}
	if i == 0 {
		f.Fail(translate.Top(), "messages", "must not be empty")
	}
}

// checkContent looks at the heads of data URLs.
func checkContent(f *translate.Fields, content scan.Value, turn int) {
	switch content.Kind() {
	case scan.None, scan.Null, scan.String:
		return
	case scan.Array:
	default:
		f.Fail(translate.Element("messages", turn), ".content", "must be a string or a list of parts")
		return
	}
	i := 0
	for part := range content.Elements() {
		at := translate.At{Field: "messages", Turn: turn, Part: i}
		if f.NeedKind(part, scan.Object, at, "") {
			f.NeedText(part.Get("type"), at, ".type")
			if url := part.At("image_url", "url").Text(); len(url) > 0 && media.IsDataURL(url) {
				checkHead(f, url, at)
			}
		}
		i++
	}
}

// maxHead is how far into a data URL its head may reach.
const maxHead = 200

func checkHead(f *translate.Fields, url scan.Text, at translate.At) {
	head := url[:min(len(url), maxHead)].Bytes()
	for i, c := range head {
		if c == ',' {
			head = head[:i+1]
			break
		}
	}
	if _, _, err := media.ParseDataURL(append(head[:len(head):len(head)], "AAAA"...)); err != nil {
		f.Fail(at, ".image_url.url", "is "+err.Error())
	}
}
