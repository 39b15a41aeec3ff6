package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shadegrad/internal/cache"
)

// cache tries whether the directory of remembered choices can be written. Training goes right without it.
func (x *exam) cache() {
	s := Step{Name: "cache", Status: OK}
	dir, err := x.cacheDir()
	if err == nil {
		err = tryWriting(dir)
	}
	if err == nil {
		s.Found = dir + " can be written"
		x.add(s)
		return
	}
	s.Status, s.Found = Failed, fmt.Sprintf("%v; what was found to be fast will not be remembered", err)
	for _, name := range []string{cache.Variable, "XDG_CACHE_HOME"} {
		if v := x.env(name); v != "" && len(s.Advice) == 0 {
			s.Advice = []string{fmt.Sprintf("%s=%s is the cause: set it to a directory that you may write, or unset it", name, v)}
		}
	}
	switch {
	case len(s.Advice) > 0:
	case dir == "": // the system names none
		s.Advice = []string{"set " + cache.Variable + " to a directory that you may write"}
	case errors.Is(err, fs.ErrPermission):
		own := existing(dir)
		s.Advice = []string{fmt.Sprintf("make %s yours: %s; or set %s to a directory that you may write", own, x.system.asRoot("chown $USER "+own), cache.Variable)}
	default:
		s.Advice = []string{fmt.Sprintf("make room for a directory %s, or set %s to another that you may write", dir, cache.Variable)}
	}
	x.add(s)
}

// tryWriting writes a file in a directory, which is made where it is missing, and takes away what it made.
func tryWriting(dir string) (err error) {
	made := missing(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	defer func() {
		for _, d := range made {
			os.Remove(d) // fails if somebody has come to use it, which is as well
		}
	}()
	f, err := os.CreateTemp(dir, "doctor.*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("written by shadegrad doctor, which deletes it\n")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// missing returns the directories that have to be made for dir to be there, the innermost first.
func missing(dir string) []string {
	var list []string
	for {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return list
		}
		list = append(list, dir)
		dir = filepath.Dir(dir)
	}
}

// existing returns dir, or the innermost directory on the way to it that is there.
func existing(dir string) string {
	if list := missing(dir); len(list) > 0 {
		return filepath.Dir(list[len(list)-1])
	}
	return dir
}

// leastSpace is what a large network and its checkpoint take, each of them written beside its predecessor: the deepest of
// the usual ones has 12 million weights, and a checkpoint has their velocities too.
const leastSpace = 4 * 12_000_000 * (1 + 2) * 2

// disk looks for room: for checkpoints in the working directory, for choices in the cache.
func (x *exam) disk() {
	s := Step{Name: "disk", Status: OK}
	here, known := x.space(".")
	if !known {
		s.Status, s.Found = Untried, "how much is free cannot be asked for here"
		x.add(s)
		return
	}
	s.Found = sizeText(here) + " free in the working directory"
	if dir, err := x.cacheDir(); err == nil {
		if n, known := x.space(existing(dir)); known {
			s.Found += ", " + sizeText(n) + " for the cache"
		}
	}
	if here < leastSpace {
		s.Status = Failed
		s.Advice = []string{fmt.Sprintf("make room: a large network and its checkpoint take %s; or save elsewhere, with train -save=FILE", sizeText(leastSpace))}
	}
	x.add(s)
}

// sizeText writes a number of bytes for people.
func sizeText(n int64) string {
	const unit = 1024
	if n < unit*unit {
		return fmt.Sprintf("%d KiB", n/unit)
	}
	v, suffix := float64(n)/(unit*unit), "MiB"
	if v >= unit {
		v, suffix = v/unit, "GiB"
	}
	return fmt.Sprintf("%.1f %s", v, suffix)
}
