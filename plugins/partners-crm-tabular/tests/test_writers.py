"""Rows through CSV files and workbooks: every text comes back, nothing in them acts, nothing is cut."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from partners_crm.plugins import Field, Page, Problem, neutral, restored
from partners_crm_tabular.csv_writer import write_csv
from partners_crm_tabular.workbook_writer import MAX_CELL, MAX_ROWS, write_workbook

FIELDS = (Field("uid", "uid", "text"), Field("first", "First", "text"), Field("second", "Second", "text"))
DAY = date(2026, 11, 24)
PIECES = (
    *"=+-@'\"\t\r\n ,;|＝＋－＠<>&_",
    *("_x000D_", "_x005F_", "x000D_", "_x005f_x000d_", "_xD83D_", "<r>", "</r>", "<t>", "]]>", "&amp;", "&#95;"),
    *("=1+1", "-5", "+1", '=HYPERLINK("http://example.org")', "http://example.org", "1E5", "007", "TRUE", "12/31/2026"),
    *("\ufeff", "\u200b", "\u2028", "\x85", "\x7f", "\x9b", "\u202e", "\ufffd", "\U0001f3e1", "é", "e\u0301", "日本"),
    *("a", "Z", "O'Brien", "\r\n", "  "),
)


def texts(count: int, seed: int) -> Iterator[str]:
    """Random texts that a workbook can hold: pieces that have meant something somewhere, and any characters."""
    draw = Random(seed)
    for _ in range(count):
        if draw.random() < 0.8:
            yield "".join(draw.choices(PIECES, k=draw.randint(0, 6)))
        else:
            codes = (draw.randrange(0x20, 0x3000) for _ in range(draw.randint(1, 8)))
            yield "".join(map(chr, codes))


def rows_of(values: Sequence[str]) -> Iterator[dict[str, str]]:
    """Two texts a row."""
    for place in range(0, len(values), 2):
        yield {"uid": str(place), "first": values[place], "second": values[place + 1]}


def page_of(values: Sequence[str]) -> Page:
    """A page of these texts."""
    return Page(title="organizations", fields=FIELDS, rows=rows_of(values), as_of=DAY)


def written(path: Path, values: Sequence[str]) -> tuple[Problem, ...]:
    """The problems of a workbook of these texts."""
    done = write_workbook(page_of(values), path)
    assert done.rows == len(values) // 2
    return done.problems


def acts(cell: str) -> bool:
    """Whether a spreadsheet would compute a cell: then it is not as it is written."""
    return neutral(restored(cell)) != cell


def by_calamine(path: Path) -> list[str]:
    """The texts of a workbook as the program reads them, before `restored`."""
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    header, *rows = sheet.to_python(skip_empty_area=False)
    assert header == ["uid", "first", "second"]
    return [str(cell) for row in rows for cell in row[1:]]


def test_case_20_random_texts_come_back_from_csv(tmp_path: Path, scale: Callable[[int], int]) -> None:
    """Case 20, counts of the issue."""
    values = list(texts(scale(300_000), 20))
    path = tmp_path / "texts.csv"
    assert write_csv(page_of(values), path).rows == len(values) // 2
    assert path.read_bytes().endswith(b"\r\n")
    with path.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines, strict=True)
    assert header == ["uid", "first", "second"]
    cells = [cell for row in rows for cell in row[1:]]
    assert [restored(cell) for cell in cells] == values
    assert not any(map(acts, cells))


def test_random_texts_come_back_from_a_workbook(tmp_path: Path, scale: Callable[[int], int]) -> None:
    """Cases 20 and 21, counts of the issue: calamine reads every text as it was, and no cell is anything but a text."""
    values = list(texts(scale(300_000), 21))
    path = tmp_path / "texts.xlsx"
    assert written(path, values) == ()
    cells = by_calamine(path)
    assert [restored(cell) for cell in cells] == values
    assert not any(map(acts, cells))
    with zipfile.ZipFile(path) as package:
        xml = package.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in package.namelist() if "calcChain" in name or "externalLink" in name]
    assert "<f>" not in xml
    assert "<f " not in xml
    assert "<hyperlink" not in xml
    # The data of a cell holds no "<" that is not escaped, so every tag found is one of ours.
    assert set(re.findall(r'<c [^>]*t="(\w+)"', xml)) == {"inlineStr"}
    assert len(re.findall(r"<c ", xml)) == xml.count('t="inlineStr"')


def test_case_21_a_workbook_holds_texts_alone(tmp_path: Path) -> None:
    """Case 21: another reader, which does not resolve _xHHHH_, finds the same texts and no formula."""
    values = list(texts(3000, 22))
    path = tmp_path / "texts.xlsx"
    assert written(path, values) == ()
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    found = [cell for row in sheet.iter_rows(min_row=2, min_col=2, max_col=3) for cell in row]
    assert {cell.data_type for cell in found if cell.value is not None} == {"s"}
    plain = [value for value in values if "_x" not in value and "\r" not in value]
    seen = [restored(str(cell.value or "")) for cell in found]
    assert [text for text, value in zip(seen, values, strict=True) if "_x" not in value and "\r" not in value] == plain
    assert unescape("_x000D_") == "\r"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C1501"
    assert sheet["A1"].font.bold


@pytest.mark.parametrize("code", [0x00, 0x01, 0x08, 0x0B, 0x0C, 0x1B, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_case_22_a_control_character_is_reported_with_its_cell(tmp_path: Path, code: int) -> None:
    """Case 22."""
    (problem,) = written(tmp_path / "texts.xlsx", ["fine", "fine", "fine", f"a{chr(code)}b"])
    assert (problem.line, problem.column) == (3, "second")
    assert f"U+{code:04X}" in problem.reason
    assert problem.described("x.xlsx").startswith("x.xlsx:3: second: ")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a" * MAX_CELL, True),
        ("a" * (MAX_CELL + 1), False),
        ("=" + "a" * (MAX_CELL - 1), False),  # with its apostrophe it is one too long
        ("\U0001f3e1" * (MAX_CELL // 2), True),
        ("\U0001f3e1" * (MAX_CELL // 2 + 1), False),
        ("_x005F_x000D_" + "a" * 20_000, True),
        ("_x005F_x000D_" + "_" * 20_000, False),
    ],
)
def test_case_22_a_long_text_is_whole_or_reported(tmp_path: Path, text: str, fits: bool) -> None:
    """Case 22."""
    path = tmp_path / "texts.xlsx"
    problems = written(path, ["fine", text])
    assert (problems == ()) is fits
    if fits:
        assert restored(by_calamine(path)[1]) == text
    else:
        assert (problems[0].line, problems[0].column) == (2, "second")


def test_too_many_rows_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ROWS == 2**20
    monkeypatch.setattr("partners_crm_tabular.workbook_writer.MAX_ROWS", 4)
    assert written(tmp_path / "a.xlsx", ["x"] * 6) == ()
    (problem,) = written(tmp_path / "b.xlsx", ["x"] * 12)
    assert "3 rows more" in problem.reason


def test_the_same_rows_give_the_same_workbook(tmp_path: Path) -> None:
    values = list(texts(200, 23))
    found = set()
    for name in ("a.xlsx", "b.xlsx"):
        written(tmp_path / name, values)
        found.add((tmp_path / name).read_bytes())
    assert len(found) == 1
    # What xlsxwriter keeps beside the file meanwhile is gone.
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != "home") == ["a.xlsx", "b.xlsx"]
