// Benchstat is a tool of the tests: what shadegrad bench -format=bench writes must be what it reads.
module shadegrad/internal/bench/benchstat

go 1.24.0

tool golang.org/x/perf/cmd/benchstat

require (
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	golang.org/x/perf v0.0.0-20250305200902-02a15fd477ba // indirect
)
