"""The programs of docs/how-to/scripts: each is run as cron runs it, twice, and its answer is read.

As cron does: LANG=C, an empty home, nothing to read from, no terminal.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from partners_crm.crm import Crm
from partners_crm.model import CustomField, Organization
from partners_crm.services import custom_fields, records
from partners_crm.store.work import Changes
from tests.conftest import Result
from tests.docs.unattended import (
    LIMIT,
    MEMBERS,
    PATH,
    SCRIPTS,
    Run,
    archive,
    change,
    make_people,
    operations,
    rows_of,
)
from tests.tui.terminal import Terminal

SHELL = sorted(SCRIPTS.glob("*.sh"))
PYTHON = sorted(SCRIPTS.glob("*.py"))
PROGRAMS = [*SHELL, *PYTHON]


# -------------------------------------------------------------------- each of them


def test_there_are_ten_and_the_page_tells_of_each() -> None:
    assert len(PROGRAMS) == 10
    page = (SCRIPTS / "README.md").read_text("utf-8")
    for path in SCRIPTS.iterdir():
        assert path.name == "README.md" or path.is_dir() or f"[{path.name}]({path.name})" in page, path.name


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_each_begins_with_what_it_does_how_it_is_run_and_its_exit_codes(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        words = ast.get_docstring(ast.parse(text)) or ""
    else:
        words = text.partition("\nset -eu\n")[0].replace("\n# ", "\n").replace("\n#\n", "\n\n")
    assert re.search(rf"^ +(sh|python3) {path.name} ", words, re.MULTILINE), words
    assert re.search(r"^Prints ", words, re.MULTILINE)
    assert re.search(r"^Exit codes: 0 ", words, re.MULTILINE)
    assert os.access(path, os.X_OK)
    assert not re.search(r"\beval\b|\bos\.system|shell=True", text)


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_each_is_plain_shell(path: Path) -> None:
    ran = 0
    for line in (["sh", "-n"], ["dash", "-n"], ["bash", "--posix", "-n"], ["shellcheck", "--severity=style"]):
        if shutil.which(line[0]):
            done = subprocess.run([*line, str(path)], capture_output=True, text=True, timeout=LIMIT, check=False)
            assert not done.returncode, done.stdout + done.stderr
            ran += 1
    assert ran


@pytest.mark.parametrize(
    "path", [path for path in PROGRAMS if path.name != "newly_open.sh"], ids=lambda path: path.name
)
def test_each_says_how_it_is_used(path: Path, run: Run) -> None:
    words = ["--chamber", "none"] if path.name == "phone_tree.py" else []
    done = run(path.name, *words)
    assert done.code == 2
    assert done.err.startswith("usage: ")
    assert not done.out


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_each_says_in_a_line_that_the_coalition_is_not_there(path: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("EIN,Email\n12-3456789,ann@example.org\n", "utf-8")
    assert run("partners", "export", "some.jsonl", "--all").code == 0
    words = {
        "members_without_grants.py": ["some.csv"],
        "take_unsubscribes.py": ["some.csv"],
        "mail_merge.py": ["out.csv", "house:1"],
        "board_page.py": ["out.html"],
        "phone_tree.py": [],
        "changed_records.py": ["some.jsonl", "some.jsonl", "--since", "1d"],
    }[path.name]
    done = run(path.name, *words, PARTNERS_DB=str(tmp_path / "nowhere.db"))
    assert done.code == 4
    assert "nowhere.db" in done.err
    assert len(done.err.splitlines()) == 1
    assert not list(tmp_path.glob("out*"))


# -------------------------------------------------------------------- cron


def test_newly_open_tells_of_what_was_lost_once(run: Run, coalition: Path) -> None:
    first = run("newly_open.sh")
    assert first.code == 1
    assert "159 findings" in first.out
    again = run("newly_open.sh")
    assert (again.code, again.out, again.err) == (0, "", "")

    archive(coalition, "Rock River Family Bridge")
    lost = run("newly_open.sh")
    assert lost.code == 1
    assert "  lost: House 67: no member" in lost.out
    assert "  lost: Senate 34: no member" in lost.out
    assert run("newly_open.sh") == Result(0, "", "")

    with Crm.open(coalition) as crm:
        crm.undo()
    # What is only gained is no reason for a mail.
    assert run("newly_open.sh") == Result(0, "", "")


def test_newly_open_passes_on_that_it_could_not_look(run: Run, tmp_path: Path) -> None:
    done = run("newly_open.sh", "nonsense")
    assert (done.code, done.out) == (2, "")
    assert "there is no rule and no check nonsense" in done.err
    assert run("newly_open.sh", PARTNERS_DB=str(tmp_path / "nowhere.db")).code == 4
    # The first run of another check tells everything.
    done = run("newly_open.sh", "seats")
    assert done.code == 1
    assert "seats" in done.out


def test_nightly_export_keeps_what_loads_again(run: Run, coalition: Path, tmp_path: Path) -> None:
    def private(crm: Crm, changes: Changes) -> None:
        field = records.add(changes, CustomField, label="Board chair", key="board_chair", visibility="author")
        assert field.visibility == "author"
        custom_fields.set_values(changes, crm.find(Organization, "Fox Valley Child Circle"), {"board_chair": "Ñandú"})

    change(coalition, private)
    folder = tmp_path / "of mine"
    (folder / "older").mkdir(parents=True)
    old = [f"coalition-2020-01-0{day}.jsonl" for day in range(1, 5)]
    kept = ["coalition-2020-01-01.txt", "notes.jsonl", "older/coalition-2020-01-01.jsonl"]
    for name in [*old, *(f"{each}.sha256" for each in old), *kept]:
        (folder / name).write_text("old", "utf-8")

    for _ in range(2):
        done = run("nightly_export.sh", folder, "3")
        assert (done.code, done.err) == (0, "")
        assert re.search(r": 7\d\d records, loaded again without a difference; exports kept: 3$", done.out.strip())
        (made,) = (each for each in folder.glob("coalition-*.jsonl") if each.name not in old)
        assert done.out.startswith(f"{made}: ")
    with Crm.open(coalition) as crm:
        crm.export_all(tmp_path / "wanted.jsonl", include_private=True)
    assert made.read_bytes() == (tmp_path / "wanted.jsonl").read_bytes()
    assert b"board_chair" in made.read_bytes()
    total = hashlib.sha256(made.read_bytes()).hexdigest()
    assert made.with_name(f"{made.name}.sha256").read_text() == f"{total}  {made.name}\n"
    assert made.stat().st_mode & 0o777 == 0o600
    found = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert found == {
        made.name,
        f"{made.name}.sha256",
        *kept,
        *(name for each in old[-2:] for name in (each, f"{each}.sha256")),
    }
    assert [each.name for each in folder.iterdir() if each.is_dir()] == ["older"]


def test_nightly_export_keeps_nothing_that_comes_back_different(run: Run, tmp_path: Path) -> None:
    # A command that loses a line of what it loads.
    real = Path(sys.executable).parent
    (tmp_path / "worse").mkdir()
    worse = tmp_path / "worse" / "partners"
    worse.write_text(
        f'#!/bin/sh\n"{real}/partners" "$@" || exit\ncase $* in *again*) sed -i 9d "$4" ;; esac\n', "utf-8"
    )
    worse.chmod(0o700)
    done = run("nightly_export.sh", "exports", PATH=f"{worse.parent}:{PATH}")
    assert done.code == 1
    assert "did not come back as it was" in done.err
    assert not list((tmp_path / "exports").iterdir())
    assert run("nightly_export.sh", "exports", PARTNERS_DB=str(tmp_path / "nowhere.db")).code == 4
    assert not list((tmp_path / "exports").iterdir())
    for wrong in (["--help"], ["exports", "0"], ["exports", "-3"], ["exports", "3", "4"], [""]):
        assert run("nightly_export.sh", *wrong).code == 2


# -------------------------------------------------------------------- the spreadsheet of the month


def test_monthly_import_takes_the_rest_and_writes_what_was_rejected(run: Run, coalition: Path, tmp_path: Path) -> None:
    (tmp_path / "Master list.csv").write_text(MEMBERS, "utf-8")
    problems = tmp_path / "Master list.csv.problems.csv"
    before = operations(coalition)
    done = run("monthly_import.sh", "Master list.csv")
    assert done.code == 1
    assert "rows in 3 = 2 new + 0 changed + 0 same + 1 rejected" in done.out
    assert "467" in done.err
    (reject,) = rows_of(problems)
    assert reject["Organization"] == "Nowhere House"
    assert any(cell.startswith("Master list.csv:4:") for cell in reject.values())
    assert operations(coalition) == before + 1

    again = run("monthly_import.sh", "Master list.csv")
    assert again.code == 1
    assert "rows in 3 = 0 new + 0 changed + 2 same + 1 rejected" in again.out
    assert operations(coalition) == before + 1

    problems.write_text(problems.read_text("utf-8").replace("467", "68"), "utf-8")
    mended = run("monthly_import.sh", "--major", problems.name)
    assert mended.code == 0
    assert "rows in 1 = 1 new + 0 changed + 0 same + 0 rejected" in mended.out
    assert not problems.with_name(f"{problems.name}.problems.csv").exists()
    with Crm.open(coalition) as crm:
        assert [each.name for each in crm.organizations("district:hd:68")] == ["Nowhere House"]


def test_monthly_import_stops_at_a_major_change(run: Run, coalition: Path, tmp_path: Path) -> None:
    with Crm.open(coalition) as crm:
        names = [each.name for each in crm.organizations("kind:provider")]
    # Somebody sorted one column alone: every organization moves to the town of another.
    lines = [f'"{name}","moved {number}"' for number, name in enumerate(names)]
    (tmp_path / "sorted.csv").write_text("Organization,Organization note\n" + "\n".join(lines) + "\n", "utf-8")
    before = operations(coalition)
    words = ["sorted.csv", "--policy", "update"]
    assert run("monthly_import.sh", *words).code == 0, "the notes were empty: nothing gives way"
    text = (tmp_path / "sorted.csv").read_text("utf-8").replace("moved", "again")
    (tmp_path / "sorted.csv").write_text(text, "utf-8")
    for _ in range(2):
        done = run("monthly_import.sh", *words)
        assert done.code == 9
        assert re.match(r"MAJOR: Organization note changes on \d+ of \d+ rows\n", done.out)
        assert "nothing was imported" in done.out
        assert operations(coalition) == before + 1
    assert run("monthly_import.sh", "--major", *words).code == 0
    assert operations(coalition) == before + 2
    with Crm.open(coalition) as crm:
        assert crm.find(Organization, names[0]).note == "again 0"

    (tmp_path / "other.csv").write_text(
        "Organization\n" + "".join(f"Lodge {number}\n" for number in range(12)), "utf-8"
    )
    done = run("monthly_import.sh", "other.csv")
    assert done.code == 9
    assert done.out.startswith("MAJOR: 12 of 12 rows are new: ")
    assert operations(coalition) == before + 2


def test_monthly_import_passes_on_that_the_file_cannot_be_read(run: Run, tmp_path: Path) -> None:
    assert run("monthly_import.sh", "nowhere.csv").code == 3
    (tmp_path / "empty.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    assert run("monthly_import.sh", "empty.xlsx").code == 3
    assert run("monthly_import.sh", "--major").code == 2
    assert not list(tmp_path.glob("*.problems.csv"))


# -------------------------------------------------------------------- CI


def test_ci_checks_an_export_and_writes_junit(run: Run, coalition: Path, tmp_path: Path) -> None:
    assert run("partners", "add", "rule", "name=Mind the map", "kind=map").code == 0
    assert run("partners", "export", "coalition.jsonl", "--all").code == 0
    written = []
    for _ in range(2):
        done = run("ci_checks.sh", "coalition.jsonl", "answers", PARTNERS_DB=str(tmp_path / "nowhere.db"))
        assert (done.code, done.err) == (1, "")
        assert done.out.splitlines()[-1] == "answers/coverage.xml: exit code 1"
        written.append({each.name: each.read_bytes() for each in sorted((tmp_path / "answers").iterdir())})
    assert list(written[0]) == ["coverage.xml", "rules.xml", "summary.md"]
    assert written[0] == written[1]
    coverage = ElementTree.fromstring(written[0]["coverage.xml"])
    assert len(coverage.findall(".//testcase")) == 118 + 59
    assert len(coverage.findall(".//failure")) == 109 + 50
    rules = ElementTree.fromstring(written[0]["rules.xml"])
    assert "Mind the map" in [each.get("name") for each in rules.findall(".//testsuite")]
    assert "Mind the map" in written[0]["summary.md"].decode("utf-8")
    assert not (tmp_path / "nowhere.db").exists()


def test_ci_checks_nothing_of_an_export_that_was_cut_off(run: Run, tmp_path: Path) -> None:
    assert run("partners", "export", "coalition.jsonl", "--all").code == 0
    path = tmp_path / "coalition.jsonl"
    path.write_bytes(path.read_bytes()[:-900])
    done = run("ci_checks.sh", path, "answers")
    assert done.code == 3
    assert "coalition.jsonl" in done.err
    assert not list((tmp_path / "answers").iterdir())
    for wrong in (["one"], ["one", ""], ["-x", "two"], ["one", "two", "three"]):
        assert run("ci_checks.sh", *wrong).code == 2


def test_the_build_of_the_page_runs_what_is_there() -> None:
    text = (SCRIPTS / "checks.yml").read_text("utf-8")
    steps = re.findall(r"^      - run: (.*)$", text, re.MULTILINE)
    assert "sh ci_checks.sh coalition.jsonl answers" in steps
    assert 'cat answers/summary.md >> "$GITHUB_STEP_SUMMARY"' in steps
    assert "\t" not in text
    # An expression that GitHub puts into a command line would be text from outside in a shell.
    assert "${{" not in text


def test_programs_read_and_write_while_the_terminal_ui_is_open(run: Run, coalition: Path, tmp_path: Path) -> None:
    change(coalition, make_people)
    (tmp_path / "unsubscribed.csv").write_text("Email\nada@example.org\n", "utf-8")
    (tmp_path / "members.csv").write_text(MEMBERS, "utf-8")
    with Terminal(coalition, columns=100, rows=30) as screen:
        screen.wait_for("Lantern Street Shelter")
        assert run("take_unsubscribes.py", "unsubscribed.csv").code == 0
        assert run("mail_merge.py", "week.csv", "house:10").code == 0
        assert {row["email"] for row in rows_of(tmp_path / "week.csv")} == {
            "BEA@example.org",
            "wren.applegrove@example.org",
        }
        assert run("monthly_import.sh", "--major", "members.csv").code == 1
        assert run("nightly_export.sh", "exports").code == 0
        assert run("newly_open.sh").code == 1
        screen.send(b"r")
        screen.wait_for("Blackhawk Shelter Network")
        screen.send(b"q")
        assert screen.exit_code() == 0


def test_the_month_does_each_step_once(run: Run, coalition: Path, tmp_path: Path) -> None:
    if not shutil.which("make"):
        pytest.skip("make is not on this machine")
    (tmp_path / "members.csv").write_text(MEMBERS.replace("467", "68"), "utf-8")
    assert run("partners", "import", "members.csv").code == 0
    assert run("partners", "export", "before.jsonl", "--all", "--include-private").code == 0
    archive(coalition, "Rock Valley Elder Table")

    values = {"FILE": "members.csv", "MONTH": "2026-11", "BEFORE": "before.jsonl"}
    values |= {"SCRIPTS": str(SCRIPTS), "PYTHON": sys.executable}
    words = ["-f", SCRIPTS / "month.mk", *(f"{name}={value}" for name, value in values.items())]
    done = run("make", *words)
    assert done.code == 0, done.err
    assert done.out.endswith("2026-11 is done\n")
    month = tmp_path / "2026-11"
    assert "3 same" in (month / "import.txt").read_text("utf-8")
    assert "<h2>" in (month / "board.html").read_text("utf-8")
    assert "# Calls for" in (month / "calls.md").read_text("utf-8")
    assert "organization: 0 added, 1 changed, 0 deleted" in (month / "changes.txt").read_text("utf-8")
    times = {each.name: each.stat().st_mtime_ns for each in month.iterdir()}
    assert run("make", *words) == Result(0, "2026-11 is done\n", "")
    assert {each.name: each.stat().st_mtime_ns for each in month.iterdir()} == times
