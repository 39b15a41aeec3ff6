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

// A Drift is how far an epoch is from the certificate's.
type Drift struct {
	Epoch      int
	Same       bool    // to the bit
	Close      bool    // within the bounds for another device
	Weights    float64 // largest difference of the weights sampled
	Size       float64 // their root mean square
	Loss, Test float64 // differences of the training loss and of the test accuracy
}

// Compare holds an epoch against the certificate's.
func (c *Certificate) Compare(now Epoch) Drift {
	then := c.Epochs[now.Epoch-1]
	d := Drift{Epoch: now.Epoch, Loss: math.Abs(now.TrainLoss - then.TrainLoss), Test: math.Abs(now.TestAcc - then.TestAcc)}
	d.Weights, d.Size = then.Weights.Drift(now.Weights)
	d.Same = now.Weights.SHA256 == then.Weights.SHA256 && d.Loss == 0 && d.Test == 0 && now.TestLoss == then.TestLoss
	d.Close = d.Loss <= LossBound && d.Test <= AccuracyBound
	return d
}

// String says it for people.
func (d Drift) String() string {
	if d.Same {
		return fmt.Sprintf("epoch %d: the same bits", d.Epoch)
	}
	if d.Weights == 0 {
		return fmt.Sprintf("epoch %d: the weights' digest or a figure differs, though none of the values sampled does; the training loss by %.2g, the test accuracy by %.2f points",
			d.Epoch, d.Loss, 100*d.Test)
	}
	return fmt.Sprintf("epoch %d: weights differ by up to %.2g (their root mean square is %.2g), the training loss by %.2g, the test accuracy by %.2f points",
		d.Epoch, d.Weights, d.Size, d.Loss, 100*d.Test)
}
