package scan

import "testing"

// What processors without the vector instructions do is the same.
func TestWithoutVectors(t *testing.T) {
	if !vectors {
		t.Skip("this processor has none, so that all other tests have shown it")
	}
	vectors = false
	t.Cleanup(func() { vectors = true })
	t.Run("documents", TestAcceptsWhatEncodingJSONAccepts)
	t.Run("places", TestSpecialBytesAreFoundInEveryPlace)
	t.Run("escapes", TestEscapesInLongStrings)
}
