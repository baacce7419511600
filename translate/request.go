package translate

import (
	"strconv"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Request is a conversation to be continued, in the neutral form. Its slices alias
// the body that it was decoded from.
type Request struct {
	// Dialect is the client's dialect, in whose words losses and errors name fields.
	Dialect string
	// Model is the name the client asked for.
	Model string
	// Turns is the conversation in order, system turns included wherever they stand.
	Turns []Turn

	Tools         []Tool
	ToolChoice    ToolChoice
	ParallelTools Tristate

	// MaxTokens limits the answer, reasoning included. Absent is 0 with HasMaxTokens false.
	MaxTokens    int64
	HasMaxTokens bool
	// Temperature, TopP and the other Number fields are JSON numbers as written; nil is absent.
	Temperature      Number
	TopP             Number
	TopK             Number
	MinP             Number
	Seed             Number
	PresencePenalty  Number
	FrequencyPenalty Number
	// Candidates is how many answers are wanted; 0 and 1 both mean one.
	Candidates int
	Stop       []scan.Text

	// Stream asks for events; IncludeUsage for a usage record among them (Chat).
	Stream       bool
	IncludeUsage bool

	Logprobs    bool
	TopLogprobs int

	Format    Format
	Reasoning Effort

	// User identifies the end user to the provider.
	User scan.Text
	// CacheKey asks that requests with an equal key reach the same provider cache.
	CacheKey scan.Text
	// Cache asks to mark the last cacheable block of the prompt.
	Cache *CacheMark
	// ServiceTier is "auto", "default", "flex", "priority" or another word of the dialect.
	ServiceTier string
	// WebSearch asks for the provider's own web search, as options; nil is absent.
	WebSearch *WebSearch
	// Modalities are the kinds of output wanted; nil is text.
	Modalities []string

	// Spelling is by which names the client gave fields that have several.
	Spelling Spelling

	// LegacyFunctions is true for a Chat request that uses functions instead of tools.
	LegacyFunctions bool

	// Extra holds fields that the neutral form has no slot for.
	Extra []Extra
}

// Number is a JSON number as it was written; nil is absent.
type Number []byte

// Float returns the number's value, 0 if absent.
func (n Number) Float() float64 { f, _ := strconv.ParseFloat(string(n), 64); return f }

// Tristate is a boolean that may be absent.
type Tristate uint8

// The values of a Tristate.
const (
	Unset Tristate = iota
	No
	Yes
)

// TristateOf converts a boolean that is present.
func TristateOf(b bool) Tristate {
	if b {
		return Yes
	}
	return No
}

// Extra is a request field without a slot in the neutral form.
type Extra struct {
	// Name is the field's path as its dialect spells it, such as "logit_bias".
	Name string
	// Raw is its value.
	Raw []byte
	// Refuse is true for a field that changes what the answer means, where data goes
	// or what is executed, so that it must be refused where it cannot be carried
	// (wire-openai-anthropic.md, rule G6). Any other is a hint and is dropped with a loss.
	Refuse bool
}

// Role says who speaks in a turn.
type Role uint8

// The roles. Results of tools are blocks of a user turn.
const (
	System Role = iota
	Developer
	User
	Assistant
)

// String gives the role's name on the wire.
func (r Role) String() string {
	return [...]string{"system", "developer", "user", "assistant"}[r]
}

// IsSystem reports whether the turn instructs the model: system or developer.
func (r Role) IsSystem() bool { return r <= Developer }

// Turn is what one role says at one point of the conversation.
type Turn struct {
	Role   Role
	Name   scan.Text
	Blocks []Block
	// At is where the turn stands in the client's request.
	At At
}

// At is a place in the client's request, for error messages and loss reports.
type At struct {
	// Field is the list the place is in: "messages", "system", "contents" or "input".
	Field string
	// Turn and Part count from 0; -1 means the whole list or the whole turn.
	Turn, Part int
	// Inner counts from 1 inside a part that has content of its own, such as a result; 0
	// means the whole part.
	Inner int
}

// Child is the place of an element of the content at this place.
func (a At) Child(i int) At {
	if a.Part < 0 {
		a.Part = i
	} else {
		a.Inner = i + 1
	}
	return a
}

// String spells the place as OpenAI does: messages[3].content[1].
func (a At) String() string {
	if a.Field == "" {
		return ""
	}
	s := a.Field
	if a.Turn >= 0 {
		s += "[" + strconv.Itoa(a.Turn) + "]"
	}
	if a.Part >= 0 {
		s += ".content[" + strconv.Itoa(a.Part) + "]"
	}
	if a.Inner > 0 {
		s += ".content[" + strconv.Itoa(a.Inner-1) + "]"
	}
	return s
}

// BlockKind says what a block is, and which of its fields are in use.
type BlockKind uint8

// The kinds of blocks.
const (
	// TextBlock is plain text: Text, Citations.
	TextBlock BlockKind = iota
	// RefusalBlock is the model's refusal in words: Text.
	RefusalBlock
	// MediaBlock is an image, a document, audio or video: Media.
	MediaBlock
	// CallBlock is a tool call made by the model: Call.
	CallBlock
	// ResultBlock is a tool's result: Result.
	ResultBlock
	// ReasoningBlock is a piece of the model's reasoning: Reasoning.
	ReasoningBlock
	// SearchBlock is a search result given to the model: Search.
	SearchBlock
	// OpaqueBlock is a block that only its own dialect understands (server tools,
	// containers, compaction): Opaque.
	OpaqueBlock
)

// Block is one piece of a turn or of an answer.
type Block struct {
	Kind      BlockKind
	Text      scan.Text
	Citations []Citation
	Media     *Media
	Call      *Call
	Result    *Result
	Reasoning *Reasoning
	Search    *Search
	Opaque    *Opaque
	// Signature seals this block where a family signs calls and text, not only
	// reasoning (Gemini's thoughtSignature); nil is none.
	Signature *Signature
	// Cache asks the provider to cache the prompt up to and including this block.
	Cache *CacheMark
	// At is where the block stands in the client's request.
	At At
}

// CacheMark is a cache breakpoint.
type CacheMark struct {
	// TTL is "", "5m", "1h" or another duration of the dialect.
	TTL string
	// Raw is the mark as written, nil if it was converted from another form.
	Raw []byte
}

// MediaKind says what a medium is.
type MediaKind uint8

// The kinds of media.
const (
	Image MediaKind = iota
	Document
	Audio
	Video
)

// String names the kind in lower case.
func (k MediaKind) String() string {
	return [...]string{"image", "document", "audio", "video"}[k]
}

// Media is an image, document, audio or video. Exactly one of Data, URL, FileID,
// Plain and Content is set.
type Media struct {
	Kind MediaKind
	// Type is the media type, such as "image/png"; "" if unknown.
	Type string
	// Data is the content in base64; it may alias the request body.
	Data []byte
	// URL is where the content can be fetched.
	URL scan.Text
	// FileID names a file stored at a provider.
	FileID scan.Text
	// Plain is the text of a plain-text document.
	Plain scan.Text
	// Content are the parts of a document that is given as blocks.
	Content []Block
	// Name is a file name or title.
	Name scan.Text
	// Context is text about a document that is not part of it.
	Context scan.Text
	// Detail is how closely an image is to be looked at: "low", "high" and so on.
	Detail string
	// Citations asks that answers cite this document.
	Citations bool
	// Clip is Gemini's videoMetadata object as written: start, end, frames per second.
	Clip []byte
}

// Call is a tool call made by the model.
type Call struct {
	ID   scan.Text
	Name scan.Text
	// Args are the arguments as raw JSON, an object as the model wrote it; nil is none.
	// Arguments that are no JSON object stand in Broken instead.
	Args []byte
	// Broken is the text of arguments that are not a JSON object.
	Broken scan.Text
	// Custom marks a freeform tool call: its input is the plain text in Input.
	Custom bool
	Input  scan.Text
}

// Result is a tool's answer to a call.
type Result struct {
	// CallID is the id of the call it answers.
	CallID scan.Text
	// Name is the tool's name, if the client gave it.
	Name scan.Text
	// Blocks are text, media, search or opaque blocks; none is an empty result.
	Blocks []Block
	// IsError says that the tool failed.
	IsError bool
}

// Search is a search result that the client gives to the model.
type Search struct {
	Title, Source scan.Text
	Blocks        []Block
	Raw           []byte
}

// Opaque is a block in the words of one dialect.
type Opaque struct {
	// Dialect is the dialect whose JSON Raw is.
	Dialect string
	// Type is the block's type as that dialect names it.
	Type string
	Raw  []byte
	// Summary is a rendering as text for other dialects, nil if there is none.
	Summary scan.Text
	// Refuse is true if a request that holds it must be refused where it cannot be carried.
	Refuse bool
}

// Tool is a tool that the model may use.
type Tool struct {
	Name        scan.Text
	Description scan.Text
	// Schema is the JSON Schema of the arguments as written; nil is absent.
	Schema []byte
	Strict Tristate
	// Custom marks a freeform tool whose input is text; Grammar is its format object.
	Custom  bool
	Grammar []byte
	Cache   *CacheMark
	// Server is the type of a tool that is not a plain function ("web_search_20250305",
	// "computer_20250124"), "" for a function; Raw is its definition, Dialect whose it is.
	Server  string
	Dialect string
	Raw     []byte
	// At is where the tool stands in the client's request, "tools[2]".
	At string
}

// ToolMode says whether the model may or must call tools.
type ToolMode uint8

// The modes. ToolAbsent means that the client said nothing.
const (
	ToolAbsent ToolMode = iota
	ToolAuto
	ToolNone
	ToolRequired
	// ToolNamed demands a call of the tool ToolChoice.Name.
	ToolNamed
)

// ToolChoice is the client's wish about tool use.
type ToolChoice struct {
	Mode ToolMode
	Name scan.Text
	// Allowed narrows the tools to these names; nil is all.
	Allowed []scan.Text
}

// FormatKind is the form that the answer must have.
type FormatKind uint8

// The kinds of formats.
const (
	FormatText FormatKind = iota
	FormatJSON
	FormatSchema
)

// Format is the client's wish about the answer's form.
type Format struct {
	Kind        FormatKind
	Name        scan.Text
	Description scan.Text
	Schema      []byte
	Strict      Tristate
}

// EffortMode says how reasoning was asked for.
type EffortMode uint8

// The modes of reasoning.
const (
	// EffortUnset leaves reasoning to the model.
	EffortUnset EffortMode = iota
	// EffortOff asks for none.
	EffortOff
	// EffortLevel asks for Effort.Level.
	EffortLevel
	// EffortBudget asks for at most Effort.Budget tokens.
	EffortBudget
	// EffortAdaptive lets the model decide, with Effort.Level if that is set.
	EffortAdaptive
	// EffortBetweenTools reasons only between tool calls (Anthropic).
	EffortBetweenTools
)

// Effort is the client's wish about reasoning.
type Effort struct {
	Mode EffortMode
	// Level is "minimal", "low", "medium", "high", "xhigh" or "max"; "" is unset.
	// It may be set in any mode: Messages' output_config.effort stands beside thinking.
	Level string
	// Budget is the limit in tokens.
	Budget int64
	// Hide asks that the reasoning not be shown in the answer.
	Hide bool
	// Show asks that it be shown, where the provider hides it by default.
	Show bool
	// Raw is the dialect's own object, for targets of the same dialect.
	Raw []byte
}

// WebSearch asks for the provider's own web search.
type WebSearch struct {
	// Raw is the client's options object or tool definition.
	Raw []byte
	// Dialect is whose form Raw has.
	Dialect string
	MaxUses int64
	Allowed []scan.Text
	Blocked []scan.Text
	// Location is an approximate place as a flat object of country, region, city, timezone.
	Location []byte
	Size     string
}
