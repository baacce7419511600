package estimate

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// TestRough compares samples with the whole, on texts of all kinds: what is a sixth off is
// learned and made good by the calibration.
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
		whole, rough := Body(doc), Rough(doc)
		if off := rough - whole; off < -whole/6 || off > whole/6 {
			t.Errorf("%s: %d by samples, %d of the whole", name, rough, whole)
		}
	}
}

func BenchmarkRough(b *testing.B) {
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(`{"messages":[{"role":"user","content":"`+strings.Repeat("many words of a prompt ", 2700)+`"}]}`), scan.DefaultLimits); err != nil {
		b.Fatal(err)
	}
	for name, of := range map[string]func(*scan.Doc) int64{"body": Body, "rough": Rough} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				of(doc)
			}
		})
	}
}
