package translate

import (
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// SystemMode says what becomes of system turns in the middle of a conversation.
type SystemMode uint8

// The modes (wire-openai-anthropic.md 2.2).
const (
	// KeepSystem leaves them in place.
	KeepSystem SystemMode = iota
	// WrapSystem puts their text into the neighbouring user turn, in <system-reminder> tags.
	WrapSystem
	// HoistSystem moves them to the front.
	HoistSystem
	// KeepAfterUser leaves those in place that follow a user turn and wraps the others.
	KeepAfterUser
)

// noResult stands in for the result of a call that was never answered.
const noResult = "no result was provided"

// Arrange brings a conversation into the shape that Messages and Gemini demand. It
// splits off the leading system turns, treats later ones by mode, drops empty text,
// merges neighbours of one role, and pairs results with calls: every assistant turn
// with calls is followed by a user turn that begins with exactly one result for each
// call, in the order of the calls. What had to be repaired is recorded in losses. The
// input is not changed.
func Arrange(turns []Turn, mode SystemMode, losses *Losses) (system []Block, rest []Turn) {
	lead := 0
	for lead < len(turns) && turns[lead].Role.IsSystem() {
		system = append(system, filled(turns[lead].Blocks)...)
		lead++
	}
	a := arranger{losses: losses}
	for _, t := range turns[lead:] {
		blocks := filled(t.Blocks)
		switch {
		case len(blocks) == 0:
		case !t.Role.IsSystem():
			a.add(t, blocks)
		case mode == HoistSystem:
			a.losses.Add(t.At.String(), Converted)
			system = append(system, blocks...)
		case mode == WrapSystem:
			a.losses.Add(t.At.String(), Converted)
			a.add(Turn{Role: User, At: t.At}, wrapped(blocks))
		default:
			a.turns = append(a.turns, Turn{Role: t.Role, Name: t.Name, Blocks: blocks, At: t.At})
		}
	}
	a.pair()
	if mode == KeepAfterUser {
		a.seatSystem()
	}
	return system, a.turns
}

// IsEmpty reports whether a block says nothing: blank text without a signature.
func (b *Block) IsEmpty() bool {
	return (b.Kind == TextBlock || b.Kind == RefusalBlock) && b.Text.IsBlank() && b.Signature == nil
}

// filled returns the blocks without empty ones. The cache mark of an empty block moves
// to the block before it, or to the next if there is none (traps 15 and 16).
func filled(blocks []Block) []Block {
	kept := make([]Block, 0, len(blocks))
	var mark *CacheMark // of empty blocks at the beginning
	for _, b := range blocks {
		switch n := len(kept) - 1; {
		case b.IsEmpty() && b.Cache == nil:
		case !b.IsEmpty():
			if mark != nil && b.Cache == nil && b.Kind != ReasoningBlock {
				b.Cache, mark = mark, nil
			}
			kept = append(kept, b)
		case n < 0 || kept[n].Kind == ReasoningBlock:
			mark = b.Cache
		case kept[n].Cache == nil:
			kept[n].Cache = b.Cache
		}
	}
	return kept
}

// seatSystem leaves system turns after a user turn, those of developers as system turns,
// too, and wraps the others into user turns.
func (a *arranger) seatSystem() {
	old := a.turns
	a.turns = make([]Turn, 0, len(old))
	for _, t := range old {
		switch n := len(a.turns); {
		case !t.Role.IsSystem():
			a.add(t, t.Blocks)
		case n > 0 && a.turns[n-1].Role != Assistant:
			a.add(Turn{Role: System, Name: t.Name, At: t.At}, t.Blocks)
		default:
			a.losses.Add(t.At.String(), Converted)
			a.add(Turn{Role: User, At: t.At}, wrapped(t.Blocks))
		}
	}
}

// wrapped marks the text of system blocks, so that it can stand in a user turn.
func wrapped(blocks []Block) []Block {
	out := make([]Block, len(blocks))
	for i, b := range blocks {
		out[i] = b
		if b.Kind == TextBlock {
			text := append(scan.Text(`<system-reminder>\n`), b.Text...)
			out[i].Text = append(text, `\n</system-reminder>`...)
		}
	}
	return out
}

type arranger struct {
	turns  []Turn
	losses *Losses
}

// add appends a turn, or joins its blocks to the last one of the same role. Blocks
// that stand alone in their slice are shared with the input until they are joined.
func (a *arranger) add(t Turn, blocks []Block) {
	if n := len(a.turns); n > 0 && a.turns[n-1].Role == t.Role {
		a.turns[n-1].Blocks = append(a.turns[n-1].Blocks, blocks...)
		return
	}
	a.turns = append(a.turns, Turn{Role: t.Role, Name: t.Name, Blocks: blocks, At: t.At})
}

// pair moves results behind their calls. A result belongs to the nearest assistant
// turn before it that made the call; one that belongs to none becomes user text.
func (a *arranger) pair() {
	index := indexTools(a.turns)
	if index.empty() {
		return
	}
	old := a.turns
	a.turns = make([]Turn, 0, len(old)+1)
	for i, t := range old {
		switch t.Role {
		case Assistant:
			a.add(t, t.Blocks)
			if results := a.results(index, t, i); len(results) > 0 {
				a.turns = append(a.turns, Turn{Role: User, Blocks: results, At: t.At})
			}
		case User:
			if blocks := a.unpaired(index, t, i); len(blocks) > 0 {
				a.add(t, blocks)
			}
		default:
			a.turns = append(a.turns, t)
		}
	}
}

// toolIndex says in which turns each id is called and answered, in order.
type toolIndex struct {
	calls   map[string][]int
	results map[string][]answer
}

// answer is a result block and the turn that it stands in.
type answer struct {
	turn  int
	block Block
}

func indexTools(turns []Turn) toolIndex {
	x := toolIndex{calls: map[string][]int{}, results: map[string][]answer{}}
	for i, t := range turns {
		for _, b := range t.Blocks {
			switch {
			case b.Kind == CallBlock && t.Role == Assistant:
				x.calls[string(b.Call.ID)] = append(x.calls[string(b.Call.ID)], i)
			case b.Kind == ResultBlock && t.Role == User:
				id := string(b.Result.CallID)
				x.results[id] = append(x.results[id], answer{i, b})
			}
		}
	}
	return x
}

func (x *toolIndex) empty() bool { return len(x.calls) == 0 && len(x.results) == 0 }

// answers returns the results of the call of id in the turn given: those after it and
// before the next turn that calls the same id.
func (x *toolIndex) answers(id string, turn int) []answer {
	end := int(^uint(0) >> 1)
	for _, t := range x.calls[id] {
		if t > turn {
			end = t
			break
		}
	}
	list := x.results[id]
	for len(list) > 0 && list[0].turn <= turn {
		list = list[1:]
	}
	for len(list) > 0 && list[len(list)-1].turn >= end {
		list = list[:len(list)-1]
	}
	return list
}

// results gives one result for each call of assistant turn i: the last, if there are
// several (trap 8), and one that says so, if there is none (trap 9).
func (a *arranger) results(index toolIndex, t Turn, i int) []Block {
	var out []Block
	for k, b := range t.Blocks {
		if b.Kind != CallBlock {
			continue
		}
		found := share(index.answers(string(b.Call.ID), i), t.Blocks, k)
		n := len(found)
		if n == 0 {
			a.losses.Add("tool_result "+string(b.Call.ID), Repaired)
			out = append(out, missing(b.Call))
			continue
		}
		result := found[n-1].block
		if n > 1 || found[n-1].turn > i+1 {
			a.losses.Add(result.At.String(), Repaired)
		}
		out = append(out, named(result, b.Call.Name))
	}
	return out
}

// share gives the call at k its part of the answers: all of them, unless the turn has
// several calls of one id, as clients without ids make them. Those are answered in order,
// and what is left over belongs to the last.
func share(found []answer, blocks []Block, k int) []answer {
	before, total := 0, 0
	for i, b := range blocks {
		if b.Kind == CallBlock && string(b.Call.ID) == string(blocks[k].Call.ID) {
			total++
			if i < k {
				before++
			}
		}
	}
	if total == 1 {
		return found
	}
	found = found[min(before, len(found)):]
	if before < total-1 {
		found = found[:min(1, len(found))]
	}
	return found
}

// missing is the result of a call that was never answered.
func missing(c *Call) Block {
	return Block{Kind: ResultBlock, Result: &Result{CallID: c.ID, Name: c.Name, IsError: true,
		Blocks: []Block{{Kind: TextBlock, Text: scan.Text(noResult)}}}}
}

// named gives a result the name of the tool that was called, whatever the client said.
func named(b Block, name scan.Text) Block {
	if string(b.Result.Name) != string(name) {
		r := *b.Result
		r.Name = name
		b.Result = &r
	}
	return b
}

// unpaired returns the blocks of user turn i without the results that stand behind a
// call now, and with orphan results as text.
func (a *arranger) unpaired(index toolIndex, t Turn, i int) []Block {
	var kept []Block
	for _, b := range t.Blocks {
		if b.Kind != ResultBlock {
			kept = append(kept, b)
			continue
		}
		calls := index.calls[string(b.Result.CallID)]
		if len(calls) == 0 || calls[0] >= i {
			a.losses.Add(b.At.String(), Repaired)
			kept = append(kept, orphan(b)...)
		}
	}
	return kept
}

// orphan turns a result without a call into ordinary content of the user.
func orphan(b Block) []Block {
	label := append(scan.Text("[result of tool call "), b.Result.CallID...)
	out := []Block{{Kind: TextBlock, Text: append(label, ']'), At: b.At}}
	return append(out, filled(b.Result.Blocks)...)
}
