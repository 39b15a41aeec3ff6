// Package draw is the page on which a user draws a digit and watches a saved network read it.
package draw

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"strconv"

	"shadegrad/compute"
	"shadegrad/internal/explain"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
	"shadegrad/internal/predict"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

//go:embed assets
var assets embed.FS

var page = template.Must(template.ParseFS(assets, "assets/draw.html"))

// mostDigits bounds the digits of a picture that are explained.
const mostDigits = 32

// ErrNumbers means that a network takes rows of numbers, which cannot be drawn.
var ErrNumbers = errors.New("the network takes rows of numbers, not images")

// A Page shows one network.
type Page struct {
	model   *model.Model
	name    string
	reading chan struct{} // holds one value while a picture is read: a picture can take much memory
}

// New returns the page of a network that was read from a file. It returns ErrNumbers if its samples are not images.
func New(m *model.Model, path string) (*Page, error) {
	if m.About.Numbers || m.Height < 2 {
		return nil, ErrNumbers
	}
	return &Page{model: m, name: filepath.Base(path), reading: make(chan struct{}, 1)}, nil
}

// Handler returns the handler of the page and its requests.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	for _, name := range []string{"draw.css", "draw.js"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, assets, "assets/"+name) })
	}
	mux.HandleFunc("POST /read", p.read)
	return mux
}

// show writes the page.
func (p *Page) show(w http.ResponseWriter, _ *http.Request) {
	m := p.model
	var facts struct {
		Name, Network, Data, Tested string
		Epochs                      string
		Width, Height               int
		Digits, Softmax             bool
		Outputs                     []string
	}
	facts.Name, facts.Network, facts.Data = p.name, m.Network.String(), report.Short(m.About.Data)
	facts.Width, facts.Height, facts.Digits = m.Width, m.Height, predict.Digits(m)
	facts.Softmax = m.Network.Output == compute.Softmax
	facts.Epochs = report.Count(m.About.Epochs, "epoch")
	if m.About.TestAcc > 0 {
		facts.Tested = fmt.Sprintf("%.2f%%", 100*m.About.TestAcc)
	}
	for i := range m.Network.Outputs() {
		name := fmt.Sprint("output ", i+1)
		if !m.Network.Regression && m.Network.Outputs() > 1 {
			name = report.ClassName(m, i)
		}
		facts.Outputs = append(facts.Outputs, name)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, facts); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(text.Bytes())
}

// A Reading is the answer about a picture.
type Reading struct {
	Sentence string  `json:"sentence"`
	Digits   []Digit `json:"digits"`
	Error    string  `json:"error,omitempty"`
}

// A Digit is one input image of the network, and the result.
type Digit struct {
	Sentence string   `json:"sentence"`
	Class    string   `json:"class"` // the likeliest
	Image    []byte   `json:"image"` // pixels, 255 for full ink
	Outputs  []Output `json:"outputs"`
	Output   int      `json:"output"` // that Pixels explain: the requested one, by default the largest
	Pixels   []byte   `json:"pixels"` // contributions to it; 128 is 0, 255 and 1 are the largest magnitude
	Layers   []Layer  `json:"layers"` // the hidden ones
}

// An Output is a number of the last layer.
type Output struct {
	Text  string  `json:"text"`
	Share float64 `json:"share"` // the length of its bar, from 0 to 1
}

// A Layer is the activations of a hidden layer, as in Digit.Pixels.
type Layer struct {
	Units  int    `json:"units"`
	Active int    `json:"active"` // units above 0
	Values []byte `json:"values"`
}

// read answers a request whose body is a picture. Its parameter class is the output to explain.
func (p *Page) read(w http.ResponseWriter, r *http.Request) {
	var answer Reading
	content, err := io.ReadAll(r.Body)
	if err == nil {
		select {
		case p.reading <- struct{}{}:
			answer, err = func() (Reading, error) {
				defer func() { <-p.reading }() // even if a decoder panics
				return p.Read(content, r.FormValue("class"))
			}()
		case <-r.Context().Done():
			return
		}
	}
	if err != nil {
		answer = Reading{Error: err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// Read reads a picture file. class is the output to explain, or "" for the largest.
func (p *Page) Read(content []byte, class string) (Reading, error) {
	m := p.model
	img, err := picture.Read(content)
	if err != nil {
		return Reading{}, err
	}
	list, err := predict.Prepare(m, img)
	if err != nil {
		return Reading{}, err
	}
	if len(list) > mostDigits {
		return Reading{}, fmt.Errorf("there are %d digits; draw at most %d", len(list), mostDigits)
	}
	var answer Reading
	var outputs [][]float32
	for _, pixels := range list {
		d, y := p.digit(pixels, class)
		answer.Digits, outputs = append(answer.Digits, d), append(outputs, y)
	}
	if answer.Sentence = answer.Digits[0].Sentence; len(list) > 1 {
		answer.Sentence = report.Several(m, outputs)
	}
	return answer, nil
}

// digit explains one image.
func (p *Page) digit(pixels []byte, class string) (d Digit, y []float32) {
	m := p.model
	pass := explain.Forward(m.Network, m.Values, pixels)
	last := len(pass.Layers) - 1
	for j, v := range pass.Layers[last] {
		y = append(y, float32(v))
		if v > pass.Layers[last][d.Output] {
			d.Output = j
		}
	}
	if n, err := strconv.Atoi(class); err == nil && n >= 0 && n < len(y) {
		d.Output = n
	}
	d.Sentence, d.Image = report.Prediction(m, y), pixels
	if class := train.Class(m.Network, y); len(y) > 1 && !m.Network.Regression {
		d.Sentence, d.Class = report.ItIs(m, class), report.ClassName(m, class)
	}
	for _, v := range y {
		d.Outputs = append(d.Outputs, Output{Text: report.Likelihood(m, v), Share: max(0, min(1, float64(v)))})
	}
	d.Pixels = levels(pass.Pixels(d.Output))
	for _, values := range pass.Layers[:last] {
		l := Layer{Units: len(values), Values: levels(values)}
		for _, v := range values {
			if v > 0 {
				l.Active++
			}
		}
		d.Layers = append(d.Layers, l)
	}
	return d, y
}

// levels scales values to bytes: 128 is 0, the largest magnitude is 255 or 1.
func levels(values []float64) []byte {
	most := 0.
	for _, v := range values {
		most = max(most, math.Abs(v))
	}
	list := make([]byte, len(values))
	for i, v := range values {
		list[i] = 128
		if most > 0 {
			list[i] += byte(int8(math.Round(127 * v / most)))
		}
	}
	return list
}
