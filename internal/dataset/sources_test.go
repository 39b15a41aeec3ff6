package dataset

import (
	"strings"
	"testing"
)

// TestTableDirectories reads directories with CSV files of which some are not the data.
func TestTableDirectories(t *testing.T) {
	for name, c := range map[string]struct {
		files       map[string]string
		open        string
		train, test int
		note        string
	}{
		"Kaggle": {map[string]string{"train.csv": table4, "test.csv": "1,2,3,4\n", "sample_submission.csv": "ImageId,Label\n1,0\n"}, "", 2, 1,
			"test.csv has no labels and is not read"},
		"Kaggle's train.csv": {map[string]string{"train.csv": table4, "test.csv": "1,2,3,4\n"}, "train.csv", 2, 1, "test.csv has no labels and is not read"},
		"a pair and notes":   {map[string]string{"train.csv": table4, "test.csv": testTable4, "a.csv": "x,y\n"}, "", 3, 1, "label: column 1"},
		"a pair by words": {map[string]string{"mnist_train_100.csv": table4, "mnist_test_10.csv": testTable4}, "", 3, 1,
			"mnist_test_10.csv is the test part of mnist_train_100.csv"},
		"names that differ": {map[string]string{"train.csv": "label,a,b,c,d\n" + table4, "test.csv": "label,p,q,r,s\n1,2,3,4,5\n"}, "", 3, 1,
			"test.csv has other names of columns, which are taken in the same order"},
		"a validation part": {map[string]string{"train.csv": table4, "test.csv": testTable4, "val.csv": testTable4}, "", 3, 1, "val.csv is not read"},
		"UCI":               {map[string]string{"digits.tra": table4, "digits.tes": testTable4}, "digits.tra", 3, 1, "label: column 1"},
	} {
		t.Run(name, func(t *testing.T) {
			data, _, err := opened(t, c.files, c.open, Form{})
			if err != nil {
				t.Fatal(err)
			}
			if data.Train.Len() != c.train || data.Test.Len() != c.test || !strings.Contains(data.Note, c.note) {
				t.Errorf("%d training and %d test samples, note %q", data.Train.Len(), data.Test.Len(), data.Note)
			}
		})
	}
}
