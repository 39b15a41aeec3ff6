package draw

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
)

// network returns an untrained network for images of 28×28.
func network() *model.Model {
	c := mlp.Config{Sizes: []int{784, 20, 10}, Hidden: compute.Tanh, Output: compute.Softmax, Loss: compute.CrossEntropy, Init: mlp.Xavier, Scale: 1. / 255, On: 1}
	return &model.Model{Network: c, Width: 28, Height: 28, Values: c.InitialParameters(1), About: model.About{Data: "<b>data", Epochs: 2, TestAcc: 0.5}}
}

// bars returns a PNG file of upright bars side by side.
func bars(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 60*n+20, 100))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	for i := range n {
		for y := 20; y < 80; y++ {
			for x := range 10 {
				m.SetGray(60*i+35+x, y, color.Gray{})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newPage(t *testing.T, m *model.Model) *Page {
	t.Helper()
	p, err := New(m, "dir/net<.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRead checks an answer: an image for each digit, outputs, layers, and pixels of the requested output.
func TestRead(t *testing.T) {
	p := newPage(t, network())
	one, err := p.Read(bars(t, 1), "")
	if err != nil {
		t.Fatal(err)
	}
	d := one.Digits[0]
	if len(one.Digits) != 1 || len(d.Image) != 784 || len(d.Pixels) != 784 || len(d.Outputs) != 10 || len(d.Layers) != 1 || d.Layers[0].Units != 20 || len(d.Layers[0].Values) != 20 {
		t.Fatalf("the answer is %+v", one)
	}
	total := 0.
	for i, o := range d.Outputs {
		if total += o.Share; o.Share > d.Outputs[d.Output].Share {
			t.Errorf("output %d is explained, %d is larger", d.Output, i)
		}
	}
	if total < 0.999 || total > 1.001 || !strings.HasPrefix(one.Sentence, "it is a") || d.Class == "" {
		t.Errorf("the probabilities add up to %g, the sentence is %q", total, one.Sentence)
	}
	ink, marked := 0, 0
	for i, v := range d.Image {
		if v > 0 {
			ink++
		}
		if d.Pixels[i] != 128 {
			if marked++; v == 0 {
				t.Fatalf("pixel %d without ink contributes", i)
			}
		}
	}
	if ink < 30 || marked < ink/4 {
		t.Errorf("%d pixels have ink, %d contribute", ink, marked)
	}
	other, err := p.Read(bars(t, 1), "3")
	if err != nil || other.Digits[0].Output != 3 || d.Output != 3 && bytes.Equal(other.Digits[0].Pixels, d.Pixels) {
		t.Errorf("output 3 is not explained: %v", err)
	}
	for _, class := range []string{"10", "-1", "x"} {
		if got, err := p.Read(bars(t, 1), class); err != nil || got.Digits[0].Output != d.Output {
			t.Errorf("class %q: output %d, %v", class, got.Digits[0].Output, err)
		}
	}
	three, err := p.Read(bars(t, 3), "")
	if err != nil || len(three.Digits) != 3 || !strings.HasPrefix(three.Sentence, "3 digits: ") {
		t.Errorf("three bars: %q, %v", three.Sentence, err)
	}
	if _, err := p.Read(bars(t, mostDigits+1), ""); err == nil || err.Error() != "there are 33 digits; draw at most 32" {
		t.Errorf("33 bars: %v", err)
	}
	if _, err := p.Read(bars(t, 0), ""); err == nil || !strings.Contains(err.Error(), "no digit is visible") {
		t.Errorf("a blank picture: %v", err)
	}
}

// TestLevels checks the scale of bytes and of a set of zeros.
func TestLevels(t *testing.T) {
	if got := levels([]float64{0, 2, -2, 1, -0.001}); !bytes.Equal(got, []byte{128, 255, 1, 192, 128}) {
		t.Errorf("%v", got)
	}
	if got := levels([]float64{0, 0}); !bytes.Equal(got, []byte{128, 128}) {
		t.Errorf("zeros: %v", got)
	}
}

// TestNumbers checks that a network for rows of numbers has no page.
func TestNumbers(t *testing.T) {
	m := network()
	m.About.Numbers = true
	if _, err := New(m, "m"); !errors.Is(err, ErrNumbers) {
		t.Errorf("%v", err)
	}
}

// TestHandler checks the paths of the page, their types, errors as JSON, and that names of files are escaped.
func TestHandler(t *testing.T) {
	server := httptest.NewServer(newPage(t, network()).Handler())
	defer server.Close()
	for _, c := range []struct {
		method, path, body string
		status             int
		kind, text         string
	}{
		{"GET", "/", "", 200, "text/html; charset=utf-8", "net&lt;.safetensors: network 784-20-10, trained on &lt;b&gt;data for 2 epochs; test accuracy 50.00%"},
		{"GET", "/draw.js", "", 200, "text/javascript; charset=utf-8", `"use strict"`},
		{"GET", "/draw.css", "", 200, "text/css; charset=utf-8", "--ground"},
		{"POST", "/read", "no picture", 200, "application/json", `"error":"expected a PNG, `},
		{"POST", "/read?class=4", string(bars(t, 1)), 200, "application/json", `"output":4,`},
		{"GET", "/read", "", 405, "", ""},
		{"GET", "/draw.html", "", 404, "", ""},
		{"GET", "/../draw.go", "", 404, "", ""},
	} {
		request, err := http.NewRequest(c.method, server.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.status || c.kind != "" && answer.Header.Get("Content-Type") != c.kind || !strings.Contains(string(text), c.text) {
			t.Errorf("%s %s: %s, %s, %v\n%s", c.method, c.path, answer.Status, answer.Header.Get("Content-Type"), err, text)
		}
		if c.kind == "application/json" && !json.Valid(text) {
			t.Errorf("%s %s: no JSON:\n%s", c.method, c.path, text)
		}
	}
}
