"""Reading delimited text: its encoding, its delimiter, quotes, and what is refused with its line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.plugins import ReadOptions, Row, limits
from partners_crm.testing.sheets import Sheet, read_sheet
from partners_crm_tabular.text_files import MIXED, TWICE, repaired

Write = Callable[[bytes], Path]

WORDS = frozenset({"organization", "city", "zip", "phone", "name", "email", "dues", "contact"})


def known(header: str) -> bool:
    return header.casefold() in WORDS


def texts(sheet: Sheet) -> list[tuple[str, ...]]:
    return [row.cells for row in sheet.rows() if row.cells]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(data: bytes) -> Path:
        path = tmp_path / "members.csv"
        path.write_bytes(data)
        return path

    return call


# -------------------------------------------------------------------- encodings and delimiters


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_case_18_a_list_reads_the_same_in_any_clothes(write: Write, encoding: str, delimiter: str, end: str) -> None:
    rows = [("Organization", "City"), ("Corazón “Norte”", "Peoria"), ("O’Neill\nHouse", "Alton, IL")]
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    sheet = read_sheet(write(end.join([*lines, ""]).encode(encoding)), known=known)
    assert [sheet.headers, *texts(sheet)] == rows
    assert [row.line for row in sheet.rows()] == [2, 3]


def test_lines_in_two_encodings_are_read_one_by_one_and_named(write: Write) -> None:
    lines = [b"Organization,City", "Corazón,Cairo".encode("cp1252"), "El Niño,Alton".encode(), b"Plain,Peoria", b""]
    sheet = read_sheet(write(b"\n".join(lines)), known=known)
    assert [row[0] for row in texts(sheet)] == ["Corazón", "El Niño", "Plain"]
    assert sheet.encoding == MIXED
    assert sheet.notes == ("line 2 is not UTF-8 and read as cp1252",)
    assert texts(read_sheet(sheet.path, ReadOptions(encoding=sheet.encoding))) == texts(sheet)


def test_many_lines_in_another_encoding_are_counted_and_a_few_named(write: Write) -> None:
    lines = [
        b"Organization,City",
        *[f"Niño {number},Cairo".encode("cp1252") for number in range(8)],
        "Corazón,X".encode(),
    ]
    sheet = read_sheet(write(b"\r".join(lines)), known=known)
    assert [row[0] for row in texts(sheet)] == [*(f"Niño {number}" for number in range(8)), "Corazón"]
    assert sheet.notes == ("8 lines are not UTF-8 and read as cp1252: 2, 3, 4, 5, 6 ...",)


def test_a_mark_that_says_utf8_does_not_become_text_where_a_line_is_not(write: Write) -> None:
    sheet = read_sheet(write(b"\xef\xbb\xbfOrganization,City\nCoraz\xf3n,Cairo\n"), known=known)
    assert sheet.headers == ("Organization", "City")
    assert texts(sheet) == [("Corazón", "Cairo")]


def test_text_that_was_decoded_wrongly_once_is_noticed_and_mended_on_request_only(write: Write) -> None:
    damaged = "Corazón, “Café” 🏠 – Łódź".encode().decode("cp1252", "replace").replace("\ufffd", "?")
    path = write(f'Organization,City\n"{damaged}",CAFÉ» and NAÏVE\n'.encode())
    sheet = read_sheet(path, known=known)
    assert texts(sheet) == [(damaged, "CAFÉ» and NAÏVE")]
    (note,) = sheet.notes
    assert "'Corazón'" in note
    assert TWICE in note
    mended = read_sheet(path, ReadOptions(encoding=TWICE), known)
    assert mended.notes == ()
    (row,) = texts(mended)
    assert row[0].startswith("Corazón, “Café")
    assert row[1] == "CAFÉ» and NAÏVE"


WESTERN = [*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x180)), *"‘’“”–—…•€™🏠"]


@given(st.text(st.sampled_from(WESTERN)))
def test_what_is_mended_is_what_was_damaged(text: str) -> None:
    damaged = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())
    assert repaired(damaged) == text


def test_mac_roman_reads_as_cp1252_with_a_note_and_right_when_it_is_named(write: Write) -> None:
    path = write("Organization,City\rJosé House,Cairo\r".encode("mac_roman"))
    sheet = read_sheet(path, known=known)
    assert sheet.encoding == "cp1252"
    assert "mac_roman" not in "".join(sheet.headers)
    assert texts(sheet) == [("JosŽ House", "Cairo")]
    path = write("Organization,City\rJosé’s Niños,Cairo\rMéndez,X".encode("mac_roman"))
    assert any("mac_roman" in note for note in read_sheet(path, known=known).notes)
    assert texts(read_sheet(path, ReadOptions(encoding="mac_roman"), known)) == [
        ("José’s Niños", "Cairo"),
        ("Méndez", "X"),
    ]


def test_bytes_of_no_usual_encoding_are_refused_with_their_line(write: Write) -> None:
    path = write(b"Organization,City\nFran\x8daise,Cairo\n")
    with pytest.raises(FileRefused, match=r"members.csv:2: byte 0x8d .*"):
        read_sheet(path)
    assert texts(read_sheet(path, ReadOptions(encoding="mac_roman"), known)) == [("Française", "Cairo")]


@pytest.mark.parametrize("name", ["no such", "hex", "rot13", "\0", "ü"])
def test_an_encoding_that_is_none_is_a_usage_error(write: Write, name: str) -> None:
    with pytest.raises(ConfigError, match="is no encoding"):
        read_sheet(write(b"Organization\nHouse\n"), ReadOptions(encoding=name))


def test_an_encoding_that_does_not_fit_is_refused(write: Write) -> None:
    with pytest.raises(FileRefused, match="cannot be read as ascii"):
        read_sheet(write("Organization\nNiño\n".encode()), ReadOptions(encoding="ascii"))


@pytest.mark.parametrize("delimiter", [",,", '"', "\n", "\0"])
def test_a_delimiter_that_is_none_is_a_usage_error(write: Write, delimiter: str) -> None:
    with pytest.raises(ConfigError, match="is no delimiter"):
        read_sheet(write(b"Organization\nHouse\n"), ReadOptions(delimiter=delimiter))


@pytest.mark.parametrize(
    ("text", "delimiter", "columns"),
    [
        ("Organization\nNorth\nSouth; Example\nWest\n", ",", 1),
        ("name\nSteel\nReed\nBeech\n", ",", 1),
        ("Organization\nSmith, Inc.\nJones, LLC\nPlain, NFP\n", ",", 1),
        ("Organization;Address;Dues\nNorth;1 Elm St, Cairo, IL;1,50\nSouth;2 Oak St, Alton, IL;2,50\n", ";", 3),
        ("Members of 2026\n\nOrganization;City\nNorth;Cairo\nSouth;Alton\n", ";", 2),
        ('Organization|Notes\n"a|b","x\ny"\nc|d\n', "|", 2),
    ],
)
def test_case_19_the_delimiter_is_told_from_columns_and_one_column_stays_one(
    write: Write, text: str, delimiter: str, columns: int
) -> None:
    sheet = read_sheet(write(text.encode()), known=known)
    assert len(sheet.headers) == columns
    assert sheet.delimiter == delimiter
    if columns == 1:
        whole = [row.cells for row in read_sheet(sheet.path, ReadOptions(delimiter="\t")).rows()]
        assert [",".join(cells) for cells in texts(sheet)] == [cells[0] for cells in whole]


def test_an_instruction_to_a_spreadsheet_program_names_the_delimiter_and_keeps_line_numbers(write: Write) -> None:
    sheet = read_sheet(write(b"sep=;\r\nOrganization;City\r\nA, B, C;Cairo\r\n"), known=known)
    assert (sheet.headers, sheet.header_line, sheet.notes) == (("Organization", "City"), 2, ())
    assert list(sheet.rows()) == [Row(3, ("A, B, C", "Cairo"))]


# -------------------------------------------------------------------- faults of a cell, of a row, of the file


def test_case_18_rows_of_any_width_come_as_they_are(write: Write) -> None:
    sheet = read_sheet(write(b"Organization,City\na\nb,c,d,e\n"), known=known)
    assert texts(sheet) == [("a",), ("b", "c", "d", "e")]


@pytest.mark.parametrize("last", ["", "\n", "\nmore,x\n" * 50, '\n"quoted",x'])
def test_case_17_a_quote_that_never_closes_is_refused_with_the_row_it_opened_in(write: Write, last: str) -> None:
    text = "Organization,City\n" + "fine,Cairo\n" * 40 + 'Bad,"open' + last
    sheet = read_sheet(write(text.encode()), known=known)
    seen: list[Row] = []
    with pytest.raises(FileRefused, match=r"members.csv:42: a quote opened in this row is never closed"):
        seen.extend(sheet.rows())
    assert len(seen) == 40


def test_a_quote_inside_the_quotes_of_one_line_is_a_character(write: Write) -> None:
    data = b'Organization,Notes\n"A 5" pipe",x\n"Acme" Inc,y\n"z",\n"A 5" pipe","open\nb",c\n'
    sheet = read_sheet(write(data), ReadOptions(header_line=1), known)
    assert list(islice(sheet.rows(), 3)) == [Row(2, ('A 5 pipe"', "x")), Row(3, ("Acme Inc", "y")), Row(4, ("z", ""))]
    with pytest.raises(FileRefused, match=r"members.csv:5: a quote opened"):
        list(sheet.rows())


def test_case_18_a_cell_beyond_all_limits_is_refused_with_its_line(write: Write) -> None:
    path = write(b'Organization\nfine\n"' + b"x\n" * (limits.MAX_FIELD // 2 + 10) + b'"\n')
    with pytest.raises(FileRefused, match=r"members.csv:3: cannot be read: field larger than field limit"):
        read_sheet(path, known=known)
    with pytest.raises(FileRefused, match=r"members.csv:2: is longer than 32 million characters"):
        read_sheet(write(b"Organization\n" + b"x" * (limits.MAX_LINE + 10) + b"\n"))


def test_case_26_a_list_under_the_name_of_a_workbook_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "members.xlsx"
    path.write_bytes(b"Organization,City\nHouse,Cairo\n")
    assert texts(read_sheet(path, known=known)) == [("House", "Cairo")]
    with pytest.raises(ConfigError, match="has no sheet to choose"):
        read_sheet(path, ReadOptions(sheet="Members"))


HEADER = ("Organization", "x" * 5000)
"""A text of controls alone is no text; so there is some."""
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=5), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=150)
def test_whatever_a_writer_of_csv_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([HEADER, *rows])
    sheet = read_sheet(path, ReadOptions(encoding=encoding, delimiter=delimiter, header_line=1), known)
    assert sheet.headers == HEADER
    assert [row.cells for row in sheet.rows()] == [tuple(row) if any(map(str.strip, row)) else () for row in rows]
