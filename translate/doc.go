// Package translate holds the neutral form of requests, answers, stream events,
// errors and losses, and what all dialects share around it. Each dialect lives in
// a package of its own below this one and converts to and from the neutral form,
// so that N client dialects and M provider dialects need N + M converters.
//
// The neutral form is plain data. Text is kept in its JSON wire form (scan.Text)
// and JSON written by a client or a model (tool arguments, schemas, signatures) as
// raw bytes, so that both are carried byte for byte. It knows nothing of HTTP, of
// providers or of money.
package translate
