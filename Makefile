# Every task of the project. `make help` lists them.

SWIFT ?= swift
FLAGS := -c release
BIN := .build/release

.DEFAULT_GOAL := help

.PHONY: help
help: ## List all tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Install the system packages that are missing
	@scripts/setup.sh scripts/packages.txt

.PHONY: build
build: setup ## Build every executable into .build/release
	$(SWIFT) build $(FLAGS)
	scripts/web.sh

.PHONY: web
web: setup ## Type-check and bundle the studio into .build/release/web
	scripts/web.sh

.PHONY: web-types
web-types: setup ## Write the types of the studio's API client again
	$(SWIFT) build $(FLAGS)
	scripts/test-browser.sh --types

.PHONY: run
run: build ## Build, start the whole set on this machine and print its URL
	$(BIN)/convergence up

.PHONY: demo
demo: build ## Take one intent through the whole flow and leave the results in ./demo
	$(BIN)/convergence demo "a fox crossing a frozen lake at dawn"

.PHONY: test
test: setup ## Build everything and run every test
	@scripts/setup.sh scripts/packages-test.txt
	@scripts/venv.sh
	$(SWIFT) build $(FLAGS)
	$(SWIFT) build $(FLAGS) --build-tests
	scripts/web.sh
	$(MAKE) check
	scripts/test.sh
	scripts/test-browser.sh

.PHONY: test-browser
test-browser: build ## Drive the studio in a browser over the whole set
	@scripts/setup.sh scripts/packages-test.txt
	@scripts/venv.sh
	scripts/test-browser.sh

.PHONY: screenshots
screenshots: build ## Pictures of every view of the studio, into ./screenshots
	@scripts/setup.sh scripts/packages-test.txt
	@scripts/venv.sh
	scripts/test-browser.sh --screenshots

.PHONY: check
check: ## Formatting, types of the studio, freshness of generated code
	$(SWIFT) format lint --strict --recursive Package.swift Shared Services Tests
	scripts/proto.sh --check
	scripts/web.sh --check

.PHONY: proto
proto: setup ## Generate the code from proto/ again
	scripts/proto.sh

.PHONY: fuzz
fuzz: setup ## Fuzz the frame decoder until it is stopped
	scripts/fuzz.sh

SEEDS ?= 1000
FIRST ?= 1

.PHONY: simulate
simulate: setup ## Simulate credits, session and media under faults: SEEDS=N of them, from FIRST on
	$(SWIFT) build $(FLAGS) --build-tests
	SIMULATION_SEEDS=$(SEEDS) SIMULATION_FIRST=$(FIRST) \
		$(SWIFT) test $(FLAGS) --skip-build --filter '^SimulationTests\.' --skip planted

.PHONY: pictures
pictures: build ## Render the contact sheets of docs/pictures again
	scripts/pictures.sh

.PHONY: bench-peers
bench-peers: ## Build what the benchmarks compare with
	@scripts/setup.sh scripts/packages-bench.txt
	$(MAKE) -C Tests/Benchmarks/peers

.PHONY: bench
bench: build bench-peers ## Benchmarks beside their peers
	$(BIN)/bench rpc --peers
	$(BIN)/bench credits --peers
	$(BIN)/bench gateway --peers
	$(BIN)/bench render --peers

.PHONY: plots
plots: ## Draw the plots of docs/performance.md again from docs/figures
	scripts/plots.py

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build
