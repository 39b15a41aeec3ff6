package dataset

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"

	"shadegrad/compute"
	"shadegrad/internal/memory"
	"shadegrad/internal/naming"
	"shadegrad/internal/table"
	"shadegrad/internal/unpack"
)

// readTables reads a data set from CSV files: a training and a test part, or one file from which it takes the test
// part.
func (p place) readTables(files tableFiles) (*Data, error) {
	train, test := files[naming.Train], files[naming.Test]
	var names []string
	for _, name := range []string{files[naming.Whole], train, test} {
		if name != "" && !(p.testOnly && test != "" && name == train) {
			names = append(names, name)
		}
	}
	sets, s, err := p.loadTables(names...)
	if err != nil {
		return nil, err
	}
	data := &Data{Name: p.name, ClassNames: s.ClassNames, Features: s.Features, Label: s.Label, Note: s.Note}
	if s.Side > 0 && s.White < 255 {
		data.Look.White = s.White
	}
	switch {
	case len(sets) == 2:
		data.Train, data.Test = sets[0], sets[1]
	case len(names) == 1 && names[0] == test:
		data.Test = sets[0]
	default:
		data.Train = sets[0]
		return data, p.takeTest(data, p.prefix+names[0])
	}
	data.countClasses()
	return data, nil
}

// takeTest holds out a fifth of the training data as test data if the directory has no test data. With the place's
// whole set all of it is.
func (p place) takeTest(data *Data, from string) error {
	if p.whole {
		data.Test, data.Train, data.Whole = data.Train, Set{}, true
		data.countClasses()
		return nil
	}
	all := data.Train.Len()
	n := max(1, (all+2)/5)
	if all < 2 {
		return fmt.Errorf("%s: expected at least 2 samples, of which one is for the test, found %d", from, all)
	}
	data.countClasses() // of all samples, so that both parts have the same number
	chosen, err := data.pick(n, testSeed, testStream)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	data.Test = data.Train.takeOut(chosen)
	data.addNote(fmt.Sprintf("%s has no test part: %d of its %d samples, always the same, are held out as one", from, n, all))
	return nil
}

// addNote appends a sentence to the note.
func (d *Data) addNote(note string) {
	if d.Note != "" {
		note = d.Note + "; " + note
	}
	d.Note = note
}

// The test part of a data set without one is always the same.
const (
	testSeed   = 1
	testStream = 1<<61 + 1<<32
)

// loadTables reads one or two files of a table, the training and the test part. It returns two sets if the rows of one file
// name their part, and one if the second file has no labels.
func (p place) loadTables(names ...string) ([]Set, *table.Schema, error) {
	wanted := p.form.wanted()
	wanted.TestOnly = p.testOnly
	size := int64(1)
	if wanted.Numbers || wanted.Targets > 0 {
		size = 4
	}
	var files []*table.File
	var paths []string
	for i, name := range names {
		w := wanted
		if i > 0 {
			w.Features = files[0].Names // they show whether the test part has a header
		}
		f, err := table.Survey(p.lines(name), w, func(rows, columns int) error {
			if need := int64(rows) * int64(columns) * size; p.available >= 0 && need > p.available {
				return fmt.Errorf("too many rows of %d columns: %s asked for, %s of memory available",
					columns, compute.FormatBytes(need), compute.FormatBytes(p.available))
			}
			return nil
		})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.prefix+name, err)
		}
		files, paths = append(files, f), append(paths, p.prefix+name)
	}
	s, err := table.Decide(files, paths, wanted)
	if err != nil {
		return nil, nil, err
	}
	if s.Unlabelled {
		files = files[:1]
	}
	var sets []Set
	budget := memory.NewBudget(p.available)
	for i := range files {
		set, test, err := p.loadTable(s, i, paths[i], budget)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", paths[i], err)
		}
		sets = append(sets, set)
		if 0 < len(test) && len(test) < set.Len() && len(files) == 1 {
			out := sets[0].takeOut(test)
			sets = append(sets, out)
		}
	}
	return sets, s, nil
}

