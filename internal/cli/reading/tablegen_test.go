package reading

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/sample"
)

// TestGeneratedTables trains on random tables in which a simple rule gives the label. The network must know this rule,
// or the table must be refused. What it knows is tested on the same samples in the plainest form, and so does not
// depend on what the program takes for the label.
func TestGeneratedTables(t *testing.T) {
	right, refused, n := 0, 0, sample.Count(1000, 30)
	for seed := range uint64(n) {
		g := generateTable(seed)
		dir := t.TempDir()
		for name, text := range g.files {
			put(t, filepath.Join(dir, name), text)
		}
		plain, network := filepath.Join(dir, "plain"), filepath.Join(dir, "m.st")
		put(t, plain, g.plain)
		data := dir
		if len(g.files) == 1 {
			data = filepath.Join(dir, "table.csv")
		}
		args := []string{"train", "-backend=cpu", "-seed=1", "-hidden=16", "-batch=8", "-epochs=15", "-data=" + data, "-save=" + network}
		r := run(t, append(args, g.flags...)...)
		if r.status == 1 && !strings.Contains(r.stderr, "internal error") {
			refused++
			if g.certain {
				t.Errorf("refused: %s\n%v", r.lastLine(), g)
			}
			continue
		}
		if r.status != 0 {
			t.Errorf("status %d: %s\n%v", r.status, r.stderr, g)
			continue
		}
		e := run(t, "eval", "-backend=cpu", "-json", "-model="+network, "-data="+plain)
		var score struct {
			Accuracy float64 `json:"test_acc"`
		}
		lines := strings.Split(strings.TrimSpace(e.stdout), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &score); err != nil || e.status != 0 {
			t.Errorf("the network does not take the plain table: %s\n%s\n%v", e.stderr, r.stderr, g)
		} else if score.Accuracy < 0.9 {
			t.Errorf("the network is right for %.0f%% of the plain table\n%s\n%v", 100*score.Accuracy, r.stderr, g)
		} else {
			right++
		}
	}
	t.Logf("%d of %d tables are read, %d are refused", right, n, refused)
	if 3*refused > n {
		t.Errorf("%d of %d tables are refused", refused, n)
	}
}

// A generatedTable is a data set in a random form.
type generatedTable struct {
	seed    uint64
	files   map[string][]byte // table.csv, or train.csv and test.csv
	plain   []byte            // all samples: a comma, a header, the label first
	flags   []string
	certain bool // names and separators leave no doubt: a refusal is an error
}

func (g generatedTable) String() string {
	text := fmt.Sprintf("seed %d, flags %v", g.seed, g.flags)
	for name, file := range g.files {
		lines := bytes.SplitAfterN(file, []byte("\n"), 4)
		for _, line := range lines[:min(3, len(lines))] {
			text += fmt.Sprintf("\n%s: %.160q", name, line)
		}
	}
	return text
}

// A tableForm is the way in which a table is written.
type tableForm struct {
	separator, decimal, end string
	quoted, bom, trailing   bool
	blank, missing          bool
	header                  bool
	label                   int // column of the label among the features
	id                      string
	labelName               string
	hasID                   bool
	names                   []string // of the features
	oneHot                  bool
}

