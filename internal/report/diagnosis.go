package report

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/internal/diagnosis"
)

// Diagnosed prints a line for each layer, then the findings.
func (r *Text) Diagnosed(d *diagnosis.Report) {
	r.bar.clear()
	gap := ""
	if d.HasGap {
		side := "above"
		if d.Gap() < 0 {
			side = "below"
		}
		gap = fmt.Sprintf("; training accuracy %.2f points %s the %s accuracy", 100*math.Abs(d.Gap()), side, d.Epoch.HeldOut)
	}
	fmt.Fprintf(r.notes, "after epoch %d, tried on %s%s\n", d.Epoch.Epoch, Count(d.Images, "training "+strings.TrimSuffix(Samples(r.state.Data.Height), "s")), gap)
	const line = "  %-5s  %-28s  %8s  %8s  %8s  %8s  %8s\n"
	fmt.Fprintf(r.notes, line, "layer", "units", "delta", "gradient", "weights", "step", "moved")
	for i, l := range d.Layers {
		units := fmt.Sprintf("%d %s", l.Units, l.F)
		if l.Of != diagnosis.NotFlat {
			units += fmt.Sprintf(", %.1f%% %s", 100*l.Flat, l.Of)
		}
		fmt.Fprintf(r.notes, line, fmt.Sprint(i+1), units, threeDigits(l.Delta), threeDigits(l.Gradient), threeDigits(l.Weights),
			threeDigits(100*l.Step)+"%", threeDigits(100*l.Moved)+"%")
	}
	for _, f := range d.Findings {
		fmt.Fprintf(r.notes, "diagnosis: %s\n", findingText(f, d, Samples(r.state.Data.Height)))
	}
}

// threeDigits formats a number of any size in the width of a column.
func threeDigits(v float64) string {
	if v >= 1000 && v < 1e6 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// A DiagnosisEvent is the line of -json after an epoch with -v.
type DiagnosisEvent struct {
	Event    string         `json:"event"` // "diagnosis"
	Epoch    int            `json:"epoch"`
	Images   int            `json:"images"` // training images probed
	Gap      *float64       `json:"gap"`    // training accuracy − accuracy on the validation set or, with -test=each, the test set; or null
	Layers   []layerHealth  `json:"layers"`
	Findings []findingEvent `json:"findings"` // empty for a healthy network
}

// A layerHealth has the figures of a layer. A figure that is not finite is null.
type layerHealth struct {
	Layer     int      `json:"layer"` // from 1
	Units     int      `json:"units"`
	F         string   `json:"act"`
	Dead      *float64 `json:"dead,omitempty"`      // fraction of the units
	Saturated *float64 `json:"saturated,omitempty"` // fraction of the units
	Stuck     *float64 `json:"stuck,omitempty"`     // fraction of the images
	Delta     *float64 `json:"delta"`               // relative to the last layer's
	Gradient  *float64 `json:"gradient"`            // norm
	Weights   *float64 `json:"weights"`             // norm
	Step      *float64 `json:"step"`                // relative to the weights
	Moved     *float64 `json:"moved"`               // relative to the weights
}

type findingEvent struct {
	Kind  diagnosis.Kind `json:"kind"`
	Layer int            `json:"layer,omitempty"`
	Text  string         `json:"text"`
}

func (r *JSON) Diagnosed(d *diagnosis.Report) {
	r.Text.Diagnosed(d)
	e := DiagnosisEvent{Event: "diagnosis", Epoch: d.Epoch.Epoch, Images: d.Images, Findings: []findingEvent{}}
	if d.HasGap {
		gap := d.Gap()
		e.Gap = &gap
	}
	for i, l := range d.Layers {
		h := layerHealth{Layer: i + 1, Units: l.Units, F: l.F.String(), Delta: finite(l.Delta), Gradient: finite(l.Gradient),
			Weights: finite(l.Weights), Step: finite(l.Step), Moved: finite(l.Moved)}
		switch l.Of {
		case diagnosis.Dead:
			h.Dead = &l.Flat
		case diagnosis.Saturated:
			h.Saturated = &l.Flat
		case diagnosis.Stuck:
			h.Stuck = &l.Flat
		}
		e.Layers = append(e.Layers, h)
	}
	for _, f := range d.Findings {
		e.Findings = append(e.Findings, findingEvent{f.Kind, f.Layer, findingText(f, d, Samples(r.state.Data.Height))})
	}
	r.write(e)
}

// finite returns nil for NaN and infinities, which JSON cannot represent.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
