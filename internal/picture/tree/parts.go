package tree

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A part is the part of a data set in a directory or a table.
type part int

const (
	none part = iota
	train
	validation
	test
)

func (p part) String() string {
	return [...]string{"data", "training data", "validation data", "test data"}[p]
}

// partOf returns the part that a name states, in any case, such as train, trainingSet, val or test_images. A sample is
// a smaller copy of a part.
func partOf(name string) (p part, sample bool) {
	name = strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(name))
	name, sample = strings.CutSuffix(name, "sample")
	for _, end := range []string{"data", "dataset", "set", "images", "imgs", "img", "pictures", "labels"} {
		name = strings.TrimSuffix(name, end)
	}
	switch name {
	case "train", "training", "trn":
		return train, sample
	case "val", "valid", "validation", "validate", "dev", "eval", "evaluation":
		return validation, sample
	case "test", "testing", "tst", "t10k":
		return test, sample
	}
	return none, false
}

// partOf returns the part that the name of a folder in f states. A beginning that all of them share does not count, as in
// seg_train and seg_test.
func (f *folder) partOf(sub *folder) (p part, sample bool) {
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
func (s *finder) parts(root *folder) (map[part]*folder, error) {
	parts := map[part]*folder{}
	var samples []*folder
	classes := slices.ContainsFunc(root.folders, func(f *folder) bool {
		p, _ := root.partOf(f)
		return p == none && len(f.files) > 0
	})
	for _, f := range root.folders {
		switch p, sample := root.partOf(f); {
		case p == none, classes && len(f.folders) == 0:
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
func (set *Set) parts() iter.Seq2[part, *[]Picture] {
	return func(yield func(part, *[]Picture) bool) {
		_ = yield(train, &set.Train) && yield(validation, &set.Validation) && yield(test, &set.Test)
	}
}

// divided reads the parts of a data set.
func (s *finder) divided(root *folder, parts map[part]*folder, set *Set) error {
	if parts[train] == nil && !(s.TestOnly && parts[test] != nil) {
		for _, p := range []part{test, validation} {
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
		if p != train && !s.TestOnly && errors.Is(err, errUnlabelled) {
			s.note("the %d pictures in %s have no labels and were not read", len(f.all()), s.path(f.dir))
			continue
		}
		if err != nil && !(p == train && s.TestOnly) {
			return err
		}
		if failure == nil {
			failure = err
		}
		*to = list
		if p == train {
			for _, class := range Classes(list) {
				s.known[class] = true
			}
		}
	}
	if parts[train] != nil {
		set.From = parts[train].dir
	}
	s.place(set, parts[validation])
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
	tables, twice := map[part]*labels{}, error(nil)
	for _, t := range s.tables(root, nil, root.all()) {
		if other := tables[t.part()]; other != nil && t.part() != none {
			twice = fmt.Errorf("both %s and %s list pictures of the %s; keep one of them", s.path(other.file), s.path(t.file), t.part())
		}
		tables[t.part()] = t
	}
	if tables[train] == nil || len(tables) < 2 || len(root.sole().folders) > 1 {
		var err error
		set.Train, err = s.classes(root, nil, none)
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
		if err != nil && !(p != train && errors.Is(err, errUnlabelled)) {
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
