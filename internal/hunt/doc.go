// Package hunt contains tests that try to lose a run: kills, signals, failing system calls, control groups with little CPU
// time or memory, damaged files, and every state of the disk that a crash may leave. "make hunt MINUTES=20" runs them for
// that long; without it they take some seconds.
package hunt
