# The front door. Everything below is one of: set-up, build, run.
.PHONY: demo test test-full bench build clean setup-core setup-full
BUILD ?= build
JOBS ?= $(shell nproc)

build: setup-core
	@tools/build $(BUILD) $(JOBS)

demo: build
	@tools/demo $(BUILD)

test: setup-full
	@tools/build $(BUILD) $(JOBS)
	@tools/run_tests $(BUILD) test

test-full: setup-full
	@tools/build $(BUILD) $(JOBS)
	@tools/run_tests $(BUILD) full

bench: setup-full
	@tools/build $(BUILD) $(JOBS)
	@tools/run_bench $(BUILD) "$(ONLY)"

setup-core:
	@tools/setup core

setup-full:
	@tools/setup full

clean:
	rm -rf $(BUILD) $(BUILD)-*