// generateTable returns the table of a seed.
func generateTable(seed uint64) generatedTable {
	r := rand.New(rand.NewPCG(seed, 13))
	rows := randomRows(r)
	f := randomForm(r, rows)
	if f.oneHot { // the columns name the classes
		for k := range rows.labels {
			rows.labels[k] = strconv.Itoa(k)
			if f.header {
				rows.labels[k] = fmt.Sprint(f.labelName, "_", k)
			}
		}
	}
	g := generatedTable{seed: seed, plain: rows.plain(f.names), flags: rows.flags}
	_, known := slices.BinarySearch(knownLabels, strings.ToLower(f.labelName))
	g.certain = f.header && known && !f.missing && f.end != "\r" && !f.oneHot
	order := make([]int, len(f.names))
	for i := range order {
		order[i] = i
	}
	if f.header && r.IntN(5) == 0 { // two files, the second with other columns first
		g.files = map[string][]byte{"train.csv": f.write(r, rows, order, 0, rows.len()*3/4)}
		if r.IntN(2) == 0 {
			r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		g.files["test.csv"] = f.write(r, rows, order, rows.len()*3/4, rows.len())
	} else {
		g.files = map[string][]byte{"table.csv": f.write(r, rows, order, 0, rows.len())}
	}
	return g
}

// randomRows are samples of a few classes, around a random centre each.
type samples struct {
	values  [][]float64
	digits  int // after the decimal point
	classes []int
	labels  []string // of the classes, as in the table
	flags   []string
}

func (s samples) len() int { return len(s.values) }

// randomRows draws samples: pixels of images of 8x8 or a few numbers in a range, in an order that does not depend on the class.
func randomRows(r *rand.Rand) samples {
	k := 2 + r.IntN(4)
	var s samples
	features := 3 + r.IntN(6)
	low, high := 0., 1.
	switch r.IntN(7) {
	case 0:
		features, high = 64, 255
	case 1:
		features, high = 64, 16
	case 2:
		features, s.digits = 64, 3
	case 3:
		low, high, s.digits = -4, 4, 2
	case 4:
		s.digits = 4
		s.flags = []string{"-standardise"}
	case 5:
		high = 100
		s.flags = []string{"-standardise"}
	case 6:
		low, high, s.digits = -50, 900, 1
		s.flags = []string{"-standardise"}
	}
	centres := apart(r, k, features)
	n := k * (60/k + r.IntN(10))
	for i := range n {
		row := make([]float64, features)
		for j := range row {
			unit := min(max(centres[i%k][j]+0.05*r.NormFloat64(), 0), 1)
			row[j], _ = strconv.ParseFloat(strconv.FormatFloat(low+(high-low)*unit, 'f', s.digits, 64), 64)
		}
		s.values, s.classes = append(s.values, row), append(s.classes, i%k)
	}
	r.Shuffle(n, func(i, j int) {
		s.values[i], s.values[j] = s.values[j], s.values[i]
		s.classes[i], s.classes[j] = s.classes[j], s.classes[i]
	})
	s.labels = [][]string{{"0", "1", "2", "3", "4"}, {"1", "2", "3", "4", "5"}, {"oak", "ash", "elm", "yew", "fir"}, {"A", "B", "C", "D", "E"},
		{"0.0", "1.0", "2.0", "3.0", "4.0"}, {"iris setosa", "iris virginica", "rose, red", "rose, white", "tulip"}, {"2", "3", "5", "7", "9"}}[r.IntN(7)][:k]
	if k == 2 && r.IntN(3) == 0 {
		s.labels = [][]string{{"-1", "1"}, {"no", "yes"}, {"True", "False"}}[r.IntN(3)]
	}
	return s
}

// apart returns n points of the unit cube that are not near each other.
func apart(r *rand.Rand, n, dimensions int) (points [][]float64) {
draw:
	for len(points) < n {
		p := make([]float64, dimensions)
		for j := range p {
			p[j] = r.Float64()
		}
		for _, q := range points {
			square := 0.
			for j := range p {
				square += (p[j] - q[j]) * (p[j] - q[j])
			}
			if square < 0.25 {
				continue draw
			}
		}
		points = append(points, p)
	}
	return points
}

// plain writes all samples in the plainest form.
func (s samples) plain(names []string) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "label,"+strings.Join(names, ","))
	for i, row := range s.values {
		label := strings.TrimSuffix(s.labels[s.classes[i]], ".0")
		if strings.Contains(label, ",") {
			label = `"` + label + `"`
		}
		b.WriteString(label)
		for _, v := range row {
			b.WriteString("," + strconv.FormatFloat(v, 'f', s.digits, 64))
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// knownLabels are common names of the label, in order.
var knownLabels = []string{"class", "digit", "label", "labels", "outcome", "species", "target", "y"}

// randomForm draws how to write samples.
func randomForm(r *rand.Rand, s samples) tableForm {
	one := func(n int) bool { return r.IntN(n) == 0 }
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	features := len(s.values[0])
	f := tableForm{separator: pick(",", ",", ";", "\t", " "), decimal: ".", end: pick("\n", "\n", "\n", "\r\n", "\r"),
		quoted: one(5), bom: one(8), trailing: one(8), blank: one(8), missing: one(10), header: !one(4), hasID: one(5), oneHot: one(12)}
	if f.separator != "," && s.digits > 0 && one(3) {
		f.decimal = ","
	}
	f.label = []int{0, features, r.IntN(features + 1)}[r.IntN(3)]
	if _, err := strconv.ParseFloat(s.labels[0], 64); err == nil && !f.header {
		f.label = []int{0, features}[r.IntN(2)] // a column of numbers in the midst has no mark
	}
	f.labelName = pick(pick(knownLabels...), pick(knownLabels...), pick("q", "grp", "answer7"))
	f.labelName = []string{f.labelName, strings.ToUpper(f.labelName), strings.ToUpper(f.labelName[:1]) + f.labelName[1:]}[r.IntN(3)]
	f.id = pick("id", "index", "ImageId", "Unnamed: 0", "ID")
	style := r.IntN(3)
	for j := range features {
		f.names = append(f.names, []string{fmt.Sprintf("pixel%d", j), fmt.Sprintf("f%d", j+1), strconv.Itoa(j)}[style])
	}
	if f.separator == " " {
		f.trailing = false // a space at the end of a line is not a separator
	}
	return f
}

// write writes the samples from first to last, with the features in an order.
func (f tableForm) write(r *rand.Rand, s samples, order []int, first, last int) []byte {
	var b bytes.Buffer
	if f.bom {
		b.WriteString("\ufeff")
	}
	line := func(cells []string) {
		for i, cell := range cells {
			if f.quoted || strings.ContainsAny(cell, f.separator+" ") {
				cells[i] = `"` + cell + `"`
			}
		}
		b.WriteString(strings.Join(cells, f.separator))
		if f.trailing {
			b.WriteString(f.separator)
		}
		b.WriteString(f.end)
	}
	// cells puts the label among the features, and the number of the row before them.
	cells := func(id string, label []string, feature func(j int) string) (list []string) {
		if f.hasID {
			list = append(list, id)
		}
		for i, j := range order {
			if i == f.label {
				list = append(list, label...)
			}
			list = append(list, feature(j))
		}
		if f.label == len(order) {
			list = append(list, label...)
		}
		return list
	}
	if f.header {
		label := []string{f.labelName}
		if f.oneHot {
			label = slices.Clone(s.labels)
		}
		line(cells(f.id, label, func(j int) string { return f.names[j] }))
	}
	for i := first; i < last; i++ {
		label := []string{strings.ReplaceAll(s.labels[s.classes[i]], ".", f.decimal)}
		if f.oneHot {
			label = slices.Repeat([]string{"0"}, len(s.labels))
			label[s.classes[i]] = "1"
		}
		line(cells(strconv.Itoa(i+1), label, func(j int) string {
			if f.missing && r.IntN(40*len(order)) == 0 {
				return "NA"
			}
			return strings.Replace(strconv.FormatFloat(s.values[i][j], 'f', s.digits, 64), ".", f.decimal, 1)
		}))
		if f.blank && r.IntN(20) == 0 {
			b.WriteString(f.end)
		}
	}
	return b.Bytes()
}
