"""Every real and made sample beside the checkout is read as its description says, or refused with the right line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from partners_crm.errors import FileRefused
from partners_crm.plugins import ReadOptions
from partners_crm.testing.sheets import Sheet, read_sheet
from partners_crm_tabular.text_files import MIXED, TWICE

WORDS = frozenset(
    word.casefold()
    for word in (
        "Organization Name", "Organization", "Street", "City", "State", "ZIP", "Phone", "Contact", "Notes", "Name",
        "Joined", "Dues", "Email", "First Name", "Last Name",
    )
)  # fmt: skip


def known(header: str) -> bool:
    return header.casefold() in WORDS


@pytest.fixture
def dirty(shared_data: Path) -> Path:
    return shared_data / "samples" / "dirty"


def members(sheet: Sheet) -> list[dict[str, str]]:
    return [dict(zip(sheet.headers, row.cells, strict=True)) for row in sheet.rows()]


@pytest.mark.parametrize(
    ("name", "described", "header_line"),
    [
        ("members_utf8.csv", "utf-8, comma separated", 1),
        ("members_utf8_bom_crlf.csv", "utf-8-sig, comma separated", 1),
        ("members_cp1252.csv", "cp1252, comma separated", 1),
        ("members_utf16_bom_tab.csv", "utf-16, tab separated", 1),
        ("members_utf16le_nobom.csv", "utf-16-le, comma separated", 1),
        ("members_utf16be_nobom.csv", "utf-16-be, comma separated", 1),
        ("members_semicolon.csv", "utf-8, semicolon separated", 1),
        ("members_tab.tsv", "utf-8, tab separated", 1),
        ("members_pipe_all_quoted.csv", "utf-8, bar separated", 1),
        ("members_sep_line.csv", "utf-8, semicolon separated", 2),
        ("members_mixed_encodings.csv", f"{MIXED}, comma separated", 1),
        ("csv_named.xlsx", "utf-8, comma separated", 1),
    ],
)
def test_the_same_rows_in_many_clothes(dirty: Path, name: str, described: str, header_line: int) -> None:
    sheet = read_sheet(dirty / name, known=known)
    assert (sheet.described, sheet.header_line) == (described, header_line)
    assert members(sheet) == json.loads((dirty / "members_expected.json").read_text(encoding="utf-8"))


def test_mac_roman_is_right_with_the_encoding_given_by_hand(dirty: Path) -> None:
    sheet = read_sheet(dirty / "members_macroman_cr.csv", ReadOptions(encoding="mac_roman"), known)
    assert members(sheet) == json.loads((dirty / "members_expected.json").read_text(encoding="utf-8"))
    (note,) = read_sheet(dirty / "members_macroman_cr.csv", known=known).notes
    assert "mac_roman" in note


def test_damaged_text_is_offered_for_repair(dirty: Path) -> None:
    wanted = json.loads((dirty / "members_expected.json").read_text(encoding="utf-8"))
    sheet = read_sheet(dirty / "members_mojibake.csv", known=known)
    assert sheet.sample()[0].cells[0] == "CorazÃ³n Example Services"
    assert "'Corazón'" in sheet.notes[0]
    mended = members(read_sheet(dirty / "members_mojibake.csv", ReadOptions(encoding=TWICE), known))
    # One character was lost before: a question mark stands where the closing quote was.
    wanted[0]["Notes"] = "Mon–Fri; “ask for Joséâ€?"
    assert mended == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.csv", "is empty"),
        ("bom_only.csv", "is empty"),
        ("quoting.csv", "quoting.csv:8: a quote opened in this row is never closed"),
        ("html_named.xls", "is a web page"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_right_line(dirty: Path, name: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        list(read_sheet(dirty / name, known=known).rows())


def test_titles_totals_and_damaged_headers(dirty: Path) -> None:
    sheet = read_sheet(dirty / "title_and_totals.csv", known=known)
    assert sheet.header_line == 4
    found = {row.line: set(row.marks) for row in sheet.rows() if row.marks}
    assert found == {7: {"total"}, 9: {"header"}, 11: {"total"}, 12: {"footnote"}}
    assert [row.cells[0] for row in sheet.rows() if row.cells and not row.marks] == [
        "North Example", "South Example", "West Example",
    ]  # fmt: skip
    sheet = read_sheet(dirty / "header_damage.csv", known=known)
    assert sheet.headers[1:7] == ("Last Name", "Director’s Phone", "Last Name", "Team email", "", "Mailing Address")


def test_the_small_ends_and_rows_of_any_width(dirty: Path) -> None:
    def rows(name: str) -> list[tuple[str, ...]]:
        return [row.cells for row in read_sheet(dirty / name, known=known).rows()]

    assert rows("header_only.csv") == []
    assert [row[4] for row in rows("one_row.csv")] == ["01234"]
    assert rows("one_column.csv") == [("North Example",), ("South; Example",), ("West Example",)]
    assert read_sheet(dirty / "no_header.csv", known=known).headers[0] == "Corazón Example Services"
    assert len(rows("no_header.csv")) == 4
    assert list(map(len, rows("ragged_rows.csv"))) == [2, 7, 0, 0, 0, 5, 6]
    assert rows("line_ends_mixed.csv") == [
        ("North Example", "Waukegan"), ("South Example", "Cairo"), ("West Example", "Quincy"),
    ]  # fmt: skip
    assert rows("nul_bytes.csv")[0] == ("North Example\0", "Waukegan")
    assert rows("invalid_utf8.csv")[0] == ("ExÀ¯ample", "Cairo")
    assert rows("semicolon_with_commas.csv")[0] == ("North, Example", "1 Elm St, Waukegan, IL", "1,50")
    assert rows("outlook_german_cp1252.csv")[0][1:3] == ("Zoë", "Peña")


@pytest.mark.parametrize("name", ["values.csv", "hostile.csv"])
def test_values_and_hostile_names_come_as_they_are(dirty: Path, name: str) -> None:
    sheet = read_sheet(dirty / name)
    with (dirty / name).open(encoding="utf-8", newline="") as stream:
        wanted = list(csv.reader(stream))
    assert [sheet.headers, *(row.cells for row in sheet.rows())] == list(map(tuple, wanted))


def test_a_workbook_of_defects(dirty: Path) -> None:
    sheet = read_sheet(dirty / "defects.xlsx", ReadOptions(flags=True), known)
    assert (sheet.described, sheet.header_line) == ('workbook, sheet "Members"', 3)
    assert sheet.notes == (
        "1 title line left out: 'Example Coalition member list'",
        'sheets not read: "Read me", "Contacts", "Old members" (hidden), "Sheet5"',
        "1 merged cell filled down",
    )
    rows = {row.line: row for row in sheet.rows()}
    assert rows[4].cells == ("North Example", "1234", "2011-07-14", "3125550140", "", "", "ann@example.org")
    assert rows[5].cells[:3] == ("North Example", "00501", "40738")
    assert rows[7].cells[2:5] == ("2011-07-14 23:59:00", "x", "yes")
    assert rows[10].cells[3] == "1.23456789012346E+19"
    assert {line: set(row.marks) for line, row in rows.items() if row.marks} == {
        8: {"struck"}, 9: {"hidden"}, 12: {"total"},
    }  # fmt: skip
    contacts = read_sheet(dirty / "defects.xlsx", ReadOptions(sheet="Contacts"), known)
    assert contacts.headers == (
        "Organization", "Director Name", "Director Phone", "Board Chair Name", "Board Chair Phone",
    )  # fmt: skip
    assert contacts.sample()[0].cells[2] == "312-555-0143"
    assert read_sheet(dirty / "defects.xlsx", ReadOptions(sheet="4")).sample()[0].cells == ("Left Example", "60608")


def test_a_workbook_whose_days_begin_in_1904(dirty: Path) -> None:
    sheet = read_sheet(dirty / "dates_1904.xlsx", known=known)
    assert sheet.epoch == 1904
    assert sheet.sample()[0].cells == ("North Example", "2011-07-14", "39276")


def test_headers_as_other_programs_write_them(shared_data: Path) -> None:
    paths = sorted((shared_data / "samples" / "headers").glob("*.csv"))
    assert len(paths) == 6
    for path in paths:
        sheet = read_sheet(path)
        assert sheet.header_line == 1
        assert len(sheet.headers) > 20
        assert len(sheet.sample()) >= 1