// loadTable reads a file. It also returns the rows that belong to the test part.
func (p place) loadTable(s *table.Schema, file int, path string, budget *memory.Budget) (Set, []uint32, error) {
	n, width := s.Rows(file), s.Width()
	set := Set{Width: width, Height: 1, Outputs: p.form.Targets.Count}
	size := 4
	if s.Side > 0 {
		size, set.Width, set.Height = 1, s.Side, s.Side
	}
	if err := budget.Take(int64(n) * int64(width*size+max(1, set.Outputs))); err != nil {
		return set, nil, fmt.Errorf("no room for %d rows of %d columns: %w", n, width+max(1, set.Outputs), err)
	}
	var rows table.Rows
	if s.Side > 0 {
		rows.Images = allocate(n * width)
	} else {
		rows.Values = allocateNumbers(n * width)
	}
	if set.Outputs > 0 {
		rows.Targets = make([]float32, n*set.Outputs)
	} else {
		rows.Labels = make([]byte, n)
	}
	err := s.Load(file, &rows)
	set.Images, set.Values, set.Labels, set.Targets = rows.Images, rows.Values, rows.Labels, rows.Targets
	set.place = func(i, feature int) string {
		line, column := rows.Place(i, feature)
		return fmt.Sprintf("%s: line %d, column %d", path, line, column)
	}
	if set.Outputs == 0 {
		set.origin = func(i int) string { return set.place(i, -1) + ": label out of range" }
	}
	return set, rows.Test, err
}

// lines returns the lines of a file of text.
func (p place) lines(name string) table.Lines {
	return func(f func(line []byte, number int) error) error {
		return unpack.Lines(p.fsys, name, func(line []byte, number int) error {
			if number == 1 {
				text := hint(line)
				if unpack.IsGzip(line) {
					text = " (it is gzip within gzip; unpack it: gunzip FILE.gz)"
				}
				if text != "" || bytes.IndexByte(line, 0) >= 0 || bytes.HasPrefix(line, []byte("\x89PNG")) {
					return fmt.Errorf("line 1: expected text with names or numbers%s, found something else%s", ifUTF16(line), text)
				}
			}
			return f(toUTF8(line), number)
		})
	}
}

// toUTF8 returns a line in UTF-8, from Latin-1 if it is not in UTF-8: a saved network stores names in UTF-8.
func toUTF8(line []byte) []byte {
	if utf8.Valid(line) {
		return line
	}
	var text []rune
	for _, c := range line {
		text = append(text, rune(c))
	}
	return []byte(string(text))
}

// ifUTF16 returns a hint for text in UTF-16.
func ifUTF16(line []byte) string {
	if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) || len(line) > 1 && (line[0] == 0) != (line[1] == 0) {
		return " in UTF-8 (this is UTF-16: save it again)"
	}
	return ""
}

// wanted returns what the form decides about a table.
func (f Form) wanted() table.Wanted {
	w := table.Wanted{Targets: f.Targets.Count, TargetsFirst: f.Targets.First, Label: f.Label, OneHot: f.OneHot, Ignore: f.Ignore,
		Numbers: f.numbers(), Scaled: f.Standardize}
	if l := f.Learned; l != nil {
		w.Learned, w.Classes, w.Features, w.LabelWas, w.White = true, l.Classes, l.Features, l.Label, l.Look.White
	}
	return w
}

// A Question is an error that a decision of the user about a table resolves. Settings names the decisions.
type Question = table.Question

// The settings of a Question.
const (
	AskLabel   = table.Label
	AskIgnore  = table.Ignore
	AskOneHot  = table.OneHot
	AskTargets = table.Targets
)

// root returns the integer part of a square root.
func root(n int) int { return int(math.Sqrt(float64(n))) }
