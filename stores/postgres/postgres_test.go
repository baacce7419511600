package postgres

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/stores"
	"github.com/rickyjim626/xjp-gateway/stores/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// usual are settings as Provision makes them.
func usual(dsn string) settings {
	return settings{dsn: dsn, connectTimeout: 5 * time.Second, statementTimeout: 30 * time.Second}
}

// opener opens a new database with a mode of executing statements.
func opener(t *testing.T, mode string) storetest.Open {
	s := usual(servers.PostgreSQL(t) + "&timezone=Asia/Tokyo") // it must not matter
	s.mode = mode
	return func(t *testing.T) stores.Store {
		t.Helper()
		store, err := open(t.Context(), s, storetest.Location)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open { return opener(t, "") })
}

// TestPoolerModes executes each statement in the modes that a pooler bears.
func TestPoolerModes(t *testing.T) {
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			storetest.RunStatements(t, func(t *testing.T) storetest.Open { return opener(t, mode) })
		})
	}
}
