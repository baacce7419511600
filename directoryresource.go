package xjpgateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

// openDirectory is the directory of the store's keys. It is made when it is needed first,
// which is when opening the store has been tried.
type openDirectory struct {
	options   keys.DirectoryOptions
	once      sync.Once
	directory *keys.Directory
}

func (d *openDirectory) get() *keys.Directory {
	d.once.Do(func() { d.directory = keys.NewDirectory(d.options) })
	return d.directory
}

// holdDirectory holds the directory, which follows the store.
func (a *App) holdDirectory(store *openStore, storeID string, c *Config, h *holdings) (*openDirectory, error) {
	peppers, id, err := c.peppers()
	if err != nil {
		return nil, err
	}
	logger := a.logger.Named("keys")
	o := keys.DirectoryOptions{Store: store.forKeys, Peppers: peppers, OnFailure: keys.OnFailure(c.OnStoreFailure)}
	o.Notice = func(message string, err error) {
		if err != nil {
			logger.Error(message, zap.Error(err))
			return
		}
		logger.Info(message)
	}
	return hold(h, "keys", storeID+" "+id+" "+c.OnStoreFailure, func() (*openDirectory, error) {
		return &openDirectory{options: o}, nil
	})
}

// peppers resolves the peppers, and gives an identity that does not tell them.
func (c *Config) peppers() (*keys.Peppers, string, error) {
	var secrets []string
	sum := sha256.New()
	for i, raw := range c.Peppers {
		secret, err := module.Resolve(fmt.Sprintf("pepper %d", i+1), raw)
		if err != nil {
			return nil, "", err
		}
		secrets = append(secrets, secret)
		fmt.Fprintf(sum, "%d %s", len(secret), secret)
	}
	peppers, err := keys.NewPeppers(secrets)
	return peppers, hex.EncodeToString(sum.Sum(nil)), err
}

// Destruct writes when keys were last used, and ends.
func (d *openDirectory) Destruct() error {
	closeLater(func() {
		d.once.Do(func() {})
		if d.directory != nil {
			d.directory.Close()
		}
	})
	return nil
}
