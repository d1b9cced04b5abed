# What a coalition does at the end of a month, each step once: the import of the spreadsheet, the board's page, the call
# list, the export with its proof, and what changed since the export BEFORE. Make runs only what is not there yet.
#
#   make -f month.mk PARTNERS_DB=$HOME/coalition.db FILE=members.xlsx
#   make -f month.mk PARTNERS_DB=$HOME/coalition.db FILE=members.xlsx BEFORE=exports/coalition-2026-10-31.jsonl
#
# SCRIPTS is the folder of the programs, PYTHON the Python that has the library (see README.md). Paths without blanks.
#
# Exit codes: 0 everything is there; 2 a step failed, whose message stands above. The next run goes on there.
SCRIPTS ?= .
PYTHON  ?= python3
MONTH   ?= $(shell date +%Y-%m)
BEFORE  ?=
export PARTNERS_DB

.PHONY: month
month: $(MONTH)/board.html $(MONTH)/calls.md $(MONTH)/exported $(if $(BEFORE),$(MONTH)/changes.txt)
	@echo "$(MONTH) is done"

# Rejected rows (exit code 1) do not stop the month: they stand in FILE.problems.csv.
$(MONTH)/imported: $(FILE)
	@mkdir -p $(MONTH)
	@sh $(SCRIPTS)/monthly_import.sh $(FILE) >$(MONTH)/import.txt || test $$? -eq 1
	@touch $@

$(MONTH)/board.html: $(MONTH)/imported
	@$(PYTHON) $(SCRIPTS)/board_page.py $@

# Exit code 1 says that there are gaps to call about.
$(MONTH)/calls.md: $(MONTH)/imported
	@$(PYTHON) $(SCRIPTS)/phone_tree.py >$@.new || test $$? -eq 1
	@mv $@.new $@

$(MONTH)/exported: $(MONTH)/imported
	@sh $(SCRIPTS)/nightly_export.sh exports 60
	@ls exports/coalition-*.jsonl | tail -n 1 >$@

$(MONTH)/changes.txt: $(MONTH)/exported
	@$(PYTHON) $(SCRIPTS)/changed_records.py $(BEFORE) "$$(cat $(MONTH)/exported)" >$@.new || test $$? -eq 1
	@mv $@.new $@
