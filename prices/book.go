package prices

// Book finds the price of a route.
type Book struct {
	list *List
}

// NewBook makes a book of the built-in prices and OpenRouter's list, which is nil where no
// provider needs it. The list remains the caller's to close.
func NewBook(list *List) *Book { return &Book{list: list} }

// The kinds of providers whose prices are found in ways of their own.
const (
	kindOpenRouter = "openrouter"
	kindDemo       = "demo"
)

// free is the price of the provider inside the process.
var free = func() *Price {
	p, err := (&Price{Rates: Rates{Input: Free, Output: Free}}).Seal(FromBuiltin)
	if err != nil {
		panic(err)
	}
	return p
}()

// Find returns the price of a provider's model, nil if it is unknown. The price that the
// operator configured for it wins; then, with providers of the kind "openrouter",
// OpenRouter's own list; then the built-in prices, which are those of the models' makers.
func (b *Book) Find(configured *Price, kind, model string) *Price {
	if configured != nil {
		return configured
	}
	switch kind {
	case kindDemo:
		return free
	case kindOpenRouter:
		if p := b.list.Find(model); p != nil {
			return p
		}
	}
	return findBuiltin(model)
}
