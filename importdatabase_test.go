package xjpgateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/predecessor"
)

// TestImportDatabase carries a database of the predecessor into the store that a
// configuration names.
func TestImportDatabase(t *testing.T) {
	dsn, secret := servers.PostgreSQL(t), "XJP_"+strings.Repeat("A", 43)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`CREATE TABLE api_keys (id uuid, key_hash text, tenant_id text, is_active boolean, created_at timestamptz);
		INSERT INTO api_keys VALUES ('0000000a-0000-4000-8000-000000000001', '%x', 'acme', true, now()), ('0000000a-0000-4000-8000-000000000002', 'none', 'acme', true, now());
		CREATE TABLE billing_transactions (id uuid, tenant_id text, request_id text, total_cost decimal(12,8), internal_reasoning_cost decimal(12,8), created_at timestamptz);
		INSERT INTO billing_transactions VALUES ('0000000c-0000-4000-8000-000000000001', 'acme', 'r1', 0.00000001, 0.00000001, now())`, keys.HashOf(secret))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config, err := adapted([]byte("{\n\tadmin off\n\txjp {\n\t\tstore sqlite " + filepath.Join(dir, "xjp.db") + "\n\t\tledger {\n\t\t\tjournal " + filepath.Join(dir, "journal") + "\n\t\t}\n\t}\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		carry                carrying
		active               bool // the key, there
		keys, amended, known int
	}{
		{predecessor.Look, true, 1, 0, 0}, {predecessor.Import, true, 1, 0, 0}, {predecessor.Import, true, 0, 0, 1}, {predecessor.Look, true, 0, 0, 1},
		{predecessor.Look, false, 0, 1, 0}, {predecessor.Import, false, 0, 1, 0}, {predecessor.Import, false, 0, 0, 1},
	} {
		if _, err := conn.Exec(t.Context(), "UPDATE api_keys SET is_active = $1", step.active); err != nil {
			t.Fatal(err)
		}
		report := carried(t, dsn, config, step.carry)
		if report.Keys != step.keys || report.AmendedKeys != step.amended || report.KnownKeys != step.known || report.Requests != 1 || report.Cost != 10 || report.TwiceReasoned != 1 || report.Skipped != 1 {
			t.Errorf("%+v", report)
		}
	}
	app, done, err := provisionApp(config)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	store, err := app.Store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if key, err := store.KeyByHash(t.Context(), keys.HashOf(secret)); err != nil || key.Tenant != "acme" || !key.Disabled {
		t.Errorf("%+v, %v", key, err)
	}
}

// carried runs an import, and prints its report in both forms.
func carried(t *testing.T, dsn string, config []byte, carry carrying) *predecessor.Report {
	t.Helper()
	report, err := importDatabase(t.Context(), dsn, config, carry)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := writeImport(&text, report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"requests read: 1, which cost 0.00000001 USD\n", "reasoning twice, as it was billed: 1\n", "not carried over: usage_logs, as the database has no such table\n", "not carried over: 1\n", "a key's hash must be"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in %s", want, text.String())
		}
	}
	if data, err := json.Marshal(report); err != nil || !strings.Contains(string(data), `"cost":"0.00000001"`) {
		t.Errorf("%s, %v", data, err)
	}
	return report
}

// TestSourceDSN checks where the address of the database is looked for.
func TestSourceDSN(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	if _, err := sourceDSN(""); err == nil || !strings.Contains(err.Error(), "--dsn-file") {
		t.Error(err)
	}
	t.Setenv("DATABASE_URL", "postgres://xjp:"+servers.Password+"@127.0.0.1:1/x")
	dsn, err := sourceDSN("")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte(dsn+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", "another")
	if read, err := sourceDSN(file); err != nil || read != dsn {
		t.Errorf("%v", err)
	}
}
