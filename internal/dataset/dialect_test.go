package dataset

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// A first line has names or numbers, and one of numbers with a mistake in it is not lost for names.
func TestIsHeader(t *testing.T) {
	counted := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%d", from+i)
		}
		return b.String()
	}
	for line, want := range map[string]bool{
		"label,a,b":                     true,
		"label,p0,p1,p2":                true,
		"label,1x1,1x2":                 true,
		"x,y":                           true,
		"x,y,label":                     true,
		"1st,2nd,3rd":                   true,
		"digit,0,1,2,3":                 true,
		"digit,1,2,3,4":                 true,
		"label,0":                       true,
		"digit,1":                       true,
		"# digit,0,1":                   true,
		"_,0,1":                         true,
		"étiquette,0,1":                 true,
		"x,y,0,1,2,3,4":                 true,
		"LABEL,400,410,420":             true,
		"0,1,2,3,label":                 true,
		"7,Class,9":                     true,
		",a,b":                          true, // refused later
		",label,0":                      true,
		"y,a,b,7":                       true,
		"digit" + counted(0, 2000):      true,
		"digit" + counted(1, 784):       true,
		"y,a,7":                         false, // half of the others
		"5,1,2":                         false,
		"5,a,2":                         false,
		"5,a,b":                         false,
		"5,NA,NA,NA":                    false,
		"5x,1,2":                        false,
		"5x,1":                          false,
		"5x,0,0,7":                      false,
		"5x,0,0,a":                      false,
		"5x" + counted(0, 784):          false,
		"x" + counted(2, 784):           false,
		"x" + counted(-1, 784):          false,
		"x,1,2,4":                       false,
		"x,0,1,2,":                      false,
		"x,0.5,1.5":                     false,
		"x,0,1,2,3.5":                   false,
		"cat,5,9":                       false,
		"cat,9":                         false,
		"cat,0,0":                       false,
		"?,1,2":                         false,
		"-,1,2":                         false,
		"-5.x,1,2":                      false,
		"nan,1,2":                       false,
		",1,2":                          false,
		",0":                            false,
		"0":                             false,
		"o" + strings.Repeat(",0", 784): false,
	} {
		if got := isHeader(bytes.Split([]byte(line), []byte(","))); got != want {
			t.Errorf("%.40s: names %t, want %t", line, got, want)
		}
	}
}

// A mistake in the first line of a file without names is an error there, and not a sample less.
func TestCSVFirstLabel(t *testing.T) {
	const wanted = ": expected a label, a whole number from 0 to 255, found "
	pixels := strings.Repeat(",0", 400) + strings.Repeat(",128", 384) + "\n"
	for _, c := range []struct{ text, want string }{
		{"5x" + pixels + "7" + pixels, "line 1, column 1" + wanted + `"5x"` + labelPlace},
		{"five" + pixels + "7" + pixels, "line 1, column 1" + wanted + `"five"` + labelPlace},
		{pixels + "7" + pixels, "line 1, column 1" + wanted + "nothing" + labelPlace},
		{"5x,1,2\n7,8,9\n7,8,9\n", "line 1, column 1" + wanted + `"5x"` + labelPlace},
		{"5x,1\n7,8\n7,8\n", "line 1, column 1" + wanted + `"5x"` + labelPlace},
		{"5,NA,NA,NA\n7,8,9,10\n7,8,9,10\n", `line 1, column 2: expected a number, found "NA"`},
		// Labels that are names are refused, in the first line or, where that counts as names, in the next.
		{"cat,5,9\ndog,3,4\n7,8,9\n", "line 1, column 1" + wanted + `"cat"` + labelPlace},
		{"cat,1,2\ndog,3,4\n7,8,9\n", "line 2, column 1" + wanted + `"dog"` + labelPlace},
		{"cat,1\ndog,1\n7,1\n", "line 2, column 1" + wanted + `"dog"` + labelPlace},
	} {
		_, dir, err := opened(t, map[string]string{"a.csv": c.text}, "", Options{})
		if want := "DIR/a.csv: " + c.want; err == nil || inDIR(err.Error(), dir) != want {
			t.Errorf("%.20q: got  %v\nwant %s", c.text, err, want)
		}
	}
	_, dir, err := opened(t, map[string]string{"a.csv": "5x,2,3\n7,8,9\n7,8,9\n"}, "", Options{Targets: 1})
	if err == nil || inDIR(err.Error(), dir) != `DIR/a.csv: line 1, column 1: expected a number, found "5x"; a header is a line in which most cells are not numbers, or one is label` {
		t.Errorf("with a target: got %v", err)
	}
	// The label is in the column of that name.
	data, _, err := opened(t, map[string]string{"a.csv": "0,1,2,label\n10,20,30,4\n50,60,70,8\n"}, "", Options{})
	if err != nil || data.Train.Len() != 1 || data.Test.Len() != 1 || data.Train.Classes != 9 {
		t.Errorf("got %+v, error %v", data, err)
	}
}
