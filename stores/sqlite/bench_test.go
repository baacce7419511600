package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/rickyjim626/xjp-gateway/stores/storetest"
)

func BenchmarkInsert(b *testing.B) {
	s, err := open(b.Context(), filepath.Join(b.TempDir(), "xjp.db"), storetest.Location)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	storetest.BenchmarkInsert(b, s)
}
