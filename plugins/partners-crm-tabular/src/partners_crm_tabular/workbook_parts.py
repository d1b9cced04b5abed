"""The parts of a workbook that its reader does not give out: the year of its days, strike-out, colours, hidden rows.

Parts are read as a stream with a parser that knows no document types, and none is read that has one: an entity can
stand for a file of this machine, or for a billion letters.
"""

from __future__ import annotations

import colorsys
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal
from xml.parsers import expat

_GLANCE = 512
_PROLOG = 65_536
"""Bytes before the first element of a part at most."""
_BLOCK = 1 << 16
_THEME = ("lt1", "dk1", "lt2", "dk2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")
"""Names of the colours of a theme, by their numbers in a style."""
_INDEXED = ("000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF")
"""The first colours of the palette that came before themes; they come twice."""
_WHITE = frozenset({"FFFFFF", ""})

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]


class PartRefused(Exception):
    """What is wrong with a part, in words."""


def open_parts(path: str) -> Parts | None:
    """The parts of a workbook in the format of Excel 2007 and later; None for an older one.

    Raises:
        PartRefused: a part declares a document type, or is encrypted.
    """
    with Path(path).open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            return None
    parts = Parts(zipfile.ZipFile(path))
    parts.check()
    return parts if "xl/workbook.xml" in parts.names else None


