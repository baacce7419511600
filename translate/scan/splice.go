package scan

// Edit replaces the bytes [Start, End) of a document.
type Edit struct {
	Start, End int
	With       []byte
}

// Splice appends src to dst with the edits applied. Edits must be in order of
// Start and must not overlap.
func Splice(dst, src []byte, edits []Edit) []byte {
	at := 0
	for _, e := range edits {
		dst = append(dst, src[at:e.Start]...)
		dst = append(dst, e.With...)
		at = e.End
	}
	return append(dst, src[at:]...)
}

// Removal takes the members [from, to) out of an object's layout, with the commas that
// belong to them.
func Removal(members []Member, from, to int) Edit {
	last := members[to-1].Value.End()
	switch {
	case from > 0:
		return Edit{Start: members[from-1].Value.End(), End: last}
	case to < len(members):
		return Edit{Start: members[from].Start, End: members[to].Start}
	}
	return Edit{Start: members[from].Start, End: last}
}
