package prices

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// copyName is the file of the copy on disk.
const copyName = "openrouter-prices.json"

// forgetAfter is how long a model keeps its price after it was listed last. One list that
// lacks it means little (provider-openrouter.md 7).
const forgetAfter = 30 * 24 * time.Hour

// catalogue is a list of prices as of a moment. It is not changed.
type catalogue struct {
	Fetched time.Time         `json:"fetched"`
	Models  map[string]seenAs `json:"models"`
}

// seenAs is a price and when it was listed last.
type seenAs struct {
	Seen  time.Time `json:"seen"`
	Price *Price    `json:"price"`
}

func (c *catalogue) find(model string) *Price { return c.Models[model].Price }

// with returns the catalogue with newer prices in it.
func (c *catalogue) with(prices map[string]*Price, now time.Time) *catalogue {
	next := &catalogue{Fetched: now.UTC(), Models: make(map[string]seenAs, len(prices))}
	for model, old := range c.Models {
		if now.Sub(old.Seen) < forgetAfter {
			next.Models[model] = old
		}
	}
	for model, price := range prices {
		next.Models[model] = seenAs{Seen: next.Fetched, Price: price}
	}
	return next
}

// readCatalogue reads the copy on disk. Without one, or with one that cannot be read, it
// returns an empty catalogue.
func readCatalogue(dir string) (*catalogue, error) {
	if dir == "" {
		return &catalogue{}, nil
	}
	data, err := os.ReadFile(filepath.Join(dir, copyName))
	if errors.Is(err, fs.ErrNotExist) {
		return &catalogue{}, nil
	}
	var kept catalogue
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err == nil {
		err = kept.seal()
	}
	if err != nil {
		return &catalogue{}, fmt.Errorf("copy of OpenRouter's prices: %w", err)
	}
	return &kept, nil
}

// seal seals all prices.
func (c *catalogue) seal() error {
	for model, seen := range c.Models {
		if seen.Price == nil {
			return fmt.Errorf("%.80q has no price", model)
		}
		sealed, err := seen.Price.Seal(FromOpenRouter)
		if err != nil {
			return err
		}
		c.Models[model] = seenAs{Seen: seen.Seen, Price: sealed}
	}
	return nil
}

// write replaces the copy on disk as a whole, or not at all.
func (c *catalogue) write(dir string) error {
	if dir == "" {
		return nil
	}
	data, err := json.Marshal(c)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = replaceFile(filepath.Join(dir, copyName), data)
	}
	if err != nil {
		return fmt.Errorf("copy of OpenRouter's prices: %w", err)
	}
	return nil
}

// replaceFile writes a file beside the old one, makes sure that it is on the disk, and puts
// it in its place.
func replaceFile(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}
