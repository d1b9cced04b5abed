"""The lines of a file that `export --all` wrote: read one at a time, and checked against the declarations.

A fault of the file refuses it whole: no such file, a newer form, JSON that parsers read in different ways (a key twice,
NaN, a number of thousands of digits) or that is nested to hurt. A fault of a line rejects that line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from partners_crm.errors import FileRefused, InvalidValue
from partners_crm.model import Declared, InstalledType, Table
from partners_crm.normalize.date_words import parse_date
from partners_crm.normalize.text import reject_reason
from partners_crm.services.exporting.whole import SCHEMA_VERSION
from partners_crm.services.importing.input_files import opened
from partners_crm.services.importing.whole_types import FileTypes
from partners_crm.services.records import ends_before
from partners_crm.services.rows import VALUE_SHOWN, Problem, Refusal
from partners_crm.store.files import refuse_url
from partners_crm.store.open import Handle

MAX_LINE = 128 * 1024 * 1024
"""Bytes of one line; the borders of a map are the longest there is."""
MAX_NESTING = 20
MAX_UID = 200
"""Characters of a uid; ours have 32."""
_BOOKKEEPING = ("entity", "uid")
_LARGEST = 2**53

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class WholeFile:
    """What a first reading of the file found; its records are read again when they are stored."""

    path: Path
    sha256: str = ""
    lines: int = 0
    entities: dict[str, int] = field(default_factory=dict)
    """Plural name and number of records, as the first line says."""
    found: dict[str, int] = field(default_factory=dict)
    """Plural name and number of lines that are records of that entity."""
    uids: dict[type[Table], set[str]] = field(default_factory=dict)
    """Of the lines that were not rejected."""
    problems: dict[int, Problem] = field(default_factory=dict)
    """Rejected lines, by line."""
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Of each of them its entity, "" where it has none, and its text."""
    journal: int = 0
    """Lines of the journal, which are not loaded."""
    states: set[str] = field(default_factory=set)
    """Of its district maps."""
    declared: dict[int, Entry] = field(default_factory=dict)
    """Its record types as they are taken, by line."""
    types: FileTypes = field(default_factory=FileTypes)
    """What entities its lines are of."""

    @property
    def is_complete(self) -> bool:
        """Whether every record that the first line tells of is there and can be taken."""
        return not self.problems and {name: count for name, count in self.entities.items() if count} == self.found


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the file."""

    line: int
    table: type[Table]
    uid: str
    values: dict[str, Any]
    """By field; links are uids."""


def read_whole(path: Path, progress: Progress | None = None, db: Handle | None = None) -> WholeFile:
    """Read the file once and check every line by itself; `db` is the coalition that is to load it.

    Raises:
        FileRefused: a fault of the file.
        ConfigError: it is a URL.
    """
    whole = WholeFile(path)
    whole.types = FileTypes(db, lambda: _learn_declarations(whole))
    reading = _Reading(path)
    lines = reading.lines()
    whole.entities = _head(path, lines)
    for number, text in lines:
        whole.lines = number
        if progress is not None and number % 1000 == 0:
            progress(number, 0)
        entity = ""
        try:
            values = _parsed(path, number, text)
            if "journal" in values:
                whole.journal += 1
                continue
            entity = str(values.get("entity", ""))
            entry = checked(number, values, whole.types)
            _take(whole, entity, entry)
        except Refusal as refusal:
            whole.problems[number] = refusal.at(number)
            known = entity if entity in whole.types.names() else ""
            whole.rejected[number] = (known, text[:65_536].decode("utf-8", "replace"))
    whole.sha256 = reading.sha256
    return whole


def records_of(whole: WholeFile) -> Iterator[Entry]:
    """The records that were not rejected, as checked before.

    Raises:
        FileRefused: the file has changed since.
    """
    reading = _Reading(whole.path)
    lines = reading.lines()
    next(lines, None)
    for number, text in lines:
        if number in whole.problems:
            continue
        try:
            values = json.loads(text)
            if "journal" in values:
                continue
            entity = values["entity"]
            table = whole.types.table(entity)
            if table is None:
                break
            typed = _typed(table, _named(whole.types, entity, values))
            yield whole.declared.get(number) or Entry(number, table, values["uid"], typed)
        except (ValueError, KeyError, TypeError):
            break
    if reading.sha256 != whole.sha256:
        raise FileRefused(f"{whole.path}: was changed while it was read", "import it again")


def checked(number: int, values: dict[str, Any], types: FileTypes) -> Entry:
    """The record of a line; that of a record type is taken into `types`.

    Raises:
        Refusal: it cannot be one.
    """
    name = values.get("entity")
    table = types.table(name)
    if table is None:
        raise Refusal("entity", _quoted(name), "is no entity", f"one of: {', '.join(types.names())}")
    uid = values.get("uid")
    if not isinstance(uid, str) or not 0 < len(uid) <= MAX_UID or reject_reason(uid):
        raise Refusal("uid", _quoted(uid), "names no record", "every record has a text of its own")
    declared = table.declarations()
    values = _named(types, str(name), values)
    for key, value in values.items():
        if key in _BOOKKEEPING:
            continue
        how = declared.get(key)
        if how is None:
            raise Refusal(key, "", f"is no field of {name}", f"its fields: {', '.join(declared)}")
        if reason := _fault(how, value):
            raise Refusal(key, _quoted(value), reason)
    for key, how in declared.items():
        if how.required and values.get(key, "") in (None, ""):
            raise Refusal(key, "", "must not be empty")
    since, until = values.get("since"), values.get("until")
    if since and until and (reason := ends_before(since, until)):
        raise Refusal("until", until, reason)
    entry = Entry(number, table, uid, _typed(table, values))
    if table is InstalledType:
        types.learn(number, entry.values)
    return entry


def _learn_declarations(whole: WholeFile) -> None:
    """Look for the record types of a file; what cannot be one is rejected when its line comes."""
    waiting: dict[int, dict[str, Any]] = {}
    for number, text in _Reading(whole.path).lines():
        if InstalledType.entity.name.encode() in text:
            with suppress(Refusal):
                values = _parsed(whole.path, number, text)
                if values.get("entity") == InstalledType.entity.name:
                    waiting[number] = values
    before = len(waiting) + 1
    while before > len(waiting):
        # One may link to another that stands behind it.
        before = len(waiting)
        for number, values in list(waiting.items()):
            with suppress(Refusal):
                checked(number, values, whole.types)
                del waiting[number]


def _named(types: FileTypes, entity: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a line under the names that its fields have in the coalition that loads it."""
    names = types.renamed(entity)
    return {names.get(name, name): value for name, value in values.items()} if names else values


