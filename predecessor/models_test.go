package predecessor

import (
	"slices"
	"strings"
	"testing"
)

func TestModels(t *testing.T) {
	const file = `
version = 3

[models."claude-sonnet-4.5".primary]
provider = "OpenRouter"
provider_model_id = "anthropic/claude-sonnet-4.5"

[models."gemini pro".fallback]
provider = "OpenRouter"
provider_model_id = "google/gemini-1.5-pro"
[models."gemini pro".primary]
provider = "Vertex"
provider_model_id = "publishers/google/models/gemini-1.5-pro-002"
region = "us-central1"
project = "my-project"
timeouts_ms = 30000
[models."gemini pro".primary.extra]
"{$SECRET}" = 1

[models.web]
note = "for the web\nonly"
[models.web.primary]
provider = "Clewdr"
provider_model_id = "claude-sonnet-4-5"
region = 7
[models.web.primary.timeouts_ms]
connect = 1000
request = 60000
idle = 20000
[models.web.second]
provider = "Azure"
provider_model_id = "gpt-4o"

[models.lost.primary]
provider = "Azure"
provider_model_id = "gpt-4o"
[models."{$HOME}".primary]
provider = "Clewdr"
provider_model_id = "claude"
`
	const want = `# From the predecessor's file of models.
{
	xjp {
		provider clewdr {
			base_url {env.CLEWDR_BASE_URL}
			api_key {env.CLEWDR_API_KEY}
			optional
		}

		provider openrouter {
			api_key {env.OPENROUTER_API_KEY}
			base_url "{$OPENROUTER_BASE_URL}"
			optional
		}

		provider vertex {
			api_key {env.VERTEX_API_KEY}
			access_token {env.VERTEX_ACCESS_TOKEN}
			project {env.VERTEX_PROJECT}
			region {env.VERTEX_REGION}
			optional
		}

		model claude-sonnet-4.5 {
			route openrouter anthropic/claude-sonnet-4.5
		}

		model ` + "`gemini pro`" + ` {
			route vertex gemini-1.5-pro-002 {
				# Not carried over: the setting "extra" of "gemini pro".
				project my-project
				region us-central1
				timeout {
					total 30000ms
				}
			}
			fallback openrouter google/gemini-1.5-pro
		}

		model web {
			route clewdr claude-sonnet-4-5 {
				# Not carried over: the setting "region" of "web".
				timeout {
					idle 20000ms
					total 60000ms
					# Not carried over: the timeout "connect" of "web".
				}
			}
			# Not carried over: the route "second" of "web", whose provider or model is not known here.
			# Not carried over: the setting "note" of "web".
		}

		# Not carried over: the model "lost", which has no provider that is known here.

		# Not carried over: the model " $HOME ", whose name Caddy cannot have.
		# Not carried over: the setting "version".
	}
}

:{$PORT:8080} {
	xjp_gateway
}
`
	got, losses, err := Models([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := strings.ReplaceAll(got, "\n\n", "\n"), strings.ReplaceAll(want, "\n\n", "\n"); a != b {
		t.Errorf("got:\n%s", got)
	}
	if len(losses) != 8 || !slices.Contains(losses, `the timeout "connect" of "web"`) {
		t.Errorf("%q", losses)
	}
}

func TestModelsThatAreNone(t *testing.T) {
	for name, file := range map[string]string{
		"no TOML":       "[models",
		"nothing":       "",
		"another file":  "[package]\nname = 'x'\n",
		"models a list": "models = ['a']\n",
	} {
		if _, _, err := Models([]byte(file)); err == nil || !strings.HasPrefix(err.Error(), "the file of models: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
