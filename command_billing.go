package xjpgateway

import (
	"fmt"
	"io"
	"net/url"
	"os"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/admin"
)

func billingCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "billing summary|transactions|quote",
		Short: "Shows what requests cost, or would cost",
	}
	cmd.AddCommand(summaryCommand(), transactionsCommand(), quoteCommand())
	return cmd
}

func summaryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "summary [--tenant <id>] [--key <id>] [--start <day>] [--end <day>] [--json]",
		Short: "Sums up the cost by day, key and model",
		Long: `
Sums up what a tenant, or all, used and cost in a span of whole days, and in parts:
by day, by key and by model. Without --start it is the last 30 days.` + aboutDirect,
		Example: `  $ caddy xjp billing summary --tenant acme --start 2026-11-01 --end 2026-12-01`,
		Args:    cobra.NoArgs,
	}
	clientFlags(cmd)
	billFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runSummary))
	return cmd
}

// billFlags are what bills are chosen by.
func billFlags(cmd *cobra.Command) {
	cmd.Flags().String("tenant", "", "Id of a tenant (default: all)")
	cmd.Flags().String("key", "", "Id of a key (default: all)")
	cmd.Flags().String("start", "", "Begin of the time: a date, or how long ago it was")
	cmd.Flags().String("end", "", "End of the time, which is not in it")
}

// billQuery is what bills are asked for by, in the predecessor's names.
func billQuery(fl caddycmd.Flags, names ...string) url.Values {
	query := queryOf(fl, append(names, "start", "end")...)
	for flag, name := range map[string]string{"tenant": "tenant_id", "key": "api_key_id"} {
		if value := keyID(fl.String(flag)); value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// runSummary is the command `caddy xjp billing summary`.
func runSummary(fl caddycmd.Flags, a administrator) error {
	answer, err := a.ask("GET", "/xjp/billing/summary", billQuery(fl), nil)
	if err != nil {
		return err
	}
	return show(fl, answer, writeSummary)
}

// writeSummary prints a summary for people: its whole, then its parts.
func writeSummary(w io.Writer, s *admin.Summary) {
	fmt.Fprintf(w, "from %s until %s (%s)\n", s.Start, s.End, s.Zone)
	row(w, "", "REQUESTS", "FAILED", "PROMPT", "CACHED", "COMPLETION", "COST ("+s.Currency+")", "")
	writeBill(w, "total", &s.Bill)
	for _, part := range []struct {
		head string
		list []admin.SummaryPart
	}{{"BY DAY", s.Days}, {"BY KEY", s.Keys}, {"BY MODEL", s.Models}} {
		row(w, part.head, "", "", "", "", "", "", "")
		for i := range part.list {
			writeBill(w, part.list[i].Name(), &part.list[i].Bill)
		}
	}
}

func writeBill(w io.Writer, name string, b *admin.Bill) {
	row(w, "  "+orDefault(name, "-"), b.Requests, b.Failed, b.Prompt, b.Cached, b.Completion, b.Cost, doubts(b.Unpriced, b.Estimated))
}

func transactionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "transactions [--tenant <id>] [--key <id>] [--start <time>] [--end <time>] [--limit <n>] [--offset <n>] [--json]",
		Short: "Lists the cost of single requests",
		Long: `
Lists what single requests cost, the latest first. With caddy xjp requests there is
more of each, and all of them can be exported.` + aboutDirect,
		Example: `  $ caddy xjp billing transactions --tenant acme --limit 20`,
		Args:    cobra.NoArgs,
	}
	clientFlags(cmd)
	billFlags(cmd)
	cmd.Flags().String("limit", "", "Most transactions to show (default: 100)")
	cmd.Flags().String("offset", "", "Transactions to pass over")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runTransactions))
	return cmd
}

