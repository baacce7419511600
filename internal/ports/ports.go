// Package ports finds ports for servers that tests and drills start.
package ports

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports of outgoing connections come from above these, on all systems: one that is found among
// them stays free until the server that it is for listens.
const (
	first = 10_000
	count = 20_000
	tries = 1000
)

// Hold listens on a port of loopback that was free, until the listener is closed.
func Hold() (net.Listener, error) {
	var errs []error
	for range tries {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(count))))
		if err == nil {
			return l, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs[:3]...)
}
