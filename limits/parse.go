package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// unlimited is how people write Unlimited.
const unlimited = "unlimited"

// ParseCount reads a count such as "2000000", "2_000_000", "1.5k", "2m" or "2M", or
// "unlimited".
func ParseCount(text string) (int64, error) {
	if text == unlimited {
		return Unlimited, nil
	}
	number, zeros := strings.ReplaceAll(text, "_", ""), 0
	if number != "" {
		if zeros = zerosOf(number[len(number)-1]); zeros > 0 {
			number = number[:len(number)-1]
		}
	}
	whole, part, _ := strings.Cut(number, ".")
	n, err := strconv.ParseUint(whole+part, 10, 63)
	if len(part) > zeros || err != nil {
		return 0, fmt.Errorf("%.40q is not a whole number: write it as 2000000, 2m or unlimited", text)
	}
	for range zeros - len(part) {
		if n > math.MaxInt64/10 {
			return 0, fmt.Errorf("%.40q is too large", text)
		}
		n *= 10
	}
	return int64(n), nil
}

func zerosOf(suffix byte) int {
	switch suffix | 0x20 {
	case 'k':
		return 3
	case 'm':
		return 6
	case 'b', 'g':
		return 9
	}
	return 0
}

// ParseMoney reads an amount of USD such as "50", "$12.50" or "0.25 USD", or "unlimited".
func ParseMoney(text string) (prices.Amount, error) {
	if text == unlimited {
		return Unlimited, nil
	}
	number := strings.TrimSuffix(strings.TrimPrefix(text, "$"), "USD")
	return prices.ParseAmount(strings.TrimSpace(number))
}

// ParseBudget reads a budget such as "50/month", "5/day", or "200" for all time, and gives
// the name of the limit in JSON.
func ParseBudget(text string) (field string, a prices.Amount, err error) {
	d, money, err := budgetOf(text)
	if err != nil {
		return "", 0, err
	}
	a, err = ParseMoney(money)
	return d.field, a, err
}

// budgetOf tells which budget a text is about, and what is left of it: the money.
func budgetOf(text string) (d *dimension, money string, err error) {
	money, per, found := strings.Cut(text, "/")
	switch {
	case !found || per == "total":
		return byName["budget"], money, nil
	case per == "day" || per == "month":
		return byName["budget_per_"+per], money, nil
	}
	return nil, "", fmt.Errorf("a budget is per day, per month or in total: write it as 50/month, not %.40q", text)
}

// Put sets a limit by a name and a value as people write them: the name is the one in JSON,
// with dashes or underscores, or a short one such as "rpm" or "tpd"; "budget" takes the time
// for which it is along with its value. A limit that is set already is refused. The error names
// the limit and says what to write.
func (s *Set) Put(name, value string) error {
	d := named(name)
	if d == nil {
		return fmt.Errorf("unknown limit %.40q: the limits are %s", name, strings.Join(Names(), ", "))
	}
	if d.field == "budget" {
		var err error
		if d, value, err = budgetOf(value); err != nil {
			return err
		}
	}
	limit, err := d.parse(value)
	if err != nil {
		return fmt.Errorf("%s: %w", d.field, err)
	}
	if err := d.check(limit); err != nil {
		return err
	}
	if *d.of(s) != 0 {
		return fmt.Errorf("%s: is given twice", d.field)
	}
	*d.of(s) = limit
	return nil
}

// parse reads a limit of a dimension, which is never 0.
func (d *dimension) parse(value string) (limit int64, err error) {
	if d.measure == Money {
		var a prices.Amount
		a, err = ParseMoney(value)
		limit = int64(a)
	} else {
		limit, err = ParseCount(value)
	}
	if err == nil && limit == 0 {
		err = errors.New("must be more than 0")
	}
	return limit, err
}

// Names are the names of all limits in JSON.
func Names() []string {
	names := make([]string, len(dimensions))
	for i := range dimensions {
		names[i] = dimensions[i].field
	}
	return names
}

// Known reports whether Put knows a limit by a name.
func Known(name string) bool { return named(name) != nil }

// named finds a dimension by a name as people write it.
func named(name string) *dimension { return byName[strings.ReplaceAll(name, "-", "_")] }
