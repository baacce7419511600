package xjpgateway

import (
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/rickyjim626/xjp-gateway/state"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// loadEngines loads the modules that keep and count, where a piece of the configuration
// names them, unless one before it has.
func (p *part) loadEngines(ctx caddy.Context, before []part) error {
	for i := range before {
		switch other := &before[i]; {
		case other.store != nil && len(p.config.Store) > 0:
			return fmt.Errorf("store: it is configured in %s and in %s; keep it in one place", other.source, p.source)
		case other.state != nil && len(p.config.State) > 0:
			return fmt.Errorf("state: it is configured in %s and in %s; keep it in one place", other.source, p.source)
		}
	}
	if len(p.config.Store) > 0 {
		if p.config.StoreOff {
			return errors.New("store: it cannot be off and on at once")
		}
		mod, err := ctx.LoadModule(p.config, "Store")
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		p.store = unlessMissing(ctx, mod.(stores.Module))
	}
	if len(p.config.State) > 0 {
		mod, err := ctx.LoadModule(p.config, "State")
		if err != nil {
			return fmt.Errorf("state: %w", err)
		}
		p.state = mod.(state.Module)
	}
	return nil
}

// unlessMissing is a store, nil if it is optional and left out.
func unlessMissing(ctx caddy.Context, mod stores.Module) stores.Module {
	if optional, ok := mod.(stores.Optional); ok && optional.Missing() != nil {
		ctx.Logger().Warn("optional store is left out, and the default one is used", zap.String("reason", optional.Missing().Error()))
		return nil
	}
	return mod
}

// storeModule is the store that a piece of the configuration names, else the default one.
func (a *App) storeModule(parts []part) (stores.Module, error) {
	for i := range parts {
		if parts[i].store != nil {
			return parts[i].store, nil
		}
	}
	mod, err := a.ctx.LoadModuleByID("xjp.stores.sqlite", nil)
	if err != nil {
		return nil, err
	}
	return mod.(stores.Module), nil
}

// stateModule is the engine of state that a piece of the configuration names, else the
// default one.
func (a *App) stateModule(parts []part) (state.Module, error) {
	for i := range parts {
		if parts[i].state != nil {
			return parts[i].state, nil
		}
	}
	mod, err := a.ctx.LoadModuleByID("xjp.state.memory", nil)
	if err != nil {
		return nil, err
	}
	return mod.(state.Module), nil
}
