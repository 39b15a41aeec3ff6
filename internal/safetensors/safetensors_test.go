package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/ostest"
)

func sample() *File {
	return &File{
		Metadata: map[string]string{"about": `<1> & "two"`},
		Tensors: []Tensor{
			{"0.bias", []int{2}, []float32{0.25, -7}},
			{"0.weight", []int{2, 3}, []float32{1, 2, 3, -0.5, 1e-3, float32(math.Inf(1))}},
			{"empty", []int{0, 4}, []float32{}},
			{"scale", []int{}, []float32{3.5}},
			{`ünï "q" <&>`, []int{1}, []float32{1}},
		},
	}
}

func encode(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(data []byte) (*File, error) { return Decode(bytes.NewReader(data), int64(len(data))) }

// testdata/reference.safetensors was written by Python's safetensors 0.8.0 from the same values as sample's.
func TestReferenceFile(t *testing.T) {
	path := filepath.Join("testdata", "reference.safetensors")
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := encode(t, sample()); !bytes.Equal(got, want) {
		t.Errorf("encoded to\n%q\nwant\n%q", got, want)
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f, sample()) {
		t.Errorf("read %+v\nwant %+v", f, sample())
	}
	if w, ok := f.Tensor("0.weight"); !ok || w.Data[3] != -0.5 {
		t.Errorf("0.weight is %v, %v", w, ok)
	}
	if _, ok := f.Tensor("1.weight"); ok {
		t.Error("found a tensor that is not there")
	}
}

func TestRoundTrip(t *testing.T) {
	large := make([]float32, 3*chunk+17)
	for i := range large {
		large[i] = math.Float32frombits(uint32(i) * 2654435761)
	}
	f := &File{
		Metadata: map[string]string{"z": "1", "a": "2", "m": ""},
		Tensors:  []Tensor{{"z", []int{len(large)}, large}, {"a", []int{1, 1, 2}, []float32{1, 2}}},
	}
	data := encode(t, f)
	if !bytes.Equal(data, encode(t, f)) {
		t.Error("encoded differently the second time")
	}
	if n := binary.LittleEndian.Uint64(data); n%8 != 0 {
		t.Errorf("header of %d bytes is not padded to 8", n)
	}
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encode(t, got), data) { // compares the bits of NaNs, which reflect.DeepEqual does not
		t.Error("does not encode to the same bytes after decoding")
	}
	none := &File{Tensors: []Tensor{}}
	if got, err = decode(encode(t, none)); err != nil || !reflect.DeepEqual(got, none) {
		t.Errorf("no tensors: got %+v, error %v", got, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	for want, f := range map[string]*File{
		`tensor "a": shape [2 2] asks for 4 values, there are 3`: {Tensors: []Tensor{{"a", []int{2, 2}, make([]float32, 3)}}},
		`tensor "a": shape [-1] has a negative dimension`:        {Tensors: []Tensor{{"a", []int{-1}, nil}}},
		`two tensors are called "a"`:                             {Tensors: []Tensor{{"a", []int{0}, nil}, {"a", []int{0}, nil}}},
		`a tensor cannot be called __metadata__`:                 {Tensors: []Tensor{{"__metadata__", []int{0}, nil}}},
		`tensor name "\xff" is not valid UTF-8`:                  {Tensors: []Tensor{{"\xff", []int{0}, nil}}},
		`metadata "k" is not valid UTF-8`:                        {Metadata: map[string]string{"k": "\xff"}},
	} {
		if err := Write(path, f); err == nil || err.Error() != path+": cannot save: "+want {
			t.Errorf("got error %v\nwant %s", err, want)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Fatal("a file was written")
		}
	}
}

// raw puts a file together from a header and values.
func raw(header string, values int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, values)...)
}

