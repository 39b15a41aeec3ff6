package cli

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/term"

	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const digitsUsage = `usage: shadegrad digits [FLAGS]

Shows the first images of each class of a data set; with -augment, the first of each class
and then what training makes of it, distorted anew in each epoch. With -model, shows what each unit
of a network's first layer looks for: white is what it likes, black what it
does not.
`

// digitsFlags are the settings of "shadegrad digits".
type digitsFlags struct {
	data    dataFlags
	augment mlp.Augment
	seed    uint64
	count   int
	out     string
	model   string
	backend backends.Kind
	threads int
}

func (a *app) digitsFlags(args []string) (*digitsFlags, error) {
	f := &digitsFlags{data: dataFlags{typed: true}, seed: 1, count: 10, backend: backends.CPU}
	fs := flag.NewFlagSet("digits", flag.ContinueOnError)
	dataFlag(fs, &f.data.path)
	fs.Var(setting[size]{&f.data.form.Pad, imageSize, showImageSize}, "pad", "put images in the middle of larger ones, `WxH`, such as 29x29")
	fs.Var(setting[mlp.Augment]{&f.augment, parseAugment, showAugment}, "augment", "distort as \"shadegrad train -augment=`HOW`\" does")
	fs.Var(setting[uint64]{&f.seed, seed, nil}, "seed", "of the distortions, `N`")
	fs.Var(setting[int]{&f.count, countInRow, nil}, "count", "images in a row, `N`")
	fs.StringVar(&f.out, "o", "", "PNG `FILE` to write them to; without it they are shown as text")
	fs.StringVar(&f.model, "model", "", "`FILE` of a network whose first layer to show")
	backendFlag(fs, &f.backend)
	threadsFlag(fs, &f.threads)
	if err := a.parseFlags(fs, digitsUsage, args); err != nil {
		return nil, err
	}
	if err := noMore(fs); err != nil {
		return nil, err
	}
	given := map[string]bool{}
	fs.Visit(func(g *flag.Flag) { given[g.Name] = true })
	for _, name := range []string{"model", "o"} {
		if given[name] && fs.Lookup(name).Value.String() == "" { // as a script writes it whose variable is not set
			return nil, usagef("-%s= needs the name of a file", name)
		}
	}
	if f.model != "" {
		for _, name := range []string{"data", "pad", "augment", "seed", "backend"} {
			if given[name] {
				return nil, usagef("-%s does not go with -model, which shows weights and no images", name)
			}
		}
	}
	return f, nil
}

// digits is "shadegrad digits".
func (a *app) digits(args []string) error {
	f, err := a.digitsFlags(args)
	if err != nil {
		return err
	}
	setThreads(f.threads)
	var s *digit.Sheet
	if f.model != "" {
		s, err = weightSheet(f.model, f.count)
	} else {
		s, err = a.digitSheet(f)
	}
	if err != nil {
		return err
	}
	if f.out == "" {
		return s.Render(a.stdout, a.lineWidth(), a.colorTerminal())
	}
	if err := s.Save(f.out); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "wrote "+report.PrintableName(f.out))
	return nil
}

// mostInRow bounds the images in a row: no picture is looked at that is wider.
const mostInRow = 1000

// countInRow reads how many images a row has.
func countInRow(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > mostInRow {
		return 0, fmt.Errorf("must be from 1 to %d", mostInRow)
	}
	return n, nil
}

// lineWidth returns how many characters a line of stdout has.
func (a *app) lineWidth() int {
	const usual = 80
	if f, ok := a.stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return usual
}

// digitSheet puts the first images of each class in a row, or the first one and what the
// distortion makes of it.
func (a *app) digitSheet(f *digitsFlags) (*digit.Sheet, error) {
	d, err := f.data.openSplit(0, 0)
	if err != nil {
		return nil, err
	}
	if d.Train.Images == nil {
		return nil, fmt.Errorf("%s has rows of numbers, and no images to show", d.Name)
	}
	if d.Train.Classes > mostRows {
		return nil, fmt.Errorf("%s has %d classes; a sheet has at most %d rows", d.Name, d.Train.Classes, mostRows)
	}
	if err := checkCalm(f.augment, d.Train.Classes); err != nil {
		return nil, err
	}
	s := &digit.Sheet{Width: d.Train.Width, Height: d.Train.Height}
	if f.augment.IsZero() {
		for class := range d.Train.Classes {
			if row := firstOfClass(&d.Train, class, f.count); len(row) > 0 {
				s.Rows = append(s.Rows, row)
			}
		}
		return s, nil
	}
	return s, a.distort(s, f, &d.Train)
}

// mostRows bounds the classes of a sheet.
const mostRows = 256

// firstOfClass returns the first images of a class.
func firstOfClass(d *dataset.Set, class, n int) [][]byte {
	var list [][]byte
	for i, label := range d.Labels {
		if int(label) == class && len(list) < n {
			list = append(list, d.Image(i))
		}
	}
	return list
}

// distort fills a sheet with the first image of each class and what becomes of it in one
// epoch after another.
func (a *app) distort(s *digit.Sheet, f *digitsFlags, d *dataset.Set) error {
	some := dataset.Set{Width: d.Width, Height: d.Height, Classes: d.Classes}
	for class := range d.Classes {
		for _, pixels := range firstOfClass(d, class, 1) {
			some.Images, some.Labels = append(some.Images, pixels...), append(some.Labels, byte(class))
			s.Rows = append(s.Rows, [][]byte{pixels})
		}
	}
	choice, err := a.openBackend(a.opener, f.backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	for epoch := range f.count - 1 {
		pixels, err := train.Distorted(choice, f.augment, &some, f.seed, epoch)
		if err != nil {
			return err
		}
		n := some.Features()
		for i := range s.Rows {
			s.Rows[i] = append(s.Rows[i], pixels[i*n:(i+1)*n])
		}
	}
	return nil
}

// weightSheet puts the weights of each unit of a network's first layer where the pixels are that
// they belong to.
func weightSheet(path string, perRow int) (*digit.Sheet, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	if m.Height == 1 {
		return nil, fmt.Errorf("%s: the network is for rows of numbers, and its weights make no images", path)
	}
	s := &digit.Sheet{Width: m.Width, Height: m.Height}
	w, n := m.Values[0], m.Width*m.Height
	for i := 0; i < len(w); i += n {
		if i/n%perRow == 0 {
			s.Rows = append(s.Rows, nil)
		}
		last := len(s.Rows) - 1
		s.Rows[last] = append(s.Rows[last], shades(w[i:i+n]))
	}
	return s, nil
}

// shades draws numbers as greys: 0 in the middle, the largest white or black.
func shades(w []float32) []byte {
	most := float32(0)
	for _, v := range w {
		most = max(most, float32(math.Abs(float64(v))))
	}
	list := make([]byte, len(w))
	for i, v := range w {
		list[i] = 128
		if most > 0 {
			list[i] = byte(math.Round(127.5 + 127.5*float64(v/most)))
		}
	}
	return list
}
