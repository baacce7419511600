package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strconv"
	"syscall"
	"time"
)

// unknownCA makes a certificate that nobody trusts.
func unknownCA() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// fullBacklog is a listener that accepts nobody and whose queue is full, so that further
// connections are never established.
type fullBacklog struct {
	listener int // file descriptor
	waiting  []net.Conn
	address  string
}

// newFullBacklog listens with the shortest queue there is and fills it.
func newFullBacklog() (*fullBacklog, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	b := &fullBacklog{listener: fd}
	if err := b.listen(); err != nil {
		b.close()
		return nil, err
	}
	for {
		conn, err := net.DialTimeout("tcp", b.address, 300*time.Millisecond)
		if err != nil {
			return b, nil // the queue is full
		}
		b.waiting = append(b.waiting, conn)
	}
}

func (b *fullBacklog) listen() error {
	if err := syscall.Bind(b.listener, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	if err := syscall.Listen(b.listener, 0); err != nil {
		return err
	}
	name, err := syscall.Getsockname(b.listener)
	if err != nil {
		return err
	}
	b.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	return nil
}

func (b *fullBacklog) close() {
	for _, conn := range b.waiting {
		conn.Close()
	}
	syscall.Close(b.listener)
}
