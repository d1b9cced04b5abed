"""Reading JSON Lines: keys are columns, values keep their text, what is no JSON is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import FileRefused
from partners_crm.plugins import Row
from partners_crm.testing.sheets import read_sheet

Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(data: bytes) -> Path:
        path = tmp_path / "members.jsonl"
        path.write_bytes(data)
        return path

    return call


def test_objects_become_rows_under_all_their_keys(write: Write) -> None:
    text = (
        '{"name": "House", "zip": "01234", "dues": 1.50}\n'
        "\n"
        '{"name": "Home", "tags": ["a", "b", null, 3], "site": {"city": "Alton", "at": [38.890, -90.18]}, '
        '"open": true}\r\n'
        '{"account": 12345678901234567890, "name": null}'
    )
    sheet = read_sheet(write(text.encode()))
    assert sheet.headers == ("name", "zip", "dues", "tags", "site", "open", "account")
    assert (sheet.described, sheet.header_line, sheet.epoch) == ("JSON Lines", 0, 1900)
    assert list(sheet.rows()) == [
        Row(1, ("House", "01234", "1.50", "", "", "", "")),
        Row(2, ()),
        Row(3, ("Home", "", "", "a; b; 3", '{"city":"Alton","at":[38.890,-90.18]}', "yes", "")),
        Row(4, ("", "", "", "", "", "", "12345678901234567890")),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[" * 100_000, "is nested more than 20 deep"),
        ('{"a": ' * 21 + "1" + "}" * 21, "is nested more than 20 deep"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": [-Infinity]}', "-Infinity is no number"),
        ('{"a": 1, "a": 2}', "has the key 'a' twice"),
        ('{"b": {"a": 1, "a": 1}}', "has the key 'a' twice"),
        ('{"a": ' + "1" * 5000 + "}", "has a number of 5,000 digits"),
        ('{"a": 0.' + "1" * 5000 + "}", "has a number of 5,002 digits"),
        ('{"a": 1', "is no JSON"),
        ("[1, 2]", "is no JSON object"),
        ("text", "is no JSON"),
    ],
)
def test_case_29_what_json_lets_through_is_refused_with_its_line(write: Write, line: str, words: str) -> None:
    with pytest.raises(FileRefused, match=rf"members.jsonl:3: {words}"):
        read_sheet(write(('{"a": 1}\n\n' + line + "\n").encode()))


def test_case_29_brackets_in_a_text_do_not_nest(write: Write) -> None:
    deep = '{"a": "' + r"[{\"" * 50 + '", "b": ' + "[" * 18 + "1" + "]" * 18 + "}"
    (row,) = read_sheet(write(deep.encode())).rows()
    assert row.cells == ('[{"' * 50, "[" * 18 + "1" + "]" * 18)


def test_one_list_of_objects_is_refused_with_what_to_do(write: Write) -> None:
    for text in ('[{"a": 1}]', '[\n {"a": 1}\n]', "[]"):
        with pytest.raises(FileRefused, match="is one JSON list, not JSON Lines"):
            read_sheet(write(text.encode()))


def test_bytes_that_are_no_text_are_refused(write: Write) -> None:
    with pytest.raises(FileRefused, match="cannot be read as utf-8"):
        read_sheet(write(b'{"a": 1}\n{"a": "\xff"}\n'))
    with pytest.raises(FileRefused, match="holds no values"):
        read_sheet(write(b"{}\n{}\n"))
    with pytest.raises(FileRefused, match="has more than 500 keys"):
        read_sheet(write(json.dumps({f"k{number}": 1 for number in range(501)}).encode()))


def test_a_mark_and_utf_16_are_no_part_of_the_text(write: Write) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
        sheet = read_sheet(write('{"name": "Niño"}\n{"name": "Zoë"}\n'.encode(encoding)))
        assert [row.cells for row in sheet.rows()] == [("Niño",), ("Zoë",)]


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.text(), min_size=1), min_size=1, max_size=5))
def test_every_text_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sheet = read_sheet(path)
    for row, read in zip(rows, sheet.rows(), strict=True):
        cells = dict(zip(sheet.headers, read.cells, strict=bool(read.cells)))
        assert {key: cells.get(key, "") for key in row} == row or not any(map(str.strip, row.values()))
