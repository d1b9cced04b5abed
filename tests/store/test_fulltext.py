"""Full-text search: every spelling is found, the index always agrees with the coalition, and nothing depends on it."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW
from tests.searched import SEARCHED
from tests.store.indexes import add, edit, from_index, ids, index_connection, index_of, is_right, scanned

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import (
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    Organization,
    OtherName,
    Role,
    Site,
    Table,
    Tag,
)
from partners_crm.services import records
from partners_crm.services.custom_fields import define, set_values
from partners_crm.store import files, fulltext, health, indexed
from partners_crm.store.fulltext import SUFFIX, Hit, astray, catch_up, found_first, spelled_like
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, one_state, tuples
from partners_crm.store.work import changes

WORDS = ("oak", "hill", "o'connor", "smith-jones", "łódź", "center", "oakland")


# -------------------------------------------------------------------- what is found


@pytest.mark.parametrize(
    ("name", "found", "not_found"),
    [
        (
            "O'Connor House",
            ["oconnor", "O'CONNOR", "o’connor", "o connor", "connor", "o'connor house"],
            ["conno", "ohouse", "house connor", "onnor"],
        ),
        ("O’Connor House", ["oconnor", "O'Connor", "o connor"], ["connors"]),
        (
            "The Smith-Jones Fund",
            ["smithjones", "smith jones", "Smith-Jones", "smith–jones", "jones fund", "smithjones fund"],
            ["smith fund", "smi", "the jones"],
        ),
        ("Stanisław Łódź Society", ["stanislaw", "ŁÓDŹ", "lodz society", "Łódź"], ["stanis"]),
        ("Muñoz & Søn's Hus", ["munoz", "munoz and sons", "MUÑOZ & SØNS", "sons", "son s"], ["mun"]),
        ("Straße ﬁrst Æther Đakovo", ["strasse", "first", "ﬁrst", "aether dakovo"], ["stras"]),
        ("Dom Wiśniewski – Ángel", ["wisniewski", "angel", "wisniewski angel"], ["wisniewskiangelo"]),
        ("北京 Center 上海", ["北京", "上海", "北京 center"], ["北", "center 北京"]),
        ("Дом надежды", ["дом", "НАДЕЖДЫ"], ["надежд"]),
        ("𞤀𞤣𞤤𞤢𞤥 School", ["𞤀𞤣𞤤𞤢𞤥", "𞤢𞤣𞤤𞤢𞤥 school"], ["𞤀𞤣"]),
        ("हिन्दी केंद्र", ["हिन्दी", "केंद्र"], ["हिन्"]),
        ("100% Home, Inc.", ["100%", "home inc", "100"], ["10"]),
        ("Y.M.C.A.", ["y m c a", "Y.M.C.A."], ["yxca"]),
        ("a" * 70, ["a" * 70, "a" * 64], ["a" * 63]),
    ],
)
def test_a_name_is_found_under_each_of_its_spellings_and_under_no_other(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, name: str, found: list[str], not_found: list[str]
) -> None:
    key = add(crm, name=name)
    add(crm, name="Nobody Else")
    from_index(crm.db, monkeypatch)
    assert {text: ids(crm.db, text) for text in found} == {text: [key] for text in found}
    assert {text: ids(crm.db, text) for text in not_found} == {text: [] for text in not_found}


def test_the_last_word_may_go_on_where_that_is_asked(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    key = add(crm, name="Evergreen Neighborhoods")
    from_index(crm.db, monkeypatch)
    for text in ("e", "ever", "evergr", "evergreen", "evergreen n", "evergreen neighborho", "evergreen neighborhoods"):
        assert ids(crm.db, text, prefix=True) == [key], text
    for text in ("evergreens", "green", "neighborhood evergreen", "ever neighborhoods"):
        assert ids(crm.db, text, prefix=True) == [], text


def test_words_in_a_row_are_those_of_one_field(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    key = add(crm, name="Oak Hill", note="Alton branch\nmeets on Mondays")
    from_index(crm.db, monkeypatch)
    assert ids(crm.db, "branch meets") == ids(crm.db, "oak hill") == [key]
    assert ids(crm.db, "hill alton") == []
    assert [hit.id for hit in found_first(crm.db, "hill alton", 5)] == [key]


@pytest.mark.parametrize("raw", ["(312) 555-0142", "312-555-0142", "312.555.0142", "3125550142", "+1 312 555 0142"])
def test_a_phone_is_found_however_its_digits_stand(crm: Crm, monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    house = add(crm, name="Oak House")
    key = add(crm, ContactPoint, organization=house, kind="phone", raw=raw)
    from_index(crm.db, monkeypatch)
    for text in ("3125550142", "312-555-0142", "(312) 555-0142", "555-0142", "5550142", "+13125550142"):
        assert ids(crm.db, text, ContactPoint) == [key], text
    assert ids(crm.db, "312555", ContactPoint, prefix=True) == [key]
    assert ids(crm.db, "5550143", ContactPoint) == []


def test_every_entity_that_says_so_is_searched_and_no_other_is_in_the_index(crm: Crm) -> None:
    house = add(crm, name="Zebra House", note="zebra note")
    zoe = add(crm, Contact, name="Zebra Zoe", note="zebra")
    expected = {Organization: house, Contact: zoe}
    for table, values in (
        (OtherName, {"organization": house, "name": "Zebra Hall"}),
        (Site, {"organization": house, "name": "Annex", "address": "1 Zebra St", "city": "Alton"}),
        (Role, {"organization": house, "contact": zoe, "title": "Keeper", "department": "Zebra"}),
        (ContactPoint, {"organization": house, "kind": "email", "raw": "zebra@example.org"}),
        (Tag, {"name": "zebra"}),
    ):
        expected[table] = add(crm, table, **values)
    assert {table: found for table in SEARCHED if (found := ids(crm.db, "zebra", table))} == {
        table: [key] for table, key in expected.items()
    }
    with closing(sqlite3.connect(index_of(crm))) as index:
        ((count,),) = index.execute("SELECT count(*) FROM document WHERE text LIKE '%zebra%'").fetchall()
    assert count == len(expected)
    assert ids(crm.db, "oak", CustomField) == []


def test_who_types_sees_whole_words_first_and_all_beginnings_where_they_ask(crm: Crm) -> None:
    key = add(crm, name="Smithfield Joinery")
    other = add(crm, Contact, name="Smith Jones")

    def found(text: str, **more: Any) -> list[tuple[type[Table], int]]:
        return [(hit.table, hit.id) for hit in found_first(crm.db, text, 5, **more)]

    assert found("smith jo") == [(Contact, other)]
    assert found("smith jo", loose=True) == [(Organization, key), (Contact, other)]
    assert found("jo smithfi") == [] == found("", loose=True) == found("--")
    assert found("smithfi", among=(Contact,)) == []
    assert [hit.text for hit in found_first(crm.db, "smithfi", 5)] == ["smithfield joinery"]


def test_long_beginnings_are_told_apart_however_many_share_their_first_letters(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crm.changes("add", by="ann") as unit:
        for number in range(400):
            records.add(unit, Organization, name=f"Servicemen {number}")
        wanted = [records.add(unit, Organization, name=f"Services Last {number}").id for number in range(3)]
    from_index(crm.db, monkeypatch)
    # More than are looked at by their first letters alone, and fewer.
    for limit in (2, 5, 20):
        assert [hit.id for hit in found_first(crm.db, "services", limit)] == wanted[:limit]
        assert [hit.id for hit in found_first(crm.db, "services la", limit)] == wanted[:limit]
        assert len(found_first(crm.db, "servicem", limit)) == limit
        assert found_first(crm.db, "servicez", limit) == []


def test_a_word_with_a_slip_finds_the_words_that_are_spelled_like_it(crm: Crm) -> None:
    for name in ("Evergreen House", "Evergreen Hall", "Housing Now", "2026 Fund"):
        add(crm, name=name)
    assert spelled_like(crm.db, "Evergren") == spelled_like(crm.db, "EVERGEREN") == ["evergreen"]
    assert spelled_like(crm.db, "hosing")[:1] == ["housing"]
    assert spelled_like(crm.db, "ev") == spelled_like(crm.db, "!!!") == spelled_like(crm.db, "zzzzz") == []
    assert spelled_like(crm.db, "hous", limit=1) == ["house"]
    assert spelled_like(crm.db, "2027") == []


def test_a_slip_in_the_first_letter_is_looked_for_where_the_words_are_few(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(crm, name="Evergreen House")
    assert spelled_like(crm.db, "Wvergreen") == ["evergreen"]
    monkeypatch.setattr(fulltext, "_FEW_PAGES", 0)
    assert spelled_like(crm.db, "Wvergreen") == []
    assert spelled_like(crm.db, "Evergren") == ["evergreen"]


# -------------------------------------------------------------------- what is not for everyone


def test_what_is_not_for_everyone_is_found_by_nobody(crm: Crm) -> None:
    house = add(crm, name="Oak House")
    with crm.changes("define", by="ann") as unit:
        field = define(unit, Organization, "Stance", "text", visibility="staff")
        set_values(unit, by_id(crm.db, Organization, house), {"stance": "hesitant"})
    assert ids(crm.db, "hesitant", CustomValue) == []
    assert found_first(crm.db, "hesitant", 5) == [] == spelled_like(crm.db, "hesitent")
    assert b"hesitant" not in index_of(crm).read_bytes()
    edit(crm, CustomField, field.id, visibility="everyone")
    assert len(ids(crm.db, "hesitant", CustomValue)) == 1
    edit(crm, CustomField, field.id, visibility="author")
    assert ids(crm.db, "hesitant", CustomValue) == []
    assert is_right(crm)


# -------------------------------------------------------------------- the index follows


def test_the_index_follows_every_kind_of_change(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    edit(crm, Organization, key, name="Elm House")
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([], [key])
    crm.undo()
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([key], [])
    crm.redo()
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([], [key])
    with crm.changes("delete", by="ann") as unit:
        records.remove(unit, by_id(crm.db, Organization, key))
    assert ids(crm.db, "elm") == []
    crm.undo()
    assert ids(crm.db, "elm") == [key]
    edit(crm, Organization, key, note="now with a note")
    assert ids(crm.db, "note") == ids(crm.db, "elm house") == [key]
    assert is_right(crm)


def test_any_history_of_changes_leaves_the_index_as_one_that_is_made_anew(
    crm: Crm, scale: Callable[[int], int]
) -> None:
    chance = random.Random(6)
    tables: tuple[type[Table], ...] = (Organization, Contact, Tag)
    there: list[tuple[type[Table], int]] = []
    for step in range(scale(300)):
        act = chance.choice(("add", "add", "edit", "delete", "undo", "ask"))
        name = f"{' '.join(chance.sample(WORDS, 2))} {step}"
        if act == "add" or not there:
            table = chance.choice(tables)
            there.append((table, add(crm, table, name=name)))
        elif act == "ask":
            word, table = chance.choice(WORDS), chance.choice(tables)
            assert ids(crm.db, word, table, prefix=True) == scanned(crm.db, word, table, prefix=True)
        elif act == "undo":
            crm.undo()
            there = [(table, key) for table in tables for (key,) in tuples(crm.db, table.select(table.id))]
        else:
            table, key = there.pop(chance.randrange(len(there)))
            with crm.changes(act, by="ann") as unit:
                if act == "delete":
                    records.remove(unit, by_id(crm.db, table, key))
                else:
                    records.edit(unit, by_id(crm.db, table, key), name=name)
                    there.append((table, key))
    assert is_right(crm)
    assert fulltext.rebuild(crm.db)
    assert is_right(crm)


def test_more_changes_than_one_transaction_takes_are_all_taken_up(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    first = add(crm, name="Oak 0")
    assert ids(crm.db, "oak") == [first]
    monkeypatch.setattr(fulltext, "_BATCH", 3)
    with crm.changes("add", by="ann") as unit:
        for number in range(1, 11):
            records.add(unit, Organization, name=f"Oak {number}")
    ((newest,),) = crm.db.driver.execute("SELECT max(id) FROM change").fetchall()
    # Each transaction takes three of the ten.
    assert crm.db.own.search.take_up(crm.db, newest) == newest - 7
    assert len(ids(crm.db, "oak")) == 11
    assert is_right(crm)
    assert fulltext.rebuild(crm.db)
    assert is_right(crm)


def test_a_unit_of_work_finds_what_it_has_written_so_far(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    with changes(crm.db, "edit", by="ann", clock=lambda: NOW, keep=False) as unit:
        records.edit(unit, by_id(crm.db, Organization, key), name="Elm House")
        other = records.add(unit, Organization, name="Oak Hall").id
        assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([other], [key])
        assert [hit.id for hit in found_first(crm.db, "oak", 5)] == [other]
        assert not catch_up(crm.db)
        assert not fulltext.rebuild(crm.db)
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([key], [])
    assert is_right(crm)


def test_who_looks_at_an_earlier_state_finds_what_was_there_then(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    with Crm.open(crm.path, clock=lambda: NOW) as other, one_state(crm.db):
        assert ids(crm.db, "oak") == [key]
        edit(other, Organization, key, name="Elm House")
        assert (ids(other.db, "elm"), is_right(other)) == ([key], True)
        before = index_of(crm).stat().st_ino
        assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([key], [])
        assert index_of(crm).stat().st_ino == before
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([], [key])


def test_each_thread_has_its_own_connection_and_closes_it(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    answers: list[Any] = []

    def work() -> None:
        with crm.session() as db:
            answers.append(ids(db, "oak"))
            answers.append(db.own.search is not None)
        answers.append(crm.db.own.search)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [[key], True, None]
    assert crm.db.own.search is None
    assert ids(crm.db, "oak") == [key]
    connection = index_connection(crm)
    crm.db.close()
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")


# -------------------------------------------------------------------- nothing depends on it


def test_a_coalition_that_nobody_may_write_is_searched_and_stays_alone(crm: Crm, tmp_path: Path) -> None:
    key = add(crm, name="Oak House")
    copy = crm.back_up(tmp_path / "copies").path
    before = sorted(each.name for each in copy.parent.iterdir())
    with Crm.open(copy) as alone:
        assert ids(alone.db, "oak") == [key]
        assert [hit.id for hit in found_first(alone.db, "oa", 5)] == [key]
        assert spelled_like(alone.db, "oakk") == []
        assert not catch_up(alone.db)
        assert sorted(each.name for each in copy.parent.iterdir() if not each.name.endswith("-open")) == before


def test_the_index_of_a_coalition_that_became_read_only_is_used_as_far_as_it_goes(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    monkeypatch.setattr(crm.db, "read_only", True)
    from_it = found_first(crm.db, "oak", 5)
    assert from_it == [Hit(Organization, key, "oak house")]
    monkeypatch.setattr(crm.db, "read_only", False)
    other = add(crm, name="Oak Hall")
    monkeypatch.setattr(crm.db, "read_only", True)
    assert ids(crm.db, "oak") == [key, other]


def test_the_first_record_of_an_entity_is_found_while_it_is_typed(crm: Crm) -> None:
    add(crm, name="Oak House")
    assert [hit.table for hit in found_first(crm.db, "oak", 5)] == [Organization]
    add(crm, Tag, name="oak")
    assert [hit.table for hit in found_first(crm.db, "oak", 5)] == [Organization, Tag]


def test_only_what_changed_is_looked_at_where_the_index_is_behind(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = indexed.texts

    def some(db: Handle, table: type[Table], keys: Any = None) -> Iterator[tuple[int, str]]:
        assert keys is not None
        return whole(db, table, keys)

    key = add(crm, name="Oak House")
    assert catch_up(crm.db)
    monkeypatch.setattr(fulltext, "texts", some)
    with closing(sqlite3.connect(index_of(crm), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        new = add(crm, name="Oak Hall")
        assert ids(crm.db, "oak") == [key, new]
        assert sorted(hit.id for hit in found_first(crm.db, "oak", 5)) == [key, new]


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_an_index_that_somebody_else_writes_is_done_without(crm: Crm, lock: str) -> None:
    key = add(crm, name="Oak House")
    gone = add(crm, name="Oak Ruin")
    assert ids(crm.db, "oak") == [key, gone]
    with closing(sqlite3.connect(index_of(crm), isolation_level=None)) as other:
        other.execute(lock)
        new = add(crm, name="Oak Hall")
        edit(crm, Organization, key, name="Elm House")
        with crm.changes("delete", by="ann") as unit:
            records.remove(unit, by_id(crm.db, Organization, gone))
        before = index_of(crm).stat().st_ino
        assert not catch_up(crm.db)
        assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([new], [key])
        assert [hit.id for hit in found_first(crm.db, "oak", 1)] == [new]
        assert [hit.id for hit in found_first(crm.db, "elm", 1)] == [key]
        assert index_of(crm).stat().st_ino == before
        other.execute("ROLLBACK")
    assert ids(crm.db, "oak") == [new]
    assert is_right(crm)


def test_a_folder_that_takes_no_file_has_no_index(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> Path:
        raise PartnersError(f"no file beside {path}", "")

    key = add(crm, name="Oak House")
    monkeypatch.setattr(files, "draft_beside", refuse)
    assert ids(crm.db, "oak") == [key]
    assert not index_of(crm).exists()
    assert not catch_up(crm.db)


@pytest.mark.parametrize(
    "data",
    [b"", b"not a database at all", b"SQLite format 3\0" + bytes(4000), b"\0" * 9000],
    ids=["empty", "text", "header", "zeros"],
)
def test_an_index_that_is_no_index_is_made_anew(crm: Crm, data: bytes) -> None:
    key = add(crm, name="Oak House")
    index_of(crm).write_bytes(data)
    assert ids(crm.db, "oak") == [key]
    assert is_right(crm)


def test_whatever_a_fault_of_the_disk_leaves_of_the_index_the_coalition_opens_and_answers(
    crm: Crm, scale: Callable[[int], int]
) -> None:
    with crm.changes("add", by="ann") as unit:
        for number in range(60):
            records.add(unit, Organization, name=f"{' '.join(random.Random(number).sample(WORDS, 3))} {number}")
    wanted = ids(crm.db, "hill")
    whole = index_of(crm).read_bytes()
    path = crm.path
    chance = random.Random(7)
    unseen = 0
    for _ in range(scale(200)):
        data = bytearray(whole)
        start = chance.randrange(len(data))
        data[start : start + 512] = chance.randbytes(512)
        del data[chance.choice((len(data), chance.randrange(len(data)))) :]
        crm.close()
        files.side(path, SUFFIX).write_bytes(bytes(data))
        with Crm.open(path, clock=lambda: NOW) as opened:
            answer = ids(opened.db, "hill")
            with health.snapshot(opened.db):
                unseen += answer != wanted and not list(astray(opened.db))
            assert fulltext.rebuild(opened.db)
            assert ids(opened.db, "hill") == wanted
    # What a question did not notice is seen by the doctor.
    assert not unseen


def test_a_link_in_the_place_of_the_index_is_not_followed(crm: Crm, tmp_path: Path) -> None:
    key = add(crm, name="Oak House")
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    index_of(crm).symlink_to(other)
    assert ids(crm.db, "oak") == [key]
    assert other.read_bytes() == b"mine"
    index_of(crm).replace(other)
    whole = other.read_bytes()
    index_of(crm).symlink_to(other)
    assert ids(crm.db, "oak") == [key]
    new = add(crm, name="Elm House")
    assert ids(crm.db, "elm") == [new]
    assert other.read_bytes() == whole
    assert not index_of(crm).is_symlink()


def test_the_index_is_for_its_owner_alone(crm: Crm) -> None:
    assert ids(crm.db, "oak") == []
    assert index_of(crm).stat().st_mode & 0o777 == 0o600
    beside = {each.name.removeprefix(crm.path.name) for each in crm.path.parent.glob(f"{crm.path.name}*")}
    assert {each for each in beside if each.startswith(SUFFIX)} == {SUFFIX}


def test_who_may_not_wait_gets_a_right_answer_and_builds_nothing(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "AT_ONCE", 3)
    monkeypatch.setattr(crm.db, "waits", False)
    keys = [add(crm, name=f"Oak {number}") for number in range(5)]
    assert ids(crm.db, "oak") == keys
    assert not index_of(crm).exists()
    assert catch_up(crm.db)
    keys += [add(crm, name=f"Oak {number}") for number in range(5, 10)]
    assert ids(crm.db, "oak") == keys
    assert not catch_up(crm.db, wait=False)
    monkeypatch.setattr(crm.db, "waits", True)
    assert ids(crm.db, "oak") == keys
    assert catch_up(crm.db, wait=False)


def test_a_long_build_is_announced(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(crm.db, "word", said.append)
    monkeypatch.setattr(fulltext, "_TOLD", 2)
    for number in range(3):
        add(crm, name=f"Oak {number}")
    assert catch_up(crm.db)
    for number in range(3):
        add(crm, name=f"Elm {number}")
    assert catch_up(crm.db)
    assert [text.split(":")[0] for text in said] == [
        "building the search index of coalition.db",
        "bringing the search index of coalition.db up to date",
    ]
