package reading

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"shadegrad/internal/sample"
)

// TestCases runs the command on each file of testdata/cases: it must learn the right thing from it, or say why not.
func TestCases(t *testing.T) {
	for i, c := range cases {
		if sample.Skip(i, 6) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			run := caseRun{t, t.TempDir()}
			t.Chdir(run.dir) // a run that diverges writes a file
			if err := c.holds(run); err != nil {
				t.Error(err)
			}
		})
	}
}

// cases lists what must hold for each file. Accuracies are those of careful reading by hand, less a margin.
var cases = []struct {
	name  string
	holds func(caseRun) error
}{
	// Tables.
	{"label last, called target", trains("csv/label_last_called_target_8x8.csv -standardise", want{classes: 10, accuracy: 80})},
	{"label last, no names", trains("csv/label_last_without_names.tra -standardise", want{classes: 10, accuracy: 85, samples: 900})},
	{"label last, called y", trains("csv/label_last_called_y_14x14.csv", want{classes: 10, accuracy: 70, size: "14x14"})},
	{"outcome last", trains("csv/outcome_last.csv -standardise", want{classes: 2, accuracy: 85})},
	{"pen digits", trains("csv/pen_16_columns_label_last.csv -standardise", want{classes: 10, accuracy: 95}, want{refused: `column 17`})},
	{"prices", trains("csv/prices_last_first_column_is_area.csv", want{refused: `(?s)classes.*-target-columns`})},
	{"prices as targets", trains("csv/prices_last_first_column_is_area.csv -target-columns=1 -standardise", want{}, want{refused: `scale the targets`})},
	{"one-hot", trains("csv/one_hot_last_ten_columns.data", want{classes: 10, accuracy: 55}, want{refused: `-onehot=10`})},
	{"one-hot by its flag", trains("csv/one_hot_last_ten_columns.data -onehot=10", want{classes: 10, accuracy: 55})},
	{"names 0, 0.1, 0.2", trains("csv/names_0_0.1_0.2_14x14.csv", want{classes: 10, accuracy: 70, size: "14x14"})},
	{"id column", trains("csv/id_column_first_14x14.csv", want{classes: 10, accuracy: 70, size: "14x14", says: `omitted`})},
	{"test columns in another order", trains("csv/test_columns_in_another_order", want{accuracy: 95}, want{refused: `names`})},
	{"columns of different scale", trains("csv/columns_of_different_scale.csv", want{accuracy: 90}, want{says: `-standardise`})},
	{"pixels 0 and 1", trains("csv/pixels_0_and_1_14x14.csv", want{classes: 10, accuracy: 70, size: "14x14"}, want{says: `brightest pixel`})},
	{"pixels 0 to 16", trains("csv/pixels_0_to_16_8x8.csv", want{classes: 10, accuracy: 80}, want{says: `brightest pixel`})},
	{"whole numbers", func(c caseRun) error {
		return c.trainAndAsk("csv/whole_numbers_5_columns.csv", map[string]string{"3,40,7,20,2": "0"}, 1)
	}},
	{"text labels", func(c caseRun) error {
		return c.trainAndAsk("csv/text_label_last_called_species.csv", map[string]string{"0.49,-0.82,0.38,1.15": "oak"}, 1)
	}},
	{"quoted text labels", func(c caseRun) error {
		return c.trainAndAsk("csv/text_labels_quoted_with_spaces.csv", map[string]string{"0.49,-0.82,0.38,1.15": "kind oak, no. 0"}, 1)
	}},
	{"letter first, no names", trains("csv/letter_first_without_names.data", want{classes: 26, accuracy: 90})},
	{"digit words", trains("csv/digit_words_as_labels_14x14.csv", want{classes: 10, accuracy: 70})},
	{"decimal commas", trains("csv/decimal_commas_semicolons.csv", want{classes: 3, accuracy: 95})},
	{"blank lines", trains("csv/blank_lines_between.csv", want{classes: 3, accuracy: 95})},
	{"trailing commas", trains("csv/trailing_comma_on_every_line.csv", want{classes: 3, accuracy: 95})},
	{"carriage return alone", trains("csv/carriage_return_alone.csv", want{classes: 3, accuracy: 95}, want{refused: `carriage return|line end`})},
	{"missing cells", trains("csv/missing_cells_empty_and_NA.csv", want{accuracy: 90, says: `missing`}, want{refused: `: .*\bmissing\b`})},
	{"string of pixels", trains("csv/label_and_a_string_of_pixels_14x14.csv", want{classes: 10, accuracy: 70}, want{refused: `column 2`})},
	{"svmlight", trains("csv/svmlight_8x8.txt", want{classes: 10, accuracy: 70}, want{refused: `(?i)svmlight format|libsvm`})},

	// Kaggle's files and a pair.
	{"Kaggle's directory", trains("kaggle", want{classes: 10, accuracy: 70, says: `test\.csv`})},
	{"Kaggle's train.csv", trains("kaggle/train.csv", want{classes: 10, accuracy: 70, says: `test\.csv`})},
	{"Kaggle's submission", caseRun.submission},
	{"pair of 100 and 10", trains("pair_train_100_test_10 -preset=mnist-online", want{classes: 10, samples: 100})},

	// IDX files.
	{"EMNIST letters", func(c caseRun) error {
		return c.trainAndAsk("emnist_letters", c.questions("emnist_letters_ask_upright/*"), 14, want{says: `transposed`})
	}},
	{"two splits, no choice", trains("emnist_two_splits_together", want{refused: `emnist-balanced.*emnist-digits`})},
	{"two splits, the prefix", trains("emnist_two_splits_together/emnist-digits", want{classes: 10})},
	{"two splits, a file", trains("emnist_two_splits_together/emnist-digits-train-images-idx3-ubyte.gz", want{classes: 10})},
	{"QMNIST", trains("qmnist_labels_of_8_columns", want{classes: 10, accuracy: 75})},
	{"int32 labels", trains("labels_int32", want{classes: 10, accuracy: 75})},
	{"one level down", trains("one_level_down/MNIST", want{classes: 10, accuracy: 75, says: `raw`})},

	// Directories of pictures.
	{"one folder only", trains("pictures/one_folder_only", want{classes: 10, accuracy: 50}, want{refused: `(?s)class.*names`})},
	{"labels in a CSV file", trains("pictures/labels_in_a_csv", want{classes: 10, accuracy: 50}, want{refused: `labels\.csv`})},
	{"train and val", trains("pictures/train_and_val", want{classes: 10, says: `\bval\b`})},
	{"black on white", func(c caseRun) error {
		return c.trainAndAsk("pictures/black_on_white", c.questions("pictures/black_on_white_ask/*"), 18, want{accuracy: 60})
	}},
	{"black ink on nothing", trains("pictures/black_ink_on_nothing", want{classes: 10, accuracy: 60})},
	{"where in the picture", func(c caseRun) error {
		return c.trainAndAsk("pictures/where_in_the_picture", c.questions("pictures/where_in_the_picture_ask/*"), 11)
	}},
	{"150 of my own", tests("pictures/black_on_white", "pictures/150_of_my_own", 150)},
	{"only 3 and 7", tests("pictures/black_on_white", "pictures/only_3_and_7", 29)},
	{"classes called by words", func(c caseRun) error {
		network := filepath.Join(c.dir, "w.st")
		r := c.train("pictures/classes_called_by_words", "-save="+network)
		return first(r.meets(want{classes: 10}), c.run("eval", "-model="+network, "-backend=cpu").meets(want{refused: `class`}, want{says: `class`}))
	}},
	{"wrapped in a folder", trains("pictures/wrapped_in_a_folder", want{classes: 10})},
	{"folders in the classes", trains("pictures/folders_in_the_classes", want{classes: 10, samples: 48}, want{refused: `writer0`})},
	{"one file is empty", trains("pictures/one_file_is_empty", want{classes: 10, accuracy: 60, says: `empty\.png`})},
	{"sizes differ", trains("pictures/sizes_differ", want{classes: 10, accuracy: 60}, want{refused: `-resize`})},
	{"sizes differ, resized", trains("pictures/sizes_differ -resize=28x28", want{classes: 10, size: "28x28"})},
	{"BMP only", trains("pictures/bmp_only", want{classes: 10})},

	// Pictures for a network of MNIST.
	{"EXIF orientations", asks("ask/*_exif_*", 8)},
	{"BMP and WebP", func(c caseRun) error {
		return c.ask(digitsModel(c.t), map[string]string{casesDir + "ask/seven.bmp": "7", casesDir + "ask/seven.webp": "7"}, 2)
	}},
	{"HEIC", func(c caseRun) error {
		return c.run("predict", "-model="+digitsModel(c.t), casesDir+"ask/seven_an_iphones.heic").meets(want{refused: `HEIC.*JPEG`})
	}},
	{"several digits", func(c caseRun) error {
		return first(c.run("predict", "-model="+digitsModel(c.t), casesDir+"ask/2_digits_42.png").meets(want{prints: `2 digits: 4 2`}, want{refused: `2 digits`}),
			c.run("predict", "-model="+digitsModel(c.t), casesDir+"ask/3_digits_729.png").meets(want{prints: `3 digits: 7 2 9`}, want{refused: `3 digits`}))
	}},
	{"in a box", asks("ask/in_a_box/*", 18)},
	{"underlined", asks("ask/underlined/*", 18)},

	// Containers.
	{"npz", trains("containers/mnist.npz", want{classes: 10, accuracy: 70}, want{refused: `\.npz: .*npz`})},
	{"Parquet", trains("containers/train-00000-of-00001.parquet", want{classes: 10, accuracy: 70}, want{refused: `Parquet`})},
	{"HDF5", trains("containers/mnist.h5", want{refused: `HDF5`})},
	{"MAT", trains("containers/mnist.mat", want{refused: `MATLAB|MAT-file`})},
	{"pickle", trains("containers/mnist.pkl.gz", want{refused: `(?i)pickle`})},
	{"bzip2", trains("containers/mnist_train.csv.bz2", want{classes: 10}, want{refused: `\.bz2: .*bz`})},
	{"xz", trains("containers/mnist_train.csv.xz", want{refused: `\.xz: .*xz`})},
	{"tar", trains("containers/mnist_train.csv.tar.gz", want{refused: `\.gz: .*\btar\b`})},

	// Command lines.
	{"a fraction for -validation", trains("csv/pixels_0_to_16_8x8.csv -validation=0.1", want{classes: 10}, want{wrong: `whole number`})},
	{"-epochs=1e1", trains("csv/pixels_0_to_16_8x8.csv -epochs=1e1", want{classes: 10}, want{wrong: `whole number`})},
	{"-limit=1k", trains("csv/pixels_0_to_16_8x8.csv -limit=1k", want{classes: 10}, want{wrong: `whole number`})},
	{"tilde", func(c caseRun) error {
		c.t.Setenv("HOME", c.dir)
		put(c.t, filepath.Join(c.dir, "x.csv"), contents(c.t, casesDir+"csv/pixels_0_to_16_8x8.csv"))
		return c.run("train", "-backend=cpu", "-epochs=1", "-json", "-data=~/x.csv").meets(want{classes: 10})
	}},
	{"a network for -resume", func(c caseRun) error {
		return c.run("train", "-resume="+digitsModel(c.t)).meets(want{refused: `a network, not a checkpoint`})
	}},
	{"-save over the data", func(c caseRun) error {
		data := filepath.Join(c.dir, "x.csv")
		put(c.t, data, contents(c.t, casesDir+"csv/pixels_0_to_16_8x8.csv"))
		return c.run("train", "-backend=cpu", "-data="+data, "-save="+data, "-force").meets(want{refused: `x\.csv`}, want{wrong: `x\.csv`})
	}},
	{"-save over notes", func(c caseRun) error {
		notes := filepath.Join(c.dir, "notes.txt")
		put(c.t, notes, []byte("keep me"))
		return first(c.train("csv/pixels_0_to_16_8x8.csv", "-save="+notes).meets(want{refused: `notes\.txt.*-force`}, want{wrong: `notes\.txt.*-force`}),
			c.train("csv/pixels_0_to_16_8x8.csv", "-save="+notes, "-force").meets(want{classes: 10}))
	}},
	{"a picture for rows", func(c caseRun) error {
		network := filepath.Join(c.dir, "u.st")
		r := c.train("csv/outcome_last.csv", "-standardise", "-save="+network)
		return first(r.meets(want{}), c.run("predict", "-model="+network, casesDir+"../digits/seven.png").meets(want{refused: `rows of 3`}))
	}},
}

