package exchange

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"shadegrad/internal/naming"
	"shadegrad/internal/npy"
	"shadegrad/internal/safetensors"
)

// converted adds a fact for each type of arrays that were converted to float32.
func (d *description) converted(types map[string]int) {
	for _, t := range slices.Sorted(maps.Keys(types)) {
		d.add(Converted, t, types[t])
	}
}

// safetensorsDescription describes the network of a file of weights.
func safetensorsDescription(f *safetensors.File, c Choices) (*description, error) {
	if _, ok := f.Metadata["shadegrad.checkpoint"]; ok {
		return nil, errors.New("a checkpoint, not a network; resume its run with \"shadegrad train -resume=FILE\"")
	}
	if err := f.Intact(); err != nil {
		return nil, err
	}
	var list []array
	for _, t := range f.Tensors {
		list = append(list, array{t.Name, t.Shape, t.Data})
	}
	d, err := state(list, c)
	if err != nil {
		return nil, err
	}
	d.header = f.Metadata[headerKey]
	types := map[string]int{}
	for _, t := range f.Converted {
		types[t]++
	}
	d.converted(types)
	return d, nil
}

// maxMembers bounds the members of an npz archive.
const maxMembers = 10_000

// npzDescription describes the network of an archive of arrays.
func npzDescription(r io.ReaderAt, size int64, c Choices) (*description, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("not an npz archive: %w", err)
	}
	if len(archive.File) > maxMembers {
		return nil, fmt.Errorf("%d members, expected at most %d", len(archive.File), maxMembers)
	}
	packed := uint64(0)
	for _, f := range archive.File {
		if packed += f.CompressedSize64; f.CompressedSize64 > uint64(size) || packed > uint64(size) {
			return nil, errors.New("damaged: its members take more bytes than the file")
		}
	}
	var list []array
	header, types := "", map[string]int{}
	for _, f := range archive.File {
		b, err := member(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if f.Name == headerMember {
			header = string(b)
			continue
		}
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("%s: expected only arrays, with names that end in .npy", f.Name)
		}
		a, kind, err := arrayOf(name, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if list = append(list, a); kind != "f4" {
			types["NumPy's "+kind]++
		}
	}
	if header != "" { // the preparation is in the header too
		list = slices.DeleteFunc(list, func(a array) bool {
			return slices.Contains([]string{arrayScale, arrayShift, arrayMean, arrayDeviation}, a.name)
		})
	}
	d, err := state(list, c)
	if err != nil {
		return nil, err
	}
	d.header = header
	d.converted(types)
	return d, nil
}

// member reads a member of an archive.
func member(f *zip.File) ([]byte, error) {
	// The best ratio of deflate. A header with a false size must not make this allocate more than the member could.
	const ratio = 1032
	if f.UncompressedSize64/ratio > f.CompressedSize64 {
		return nil, fmt.Errorf("damaged: %d bytes cannot contain %d", f.CompressedSize64, f.UncompressedSize64)
	}
	if err := enough(int64(min(f.UncompressedSize64, math.MaxInt64)), peak); err != nil {
		return nil, err
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, f.UncompressedSize64)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	// The checksum is compared at the end.
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return nil, errors.New("damaged: it is longer than its size says")
	case err != io.EOF:
		return nil, err
	}
	return b, nil
}

// arrayOf returns the array of an npy file, and the name of its type.
func arrayOf(name string, b []byte) (array, string, error) {
	h, at, err := npy.Parse(b)
	if err != nil {
		return array{}, "", err
	}
	size, ok := h.Bytes()
	if !ok || size != uint64(len(b)-at) {
		return array{}, "", fmt.Errorf("an array of shape %v takes %d bytes, found %d", h.Shape, size, len(b)-at)
	}
	if h.Kind != 'f' {
		return array{}, "", fmt.Errorf("expected floating-point numbers, found type %c%d", h.Kind, h.Size)
	}
	b = b[at:]
	if h.Fortran && len(h.Shape) > 1 {
		ordered := make([]byte, len(b))
		h.Reorder(ordered, b)
		b = ordered
	}
	a := array{name, h.Shape, make([]float32, len(b)/h.Size)}
	for i := range a.values {
		a.values[i] = float32(h.Value(b, i))
	}
	return a, fmt.Sprintf("%c%d", h.Kind, h.Size), nil
}

