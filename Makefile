# Every target makes the virtual environment and installs what it needs; a second call starts at once.
# Nothing is needed beforehand but python3 (3.11 or newer) and make.

PYTHON ?= python3
VENV ?= .venv
STORE ?=
BIN := $(VENV)/bin

.PHONY: demo test check bench slow help

help:
	@echo "make demo    the main job on real films: import, learn, measure, recommend with reasons"
	@echo "make test    style, types, import rules and the default tests"
	@echo "make check   style, types and import rules only"
	@echo "make slow    the tests that take long: crashes, memory"
	@echo "make bench   the benchmark on the small sets of BENCH_DATA (default ../shared/data)"

# The stamp names what the environment was built from: change either file and it is brought up to date.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/kgrec demo --out demo $(if $(STORE),--store $(STORE))

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/python -m pytest

slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

BENCH_DATA ?= ../shared/data
bench: $(VENV)/.installed
	mkdir -p tests/benchmarks/results
	for set in ml100k_text lastfm_lightkg; do \
		$(BIN)/kgrec benchmark $(BENCH_DATA)/$$set --out tests/benchmarks/results/$$set.json || exit 1; \
	done
