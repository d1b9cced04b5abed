"""Reading JSON Lines: one object a line, whose keys are the columns.

A value keeps the text it is written with: a number loses no digit and no zero. A list of single values becomes one
text, anything deeper its JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from io import TextIOWrapper
from typing import Any

from partners_crm.errors import ConfigError
from partners_crm.plugins import InputFile, Progress, Reading, ReadOptions, Row, guess_encoding
from partners_crm.plugins import limits as of_files
from partners_crm_tabular import limits

_WORDS = {True: "yes", False: "no", None: ""}
_JSON_WORDS = {True: "true", False: "false", None: "null"}


class _Number(str):
    """A number, as it is written."""

    __slots__ = ()


class _Fault(ValueError):
    """What is wrong with a line; not what the parser says of itself."""


def read_json(file: InputFile, options: ReadOptions, progress: Progress | None) -> Reading:
    """How a file of JSON Lines is read; all of it is looked at.

    Raises:
        ConfigError: a sheet is named.
        FileRefused: a line is no object, or beyond a limit; the line is named.
    """
    if options.sheet:
        raise ConfigError(f"{file.path} is no workbook: it has no sheet to choose")
    for _ in file.blocks(progress):
        pass
    rows = _Rows(file)
    keys: dict[str, None] = {}
    count = 0
    for _, values in rows.objects():
        keys.update(dict.fromkeys(values))
        count += 1
        if len(keys) > of_files.MAX_COLUMNS:
            raise file.refused(f"has more than {of_files.MAX_COLUMNS} keys", "every key is a column")
    if not keys:
        raise file.refused("holds no values", "export the list again")
    rows.keys = tuple(keys)
    return Reading(
        described="JSON Lines",
        records=rows.records,
        encoding=rows.encoding,
        headers=tuple(" ".join(key.split()) for key in keys),
        about=count,
        close=file.close,
    )


class _Rows:
    def __init__(self, file: InputFile) -> None:
        self.file = file
        self.encoding = guess_encoding(file.start)
        self.keys: tuple[str, ...] = ()
        self.decoder = json.JSONDecoder(
            object_pairs_hook=_without_repetition,
            parse_constant=_no_number,
            parse_int=_number,
            parse_float=_number,
        )

    def records(self) -> Iterator[Row]:
        """Every line: cells in the order of the keys."""
        expected = 1
        for line, values in self.objects():
            for blank in range(expected, line):
                yield Row(blank, ())
            expected = line + 1
            yield Row(line, tuple([cell_text(values.get(key)) for key in self.keys]))

    def objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line, object) of every line that is not blank.

        Raises:
            FileRefused: a line is none.
        """
        for number, line in enumerate(self._lines(), 1):
            if not line.strip():
                continue
            if number > of_files.MAX_ROWS:
                raise self.file.refused(f"has more than {of_files.MAX_ROWS:,} rows", "split it")
            yield number, self._object(number, line)
        self.file.check()

    def _object(self, number: int, line: str) -> dict[str, Any]:
        hint = "write one JSON object a line"
        try:
            if line.count("{") + line.count("[") > limits.MAX_DEPTH and _depth(line) > limits.MAX_DEPTH:
                raise _Fault(f"is nested more than {limits.MAX_DEPTH} deep")
            found = self.decoder.decode(line.lstrip("\ufeff") if number == 1 else line)
        except _Fault as fault:
            raise self.file.refused(str(fault), hint, line=number) from None
        except json.JSONDecodeError as error:
            if number == 1 and line.lstrip("\ufeff \t").startswith("["):
                raise self.file.refused("is one JSON list, not JSON Lines", hint) from None
            if number == 1 and line.rstrip().endswith(("{", "[", ",")):
                raise self.file.refused("is one JSON document, not one object a line", hint) from None
            raise self.file.refused(f"is no JSON: {error.msg}, column {error.colno}", hint, line=number) from None
        except (RecursionError, ValueError):
            raise self.file.refused("is no JSON", hint, line=number) from None
        if isinstance(found, list) and number == 1:
            raise self.file.refused("is one JSON list, not JSON Lines", hint)
        if not isinstance(found, dict):
            raise self.file.refused("is no JSON object", hint, line=number)
        return found

    def _lines(self) -> Iterator[str]:
        number = 0
        with TextIOWrapper(self.file.open(), self.encoding, newline="\n") as stream:
            try:
                for line in iter(partial(stream.readline, of_files.MAX_LINE), ""):
                    number += 1
                    if len(line) >= of_files.MAX_LINE:
                        raise self.file.refused(
                            f"is longer than {of_files.MAX_LINE >> 20} million characters", "it is no list", line=number
                        )
                    yield line
            except UnicodeError:
                # A decoder works ahead of the lines that it gives out.
                raise self.file.refused(f"cannot be read as {self.encoding} somewhere from here on",
                                        "JSON is UTF-8", line=number + 1) from None  # fmt: skip


def cell_text(value: Any) -> str:
    """A value as a cell: `["a", "b"]` gives `a; b`, true gives yes."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, list) and not any(isinstance(each, (list, dict)) for each in value):
        return "; ".join(filter(None, map(cell_text, value)))
    return _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if value is None or isinstance(value, bool):
        return _JSON_WORDS[value]
    if isinstance(value, list):
        return f"[{','.join(map(_compact, value))}]"
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_compact(each)}" for key, each in value.items())
            + "}"
        )
    return json.dumps(value, ensure_ascii=False)


def _depth(line: str) -> int:
    """How deep brackets are nested, those inside texts left out."""
    depth = deepest = 0
    inside = escaped = False
    for letter in line:
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        elif letter in "{[":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > limits.MAX_DEPTH:
                break
        elif letter in "}]":
            depth -= 1
    return deepest


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Fault(f"has the key {twice[:80]!r} twice")
    return found


def _no_number(text: str) -> Any:
    raise _Fault(f"{text} is no number")


def _number(text: str) -> _Number:
    if len(text) > limits.MAX_DIGITS:
        raise _Fault(f"has a number of {len(text):,} digits")
    return _Number(text)
