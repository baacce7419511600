package translate

// Target is what a converter must know of the route that a request is for.
type Target struct {
	// Provider is the configured name of the provider, for messages and the log.
	Provider string
	// Model is the provider's name of the model.
	Model string
	// Family is the family whose signatures the target makes and accepts; "" is none.
	Family string
	// Origin is the group of routes within which Google's signatures are valid: a short
	// hash of surface and account.
	Origin string
	// Caps are the route's capability flags.
	Caps Capabilities
	// Quirks are what the provider's form of the dialect adds or refuses.
	Quirks Quirks
}

// Accepts reports whether a signature may be sent to the target: to the family that made
// it only, and in Google's case to the account that made it.
func (t *Target) Accepts(s *Signature) bool {
	if s == nil || s.Family == "" || s.Family != t.Family {
		return false
	}
	return s.Family != FamilyGoogle || s.Origin == t.Origin
}

// Quirks tell how a provider's form of a dialect departs from the original.
type Quirks struct {
	// OpenRouter speaks OpenRouter's extensions of Chat: reasoning objects and details,
	// cache marks in parts, file URLs, video_url.
	OpenRouter bool
	// Vertex speaks Vertex AI's form: no call ids to Gemini; no model in the body and
	// anthropic_version in it for Claude.
	Vertex bool
	// CallIDs sends ids of calls and results to Gemini (AI Studio; A16, A17).
	CallIDs bool
	// UserField is the Chat field for the end user: "safety_identifier" or "user".
	UserField string
	// Uncounted says that the provider tells zeros for want of counts (Clewdr's web back end).
	Uncounted bool
	// FastMode permits the priority tiers that cost more.
	FastMode bool
	// PassFields are request fields of the client's dialect that go through untouched.
	PassFields []string
}

// Capabilities are the flags of a route (wire-openai-anthropic.md 1). They have
// built-in defaults by model name; each can be set on the route.
type Capabilities struct {
	// MaxOutput is the largest answer in tokens, 0 if unknown; DefaultMaxTokens is sent
	// where the dialect demands a limit and the client gave none, 0 for min(32768, MaxOutput).
	MaxOutput        int64
	DefaultMaxTokens int64
	// ContextWindow is the size of prompt and answer in tokens, 0 if unknown.
	ContextWindow int64

	// Adaptive, Budget and DisableThinking say which thinking settings are accepted;
	// DisableAtHigh that thinking can be off only up to effort high; BetweenTools that
	// the setting of that name replaces off.
	Adaptive, Budget, DisableThinking, DisableAtHigh, BetweenTools bool
	// Effort says whether effort is a setting, XHigh whether it knows xhigh and max.
	Effort, XHigh bool
	// Sampling says whether temperature, top_p and top_k are accepted; OneSampling that
	// temperature and top_p exclude each other.
	Sampling, OneSampling bool
	// ForcedTools says whether a call can be demanded.
	ForcedTools bool
	// Tools says whether the model takes tools at all; ToolsWithFormat whether it takes
	// tools and an output schema together.
	Tools, ToolsWithFormat bool
	// NativeFormat says whether an output schema is a setting; StrictTools whether tools
	// may be strict.
	NativeFormat, StrictTools bool
	// Prefill says whether the last turn may be the assistant's; MidSystem whether system
	// turns may stand in the middle; HoistSystem asks to move those to the front instead.
	Prefill, MidSystem, HoistSystem bool
	// SystemTurn says whether there is a system instruction at all (A47).
	SystemTurn bool
	// Images, PDF, AudioIn and VideoIn say which media the model takes; ImageURL, PDFURL
	// and VideoURL which of them the provider fetches itself.
	Images, PDF, AudioIn, VideoIn bool
	ImageURL, PDFURL, VideoURL    bool
	// ToolImages says whether results may hold images.
	ToolImages bool
	// CacheControl says whether cache marks are accepted.
	CacheControl bool
	// TopK, Seed, Penalties and Logprobs say which of these settings are accepted.
	TopK, Seed, Penalties, Logprobs bool
	// SystemParts says whether Chat's system message may be a list of parts.
	SystemParts bool
	// UnsignedThinking says that reasoning without a signature may be replayed.
	UnsignedThinking bool
	// MaxTokensParam is Chat's field: "max_tokens" or "max_completion_tokens".
	MaxTokensParam string
	// ReasoningStyle is how Chat reasoning is asked for and replayed: "openai_effort",
	// "openrouter", "reasoning_content" or "none".
	ReasoningStyle string
	// StopMax, UserMax and ToolNameMax are Chat's limits; 0 is none.
	StopMax, UserMax, ToolNameMax int
	// WebSearch is the tool type or plugin for web search, "" if there is none.
	WebSearch string
	// Gemini is the generation of a Gemini model, 2.5 or 3 for example; 0 is no Gemini.
	Gemini float64
	// JSONSchemaTools says whether Gemini takes parametersJsonSchema.
	JSONSchemaTools bool
	// MinBudget and MaxBudget bound a Gemini 2.5 thinking budget; MinBudget above 0 means
	// that thinking cannot be off.
	MinBudget, MaxBudget int64
	// LowestLevel is the least thinking level of a Gemini 3 model: "minimal" or "low".
	LowestLevel string
}
