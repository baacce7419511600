// Package media knows about images, documents, audio and video as far as a gateway
// must: what type they are, how they stand in data URLs, and how they are fetched
// from elsewhere without being led astray.
package media

import (
	"bytes"
	"encoding/base64"
	"errors"
	"path"
	"strings"
)

// ErrDataURL is the error for text that is no data URL with base64 data.
var ErrDataURL = errors.New("not a data URL of the form data:<type>;base64,<data>")

// IsDataURL reports whether a URL is a data URL.
func IsDataURL(s []byte) bool { return len(s) >= 5 && strings.EqualFold(string(s[:5]), "data:") }

// ParseDataURL takes a data URL apart. The data is a part of s, unless it had to be
// cleaned. The type is in lower case and without parameters, "" if there is none.
func ParseDataURL(s []byte) (mediaType string, data []byte, err error) {
	head, data, found := bytes.Cut(s, []byte{','})
	if !found || !IsDataURL(head) {
		return "", nil, ErrDataURL
	}
	parts := strings.Split(strings.ToLower(string(head[5:])), ";")
	if strings.TrimSpace(parts[len(parts)-1]) != "base64" {
		return "", nil, ErrDataURL
	}
	data, err = Base64(data)
	return Canonical(parts[0]), data, err
}

// Canonical gives the proper name of a media type that often goes by another.
func Canonical(mediaType string) string {
	mediaType, _, _ = strings.Cut(strings.ToLower(mediaType), ";")
	switch mediaType = strings.TrimSpace(mediaType); mediaType {
	case "image/jpg", "image/pjpeg":
		return "image/jpeg"
	case "application/x-pdf":
		return "application/pdf"
	case "audio/mp3":
		return "audio/mpeg"
	case "audio/x-wav", "audio/wave":
		return "audio/wav"
	case "video/mov":
		return "video/quicktime"
	case "base64":
		return ""
	}
	return mediaType
}

// SniffBase64 tells the media type of base64 data by its first bytes; where those tell
// nothing it is the declared one.
func SniffBase64(data []byte, declared string) string {
	var head [48]byte
	n, _ := base64.StdEncoding.Decode(head[:], data[:min(len(data), 64)/4*4])
	return Sniff(head[:n], declared)
}

// signature is how data of a type begins.
type signature struct {
	at        int
	bytes     string
	mediaType string
}

var signatures = []signature{
	{0, "\x89PNG\r\n\x1a\n", "image/png"},
	{0, "\xff\xd8\xff", "image/jpeg"},
	{0, "GIF87a", "image/gif"},
	{0, "GIF89a", "image/gif"},
	{8, "WEBP", "image/webp"},
	{0, "%PDF-", "application/pdf"},
	{0, "BM", "image/bmp"},
	{4, "ftypheic", "image/heic"},
	{4, "ftypavif", "image/avif"},
	{4, "ftypqt", "video/quicktime"},
	{4, "ftypM4A", "audio/mp4"},
	{4, "ftyp", "video/mp4"},
	{0, "\x1aE\xdf\xa3", "video/webm"},
	{8, "WAVE", "audio/wav"},
	{0, "ID3", "audio/mpeg"},
	{0, "\xff\xfb", "audio/mpeg"},
	{0, "OggS", "audio/ogg"},
	{0, "fLaC", "audio/flac"},
}

// Sniff tells the media type of data by its first bytes; where those tell nothing it
// is the declared one in its canonical form.
func Sniff(head []byte, declared string) string {
	for _, s := range signatures {
		if len(head) >= s.at+len(s.bytes) && string(head[s.at:s.at+len(s.bytes)]) == s.bytes {
			if s.mediaType == "image/bmp" && declared != "" {
				continue // two letters are too weak a sign to overrule a declaration
			}
			return s.mediaType
		}
	}
	return Canonical(declared)
}

var extensions = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".bmp": "image/bmp", ".heic": "image/heic", ".heif": "image/heif", ".pdf": "application/pdf", ".txt": "text/plain",
	".html": "text/html", ".htm": "text/html", ".css": "text/css", ".csv": "text/csv", ".md": "text/markdown",
	".xml": "text/xml", ".json": "application/json", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".ogg": "audio/ogg",
	".flac": "audio/flac", ".aac": "audio/aac", ".m4a": "audio/mp4", ".mp4": "video/mp4", ".mpeg": "video/mpeg",
	".mpg": "video/mpeg", ".mov": "video/quicktime", ".webm": "video/webm", ".avi": "video/avi", ".wmv": "video/wmv",
	".flv": "video/x-flv", ".3gp": "video/3gpp",
}

// TypeByExtension guesses a media type from the path of a URL or from a file name,
// without query and fragment; "" if it tells nothing.
func TypeByExtension(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	if _, rest, ok := strings.Cut(url, "://"); ok { // a host may end in .mov, too
		_, url, _ = strings.Cut(rest, "/")
	}
	return extensions[strings.ToLower(path.Ext(url))]
}
