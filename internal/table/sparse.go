package table

import "shadegrad/internal/table/dialect"

// surveySparse adds a sparse row to the evidence. Column 0 is the label, and column i+1 the one with the number i.
func (f *File) surveySparse(line []byte, number int) *dialect.RowError {
	label, err := dialect.EachPair(line, func(column int, _ float32, cell []byte) {
		for len(f.evidence) < column+2 {
			f.evidence = append(f.evidence, newColumn())
		}
		f.zeroBased = f.zeroBased || column == 0
		f.evidence[column+1].add(cell, number)
	})
	if err != nil {
		return err
	}
	if f.Columns = max(1, len(f.evidence)); len(f.evidence) == 0 {
		f.evidence = append(f.evidence, newColumn())
	}
	v, parseErr := f.evidence[0].add(label, number)
	f.track(0).add(canonical(label, v, parseErr), number)
	return nil
}
