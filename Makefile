# make demo | make test ARGS="-x" | make check | make soak | make bench | make run ARGS="coverage check" | make lock UPGRADE=--upgrade
# Everything is installed into .venv from the pins of constraints.txt; nothing needs activation or administrator rights.
PYTHON  ?= python3
BIN     := .venv/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
INPUTS  := constraints.txt pyproject.toml $(addsuffix /pyproject.toml,$(PLUGINS))
INSTALL  = $(BIN)/uv pip install --quiet --python $(BIN)/python \
           -c constraints.txt -b constraints.txt -e . $(addprefix -e ./,$(PLUGINS))

.PHONY: demo run test check soak bench docs lock lock-check wheel clean

demo: .venv/run.stamp
	@$(BIN)/python -m partners_crm demo $(ARGS)
run: .venv/run.stamp
	@$(BIN)/python -m partners_crm $(ARGS)
test: .venv/dev.stamp
	@$(BIN)/python -m pytest $(ARGS)
soak: .venv/dev.stamp              # the full counts; `make test` runs about a tenth with the same code
	@$(BIN)/python -m pytest --soak $(ARGS)
bench: .venv/dev.stamp
	@for program in bench/bench_*.py; do $(BIN)/python $$program || exit 1; done
check: .venv/dev.stamp             # format, lint, types, layers, docs; runs no tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@for plugin in $(PLUGINS); do (cd $$plugin && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml src tests) || exit 1; done
	@$(BIN)/lint-imports
	@$(BIN)/cog --check -I docs/reference docs/reference/*.md README.md
docs: .venv/dev.stamp               # write the generated parts of the documentation anew
	@$(BIN)/cog -r -I docs/reference docs/reference/*.md README.md
wheel: .venv/dev.stamp               # ours and that of each bundled plugin
	@for folder in . $(PLUGINS); do \
	  $(BIN)/uv build --quiet --python $(BIN)/python --build-constraints constraints.txt --wheel --out-dir dist $$folder || exit 1; done

$(BIN)/uv: constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install it, or name yours: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is needed (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' constraints.txt >.venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@touch $@

.venv/run.stamp: $(BIN)/uv $(INPUTS)
	@$(INSTALL)
	@touch $@
.venv/dev.stamp: $(BIN)/uv $(INPUTS)
	@$(INSTALL) --group dev
	@touch $@ .venv/run.stamp

# Third-party pins only: our own packages are inputs and are left out of the output.
LOCK = { echo "-e .[all]"; printf -- "-e ./%s\n" $(PLUGINS); printf "%s\n" uv hatchling editables; } | sed '/^-e .\/$$/d' | \
       $(BIN)/uv pip compile - --quiet --universal --python-version 3.11 --group dev \
       --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
       $(addprefix --no-emit-package ,partners-crm $(notdir $(PLUGINS)))

lock: $(BIN)/uv
	@$(LOCK) $(UPGRADE) --output-file constraints.txt >/dev/null
	@! grep -nE '://|^-' constraints.txt

lock-check: $(BIN)/uv
	@cp constraints.txt .venv/constraints.txt
	@$(LOCK) --output-file .venv/constraints.txt >/dev/null
	@diff constraints.txt .venv/constraints.txt

clean:
	rm -rf .venv dist
