package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/internal/certificate"
	"shadegrad/internal/simd"
)

// certificateOf trains shortly and returns the path of the certificate.
func certificateOf(t *testing.T, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.json")
	at(t).run(append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=2", "-certify=" + path}, more...)...).
		is(0, "certified in "+path+"; to verify it, run: "+typed("shadegrad", "verify", "-data="+smallData(t), path)+"\n")
	return path
}

// TestVerify verifies a run as bit-identical, with another number of threads too.
func TestVerify(t *testing.T) {
	path := certificateOf(t)
	for _, threads := range []string{"1", "2", "3"} {
		r := at(t).run("verify", "-threads="+threads, "-data="+smallData(t), path).is(0)
		if want := "epoch 1: the same bits\nepoch 2: the same bits\ntest: the same bits\nverified: every epoch has the same bits\n"; r.stdout != want {
			t.Errorf("-threads=%s: %s", threads, r.stdout)
		}
	}
}

// TestVerifyOtherDevice checks that another device can round differently: other SIMD levels, and a
// certificate of another processor with different weights.
func TestVerifyOtherDevice(t *testing.T) {
	verified := func(p place, path string) {
		t.Helper()
		r := p.run("verify", "-data="+smallData(t), path).is(0, "the certificate was made on cpu: ", "the same bits cannot be expected")
		if strings.Contains(r.stdout, "same bits") || !strings.HasSuffix(r.stdout, "\nverified within rounding on another device: losses within 0.001, accuracies within 0.3 points\n") {
			t.Errorf("stdout: %s", r.stdout)
		}
	}
	path := certificateOf(t)
	for _, level := range simd.Levels() {
		if (level == simd.Off) != (simd.Current() == simd.Off) { // the two with kernels may agree
			verified(at(t, "SHADEGRAD_SIMD="+level.String()), path)
		}
	}
	c, err := certificate.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Device.Name = "another processor"
	for i := range c.Epochs {
		w := &c.Epochs[i].Weights
		w.SHA256 = strings.Repeat("0", len(w.SHA256))
		w.Samples[0] += 1e-6
	}
	c.Outcome.Weights = c.Epochs[len(c.Epochs)-1].Weights
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	verified(at(t), path)
}

// TestVerifyAnotherRun checks that differences are reported before training.
func TestVerifyAnotherRun(t *testing.T) {
	path := certificateOf(t)
	at(t).run("verify", "-data="+smallData(t), "-seed=7", path).is(1, path+": not verified: this is another run: the seed: 7, 1 in the certificate\n")
	at(t).run("verify", "-data="+middleData(t), path).is(1, "not verified: this is another run: the training set: SHA-256 ", "; the test set: SHA-256 ")
	at(t).run("verify", filepath.Join(t.TempDir(), "none.json")).is(1, "none.json")
}

// TestVerifyDrift checks that the first epoch that differs from the certificate is reported.
func TestVerifyDrift(t *testing.T) {
	path := certificateOf(t)
	text := string(contents(t, path))
	at2 := strings.LastIndex(text[:strings.Index(text, `"outcome"`)], `"sha256": "`) + len(`"sha256": "`)
	digit := byte('0')
	if text[at2] == '0' {
		digit = '1'
	}
	if err := os.WriteFile(path, []byte(text[:at2]+string(digit)+text[at2+1:]), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, threads := range []string{"1", "2"} { // on which the bits do not depend
		r := at(t).run("verify", "-threads="+threads, "-data="+smallData(t), path).is(1, path+": not verified: epoch 2: the digest of the weights or a figure differs, but")
		if !strings.HasPrefix(r.stdout, "epoch 1: the same bits\nepoch 2: the digest of the weights") || strings.Contains(r.stderr, "cannot be expected") {
			t.Errorf("-threads=%s: stdout:\n%sstderr:\n%s", threads, r.stdout, r.stderr)
		}
	}
}

// TestVerifyOutcome checks a certificate with another final result.
func TestVerifyOutcome(t *testing.T) {
	path := certificateOf(t)
	c, err := certificate.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Outcome.TestAcc += 0.25
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	r := at(t).run("verify", "-data="+smallData(t), path).is(1, path+": not verified: test: the digest of the weights or a figure differs, but no sampled value does; loss by 0, test accuracy by 25.00 points\n")
	if !strings.HasPrefix(r.stdout, "epoch 1: the same bits\nepoch 2: the same bits\ntest: ") {
		t.Errorf("stdout:\n%s", r.stdout)
	}
}

// TestVerifyGPU verifies on the fake GPU, which the certificate names.
func TestVerifyGPU(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=8", "-epochs=2", "-certify=" + path}
	inProcess(t, newFakeGPU().opener(), args...).is(0)
	r := inProcess(t, newFakeGPU().opener(), "verify", "-data="+smallData(t), path).is(0, "gpu: "+fakeRenderer)
	if !strings.HasSuffix(r.stdout, "verified: every epoch has the same bits\n") {
		t.Errorf("stdout: %s", r.stdout)
	}
}

// TestCertifyNowhere checks for an error before training if the certificate cannot be written.
func TestCertifyNowhere(t *testing.T) {
	dir := t.TempDir()
	r := at(t).run("train", "-backend=cpu", "-data="+smallData(t), "-epochs=1", "-certify="+dir).is(1, dir+": cannot save there: it is a directory")
	if r.stdout != "" {
		t.Errorf("stdout: %s", r.stdout)
	}
}

// TestCertifyChangedDevice checks that a run on two devices gets no certificate.
func TestCertifyChangedDevice(t *testing.T) {
	f := newFakeGPU()
	path := filepath.Join(t.TempDir(), "run.json")
	tapped(t, f.opener(), f.loseAt("epoch 1/3"), "train", "-data="+smallData(t), "-hidden=8", "-epochs=3", "-certify="+path).
		is(1, "no certificate was written: the device changed during the run")
	mustNotExist(t, path)
}
