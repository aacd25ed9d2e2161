# The two commands of a fresh machine: `make bench` and `make test`. Everything lives in .venv.
PYTHON ?= python3
AXE := axe-core@4.14.1
BIN := .venv/bin

.PHONY: help bench test check format benchmark docs man peers endian clean

help:
	@echo "make bench      run the suite on the shared schemas (about eight minutes), write a folder in reports/"
	@echo "make test       run the tests"
	@echo "make check      format, lint, types, layers"
	@echo "make format     let ruff format and fix"
	@echo "make benchmark  our handwritten codecs against other people's, and all cells in pytest-benchmark"
	@echo "make docs       the documentation, into site/: open site/index.html"
	@echo "make man        manual pages, into man/: man -l man/serbench-run.1"
	@echo "make peers      system packages that some tests use, and axe-core for the page's"
	@echo "make endian     every codec across to a big-endian machine, and to one of 32 bits"
	@echo "make clean      remove .venv and caches"

.venv/run.stamp: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "serbench needs Python 3.11 or newer: make PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "python3 -m venv failed: on Debian, apt-get install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/dev.txt
	@touch $@

.venv/docs.stamp: requirements/docs.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/docs.txt
	@touch $@

bench: .venv/run.stamp
	$(BIN)/serbench run --budget 8m

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n auto --dist worksteal

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

man: .venv/run.stamp
	$(BIN)/python -m serbench.pages.man man

docs: .venv/docs.stamp  # not --quiet, which would keep warnings from --strict
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

peers: .venv/run.stamp
	apt-get update --quiet --quiet
	sed 's/#.*//' requirements/peers.txt | xargs env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends
	@command -v npm > /dev/null || { echo "npm is missing: the page's accessibility is not tested"; exit 0; }; \
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix "$${XDG_CACHE_HOME:-$$HOME/.cache}/serbench/axe" $(AXE)
	-$(BIN)/python -m serbench.peers.c.pidl

endian: .venv/run.stamp
	$(BIN)/serbench endian setup s390x armhf
	$(BIN)/serbench endian --all --machine s390x --machine armhf

benchmark: .venv/dev.stamp
	$(BIN)/python -m pytest benchmarks --benchmark-only
	$(BIN)/python benchmarks/test_handwritten.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
