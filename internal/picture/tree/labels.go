package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/naming"
	"shadegrad/internal/picture"
	"shadegrad/internal/table/dialect"
	"shadegrad/internal/unpack"
)

// labels is a table that lists pictures.
type labels struct {
	file     string
	header   []string // or nil
	rows     [][]string
	name     int      // column of the names of pictures
	pictures []string // of the rows; empty for a row that names none
	all      int      // pictures in the directory
}

// isTable reports whether a file can be a table of labels, by its name.
func isTable(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv", ".txt", "":
		return true
	}
	return false
}

// part returns the part that the table's name states.
func (t *labels) part() naming.Part {
	p, _ := partOf(strings.TrimSuffix(path.Base(t.file), path.Ext(t.file)))
	return p
}

// tables returns the tables, in a folder or among others, that list pictures.
func (s *finder) tables(f *folder, others, pictures []string) []*labels {
	files := slices.Concat(f.tables, others)
	if sole := f.sole(); sole != f {
		files = append(files, sole.tables...)
	}
	byName := map[string]string{} // by the last one or two elements of the path; empty if not unique
	for _, file := range pictures {
		for _, key := range keys(file) {
			if _, ok := byName[key]; ok {
				file = ""
			}
			byName[key] = file
		}
	}
	var found []*labels
	for _, file := range files {
		if t := s.readTable(file, byName); t != nil {
			t.all = len(pictures)
			found = append(found, t)
			s.skipped = slices.DeleteFunc(s.skipped, func(name string) bool { return name == file })
		}
	}
	return found
}

// keys returns the last two elements of a path and the last one, in lower case and without the ending of a picture.
func keys(file string) []string {
	file = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(file, `\`, "/")))
	if picture.Named(file) {
		file = strings.TrimSuffix(file, path.Ext(file))
	}
	dir, base := path.Split(file)
	if dir == "" {
		return []string{base}
	}
	return []string{path.Join(path.Base(dir), base), base}
}

// readTable reads a table if at least half of its rows name a picture, and no two rows name the same one.
func (s *finder) readTable(file string, byName map[string]string) *labels {
	const most = 64 << 20
	if info, err := fs.Stat(s.fsys, file); err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return nil
	}
	var lines []dialect.Line
	err := unpack.Lines(s.fsys, file, func(line []byte, number int) error {
		if len(line) > 0 {
			lines = append(lines, dialect.Line{Text: bytes.Clone(line), Number: number})
		}
		return nil
	})
	if err != nil || len(lines) < 2 {
		return nil
	}
	rows, err := dialect.Cells(lines)
	if err != nil {
		return nil
	}
	t := &labels{file: file, rows: rows}
	best := 1
	for c := range rows[0] {
		pictures := make([]string, len(rows))
		distinct := map[string]bool{}
		for i, row := range rows {
			if c >= len(row) {
				continue
			}
			for _, key := range keys(row[c]) {
				if p := byName[key]; p != "" {
					pictures[i] = p
					distinct[p] = true
					break
				}
			}
		}
		if len(distinct) > best && 2*len(distinct) >= len(rows) {
			t.name, t.pictures, best = c, pictures, len(distinct)
		}
	}
	switch {
	case t.pictures == nil:
		return nil
	case t.pictures[0] == "":
		t.header, t.rows, t.pictures = rows[0], rows[1:], t.pictures[1:]
	}
	return t
}

// cell returns a cell of a row without spaces around it, or an empty text.
func cell(row []string, c int) string {
	if c >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[c])
}

// title returns the name of a column, or its number.
func (t *labels) title(c int) string {
	if name := cell(t.header, c); name != "" {
		return name
	}
	return strconv.Itoa(c + 1)
}

// label returns the column of the labels: the chosen one, or the only one that can hold them.
func (s *finder) label(t *labels) (int, error) {
	columns := len(t.rows[0])
	var named, possible []int
	for c := range columns {
		if c == t.name {
			continue
		}
		name := cell(t.header, c)
		if s.Label != "" && (strings.EqualFold(name, s.Label) || s.Label == strconv.Itoa(c+1) || s.Label == "first" && c == 0 || s.Label == "last" && c == columns-1) {
			return c, nil
		}
		if n := t.distinct(c); n >= 2 && 2*n <= len(t.rows) {
			possible = append(possible, c)
			if naming.LabelRank(name) > naming.NoLabel {
				named = append(named, c)
			}
		}
	}
	if s.Label != "" && s.Known == nil {
		return 0, fmt.Errorf("%s: no column %s besides the names of the pictures", s.path(t.file), s.Label)
	}
	if len(named) > 0 {
		possible = named
	}
	// Columns that divide the pictures in the same way, such as the number and the name of a class, are one.
	possible = slices.CompactFunc(possible, func(a, b int) bool { n := t.distinct(a, b); return n == t.distinct(a) && n == t.distinct(b) })
	switch len(possible) {
	case 0:
		return 0, fmt.Errorf("%s lists the pictures, but %w: no column can be the label", s.path(t.file), errUnlabelled)
	case 1:
		return possible[0], nil
	}
	return 0, fmt.Errorf("%s: the columns %s and %s could both be the label; choose one with -label=COLUMN", s.path(t.file), t.title(possible[0]), t.title(possible[1]))
}

// distinct returns the number of different values in columns.
func (t *labels) distinct(columns ...int) int {
	seen := map[string]bool{}
	for _, row := range t.rows {
		value := ""
		for _, c := range columns {
			value += cell(row, c) + "\x00"
		}
		seen[value] = true
	}
	return len(seen)
}

// labelled returns the pictures that a table lists, with their labels.
func (s *finder) labelled(t *labels) ([]Picture, error) {
	c, err := s.label(t)
	if err != nil {
		return nil, err
	}
	var list []Picture
	classes := map[string]string{} // by picture
	missing := 0
	for i, row := range t.rows {
		label, file := strings.TrimSuffix(cell(row, c), ".0"), t.pictures[i]
		earlier, ok := classes[file]
		switch {
		case file == "" || label == "":
			missing++
		case ok && earlier != label:
			return nil, fmt.Errorf("%s: %s has two labels, %s and %s", s.path(t.file), file, earlier, label)
		case !ok:
			classes[file] = label
			list = append(list, Picture{file, label})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: column %s has no labels for the pictures: %w", s.path(t.file), t.title(c), errUnlabelled)
	}
	s.note("labels: column %s of %s, for %d of %d pictures", t.title(c), s.path(t.file), len(list), t.all)
	if missing > 0 {
		s.note("%d rows of %s lack the picture or the label and were omitted", missing, s.path(t.file))
	}
	slices.SortStableFunc(list, func(a, b Picture) int { return naming.Natural(a.Class, b.Class) })
	return list, nil
}
