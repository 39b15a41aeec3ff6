package cli

import (
	"regexp"
	"slices"
	"testing"
)

func TestMemorySize(t *testing.T) {
	for s, want := range map[string]int64{
		"1": 1, "1B": 1, "64MiB": 64 << 20, "64 MiB": 64 << 20, "1.5GiB": 3 << 29, "2GB": 2e9, "1kB": 1000, "1KiB": 1024,
		"0": 0, "-1MiB": 0, "": 0, "MiB": 0, "64MiBs": 0, "NaN": 0, "inf": 0, "1e30": 0, "0.5": 0, "64mib": 0,
	} {
		got, err := memorySize(s)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, error %v; want %d", s, got, err, want)
		}
	}
}

// TestDeviceMemory trains on a GPU with little memory, with the same result and a note; with too
// little memory the error has the needed bytes.
func TestDeviceMemory(t *testing.T) {
	args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=8", "-epochs=2"}
	accuracy := regexp.MustCompile(`training loss .* accuracy [0-9.]+%`)
	want := inProcess(t, newFakeGPU().opener(), args...).is(0)
	got := inProcess(t, newFakeGPU().opener(), append(args, "-device-memory=690kB")...).is(0,
		"the training set is transferred to the device in pieces of 128 images, which take 200960 bytes (196.2 KiB) of its memory\n")
	if x, y := accuracy.FindAllString(got.stdout, -1), accuracy.FindAllString(want.stdout, -1); len(x) != 2 || !slices.Equal(x, y) {
		t.Errorf("by pieces: %q\nwhole: %q", x, y)
	}
	inProcess(t, newFakeGPU().opener(), append(args, "-device-memory=1000")...).is(1,
		"-device-memory=1000: network 784-8-10 with batches of 64: out of memory: ", " asked for, 1000 bytes available; try a smaller batch or network")
}
