package dataset

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"shadegrad/internal/memory"
	"shadegrad/internal/picture"
	"shadegrad/internal/picture/tree"
)

// decodedPixel is the maximum number of bytes that reading a picture takes per pixel: four channels of 16 bits, as much
// for working memory, and two numbers.
const decodedPixel = 24

// A SizeError reports a picture whose size is not that of the others.
type SizeError struct {
	First string // picture of the size Want
	Size  Size
	Want  Size
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("expected a picture of %dx%d as %s, found %dx%d", e.Want.Width, e.Want.Height, e.First, e.Size.Width, e.Size.Height)
}

// A pictureReader reads pictures of one size, or scales them to it.
type pictureReader struct {
	place
	labels map[string]byte
	budget *memory.Budget
	size   Size   // of the pictures, or 0 by 0 if it is that of the first one
	first  string // picture of this size, or empty if others are scaled
	white  int    // highest picture.White of the first part, for pictures with 16 bits per sample
	notes  []string
}

func (r *pictureReader) file(name string) string { return r.prefix + filepath.FromSlash(name) }

// load reads pictures. One in 1,000, and at least one of 20, may be unreadable; a note names them.
func (r *pictureReader) load(list []tree.Picture) (Set, error) {
	allowed := len(list) / 1000
	if len(list) >= 20 {
		allowed = max(1, allowed)
	}
	for i := 0; r.size == (Size{}); i++ {
		f, err := picture.Open(r.fsys, list[i].File)
		if err == nil {
			r.size, r.first = Size{f.Width, f.Height}, list[i].File
			f.Close()
		} else if i >= allowed {
			return Set{}, fmt.Errorf("%s: %w", r.file(list[i].File), err)
		}
	}
	n := r.size.Width * r.size.Height
	tooMuch := func(err error) (Set, error) {
		return Set{}, fmt.Errorf("%s: %d pictures of %dx%d: %w", r.file(list[0].File), len(list), r.size.Width, r.size.Height, err)
	}
	if int64(n) > maxInt/int64(len(list)) {
		return tooMuch(errTooMuch)
	}
	if err := r.budget.Take(int64(n+1) * int64(len(list))); err != nil {
		return tooMuch(err)
	}
	s := Set{Images: allocate(n * len(list)), Labels: make([]byte, len(list)), Width: r.size.Width, Height: r.size.Height,
		origin: func(i int) string { return r.file(list[i].File) + ": label out of range" }}
	whites := make([]int, len(list))
	errs := each(len(list), func(i int) (err error) {
		s.Labels[i] = r.labels[list[i].Class]
		whites[i], err = r.read(list[i].File, s.Image(i), 0)
		return err
	})
	if r.white == 0 {
		r.white = slices.Max(whites)
	}
	if r.white > 0 {
		each(len(list), func(i int) error { // pictures that were scaled by another white
			if errs[i] == nil && whites[i] != 0 && whites[i] != r.white {
				_, errs[i] = r.read(list[i].File, s.Image(i), r.white)
			}
			return nil
		})
	}
	var bad []uint32
	var named []string
	for i, err := range errs {
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s: %w", r.file(list[i].File), err)
		if other := new(unreadable); !errors.As(err, other) {
			return Set{}, err
		}
		bad, named = append(bad, uint32(i)), append(named, err.Error())
	}
	switch {
	case len(bad) > allowed && len(bad) > 1:
		return Set{}, fmt.Errorf("%s (one of %d unreadable pictures of %d)", named[0], len(bad), len(list))
	case len(bad) > allowed:
		return Set{}, errors.New(named[0])
	case len(bad) > 0:
		r.notes = append(r.notes, fmt.Sprintf("omitted %d of %d pictures: %s", len(bad), len(list), strings.Join(named, ", ")))
		s.takeOut(bad)
	}
	return s, nil
}

// unreadable is the error for a damaged picture.
type unreadable struct{ error }

// each calls f for the numbers below n, several at a time, and returns the errors.
func each(n int, f func(i int) error) []error {
	errs := make([]error, n)
	workers := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < n; i += workers {
				errs[i] = f(i)
			}
		}()
	}
	wg.Wait()
	return errs
}

// read reads a picture as grey into dst. It decodes only a picture of the right size, unless it scales pictures. White is
// that of picture.Scale, or 0 for the picture's own, which read returns.
func (r *pictureReader) read(name string, dst []byte, white int) (int, error) {
	f, err := picture.Open(r.fsys, name)
	if err != nil {
		return 0, unreadable{err}
	}
	defer f.Close()
	if size := (Size{f.Width, f.Height}); r.first != "" && size != r.size {
		return 0, &SizeError{r.first, size, r.size}
	}
	need := decodedPixel * int64(f.Width) * int64(f.Height)
	if err := r.budget.Take(need); err != nil {
		return 0, fmt.Errorf("no room to decode a picture of %dx%d: %w", f.Width, f.Height, err)
	}
	defer r.budget.Take(-need)
	img, err := f.Decode()
	if err != nil {
		return 0, unreadable{err}
	}
	if white == 0 {
		white = picture.White(img)
	}
	copy(dst, picture.Fit(picture.Grey(picture.Scale(img, white)), r.size.Width, r.size.Height).Pix)
	return white, nil
}
