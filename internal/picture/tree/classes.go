package tree

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"shadegrad/internal/naming"
)

// errUnlabelled reports pictures without labels.
var errUnlabelled = errors.New("fewer than two classes")

// sole returns the innermost folder that holds all pictures of f.
func (f *folder) sole() *folder {
	for len(f.files) == 0 && len(f.folders) == 1 {
		f = f.folders[0]
	}
	return f
}

// around returns the folder, between f and f.sole(), that holds nothing but a folder of a certain name; or nil.
func (f *folder) around(is func(name string) bool) *folder {
	for ; len(f.files) == 0 && len(f.folders) == 1; f = f.folders[0] {
		if is(f.folders[0].name()) {
			return f
		}
	}
	return nil
}

// classes returns the pictures of a part with their classes. A table of labels may lie in the folder, or be one of others.
func (s *finder) classes(f *folder, others []string, p naming.Part) ([]Picture, error) {
	pictures := f.all()
	tables := s.tables(f, others, pictures)
	if len(tables) > 1 {
		tables = slices.DeleteFunc(tables, func(t *labels) bool { return t.part() != p })
		if len(tables) != 1 {
			return nil, fmt.Errorf("several tables list the pictures of %s; keep one of them", s.path(f.dir))
		}
	}
	inner := f.sole()
	switch {
	case s.Label == FileName && s.Known == nil:
		list, ok := fromNames(pictures)
		if !ok {
			return nil, fmt.Errorf("the names of the pictures in %s do not begin with labels, as in 7_0001.png", s.path(f.dir))
		}
		return s.named(list), nil
	case len(tables) == 1 && (len(inner.folders) < 2 || s.Label != "" && s.Known == nil):
		return s.labelled(tables[0])
	case len(inner.folders) >= 2:
		return s.fromFolders(inner, tables)
	}
	if g := f.around(s.isClass); g != nil {
		return s.fromFolders(g, nil)
	}
	list, ok := fromNames(pictures)
	if ok && s.Known != nil && !slices.ContainsFunc(list, func(p Picture) bool { return !s.isClass(p.Class) }) {
		return s.named(list), nil
	}
	if g := f.around(func(string) bool { return s.TestOnly }); g != nil {
		return s.fromFolders(g, nil)
	}
	err := fmt.Errorf("%w: expected a directory of pictures for each class, found all %d in %s", errUnlabelled, len(pictures), s.path(inner.dir))
	if ok {
		return nil, fmt.Errorf("%w; their names begin with one of %d labels, such as %s in %s: -label=%s takes the classes from the names",
			err, len(Classes(list)), list[0].Class, path.Base(list[0].File), FileName)
	}
	return nil, err
}

// isClass reports whether a name is that of a class of the training part or of a network.
func (s *finder) isClass(name string) bool { return s.known[name] || s.Known != nil && s.Known(name) }

// named notes that the labels are from names.
func (s *finder) named(list []Picture) []Picture {
	s.note("labels: from the names of the files, such as %s in %s", list[0].Class, path.Base(list[0].File))
	return list
}

// fromFolders takes the classes from the names of the folders. It returns an error if a table contradicts them.
func (s *finder) fromFolders(f *folder, tables []*labels) ([]Picture, error) {
	var list []Picture
	folders := map[string]string{}
	for _, class := range f.folders {
		if p, _ := partOf(class.name()); p > naming.Train && len(f.folders) > 2 && !s.isClass(class.name()) {
			s.note("%s was not read, because a directory of this name is not a class", s.path(class.dir))
			continue
		}
		for _, file := range class.all() {
			list = append(list, Picture{file, class.name()})
			folders[file] = class.name()
		}
	}
	if n := len(f.files); n > 0 {
		s.note("pictures outside the directories of the classes: %d skipped, such as %s", n, s.path(f.files[0]))
	}
	for _, t := range tables {
		notes := s.notes
		other, err := s.labelled(t)
		s.notes = notes
		pairs := map[[2]string]bool{}
		for _, p := range other {
			pairs[[2]string{folders[p.File], p.Class}] = true
		}
		if err == nil && len(pairs) > len(f.folders) {
			return nil, fmt.Errorf("the directories and %s give the pictures different classes; -label=COLUMN names the column of the table to take, or remove the table", s.path(t.file))
		}
	}
	return list, nil
}

// Classes returns the classes of pictures in natural order.
func Classes(lists ...[]Picture) []string {
	seen := map[string]bool{}
	var names []string
	for _, list := range lists {
		for _, p := range list {
			if !seen[p.Class] {
				seen[p.Class] = true
				names = append(names, p.Class)
			}
		}
	}
	slices.SortFunc(names, naming.Natural)
	return names
}

var (
	index   = regexp.MustCompile(`[-_. (]*[0-9]+\)?$`)
	word    = regexp.MustCompile(`^[^-_. ]+[-_. ]+`)
	numbers = regexp.MustCompile(`[0-9]+`)
)

// fromNames takes the classes from the names of files: the text before the number at the end, or the first word.
// Words that begin all names are dropped. It returns false if this gives less than three pictures for each class, or if
// another number in the names could be the label as well.
func fromNames(files []string) ([]Picture, bool) {
	for _, label := range []func(string) string{
		func(name string) string { return strings.TrimSuffix(name, index.FindString(name)) },
		func(name string) string { return strings.TrimRight(word.FindString(name), "-_. ") },
	} {
		list := make([]Picture, len(files))
		rests := map[string]bool{}
		for i, file := range files {
			name := strings.TrimSuffix(path.Base(file), path.Ext(file))
			list[i] = Picture{file, label(name)}
			rests[strings.TrimPrefix(name, list[i].Class)] = true
		}
		common := word.FindString(list[0].Class)
		for common != "" && !slices.ContainsFunc(list, func(p Picture) bool { return !strings.HasPrefix(p.Class, common) }) {
			for i := range list {
				list[i].Class = strings.TrimPrefix(list[i].Class, common)
			}
			common = word.FindString(list[0].Class)
		}
		if slices.ContainsFunc(list, func(p Picture) bool { return len(numbers.FindAllString(p.Class, -1)) > 1 }) {
			return nil, false
		}
		n := len(Classes(list))
		empty := slices.ContainsFunc(list, func(p Picture) bool { return p.Class == "" })
		if n >= 2 && 3*n <= len(list) && n <= len(rests) && !empty {
			slices.SortStableFunc(list, func(a, b Picture) int { return naming.Natural(a.Class, b.Class) })
			return list, true
		}
	}
	return nil, false
}
