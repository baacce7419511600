package xjpgateway

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/predecessor"
)

// TestImportedModels checks that what is written of the predecessor's file of models is a
// configuration that can be used.
func TestImportedModels(t *testing.T) {
	text, losses, err := predecessor.Models([]byte(`
[models."claude-sonnet-4.5".primary]
provider = "OpenRouter"
provider_model_id = "anthropic/claude-sonnet-4.5"
[models."gemini pro".primary]
provider = "Vertex"
provider_model_id = "publishers/google/models/gemini-1.5-pro-002"
region = "us-central1"
timeouts_ms = 30000
[models."gemini pro".second]
provider = "Clewdr"
provider_model_id = "claude"
extra = { "{$HOME}" = 1 }
`))
	if err != nil || len(losses) != 1 {
		t.Fatal(losses, err)
	}
	for name, value := range map[string]string{"OPENROUTER_API_KEY": "sk-test", "VERTEX_API_KEY": "test", "CLEWDR_BASE_URL": "http://127.0.0.1:1", "CLEWDR_API_KEY": "test"} {
		t.Setenv(name, value)
	}
	config, err := adapted([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	app, done, err := provisionApp(config)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	defer done()
	registry := app.snapshot.Load().registry
	for name, route := range map[string]string{"claude-sonnet-4.5": "anthropic/claude-sonnet-4.5", "gemini pro": "gemini-1.5-pro-002"} {
		match, ok := registry.Find(name)
		if !ok || len(match.Model.Routes) == 0 || match.Upstream(match.Model.Routes[0]) != route {
			t.Errorf("%s leads to %+v", name, match.Model)
		}
	}
}