class Parts:
    """A workbook as a zip file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = frozenset(archive.namelist())
        self._sheets: dict[str, str] = {}
        """Id of the part of each sheet by its name."""
        self._epoch: Literal[1900, 1904] = 1900

    def check(self) -> None:
        """Refuse document types and passwords in every part that a reader may look into."""
        for info in self.archive.infolist():
            with self._part(info.filename) as stream:
                _refuse_document_type(info.filename, stream)
        if "xl/workbook.xml" in self.names:
            self._parse("xl/workbook.xml", self._workbook)

    @property
    def epoch(self) -> Literal[1900, 1904]:
        """The year with which the numbers of days begin."""
        return self._epoch

    def marks(self, sheet: str) -> dict[int, list[str]]:
        """Marks of rows by their number: hidden; struck and colour:RRGGBB by the first cell with something in it."""
        target = self._target(self._sheets.get(sheet, ""))
        if target not in self.names:
            return {}
        styles = _Styles(self._theme())
        if "xl/styles.xml" in self.names:
            self._parse("xl/styles.xml", styles.start, styles.end)
        rows = _Rows(styles.of_cells())
        self._parse(target, rows.start, rows.end)
        return rows.marks

    def _workbook(self, name: str, attributes: Attributes) -> None:
        if name == "workbookPr" and attributes.get("date1904", "0") in {"1", "true"}:
            self._epoch = 1904
        elif name == "sheet":
            self._sheets[attributes.get("name", "")] = attributes.get("id", "")

    def _target(self, key: str) -> str:
        """The part that a relation of the workbook leads to."""
        found = [""]

        def relation(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("Id") == key:
                found.append(attributes.get("Target", ""))

        if "xl/_rels/workbook.xml.rels" in self.names:
            self._parse("xl/_rels/workbook.xml.rels", relation)
        target = found[-1]
        return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))

    def _theme(self) -> dict[str, str]:
        colours: dict[str, str] = {}
        current = [""]

        def start(name: str, attributes: Attributes) -> None:
            if name in _THEME:
                current[0] = name
            elif name in {"srgbClr", "sysClr"} and current[0]:
                colours.setdefault(current[0], attributes.get("lastClr") or attributes.get("val", ""))

        def end(name: str) -> None:
            if name == current[0]:
                current[0] = ""

        if "xl/theme/theme1.xml" in self.names:
            self._parse("xl/theme/theme1.xml", start, end)
        return colours

    @contextmanager
    def _part(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self.archive.open(name) as stream:
                yield stream
        except (RuntimeError, NotImplementedError):
            raise PartRefused(f"its part {name[:80]!r} is encrypted or packed in an unknown way") from None

    def _parse(self, name: str, start: Start, end: End = lambda _: None) -> None:
        """Call for every element of a part, named without its namespace."""
        parser = expat.ParserCreate()

        def refuse(*_: object) -> None:
            raise PartRefused(f"its part {name[:80]!r} declares a document type")

        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = lambda full, attributes: start(
            full.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()}
        )
        parser.EndElementHandler = lambda full: end(full.rpartition(":")[2])
        try:
            with self._part(name) as stream:
                while block := stream.read(_BLOCK):
                    parser.Parse(block, False)
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise PartRefused(f"its part {name[:80]!r} is damaged: {error}") from None


class _Styles:
    """Reads what a style number means for a cell: struck, and the colour it is filled with."""

    def __init__(self, theme: dict[str, str]) -> None:
        self.theme = theme
        self.struck: list[bool] = []
        self.fills: list[str] = []
        self.cells: list[tuple[int, int]] = []
        """(font, fill) of each style number."""
        self._inside: list[str] = []
        self._solid = False

    def start(self, name: str, attributes: Attributes) -> None:
        outer = self._inside[-1] if self._inside else ""
        self._inside.append(name)
        if name == "font" and outer == "fonts":
            self.struck.append(False)
        elif name == "strike" and outer == "font" and "fonts" in self._inside:
            self.struck[-1] = attributes.get("val", "1") not in {"0", "false"}
        elif name == "fill" and outer == "fills":
            self.fills.append("")
        elif name == "patternFill":
            self._solid = attributes.get("patternType", "none") not in {"none", "gray125"}
        elif name == "fgColor" and self._solid and "fills" in self._inside and self.fills:
            self.fills[-1] = self._colour(attributes)
        elif name == "xf" and outer == "cellXfs":
            self.cells.append((_number(attributes.get("fontId")), _number(attributes.get("fillId"))))

    def end(self, _: str) -> None:
        self._inside.pop()

    def of_cells(self) -> list[list[str]]:
        """The marks of each style number."""
        found = []
        for font, fill in self.cells:
            marks = ["struck"] if font < len(self.struck) and self.struck[font] else []
            colour = self.fills[fill] if fill < len(self.fills) else ""
            found.append(marks if colour in _WHITE else [*marks, f"colour:{colour}"])
        return found

    def _colour(self, attributes: Attributes) -> str:
        if "rgb" in attributes:
            return _hex(attributes["rgb"][-6:])
        if "theme" in attributes:
            number = _number(attributes["theme"])
            base = _hex(self.theme.get(_THEME[number], "")) if number < len(_THEME) else ""
            return _tinted(base, attributes.get("tint", "0")) if base else f"theme-{number}"
        number = _number(attributes.get("indexed"))
        return _INDEXED[number % 8] if number < 16 else "" if number >= 64 else f"index-{number}"


class _Rows:
    """Reads the marks of the rows of a sheet."""

    def __init__(self, styles: list[list[str]]) -> None:
        self.styles = styles
        self.marks: dict[int, list[str]] = {}
        self._row = 0
        self._style = 0
        self._open = False
        """No cell with something in it was met in this row."""

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            self._row = _number(attributes.get("r")) or self._row + 1
            self._open = True
            if attributes.get("hidden", "0") in {"1", "true"}:
                self._mark(["hidden"])
        elif name == "c":
            self._style = _number(attributes.get("s"))
        elif name in {"v", "is", "f"} and self._open:
            self._open = False
            if self._style < len(self.styles):
                self._mark(self.styles[self._style])

    def end(self, name: str) -> None:
        pass

    def _mark(self, marks: list[str]) -> None:
        if marks:
            self.marks.setdefault(self._row, []).extend(marks)


def _refuse_document_type(name: str, stream: IO[bytes]) -> None:
    """Look at what stands before the first element of a part, where that is XML."""
    text = stream.read(_GLANCE)
    if name.endswith((".xml", ".rels")) and b"\x00" in text:
        raise PartRefused(f"its part {name[:80]!r} is not in UTF-8")
    text = text.removeprefix(b"\xef\xbb\xbf").lstrip()
    read_on = True
    while text.startswith((b"<?", b"<!")):
        if text.startswith(b"<!") and not text.startswith(b"<!--"):
            raise PartRefused(f"its part {name[:80]!r} declares a document type")
        _, closed, after = text.partition(b"-->" if text.startswith(b"<!--") else b"?>")
        after = after.lstrip()
        if read_on and len(after) < 4:
            text += stream.read(_PROLOG)
            read_on = False
        elif not closed:
            raise PartRefused(f"its part {name[:80]!r} begins with a comment that does not end")
        else:
            text = after


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _hex(text: str) -> str:
    return text.upper() if re.fullmatch(r"[0-9A-Fa-f]{6}", text) else ""


def _tinted(colour: str, tint: str) -> str:
    """A colour made lighter (to 1) or darker (to -1)."""
    try:
        share = max(-1.0, min(1.0, float(tint)))
    except ValueError:
        share = 0.0
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    light = light * (1 + share) if share < 0 else light + (1 - light) * share
    return "".join(f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, light, saturation))
