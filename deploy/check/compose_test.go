package check

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads the compose file of a folder as `docker compose` does: against its schema.
func load(dir string) (*types.Project, error) {
	o, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")}, cli.WithWorkingDirectory(dir))
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

// TestCompose checks that the compose file is valid, and that its parts fit together.
func TestCompose(t *testing.T) {
	dir := folder(t)
	project, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problemsOf(t, project, dir) {
		t.Error(problem)
	}
}

// TestComposeMistakes checks that mistakes are found.
func TestComposeMistakes(t *testing.T) {
	for _, test := range []struct {
		change
		want string
	}{
		{change{"compose.yaml", "stop_grace_period: 5m30s", "stop_grace_periods: 5m30s"}, "stop_grace_periods"},
		{change{"compose.yaml", "stop_grace_period: 5m30s", "stop_grace_period: 5m"}, "leaves"},
		{change{"compose.yaml", "secrets: [postgres_dsn, redis_url, pepper,", "secrets: [postgres_dsn, redis_url,"}, "pepper"},
		{change{"compose.yaml", "  pepper:\n    file: ./secrets/pepper\n", ""}, "pepper"},
		{change{"compose.yaml", "./Caddyfile:/etc", "./caddyfile:/etc"}, "caddyfile"},
		{change{"compose.yaml", "nodes:/data", "nodes:/var/data"}, "/data"},
		{change{"compose.yaml", "networks: [front, back]", "networks: [front]"}, "back"},
		{change{"compose.yaml", "127.0.0.1:8080:8080", "8080:8080"}, "loopback"},
		{change{"compose.yaml", "internal: true", "internal: false"}, "outside"},
		{change{"balancer.Caddyfile", "gateway-2:8080", "gateway-3:8080"}, "gateway-3"},
		{change{"balancer.Caddyfile", "gateway-2:8080", "gateway-2:8081"}, "8081"},
	} {
		t.Run(test.to, func(t *testing.T) {
			dir := folder(t, test.change)
			var found []string
			project, err := load(dir)
			if err != nil {
				found = []string{err.Error()}
			} else {
				found = problemsOf(t, project, dir)
			}
			if !strings.Contains(strings.Join(found, "\n"), test.want) {
				t.Errorf("found is %q", found)
			}
		})
	}
}

// problemsOf tells where parts of the compose file do not fit together.
func problemsOf(t *testing.T, project *types.Project, dir string) (list []string) {
	t.Helper()
	check := func(ok bool, format string, args ...any) {
		if !ok {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	names := slices.Sorted(maps.Keys(project.Services))
	if want := []string{"balancer", "gateway-1", "gateway-2", "postgres", "valkey"}; !slices.Equal(names, want) {
		return []string{fmt.Sprintf("the services are %v", names)}
	}
	caddyfile := read(t, filepath.Join(dir, "Caddyfile"))
	for _, name := range []string{"gateway-1", "gateway-2"} {
		checkGateway(t, check, project.Services[name], caddyfile)
	}
	for name := range project.Networks {
		check(name != "back" || project.Networks[name].Internal, "the servers can be reached from outside")
	}
	checkBalancer(t, check, project, read(t, filepath.Join(dir, "balancer.Caddyfile")), portsOf(caddyfile))
	for name, s := range project.Services {
		checkFiles(check, name, s, dir)
		for _, secret := range s.Secrets {
			_, known := project.Secrets[secret.Source]
			check(known, "%s has the secret %s, which is not there", name, secret.Source)
		}
	}
	return list
}

// checkGateway checks that a node has what its Caddyfile reads, keeps its data, and has time
// to end.
func checkGateway(t *testing.T, check checker, s types.ServiceConfig, caddyfile string) {
	t.Helper()
	var given []string
	for _, secret := range s.Secrets {
		given = append(given, secret.Source)
	}
	slices.Sort(given)
	check(slices.Equal(given, secretsOf(caddyfile)), "%s is given %q, its Caddyfile reads %q", s.Name, given, secretsOf(caddyfile))
	check(slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == "/data" && v.Type == "volume" }), "%s does not keep /data", s.Name)
	for _, network := range []string{"front", "back"} {
		_, in := s.Networks[network]
		check(in, "%s is not in the network %s", s.Name, network)
	}
	has := time.Duration(*s.StopGracePeriod)
	check(has >= leavingTime(t, caddyfile), "%s has %v to end, and leaves within %v", s.Name, has, leavingTime(t, caddyfile))
}

// checkBalancer checks that the load balancer leads to the nodes and is reached from this
// machine only.
func checkBalancer(t *testing.T, check checker, project *types.Project, caddyfile string, ports []string) {
	t.Helper()
	_, line, _ := strings.Cut(caddyfile, "reverse_proxy ")
	line, _, _ = strings.Cut(line, " {")
	for _, upstream := range strings.Fields(line) {
		host, port, _ := strings.Cut(upstream, ":")
		_, known := project.Services[host]
		check(known, "the load balancer leads to %s, which is no service", host)
		check(slices.Contains(ports, port), "the load balancer leads to port %s, which is no site", port)
	}
	check(len(strings.Fields(line)) == 2, "the load balancer leads to %q", line)
	check(strings.Contains(caddyfile, "health_uri /readyz\n"), "the load balancer does not ask who is ready")
	for _, p := range project.Services["balancer"].Ports {
		check(p.HostIP == "127.0.0.1", "the load balancer is not on loopback")
		check(slices.Contains(portsOf(caddyfile), fmt.Sprint(p.Target)), "the load balancer has no site on port %d", p.Target)
	}
}

// checkFiles checks that files that are mounted are in the repository.
func checkFiles(check checker, name string, s types.ServiceConfig, dir string) {
	for _, v := range s.Volumes {
		if v.Type != "bind" {
			continue
		}
		found, err := filepath.Glob(v.Source)
		check(err == nil && len(found) == 1 && v.ReadOnly, "%s mounts %s", name, strings.TrimPrefix(v.Source, dir))
	}
}
