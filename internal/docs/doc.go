// Package docs keeps the documentation true: its tests run what the pages show and look
// for what they must mention. There is nothing in it but tests.
package docs
