package xjpgateway

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// maxFetched bounds how many URLs of one request are downloaded.
const maxFetched = 20

// inline downloads the media that the request names by URL and the provider does not
// fetch itself, and puts their bytes in place of the URLs. The request's blocks are
// shared with other attempts, so changed turns are copied.
func (a *attempt) inline(req *translate.Request) *translate.Error {
	fetched := 0
	turns := req.Turns
	for i := range turns {
		blocks, changed, err := a.inlineBlocks(turns[i].Blocks, &fetched)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		if &req.Turns[0] == &turns[0] {
			req.Turns = append([]translate.Turn(nil), turns...)
		}
		req.Turns[i].Blocks = blocks
	}
	return nil
}

// inlineBlocks returns blocks with their remote media inlined, results included.
func (a *attempt) inlineBlocks(blocks []translate.Block, fetched *int) ([]translate.Block, bool, *translate.Error) {
	out, changed := blocks, false
	put := func(i int, b translate.Block) {
		if !changed {
			out, changed = append([]translate.Block(nil), blocks...), true
		}
		out[i] = b
	}
	for i, b := range blocks {
		switch {
		case b.Kind == translate.MediaBlock && len(b.Media.URL) > 0 && a.mustFetch(b.Media):
			m, err := a.fetch(b.Media, b.At.String(), fetched)
			if err != nil {
				return nil, false, err
			}
			b.Media = m
			put(i, b)
		case b.Kind == translate.ResultBlock:
			inner, touched, err := a.inlineBlocks(b.Result.Blocks, fetched)
			if err != nil {
				return nil, false, err
			}
			if touched {
				r := *b.Result
				r.Blocks = inner
				b.Result = &r
				put(i, b)
			}
		}
	}
	return out, changed, nil
}

// mustFetch reports whether the provider takes a medium only as bytes.
func (a *attempt) mustFetch(m *translate.Media) bool {
	caps := &a.sent.Caps
	if a.nativeURL(m) {
		return false
	}
	switch m.Kind {
	case translate.Image:
		return !caps.ImageURL || !mayBeImage(m.URL.String())
	case translate.Document:
		return !caps.PDFURL
	}
	return !caps.VideoURL
}

// mayBeImage reports whether a URL may lead to an image. What goes by the name of another
// type is looked at first, since providers refuse a PDF under an image's name (trap 41).
func mayBeImage(url string) bool {
	mediaType := media.TypeByExtension(url)
	return mediaType == "" || strings.HasPrefix(mediaType, "image/")
}

// nativeURL reports whether a provider of Gemini takes the URL as it is: YouTube and
// Google's own storage are never downloaded (A43).
func (a *attempt) nativeURL(m *translate.Media) bool {
	if a.target.route.Wire != "gemini" {
		return false
	}
	return m.URL.HasPrefix("gs://") || m.URL.HasPrefix("https://generativelanguage.googleapis.com/") || onYouTube(m.URL.String())
}

// onYouTube reports whether a URL leads to YouTube, whose pages are no videos.
func onYouTube(url string) bool {
	for _, prefix := range []string{"https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/"} {
		if strings.HasPrefix(url, prefix) {
			return true
		}
	}
	return false
}

// fetch downloads one medium under guard.
func (a *attempt) fetch(m *translate.Media, field string, fetched *int) (*translate.Media, *translate.Error) {
	object, err := a.download(m.URL.String(), field, fetched)
	if err != nil {
		return nil, err
	}
	got := *m
	got.URL, got.Type, got.Data = nil, object.Type, encodeBase64(object.Data)
	return &got, nil
}

func (a *attempt) download(url, field string, fetched *int) (*media.Object, *translate.Error) {
	if a.c.s.fetcher == nil {
		return nil, translate.Invalid(field, "the provider takes no URLs and fetching them is switched off; send the data itself")
	}
	if *fetched++; *fetched > maxFetched {
		return nil, translate.Invalid(field, "the request names more URLs than the gateway downloads for one request")
	}
	object, err := a.c.s.fetcher.Fetch(a.ctx, url)
	if err == nil {
		return object, nil
	}
	message := "the URL could not be fetched"
	var refused *media.Error
	if errors.As(err, &refused) {
		message = refused.Error()
	}
	return nil, translate.Invalid(field, message)
}

func encodeBase64(data []byte) []byte {
	out := make([]byte, base64.StdEncoding.EncodedLen(len(data)))
	base64.StdEncoding.Encode(out, data)
	return out
}

// inlineRemote adds to the edits of a passed request those that inline URLs which the
// provider does not fetch itself.
func (a *attempt) inlineRemote(edits []scan.Edit) ([]scan.Edit, *translate.Error) {
	switch a.target.route.Wire {
	case "anthropic":
		return a.inlineSources(edits)
	case "openai":
		return a.inlineParts(edits)
	}
	return edits, nil
}

// inlineSources inlines images and documents, as for Claude on Vertex AI (B27).
func (a *attempt) inlineSources(edits []scan.Edit) ([]scan.Edit, *translate.Error) {
	if a.sent.Caps.ImageURL && a.sent.Caps.PDFURL {
		return edits, nil
	}
	fetched := 0
	for _, remote := range anthropic.RemoteMedia(a.c.document()) {
		if remote.Kind == translate.Image && a.sent.Caps.ImageURL || remote.Kind == translate.Document && a.sent.Caps.PDFURL {
			continue
		}
		object, err := a.download(remote.URL, remote.Field, &fetched)
		if err != nil {
			return nil, err
		}
		edits = append(edits, scan.Edit{Start: remote.Source.Start(), End: remote.Source.End(), With: anthropic.Base64Source(object.Type, encodeBase64(object.Data))})
	}
	return sorted(edits), nil
}

// inlineParts inlines images for Chat providers that take no URLs of them, and videos for
// providers behind OpenRouter that take none but YouTube's, as the route says (D26).
func (a *attempt) inlineParts(edits []scan.Edit) ([]scan.Edit, *translate.Error) {
	caps := &a.sent.Caps
	var remotes []openai.Remote
	if caps.Images && !caps.ImageURL {
		remotes = openai.RemoteParts(a.c.document(), "image_url")
	}
	if a.sent.Quirks.OpenRouter && !caps.VideoURL {
		remotes = append(remotes, openai.RemoteParts(a.c.document(), "video_url")...)
	}
	fetched := 0
	for _, remote := range remotes {
		if onYouTube(remote.URL) {
			continue
		}
		object, err := a.download(remote.URL, remote.Field, &fetched)
		if err != nil {
			return nil, err
		}
		with := append([]byte(`"data:`+object.Type+`;base64,`), encodeBase64(object.Data)...)
		edits = append(edits, scan.Edit{Start: remote.Value.Start(), End: remote.Value.End(), With: append(with, '"')})
	}
	if len(remotes) == 0 {
		return edits, nil
	}
	return sorted(edits), nil
}
