"""Reading a file of rows: what it is by its bytes, its header, rows that are no data, and rows as a stream."""

from __future__ import annotations

import hashlib
import os
import stat
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from threading import Thread

import pytest
from tests.formats import read_sheet

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.normalize.text import reject_reason
from partners_crm.services.importing import limits
from partners_crm.services.importing.sheets import ReadOptions, Row, Sheet, looks_whole

Write = Callable[[bytes], Path]

WORDS = frozenset({"organization", "city", "zip", "phone", "name", "email", "dues", "contact"})


def known(header: str) -> bool:
    return header.casefold() in WORDS


def texts(sheet: Sheet) -> list[tuple[str, ...]]:
    return [row.cells for row in sheet.rows() if row.cells]


def marks(sheet: Sheet) -> dict[int, set[str]]:
    return {row.line: set(row.marks) for row in sheet.rows() if row.marks}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(data: bytes) -> Path:
        path = tmp_path / "members.csv"
        path.write_bytes(data)
        return path

    return call


def test_a_sheet_says_what_it_is_and_gives_its_rows_as_often_as_asked(write: Write) -> None:
    data = b"Organization,City\nHouse,Peoria\n\n  ,\nHome,Alton\n"
    path = write(data)
    sheet = read_sheet(path, known=known)
    assert (sheet.name, sheet.path, sheet.sha256) == ("members.csv", path, hashlib.sha256(data).hexdigest())
    assert (sheet.described, sheet.encoding, sheet.delimiter) == ("utf-8, comma separated", "utf-8", ",")
    assert (sheet.headers, sheet.header_line, sheet.epoch, sheet.notes) == (("Organization", "City"), 1, 1900, ())
    wanted = [Row(2, ("House", "Peoria")), Row(3, ()), Row(4, ()), Row(5, ("Home", "Alton"))]
    assert list(sheet.rows()) == wanted
    both = list(zip(sheet.rows(), sheet.rows(), strict=True))
    assert [first for first, _ in both] == [second for _, second in both] == wanted
    assert sheet.sample(1) == (wanted[0],)


# -------------------------------------------------------------------- the header, and rows that are no data

TITLED = b"""Example Coalition,,,
Member list as of 7/14/2026,,,
,,,
Organization,City,ZIP,Dues
North Example,Waukegan,60085,100
Subtotal,,,$100.00
 organization,City ,ZIP,Dues
Total Care,Cairo,62914,150
Grand Total:,,2,250
* dues not yet paid,,,
Note: all dues in dollars
Page House
"""


def test_titles_totals_headers_and_footnotes_are_told_and_nothing_is_thrown_away(write: Write) -> None:
    sheet = read_sheet(write(TITLED.replace(b" organization", b" Organization")), known=known)
    assert (sheet.header_line, sheet.headers) == (4, ("Organization", "City", "ZIP", "Dues"))
    assert sheet.notes == ("2 title lines left out: 'Example Coalition' ...",)
    assert [row.line for row in sheet.above] == [1, 2]
    assert marks(sheet) == {6: {"total"}, 7: {"header"}, 9: {"total"}, 10: {"footnote"}, 11: {"footnote"}}
    assert [row.line for row in sheet.rows()] == list(range(5, 13))


def test_a_list_of_names_alone_has_no_totals_and_footnotes(write: Write) -> None:
    sheet = read_sheet(write(b"Organization\nTotal\n* Star House\n"), known=known)
    assert marks(sheet) == {}
    assert texts(sheet) == [("Total",), ("* Star House",)]


def test_a_header_that_the_program_does_not_know_is_as_full_as_the_rows(write: Write) -> None:
    sheet = read_sheet(write(TITLED))
    assert sheet.header_line == 4
    ragged = b"a,b,c,,\nNorth,Waukegan\nSouth,Cairo,62914,,,extra,\n,,,,\nWest,Quincy,62301,,\nEast,Alton,,,\n"
    assert read_sheet(write(ragged)).header_line == 1


