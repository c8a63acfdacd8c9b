# Everything runs in one virtual environment that pip makes from pyproject.toml and constraints.txt. Which package
# index pip asks is the machine's business: none is named here.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEMO ?= demo
WORKERS ?= 2

# A benchmark is a module or a package of benchmarks/ that can be run: python -m benchmarks.NAME
BENCHMARKS := $(patsubst benchmarks/%.py,%,$(wildcard benchmarks/[a-z]*.py)) \
              $(patsubst benchmarks/%/__main__.py,%,$(wildcard benchmarks/*/__main__.py))

.PHONY: help setup demo demo-log test bench golden pages page-image docs clean

help:
	@echo "make demo    set up, run six loops from one small model into $(DEMO)/loops, on one page"
	@echo "make demo-log set up, draw a loop's rollout log in TRL's format into $(DEMO)/log, audit it"
	@echo "make test    set up, lint, check types, run every test and doctest"
	@echo "make bench   run every benchmark, or one: $(BENCHMARKS:%=make bench-%)"
	@echo "make golden  record the reports that tests/golden pins; read what changed before committing"
	@echo "make pages   rerun the commands shown in README.md and docs/ and put in what they print"
	@echo "make page-image  draw docs/page.png anew: the page of the demo's log in this machine's Chromium"
	@echo "make docs    build the documentation site into site/, strictly and without a network"
	@echo "make clean   remove the environment, the demo and all caches"

setup: $(READY)

# The build tools are pinned too, so the package is built without an environment of its own.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	# torch goes first and by its pinned version, so that nothing after it chooses another build.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	    --no-build-isolation -e '.[dev]'
	@touch $@

# One process per seed, each on one thread: two cores run two seeds side by side.
demo: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python examples/demo.py $(DEMO)/loops

demo-log: $(READY)
	$(BIN)/python -m freshbits.worlds.demo $(DEMO)/log
	$(BIN)/freshbits audit $(DEMO)/log

test: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

bench: $(BENCHMARKS:%=bench-%)

bench-%: $(READY)
	$(BIN)/python -m benchmarks.$*

golden: $(READY)
	$(BIN)/python -m tests.golden.reports

pages: $(READY)
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/schema.py
	$(BIN)/python docs/house.py
	$(BIN)/python docs/refresh.py

page-image: $(READY)
	$(BIN)/python docs/picture.py

# Open it with: python -m http.server -d site   (its search needs a server; the pages open without one)
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clean:
	rm -rf .venv demo site .pytest_cache .mypy_cache .ruff_cache .hypothesis
