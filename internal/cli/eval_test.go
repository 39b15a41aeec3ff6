package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
)

// repository returns the path of a file in the repository.
func repository(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEval compares the table with the JSON, and the figures in each.
func TestEval(t *testing.T) {
	p, model := at(t), goodModel(t)
	table := p.run("eval", "-backend=cpu", "-model="+model).is(0, "cpu: ", "; chosen because -backend=cpu asks for it\n").stdout
	var e report.EvalEvent
	out := p.run("eval", "-backend=cpu", "-model="+model, "-json").is(0).stdout
	if strings.Count(out, "\n") != 1 {
		t.Fatalf("want one line, got\n%s", out)
	}
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatal(err)
	}
	if e.Event != "eval" || e.Model != model || e.Data != "MNIST (built in)" || e.Images != 10000 || e.Backend != "cpu" || e.Device == "" {
		t.Errorf("%+v", e)
	}
	hits, total, taken := 0, 0, make([]int, 10)
	for i, row := range e.Confusion {
		sum := 0
		for j, n := range row {
			sum += n
			taken[j] += n
		}
		if sum != e.Classes[i].Images {
			t.Errorf("row %d of the confusion matrix has %d images, the class %d", i, sum, e.Classes[i].Images)
		}
		hits, total = hits+row[i], total+sum
	}
	if total != 10000 || e.Acc == nil || *e.Acc != float64(hits)/10000 || *e.Acc < 0.9 {
		t.Errorf("%d of %d right, accuracy %v", hits, total, *e.Acc)
	}
	wantHead := fmt.Sprintf("%s on MNIST (built in): %d of 10000 test images right, accuracy %.2f%%, loss %.4f\n", model, hits, 100**e.Acc, e.Loss)
	if !strings.HasPrefix(table, wantHead) {
		t.Errorf("the table begins with %q, want %q", strings.SplitN(table, "\n", 2)[0], wantHead)
	}
	rows := tableRows(t, table)
	if len(rows) != 10 {
		t.Fatalf("the table has %d rows:\n%s", len(rows), table)
	}
	for i, row := range rows {
		c := e.Classes[i]
		for j, n := range e.Confusion[i] {
			if row[j] != float64(n) {
				t.Errorf("row %d, column %d: the table has %v, the JSON %d", i, j, row[j], n)
			}
		}
		precision, recall := float64(e.Confusion[i][i])/float64(taken[i]), float64(e.Confusion[i][i])/float64(c.Images)
		if *c.Precision != precision || *c.Recall != recall {
			t.Errorf("class %d: precision %v, recall %v, want %v, %v", i, *c.Precision, *c.Recall, precision, recall)
		}
		if math.Abs(row[10]-100*precision) > 0.005 || math.Abs(row[11]-100*recall) > 0.005 {
			t.Errorf("class %d: the table has %v%% and %v%%, the JSON %v and %v", i, row[10], row[11], precision, recall)
		}
	}
}

// tableRows returns the numbers of the rows of a table of eval, with 0 for a dot.
func tableRows(t testing.TB, table string) (rows [][]float64) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(table))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 13 {
			continue
		}
		if fields[0] != fmt.Sprint(len(rows)) {
			t.Errorf("row %d is called %q", len(rows), fields[0])
		}
		var row []float64
		for _, f := range fields[1:] {
			v, err := strconv.ParseFloat(strings.TrimSuffix(strings.Replace(f, ".", "0.", 1), "%"), 64)
			if strings.HasSuffix(f, "%") {
				v, err = strconv.ParseFloat(strings.TrimSuffix(f, "%"), 64)
			}
			if err != nil {
				t.Errorf("%q: %v", lines.Text(), err)
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestEvalAgrees checks that eval and train report the same figures of a network.
func TestEvalAgrees(t *testing.T) {
	p := at(t)
	train := p.run("train", "-backend=cpu", "-json", "-data="+smallData(t), "-hidden=8", "-epochs=2", "-save=m").is(0)
	done := events(t, train.stdout)[3]
	var e report.EvalEvent
	if err := json.Unmarshal([]byte(p.run("eval", "-backend=cpu", "-json", "-model=m", "-data="+smallData(t)).is(0).stdout), &e); err != nil {
		t.Fatal(err)
	}
	if e.Acc == nil || *e.Acc != done["test_acc"] || e.Loss != done["test_loss"] {
		t.Errorf("eval has accuracy %v and loss %v, train %v and %v", *e.Acc, e.Loss, done["test_acc"], done["test_loss"])
	}
}

// TestEvalUnlabelledTest tests on the samples that training held out if the test file has no labels.
func TestEvalUnlabelledTest(t *testing.T) {
	p, data := at(t), repository(t, "testdata/cases/kaggle")
	trained := p.run("train", "-backend=cpu", "-epochs=1", "-data="+data, "-save=k.st").is(0).stdout
	_, accuracy, _ := strings.Cut(trained, "test accuracy ")
	accuracy, _, _ = strings.Cut(accuracy, ",")
	eval := p.run("eval", "-backend=cpu", "-model=k.st", "-data="+data)
	eval.is(0, "test.csv has no labels and is not read; ", " held out as one\n")
	if !strings.Contains(eval.stdout, " of 76 test images right, accuracy "+accuracy) {
		t.Errorf("training held out a test part with %s; got\n%s", accuracy, eval.stdout)
	}
	p.run("predict", "-model=k.st", data).is(1, "test.csv: no column holds the labels; pass this file to predict, which needs none\n")
}

// TestEvalOtherSize checks that images of another size are refused.
func TestEvalOtherSize(t *testing.T) {
	p := at(t)
	model := smallModel(t, p)
	set := &dataset.Set{Images: make([]byte, 4*6), Labels: make([]byte, 4), Width: 3, Height: 2}
	writeData(t, p.path("tiny"), set, set)
	p.run("eval", "-backend=cpu", "-model="+model, "-data=tiny").is(1,
		model+": the network is for images of 28×28, tiny has images of 3×2; name its data with -data")
}

// TestUndefinedPrecision checks for null, and a dash, if no image was predicted as a class.
func TestUndefinedPrecision(t *testing.T) {
	p := at(t)
	// A rate so low leaves the network as it began.
	model := smallModel(t, p, "-lr=1e-30", "-hidden=")
	out := p.run("eval", "-backend=cpu", "-json", "-model="+model, "-data="+smallData(t)).is(0).stdout
	if !regexp.MustCompile(`"precision":null`).MatchString(out) {
		t.Fatalf("every class was guessed, so this shows nothing: %s", out)
	}
	if table := p.run("eval", "-backend=cpu", "-model="+model, "-data="+smallData(t)).is(0).stdout; !strings.Contains(table, "–  ") {
		t.Errorf("the table has no dash:\n%s", table)
	}
}

// TestTooLargeWeights checks the error for a network with finite weights whose outputs are not finite.
func TestTooLargeWeights(t *testing.T) {
	p := at(t)
	m, err := model.Load(smallModel(t, p))
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range m.Values {
		for i := range values {
			values[i] = 3e38
		}
	}
	file := p.path("large")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"eval", "-backend=cpu", "-model=" + file, "-data=" + smallData(t)},
		{"eval", "-backend=cpu", "-model=" + file, "-data=" + smallData(t), "-json"},
		{"predict", "-model=" + file, repository(t, "testdata/digits/seven.png")},
	} {
		if r := p.run(args...).is(1, " is NaN: the network's weights are too large; train it again\n"); r.stdout != "" {
			t.Errorf("%v: stdout:\n%s", args, r.stdout)
		}
	}
}
