package table

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/bounded"
	"shadegrad/internal/table/dialect"
)

// linesOf returns the lines of a text.
func linesOf(text string) Lines {
	return func(f func(line []byte, number int) error) error {
		number := 0
		for line := range bytes.Lines([]byte(text)) {
			number++
			if err := f(bytes.TrimSpace(line), number); err != nil {
				return err
			}
		}
		return nil
	}
}

// read surveys a table and decides what its columns are.
func read(text string) (*Schema, error) {
	f, err := Survey(linesOf(text), Wanted{}, func(int, int) error { return nil })
	if err != nil {
		return nil, err
	}
	return Decide([]*File{f}, []string{"f"}, Wanted{})
}

// TestHostileLines reads lines of some megabytes, each in a second at most.
func TestHostileLines(t *testing.T) {
	const mega = 1 << 20
	tooWide := fmt.Sprintf("expected at most %d columns, found more", dialect.MaxColumns)
	counted := make([]string, dialect.MaxColumns+1)
	for i := range counted {
		counted[i] = fmt.Sprintf("name %d of a column", i)
	}
	wide := strings.Join(counted[1:], ",") + "\n" + strings.Repeat(strings.Repeat("7,", dialect.MaxColumns-1)+"7\n", 5)
	for name, c := range map[string]struct{ text, want string }{
		"quotes":                {strings.Repeat(`"`, 4*mega) + "\n", "found 1 column"},
		"quotes below names":    {"label,a\n" + strings.Repeat(`"`, 4*mega) + "\n1,2\n", "line 2, column 1"},
		"quoted cells":          {strings.Repeat(`"1",`, mega) + "\n", tooWide},
		"spaces between quotes": {strings.Repeat(`"a" , `, mega) + "\n1,2\n", tooWide},
		"commas":                {strings.Repeat(",", mega) + "\n", tooWide},
		"a long list":           {"label,pixels\n0," + strings.Repeat("1 ", mega) + "\n1," + strings.Repeat("2 ", mega) + "\n", tooWide},
		"long cells":            {strings.Repeat("x", mega) + ",1\n" + strings.Repeat("y", mega) + ",2\n", "one value only"},
		"attributes":            {"@relation r\n" + strings.Repeat("@attribute a numeric\n", dialect.MaxColumns+1) + "@data\n", tooWide},
		"one column too many":   {strings.Join(counted, ",") + "\n", tooWide},
		"as many as allowed":    {wide, "neither the first nor the last column can be the label"},
	} {
		bounded.Check(t, func() {
			if _, err := read(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %.200v, want %s", name, err, c.want)
			}
		})
	}
}

// TestAboveTheTable reads tables below other lines.
func TestAboveTheTable(t *testing.T) {
	rows := "label,a,b\n0,1.5,2\n1,2.5,3\n0,3,4\n1,4,5\n"
	for text, want := range map[string]string{
		"sep=,\n" + rows:                             "",
		"\"sep=,\"\n\n" + rows:                       "",
		strings.ReplaceAll("SEP=,\n"+rows, ",", ";"): "",
		strings.ReplaceAll(strings.ReplaceAll(rows, ",", "\t"), "\n1", "\t\n1"):      "",
		"Measurements of May\n\n" + rows:                                             "line 1: expected 3 columns as in line 3, found 1; delete what is above the table",
		"Measurements, May\nby hand\n" + rows:                                        "line 1: expected 3 columns as in line 3, found 2; delete what is above the table",
		"@relation r\n@attribute a numeric\n@attribute c {x,y}\n@data\n{0 1, 1 x}\n": "line 5, column 1: expected values, found a row of a sparse ARFF file; apply Weka's filter SparseToNonSparse",
	} {
		s, err := read(text)
		switch {
		case want == "" && (err != nil || s.Label != "label" || !slices.Equal(s.Features, []string{"a", "b"})):
			t.Errorf("%q: got %+v, error %v", text, s, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// TestNamesThatDifferInPunctuation finds columns in another order whose names differ in their punctuation only.
func TestNamesThatDifferInPunctuation(t *testing.T) {
	f := &File{Dialect: dialect.Dialect{Names: []string{"p_11_1", "p_1_11", "Label"}}}
	if got, missing := f.findAll([]string{"p_1_11", "p_11_1"}); !slices.Equal(got, []int{1, 0}) {
		t.Errorf("got %v, missing %v", got, missing)
	}
	if got, _ := f.findAll([]string{"label"}); !slices.Equal(got, []int{2}) {
		t.Errorf("got %v", got)
	}
}
