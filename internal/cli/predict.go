package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"shadegrad/cpu"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/committee"
	"shadegrad/internal/console"
	"shadegrad/internal/flags"
	"shadegrad/internal/predict"
)

const predictUsage = `usage: shadegrad predict -model=FILE[,FILE...] [-o FILE.csv [-proba]] PICTURE|DATA|NUMBERS...

Classifies pictures with a network saved by "shadegrad train -save=FILE", and shows the
input of the network. A picture of the size of the training images is only inverted, if its
ink is dark. From other pictures a network of centred digits, such as MNIST's, gets the
digit, cropped, scaled and centred; several digits side by side are read one by one.

DATA are many samples, with or without labels: a CSV file, an IDX, npy or npz file of
images, a directory of pictures or of a data set, or - for CSV or a picture on standard
input. A network for rows of numbers also takes a row, such as 0.5,-1. Write -- before a row
that begins with a minus sign.
`

// predict is "shadegrad predict". It uses the CPU, which answers before a GPU is open.
func (a *app) predict(args []string) error {
	s, err := a.parse("predict", predictUsage, args)
	if err != nil {
		return err
	}
	switch {
	case s.models == nil:
		return flags.Errorf("predict: want -model=FILE, a network saved by \"shadegrad train -save=FILE\", before the pictures")
	case len(s.Args) == 0:
		return flags.Errorf("predict: want at least one PICTURE, file or directory of DATA, or row of NUMBERS, as 0.5,-1")
	}
	if s.out != "" {
		if err := s.checkOut(); err != nil {
			return err
		}
	}
	members, err := committee.Load(s.models)
	if err != nil {
		return err
	}
	m := members[0].Model
	if m.About.Numbers && m.About.Form.Standardize && m.About.Form.Scale == nil { // saved by an older program
		return fmt.Errorf("%s: the file lacks the figures of the training set by which its inputs were standardised; use \"shadegrad eval\", which reads that set", members[0].Path)
	}
	p := &predict.Predictor{Model: m, Backend: cpu.New(), Out: s.out, All: s.proba, Stdout: a.stdout, Color: a.colorTerminal(), Note: a.note}
	defer p.Backend.Close()
	if len(members) > 1 {
		p.Committee = members
	}
	// An argument that cannot be read does not stop the others.
	var failed []error
	asked := false
	for _, name := range s.Args {
		if !m.About.Numbers && name != "-" && predict.IsRow(name) {
			if !asked {
				asked = true
				failed = append(failed, fmt.Errorf("%s: the network takes pictures of %d×%d or files of such images, not a row of numbers", name, m.Width, m.Height))
			}
			continue
		}
		failed = append(failed, p.Predict(name))
	}
	return errors.Join(append(failed, p.Finish())...)
}

// checkOut returns an error if the file of predictions would replace an input, or a file of something else.
func (s *settings) checkOut() error {
	for _, input := range slices.Concat(s.models, s.Args) {
		if atomicfile.Same(s.out, input) {
			return flags.Errorf("-o=%s: the file is an input; name another file", s.out)
		}
	}
	text, err := os.ReadFile(s.out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return nil
	}
	head, _, _ := strings.Cut(string(text), "\n")
	if err == nil && !strings.Contains(head, ",Label") && !strings.Contains(head, ",Output") && !strings.HasPrefix(string(text), "[\n {\n  \"name\"") {
		err = errors.New("the file exists and does not have predictions; name another file")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.out, atomicfile.Cause(err))
	}
	return nil
}

// colorTerminal reports whether stdout is a terminal and its user wants colour.
func (a *app) colorTerminal() bool {
	return a.env("NO_COLOR") == "" && console.Escapes(a.stdout, a.env)
}
