"""Reading workbooks: cells as text, the sheet that is meant, marks on request, and hostile files that cost a child."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from pathlib import Path
from threading import Thread

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.plugins import ReadOptions, Row
from partners_crm.testing.sheets import Sheet, read_sheet
from partners_crm_tabular.workbook_child import number_text

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
WORDS = frozenset({"organization", "city", "zip", "phone", "name", "email", "dues"})

NO_OPTIONS = ReadOptions()

Pack = Callable[..., Path]


def known(header: str) -> bool:
    return header.casefold() in WORDS


def texts(sheet: Sheet) -> list[tuple[str, ...]]:
    return [row.cells for row in sheet.rows() if row.cells]


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


GOOD = (
    f'<row r="1">{inline("A1", "Organization")}{inline("B1", "City")}</row>'
    f'<row r="2">{inline("A2", "House")}{inline("B2", "Cairo")}</row>'
)


def worksheet(rows: str, before: str = "", doctype: str = "") -> str:
    return f'<?xml version="1.0"?>{doctype}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>'


def relations(*pairs: tuple[str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(pairs, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Writes a workbook of one sheet from its XML; a part may be any bytes."""

    def call(sheet: str | Iterable[str], shared: str = "<si><t>a</t></si>", **more: str) -> Path:
        path = tmp_path / "members.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "[Content_Types].xml",
                f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="x"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/></Types>',
            )
            archive.writestr("_rels/.rels", relations(("officeDocument", "xl/workbook.xml")))
            archive.writestr(
                "xl/workbook.xml",
                f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
                '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
            )
            pairs = (("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"))
            archive.writestr("xl/_rels/workbook.xml.rels", relations(*pairs))
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')
            for name, text in more.items():
                archive.writestr(name, text)
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
                for part in [sheet] if isinstance(sheet, str) else sheet:
                    stream.write(part.encode())
        return path

    return call


def refused(path: Path, words: str, options: ReadOptions = NO_OPTIONS) -> None:
    """The file is refused in one line that says the words."""
    with pytest.raises(FileRefused, match=words) as caught:
        list(read_sheet(path, options, known).rows())
    assert "\n" not in str(caught.value)
    assert str(path) in caught.value.message


# -------------------------------------------------------------------- cells, rows and sheets


