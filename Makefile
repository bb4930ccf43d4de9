# What we do every day. `make help` lists it.
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
SONG := examples/lantern-season.mp3

.PHONY: help dev check format lint types layers test test-slow test-models test-mlx test-mlxgen demo docs gallery bench bench-audio song clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.dev: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@

dev: $(BIN)/.dev  ## Set up the environment in .venv (others do it when needed)

check: lint types layers test  ## All that must pass before a push: format, lint, types, layers, tests

format: $(BIN)/.dev  ## Put all files into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(BIN)/.dev  ## Format and lint, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(BIN)/.dev  ## Types, strict
	$(BIN)/mypy

layers: $(BIN)/.dev  ## Imports go down only
	$(BIN)/lint-imports

test: $(BIN)/.dev  ## The tests that take seconds
	$(BIN)/pytest -n auto

test-slow: $(BIN)/.dev  ## The tests that take minutes
	$(BIN)/pip install -q -e '.[dev,bench]'
	$(BIN)/pytest -n auto -m slow

test-mlx: $(BIN)/.dev  ## The tests with mflux, on Linux without Apple hardware, in .venv-mlx
	test -d .venv-mlx || python3 -m venv .venv-mlx
	.venv-mlx/bin/pip install -q -e '.[test]' -r tests/models/requirements-mlx.txt
	.venv-mlx/bin/pip install -q --no-deps mflux==0.24.0
	HF_HUB_OFFLINE=1 .venv-mlx/bin/pytest -m slow tests/models/test_mflux.py tests/models/test_contract_mflux.py tests/models/test_film_mflux.py

test-mlxgen: $(BIN)/.dev  ## A clip by mlx-gen, on Linux without Apple hardware: it lives in .venv-mlxgen
	test -d .venv-mlxgen || python3 -m venv .venv-mlxgen
	.venv-mlxgen/bin/pip install -q -r tests/models/requirements-mlxgen.txt
	.venv-mlxgen/bin/pip install -q --no-deps mlx-gen==0.38.0
	$(BIN)/pytest -m slow tests/models/test_mlxgen.py

test-models: $(BIN)/.dev  ## The tests over tiny models with random weights (installs torch for the CPU first)
	$(BIN)/pip install -q -c constraints-cpu.txt -e '.[dev,cuda]'
	$(BIN)/pytest -n 1 tests/models

demo: $(BIN)/.dev  ## Ten seconds of the example song, from its drop, without key or GPU
	@mkdir -p out
	$(BIN)/suno-video render $(SONG) --from 0:28 --to 0:38 --size 720p --out out/demo.mp4 --project out/demo.suno-video

docs: $(BIN)/.dev  ## Regenerate docs/cli.md, docs/errors.md, docs/families.md, docs/looks.md, the set-up guide, the README's figures and pictures
	$(BIN)/python scripts/make_cli_docs.py
	$(BIN)/python scripts/make_error_docs.py
	$(BIN)/python scripts/make_scene_docs.py
	$(BIN)/python scripts/make_setup_guide.py
	$(BIN)/python scripts/make_readme_pictures.py
	$(BIN)/python scripts/make_readme_figures.py

gallery: $(BIN)/.dev  ## A contact sheet of each scene family and look, and a film of a minute in each look, in out/gallery
	$(BIN)/python scripts/make_gallery.py $(GALLERY)

bench: $(BIN)/.dev  ## Measure; writes benchmarks/RESULTS.md (an hour on a quiet machine; BENCH=--quick for minutes)
	$(BIN)/pip install -q -e '.[dev,bench]'
	$(BIN)/python benchmarks/bench.py $(BENCH)
	$(BIN)/python scripts/make_readme_figures.py

bench-audio: $(BIN)/.dev  ## Score what we hear in songs with known answers (CORPUS=folder); into benchmarks/RESULTS.md
	$(BIN)/pip install -q -e '.[dev,bench]'
	$(BIN)/python benchmarks/bench.py --only listening $(if $(CORPUS),--corpus '$(CORPUS)')
	$(BIN)/python scripts/make_readme_figures.py

song: $(BIN)/.dev  ## Make the example song again from its score
	$(BIN)/python examples/making

clean:  ## Remove what tools leave, but no films
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist out
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
