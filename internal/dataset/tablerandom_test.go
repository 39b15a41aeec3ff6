package dataset

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A randomTable is a table of random form, of which the test knows the labels and the features.
type randomTable struct {
	labels     []string
	features   [][]float64
	labelName  string // in the header
	names      []string
	first      bool // the label is the first column, otherwise the last one
	header, id bool
	separator  string
	comma      bool // decimal commas
	oneHot     int
	form       string // for messages
}

// pick returns one of a list.
func pickOne[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// newRandomTable draws a table: digits of which each class has its own pattern, or measurements.
func newRandomTable(r *rand.Rand) *randomTable {
	t := &randomTable{header: r.IntN(2) == 0, first: r.IntN(2) == 0, id: r.IntN(5) == 0, separator: pickOne(r, ",", ";", "\t", " ", "|"),
		labelName: pickOne(r, "label", "Class", "TARGET", "y", "digit", "species", "kind", "zz")}
	classes, rows := pickOne(r, 2, 3, 10), 60+r.IntN(200)
	names := pickOne(r, "words", "1", "0", "signs", "0", "0.0")
	if names == "signs" {
		classes = 2
	}
	kind := pickOne(r, "digits", "digits", "measurements", "whole numbers", "scales", "codes", "full pictures")
	top := pickOne(r, 1.0, 16, 255, 255, 1.5) // 1.5: fractions from 0 to 1
	width := pickOne(r, 8, 10, 14)
	n := width * width
	if kind != "digits" && kind != "full pictures" {
		n = 2 + r.IntN(20)
	}
	t.form = fmt.Sprintf("%s of %d columns up to %v, labels %s of %d classes", kind, n, top, names, classes)
	for i := range n {
		t.names = append(t.names, pickOne(r, "pixel", "p", "x_")+strconv.Itoa(i))
	}
	prefix := pickOne(r, "pixel", "f", "x")
	for i := range n {
		t.names[i] = prefix + strconv.Itoa(i)
	}
	patterns := make([][]float64, classes)
	for c := range patterns {
		for i := range n {
			v := 0.0
			if y, x := i/width, i%width; kind != "digits" || y > 0 && y < width-1 && x > 0 && x < width-1 && r.IntN(2) == 0 {
				v = r.Float64()
			}
			patterns[c] = append(patterns[c], v)
		}
	}
	for range rows {
		c := r.IntN(classes)
		row := make([]float64, n)
		for i, v := range patterns[c] {
			switch kind {
			case "codes": // of few values
				v = float64((int(v*float64(1+i%7))+r.IntN(5)/4)%(1+i%7) + i%2)
			case "digits", "full pictures":
				v = min(1, max(0, v+0.3*v*r.NormFloat64()))
				switch {
				case top == 1.5:
					v = float64(int(100*v+0.5)) / 100
				case top == 1:
					v = float64(int(v + 0.5))
				default:
					v = float64(int(v*top + 0.5))
				}
			case "measurements":
				v = float64(int(100*(v*8-4+r.NormFloat64()))) / 100
			case "whole numbers":
				v = float64(int(v*50 + 5*r.NormFloat64()))
			case "scales":
				v = float64(int(100*(v+0.1*r.NormFloat64())*[]float64{1, 10, 1000}[i%3])) / 100
			}
			row[i] = v
		}
		t.features = append(t.features, row)
		t.labels = append(t.labels, labelOf(names, c))
	}
	t.comma = t.separator != "," && r.IntN(4) == 0
	return t
}

// labelOf returns a label as files have it.
func labelOf(names string, class int) string {
	switch names {
	case "words":
		return []string{"zero", "one", "two words", "three", "four", "five", "six", "seven", "eight", "nine"}[class]
	case "1":
		return strconv.Itoa(class + 1)
	case "signs":
		return strconv.Itoa(2*class - 1)
	case "0.0":
		return strconv.Itoa(class) + ".0"
	}
	return strconv.Itoa(class)
}

// text writes the table.
func (t *randomTable) text() string {
	var b strings.Builder
	line := func(id, label string, features []string) {
		cells := features
		if t.first {
			cells = append([]string{label}, features...)
		} else {
			cells = append(cells, label)
		}
		if t.id {
			cells = append([]string{id}, cells...)
		}
		b.WriteString(strings.Join(cells, t.separator) + "\n")
	}
	if t.header {
		line("id", t.labelName, t.names)
	}
	for i, row := range t.features {
		cells := make([]string, len(row))
		for j, v := range row {
			cells[j] = strconv.FormatFloat(v, 'f', -1, 64)
			if t.comma {
				cells[j] = strings.ReplaceAll(cells[j], ".", ",")
			}
		}
		label := t.labels[i]
		if strings.Contains(label, " ") {
			label = `"` + label + `"`
		}
		line(strconv.Itoa(i), label, cells)
	}
	return b.String()
}

// TestRandomTables reads random tables: each is read right or refused.
func TestRandomTables(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	refused := 0
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 1))
		table := newRandomTable(r)
		dir := write(t, map[string][]byte{"a.csv": []byte(table.text())})
		data, err := Open(filepath.Join(dir, "a.csv"))
		if err != nil {
			refused++
			t.Logf("%d: %s, header %t, first %t, name %s, id %t, separator %q: %v", seed, table.form, table.header, table.first, table.labelName, table.id, table.separator, err)
			continue
		}
		if problem := table.differs(data); problem != "" {
			t.Errorf("%d: %s, header %t, first %t, name %s, id %t, separator %q: %s; %s", seed, table.form, table.header, table.first, table.labelName, table.id, table.separator, problem, data.Note)
		}
	}
	t.Logf("%d of %d refused", refused, n)
	if refused*10 > n {
		t.Errorf("%d of %d tables were refused", refused, n)
	}
}

// differs compares data with the table.
func (t *randomTable) differs(d *Data) string {
	if all := d.Train.Len() + d.Test.Len(); all != len(t.labels) {
		return fmt.Sprintf("%d samples", all)
	}
	for _, s := range []*Set{&d.Train, &d.Test} {
		if s.Features() != len(t.names) {
			return fmt.Sprintf("%d features", s.Features())
		}
		for i := range s.Len() {
			line := 0
			fmt.Sscanf(s.place(i, 0)[strings.Index(s.place(i, 0), ": line "):], ": line %d", &line)
			if t.header {
				line--
			}
			label := strconv.Itoa(int(s.Labels[i]))
			if d.ClassNames != nil {
				label = d.ClassNames[s.Labels[i]]
			}
			if want := strings.TrimSuffix(t.labels[line-1], ".0"); label != want {
				return fmt.Sprintf("row %d has label %s, want %s", line, label, want)
			}
			for j, want := range t.features[line-1] {
				if s.Images != nil {
					white := float64(d.Look.White)
					if white == 0 {
						white = 255
					}
					if got := float64(s.Image(i)[j]) / 255 * white; got-want > white/255 || want-got > white/255 {
						return fmt.Sprintf("row %d, column %d is %v, want %v", line, j, got, want)
					}
				} else if s.Values[i*s.Width+j] != float32(want) {
					return fmt.Sprintf("row %d, column %d is %v, want %v", line, j, s.Values[i*s.Width+j], want)
				}
			}
		}
	}
	return ""
}
