package tree

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"shadegrad/internal/naming"
)

// partOf returns the part that a name states, such as train or test_images. A sample is a smaller copy of a part.
func partOf(name string) (p naming.Part, sample bool) {
	name, sample = strings.CutSuffix(naming.Plain(name), "sample")
	return naming.PartOf(name), sample
}

// partOf returns the part that the name of a folder in f states. A beginning that all of them share does not count, as in
// seg_train and seg_test.
func (f *folder) partOf(sub *folder) (p naming.Part, sample bool) {
	shared := f.folders[0].name()
	for _, other := range f.folders {
		for !strings.HasPrefix(other.name(), shared) {
			shared = shared[:len(shared)-1]
		}
	}
	if len(f.folders) > 1 {
		return partOf(sub.name()[strings.LastIndexAny(shared, "_- ")+1:])
	}
	return partOf(sub.name())
}

// parts returns the folders that are parts, or nil. A folder called train is a class, not a part, if it has pictures and
// so has a folder next to it that is not a part.
func (s *finder) parts(root *folder) (map[naming.Part]*folder, error) {
	parts := map[naming.Part]*folder{}
	var samples []*folder
	classes := slices.ContainsFunc(root.folders, func(f *folder) bool {
		p, _ := root.partOf(f)
		return p == naming.Whole && len(f.files) > 0
	})
	for _, f := range root.folders {
		switch p, sample := root.partOf(f); {
		case p == naming.Whole, classes && len(f.folders) == 0:
		case sample:
			samples = append(samples, f)
		case parts[p] != nil:
			return nil, fmt.Errorf("both %s and %s could hold the %s; keep one of them", parts[p].dir, f.dir, p)
		default:
			parts[p] = f
		}
	}
	for _, f := range samples {
		if p, _ := root.partOf(f); parts[p] == nil {
			parts[p] = f
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return parts, nil
}

// parts returns the pictures of each part.
func (set *Set) parts() iter.Seq2[naming.Part, *[]Picture] {
	return func(yield func(naming.Part, *[]Picture) bool) {
		_ = yield(naming.Train, &set.Train) && yield(naming.Validation, &set.Validation) && yield(naming.Test, &set.Test)
	}
}

// divided reads the parts of a data set.
func (s *finder) divided(root *folder, parts map[naming.Part]*folder, set *Set) error {
	if parts[naming.Train] == nil && !(s.TestOnly && parts[naming.Test] != nil) {
		for _, p := range []naming.Part{naming.Test, naming.Validation} {
			if f := parts[p]; f != nil {
				return fmt.Errorf("%s holds the %s; the training data are missing, expected in train", f.dir, p)
			}
		}
	}
	for _, f := range root.folders {
		if p, _ := root.partOf(f); parts[p] != f {
			s.note("%s was not read", s.path(f.dir))
		}
	}
	var failure error
	for p, to := range set.parts() {
		f := parts[p]
		if f == nil {
			continue
		}
		list, err := s.classes(f, root.tables, p)
		if p != naming.Train && !s.TestOnly && errors.Is(err, errUnlabelled) {
			s.note("the %d pictures in %s have no labels and were not read", len(f.all()), s.path(f.dir))
			continue
		}
		if err != nil && !(p == naming.Train && s.TestOnly) {
			return err
		}
		if failure == nil {
			failure = err
		}
		*to = list
		if p == naming.Train {
			for _, class := range Classes(list) {
				s.known[class] = true
			}
		}
	}
	if parts[naming.Train] != nil {
		set.From = parts[naming.Train].dir
	}
	s.place(set, parts[naming.Validation])
	if len(set.Train)+len(set.Test) == 0 {
		return failure
	}
	return nil
}

// place makes the validation part the test part if the test part is missing.
func (s *finder) place(set *Set, from *folder) {
	if len(set.Test) == 0 && len(set.Validation) > 0 {
		set.Test, set.Validation = set.Validation, nil
		if from != nil {
			s.note("%s is used as the test part", s.path(from.dir))
		}
	} else if len(set.Validation) > 0 && from != nil {
		s.note("%s is the validation part", s.path(from.dir))
	}
}

// whole reads a data set without folders that are parts. Tables of labels may be parts.
func (s *finder) whole(root *folder, set *Set) error {
	tables, twice := map[naming.Part]*labels{}, error(nil)
	for _, t := range s.tables(root, nil, root.all()) {
		if other := tables[t.part()]; other != nil && t.part() != naming.Whole {
			twice = fmt.Errorf("both %s and %s list pictures of the %s; keep one of them", s.path(other.file), s.path(t.file), t.part())
		}
		tables[t.part()] = t
	}
	if tables[naming.Train] == nil || len(tables) < 2 || len(root.sole().folders) > 1 {
		var err error
		set.Train, err = s.classes(root, nil, naming.Whole)
		return err
	}
	if twice != nil {
		return twice
	}
	for p, to := range set.parts() {
		t := tables[p]
		if t == nil {
			continue
		}
		list, err := s.labelled(t)
		if err != nil && !(p != naming.Train && errors.Is(err, errUnlabelled)) {
			return err
		}
		if err != nil {
			s.note("%s has no labels and was not read", s.path(t.file))
		}
		*to = list
	}
	s.place(set, nil)
	return nil
}
