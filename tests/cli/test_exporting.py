"""`partners export`: what it writes and says, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Partners, assert_refused
from tests.services.exporting.everything import HOSTILE, fill_everything

from partners_crm.crm import Crm


@pytest.fixture
def full(partners: Partners, database: Path) -> Partners:
    """The command on a coalition with a record of every entity."""
    with Crm.open(database) as crm:
        fill_everything(crm)
    return partners


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command runs."""
    made = tmp_path / "out"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def test_records_of_a_query(full: Partners, folder: Path) -> None:
    result = full("export", "homes.csv", "--where", "silo:housing -status:lapsed", "--columns", "name,city")
    assert (result.code, result.err) == (0, "")
    first, means, private, described = result.out.splitlines()
    assert first == "homes.csv: 1 organization, 3 columns"
    assert means.startswith("Organizations that are not archived for the query: silo:housing -status:lapsed; as of ")
    assert private.startswith("left out, for not everyone may see it: beds")
    assert described == "described in datapackage.json"
    header, row = (folder / "homes.csv").read_bytes().splitlines(keepends=True)
    assert header == b'"uid","name","list: city"\r\n'
    assert row.endswith(b',"Near West Homes","Chicago"\r\n')


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_the_suffix_says_the_format(full: Partners, folder: Path, suffix: str) -> None:
    result = full("export", f"sites.{suffix}", "--entity", "sites", "--format", "json")
    answer = json.loads(result.out)
    assert (answer["schema_version"], answer["format"], answer["rows"], answer["written"]) == (1, suffix, 1, True)
    assert answer["size"] == (folder / f"sites.{suffix}").stat().st_size
    assert full("export", "sites", "--as", suffix, "--entity", "sites").code == 0
    assert (folder / "sites").stat().st_size == answer["size"]


def test_what_a_workbook_cannot_hold(full: Partners, folder: Path) -> None:
    """Case 22: row and column, exit code 1, no file."""
    result = full("export", "all.xlsx")
    assert result.code == 1
    assert result.err.startswith("all.xlsx:2: note: holds the character U+001B")
    assert result.out == "all.xlsx: not written: the format xlsx cannot hold 1 of its cells\n"
    assert list(folder.iterdir()) == []
    answer = json.loads(full("export", "all.xlsx", "--format", "json").out)
    assert (answer["written"], answer["problems"][0]["column"]) == (False, "note")


def test_standard_output(full: Partners, folder: Path) -> None:
    result = full("export", "-", "--entity", "contacts", "--columns", "name,email")
    assert result.out.startswith('"uid","name","list: email"\r\n')
    assert result.out.endswith(',"Dana Reyes","dana@example.org"\r\n')
    assert result.err.startswith("-: 1 contact, 3 columns\n")
    lines = full("export", "-", "--as", "jsonl").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["Near West Homes", "-Union of Homes"]
    everything = full("export", "-", "--all").out.splitlines()
    assert json.loads(everything[0])["partners_crm"] == "export"
    assert list(folder.iterdir()) == []


def test_bytes_do_not_depend_on_the_locale(full: Partners, folder: Path, database: Path) -> None:
    """Standard output holds what a file would, also where the terminal knows ASCII alone."""
    command = [sys.executable, "-m", "partners_crm", "--db", str(database), "export"]
    words = ["--columns", "name,note"]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*command, "-", *words], env=environment, capture_output=True, check=True)
    assert full("export", "a.csv", *words).code == 0
    assert done.stdout == (folder / "a.csv").read_bytes()
    assert "sólo" in done.stdout.decode()
    note = list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))[1][2]
    assert note == f"'{HOSTILE}"


@pytest.mark.parametrize("words", [[], ["--as", "jsonl"], ["--all"]], ids=" ".join)
def test_who_stops_reading_ends_it_quietly(full: Partners, database: Path, words: list[str]) -> None:
    """Case 82: `partners export - | head`."""
    command = [sys.executable, "-m", "partners_crm", "--db", str(database), "export", "-", *words]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (130, "")


