package report

import (
	"fmt"
	"strings"

	"shadegrad/internal/dataset"
)

// fieldFlags maps the fields of train.Options, and of train.Run, to the flags that set them.
var fieldFlags = map[string]string{
	"Batch": "batch", "Epochs": "epochs", "LearningRate": "lr", "Momentum": "momentum", "Schedule": "schedule",
	"RateEnd": "lr-end", "Decay": "decay", "DecayEvery": "decay-every", "Warmup": "warmup", "MomentumEnd": "momentum-end",
	"MomentumEpochs": "momentum-epochs", "CycleMomentum": "cycle-momentum", "Dampen": "dampen",
	"Validation": "validation", "Patience": "patience", "MinDelta": "min-delta", "Test": "test",
	"DeviceMemory": "device-memory", "Shadow": "shadow",

	"Network.Sizes": "hidden", "Network.Hidden": "act", "Network.Output": "output", "Network.Loss": "loss", "Network.Reduction": "loss",
	"Network.Init": "init", "Network.InitScale": "init", "Network.NoBias": "no-bias", "Network.ZeroBiases": "zero-biases",

	"Training.Rule": "optimizer", "Training.Rho": "rho", "Training.Epsilon": "epsilon", "Training.L2": "l2", "Training.L1": "l1",
	"Training.Decay": "weight-decay", "Training.Clip": "clip", "Training.MaxNorm": "max-norm",
	"Training.DropInput": "dropout-input", "Training.Drop": "dropout", "Training.Average": "average",
}

// FlagSetting writes a field as the flag that sets it, as in -lr=0.1.
func FlagSetting(field string, value any) string {
	name, ok := fieldFlags[field]
	if !ok {
		name = field
	}
	switch v := value.(type) {
	case nil:
		return "-" + name
	case bool:
		if v {
			return "-" + name
		}
	case []int: // the sizes of all layers, of which the flag has those between
		value = ""
		if len(v) > 2 {
			value = strings.Trim(strings.ReplaceAll(fmt.Sprint(v[1:len(v)-1]), " ", ","), "[]")
		}
	case int:
		if field == "Validation" && v == dataset.TrainingItself {
			value = "training"
		}
	}
	return fmt.Sprintf("-%s=%v", name, value)
}
