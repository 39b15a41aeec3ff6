# Shadegrad. `make` lists the targets.

GO     ?= go
PYTHON ?= python3
ARGS   ?=
TAGS   ?=
PRESETS  ?= xor halfplane sizes softmax mnist-online keras-mlp lecun1998 lecun1998-deep
SEEDS    ?= 1
MINUTES  ?= 20
FUZZTIME ?= 10000x
export GO TAGS FUZZTIME

.PHONY: help build train test test-long hunt fuzz bench bench-peers bench-gpu records pictures kernels-amd generate release rename clean

help:
	@echo 'make train        install missing packages, build, and train on MNIST; ARGS="-epochs=3" passes flags'
	@echo 'make test         install missing packages, Xvfb and Mesa too, and run the tests; takes a few minutes'
	@echo 'make test-long    run all cases of the tests, and the fuzzers'
	@echo 'make build        build bin/shadegrad with the installed packages'
	@echo 'make bench        run the benchmarks'
	@echo 'make bench-peers  compare the CPU backend with NumPy and PyTorch; takes a quarter of an hour (internal/bench/peers)'
	@echo 'make bench-gpu    test the GPU backend and compare it with PyTorch on the same GPU (internal/bench/peers);'
	@echo '                  QUICK=1 takes at most 8 minutes'
	@echo 'make records      train the presets of docs/results.md and write its rows; set PRESETS=, SEEDS= and ARGS='
	@echo 'make pictures     make the pictures of the README and the guide, with Chromium (Debian: chromium nodejs npm)'
	@echo 'make kernels-amd  compile the kernels for GPUs of AMD, which need not be there, and write docs/kernels-amd.md'
	@echo 'make hunt         kill runs, limit their CPU and memory, make calls fail, damage files for MINUTES=20'
	@echo 'make fuzz         run each fuzzer of the file readers for FUZZTIME: a number of inputs (10000x) or a time (5s)'
	@echo 'make generate     generate the assembly'
	@echo 'make release      build archives for Linux, Windows and macOS in bin/release; TARGETS=linux-amd64-static builds one'
	@echo 'make rename       change the path of the module to MODULE=example.org/me/shadegrad, for go install and other modules'
	@echo 'make clean        remove bin'
	@echo
	@echo 'TAGS=nogl or CGO_ENABLED=0 builds for the CPU only and installs nothing.'

build:
	@sh .ci/setup.sh check
	@tags=$$(sh .ci/setup.sh tags) && $(GO) build $${tags:+-tags "$$tags"} -o bin/shadegrad$$($(GO) env GOEXE) ./cmd/shadegrad

train:
	@sh .ci/setup.sh install-build
	@$(MAKE) --no-print-directory build
	@bin/shadegrad train $(ARGS)

test:
	@sh .ci/test.sh

test-long:
	@sh .ci/test.sh long

bench:
	@sh .ci/setup.sh check
	@tags=$$(sh .ci/setup.sh tags) && $(GO) test $${tags:+-tags "$$tags"} -run '^$$' -bench . ./...

bench-peers: build
	@$(PYTHON) internal/bench/peers/run.py $(ARGS)

bench-gpu: build
	@$(PYTHON) internal/bench/peers/gpu.py $(if $(QUICK),--quick) $(ARGS)

records: build
	@$(PYTHON) internal/recipe/records/run.py $(PRESETS) --seeds $(SEEDS) -- $(ARGS)

pictures: build
	@$(GO) run ./internal/browser/pictures

kernels-amd:
	@mkdir -p bin
	@CGO_ENABLED=0 $(GO) run ./compute/opengl/amd >bin/kernels-amd.md
	@mv bin/kernels-amd.md docs/

hunt:
	$(GO) test ./internal/hunt -count=1 -v -timeout=0 -args -minutes=$(MINUTES)

fuzz:
	@sh .ci/fuzz.sh $(FUZZTIME)

generate:
	$(GO) generate ./...

release:
	@sh .ci/setup.sh install-release
	@sh .ci/release.sh $(TARGETS)

rename:
	@sh .ci/rename.sh "$(MODULE)"

clean:
	rm -rf bin
