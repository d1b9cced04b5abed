"""Record types that plugins declare: what a declaration is, how it is written down, and the tables it makes.

An author declares a `RecordType` of `fields`. A coalition keeps it as a `KeptType`: with the names that its type and
its fields had before, and with the fields that the plugin no longer declares but that still hold data. Tables are made
of kept types alone, so that records outlive the plugin that brought them.

Names may change, but what is on the disk never does: the first name of a type stays that of its table and of its
records in the journal, and the first name of a field that of its column and of its values there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from typing import Any, Literal, cast, get_args

from partners_crm.errors import InvalidValue
from partners_crm.model import BY_NAME, ENTITIES, JOURNAL
from partners_crm.model import record_fields as fields
from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import Declared, Visibility
from partners_crm.model.orm import peewee
from partners_crm.model.record_fields import FieldDeclared

_SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_NAME = 40
_MAX_TEXT = 500
_MOST = 200
"""Fields of a type."""
_KINDS = ("text", "note", "choice", "day", "whole", "decimal", "flag", "link")
_VISIBILITIES = get_args(Visibility)
_RESERVED = frozenset({*dir(Table), "id", "uid", "version", "entity"})
"""What every record has already, and what its class does."""
_COLUMNS = frozenset({"id", "uid", "version"})
"""The columns that every table has already."""
_TABLES = frozenset(str(cast("Any", table)._meta.table_name) for table in (*ENTITIES, *JOURNAL))
"""The tables of the core and of the journal."""
_TITLES = frozenset({"text", "note", "choice", "day"})
Storage = Literal["TEXT", "INTEGER", "REAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """A kind of records that a plugin brings; its entity is called by the plugin and the name: `associations_lane`."""

    name: str
    """Singular, in lower case: `lane`."""
    plural: str
    title: str = ""
    """The field that names a record to a person; "" when a record is named by its links alone."""
    about: str
    """One sentence for the reference page."""
    fields: Mapping[str, FieldDeclared]
    visibility: Visibility = "everyone"
    """Who may see its records at all."""
    searched: bool = True
    """Whether its text is found by full-text search."""
    was: tuple[str, ...] = ()
    """Earlier names of the type, by which it is known again."""
    fields_were: Mapping[str, str] = field(default_factory=dict)
    """Of fields that have another name now, by it, the name before."""

    def __post_init__(self) -> None:
        _check_type(self)
        for name, how in self.fields.items():
            _check_field(self, name, how)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptType:
    """A record type as a coalition keeps it."""

    plugin: str
    """Of whose entity names it is the first part: the name of the plugin, with `_` for `-`."""
    release: str
    """Of the plugin that declared it so."""
    declared: str = ""
    """A digest of what it declared, by which it is told whether it declares something else by now."""
    type: RecordType
    key: str
    """Its table, and what the journal calls it."""
    names_were: tuple[tuple[str, str], ...] = ()
    """(singular, plural) entity names that it had before."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Of fields whose name is not that of their column any more, by name, that column."""
    gone: Mapping[str, FieldDeclared] = field(default_factory=dict)
    """Fields that are no longer declared, but hold data."""
    spent: tuple[str, ...] = ()
    """Columns of fields that are no more: the journal tells of them, so that no other field is called so."""

    @property
    def name(self) -> str:
        """The name of its entity."""
        return f"{self.plugin}_{self.type.name}"

    @property
    def plural(self) -> str:
        """The plural name of its entity."""
        return f"{self.plugin}_{self.type.plural}"

    @property
    def all_fields(self) -> dict[str, FieldDeclared]:
        """The fields that are declared, then those that are gone."""
        return {**self.type.fields, **self.gone}

    def column(self, name: str) -> str:
        """What the column of a field is called after; that of a link has `_id` behind it."""
        return self.columns.get(name, name)

    def target(self, name: str) -> str:
        """The entity that a link points to."""
        target = self.all_fields[name].target
        return self.name if target in {"self", self.type.name} else target


