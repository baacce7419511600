// Package prices knows what tokens cost. Money is whole numbers of nano-USD and prices are
// whole numbers of pico-USD, so that sums are exact. It is plain Go without network and clock.
package prices

// Amount is money in nano-USD.
type Amount int64
