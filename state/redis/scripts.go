package redis

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/rickyjim626/xjp-gateway/limits"
)

var (
	//go:embed lua/common.lua
	commonLua string
	//go:embed lua/reserve.lua
	reserveLua string
	//go:embed lua/amend.lua
	amendLua string
	//go:embed lua/used.lua
	usedLua string
	//go:embed lua/probe.lua
	probeLua string
	//go:embed lua/census.lua
	censusLua string

	reserveScript = goredis.NewScript(commonLua + reserveLua)
	amendScript   = goredis.NewScript(commonLua + amendLua)
	usedScript    = goredis.NewScript(commonLua + usedLua)
	probeScript   = goredis.NewScript(probeLua)
	censusScript  = goredis.NewScript(censusLua)
)

// counts are the counts of limits on the server. Each method is one round trip, which takes
// no longer than the timeout.
type counts struct {
	client  goredis.UniversalClient
	prefix  string
	timeout time.Duration
	// virtual says that the caller's time is to be taken for the server's, in tests.
	virtual bool
}

func (c *counts) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
}

// call is the keys and arguments that all scripts begin with.
func (c *counts) call(tenant, lease string, now time.Time, meters []limits.Meter) (keys []string, args []any) {
	base := c.prefix + ":{t:" + url.QueryEscape(tenant) + "}:"
	slots := base + "slots"
	keys = append(make([]string, 0, 5+len(meters)), base+"leases", base+"records", slots, base+"nodes", base+"born")
	for i := range meters {
		switch m := &meters[i]; m.Kind {
		case limits.Slots:
			keys = append(keys, slots)
		case limits.Rate:
			keys = append(keys, base+"rate:"+m.Key)
		default:
			keys = append(keys, base+"quota:"+m.Key+":"+m.Window)
		}
	}
	var given int64
	if c.virtual {
		given = now.UnixMilli()
	}
	args = append(make([]any, 0, 7+6*len(meters)), given, limits.Expiry.Milliseconds(), limits.Afterlife.Milliseconds(), lease)
	return keys, args
}

// timeOf is a rate's period, or the end of a quota's window, 0 if it has none.
func timeOf(m *limits.Meter) int64 {
	switch {
	case m.Kind == limits.Rate:
		return m.Period.Milliseconds()
	case m.Ends.IsZero():
		return 0
	}
	return m.Ends.UnixMilli()
}

func kindOf(m *limits.Meter) string { return [...]string{"r", "q", "s"}[m.Kind] }

// nameOf is the meter's key as one word, that of a quota with its window.
func nameOf(m *limits.Meter) string {
	name := m.Key
	if strings.ContainsAny(name, " \t\r\n\v\f%") {
		name = url.PathEscape(name)
	}
	if m.Kind == limits.Quota {
		name += ":" + m.Window
	}
	return name
}

// taking is the answer to reserve.
type taking struct {
	// unknown are the quotas that the ledger is to be asked of first; nothing was taken.
	unknown []int
	// refused is the place of the meter that had no room, for wait, or -1; settled is what of
	// it is not only reserved, if it is a quota.
	refused int
	wait    time.Duration
	settled int64
	// more is for how many more requests was taken.
	more int64
	born string
	// used and owed are those of each meter, after what was taken.
	used []int64
	owed []bool
}

// ledgerSays is what the ledger says of each of a lease's quotas: "" where it was not asked,
// a count, or notSaid.
type ledgerSays map[int]string

// notSaid counts from 0 until the ledger answers.
const notSaid = "0?"

// reserve takes the amounts of meters for a lease, and as many for more requests.
func (c *counts) reserve(ctx context.Context, s *share, node string, more int64, says ledgerSays, now time.Time) (*taking, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	keys, args := c.call(s.tenant, s.id, now, s.meters)
	args = append(args, node, more)
	for i := range s.meters {
		m := &s.meters[i]
		args = append(args, kindOf(m), m.Limit, m.Amount, timeOf(m), nameOf(m), says[i])
	}
	words, err := reserveScript.Run(ctx, c.client, keys, args...).StringSlice()
	if err != nil {
		return nil, err
	}
	return readTaking(words)
}

