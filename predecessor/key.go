package predecessor

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// keyOf reads a key. It has the predecessor's id, so that accounts name it as before, and
// its plain hash, so that the secret goes on working.
func keyOf(r row) (*keys.Record, error) {
	k := &keys.Record{ID: r.text("id"), Description: r.text("description"), Tenant: tenantID(r.text("tenant_id")), Disabled: r.text("is_active") == "false"}
	if k.ID == "" {
		return nil, errors.New("it has no id")
	}
	var err error
	if k.Hash, err = keys.ParseHash(r.text("key_hash")); err != nil {
		return nil, err
	}
	if k.Limits.RequestsPerMinute, err = r.count("rate_limit_rpm"); err != nil {
		return nil, err
	}
	if k.Limits.RequestsPerDay, err = r.count("rate_limit_rpd"); err != nil {
		return nil, err
	}
	if k.Expires, err = r.moment("expires_at"); err != nil {
		return nil, err
	}
	if k.LastUsed, err = r.moment("last_used_at"); err != nil {
		return nil, err
	}
	created, err := r.moment("created_at")
	if err != nil {
		return nil, err
	}
	if created == nil {
		created = &time.Time{}
	}
	k.Created, k.Updated = *created, *created
	return k, nil
}

// maxTenantID bounds the ids of tenants in characters.
const maxTenantID = 64

// tenantID gives the id of a tenant of the predecessor, which could be any text. One that is
// none of ours is spelled as well as may be, with a part of its hash, so that no two become
// one.
func tenantID(text string) string {
	if text == "" {
		return keys.DefaultTenant
	}
	spelled := strings.Map(func(c rune) rune {
		if c < 0x80 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(".-_", c)) {
			return c
		}
		return '-'
	}, text)
	if spelled == text && len(text) <= maxTenantID {
		return text
	}
	hash := sha256.Sum256([]byte(text))
	return spelled[:min(len(spelled), maxTenantID-9)] + "-" + hex.EncodeToString(hash[:4])
}