class _Reading:
    """A file read by lines, and its digest in the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """(number, text) of every line that is not blank; the first line of the file is 1."""
        path = self._path
        refuse_url(path, "download it first")
        try:
            with opened(path) as stream:
                number = 0
                while text := stream.readline(MAX_LINE):
                    number += 1
                    self._digest.update(text)
                    if len(text) == MAX_LINE:
                        raise FileRefused(f"{path}:{number}: is longer than {MAX_LINE // 1024**2} MB")
                    if number == 1:
                        text = text.removeprefix(b"\xef\xbb\xbf")
                    if text.strip():
                        yield number, text
        except FileNotFoundError:
            raise FileRefused(f"{path}: there is no such file", "check the name and the folder") from None
        except IsADirectoryError:
            raise FileRefused(f"{path}: is a folder", "name a file in it") from None
        except PermissionError:
            raise FileRefused(f"{path}: may not be read", "check its mode") from None
        except OSError as error:
            raise FileRefused(f"{path}: cannot be read: {error.strerror}") from None


def _head(path: Path, lines: Iterator[tuple[int, bytes]]) -> dict[str, int]:
    number, text = next(lines, (1, b""))
    try:
        head = _parsed(path, number, text)
    except Refusal:
        head = {}
    if head.get("partners_crm") != "export":
        raise FileRefused(f"{path}: is no export of a whole coalition", "make one with: partners export --all")
    version = head.get("schema_version")
    if type(version) is not int or version < 1:
        raise FileRefused(f"{path}:{number}: does not say which form it has", "export it again")
    if version > SCHEMA_VERSION:
        raise FileRefused(f"{path}: was written by a newer version of partners-crm", "update partners-crm")
    entities = head.get("entities")
    if not isinstance(entities, dict) or not all(type(count) is int for count in entities.values()):
        raise FileRefused(f"{path}:{number}: does not say how many records it holds", "export it again")
    return entities


def _take(whole: WholeFile, entity: str, entry: Entry) -> None:
    plural = whole.types.plural(entity)
    whole.found[plural] = whole.found.get(plural, 0) + 1
    uids = whole.uids.setdefault(entry.table, set())
    if entry.uid in uids:
        raise Refusal("uid", entry.uid, "stands in an earlier line already")
    uids.add(entry.uid)
    if entry.table is InstalledType:
        whole.declared[entry.line] = entry
    if entry.table.entity.name == "district_map":
        whole.states.add(entry.values.get("state", ""))


# -------------------------------------------------------------------- JSON


class _Refused(Exception):
    """Why JSON is refused with its file."""


def _parsed(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        _refuse_nesting(found)
    except UnicodeDecodeError:
        raise Refusal("", "", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Refusal("", "", f"is no JSON: {error.msg} at character {error.pos + 1}", "the line may be cut") from None
    except _Refused as error:
        raise FileRefused(f"{path}:{number}: {error}", "export it again") from None
    except RecursionError:
        raise FileRefused(f"{path}:{number}: is nested too deeply", "export it again") from None
    except ValueError:  # an int of more digits than Python reads
        raise FileRefused(f"{path}:{number}: holds a number of thousands of digits", "export it again") from None
    if not isinstance(found, dict):
        raise Refusal("", "", "is no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("holds a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise _Refused(f"holds {name}, which is no JSON")


def _refuse_nesting(value: Any, depth: int = 1) -> None:
    if depth > MAX_NESTING:
        raise _Refused(f"is nested more than {MAX_NESTING} deep")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        if isinstance(each, dict | list):
            _refuse_nesting(each, depth + 1)


# -------------------------------------------------------------------- values


def _fault(how: Declared, value: Any) -> str:
    """Why a value cannot be that of a field, "" when it can."""
    if how.kind in {"whole", "decimal"}:
        return _number_fault(how, value)
    if how.kind == "flag":
        return "" if type(value) is bool else "is neither true nor false"
    if how.kind == "link" and value is None:
        return ""
    if type(value) is not str:
        return "is no text"
    if not value:
        return "names no record" if how.kind == "link" else ""
    if how.kind == "data":
        return _data_fault(value)
    if reason := reject_reason(value):
        return reason
    if how.kind == "choice" and value not in _codes(how):
        return f"is not a choice: one of {', '.join(_codes(how))}"
    return _day_fault(value) if how.kind == "day" else ""


def _data_fault(value: str) -> str:
    """As `reject_reason`, but of any length."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return "holds a NUL character" if "\0" in value else ""


def _number_fault(how: Declared, value: Any) -> str:
    if value is None:
        return ""
    if type(value) is not int and not (type(value) is float and how.kind == "decimal"):
        return "is no number" if how.kind == "decimal" else "is no whole number"
    return "" if abs(value) < _LARGEST else "is out of range"


@lru_cache(maxsize=4096)
def _day_fault(value: str) -> str:
    try:
        return "" if parse_date(value) == value else "is not written as 2011, 2011-07 or 2011-07-14"
    except InvalidValue as error:
        return error.reason


@cache
def _codes(how: Declared) -> tuple[str, ...]:
    return tuple(code for code, _ in how.choices)


@cache
def _decimals(table: type[Table]) -> tuple[str, ...]:
    return tuple(name for name, how in table.declarations().items() if how.kind == "decimal")


def _typed(table: type[Table], values: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in values.items() if name not in _BOOKKEEPING}
    for name in _decimals(table):
        if type(found.get(name)) is int:
            found[name] = float(found[name])  # another program may have written 1.0 as 1
    return found


def _quoted(value: Any) -> str:
    return str(value)[:VALUE_SHOWN]
