package xjpgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/admin"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys list|show|create|update|rotate|revoke",
		Short: "Manages the keys of clients",
	}
	cmd.AddCommand(listKeysCommand(), showKeyCommand(), createKeyCommand(), updateKeyCommand(), rotateKeyCommand(), revokeKeyCommand())
	return cmd
}

func listKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [--tenant <id>] [--limit <n>] [--after <page>] [--json]",
		Short: "Lists keys",
		Long: `
Lists the keys of a tenant, or of all. Keys of the configuration itself are not
among them.` + aboutDirect,
		Example: `  $ caddy xjp keys list --tenant acme`,
		Args:    cobra.NoArgs,
	}
	clientFlags(cmd)
	pageFlags(cmd)
	cmd.Flags().String("tenant", "", "Id of a tenant (default: all)")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("GET", "/xjp/keys", queryOf(fl, "tenant", "limit", "after"), nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeKeys)
	}))
	return cmd
}

// writeKeys prints keys for people, one line a key.
func writeKeys(w io.Writer, page *admin.Page[admin.Key]) {
	row(w, "KEY", "TENANT", "STATE", "EXPIRES", "LAST USED", "MODELS", "LIMITS", "DESCRIPTION")
	for i := range page.Data {
		k := &page.Data[i]
		row(w, k.ID, k.Tenant, k.State, shownTime(k.Expires), shownTime(k.LastUsed), listOrAll(k.Scope.Models), limitWords(&k.Limits), k.Description)
	}
	more(w, page.Next)
}

func listOrAll(list []string) string {
	if len(list) == 0 {
		return "all"
	}
	return strings.Join(list, " ")
}

func showKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show <key> [--json]",
		Short:   "Shows a key",
		Long:    "\nShows a key by its id, without its secret, which is kept nowhere." + aboutDirect,
		Example: `  $ caddy xjp keys show 7Fh2kQ9xLm3T`,
		Args:    cobra.ExactArgs(1),
	}
	clientFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("GET", keyPath(fl), nil, nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeKey)
	}))
	return cmd
}

// keyPath is the path of the key that an argument names, by its id or as a whole: a secret in
// a path would be in the log of the admin endpoint.
func keyPath(fl caddycmd.Flags) string { return "/xjp/keys/" + pathSegment(keyID(fl.Arg(0))) }

// writeKey prints all of a key for people.
func writeKey(w io.Writer, k *admin.Key) {
	row(w, "key", k.ID)
	row(w, "tenant", k.Tenant)
	row(w, "state", k.State)
	for _, line := range [][2]string{
		{"description", k.Description}, {"models", strings.Join(k.Scope.Models, " ")}, {"dialects", strings.Join(k.Scope.Dialects, " ")},
		{"endpoints", strings.Join(k.Scope.Endpoints, " ")}, {"limits", limitWords(&k.Limits)}, {"capture", captureWords(k)}, {"replaces", k.Replaces},
	} {
		if line[1] != "" {
			row(w, line[0], line[1])
		}
	}
	writeMetadata(w, k.Metadata)
	for _, moment := range []struct {
		name string
		at   *time.Time
	}{{"created", &k.Created}, {"updated", &k.Updated}, {"last used", k.LastUsed}, {"expires", k.Expires}, {"revoked", k.Revoked}} {
		if moment.at != nil {
			row(w, moment.name, shownTime(moment.at))
		}
	}
}

// captureWords say of which requests of a key the bodies are kept.
func captureWords(k *admin.Key) string {
	if k.Capture == nil {
		return ""
	}
	text := strconv.FormatFloat(k.Capture.Share*100, 'g', 6, 64) + "%"
	if k.Capture.Until != nil {
		text += " until " + shownTime(k.Capture.Until)
	}
	if k.CaptureOff {
		text += "; without effect, since the configuration has capture off"
	}
	return text
}

// keyFlags are what a key is made or changed by.
func keyFlags(cmd *cobra.Command) {
	clientFlags(cmd)
	limitFlags(cmd)
	cmd.Flags().String("description", "", "What the key is for")
	cmd.Flags().String("models", "", "Models that the key may use, with commas between; a name may hold one *")
	cmd.Flags().String("dialects", "", "Dialects that the key may use: openai, anthropic")
	cmd.Flags().String("endpoints", "", "Endpoints that the key may use: generate, count_tokens, models")
	cmd.Flags().String("expires", "", "When the key expires: a date, a time, or in how long, such as 90d")
	cmd.Flags().String("capture", "", "Share of the requests whose bodies are kept, such as 10%; none keeps none")
	cmd.Flags().String("capture-until", "", "When that ends: a date, a time, or in how long, such as 24h")
	cmd.Flags().StringArray("metadata", nil, "A text for the operator, such as owner=ann; may be repeated")
}

func createKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create [--tenant <id>] [--<limit> <value>] [--models <patterns>] [--dialects <names>] [--endpoints <names>] [--expires <time>] [--capture <share>] [--capture-until <time>] [--description <text>] [--metadata <name>=<text>] [--quiet|--json]",
		Short: "Makes a key and prints its secret once",
		Long: `
Makes a key and prints its secret, this once: it is kept nowhere. A tenant that is
not there is made along with it. A flag with an empty value is refused, as it would
leave the key without the bound that was meant.` + aboutLimits + aboutDirect,
		Example: `  $ caddy xjp keys create --tenant acme --rpm 120 --tokens-per-day 2000000 --budget 50/month --models 'claude-*'
  $ caddy xjp keys create --tenant acme --expires 90d --description 'the build server' --quiet > key`,
		Args: cobra.NoArgs,
	}
	keyFlags(cmd)
	cmd.Flags().String("tenant", "", "Id of the key's tenant (default: default)")
	cmd.Flags().Bool("quiet", false, "Print the secret alone")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		if err := refuseEmpty(fl, "tenant", "models", "dialects", "endpoints", "expires", "capture", "capture-until", "description"); err != nil {
			return err
		}
		body, err := keyFields(fl)
		if err != nil {
			return err
		}
		body["create_tenant"] = true
		if tenant := fl.String("tenant"); tenant != "" {
			body["tenant"] = tenant
		}
		answer, err := a.ask("POST", "/xjp/keys", nil, body)
		if err != nil {
			return err
		}
		return showSecret(fl, answer)
	}))
	return cmd
}

// showSecret prints a new key with its secret.
func showSecret(fl caddycmd.Flags, answer io.ReadCloser) error {
	if !fl.Bool("quiet") {
		return show(fl, answer, writeNewKey)
	}
	defer answer.Close()
	var k admin.NewKey
	if err := json.NewDecoder(answer).Decode(&k); err != nil {
		return err
	}
	tellOfTenant(os.Stderr, &k)
	_, err := fmt.Fprintln(os.Stdout, k.Secret)
	return err
}

// writeNewKey prints a new key for people.
func writeNewKey(w io.Writer, k *admin.NewKey) {
	tellOfTenant(w, k)
	writeKey(w, &k.Key)
	fmt.Fprintf(w, "\n%s\n\nThis is the key. It is shown this once and kept nowhere.\n", k.Secret)
}

func tellOfTenant(w io.Writer, k *admin.NewKey) {
	if k.TenantCreated {
		fmt.Fprintf(w, "The tenant %s was not there and has been made.\n", k.Tenant)
	}
}

func updateKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "update <key> [--<limit> <value>|none] [--models <patterns>] [--dialects <names>] [--endpoints <names>] [--expires <time>|never] [--capture <share>|none] [--capture-until <time>|never] [--description <text>] [--metadata <name>=<text>] [--disable|--enable] [--json]",
		Short: "Changes a key",
		Long: `
Changes what is named and leaves all else as it is. The value none takes a limit
away, an empty text a description, a list or metadata, and never an expiry. With
--capture 10% the bodies of one request in ten are kept, until --capture none.
--disable refuses the key until --enable.` + aboutLimits + aboutDirect,
		Example: `  $ caddy xjp keys update 7Fh2kQ9xLm3T --rpm 240 --expires never
  $ caddy xjp keys update 7Fh2kQ9xLm3T --disable`,
		Args: cobra.ExactArgs(1),
	}
	keyFlags(cmd)
	switchFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		body, err := keyFields(fl)
		if err != nil {
			return err
		}
		answer, err := change(fl, a, keyPath(fl), body)
		if err != nil {
			return err
		}
		return show(fl, answer, writeKey)
	}))
	return cmd
}

// keyFields are the fields of a key that the flags name.
func keyFields(fl caddycmd.Flags) (map[string]any, error) {
	body := map[string]any{}
	addText(fl, body, "description")
	if err := addLimits(fl, body); err != nil {
		return nil, err
	}
	scope := map[string]any{}
	for _, name := range []string{"models", "dialects", "endpoints"} {
		if !fl.Changed(name) {
			continue
		}
		text := fl.String(name)
		if scope[name] = wordsOf(text); scope[name] == nil && text != "" {
			return nil, fmt.Errorf("--%s: '%s' names nothing; an empty text allows all", name, text)
		}
	}
	if len(scope) > 0 {
		body["scope"] = scope
	}
	now := time.Now()
	if err := addMoment(fl, body, "expires", "expires", now); err != nil {
		return nil, err
	}
	if err := addCapture(fl, body, now); err != nil {
		return nil, err
	}
	return body, addMetadata(fl, body)
}

// addCapture adds of which requests the bodies are kept, if a flag says so.
func addCapture(fl caddycmd.Flags, body map[string]any, now time.Time) error {
	setting := map[string]any{}
	if err := addMoment(fl, setting, "capture-until", "until", now); err != nil {
		return err
	}
	text := fl.String("capture")
	if text == "none" {
		body["capture"] = nil
		if len(setting) > 0 {
			return errors.New("--capture none and --capture-until exclude each other")
		}
		return nil
	}
	if text != "" {
		percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		if err != nil || !strings.HasSuffix(text, "%") || !(percent > 0 && percent <= 100) {
			return fmt.Errorf("--capture: '%s' is no share; write one above 0%% and up to 100%%, such as 10%%, or none", text)
		}
		setting["share"] = percent / 100
	}
	if len(setting) > 0 {
		body["capture"] = setting
	}
	return nil
}

// wordsOf splits a list, which is null if it is empty.
func wordsOf(text string) any {
	list := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' })
	if len(list) == 0 {
		return nil
	}
	return list
}

// addMoment adds when something ends, if a flag says so.
func addMoment(fl caddycmd.Flags, body map[string]any, flag, field string, now time.Time) error {
	text := fl.String(flag)
	if text == "" {
		return nil
	}
	if text == "never" {
		body[field] = nil
		return nil
	}
	at, err := momentOf(text, now)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	body[field] = at.UTC().Truncate(time.Second)
	return nil
}

// momentOf reads a date, a time, or how long it takes until then.
func momentOf(text string, now time.Time) (time.Time, error) {
	if at, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return at, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if span, err := admin.ParseSpan(text); err == nil {
		return now.Add(span), nil
	}
	return time.Time{}, fmt.Errorf("'%s' is no time; write a date such as 2027-03-31, a time such as 2027-03-31T08:00:00Z, or in how long, such as 90d", text)
}

func rotateKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate <key> [--overlap <time>] [--quiet|--json]",
		Short: "Makes a key that takes the place of another",
		Long: `
Makes a key with the limits and the scope of another one and prints its secret, this
once. The old key expires when the overlap is over, at once without one.

The new key has used nothing of its limits: a budget for a day, a month or all time
begins anew with it. Budgets that are to outlast keys are the tenant's; else lower
the new key's by what the old one has used, which "limits --key" tells.` + aboutDirect,
		Example: `  $ caddy xjp keys rotate 7Fh2kQ9xLm3T --overlap 24h`,
		Args:    cobra.ExactArgs(1),
	}
	clientFlags(cmd)
	cmd.Flags().String("overlap", "", "How long the old key goes on working, such as 24h or 7d")
	cmd.Flags().Bool("quiet", false, "Print the secret alone")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		body := map[string]any{}
		if overlap := fl.String("overlap"); overlap != "" {
			body["overlap"] = overlap
		}
		answer, err := a.ask("POST", keyPath(fl)+"/rotate", nil, body)
		if err != nil {
			return err
		}
		return showSecret(fl, answer)
	}))
	return cmd
}

func revokeKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke <key> [--json]",
		Short: "Revokes a key for good",
		Long: `
Revokes a key for good: within a second no node serves it any more. Its record and
what it used stay. A key that is to come back is disabled instead.` + aboutDirect,
		Example: `  $ caddy xjp keys revoke 7Fh2kQ9xLm3T`,
		Args:    cobra.ExactArgs(1),
	}
	clientFlags(cmd)
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(withAdministrator(func(fl caddycmd.Flags, a administrator) error {
		answer, err := a.ask("DELETE", keyPath(fl), nil, nil)
		if err != nil {
			return err
		}
		return show(fl, answer, writeKey)
	}))
	return cmd
}
