"""Field by field: what each of two records says, and what the survivor says in the end.

The survivor's value stays where it has one, and an empty field is filled from the other; a person may take the other
one. Fields that mean something together (the names of a contact, the address of a site with its point) are filled one
by one while they agree, and taken whole from one side where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.model import Contact, CustomField, CustomValue, Declared, Site, Table
from partners_crm.model.custom import OWNERS, declared_of
from partners_crm.normalize.text import fold
from partners_crm.services.merging.rules import RULES, is_blank
from partners_crm.services.records import ends_before
from partners_crm.services.values import show_value
from partners_crm.store.custom import fields_of
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, parts, records, title_of, tuples

State = Literal["same", "only kept", "only other", "differ", "empty"]
Side = Literal["kept", "other", "both", "none"]

SIDES = ("kept", "other", "both")
"""What can be asked for."""
ENDS = frozenset({"archived_on", "until"})
"""Days that end a record: an empty one says that it lasts."""
CERTAIN = frozenset({"do_not_contact"})
"""Flags that no merge takes back."""
NOTHING_TO_TAKE = "the other says nothing; the survivor's stays"
"""Why what was asked for is not taken."""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field of the two records, and what becomes of it."""

    name: str
    """Of a field of the coalition's own its key."""
    label: str
    kept: str
    """What the survivor says, as shown; "" for nothing."""
    other: str
    state: State
    taken: Side
    """Whose value the survivor has in the end: both joined, or none where neither stands."""
    why: str
    """As the end of a sentence about the field."""
    result: str
    """As shown."""
    group: str = ""
    """The field with which it is taken from one side; "" where it stands alone."""
    own: bool = False
    """Whether the coalition defined it."""

    @property
    def is_lost(self) -> bool:
        """Whether the other record says something here that the survivor does not say in the end."""
        return bool(self.other) and self.taken in {"kept", "none"} and self.other != self.result

    @property
    def is_given_up(self) -> bool:
        """Whether the survivor says something here that it does not say in the end."""
        return bool(self.kept) and self.taken in {"other", "none"} and self.kept != self.result

    @property
    def is_left(self) -> bool:
        """Whether what one of the two says does not stand in the end."""
        return self.is_lost or self.is_given_up


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that mean something together, under the name of the first."""

    names: tuple[str, ...]
    tells: tuple[str, ...]
    """Those by which two records contradict each other."""
    triples: tuple[str, ...] = ()
    """Those of them that are never filled one by one."""


GROUPS: Mapping[type[Table], tuple[Group, ...]] = {
    Contact: (Group(("name", "given_name", "family_name"), ("name",)),),
    Site: (
        Group(
            ("address", "unit", "city", "state", "postal_code", "latitude", "longitude", "match_level"),
            ("street", "unit", "city", "state", "postal_code"),
            ("latitude", "longitude", "match_level"),
        ),
    ),
}


@dataclass(slots=True)
class Chosen:
    """What was decided of the fields of two records."""

    choices: list[FieldChoice]
    values: dict[str, Any]
    """What the survivor says in the end, of every declared field that is not derived."""
    own: dict[int, Side]
    """Of each of the coalition's own fields, by id, whose value stands."""
    said: list[str]
    """What was mended, in sentences."""


def choose(
    db: Handle, table: type[Table], kept: Mapping[str, Any], lost: Mapping[str, Any], takes: Mapping[str, str]
) -> Chosen:
    """Decide every field of two records; `takes` are a person's decisions by field: kept, other, or both of a note.

    Raises:
        NotFound: a field that was decided is none.
        InvalidValue: a decision is none, or cannot be.
    """
    custom = fields_of(db, table)
    known = {name: how for name, how in table.declarations().items() if not how.derived}
    _check_takes(table, known, custom, takes)
    choosing = _Choosing(db, table, kept, lost, takes)
    for name, how in known.items():
        choosing.take(name, how)
    choosing.keep_span()
    return Chosen([*choosing.choices(), *_own(db, table, custom, kept, lost, takes, choosing.sides)], *choosing.end())


def _check_takes(
    table: type[Table], known: Mapping[str, Declared], custom: tuple[CustomField, ...], takes: Mapping[str, str]
) -> None:
    names = {**known, **{field.key: declared_of(field) for field in custom}}
    for name, side in takes.items():
        how = names.get(name)
        if how is None:
            plural = table.entity.plural
            raise NotFound(f"{plural} have no field {name} to choose", f"one of: {', '.join(names)}")
        allowed = SIDES if how.kind == "note" else SIDES[:2]
        if side not in allowed:
            raise InvalidValue(how.label, side, "is no side", f"one of: {', '.join(allowed)}")
        if name in CERTAIN:
            raise InvalidValue(how.label, "", "survives every merge, whoever says so", "leave it out")