def test_a_list_without_a_header_keeps_its_first_row_where_it_can_be_named(write: Write) -> None:
    sheet = read_sheet(write(b"House,Peoria,61602\nHome,Alton,62002\n"), known=known)
    assert (sheet.headers, sheet.header_line) == (("House", "Peoria", "61602"), 1)
    assert not any(map(known, sheet.headers))


def test_the_line_of_the_header_can_be_named(write: Write) -> None:
    path = write(TITLED)
    assert read_sheet(path, ReadOptions(header_line=2)).headers[0] == "Member list as of 7/14/2026"
    assert read_sheet(path, ReadOptions(header_line=3)).header_line == 4
    with pytest.raises(FileRefused, match="no text from line 99 on"):
        read_sheet(path, ReadOptions(header_line=99))


def test_case_18_headers_come_in_one_line_each_whatever_they_are(write: Write) -> None:
    sheet = read_sheet(write('Phone ,Phone,,"Mailing\nAddress",Director’s  Phone\n1,2,3,4,5\n'.encode()), known=known)
    assert sheet.headers == ("Phone", "Phone", "", "Mailing Address", "Director’s Phone")
    assert list(sheet.rows()) == [Row(3, ("1", "2", "3", "4", "5"))]


# -------------------------------------------------------------------- faults of a cell, of a row, of the file


def test_cases_9_10_11_a_cell_that_cannot_be_stored_is_handed_on_to_be_refused_alone(write: Write) -> None:
    long = "x" * 10_000_000
    sheet = read_sheet(write(f"Organization,City\na\0b,c\n{long},d\nfine,e\n".encode()), known=known)
    assert [reject_reason(cells[0]) for cells in texts(sheet)] == [
        "holds a NUL character",
        "is longer than 64 KB",
        "",
    ]
    sheet = read_sheet(write(b'{"Organization": "a\\ud800b"}\n{"Organization": "fine"}\n'))
    assert [bool(reject_reason(cells[0])) for cells in texts(sheet)] == [True, False]


def test_case_10_half_a_character_in_the_bytes_is_refused_or_read_as_another_encoding(write: Write) -> None:
    with pytest.raises(FileRefused, match="is binary"):
        read_sheet(write("Organization,City\n".encode("utf-16") + b"\x00\xd8a\x00\n\x00"))
    sheet = read_sheet(write(b"Organization,City\na\xed\xa0\x80b,Cairo\n"), known=known)
    assert sheet.encoding == "cp1252"
    assert reject_reason(texts(sheet)[0][0]) == ""


def test_too_many_columns_are_refused_with_the_line_and_empty_ones_are_not_counted(write: Write) -> None:
    wide = b"Organization,City" + b"," * 16_000 + b"\nHouse,Cairo" + b"," * 16_000 + b"\nHome" + b"," * 600 + b"x\n"
    sheet = read_sheet(write(wide), known=known)
    assert len(sheet.headers) == limits.MAX_COLUMNS
    assert len(sheet.sample(1)[0].cells) == limits.MAX_COLUMNS
    with pytest.raises(FileRefused, match=r"members.csv:3: has 601 columns, at most 500 are read"):
        list(sheet.rows())
    with pytest.raises(FileRefused, match="has 501 columns"):
        read_sheet(write(b",".join(b"h%d" % number for number in range(501)) + b"\n"))


