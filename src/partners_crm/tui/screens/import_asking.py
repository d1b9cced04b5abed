"""Boxes of the import screen: how the file is to be read, and where its rejected rows go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal

from partners_crm.errors import InvalidValue
from partners_crm.normalize.text import fold
from partners_crm.services.importing.sheets import ReadOptions
from partners_crm.tui.display import explained, label
from partners_crm.tui.screens.base import Box, Lines
from partners_crm.tui.widgets.entry import Entry, FileSuggester
from partners_crm.tui.widgets.text import Line, Sheet

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "mac_roman")
"""Encodings that are offered; any that Python knows can be typed."""
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ASKED = ("sheet", "encoding", "delimiter", "header", "flags", "map")
WORDS = {
    "sheet": "Worksheet",
    "encoding": "Encoding",
    "delimiter": "Delimiter",
    "header": "Header line",
    "flags": "Strike-out and colour",
    "map": "Map of districts",
}
HELP = {
    "sheet": "Of a workbook: the name of a worksheet, or its number counted from 1; a hidden one too.",
    "encoding": "Of a text file, when the guess is wrong: " + ", ".join(ENCODINGS) + ", ...",
    "delimiter": "Of a text file, when the guess is wrong: " + ", ".join(DELIMITERS),
    "header": "The line of the header, when it is not found.",
    "flags": "yes: rows of a workbook that are struck out or coloured get tags that say so.",
    "map": "The map that district columns are about; empty for the one of today.",
}


def path_of(text: str) -> Path:
    """The path that was typed; `~` is the home folder."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:  # ~name of nobody: then it is the name of a file
        return path


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be read."""

    read: ReadOptions
    map_code: str


class HowRead(Lines):
    """Asks how a file is to be read; what is empty is found out."""

    DEFAULT_CSS = """
    HowRead Sheet { width: 84; }
    HowRead .field { height: 1; }
    HowRead .name { width: 24; color: $foreground 70%; }
    HowRead .field:focus-within .name { color: $accent; text-style: bold; }
    HowRead #help { color: $foreground 60%; margin: 1 0 0 0; }
    HowRead #wrong { color: $error; height: auto; }
    """
    PREFIX = "reading"
    NAMES = ASKED
    ABOUT = HELP

    def __init__(self, now: Asked, said: Sequence[str], sheets: Sequence[str], maps: Sequence[str]) -> None:
        super().__init__()
        self._now = now
        self._said = said
        self._sheets = sheets
        self._maps = maps

    def compose(self) -> ComposeResult:
        """How it was read, one line for each thing that can be said, keys."""
        read = self._now.read
        delimiters = {mark: word for word, mark in DELIMITERS.items()}
        texts: dict[str, tuple[str, Sequence[str]]] = {
            "sheet": (read.sheet, ()),
            "encoding": (read.encoding, ENCODINGS),
            "delimiter": (delimiters.get(read.delimiter, read.delimiter), tuple(DELIMITERS)),
            "header": (str(read.header_line or ""), ()),
            "flags": ("yes" if read.flags else "no", ("yes", "no")),
            "map": (self._now.map_code, ()),
        }
        with Sheet():
            yield Line("How the file is read", classes="title")
            for each in self._said:
                yield Line(label(each, "$foreground 70%"))
            for name in ASKED:
                text, choices = texts[name]
                with Horizontal(classes="field"):
                    yield Line(label(WORDS[name]), classes="name")
                    yield Entry(text, choices=tuple(choices), id=f"reading-{name}")
            yield Line(id="help")
            yield Line(id="wrong")
            yield Line("Enter, ↓ ↑ the lines   → complete   Ctrl+S read it so   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Begin with the worksheet; a name that would have to be altered to be shown can be given by its number."""
        self.query_one("#reading-sheet", Entry).offer(list(self._sheets))
        self.query_one("#reading-map", Entry).offer(list(self._maps))
        self.query_one("#reading-sheet", Entry).focus()

    def action_save(self) -> None:
        """Give back how the file is to be read, or say what is wrong."""
        try:
            self.dismiss(self._read())
        except InvalidValue as error:
            self.query_one("#wrong", Line).put(label(explained(error), "$error"))

    def _text(self, name: str) -> str:
        return self.query_one(f"#reading-{name}", Entry).typed.strip()

    def _read(self) -> Asked:
        word = self._text("delimiter")
        delimiter = DELIMITERS.get(fold(word), word)
        if len(delimiter) > 1:
            raise InvalidValue("Delimiter", word, "is no delimiter", f"one of: {', '.join(DELIMITERS)}")
        line = self._text("header")
        if line and not (line.isascii() and line.isdecimal() and len(line) < 8):
            raise InvalidValue("Header line", line, "is no number of a line")
        flags = fold(self._text("flags"))
        if flags not in {"", "no", "n", "yes", "y"}:
            raise InvalidValue("Strike-out and colour", flags, "is neither yes nor no")
        read = ReadOptions(
            encoding=self._text("encoding"),
            delimiter=delimiter,
            sheet=self._text("sheet"),
            header_line=int(line or 0),
            flags=flags.startswith("y"),
        )
        return Asked(read, self._text("map"))


class AskPlace(Box):
    """Asks where the rejected rows go; gives the path back."""

    DEFAULT_CSS = "AskPlace Sheet { width: 84; } AskPlace #wrong { color: $warning; height: auto; }"

    def __init__(self, title: str, path: Path) -> None:
        super().__init__()
        self._title = title
        self._path = path
        self._warned = ""
        """The path of which was said that something is there."""

    def compose(self) -> ComposeResult:
        """What is written, the path, keys."""
        with Sheet():
            yield Line(label(self._title), classes="title")
            yield Entry(str(self._path), suggester=FileSuggester((".csv",)), id="place")
            yield Line(id="wrong")
            yield Line("Enter write them   → complete   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor in the path."""
        self.query_one(Entry).focus()

    def on_input_submitted(self, message: Any) -> None:
        """Give the path back; what is there already is replaced only when Enter is pressed again."""
        message.stop()
        text = message.value.strip()
        if not text:
            return
        path = path_of(text)
        try:
            is_there, is_folder = path.exists(), path.is_dir()
        except (OSError, ValueError):
            is_there = is_folder = False  # writing it says what is wrong
        if is_folder:
            self.query_one("#wrong", Line).put("That is a folder: add the name of a file.")
        elif is_there and self._warned != text:
            self._warned = text
            self.query_one("#wrong", Line).put("There is a file already. Enter again replaces it.")
        else:
            self.dismiss(path)
