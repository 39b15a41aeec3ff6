package cli

import (
	"fmt"
	"os"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/exchange"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
)

const exportUsage = `usage: shadegrad export -model=FILE -o FILE [FLAGS]

Writes a network saved by "shadegrad train -save=FILE" for other programs: as an ONNX
model, as an npz archive of NumPy arrays, or as a safetensors file for PyTorch.

The input of the ONNX model is that of "shadegrad predict": pixels from 0 to 255, row by
row, or numbers as in the training file. The graph contains their preparation. The weights
in the other files expect a prepared input.
`

// export is "shadegrad export".
func (a *app) export(args []string) error {
	s, err := a.parseFlags("export", exportUsage, args)
	if err != nil {
		return err
	}
	switch {
	case s.model == "":
		return flags.Errorf("export: want -model=FILE, a network saved by \"shadegrad train -save=FILE\"")
	case s.out == "":
		return flags.Errorf("export: want -o FILE, a name that ends in %s", flags.Alternatives(exchange.Extensions()))
	case s.softmax && exchange.Format(s.out) != exchange.ONNX:
		return flags.Errorf("-softmax is for ONNX; %s has weights only", s.out)
	}
	if err := s.refuseInput(s.out); err != nil {
		return err
	}
	// A state dict does not say which program wrote it, and a network can be the only copy of a long run.
	if info, err := os.Stat(s.out); err == nil && info.Mode().IsRegular() && info.Size() > 0 && !s.force {
		return fmt.Errorf("%s: cannot save there: the file exists; save elsewhere, or replace the file with -force", s.out)
	}
	m, err := model.Load(s.model)
	if err != nil {
		return err
	}
	err = exchange.Export(s.out, m, exchange.Options{Layers: s.layers, Softmax: s.softmax, Version: programVersion()})
	if err := atomicfile.Noted(err, a.note); err != nil {
		return err
	}
	a.note(fmt.Sprintf("wrote network %s to %s", m.Network, s.out))
	return nil
}
