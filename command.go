package xjpgateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "xjp",
		Usage: "check|routes|explain|tenants|keys|usage|billing|requests|captures|models|limits|audit|import",
		Short: "Commands for the XiaojinPro Gateway",
		Long: `
Commands that work with the XiaojinPro Gateway, an LLM gateway that is built into
this Caddy: its configuration, its keys, and what they have used. See the help of
each command.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(checkCommand(), routesCommand(), explainCommand(), modelsCommand(), limitsCommand(),
				tenantsCommand(), keysCommand(), usageCommand(), requestsCommand(), capturesCommand(), billingCommand(), auditCommand(), importCommand())
		},
	})
}

// defaultCheckTimeout bounds each call of a check.
const defaultCheckTimeout = 30 * time.Second

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [provider|model] [--config <path>] [--adapter <name>] [--timeout <duration>] [--json]",
		Short: "Makes one small call through each configured route and says what is wrong",
		Long: `
Loads the configuration without starting its servers and makes one small call
through each configured route, the way a client's request would take it. For
each route that does not answer it says what is wrong: the credential, the name
of the model, the region, the balance or the network.

With the name of a provider or of a model, only its routes are checked. A route
of a wildcard model is tried with a small model from the provider's own list,
or with the model that is named, such as openrouter/google/gemini-2.5-flash.

Each call asks for a few words and may cost a fraction of a cent. A provider
that is optional and not configured is listed as left out.

Without --config, the Caddyfile in the current directory is used. The exit
status is 1 if any route failed. No server needs to run.`,
		Example: `  $ caddy xjp check
  $ caddy xjp check openrouter --config /etc/caddy/Caddyfile
  $ caddy xjp check claude-sonnet-4.5 --json`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringP("config", "c", "", "Configuration file")
	cmd.Flags().StringP("adapter", "a", "", "Name of config adapter")
	cmd.Flags().Duration("timeout", defaultCheckTimeout, "Longest time to wait for each route")
	cmd.Flags().Bool("json", false, "Print the result as JSON")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(runCheck)
	return cmd
}

// runCheck is the command `caddy xjp check`.
func runCheck(fl caddycmd.Flags) (int, error) {
	config, _, _, err := caddycmd.LoadConfig(fl.String("config"), fl.String("adapter"))
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if len(config) == 0 {
		return caddy.ExitCodeFailedStartup, errors.New("no configuration: there is no Caddyfile in the current directory (use --config)")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	report, err := Check(ctx, config, CheckOptions{Only: fl.Arg(0), Timeout: fl.Duration("timeout")})
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	write := report.writeTable
	if fl.Bool("json") {
		write = report.writeJSON
	}
	if err := write(os.Stdout); err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if failed := report.failed(); failed > 0 {
		return caddy.ExitCodeFailedStartup, fmt.Errorf("routes that do not answer: %d of %d", failed, report.called())
	}
	return caddy.ExitCodeSuccess, nil
}

// writeJSON prints a report for machines.
func (r *CheckReport) writeJSON(w io.Writer) error {
	return writeIndented(w, r)
}

// writeTable prints a report for people, one line a route.
func (r *CheckReport) writeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Routes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", c.word(), orDefault(c.Model, "-"), c.place(), c.took(), c.says())
	}
	return table.Flush()
}

// word is the state of a route for people.
func (c *RouteCheck) word() string {
	switch c.State {
	case RouteFailed:
		return "FAILED"
	case RouteLeftOut:
		return "left out"
	}
	return "ok"
}

// place is where the route leads.
func (c *RouteCheck) place() string {
	if c.UpstreamModel == "" {
		return c.Provider
	}
	return c.Provider + " " + c.UpstreamModel
}

func (c *RouteCheck) took() string {
	if c.State == RouteLeftOut {
		return "-"
	}
	return (time.Duration(c.Milliseconds) * time.Millisecond).String()
}

// says is what is wrong and what would help, in one line.
func (c *RouteCheck) says() string {
	text := c.Message
	if c.Problem != "" {
		text = string(c.Problem) + ": " + text
	}
	if c.Help != "" {
		text += "; " + c.Help
	}
	return text
}
