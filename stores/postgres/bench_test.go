package postgres

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/stores/storetest"
)

func BenchmarkInsert(b *testing.B) {
	s, err := open(b.Context(), usual(servers.PostgreSQL(b)), storetest.Location)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	storetest.BenchmarkInsert(b, s)
}
