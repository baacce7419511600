package prices

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ratesForm is the written form of Rates: tokens in USD per million, images, requests and
// searches in USD each.
type ratesForm struct {
	Input        perMillion `json:"input,omitempty"`
	Output       perMillion `json:"output,omitempty"`
	CacheRead    perMillion `json:"cache_read,omitempty"`
	CacheWrite   perMillion `json:"cache_write,omitempty"`
	CacheWrite1h perMillion `json:"cache_write_1h,omitempty"`
	Reasoning    perMillion `json:"reasoning,omitempty"`
	AudioInput   perMillion `json:"audio_input,omitempty"`
	AudioOutput  perMillion `json:"audio_output,omitempty"`
	ImageInput   perMillion `json:"image_input,omitempty"`
	ImageOutput  perMillion `json:"image_output,omitempty"`
	Image        perUnit    `json:"image,omitempty"`
	OutputImage  perUnit    `json:"output_image,omitempty"`
	Request      perUnit    `json:"request,omitempty"`
	WebSearch    perUnit    `json:"web_search,omitempty"`
}

// overrideForm is the written form of an Override.
type overrideForm struct {
	AbovePrompt int64  `json:"above_prompt,omitempty"`
	Hours       *Hours `json:"hours,omitempty"`
	ServiceTier string `json:"service_tier,omitempty"`
	Since       day    `json:"since,omitzero"`
	ratesForm
}

// day is a moment whose written form is the date, or the time where it is not midnight UTC.
type day struct{ time.Time }

func (d day) MarshalText() ([]byte, error) {
	if at := d.UTC(); at.Equal(at.Truncate(24 * time.Hour)) {
		return []byte(at.Format(time.DateOnly)), nil
	}
	return d.Time.MarshalText()
}

func (d day) MarshalJSON() ([]byte, error) {
	text, err := d.MarshalText()
	if err != nil {
		return nil, err
	}
	return json.Marshal(string(text))
}

func (d *day) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("since: %w", err)
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			d.Time = at
			return nil
		}
	}
	return fmt.Errorf("since: %.40q: write a date such as \"2027-01-01\"", text)
}

// priceForm is the written form of a Price.
type priceForm struct {
	ratesForm
	Overrides []Override `json:"overrides,omitempty"`
	Source    string     `json:"source,omitempty"`
}

// perMillion and perUnit are rates with a written form of their own.
type (
	perMillion Rate
	perUnit    Rate
)

func (r perMillion) MarshalJSON() ([]byte, error) { return json.Marshal(Rate(r).PerMillion()) }
func (r perUnit) MarshalJSON() ([]byte, error)    { return json.Marshal(Rate(r).String()) }

func (r *perMillion) UnmarshalJSON(data []byte) (err error) {
	if text, ok := decimalOf(data); ok {
		var rate Rate
		rate, err = ParsePerMillion(text)
		*r = perMillion(rate)
	}
	return err
}

func (r *perUnit) UnmarshalJSON(data []byte) (err error) {
	if text, ok := decimalOf(data); ok {
		var rate Rate
		rate, err = ParsePerUnit(text)
		*r = perUnit(rate)
	}
	return err
}

func (r *Rates) form() ratesForm {
	return ratesForm{
		Input: perMillion(r.Input), Output: perMillion(r.Output),
		CacheRead: perMillion(r.CacheRead), CacheWrite: perMillion(r.CacheWrite), CacheWrite1h: perMillion(r.CacheWrite1h),
		Reasoning:  perMillion(r.Reasoning),
		AudioInput: perMillion(r.AudioInput), AudioOutput: perMillion(r.AudioOutput),
		ImageInput: perMillion(r.ImageInput), ImageOutput: perMillion(r.ImageOutput),
		Image: perUnit(r.Image), OutputImage: perUnit(r.OutputImage),
		Request: perUnit(r.Request), WebSearch: perUnit(r.WebSearch),
	}
}

func (f *ratesForm) rates() Rates {
	return Rates{
		Input: Rate(f.Input), Output: Rate(f.Output),
		CacheRead: Rate(f.CacheRead), CacheWrite: Rate(f.CacheWrite), CacheWrite1h: Rate(f.CacheWrite1h),
		Reasoning:  Rate(f.Reasoning),
		AudioInput: Rate(f.AudioInput), AudioOutput: Rate(f.AudioOutput),
		ImageInput: Rate(f.ImageInput), ImageOutput: Rate(f.ImageOutput),
		Image: Rate(f.Image), OutputImage: Rate(f.OutputImage),
		Request: Rate(f.Request), WebSearch: Rate(f.WebSearch),
	}
}

// MarshalJSON writes tokens in USD per million, images, requests and searches in USD each, and
// only the rates that are set.
func (p Price) MarshalJSON() ([]byte, error) {
	return json.Marshal(priceForm{ratesForm: p.form(), Overrides: p.Overrides, Source: p.Source})
}

// UnmarshalJSON reads what MarshalJSON writes, rates as strings or numbers. It refuses
// members that it does not know, as a rate that is mistyped would be charged as another.
func (p *Price) UnmarshalJSON(data []byte) error {
	var f priceForm
	if err := strict(data, &f); err != nil {
		return err
	}
	*p = Price{Rates: f.rates(), Overrides: f.Overrides, Source: f.Source}
	return p.validate()
}

// MarshalJSON writes the conditions and the rates that are set.
func (o Override) MarshalJSON() ([]byte, error) {
	return json.Marshal(overrideForm{AbovePrompt: o.AbovePrompt, Hours: o.Hours, ServiceTier: o.ServiceTier, Since: day{o.Since}, ratesForm: o.form()})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *Override) UnmarshalJSON(data []byte) error {
	var f overrideForm
	if err := strict(data, &f); err != nil {
		return err
	}
	*o = Override{AbovePrompt: f.AbovePrompt, Hours: f.Hours, ServiceTier: f.ServiceTier, Since: f.Since.Time, Rates: f.rates()}
	return nil
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// validate refuses what could not be meant.
func (p *Price) validate() error {
	if !p.Input.IsSet() || !p.Output.IsSet() {
		return errors.New("price: input and output must both be set: write 0 for what is free")
	}
	for i := range p.Overrides {
		if err := p.Overrides[i].validate(); err != nil {
			return fmt.Errorf("price: override %d: %w", i+1, err)
		}
	}
	return nil
}

func (o *Override) validate() error {
	if o.AbovePrompt < 0 {
		return fmt.Errorf("above_prompt: %d must not be negative", o.AbovePrompt)
	}
	if o.AbovePrompt == 0 && o.Hours == nil && o.ServiceTier == "" && o.Since.IsZero() {
		return errors.New("has no condition: set above_prompt, hours, service_tier or since, or change the price itself")
	}
	if o.Rates == (Rates{}) {
		return errors.New("has no rate: set those that differ")
	}
	if o.Hours != nil {
		return o.Hours.validate()
	}
	return nil
}
