"""Files that are damaged, foreign, newer or older: refused with a word and left as they are, or brought up to date."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import assert_refused
from tests.conftest import Result
from tests.faults.conftest import Looking, fresh
from tests.faults.nursery import Ended, Nursery

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.store import copying
from partners_crm.store.copying import backups_of, known_backups
from partners_crm.store.migrating import MIGRATIONS
from partners_crm.store.open import SCHEMA_VERSION

PAGE = 4096
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("list", "organizations"),
    ("show", "organization", "5"),
    ("history",),
    ("backup",),
    ("edit", "organization", "5", "note=corrected"),
)
CHANGING = {"edit"}


@pytest.fixture(scope="module")
def whole(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a coalition of some hundred pages."""
    path = fresh(blank_coalition, tmp_path_factory.mktemp("whole"))
    with Crm.open(path) as crm, crm.changes("fill") as unit:
        for number in range(200):
            unit.add(Organization, name=f"House {number}", note="n" * 300)
    return path.read_bytes()


def run(nursery: Nursery, path: Path, words: tuple[str, ...]) -> Ended:
    ended = nursery.run("command", words=["--db", path, *words])
    assert not ended.hung
    assert "Traceback" not in ended.err
    assert "internal error" not in ended.err, ended.err
    return ended


class Patients:
    """Damaged files, each looked at by every command, from a fresh copy each time."""

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self.nursery, self.folder, self.codes, self._number = nursery, folder, Counter[int](), 0

    def treat(self, data: bytes, words: tuple[str, ...], codes: set[int]) -> Ended:
        """Run a command on a file of these bytes; a refused one, or one that only reads, leaves them as they are."""
        self._number += 1
        path = self.folder / f"{self._number}" / "coalition.db"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        path.chmod(0o600)
        ended = run(self.nursery, path, words)
        self.codes[ended.code] += 1
        assert ended.code in codes, f"{words}: {ended.code} {ended.err}"
        if ended.code or words[0] not in CHANGING:
            assert path.read_bytes() == data, words
        if ended.code:
            said = ended.err.splitlines()[-2:]
            assert str(path.parent) in said[0], ended.err
            left = "*" if words[0] == "backup" else "*.part"
            assert not list(backups_of(path).glob(left)), "a refused backup leaves nothing"
        elif words[0] == "backup":
            (made,) = known_backups(backups_of(path))
            assert copying.verified(made.path) == made
        return ended


@pytest.fixture
def patients(nursery: Nursery, tmp_path: Path) -> Patients:
    return Patients(nursery, tmp_path / "patients")


LENGTHS = (0, 1, 15, 16, 99, 100, 101, 512, PAGE - 1, PAGE, PAGE + 1, -PAGE - 1, -PAGE, -1)


@pytest.mark.parametrize("length", LENGTHS)
def test_case_51_a_file_cut_short_is_refused_and_left_alone(patients: Patients, whole: bytes, length: int) -> None:
    for words in COMMANDS:
        patients.treat(whole[:length], words, {5})


def test_case_51_a_file_cut_short_anywhere_is_refused(
    patients: Patients, whole: bytes, scale: Callable[[int], int]
) -> None:
    chance = random.Random(51)
    for number in range(scale(300)):
        patients.treat(whole[: chance.randrange(len(whole))], COMMANDS[number % len(COMMANDS)], {5})


def test_case_51_a_bit_flipped_in_the_header_is_refused_or_harmless(
    patients: Patients, whole: bytes, scale: Callable[[int], int]
) -> None:
    chance = random.Random(5151)
    flips = [(place, bit) for place in range(100) for bit in range(8)]
    chance.shuffle(flips)
    for number, (place, bit) in enumerate(flips[: scale(len(flips))]):
        data = bytearray(whole)
        data[place] ^= 1 << bit
        patients.treat(bytes(data), COMMANDS[number % len(COMMANDS)], {0, 5})
    assert patients.codes[5]


@pytest.mark.parametrize("place", [0, 15, 16, 18, 19, 21, 47, 68, 71])
def test_case_51_a_damaged_field_of_the_header_that_matters_is_refused(
    patients: Patients, whole: bytes, place: int
) -> None:
    data = bytearray(whole)
    data[place] ^= 0x80
    assert_refused(as_result(patients.treat(bytes(data), COMMANDS[0], {5})), 5)


def test_case_51_bits_flipped_in_pages_are_refused_or_do_not_matter(
    patients: Patients, whole: bytes, scale: Callable[[int], int]
) -> None:
    chance = random.Random(515151)
    for number in range(scale(500)):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
        patients.treat(bytes(data), COMMANDS[number % len(COMMANDS)], {0, 5})
    assert patients.codes[5]


