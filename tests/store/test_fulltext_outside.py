"""The file of the search index: what is not in it, who else may be at it, and what may stand in its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW
from tests.processes import beside, command
from tests.searched import SEARCHED
from tests.store.indexes import add, edit, ids, index_of, is_right, scanned

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, CustomField, CustomValue, Identifier, Organization
from partners_crm.services import records
from partners_crm.services.custom_fields import define, set_values
from partners_crm.services.importing.applying import Options
from partners_crm.store import files, fulltext, health, indexed
from partners_crm.store.fulltext import astray, catch_up, found_first
from partners_crm.store.read import by_id

WORD = "Qwzzyxian"
BYTES = b"qwzzyx"
WRITES = """
import itertools
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.store.fulltext import catch_up
with Crm.open(sys.argv[1]) as crm:
    for line in itertools.chain([""], iter(sys.stdin.readline, "")):
        if line:
            with crm.changes("write") as unit:
                unit.add(Organization, name=line.strip())
            if line.startswith("Oak"):
                assert catch_up(crm.db)
        print("done")
"""


def files_with(folder: Path, what: bytes) -> set[str]:
    """The names of the files that hold some bytes."""
    return {each.name for each in folder.rglob("*") if each.is_file() and what in each.read_bytes()}


# -------------------------------------------------------------------- what is not in it


def test_the_words_of_what_was_deleted_or_corrected_leave_the_file(crm: Crm) -> None:
    for number in range(50):
        add(crm, name=f"Oak House {number}")
    corrected, gone = add(crm, name=f"{WORD} House"), add(crm, Contact, name=f"Ann {WORD}")
    assert ids(crm.db, WORD) == [corrected]
    assert BYTES in index_of(crm).read_bytes()
    edit(crm, Organization, corrected, name="Elm House")
    with crm.changes("delete", by="ann") as unit:
        records.remove(unit, by_id(crm.db, Contact, gone))
    assert ids(crm.db, WORD) == []
    # FTS5 writes what the last words of a term's neighbours share only once: the end of the word would be there too.
    assert BYTES not in index_of(crm).read_bytes()
    assert BYTES[1:] not in index_of(crm).read_bytes()
    assert is_right(crm)


def test_of_a_large_index_what_is_deleted_leaves_the_file_where_somebody_waits(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "_SHREDDED", 0)
    monkeypatch.setattr(fulltext, "_CAN_SHRED", False)
    keys = [add(crm, name=f"{WORD} House {number}") for number in range(3)]
    assert fulltext.rebuild(crm.db)

    def delete() -> None:
        with crm.changes("delete", by="ann") as unit:
            records.remove(unit, by_id(crm.db, Organization, keys.pop()))

    edit(crm, Organization, keys[0], name="Elm House")
    edit(crm, Organization, keys[1], name="Elm House")
    delete()
    assert catch_up(crm.db, wait=False)
    assert BYTES in index_of(crm).read_bytes()
    edit(crm, Organization, keys[0], name="Ash House")
    assert catch_up(crm.db)
    assert BYTES in index_of(crm).read_bytes()
    delete()
    assert catch_up(crm.db)
    assert BYTES not in index_of(crm).read_bytes()
    assert is_right(crm)


@pytest.mark.parametrize("visibility", ["staff", "author"])
def test_values_that_are_not_for_everyone_are_in_no_byte_of_it(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, visibility: str
) -> None:
    # However large the index, and whoever waits.
    monkeypatch.setattr(fulltext, "_SHREDDED", 0)
    house = add(crm, name="Oak House")
    with crm.changes("define", by="ann") as unit:
        field = define(unit, Organization, "Stance", "text", visibility=visibility)
        set_values(unit, by_id(crm.db, Organization, house), {"stance": f"{WORD} at best"})
    assert catch_up(crm.db)
    assert fulltext.rebuild(crm.db)
    assert BYTES not in index_of(crm).read_bytes()
    edit(crm, CustomField, field.id, visibility="everyone")
    assert len(ids(crm.db, WORD, CustomValue)) == 1
    assert BYTES in index_of(crm).read_bytes()
    edit(crm, CustomField, field.id, visibility=visibility)
    assert catch_up(crm.db, wait=False)
    assert BYTES not in index_of(crm).read_bytes()
    assert ids(crm.db, WORD, CustomValue) == []
    assert is_right(crm)


def test_no_field_that_is_private_by_its_declaration_is_indexed() -> None:
    for table in SEARCHED:
        private = {name for name, how in table.declarations().items() if how.visibility != "everyone"}
        assert not private & set(indexed.fields_of(table))


def test_no_backup_and_no_export_holds_the_index(crm: Crm, tmp_path: Path) -> None:
    add(crm, name="Oak House")
    assert catch_up(crm.db)
    made = crm.back_up(tmp_path / "copies").path
    crm.export_all(tmp_path / "copies" / "all.jsonl")
    assert files_with(tmp_path / "copies", b"fts5") == set()
    assert "fts5" not in made.read_bytes().decode("latin-1")
    assert files_with(tmp_path, b"fts5") == {index_of(crm).name}


def test_a_search_form_of_every_key_is_found(crm: Crm) -> None:
    house = add(crm, name="Thuy Nguyễn House")
    number = add(crm, Identifier, organization=house, system="ein", value="36-1234567")
    mail = add(crm, ContactPoint, organization=house, kind="email", raw="Dana.Reyes@mail.example.org")
    for text in ("nguyen", "NGUYỄN", "thuy nguyen"):
        assert ids(crm.db, text) == [house], text
    for text in ("36-1234567", "361234567", "36 1234567", "1234567"):
        assert ids(crm.db, text, Identifier) == [number], text
    for text in ("dana.reyes@mail.example.org", "reyes mail", "mail.example.org", "DANA"):
        assert ids(crm.db, text, ContactPoint) == [mail], text
    assert ids(crm.db, "dana.reyes@mail.exam", ContactPoint, prefix=True) == [mail]


# -------------------------------------------------------------------- the index follows


def test_what_an_import_a_merge_and_their_undo_say_is_found_at_once(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("Organization,City\nOak House,Alton\nOak Hall,Peoria\n", encoding="utf-8")
    assert ids(crm.db, "oak") == []
    crm.import_file(path, options=Options())
    house, hall = ids(crm.db, "oak")
    crm.merge(Organization, house, hall)
    assert ids(crm.db, "oak") == [house]
    crm.undo()
    assert ids(crm.db, "oak") == [house, hall]
    crm.undo()
    assert ids(crm.db, "oak") == []
    crm.redo()
    assert ids(crm.db, "oak") == [house, hall]
    assert is_right(crm)


def test_what_another_program_writes_is_found_at_once(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    with beside(WRITES, crm.path) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        # One after which the other program brings the index up to date, and one after which it does not.
        for name, count in (("Oak Hall", 2), ("Elm and Oak", 3), ("Oak Inn", 4)):
            other.stdin.write(f"{name}\n")
            other.stdin.flush()
            assert other.stdout.readline() == "done\n"
            assert len(ids(crm.db, "oak")) == count
            assert len(found_first(crm.db, "oa", 9)) == count
    assert is_right(crm)


def test_threads_that_write_and_ask_at_once_get_right_answers(crm: Crm) -> None:
    answers: list[tuple[int, int, int]] = []
    done = threading.Event()

    def ask() -> None:
        with crm.session() as db:
            last = False
            while not last:
                last = done.is_set()
                before = len(scanned(db, "oak", Organization, prefix=False))
                found = len(ids(db, "oak"))
                answers.append((before, found, len(scanned(db, "oak", Organization, prefix=False))))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(40):
        add(crm, name=f"Oak House {number}")
    done.set()
    for thread in threads:
        thread.join()
    # Nothing is taken away meanwhile: what is found lies between what was there before and after.
    assert all(before <= found <= after for before, found, after in answers)
    assert answers[-1] == (40, 40, 40)
    assert is_right(crm)


def test_a_coalition_that_was_replaced_is_not_searched_by_the_index_of_before(
    crm: Crm, blank_coalition: Path, tmp_path: Path
) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    path = crm.path
    other = tmp_path / "other.db"
    shutil.copyfile(blank_coalition, other)
    with Crm.open(other, clock=lambda: NOW) as made:
        for name in ("Elm House", "Oak Hall"):
            add(made, name=name)
    crm.close()
    other.replace(path)
    with Crm.open(path, clock=lambda: NOW) as replaced:
        assert ids(replaced.db, "oak") == scanned(replaced.db, "oak", Organization, prefix=False) == [key + 1]
        assert is_right(replaced)


# -------------------------------------------------------------------- what stands in its place


def test_an_index_that_was_deleted_while_it_was_in_use_is_made_anew(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    index_of(crm).unlink()
    edit(crm, Organization, key, name="Elm House")
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([], [key])
    assert is_right(crm)


def test_an_index_of_an_older_form_is_made_anew(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    assert catch_up(crm.db)
    with closing(sqlite3.connect(index_of(crm))) as index, index:
        index.execute("UPDATE state SET shape = 'older'")
        index.execute("DROP TABLE vocabulary")
    before = index_of(crm).stat().st_ino
    assert ids(crm.db, "oak") == [key]
    assert index_of(crm).stat().st_ino != before
    assert is_right(crm)


@pytest.mark.parametrize("table", ["state", "document", "words"])
def test_an_index_that_lacks_a_table_is_made_anew(crm: Crm, table: str) -> None:
    key = add(crm, name="Oak House")
    assert catch_up(crm.db)
    with closing(sqlite3.connect(index_of(crm))) as index, index:
        index.execute(f"DROP TABLE {table}")
    new = add(crm, name="Oak Hall")
    assert ids(crm.db, "oak") == [key, new]
    assert [hit.id for hit in found_first(crm.db, "oa", 5)] == [key, new]
    assert is_right(crm)


def test_a_folder_in_its_place_is_left_alone_and_said(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object) -> None:
        raise AssertionError("an index was made that has no place")

    monkeypatch.setattr(fulltext, "_fill", build)
    key = add(crm, name="Oak House")
    index_of(crm).mkdir()
    mine = index_of(crm) / "mine.txt"
    mine.write_text("mine")
    assert ids(crm.db, "oak") == [hit.id for hit in found_first(crm.db, "oa", 5)] == [key]
    assert not catch_up(crm.db)
    assert not fulltext.rebuild(crm.db)
    with health.snapshot(crm.db):
        assert list(astray(crm.db)) == ["a folder stands in its place, which must be moved away"]
    edit(crm, Organization, key, name="Elm House")
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([], [key])
    assert mine.read_text() == "mine"
    assert not files.drafts_of(index_of(crm))


def test_what_is_no_file_gives_way(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    os.mkfifo(index_of(crm))
    assert ids(crm.db, "oak") == [key]
    assert is_right(crm)


@pytest.mark.parametrize("words", [("find", "oa"), ("list", "organizations", "oak")])
def test_in_a_folder_that_may_not_be_written_words_are_found(crm: Crm, tmp_path: Path, words: tuple[str, ...]) -> None:
    add(crm, name="Oak House")
    copy = crm.back_up(tmp_path / "copies").path
    before = sorted(each.name for each in copy.parent.iterdir())
    copy.parent.chmod(0o500)
    try:
        found = command(copy, *words, powers=False)
    finally:
        copy.parent.chmod(0o700)
    assert found.code == 0, found.err
    assert "Oak House" in found.out
    assert found.out.splitlines()[-1].startswith("1 ")
    assert sorted(each.name for each in copy.parent.iterdir()) == before


def test_an_index_that_may_not_be_read_or_written_is_done_without(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm:
        add(crm, name="Oak House")
        assert catch_up(crm.db)
        add(crm, name="Oak Hall")
        index = index_of(crm)
    for mode in (0o000, 0o400):
        index.chmod(mode)
        found = command(database, "find", "oak", powers=False)
        assert found.code == 0, found.err
        assert found.out.splitlines()[-1] == "2 records"
    index.chmod(0o600)
    with Crm.open(database, clock=lambda: NOW) as crm:
        assert is_right(crm)


# -------------------------------------------------------------------- it never takes more than it may


def test_no_question_costs_more_than_its_bound(crm: Crm, bounded: Callable[[Callable[[], Any]], int]) -> None:
    with crm.changes("add", by="ann") as unit:
        for number in range(400):
            records.add(unit, Organization, name=f"Services Center {number} of Oak", note="a b c d e f g " * 20)
    assert catch_up(crm.db)
    hostile = (
        "a b c d e f g " * 30,
        " ".join("abcdefg" * 5),
        "s " * 200,
        "services center of oak zzz",
        "o'c-o’c " * 30,
        "\u0301" * 300 + "a",
        "0 1 2 3 4 5 6 7 8 9 " * 10,
    )
    costs: dict[tuple[str, str, bool], int] = {}
    for text in hostile:
        for prefix in (False, True):
            costs["mentions", text, prefix] = bounded(partial(ids, crm.db, text, Organization, prefix=prefix))
        for loose in (False, True):
            costs["found_first", text, loose] = bounded(partial(found_first, crm.db, text, 20, loose=loose))
    assert max(costs.values()) <= MOST_STEPS, costs


MOST_STEPS = 20
"""Thousands of steps of SQLite's machine, in the coalition and in the index together, of a question on 400 records.

A row that is found costs some twenty of them; what FTS5 does on the way is bounded by the words of a question."""


@pytest.fixture
def bounded(crm: Crm) -> Iterator[Callable[[Callable[[], Any]], int]]:
    """Counts the thousands of steps of SQLite's machine that a question takes."""
    steps = [0]

    def tick() -> int:
        steps[0] += 1
        return 0

    def count(question: Callable[[], Any]) -> int:
        assert catch_up(crm.db)
        for connection in (crm.db.driver, crm.db.own.search.connection):
            connection.set_progress_handler(tick, 1_000)
        steps[0] = 0
        question()
        return steps[0]

    yield count
    crm.db.driver.set_progress_handler(None, 0)