class _Choosing:
    """The declared fields of one pair."""

    def __init__(
        self, db: Handle, table: type[Table], kept: Mapping[str, Any], lost: Mapping[str, Any], takes: Mapping[str, str]
    ) -> None:
        self._db = db
        self._table = table
        self._kept = kept
        self._lost = lost
        self._takes = takes
        self.values: dict[str, Any] = {}
        self._how: dict[str, tuple[Side, str, str]] = {}
        """(side, why, group) of each field."""
        self.sides: dict[int, Side] = {}
        self._said: list[str] = []
        self._decide = RULES[table].decide if table in RULES else {}
        self._groups = {name: group for group in GROUPS.get(table, ()) for name in group.names}

    def take(self, name: str, how: Declared) -> None:
        """Decide one field."""
        if name in self._groups:
            self._take_grouped(name, self._groups[name])
        elif how.kind == "flag":
            self._set(name, bool(self._kept[name] or self._lost[name]), "yes where one of them says so")
        elif name in ENDS:
            self._take_end(name)
        elif name in self._decide and name not in self._takes:
            self._set(name, self._decide[name](self._kept[name], self._lost[name]), "what says more")
        elif how.kind == "note":
            self._take_note(name)
        elif how.kind == "link" and self._table.links()[name] is self._table:
            self._take_chain(name, how)
        else:
            self._take_plain(name)

    def _take_plain(self, name: str) -> None:
        if is_blank(self._lost[name]) and not is_blank(self._kept[name]):
            self._side(name, "kept", self._why_kept(name))
        elif name in self._takes:
            self._side(name, self._takes[name], "as was asked")
        elif is_blank(self._kept[name]):
            self._side(name, "other", "fills what was empty")
        else:
            self._side(name, "kept", "the survivor's stays")

    def _why_kept(self, name: str) -> str:
        """Why the survivor's stays where the other says nothing."""
        return NOTHING_TO_TAKE if self._takes.get(name) == "other" else "the survivor's stays"

    def _side(self, name: str, side: str, why: str, group: str = "") -> None:
        source = self._lost if side == "other" else self._kept
        self.values[name] = source[name]
        if self._kept[name] == self._lost[name]:
            side, why = "kept", "both say the same"
        self._how[name] = ("other" if side == "other" else "kept", why, group)

    def _set(self, name: str, value: Any, why: str) -> None:
        self.values[name] = value
        kept, lost = self._kept[name], self._lost[name]
        side: Side = "kept" if value == kept else "other" if value == lost else "none"
        self._how[name] = (side, "both say the same" if kept == lost else why, "")

    def _take_end(self, name: str) -> None:
        kept, lost = self._kept[name], self._lost[name]
        if name in self._takes:
            self._side(name, self._takes[name], "as was asked")
        else:
            self._set(name, kept if kept and lost else "", "over only where both are")

    def _take_note(self, name: str) -> None:
        kept, lost, side = str(self._kept[name]), str(self._lost[name]), self._takes.get(name, "both")
        if side == "both" and kept.strip() and lost.strip() and lost.strip() not in kept:
            self.values[name] = f"{kept.rstrip()}\n\n{lost.strip()}"
            self._how[name] = ("both", "the other's is put below", "")
        elif side == "both":
            if kept.strip():
                self._side(name, "kept", "it holds the other's" if lost.strip() else "the survivor's stays")
            else:
                self._side(name, "other", "fills what was empty")
        elif side == "other" and kept.strip() and not lost.strip():
            self._side(name, "kept", NOTHING_TO_TAKE)
        else:
            self._side(name, side, "as was asked")

    def _take_chain(self, name: str, how: Declared) -> None:
        """A link to another record of the entity: never to itself, over any number of steps."""
        first = self._takes.get(name, "kept")
        order = (self._kept, self._lost) if first == "kept" else (self._lost, self._kept)
        label = how.label.lower()
        for place, source in enumerate(order):
            target = source[name]
            if target is None:
                continue
            if reason := self._leads_back(name, target):
                whose = "the survivor" if source is self._kept else "the other"
                self._said.append(f'"{how.label}" of {whose} {reason}')
                continue
            why = "as was asked" if name in self._takes else "the survivor's stays"
            if place:
                why = NOTHING_TO_TAKE if first == "other" and self._lost[name] is None else "fills what was empty"
            self._side(name, "kept" if source is self._kept else "other", why)
            return
        self._set(name, None, f"neither has a {label} that can stay")

    def _leads_back(self, name: str, target: int) -> str:
        """Why a link cannot stay, as the end of a sentence; "" where it can."""
        own = {self._kept["id"], self._lost["id"]}
        if target in own:
            return "led to the record it is merged with, and is cleared"
        seen: set[int] = set()
        column, here = self._table._meta.fields[name], target
        while here not in seen:
            seen.add(here)
            found = tuples(self._db, self._table.select(column).where(self._table.id == here))
            if not found or found[0][0] is None:
                return ""
            here = found[0][0]
            if here in own:
                return "led back to the record itself, and is cut"
        return ""

    # ---------------------------------------------------------------- groups

    def _take_grouped(self, name: str, group: Group) -> None:
        if name != group.names[0]:
            return
        asked = {self._takes[each] for each in group.names if each in self._takes}
        if len(asked) > 1:
            label = self._table.declarations()[name].label
            raise InvalidValue(label, "", f"is taken from one side with {', '.join(group.names[1:])}")
        contradict = any(self._contradicts(each) for each in group.tells)
        side = next(iter(asked), "kept")
        if not contradict and all(is_blank(self._kept[each]) for each in group.names) and not asked:
            side = "other"
        first, second = (self._kept, self._lost) if side == "kept" else (self._lost, self._kept)
        for each in group.names:
            if contradict:
                self._side(each, side, "as was asked" if asked else "the survivor's stays", name)
            elif each in group.triples:
                whole = all(is_blank(first[one]) for one in group.triples)
                filled = (second is self._lost) if whole else (first is self._lost)
                self._side(each, "other" if filled else "kept", "as its place", name)
            else:
                source = second if is_blank(first[each]) else first
                why = "as was asked" if asked else "the survivor's stays"
                why = "fills what was empty" if source is second else why
                if asked and source is self._kept and second is self._kept and not is_blank(source[each]):
                    why = NOTHING_TO_TAKE
                self._side(each, "other" if source is self._lost else "kept", why, name)

    def _contradicts(self, name: str) -> bool:
        kept, lost = self._kept[name], self._lost[name]
        if is_blank(kept) or is_blank(lost) or kept == lost:
            return False
        return fold(str(kept)) != fold(str(lost)) and not (name == "postal_code" and str(kept)[:5] == str(lost)[:5])

    def keep_span(self) -> None:
        """Fill no day so that the first lies after the last."""
        since, until = self.values.get("since"), self.values.get("until")
        if since and until and ends_before(since, until):
            for name in ("since", "until"):
                self._side(name, "kept", "the other's would not fit")

    # ---------------------------------------------------------------- the end

    def choices(self) -> list[FieldChoice]:
        """What became of each field, in the order of declaration."""
        names = self._titles()
        found = []
        for name, how in self._table.declarations().items():
            if how.derived:
                continue
            side, why, group = self._how[name]
            kept, lost = self._kept[name], self._lost[name]
            mine, other, result = (
                self._shown(how, names.get(name, {}), value) for value in (kept, lost, self.values[name])
            )
            state = state_of(mine, other, same=kept == lost)
            taken: Side = side if state != "empty" else "none"
            found.append(FieldChoice(name, how.label, mine, other, state, taken, why, result, group))
        return found

    def _titles(self) -> dict[str, dict[int, str]]:
        """What the targets of links are called, by field and id."""
        found = {}
        for name, target in self._table.links().items():
            ids = {row[name] for row in (self._kept, self._lost, self.values) if row.get(name) is not None}
            found[name] = {key: title_of(record) for key, record in by_ids(self._db, target, ids).items()}
        return found

    def _shown(self, how: Declared, titles: Mapping[int, str], value: Any) -> str:
        if how.kind == "flag":
            return "yes" if value else ""
        if how.kind == "link" and value is not None:
            return titles.get(value, str(value))
        return show_value(how, value)

    def end(self) -> tuple[dict[str, Any], dict[int, Side], list[str]]:
        """(values, sides of own fields, what was mended)."""
        return self.values, self.sides, self._said


