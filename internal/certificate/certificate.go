// Package certificate records a training run: its program, device, data and options, and a digest of the
// weights after each epoch. With it anyone can repeat the run and compare the result.
package certificate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/train"
)

// Version is the version of the file format.
const Version = 1

// A Certificate describes a run and its results.
type Certificate struct {
	Version int           `json:"shadegrad_certificate"`
	Program Program       `json:"program"`
	Device  Device        `json:"device"`
	Data    Data          `json:"data"`
	Options train.Options `json:"options"`
	First   Mark          `json:"first_weights"`
	Epochs  []Epoch       `json:"epochs"`
	// Outcome is the final result. Older certificates lack it.
	Outcome *Outcome `json:"outcome,omitempty"`
}

// A Program identifies the program of the run.
type Program struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of the executable file
}

// A Device identifies the device of the run.
type Device struct {
	Backend string `json:"backend"`
	Name    string `json:"name"`
	Driver  string `json:"driver"`
	Detail  string `json:"detail"`
}

// Data identifies the data.
type Data struct {
	Name    string `json:"name"`
	Train   string `json:"train_sha256"` // of images, then labels, without the validation set
	Test    string `json:"test_sha256"`
	Samples int    `json:"samples"`
	// Form is the form to which the data were converted after reading.
	Form dataset.Form `json:"form,omitzero"`
	// Validation is the digest of the validation set, if there is one.
	Validation string `json:"validation_sha256,omitempty"`
}

// An Epoch is the result of an epoch. The figures of a set that was not evaluated are 0.
type Epoch struct {
	Epoch     int     `json:"epoch"`
	TrainLoss float64 `json:"train_loss"`
	TrainAcc  float64 `json:"train_acc"`
	ValLoss   float64 `json:"val_loss,omitempty"`
	ValAcc    float64 `json:"val_acc,omitempty"`
	TestLoss  float64 `json:"test_loss,omitempty"`
	TestAcc   float64 `json:"test_acc,omitempty"`
	Weights   Mark    `json:"weights"`
}

// An Outcome is the epoch of the final weights, and their result on the test set.
type Outcome struct {
	Epoch    int     `json:"epoch"`
	TestLoss float64 `json:"test_loss"`
	TestAcc  float64 `json:"test_acc"`
	Weights  Mark    `json:"weights"` // the saved weights
}

// DataOf identifies a data set.
func DataOf(d *dataset.Data) Data {
	data := Data{Name: d.Name, Train: d.Train.Digest(), Test: d.Test.Digest(), Samples: d.Train.Len()}
	if d.Validation.Len() > 0 {
		data.Validation = d.Validation.Digest()
	}
	return data
}

// DeviceOf identifies a backend's device. It omits the CPU's detail, the number of
// threads: results do not depend on it.
func DeviceOf(i compute.Info) Device {
	if i.Backend == "cpu" {
		i.Detail = ""
	}
	return Device{i.Backend, i.Device, i.Driver, i.Detail}
}

// String returns "cpu: AMD EPYC, AVX2 kernels".
func (d Device) String() string {
	s := fmt.Sprintf("%s: %s, %s", d.Backend, d.Name, d.Driver)
	if d.Detail != "" {
		s += ", " + d.Detail
	}
	return s
}

// update renames a CPU as DeviceOf names it now. Older certificates have gonum as
// the driver at each SIMD level, and the level as the detail.
func (d *Device) update() {
	if d.Backend != "cpu" {
		return
	}
	switch d.Detail {
	case "avx512":
		d.Driver = "AVX-512 kernels"
	case "avx2":
		d.Driver = "AVX2 kernels"
	}
	d.Detail = ""
}

// ThisProgram identifies the running program with its version.
func ThisProgram(version string) (Program, error) {
	p := Program{Version: version}
	path, err := os.Executable()
	if err != nil {
		return p, err
	}
	f, err := os.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return p, err
	}
	p.SHA256 = hex.EncodeToString(h.Sum(nil))
	return p, nil
}

// New returns a certificate without epochs for a run of a program from an initial state on these data.
func New(p Program, s *train.State, d *dataset.Data) *Certificate {
	return &Certificate{Version: Version, Program: p, Data: DataOf(d), Options: s.Options, First: MarkOf(s.Initial())}
}

// Add adds what a state has completed on a device: an epoch, the run or both. Adding the same again does
// nothing.
func (c *Certificate) Add(s *train.State, i compute.Info) {
	if s.Rows > 0 {
		return
	}
	if s.Epoch == len(c.Epochs)+1 {
		c.Device = DeviceOf(i)
		c.Epochs = append(c.Epochs, EpochOf(s))
	}
	if s.Done() {
		o := OutcomeOf(s)
		c.Outcome = &o
	}
}

// EpochOf returns the result of the epoch that a state has just completed.
func EpochOf(s *train.State) Epoch {
	e := s.Last
	return Epoch{e.Epoch, e.TrainLoss, e.TrainAcc, e.ValLoss, e.ValAcc, e.TestLoss, e.TestAcc, MarkOf(s.Values)}
}

// OutcomeOf returns the result of a complete run.
func OutcomeOf(s *train.State) Outcome {
	e := s.Outcome()
	return Outcome{e.Epoch, e.TestLoss, e.TestAcc, MarkOf(s.Chosen())}
}

// Save writes the certificate to a file.
func (c *Certificate) Save(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// maxSize is the largest size of a certificate in bytes.
const maxSize = 64 << 20

// Load reads a certificate. An error names the file and what is wrong with it.
func Load(path string) (*Certificate, error) {
	text, err := readStart(path, maxSize+1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("%s: not a Shadegrad certificate: more than %d bytes", path, maxSize)
	}
	var c Certificate
	err = json.Unmarshal(text, &c)
	if removed := (*train.RemovedError)(nil); errors.As(err, &removed) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: not a Shadegrad certificate: %w", path, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c.Device.update()
	return &c, nil
}

// readStart reads at most n bytes of a file, so that a large file does not fill the memory.
func readStart(path string, n int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Regular(info, "a certificate"); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}

// check returns an error if the certificate is not valid.
func (c *Certificate) check() error {
	switch {
	case c.Version == 0:
		return errors.New("not a Shadegrad certificate: it has no version")
	case c.Version != Version:
		return fmt.Errorf("a certificate of version %d; this program reads version %d", c.Version, Version)
	case len(c.Epochs) == 0 || len(c.Epochs) > c.Options.Epochs || len(c.Epochs) < c.Options.Epochs && c.Options.Patience == 0:
		return fmt.Errorf("damaged: it has %d epochs of a run of %d", len(c.Epochs), c.Options.Epochs)
	}
	for i, e := range c.Epochs {
		if e.Epoch != i+1 {
			return fmt.Errorf("damaged: entry %d is of epoch %d", i+1, e.Epoch)
		}
	}
	if err := c.Options.Check(); err != nil {
		return fmt.Errorf("damaged: %w", err)
	}
	return nil
}