// runTransactions is the command `caddy xjp billing transactions`.
func runTransactions(fl caddycmd.Flags, a administrator) error {
	answer, err := a.ask("GET", "/xjp/billing/transactions", billQuery(fl, "limit", "offset"), nil)
	if err != nil {
		return err
	}
	return show(fl, answer, func(w io.Writer, page *admin.Transactions) {
		row(w, "TIME", "REQUEST", "TENANT", "KEY", "MODEL", "PROVIDER", "PROMPT", "COMPLETION", "COST (USD)", "PRICE")
		for i := range page.Data {
			t := &page.Data[i]
			row(w, shownTime(&t.Created), t.ID, orDefault(t.Tenant, "-"), orDefault(t.Key, "-"), orDefault(t.Model, "-"), orDefault(t.Provider, "-"),
				t.Prompt, t.Completion, t.Cost, orDefault(t.Pricing, "-"))
		}
		if page.More {
			fmt.Fprintf(w, "more: --offset %d\n", page.Offset+len(page.Data))
		}
	})
}

func quoteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quote [<model>] [--input <tokens>] [--output <tokens>] [--images <n>] [--output-images <n>] [--request <file>|-] [--dialect openai|anthropic] [--json]",
		Short: "Tells what a request would cost by each route",
		Long: `
Tells what a request of a size would cost by each route of a logical model, or a
request whose body stands in a file (- is the standard input). Without a size it
tells the rates. Nothing is sent to a provider.` + aboutDirect,
		Example: `  $ caddy xjp billing quote claude-sonnet-4.5 --input 10000 --output 800
  $ caddy xjp billing quote --request request.json`,
		Args: cobra.MaximumNArgs(1),
	}
	clientFlags(cmd)
	cmd.Flags().Int("input", 0, "Expected tokens of the prompt")
	cmd.Flags().Int("output", 0, "Expected tokens of the answer")
	cmd.Flags().Int("images", 0, "Images of the prompt, where they have a price")
	cmd.Flags().Int("output-images", 0, "Images of the answer, where they have a price (default: 1)")
	cmd.Flags().String("request", "", "File with a request")
	cmd.Flags().String("dialect", "openai", "Dialect of the request: openai or anthropic")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runQuote))
	return cmd
}

// runQuote is the command `caddy xjp billing quote`.
func runQuote(fl caddycmd.Flags, a administrator) error {
	q := admin.QuoteRequest{Model: fl.Arg(0), Sizes: admin.Sizes{
		Input: int64(fl.Int("input")), Output: int64(fl.Int("output")), Images: int64(fl.Int("images")), OutputImages: int64(fl.Int("output-images")),
	}}
	if file := fl.String("request"); file != "" {
		body, err := readRequest(file, os.Stdin)
		if err != nil {
			return err
		}
		q.Request, q.Dialect = body, fl.String("dialect")
	}
	answer, err := a.ask("POST", "/xjp/billing/quote", nil, &q)
	if err != nil {
		return err
	}
	return show(fl, answer, writeQuote)
}

// writeQuote prints prices for people, one line a route.
func writeQuote(w io.Writer, q *admin.ModelQuote) {
	fmt.Fprintf(w, "model %s, %d tokens of prompt and %d of answer", q.Model, q.Input, q.Output)
	if q.Images > 0 || q.OutputImages > 0 {
		fmt.Fprintf(w, ", %d images of prompt and %d of answer", q.Images, q.OutputImages)
	}
	fmt.Fprintf(w, "\n")
	row(w, "ROUTE", "PROVIDER", "UPSTREAM", "COST (USD)", "PRICE")
	for i := range q.Routes {
		r := &q.Routes[i]
		cost, price := "unknown", "-"
		if p := orDefault(r.Pricing, r.PricingOnly); p != nil {
			cost, price = "-", p.Version
		}
		if r.Breakdown != nil {
			cost = r.Breakdown.TotalCost.String()
		}
		row(w, r.Route, r.Provider, r.Upstream, cost, price)
	}
}
