package admin

import (
	"net/http"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// listTenants lists tenants by id.
func (x *exchange) listTenants() error {
	limit, after := x.query.limit(), x.query.text("after")
	if err := x.query.done(); err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	list, err := store.Tenants(x.Context(), after, limit+1)
	if err != nil {
		return storeError(err, "the page")
	}
	list, more := cut(list, limit)
	if !more {
		return writePage(x, list, "")
	}
	return writePage(x, list, list[len(list)-1].ID)
}

// cut cuts off what was only read to know whether there is more.
func cut[T any](list []T, limit int) (page []T, more bool) {
	if len(list) > limit {
		return list[:limit], true
	}
	return list, false
}

// newTenant is a tenant that is to be made.
type newTenant struct {
	ID string `json:"id"`
	keys.TenantSpec
}

// createTenant makes a tenant.
func (x *exchange) createTenant() error {
	if err := x.query.done(); err != nil {
		return err
	}
	var asked newTenant
	if err := x.decode(&asked); err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	tenant, err := manager.CreateTenant(x.Context(), x.actor(), asked.ID, asked.TenantSpec)
	if err != nil {
		return storeError(err, "tenant '"+asked.ID+"'")
	}
	x.w.Header().Set("Location", "tenants/"+tenant.ID)
	return x.write(http.StatusCreated, tenant)
}

// getTenant tells of a tenant.
func (x *exchange) getTenant() error {
	if err := x.query.done(); err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	tenant, err := store.Tenant(x.Context(), x.id)
	if err != nil {
		return storeError(err, x.thatTenant())
	}
	return x.write(http.StatusOK, tenant)
}

// thatTenant is what the path names, for people.
func (x *exchange) thatTenant() string { return "tenant '" + x.id + "'" }

// updateTenant changes a tenant.
func (x *exchange) updateTenant() error {
	if err := x.query.done(); err != nil {
		return err
	}
	patch, err := x.body(maxBody)
	if err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	tenant, err := manager.UpdateTenant(x.Context(), x.actor(), x.id, patch)
	if err != nil {
		return storeError(err, x.thatTenant())
	}
	return x.write(http.StatusOK, tenant)
}

// deleteTenant deletes a tenant whose keys are all revoked.
func (x *exchange) deleteTenant() error {
	if err := x.query.done(); err != nil {
		return err
	}
	manager, err := x.manager()
	if err != nil {
		return err
	}
	if err := manager.DeleteTenant(x.Context(), x.actor(), x.id); err != nil {
		return storeError(err, x.thatTenant())
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}
