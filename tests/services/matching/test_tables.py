"""The duplicates of a list in a file: any list, however long, however odd."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fixtures.lookalikes.make import write as write_lookalikes
from hypothesis import given
from hypothesis import strategies as st
from tests.formats import FORMATS
from tests.services.matching.lists import PEOPLE, people, write

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.services.matching import columns, tables
from partners_crm.services.matching.tables import Scored, lines_of, score_file
from partners_crm.services.matching.weighing import Weights

HEADER = ("id", "name", "address", "city", "zip", "phone")
ONE = ("Quillmere Shelter", "560 West Lake Street", "Peoria", "61602", "(309) 555-0142")
OTHER = ("THE QUILLMERE SHELTER, INC.", "560 W LAKE ST", "PEORIA", "", "555-0142")
APART = ("Tallowlamp Kitchen", "9 Ninth St", "Alton", "62002", "618-555-0177")


@pytest.fixture
def scored(tmp_path: Path) -> Callable[..., Scored]:
    """Score rows under a header, as a file."""

    def call(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER, **options: str) -> Scored:
        path = write(tmp_path / "list.csv", header, rows)
        return score_file(path, formats=FORMATS, across=options.get("across", ""))

    return call


def called(found: Scored) -> list[tuple[str, str]]:
    return [(each.first, each.second) for each in found.pairs if each.score >= 0.5]


def test_two_spellings_of_one_body(scored: Callable[..., Scored]) -> None:
    found = scored([("a", *ONE), ("b", *APART), ("c", *OTHER)])
    assert (found.kind, found.records) == ("organizations", 3)
    assert called(found) == [("a", "c")]
    assert list(lines_of(found)) == [("a", "c", f"{found.pairs[0].score:.5f}")]
    assert found.columns.left_out == ()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_list_of_a_few(scored: Callable[..., Scored], count: int) -> None:
    found = scored([("a", *ONE), ("c", *OTHER)][:count])
    assert found.records == count
    assert called(found) == ([("a", "c")] if count == 2 else [])


def test_without_ids_that_tell_every_row_apart_rows_are_counted(scored: Callable[..., Scored]) -> None:
    rows = [ONE, APART, OTHER]
    assert called(scored(rows, HEADER[1:])) == [("1", "3")]
    assert called(scored([("7", *row) for row in rows])) == [("1", "3")]
    assert called(scored([("", *row) for row in rows])) == [("1", "3")]


def test_a_column_that_is_empty_throughout_says_nothing(scored: Callable[..., Scored]) -> None:
    rows = [
        (key, name, "", city, "", phone)
        for key, (name, _, city, _, phone) in zip("abc", (ONE, APART, OTHER), strict=True)
    ]
    assert called(scored(rows)) == [("a", "c")]
    assert called(scored([(key, "", *row[2:]) for key, *row in rows])) == []


def test_rows_may_be_short(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,city,phone\nQuillmere Shelter\nTallowlamp,Alton\n", encoding="utf-8")
    assert score_file(path, formats=FORMATS).records == 2


def test_only_rows_that_differ_in_a_column_are_compared(scored: Callable[..., Scored]) -> None:
    rows = [(key, *row, source) for key, row, source in (("a", ONE, "x"), ("b", OTHER, "x"), ("c", OTHER, "y"))]
    header = (*HEADER, "Source")
    assert len(called(scored(rows, header))) == 3
    assert sorted(called(scored(rows, header, across="source"))) == [("a", "c"), ("b", "c")]
    with pytest.raises(ConfigError, match=r"list\.csv has no column colour"):
        scored(rows, header, across="colour")


def test_all_rows_the_same_are_no_news(scored: Callable[..., Scored]) -> None:
    few = scored([(str(number), *ONE) for number in range(3)])
    assert len(called(few)) == 3
    many = scored([(str(number), *ONE) for number in range(200)])
    assert (many.records, many.compared) == (200, 0)


def test_ten_thousand_rows_of_one_name_make_few_pairs() -> None:
    names = [("Community Center", f"{number} First St", "Chicago", "60612", "") for number in range(10_000)]
    found = columns.guess(HEADER[1:], names)
    assert found is not None
    assert len(tables.bodies_of(names, found).pairs()) <= 10 * len(names)
    persons = [("Zoe Quincegrove", "Chicago") for _ in range(10_000)]
    found = columns.guess(("full name", "city"), persons)
    assert found is not None
    assert found.kind == "people"
    assert tables.people_of(persons, found).pairs() == set()


def test_a_person_in_one_column_is_read_as_a_name(tmp_path: Path) -> None:
    rows = [("Quincegrove, Zoe", "60612"), ("Zoe Quincegrove", "60612"), ("Milo Barleybank", "62002")]
    found = score_file(write(tmp_path / "people.csv", ("full name", "zip"), rows), formats=FORMATS)
    assert (found.kind, called(found)) == ("people", [("1", "2")])


def test_a_file_without_names_is_refused(scored: Callable[..., Scored]) -> None:
    with pytest.raises(FileRefused, match=r"list\.csv has no column with names"):
        scored([("a", "1")], ("id", "phone"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", b""),
        ("list.csv", b"\x00\x01\x02\xff"),
        ("list.xlsx", b"PK\x03\x04 no workbook"),
        ("list.csv", None),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileRefused, match="list"):
        score_file(path, formats=FORMATS)


def test_the_number_of_rows_is_bounded(scored: Callable[..., Scored], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST", 2)
    assert scored([("a", *ONE), ("b", *OTHER)]).records == 2
    with pytest.raises(FileRefused, match="more than 2 rows"):
        scored([("a", *ONE), ("b", *OTHER), ("c", *APART)])


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(rows=st.lists(st.tuples(*[TEXT] * 5), max_size=6), header=st.sampled_from((HEADER[1:], PEOPLE[1:6])))
def test_any_text_is_scored(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> None:
    found = columns.guess(header, rows)
    assert found is not None
    made = tables.people_of(rows, found) if found.kind == "people" else tables.bodies_of(rows, found)
    assert all(0.0 <= score <= 1.0 for score in Weights(made).score(sorted(made.pairs())))


@pytest.mark.parametrize("kind", ["people", "organizations"])
def test_the_same_list_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    if kind == "people":
        path = write(tmp_path / "records.csv", PEOPLE, people(11, 150)[0])
    else:
        write_lookalikes(tmp_path, 11, 150)
        path = tmp_path / "records.csv"
    written = []
    for seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-m", "partners_crm", "duplicates", "score", "--csv", str(path)],
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            timeout=60,
        )
        written.append(done.stdout)
    assert written[0].count(b"\n") > 50
    assert written[0] == written[1] == written[2]


def test_however_often_a_row_stands_it_is_one(scored: Callable[..., Scored]) -> None:
    rows = [(number, *ONE) for number in "abcd"]
    assert len(called(scored(rows))) == 6
    assert len(called(scored([*rows, ("e", *OTHER), ("f", *APART)]))) == 10


def test_another_first_letter_is_another_name(scored: Callable[..., Scored]) -> None:
    rows = [
        ("a", "Tallowmere Shelter", "12 Tallow St", "Peoria", "", ""),
        ("b", "Bellowmere Shelter", "12 Bellow Street", "Peoria", "", ""),
        ("c", "Grove", "1 Elm St", "Alton", "", ""),
    ]
    assert called(scored(rows)) == []


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [("Dana", "Dana", True), ("John", "Jon", True), ("Maria", "Mario", False), ("Paul", "Paula", False)],
)
def test_where_only_names_speak_another_ending_is_another_person(
    scored: Callable[..., Scored], one: str, other: str, is_one: bool
) -> None:
    others = [(f"Quill{letter}", f"Wicker{letter}") for letter in "abcdefgh"]
    rows = [(str(place), *row) for place, row in enumerate([(one, "Tallowlamp"), (other, "Tallowlamp"), *others])]
    assert called(scored(rows, ("id", "first name", "last name"))) == ([("0", "1")] if is_one else [])
