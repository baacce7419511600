package admin_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAPI is the description as tests use it.
type openAPI struct {
	Paths map[string]map[string]json.RawMessage
	// compiler knows the description, by whose places schemas are found.
	compiler *jsonschema.Compiler
	mu       sync.Mutex
}

// operation is a part of the description.
type operation struct {
	OperationID string
	Parameters  []struct{ Name, In string }
	Responses   map[string]struct {
		Content map[string]struct{ Schema json.RawMessage }
	}
}

var described = sync.OnceValue(func() *openAPI {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	d := &openAPI{compiler: jsonschema.NewCompiler()}
	if err := json.Unmarshal(text, d); err != nil {
		panic(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		panic(err)
	}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("openapi.json", document); err != nil {
		panic(err)
	}
	return d
})

// find gives the operation for a method and a path, and its template.
func (d *openAPI) find(method, path string) (template string, o operation, found bool) {
	segments := strings.Split(path, "/")
	for template, methods := range d.Paths {
		pattern := strings.Split(template, "/")
		if len(pattern) != len(segments) {
			continue
		}
		same := true
		for i := range pattern {
			same = same && (pattern[i] == segments[i] || pattern[i] == "{id}")
		}
		if raw := methods[strings.ToLower(method)]; same && raw != nil {
			if err := json.Unmarshal(raw, &o); err != nil {
				panic(err)
			}
			return template, o, true
		}
	}
	return "", o, false
}

// check compares an answer with the description.
func (d *openAPI) check(method, path string, w *httptest.ResponseRecorder) error {
	template, o, found := d.find(method, path)
	if !found {
		return nil // such as one for which there is nothing
	}
	status := fmt.Sprint(w.Code)
	response, told := o.Responses[status]
	if !told {
		return fmt.Errorf("%s %s: the status %s is not described", method, template, status)
	}
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if kind == "" && len(response.Content) == 0 && w.Body.Len() == 0 {
		return nil
	}
	if _, told := response.Content[kind]; !told {
		return fmt.Errorf("%s %s: the type %q of %s is not described", method, template, kind, status)
	}
	if kind != "application/json" {
		return nil
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	schema, err := d.compile("#/paths/" + escape(template) + "/" + strings.ToLower(method) + "/responses/" + status + "/content/" + escape(kind) + "/schema")
	if err != nil {
		return err
	}
	answer, err := jsonschema.UnmarshalJSON(strings.NewReader(w.Body.String()))
	if err != nil {
		return err
	}
	if err := schema.Validate(answer); err != nil {
		return fmt.Errorf("%s %s: %w in %s", method, template, err, w.Body)
	}
	return nil
}

func (d *openAPI) compile(place string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.compiler.Compile("openapi.json" + strings.ReplaceAll(strings.ReplaceAll(place, "{", "%7B"), "}", "%7D"))
}

// TestDescription checks that each operation is described, with its parameters, and that
// nothing is described that is not there.
func TestDescription(t *testing.T) {
	b := &backend{store: &listening{}}
	seen := map[string]bool{}
	operations := 0
	for template, methods := range described().Paths {
		for method, raw := range methods {
			if method == "parameters" {
				continue
			}
			operations++
			var o operation
			if err := json.Unmarshal(raw, &o); err != nil {
				t.Fatal(err)
			}
			if seen[o.OperationID] || o.OperationID == "" {
				t.Errorf("the operation id %q of %s %s is no name", o.OperationID, method, template)
			}
			seen[o.OperationID] = true
			if o.OperationID == "explain" { // whose parameters are those of a client's request
				continue
			}
			w := ask(t, b, strings.ToUpper(method), strings.ReplaceAll(template, "{id}", "some")+"?no_such_parameter=1", "")
			var told struct{ Error string }
			_ = json.Unmarshal(w.Body.Bytes(), &told)
			if got, want := told.Error, "no_such_parameter: is no parameter here"+listed(o); w.Code != 400 || got != want {
				t.Errorf("%s %s: got %d %q, want %q", method, template, w.Code, got, want)
			}
		}
	}
	if want := len(operationsOf(t)); operations != want {
		t.Errorf("%d operations are described, there are %d", operations, want)
	}
}

// listed are the parameters of an operation as errors list them.
func listed(o operation) string {
	var names []string
	for _, p := range o.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		return "; there are none"
	}
	slices.Sort(names)
	return "; there are " + strings.Join(names, ", ")
}

// operationsOf lists the operations by asking for each path with each method.
func operationsOf(t *testing.T) (list []string) {
	t.Helper()
	for _, template := range slices.Sorted(maps.Keys(described().Paths)) {
		path := strings.ReplaceAll(template, "{id}", "some")
		allow := ask(t, &backend{}, "TRACE", path, "").Header().Get("Allow")
		for method := range strings.SplitSeq(allow, ", ") {
			if method != "HEAD" {
				list = append(list, method+" "+template)
			}
		}
	}
	return list
}

// TestDescriptionServed checks that what is served is what is described here, and that its
// schemas are sound.
func TestDescriptionServed(t *testing.T) {
	w := ask(t, &backend{}, "GET", "/xjp/openapi.json", "")
	text, err := os.ReadFile("openapi.json")
	if err != nil || w.Body.String() != string(text) {
		t.Errorf("another description is served (%v)", err)
	}
	var d struct {
		OpenAPI    string
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(text, &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("OpenAPI %q (%v)", d.OpenAPI, err)
	}
	for name := range d.Components.Schemas {
		if _, err := described().compile("#/components/schemas/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Count(string(text), "#/components/schemas/"+name+`"`) == 0 {
			t.Errorf("the schema %s is used nowhere", name)
		}
	}
}
