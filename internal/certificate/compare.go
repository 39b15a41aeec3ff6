package certificate

import (
	"fmt"
	"math"
)

// Differences lists what a second run has otherwise than the certificate's: it cannot
// come to the same if its data or its seed are others.
func (c *Certificate) Differences(data Data, seed uint64) []string {
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
		if first := MarkOf(c.Options.Network.InitialParameters(seed)); first.SHA256 != c.First.SHA256 {
			list = append(list, fmt.Sprintf("the first weights: seed %d does not draw those of the certificate", seed))
		}
	}
	return list
}

// Bounds within which two devices may differ in an epoch of the same run: a device
// rounds in its own way, and training lets such differences grow.
const (
	LossBound     = 1e-3
	AccuracyBound = 0.003
)

// A Drift is how far an epoch, or a whole run, is from the certificate's.
type Drift struct {
	What     string  // "epoch 2", or "test" for what the run comes to
	Same     bool    // to the bit
	Close    bool    // within the bounds for another device
	Weights  float64 // largest difference of the weights sampled
	Size     float64 // their root mean square
	Loss     float64 // difference of the loss
	Accuracy float64 // difference of the accuracy
	Set      string  // whose accuracy that is
	Missing  bool    // the certificate has nothing to compare with
}

// Compare holds an epoch against the certificate's: by its weights, its training loss, and its
// accuracy on the set that was looked at, of which the last is taken of validation and test.
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

// CompareOutcome holds what a run comes to against the certificate's outcome. ok is false where
// it has none.
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

// weigh completes a drift whose figures are there by the weights.
func (d *Drift) weigh(then, now Mark) {
	d.Weights, d.Size = then.Drift(now)
	d.Same = now.SHA256 == then.SHA256
	d.Close = d.Loss <= LossBound && d.Accuracy <= AccuracyBound
}

// same tells whether all figures of two epochs are the same.
func same(a, b Epoch) bool {
	return a.TrainLoss == b.TrainLoss && a.TrainAcc == b.TrainAcc && a.ValLoss == b.ValLoss && a.ValAcc == b.ValAcc &&
		a.TestLoss == b.TestLoss && a.TestAcc == b.TestAcc
}

// String says it for people.
func (d Drift) String() string {
	figures := fmt.Sprintf("the loss by %.2g, the %s accuracy by %.2f points", d.Loss, d.Set, 100*d.Accuracy)
	switch {
	case d.Missing:
		return d.What + ": the certificate's run had stopped before it"
	case d.Same:
		return d.What + ": the same bits"
	case d.Weights == 0:
		return d.What + ": the weights' digest or a figure differs, though none of the values sampled does; " + figures
	}
	return fmt.Sprintf("%s: weights differ by up to %.2g (their root mean square is %.2g), %s", d.What, d.Weights, d.Size, figures)
}