def own_name(plugin: str) -> str:
    """The part of entity names that says whose they are."""
    return plugin.replace("-", "_")


def is_of_the_core(key: str) -> bool:
    """Whether a table of this name is the core's, the journal's or SQLite's own: no record type is kept in one."""
    return key in _TABLES or key.startswith(("sqlite_", "schema_migration"))


# -------------------------------------------------------------------- what can be declared


def _check_type(kind: RecordType) -> None:
    _check_name("Name of a record type", kind.name)
    here = f"Record type {kind.name}"
    _check_name(f"{here}: plural", kind.plural)
    if kind.plural == kind.name:
        raise InvalidValue(f"{here}: plural", kind.plural, "is its name too", "call several of them by another word")
    _check_text(f"{here}: about", kind.about)
    if kind.visibility not in _VISIBILITIES:
        raise InvalidValue(f"{here}: visibility", kind.visibility, _no_choice(_VISIBILITIES))
    if not isinstance(kind.searched, bool):
        raise InvalidValue(f"{here}: searched", kind.searched, "is neither True nor False")
    if not isinstance(kind.fields, Mapping) or not kind.fields:
        raise InvalidValue(here, "", "declares no field", "a mapping of names to fields.text(...) and the like")
    if len(kind.fields) > _MOST:
        raise InvalidValue(here, len(kind.fields), f"is more than {_MOST} fields", "make several types of it")
    if kind.title and kind.title not in kind.fields:
        raise InvalidValue(f"{here}: title", kind.title, "is none of its fields")
    for name in kind.was:
        _check_name(f"{here}: was", name)
    if kind.name in kind.was:
        raise InvalidValue(f"{here}: was", kind.name, "is the name that it has")
    for name, before in kind.fields_were.items():
        _check_name(f"{here}: earlier name of {name}", before)
        if name not in kind.fields:
            raise InvalidValue(f"{here}: fields_were", name, "is none of its fields")
        if before in kind.fields:
            raise InvalidValue(f"{here}: fields_were", before, "is still one of its fields")
    if len(set(kind.fields_were.values())) != len(kind.fields_were):
        raise InvalidValue(f"{here}: fields_were", "", "names one earlier field twice")


def _check_field(kind: RecordType, name: str, declared: FieldDeclared) -> None:
    _check_name(f"Field of record type {kind.name}", name)
    here = f"Field {name} of record type {kind.name}"
    if name in _RESERVED:
        raise InvalidValue(here, "", "has a name that every record has a use for", "call it by another word")
    if not isinstance(declared, FieldDeclared) or not isinstance(declared.how, Declared):
        raise InvalidValue(here, "", "is no field", "declare it with fields.text(...) and the like")
    how = declared.how
    if how.kind not in _KINDS:
        raise InvalidValue(here, how.kind, _no_choice(_KINDS))
    _check_text(f"{here}: label", how.label)
    if how.help:
        _check_text(f"{here}: help", how.help)
    if how.visibility not in _VISIBILITIES:
        raise InvalidValue(f"{here}: visibility", how.visibility, _no_choice(_VISIBILITIES))
    if not all(isinstance(word, str) for word in how.headers):
        raise InvalidValue(f"{here}: headers", "", "are not all texts")
    if name == kind.title and how.kind not in _TITLES:
        raise InvalidValue(here, "", "cannot be the title", "a title is a text, a choice or a day")
    if declared.unique and not (how.kind == "text" and how.required):
        raise InvalidValue(here, "", "cannot be unique", "a unique field is a text that is required")
    _check_choices(here, declared)
    _check_link(kind, here, name, declared)


