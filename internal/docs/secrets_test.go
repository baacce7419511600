package docs

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSecretFiles makes the secrets as docs/nodes.md says, with its own commands, and checks
// that they are those that Compose, or the manifests, are given.
func TestSecretFiles(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil && os.Getenv("XJP_NEED_SERVERS") != "1" { // the gate installs it
		t.Skip("openssl is not installed")
	}
	page := read(t, "docs/nodes.md")
	for section, given := range map[string]*regexp.Regexp{
		"With Compose":  regexp.MustCompile(`(?m)^    file: \./(secrets/\w+)$`),
		"On Kubernetes": regexp.MustCompile(`--from-file=deploy/(secrets/\w+)`),
	} {
		commands, root := page.commands(section), t.TempDir()
		if len(commands) != 2 {
			t.Fatalf("%s: the page has %d blocks of commands", section, len(commands))
		}
		if err := os.Mkdir(filepath.Join(root, "deploy"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("OPENROUTER_API_KEY", "XJP_value")
		shell(t, root, commands[0])
		names := map[string]bool{}
		for _, m := range given.FindAllStringSubmatch(source(t, "deploy/compose.yaml")+commands[1], -1) {
			names[m[1]] = true
		}
		made, _ := filepath.Glob(filepath.Join(root, "deploy", "secrets", "*"))
		for i := range made {
			text, err := os.ReadFile(made[i])
			if err != nil || strings.TrimSpace(string(text)) == "" {
				t.Errorf("%s: %s is empty, %v", section, made[i], err)
			}
			made[i] = "secrets/" + filepath.Base(made[i])
		}
		if want := slices.Sorted(maps.Keys(names)); len(made) == 0 || !slices.Equal(made, want) {
			t.Errorf("%s: made are %q, given %q", section, made, want)
		}
		checkMode(t, filepath.Join(root, "deploy", "secrets"), 0o700)
	}
}

// TestKubernetesCommands checks that the commands of docs/nodes.md, which are run in the root of
// the repository, find there what they name, and that the secret has what the nodes read.
func TestKubernetesCommands(t *testing.T) {
	commands := read(t, "docs/nodes.md").commands("On Kubernetes")[1]
	for _, m := range regexp.MustCompile(`(?:--file|--kustomize) (\S+)`).FindAllStringSubmatch(commands, -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Error(err)
		}
	}
	var given, wanted []string
	for _, m := range regexp.MustCompile(`--from-file=deploy/secrets/(\w+)`).FindAllStringSubmatch(commands, -1) {
		given = append(given, m[1])
	}
	for _, m := range fileNames.FindAllStringSubmatch(source(t, "deploy/Caddyfile"), -1) {
		wanted = append(wanted, m[1])
	}
	if !slices.Equal(given, wanted) {
		t.Errorf("the secret is made of %q, the nodes read %q", given, wanted)
	}
	if name := regexp.MustCompile(`newName: (\S+)\n\s+newTag: "(\S+)"`).FindStringSubmatch(source(t, "deploy/kustomization.yaml")); name == nil || strings.Count(commands, " "+name[1]+":"+name[2]) != 2 {
		t.Errorf("another image is built and pushed than %q", name)
	}
}
