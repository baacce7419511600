package behaviour

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// BenchmarkRequest measures a whole request on its way through Caddy and the gateway to
// a double and back, all in this process: client and double are in the figures.
func BenchmarkRequest(b *testing.B) {
	code := strings.Repeat(`func main() {\n\tfmt.Println(\"hello, \\\"world\\\"\")\n}\n`, 10)
	agent := strings.Repeat(`{"role":"user","content":"`+code+`"},{"role":"assistant","content":"`+code+`"},`, 50) + `{"role":"user","content":"go on"}`
	picture := `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgo/", 2<<20/12) + `"}}]}`
	for _, body := range []struct{ name, messages string }{{"small", `{"role":"user","content":"hi"}`}, {"agent", agent}, {"image", picture}} {
		for _, kind := range []string{"openai", "anthropic"} {
			b.Run(fmt.Sprintf("%s to %s", body.name, kind), func(b *testing.B) {
				d := newDouble(b)
				url := gatewaytest.Run(b, quiet(gatewaytest.Site("\t\tprovider p "+kind+" {\n\t\t\tapi_key "+secret+"\n\t\t\tbase_url "+d.url+"\n\t\t}\n\t\tmodel m {\n\t\t\troute p claude-sonnet-4-5\n\t\t}")))
				request := `{"model":"m","messages":[` + body.messages + `]}`
				b.SetBytes(int64(len(request)))
				b.ReportAllocs()
				for b.Loop() {
					if got := post(b, url+"/v1/chat/completions", request); got.status != 200 {
						b.Fatal(got.status, got.body)
					}
				}
			})
		}
	}
}