def test_case_51_overwritten_pages_are_never_backed_up(
    patients: Patients, whole: bytes, scale: Callable[[int], int]
) -> None:
    chance = random.Random(10)
    for number in range(scale(200)):
        data = bytearray(whole)
        for _ in range(10):
            start = chance.randrange(1, len(data) // PAGE) * PAGE
            data[start : start + PAGE] = chance.randbytes(PAGE)
        words = COMMANDS[number % len(COMMANDS)]
        patients.treat(bytes(data), words, {5} if words[0] == "backup" else {0, 5})
    assert patients.codes[5]


def test_case_51_damaged_text_is_not_shown_in_the_message(patients: Patients, whole: bytes) -> None:
    data = whole.replace(b"n" * 300, b"\xff" + b"n" * 299)
    assert data != whole
    ended = patients.treat(data, ("show", "organization", "8"), {5})
    assert "is damaged: a text in it is not UTF-8" in ended.err
    assert "nnn" not in ended.err


@pytest.mark.parametrize(
    ("there", "damaged"),
    [(b"organization_name", b"organization_nam\xce"), (b'"recruited_by"', b'"recruited_bx"')],
    ids=["the name of an index is no text", "the name of a column"],
)
def test_case_51_a_damaged_schema_is_told_as_damage(
    patients: Patients, whole: bytes, there: bytes, damaged: bytes
) -> None:
    assert there in whole
    patients.treat(whole.replace(there, damaged, 1), ("show", "organization", "5"), {5})


def test_case_51_an_undo_of_a_damaged_value_is_refused(patients: Patients, whole: bytes) -> None:
    data = whole.replace(b'{"id":', b'["id":')
    assert data != whole
    patients.treat(data, ("undo",), {5})


def test_case_51_a_coalition_whose_backup_was_found_damaged_is_not_written_to(patients: Patients, whole: bytes) -> None:
    data = whole.replace(b"House 150", b"House 1\x0150"[:9], 1)
    assert len(data) == len(whole)
    patients.treat(data, ("backup",), {5})
    patients.treat(data, ("edit", "organization", "5", "note=corrected"), {5})


def as_result(ended: Ended) -> Result:
    return Result(ended.code, ended.out, ended.err)


@pytest.mark.parametrize("schema", [(), ("CREATE TABLE a (b)",)], ids=["empty", "with a table"])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_case_52_a_database_of_another_program_is_refused_and_left_alone(
    nursery: Nursery, tmp_path: Path, schema: tuple[str, ...], mode: str
) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("PRAGMA user_version = 2")
    for statement in schema:
        connection.execute(statement)
    connection.close()
    before = path.read_bytes()
    for words in COMMANDS:
        assert_refused(as_result(run(nursery, path, words)), 5, str(path))
        assert path.read_bytes() == before


@pytest.mark.parametrize("program", ["9.1.0", ""])
def test_case_52_a_newer_schema_says_which_version_is_needed(
    nursery: Nursery, blank_coalition: Path, tmp_path: Path, program: str
) -> None:
    path = fresh(blank_coalition, tmp_path / "place")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    if program:
        connection.execute("INSERT INTO schema_migration VALUES ('0099_far', '2031-01-01', 'x', ?)", (program,))
    else:
        connection.execute("DROP TABLE schema_migration")
    connection.close()
    before = path.read_bytes()
    hint = f"update partners-crm to {program} or newer" if program else "  update partners-crm"
    for words in COMMANDS:
        ended = run(nursery, path, words)
        assert_refused(as_result(ended), 5, f"{path} was written by a newer version (schema 99", hint)
        assert ended.err.splitlines()[1].endswith("newer" if program else "partners-crm")
        assert path.read_bytes() == before


def test_case_52_an_older_schema_is_backed_up_and_then_brought_up_to_date(
    nursery: Nursery, look: Looking, released: Path, tmp_path: Path
) -> None:
    path = fresh(released, tmp_path / "place")
    ended = run(nursery, path, ("list", "organizations"))
    assert ended.code == 0
    (kept,) = known_backups(backups_of(path))
    assert (kept.why, copying.verified(kept.path).schema) == (f"before-schema-{SCHEMA_VERSION}", 1)
    assert f"a backup of it as it was is in {kept.path}" in ended.err
    assert look(path).schema == SCHEMA_VERSION
    assert look(path).hashes == look(released, below=True).hashes


def test_case_52_an_older_schema_that_is_read_only_is_refused(nursery: Nursery, released: Path, tmp_path: Path) -> None:
    path = fresh(released, tmp_path / "place")
    path.chmod(0o400)
    before = path.read_bytes()
    assert_refused(as_result(run(nursery, path, ("list", "organizations"))), 6, str(path), "older version")
    assert path.read_bytes() == before
    assert not backups_of(path).exists()


def test_case_52_two_programs_open_an_older_file_at_once_and_it_is_migrated_once(
    nursery: Nursery, look: Looking, released: Path, tmp_path: Path, scale: Callable[[int], int]
) -> None:
    before = look(released, below=True).hashes
    for number in range(scale(50)):
        path = fresh(released, tmp_path / f"{number}")
        children = [nursery.start("migration", path=path) for _ in range(3)]
        for child in children:
            ended = nursery.wait(child)
            assert (ended.code, "Traceback" in ended.err) == (0, False), ended.err
            assert f"schema {SCHEMA_VERSION}" in ended.out
        assert [each.why for each in known_backups(backups_of(path))] == [f"before-schema-{SCHEMA_VERSION}"]
        connection = sqlite3.connect(path)
        applied = connection.execute("SELECT name FROM schema_migration ORDER BY name").fetchall()
        connection.close()
        assert [name for (name,) in applied] == sorted(path.stem for path in MIGRATIONS.glob("0*.py"))
        assert look(path).hashes == before
