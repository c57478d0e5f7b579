# Every target makes .venv first, so that each works from a fresh clone with Python 3.11 or newer,
# a C++ compiler and make. Stamp files in .venv keep a second run instant.

# The first Python that runs and is new enough; another one: make PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
    $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
WORKERS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
EXTENSIONS := setup.py $(shell find convproof/kernels -name '*.pyx' -o -name '*.pxi' -o -name '*.pxd' -o -name '*.hpp' 2>/dev/null)

.PHONY: help verify test test-peers booklet bench docs lint build clean

help:
	@echo "make verify      build, verify every kernel of convproof, prove its loops; writes convproof-report.html"
	@echo "make test        the tests, with doctests, notebooks and documentation"
	@echo "make test-peers  the tests that compare with PyTorch, ONNX and ONNX Runtime"
	@echo "make booklet     every derivation, typeset: booklet.pdf (needs TeX Live with latexmk, or tectonic)"
	@echo "make bench       time the kernels"
	@echo "make docs        the documentation, in docs/_build/html"
	@echo "make lint        ruff, mypy, import-linter, cython-lint"
	@echo "make build       the environment and the compiled extensions"
	@echo "make clean       remove what the others made, .venv included"

verify: build
	$(BIN)/convproof verify --html convproof-report.html $(ARGS)
	$(BIN)/convproof prove --relationships --loops

test: build $(VENV)/.with-test $(VENV)/.with-prove $(VENV)/.with-docs
	$(BIN)/python -m pytest -m "not peers" -n $(WORKERS) --dist worksteal $(ARGS)

test-peers: build $(VENV)/.with-test $(VENV)/.with-peers
	$(BIN)/python -m pytest -m peers $(ARGS)

booklet: build $(VENV)/.with-prove
	$(BIN)/convproof derive all --pdf booklet.pdf $(ARGS)

bench: build
	$(BIN)/python -m benchmarks $(ARGS)

docs: build $(VENV)/.with-docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

lint: build $(VENV)/.with-lint
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint convproof

build: $(VENV)/.built

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build .pytest_cache .mypy_cache .ruff_cache
	rm -f convproof/kernels/cpu/*.so convproof/kernels/cpu/_*.cpp convproof-report.html booklet.pdf

# ---------------------------------------------------------------------- the environment

$(VENV)/.made: | tools/preflight.py
	@if [ -z "$(PYTHON)" ]; then \
	    echo "convproof: error: Python 3.11 or newer is needed, and none was found; name one with: make PYTHON=/path/to/python3.11" >&2; \
	    exit 1; fi
	@$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The package itself, in place. Its requirements are installed first, without isolation of the build:
# one download of Cython, not one for each build.
$(VENV)/.installed: $(VENV)/.made pyproject.toml setup.py
	@$(BIN)/python tools/requirements.py build core > $(VENV)/requirements.txt
	$(BIN)/python -m pip install --quiet --requirement $(VENV)/requirements.txt
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

# Sources of the extensions that changed since. What is up to date is not compiled again.
$(VENV)/.built: $(VENV)/.installed $(EXTENSIONS)
	$(BIN)/python setup.py --quiet build_ext --inplace --parallel 2
	@touch $@

$(VENV)/.with-%: $(VENV)/.made pyproject.toml
	@$(BIN)/python tools/requirements.py core $* > $(VENV)/requirements-$*.txt
	$(BIN)/python -m pip install --quiet --requirement $(VENV)/requirements-$*.txt
	@touch $@

.PRECIOUS: $(VENV)/.with-%
