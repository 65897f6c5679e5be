PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
PEERS := tests/peers/node_modules/.package-lock.json
LONG := $(patsubst tests/long/test_%.py,.long/%,$(wildcard tests/long/test_*.py))
SOURCES := $(shell find registry models graphql tests fixtures -name node_modules -prune -o -type f -not -name '*.pyc' -print)
APT := $(if $(filter 0,$(shell id -u)),,sudo -n )apt-get

# What Python compiles once serves each of the processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run check test test-long lint types tests tests-18 tests-16 tests-browser chromium peers bench bench-peers schema

help: ## Affiche cette aide
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 ou plus récent est nécessaire.")'
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-build-isolation --no-deps --editable .
	$(BIN)/python -m compileall -q registry models
	@touch $@

.venv/tested: requirements-test.txt .venv/installed
	$(PIP) -r requirements-test.txt
	@touch $@

$(PEERS): tests/peers/package-lock.json .venv/tested
	$(BIN)/npm ci --prefix tests/peers --silent
	@touch $@

peers: $(PEERS)

run: .venv/installed ## Installe, charge le registre de démonstration et sert sur http://127.0.0.1:8000
	$(BIN)/raccord migrate
	$(BIN)/raccord serve --demo --dev-sign-in

check: lint types ## La boucle du bureau : style, types, contrats et essais rapides, en trois minutes au plus
	$(BIN)/pytest -n 2 --dist worksteal -m "not hypothesis" $(QUICK)

# The house, the domain's rules, the walls and the contract: what a change breaks first.
QUICK := tests/test_house tests/domain tests/test_states.py \
	tests/api/test_schema.py tests/api/test_limits.py tests/api/test_matrix tests/api/test_deployments

test: lint types tests ## Toutes les vérifications, sur PostgreSQL 18 et 16

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/tested
	$(BIN)/mypy

tests: tests-18 tests-16 tests-browser

tests-18 tests-16: tests-%: $(PEERS)
	RACCORD_TEST_POSTGRES=$* $(BIN)/pytest -n 2 --dist worksteal $(ONCE_$*)

# What another PostgreSQL can't change: pages above the domain, other programs, the house.
ONCE_16 := --ignore=tests/web --ignore=tests/peers --ignore=tests/test_house

tests-browser: .venv/tested chromium
	$(BIN)/pytest -o addopts="-q --strict-markers --strict-config" -n 2 --dist worksteal tests/browser

test-long: $(LONG) ## Les vérifications longues ; reprend où elle s’est arrêtée, LONG=.long/searches n’en fait qu’une

# A part that passed isn't run again until the program, or a test, changes.
.long/%: tests/long/test_%.py .venv/tested $(SOURCES)
	$(BIN)/pytest $<
	@mkdir -p $(@D) && touch $@

chromium:
	@command -v chromium >/dev/null || ($(APT) update -q && $(APT) install -qy chromium) \
		|| { echo "Il manque Chromium : apt-get install chromium" >&2; exit 1; }

bench: .venv/tested ## Les mesures de vitesse, en rapports ; OPTIONS="--help" dit lesquelles
	$(BIN)/python -W ignore:XDG_RUNTIME_DIR -m tests.benchmarks $(OPTIONS)

bench-peers: .venv/tested ## Installe les programmes que les mesures prennent pour pairs
	$(BIN)/npm ci --prefix tests/benchmarks/peers --silent

schema: .venv/installed ## Réécrit graphql/schema.graphql
	$(BIN)/python -m registry.api.schema > graphql/schema.graphql
