package safetensors

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadTooLarge reads a valid sparse file of a terabyte, which does not fit in memory.
func TestReadTooLarge(t *testing.T) {
	const values = 1 << 38
	header := fmt.Sprintf(`{"a":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}`, values, 4*values)
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	path := filepath.Join(t.TempDir(), "hole")
	if err := os.WriteFile(path, append(data, header...), 0o644); err != nil {
		t.Fatal(err)
	}
	size := int64(8+len(header)) + 4*values
	if err := os.Truncate(path, size); err != nil {
		t.Skipf("the file system has no holes so large: %v", err)
	}
	want := fmt.Sprintf("%s: the file is too large: %d bytes (1.0 TiB) asked for, ", path, size)
	if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), " of memory available") {
		t.Errorf("error %v, want %s… of memory available", err, want)
	}
}
