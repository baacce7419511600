package native

import (
	"strings"
	"testing"
)

// warnings starts a site and returns what Caddy warns of that holds a text.
func warnings(t *testing.T, holds, global, site string) int {
	s := start(t, global, site)
	n := 0
	for _, line := range s.lines(s.log, holds) {
		if line["level"] == "warn" && line["logger"] == "xjp" {
			n++
		}
	}
	return n
}

// TestLogWarning checks that an operator is told once of keys in access logs.
func TestLogWarning(t *testing.T) {
	const demo = "\txjp {\n\t\tprovider demo\n\t\tkey " + key + "\n\t}\n"
	logs := "\tlog {\n\t\toutput file {dir}/access.log {\n\t\t\troll_disabled\n\t\t}\n\t}\n"
	for _, test := range []struct {
		name, global, site string
		want               int
	}{
		{"no access log", demo, "\txjp_gateway", 0},
		{"check 18: access logs are on", demo, logs + "\txjp_gateway", 1},
		{"two gateways of a site warn once", demo, logs + "\txjp_gateway /v1/messages\n\troute {\n\t\txjp_gateway\n\t}", 1},
		{"the app takes care of it", strings.Replace(demo, "\t}\n", "\t\tlog_filter ok\n\t}\n", 1), logs + "\txjp_gateway", 0},
		{"the site takes care of it", demo, logs + "\txjp_gateway {\n\t\tlog_filter ok\n\t}", 0},
		{"errors are handed to Caddy, which logs them with all headers", demo, "\txjp_gateway {\n\t\terrors return\n\t}", 1},
		{"an access log of another server", demo, "\txjp_gateway\n}\nhttp://127.0.0.1:{port}0 {\n\tbind 127.0.0.1\n" + logs + "\trespond ok", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.Contains(test.site, "{port}0") {
				test.site = strings.Replace(test.site, ":{port}0", ":0", 1)
			}
			if got := warnings(t, "log_filter ok", test.global, test.site); got != test.want {
				t.Errorf("%d warnings, want %d", got, test.want)
			}
		})
	}
}

// TestOpenWarning checks that an operator is told once of a site that serves everybody.
func TestOpenWarning(t *testing.T) {
	const demo = "\txjp {\n\t\tprovider demo\n\t\tkey " + key + "\n\t}\n"
	const off = "\txjp_gateway {\n\t\tauth off\n\t}"
	everywhere := "\trespond ok\n}\nhttp://:0 {\n"
	for _, test := range []struct {
		name, site string
		want       int
	}{
		{"loopback", off, 0},
		{"all interfaces", everywhere + off, 1},
		{"all interfaces by the name of loopback", "\trespond ok\n}\nhttp://localhost:0 {\n" + off, 1},
		{"all interfaces with keys", everywhere + "\txjp_gateway", 0},
		{"a unix socket", "\trespond ok\n}\nhttp://example.com:0 {\n\tbind unix/{dir}/socket\n" + off, 0},
		{"private addresses", everywhere + "\t@in remote_ip private_ranges\n\txjp_gateway @in {\n\t\tauth off\n\t}", 0},
		{"one private address", everywhere + "\t@in client_ip 192.168.1.7\n\thandle @in {\n\t" + off + "\n\t}", 0},
		{"public addresses", everywhere + "\t@in remote_ip 8.8.8.0/24\n\txjp_gateway @in {\n\t\tauth off\n\t}", 1},
		{"a path", everywhere + "\thandle /v1/* {\n" + off + "\n\t}", 1},
		{"private addresses of another route", everywhere + "\t@in remote_ip private_ranges\n\trespond @in ok\n\thandle {\n" + off + "\n\t}", 1},
		{"behind basic_auth", everywhere + "\tbasic_auth {\n\t\tme $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n\t}\n" + off, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := warnings(t, "auth off serves everybody", demo, test.site); got != test.want {
				t.Errorf("%d warnings, want %d", got, test.want)
			}
		})
	}
}
