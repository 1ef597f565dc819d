# Everything that this repository can do; CI calls these targets and nothing else.
GO     ?= go
TOOL    = $(GO) tool -modfile=.tools/go.mod
PKG    ?= ./...
BENCH  ?= .

# Flags of the local system and of the demo, e.g. RUN_FLAGS='-data ""'.
RUN_FLAGS  ?=
DEMO_FLAGS ?=

# What is deployed where, e.g. DEPLOY_FLAGS='-project my-shop-123 -config comeback.yaml -alert-email you@example.com'.
DEPLOY_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help run demo build test simulate fuzz bench lint fmt plan deploy destroy

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the whole system on this machine (RUN_FLAGS='…')
	$(GO) run ./emulators/local $(RUN_FLAGS)

demo: ## a day in a shop, played against the system (DEMO_FLAGS='…')
	$(GO) run ./emulators/local demo $(DEMO_FLAGS)

build: ## the local system as bin/comeback-local
	$(GO) build -o bin/comeback-local ./emulators/local

plan: ## what a deployment would change in the cloud (DEPLOY_FLAGS='…')
	$(GO) run ./terraform/deploy plan $(DEPLOY_FLAGS)

deploy: ## all of it, in the cloud: see docs/deploy.md (DEPLOY_FLAGS='…')
	$(GO) run ./terraform/deploy apply $(DEPLOY_FLAGS)

destroy: ## takes it away again; the data stay unless keep_data is false
	$(GO) run ./terraform/deploy destroy $(DEPLOY_FLAGS)

# The race detector needs a C compiler on Linux; without one the tests run without it.
RACE := $(shell command -v "$$($(GO) env CC)" >/dev/null && echo -race)

test: ## every test, with the race detector and in random order (PKG=./internal/…)
	@[ -n "$(RACE)" ] || { echo "no C compiler: testing without the race detector" >&2; [ -z "$$CI" ]; }
	$(GO) test $(RACE) -shuffle=on $(PKG)
	$(GO) test -C terraform/testprovider ./...
	$(GO) test -C emulators/contract ./...

# How many histories are simulated, and from which seed on.
N    ?= 100000
SEED ?= 1

simulate: ## N random histories with faults, all promises checked (N=1000000 SEED=1)
	$(GO) run ./internal/simulation/simulate -n $(N) -seed $(SEED)

# How long each fuzz target looks for new cases.
FUZZTIME ?= 30s

fuzz: ## looks for new cases with every fuzz target (FUZZTIME=30s); make test runs the kept ones
	@grep -rno --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' . | sed 's/:[0-9]*:func / /' | while read -r file target; do \
		echo "$$target in $$(dirname $$file)"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 50x -parallel 1 "$$(dirname $$file)" || exit 1; \
	done

bench: ## the benchmarks (PKG=./functions BENCH=Checkout)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

lint: ## go vet, staticcheck, and gofumpt's list of files to format
	$(GO) vet $(PKG)
	$(GO) vet -C terraform/testprovider ./...
	$(GO) vet -C emulators/contract ./...
	$(TOOL) staticcheck $(PKG)
	cd terraform/testprovider && $(GO) tool -modfile=../../.tools/go.mod staticcheck ./...
	cd emulators/contract && $(GO) tool -modfile=../../.tools/go.mod staticcheck ./...
	@unformatted=$$($(TOOL) gofumpt -l .); \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; \
	fi

fmt: ## formats every file
	$(TOOL) gofumpt -w .
