package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience is how long a client waits for an answer: longer than each limit of the gateway
// here, so that a client that is left hanging is noticed.
const patience = 20 * time.Second

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
}

// client asks once, on a connection of its own.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body io.ReadCloser
	answer
}

// ask sends a request. The connection must be closed by the caller.
func ask(site string, w wire, body string, within time.Duration) (*client, error) {
	conn, err := net.DialTimeout("tcp", site, patience)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(within))
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAnthropic-Version: 2023-06-01\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", w.path(), site, clientKey, len(body), body)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 2<<10)}, nil
}

func (c *client) close() { c.conn.Close() }

// head reads the head of the answer.
func (c *client) head() error {
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	c.status, c.header, c.body = r.StatusCode, r.Header, r.Body
	return nil
}

// rest reads the answer to its end. A body that is cut off is an error.
func (c *client) rest() error {
	body, err := io.ReadAll(c.body)
	c.answer.body += string(body)
	if err != nil {
		return fmt.Errorf("the answer is cut off: %w after %q", err, tail(c.answer.body))
	}
	if n := c.in.Buffered(); n > 0 {
		return fmt.Errorf("%d bytes behind the answer", n)
	}
	return nil
}

// until reads until a text has come.
func (c *client) until(text string) error {
	buffer := make([]byte, 4<<10)
	for !strings.Contains(c.answer.body, text) {
		n, err := c.body.Read(buffer)
		c.answer.body += string(buffer[:n])
		if err != nil {
			return fmt.Errorf("%w before %q, after %q", err, text, tail(c.answer.body))
		}
	}
	return nil
}

// post asks and reads the whole answer.
func post(site string, w wire, body string) (*answer, error) {
	c, err := ask(site, w, body, patience)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.head(); err != nil {
		return nil, err
	}
	return &c.answer, c.rest()
}

func tail(s string) string { return s[max(0, len(s)-120):] }