def test_nothing_acts_on_a_terminal(full: Partners, database: Path) -> None:
    command = [sys.executable, "-m", "partners_crm", "--db", str(database), "export", "-"]
    leader, follower = pty.openpty()
    try:
        done = subprocess.run(command, stdout=follower, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
        os.close(follower)
        seen = b""
        while chunk := _read(leader):
            seen += chunk
    finally:
        os.close(leader)
    assert done.returncode == 0
    assert b"Near West Homes" in seen
    assert b"\x1b" not in seen
    assert "\u202e" not in seen.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other side is closed, and everything was read
        return b""


def test_everything(full: Partners, folder: Path) -> None:
    result = full("export", "all.jsonl", "--all")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("all.jsonl: ")
    assert "1 custom value" in lines[1]
    private = "1 of posture, associations_lane.memo, 1 of associations_rivalry, 1 of custom_value"
    assert lines[2] == f"left out, for not everyone may see it: {private} (--include-private takes it along)"
    more = full("export", "more.jsonl", "--all", "--include-private", "--with-history")
    assert "2 custom values" in more.out
    assert "  journal: 3 operations, " in more.out
    assert "left out" not in more.out
    answer = json.loads(full("export", "all.jsonl", "--all", "--force", "--format", "json").out)
    assert answer["private"] is False
    assert [name for name, number in answer["left_out"] if number] == [
        "posture",
        "associations_rivalry",
        "custom_value",
    ]
    assert answer["records"] == len((folder / "all.jsonl").read_bytes().splitlines()) - 1


REFUSED: tuple[tuple[list[str], int, str], ...] = (
    (["members"], 2, "in which format"),
    (["members.pdf"], 2, "in which format"),
    (["https://example.org/members.csv"], 2, "is a URL"),
    (["there.csv"], 2, "exists already"),
    (["there.jsonl", "--all"], 2, "exists already"),
    (["-", "--as", "xlsx"], 2, "the format xlsx needs a file"),
    (["members.csv", "--entity", "clubs"], 2, "there are no clubs"),
    (["members.csv", "--columns", "size"], 2, "organizations have no column size"),
    (["members.csv", "--where", "nosuch:x"], 2, "nosuch"),
    (["members.csv", "--with-history"], 2, "goes with --all"),
    (["all.csv", "--all"], 2, "JSON Lines"),
    (["all.jsonl", "--all", "--as", "csv"], 2, "JSON Lines"),
    (["all.jsonl", "--all", "--where", "silo:housing"], 2, "--where does not go with it"),
    (["all.jsonl", "--all", "--entity", "sites"], 2, "--entity does not go with it"),
    (["all.jsonl", "--all", "--columns", "name"], 2, "--columns does not go with it"),
    (["all.jsonl", "--all", "--excel"], 2, "--excel does not go with it"),
    (["members.xlsx", "--as", "xlsx", "--excel"], 2, "for CSV files"),
    (["members.xlsx", "--excel"], 2, "for CSV files"),
    (["nowhere/members.csv"], 4, "nowhere/members.csv cannot be written: No such file or directory"),
    (["broken/members.csv"], 3, "broken/datapackage.json: is no data package"),
)


@pytest.mark.parametrize(
    ("words", "code", "said"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_refusals(full: Partners, folder: Path, words: list[str], code: int, said: str) -> None:
    for name in ("there.csv", "there.jsonl"):
        (folder / name).write_text("mine")
    (folder / "broken").mkdir()
    (folder / "broken" / "datapackage.json").write_text("{")
    assert_refused(full("export", *words), code, said)
    assert sorted(each.name for each in folder.iterdir()) == ["broken", "there.csv", "there.jsonl"]
    assert [each.name for each in (folder / "broken").iterdir()] == ["datapackage.json"]
    assert (folder / "there.csv").read_text() == (folder / "there.jsonl").read_text() == "mine"


def test_a_file_is_replaced_with_force(full: Partners, folder: Path) -> None:
    (folder / "sites.csv").write_text("mine")
    assert full("export", "sites.csv", "--entity", "sites", "--force").code == 0
    assert (folder / "sites.csv").read_text().startswith('"uid"')


def test_a_full_disk_is_named(full: Partners, folder: Path, database: Path) -> None:
    """Case 46, with the error of a device that is always full: exit code 4, and nothing is left behind."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    words = ["--db", str(database), "export", "sites.csv", "--entity", "sites"]
    done = subprocess.run([sys.executable, "-c", FULL, *words], capture_output=True, text=True, check=False)
    assert full("list", "sites").code == 0
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith("partners: sites.csv cannot be written: No space left on device; ")
    assert list(folder.iterdir()) == []


FULL = """
import sys
from partners_crm.cli.app import run
from partners_crm_tabular import csv_writer

def to_a_full_device(*arguments, **options):
    with open("/dev/full", "wb", buffering=0) as device:
        device.write(b"x")

csv_writer.write_csv = to_a_full_device
sys.exit(run(sys.argv[1:]))
"""