@pytest.fixture
def list_of_members(tmp_path: Path) -> Path:
    """Three sheets, the second of which is meant, with a title, merged cells, marks and every kind of value."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Read me"
    first["A1"] = "The members are on the next sheet"
    sheet = book.create_sheet("Members")
    rows = [
        ["Example Coalition"],
        [],
        ["Organization", "ZIP", "Joined", "Phone", "Dues"],
        ["North", 1234, date(2011, 7, 14), 3125550140, 0.5],
        [None, "00501", 40738, "312-555-0141", True],
        ["South", 62914, datetime(2011, 7, 14, 9, 30), 12345678901234567890, "=1/0"],
        [],
        ["Gone", time(9, 5), 0.1 + 0.2, -7, "#REF!"],
        ["Total", None, None, None, 2],
    ]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("A4:A5")
    sheet.merge_cells("C8:D8")
    sheet["A6"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet["A8"].font = Font(strike=True)
    sheet["A8"].fill = PatternFill("solid", fgColor=Color(theme=4, tint=0.4))
    sheet.row_dimensions[4].hidden = True
    old = book.create_sheet("Old members")
    old.append(["Organization", "City"])
    old.append(["Left", "Alton"])
    old.sheet_state = "hidden"
    path = tmp_path / "Master list FINAL v7.xlsx"
    book.save(path)
    return path


def test_every_kind_of_value_becomes_the_text_a_person_would_type(list_of_members: Path) -> None:
    with read_sheet(list_of_members, known=known) as sheet:
        assert (sheet.described, sheet.encoding, sheet.delimiter) == ('workbook, sheet "Members"', "", "")
        assert (sheet.header_line, sheet.headers) == (3, ("Organization", "ZIP", "Joined", "Phone", "Dues"))
        assert sheet.notes == (
            "1 title line left out: 'Example Coalition'",
            'sheets not read: "Read me", "Old members" (hidden)',
            "1 merged cell filled down",
        )
        wanted = [
            Row(4, ("North", "1234", "2011-07-14", "3125550140", "0.5")),
            Row(5, ("North", "00501", "40738", "312-555-0141", "yes")),
            Row(6, ("South", "62914", "2011-07-14 09:30:00", "1.23456789012346E+19")),
            Row(7, ()),
            Row(8, ("Gone", "09:05:00", "0.3")),
            Row(9, ("Total", "", "", "", "2"), frozenset({"total"})),
        ]
        assert list(sheet.rows()) == wanted
        assert list(zip(sheet.rows(), sheet.rows(), strict=True)) == [(row, row) for row in wanted]


def test_strike_out_colours_and_hidden_rows_are_marks_on_request(list_of_members: Path) -> None:
    sheet = read_sheet(list_of_members, ReadOptions(flags=True), known)
    marks = {row.line: set(row.marks) for row in sheet.rows() if row.marks}
    # The theme's fourth colour is 4F81BD; four tenths lighter, it is about 95B3D7.
    (tinted,) = marks[8] - {"struck"}
    assert tinted.startswith("colour:95B")
    assert marks == {4: {"hidden"}, 6: {"colour:FFFF00"}, 8: {"struck", tinted}, 9: {"total"}}


@pytest.mark.parametrize(
    ("wanted", "found"), [("Members", "Members"), ("old MEMBERS", "Old members"), ("3", "Old members")]
)
def test_a_sheet_is_named_or_numbered_hidden_or_not(list_of_members: Path, wanted: str, found: str) -> None:
    sheet = read_sheet(list_of_members, ReadOptions(sheet=wanted), known)
    assert sheet.described == f'workbook, sheet "{found}"'


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(list_of_members: Path) -> None:
    for wanted in ("Nobody", "0", "4"):
        with pytest.raises(FileRefused, match=f"has no sheet '{wanted}'") as caught:
            read_sheet(list_of_members, ReadOptions(sheet=wanted))
        assert caught.value.hint == 'its sheets: "Read me", "Members", "Old members"'
    with pytest.raises(ConfigError, match="no encoding or delimiter to choose"):
        read_sheet(list_of_members, ReadOptions(delimiter=";"))


def test_a_header_of_two_rows_with_merged_groups_is_joined(tmp_path: Path) -> None:
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:G1", "Contacts of the coalition")
        sheet.merge_range("A2:A3", "Organization")
        sheet.merge_range("B2:C2", "Director")
        sheet.merge_range("D2:E2", "Board  Chair")
        sheet.write_row("B3", ["Name", "Phone", "Name", "Phone", "City"])
        sheet.write_row("A4", ["North", "Ann Lee", "312-555-0143", "Bob Ray", "312-555-0144", "Cairo"])
    for header_line in (0, 2):
        read = read_sheet(path, ReadOptions(header_line=header_line), known)
        assert read.headers == (
            "Organization", "Director Name", "Director Phone", "Board Chair Name", "Board Chair Phone", "City",
        )  # fmt: skip
        assert (read.header_line, [row.line for row in read.above]) == (3, [1])
        assert "the header has two rows: groups and names are joined" in read.notes
        assert texts(read) == [("North", "Ann Lee", "312-555-0143", "Bob Ray", "312-555-0144", "Cairo")]


def test_data_may_begin_anywhere_and_a_title_across_is_no_group(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("C5:F5", "Members")
        sheet.write("C5", "Members")
        sheet.merge_range("A1:B1", "Top left")
        sheet.write_row("C6", ["Organization", "City"])
        sheet.write_row("C9", ["House", "Cairo"])
        sheet.merge_range("C10:D10", "closed, all of them")
    read = read_sheet(path, known=known)
    assert (read.header_line, read.headers) == (6, ("", "", "Organization", "City"))
    assert list(read.rows()) == [
        Row(7, ()), Row(8, ()), Row(9, ("", "", "House", "Cairo")), Row(10, ("", "", "closed, all of them")),
    ]  # fmt: skip


def test_a_workbook_says_with_which_year_its_days_begin(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["Organization", "Joined", "As a number"])
    sheet.append(["House", date(2011, 7, 14), 39276])
    path = tmp_path / "mac.xlsx"
    book.save(path)
    read = read_sheet(path, known=known)
    assert read.epoch == 1904
    assert texts(read) == [("House", "2011-07-14", "39276")]


def test_a_sheet_of_an_open_document_is_read_too(tmp_path: Path) -> None:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in (("Organization", "City"), ("House", "Cairo"))
    )
    path = tmp_path / "members.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{office}:manifest:1.0"/>')
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
            f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Members">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    read = read_sheet(path, ReadOptions(flags=True), known)
    assert texts(read) == [("House", "Cairo")]
    assert read.notes == ("strike-out and colours are read from .xlsx and .xlsm only",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60612.0, "60612"), (-0.0, "0"), (0.1 + 0.2, "0.3"), (41.8781, "41.8781"), (1e-05, "0.00001"),
        (999999999999999.0, "999999999999999"), (1e15, "1E+15"), (1.234567890123457e19, "1.23456789012346E+19"),
        (-1e300, "-1E+300"), (float("nan"), ""), (float("inf"), ""), (5e-324, "4.94065645841247e-324"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_it_was_typed(value: float, text: str) -> None:
    assert number_text(value) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_no_digit_of_a_number_of_fifteen_digits_is_lost(number: int) -> None:
    assert number_text(float(number)) == str(number)


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30).filter(
    lambda text: "_x" not in text
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=200))
@settings(max_examples=8)
def test_every_text_of_a_workbook_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([["Organization"], *rows]):
            for column, cell in enumerate(row):
                sheet.write_string(line, column, cell)
    with read_sheet(path, ReadOptions(header_line=1)) as read:
        found = {row.line: row.cells for row in read.rows()}
    for line, row in enumerate(rows, 2):
        cells = found.get(line, ())
        if any(map(str.strip, row)):
            assert [*cells, *[""] * (len(row) - len(cells))] == row
        else:
            assert cells == ()


@pytest.mark.parametrize("name", [b"members.xls", b"members", b"\xff 'na\"me' \xc3\xa9.csv"])
def test_a_workbook_is_known_by_its_bytes_whatever_its_name(list_of_members: Path, name: bytes) -> None:
    path = list_of_members.rename(list_of_members.with_name(os.fsdecode(name)))
    assert len(texts(read_sheet(path, known=known))) == 5


def test_a_workbook_may_come_through_a_pipe(list_of_members: Path, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    feeder = Thread(target=path.write_bytes, args=(list_of_members.read_bytes(),))
    feeder.start()
    sheet = read_sheet(path, ReadOptions(flags=True), known)
    feeder.join()
    assert len(texts(sheet)) == 5


# -------------------------------------------------------------------- hostile and damaged files


def test_case_23_what_becomes_too_large_is_refused_before_it_is_unpacked(pack: Pack) -> None:
    start, end = worksheet(f'<row r="1">{inline("A1", "@")}</row>').split("@")
    million = "A" * 1_000_000
    refused(pack([start, *[million] * 201, end]), "holds more than 200 MB when unpacked")
    refused(pack([start, *[million] * 60, end]), "becomes more than 100 times larger when unpacked")
    refused(pack(worksheet(GOOD), shared=f"<si><t>{million}</t></si>" * 201), "holds more than 200 MB when unpacked")


def test_case_23_too_many_parts_or_one_outside_are_refused(pack: Pack, tmp_path: Path) -> None:
    refused(pack(worksheet(GOOD), **{f"xl/media/{number}.bin": "" for number in range(2500)}), "more than 2,000 parts")
    refused(pack(worksheet(GOOD), **{"../../outside.xml": "x"}), "with a part outside of it")


def test_case_23_a_part_that_lies_about_its_size_is_refused(pack: Pack) -> None:
    start, end = worksheet(f'<row r="1">{inline("A1", "@")}</row>').split("@")
    path = pack([start, *["A" * 1_000_000] * 300, end])
    data = bytearray(path.read_bytes())
    entry = data.rfind(b"xl/worksheets/sheet1.xml") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    refused(path, "cannot be read as a workbook|needs more than 512 MB")


def test_case_23_a_text_that_many_cells_share_does_not_fill_memory_or_disk(pack: Pack) -> None:
    cells = "".join(f'<c r="{chr(65 + column)}@" t="s"><v>0</v></c>' for column in range(20))
    rows = "".join(f'<row r="{line}">{cells.replace("@", str(line))}</row>' for line in range(1, 5001))
    refused(pack(worksheet(rows), shared=f"<si><t>{'B' * 32_000}</t></si>"), "memory|more than")


def test_case_24_two_cells_at_the_corners_kill_the_child_and_not_the_parent(pack: Pack) -> None:
    far = f'<row r="1">{inline("A1", "Name")}</row><row r="1048576">{inline("XFD1048576", "z")}</row>'
    refused(pack(worksheet(far, '<dimension ref="A1:XFD1048576"/>')), "needs more than 512 MB of memory")
    below = f'<row r="1">{inline("A1", "Name")}</row><row r="1048576">{inline("A1048576", "z")}</row>'
    refused(pack(worksheet(below)), "has more than 1,000,000 rows: a cell stands far below the data")
    beside = f'<row r="1">{inline("A1", "Name")}{inline("XFD1", "z")}</row>'
    refused(pack(worksheet(beside)), "row 1 of sheet 'S' has more than 500 columns")


@pytest.mark.parametrize("flags", [False, True])
def test_case_25_entities_are_refused_and_nothing_of_them_is_read(pack: Pack, tmp_path: Path, flags: bool) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("CANARY")
    external = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    ten = "".join(f'<!ENTITY {chr(98 + each)} "{("&" + chr(97 + each) + ";") * 10}">' for each in range(8))
    laughs = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{ten}]>'
    hidden = f"<!-- {'x' * 5000} --><?a b?>\n<!DOCTYPE x>"
    options = ReadOptions(flags=flags)
    for doctype in (external, laughs, hidden):
        path = pack(worksheet(f'<row r="1">{inline("A1", "&e;")}</row>', doctype=doctype))
        refused(path, "its part 'xl/worksheets/sheet1.xml' declares a document type", options)
    styles = f'<?xml version="1.0"?>{external}<styleSheet xmlns="{MAIN}"/>'
    refused(pack(worksheet(GOOD), **{"xl/styles.xml": styles}), "'xl/styles.xml' declares a document type", options)
    refused(pack(worksheet(GOOD), **{"xl/styles.xml": "<!--" + "x" * 99_999}), "a comment that does not end", options)
    utf16 = pack(worksheet(GOOD), **{"xl/theme/theme1.xml": "<\0a\0/\0>\0"})
    refused(utf16, "is not in UTF-8", options)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (worksheet(GOOD, '<dimension ref="garbage"/>'), "cannot be read as a workbook"),
        (worksheet(f'<row r="1">{inline("ZZZZ99999999999", "z")}</row>'), "more than 1,000,000 rows|as a workbook"),
        (worksheet('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>'), "cannot be read as a workbook"),
        (worksheet(GOOD)[:-40], "cannot be read as a workbook"),
        (worksheet(""), "is empty"),
    ],
)
def test_case_26_a_damaged_sheet_is_refused_in_one_line(pack: Pack, sheet: str, words: str) -> None:
    refused(pack(sheet), words)


def test_case_26_a_dimension_that_lies_changes_nothing(pack: Pack) -> None:
    read = read_sheet(pack(worksheet(GOOD, '<dimension ref="A1:XFD1048576"/>')), known=known)
    assert texts(read) == [("House", "Cairo")]


def test_case_26_damaged_styles_matter_only_where_they_are_asked_for(pack: Pack) -> None:
    path = pack(worksheet(GOOD), **{"xl/styles.xml": "<styleSheet><fonts>"})
    refused(path, "its part 'xl/styles.xml' is damaged|cannot be read as a workbook", ReadOptions(flags=True))


OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + bytes(40), "looks like a workbook or another zip file, and is damaged"),
        (OLE + bytes(2040), "an old workbook"),
        (OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(504), "is encrypted with a password"),
        (OLE + bytes(504) + "Workbook".encode("utf-16-le") + bytes(504), "cannot be read as a workbook"),
        (b"<html><table>", "is a web page"),
    ],
)
def test_case_26_what_is_no_workbook_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "members.xls"
    path.write_bytes(data)
    refused(path, words)


def test_case_26_any_part_of_a_good_file_is_read_or_refused(pack: Pack) -> None:
    path = pack(worksheet(GOOD))
    whole = path.read_bytes()
    for length in range(4, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        refused(path, "damaged or cut off")
    path.write_bytes(whole + bytes(100))
    assert texts(read_sheet(path, known=known)) == [("House", "Cairo")]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("word/document.xml", "text document"),
        ("ppt/slides.xml", "presentation"),
        ("Index/a.iwa", "Numbers"),
        ("a", "zip"),
    ],
)
def test_other_zip_files_are_named(tmp_path: Path, part: str, words: str) -> None:
    path = tmp_path / "members.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml" if part != "a" else "b", "<Types/>")
        archive.writestr(part, "x")
    refused(path, words)


def test_a_cell_may_hold_what_acts_on_a_terminal_and_comes_as_it_is(pack: Pack) -> None:
    cells = f'<row r="1">{inline("A1", "Name")}</row><row r="2">{inline("A2", "a_x001B_]52;c;_x0007_b")}</row>'
    assert texts(read_sheet(pack(worksheet(cells)), known=known)) == [("a\x1b]52;c;\x07b",)]


# -------------------------------------------------------------------- what stays behind


def test_nothing_stays_behind_and_nothing_of_the_environment_is_passed_on(
    list_of_members: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PYTHONSTARTUP", "/no/such/file")
    monkeypatch.chdir(tmp_path)
    Path("json.py").write_text("raise SystemExit('a module of the folder was loaded')\n")
    sheet = read_sheet(list_of_members, known=known)
    assert list(folder.iterdir()) == []
    assert len(texts(sheet)) == 5
    sheet.close()
    with pytest.raises(ValueError, match="closed"):
        list(sheet.rows())


def test_stopping_ends_the_child(list_of_members: Path) -> None:
    def stop(done: int, total: int) -> None:
        seen.append(descriptors())
        if len(seen) > 1:
            raise KeyboardInterrupt

    def descriptors() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    seen: list[int] = []
    before = descriptors()
    with pytest.raises(KeyboardInterrupt):
        read_sheet(list_of_members, known=known, progress=stop)
    # The second call comes while the child works: its pipes are open, and closed again behind it.
    assert seen[1] > before
    assert descriptors() == before
