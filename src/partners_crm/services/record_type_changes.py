"""What an installation of record types changes: declarations compared, and the values that have to follow them.

Nothing is written here. A type is known again by its name, by an earlier name that the plugin tells of, or by one that
it had in this coalition; so is a field. What cannot be done without losing something is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from partners_crm.errors import Conflict, InvalidValue
from partners_crm.model import BY_NAME, InstalledType
from partners_crm.model.record_types import FieldDeclared, KeptType, RecordType, to_json
from partners_crm.normalize.date_words import parse_date
from partners_crm.store import record_types
from partners_crm.store.open import Handle

Installed = Mapping[str, tuple[InstalledType, KeptType]]
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})
_LARGEST = 2**53


@dataclass(slots=True)
class Change:
    """What becomes of one type."""

    before: KeptType | None
    after: KeptType
    replaced: list[str] = field(default_factory=list)
    """Fields, by their names of now, whose column holds another kind of values."""
    values: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By record and field (value of before, value of now), where a value changes with the declaration."""

    @property
    def is_changed(self) -> bool:
        """Whether the declaration is another one, but for what it is called."""
        return self.before is not None and replace(self.before, release="") != replace(self.after, release="")

    @property
    def newly_gone(self) -> tuple[str, ...]:
        """Fields that are no longer declared from now on, but hold data."""
        before = {} if self.before is None else self.before.gone
        return tuple(name for name in self.after.gone if name not in before)


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of all types of a plugin."""

    types: tuple[Change, ...]
    retired: tuple[KeptType, ...]
    """Those that it no longer declares, where that was not noted before."""


def is_as_declared(installed: Installed, plugin: str, types: Sequence[RecordType]) -> bool:
    """Whether a plugin declares what it declared when its types were installed."""
    here = {name: kept for name, (row, kept) in installed.items() if not row.retired_on}
    return len(types) == len(here) and all(
        (kept := here.get(f"{plugin}_{kind.name}")) is not None and kept.declared == _digest(kind) for kind in types
    )


def plan_types(db: Handle, plugin: str, release: str, types: Sequence[RecordType], installed: Installed) -> Planned:
    """Compare what a plugin declares with what is installed of it.

    Raises:
        InvalidValue: a declaration that cannot be, or that does not fit what records say.
        Conflict: a name is taken by something else.
    """
    names = [kind.name for kind in types]
    if len(set(names)) != len(names):
        raise InvalidValue("Record types", ", ".join(names), "hold one name twice")
    matched = _matched(plugin, types, installed)
    left = [kept for name, (row, kept) in installed.items() if name not in matched.values() and not row.retired_on]
    found = []
    same = {f"{plugin}_{name}": entity for name, entity in matched.items()}
    for kind in types:
        before = installed[matched[kind.name]][1] if kind.name in matched else None
        declared, whole = _digest(kind), _with_whole_targets(db, plugin, kind, types)
        found.append(
            _new(db, plugin, release, whole, declared)
            if before is None
            else _changed(db, before, release, whole, declared, same)
        )
    _refuse_names(db, set(matched.values()), found)
    return Planned(tuple(found), tuple(left))


def _matched(plugin: str, types: Sequence[RecordType], installed: Installed) -> dict[str, str]:
    """The installed entity of each declared type that there is, by the name the type has now."""
    found: dict[str, str] = {}
    for kind in types:
        # Its earlier name may be that of another type by now.
        for before in kind.was if f"{plugin}_{kind.name}" not in installed else ():
            _match(found, kind.name, f"{plugin}_{before}", installed)
    for kind in types:
        _match(found, kind.name, f"{plugin}_{kind.name}", installed)
    for kind in types:
        for name, (_, kept) in installed.items():
            # An older version of the plugin does not know how its type is called by now.
            if any(singular == f"{plugin}_{kind.name}" for singular, _ in kept.names_were):
                _match(found, kind.name, name, installed)
    return found


def _match(found: dict[str, str], name: str, entity: str, installed: Installed) -> None:
    if name not in found and entity in installed and entity not in found.values():
        found[name] = entity


def _refuse_names(db: Handle, matched: Set[str], planned: Iterable[Change]) -> None:
    """Refuse names that something else has: an entity of the core, another plugin's, or one that was retired."""
    others = {
        word: name
        for name, kept in db.types.installed.items()
        if name not in matched
        for word in (kept.name, kept.plural)
    }
    others |= {word: table.entity.name for word, table in BY_NAME.items()}
    own: set[str] = set()
    for each in planned:
        for word in (each.after.name, each.after.plural):
            if word in others:
                raise Conflict(f"the record type {each.after.name} cannot be called {word}: {others[word]} is", "")
            if word in own:
                raise InvalidValue("Record types", word, "is the name of two")
            own.add(word)


