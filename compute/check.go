package compute

import (
	"errors"
	"fmt"
	"math"
	"reflect"
)

// checkOp checks the rules that all ops share, then those of the op.
func checkOp(op Op, owns func(Buffer, Element) bool) error {
	if op == nil {
		return errors.New("the op is nil")
	}
	if !isValue(op) {
		return fmt.Errorf("a %T is not a value of an op of package compute", op)
	}
	list := operands(reflect.ValueOf(op))
	rows := math.MaxInt // of what the op's Index selects from
	for _, o := range list {
		if err := checkOperand(o, owns); err != nil {
			return err
		}
		if o.Rows == IndexedRows && o.Buf() != nil {
			rows = min(rows, o.rows())
		}
	}
	for _, o := range list {
		if err := checkIndex(o.Index, rows); err != nil {
			return err
		}
	}
	if err := op.check(); err != nil {
		return err
	}
	return checkOverlap(list)
}

// isValue reports whether op is a value of one of this package's types. A pointer to one, and a type
// that embeds one, also implement Op, but no backend supports them.
func isValue(op Op) bool {
	t := reflect.TypeOf(op)
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[Program]().PkgPath()
}

// checkOperand checks one operand.
func checkOperand(o Operand, owns func(Buffer, Element) bool) error {
	buf := o.Buf()
	switch {
	case buf == nil && o.Optional:
		return nil
	case buf == nil:
		return fmt.Errorf("%s is missing", o.Name)
	case !owns(buf, o.Element) && o.Element == Float32:
		return fmt.Errorf("%s %s is not a matrix of %s of this backend, or was freed", o.Name, o.Mat, o.Element)
	case !owns(buf, o.Element):
		return fmt.Errorf("%s is not a buffer of %s of this backend, or was freed", o.Name, o.Element)
	case o.Element == Float32:
		return checkMat(o.Name, o.Mat)
	case o.Element == Byte:
		return checkBytes(o.Name, o.Bytes)
	}
	return nil
}

func checkMat(name string, m Mat) error {
	switch {
	case m.Rows <= 0 || m.Cols <= 0:
		return fmt.Errorf("%s is %s: both must be positive", name, m)
	case m.Rows > math.MaxInt32/m.Cols:
		return fmt.Errorf("%s is %s: more than %d elements", name, m, math.MaxInt32)
	case m.Off < 0 || m.Off > m.Buf.Elems()-m.Len():
		return fmt.Errorf("%s is %s at offset %d, outside its buffer of %d elements", name, m, m.Off, m.Buf.Elems())
	}
	return nil
}

func checkBytes(name string, b Bytes) error {
	switch {
	case b.Rows <= 0 || b.Cols <= 0:
		return fmt.Errorf("%s is %s: both must be positive", name, b)
	case b.Rows > b.Buf.Elems()/b.Cols:
		return fmt.Errorf("%s %s is larger than its buffer of %d bytes", name, b, b.Buf.Elems())
	}
	return nil
}

// checkIndex checks an index into a data set of some rows. The buffer may hold larger row numbers
// than x.Limit allows; a backend's buffer has a method Limit that returns its own limit.
func checkIndex(x Index, rows int) error {
	if x.IsZero() {
		return nil
	}
	limit := x.Limit
	if b, ok := x.Buf.(interface{ Limit() int }); ok {
		limit = max(limit, b.Limit())
	}
	switch {
	case x.Len <= 0 || x.Len > x.Buf.Elems():
		return fmt.Errorf("Index of %d entries does not fit its buffer of %d", x.Len, x.Buf.Elems())
	case x.Limit <= 0 || limit > rows:
		return fmt.Errorf("Index may hold rows below %d, but there are %d", limit, rows)
	}
	return nil
}

// checkOverlap returns an error if an operand that is written shares memory with another operand,
// unless both are the same view and the op may work in place.
func checkOverlap(list []Operand) error {
	for i, w := range list {
		if w.Mode == In || w.Mat.IsZero() {
			continue
		}
		for j, o := range list {
			if i == j || w.Mat.Buf != o.Mat.Buf ||
				w.Mat.Off >= o.Mat.Off+o.Mat.Len() || o.Mat.Off >= w.Mat.Off+w.Mat.Len() {
				continue
			}
			if w.Mat == o.Mat && w.InPlace == o.Name {
				continue
			}
			return fmt.Errorf("%s and %s share memory", w.Name, o.Name)
		}
	}
	return nil
}

func (o Gather) check() error { return sameCols(o.Dst, o.Src.Cols, o.Src) }

func (o Take) check() error { return sameCols(o.Dst, o.Src.Cols, o.Src) }

func (o MatMul) check() error {
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
	if err := checkActivation(o.F); err != nil {
		return err
	}
	if err := same("Dst", o.Dst, "Src", o.Src); err != nil {
		return err
	}
	return checkBias(o.Bias, o.Dst.Cols)
}

func (o Delta) check() error {
	if err := checkActivation(o.F); err != nil {
		return err
	}
	if o.F == Softmax {
		return errors.New("softmax has no elementwise derivative; use op loss")
	}
	if err := same("Dst", o.Dst, "Back", o.Back); err != nil {
		return err
	}
	return same("Dst", o.Dst, "Y", o.Y)
}

func (o Loss) check() error {
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

// checkTargets returns an error unless there are either Labels or Targets.
func (o Loss) checkTargets() error {
	if o.Targets.IsZero() {
		switch {
		case o.Labels.Buf == nil:
			return errors.New("Labels is missing")
		case o.Labels.Cols != 1:
			return fmt.Errorf("Labels %s must have 1 column", o.Labels)
		}
		return nil
	}
	if o.Labels.Buf != nil || !o.Index.IsZero() {
		return errors.New("Targets exclude Labels and Index; pass only one kind")
	}
	return same("Targets", o.Targets, "Z", o.Z)
}

func (o ColumnSum) check() error {
	if o.Dst.Rows != 1 || o.Dst.Cols != o.Src.Cols {
		return fmt.Errorf("Dst %s must be 1×%d, one sum for each column of Src %s", o.Dst, o.Src.Cols, o.Src)
	}
	return nil
}

func (o Fill) check() error { return nil }

func sameCols(dst Mat, cols int, src fmt.Stringer) error {
	if dst.Cols != cols {
		return fmt.Errorf("Dst %s and Src %s differ in columns", dst, src)
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
