package xjpgateway

import (
	"errors"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestPrunerTells checks that a deletion that failed is not told of as one that did not.
func TestPrunerTells(t *testing.T) {
	for _, test := range []struct {
		err     error
		level   zapcore.Level
		message string
		deleted string
	}{
		{nil, zapcore.InfoLevel, "old captures deleted", "captures"},
		{errors.New("the disk is full"), zapcore.ErrorLevel, "old captures cannot be deleted", "deleted"},
	} {
		core, logs := observer.New(zapcore.DebugLevel)
		(&pruner{logger: zap.New(core)}).tell("captures", 3, test.err)
		entries := logs.All()
		if len(entries) != 1 || entries[0].Level != test.level || entries[0].Message != test.message || entries[0].ContextMap()[test.deleted] != int64(3) {
			t.Errorf("%v: %+v", test.err, entries)
		}
	}
}