def _with_whole_targets(db: Handle, plugin: str, kind: RecordType, types: Sequence[RecordType]) -> RecordType:
    """A declaration whose links to types of its plugin say the whole name of each.

    Raises:
        InvalidValue: a link points to no entity, or must point to a record that not everyone may see.
    """
    fields = {}
    own = {each.name: each.visibility for each in types}
    for name, each in kind.fields.items():
        target = each.target
        if target and target not in {"self", kind.name}:
            target = f"{plugin}_{target}" if target in own else target
            table = db.by_name.get(target)
            if (short := target.removeprefix(f"{plugin}_")) in own:
                visibility = own[short]
            elif table is not None and target != table.entity.plural:
                target, visibility = table.entity.name, table.entity.visibility
            else:
                raise InvalidValue(
                    f"Field {name} of record type {kind.name}",
                    each.target,
                    "is no entity",
                    "name one of the core's, one of this plugin, or one of a plugin that it requires",
                )
            if each.how.required and visibility != "everyone" == kind.visibility:
                # It could not be exported without the other.
                raise InvalidValue(
                    f"Field {name} of record type {kind.name}",
                    each.target,
                    f"is for {visibility}, and the link to it is required",
                    f'let the link be empty, or say visibility="{visibility}" of the type',
                )
        fields[name] = replace(each, target=target)
    return replace(kind, fields=fields)


def _digest(kind: RecordType) -> str:
    return hashlib.sha256(to_json(kind).encode()).hexdigest()


# -------------------------------------------------------------------- one type


def _new(db: Handle, plugin: str, release: str, kind: RecordType, declared: str) -> Change:
    entity = f"{plugin}_{kind.name}"
    key, number = entity, 2
    while not record_types.is_free(db, key):
        key, number = f"{entity}_{number}", number + 1
    return Change(None, KeptType(plugin=plugin, release=release, declared=declared, type=kind, key=key))


def _changed(
    db: Handle, before: KeptType, release: str, kind: RecordType, declared: str, same: Mapping[str, str]
) -> Change:
    """What becomes of a type that there is; `same` are the types that there are, by the names they get.

    Raises:
        InvalidValue: what its records say does not fit.
    """
    sources = _sources(before, kind)
    taken = {*before.spent, *(before.column(name) for name in before.all_fields)}
    columns = {name: before.column(source) for name, source in sources.items()}
    gone: dict[str, FieldDeclared] = {}
    for name, each in before.all_fields.items():
        if name not in sources.values() and record_types.filled(db, before, name):
            free = _free(name, {*kind.fields, *gone})
            gone[free] = replace(each, unique=False, how=replace(each.how, required=False))
            columns[free] = before.column(name)
    for name in sorted(kind.fields.keys() - sources.keys()):
        # A column that some record filled once may not be that of another field: the journal tells of it.
        columns[name] = _free(name, taken)
        taken.add(columns[name])
    spent = {*before.spent, *(before.column(name) for name in before.all_fields)} - set(columns.values())
    names_were = before.names_were
    if before.type.name != kind.name or before.type.plural != kind.plural:
        names_were = tuple(dict.fromkeys((*names_were, (before.name, before.plural))))
    after = replace(
        before,
        release=release,
        declared=declared,
        type=_with_held_choices(db, before, kind, sources),
        names_were=names_were,
        columns={name: column for name, column in columns.items() if name != column},
        gone=gone,
        spent=tuple(sorted(spent)),
    )
    names_were = tuple(pair for pair in after.names_were if pair != (after.name, after.plural))
    change = Change(before, replace(after, names_were=names_were))
    for name in after.type.fields:
        _fit(db, change, name, sources.get(name), same)
    return change


def _sources(before: KeptType, kind: RecordType) -> dict[str, str]:
    """The field that there is of each declared one, by its name now; of new ones there is none."""
    here, found = before.all_fields, dict[str, str]()

    def match(name: str, source: str) -> None:
        if name not in found and source in here and source not in found.values():
            found[name] = source

    for name, earlier in kind.fields_were.items():
        match(name, earlier)
    for name in kind.fields:
        match(name, name)
    for name in kind.fields:
        for source in here:
            # An older version of the plugin does not know how its field is called by now.
            if before.column(source) == name and source not in kind.fields:
                match(name, source)
    return found


