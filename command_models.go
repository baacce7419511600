package xjpgateway

import (
	"fmt"
	"io"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/admin"
)

func modelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models [--json]",
		Short: "Shows the models with their routes and prices",
		Long: `
Lists the logical models with their routes, in the order of the configuration, and
what tokens cost there in USD per million. With --json there are their capabilities,
too. How routes do at the moment is shown by caddy xjp routes.` + aboutDirect,
		Example: `  $ caddy xjp models
  $ caddy xjp models --json`,
		Args: cobra.NoArgs,
	}
	clientFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runModels))
	return cmd
}

// runModels is the command `caddy xjp models`.
func runModels(fl caddycmd.Flags, a administrator) error {
	answer, err := a.ask("GET", "/xjp/models", nil, nil)
	if err != nil {
		return err
	}
	return show(fl, answer, writeAdminModels)
}

// writeAdminModels prints models for people, one line a route.
func writeAdminModels(w io.Writer, page *admin.Page[admin.Model]) {
	row(w, "MODEL", "ROUTE", "PROVIDER", "UPSTREAM", "INPUT", "OUTPUT", "PRICE")
	for i := range page.Data {
		m := &page.Data[i]
		name := m.Model
		if len(m.Aliases) > 0 {
			name += " (" + strings.Join(m.Aliases, ", ") + ")"
		}
		for k := range m.Routes {
			r := &m.Routes[k]
			input, output := ratesOf(r)
			row(w, name, r.Route+fallbackWord(r.Fallback), r.Provider, r.Upstream, input, output, orDefault(r.Version, "unknown"))
			name = ""
		}
		for _, why := range m.LeftOut {
			row(w, name, "-", "left out: "+why, "", "", "", "")
			name = ""
		}
	}
}

func fallbackWord(fallback bool) string {
	if fallback {
		return " (fallback)"
	}
	return ""
}

// ratesOf are the rates of a route in USD per million tokens.
func ratesOf(r *admin.ModelRoute) (input, output string) {
	if r.Price == nil {
		return "-", "-"
	}
	return r.Price.Input.PerMillion(), r.Price.Output.PerMillion()
}

func limitsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "limits [--tenant <id>] [--key <id>] [--json]",
		Short: "Shows how much of its limits a tenant or a key has used",
		Long: `
Lists the limits that apply to a tenant, to a key and to models within the tenant,
with what is used of each and when all of it is there again.` + aboutDirect + ` With the state
in memory, limits per minute and of requests at once are left out then: only the
process that serves knows their counts.`,
		Example: `  $ caddy xjp limits --tenant acme
  $ caddy xjp limits --key 7Fh2kQ9xLm3T`,
		Args: cobra.NoArgs,
	}
	clientFlags(cmd)
	cmd.Flags().String("tenant", "", "Id of a tenant")
	cmd.Flags().String("key", "", "Id of a key")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(runLimits))
	return cmd
}

// runLimits is the command `caddy xjp limits`.
func runLimits(fl caddycmd.Flags, a administrator) error {
	answer, err := a.ask("GET", "/xjp/limits", queryOf(fl, "tenant", "key"), nil)
	if err != nil {
		return err
	}
	return show(fl, answer, func(w io.Writer, page *admin.Page[admin.Meter]) {
		d, isDirect := a.(direct)
		elsewhere := isDirect && d.app.countsElsewhere()
		if len(page.Data) == 0 && !elsewhere {
			fmt.Fprintf(w, "%s\n", unlimitedWord(fl.String("key")))
		}
		if len(page.Data) > 0 {
			row(w, "OF", "LIMIT", "MOST", "USED", "LEFT", "RESETS")
		}
		for i := range page.Data {
			m := &page.Data[i]
			row(w, m.Scope+" "+m.Name, m.Limit, m.Most, m.Used, m.Remaining, shownTime(m.Resets))
		}
		if elsewhere {
			fmt.Fprintf(w, "left out are limits per minute and of requests at once, which the process that serves counts\n")
		}
	})
}

// unlimitedWord says that there are no limits. Those that a tenant sets for each of its keys
// are the keys', and so not among the tenant's.
func unlimitedWord(key string) string {
	if key == "" {
		return "the tenant has no limits of its own; see --key"
	}
	return "nothing is limited"
}
