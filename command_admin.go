package xjpgateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func routesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "routes [--address <interface>] [--config <path>] [--adapter <name>] [--json]",
		Short: "Shows the state of each route of the running gateway",
		Long: `
Asks the admin endpoint of the running Caddy for the state of each route and of
its credentials: what rests, why and until when, how fast it answers and what is
under way.`,
		Example: `  $ caddy xjp routes
  $ caddy xjp routes --address localhost:2019 --json`,
		Args: cobra.NoArgs,
	}
	adminFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(runRoutes)
	return cmd
}

func explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [<file>|-] [--dialect openai|anthropic] [--key <id>] [--session <name>] [--address <interface>] [--config <path>] [--adapter <name>] [--json]",
		Short: "Shows by which routes the running gateway would serve a request",
		Long: `
Sends a request's body, from a file or from the standard input, to the admin
endpoint of the running Caddy, and shows the plan for it: the routes in the order
in which they would be tried and why, and those that would not be tried and why
not. No provider is called. Where a policy chooses by chance, so does the plan.

The exit status is 1 if the client would be told an error at once.`,
		Example: `  $ caddy xjp explain request.json --key team
  $ caddy xjp explain - < request.json
  $ caddy xjp explain request.json --dialect anthropic --json`,
		Args: cobra.MaximumNArgs(1),
	}
	adminFlags(cmd)
	cmd.Flags().String("dialect", "openai", "Dialect of the request: openai or anthropic")
	cmd.Flags().String("key", "", "Id of the client's key (default: a key that may use all models)")
	cmd.Flags().String("session", "", "Session that the request belongs to")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(runExplain)
	return cmd
}

// adminFlags are the flags by which Caddy's own commands find the admin endpoint, and --json.
func adminFlags(cmd *cobra.Command) {
	cmd.Flags().String("address", "", "Address of the admin endpoint, if it is not the configuration's")
	cmd.Flags().StringP("config", "c", "", "Configuration file, for its admin address")
	cmd.Flags().StringP("adapter", "a", "", "Name of config adapter")
	cmd.Flags().Bool("json", false, "Print the result as JSON")
}

// runRoutes is the command `caddy xjp routes`.
func runRoutes(fl caddycmd.Flags) (int, error) {
	var report RoutesReport
	if err := askAdmin(fl, http.MethodGet, "/xjp/routes", nil, nil, &report); err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if fl.Bool("json") {
		return exitCode(writeIndented(os.Stdout, &report))
	}
	return exitCode(report.writeTable(os.Stdout))
}

// runExplain is the command `caddy xjp explain`.
func runExplain(fl caddycmd.Flags) (int, error) {
	body, err := readRequest(fl.Arg(0), os.Stdin)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	query := url.Values{"dialect": {fl.String("dialect")}}
	if key := keyID(fl.String("key")); key != "" {
		query.Set("key", key)
	}
	headers := http.Header{}
	if session := fl.String("session"); session != "" {
		headers.Set(sessionNames[0], session)
	}
	uri, err := uriOf("/xjp/explain", query)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	var x Explanation
	if err := askAdmin(fl, http.MethodPost, uri, headers, body, &x); err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	write := x.writeTable
	if fl.Bool("json") {
		write = func(w io.Writer) error { return writeIndented(w, &x) }
	}
	if err := write(os.Stdout); err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if x.Error != nil {
		return caddy.ExitCodeFailedStartup, fmt.Errorf("the client would be told: %d %s: %s", x.Error.Status, x.Error.Kind, x.Error.Message)
	}
	return caddy.ExitCodeSuccess, nil
}

func exitCode(err error) (int, error) {
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	return caddy.ExitCodeSuccess, nil
}