@pytest.mark.parametrize("url", ["https://example.org/members.csv", "file:///members.csv", "s3://bucket/x.xlsx"])
def test_case_34_a_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(ConfigError, match="is a URL, not a file"):
        read_sheet(Path(url))
    assert not looks_whole(Path(url))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \n\r\n\t\n", "is empty"),
        (b",,\n,,\n", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"SQLite format 3\0" + bytes(84), "is a database"),
        (b"\x7fELF" + bytes(range(256)), "is a program"),
        (b"\x1f\x8b\x08 ...", "is a compressed file"),
        (b"<html><body><table>", "is a web page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "is a web page"),
        (b'<?xml version="1.0"?><Workbook>', "is a web page"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "vCard"),
        (bytes(range(256)) * 4, "is binary"),
        (b"\x00\xff" * 200 + b"\x00", "is binary"),
    ],
)
def test_a_file_of_another_kind_is_named_whatever_its_name_says(write: Write, data: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read_sheet(write(data))


def test_what_is_no_file_of_this_person_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="there is no such file"):
        read_sheet(tmp_path / "none.csv")
    with pytest.raises(FileRefused, match="is a folder"):
        read_sheet(tmp_path)
    with pytest.raises(FileRefused, match="cannot be read"):
        read_sheet(tmp_path / ("x" * 300))


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    with path.open("wb") as stream:
        stream.truncate(limits.MAX_BYTES + 1)
    with pytest.raises(FileRefused, match="is larger than 200 MB"):
        read_sheet(path)


def test_a_file_that_changes_under_the_reader_is_refused(write: Write) -> None:
    sheet = read_sheet(write(b"Organization,City\n" + b"House,Cairo\n" * 2_000), known=known)
    rows = sheet.rows()
    next(rows)
    with sheet.path.open("ab") as stream:
        stream.write(b"More,Quincy\n")
    with pytest.raises(FileRefused, match="was changed while it was read"):
        list(rows)
    with pytest.raises(FileRefused, match="was changed while it was read"):
        list(sheet.rows())


def test_a_pipe_is_kept_privately_and_read_as_often_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    data = b"Organization,City\nHouse,Cairo\n" * 5000
    feeder = Thread(target=path.write_bytes, args=(data,))
    feeder.start()
    sheet = read_sheet(path, known=known)
    feeder.join()
    assert sheet.sha256 == hashlib.sha256(data).hexdigest()
    assert len(texts(sheet)) == len(texts(sheet)) == 9999
    sheet.close()
    assert [each.name for each in tmp_path.iterdir() if stat.S_ISREG(each.stat().st_mode)] == []


def test_progress_is_told_and_may_end_the_reading(write: Write) -> None:
    path = write(b"Organization,City\n" + b"House,Cairo\n" * 200_000)
    told: list[tuple[int, int]] = []
    read_sheet(path, known=known, progress=lambda done, total: told.append((done, total)))
    size = path.stat().st_size
    assert told == sorted(told)
    assert told[-1] == (size, size)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_sheet(path, known=known, progress=stop)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("Organization,City,Phone,Notes\n")
        stream.writelines(f"Example House {number},Cairo,312-555-0142,{'note ' * 20}\n" for number in range(50_000))
    tracemalloc.start()
    try:
        count = 0
        with read_sheet(path, known=known) as sheet:
            for _ in sheet.rows():
                count += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 50_000
    # A block of the file and its text: as objects the rows would take some thirty million bytes.
    assert peak < 4_000_000 < path.stat().st_size


def test_the_first_rows_are_there_without_the_rest(write: Write) -> None:
    sheet = read_sheet(write(b"Organization,City\n" + b"House,Cairo\n" * 500 + b'Bad,"open\n'), known=known)
    assert len(sheet.sample()) == 200
    assert len(list(islice(sheet.rows(), 500))) == 500


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b'{"partners_crm": "export", "schema": 4}\n{"entity": "organization"}\n', True),
        (b'\xef\xbb\xbf{"schema": 4, "partners_crm": "export"}', True),
        (b'{"organization": "House"}\n', False),
        (b'"partners_crm",City\n', False),
        (b'{"partners_crm": ', False),
        (b"[" * 100_000, False),
        (b"\xff\x00\xfe", False),
    ],
)
def test_a_whole_coalition_is_known_by_its_first_line(write: Write, data: bytes, whole: bool) -> None:
    assert looks_whole(write(data)) is whole
    assert not looks_whole(Path("/no/such/file"))
