package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Peek finds what routing needs in a body: the model, and whether the answer is to be
// streamed. It also checks what is cheap to check, so that a request that cannot be
// right reaches no provider.
func Peek(doc *scan.Doc) (model string, stream bool, err *translate.Error) {
	f := &translate.Fields{}
	top := translate.Top()
	root := doc.Root()
	model = f.NeedText(root.Get("model"), top, "model").String()
	stream = f.Bool(root.Get("stream"), top, "stream")
	if f.Err == nil && model == "" {
		f.Fail(top, "model", "must not be empty")
	}
	if f.Err == nil {
		f.Err = refuseThread(root.Get("thread"))
	}
	if n, _ := f.Int(root.Get("max_tokens"), top, "max_tokens"); n < 0 {
		f.Fail(top, "max_tokens", "must not be negative")
	}
	checkMessages(f, root.Get("messages"))
	return model, stream, f.Err
}

// Complete checks what a request for an answer must have beyond one that is only counted.
func Complete(doc *scan.Doc) *translate.Error {
	if doc.Root().Get("max_tokens").IsNull() {
		return translate.Invalid("max_tokens", "max_tokens: Field required")
	}
	return nil
}

// refuseThread answers message threads in the words that make the SDK go on without
// them (clients-need.md 3).
func refuseThread(thread scan.Value) *translate.Error {
	if thread.IsNull() {
		return nil
	}
	e := translate.Invalid("thread", "thread: message threads are not supported")
	e.Details = []byte(`{"error_code":"thread_unsupported_request","unsupported":["thread"]}`)
	if thread.Get("type").Text().Equal("continue") {
		e.Message = "thread: the thread does not exist"
		e.Details = []byte(`{"error_code":"thread_not_found"}`)
	}
	return e
}

func checkMessages(f *translate.Fields, list scan.Value) {
	if !f.NeedKind(list, scan.Array, translate.Top(), "messages") {
		return
	}
	i := 0
	for m := range list.Elements() {
		at := translate.Element("messages", i)
		if f.NeedKind(m, scan.Object, at, "") {
			switch string(m.Get("role").Text()) {
			case "user", "assistant", "system":
			default:
				f.Fail(at, ".role", "must be user, assistant or system")
			}
			checkContent(f, m.Get("content"), i)
		}
		i++
	}
	if i == 0 {
		f.Fail(translate.Top(), "messages", "must not be empty")
	}
}

func checkContent(f *translate.Fields, content scan.Value, turn int) {
	if content.Kind() == scan.String {
		return
	}
	if !f.NeedKind(content, scan.Array, translate.Element("messages", turn), ".content") {
		return
	}
	i := 0
	for b := range content.Elements() {
		at := translate.At{Field: "messages", Turn: turn, Part: i}
		if f.NeedKind(b, scan.Object, at, "") {
			f.NeedText(b.Get("type"), at, ".type")
			if source := b.Get("source"); source.Get("type").Text().Equal("base64") {
				f.NeedText(source.Get("media_type"), at, ".source.media_type")
				if data := f.NeedText(source.Get("data"), at, ".source.data"); media.IsDataURL(data) {
					f.Fail(at, ".source.data", "must be plain base64, not a data URL")
				}
			}
		}
		i++
	}
}
