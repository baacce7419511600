package xjpgateway

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

func usageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "usage [--tenant <id>] [--key <id>] [--model <name>] [--since <time>] [--until <time>] [--by <groups>] [--csv|--json]",
		Short: "Shows what was used and what it cost",
		Long: `
Sums up the ledger by whole days: requests, tokens and cost. A time is a date, a
time in RFC 3339, or how long ago it was: 7d is the last seven days with today.
Without --since it is the last 30 days.

The sums can be grouped by day, tenant, key, model and provider, by several with
commas between.` + aboutDirect,
		Example: `  $ caddy xjp usage --tenant acme --since 7d
  $ caddy xjp usage --since 2026-11-01 --until 2026-12-01 --by tenant,model
  $ caddy xjp usage --by day --csv > usage.csv`,
		Args: cobra.NoArgs,
	}
	clientFlags(cmd)
	spanFlags(cmd)
	cmd.Flags().String("by", "", "What to group by: day, tenant, key, model, provider")
	cmd.Flags().Bool("csv", false, "Print the sums as CSV")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runUsage))
	return cmd
}

// aboutDirect says how commands of the admin API find it.
const aboutDirect = `

Asks the admin endpoint of the running Caddy. With --direct, or where the
configuration has the admin endpoint off, the store of the configuration is used
without a running Caddy.`

// spanFlags are what usage and requests are chosen by.
func spanFlags(cmd *cobra.Command) {
	cmd.Flags().String("tenant", "", "Id of a tenant (default: all)")
	cmd.Flags().String("key", "", "Id of a key (default: all)")
	cmd.Flags().String("model", "", "Name of a logical model (default: all)")
	cmd.Flags().String("since", "", "Begin of the time: a date, or how long ago it was")
	cmd.Flags().String("until", "", "End of the time, which is not in it")
}

// runUsage is the command `caddy xjp usage`.
func runUsage(fl caddycmd.Flags, a administrator) error {
	query := queryOf(fl, "tenant", "key", "model", "since", "until", "by")
	if fl.Bool("csv") {
		query.Set("format", "csv")
		return copyAnswer(a.ask("GET", "/xjp/usage", query, nil))
	}
	answer, err := a.ask("GET", "/xjp/usage", query, nil)
	if err != nil {
		return err
	}
	by := strings.FieldsFunc(fl.String("by"), func(c rune) bool { return c == ',' || c == ' ' })
	return show(fl, answer, func(w io.Writer, u *admin.Usage) { writeUsage(w, u, by) })
}

// copyAnswer prints an answer as it is.
func copyAnswer(answer io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	defer answer.Close()
	_, err = io.Copy(os.Stdout, answer)
	return err
}

// writeUsage prints sums for people, one line a group.
func writeUsage(w io.Writer, u *admin.Usage, by []string) {
	fmt.Fprintf(w, "from %s until %s (%s)\n", u.Since, u.Until, u.Zone)
	var head []any
	for _, group := range by {
		head = append(head, strings.ToUpper(group))
	}
	row(w, append(head, "REQUESTS", "FAILED", "INPUT", "CACHED", "OUTPUT", "COST (USD)", "")...)
	for i := range u.Data {
		if len(by) > 0 {
			row(w, append(namesOf(&u.Data[i], by), countsOf(&u.Data[i])...)...)
		}
	}
	total := make([]any, len(by))
	for i := range total {
		total[i] = ""
	}
	if len(total) > 0 {
		total[0] = "total"
	}
	row(w, append(total, countsOf(&u.Total)...)...)
}

func namesOf(s *ledger.Sum, by []string) (cells []any) {
	names := map[string]string{"day": s.Day, "tenant": s.Tenant, "key": s.Key, "model": s.Model, "provider": s.Provider}
	for _, group := range by {
		cells = append(cells, orDefault(names[group], "-"))
	}
	return cells
}

func countsOf(s *ledger.Sum) []any {
	t := &s.Tokens
	return []any{s.Requests, s.Failed, t.Input + t.CacheWrite5m + t.CacheWrite1h, t.CacheRead, t.Output, s.Cost, doubts(s.Unpriced, s.Estimated)}
}

// doubts says what is not known exactly.
func doubts(unpriced, estimated int64) string {
	var list []string
	if unpriced > 0 {
		list = append(list, fmt.Sprintf("%d without a price", unpriced))
	}
	if estimated > 0 {
		list = append(list, fmt.Sprintf("%d estimated", estimated))
	}
	return strings.Join(list, ", ")
}

func requestsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "requests [<id>] [--tenant <id>] [--key <id>] [--model <name>] [--provider <name>] [--session <name>] [--end <how>] [--since <time>] [--until <time>] [--limit <n>] [--after <page>] [--csv|--jsonl|--json]",
		Short: "Shows single requests, or exports them",
		Long: `
Lists the requests of the ledger, the latest first, or shows one with its calls to
providers. A request ended complete, client_gone, upstream_broken, refused,
rejected or lost. With --csv or --jsonl all that match are printed, not a page; of
one request there is --json.` + aboutDirect,
		Example: `  $ caddy xjp requests --tenant acme --since 1d --end upstream_broken
  $ caddy xjp requests req_01kc3x5a9fq7v
  $ caddy xjp requests --since 2026-11-01 --until 2026-12-01 --jsonl > november.jsonl`,
		Args: cobra.MaximumNArgs(1),
	}
	clientFlags(cmd)
	spanFlags(cmd)
	pageFlags(cmd)
	cmd.Flags().String("provider", "", "Name of a provider (default: all)")
	cmd.Flags().String("session", "", "Session that clients named (default: all)")
	cmd.Flags().String("end", "", "How requests ended (default: all)")
	cmd.Flags().Bool("csv", false, "Print all that match as CSV")
	cmd.Flags().Bool("jsonl", false, "Print all that match as JSON lines")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runRequests))
	return cmd
}

