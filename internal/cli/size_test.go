package cli

import (
	"regexp"
	"slices"
	"testing"
)

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
