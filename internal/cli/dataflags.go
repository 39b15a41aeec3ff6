package cli

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"shadegrad/internal/dataset"
)

// dataFlags say which data set is read, and what is made of it.
type dataFlags struct {
	path  string
	form  dataset.Form
	typed bool // the form is what the command line asks for, and not that of a file
}

// flags declares -data and the flags of the form.
func (f *dataFlags) flags(fs *flag.FlagSet) {
	dataFlag(fs, &f.path)
	f.formFlags(fs)
}

// formFlags declares the flags of the form.
func (f *dataFlags) formFlags(fs *flag.FlagSet) {
	f.typed = true
	fs.Var(setting[size]{&f.form.Pad, imageSize, showImageSize}, "pad", "put images in the middle of larger ones, `WxH`, such as 29x29")
	fs.Var(setting[int]{&f.form.Limit, whole(1, "1 or more"), showSome}, "limit", "use only the first `N` training samples, or the first of each class where they come class\nby class, once the validation set is put aside")
	fs.Var(setting[columns]{&f.form.Targets, targetColumns, showColumns}, "target-columns",
		"of a CSV file, how many columns are numbers to come near to, for regression: the last\n`N`, or the first ones with first:N (default none: a column is the label)")
	fs.BoolVar(&f.form.Standardize, "standardise", f.form.Standardize, "bring each column of numbers to mean 0 and deviation 1, those of the training set, but\nnot -target-columns")
}

// openSplit reads the data set, with a validation set of so many samples put aside.
func (f *dataFlags) openSplit(validation int, seed uint64) (*dataset.Data, error) {
	d, err := f.form.OpenSplit(f.path, validation, seed)
	return d, f.remedy(err)
}

// remedy adds to an error the flag to change, where one asks for what the data have not.
func (f *dataFlags) remedy(err error) error {
	if !f.typed {
		return err
	}
	var pad *dataset.PadError
	switch {
	case errors.Is(err, dataset.ErrNoTargets):
		return fmt.Errorf("%w: leave -target-columns out, or name a CSV file with -data", err)
	case errors.Is(err, dataset.ErrNoImages):
		return fmt.Errorf("%w: leave -pad out", err)
	case errors.Is(err, dataset.ErrNoNumbers):
		return fmt.Errorf("%w: leave -standardise out", err)
	case errors.As(err, &pad):
		return fmt.Errorf("%w: -pad must be at least %dx%d", err, pad.Images.Width, pad.Images.Height)
	}
	return err
}

func dataFlag(fs *flag.FlagSet, dst *string) {
	fs.StringVar(dst, "data", "", "`PLACE` of the data: mnist (built in, as are the toys xor, halfplane, spiral and moons);\na directory with the four IDX files of a data set, or with CSV files, or with a directory\nof images for each class; or a CSV file; IDX and CSV gzipped or not (default mnist)")
}

type (
	size    = dataset.Size
	columns = dataset.Columns
)

// imageSize reads a width and a height.
func imageSize(s string) (size, error) {
	w, h, found := strings.Cut(s, "x")
	width, err1 := strconv.Atoi(w)
	height, err2 := strconv.Atoi(h)
	if !found || err1 != nil || err2 != nil || min(width, height) < 1 || max(width, height) > mostPixels {
		return size{}, fmt.Errorf("must be a width and a height from 1 to %d, as 29x29", mostPixels)
	}
	return size{Width: width, Height: height}, nil
}

// mostPixels bounds the sides of an image. More would be a slip of the finger.
const mostPixels = 10_000

func showImageSize(s size) string {
	if s == (size{}) {
		return ""
	}
	return fmt.Sprintf("%dx%d", s.Width, s.Height)
}

// targetColumns reads how many columns of a CSV file are targets, and at which end.
func targetColumns(s string) (columns, error) {
	digits, first := strings.CutPrefix(s, "first:")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > mostTargets {
		return columns{}, fmt.Errorf("must be from 1 to %d, or first:N for the first columns", mostTargets)
	}
	return columns{Count: n, First: first}, nil
}

// mostTargets bounds the columns of targets. More would be a slip of the finger.
const mostTargets = 65_535

func showColumns(c columns) string {
	switch {
	case c.Count == 0:
		return ""
	case c.First:
		return fmt.Sprintf("first:%d", c.Count)
	}
	return strconv.Itoa(c.Count)
}
