# Shadegrad. `make` lists the targets.

GO     ?= go
PYTHON ?= python3
ARGS   ?=
TAGS   ?=
PRESETS  ?= xor halfplane sizes softmax mnist-online keras-mlp lecun1998 lecun1998-deep
SEEDS    ?= 1
FUZZTIME ?= 40000x
export GO TAGS

.PHONY: help build train test fuzz bench bench-peers bench-gpu records generate clean

help:
	@echo 'make train        install what is missing, build, and train on MNIST; ARGS="-epochs=3" passes flags'
	@echo 'make test         install what is missing (Xvfb and Mesa too), and run all tests'
	@echo 'make build        build bin/shadegrad with what is installed'
	@echo 'make bench        run the benchmarks'
	@echo 'make bench-peers  time the CPU backend against NumPy and PyTorch (testdata/peers), in a quarter of an hour'
	@echo 'make bench-gpu    test the GPU backend and time it against PyTorch on the same GPU (testdata/peers)'
	@echo 'make records      train the presets of docs/results.md and write its rows; PRESETS=, SEEDS= and ARGS= choose'
	@echo 'make fuzz         let the fuzzers try the readers of files, FUZZTIME=40000x or 5s each'
	@echo 'make generate     write the assembly anew from its generators'
	@echo 'make clean        remove what was built'
	@echo
	@echo 'TAGS=nogl or CGO_ENABLED=0 builds for the CPU alone and installs nothing.'

build:
	@sh .ci/setup.sh check
	@tags=$$(sh .ci/setup.sh tags) && $(GO) build $${tags:+-tags "$$tags"} -o bin/shadegrad ./cmd/shadegrad

train:
	@sh .ci/setup.sh install-build
	@$(MAKE) --no-print-directory build
	@bin/shadegrad train $(ARGS)

test:
	@sh .ci/test.sh

bench:
	@sh .ci/setup.sh check
	@tags=$$(sh .ci/setup.sh tags) && $(GO) test $${tags:+-tags "$$tags"} -run '^$$' -bench . ./...

bench-peers: build
	@$(PYTHON) testdata/peers/run.py $(ARGS)

bench-gpu: build
	@$(PYTHON) testdata/peers/gpu.py $(ARGS)

records: build
	@$(PYTHON) testdata/records/run.py $(PRESETS) --seeds $(SEEDS) -- $(ARGS)

fuzz:
	@sh .ci/fuzz.sh $(FUZZTIME)

generate:
	$(GO) generate ./...

clean:
	rm -rf bin
