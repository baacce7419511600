package translate

// Needs is what a request demands of the model that serves it, as far as a look at its
// body that decodes nothing can tell.
type Needs struct {
	// Images is how many images the conversation holds, those of earlier answers among them.
	Images int
	// PDF, Audio and Video say which other media it holds.
	PDF, Audio, Video bool
	// Tools says whether tools are offered.
	Tools bool
	// Answer is the largest answer in tokens that is asked for, 0 if the request sets none.
	Answer int64
}
