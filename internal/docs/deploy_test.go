package docs

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestProbes asks the paths that the files of deploy ask.
func TestProbes(t *testing.T) {
	address := gatewaytest.Start(t, "provider demo")
	found := 0
	for name, pattern := range map[string]string{
		"deploy/Dockerfile":                  `(?m)^HEALTHCHECK .*-8080\}(/\w+)"$`,
		"deploy/balancer.Caddyfile":          `health_uri (/\w+)`,
		"deploy/kubernetes/statefulset.yaml": `httpGet:\n\s+path: (/\w+)`,
	} {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(source(t, name), -1) {
			found++
			res, err := http.Get(address + m[1])
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s asks %s, which is answered %d", name, m[1], res.StatusCode)
			}
		}
	}
	if found != 4 {
		t.Errorf("%d probes were found", found)
	}
}

// TestImage checks that the image is built with the Go that the module needs, runs as the
// user that the manifests say, and keeps its data where they put a volume.
func TestImage(t *testing.T) {
	image, set := source(t, "deploy/Dockerfile"), source(t, "deploy/kubernetes/statefulset.yaml")
	one := func(text, pattern string) string {
		t.Helper()
		m := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("there is no %s", pattern)
		}
		return m[1]
	}
	if has, needs := one(image, `^FROM .*golang:([\d.]+)-`), one(source(t, "go.mod"), `^go (\d+\.\d+)`); has != needs {
		t.Errorf("the image is built with Go %s, the module needs %s", has, needs)
	}
	user := one(image, `^USER (\d+):\d+$`)
	if one(set, `runAsUser: (\d+)$`) != user || one(image, `adduser .*-u (\d+) `) != user {
		t.Errorf("the user of the image is %s, and not everywhere", user)
	}
	if data := one(image, `^VOLUME (\S+)$`); data != one(image, `XDG_DATA_HOME=(\S+)`) || !strings.Contains(set, "mountPath: "+data+"\n") {
		t.Errorf("the data is in %s, and not everywhere", data)
	}
}
