package prices

import (
	_ "embed"
	"fmt"
	"sync"
)

// builtinJSON holds the list prices of well-known models, in groups of equal price, and
// where they are from.
//
//go:embed builtin.json
var builtinJSON []byte

// builtin is the built-in prices by bare names, and by the names as they are written in the
// file, which are the most common ones and found at once.
var builtin = sync.OnceValue(func() map[string]*Price {
	table, err := readBuiltin(builtinJSON)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return table
})

func readBuiltin(data []byte) (map[string]*Price, error) {
	var file struct {
		Checked string   `json:"checked"`
		Sources []string `json:"sources"`
		Groups  []struct {
			Models []string `json:"models"`
			Price  Price    `json:"price"`
		} `json:"prices"`
	}
	if err := strict(data, &file); err != nil {
		return nil, fmt.Errorf("built-in prices: %w", err)
	}
	table := map[string]*Price{}
	for i := range file.Groups {
		price, err := file.Groups[i].Price.Seal(FromBuiltin)
		if err != nil {
			return nil, fmt.Errorf("built-in prices: %v: %w", file.Groups[i].Models, err)
		}
		for _, model := range file.Groups[i].Models {
			if table[bare(model)] != nil {
				return nil, fmt.Errorf("built-in prices: %s is there twice", model)
			}
			table[bare(model)], table[model] = price, price
		}
	}
	return table, nil
}

// findBuiltin finds the built-in price of a model by any of its names; nil if there is none.
func findBuiltin(model string) *Price {
	if p := builtin()[model]; p != nil {
		return p
	}
	name := bare(model)
	if p := builtin()[name]; p != nil {
		return p
	}
	return builtin()[withoutSnapshot(name)]
}
