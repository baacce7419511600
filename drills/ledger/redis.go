package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"syscall"

	goredis "github.com/redis/go-redis/v9"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// redisServer is a Redis that can be flushed and frozen beside being stopped.
type redisServer struct {
	*servers.Server
	client *goredis.Client
	frozen *os.Process
}

// redis starts a server.
func (b *bench) redis() (*redisServer, error) {
	s, err := b.serve(servers.RunRedis())
	if err != nil {
		return nil, err
	}
	r := &redisServer{Server: s, client: goredis.NewClient(&goredis.Options{Addr: s.Addr})}
	b.closers = append(b.closers, func() {
		r.thaw() // or it could not end
		r.client.Close()
	})
	return r, nil
}

// option is the option of the state in it, with further settings.
func (r *redisServer) option(settings string) string {
	return fmt.Sprintf("state redis %s {\n%s}\n", r.Addr, settings)
}

// flush makes it forget all.
func (r *redisServer) flush() error { return r.client.FlushAll(context.Background()).Err() }

var processID = regexp.MustCompile(`process_id:(\d+)`)

// freeze lets it answer nobody, as one that is very slow, until thaw.
func (r *redisServer) freeze() error {
	info, err := r.client.Info(context.Background(), "server").Result()
	if err != nil {
		return err
	}
	found := processID.FindStringSubmatch(info)
	if found == nil {
		return errors.New("the server does not tell its process")
	}
	pid, _ := strconv.Atoi(found[1])
	if r.frozen, err = os.FindProcess(pid); err != nil {
		return err
	}
	return r.frozen.Signal(syscall.SIGSTOP)
}

func (r *redisServer) thaw() error {
	if r.frozen == nil {
		return nil
	}
	defer func() { r.frozen = nil }()
	return r.frozen.Signal(syscall.SIGCONT)
}
