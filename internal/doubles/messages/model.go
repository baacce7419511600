package messages

import "strings"

// model is what a model takes, by its name (wire-openai-anthropic.md 1).
type model struct {
	limit         int64
	adaptive      bool // thinking of type adaptive
	budget        bool // thinking of type enabled
	disable       bool // thinking of type disabled, whatever the effort
	effort        bool
	xhigh         bool
	noSampling    bool
	oneOfSampling bool
	noForced      bool
	format        bool // output_config.format
	midSystem     bool
}

// models stand in the order in which they are tried: the more specific first.
var models = []struct {
	name string
	model
}{
	{"sonnet-5-5", model{limit: 128000, adaptive: true, effort: true, xhigh: true, noSampling: true, noForced: true, format: true, midSystem: true}},
	{"opus-5-5", model{limit: 128000, adaptive: true, effort: true, xhigh: true, noSampling: true, noForced: true, format: true, midSystem: true}},
	{"haiku-5-5", model{limit: 128000, adaptive: true, effort: true, xhigh: true, noSampling: true, format: true, midSystem: true}},
	{"fable-5-1", model{limit: 128000, adaptive: true, effort: true, xhigh: true, noSampling: true, noForced: true, format: true, midSystem: true}},
	{"fable-5-2", model{limit: 128000, adaptive: true, effort: true, xhigh: true, noSampling: true, noForced: true, format: true, midSystem: true}},
	{"fable-5", model{limit: 128000, adaptive: true, effort: true, xhigh: true, noSampling: true, format: true, midSystem: true}},
	{"opus-5", model{limit: 128000, adaptive: true, budget: true, effort: true, xhigh: true, noSampling: true, format: true, midSystem: true}},
	{"sonnet-5", model{limit: 128000, adaptive: true, budget: true, disable: true, effort: true, xhigh: true, noSampling: true, format: true, midSystem: true}},
	{"opus-4-8", model{limit: 128000, adaptive: true, budget: true, disable: true, effort: true, xhigh: true, noSampling: true, format: true, midSystem: true}},
	{"opus-4-7", model{limit: 128000, adaptive: true, budget: true, disable: true, effort: true, xhigh: true, noSampling: true, format: true}},
	{"sonnet-4-6", model{limit: 128000, adaptive: true, budget: true, disable: true, effort: true, oneOfSampling: true, format: true}},
	{"opus-4-6", model{limit: 128000, adaptive: true, budget: true, disable: true, effort: true, oneOfSampling: true, format: true}},
	{"opus-4-5", model{limit: 64000, budget: true, disable: true, effort: true, oneOfSampling: true, format: true}},
	{"sonnet-4-5", model{limit: 64000, budget: true, disable: true, oneOfSampling: true, format: true}},
	{"haiku-4-5", model{limit: 64000, budget: true, disable: true, oneOfSampling: true, format: true}},
	{"opus-4-1", model{limit: 32000, budget: true, disable: true, oneOfSampling: true, format: true}},
	{"sonnet-4", model{limit: 64000, budget: true, disable: true}},
	{"opus-4", model{limit: 32000, budget: true, disable: true}},
	{"3-haiku", model{limit: 4096}},
}

func modelOf(name string) model {
	for _, m := range models {
		if strings.Contains(name, m.name) {
			return m.model
		}
	}
	return model{limit: 128000, adaptive: true, effort: true, xhigh: true, format: true}
}