// casesDir is the absolute path of testdata/cases, with a separator.
var casesDir = func() string {
	dir, err := filepath.Abs("../../../testdata/cases")
	if err != nil {
		panic(err)
	}
	return dir + string(filepath.Separator)
}()

// A want is one acceptable outcome. Zero fields are not checked.
type want struct {
	classes, samples int
	accuracy         float64 // percent
	size             string  // of an image, WIDTHxHEIGHT
	says             string  // pattern on stderr
	prints           string  // pattern on stdout
	refused          string  // pattern on the last lines of stderr, with exit status 1
	wrong            string  // the same with exit status 2
}

// A caseRun runs commands in a directory for their output.
type caseRun struct {
	t   *testing.T
	dir string
}

// run runs a command in this process.
func (c caseRun) run(args ...string) caseResult {
	c.t.Helper()
	return caseResult{run(c.t, args...)}
}

// train trains on a file of testdata/cases.
func (c caseRun) train(data string, flags ...string) caseResult {
	args := append([]string{"train", "-backend=cpu", "-epochs=20", "-seed=1", "-json", "-data=" + casesDir + data}, flags...)
	return c.run(args...)
}

// A caseResult is the outcome of a command.
type caseResult struct{ result }

// meets returns an error unless the outcome is one of wants.
func (r caseResult) meets(wants ...want) error {
	var errs []string
	for _, w := range wants {
		err := r.meet(w)
		if err == nil {
			return nil
		}
		errs = append(errs, err.Error())
	}
	return fmt.Errorf("%s: %s\nstatus %d, stderr:\n%s", r.command, strings.Join(errs, "; nor: "), r.status, r.stderr)
}

