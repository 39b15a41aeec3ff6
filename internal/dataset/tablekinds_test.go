package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTableKinds reads one table of each kind: two numbers, and a label that says whether the first is larger.
func TestTableKinds(t *testing.T) {
	const n = 40
	rows := func(format string, yes, no any) string {
		var b strings.Builder
		for i := range n {
			label := yes
			if i%2 == 0 {
				label = no
			}
			fmt.Fprintf(&b, format+"\n", i, label, float64(i%2)+0.25, 0.5)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text    string
		classes []string
		o       Form
	}{
		"label in the middle":   {"a,Target,b\n" + rows("%[3]v,%[2]v,%[4]v", 1, 0), nil, Form{}},
		"label last, no names":  {rows("%[3]v,%[4]v,%[2]v", 1, 0), nil, Form{}},
		"signs":                 {rows("%[2]v,%[3]v,%[4]v", "+1", "-1"), []string{"-1", "1"}, Form{}},
		"one and two":           {rows("%[2]v,%[3]v,%[4]v", 2, 1), []string{"1", "2"}, Form{}},
		"booleans":              {rows("%[3]v;%[4]v;%[2]v", "True", "False"), []string{"False", "True"}, Form{}},
		"words with spaces":     {rows("%[3]v %[4]v \"%[2]v\"", "oh yes", "no, no"), []string{"no, no", "oh yes"}, Form{}},
		"numbers with points":   {rows("%[2]v,%[3]v,%[4]v", "1.0", "0.0"), nil, Form{}},
		"an id":                 {"ImageId,a,b,y\n" + rows("%[1]v,%[3]v,%[4]v,%[2]v", 1, 0), nil, Form{}},
		"an index, no name":     {",a,b,kind\n" + rows("%[1]v,%[3]v,%[4]v,%[2]v", "x", "w"), []string{"w", "x"}, Form{}},
		"an index, no names":    {rows("%[1]v,%[3]v,%[4]v,%[2]v", 1, 0), nil, Form{}},
		"an empty column":       {"a,b,c,y\n" + rows("%[3]v,%[4]v,,%[2]v", 1, 0), nil, Form{}},
		"to be ignored":         {"a,b,c,y\n" + rows("%[3]v,%[4]v,w%[1]v,%[2]v", 1, 0), nil, Form{Ignore: "c"}},
		"the label by a flag":   {"a,q,b,r\n" + rows("%[3]v,%[2]v,%[4]v,7", 1, 0), nil, Form{Label: "2", Ignore: "r"}},
		"separators at the end": {rows("%[2]v\t%[3]v\t%[4]v\t", 1, 0), nil, Form{}},
		"carriage returns":      {strings.ReplaceAll("y|a|b\n"+rows("%[2]v|%[3]v|%[4]v", 1, 0), "\n", "\r"), nil, Form{}},
		"blank lines":           {strings.ReplaceAll("y,a,b\n"+rows("%[2]v,%[3]v,%[4]v", 1, 0), "\n", "\n\n,,\n"), nil, Form{}},
		"decimal commas":        {strings.ReplaceAll("y;a;b\n"+rows("%[2]v;%[3]v;%[4]v", 1, 0), ".", ","), nil, Form{}},
		"svmlight":              {rows("%[2]v 1:%[3]v 2:%[4]v # %[1]v", "+1", "-1"), []string{"-1", "1"}, Form{}},
		"svmlight from 0":       {rows("%[2]v 0:%[3]v 1:%[4]v", 1, 0), nil, Form{}},
		"ARFF": {"% x\n@RELATION r\n@ATTRIBUTE 'a b' REAL\n@attribute b numeric\n@attribute c {yes, no}\n\n@DATA\n" +
			rows("%[3]v,%[4]v,%[2]v", "yes", "no"), []string{"no", "yes"}, Form{}},
		"a comment":              {"# by hand, in 2024\n# two columns\n" + rows("%[2]v %[3]v %[4]v", 1, 0), nil, Form{}},
		"names in a comment":     {"# a b y\n" + rows("%[3]v %[4]v %[2]v", 1, 0), nil, Form{}},
		"a comment, then names":  {"# by hand, a, b\ny,a,b\n" + rows("%[2]v,%[3]v,%[4]v", 1, 0), nil, Form{}},
		"svmlight with comments": {"# by dump_svmlight_file\n# from 0\n" + rows("%[2]v 0:%[3]v 1:%[4]v", 1, 0), nil, Form{}},
		"an id of a passenger":   {"PassengerId,a,b,y\n" + rows("9%03[1]v,%[3]v,%[4]v,%[2]v", 1, 0), nil, Form{}},
		"a list of numbers":      {"emotion,pixels\n" + rows("%[2]v,%[3]v %[4]v", 1, 0), nil, Form{}},
		"one-hot":                {"a,b,class_0,class_1\n" + rows("%[3]v,%[4]v,%[2]v", "0,1", "1,0"), []string{"class_0", "class_1"}, Form{OneHot: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string][]byte{"a.data": []byte(c.text)})
			d, err := c.o.Open(filepath.Join(dir, "a.data"))
			if err != nil {
				t.Fatal(err)
			}
			if d.Train.Len()+d.Test.Len() != n || d.Train.Classes != 2 || !slices.Equal(d.ClassNames, c.classes) {
				t.Fatalf("%d samples, classes %q", d.Train.Len()+d.Test.Len(), d.ClassNames)
			}
			for i, label := range d.Train.Labels {
				if v := d.Train.Values[2*i : 2*i+2]; v[0] != float32(label)+0.25 || v[1] != 0.5 {
					t.Errorf("sample %d: %v has label %d", i, v, label)
				}
			}
		})
	}
}

