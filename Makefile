# One command each; all of them work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Wheels only: without a compiler, a missing wheel is one clear sentence of pip's.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all:

.PHONY: run test lint bench conformance pocket-model lock clean

run: $(VENV)/.web  ## install what is missing, then serve the app on $PORT (8000)
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.dev  ## every test
	$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev  ## measure against a bare relay; results in benchmarks/
	$(BIN)/python -m benchmarks.relay

conformance: $(VENV)/.dev  ## is it an Ollama server? pocket, or OLLAMA_CONFORMANCE_URL
	$(BIN)/python -m pytest tests/conformance $(ARGS)

pocket-model: $(VENV)/.dev $(VENV)-train/.cpu  ## train the pocket model again, measure it, put it in place
	$(VENV)-train/bin/python -m pocket.train --minutes $(or $(MINUTES),80) $(ARGS)
	mkdir -p var/pocket-candidate
	cp pocket/model/parameters.json var/pocket-training/pocket.gguf \
	  var/pocket-training/tokenizer.model var/pocket-candidate/
	$(BIN)/python -m pocket --port 11439 --shipped var/pocket-candidate & server=$$!; \
	  trap "kill $$server" EXIT; sleep 5; \
	  $(BIN)/python -m pocket.evaluate --url http://127.0.0.1:11439
	$(VENV)-train/bin/python -m pocket.card

lock: $(VENV)/.dev  ## turn requirements*.in into requirements*.txt
	for name in requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
	    --no-header --no-annotate $$name.in --output-file $$name.txt || exit 1; \
	done

clean:  ## remove what the commands above made, but not your stories
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .coverage .coverage.* htmlcov

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "StorAIteller needs Python 3.11 or newer: set PYTHON=/path/to/python3"; exit 1; }
	@mkdir -p $(VENV) 2>/dev/null || { echo "This folder can't be written: $(CURDIR)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is missing: install python3-venv"; exit 1; }

$(VENV)/.web: requirements.txt | $(VENV)/bin/python
	@echo "Installing StorAIteller's packages (once; about half a minute)"
	@$(INSTALL) --requirement requirements.txt
	@touch $@

# Torch by its exact version first: any other request pulls gigabytes of CUDA.
$(VENV)-train/.cpu: requirements-train-cpu.txt | $(VENV)/bin/python
	@$(PYTHON) -m venv $(VENV)-train
	@$(VENV)-train/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	@$(VENV)-train/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	@$(INSTALL) --requirement requirements-dev.txt
	@touch $@ $(VENV)/.web
