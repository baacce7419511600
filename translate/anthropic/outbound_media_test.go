package anthropic_test

import (
	"encoding/base64"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// The beginnings of files, by which their type is known.
var (
	png  = base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\nrest"))
	jpeg = base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff\xe0rest"))
	pdf  = base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 rest"))
	note = base64.StdEncoding.EncodeToString([]byte("Dear \"all\",\nhello"))
)

// Media in Chat's parts (wire-openai-anthropic.md 2.3).
func TestChatMediaToMessages(t *testing.T) {
	part := func(part string) string { return turns(`{"role":"user","content":[` + part + `]}`) }
	image := func(url string) string { return part(`{"type":"image_url","image_url":{"url":"` + url + `"}}`) }
	file := func(members string) string { return part(`{"type":"file","file":{` + members + `}}`) }
	block := func(kind, mediaType, data string) string {
		return turns(user(`{"type":"` + kind + `","source":{"type":"base64","media_type":"` + mediaType + `","data":"` + data + `"}}`))
	}
	document := func(source, title string) string {
		return turns(user(`{"type":"document","source":{` + source + `}` + title + `}`))
	}
	blind := with(sonnet45, func(o *translate.Target) { o.Caps.Images, o.Caps.PDF = false, false })
	for _, r := range []row{
		{name: "2.3 an image as data", in: image("data:image/png;base64," + png), want: block("image", "image/png", png)},
		{name: "trap 39: image/jpg is image/jpeg", in: image("data:image/jpg;base64," + jpeg), want: block("image", "image/jpeg", jpeg)},
		{name: "2.3 a data URL with parameters, in capitals", in: image("DATA:image/PNG;charset=utf-8;base64," + png), want: block("image", "image/png", png)},
		{name: "2.3 a wrong label is corrected", in: image("data:image/png;base64," + jpeg), want: block("image", "image/jpeg", jpeg)},
		{name: "2.3 no label", in: image("data:;base64," + png), want: block("image", "image/png", png)},
		{name: "2.3 a PDF in an image's place", in: image("data:application/pdf;base64," + pdf), want: block("document", "application/pdf", pdf)},
		{name: "2.3 a PDF under an image's name", in: image("data:image/png;base64," + pdf), want: block("document", "application/pdf", pdf)},
		{name: "2.3 an image of a type that the API refuses", in: image("data:image/bmp;base64,Qk0AAAAA"),
			err: `messages[0].content[0]: media of type "image/bmp" are not supported`},
		{name: "2.3 an image that is none", in: image("data:text/plain;base64," + note),
			err: `messages[0].content[0].image_url.url: messages[0].content[0].image_url.url holds media of type "text/plain"`},
		{name: "2.3 broken base64", in: image("data:image/png;base64,?!"), err: "messages[0].content[0].image_url.url: messages[0].content[0].image_url.url is broken"},
		{name: "2.3 base64 of the other alphabet, without padding", in: image("data:image/jpeg;base64,_9j_4HJlc3Q"), want: block("image", "image/jpeg", jpeg)},
		{name: "2.3 an image by address", in: image("https://x/y.png"), want: turns(user(`{"type":"image","source":{"type":"url","url":"https://x/y.png"}}`))},
		{name: "2.3 an image by address alone, without the object", in: part(`{"type":"image_url","image_url":"https://x/y.png"}`), want: turns(user(`{"type":"image","source":{"type":"url","url":"https://x/y.png"}}`))},
		{name: "2.3 an address of the local disk", in: image("file:///etc/passwd"), err: "messages[0].content[0].image_url.url: messages[0].content[0].image_url.url must be a data URL or an address"},
		{name: "2.3 detail", in: part(`{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}`),
			want: turns(user(`{"type":"image","source":{"type":"url","url":"https://x/y.png"}}`)), lost: "messages[0].content[0].image_url.detail=dropped"},
		{name: "2.3 detail auto asks for nothing", in: part(`{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"auto"}}`),
			want: turns(user(`{"type":"image","source":{"type":"url","url":"https://x/y.png"}}`))},
		{name: "2.3 an image for a model without eyes", to: blind, in: image("data:image/png;base64," + png), err: "messages[0].content[0]: this model takes no images"},

		{name: "trap 40: a PDF as a file", in: file(`"filename":"a \"b\".pdf","file_data":"data:application/pdf;base64,` + pdf + `"`),
			want: document(`"type":"base64","media_type":"application/pdf","data":"`+pdf+`"`, `,"title":"a \"b\".pdf"`)},
		{name: "trap 40: as plain base64", in: file(`"file_data":"` + pdf + `"`), want: document(`"type":"base64","media_type":"application/pdf","data":"`+pdf+`"`, "")},
		{name: "2.3 a text file", in: file(`"filename":"a.txt","file_data":"data:text/plain;base64,` + note + `"`),
			want: document(`"type":"text","media_type":"text/plain","data":"Dear \"all\",\nhello"`, `,"title":"a.txt"`)},
		{name: "2.3 a text file, known by its name", in: file(`"filename":"a.md","file_data":"` + note + `"`),
			want: document(`"type":"text","media_type":"text/plain","data":"Dear \"all\",\nhello"`, `,"title":"a.md"`)},
		{name: "2.3 an image as a file", in: file(`"filename":"a.png","file_data":"` + png + `"`), want: block("image", "image/png", png)},
		{name: "2.3 a PDF by address", in: file(`"file_data":"https://x/y.pdf"`), want: document(`"type":"url","url":"https://x/y.pdf"`, "")},
		{name: "2.3 a stored file", in: file(`"file_id":"file-1"`), err: "messages[0].content[0]: files stored at another provider cannot be used"},
		{name: "2.3 a file of nothing", in: file(`"filename":"a.pdf"`), err: "messages[0].content[0].file: messages[0].content[0].file must have file_data or file_id"},
		{name: "2.3 a file of an unknown type", in: file(`"filename":"a.bin","file_data":"AAECAw=="`), err: `messages[0].content[0]: media of type "" are not supported`},
		{name: "2.3 a PDF for a model that takes none", to: blind, in: file(`"file_data":"` + pdf + `"`), err: "messages[0].content[0]: this model takes no documents"},

		{name: "2.3 audio", in: part(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`), err: "messages[0].content[0]: this model takes no audio"},
		{name: "2.3 video", in: part(`{"type":"video_url","video_url":{"url":"https://x/v.mp4"}}`), err: "messages[0].content[0]: this model takes no video"},
		{name: "2.3 a part of an unknown type", in: part(`{"type":"hologram"}`), err: `messages[0].content[0].type: messages[0].content[0].type is "hologram", which is not known`},
		{name: "2.3 a mark on an image", in: part(`{"type":"image_url","image_url":{"url":"https://x/y.png"},"cache_control":{"type":"ephemeral"}}`),
			want: turns(user(`{"type":"image","source":{"type":"url","url":"https://x/y.png"},"cache_control":{"type":"ephemeral"}}`))},
		{name: "pain 22: an image in a result stays there", in: turns(`{"role":"user","content":"a"},` + said(chatCallA) + `,{"role":"tool","tool_call_id":"call_a","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `"}}]}`),
			want: turns(user(text("a")) + `,` + model(useA) + `,` + user(`{"type":"tool_result","tool_use_id":"call_a","content":[`+text("see")+`,{"type":"image","source":{"type":"base64","media_type":"image/png","data":"`+png+`"}}]}`))},
	} {
		r.run(t)
	}
}
