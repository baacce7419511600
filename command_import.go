package xjpgateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/predecessor"
)

// importCommand is `caddy xjp import`, by which operators of the predecessor move here.
func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Carries over what an installation of the predecessor, xjp-router, has",
	}
	cmd.AddCommand(importDatabaseCommand(), importModelsCommand())
	return cmd
}

func importDatabaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "database [--dsn-file <file>] [--dry-run] [--config <path>] [--adapter <name>] [--json]",
		Short: "Carries the predecessor's keys and accounts into the configured store",
		Long: `
Reads the predecessor's PostgreSQL database and adds its tenants, keys, usage and
costs to the store of the configuration. Its keys go on working here as they are.
The database is only read, and may be in use.

It may be run again: what came since is added, and keys that were changed there, but
not here, are amended. With --dry-run nothing is written, and the report is what
would be done.

The address of the database is taken from the file, or from the environment's
DATABASE_URL, as postgres://user:password@host:5432/name.`,
		Example: `  $ DATABASE_URL=postgres://… caddy xjp import database --dry-run
  $ caddy xjp import database --dsn-file /run/secrets/dsn --config /etc/caddy/Caddyfile`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().String("dsn-file", "", "File with the address of the predecessor's database")
	cmd.Flags().Bool("dry-run", false, "Write nothing")
	cmd.Flags().StringP("config", "c", "", "Configuration file")
	cmd.Flags().StringP("adapter", "a", "", "Name of config adapter")
	cmd.Flags().Bool("json", false, "Print the report as JSON")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(runImportDatabase)
	return cmd
}

// runImportDatabase is the command `caddy xjp import database`.
func runImportDatabase(fl caddycmd.Flags) (int, error) {
	dsn, err := sourceDSN(fl.String("dsn-file"))
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	config, _, _, err := caddycmd.LoadConfig(fl.String("config"), fl.String("adapter"))
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if len(config) == 0 {
		return caddy.ExitCodeFailedStartup, errors.New("no configuration: there is no Caddyfile in the current directory (use --config)")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	carry := predecessor.Import
	if fl.Bool("dry-run") {
		carry = predecessor.Look
	}
	report, err := importDatabase(ctx, dsn, config, carry)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if fl.Bool("json") {
		return exitCode(writeIndented(os.Stdout, report))
	}
	return exitCode(writeImport(os.Stdout, report))
}

// sourceDSN is the address of the predecessor's database. It is a secret, and never shown.
func sourceDSN(file string) (string, error) {
	dsn := os.Getenv("DATABASE_URL")
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		dsn = strings.TrimSpace(string(text))
	}
	if dsn == "" {
		return "", errors.New("no database: name a file with its address by --dsn-file, or set DATABASE_URL")
	}
	return dsn, nil
}

// carrying is predecessor.Import, or predecessor.Look.
type carrying func(context.Context, *predecessor.Database, predecessor.Store) (*predecessor.Report, error)

// importDatabase carries a database into the store of a configuration.
func importDatabase(ctx context.Context, dsn string, config []byte, carry carrying) (*predecessor.Report, error) {
	app, done, err := provisionApp(config)
	if err != nil {
		return nil, err
	}
	defer done()
	store, err := app.Store(ctx)
	if err != nil {
		return nil, err
	}
	from, err := predecessor.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	return carry(ctx, from, store)
}

// writeImport prints a report for people.
func writeImport(w io.Writer, r *predecessor.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tenants added: %d\nkeys added: %d, amended: %d, there already: %d\nrequests read: %d, which cost %s USD\n", r.Tenants, r.Keys, r.AmendedKeys, r.KnownKeys, r.Requests, r.Cost)
	if r.TwiceReasoned > 0 {
		fmt.Fprintf(&b, "requests whose cost counts reasoning twice, as it was billed: %d\n", r.TwiceReasoned)
	}
	if r.Keys > 0 {
		b.WriteString("the limits of these keys are kept from now on, which the predecessor did not do\n")
	}
	for _, table := range r.MissingTables {
		fmt.Fprintf(&b, "not carried over: %s, as the database has no such table\n", table)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(&b, "not carried over: %d\n", r.Skipped)
	}
	for _, problem := range r.Problems {
		b.WriteString("  " + problem + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func importModelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models <file> [--json]",
		Short: "Writes the predecessor's file of models as a Caddyfile",
		Long: `
Reads the predecessor's file of models, which is TOML, and prints a Caddyfile with
the same models on the standard output. The names of the environment's variables
stay the same. What cannot be carried over is told in comments, and counted on the
standard error.`,
		Example: `  $ caddy xjp import models models.toml > Caddyfile`,
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().Bool("json", false, "Print Caddy's JSON instead")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(runImportModels)
	return cmd
}

// runImportModels is the command `caddy xjp import models`.
func runImportModels(fl caddycmd.Flags) (int, error) {
	file, err := os.ReadFile(fl.Arg(0))
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	text, losses, err := predecessor.Models(file)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	for _, lost := range losses {
		fmt.Fprintln(os.Stderr, "not carried over:", lost)
	}
	out := []byte(text)
	if fl.Bool("json") {
		if out, err = adapted(out); err != nil {
			return caddy.ExitCodeFailedStartup, err
		}
	}
	_, err = os.Stdout.Write(out)
	return exitCode(err)
}

// adapted gives a Caddyfile as JSON.
func adapted(text []byte) ([]byte, error) {
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(text, map[string]any{"filename": "Caddyfile"})
	return append(out, '\n'), err
}
