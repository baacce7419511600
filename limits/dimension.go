package limits

import "time"

// Measure is what a limit counts.
type Measure uint8

// The measures.
const (
	Requests Measure = iota
	Tokens
	InputTokens
	OutputTokens
	Money // in nano-USD
	Calls // requests at once
)

// String is what the measure is called in metrics and events.
func (m Measure) String() string {
	return [...]string{"requests", "tokens", "input_tokens", "output_tokens", "budget", "concurrent"}[m]
}

// span is the time to which a limit applies.
type span uint8

const (
	minute span = iota
	day
	month
	always
	meanwhile // as long as a request takes
)

// dimension is one of the limits that a set may hold.
type dimension struct {
	// name ends the keys of its meters, and is one of its names for people; field is its
	// name in JSON.
	name, field string
	measure     Measure
	span        span
	says        string
	of          func(*Set) *int64
}

// dimensions are all limits, in the order in which a request is held against them.
var dimensions = [...]dimension{
	{"rpm", "requests_per_minute", Requests, minute, "requests per minute", func(s *Set) *int64 { return &s.RequestsPerMinute }},
	{"rpd", "requests_per_day", Requests, day, "requests per day", func(s *Set) *int64 { return &s.RequestsPerDay }},
	{"tpm", "tokens_per_minute", Tokens, minute, "tokens per minute", func(s *Set) *int64 { return &s.TokensPerMinute }},
	{"itpm", "input_tokens_per_minute", InputTokens, minute, "input tokens per minute", func(s *Set) *int64 { return &s.InputTokensPerMinute }},
	{"otpm", "output_tokens_per_minute", OutputTokens, minute, "output tokens per minute", func(s *Set) *int64 { return &s.OutputTokensPerMinute }},
	{"tpd", "tokens_per_day", Tokens, day, "tokens per day", func(s *Set) *int64 { return &s.TokensPerDay }},
	{"itpd", "input_tokens_per_day", InputTokens, day, "input tokens per day", func(s *Set) *int64 { return &s.InputTokensPerDay }},
	{"otpd", "output_tokens_per_day", OutputTokens, day, "output tokens per day", func(s *Set) *int64 { return &s.OutputTokensPerDay }},
	{"bpd", "budget_per_day", Money, day, "USD per day", func(s *Set) *int64 { return (*int64)(&s.BudgetPerDay) }},
	{"bpm", "budget_per_month", Money, month, "USD per month", func(s *Set) *int64 { return (*int64)(&s.BudgetPerMonth) }},
	{"budget", "budget", Money, always, "USD in total", func(s *Set) *int64 { return (*int64)(&s.Budget) }},
	{"concurrent", "concurrent", Calls, meanwhile, "requests at once", func(s *Set) *int64 { return &s.Concurrent }},
}

// ratePeriod is the time in which the limit of a rate passes.
const ratePeriod = time.Minute

// kind is how the meters of a dimension count.
func (d *dimension) kind() Kind {
	switch d.span {
	case minute:
		return Rate
	case meanwhile:
		return Slots
	}
	return Quota
}

// most is the largest limit of a dimension. Up to it all engines count exactly, those
// included whose numbers are floating-point ones.
func (d *dimension) most() int64 {
	switch {
	case d.span == minute || d.span == meanwhile:
		return MaxRate
	case d.measure == Money:
		return int64(MaxBudget)
	}
	return MaxCount
}

// byName finds dimensions by either of their names.
var byName = func() map[string]*dimension {
	names := map[string]*dimension{}
	for i := range dimensions {
		d := &dimensions[i]
		names[d.name], names[d.field] = d, d
	}
	return names
}()
