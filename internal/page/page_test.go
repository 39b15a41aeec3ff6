package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"math"
	"regexp"
	"strings"
	"testing"
)

// TestSeries checks that a series of any length keeps its limit, its extremes and its means, without allocating.
func TestSeries(t *testing.T) {
	for _, n := range []int{1, 7, 8, 9, 1000, 1024, 100_003} {
		s := NewSeries(2, 8)
		low, high, sum := math.Inf(1), math.Inf(-1), 0.
		for i := range n {
			v := math.Sin(float64(i))
			low, high, sum = min(low, v), max(high, v), sum+v
			s.Add(float64(i+1), v, float64(i))
		}
		x, means := s.X(), s.Column(0)
		if s.Len() > 8 || s.Len() < min(n, 4) || x[len(x)-1] != float64(n) {
			t.Fatalf("%d rows: %d are kept, the last is %v", n, s.Len(), x)
		}
		got, from := 0., 0.
		for i, v := range means {
			got, from = got+v*(x[i]-from), x[i]
		}
		if math.Abs(got-sum) > 1e-9*float64(n) {
			t.Errorf("%d rows: the means add up to %v, want %v", n, got, sum)
		}
		if lows, highs := s.Range(); n > 8 {
			l, h := math.Inf(1), math.Inf(-1)
			for i := range lows {
				l, h = min(l, lows[i]), max(h, highs[i])
			}
			if l != low || h != high {
				t.Errorf("%d rows: the extremes are %v and %v, want %v and %v", n, l, h, low, high)
			}
		} else if lows != nil {
			t.Errorf("%d rows have extremes", n)
		}
		if n := testing.AllocsPerRun(100, func() { s.Add(1, 2, 3) }); n != 0 {
			t.Errorf("adding a row allocates %v times", n)
		}
		c := NewSeries(2, 8)
		if c.Set(s); c.Len() != s.Len() || c.Column(1)[c.Len()-1] != s.Column(1)[s.Len()-1] {
			t.Error("a copy differs")
		}
	}
}

// TestNumbers checks the JSON of numbers, where encoding/json refuses NaN and infinities.
func TestNumbers(t *testing.T) {
	text, err := json.Marshal(Numbers{0, 1, -2.5, 123456.7, 1. / 3, math.NaN(), math.Inf(1), 1e-12, 60000})
	if want := "[0,1,-2.5,1.2346e+05,0.33333,null,null,1e-12,60000]"; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}

// hostile is a run whose texts try to leave their place in a page.
func hostile() *Run {
	const text = `</script><script>alert(1)</script><!-- & "' ` + "\u2028"
	return &Run{Kind: "run", Title: text, Summary: text, Command: text, Classes: []string{text}, Facts: []Fact{{text, text}}}
}

// TestWrite checks that data cannot leave their place, that they come back unchanged, and that the policy allows the
// script and the style of the page and nothing else.
func TestWrite(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, hostile().Title, hostile(), ""); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for what, want := range map[string]int{"<script": 2, "</script>": 2, "<style>": 1, "<!--": 0, "<title>": 1} {
		if n := strings.Count(text, what); n != want {
			t.Errorf("%d times %s, want %d", n, what, want)
		}
	}
	parts := regexp.MustCompile(`(?s)<style>(.*)</style>.*<script type="application/json" id="data">(.*?)</script>\s*<script>(.*)</script>`).FindStringSubmatch(text)
	if parts == nil {
		t.Fatal("the page has no style, data and script")
	}
	var run Run
	if err := json.Unmarshal([]byte(parts[2]), &run); err != nil || run.Title != hostile().Title || run.Facts[0] != hostile().Facts[0] {
		t.Errorf("the data came back as %+v, %v", run, err)
	}
	policy := regexp.MustCompile(`Policy" content="(.*?)"`).FindStringSubmatch(text)[1]
	policy = strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy)
	for name, part := range map[string]string{"style": parts[1], "script": parts[3]} {
		sum := sha256.Sum256([]byte(part))
		if !strings.Contains(policy, name+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
			t.Errorf("the policy does not allow the %s: %s", name, policy)
		}
	}
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "connect-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s", policy)
	}
	if len(text) > 200_000 {
		t.Errorf("an empty page has %d bytes", len(text))
	}
}

// decode returns the picture of a data URL.
func decode(t *testing.T, source string) (width, height int, alpha func(x, y int) uint8) {
	t.Helper()
	text, ok := strings.CutPrefix(source, "data:image/png;base64,")
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		t.Fatalf("not a data URL: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img.Bounds().Dx(), img.Bounds().Dy(), func(x, y int) uint8 {
		_, _, _, a := img.At(x, y).RGBA()
		return uint8(a >> 8)
	}
}

// TestSheets checks the sizes of sheets, that large pictures are reduced, and that a weight of 0 is transparent.
func TestSheets(t *testing.T) {
	s, err := NewSheet(100, 50, [][]byte{make([]byte, 5000), make([]byte, 5000)})
	if err != nil || s.Width != 25 || s.Height != 13 {
		t.Fatalf("pictures of %d×%d, %v, want 25×13", s.Width, s.Height, err)
	}
	if w, h, _ := decode(t, s.Source); w != 50 || h != 13 {
		t.Errorf("a sheet of %d×%d, want 50×13", w, h)
	}
	weights, err := NewWeights(2, 1, [][]float32{{0, -3}, {1, 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, alpha := decode(t, weights.Source)
	for x, want := range []uint8{0, 255, 0, 0, 0, 255, 128} {
		if got := alpha(x, 0); got != want {
			t.Errorf("opacity %d at %d, want %d", got, x, want)
		}
	}
}
