package redis

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/rickyjim626/xjp-gateway/idempotency"
)

var (
	//go:embed lua/begin.lua
	beginLua string
	//go:embed lua/finish.lua
	finishLua string

	beginScript  = goredis.NewScript(beginLua)
	finishScript = goredis.NewScript(finishLua)
)

// Answers keeps answers on the server, each under a key of its own that expires by itself.
// How many bytes they may take is for the server's own settings to say. It is an
// idempotency.Store.
type Answers struct {
	client  goredis.UniversalClient
	prefix  string
	timeout time.Duration // for an answer on its way; it is longer than for a count
	health  *health
	virtual bool // as in counts
}

func (a *Answers) key(id idempotency.ID) []string {
	return []string{a.prefix + ":answer:" + hex.EncodeToString(id[:])}
}

func (a *Answers) time(now time.Time) int64 {
	if a.virtual {
		return now.UnixMilli()
	}
	return 0
}

// run runs a script, unless it is known that the server does not answer.
func (a *Answers) run(ctx context.Context, script *goredis.Script, id idempotency.ID, args ...any) *goredis.Cmd {
	if a.health.down() {
		cmd := goredis.NewCmd(ctx)
		cmd.SetErr(errDown)
		return cmd
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	return script.Run(ctx, a.client, a.key(id), args...)
}

var errDown = errors.New("the server of the state redis cannot be reached")

// Begin implements idempotency.Store.
func (a *Answers) Begin(ctx context.Context, id idempotency.ID, fingerprint [32]byte, owner string, now time.Time) (idempotency.State, *idempotency.Answer, error) {
	words, err := a.run(ctx, beginScript, id, a.time(now), idempotency.Claim.Milliseconds(), string(fingerprint[:]), owner).StringSlice()
	if err != nil {
		return 0, nil, err
	}
	state, known := states[words[0]]
	if !known || state == idempotency.Answered && len(words) != 6 {
		return 0, nil, fmt.Errorf("the script answered %.40q", words[0])
	}
	if state != idempotency.Answered {
		return state, nil, nil
	}
	status, err := strconv.Atoi(words[1])
	return state, &idempotency.Answer{Status: status, Header: []byte(words[2]), Body: []byte(words[3]), Stream: words[4] == "1", Request: words[5]}, err
}

var states = map[string]idempotency.State{
	"fresh": idempotency.Fresh, "running": idempotency.Running, "answered": idempotency.Answered,
	"different": idempotency.Different, "unstorable": idempotency.Unstorable,
}

// Finish implements idempotency.Store.
func (a *Answers) Finish(ctx context.Context, id idempotency.ID, owner string, answer *idempotency.Answer, ttl time.Duration, now time.Time) error {
	if answer == nil {
		answer = &idempotency.Answer{}
	}
	return a.run(ctx, finishScript, id, a.time(now), owner, ttl.Milliseconds(), answer.Status, answer.Header, answer.Body, answer.Stream, answer.Request).Err()
}

// Abandon implements idempotency.Store.
func (a *Answers) Abandon(ctx context.Context, id idempotency.ID, owner string) error {
	return a.run(ctx, finishScript, id, 0, owner).Err()
}

// Close implements idempotency.Store. The connections are the engine's.
func (a *Answers) Close() error { return nil }
