package check

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// problems tells where parts of the manifests do not fit together.
func (m *manifests) problems(t *testing.T, dir string) (list []string) {
	t.Helper()
	check := func(ok bool, format string, args ...any) {
		if !ok {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	caddyfile := read(t, filepath.Join(dir, "Caddyfile"))
	pod := &m.nodes.Spec.Template
	m.checkSelectors(check)
	checkPod(check, &pod.Spec, caddyfile)
	check(m.config.Data["Caddyfile"] == caddyfile, "the config map does not hold the Caddyfile")
	m.checkVolumes(check)
	m.checkSecret(t, check, dir, caddyfile)
	m.checkServices(check)
	m.checkNetwork(check)
	m.checkAutoscaler(check)
	has, needs := time.Duration(*pod.Spec.TerminationGracePeriodSeconds)*time.Second, leavingTime(t, caddyfile)
	check(has >= needs, "a pod has %v to end, and leaves within %v", has, needs)
	scraped := pod.Annotations["prometheus.io/port"]
	check(slices.Contains(portsOf(caddyfile), scraped), "Prometheus is led to port %q", scraped)
	return list
}

type checker func(ok bool, format string, args ...any)

// checkSelectors checks that all that selects pods selects those of the nodes.
func (m *manifests) checkSelectors(check checker) {
	selectors := map[string]*meta.LabelSelector{
		"stateful set": m.nodes.Spec.Selector, "disruption budget": m.disruption.Spec.Selector, "network policy": &m.network.Spec.PodSelector,
	}
	for i := range m.services {
		selectors["service "+m.services[i].Name] = &meta.LabelSelector{MatchLabels: m.services[i].Spec.Selector}
	}
	for i, c := range m.nodes.Spec.Template.Spec.TopologySpreadConstraints {
		selectors[fmt.Sprint("spread ", i)] = c.LabelSelector
	}
	for what, selector := range selectors {
		s, err := meta.LabelSelectorAsSelector(selector)
		check(err == nil && !s.Empty() && s.Matches(labels.Set(m.nodes.Spec.Template.Labels)), "the %s does not select the nodes", what)
	}
}

// imageUser is the user of the image, as the Dockerfile has it.
const imageUser = 10001

// checkPod checks what the pod security standard "restricted" asks for, ports and probes.
func checkPod(check checker, pod *core.PodSpec, caddyfile string) {
	s := pod.SecurityContext
	check(s.RunAsNonRoot != nil && *s.RunAsNonRoot && s.SeccompProfile != nil && s.SeccompProfile.Type == core.SeccompProfileTypeRuntimeDefault, "the pod is not restricted")
	check(*s.RunAsUser == imageUser && *s.FSGroup == imageUser, "the user is not that of the image")
	check(len(pod.Containers) == 1, "there are %d containers", len(pod.Containers))
	c := &pod.Containers[0]
	own := c.SecurityContext
	check(!*own.AllowPrivilegeEscalation && *own.ReadOnlyRootFilesystem && slices.Equal(own.Capabilities.Drop, []core.Capability{"ALL"}), "the container is not restricted")
	for _, p := range c.Ports {
		check(slices.Contains(portsOf(caddyfile), fmt.Sprint(p.ContainerPort)), "the Caddyfile has no site on port %d", p.ContainerPort)
	}
	check(c.LivenessProbe.HTTPGet.Path == "/healthz" && c.ReadinessProbe.HTTPGet.Path == "/readyz", "a probe asks a path of another meaning")
	for _, probe := range []*core.Probe{c.LivenessProbe, c.ReadinessProbe} {
		check(portNamed(pod, probe.HTTPGet.Port) == 8080, "a probe asks port %v", probe.HTTPGet.Port)
	}
	check(c.Lifecycle == nil, "there is a hook, although the gateway delays its end by itself")
}

// portNamed is the number of a port of the nodes, 0 if there is none.
func portNamed(pod *core.PodSpec, port intstr.IntOrString) int32 {
	for _, p := range pod.Containers[0].Ports {
		if port.String() == p.Name || port.IntVal == p.ContainerPort {
			return p.ContainerPort
		}
	}
	return 0
}

// checkVolumes checks that each volume that is mounted is there, and that a node keeps its
// data.
func (m *manifests) checkVolumes(check checker) {
	pod := &m.nodes.Spec.Template.Spec
	volumes := map[string]core.Volume{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = v
	}
	claims := map[string]core.PersistentVolumeClaim{}
	for _, c := range m.nodes.Spec.VolumeClaimTemplates {
		claims[c.Name] = c
	}
	mounted := map[string]string{}
	for _, mount := range pod.Containers[0].VolumeMounts {
		mounted[mount.MountPath] = mount.Name
	}
	check(len(mounted) == len(volumes)+len(claims), "mounted are %v", mounted)
	config := volumes[mounted["/etc/caddy"]].ConfigMap
	check(config != nil && config.Name == m.config.Name, "/etc/caddy is not the Caddyfile's map %s", m.config.Name)
	claim, ok := claims[mounted["/data"]]
	check(ok, "/data does not outlive the pod")
	journal := resource.MustParse("1Gi")
	size := claim.Spec.Resources.Requests[core.ResourceStorage]
	check(size.Cmp(journal) > 0, "/data has %s, the journal needs %s", size.String(), journal.String())
}

// checkSecret checks that the secret that is mounted, its template and the Caddyfile agree,
// and that the template holds no value.
func (m *manifests) checkSecret(t *testing.T, check checker, dir, caddyfile string) {
	t.Helper()
	var template core.Secret
	if err := yaml.UnmarshalStrict([]byte(read(t, filepath.Join(dir, "kubernetes", "secret.example.yaml"))), &template); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(template.StringData))
	check(slices.Equal(names, secretsOf(caddyfile)), "the secret has %q, the Caddyfile reads %q", names, secretsOf(caddyfile))
	for name, value := range template.StringData {
		check(value == "", "the template has a value for %s", name)
	}
	check(len(template.Data) == 0, "the template has values")
	for _, v := range m.nodes.Spec.Template.Spec.Volumes {
		check(v.Secret == nil || v.Secret.SecretName == template.Name, "mounted is another secret than %s", template.Name)
	}
	check(template.Namespace == m.nodes.Namespace, "the secret is in another namespace")
}

// checkServices checks that services lead to ports of the nodes, and that the set has its
// headless one.
func (m *manifests) checkServices(check checker) {
	headless := false
	for i := range m.services {
		s := &m.services[i]
		for _, p := range s.Spec.Ports {
			check(portNamed(&m.nodes.Spec.Template.Spec, p.TargetPort) != 0, "the service %s has the targetPort %s, which is none", s.Name, p.TargetPort.String())
		}
		headless = headless || s.Name == m.nodes.Spec.ServiceName && s.Spec.ClusterIP == core.ClusterIPNone
	}
	check(headless, "the stateful set's service %s is not headless", m.nodes.Spec.ServiceName)
	check(len(m.services) == 2, "there are %d services", len(m.services))
}

// checkNetwork checks that the ports that are let in are the nodes', and that what nodes need
// is let out.
func (m *manifests) checkNetwork(check checker) {
	for _, rule := range m.network.Spec.Ingress {
		for _, p := range rule.Ports {
			check(portNamed(&m.nodes.Spec.Template.Spec, *p.Port) != 0, "the network policy lets in to port %s, which is none", p.Port.String())
		}
	}
	var out []networking.NetworkPolicyPort
	for _, rule := range m.network.Spec.Egress {
		out = append(out, rule.Ports...)
	}
	for _, port := range []int32{53, 443, 5432, 6379} {
		check(slices.ContainsFunc(out, func(p networking.NetworkPolicyPort) bool { return p.Port.IntVal == port }), "the network policy does not let out to port %d", port)
	}
}

// checkAutoscaler checks that the autoscaler scales the nodes, by what they request.
func (m *manifests) checkAutoscaler(check checker) {
	a := &m.autoscaler.Spec
	check(a.ScaleTargetRef.Kind == m.nodes.Kind && a.ScaleTargetRef.APIVersion == m.nodes.APIVersion && a.ScaleTargetRef.Name == m.nodes.Name, "the autoscaler scales %v", a.ScaleTargetRef)
	check(*a.MinReplicas >= 2 && *a.MinReplicas <= a.MaxReplicas, "the autoscaler goes from %d to %d", *a.MinReplicas, a.MaxReplicas)
	check(m.nodes.Spec.Replicas == nil, "the number of nodes is not left to the autoscaler")
	requests := m.nodes.Spec.Template.Spec.Containers[0].Resources.Requests
	for _, metric := range a.Metrics {
		_, requested := requests[metric.Resource.Name]
		check(requested, "the autoscaler measures %s, of which nothing is requested", metric.Resource.Name)
	}
}
