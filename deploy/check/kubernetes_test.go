package check

import (
	"fmt"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are what `kubectl apply -k` applies.
type manifests struct {
	namespace  core.Namespace
	config     core.ConfigMap
	nodes      apps.StatefulSet
	services   []core.Service
	autoscaler autoscaling.HorizontalPodAutoscaler
	disruption policy.PodDisruptionBudget
	network    networking.NetworkPolicy
}

// build builds the kustomization in a folder as kubectl does, and reads what comes of it. A
// field that Kubernetes does not know is an error.
func build(dir string) (*manifests, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, err
	}
	m := &manifests{}
	seen := map[string]bool{}
	for _, r := range built.Resources() {
		kind := r.GetApiVersion() + " " + r.GetKind()
		if seen[kind] && kind != "v1 Service" {
			return nil, fmt.Errorf("there are two of %s", kind)
		}
		seen[kind] = true
		into, err := m.place(kind)
		if err != nil {
			return nil, err
		}
		text, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, r.GetName(), err)
		}
		if namespace := r.GetNamespace(); namespace != "xjp-gateway" && kind != "v1 Namespace" {
			return nil, fmt.Errorf("%s %s is in the namespace %q", kind, r.GetName(), namespace)
		}
	}
	if len(seen) != 7 {
		return nil, fmt.Errorf("there are only %v", seen)
	}
	return m, nil
}

// place is where an object of a kind is read into.
func (m *manifests) place(kind string) (any, error) {
	switch kind {
	case "v1 Namespace":
		return &m.namespace, nil
	case "v1 ConfigMap":
		return &m.config, nil
	case "v1 Service":
		m.services = append(m.services, core.Service{})
		return &m.services[len(m.services)-1], nil
	case "apps/v1 StatefulSet":
		return &m.nodes, nil
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return &m.autoscaler, nil
	case "policy/v1 PodDisruptionBudget":
		return &m.disruption, nil
	case "networking.k8s.io/v1 NetworkPolicy":
		return &m.network, nil
	}
	return nil, fmt.Errorf("%s is not checked here", kind)
}

// TestKubernetes checks that the manifests are valid, and that their parts fit together.
func TestKubernetes(t *testing.T) {
	dir := folder(t)
	m, err := build(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range m.problems(t, dir) {
		t.Error(problem)
	}
}

// TestKubernetesMistakes checks that mistakes are found.
func TestKubernetesMistakes(t *testing.T) {
	const set, service, network = "kubernetes/statefulset.yaml", "kubernetes/service.yaml", "kubernetes/network.yaml"
	for _, test := range []struct {
		change
		want string
	}{
		{change{set, "periodSeconds: 2\n", "periodSecond: 2\n"}, "unknown field"},
		{change{set, "containerPort: 8080", "containerPort: 8081"}, "no site on port 8081"},
		{change{set, "path: /readyz", "path: /ready"}, "probe"},
		{change{set, "terminationGracePeriodSeconds: 330", "terminationGracePeriodSeconds: 300"}, "leaves"},
		{change{set, "serviceName: xjp-gateway-nodes", "serviceName: xjp-gateway"}, "headless"},
		{change{set, "secretName: xjp-gateway", "secretName: gateway"}, "secret"},
		{change{set, "runAsNonRoot: true", "runAsNonRoot: false"}, "restricted"},
		{change{set, "drop: [ALL]", "drop: [NET_RAW]"}, "restricted"},
		{change{set, "runAsUser: 10001", "runAsUser: 1000"}, "user"},
		{change{set, "mountPath: /data", "mountPath: /var/data"}, "/data"},
		{change{set, "storage: 4Gi", "storage: 512Mi"}, "journal"},
		{change{set, "cpu: 250m", "ephemeral-storage: 1Gi"}, "autoscaler"},
		{change{service, "targetPort: metrics", "targetPort: prometheus"}, "targetPort"},
		{change{network, "- port: http", "- port: https"}, "network"},
		{change{"kubernetes/autoscaler.yaml", "kind: StatefulSet", "kind: Deployment"}, "autoscaler"},
		{change{"kubernetes/autoscaler.yaml", "minReplicas: 2", "minReplicas: 11"}, "autoscaler"},
		{change{"kubernetes/disruption.yaml", "app.kubernetes.io/name: xjp-gateway", "app.kubernetes.io/name: xjp"}, "disruption"},
		{change{"kubernetes/secret.example.yaml", `pepper: ""`, `peppers: ""`}, "secret"},
		{change{"kubernetes/secret.example.yaml", `pepper: ""`, `pepper: "x"`}, "value"},
		{change{"Caddyfile", "store postgres {file./run/secrets/postgres_dsn}", "store postgres {file./run/secrets/dsn}"}, "secret"},
		{change{"kustomization.yaml", "files: [Caddyfile]", "files: [compose.yaml]"}, "Caddyfile"},
	} {
		t.Run(test.to, func(t *testing.T) {
			dir := folder(t, test.change)
			var found []string
			m, err := build(dir)
			if err != nil {
				found = []string{err.Error()}
			} else {
				found = m.problems(t, dir)
			}
			if !strings.Contains(strings.Join(found, "\n"), test.want) {
				t.Errorf("found is %q", found)
			}
		})
	}
}
