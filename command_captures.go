package xjpgateway

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/admin"
)

func capturesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "captures list|show|delete",
		Short: "Shows what clients sent and were told, where that is kept",
	}
	cmd.AddCommand(listCapturesCommand(), showCaptureCommand(), deleteCapturesCommand())
	return cmd
}

func listCapturesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [--tenant <id>] [--key <id>] [--since <time>] [--until <time>] [--limit <n>] [--after <page>] [--json]",
		Short: "Lists the requests whose bodies are kept",
		Long: `
Lists the requests whose bodies are kept, the latest first. Bodies are kept for keys
alone that were made or changed with --capture.` + aboutDirect,
		Example: `  $ caddy xjp captures list --key 7Fh2kQ9xLm3T --since 1d`,
		Args:    cobra.NoArgs,
	}
	clientFlags(cmd)
	pageFlags(cmd)
	cmd.Flags().String("tenant", "", "Id of a tenant (default: all)")
	cmd.Flags().String("key", "", "Id of a key (default: all)")
	cmd.Flags().String("since", "", "Begin of the time: a date, or how long ago it was")
	cmd.Flags().String("until", "", "End of the time, which is not in it")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("GET", "/xjp/captures", queryOf(fl, "tenant", "key", "since", "until", "limit", "after"), nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeCaptures)
	}))
	return cmd
}

// writeCaptures prints captures for people, one line a request.
func writeCaptures(w io.Writer, page *admin.Page[admin.Capture]) {
	row(w, "TIME", "REQUEST", "TENANT", "KEY", "SENT", "TOLD")
	for i := range page.Data {
		c := &page.Data[i]
		row(w, shownTime(&c.Time), c.ID, c.Tenant, c.Key, sizeWords(&c.Request), sizeWords(&c.Answer))
	}
	more(w, page.Next)
}

// sizeWords is the size of a body for people.
func sizeWords(b *admin.Body) string {
	if b.Truncated {
		return fmt.Sprintf("%d bytes (truncated)", b.Size)
	}
	return fmt.Sprintf("%d bytes", b.Size)
}

func showCaptureCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show <request> [--json]",
		Short: "Shows the bodies of a request",
		Long: `
Shows what the client sent and what it was told, by the id of the request, which
"captures list" tells and which the client was told in X-Request-Id. The audit
tells who has seen it.` + aboutDirect,
		Example: `  $ caddy xjp captures show req_01kc3x5a9fq7v`,
		Args:    cobra.ExactArgs(1),
	}
	clientFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("GET", "/xjp/captures/"+pathSegment(fl.Arg(0)), nil, nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeCapture)
	}))
	return cmd
}

// writeCapture prints the bodies of a request for people.
func writeCapture(w io.Writer, c *admin.Capture) {
	fmt.Fprintf(w, "%s of key %s of tenant %s at %s\n", c.ID, c.Key, c.Tenant, shownTime(&c.Time))
	for _, part := range []struct {
		name string
		body *admin.Body
	}{{"sent", &c.Request}, {"told", &c.Answer}} {
		text := part.body.Text
		if len(part.body.Base64) > 0 {
			text = string(part.body.Base64)
		}
		fmt.Fprintf(w, "\n--- %s: %s\n%s\n", part.name, sizeWords(part.body), harmless(text))
	}
}

// harmless replaces the characters of a text by which clients could have a terminal do
// something, and which are not text.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

func deleteCapturesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete --key <id>|--tenant <id> [--json]",
		Short: "Deletes all kept bodies of a key or a tenant",
		Long: `
Deletes the bodies that are kept of a key's requests, or of those of all keys of a
tenant. More come if they are not turned off before, by keys update --capture none.` + aboutDirect,
		Example: `  $ caddy xjp captures delete --key 7Fh2kQ9xLm3T`,
		Args:    cobra.NoArgs,
	}
	clientFlags(cmd)
	cmd.Flags().String("key", "", "Id of the key")
	cmd.Flags().String("tenant", "", "Id of the tenant")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("DELETE", "/xjp/captures", queryOf(fl, "key", "tenant"), nil)
		if err != nil {
			return err
		}
		return show(fl, answer, func(w io.Writer, d *admin.Deletion) { fmt.Fprintf(w, "%d deleted\n", d.Deleted) })
	}))
	return cmd
}
