// Package traps checks that each numbered trap, conformance statement and pain of the
// design notes is either shown by a test that carries its number or listed with a reason
// in docs/uncovered.md.
package traps
