package behaviour

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="

// lookAt is a request of a dialect that shows two images.
func lookAt(dialect, model string, stream bool) string {
	part := `{"type":"image_url","image_url":{"url":"data:image/png;base64,` + dot + `"}}`
	if dialect == "anthropic" {
		part = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + dot + `"}}`
	}
	return fmt.Sprintf(`{"model":%q,"max_tokens":100,"stream":%v,"messages":[{"role":"user","content":[%s,{"type":"text","text":"and"},%[3]s]}]}`, model, stream, part)
}

// painted answers with text and an image, whose tokens it tells or not.
func painted(usage bool) http.HandlerFunc {
	told := map[bool][2]string{
		true: {`,"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}`, `,"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15}`},
	}[usage]
	image := `{"type":"image_url","image_url":{"url":"data:image/png;base64,` + dot + `"}}`
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "enerateContent") {
			answer := `{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello there"},{"inlineData":{"mimeType":"image/png","data":"` + dot + `"}}]},"finishReason":"STOP","index":0}],"modelVersion":"up"` + told[1] + `}`
			if strings.Contains(r.URL.Path, ":stream") {
				events(w, answer)
				return
			}
			whole(w, answer)
			return
		}
		if asks, _ := io.ReadAll(r.Body); !strings.Contains(string(asks), `"stream":true`) {
			whole(w, `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there","images":[`+image+`]},"finish_reason":"stop"}]`+told[0]+`}`)
			return
		}
		list := append([]string{}, chatStream[:3]...)
		list = append(list, `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{"images":[`+image+`]},"finish_reason":null}]}`, chatStream[3])
		if usage {
			list = append(list, chatStream[4])
		}
		events(w, append(list, chatStream[5])...)
	}
}

// TestPriceOfImages checks that images with a price of their own are counted, those of the
// prompt and those of the answer, whatever the dialects and whether or not the provider tells
// what it used.
func TestPriceOfImages(t *testing.T) {
	d := newDouble(t)
	options := providers(d) + gatewaytest.Stored(t)
	for _, wire := range []string{"chat", "gemini"} {
		options += "\t\tmodel seen-" + wire + " {\n\t\t\troute " + wire + " up\n\t\t\tprice {\n\t\t\t\tinput 3\n\t\t\t\toutput 15\n\t\t\t\timage 0.01\n\t\t\t\toutput_image 0.2\n\t\t\t}\n\t\t}\n" + priced("blind-"+wire, wire)
	}
	url := gatewaytest.Start(t, options)
	const images = prices.Amount(2*10_000_000 + 200_000_000)
	for _, dialect := range dialects {
		for _, wire := range []string{"chat", "gemini"} {
			for _, stream := range []bool{false, true} {
				for _, usage := range []bool{true, false} {
					t.Run(name(dialect.name, wire, fmt.Sprint("stream ", stream), fmt.Sprint("usage ", usage)), func(t *testing.T) {
						d.will(painted(usage))
						r := record(t, post(t, url+dialect.path, lookAt(dialect.name, "seen-"+wire, stream)))
						if r.End != ledger.Complete || len(r.Attempts) != 1 {
							t.Fatalf("recorded is %+v", r)
						}
						a := r.Attempts[0]
						tokens := prices.Amount(a.Tokens.Input*3_000 + a.Tokens.Output*15_000)
						if a.Images != 2 || a.OutputImages != 1 || a.Cost != tokens+images || a.Estimated == usage || a.Unpriced {
							t.Errorf("the attempt is %+v, of which tokens cost %s", a, tokens)
						}
						if usage && tokens != costOfHello {
							t.Errorf("the tokens cost %s", tokens)
						}
					})
				}
			}
			t.Run(name(dialect.name, wire, "by tokens alone"), func(t *testing.T) {
				d.will(painted(true))
				a := record(t, post(t, url+dialect.path, lookAt(dialect.name, "blind-"+wire, false))).Attempts[0]
				if a.Images != 0 || a.Cost != costOfHello {
					t.Errorf("the attempt is %+v", a)
				}
			})
		}
	}
}
