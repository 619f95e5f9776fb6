# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# `make demo` and `make test` set up all they need; the rest are parts of `make test` for daily work.

.DEFAULT_GOAL := help
SHELL := /bin/bash
STAGES := .venv/bin/python tests/tooling/stages.py
CHECKS := lint sanity unit unit-stacks rollout-stacks lab integration molecule

.PHONY: help setup setup-newest demo test docs benchmark pin build clean $(CHECKS)

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## System packages and the virtual environments of every stack
	@tests/tooling/setup.sh

setup-newest:
	@tests/tooling/setup.sh newest

demo: setup-newest ## A relay rolled out on three simulated servers, and proved over SMTP
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python tests/demo/demo.py

test: setup ## Everything CI runs
	@$(STAGES) all

lint: setup-newest ## ruff, mypy, generated documentation, yamllint, changelog, ansible-lint
sanity: setup-newest ## ansible-test sanity in a staged copy
unit: setup-newest ## Unit tests on the newest ansible-core
unit-stacks: setup ## Unit tests on the older ansible-core versions
rollout-stacks: setup ## One rollout on each older ansible-core version
lab: setup-newest ## Tests of the simulated organisation
integration: setup-newest ## Plays against the simulated organisation
molecule: setup-newest ## Role scenarios among hostile Windows group_vars
$(CHECKS):
	@$(STAGES) $@

docs: setup-newest ## Write the documentation that comes from the tables
	@.venv/bin/python tests/generate_documentation.py

benchmark: setup-newest ## How long thousands of sources take, and how much memory
	@.venv/bin/python tests/benchmark/sources.py
	@.venv/bin/python tests/benchmark/reading.py

pin: setup-newest ## Write requirements/*.txt anew from *.in
	@cd requirements && for name in dev:3.12 stack-2.16:3.11 stack-2.19:3.11 uv:3.11; do \
	    ../.stacks/uv/bin/uv pip compile --quiet --system-certs --upgrade --universal --generate-hashes --no-header \
	        --no-annotate --no-emit-index-url --python-version "$${name#*:}" "$${name%:*}.in" -o "$${name%:*}.txt" || exit 1; done

build: setup-newest ## The archive that Galaxy would get
	@.venv/bin/ansible-galaxy collection build --force --output-path .cache

clean: ## Remove environments, caches and labs
	rm -rf .venv .stacks .cache .lab .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible
