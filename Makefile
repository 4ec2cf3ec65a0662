# Every target makes the virtual environment from the lock if it is missing; Python and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo tour run doctor test check docker-steps format messages bench soak lock clean
.DEFAULT_GOAL := test

# The stamps carry the lock's time: a changed lock is installed again, an unchanged one costs nothing.
$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@ $(VENV)/.run

# Tries the real bot against bundled stand-ins: no token, no key, no questions.
demo: $(VENV)/.run
	$(BIN)/python bot.py demo

# Takes the documents' pictures anew. Needs Chromium.
tour: $(VENV)/.run
	$(BIN)/python -m sandbox.tour docs/images

run: $(VENV)/.run
	$(BIN)/python bot.py

# Says what would keep the bot from working; spends nothing.
doctor: $(VENV)/.run
	$(BIN)/python bot.py doctor

# Most of the time goes into waiting for real processes, so three of them wait side by side, a file to each.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 3 --dist loadfile

check: $(VENV)/.dev
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m yamllint --strict .
	$(BIN)/hadolint Dockerfile

# Runs the Dockerfile's own steps in an empty folder, since no container engine is needed for that.
docker-steps: $(VENV)/.dev
	$(BIN)/python -m tests.docker_steps

format: $(VENV)/.dev
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

# Brings the catalogues in locales/ up to what the source says; whatever is then without a translation fails a test.
# Nothing in them changes but the messages: no line numbers, no dates, no guesses at translations.
MESSAGES := $(VENV)/easel.pot
messages: $(VENV)/.dev
	$(BIN)/pybabel --quiet extract --no-default-keywords --keywords "_ N_ ngettext:1,2" \
		--add-location=file --sort-by-file --omit-header --output $(MESSAGES) ui cogs
	$(BIN)/pybabel --quiet update --domain easel --input-file $(MESSAGES) --output-dir locales \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# Lives thousands of simulated worlds, then hunts every planted bug: docs/simulation.md.
SEEDS := 2000
soak: $(VENV)/.dev
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

# Writes both locks anew from pyproject.toml: names, versions and hashes only. Needs `uv` on the PATH.
# The development lock comes first and binds the other, so that what runs is exactly what was tested.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock:
	$(LOCK) --extra dev pyproject.toml -o requirements-dev.txt
	$(LOCK) -c requirements-dev.txt pyproject.toml -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