func TestFaults(t *testing.T) {
	const one = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, `truncated: expected the header's length in 8 bytes, the file ends at byte 0`},
		{"five bytes", make([]byte, 5), `truncated: expected the header's length in 8 bytes, the file ends at byte 5`},
		{"zip", []byte("PK\x03\x04\x00\x00\x08\x08archive"),
			`not a safetensors file: expected the length of a header, at most 100000000, in its first 8 bytes, found "PK\x03\x04\x00\x00\b\b" ` +
				`(it looks like a zip archive, such as torch.save writes; save with safetensors.torch.save_file instead)`},
		{"header too long", binary.LittleEndian.AppendUint64(nil, 100_000_001),
			`not a safetensors file: expected the length of a header, at most 100000000, in its first 8 bytes, found "\x01\xe1\xf5\x05\x00\x00\x00\x00"`},
		{"a table", []byte("label,p0,p1\n1,2,3\n"),
			`not a safetensors file: expected the length of a header, at most 100000000, in its first 8 bytes, found "label,p0"`},
		{"no header where a length is", append(binary.LittleEndian.AppendUint64(nil, 1000), "text"...),
			`not a safetensors file: expected a header that begins with '{' at byte 8, found "t"; its length of 1000 bytes exceeds the file of 12 bytes`},
		{"only a length", binary.LittleEndian.AppendUint64(nil, 1000), `truncated: the header should end at byte 1008, the file ends at byte 8`},
		{"header cut", raw(one+"}", 8)[:30], `truncated: the header should end at byte 62, the file ends at byte 30`},
		{"no header", raw("", 0), `not a safetensors file: expected the header to begin with '{' at byte 8, found nothing`},
		{"leading space", raw(" {}", 0), `not a safetensors file: expected the header to begin with '{' at byte 8, found ' '`},
		{"not UTF-8", raw("{\"\xff\":{}}", 0), `damaged header: not valid UTF-8`},
		{"JSON cut", raw(one, 8), `damaged header: at byte 61: it ends in the middle`},
		{"not JSON", raw(`{"a":?}`, 0), `damaged header: at byte 13: tensor "a": invalid character '?' looking for beginning of value`},
		{"after the header", raw("{} x", 0), `damaged header: expected only spaces from byte 10 on, found " x"`},
		{"values cut", raw(one+"}", 7), `truncated: the data of tensor "a" should end at byte 70, the file ends at byte 69`},
		{"trailing", raw(one+"}", 9), `trailing bytes: expected the end of the file at byte 70, found 1 more`},
		{"twice", raw(one+`,"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}`, 8), `damaged header: at byte 65: "a" occurs twice`},
		{"metadata twice", raw(`{"__metadata__":{"k":"1","k":"2"}}`, 0), `damaged header: at byte 36: "k" occurs twice in __metadata__`},
		{"metadata not text", raw(`{"__metadata__":{"k":1}}`, 0), `damaged header: at byte 30: expected a text for "k" in __metadata__, found 1`},
		{"gap", raw(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16),
			`tensor "b": expected its data to begin at offset 8, where the last tensor's end, found 12: a gap`},
		{"gap at the start", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8),
			`tensor "a": expected its data to begin at offset 0, where the last tensor's end, found 4: a gap`},
		{"overlap", raw(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8),
			`tensor "b": expected its data to begin at offset 8, where the last tensor's end, found 4: an overlap`},
		{"same place", raw(one+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8),
			`tensor "b": expected its data to begin at offset 8, where the last tensor's end, found 0: an overlap`},
		{"backwards", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4),
			`tensor "b": its data end at offset 0, before they begin at 4`},
		{"shape", raw(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8),
			`tensor "a": shape [3] of F32 takes 12 bytes, its data_offsets [0,8] span 8`},
		{"huge shape", raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0),
			`tensor "a": shape [4294967296 4294967296] is too large`},
		{"huge dimension", raw(`{"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,0]}}`, 0),
			`damaged header: at byte 58: tensor "a": dimension 18446744073709551615 is too large`},
		{"huge tensor", raw(`{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}`, 8),
			`truncated: the data of tensor "a" should end at byte 4000000000086, the file ends at byte 94`},
		{"BF16", raw(`{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, 4),
			`tensor "w": expected dtype "F32", found "BF16", which is not supported: convert it to float32 first`},
		{"no shape", raw(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4), `damaged header: at byte 49: tensor "a": shape is missing`},
		{"dtype twice", raw(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
			`damaged header: at byte 35: tensor "a": "dtype" occurs twice`},
		{"unknown key", raw(`{"a":{"dtype":"F32","strides":[1],"shape":[1],"data_offsets":[0,4]}}`, 4),
			`damaged header: at byte 37: tensor "a": unknown key "strides"`},
		{"negative", raw(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4),
			`damaged header: at byte 39: tensor "a": expected an integer of 0 or more in shape, found -1`},
		{"fraction", raw(`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4),
			`damaged header: at byte 40: tensor "a": expected an integer of 0 or more in shape, found 1.0`},
		{"text in a shape", raw(`{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4),
			`damaged header: at byte 40: tensor "a": expected a number in shape, found "1"`},
		{"shape no list", raw(`{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}`, 4),
			`damaged header: at byte 37: tensor "a": expected shape to begin with [, found 1`},
		{"one offset", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, 4),
			`damaged header: at byte 58: tensor "a": expected 2 data_offsets, found 1`},
		{"tensor no object", raw(`{"a":null}`, 0), `damaged header: at byte 17: tensor "a": expected its description to begin with {, found null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.safetensors")
			if err := os.WriteFile(path, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if err == nil {
				t.Fatal("no error")
			}
			if want := path + ": " + c.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	data := encode(t, sample())
	for cut := range data {
		if _, err := decode(data[:cut]); err == nil || !strings.HasPrefix(err.Error(), "truncated: ") {
			t.Errorf("cut at byte %d: got error %v", cut, err)
		}
	}
	// A file that shrinks while it is read is noticed too.
	for cut := range data {
		if _, err := Decode(bytes.NewReader(data[:cut]), int64(len(data))); err == nil {
			t.Errorf("ended at byte %d of %d: no error", cut, len(data))
		}
	}
}

func TestHostileHeaderAllocatesNothing(t *testing.T) {
	for name, data := range map[string][]byte{
		"header":  append(binary.LittleEndian.AppendUint64(nil, maxHeader), "{}"...),
		"tensor":  raw(`{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}`, 8),
		"tensors": raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1000000000],"data_offsets":[4,4000000004]}}`, 8),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decode(data)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated to refuse a file of %d", name, n, len(data))
		}
	}
}

func TestReadOfNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil || err.Error() != dir+": expected a safetensors file, found a directory" {
		t.Errorf("got error %v", err)
	}
	path := filepath.Join(dir, "none")
	if _, err := Read(path); err == nil || err.Error() != path+": "+ostest.NoFile {
		t.Errorf("got error %v", err)
	}
}

// FuzzDecode decodes arbitrary bytes. Accepted bytes must be valid, and encode to a file that
// decodes to the same tensors.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(encode(f, &File{}))
	f.Add(raw(`{"b":{"shape":[1],"dtype":"F32","data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  `, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := decode(data)
		if err != nil {
			return
		}
		values := 0
		for _, tensor := range file.Tensors {
			values += len(tensor.Data)
		}
		if values*valueSize+8 > len(data) {
			t.Errorf("%d values out of %d bytes", values, len(data))
		}
		again := encode(t, file)
		second, err := decode(again)
		if err != nil {
			t.Fatalf("cannot decode what was encoded: %v", err)
		}
		if !bytes.Equal(encode(t, second), again) {
			t.Error("decoding what was encoded gives another file")
		}
	})
}

// TestIntact checks that a digest finds a changed value, and depends neither on the order of the tensors nor on the file.
func TestIntact(t *testing.T) {
	a, b := Tensor{Name: "a", Shape: []int{2}, Data: []float32{1, 2}}, Tensor{Name: "b", Shape: []int{1}, Data: []float32{3}}
	f := &File{Tensors: []Tensor{a, b}}
	if err := f.Intact(); err != nil {
		t.Errorf("without a digest: %v", err)
	}
	f.Sign()
	f.Tensors = []Tensor{b, a}
	if err := f.Intact(); err != nil {
		t.Errorf("in another order: %v", err)
	}
	a.Data[1] = 2.5
	if err := f.Intact(); err == nil {
		t.Error("a changed value is not found")
	}
}

// TestConverted reads values of other types, which Decode refuses by name.
func TestConverted(t *testing.T) {
	for dtype, c := range map[string]struct {
		bytes string
		want  []float32
	}{
		"F16":  {"\x00\x3c\x00\xc0", []float32{1, -2}},
		"BF16": {"\x80\x3f\x40\xc0", []float32{1, -3}},
		"F64":  {"\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", []float32{1, -2}},
		"F32":  {"\x00\x00\x80\x3f\x00\x00\x00\xc0", []float32{1, -2}},
	} {
		header := fmt.Sprintf(`{"w":{"dtype":"%s","shape":[2],"data_offsets":[0,%d]}}`, dtype, len(c.bytes))
		file := string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + c.bytes
		f, err := DecodeConverted(strings.NewReader(file), int64(len(file)))
		if err != nil {
			t.Errorf("%s: %v", dtype, err)
			continue
		}
		if !slices.Equal(f.Tensors[0].Data, c.want) || (f.Converted["w"] == dtype) == (dtype == "F32") {
			t.Errorf("%s: values %v, converted %v", dtype, f.Tensors[0].Data, f.Converted)
		}
		if _, err := decode([]byte(file)); (err == nil) != (dtype == "F32") {
			t.Errorf("%s: Decode returns %v", dtype, err)
		}
	}
	header := `{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}`
	file := string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + "12345678"
	if _, err := DecodeConverted(strings.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), `tensor "w": expected dtype "F32", found "I64"`) {
		t.Errorf("I64: error %v", err)
	}
}
