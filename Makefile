# Every target makes the virtual environment and installs what it needs; a second call starts at once.
# Nothing is needed beforehand but python3 (3.11 or newer) and make.

PYTHON ?= python3
VENV ?= .venv
STORE ?=
BIN := $(VENV)/bin

.PHONY: demo test quick check pages style bench slow neo4j help

help:
	@echo "make demo    the main job on real films: import, learn, measure, recommend with reasons"
	@echo "make test    style, types, import rules and the default tests"
	@echo "make quick   style, types, import rules and the unit tests, in under a minute: those of rooms that need neither a"
	@echo "             training, nor a server, nor a process of their own"
	@echo "make check   style, types, import rules, the pages of docs/, and no package with a known vulnerability"
	@echo "make slow    the tests that take long: crashes, memory"
	@echo "make neo4j   a Neo4j server until ctrl-c (PORT=7687 PASSWORD=... DATA=folder HEAP=1g): needs Docker, or Java 17 and Maven"
	@echo "make bench   the benchmark on the small sets of BENCH_DATA (default ../shared/data), three seeds;"
	@echo "             without them, MovieLens 100k, which is fetched"

# The stamp names what the environment was built from: change either file and it is brought up to date.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,serve,neo4j,redis,kafka,tune,federated,ray,onnx,bench,dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/kgrec demo --out demo $(if $(STORE),--store $(STORE))

style: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pages: style
	$(BIN)/mkdocs build --strict --quiet

# Not before the tests: a vulnerability that became known today is no fault of the code.
check: pages
	$(BIN)/python -m tools.dependency_audit

# What one process of the tests has compiled, the others need not.
export PYTHONDONTWRITEBYTECODE :=

# Workers of the tests: as many as there are cores. What needs the Neo4j server runs in one of them.
WORKERS ?= auto
test: pages
	$(BIN)/python -m pytest -n $(WORKERS)

UNIT := bundle data explanation extract graph/cypher graph/export learn/channels metrics pages recommendation schema scoring \
	test_architecture.py test_config.py test_doctests.py test_errors.py test_exported_names.py
quick: style
	$(BIN)/python -m pytest -n $(WORKERS) -m 'not slow and not neo4j' $(addprefix tests/,$(UNIT))

slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

PORT ?=
PASSWORD ?=
DATA ?=
HEAP ?=
neo4j: $(VENV)/.installed
	@$(BIN)/python -m tools.neo4j.server $(if $(PORT),--port $(PORT)) $(if $(PASSWORD),--password '$(PASSWORD)') \
		$(if $(DATA),--data '$(DATA)') $(if $(HEAP),--heap $(HEAP))

BENCH_DATA ?= ../shared/data
bench: $(VENV)/.installed
	$(BIN)/python -m kgrec_benchmarks.small_sets --data $(BENCH_DATA)
	$(BIN)/python -m kgrec_benchmarks.runs.results_page
	$(BIN)/python -m tools.readme_results
