package judge

import (
	"fmt"
	"strings"
)

// A Failure describes how a backend failed a case.
type Failure struct {
	Case   string // the case's name
	Kernel string // the op with its variant: "matmul_tn"
	Detail string // what is wrong, and where
	// Err is the error of the result and Bound its limit, if Detail is about a number. Otherwise both are 0.
	Err, Bound float64
	Cause      error // the backend's error, or nil
}

// Error returns the full text:
//
//	matmul_tn/m=5,n=7,k=3: Dst (2,4) is 0.51, want 0.48: err 3e-2 > 1e-5
func (f *Failure) Error() string {
	s := f.Case + ": " + f.Detail
	if f.numeric() {
		s += ": " + f.excess()
	}
	return s
}

// Short returns the kernel and the error: "matmul_tn err 3e-2 > 1e-5".
func (f *Failure) Short() string {
	if f.numeric() {
		return f.Kernel + " " + f.excess()
	}
	return f.Kernel + ": " + f.Detail
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

func (f *Failure) numeric() bool { return f.Err != 0 || f.Bound != 0 }

func (f *Failure) excess() string {
	return fmt.Sprintf("err %s > %s", short(f.Err), short(f.Bound))
}

// short formats a number with one digit and an exponent without padding.
func short(v float64) string {
	s := fmt.Sprintf("%.0e", v)
	s = strings.Replace(s, "e-0", "e-", 1)
	return strings.TrimSuffix(strings.Replace(s, "e+0", "e+", 1), "e+0")
}
