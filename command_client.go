package xjpgateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// administrator asks the admin API.
type administrator interface {
	// ask makes a request, with a body in JSON unless it is nil, and gives the answer. An
	// error of the API is one of ask or of reading the answer.
	ask(method, path string, query url.Values, body any) (io.ReadCloser, error)
}

// clientFlags are the flags of commands that ask the admin API.
func clientFlags(cmd *cobra.Command) {
	adminFlags(cmd)
	cmd.Flags().Bool("direct", false, "Use the store of the configuration without a running Caddy")
}

// withAdministrator runs a command against the running Caddy or, where its admin endpoint
// is off or the command says so, against the store itself.
func withAdministrator(run func(caddycmd.Flags, administrator) error) func(caddycmd.Flags) (int, error) {
	return func(fl caddycmd.Flags) (int, error) {
		config, err := adminConfig(fl)
		if err != nil {
			return exitCode(err)
		}
		if !fl.Bool("direct") && !adminIsOff(config) {
			address, err := adminAddress(fl, config)
			if err != nil {
				return exitCode(fmt.Errorf("the address of the admin endpoint: %w", err))
			}
			return exitCode(run(fl, remote{address}))
		}
		if len(config) == 0 {
			return exitCode(errors.New("no configuration: there is no Caddyfile in the current directory (use --config)"))
		}
		app, done, err := provisionApp(config)
		if err != nil {
			return exitCode(err)
		}
		defer awaitClosing()
		defer done()
		app.alone = true
		return exitCode(run(fl, direct{app}))
	}
}

// adminConfig loads the configuration that the command is about, none if an address says
// more. What is wrong with one that lies in the current folder by chance matters only where
// it is needed.
func adminConfig(fl caddycmd.Flags) ([]byte, error) {
	if fl.String("address") != "" && !fl.Bool("direct") {
		return nil, nil
	}
	config, _, _, err := caddycmd.LoadConfig(fl.String("config"), fl.String("adapter"))
	if err != nil && fl.String("config") == "" && !fl.Bool("direct") {
		return nil, nil
	}
	return config, err
}

// adminAddress is the address of the admin endpoint: the one that is named, else the
// configuration's, else Caddy's default.
func adminAddress(fl caddycmd.Flags, config []byte) (string, error) {
	file := ""
	if len(config) > 0 {
		file = "Caddyfile" // a configuration is looked at beside the name of a file only
	}
	return caddycmd.DetermineAdminAPIAddress(fl.String("address"), config, file, "")
}

// adminIsOff reports whether a configuration has no admin endpoint.
func adminIsOff(text []byte) bool {
	var config struct {
		Admin struct {
			Disabled bool `json:"disabled"`
		} `json:"admin"`
	}
	return json.Unmarshal(text, &config) == nil && config.Admin.Disabled
}

// remote is the admin endpoint of a running Caddy at an address.
type remote struct{ address string }

func (a remote) ask(method, path string, query url.Values, body any) (io.ReadCloser, error) {
	sent, err := sentBody(body)
	if err != nil {
		return nil, err
	}
	uri, err := uriOf(path, query)
	if err != nil {
		return nil, err
	}
	res, err := caddycmd.AdminAPIRequest(a.address, method, uri, nil, sent)
	if err != nil {
		return nil, adminError(err)
	}
	return res.Body, nil
}

// adminError says what the admin endpoint said, or what would help where it says nothing.
func adminError(err error) error {
	_, answer, _ := strings.Cut(err.Error(), "HTTP ")
	_, body, _ := strings.Cut(answer, ": ")
	var told struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(body), &told) == nil && told.Error != "" {
		return errors.New(told.Error)
	}
	if strings.Contains(err.Error(), syscall.ECONNREFUSED.Error()) {
		return fmt.Errorf("%w; is Caddy running? --direct uses the store without it", err)
	}
	return err
}

// direct is the admin API of a configuration that is loaded for the command alone.
type direct struct{ app *App }

func (a direct) ask(method, path string, query url.Values, body any) (io.ReadCloser, error) {
	sent, err := sentBody(body)
	if err != nil {
		return nil, err
	}
	uri, err := uriOf(path, query)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(method, uri, sent)
	if err != nil {
		return nil, err
	}
	if sent != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	reader, writer := io.Pipe()
	go func() {
		defer func() {
			if broken := recover(); broken != nil { // as a server would break the connection off
				writer.CloseWithError(io.ErrUnexpectedEOF)
			}
		}()
		writer.CloseWithError(a.app.administrate(&pipedAnswer{writer, http.Header{}}, r, "command line"))
	}()
	return reader, nil
}

// pipedAnswer is an answer that is read while it is written.
type pipedAnswer struct {
	*io.PipeWriter
	header http.Header
}

func (a *pipedAnswer) Header() http.Header { return a.header }

func (a *pipedAnswer) WriteHeader(int) {}

// wholeKey finds more of a key than its id, however it is mistyped.
var wholeKey = regexp.MustCompile(`(?i)` + keys.Prefix + `[^/]{13}`)

// errWholeKey does not repeat the key, since errors are logged too.
var errWholeKey = errors.New("this looks like a whole key with a mistake in it, or one that does not tell its id; it was not sent, since the admin endpoint logs addresses: name the key by its id, as keys list does")

// uriOf is the address of an operation. None holds a secret.
func uriOf(path string, query url.Values) (string, error) {
	texts := []string{path}
	for _, values := range query {
		texts = append(texts, values...)
	}
	if slices.ContainsFunc(texts, wholeKey.MatchString) {
		return "", errWholeKey
	}
	if len(query) == 0 {
		return path, nil
	}
	return path + "?" + query.Encode(), nil
}

// keyID is the id of the key that a text names, by its id or as a whole.
func keyID(text string) string {
	text = strings.TrimSpace(text)
	if form, id := keys.ParseSecret(text); form == keys.Made {
		return id
	}
	return text
}

// sentBody is a body in JSON, nil for none.
func sentBody(body any) (io.Reader, error) {
	if body == nil {
		return nil, nil
	}
	text, err := json.Marshal(body)
	return bytes.NewReader(text), err
}

// queryOf collects the parameters that flags of the same names give. Keys are named in them by
// their ids.
func queryOf(fl caddycmd.Flags, names ...string) url.Values {
	query := url.Values{}
	for _, name := range names {
		if value := keyID(fl.String(name)); value != "" {
			query.Set(strings.ReplaceAll(name, "-", "_"), value)
		}
	}
	return query
}

// show prints an answer: as it is for programs, or as a table for people.
func show[T any](fl caddycmd.Flags, answer io.ReadCloser, table func(w io.Writer, value *T)) error {
	defer answer.Close()
	if fl.Bool("json") {
		_, err := io.Copy(os.Stdout, answer)
		return err
	}
	var value T
	if err := json.NewDecoder(answer).Decode(&value); err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	table(w, &value)
	return w.Flush()
}

// row writes a line of a table.
func row(w io.Writer, cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprintf(w, "\t")
		}
		fmt.Fprintf(w, "%v", cell)
	}
	fmt.Fprintf(w, "\n")
}

// more says how the next page of a list is come by.
func more(w io.Writer, next string) {
	if next != "" {
		fmt.Fprintf(w, "more: --after %s\n", next)
	}
}
