// Package page makes web pages of training runs and of comparisons. A page is one file: its data, pictures, style and
// scripts are inside, and it makes no request.
//
// The charts are drawn by uPlot 1.6 (MIT, 51 kB), whose licence is in assets/uplot.LICENSE. Observable Plot needs D3 and
// is 490 kB with it; ECharts' smallest build is 500 kB. uPlot also draws the curves of a running run without delay. Its
// axes, grid and legend are plain, which suits these pages; small curves and matrices are SVG and tables.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"

	"shadegrad/internal/atomicfile"
)

//go:embed assets
var assets embed.FS

// asset returns the text of an embedded file.
func asset(name string) string {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // the file is missing from the program
	}
	return string(b)
}

var layout = template.Must(template.New("page").Parse(asset("page.html")))

// MaxBytes bounds a page.
const MaxBytes = 1_500_000

// hash returns the source expression of a Content-Security-Policy for an inline script or style.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// The scripts and the style of a page.
var (
	script = "/* uPlot 1.6\n" + asset("uplot.LICENSE") + "*/\n" + asset("uplot.js") + "\n" + asset("chart.js") + "\n" + asset("compare.js") + "\n" + asset("page.js")
	style  = asset("page.css")
)

// Policy returns the Content-Security-Policy of a page, with or without events.
func Policy(events string) string {
	connect := "'none'"
	if events != "" {
		connect = "'self'"
	}
	return strings.Join([]string{"default-src 'none'", "img-src data:", "script-src " + hash(script), "style-src " + hash(style),
		"connect-src " + connect, "base-uri 'none'", "form-action 'none'"}, "; ")
}

// Write writes the page of a *Run or a *Comparison. events is the path of the stream of server-sent events from which
// the page of a running run takes new data, or empty.
func Write(w io.Writer, title string, data any, events string) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return WriteJSON(w, title, text, events)
}

// WriteJSON is Write for data that are already encoded by encoding/json, which escapes what could end a script.
func WriteJSON(w io.Writer, title string, data []byte, events string) error {
	return layout.Execute(w, struct {
		Title, Policy, Events string
		Data                  json.RawMessage
		Script                template.JS
		Style                 template.CSS
	}{title, Policy(events), events, data, template.JS(script), template.CSS(style)})
}

// mark is in each page, by which Is recognises it.
const mark = `<meta name="generator" content="Shadegrad">`

// Is reports whether the file at path is a page of this package.
func Is(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 1<<10))
	return err == nil && strings.Contains(string(head), mark)
}

// Save writes a page to a file, atomically.
func Save(path, title string, data any) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := Write(w, title, data, ""); err != nil {
			return fmt.Errorf("making the page: %w", err)
		}
		return nil
	})
}