// TestLatin1 reads names that are not in UTF-8: two of them would be the same in a saved network.
func TestLatin1(t *testing.T) {
	text := "gr\xf6\xdfe,a,art\n" + strings.Repeat("1.5,2,R\xfcbe\n2.5,1,R\xf6be\n", 20)
	d, err := Open(filepath.Join(write(t, map[string][]byte{"a.csv": []byte(text)}), "a.csv"))
	if err != nil || !slices.Equal(d.ClassNames, []string{"Röbe", "Rübe"}) || d.Features[0] != "größe" {
		t.Errorf("got %+v, error %v", d, err)
	}
}

// TestDoubtfulTables checks the notes and the errors about tables that a careful reader would question.
func TestDoubtfulTables(t *testing.T) {
	const n = 40
	for name, c := range map[string]struct{ names, row, want string }{
		"an id without a name":       {"", "%[1]v,%[2]v,%[3]v\n", "column 1 has another number in nearly every row, like an id; if it is one, -ignore=1 omits it"},
		"an id with another name":    {"the key,a,y\n", "%[1]v,%[3]v,%[2]v\n", `-ignore="the key" omits it`},
		"the label twice":            {"a,code,species\n", "%[3]v,%[4]v,%[2]v\n", "`code` seems to be the label in another form"},
		"classes in two cases":       {"a,b,y\n", "%[3]v,%[3]v,%[5]v\n", `the classes "NO" and "no" may be one`},
		"numbers with signs between": {"a,b,y\n", "\"%[4]v,500\",%[3]v,%[2]v\n", "numbers written as"},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.names
			for i := range n {
				text += fmt.Sprintf(c.row, 9000+7*i, []string{"no", "yes"}[i%2], float64(i%2)+float64(i%5)/8, 3+i%2, []string{"no", "yes", "NO"}[i%3])
			}
			d, err := Open(filepath.Join(write(t, map[string][]byte{"a.csv": []byte(text)}), "a.csv"))
			if err != nil {
				d = &Data{Note: err.Error()}
			}
			if !strings.Contains(d.Note, c.want) {
				t.Errorf("got %q, want %q", d.Note, c.want)
			}
		})
	}
}