def _check_choices(here: str, declared: FieldDeclared) -> None:
    how = declared.how
    if how.kind != "choice":
        if how.choices or declared.default:
            raise InvalidValue(here, "", f"is no choice, but a {how.kind}", "only a choice has choices and a default")
        return
    pairs = [pair for pair in how.choices if isinstance(pair, tuple) and len(pair) == 2]
    if not pairs or len(pairs) != len(how.choices):
        raise InvalidValue(f"{here}: choices", "", "are not (stored value, shown label) pairs")
    for code, label in pairs:
        _check_text(f"{here}: choice", code)
        _check_text(f"{here}: label of a choice", label)
    codes = [code for code, _ in pairs]
    if len(set(codes)) != len(codes):
        raise InvalidValue(f"{here}: choices", "", "have one stored value twice")
    if declared.default and declared.default not in codes:
        raise InvalidValue(f"{here}: default", declared.default, _no_choice(codes))
    if declared.default and not how.required:
        raise InvalidValue(here, "", "has a default, but is not required", "declare it with fields.choice(...)")


def _check_link(kind: RecordType, here: str, name: str, declared: FieldDeclared) -> None:
    how = declared.how
    if how.kind != "link":
        if declared.target:
            raise InvalidValue(here, "", f"is no link, but a {how.kind}", "only a link has a target")
        return
    if not declared.target:
        raise InvalidValue(here, "", "is a link without a target", "name an entity: organization")
    _check_name(f"{here}: target", declared.target)
    if f"{name}_id" in kind.fields:
        raise InvalidValue(here, "", f"cannot stand beside the field {name}_id", "call one of them by another word")
    if how.on_delete not in {"cascade", "clear"}:
        raise InvalidValue(f"{here}: on_delete", how.on_delete, _no_choice(("cascade", "clear")))
    if how.required and how.on_delete == "clear":
        raise InvalidValue(here, "", "is required and would be cleared", 'say on_delete="cascade", or let it be empty')


def _check_name(what: str, name: object) -> None:
    if not isinstance(name, str) or len(name) > _MAX_NAME or not _SLUG.fullmatch(name):
        reason = f"is no name: lower-case letters, digits and single underscores, at most {_MAX_NAME}"
        raise InvalidValue(what, str(name)[:_MAX_NAME], reason)


