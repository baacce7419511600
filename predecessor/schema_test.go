package predecessor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// schema is the predecessor's, as its notes describe it.
const schema = `
CREATE TABLE api_keys (
	id uuid PRIMARY KEY,
	key_hash varchar(64) NOT NULL UNIQUE,
	tenant_id text NOT NULL,
	description text,
	rate_limit_rpm integer DEFAULT 60,
	rate_limit_rpd integer DEFAULT 1000,
	is_active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz,
	last_used_at timestamptz
);
CREATE TABLE usage_logs (
	id uuid PRIMARY KEY,
	tenant_id text NOT NULL,
	api_key_id uuid,
	request_id text,
	logical_model text,
	provider text,
	provider_model_id text,
	prompt_tokens integer,
	completion_tokens integer,
	reasoning_tokens integer,
	cached_tokens integer,
	response_time_ms integer,
	status text,
	error_message text,
	created_at timestamptz NOT NULL
);
CREATE TABLE billing_transactions (
	id uuid PRIMARY KEY,
	tenant_id text NOT NULL,
	api_key_id uuid,
	request_id text,
	logical_model text,
	provider text,
	provider_model_id text,
	prompt_tokens integer,
	completion_tokens integer,
	reasoning_tokens integer,
	cached_tokens integer,
	prompt_cost decimal(12,8),
	cache_read_cost decimal(12,8),
	completion_cost decimal(12,8),
	internal_reasoning_cost decimal(12,8),
	request_cost decimal(12,8),
	total_cost decimal(12,8),
	pricing_snapshot jsonb,
	created_at timestamptz NOT NULL
);`

// old is a database of the predecessor's for a test.
type old struct {
	t    *testing.T
	dsn  string
	conn *pgx.Conn
}

func newOld(t *testing.T, statements string) *old {
	o := &old{t: t, dsn: servers.PostgreSQL(t)}
	conn, err := pgx.Connect(t.Context(), o.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	o.conn = conn
	o.exec(statements)
	return o
}

func (o *old) exec(statements string) {
	o.t.Helper()
	if _, err := o.conn.Exec(o.t.Context(), statements); err != nil {
		o.t.Fatal(err)
	}
}

// open opens the database as an import does.
func (o *old) open() *Database {
	o.t.Helper()
	d, err := Open(o.t.Context(), o.dsn)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(d.Close)
	return d
}

// uuid makes ids that tell what they are of.
func uuid(kind string, n int) string { return fmt.Sprintf("%s-0000-4000-8000-%012d", kind, n) }

// The kinds of ids.
const (
	keyID     = "0000000a"
	usageID   = "0000000b"
	billingID = "0000000c"
)

// insert writes a row; values are SQL.
func (o *old) insert(table string, columns map[string]string) {
	o.t.Helper()
	var names, values []string
	for name, value := range columns {
		names, values = append(names, name), append(values, value)
	}
	o.exec("INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")")
}
