//go:build cgo && !nogl && !darwin

package opengl

import "shadegrad/compute"

var _ compute.Sourcer = (*executable)(nil)

// Sources returns the specialised GLSL of each dispatch by name. It reads the files again, which
// matters if SHADEGRAD_SHADERS names a directory whose files have changed.
func (e *executable) Sources() (map[string]string, error) {
	texts := map[string]string{}
	var failed error
	stalled := e.owner.call(func(w *worker) {
		for _, d := range e.steps {
			source, err := w.shaders.Specialise(d.Kernel, d.Defines)
			if err != nil {
				failed = &SourceError{w.shaders.Origin(), err}
				return
			}
			texts[source.Name] = source.Text
		}
	})
	if stalled != nil {
		return nil, stalled
	}
	if failed != nil {
		return nil, failed
	}
	return texts, nil
}
