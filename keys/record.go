package keys

import (
	"context"
	"errors"
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// DefaultTenant owns keys that name no tenant, and those of the configuration.
const DefaultTenant = "default"

// Tenant is a customer, a team or a project whose keys are limited and billed together.
type Tenant struct {
	// ID is chosen by the operator: letters, digits, dot, dash and underscore.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Disabled refuses all keys of the tenant.
	Disabled bool `json:"disabled,omitempty"`
	// Limits bound what all keys of the tenant use together, KeyLimits each of them that
	// has no limit of its own, ModelLimits what they use of models by name or pattern.
	Limits      limits.Set            `json:"limits,omitzero"`
	KeyLimits   limits.Set            `json:"key_limits,omitzero"`
	ModelLimits map[string]limits.Set `json:"model_limits,omitempty"`
	Metadata    map[string]string     `json:"metadata,omitempty"`
	Created     time.Time             `json:"created"`
	Updated     time.Time             `json:"updated"`
	// Version counts the changes; a store keeps it, so that nobody undoes a change that
	// he has not seen.
	Version int64 `json:"-"`
}

// Scope narrows what a key may be used for. An empty list is no narrowing.
type Scope struct {
	// Models are logical models by name; a name may hold one *.
	Models []string `json:"models,omitempty"`
	// Dialects and Endpoints are those of ledger.Record.
	Dialects  []string `json:"dialects,omitempty"`
	Endpoints []string `json:"endpoints,omitempty"`
}

// Record is a key as a store has it. The secret is not in it.
type Record struct {
	// ID is in the key itself, for keys that were made here.
	ID     string `json:"id"`
	Tenant string `json:"tenant"`
	// Hash is the secret's: HMAC-SHA256 under the pepper that Pepper names, or, where that
	// is empty, its plain SHA-256 (keys of the predecessor, and installations without one).
	Hash   [32]byte `json:"-"`
	Pepper string   `json:"-"`

	Description string     `json:"description,omitempty"`
	Scope       Scope      `json:"scope,omitzero"`
	Limits      limits.Set `json:"limits,omitzero"`
	// Disabled refuses the key for the time being, Revoked for good.
	Disabled bool       `json:"disabled,omitempty"`
	Revoked  *time.Time `json:"revoked,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
	LastUsed *time.Time `json:"last_used,omitempty"`
	// Capture says of which requests the bodies are kept; nil is of none.
	Capture  *Capture          `json:"capture,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	// Replaces is the key that this one was rotated from; that one expires when the
	// overlap is over.
	Replaces string    `json:"replaces,omitempty"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	// Version counts the changes, as that of Tenant.
	Version int64 `json:"-"`
}

// ErrNotFound is a tenant or a key that is not there, or is not the tenant's.
var ErrNotFound = errors.New("not found")

// ErrExists is an id that is in use already.
var ErrExists = errors.New("exists already")

// ErrChanged is a tenant or a key that somebody has changed since it was read.
var ErrChanged = errors.New("was changed meanwhile")

// ErrInUse is a tenant that still has keys.
var ErrInUse = errors.New("in use")

// ErrGap is a point in the sequence of changes from which the store can no longer tell what
// has changed: it has forgotten so much, or it is not the store that it was.
var ErrGap = errors.New("the changes are not known any more")

// Store keeps tenants and keys. Its methods are safe for concurrent use. Each change takes
// the entry of the audit that tells of it, and writes both or neither; no entry is written
// where it is nil, for what the gateway does of itself. What is added has version 1 and
// each update adds one to it, both in the store and in the value that was passed.
type Store interface {
	// Tenant gives a tenant; ErrNotFound if there is none.
	Tenant(ctx context.Context, id string) (*Tenant, error)
	// Tenants lists tenants by id, after one, at most limit.
	Tenants(ctx context.Context, after string, limit int) ([]Tenant, error)
	// CreateTenant adds a tenant; ErrExists if its id is in use.
	CreateTenant(ctx context.Context, t *Tenant, by *Audit) error
	// UpdateTenant sets all fields of a tenant but Created; ErrNotFound if there is none,
	// ErrChanged if its version is another than the one given.
	UpdateTenant(ctx context.Context, t *Tenant, by *Audit) error
	// DeleteTenant deletes a tenant and its keys, which must all be revoked; ErrInUse if
	// one is not, ErrNotFound if there is no such tenant.
	DeleteTenant(ctx context.Context, id string, by *Audit) error

	// Key gives a key of a tenant by its id; an empty tenant is any. ErrNotFound if there
	// is none.
	Key(ctx context.Context, tenant, id string) (*Record, error)
	// KeyByHash gives the key with a plain SHA-256; ErrNotFound if there is none.
	KeyByHash(ctx context.Context, hash [32]byte) (*Record, error)
	// Successor gives a key that was made in place of another; ErrNotFound if there is none.
	Successor(ctx context.Context, id string) (*Record, error)
	// Keys lists keys by id, of a tenant or of all, after one, at most limit.
	Keys(ctx context.Context, tenant, after string, limit int) ([]Record, error)
	// CreateKey adds a key; ErrExists if its id or its hash is in use, ErrNotFound if its
	// tenant is not there.
	CreateKey(ctx context.Context, r *Record, by *Audit) error
	// UpdateKey sets all fields of a key but its tenant, Created and LastUsed; ErrNotFound
	// if there is none, ErrChanged if its version is another than the one given.
	UpdateKey(ctx context.Context, r *Record, by *Audit) error
	// RotateKey adds a key and updates the one that it replaces, both or neither, with the
	// errors of CreateKey and UpdateKey. Each of them has an entry of the audit.
	RotateKey(ctx context.Context, old, successor *Record, by []*Audit) error
	// Touch sets when keys were last used, unless a later time is known. That is no change:
	// neither Changes nor the version tells of it. Ids that are not there are passed over.
	Touch(ctx context.Context, used map[string]time.Time) error

	// Changes tells what has changed since a point in the sequence of changes, at most some
	// hundred at once, and the point behind them. The point 0 asks for the present one; it
	// is 0 again only if nothing has ever changed. ErrGap if the point lies before what the
	// store remembers, or behind all that has happened.
	Changes(ctx context.Context, since int64) (changes []Change, now int64, err error)
	// WriteAudit writes an entry of the audit for what changes neither a tenant nor a key.
	WriteAudit(ctx context.Context, by *Audit) error
	// AuditLog lists what was done, the latest first.
	AuditLog(ctx context.Context, f AuditFilter) (page []Audit, next string, err error)
}

// Change says that a tenant or a key is not what it was. One of the fields is set.
type Change struct {
	Tenant, Key string
}

// Audit is the record of what an administrator has done: a change, or the reading of what a
// client has sent. It holds no secret.
type Audit struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Actor is who did it, as the admin endpoint or the site's authentication knows it.
	Actor string `json:"actor"`
	// Action is what was done, such as "key.create"; Tenant and Subject to what.
	Action  string `json:"action"`
	Tenant  string `json:"tenant,omitempty"`
	Subject string `json:"subject"`
	// Detail is what changed, or what more there is to say, in JSON.
	Detail string `json:"detail,omitempty"`
}

// AuditFilter chooses entries of the audit. A field that is not set chooses all.
type AuditFilter struct {
	Tenant, Subject string
	Since, Until    time.Time
	After           string
	Limit           int
}
