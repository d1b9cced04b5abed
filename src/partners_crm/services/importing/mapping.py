"""How a file is read: what each of its columns means and why, kept in a small TOML file and used again next month."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.normalize.text import fold
from partners_crm.services.importing.targets import Target, read_target
from partners_crm.services.rows import column_names
from partners_crm.store import files

OWN_KINDS = ("text", "number", "date", "choice", "yes_no")
OWN_ENTITIES = ("organization", "contact", "site")
VISIBILITIES = ("everyone", "staff", "author")


@dataclass(frozen=True, slots=True)
class Use:
    """What one column is taken for."""

    target: Target | None
    """None: its cells stay in the source rows."""
    reason: str


@dataclass(frozen=True, slots=True)
class OwnField:
    """A coalition-defined field that an import makes where it is not there yet."""

    key: str
    label: str
    entity: str = "organization"
    kind: str = "text"
    choices: tuple[str, ...] = ()
    visibility: str = "everyone"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What every column of a file means."""

    headers: tuple[str, ...]
    uses: tuple[Use, ...]
    """One for each header."""
    own: tuple[OwnField, ...] = ()
    source: str = "list"
    """The system that ids of the file are kept under."""
    day_first: bool = False
    """How a date is read that can be read in two ways, such as 07/04/2011."""
    saved: Path | None = None
    """The file it was read from."""

    def columns(self, kind: str, name: str, person: int = 1) -> tuple[int, ...]:
        """The numbers of the columns that mean a target, counted from 0."""
        wanted = Target(kind, name, person)
        return tuple(number for number, use in enumerate(self.uses) if use.target == wanted)

    def header(self, kind: str, name: str, person: int = 1) -> str:
        """The header of the column that means a target; the name of the target where none does."""
        found = self.columns(kind, name, person)
        return self.headers[found[0]] if found else name

    def has(self, kind: str, name: str = "") -> bool:
        """Whether any column means a target, or any target of the kind."""
        return any(use.target and use.target.kind == kind and name in {"", use.target.name} for use in self.uses)

    @property
    def unmapped(self) -> tuple[int, ...]:
        """The columns that mean nothing."""
        return tuple(number for number, use in enumerate(self.uses) if use.target is None)

    @property
    def fingerprint(self) -> str:
        """The columns of the file, whatever is in them."""
        return fingerprint(self.headers)

    def with_use(self, column: int, target: Target | None, reason: str = "chosen by hand") -> ColumnMapping:
        """The same with another meaning of one column; one that only one column can have is taken from the other."""
        uses = [
            Use(None, f"{self.headers[column]} has it")
            if target and use.target == target and not target.is_several
            else use
            for use in self.uses
        ]
        uses[column] = Use(target, reason)
        wanted = {use.target.name for use in uses if use.target and use.target.kind == "own"}
        return replace(self, uses=tuple(uses), own=tuple(each for each in self.own if each.key in wanted))

    def with_own(self, column: int, field: OwnField, reason: str = "chosen by hand") -> ColumnMapping:
        """The same with a column that becomes a coalition-defined field."""
        changed = self.with_use(column, Target("own", field.key), reason)
        others = tuple(each for each in changed.own if each.key != field.key)
        return replace(changed, own=(*others, field))

    def undefined(self, keys: Set[str]) -> tuple[str, ...]:
        """The own fields that columns mean, and that are neither among `keys` nor said what they are."""
        known = keys | {each.key for each in self.own}
        return tuple(dict.fromkeys(key for key in self._own_keys() if key not in known))

    def defined(self, fields: Mapping[str, OwnField]) -> ColumnMapping:
        """The same that says of every own field what it is: as one of `fields`, by key, is, else as it says itself."""
        known = {each.key: each for each in self.own} | dict(fields)
        return replace(self, own=tuple(known[key] for key in dict.fromkeys(self._own_keys()) if key in known))

    def _own_keys(self) -> Iterable[str]:
        return (use.target.name for use in self.uses if use.target is not None and use.target.kind == "own")

    @property
    def digest(self) -> str:
        """What a row says depends on it: two runs with the same digest read a row alike."""
        plan = [self.source, self.day_first, self.headers, [use.target and use.target.text for use in self.uses]]
        return hashlib.sha256(json.dumps(plan).encode()).hexdigest()


def fingerprint(headers: Iterable[str]) -> str:
    """16 hexadecimal digits that files with the same columns share, in whatever case and punctuation."""
    return hashlib.sha256("\n".join(map(fold, headers)).encode()).hexdigest()[:16]


