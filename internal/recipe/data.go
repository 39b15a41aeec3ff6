package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
)

// dataFlags returns the rows of the data set and its form.
func (r *Recipe) dataFlags() []*flags.Flag {
	return []*flags.Flag{
		{Name: "data", Topic: topicData, Commands: commands + " digits eval verify doctor", Arg: "PATH", Value: flags.Path(&r.Path, "a file or a directory"),
			Help: "data set: mnist, xor, halfplane, spiral or moons (built in); a directory with IDX, CSV or npy files, " +
				"or with a directory of pictures per class; a CSV, npz or zip file; or a prefix of file names; IDX and CSV gzipped or not", Default: "mnist"},
		{Name: "test-data", Topic: topicData, Commands: commands + " doctor", Arg: "PATH", Value: flags.Path(&r.Form.TestData, "a file or a directory"),
			Help: "file or directory of the test samples, needed only if their name does not show it", Default: "the test part of -data, or a fifth of it"},
		{Name: "pixels", Topic: topicData, Arg: "FROM..TO", Value: flags.Of(&r.pixels, chosen(pixelSpan)), Default: "0..1",
			Help: "inputs of the network for black and white pixels"},
		{Name: "pad", Topic: topicData, Commands: commands + " digits doctor", Arg: "WxH", Value: flags.Var(&r.Form.Pad, imageSize, showImageSize),
			Help: "centre images in larger ones, such as 29x29"},
		{Name: "resize", Topic: topicData, Commands: commands + " digits doctor", Arg: "WxH", Value: flags.Var(&r.Form.Resize, imageSize, showImageSize),
			Help: "scale images to one size, such as 28x28; keep the proportions and fill the rest like the border"},
		{Name: "limit", Topic: topicData, Commands: commands + " doctor", Arg: "N", Value: flags.Optional(&r.Form.Limit, AtLeast(1)),
			Help: "use only the first N training samples, or the first of each class if they are sorted by class; the validation set is held out before"},
		{Name: "target-columns", Topic: topicData, Commands: commands + " doctor", Arg: "N", Value: flags.Var(&r.Form.Targets, targetColumns, showColumns),
			Help: "for regression: the last N columns of a CSV file are numeric targets, or with first:N the first ones", Default: "none: a column is the label"},
		{Name: "label", Topic: topicData, Commands: commands + " doctor", Arg: "COLUMN", Value: flags.Of(&r.Form.Label, nonEmpty),
			Help: "label column of a table: a name, a number, first or last", Default: "found by its name or its values"},
		{Name: "onehot", Topic: topicData, Commands: commands + " doctor", Arg: "N", Value: flags.Optional(&r.Form.OneHot, Between(2, 256)),
			Help: "one-hot label: the first or the last N columns of a table, of which one is 1 in each row"},
		{Name: "ignore", Topic: topicData, Commands: commands + " doctor", Arg: "COLUMNS", Value: flags.Of(&r.Form.Ignore, nonEmpty),
			Help: "omit columns of a table, by name or number, separated by commas"},
		{Name: "standardise", Topic: topicData, Commands: commands + " doctor", Value: flags.Switch(&r.Form.Standardize),
			Help: "scale each column of numbers, except targets, to mean 0 and deviation 1 of the training set"},
	}
}

// Open reads the data set and holds out its validation set.
func (r *Recipe) Open() (*dataset.Data, error) {
	d, err := r.Form.OpenSplit(r.Path, r.holdOut, r.Seed)
	return d, r.opened(d, err)
}

// Prepare prepares samples that do not come from a file as Open does.
func (r *Recipe) Prepare(d *dataset.Data) error {
	return r.opened(d, r.Form.Prepare(d, r.holdOut, r.Seed))
}

// opened completes the recipe after the data set was read, or adds the remedy to the error.
func (r *Recipe) opened(d *dataset.Data, err error) error {
	switch {
	case err != nil && r.Stored:
		return err
	case err != nil:
		return withRemedy(err)
	case r.holdOut >= 0:
		r.holdOut = float64(d.Validation.Len()) // the number, if a fraction was given
	}
	return nil
}