func (r caseResult) meet(w want) error {
	status, pattern := 0, w.says
	switch {
	case w.refused != "":
		status, pattern = 1, w.refused
	case w.wrong != "":
		status, pattern = 2, w.wrong
	}
	if r.status != status {
		return fmt.Errorf("exit status %d, want %d", r.status, status)
	}
	if !regexp.MustCompile(pattern).MatchString(r.stderr) {
		return fmt.Errorf("stderr does not match %q", pattern)
	}
	if !regexp.MustCompile(w.prints).MatchString(r.stdout) {
		return fmt.Errorf("stdout does not match %q:\n%s", w.prints, r.stdout)
	}
	if status != 0 || w.classes == 0 && w.samples == 0 && w.accuracy == 0 && w.size == "" {
		return nil
	}
	var run struct {
		Classes, Width, Height int
		Train                  int     `json:"train_images"`
		Accuracy               float64 `json:"test_acc"`
	}
	for line := range strings.Lines(r.stdout) {
		if err := json.Unmarshal([]byte(line), &run); err != nil {
			return err
		}
	}
	size := fmt.Sprintf("%dx%d", run.Width, run.Height)
	switch {
	case w.classes > 0 && run.Classes != w.classes:
		return fmt.Errorf("%d classes, want %d", run.Classes, w.classes)
	case w.samples > 0 && run.Train != w.samples:
		return fmt.Errorf("%d training samples, want %d", run.Train, w.samples)
	case w.size != "" && size != w.size:
		return fmt.Errorf("samples of %s, want images of %s", size, w.size)
	case 100*run.Accuracy < w.accuracy:
		return fmt.Errorf("accuracy %.1f%%, want %v%%", 100*run.Accuracy, w.accuracy)
	}
	return nil
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// trains is a case that trains on a file, with flags after it.
func trains(command string, wants ...want) func(caseRun) error {
	args := strings.Fields(command)
	return func(c caseRun) error { return c.train(args[0], args[1:]...).meets(wants...) }
}

// asks is a case that asks a network of MNIST about pictures; enough of the answers must be right.
func asks(pattern string, enough int) func(caseRun) error {
	return func(c caseRun) error { return c.ask(digitsModel(c.t), c.questions(pattern), enough) }
}

// tests is a case that tests the network of a directory on all samples of another one.
func tests(trained, data string, samples int) func(caseRun) error {
	return func(c caseRun) error {
		network := filepath.Join(c.dir, "m.st")
		if err := c.train(trained, "-save="+network).meets(want{}); err != nil {
			return err
		}
		r := c.run("eval", "-backend=cpu", "-json", "-model="+network, "-data="+casesDir+data)
		return r.meets(want{prints: fmt.Sprintf(`"test_images":%d,`, samples)})
	}
}

// questions returns pictures and their classes, with which their names begin.
func (c caseRun) questions(pattern string) map[string]string {
	names, err := filepath.Glob(casesDir + pattern)
	if err != nil || len(names) == 0 {
		c.t.Fatalf("%s: no pictures (%v)", pattern, err)
	}
	list := map[string]string{}
	for _, name := range names {
		list[name], _, _ = strings.Cut(filepath.Base(name), "_")
	}
	return list
}

// answer matches the class in an answer of predict.
var answer = regexp.MustCompile(`(?m)(?:it is (?:an? )?|class )(.*?)(?:: | \(|$)`)

// ask asks a network about pictures or rows, of known classes; enough of the answers must be right. A letter may be
// answered with both its cases.
func (c caseRun) ask(network string, questions map[string]string, enough int) error {
	right, wrong := 0, ""
	for question, class := range questions {
		r := c.run("predict", "-model="+network, question)
		m := answer.FindStringSubmatch(r.stdout)
		if r.status == 0 && m != nil && (m[1] == class || m[1] == class+strings.ToLower(class)) {
			right++
			continue
		}
		wrong += "\n" + question + ": " + r.stderr
		if m != nil {
			wrong += m[0]
		}
	}
	if right < enough {
		return fmt.Errorf("%d right of %d, want %d%s", right, len(questions), enough, wrong)
	}
	return nil
}

// trainAndAsk trains on a file and asks the network.
func (c caseRun) trainAndAsk(data string, questions map[string]string, enough int, wants ...want) error {
	network := filepath.Join(c.dir, "m.st")
	return first(c.train(data, "-save="+network).meets(append(wants, want{})[0]), c.ask(network, questions, enough))
}

// submission predicts the classes of Kaggle's test file as a CSV file.
func (c caseRun) submission() error {
	network, file := filepath.Join(c.dir, "k.st"), filepath.Join(c.dir, "submission.csv")
	if err := first(c.train("kaggle/train.csv", "-save="+network).meets(want{}),
		c.run("predict", "-model="+network, "-o", file, casesDir+"kaggle/test.csv").meets(want{})); err != nil {
		return err
	}
	got, err := csv.NewReader(strings.NewReader(string(contents(c.t, file)))).ReadAll()
	answers, _ := csv.NewReader(strings.NewReader(string(contents(c.t, casesDir+"kaggle_answers.csv")))).ReadAll()
	if err != nil || len(got) != len(answers) {
		return fmt.Errorf("%d lines (error %v), want %d", len(got), err, len(answers))
	}
	right := 0
	for i := range got[1:] {
		if got[1+i][0] == answers[1+i][0] && got[1+i][1] == answers[1+i][1] {
			right++
		}
	}
	if n := len(answers) - 1; 100*right < 70*n {
		return fmt.Errorf("%d of %d are right", right, n)
	}
	return nil
}

// digitsModel returns a network of MNIST that is as good as that of the default command.
func digitsModel(t *testing.T) string {
	t.Helper()
	path := filepath.Join(shared, "digits.safetensors")
	trainDigits.Do(func() {
		if r := run(t, "train", "-backend=cpu", "-epochs=3", "-save="+path); r.status != 0 {
			t.Error(r.stderr)
		}
	})
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

var trainDigits sync.Once
