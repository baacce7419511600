package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// act is what a double does when it has read a request. The connection is closed after it
// unless it calls keep.
type act func(x *exchange)

// double is a provider on a listener of its own.
type double struct {
	listener net.Listener
	act      act

	mu    sync.Mutex
	calls map[string]int    // by the provider's name of the model
	conns map[net.Conn]bool // true while a request is answered
}

// newDouble listens on loopback; with a certificate it speaks TLS.
func newDouble(act act, certificate *tls.Certificate) (*double, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &double{listener: l, act: act, calls: map[string]int{}, conns: map[net.Conn]bool{}}
	if certificate != nil {
		d.listener = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	go d.accept()
	return d, nil
}

func (d *double) address() string { return d.listener.Addr().String() }

func (d *double) accept() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.busy(conn, false)
		go d.serve(conn)
	}
}

// busy notes whether a request is being answered on a connection.
func (d *double) busy(conn net.Conn, busy bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[conn] = busy
}

// serve answers the requests of one connection.
func (d *double) serve(conn net.Conn) {
	defer func() {
		conn.Close()
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.conns, conn)
	}()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		x := &exchange{conn: conn, in: in, wire: wireOf(r), body: string(body)}
		x.model, x.stream = asked(r, body)
		d.mu.Lock()
		d.conns[conn] = true
		d.calls[x.model]++
		x.call = d.calls[x.model]
		d.mu.Unlock()
		d.act(x)
		if !x.kept {
			return
		}
		d.busy(conn, false)
	}
}

// asked tells which model is asked for, and whether as a stream.
func asked(r *http.Request, body []byte) (model string, stream bool) {
	if wireOf(r) == gemini {
		_, model, _ = strings.Cut(r.URL.Path, "/models/")
		model, method, _ := strings.Cut(model, ":")
		return model, strings.HasPrefix(method, "stream")
	}
	var q struct {
		Model  string
		Stream bool
	}
	json.NewDecoder(bytes.NewReader(body)).Decode(&q)
	return q.Model, q.Stream
}

// called is how often a model was asked for.
func (d *double) called(model string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[model]
}

// answering is how many requests are being answered.
func (d *double) answering() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, busy := range d.conns {
		if busy {
			n++
		}
	}
	return n
}

// dropIdle closes the connections that the gateway keeps for later.
func (d *double) dropIdle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn, busy := range d.conns {
		if !busy {
			conn.Close()
		}
	}
}

// close ends the listener and all connections.
func (d *double) close() {
	d.listener.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.conns {
		conn.Close()
	}
}

// exchange is one request that a double has read.
type exchange struct {
	conn   net.Conn
	in     *bufio.Reader
	wire   wire
	model  string
	body   string // of the request
	stream bool
	call   int // how often the model has been asked for, with this time
	kept   bool
	err    error // of writing
}

// send writes bytes as they are.
func (x *exchange) send(text string) {
	if x.err == nil {
		_, x.err = io.WriteString(x.conn, text)
	}
}

// begin writes the head of a good answer; its body comes in chunks.
func (x *exchange) begin() {
	contentType := "application/json"
	if x.stream {
		contentType = "text/event-stream"
	}
	x.send("HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nTransfer-Encoding: chunked\r\n\r\n")
}

// chunk writes a piece of the body.
func (x *exchange) chunk(text string) { x.send(fmt.Sprintf("%x\r\n%s\r\n", len(text), text)) }

// end ends the body and keeps the connection.
func (x *exchange) end() {
	x.send("0\r\n\r\n")
	x.keep()
}

// keep lets the connection be used again.
func (x *exchange) keep() { x.kept = x.err == nil }

// status writes an answer of any status; headers are lines.
func (x *exchange) status(status int, body string, headers ...string) {
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", status, http.StatusText(status), len(body))
	for _, h := range append(headers, "Content-Type: application/json") {
		head += h + "\r\n"
	}
	x.send(head + "\r\n" + body)
	x.keep()
}

// reset breaks the connection with RST.
func (x *exchange) reset() {
	if tcp, ok := x.conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	x.conn.Close()
}

// hold does nothing until the gateway closes the connection.
func (x *exchange) hold() { x.in.ReadByte() }

// forever writes a piece again and again until the gateway closes the connection.
func (x *exchange) forever(pause time.Duration, piece string) {
	for x.err == nil {
		x.chunk(piece)
		time.Sleep(pause)
	}
}

// healthyText is what the healthy provider says, faultyText what comes before a fault. They
// hold a character of several bytes.
const (
	healthyText = "Grüße vom gesunden Anbieter"
	faultyText  = "Der Anfang – "
)

// healthy answers well.
func healthy(x *exchange) {
	x.begin()
	if x.stream {
		x.chunk(x.wire.lifecycle() + x.wire.content(healthyText[:8]))
		x.chunk(x.wire.content(healthyText[8:]))
		x.chunk(x.wire.ending())
	} else {
		x.chunk(x.wire.whole(healthyText))
	}
	x.end()
}
