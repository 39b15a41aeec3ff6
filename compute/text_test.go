package compute

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestStrings(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{mat(64, 784).String(), "64×784"},
		{Mat{}.String(), "none"},
		{octets(600, 784).String(), "600×784 bytes"},
		{index(60, 600).String(), "index of 60 rows below 600"},
		{Index{}.String(), "natural order"},
		{ReLU.String(), "relu"},
		{Activation(-1).String(), "activation(-1)"},
		{Activation(99).String(), "activation(99)"},
		{SquaredError.String(), "mse"},
		{LossKind(5).String(), "loss(5)"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestOpNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, op := range []Op{Gather{}, MatMul{}, Activate{}, Delta{}, Loss{}, ColumnSum{}, Update{}, Fill{}} {
		name := op.Name()
		if name == "" || name != strings.ToLower(name) || seen[name] {
			t.Errorf("%T is called %q", op, name)
		}
		seen[name] = true
		if n := len(Matrices(op)); n != 0 {
			t.Errorf("%s without matrices has %d of them", name, n)
		}
	}
}

func TestParse(t *testing.T) {
	for _, f := range Activations() {
		if got, err := ParseActivation(f.String()); err != nil || got != f {
			t.Errorf("ParseActivation(%q) = %v, %v", f, got, err)
		}
	}
	for _, k := range []LossKind{CrossEntropy, SquaredError} {
		if got, err := ParseLossKind(k.String()); err != nil || got != k {
			t.Errorf("ParseLossKind(%q) = %v, %v", k, got, err)
		}
	}
	for _, name := range []string{"", "ReLU", "selu", " relu"} {
		_, err := ParseActivation(name)
		if err == nil || !strings.Contains(err.Error(), `"relu"`) {
			t.Errorf("ParseActivation(%q): error %v, want one that lists the names", name, err)
		}
	}
	if _, err := ParseLossKind("hinge"); err == nil || !strings.Contains(err.Error(), `"cross-entropy"`) {
		t.Errorf("ParseLossKind: error %v, want one that lists the names", err)
	}
}

func TestRowRange(t *testing.T) {
	m := Mat{&memoryBuffer{"", 100}, 7, 5, 3}
	if got, want := m.RowRange(2, 2), (Mat{m.Buf, 13, 2, 3}); got != want {
		t.Errorf("rows 2 and 3 are %+v, want %+v", got, want)
	}
	if got := m.RowRange(0, 5); got != m {
		t.Errorf("all rows are %+v", got)
	}
	for _, c := range [][2]int{{-1, 2}, {4, 2}, {0, 6}, {2, -1}, {math.MaxInt, 2}, {2, math.MaxInt}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("RowRange(%d, %d) of 5 rows does not panic", c[0], c[1])
				}
			}()
			m.RowRange(c[0], c[1])
		}()
	}
}

func TestFormatBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0:             "0 bytes",
		1023:          "1023 bytes",
		1024:          "1024 bytes (1.0 KiB)",
		1536:          "1536 bytes (1.5 KiB)",
		188160000:     "188160000 bytes (179.4 MiB)",
		1 << 30:       "1073741824 bytes (1.0 GiB)",
		1<<20 - 1:     "1048575 bytes (1.0 MiB)",
		math.MaxInt64: "9223372036854775807 bytes (8.0 EiB)",
	} {
		if got := FormatBytes(n); got != want {
			t.Errorf("FormatBytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("GL_OUT_OF_MEMORY")
	for _, c := range []struct {
		err  error
		want string
	}{
		{&MemoryError{Bytes: 2048, Available: -1},
			"out of memory: 2048 bytes (2.0 KiB) asked for; try a smaller batch or network"},
		{&MemoryError{Bytes: 2048, Available: 1024, Cause: cause},
			"out of memory: 2048 bytes (2.0 KiB) asked for, 1024 bytes (1.0 KiB) available (GL_OUT_OF_MEMORY); try a smaller batch or network"},
		{&MemoryError{Bytes: 5, Available: 0}, "out of memory: 5 bytes asked for, 0 bytes available; try a smaller batch or network"},
		{&LimitError{Limit: "GL_MAX_SHADER_STORAGE_BLOCK_SIZE", Need: 100, Have: 50, What: "the data set"},
			"the data set needs GL_MAX_SHADER_STORAGE_BLOCK_SIZE of 100, this device has 50"},
		{&OpError{Program: "step", Index: 3, Op: "loss", Err: cause}, `program "step", op 3 (loss): GL_OUT_OF_MEMORY`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if !errors.Is(&MemoryError{Cause: cause}, cause) || !errors.Is(&OpError{Err: cause}, cause) {
		t.Error("an error hides its cause")
	}
}
