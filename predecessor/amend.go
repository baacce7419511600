package predecessor

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// amend carries over what was changed of a key since it was imported. A key that was changed
// here as well stays as it is, and the report says so: who is right cannot be known.
func (c *carrier) amend(there *keys.Record) error {
	here, err := c.to.Key(c.ctx, "", there.ID)
	switch {
	case errors.Is(err, keys.ErrNotFound):
		c.report.KnownKeys++ // its secret is that of another key here
		return nil
	case err != nil:
		return err
	case here.Tenant != there.Tenant:
		c.report.skip("key", there.ID, fmt.Errorf("it belongs to the tenant %.80q here", here.Tenant))
		return nil
	case here.Pepper == "" && here.Hash != there.Hash:
		c.report.skip("key", there.ID, errors.New("its secret is another one here"))
		return nil
	}
	changed := changes(here, there)
	switch {
	case len(changed) == 0:
		c.report.KnownKeys++
		return nil
	// Whoever changes a key here sets the time; an import does not.
	case !here.Updated.Equal(here.Created):
		c.report.skip("key", there.ID, fmt.Errorf("it was changed here too, and keeps what it has here; it differs in %s", strings.Join(changed, ", ")))
		return nil
	}
	here.Description, here.Limits, here.Disabled, here.Expires = there.Description, there.Limits, there.Disabled, there.Expires
	detail, err := json.Marshal(map[string]any{"imported": true, "changed": changed})
	if err != nil {
		return err
	}
	by := c.audit("key.update", here.Tenant, here.ID)
	by.Detail = string(detail)
	err = c.to.UpdateKey(c.ctx, here, by)
	if errors.Is(err, keys.ErrChanged) {
		c.report.skip("key", there.ID, errors.New("somebody is changing it here"))
		return nil
	}
	if err == nil {
		c.report.AmendedKeys++
	}
	return err
}

// changes names what differs of what an import carries over.
func changes(here, there *keys.Record) (names []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"description", here.Description == there.Description},
		{"limits", here.Limits == there.Limits},
		{"disabled", here.Disabled == there.Disabled},
		{"expires", sameMoment(here.Expires, there.Expires)},
	} {
		if !f.same {
			names = append(names, f.name)
		}
	}
	return names
}

func sameMoment(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
