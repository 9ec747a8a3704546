# make demo    the main job on the embedded control plane
# make test    the tests
# make check   lint, types, import contracts, tests
# Each sets up all that it needs in .venv; PYTHON names the interpreter to start from.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help docs demo test check lint types contracts bench fuzz faults data clean
help:
	@sed -n 's/^# \(make .*\)/  \1/p' Makefile

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "wfprov needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

demo: $(READY)
	@$(BIN)/python tools/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: lint types contracts test

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

# make bench [CORPUS=DIR]: figures, each against something measured in the same run
bench: $(READY)
	$(BIN)/python tools/figures.py $(CORPUS)

# make docs: the site, into site/; a broken link or a page without a place is an error
docs: $(READY)
	@$(BIN)/python -m pip install --quiet --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --site-dir site

# make fuzz [CORPUS=DIR]: 20,000 hostile definitions, each to its end without a crash (docs/limits.md)
fuzz: $(READY)
	$(BIN)/python tools/fuzz.py $(CORPUS)

# make faults [FAULTS="--random 2000"]: a fault at every request of plan, apply and destroy
FAULTS ?= --random 2000 --every 1 --kill 1 --race 50
faults: $(READY)
	$(BIN)/python tools/faults.py $(FAULTS)

# make data INPUTS=DIR: rebuild Google's facts from the tables in DIR (see src/wfprov/data/PROVENANCE.md)
data: $(READY)
	@test -n "$(INPUTS)" || { echo "make data INPUTS=DIR, with the tables named in src/wfprov/data/PROVENANCE.md"; exit 1; }
	$(BIN)/python tools/build_data.py --roles $(INPUTS)/role_permissions.json.gz \
	  --methods $(INPUTS)/method_permissions.json.gz --curated $(INPUTS)/curated_methods.jsonl.gz \
	  --policies $(INPUTS)/set_iam_policy_resources.json.gz --polling $(INPUTS)/lro_polling.json.gz \
	  --out src/wfprov/data

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .wfprov build site