def _check_text(what: str, text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise InvalidValue(what, "", "must not be empty")
    # No control character, no half of one, and nothing that turns the direction of a line.
    if not text.isprintable():
        raise InvalidValue(what, text[:_MAX_NAME], "is not one line of plain text")
    if len(text) > _MAX_TEXT:
        raise InvalidValue(what, text[:_MAX_NAME], f"has more than {_MAX_TEXT} characters")


def _no_choice(known: Iterable[str]) -> str:
    return f"is none of: {', '.join(known)}"


# -------------------------------------------------------------------- written down


def to_json(kind: RecordType) -> str:
    """A declaration as JSON text; `from_json` gives the same one back."""
    return _dumped(_type_out(kind))


def from_json(text: str) -> RecordType:
    """The declaration that a text holds.

    Raises:
        InvalidValue: it holds none.
    """
    return _type_in(_loaded(text))


def kept_json(kept: KeptType) -> str:
    """A type as a coalition keeps it, as JSON text."""
    found = {
        "plugin": kept.plugin,
        "release": kept.release,
        "declared": kept.declared,
        "type": _type_out(kept.type),
        "key": kept.key,
        "names_were": [list(names) for names in kept.names_were],
        "columns": dict(kept.columns),
        "spent": list(kept.spent),
        "gone": {name: _field_out(each) for name, each in kept.gone.items()},
    }
    return _dumped(found)


@lru_cache(maxsize=512)
def kept_from_json(text: str) -> KeptType:
    """The type that a text of `kept_json` holds.

    Raises:
        InvalidValue: it holds none, or one that cannot be.
    """
    found = _loaded(text)
    try:
        kept = KeptType(
            plugin=found["plugin"],
            release=str(found["release"]),
            declared=str(found["declared"]),
            type=_type_in(found["type"]),
            key=found["key"],
            names_were=tuple((str(name), str(plural)) for name, plural in found["names_were"]),
            columns=dict(found["columns"]),
            spent=tuple(str(column) for column in found["spent"]),
            gone={name: _field_in(each) for name, each in found["gone"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidValue("Declaration", text[:_MAX_NAME], "is no record type of a plugin") from None
    _check_places(kept)
    return kept


def _check_places(kept: KeptType) -> None:
    """Check what becomes names of tables and columns: none of them may be what something else is kept in."""
    for name in (kept.plugin, kept.key):
        _check_stored_name(name)
    if is_of_the_core(kept.key):
        raise InvalidValue("Declaration", kept.key, "is a table of the program itself")
    for name in (kept.name, kept.plural):
        if name in BY_NAME or is_of_the_core(name):
            raise InvalidValue("Declaration", name, "is the name of something of the program itself")
    for name, column in kept.columns.items():
        _check_stored_name(name)
        _check_stored_name(column)
    for name, each in kept.gone.items():
        if name in kept.type.fields:
            raise InvalidValue("Declaration", name, "is declared, and gone")
        _check_field(kept.type, name, each)
    keys = [kept.column(name) for name in kept.all_fields]
    if len(set(keys)) != len(keys):
        raise InvalidValue("Declaration", kept.name, "keeps two fields in one column")
    for column in _COLUMNS.intersection(keys):
        raise InvalidValue("Declaration", kept.name, f"keeps a field in the column {column}, which every record has")


def _check_stored_name(name: object) -> None:
    # Longer than what an author may write: of a plugin and a type, perhaps with a number behind it.
    if not isinstance(name, str) or len(name) > 3 * _MAX_NAME or not _SLUG.fullmatch(name):
        raise InvalidValue("Declaration", str(name)[:_MAX_NAME], "is no name of a table or a column")


def _type_out(kind: RecordType) -> dict[str, Any]:
    found = {each.name: getattr(kind, each.name) for each in dataclass_fields(kind)}
    found["fields"] = {name: _field_out(each) for name, each in kind.fields.items()}
    found["was"] = list(kind.was)
    found["fields_were"] = dict(kind.fields_were)
    return found


def _type_in(found: Mapping[str, Any]) -> RecordType:
    try:
        values = {**found, "was": tuple(found["was"]), "fields_were": dict(found["fields_were"])}
        values["fields"] = {name: _field_in(each) for name, each in found["fields"].items()}
        return RecordType(**values)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidValue("Declaration", "", "is no record type") from None


def _field_out(each: FieldDeclared) -> dict[str, Any]:
    how = {one.name: getattr(each.how, one.name) for one in dataclass_fields(each.how)}
    how["headers"] = list(each.how.headers)
    how["choices"] = [list(pair) for pair in each.how.choices]
    own = {one.name: getattr(each, one.name) for one in dataclass_fields(each) if one.name != "how"}
    return {**how, **own}


def _field_in(found: Mapping[str, Any]) -> FieldDeclared:
    own = {one.name for one in dataclass_fields(FieldDeclared)} - {"how"}
    how = {name: value for name, value in found.items() if name not in own}
    how["headers"] = tuple(how["headers"])
    how["choices"] = tuple(tuple(pair) for pair in how["choices"])
    return FieldDeclared(Declared(**how), **{name: found[name] for name in own})


def _dumped(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _loaded(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidValue("Declaration", text[:_MAX_NAME], "is no record type")
    return found


# -------------------------------------------------------------------- tables


def storage_of(each: FieldDeclared) -> Storage:
    """What a column of a field holds in the database."""
    kind = each.how.kind
    return "REAL" if kind == "decimal" else "INTEGER" if kind in {"whole", "flag", "link"} else "TEXT"


def in_order(kept: Iterable[KeptType]) -> tuple[KeptType, ...]:
    """Types in such an order that the links of each point to itself, to earlier ones, or out of them; by name else.

    Raises:
        InvalidValue: some link to each other in a circle.
    """
    waiting = {each.name: each for each in sorted(kept, key=lambda one: one.name)}
    now, found = _names_now(waiting.values()), list[KeptType]()
    while waiting:
        free = [each for each in waiting.values() if not (_targets(each, now) - {each.name}) & waiting.keys()]
        if not free:
            names = ", ".join(waiting)
            raise InvalidValue("Record types", names, "link to each other in a circle", "leave out one of the links")
        found += free
        for each in free:
            del waiting[each.name]
    return tuple(found)


def tables_of(kept: Iterable[KeptType], known: Mapping[str, type[Table]]) -> tuple[type[Table], ...]:
    """Tables of kept types, in the order of `in_order`; `known` are the other entities, by name.

    The same types give the same tables.

    Raises:
        InvalidValue: a link points to an entity that there is not, or links run in a circle.
    """
    found: dict[str, type[Table]] = {}
    ordered = in_order(kept)
    now = _names_now(ordered)
    for each in ordered:
        targets = []
        for name in sorted(_targets(each, {}) - {each.name}):
            target = found.get(now.get(name, name)) or known.get(name)
            if target is None:
                raise InvalidValue(f"Record type {each.name}", name, "is linked to, but is no entity here")
            targets.append((name, target))
        found[each.name] = _table(kept_json(each), tuple(targets))
    return tuple(found.values())


def _names_now(kept: Iterable[KeptType]) -> dict[str, str]:
    """What types are called now, by the names they had before; one that another has now is not here."""
    kept = tuple(kept)
    names = {each.name for each in kept}
    return {before: each.name for each in kept for before, _ in each.names_were if before not in names}


def _targets(kept: KeptType, now: Mapping[str, str]) -> set[str]:
    targets = {kept.target(name) for name, each in kept.all_fields.items() if each.how.kind == "link"}
    return {now.get(name, name) for name in targets}


@lru_cache(maxsize=256)
def _table(text: str, targets: tuple[tuple[str, type[Table]], ...]) -> type[Table]:
    kept = kept_from_json(text)
    known, kind = dict(targets), kept.type
    members: dict[str, Any] = {
        "__doc__": kind.about,
        "entity": EntityInfo(
            kept.name,
            kept.plural,
            kind.title,
            kind.about,
            searched=kind.searched,
            visibility=kind.visibility,
            plugin=kept.plugin,
            kept_as=kept.key if kept.key != kept.name else "",
        ),
        "Meta": type("Meta", (), {"table_name": kept.key}),
    }
    for name, each in kept.all_fields.items():
        members[name] = _column(kept, name, each, known)
    base: Any = type(Table)
    made: type[Table] = base("".join(part.capitalize() for part in kept.name.split("_")), (Table,), members)
    return made


def _column(kept: KeptType, name: str, each: FieldDeclared, known: Mapping[str, type[Table]]) -> Any:
    how, column = each.how, kept.column(name)
    if name in kept.gone:
        # It is shown where it says something, and never asked for.
        how = Declared(how.kind, how.label, how.help, (), how.choices, False, True, how.visibility, how.on_delete)
    options: dict[str, Any] = {"column_name": column, "unique": each.unique, "index": each.index}
    if how.kind == "link":
        target = kept.target(name)
        made: Any = peewee.ForeignKeyField(
            "self" if target == kept.name else known[target],
            null=True,
            lazy_load=False,
            deferrable="INITIALLY DEFERRED",
            backref="+",
            column_name=f"{column}_id",
        )
    elif how.kind in {"whole", "decimal"}:
        made = (peewee.IntegerField if how.kind == "whole" else peewee.DoubleField)(null=True, **options)
    elif how.kind == "flag":
        made = peewee.BooleanField(default=False, constraints=[peewee.SQL("DEFAULT 0")], **options)
    else:
        made = peewee.TextField(default=each.default, constraints=[peewee.SQL("DEFAULT ''")], **options)
    made.declared, made.kept_as = how, column
    return made


__all__ = [
    "FieldDeclared",
    "KeptType",
    "RecordType",
    "fields",
    "from_json",
    "in_order",
    "is_of_the_core",
    "kept_from_json",
    "kept_json",
    "own_name",
    "storage_of",
    "tables_of",
    "to_json",
]