// withRemedy adds the flag to change to an error of data that do not suit their form.
func withRemedy(err error) error {
	var pad *dataset.PadError
	var size *dataset.SizeError
	var question *dataset.Question
	switch {
	case errors.As(err, &question):
		return fmt.Errorf("%w; %s", err, answers(question))
	case errors.Is(err, dataset.ErrNoTargets):
		return fmt.Errorf("%w; omit -target-columns, or name a CSV file with -data", err)
	case errors.Is(err, dataset.ErrNoImages):
		return fmt.Errorf("%w; omit -pad or -resize", err)
	case errors.Is(err, dataset.ErrHeldOut):
		return fmt.Errorf("%w; omit -validation", err)
	case errors.Is(err, dataset.ErrNoNumbers):
		return fmt.Errorf("%w; omit -standardise", err)
	case errors.As(err, &size):
		return fmt.Errorf("%w; -resize=%dx%d scales all to one size", err, size.Want.Width, size.Want.Height)
	case errors.As(err, &pad):
		return fmt.Errorf("%w; -pad must be at least %dx%d", err, pad.Images.Width, pad.Images.Height)
	}
	return err
}

// answers lists the flags that resolve a question.
func answers(q *dataset.Question) string {
	var list []string
	for _, setting := range q.Settings {
		switch setting {
		case dataset.AskLabel:
			list = append(list, "-label=COLUMN names it")
		case dataset.AskIgnore:
			list = append(list, "-ignore="+cmp.Or(q.Column, "COLUMN")+" omits the column")
		case dataset.AskOneHot:
			list = append(list, "-onehot="+cmp.Or(q.Column, "N")+" takes the columns of which one is 1 in each row")
		case dataset.AskTargets:
			list = append(list, "-target-columns=1 learns the last column as a number")
		}
	}
	return strings.Join(list, ", ")
}

// nonEmpty parses a text that is not empty.
func nonEmpty(s string) (string, error) {
	if s == "" {
		return "", flags.Want("a column")
	}
	return s, nil
}

// AtLeast returns a parser of whole numbers from a least value.
func AtLeast(least int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := whole(s)
		if err == nil && n < least {
			err = flags.Want(fmt.Sprintf("%d or more", least))
		}
		return n, err
	}
}

// Between returns a parser of whole numbers in a range.
func Between(least, most int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := whole(s)
		if err != nil || n < least || n > most {
			return 0, flags.Want(fmt.Sprintf("a number from %d to %d", least, most))
		}
		return n, nil
	}
}

// maxSide bounds the sides of an image. A larger one is a typing error.
const maxSide = 10_000

// imageSize parses a width and a height.
func imageSize(s string) (dataset.Size, error) {
	w, h, found := strings.Cut(s, "x")
	side := Between(1, maxSide)
	width, err1 := side(w)
	height, err2 := side(h)
	if !found || err1 != nil || err2 != nil {
		return dataset.Size{}, flags.Want(fmt.Sprintf("a width and a height from 1 to %d, as 29x29", maxSide))
	}
	return dataset.Size{Width: width, Height: height}, nil
}

func showImageSize(s dataset.Size) string {
	if s == (dataset.Size{}) {
		return ""
	}
	return fmt.Sprintf("%dx%d", s.Width, s.Height)
}

// maxTargets bounds the columns of targets. More is a typing error.
const maxTargets = 65_535

// targetColumns parses the number of target columns and their side.
func targetColumns(s string) (dataset.Columns, error) {
	digits, first := strings.CutPrefix(s, "first:")
	n, err := Between(1, maxTargets)(digits)
	if err != nil {
		return dataset.Columns{}, flags.Want(fmt.Sprintf("a number from 1 to %d, or first:N for the first columns", maxTargets))
	}
	return dataset.Columns{Count: n, First: first}, nil
}

func showColumns(c dataset.Columns) string {
	switch {
	case c.Count == 0:
		return ""
	case c.First:
		return fmt.Sprintf("first:%d", c.Count)
	}
	return strconv.Itoa(c.Count)
}