// pageFlags are the page of a list.
func pageFlags(cmd *cobra.Command) {
	cmd.Flags().String("limit", "", "Most entries to show (default: 100)")
	cmd.Flags().String("after", "", "Page to show, as the page before it said")
}

// choosing are the flags by which requests are chosen out of all.
var choosing = []string{"key", "model", "provider", "session", "end", "since", "until", "limit", "after"}

// runRequests is the command `caddy xjp requests`.
func runRequests(fl caddycmd.Flags, a administrator) error {
	if fl.NArg() > 0 {
		return showRequest(fl, a, fl.Arg(0))
	}
	query := queryOf(fl, append(choosing, "tenant")...)
	for _, format := range []string{"csv", "jsonl"} {
		if fl.Bool(format) {
			query.Set("format", format)
			return copyAnswer(a.ask("GET", "/xjp/requests", query, nil))
		}
	}
	answer, err := a.ask("GET", "/xjp/requests", query, nil)
	if err != nil {
		return err
	}
	return show(fl, answer, writeRequests)
}

// showRequest shows one request. What is for many is refused beside its id: an export of
// one that turned out to be of all would tell of other tenants.
func showRequest(fl caddycmd.Flags, a administrator, id string) error {
	if id == "" {
		return errors.New("the id of the request is empty")
	}
	for _, name := range append([]string{"csv", "jsonl"}, choosing...) {
		if fl.Changed(name) {
			return fmt.Errorf("--%s: is for many requests, not for the one with the id %s; leave one of the two out", name, id)
		}
	}
	answer, err := a.ask("GET", "/xjp/requests/"+pathSegment(id), queryOf(fl, "tenant"), nil)
	if err != nil {
		return err
	}
	return show(fl, answer, writeRequest)
}

// writeRequests prints requests for people, one line a request.
func writeRequests(w io.Writer, page *admin.Page[ledger.Record]) {
	row(w, "TIME", "REQUEST", "TENANT", "KEY", "MODEL", "PROVIDER", "STATUS", "END", "TOKENS", "COST (USD)")
	for i := range page.Data {
		r := &page.Data[i]
		row(w, shownTime(&r.Time), r.ID, orDefault(r.Tenant, "-"), orDefault(r.Key, "-"), orDefault(r.Model, "-"), orDefault(r.Provider, "-"),
			r.Status, endWord(r.End, r.Error), r.Tokens.Total(), r.Cost)
	}
	more(w, page.Next)
}

// writeRequest prints a request and its calls for people.
func writeRequest(w io.Writer, r *ledger.Record) {
	writeRequests(w, &admin.Page[ledger.Record]{Data: []ledger.Record{*r}})
	if len(r.Attempts) == 0 {
		return
	}
	fmt.Fprintf(w, "\n")
	row(w, "CALL", "ROUTE", "PROVIDER", "MODEL", "STATUS", "END", "TOOK", "TOKENS", "COST (USD)", "PRICE")
	for i := range r.Attempts {
		t := &r.Attempts[i]
		row(w, t.Number, t.Route, t.Provider, t.Upstream, t.Status, endWord(t.End, t.Error), time.Duration(t.Latency)*time.Millisecond,
			t.Tokens.Total(), t.Cost, orDefault(t.Price, "-"))
	}
}

func endWord(end ledger.End, kind string) string {
	if kind == "" {
		return string(end)
	}
	return string(end) + " (" + kind + ")"
}

// shownTime is a moment for people.
func shownTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit [--tenant <id>] [--subject <id>] [--since <time>] [--until <time>] [--limit <n>] [--after <page>] [--json]",
		Short: "Shows what administrators have changed",
		Long: `
Lists the changes of tenants and keys, the latest first: who made them, when, and
what they were. No secret is in them.` + aboutDirect,
		Example: `  $ caddy xjp audit --since 30d
  $ caddy xjp audit --tenant acme --json`,
		Args: cobra.NoArgs,
	}
	clientFlags(cmd)
	pageFlags(cmd)
	cmd.Flags().String("tenant", "", "Id of a tenant (default: all)")
	cmd.Flags().String("subject", "", "Id of a key or a tenant that was changed (default: all)")
	cmd.Flags().String("since", "", "Begin of the time: a date, or how long ago it was")
	cmd.Flags().String("until", "", "End of the time, which is not in it")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runAudit))
	return cmd
}

// runAudit is the command `caddy xjp audit`.
func runAudit(fl caddycmd.Flags, a administrator) error {
	answer, err := a.ask("GET", "/xjp/audit", queryOf(fl, "tenant", "subject", "since", "until", "limit", "after"), nil)
	if err != nil {
		return err
	}
	return show(fl, answer, func(w io.Writer, page *admin.Page[keys.Audit]) {
		row(w, "TIME", "ACTOR", "ACTION", "TENANT", "SUBJECT", "DETAIL")
		for i := range page.Data {
			e := &page.Data[i]
			row(w, shownTime(&e.Time), e.Actor, e.Action, orDefault(e.Tenant, "-"), e.Subject, e.Detail)
		}
		more(w, page.Next)
	})
}
