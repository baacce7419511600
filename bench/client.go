package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// patience is how long a client waits for an answer.
const patience = 60 * time.Second

// client is one keep-alive connection with a request that it repeats.
type client struct {
	address    string
	head, body []byte // of the request
	conn       net.Conn
	in         *bufio.Reader
	audit      audit
	// onChunk, if not nil, is called when something has arrived.
	onChunk func(seen int)
}

// newClient makes a client for a subject.
func newClient(address string, s subject, sc *scenario, body []byte) *client {
	head := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAnthropic-Version: 2023-06-01\r\nUser-Agent: bench\r\nContent-Length: %d\r\n\r\n", s.client.path(), address, benchKey, len(body))
	return &client{
		address: address,
		head:    head,
		body:    body,
		audit:   audit{client: s.client, stream: sc.stream, chunks: sc.chunks},
	}
}

// close ends the connection.
func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// ask makes the request and checks the answer. The time is that of the whole answer.
func (c *client) ask() (time.Duration, error) {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			return 0, err
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 4<<10)
	}
	began := time.Now()
	c.conn.SetDeadline(began.Add(patience))
	c.audit.reset()
	request := net.Buffers{c.head, c.body}
	_, err := request.WriteTo(c.conn)
	if err == nil {
		err = c.receive()
	}
	if err != nil {
		c.close()
		return 0, err
	}
	return time.Since(began), c.audit.finish()
}

// receive reads the answer.
func (c *client) receive() error {
	h, err := readHead(c.in)
	if err != nil {
		return err
	}
	if !strings.Contains(h.line, " 200 ") {
		body, _ := h.readBody(c.in, nil)
		return fmt.Errorf("%s: %.200s", h.line, body)
	}
	a := &c.audit
	if !h.chunked {
		a.got, err = h.readBody(c.in, a.got)
		a.arrived(time.Since(epoch))
		return err
	}
	for {
		n, err := readChunkSize(c.in)
		if err != nil {
			return err
		}
		if a.got, err = readN(c.in, a.got, n); err != nil {
			return err
		}
		if _, err = c.in.Discard(len("\r\n")); err != nil {
			return err
		}
		if n == 0 {
			return c.nothingMore()
		}
		if c.in.Buffered() == 0 || c.onChunk != nil {
			a.arrived(time.Since(epoch))
		}
		if c.onChunk != nil {
			c.onChunk(a.seen)
		}
	}
}

// nothingMore checks that nothing stands behind the end of a stream.
func (c *client) nothingMore() error {
	c.audit.arrived(time.Since(epoch))
	if n := c.in.Buffered(); n > 0 {
		return fmt.Errorf("%d bytes behind the end of the stream: %w", n, io.ErrUnexpectedEOF)
	}
	return nil
}