def state_of(kept: str, other: str, *, same: bool) -> State:
    """How two values as shown stand to each other."""
    if not kept and not other:
        return "empty"
    if same:
        return "same"
    return "only kept" if not other else "only other" if not kept else "differ"


def _own(
    db: Handle,
    table: type[Table],
    custom: tuple[CustomField, ...],
    kept: Mapping[str, Any],
    lost: Mapping[str, Any],
    takes: Mapping[str, str],
    sides: dict[int, Side],
) -> list[FieldChoice]:
    """The coalition's own fields of the two; sets whose value stands in each."""
    if not custom:
        return []
    owner = OWNERS[table.entity.name].entity.name
    link = CustomValue._meta.fields[owner]
    said: dict[tuple[int, int], str] = {}
    for some in parts([kept["id"], lost["id"]]):
        for value in records(db, CustomValue.select().where(link.in_(some))):
            said[value[owner], value.field] = value.value
    found = []
    for field in custom:
        mine, other = said.get((kept["id"], field.id), ""), said.get((lost["id"], field.id), "")
        side: Side = "other" if takes.get(field.key, "" if mine else "other") == "other" and other else "kept"
        if not mine and takes.get(field.key) == "kept":
            side = "none"
        why = "both say the same" if mine == other else "as was asked" if field.key in takes else ""
        if mine and not other and takes.get(field.key) == "other":
            why = NOTHING_TO_TAKE
        why = why or ("the survivor's stays" if side == "kept" else "fills what was empty")
        sides[field.id] = side
        state = state_of(mine, other, same=mine == other)
        result = other if side == "other" else mine
        taken: Side = side if state != "empty" else "none"
        found.append(FieldChoice(field.key, field.label, mine, other, state, taken, why, result, own=True))
    return found
