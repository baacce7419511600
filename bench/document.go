package main

import (
	"bytes"
	"fmt"
	"os"
)

// replaceTable puts a text between the markers that have a table's name.
func replaceTable(document []byte, name string, table []byte) ([]byte, error) {
	begins, ends := "<!-- "+name+" begin -->\n", "<!-- "+name+" end -->\n"
	before, rest, ok := bytes.Cut(document, []byte(begins))
	_, after, ok2 := bytes.Cut(rest, []byte(ends))
	if !ok || !ok2 {
		return nil, fmt.Errorf("the document has no lines %q and %q", begins, ends)
	}
	return bytes.Join([][]byte{before, []byte(begins), []byte("\n"), table, []byte("\n"), []byte(ends), after}, nil), nil
}

// updateDocument replaces a table in a file.
func updateDocument(path, name string, table []byte) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if document, err = replaceTable(document, name, table); err != nil {
		return err
	}
	return os.WriteFile(path, document, 0o644)
}
