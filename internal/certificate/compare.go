package certificate

import (
	"fmt"
	"math"
)

// Differences lists how the data and the seed of a second run differ from the certificate's. The results can
// be equal only if the list is empty. initial are the weights with which the second run begins, or nil if its seed draws them.
func (c *Certificate) Differences(data Data, seed uint64, initial [][]float32) []string {
	var list []string
	short := func(digest string) string { return digest[:min(12, len(digest))] }
	if data.Train != c.Data.Train {
		list = append(list, fmt.Sprintf("the training set: SHA-256 %s… of %s, %s… in the certificate", short(data.Train), data.Name, short(c.Data.Train)))
	}
	if data.Test != c.Data.Test {
		list = append(list, fmt.Sprintf("the test set: SHA-256 %s… of %s, %s… in the certificate", short(data.Test), data.Name, short(c.Data.Test)))
	}
	if data.Validation != c.Data.Validation {
		list = append(list, fmt.Sprintf("the validation set: SHA-256 %s… of %s, %s… in the certificate", short(data.Validation), data.Name, short(c.Data.Validation)))
	}
	if seed != c.Options.Seed {
		list = append(list, fmt.Sprintf("the seed: %d, %d in the certificate", seed, c.Options.Seed))
	}
	if len(list) == 0 {
		drawn := initial == nil
		if drawn {
			initial = c.Options.Network.InitialParameters(seed)
		}
		switch same := MarkOf(initial).SHA256 == c.First.SHA256; {
		case !same && drawn:
			list = append(list, fmt.Sprintf("the initial weights: seed %d draws others than those of the certificate", seed))
		case !same:
			list = append(list, "the initial weights")
		}
	}
	return list
}

// The bounds of the difference between two devices in an epoch of the same run. Devices round differently, and
// differences grow in training.
const (
	LossBound     = 1e-3
	AccuracyBound = 0.003
)

// A Drift is the difference of an epoch or a whole run from the certificate.
type Drift struct {
	What     string  // "epoch 2", or "test" for the whole run
	Same     bool    // bit-identical
	Close    bool    // within the bounds for another device
	Weights  float64 // largest difference of the sampled weights
	Size     float64 // their root mean square
	Loss     float64 // difference of the loss
	Accuracy float64 // difference of the accuracy
	Set      string  // of the accuracy
	Missing  bool    // the certificate lacks this epoch
}

// Compare compares an epoch with the certificate's by weights, training loss and accuracy: on the test set if each epoch
// is tested, else on the validation set if there is one, else on the training set.
func (c *Certificate) Compare(now Epoch) Drift {
	d := Drift{What: fmt.Sprintf("epoch %d", now.Epoch)}
	if now.Epoch > len(c.Epochs) {
		d.Missing = true
		return d
	}
	then := c.Epochs[now.Epoch-1]
	d.Loss, d.Accuracy, d.Set = math.Abs(now.TrainLoss-then.TrainLoss), math.Abs(now.TrainAcc-then.TrainAcc), "training"
	switch {
	case c.Options.TestsEach():
		d.Accuracy, d.Set = math.Abs(now.TestAcc-then.TestAcc), "test"
	case c.Options.Validates():
		d.Accuracy, d.Set = math.Abs(now.ValAcc-then.ValAcc), "validation"
	}
	d.weigh(then.Weights, now.Weights)
	d.Same = d.Same && same(then, now)
	return d
}

// CompareOutcome compares the result of a run with the certificate's. ok is false if the certificate lacks it.
func (c *Certificate) CompareOutcome(now Outcome) (d Drift, ok bool) {
	if c.Outcome == nil {
		return Drift{}, false
	}
	then := *c.Outcome
	d = Drift{What: "test", Loss: math.Abs(now.TestLoss - then.TestLoss), Accuracy: math.Abs(now.TestAcc - then.TestAcc), Set: "test"}
	d.weigh(then.Weights, now.Weights)
	d.Same = d.Same && now.Epoch == then.Epoch && now.TestLoss == then.TestLoss && now.TestAcc == then.TestAcc
	return d, true
}

// weigh adds the difference of the weights to a drift, and whether the drift is within the bounds.
func (d *Drift) weigh(then, now Mark) {
	d.Weights, d.Size = then.Drift(now)
	d.Same = now.SHA256 == then.SHA256
	d.Close = d.Loss <= LossBound && d.Accuracy <= AccuracyBound
}

// same reports whether all figures of two epochs are equal.
func same(a, b Epoch) bool {
	return a.TrainLoss == b.TrainLoss && a.TrainAcc == b.TrainAcc && a.ValLoss == b.ValLoss && a.ValAcc == b.ValAcc &&
		a.TestLoss == b.TestLoss && a.TestAcc == b.TestAcc
}

// String describes the drift in a line.
func (d Drift) String() string {
	figures := fmt.Sprintf("loss by %.2g, %s accuracy by %.2f points", d.Loss, d.Set, 100*d.Accuracy)
	switch {
	case d.Missing:
		return d.What + ": the run of the certificate stopped before it"
	case d.Same:
		return d.What + ": the same bits"
	case d.Weights == 0:
		return d.What + ": the digest of the weights or a figure differs, but no sampled value does; " + figures
	}
	return fmt.Sprintf("%s: weights differ by up to %.2g (of a root mean square of %.2g), %s", d.What, d.Weights, d.Size, figures)
}
