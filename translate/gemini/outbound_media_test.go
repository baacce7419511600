package gemini_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// chatPart is a user's message of one part in Chat, sentPart the same as it is sent.
func chatPart(part string) string { return turns(`{"role":"user","content":[` + part + `]}`) }

func sentPart(parts string) string { return contents(`{"role":"user","parts":[` + parts + `]}`) }

func fileData(mimeType, uri string) string {
	return `{"fileData":{"mimeType":"` + mimeType + `","fileUri":"` + uri + `"}}`
}

func inlineData(mimeType, data string) string {
	return `{"inlineData":{"mimeType":"` + mimeType + `","data":"` + data + `"}}`
}

func imageURL(url string) string {
	return chatPart(`{"type":"image_url","image_url":{"url":"` + url + `"}}`)
}

func videoURL(url, more string) string {
	return chatPart(`{"type":"video_url","video_url":{"url":"` + url + `"` + more + `}}`)
}

func messagesSource(kind, source string) string {
	return turns(`{"role":"user","content":[{"type":"` + kind + `","source":` + source + `}]}`)
}

func TestMedia(t *testing.T) {
	const pdf, gif, mp4 = "JVBERi0xLjc=", "R0lGODlhAQABAAAAACw=", "AAAAGGZ0eXBtcDQyAAAAAA=="
	runAll(t, []row{
		{name: "A40: the type of an image is told by its path, whatever the query", chat: imageURL("https://h/a.png?sig=x"), messages: messagesSource("image", `{"type":"url","url":"https://h/a.png?sig=x"}`),
			want: sentPart(fileData("image/png", "https://h/a.png?sig=x"))},
		{name: "A40: a fragment and capitals do not hide it", chat: imageURL("https://h/dir.v2/A.JPG#page=1"), want: sentPart(fileData("image/jpeg", "https://h/dir.v2/A.JPG#page=1"))},
		{name: "A40: a type in the query is not the file's", chat: imageURL("https://h/image?name=a.png"), err: "messages[0].content[0]: the type of the image is not known"},
		{name: "A41: a type that nothing tells is never guessed", chat: videoURL("https://h/v", ""), err: "messages[0].content[0]: the type of the video is not known; send it as a data URL or with a name that tells"},
		{name: "A41: nor that of an image or a document", messages: messagesSource("document", `{"type":"url","url":"https://h/d"}`), err: "messages[0].content[0]: the type of the document is not known"},
		{name: "A41: a page is no video", chat: videoURL("data:text/html;base64,PGh0bWw+", ""), err: "messages[0].content[0]: the video is of the type text/html"},
		{name: "A41: nor an image", chat: imageURL("https://h/a.html"), err: "messages[0].content[0]: the image is of the type text/html"},
		{name: "A43: YouTube is left to AI Studio", chat: videoURL("https://www.youtube.com/watch?v=dQw4w9WgXcQ", ""), want: sentPart(fileData("video/*", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"))},
		{name: "A43: YouTube is left to Vertex AI", to: vertexAI("gemini-2.5-pro"), chat: videoURL("https://youtu.be/dQw4w9WgXcQ", ""), want: sentPart(fileData("video/*", "https://youtu.be/dQw4w9WgXcQ"))},
		{name: "3.3: a file in Google's storage", to: vertexAI("gemini-2.5-pro"), chat: videoURL("gs://bucket/v.mp4", ""), want: sentPart(fileData("video/mp4", "gs://bucket/v.mp4"))},
		{name: "3.3: AI Studio's own files", chat: chatPart(`{"type":"file","file":{"file_data":"https://generativelanguage.googleapis.com/v1beta/files/x.pdf"}}`), want: sentPart(fileData("application/pdf", "https://generativelanguage.googleapis.com/v1beta/files/x.pdf"))},
		{name: "3.3: they mean nothing to Vertex AI", to: vertexAI("gemini-2.5-pro"), chat: chatPart(`{"type":"file","file":{"file_data":"https://generativelanguage.googleapis.com/v1beta/files/x.pdf"}}`), err: "messages[0].content[0]: files stored at AI Studio cannot be used by Vertex AI"},
		{name: "A44: offsets into a video stay the strings that they are", chat: videoURL("https://h/v.mp4", `,"video_metadata":{"start_offset":"1.5s","endOffset":"12s","fps":0.5}`),
			want: sentPart(`{"fileData":{"mimeType":"video/mp4","fileUri":"https://h/v.mp4"},"videoMetadata":{"startOffset":"1.5s","endOffset":"12s","fps":0.5}}`)},
		{name: "A44: an offset that is no string is refused", chat: videoURL("https://h/v.mp4", `,"video_metadata":{"start_offset":1.5}`), err: "messages[0].content[0].video_metadata.startOffset: "},
		{name: "A44: frames are above 0 and at most 24 a second", chat: videoURL("https://h/v.mp4", `,"video_metadata":{"fps":25}`), err: "messages[0].content[0].video_metadata.fps: "},
		{name: "A44: what else stands there is not sent", chat: videoURL("https://h/v.mp4", `,"video_metadata":{"fps":1,"foo":2}`),
			want: sentPart(`{"fileData":{"mimeType":"video/mp4","fileUri":"https://h/v.mp4"},"videoMetadata":{"fps":1}}`), lost: "messages[0].content[0].video_metadata=dropped"},
		{name: "3.3: a data URL, with white space and without padding", chat: imageURL(`data:image/png;base64,iVBO\nRw0KGgo`), want: sentPart(inlineData("image/png", "iVBORw0KGgo="))},
		{name: "3.3: what an image is counts more than what it is called", chat: imageURL("data:image/png;base64," + gif), messages: messagesSource("image", `{"type":"base64","media_type":"image/png","data":"`+gif+`"}`),
			want: sentPart(inlineData("image/gif", gif))},
		{name: "3.3: broken base64 is refused", chat: imageURL("data:image/png;base64,!!!!"), err: "messages[0].content[0].image_url.url: "},
		{name: "3.3: sound by its format", chat: chatPart(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`), want: sentPart(inlineData("audio/wav", "AAAA"))},
		{name: "3.3: sound by its type", chat: chatPart(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"audio/flac"}}`), want: sentPart(inlineData("audio/flac", "AAAA"))},
		{name: "3.3: a video within the request", chat: videoURL("data:video/mp4;base64,"+mp4, ""), want: sentPart(inlineData("video/mp4", mp4))},
		{name: "3.3: a document", chat: chatPart(`{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,` + pdf + `"}}`), want: sentPart(inlineData("application/pdf", pdf)), lost: "messages[0].content[0].filename=dropped"},
		{name: "3.3: a document with its context", messages: turns(`{"role":"user","content":[{"type":"document","title":"Report","context":"Of 2026.","source":{"type":"base64","media_type":"application/pdf","data":"` + pdf + `"}}]}`),
			want: sentPart(`{"text":"Report\nOf 2026."},` + inlineData("application/pdf", pdf))},
		{name: "3.3: a document that is text", messages: turns(`{"role":"user","content":[{"type":"document","title":"Report","source":{"type":"text","media_type":"text/plain","data":"It rained."}}]}`),
			want: sentPart(`{"text":"Report\nIt rained."}`)},
		{name: "3.3: a document of blocks", messages: messagesSource("document", `{"type":"content","content":[{"type":"text","text":"One."},`+messagesImage+`]}`),
			want: sentPart(`{"text":"One."},` + inlinePNG)},
		{name: "3.3: a document of blocks with its title", messages: turns(`{"role":"user","content":[{"type":"document","title":"Report","source":{"type":"content","content":[{"type":"text","text":"One."}]}}]}`),
			want: sentPart(`{"text":"Report"},{"text":"One."}`)},
		{name: "3.3: a document of nothing is nothing", messages: turns(`{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":""}},{"type":"document","source":{"type":"content","content":[]}}]}`),
			err: "messages: messages must hold something to answer"},
		{name: "3.3: files at another provider cannot be used", chat: chatPart(`{"type":"file","file":{"file_id":"file-1"}}`), messages: messagesSource("document", `{"type":"file","file_id":"file_1"}`),
			err: "messages[0].content[0]: files stored at another provider cannot be used"},
		{name: "3.3: how closely an image is looked at, on Gemini 3", to: studio("gemini-3-pro-preview"), chat: chatPart(`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `","detail":"high"}}`),
			want: sentPart(`{"inlineData":{"mimeType":"image/png","data":"` + png + `"},"mediaResolution":{"level":"MEDIA_RESOLUTION_HIGH"}}`)},
		{name: "3.3: auto is not named", to: studio("gemini-3-pro-preview"), chat: chatPart(`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `","detail":"auto"}}`), want: sentPart(inlinePNG)},
		{name: "3.3: older models are not told", chat: chatPart(`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + png + `","detail":"low"}}`), want: sentPart(inlinePNG), lost: "messages[0].content[0].image_url.detail=dropped"},
		{name: "3.3: a medium that the model does not take", to: studio("gemini-2.5-flash").with(func(t *translate.Target) { t.Caps.AudioIn = false }), chat: chatPart(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`),
			err: "messages[0].content[0]: this model takes no audio"},
		{name: "pain 22: an image in a result is an image, never text", messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[`+messagesImage+`]}]}`),
			want: contents(asked, called, `{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":""}}},`+inlinePNG+`]}`)},
		{name: "3.4: a document in a result, on Gemini 3", to: studio("gemini-3-pro-preview"), messages: turns(ask, messagesCall, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"`+pdf+`"}}]}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},`+skip+`}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":""},"parts":[`+inlineData("application/pdf", pdf)+`]}}]}`)},
		{name: "3.4: a video after a result, which takes none", to: studio("gemini-3-pro-preview"), chat: turns(ask, chatCall, `{"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"see"},{"type":"video_url","video_url":{"url":"gs://b/v.mp4"}}]}`),
			want: contents(asked, `{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{}},`+skip+`}]}`,
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"output":"see"}}},`+fileData("video/mp4", "gs://b/v.mp4")+`]}`)},
		{name: "3.3: a search result is told in text", messages: turns(`{"role":"user","content":[{"type":"search_result","title":"T","source":"https://h","content":[{"type":"text","text":"found"}]}]}`),
			want: sentPart(`{"text":"T\nhttps://h\nfound"}`), lost: "messages[0].content[0]=converted"},
		{name: "3.3: an image that the assistant made", chat: turns(ask, `{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,`+png+`"}}]}`, `{"role":"user","content":"bluer"}`),
			want: contents(asked, `{"role":"model","parts":[`+inlinePNG+`]}`, `{"role":"user","parts":[{"text":"bluer"}]}`)},
	})
}

func TestSystem(t *testing.T) {
	const hi = `{"role":"user","content":"hi"}`
	sentHi := contents(`{"role":"user","parts":[{"text":"hi"}]}`)
	runAll(t, []row{
		{name: "A45: system texts in the middle move to the front, in order",
			chat: turns(`{"role":"system","content":"one"}`, hi, `{"role":"assistant","content":"yes"}`, `{"role":"developer","content":"two"}`, `{"role":"user","content":"so"}`, `{"role":"system","content":[{"type":"text","text":"three"},{"type":"text","text":"four"}]}`),
			want: `"systemInstruction":{"parts":[{"text":"one"},{"text":"two"},{"text":"three"},{"text":"four"}]},` +
				contents(`{"role":"user","parts":[{"text":"hi"}]}`, `{"role":"model","parts":[{"text":"yes"}]}`, `{"role":"user","parts":[{"text":"so"}]}`),
			lost: "messages[3]=converted,messages[5]=converted"},
		{name: "A45: also those of Messages", messages: `"system":"one",` + turns(hi, `{"role":"assistant","content":"yes"}`, `{"role":"system","content":"two"}`, `{"role":"user","content":"so"}`),
			want: `"systemInstruction":{"parts":[{"text":"one"},{"text":"two"}]},` +
				contents(`{"role":"user","parts":[{"text":"hi"}]}`, `{"role":"model","parts":[{"text":"yes"}]}`, `{"role":"user","parts":[{"text":"so"}]}`),
			lost: "messages[2]=converted"},
		{name: "A45: a system text between two turns of the user's joins them", chat: turns(hi, `{"role":"system","content":"s"}`, `{"role":"user","content":"so"}`),
			want: `"systemInstruction":{"parts":[{"text":"s"}]},` + contents(`{"role":"user","parts":[{"text":"hi"},{"text":"so"}]}`), lost: "messages[1]=converted"},
		{name: "A46: nothing but a system text is what the user says", chat: turns(`{"role":"system","content":"hi"}`), messages: `"system":"hi",` + turns(`{"role":"user","content":""}`),
			want: `"systemInstruction":null,` + sentHi, lost: "system=converted"},
		{name: "A47: Gemma is told before the user's first text", to: studio("gemma-3-27b-it"), chat: turns(`{"role":"system","content":"Be brief."}`, hi), messages: `"system":"Be brief.",` + turns(hi),
			want: `"systemInstruction":null,` + contents(`{"role":"user","parts":[{"text":"Be brief.\n\n"},{"text":"hi"}]}`), lost: "system=converted"},
		{name: "A47: also if the assistant speaks first", to: studio("gemma-3-27b-it"), chat: turns(`{"role":"system","content":"s"}`, `{"role":"assistant","content":"yes"}`, hi),
			want: contents(`{"role":"user","parts":[{"text":"s\n\n"}]}`, `{"role":"model","parts":[{"text":"yes"}]}`, `{"role":"user","parts":[{"text":"hi"}]}`), lost: "system=converted"},
		{name: "3.2 3: neighbours of one role are one content", chat: turns(hi, `{"role":"user","content":"and"}`, `{"role":"assistant","content":"a"}`, `{"role":"assistant","content":"b"}`, `{"role":"user","content":"c"}`),
			want: contents(`{"role":"user","parts":[{"text":"hi"},{"text":"and"}]}`, `{"role":"model","parts":[{"text":"a"},{"text":"b"}]}`, `{"role":"user","parts":[{"text":"c"}]}`)},
		{name: "3.2 4: a turn of unsigned reasoning alone is left out", chat: turns(hi, `{"role":"assistant","reasoning_content":"Hm.","content":""}`, `{"role":"user","content":"so"}`),
			want: contents(`{"role":"user","parts":[{"text":"hi"},{"text":"so"}]}`), lost: "messages[1]=dropped"},
		{name: "3.2: a refusal is text", chat: turns(hi, `{"role":"assistant","refusal":"No."}`, `{"role":"user","content":"so"}`),
			want: contents(`{"role":"user","parts":[{"text":"hi"}]}`, `{"role":"model","parts":[{"text":"No."}]}`, `{"role":"user","parts":[{"text":"so"}]}`)},
	})
}
