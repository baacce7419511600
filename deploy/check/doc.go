// Package check holds the manifests of deploy against the types of Kubernetes and the schema
// of Compose, and looks whether their parts fit together. It is a module of its own, so that
// the gateway needs neither. There is nothing in it but tests.
package check
