package main

import (
	"bytes"
	"fmt"
	"os"
)

// The markers between which a document holds the table.
const (
	tableBegins = "<!-- bench begin -->\n"
	tableEnds   = "<!-- bench end -->\n"
)

// replaceTable puts a text between the markers of a document.
func replaceTable(document, table []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(tableBegins))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ok2 {
		return nil, fmt.Errorf("the document has no lines %q and %q", tableBegins, tableEnds)
	}
	return bytes.Join([][]byte{before, []byte(tableBegins), []byte("\n"), table, []byte("\n"), []byte(tableEnds), after}, nil), nil
}

// updateDocument replaces the table in a file.
func updateDocument(path string, table []byte) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if document, err = replaceTable(document, table); err != nil {
		return err
	}
	return os.WriteFile(path, document, 0o644)
}