// A group has the arrays of a layer.
type group struct {
	name            string
	weights, biases *array
}

// kinds matches the name of an array: the layer, the kind of the array, and perhaps a number.
var kinds = regexp.MustCompile(`(?i)^(.*[._/-])?(weights?|kernel|coefs?|w|bias|biases|intercepts?|b)(:0)?([._/-]?\d*)$`)

// numbered matches the name of an array that numpy.savez was given without a name.
var numbered = regexp.MustCompile(`^arr_\d+$`)

// groups divides arrays into layers, in the order of the file.
func groups(list []array) ([]*group, error) {
	slices.SortStableFunc(list, func(a, b array) int {
		if numbered.MatchString(a.name) && numbered.MatchString(b.name) {
			return naming.Natural(a.name, b.name)
		}
		return 0
	})
	var all []*group
	named := map[string]*group{}
	for i := range list {
		a := &list[i]
		key := ""
		match := kinds.FindStringSubmatch(a.name)
		switch {
		case len(a.shape) != 1 && len(a.shape) != 2 || slices.Contains(a.shape, 0):
			return nil, fmt.Errorf("array %q has shape %v, expected a matrix of weights or a vector of biases", a.name, a.shape)
		case numbered.MatchString(a.name) && len(a.shape) == 2:
			key = a.name
		case numbered.MatchString(a.name) && i > 0:
			key = list[i-1].name // its weights
		case match != nil:
			key = strings.TrimRight(match[1], "._/-") + match[4]
		default:
			return nil, fmt.Errorf("array %q is neither weights nor biases by its name; expected names such as fc1.weight and fc1.bias, or W1 and b1", a.name)
		}
		g := named[key]
		if g == nil {
			g = &group{name: key}
			named[key] = g
			all = append(all, g)
		}
		part := &g.weights
		if len(a.shape) == 1 {
			part = &g.biases
		}
		if *part != nil {
			return nil, fmt.Errorf("arrays %q and %q are the same part of layer %q; expected one matrix of weights and one vector of biases", (*part).name, a.name, key)
		}
		*part = a
	}
	for _, g := range all {
		if g.weights == nil {
			return nil, fmt.Errorf("array %q has no matrix of weights next to it", g.biases.name)
		}
		for _, a := range []*array{g.weights, g.biases} {
			if a == nil {
				continue
			}
			for i, v := range a.values {
				if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
					return nil, fmt.Errorf("array %q: value %d is %v", a.name, i, v)
				}
			}
		}
	}
	return all, nil
}

// sizes returns the inputs and outputs of a layer in a layout.
func (g *group) sizes(l Layout) (in, out int) {
	if l == OutIn {
		return g.weights.shape[1], g.weights.shape[0]
	}
	return g.weights.shape[0], g.weights.shape[1]
}

// fit reports whether layers follow one another in a layout, and their biases have the right sizes.
func fit(list []*group, l Layout) bool {
	for i, g := range list {
		in, out := g.sizes(l)
		if g.biases != nil && g.biases.shape[0] != out {
			return false
		}
		if i > 0 {
			if _, before := list[i-1].sizes(l); before != in {
				return false
			}
		}
	}
	return true
}

// usual returns the layout that the names of the weights suggest, or "".
func usual(list []*group) Layout {
	for _, g := range list {
		switch kind := strings.ToLower(kinds.ReplaceAllString(g.weights.name, "$2")); {
		case strings.HasPrefix(kind, "weight"):
			return OutIn
		case kind == "kernel", strings.HasPrefix(kind, "coef"), numbered.MatchString(kind): // numpy.savez(*net.get_weights())
			return InOut
		}
	}
	return ""
}

