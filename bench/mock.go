package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// epoch is when the bench began; the stamps in chunks count from it.
var epoch = time.Now()

// mock is the upstream. It knows just enough of HTTP/1.1 to read a request and to write
// one of its prebuilt answers, so that it takes little from the machine.
type mock struct {
	listener net.Listener
	script   atomic.Pointer[script]
	// wrong counts requests that did not arrive whole.
	wrong atomic.Int64
	conns sync.Map // of net.Conn
}

// script is how the upstream answers at the moment.
type script struct {
	answers   map[wire]*answer
	pace      time.Duration
	minimum   int           // bytes that each request must have
	gate      chan struct{} // if not nil, streams wait for it after gateAfter chunks
	gateAfter int
}

// answer is the answer of one dialect, as bytes of HTTP. It is sent at once, or chunk by
// chunk.
type answer struct {
	whole  []byte
	head   []byte
	chunks [][]byte
	stamps []int // where the time goes in each chunk, -1 is nowhere
}

// startMock begins to listen on loopback.
func startMock() (*mock, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &mock{listener: l}
	go m.accept()
	return m, nil
}

func (m *mock) port() int { return m.listener.Addr().(*net.TCPAddr).Port }

// close ends all connections.
func (m *mock) close() {
	m.listener.Close()
	m.conns.Range(func(conn, _ any) bool {
		conn.(net.Conn).Close()
		return true
	})
}

// newScript makes the answers for a scenario; sent is the size of what clients send.
func newScript(s *scenario, sent int) *script {
	made := &script{answers: map[wire]*answer{}, pace: s.pace, minimum: sent * 7 / 10}
	for _, w := range wires {
		made.answers[w] = newAnswer(w, s)
	}
	return made
}

// newAnswer builds an answer as bytes of HTTP.
func newAnswer(w wire, s *scenario) *answer {
	if !s.stream {
		body := wholeAnswer(w, s.chunks)
		return &answer{whole: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)}
	}
	a := &answer{head: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n")}
	for _, r := range streamRecords(w, s.chunks) {
		chunk := fmt.Appendf(nil, "%x\r\n%s\r\n", len(r), r)
		a.chunks = append(a.chunks, chunk)
		a.stamps = append(a.stamps, bytes.Index(chunk, []byte(noStamp)))
	}
	a.chunks = append(a.chunks, []byte("0\r\n\r\n"))
	a.stamps = append(a.stamps, -1)
	a.whole = append(bytes.Clone(a.head), bytes.Join(a.chunks, nil)...)
	return a
}

func (m *mock) accept() {
	for {
		conn, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.conns.Store(conn, nil)
		go m.serve(conn)
	}
}

// serve answers the requests of one connection.
func (m *mock) serve(conn net.Conn) {
	defer func() {
		conn.Close()
		m.conns.Delete(conn)
	}()
	in := bufio.NewReaderSize(conn, 4<<10)
	var body []byte
	for {
		head, err := readHead(in)
		if err != nil {
			return
		}
		if body, err = head.readBody(in, body[:0]); err != nil {
			return
		}
		played := m.script.Load()
		if len(body) < played.minimum || !bytes.Contains(body[max(0, len(body)-40<<10):], []byte(endOfPrompt)) {
			m.wrong.Add(1)
		}
		if played.send(conn, played.answers[head.wire()]) != nil {
			return
		}
		if cap(body) > 1<<20 && played.minimum < 1<<20 {
			body = nil
		}
	}
}

// send writes an answer in the way of the script.
func (s *script) send(conn net.Conn, a *answer) error {
	if s.pace == 0 && s.gate == nil {
		_, err := conn.Write(a.whole)
		return err
	}
	out := bytes.Clone(a.head)
	next := time.Now()
	for i, chunk := range a.chunks {
		if s.pace > 0 && a.stamps[i] >= 0 {
			next = next.Add(s.pace)
			time.Sleep(time.Until(next))
		}
		if s.gate != nil && i == s.gateAfter {
			<-s.gate
		}
		from := len(out)
		out = append(out, chunk...)
		if at := a.stamps[i]; at >= 0 {
			stamp(out[from+at:])
		}
		if _, err := conn.Write(out); err != nil {
			return err
		}
		out = out[:0]
	}
	return nil
}

// stamp writes the time into a chunk.
func stamp(to []byte) {
	n := time.Since(epoch).Nanoseconds()
	for i := stampDigits - 1; i >= 0; i-- {
		to[i] = byte('0' + n%10)
		n /= 10
	}
}

// head is what a receiver must know of the head of a request or an answer.
type head struct {
	line    string
	length  int64
	chunked bool
}

// readHead reads up to the empty line.
func readHead(in *bufio.Reader) (h head, err error) {
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			h.line = string(line)
			continue
		}
		if len(line) == 0 {
			return h, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if h.length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return h, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			h.chunked = true
		}
	}
}

// readBody appends the body to dst.
func (h *head) readBody(in *bufio.Reader, dst []byte) ([]byte, error) {
	if !h.chunked {
		return readN(in, dst, h.length)
	}
	for {
		n, err := readChunkSize(in)
		if err != nil {
			return dst, err
		}
		if dst, err = readN(in, dst, n); err != nil {
			return dst, err
		}
		if _, err = in.Discard(len("\r\n")); err != nil || n == 0 {
			return dst, err
		}
	}
}

func readChunkSize(in *bufio.Reader) (int64, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 64)
}

// readN appends the next n bytes to dst.
func readN(in *bufio.Reader, dst []byte, n int64) ([]byte, error) {
	from := len(dst)
	if need := from + int(n); need > cap(dst) {
		dst = append(make([]byte, 0, need+need/2), dst...)
	}
	dst = dst[:from+int(n)]
	_, err := io.ReadFull(in, dst[from:])
	return dst, err
}

// wire tells by its path which dialect a request is in.
func (h *head) wire() wire {
	switch {
	case bytes.Contains([]byte(h.line), []byte("/chat/completions")):
		return chat
	case bytes.Contains([]byte(h.line), []byte("/v1/messages")):
		return messages
	}
	return gemini
}
