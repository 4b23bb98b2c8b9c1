# Every target sets up .venv by itself. `make demo ARGS='--seconds 20'` passes options on.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=

.PHONY: demo run bundle test lint bench screenshots faults fuzz clean

demo: $(VENV)/installed
	@exec $(BIN)/xrgui demo $(ARGS)

run: $(VENV)/installed
	@tools/packages window
	@exec $(BIN)/xrgui $(ARGS)

bundle: $(VENV)/bundle
	@tools/packages window
	@tools/bundle $(abspath $(BIN))/python

test: $(VENV)/tests lint
	@tools/packages
	$(BIN)/python -m pytest -rs $(PYTEST_ARGS)

lint: $(VENV)/tests
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/tests
	@exec $(BIN)/python -m bench $(ARGS)

screenshots: $(VENV)/tests
	@tools/packages
	xvfb-run -a -s "-screen 0 1280x900x24" $(BIN)/python -m tests.ui.screenshots screenshots $(ARGS)

faults: $(VENV)/tests
	@exec $(BIN)/python -m bench.faults $(ARGS)

fuzz: $(VENV)/fuzz
	@exec $(BIN)/python -m tests.fuzz $(ARGS)

$(VENV)/installed: pyproject.toml tools/setup
	@tools/setup $(VENV) --editable . >&2
	@touch $@

$(VENV)/tests: pyproject.toml tools/setup
	@tools/setup $(VENV) --editable '.[test]' >&2
	@touch $@ $(VENV)/installed

$(VENV)/bundle: $(VENV)/installed
	@tools/setup $(VENV) --editable '.[bundle]' >&2
	@touch $@

$(VENV)/fuzz: $(VENV)/tests
	@tools/setup $(VENV) --editable '.[test,fuzz]' >&2
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
