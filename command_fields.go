package xjpgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// errNothing is a change that changes nothing.
var errNothing = errors.New("nothing to change: name what is to be, such as --rpm 120")

// shortLimits are the limits whose flags may be short.
var shortLimits = []string{"rpm", "rpd", "tpm", "tpd"}

// limitFlags are flags for all limits.
func limitFlags(cmd *cobra.Command) {
	for _, name := range limits.Names() {
		cmd.Flags().String(flagOf(name), "", "Limit of "+strings.ReplaceAll(name, "_", " "))
	}
	for _, name := range shortLimits {
		cmd.Flags().String(name, "", "Short for the limit of "+strings.ReplaceAll(fieldOfLimit(name), "_", " "))
	}
}

// flagOf is the flag of a field.
func flagOf(name string) string { return strings.ReplaceAll(name, "_", "-") }

// fieldOfLimit is the name in JSON of a limit with a short name.
func fieldOfLimit(name string) string {
	set := map[string]any{}
	_ = putLimit(set, name, name+"=1") // of known names
	for field := range set {
		return field
	}
	return name
}

// addLimits adds the limits that the flags name.
func addLimits(fl caddycmd.Flags, body map[string]any) error {
	set := map[string]any{}
	for _, name := range append(limits.Names(), shortLimits...) {
		if flag := flagOf(name); fl.Changed(flag) {
			value := fl.String(flag)
			if value == "" {
				return fmt.Errorf("--%s: is empty; leave it out, or write none to take the limit away", flag)
			}
			if err := putLimit(set, flag, name+"="+value); err != nil {
				return err
			}
		}
	}
	if len(set) > 0 {
		body["limits"] = set
	}
	return nil
}

// refuseEmpty refuses flags that are given without a text, as they are where a variable of the
// shell is not set: what is made without them would be bounded by nothing.
func refuseEmpty(fl caddycmd.Flags, flags ...string) error {
	for _, flag := range flags {
		if fl.Changed(flag) && strings.Trim(fl.String(flag), ", ") == "" {
			return fmt.Errorf("--%s: is empty; leave it out if it is not meant", flag)
		}
	}
	return nil
}

// putLimit puts a limit such as "rpm=60" into a set as the API takes it; none takes it away.
// No limit can be put twice.
func putLimit(set map[string]any, flag, text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("--%s: write a limit and its value, such as rpm=60, not %q", flag, text)
	}
	if value == "none" && name == "budget" {
		for _, field := range []string{"budget", "budget_per_day", "budget_per_month"} {
			if err := addLimit(set, flag, field, nil); err != nil {
				return err
			}
		}
		return nil
	}
	none := value == "none"
	if none {
		value = "1"
	}
	var one limits.Set
	if err := one.Put(name, value); err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	fields, err := fieldsOf(&one)
	if err != nil {
		return err
	}
	for field, limit := range fields {
		if none {
			limit = nil
		}
		if err := addLimit(set, flag, field, limit); err != nil {
			return err
		}
	}
	return nil
}

// addLimit adds a limit that is not in a set yet.
func addLimit(set map[string]any, flag, field string, limit any) error {
	if _, twice := set[field]; twice {
		return fmt.Errorf("--%s: %s is given twice", flag, field)
	}
	set[field] = limit
	return nil
}

// fieldsOf is a value as an object of JSON.
func fieldsOf(value any) (fields map[string]any, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	err = decoder.Decode(&fields)
	return fields, err
}

// limitWords are the limits of a set in a line.
func limitWords(set *limits.Set) string {
	fields, err := fieldsOf(set)
	if err != nil {
		return err.Error()
	}
	var list []string
	for _, name := range limits.Names() {
		if value, set := fields[name]; set {
			list = append(list, fmt.Sprintf("%s=%v", name, value))
		}
	}
	return strings.Join(list, " ")
}

// addText adds a text; an empty one clears it.
func addText(fl caddycmd.Flags, body map[string]any, name string) {
	if !fl.Changed(name) {
		return
	}
	if body[name] = fl.String(name); fl.String(name) == "" {
		body[name] = nil
	}
}

// repeated are the values of a flag that may be given more than once.
func repeated(fl caddycmd.Flags, name string) []string {
	list, _ := fl.GetStringArray(name) // the flag is defined
	return list
}

// addMetadata adds texts such as "contact=ann"; an empty one clears it.
func addMetadata(fl caddycmd.Flags, body map[string]any) error {
	metadata := map[string]any{}
	for _, text := range repeated(fl, "metadata") {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return fmt.Errorf("--metadata: write a name and a text, such as contact=ann, not %q", text)
		}
		if metadata[name] = value; value == "" {
			metadata[name] = nil
		}
	}
	if len(metadata) > 0 {
		body["metadata"] = metadata
	}
	return nil
}

// switchFlags refuse or let in again.
func switchFlags(cmd *cobra.Command) {
	cmd.Flags().Bool("disable", false, "Refuse requests until --enable")
	cmd.Flags().Bool("enable", false, "Take requests again")
}

func addSwitch(fl caddycmd.Flags, body map[string]any) error {
	disable, enable := fl.Bool("disable"), fl.Bool("enable")
	if disable && enable {
		return errors.New("--disable and --enable exclude each other")
	}
	if disable || enable {
		body["disabled"] = disable
	}
	return nil
}

// change asks for a change of what a path names: of the fields that the flags name.
func change(fl caddycmd.Flags, a administrator, path string, body map[string]any) (io.ReadCloser, error) {
	if err := addSwitch(fl, body); err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, errNothing
	}
	return a.ask("PATCH", path, nil, body)
}
