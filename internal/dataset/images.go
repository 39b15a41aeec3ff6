package dataset

import (
	"fmt"
	"path"
	"slices"
	"strconv"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/memory"
	"shadegrad/internal/picture/tree"
)

// maxClasses is the maximum number of classes: a label is a byte.
const maxClasses = 256

// openImages reads a data set from a directory of pictures.
func (p place) openImages() (*Data, error) {
	o := tree.Options{Prefix: p.prefix, Label: p.form.Label, TestOnly: p.testOnly || p.form.Learned != nil}
	if l := p.form.Learned; l != nil {
		o.Known = func(class string) bool {
			_, err := strconv.Atoi(class)
			return slices.Contains(l.Classes, class) || l.Classes == nil && err == nil
		}
	}
	found, err := tree.Find(p.fsys, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, atomicfile.Cause(err))
	}
	train, test := found.Train, found.Test
	classes := tree.Classes(train)
	if p.testOnly && len(test) > 0 && len(train) == 0 {
		classes = tree.Classes(test)
	}
	switch {
	case len(classes) > maxClasses:
		return nil, fmt.Errorf("%s: found %d classes: expected at most %d", p.name, len(classes), maxClasses)
	case len(classes) < 2 && !o.TestOnly:
		return nil, fmt.Errorf("%s: fewer than two classes: all %d pictures in %s are of one", p.name, len(train), found.From)
	}
	labels := map[string]byte{}
	for i, class := range classes {
		labels[class] = byte(i)
	}
	// The labels are those of the training classes, even if another part lacks some.
	for _, picture := range slices.Concat(found.Validation, test) {
		if _, ok := labels[picture.Class]; !ok {
			return nil, fmt.Errorf("%s: %s has the class %s, which no training picture has", p.name, picture.File, picture.Class)
		}
	}
	data := &Data{Name: p.name, ClassNames: classes}
	r := pictureReader{place: p, labels: labels, budget: memory.NewBudget(p.available), size: p.form.Resize}
	if p.testOnly && len(test) > 0 {
		train, found.Validation = nil, nil
	}
	for _, part := range []struct {
		set  *Set
		list []tree.Picture
	}{{&data.Train, train}, {&data.Validation, found.Validation}, {&data.Test, test}} {
		if len(part.list) > 0 {
			if *part.set, err = r.load(part.list); err != nil {
				return nil, err
			}
		}
	}
	if most := data.brightest(); most <= 16 && min(r.size.Width, r.size.Height) >= leastSide {
		return nil, fmt.Errorf("%s: the pictures are almost black: their brightest pixel is %d of 255; scale them first", p.name, most)
	}
	const large = 40_000
	if n := r.size.Width * r.size.Height; n > large && p.form.Learned == nil {
		data.addNote(fmt.Sprintf("pictures of %dx%d make a network of %d inputs, which is slow; -resize=64x64 scales them down", r.size.Width, r.size.Height, n))
	}
	if len(test) == 0 {
		from := p.name
		if found.From != "." {
			from = p.prefix + path.Clean(found.From)
		}
		if err := p.takeTest(data, from); err != nil {
			return nil, err
		}
	}
	for _, note := range slices.Concat(found.Notes, r.notes) {
		data.addNote(note)
	}
	data.countClasses()
	return data, nil
}

// brightest returns the value of the brightest pixel.
func (d *Data) brightest() (most byte) {
	for _, s := range d.sets() {
		most = max(most, slices.Max(s.Images))
	}
	return most
}