// readRequest reads a request's body from a file, or from the standard input.
func readRequest(name string, stdin io.Reader) ([]byte, error) {
	switch name {
	case "":
		return nil, errors.New("no request: name a file that holds one, or - for the standard input")
	case "-":
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

// askAdmin asks the admin endpoint of the running Caddy.
func askAdmin(fl caddycmd.Flags, method, uri string, headers http.Header, body []byte, into any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(fl.String("address"), nil, fl.String("config"), fl.String("adapter"))
	if err != nil {
		return fmt.Errorf("the address of the admin endpoint: %w", err)
	}
	var sent io.Reader
	if body != nil {
		sent = bytes.NewReader(body)
	}
	res, err := caddycmd.AdminAPIRequest(address, method, uri, headers, sent)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(into)
}

// writeTable prints a report for people, one line a route.
func (r *RoutesReport) writeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "ROUTE\tPROVIDER\tMODEL\tSTATE\tLATENCY\tIN FLIGHT\n")
	for _, s := range r.Routes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Route, s.Provider, s.UpstreamModel, s.BreakerStatus.says(), s.took(), s.Load.says())
		for _, cred := range s.resting() {
			fmt.Fprintf(table, "\t\t  %s\t%s\t\t\n", cred.Credential, cred.BreakerStatus.says())
		}
	}
	for _, p := range r.Providers {
		if p.LeftOut != "" {
			fmt.Fprintf(table, "-\t%s\t-\tleft out: %s\t\t\n", p.Provider, p.LeftOut)
		}
	}
	return table.Flush()
}

// resting are the credentials that are not to be used.
func (s *RouteStatus) resting() (list []CredentialStatus) {
	for _, cred := range s.Credentials {
		if cred.Until != nil {
			list = append(list, cred)
		}
	}
	return list
}

func (s *RouteStatus) took() string {
	if s.Latency == 0 {
		return "-"
	}
	return time.Duration(s.Latency * float64(time.Millisecond)).Round(time.Millisecond).String()
}

// says is the state of a breaker in one line.
func (h BreakerStatus) says() string {
	text := h.Breaker
	if h.Cause != "" {
		text += " (" + h.Cause + ")"
	}
	if h.Until != nil {
		text += " until " + h.Until.Format(time.TimeOnly)
	}
	return text
}

func (l Load) says() string {
	text := fmt.Sprint(l.InFlight)
	if l.MaxConcurrent > 0 {
		text += fmt.Sprintf(" of %d", l.MaxConcurrent)
	}
	if l.Queued > 0 {
		text += fmt.Sprintf(", %d waiting", l.Queued)
	}
	return text
}

// writeTable prints a plan for people, one line a route.
func (x *Explanation) writeTable(w io.Writer) error {
	if x.Model != "" {
		fmt.Fprintf(w, "model %s, asked for as %s; policy %s, affinity %s\n", x.Model, x.Asked, x.Policy, x.Affinity)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, r := range x.Routes {
		place := "-"
		if r.Tried {
			place = fmt.Sprint(i + 1)
		}
		fmt.Fprintf(table, "%s\t%s\t%s %s\t%s\t%s\t%s\n", place, r.Route, r.Provider, r.UpstreamModel, r.why(), r.BreakerStatus.says(), r.took())
	}
	for _, why := range x.LeftOut {
		fmt.Fprintf(table, "-\t-\tleft out\t%s\t\t\n", why)
	}
	return table.Flush()
}

// why is why a route has its place, in one line.
func (r *ExplainedRoute) why() string {
	var details []string
	if r.Score != 0 {
		details = append(details, fmt.Sprintf("%.3g", r.Score))
	}
	if r.Lacks != "" {
		details = append(details, "lacks "+r.Lacks)
	}
	if r.ExpectedCost != "" && r.ExpectedCost != "0" {
		details = append(details, r.ExpectedCost+" USD")
	}
	if r.Wait != 0 {
		details = append(details, time.Duration(r.Wait*float64(time.Millisecond)).Round(100*time.Millisecond).String())
	}
	if len(details) == 0 {
		return r.Reason
	}
	return r.Reason + ": " + strings.Join(details, ", ")
}
