package mapped

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"
)

// TestMap maps a file, and reads a part of it that was cut off.
func TestMap(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	text := strings.Repeat("0123456789abcdef", 64<<10/16)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	t.Cleanup(func() {
		if err := UnmapAll(); err != nil {
			t.Error(err)
		}
	})
	data, ok := Map(f, int64(len(text)))
	if !ok {
		t.Fatal("the file was not mapped")
	}
	Prefetch(data)
	if string(data) != text {
		t.Fatal("the data differ")
	}
	if runtime.GOOS == "windows" {
		return // which does not let a mapped file become shorter
	}
	if err := f.Truncate(10); err != nil {
		t.Fatal(err)
	}
	recovered := fault(t, data)
	var e *FaultError
	if err := AsError(recovered); !errors.As(err, &e) || e.Name != name {
		t.Errorf("error %v, want one that names %s", err, name)
	}
}

// fault reads the last byte of data, and returns the panic.
func fault(t *testing.T, data []byte) (recovered any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { recovered = recover() }()
	t.Errorf("the byte is still there: %d", data[len(data)-1])
	return nil
}

// TestAsError checks that other panics are not taken for faults in mapped files.
func TestAsError(t *testing.T) {
	for _, r := range []any{nil, "text", io.EOF, errors.New("Addr")} {
		if err := AsError(r); err != nil {
			t.Errorf("%v: error %v", r, err)
		}
	}
}

// TestMapArchive checks that a file of an archive is not mapped.
func TestMapArchive(t *testing.T) {
	f, err := fstest.MapFS{"f": {Data: []byte("text")}}.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := Map(f, 4); ok {
		t.Error("mapped")
	}
}
