package xjpgateway

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
)

func tenantsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tenants list|show|create|update|delete",
		Short: "Manages tenants: customers, teams or projects with limits of their own",
	}
	cmd.AddCommand(listTenantsCommand(), showTenantCommand(), createTenantCommand(), updateTenantCommand(), deleteTenantCommand())
	return cmd
}

func listTenantsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list [--limit <n>] [--after <page>] [--json]",
		Short:   "Lists tenants",
		Long:    "\nLists tenants by id." + aboutDirect,
		Example: `  $ caddy xjp tenants list`,
		Args:    cobra.NoArgs,
	}
	clientFlags(cmd)
	pageFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("GET", "/xjp/tenants", queryOf(fl, "limit", "after"), nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeTenants)
	}))
	return cmd
}

// writeTenants prints tenants for people, one line a tenant.
func writeTenants(w io.Writer, page *admin.Page[keys.Tenant]) {
	row(w, "TENANT", "NAME", "STATE", "LIMITS", "LIMITS OF EACH KEY")
	for i := range page.Data {
		t := &page.Data[i]
		state := "active"
		if t.Disabled {
			state = "disabled"
		}
		row(w, t.ID, orDefault(t.Name, "-"), state, limitWords(&t.Limits), limitWords(&t.KeyLimits))
	}
	more(w, page.Next)
}

func showTenantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show <tenant> [--json]",
		Short:   "Shows a tenant",
		Long:    "\nShows a tenant with its limits and metadata." + aboutDirect,
		Example: `  $ caddy xjp tenants show acme`,
		Args:    cobra.ExactArgs(1),
	}
	clientFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("GET", tenantPath(fl), nil, nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeTenant)
	}))
	return cmd
}

func tenantPath(fl caddycmd.Flags) string { return "/xjp/tenants/" + pathSegment(fl.Arg(0)) }

// pathSegment is an id as it stands in a path.
func pathSegment(id string) string { return url.PathEscape(id) }

// writeTenant prints all of a tenant for people.
func writeTenant(w io.Writer, t *keys.Tenant) {
	row(w, "tenant", t.ID)
	for _, line := range [][2]string{{"name", t.Name}, {"disabled", yes(t.Disabled)}, {"limits", limitWords(&t.Limits)}, {"limits of each key", limitWords(&t.KeyLimits)}} {
		if line[1] != "" {
			row(w, line[0], line[1])
		}
	}
	for _, pattern := range sortedKeys(t.ModelLimits) {
		set := t.ModelLimits[pattern]
		row(w, "limits of "+pattern, limitWords(&set))
	}
	writeMetadata(w, t.Metadata)
	row(w, "created", shownTime(&t.Created))
	row(w, "updated", shownTime(&t.Updated))
}

func writeMetadata(w io.Writer, metadata map[string]string) {
	for _, name := range sortedKeys(metadata) {
		row(w, "metadata "+name, metadata[name])
	}
}

func yes(value bool) string {
	if value {
		return "yes"
	}
	return ""
}

// tenantFlags are what a tenant is made or changed by.
func tenantFlags(cmd *cobra.Command) {
	clientFlags(cmd)
	limitFlags(cmd)
	cmd.Flags().String("name", "", "Name for people")
	cmd.Flags().StringArray("key-limit", nil, "Limit of each key that has none of its own, such as rpm=60; may be repeated")
	cmd.Flags().StringArray("model-limit", nil, "Limit of a model or a pattern, such as claude-*:tokens_per_day=1m; may be repeated")
	cmd.Flags().StringArray("metadata", nil, "A text for the operator, such as contact=ann; may be repeated")
}

// aboutLimits explains the flags of limits.
const aboutLimits = `

Limits have the names of the configuration, such as --tokens-per-day 2m, some of
them short ones: --rpm, --rpd, --tpm, --tpd. --budget takes the time for which it
is along: 50/month, 5/day, or 200 in total.`

func createTenantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create <tenant> [--name <text>] [--<limit> <value>] [--key-limit <limit>=<value>] [--model-limit <pattern>:<limit>=<value>] [--metadata <name>=<text>] [--json]",
		Short: "Makes a tenant",
		Long:  "\nMakes a tenant, whose keys are limited and billed together." + aboutLimits + aboutDirect,
		Example: `  $ caddy xjp tenants create acme --budget 500/month --key-limit rpm=60
  $ caddy xjp tenants create labs --model-limit 'claude-opus-*:tokens_per_day=1m'`,
		Args: cobra.ExactArgs(1),
	}
	tenantFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		if err := refuseEmpty(fl, "name"); err != nil {
			return err
		}
		body, err := tenantFields(fl)
		if err != nil {
			return err
		}
		body["id"] = fl.Arg(0)
		answer, err := a.ask("POST", "/xjp/tenants", nil, body)
		if err != nil {
			return err
		}
		return show(fl, answer, writeTenant)
	}))
	return cmd
}

func updateTenantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "update <tenant> [--name <text>] [--<limit> <value>|none] [--key-limit <limit>=<value>] [--model-limit <pattern>:<limit>=<value>] [--metadata <name>=<text>] [--disable|--enable] [--json]",
		Short: "Changes a tenant",
		Long: `
Changes what is named and leaves all else as it is. The value none takes a limit
away, an empty text a name or metadata. --disable refuses all keys of the tenant
until --enable.` + aboutLimits + aboutDirect,
		Example: `  $ caddy xjp tenants update acme --budget 800/month --rpm none
  $ caddy xjp tenants update acme --disable`,
		Args: cobra.ExactArgs(1),
	}
	tenantFlags(cmd)
	switchFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		body, err := tenantFields(fl)
		if err != nil {
			return err
		}
		answer, err := change(fl, a, tenantPath(fl), body)
		if err != nil {
			return err
		}
		return show(fl, answer, writeTenant)
	}))
	return cmd
}

// tenantFields are the fields of a tenant that the flags name.
func tenantFields(fl caddycmd.Flags) (map[string]any, error) {
	body := map[string]any{}
	addText(fl, body, "name")
	if err := addLimits(fl, body); err != nil {
		return nil, err
	}
	keyLimits := map[string]any{}
	for _, text := range repeated(fl, "key-limit") {
		if err := putLimit(keyLimits, "key-limit", text); err != nil {
			return nil, err
		}
	}
	if len(keyLimits) > 0 {
		body["key_limits"] = keyLimits
	}
	if err := addModelLimits(fl, body); err != nil {
		return nil, err
	}
	return body, addMetadata(fl, body)
}

// addModelLimits adds limits such as "claude-*:tokens_per_day=1m".
func addModelLimits(fl caddycmd.Flags, body map[string]any) error {
	patterns := map[string]any{}
	for _, text := range repeated(fl, "model-limit") {
		i := strings.LastIndexByte(text, ':') // the names of models may hold colons
		if i < 1 {
			return fmt.Errorf("--model-limit: write a pattern, a colon and a limit, such as claude-*:tokens_per_day=1m, not %q", text)
		}
		set, known := patterns[text[:i]].(map[string]any)
		if !known {
			set = map[string]any{}
			patterns[text[:i]] = set
		}
		if err := putLimit(set, "model-limit", text[i+1:]); err != nil {
			return err
		}
	}
	if len(patterns) > 0 {
		body["model_limits"] = patterns
	}
	return nil
}

func deleteTenantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete <tenant>",
		Short: "Deletes a tenant whose keys are all revoked",
		Long: `
Deletes a tenant and its keys, which must all be revoked. What it used stays in the
ledger.` + aboutDirect,
		Example: `  $ caddy xjp tenants delete acme`,
		Args:    cobra.ExactArgs(1),
	}
	clientFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		return copyAnswer(a.ask("DELETE", tenantPath(fl), nil, nil))
	}))
	return cmd
}

func sortedKeys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for key := range m {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}
