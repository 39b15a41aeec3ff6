package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shadegrad/internal/cache"
)

// cache checks whether the cache directory is writable. Training works without it.
func (x *exam) cache() {
	s := Step{Name: "cache", Status: OK}
	dir, err := x.cacheDir()
	if err == nil {
		err = tryWriting(dir)
	}
	if err == nil {
		s.Found = dir + " is writable"
	} else {
		s.fail(fmt.Sprintf("%v; timings will not be remembered", err), []string{x.cacheAdvice(dir, err)})
	}
	x.add(s)
}

// cacheAdvice returns advice if the cache directory is not writable. dir is "" if the system has none.
func (x *exam) cacheAdvice(dir string, err error) string {
	for _, name := range []string{cache.Variable, "XDG_CACHE_HOME"} {
		if v := x.env(name); v != "" {
			return fmt.Sprintf("%s=%s: set it to a writable directory, or unset it", name, v)
		}
	}
	switch {
	case dir == "":
		return "set " + cache.Variable + " to a writable directory"
	case errors.Is(err, fs.ErrPermission):
		own := existing(dir)
		if x.goos == "windows" {
			return fmt.Sprintf("allow your account to write to %s, in its properties; or set %s to a writable directory", own, cache.Variable)
		}
		return fmt.Sprintf("make %s yours: %s; or set %s to a writable directory", own, x.system.asRoot("chown $USER "+own), cache.Variable)
	}
	return fmt.Sprintf("make %s a directory, or set %s to a writable one", dir, cache.Variable)
}

// tryWriting writes a file to a directory, which it makes if necessary, and removes what it made.
func tryWriting(dir string) error {
	made := missing(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	defer func() {
		for _, d := range made {
			os.Remove(d) // fails if another process uses it by now
		}
	}()
	f, err := os.CreateTemp(dir, "doctor.*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("written by shadegrad doctor, which deletes it\n")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// missing returns the directories to make for dir to exist, the innermost first.
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

// existing returns dir or its innermost parent that exists.
func existing(dir string) string {
	if list := missing(dir); len(list) > 0 {
		return filepath.Dir(list[len(list)-1])
	}
	return dir
}

// leastSpace is the space for a large network and its checkpoint, each written next to its predecessor: the largest usual
// network has 12 million weights, and a checkpoint also has their velocities.
const leastSpace = 4 * 12_000_000 * (1 + 2) * 2

// disk checks the free space in the working directory, and reports that of the cache.
func (x *exam) disk() {
	s := Step{Name: "disk", Status: OK}
	here, known := x.space(".")
	if !known {
		s.Status, s.Found = Untried, "the free space is not known on this system"
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
		s.fail(s.Found, []string{fmt.Sprintf("free some space: a large network and its checkpoint need %s; or save elsewhere with train -save=FILE", sizeText(leastSpace))})
	}
	x.add(s)
}

// sizeText returns a number of bytes as "1.5 GiB".
func sizeText(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
