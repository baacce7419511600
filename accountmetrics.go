package xjpgateway

import (
	"github.com/prometheus/client_golang/prometheus"
)

// accountCollector tells at the moment of a scrape what the ledger has not stored yet.
type accountCollector struct{ app *App }

var (
	storeDesc    = prometheus.NewDesc("caddy_xjp_store_up", "Whether the store can be reached: 1 if it can.", nil, nil)
	pendingDesc  = prometheus.NewDesc("caddy_xjp_ledger_pending_records", "Records in the journal that the store does not have yet.", nil, nil)
	bytesDesc    = prometheus.NewDesc("caddy_xjp_ledger_pending_bytes", "Bytes of the journal that the store does not have yet.", nil, nil)
	ageDesc      = prometheus.NewDesc("caddy_xjp_ledger_lag_seconds", "Age of the oldest record that the store does not have yet.", nil, nil)
	droppedDesc  = prometheus.NewDesc("caddy_xjp_ledger_dropped_total", "Records that were lost for want of room in the journal.", nil, nil)
	rejectedDesc = prometheus.NewDesc("caddy_xjp_ledger_rejected_total", "Records that the store refused and that are set aside.", nil, nil)
)

// Describe lists the metrics.
func (accountCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{storeDesc, pendingDesc, bytesDesc, ageDesc, droppedDesc, rejectedDesc} {
		ch <- desc
	}
}

// Collect reads the ledger.
func (ac accountCollector) Collect(ch chan<- prometheus.Metric) {
	acc := ac.app.accounts
	if acc == nil || acc.store == nil {
		return
	}
	lag, err := acc.ledger.lag()
	if err != nil {
		return
	}
	up := 1.0
	if acc.store.get() == nil || lag.Store != nil {
		up = 0
	}
	for desc, value := range map[*prometheus.Desc]float64{
		storeDesc: up, pendingDesc: float64(lag.Records), bytesDesc: float64(lag.Bytes), ageDesc: lag.Age.Seconds(),
	} {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	ch <- prometheus.MustNewConstMetric(droppedDesc, prometheus.CounterValue, float64(lag.Dropped))
	ch <- prometheus.MustNewConstMetric(rejectedDesc, prometheus.CounterValue, float64(lag.Rejected))
}
