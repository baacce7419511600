package xjpgateway

import (
	"fmt"
	"os"

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
	cmd.AddCommand(importModelsCommand())
	return cmd
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
