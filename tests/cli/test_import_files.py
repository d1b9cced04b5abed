"""`partners import` and the files around it: what is written over, what is looked at first, what is saved; pipes."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused
from tests.processes import LIMIT, words_of

from partners_crm.cli import exit_codes
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.problems import WHERE, WHY
from partners_crm.store import copying, files, locks

Write = Callable[..., Path]
BAD = "Organization,House district\nGood,5\nBad,999\n"
FINE = "Organization,House district\nGood,5\n"
SHEET = "Agency,Colour\nNorth House,red\nSouth House,blue\n"


def saved(database: Path) -> list[Path]:
    return mappings.saved(database)


# -------------------------------------------------------------------- what is never written over


def test_what_the_program_keeps_beside_a_coalition_is_known() -> None:
    assert {locks.OPEN, locks.WRITE, copying.BACKUPS, *files.SIDES} < set(files.BESIDE)
    assert mappings.folder_of(Path("c.db")).name.removeprefix("c.db") in files.BESIDE


@pytest.mark.parametrize("option", ["--problems", "--save-mapping"])
def test_a_file_of_the_user_is_never_written_over(
    partners: Partners, write: Write, tmp_path: Path, contents: Contents, database: Path, option: str
) -> None:
    path, other = write(BAD), write("Organization\nOther\n", "other.csv")
    (tmp_path / "link.csv").symlink_to(other)
    (tmp_path / "hard.csv").hardlink_to(path)
    note = write("[tool]\nname = 'x'\n", "pyproject.toml")
    before, rows = {each: each.read_bytes() for each in (path, other, note)}, contents()
    words = {
        path: "is the file that is read",
        tmp_path / "hard.csv": "is the file that is read",
        other: "exists already",
        note: "exists already",
        tmp_path / "link.csv": "is a symbolic link",
        tmp_path: "is a folder",
        Path(os.devnull): "is no ordinary file",
        database: "is the coalition itself",
    }
    for place, why in words.items():
        assert_refused(partners("import", path, option, place), exit_codes.USAGE, why)
    for suffix in ("-wal", "-shm", "-journal", "-open", "-write", "-backups/mine.csv"):
        place = Path(f"{database}{suffix}")
        assert_refused(partners("import", path, option, place), exit_codes.USAGE, "belongs to the coalition")
    assert {each: each.read_bytes() for each in before} == before
    assert contents() == rows


def test_another_coalition_is_no_place_for_a_file(
    bare: Partners, partners: Partners, tmp_path: Path, write: Write
) -> None:
    other, path = tmp_path / "other.db", write(BAD)
    assert bare("init", "--db", other, "--name", "Other").code == 0
    whole = other.read_bytes()
    assert_refused(partners("import", path, "--problems", other), exit_codes.USAGE, "is a database")
    assert_refused(partners("import", path, "--problems", f"{other}-wal"), exit_codes.USAGE, "belongs to the coalition")
    assert_refused(partners("export", other, "--as", "csv", "--force"), exit_codes.USAGE, "is a database")
    assert other.read_bytes() == whole


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal", "-open", "-write", "-mappings/a.csv"])
def test_an_export_never_takes_the_place_of_what_belongs_to_the_coalition(
    members: Partners, database: Path, contents: Contents, suffix: str
) -> None:
    rows, place = contents(), Path(f"{database}{suffix}")
    for words in (["--as", "csv"], ["--as", "jsonl"], ["--as", "xlsx"]):
        assert_refused(members("export", place, *words, "--force"), exit_codes.USAGE, "belongs to the coalition")
    assert contents() == rows


def test_a_draft_leaves_every_other_file_alone(partners: Partners, write: Write, tmp_path: Path) -> None:
    path, place = write(BAD), tmp_path / ("p" * 251 + ".csv")
    mine = write("mine", "problems.csv.new")
    assert partners("import", path, "--problems", tmp_path / "problems.csv").code == 1
    assert mine.read_text("utf-8") == "mine"
    assert partners("import", path, "--problems", place).code == 1
    assert place.stat().st_mode & 0o777 == 0o600
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_only_a_file_of_problems_is_replaced_and_an_old_one_does_not_mislead(
    partners: Partners, write: Write, tmp_path: Path
) -> None:
    place = tmp_path / "problems.csv"
    assert partners("import", write(FINE), "--problems", place).code == 0
    assert not place.exists()
    assert partners("import", write(BAD), "--problems", place).code == 1
    place.write_text(place.read_text("utf-8").replace(",", ";"), "utf-8-sig")  # saved by a spreadsheet program
    assert partners("import", write(BAD), "--problems", place).code == 1
    with place.open(newline="", encoding="utf-8") as stream:
        assert [row["Organization"] for row in csv.DictReader(stream)] == ["Bad"]
    done = partners("import", write(FINE), "--problems", place)
    assert done.code == 0
    assert "written to" not in done.err
    assert place.read_text("utf-8").splitlines() == [f"Organization,House district,{WHERE},{WHY}"]


def test_what_is_rejected_again_has_its_two_columns_once(partners: Partners, write: Write, tmp_path: Path) -> None:
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    assert partners("import", write(BAD), "--problems", first).code == 1
    assert partners("import", first, "--problems", second).code == 1
    with second.open(newline="", encoding="utf-8") as stream:
        header, row = csv.reader(stream)
    assert header == ["Organization", "House district", WHERE, WHY]
    assert row[:3] == ["Bad", "999", "one.csv:2:House district"]


# -------------------------------------------------------------------- several files, and one that is refused


def test_rejected_rows_are_written_though_a_later_file_is_refused(
    partners: Partners, write: Write, tmp_path: Path
) -> None:
    place = tmp_path / "problems.csv"
    done = partners("import", write(BAD), write("Colour\nred\n", "later.csv"), "--problems", place)
    assert done.code == exit_codes.UNDECIDED
    assert "rows in 2 = 1 new" in done.out
    assert "Bad,999" in place.read_text("utf-8")


def test_every_file_is_looked_at_before_the_first_goes_in(
    partners: Partners, write: Write, tmp_path: Path, contents: Contents
) -> None:
    before = contents()
    for name, words in (("none.csv", "there is no such file"), (".", "is a folder"), ("empty.csv", "is empty")):
        write("", "empty.csv")
        assert_refused(partners("import", write(FINE), tmp_path / name), exit_codes.UNDECIDED, words)
    done = partners("import", write(FINE), "--mapping", tmp_path / "none.toml")
    assert_refused(done, exit_codes.USAGE, f"there is no mapping {tmp_path / 'none.toml'}")
    two = [write(FINE), write(FINE, "b.csv")]
    assert_refused(partners("import", *two, "--save-mapping", tmp_path / "m.toml"), exit_codes.USAGE, "one file")
    same = ["--save-mapping", tmp_path / "x", "--problems", tmp_path / "x"]
    assert_refused(partners("import", two[0], *same), exit_codes.USAGE, "the mapping and for the problems")
    assert contents() == before


# -------------------------------------------------------------------- whole exports


def test_lines_of_a_whole_export_that_are_rejected_are_written_too(members: Partners, tmp_path: Path) -> None:
    whole, place = tmp_path / "all.jsonl", tmp_path / "problems.csv"
    assert members("export", whole, "--all").code == 0
    whole.write_text(whole.read_text("utf-8") + '{"entity":"organization","uid":"x","shade":"red"}\n', "utf-8")
    assert members("import", whole, "--problems", place).code == 1
    with place.open(newline="", encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    lines = whole.read_text("utf-8").count("\n")
    assert row[WHERE] == f"all.jsonl:{lines}:shade"
    assert row[WHY].startswith("is no field of organization")


@pytest.mark.parametrize(
    "words",
    [
        ["--no-create"],
        ["--not-members"],
        ["--map", "il-2021"],
        ["--encoding", "utf-8"],
        ["--delimiter", "comma"],
        ["--sheet", "1"],
        ["--header-line", "2"],
        ["--flags"],
        ["--guess"],
        ["--own", "Colour"],
        ["--afresh"],
        ["--save-mapping", "m.toml"],
    ],
    ids=lambda words: words[0],
)
def test_an_option_about_columns_does_not_go_with_a_whole_export(
    members: Partners, tmp_path: Path, write: Write, contents: Contents, words: list[str]
) -> None:
    whole = tmp_path / "all.jsonl"
    assert members("export", whole, "--all").code == 0
    before = contents()
    others = [] if words[0] == "--save-mapping" else [write(FINE, "list.csv")]
    done = members("import", *others, whole, *words)
    assert_refused(done, exit_codes.USAGE, f"{words[0]} does not apply to {whole}")
    assert contents() == before


# -------------------------------------------------------------------- which meanings are saved


def test_meanings_that_differ_from_the_saved_ones_are_saved(partners: Partners, write: Write, database: Path) -> None:
    assert partners("import", write(SHEET)).code == 0
    (place,) = saved(database)
    assert "[own." not in place.read_text("utf-8")
    assert partners("import", write(SHEET), "--own", "Colour").code == 0
    assert saved(database) == [place]
    assert '"Colour" = "own.colour"' in place.read_text("utf-8")
    assert '[own.colour]\nlabel = "Colour"' in place.read_text("utf-8")
    before = place.read_text("utf-8")
    more = SHEET + "West House,green\n"
    done = partners("import", write(more, "next.csv"))
    assert f"the meaning of the columns is in {place}" in done.out
    assert place.read_text("utf-8") == before


def test_a_guess_never_takes_the_place_of_what_was_saved(partners: Partners, write: Write, database: Path) -> None:
    assert partners("import", write(SHEET)).code == 0
    (place,) = saved(database)
    place.write_text(place.read_text("utf-8").replace('"Colour" = ""', '"Colour" = "organization.note"'), "utf-8")
    before = place.read_text("utf-8")
    done = partners("import", write(SHEET + "West House,green\n"), "--guess")
    assert done.code == 0
    assert f"what was saved for its columns stays: {place.name}" in done.out
    assert place.read_text("utf-8") == before


def test_a_named_mapping_is_known_from_then_on(
    partners: Partners, write: Write, database: Path, tmp_path: Path
) -> None:
    named = tmp_path / "ours.toml"
    named.write_text('[columns]\nAgency = "organization.name"\nColour = "organization.note"\n', "utf-8")
    assert partners("import", write(SHEET), "--mapping", named).code == 0
    (place,) = saved(database)
    assert '"Colour" = "organization.note"' in place.read_text("utf-8")


def test_nothing_is_saved_where_nothing_went_in(partners: Partners, write: Write, database: Path) -> None:
    assert partners("import", write("Organization,House district\nBad,999\n")).code == 1
    assert partners("import", write(SHEET), "--dry-run").code == 0
    assert saved(database) == []


def test_a_saved_mapping_says_what_a_field_is_that_is_there_already(
    partners: Partners, write: Write, database: Path, tmp_path: Path
) -> None:
    assert partners("import", write(SHEET), "--own", "Colour").code == 0
    other = "Organization,Colour\nEast House,red\n"  # its name is known as that of a field by now
    place = tmp_path / "ours.toml"
    assert partners("import", write(other), "--dry-run", "--save-mapping", place).code == 0
    found = mappings.read(place, ["Organization", "Colour"])
    assert [(each.key, each.label) for each in found.own] == [("colour", "Colour")]
    assert partners("import", write(other), "--dry-run", "--save-mapping", place).code == 0, "a mapping is replaced"
    (kept,) = saved(database)
    assert partners("import", write(other), "--dry-run", "--save-mapping", kept).code == 0


# -------------------------------------------------------------------- pipes


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("kind", ["list", "whole"])
def test_a_pipe_is_read(members: Partners, database: Path, tmp_path: Path, write: Write, name: str, kind: str) -> None:
    if kind == "list":
        text = write(BAD, "piped.csv").read_bytes()
    else:
        assert members("export", tmp_path / "all.jsonl", "--all").code == 0
        text = (tmp_path / "all.jsonl").read_bytes()
    line = words_of(database, "import", name)
    done = subprocess.run(line, input=text, capture_output=True, timeout=LIMIT, check=False)
    out = done.stdout.decode()
    if kind == "list":
        assert done.returncode == 1, done.stderr
        assert out.startswith("stdin: utf-8, comma separated")
        assert b"stdin:3: House district" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert "stdin: a whole coalition" in out


def test_the_end_of_another_command_is_read(database: Path, write: Write) -> None:
    line = " ".join(f"'{word}'" for word in words_of(database, "import"))
    script = f"{line} <(cat '{write(FINE)}') <(cat '{write(SHEET, 'sheet.csv')}')"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    assert "rows in 1 = 1 new" in done.stdout
    assert "rows in 2 = 2 new" in done.stdout


def test_an_empty_pipe_and_no_input_are_said(database: Path) -> None:
    line = words_of(database, "import", "-")
    done = subprocess.run(line, input=b"", capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == exit_codes.UNDECIDED
    assert b"/dev/stdin: is empty" in done.stderr


def test_waiting_for_a_pipe_ends_by_an_interrupt(database: Path, tmp_path: Path, contents: Contents) -> None:
    first, second, before = tmp_path / "first.csv", tmp_path / "second.csv", contents()
    os.mkfifo(first)
    os.mkfifo(second)
    line = words_of(database, "import", first, second)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        try:
            _feed(first, FINE.encode())
            ended = _interrupted(program)  # nobody ever writes into the second
        finally:
            program.kill()
    assert program.returncode == exit_codes.INTERRUPTED
    assert ended == b""
    assert contents() == before


def _feed(pipe: Path, data: bytes) -> None:
    """Write into a pipe as soon as somebody reads it."""
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            if time.monotonic() > deadline:
                pytest.fail("nobody came to read the pipe")
            time.sleep(0.02)
        else:
            os.write(descriptor, data)
            os.close(descriptor)
            return


def _interrupted(program: subprocess.Popen[bytes]) -> bytes:
    """Press Ctrl-C until a program ends: once is too early where it comes just before it waits. Gives what it told."""
    for _ in range(10):
        program.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return program.communicate(timeout=LIMIT / 10)[1]
    pytest.fail("it goes on waiting")
