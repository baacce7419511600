package sse

import "bytes"

// Done is the record that ends a stream of the Chat dialect.
const Done = "data: [DONE]\n\n"

// AppendEvent appends one record: an event line unless name is empty, and one data
// line. The data must not contain line ends, as JSON on one line never does. Chat
// records have no name; Messages clients skip records without one (trap 116).
func AppendEvent(dst []byte, name string, data []byte) []byte {
	dst = AppendOpen(dst, name)
	dst = append(dst, data...)
	return AppendClose(dst)
}

// OneLine replaces the line ends between the values of a JSON document by spaces, since
// an event's data must stand on one line. Inside of JSON strings there are none.
func OneLine(data []byte) {
	for _, end := range [...]byte{'\n', '\r'} {
		for rest := data; ; {
			i := bytes.IndexByte(rest, end)
			if i < 0 {
				break
			}
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
}

// AppendOpen appends the beginning of a record, up to where its data goes. The
// caller appends the data, on one line, and ends the record by AppendClose.
func AppendOpen(dst []byte, name string) []byte {
	if name != "" {
		dst = append(dst, "event: "...)
		dst = append(dst, name...)
		dst = append(dst, '\n')
	}
	return append(dst, "data: "...)
}

// AppendClose ends the record that AppendOpen began.
func AppendClose(dst []byte) []byte {
	return append(dst, "\n\n"...)
}

// AppendComment appends a record of one comment line, which clients of the Chat
// dialect skip and which keeps the connection alive (wire-openai-anthropic.md 5.1).
// The text must not contain line ends.
func AppendComment(dst []byte, text string) []byte {
	dst = append(dst, ": "...)
	dst = append(dst, text...)
	return append(dst, "\n\n"...)
}
