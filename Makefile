# Thin on purpose: each target says which program does the work.
PYTHON ?= python3
RUN = .venv/bin/python

# What was compiled is kept, whatever the environment says: each of some hundred processes of the suite would compile
# all of callserver again, and each of pytest's all of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit lint traces pictures bench lock clean distclean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: ## .venv and .local: everything needed, fetched once; later runs need no network
	@$(PYTHON) scripts/setup.py

demo: setup ## a real Asterisk with customers and agents, and callserver beside it (SECONDS=60 ends by itself)
	@$(RUN) -m tests.rig.demo $(if $(SECONDS),--seconds $(SECONDS))

test: setup ## style, types, doubled code, then the whole suite, real Asterisk included (ARGS= for pytest)
	@scripts/test.sh $(ARGS)

# What computes and waits for nothing: no database, no server, no other program.
UNIT = agent_ui ami asterisk_conf calls client customers journals numbers people promises push seats sheets tickets \
       test_logs.py test_pinyin.py test_settings.py

unit: setup ## the tests that need no database and no other program, about a minute
	@$(RUN) -m pytest -m "not real and not pg and not browser" -n auto --dist worksteal $(UNIT:%=tests/%) $(ARGS)

lint: setup ## style, types and doubled code alone
	@scripts/lint.sh

traces: setup ## record every scenario again from a real Asterisk (ARGS= for the recorder)
	@$(RUN) -m tests.rig.record $(ARGS)

pictures: setup ## the screenshots of the documentation, made anew from a real switch, phones and browser
	@$(RUN) -m scripts.screenshots

bench: setup ## the measurements, as ratios against peers and floors
	@$(RUN) -m bench $(ARGS)

lock: setup ## write the lock files from pyproject.toml (UPGRADE=1 for the newest versions)
	@scripts/lock.sh

clean: ## remove what tools leave behind; keeps .venv and .local
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	@find . -name __pycache__ -not -path './.venv/*' -not -path './.local/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv and .local too: the next set-up fetches all again
	@rm -rf .venv .local
