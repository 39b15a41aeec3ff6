package compute

import (
	"errors"
	"fmt"
	"math"
)

// checkOp applies the rules that all ops share, then the op's own.
func checkOp(op Op, owns func(Buffer, Element) bool) error {
	if op == nil {
		return errors.New("no op")
	}
	operands := op.Operands()
	for _, o := range operands {
		if err := checkMat(o.Mat); err != nil {
			return fmt.Errorf("%s %w", o.Name, err)
		}
		if !owns(o.Mat.Buf, Float32) {
			return fmt.Errorf("%s %s is not a matrix of %s of this backend, or was freed", o.Name, o.Mat, Float32)
		}
	}
	for _, in := range inputs(op) {
		if in.buf != nil && !owns(in.buf, in.element) {
			return fmt.Errorf("%s is not a buffer of %s of this backend, or was freed", in.name, in.element)
		}
	}
	if err := op.check(); err != nil {
		return err
	}
	return checkOverlap(op, operands)
}

// An input is a buffer, of bytes or row numbers, that an op only reads.
type input struct {
	name    string
	buf     Buffer
	element Element
}

func inputs(op Op) []input {
	switch o := op.(type) {
	case Gather:
		return []input{{"Src", o.Src.Buf, Byte}, {"Index", o.Index.Buf, RowNumber}}
	case Take:
		return []input{{"Index", o.Index.Buf, RowNumber}}
	case Loss:
		return []input{{"Labels", o.Labels.Buf, Byte}, {"Index", o.Index.Buf, RowNumber}}
	case Warp:
		return []input{{"Src", o.Src.Buf, Byte}, {"Labels", o.Labels.Buf, Byte}, {"Index", o.Index.Buf, RowNumber}}
	}
	return nil
}

// Data returns what an op reads beside its operands: its bytes, and the index by which it
// visits the rows of its data set, of which there are as many as rows. Where it reads nothing
// of the kind, they are none.
func Data(op Op) (data []Bytes, index Index, rows int) {
	switch o := op.(type) {
	case Gather:
		return []Bytes{o.Src}, o.Index, o.Src.Rows
	case Take:
		return nil, o.Index, o.Src.Rows
	case Loss:
		if o.Targets.IsZero() {
			return []Bytes{o.Labels}, o.Index, o.Labels.Rows
		}
	case Warp:
		data = []Bytes{o.Src}
		if o.Labels.Buf != nil {
			data = append(data, o.Labels)
		}
		return data, o.Index, o.Src.Rows
	}
	return nil, Index{}, 0
}

func checkMat(m Mat) error {
	switch {
	case m.Rows <= 0 || m.Cols <= 0:
		return fmt.Errorf("is %s: both must be positive", m)
	case m.Rows > math.MaxInt32/m.Cols:
		return fmt.Errorf("is %s: more than %d elements", m, math.MaxInt32)
	case m.Off < 0 || m.Off > m.Buf.Elems()-m.Len():
		return fmt.Errorf("is %s at offset %d, outside its buffer of %d elements", m, m.Off, m.Buf.Elems())
	}
	return nil
}

// checkOverlap refuses an op that writes memory which another of its operands
// uses, unless both are the same view and the op works element by element.
func checkOverlap(op Op, operands []Operand) error {
	for i, w := range operands {
		if w.Mode == In {
			continue
		}
		for j, o := range operands {
			if i == j || w.Mat.Buf != o.Mat.Buf ||
				w.Mat.Off >= o.Mat.Off+o.Mat.Len() || o.Mat.Off >= w.Mat.Off+w.Mat.Len() {
				continue
			}
			if w.Mat == o.Mat && inPlace(op, w.Name, o.Name) {
				continue
			}
			return fmt.Errorf("%s and %s share memory", w.Name, o.Name)
		}
	}
	return nil
}

// inPlace tells whether an op's doc comment lets operand dst be operand src.
func inPlace(op Op, dst, src string) bool {
	switch op.(type) {
	case Activate, Dropout:
		return dst == "Dst" && src == "Src"
	case Delta:
		return dst == "Dst" && src == "Back"
	case Loss:
		return dst == "Delta" && src == "Z"
	}
	return false
}

func (o Gather) check() error {
	if err := need(present(Operand{"Dst", o.Dst, Out}), "Dst"); err != nil {
		return err
	}
	if err := checkBytes("Src", o.Src); err != nil {
		return err
	}
	if o.Src.Cols != o.Dst.Cols {
		return fmt.Errorf("Dst %s and Src %s differ in columns", o.Dst, o.Src)
	}
	return checkIndex(o.Index, o.Src.Rows)
}

func (o Take) check() error {
	if err := need(o.Operands(), "Dst", "Src"); err != nil {
		return err
	}
	if o.Src.Cols != o.Dst.Cols {
		return fmt.Errorf("Dst %s and Src %s differ in columns", o.Dst, o.Src)
	}
	return checkIndex(o.Index, o.Src.Rows)
}

func (o MatMul) check() error {
	if err := need(o.Operands(), "Dst", "A", "B"); err != nil {
		return err
	}
	m, k := o.A.Rows, o.A.Cols
	if o.TransA {
		m, k = k, m
	}
	kb, n := o.B.Rows, o.B.Cols
	if o.TransB {
		kb, n = n, kb
	}
	if k != kb || o.Dst.Rows != m || o.Dst.Cols != n {
		return fmt.Errorf("Dst %s is not the product of A %s%s and B %s%s",
			o.Dst, o.A, transposed(o.TransA), o.B, transposed(o.TransB))
	}
	return nil
}

func transposed(t bool) string {
	if t {
		return "ᵀ"
	}
	return ""
}

func (o Activate) check() error {
	if err := need(o.Operands(), "Dst", "Src"); err != nil {
		return err
	}
	if err := checkActivation(o.F); err != nil {
		return err
	}
	if err := same("Dst", o.Dst, "Src", o.Src); err != nil {
		return err
	}
	return checkBias(o.Bias, o.Dst.Cols)
}

func (o Delta) check() error {
	if err := need(o.Operands(), "Dst", "Back", "Y"); err != nil {
		return err
	}
	if err := checkActivation(o.F); err != nil {
		return err
	}
	if o.F == Softmax {
		return errors.New("softmax has no derivative of one element; use op loss")
	}
	if err := same("Dst", o.Dst, "Back", o.Back); err != nil {
		return err
	}
	return same("Dst", o.Dst, "Y", o.Y)
}

func (o Loss) check() error {
	if err := need(o.Operands(), "Stats", "Z"); err != nil {
		return err
	}
	if err := checkActivation(o.F); err != nil {
		return err
	}
	switch {
	case o.Kind != CrossEntropy && o.Kind != SquaredError:
		return fmt.Errorf("unknown kind %s", o.Kind)
	case o.Kind == CrossEntropy && o.F != Softmax && o.F != Sigmoid:
		return fmt.Errorf("cross-entropy needs softmax or sigmoid outputs, not %s", o.F)
	case o.Stats.Cols != 2:
		return fmt.Errorf("Stats %s must have 2 columns, loss and hit", o.Stats)
	}
	if !o.Delta.IsZero() {
		if err := same("Delta", o.Delta, "Z", o.Z); err != nil {
			return err
		}
	}
	if err := checkBias(o.Bias, o.Z.Cols); err != nil {
		return err
	}
	return o.checkTargets()
}

// checkTargets tells whether there are targets, of one kind.
func (o Loss) checkTargets() error {
	if o.Targets.IsZero() {
		if o.Labels.Buf != nil && o.Labels.Cols != 1 {
			return fmt.Errorf("Labels %s must have 1 column", o.Labels)
		}
		if err := checkBytes("Labels", o.Labels); err != nil {
			return err
		}
		return checkIndex(o.Index, o.Labels.Rows)
	}
	if o.Labels.Buf != nil || !o.Index.IsZero() {
		return errors.New("there are Targets, and Labels or an Index as well")
	}
	return same("Targets", o.Targets, "Z", o.Z)
}

func (o ColumnSum) check() error {
	if err := need(o.Operands(), "Dst", "Src"); err != nil {
		return err
	}
	if o.Dst.Rows != 1 || o.Dst.Cols != o.Src.Cols {
		return fmt.Errorf("Dst %s must be 1×%d, one sum for each column of Src %s", o.Dst, o.Src.Cols, o.Src)
	}
	return nil
}

func (o Fill) check() error { return need(o.Operands(), "Dst") }

// need tells which of the named operands is missing.
func need(operands []Operand, names ...string) error {
	for _, name := range names {
		found := false
		for _, o := range operands {
			found = found || o.Name == name
		}
		if !found {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

func same(an string, a Mat, bn string, b Mat) error {
	if a.Rows != b.Rows || a.Cols != b.Cols {
		return fmt.Errorf("%s %s and %s %s differ in shape", an, a, bn, b)
	}
	return nil
}

func checkBias(b Mat, cols int) error {
	if b.IsZero() || b.Rows == 1 && b.Cols == cols {
		return nil
	}
	return fmt.Errorf("Bias %s must be 1×%d", b, cols)
}

func checkActivation(f Activation) error {
	if f < Identity || int(f) >= len(activationNames) {
		return fmt.Errorf("unknown %s", f)
	}
	return nil
}

func checkBytes(name string, b Bytes) error {
	switch {
	case b.Buf == nil:
		return fmt.Errorf("%s is missing", name)
	case b.Rows <= 0 || b.Cols <= 0:
		return fmt.Errorf("%s is %s: both must be positive", name, b)
	case b.Rows > b.Buf.Elems()/b.Cols:
		return fmt.Errorf("%s %s is larger than its buffer of %d bytes", name, b, b.Buf.Elems())
	}
	return nil
}

func checkIndex(x Index, rows int) error {
	switch {
	case x.IsZero():
		return nil
	case x.Len <= 0 || x.Len > x.Buf.Elems():
		return fmt.Errorf("Index of %d entries does not fit its buffer of %d", x.Len, x.Buf.Elems())
	case x.Limit <= 0 || x.Limit > rows:
		return fmt.Errorf("Index holds rows below %d, but there are %d", x.Limit, rows)
	}
	return nil
}
