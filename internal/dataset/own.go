package dataset

import "fmt"

// Prepare prepares samples of a program as OpenSplit prepares those of a file. It changes their arrays. Without a test part a
// fifth of the training samples is held out as one.
func (f Form) Prepare(d *Data, validation float64, seed uint64) error {
	if f.Targets.Count > 0 || f.Label != "" || f.OneHot > 0 || f.Ignore != "" || f.TestData != "" {
		return fmt.Errorf("%s: %w", d.Name, ErrNoColumns)
	}
	d.countClasses()
	if d.Test.Len() == 0 {
		if err := (place{}).takeTest(d, d.Name); err != nil {
			return err
		}
	}
	if err := d.lightInk(nil); err != nil {
		return err
	}
	if err := f.prepare(d, f.split(validation, seed)); err != nil {
		return err
	}
	if validation == TrainingItself {
		d.Validation = d.Train
	}
	return nil
}