def column_named(headers: Sequence[str], text: str) -> int:
    """The number of the column that somebody names, counted from 0: by its header, or by the last words of only one.

    Raises:
        FileRefused: there is no such column, or there are several.
    """
    names = column_names(headers)
    if text in names:
        return names.index(text)
    wanted = fold(text)
    folded = [fold(header) for header in headers]
    if wanted and wanted in folded:
        return folded.index(wanted)
    ending = [number for number, header in enumerate(folded) if wanted and header.endswith(f" {wanted}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise FileRefused(
            f"{text} may be several columns", f"name one: {', '.join(names[number] for number in ending)}"
        )
    raise FileRefused(f"there is no column {text}", f"its columns: {', '.join(filter(None, headers)) or 'none'}")


# -------------------------------------------------------------------- the file


def folder_of(database: Path) -> Path:
    """Where the mappings of a coalition lie."""
    return database.with_name(f"{database.name}-mappings")


def saved(database: Path) -> list[Path]:
    """The mappings of a coalition."""
    return sorted(folder_of(database).glob("*.toml"))


def place_of(database: Path, headers: Sequence[str]) -> Path | None:
    """Where the mapping for files with these columns is saved, if it is."""
    return min(folder_of(database).glob(f"*-{fingerprint(headers)}.toml"), default=None)


def find(database: Path, headers: Sequence[str]) -> ColumnMapping | None:
    """The mapping saved for files with these columns, if any.

    Raises:
        ConfigError: it is there and cannot be read.
    """
    place = place_of(database, headers)
    return read(place, headers) if place is not None else None


def reads_as_mapping(path: Path) -> bool:
    """Whether a file is a mapping, for whatever columns."""
    try:
        columns = _data(path).get("columns")
    except ConfigError:
        return False
    return isinstance(columns, dict) and all(isinstance(text, str) for text in columns.values())


def save(mapping: ColumnMapping, path: Path) -> Path:
    """Write a mapping to a file, in place of one that is there."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise files.refused(path, error) from None
    files.write_whole(path, as_text(mapping).encode())
    return path


def place_for(database: Path, file_name: str, mapping: ColumnMapping) -> Path:
    """Where the mapping of a file is saved by itself: by the name of the file without its number, and its columns."""
    stem = re.sub(r"[^a-z]+", "-", fold(Path(file_name).stem)).strip("-") or "list"
    return folder_of(database) / f"{stem[:40]}-{mapping.fingerprint}.toml"


def as_text(mapping: ColumnMapping) -> str:
    """A mapping as TOML."""
    lines = [
        '# How the columns of a file are read. Change what stands behind a column; "" leaves it in the source rows.',
        f"fingerprint = {_quoted(mapping.fingerprint)}",
        f"source = {_quoted(mapping.source)}",
        f"day_first = {str(mapping.day_first).lower()}",
        "",
        "[columns]",
    ]
    for name, use in zip(column_names(mapping.headers), mapping.uses, strict=True):
        words = f"  # {' '.join(use.reason.split())}" if use.reason.isprintable() and use.reason else ""
        lines.append(f"{_quoted(name)} = {_quoted(use.target.text if use.target else '')}{words}")
    for field in mapping.own:
        lines += ["", f"[own.{field.key}]", f"label = {_quoted(field.label)}", f"entity = {_quoted(field.entity)}"]
        lines += [f"kind = {_quoted(field.kind)}", f"visibility = {_quoted(field.visibility)}"]
        if field.choices:
            lines.append(f"choices = [{', '.join(map(_quoted, field.choices))}]")
    return "\n".join(lines) + "\n"


def read(path: Path, headers: Sequence[str]) -> ColumnMapping:
    """The mapping in a file, for a file with these headers; columns that it does not name mean nothing.

    Raises:
        ConfigError: it cannot be read, or a part of it means nothing; which, in words.
    """
    data = _data(path)
    columns, own = _table(path, data, "columns"), _table(path, data, "own")
    fields = tuple(_own_field(path, key, _table(path, own, key)) for key in own)
    by_name = {fold(name): (name, text) for name, text in columns.items()}
    by_name |= {name: (name, text) for name, text in columns.items()}
    uses = []
    for name in column_names(headers):
        label, text = by_name.get(name) or by_name.get(fold(name), (name, ""))
        target = read_target(text) if isinstance(text, str) else None
        if text and target is None:
            raise ConfigError(
                f"{path}: {label}: {text!r} is nothing a column can mean", "see docs/reference/import-columns.md"
            )
        uses.append(Use(target, f"as saved in {path.name}" if target else "left out by the saved mapping"))
    _check_once(path, headers, uses)
    source = data.get("source", "list")
    if not isinstance(source, str) or not source.strip():
        raise ConfigError(f"{path}: source must be a name in quotes")
    return ColumnMapping(tuple(headers), tuple(uses), fields, source, bool(data.get("day_first", False)), path)


def headers_of(path: Path) -> tuple[str, ...]:
    """The columns that a mapping in a file names, in their order; as `read` knows them, see `column_names`.

    Raises:
        ConfigError: it cannot be read.
    """
    return tuple(_table(path, _data(path), "columns"))


def _data(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no mapping {path}", "write one with: partners import --save-mapping") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "name a mapping") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as a mapping: {error}", "mend it, or delete it to guess anew"
        ) from None


def _table(path: Path, data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {name} must be a table, [{name}]")
    return found


def _check_once(path: Path, headers: Sequence[str], uses: Sequence[Use]) -> None:
    taken: dict[Target, int] = {}
    for number, use in enumerate(uses):
        if use.target is None or use.target.is_several:
            continue
        if use.target in taken:
            names = f"{headers[taken[use.target]]} and {headers[number]}"
            raise ConfigError(f"{path}: {names} cannot both be {use.target.described}", "empty one of them")
        taken[use.target] = number


def _own_field(path: Path, key: str, values: Mapping[str, Any]) -> OwnField:
    field = OwnField(
        key,
        str(values.get("label", key)),
        str(values.get("entity", "organization")),
        str(values.get("kind", "text")),
        tuple(map(str, values.get("choices", ()))),
        str(values.get("visibility", "everyone")),
    )
    for name, value, known in (
        ("entity", field.entity, OWN_ENTITIES),
        ("kind", field.kind, OWN_KINDS),
        ("visibility", field.visibility, VISIBILITIES),
    ):
        if value not in known:
            raise ConfigError(f"{path}: own.{key}: {name} cannot be {value}", f"one of: {', '.join(known)}")
    return field


def _quoted(text: str) -> str:
    # A basic string of TOML escapes what JSON escapes, and DEL besides.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
