package estimate

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// TestRough compares pieces with the whole, on texts of all kinds: what it is off by is
// learned, and made good by the calibration.
func TestRough(t *testing.T) {
	prose := "The quick brown fox jumps over the lazy dog, and then it rests for a while. "
	for name, text := range map[string]string{
		"short": prose, "prose": strings.Repeat(prose, 1000), "digits": strings.Repeat("3.14159 ", 4000),
		"Chinese": strings.Repeat("快速的棕色狐狸跳过懒狗。", 2000), "mixed": strings.Repeat(prose+"狐狸跳过懒狗 3.14159 ", 700),
		"many short":             strings.Repeat(prose[:40]+`"},{"role":"assistant","content":"`+prose, 800),
		"Chinese behind English": strings.Repeat(prose, 300) + strings.Repeat(`"},{"role":"user","content":"快速的棕色狐狸跳过懒狗。`, 900),
		"code":                   strings.Repeat(`\tif err != nil {\n\t\treturn err\n\t}\n`, 1500),
	} {
		doc := new(scan.Doc)
		if err := doc.Parse([]byte(`{"messages":[{"role":"user","content":"`+text+`"}]}`), scan.DefaultLimits); err != nil {
			t.Fatal(err)
		}
		whole, rough := Body(doc), Rough(doc.Source())
		if off := rough - whole; off < -whole/8 || off > whole*2/5 { // it counts JSON's own signs as well
			t.Errorf("%s: %d by pieces, %d of the whole", name, rough, whole)
		}
	}
}

// TestRoughOfImages checks that images do not weigh what their bytes would.
func TestRoughOfImages(t *testing.T) {
	const words = "many words that stand between one image and the next one, "
	for _, size := range []int{2_000, 20_000, 60_000} { // in groups of 24 signs
		image := `{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgoAAAANSUhEUgAA", size) + `"}},`
		for n := 1; n <= 2; n++ {
			got := Rough([]byte(`{"messages":[{"role":"user","content":[` + strings.Repeat(image+`{"type":"text","text":"`+strings.Repeat(words, 50)+`"},`, n) + `{"type":"text","text":"?"}]}]}`))
			if least := int64(perImage / 1000); got < least || got > int64(n)*3*least {
				t.Errorf("%d images of %d bytes: %d tokens", n, 24*size, got)
			}
		}
	}
}

func BenchmarkRough(b *testing.B) {
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(`{"messages":[{"role":"user","content":"`+strings.Repeat("many words of a prompt ", 2700)+`"}]}`), scan.DefaultLimits); err != nil {
		b.Fatal(err)
	}
	for name, of := range map[string]func(){"body": func() { Body(doc) }, "rough": func() { Rough(doc.Source()) }} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				of()
			}
		})
	}
}