func readTaking(words []string) (*taking, error) {
	r := reader{words: words}
	t := &taking{refused: -1}
	switch status := r.word(); status {
	case "exists":
		return nil, limits.ErrLease
	case "unknown":
		for len(r.words) > 0 {
			t.unknown = append(t.unknown, int(r.number()))
		}
		return t, r.err
	case "refused":
		t.refused, t.wait, t.settled = int(r.number()), time.Duration(r.number())*time.Millisecond, r.number()
	case "taken":
		t.more, t.born = r.number(), r.word()
	default:
		return nil, fmt.Errorf("the script answered %.40q", status)
	}
	t.used, t.owed = r.counts()
	return t, r.err
}

// reader reads the words of an answer. Its err is that of the first that was no number.
type reader struct {
	words []string
	err   error
}

func (r *reader) word() (word string) {
	if len(r.words) > 0 {
		word, r.words = r.words[0], r.words[1:]
	}
	return word
}

func (r *reader) number() int64 {
	n, err := strconv.ParseInt(r.word(), 10, 64)
	if err != nil && r.err == nil {
		r.err = err
	}
	return n
}

// counts reads what is used, and whether it is owed, to the end.
func (r *reader) counts() (used []int64, owed []bool) {
	for len(r.words) > 0 && r.err == nil {
		used, owed = append(used, r.number()), append(owed, r.word() == "1")
	}
	return used, owed
}

// amendment is what is to be counted for a lease in place of what was.
type amendment struct {
	share   *share
	what    string
	amounts []int64
	// reserved is what of the amounts is not used yet.
	reserved []int64
	born     string
}

// amend sends amendments together, and reports for each whether it was counted.
func (c *counts) amend(ctx context.Context, list []amendment, now time.Time) ([]error, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	cmds := c.pipe(ctx, list, now, amendScript.EvalSha)
	if lacksScript(cmds) {
		cmds = c.pipe(ctx, list, now, amendScript.Eval)
	}
	var failed error
	errs := make([]error, len(list))
	for i, cmd := range cmds {
		born, err := cmd.Text()
		if errs[i] = err; err != nil {
			failed = err
			continue
		}
		list[i].born = born
	}
	return errs, failed
}

// pipe sends amendments by one round trip. Those that are sent again do no harm.
func (c *counts) pipe(ctx context.Context, list []amendment, now time.Time, eval func(context.Context, goredis.Scripter, []string, ...any) *goredis.Cmd) []*goredis.Cmd {
	cmds := make([]*goredis.Cmd, len(list))
	pipe := c.client.Pipeline()
	for i := range list {
		a := &list[i]
		keys, args := c.call(a.share.tenant, a.share.id, now, a.share.meters)
		args = append(args, a.what, a.born)
		for j := range a.share.meters {
			m := &a.share.meters[j]
			args = append(args, kindOf(m), m.Limit, a.amounts[j], timeOf(m), nameOf(m), a.reserved[j])
		}
		cmds[i] = eval(ctx, pipe, keys, args...)
	}
	// Each command has its own error, unless the server has refused the connection.
	_, err := pipe.Exec(ctx)
	for _, cmd := range cmds {
		if cmd.Err() == nil && cmd.Val() == nil {
			cmd.SetErr(err)
		}
	}
	return cmds
}

func lacksScript(cmds []*goredis.Cmd) bool {
	for _, cmd := range cmds {
		if goredis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
			return true
		}
	}
	return false
}

// used tells what is used of meters, what of that is only reserved, and whether what the
// ledger knows is owed.
func (c *counts) used(ctx context.Context, tenant string, meters []limits.Meter, now time.Time) (used, reserved []int64, owed []bool, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	keys, args := c.call(tenant, "", now, meters)
	for i := range meters {
		m := &meters[i]
		args = append(args, kindOf(m), m.Limit, m.Period.Milliseconds(), nameOf(m))
	}
	words, err := usedScript.Run(ctx, c.client, keys, args...).StringSlice()
	if err != nil {
		return nil, nil, nil, err
	}
	r := reader{words: words}
	for range meters {
		reserved = append(reserved, r.number())
	}
	used, owed = r.counts()
	return used, reserved, owed, r.err
}

// probe finds out whether the server counts. A ping would be answered by one that is full, by
// a replica, and by what is left of a Cluster.
func (c *counts) probe(ctx context.Context) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	return probeScript.Run(ctx, c.client, []string{c.prefix + ":probe"}).Err()
}