def _free(name: str, taken: Iterable[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _with_held_choices(db: Handle, before: KeptType, kind: RecordType, sources: Mapping[str, str]) -> RecordType:
    """A declaration whose choices include those that are no longer declared and that records have."""
    fields = dict(kind.fields)
    for name, source in sources.items():
        was, now = before.all_fields[source], fields[name]
        if was.how.kind != "choice" or now.how.kind != "choice":
            continue
        codes = dict(now.how.choices)
        lost = [(code, label) for code, label in was.how.choices if code not in codes]
        if lost:
            held = set(record_types.values(db, before, source).values())
            kept = tuple(pair for pair in lost if pair[0] in held)
            fields[name] = replace(now, how=replace(now.how, choices=(*now.how.choices, *kept)))
    return replace(kind, fields=fields)


# -------------------------------------------------------------------- values


def _fit(db: Handle, change: Change, name: str, source: str | None, same: Mapping[str, str]) -> None:
    """Make what records say in a field fit its declaration of now, or refuse it."""
    assert change.before is not None
    after, declared = change.after, change.after.type.fields[name]
    if source is None:
        _fit_new(db, change, name)
        return
    was = change.before.all_fields[source]
    if was.how.kind == declared.how.kind == "link":
        before, now_to = change.before.target(source), after.target(name)
        if _entity(db, before) == _entity(db, same.get(now_to, now_to)):
            declared = replace(declared, target=was.target)
    if not _is_stricter(was, declared):
        return
    values = record_types.values(db, change.before, source)
    now: dict[int, Any] = {}
    for key, value in values.items():
        try:
            now[key] = _converted(was, declared, value)
        except (ValueError, InvalidValue):
            words = f"cannot become {_KINDS[declared.how.kind]}: record {key} says {str(value)[:40]!r}"
            raise _refused(after, name, words, "correct the records first") from None
        if declared.how.required and now[key] in (None, ""):
            raise _refused(after, name, f"cannot be required: record {key} has none", "fill it in first")
    if declared.unique and len(set(now.values())) < len(now):
        raise _refused(after, name, "cannot be unique: records share a value", "correct the records first")
    is_replaced = record_types.storage(was) != record_types.storage(declared)
    if is_replaced:
        change.replaced.append(name)
    for key, value in now.items():
        old = bool(values[key]) if was.how.kind == "flag" else values[key]
        if value != old or type(value) is not type(old):
            change.values.setdefault(key, {})[name] = (old, value)


def _fit_new(db: Handle, change: Change, name: str) -> None:
    """Give the records that are there what a new field needs, or refuse it."""
    assert change.before is not None
    declared = change.after.type.fields[name]
    if declared.default:
        for key in record_types.ids(db, change.before):
            change.values.setdefault(key, {})[name] = ("", declared.default)
    elif declared.how.required and (number := record_types.count(db, change.before)):
        raise _refused(change.after, name, f"cannot be required: {number:,} records have none", "let it be empty")


def _is_stricter(was: FieldDeclared, now: FieldDeclared) -> bool:
    """Whether values that fitted a declaration may not fit another, or have another form there."""
    return (
        was.how.kind != now.how.kind
        or (was.how.kind == "link" and was.target != now.target)
        or (now.how.required and not was.how.required)
        or (now.unique and not was.unique)
        or now.how.choices != was.how.choices
    )


def _entity(db: Handle, name: str) -> str:
    """What an entity is called now."""
    table = db.by_name.get(name)
    return name if table is None else table.entity.name


def _converted(was: FieldDeclared, declared: FieldDeclared, value: Any) -> Any:
    """A value as another kind of field holds it.

    Raises:
        ValueError, InvalidValue: it cannot.
    """
    kind = declared.how.kind
    if was.how.kind == "link" or kind == "link":
        if value is None or (was.how.kind == kind and was.target == declared.target):
            return value if kind == "link" else _empty(declared)
        if value is not None and value != "":
            raise ValueError("a link is no value")
        return _empty(declared)
    if was.how.kind == "flag":
        value = bool(value)
    if kind in {"whole", "decimal"}:
        return _number(kind, value)
    if kind == "flag":
        word = str(value if value is not None else "").strip().lower()
        if word not in _YES | _NO:
            raise ValueError("neither yes nor no")
        return word in _YES
    text = _text(value)
    if kind == "text" and "\n" in text:
        raise ValueError("several lines")
    if kind == "choice" and not text and declared.default:
        return declared.default
    if kind == "choice" and text and text not in dict(declared.how.choices):
        raise ValueError("not a choice")
    if kind == "day" and text and parse_date(text) != text:
        raise ValueError("no day")
    return text


def _number(kind: str, value: Any) -> float | int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind == "decimal":
        number = float(value)
        if abs(number) >= _LARGEST or number != number:
            raise ValueError("out of range")
        return number
    whole = int(value)
    if (isinstance(value, float) and whole != value) or abs(whole) >= _LARGEST:
        raise ValueError("no whole number")
    return whole


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value if isinstance(value, str) else f"{value:.15g}"


def _empty(declared: FieldDeclared) -> Any:
    kind = declared.how.kind
    return None if kind in {"link", "whole", "decimal"} else False if kind == "flag" else declared.default


def _refused(kept: KeptType, name: str, reason: str, hint: str) -> InvalidValue:
    return InvalidValue(f"Field {name} of record type {kept.name}", "", reason, hint)


_KINDS = {
    "text": "a text of one line",
    "note": "a note",
    "choice": "one of these choices",
    "day": "a day",
    "whole": "a whole number",
    "decimal": "a number",
    "flag": "yes or no",
    "link": "a link",
}