// state describes the network of arrays.
func state(arrays []array, c Choices) (*description, error) {
	list, err := groups(arrays)
	if err != nil {
		return nil, err
	}
	if list, err = ordered(list, c.Layers); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("it has no arrays")
	}
	layout, list, err := arrange(list, c)
	if err != nil {
		return nil, err
	}
	d := &description{}
	var names []string
	for _, g := range list {
		in, out := g.sizes(layout)
		l := layer{in: in, out: out, weights: g.weights.values}
		if layout == InOut {
			l.weights = transposedOf(l.weights, in, out)
		}
		if g.biases != nil {
			l.biases = g.biases.values
		}
		d.layers = append(d.layers, l)
		names = append(names, g.name)
	}
	d.add(Order, strings.Join(names, ", "))
	if layout == InOut {
		d.add(TransposedLayers)
	}
	return d, nil
}

// ordered returns the layers in the order of names, or without names in natural order.
func ordered(list []*group, names []string) ([]*group, error) {
	if len(names) == 0 {
		if !slices.ContainsFunc(list, func(g *group) bool { return !numbered.MatchString(g.name) }) {
			return list, nil
		}
		slices.SortStableFunc(list, func(a, b *group) int { return naming.Natural(a.name, b.name) })
		return list, nil
	}
	var found []*group
	for n, name := range names {
		if slices.Contains(names[:n], name) {
			return nil, fmt.Errorf("-layers names %q twice", name)
		}
		i := slices.IndexFunc(list, func(g *group) bool { return g.name == name })
		if i < 0 {
			var have []string
			for _, g := range list {
				have = append(have, g.name)
			}
			return nil, fmt.Errorf("-layers: no layer is called %q (available: %s)", name, strings.Join(have, ", "))
		}
		found = append(found, list[i])
	}
	if len(found) != len(list) {
		return nil, fmt.Errorf("-layers names %d of %d layers", len(found), len(list))
	}
	return found, nil
}

// arrange decides the layout, and the order if the layers do not follow one another by name.
func arrange(list []*group, c Choices) (Layout, []*group, error) {
	layouts := Layouts()
	if c.Layout != "" {
		layouts = []Layout{c.Layout}
	}
	var fits []Layout
	for _, l := range layouts {
		if fit(list, l) {
			fits = append(fits, l)
		}
	}
	usual := usual(list)
	switch {
	case len(fits) == 1:
		return fits[0], list, nil
	case len(fits) == 2 && usual != "":
		return usual, list, nil
	case len(fits) == 2:
		return "", nil, errors.New("the weights fit as outputs×inputs and as inputs×outputs; decide with -layout=out-in or -layout=in-out")
	case len(c.Layers) > 0:
		return "", nil, errors.New("the layers do not follow one another in the order of -layers")
	}
	var found []*group
	layout := Layout("")
	for _, l := range layouts {
		orders := permutations(list, l)
		if len(orders) > 1 || len(orders) == 1 && found != nil {
			return "", nil, errors.New("the layers follow one another in several orders; name them in order with -layers=NAMES")
		}
		if len(orders) == 1 {
			layout, found = l, orders[0]
		}
	}
	if found == nil {
		return "", nil, errors.New("the sizes of the layers do not follow one another; a multilayer perceptron is expected")
	}
	return layout, found, nil
}

// permutations returns at most two orders in which layers follow one another.
func permutations(list []*group, l Layout) (orders [][]*group) {
	const most = 8
	if len(list) > most {
		return nil
	}
	var extend func(order, rest []*group)
	extend = func(order, rest []*group) {
		if len(orders) > 1 || !fit(order, l) {
			return
		}
		if len(rest) == 0 {
			orders = append(orders, slices.Clone(order))
			return
		}
		for i := range rest {
			others := append(slices.Clone(rest[:i]), rest[i+1:]...)
			extend(append(slices.Clone(order), rest[i]), others)
		}
	}
	extend(nil, list)
	return orders
}
