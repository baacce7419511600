package openai

import (
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// content reads a message's content: a string, a list of parts, or nothing (2.3).
func (q *request) content(v scan.Value, at translate.At) []translate.Block {
	switch v.Kind() {
	case scan.None, scan.Null:
		return nil
	case scan.String:
		return []translate.Block{{Kind: translate.TextBlock, Text: v.Text(), At: at}}
	case scan.Array:
	default:
		q.Fail(at, ".content", "must be a string or a list of parts")
		return nil
	}
	blocks := make([]translate.Block, 0, v.Len())
	for part := range v.Elements() {
		here := at
		here.Part = len(blocks)
		if !q.NeedKind(part, scan.Object, here, "") {
			return nil
		}
		b, ok := q.part(part, here)
		if !ok {
			return nil
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func (q *request) part(v scan.Value, at translate.At) (translate.Block, bool) {
	b := translate.Block{At: at, Cache: q.partMark(v, at)}
	kind := q.NeedText(v.Get("type"), at, ".type").String()
	switch kind {
	case "text":
		b.Text = q.NeedText(v.Get("text"), at, ".text")
		b.Signature = googleSignature(v)
		return b, q.Err == nil
	case "refusal":
		b.Kind, b.Text = translate.RefusalBlock, q.NeedText(v.Get("refusal"), at, ".refusal")
		return b, q.Err == nil
	}
	m := &translate.Media{}
	switch kind {
	case "image_url":
		q.image(m, v.Get("image_url"), at)
	case "input_audio":
		q.audio(m, v.Get("input_audio"), at)
	case "file":
		q.file(m, v.Get("file"), at)
	case "video_url", "input_video":
		m.Kind = translate.Video
		u := v.Get(kind)
		q.source(m, q.urlOf(u, at, "."+kind), at, "."+kind+".url")
		m.Clip = u.Get("video_metadata").Raw()
	default:
		q.Fail(at, ".type", "is "+strconv.Quote(kind)+", which is not known; parts are text, image_url, input_audio, file and video_url")
	}
	b.Kind, b.Media = translate.MediaBlock, m
	return b, q.Err == nil
}

// images reads the pictures of an earlier answer, as OpenRouter has them, with the
// signatures that Gemini wants back.
func (q *request) images(list scan.Value, at translate.At) []translate.Block {
	var blocks []translate.Block
	for v := range list.Elements() {
		m := &translate.Media{}
		q.image(m, v.Get("image_url"), at)
		blocks = append(blocks, translate.Block{Kind: translate.MediaBlock, Media: m, Signature: googleSignature(v), At: at})
	}
	return blocks
}

// partMark reads a part's cache mark in either spelling.
func (q *request) partMark(v scan.Value, at translate.At) *translate.CacheMark {
	if b := v.Get("prompt_cache_breakpoint"); b.Get("mode").Text().Equal("explicit") {
		return &translate.CacheMark{TTL: cacheTTL(b.Get("ttl"))}
	}
	return q.cacheMark(v.Get("cache_control"), at, ".cache_control")
}

// urlOf reads an object with a url, or the URL itself, which some clients send.
func (q *request) urlOf(v scan.Value, at translate.At, suffix string) scan.Text {
	if v.Kind() == scan.String {
		return v.Text()
	}
	if !q.NeedKind(v, scan.Object, at, suffix) {
		return nil
	}
	return q.NeedText(v.Get("url"), at, suffix+".url")
}

func (q *request) image(m *translate.Media, v scan.Value, at translate.At) {
	m.Kind = translate.Image
	q.source(m, q.urlOf(v, at, ".image_url"), at, ".image_url.url")
	m.Detail = v.Get("detail").Str()
	if m.Data == nil || q.Err != nil {
		return
	}
	m.Type = media.SniffBase64(m.Data, m.Type) // a wrong label is corrected
	switch {
	case m.Type == "application/pdf":
		m.Kind = translate.Document
	case !strings.HasPrefix(m.Type, "image/"):
		q.Fail(at, ".image_url.url", "holds media of type "+strconv.Quote(m.Type)+", not an image")
	}
}

// source reads a data URL, or keeps another URL as it is.
func (q *request) source(m *translate.Media, url scan.Text, at translate.At, suffix string) {
	if q.Err != nil {
		return
	}
	if media.IsDataURL(url) {
		mediaType, data, err := media.ParseDataURL(url.Bytes())
		if err != nil {
			q.Fail(at, suffix, "is broken: "+err.Error())
		}
		m.Type, m.Data = mediaType, data
		return
	}
	scheme, rest, ok := strings.Cut(url.String(), "://")
	if !ok || rest == "" || scheme != "http" && scheme != "https" && scheme != "gs" {
		q.Fail(at, suffix, "must be a data URL or an address that begins with https:// or http://")
		return
	}
	m.URL = url
}

func (q *request) audio(m *translate.Media, v scan.Value, at translate.At) {
	m.Kind = translate.Audio
	if !q.NeedKind(v, scan.Object, at, ".input_audio") {
		return
	}
	data := q.NeedText(v.Get("data"), at, ".input_audio.data").Bytes()
	format := strings.ToLower(q.NeedText(v.Get("format"), at, ".input_audio.format").String())
	if media.IsDataURL(data) {
		q.source(m, v.Get("data").Text(), at, ".input_audio.data")
		return
	}
	clean, err := media.Base64(data)
	if err != nil && q.Err == nil {
		q.Fail(at, ".input_audio.data", "is not valid base64")
	}
	if m.Data = clean; !strings.Contains(format, "/") {
		format = "audio/" + format
	}
	m.Type = media.Canonical(format)
}

// file reads a document: a data URL, plain base64 or an address, with a name.
func (q *request) file(m *translate.Media, v scan.Value, at translate.At) {
	m.Kind = translate.Document
	if !q.NeedKind(v, scan.Object, at, ".file") {
		return
	}
	m.Name = q.Text(v.Get("filename"), at, ".file.filename")
	data := q.Text(v.Get("file_data"), at, ".file.file_data")
	switch {
	case len(data) == 0:
		if m.FileID = q.Text(v.Get("file_id"), at, ".file.file_id"); m.FileID == nil {
			q.Fail(at, ".file", "must have file_data or file_id")
		}
		return
	case media.IsDataURL(data), data.HasPrefix("http"), data.HasPrefix("gs:"):
		q.source(m, data, at, ".file.file_data")
	default:
		clean, err := media.Base64(data.Bytes())
		if err != nil {
			q.Fail(at, ".file.file_data", "is neither a data URL nor valid base64")
		}
		m.Data = clean
	}
	if m.Data == nil {
		return
	}
	if m.Type == "" {
		m.Type = media.TypeByExtension(m.Name.String())
	}
	m.Type = media.SniffBase64(m.Data, m.Type)
	switch kind, _, _ := strings.Cut(m.Type, "/"); kind {
	case "image":
		m.Kind = translate.Image
	case "audio":
		m.Kind = translate.Audio
	case "video":
		m.Kind = translate.Video
	}
}
