"""What else can be asked of a record: its district, its silo, its numbers and addresses, the journal, how many."""

# ruff: noqa: ARG002  # every facet is given what any of them needs
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from partners_crm.errors import InvalidValue, QueryError
from partners_crm.model import Change, ContactPoint, District, DistrictMap, Operation, Silo
from partners_crm.model.orm import peewee
from partners_crm.normalize.dates import ends, starts
from partners_crm.normalize.text import fold
from partners_crm.store.maps import setting
from partners_crm.store.queries.asked import Asked, Condition, contains, did_you_mean, matching, spelled
from partners_crm.store.queries.days import DAY_WORDS, Days
from partners_crm.store.queries.facets import Facet, Suggested, TitleFacet, begun, days_of, nothing, numbers_of
from partners_crm.store.queries.phrasing import days_words, either, number_word, numbers_words, quoted
from partners_crm.store.queries.steps import Step, lasting
from partners_crm.store.queries.tree import Value
from partners_crm.store.read import parts, tuples

_DISTRICT = re.compile(
    r"(?:(?P<map>[a-z]{2}-\w+):)?(?P<chamber>[a-z]+)[: ]?(?P<number>\d{1,3})", re.IGNORECASE | re.ASCII
)
_CHAMBER_WORDS = {
    "sldl": "house",
    "hd": "house",
    "house": "house",
    "h": "house",
    "sldu": "senate",
    "sd": "senate",
    "senate": "senate",
    "s": "senate",
}
_FEWEST_DIGITS = 4
"""Of a phone number that is looked for as it is understood, whatever signs stand between them."""


# -------------------------------------------------------------------- districts and silos


def read_district(text: str) -> tuple[str, str, int] | None:
    """(code of the map or "", chamber, number) of a district as it is typed; None where it is none."""
    read = _DISTRICT.fullmatch(text.strip())
    chamber = _CHAMBER_WORDS.get(read["chamber"].lower()) if read else None
    return (read["map"] or "", chamber, int(read["number"])) if read and chamber else None


@dataclass(frozen=True)
class DistrictFacet(TitleFacet):
    """A district: sldl:12 or hd:12, sldu:5 or sd:5, with the code of a map before it for another one."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The district, and those nested in it."""
        read = read_district(value.text)
        if read is None:
            if is_open:
                return nothing()
            if self.by_key:
                return super().condition(asked, value, is_open=is_open)
            raise QueryError(
                f"{self.name} cannot be {value.text}",
                f"write {self.name}:sldl:9 for House 9, {self.name}:sldu:5 for Senate 5",
            )
        code = (read[0] or asked.map_code).lower()
        found = self._ids(asked, code, *read[1:])
        if not found:
            if is_open:
                return nothing()
            raise self._unknown(asked, code, *read[1:])
        return (District.id == found[0]) | (District.parent == found[0])

    def _ids(self, asked: Asked, code: str, chamber: str, number: int) -> list[int]:
        query = District.select(District.id).join(DistrictMap, on=(District.map == DistrictMap.id))
        on = (DistrictMap.code == code) & (District.chamber == chamber)
        return [key for (key,) in tuples(asked.db, query.where(on & (District.number == number)))]

    def _unknown(self, asked: Asked, code: str, chamber: str, number: int) -> QueryError:
        codes = [each for (each,) in tuples(asked.db, DistrictMap.select(DistrictMap.code).order_by(DistrictMap.code))]
        if code not in codes:
            where = f"there is no district map {code}" if code else "no district map holds today"
            return QueryError(f"{self.name}: {where}", f"maps here: {', '.join(codes) or 'none'}")
        return QueryError(f"{self.name}: there is no {chamber} district {number} on the map {code}")

    def naming(self, asked: Asked, values: Sequence[Value]) -> str:
        """Senate district 5 (map il-2021)."""
        words = []
        for value in values:
            if (read := read_district(value.text)) is None:
                words.append(self._named(asked, value))
                continue
            code, chamber, number = read
            words.append(f"{chamber.capitalize()} district {number} (map {(code or asked.map_code).lower()})")
        return either(words)

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """The districts of the map, in the order of their numbers."""
        code = asked.map_code
        query = District.select(District.chamber, District.number, District.name, DistrictMap.code)
        rows = tuples(
            asked.db,
            query.join(DistrictMap, on=(District.map == DistrictMap.id)).order_by(
                (DistrictMap.code != code), District.chamber, District.number
            ),
        )
        codes = {"house": "sldl", "senate": "sldu"}
        found = []
        for chamber, number, name, on in rows:
            text = f"{codes.get(chamber, chamber)}:{number}"
            spellings = (text, f"{chamber}:{number}", f"{chamber[0]}d:{number}", f"{on}:{text}")
            if any(each.startswith(prefix.lower()) for each in spellings) or fold(name).startswith(fold(prefix) or "~"):
                found.append((text if on == code else f"{on}:{text}", f"{name}, map {on}"))
            if len(found) >= most:
                break
        return found


@dataclass(frozen=True)
class SiloFacet(TitleFacet):
    """A silo, by its code, its label or its name."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The silo; while it is typed, those that begin so."""
        if self.key_of(value) is not None:
            return super().condition(asked, value, is_open=is_open)
        return Silo.id.in_([key for key, *_ in self._found(asked, value, is_open)])

    def _found(self, asked: Asked, value: Value, is_open: bool) -> list[tuple[int, str, str, str]]:
        silos = tuples(asked.db, Silo.select(Silo.id, Silo.code, Silo.name, Silo.label))
        wanted = spelled(value.text)
        for place in (1, 2, 3):  # a code wins over a name, and that over a label
            if same := [silo for silo in silos if wanted and spelled(silo[place]) == wanted]:
                return same[:1]
        begins = [silo for silo in silos if any(spelled(word).startswith(wanted) for word in silo[1:])]
        if is_open and begins:
            return begins
        like = did_you_mean(value.text, {word: silo[1] for silo in silos for word in silo[1:3]})
        known = f"it can be: {', '.join(silo[1] for silo in silos)}"
        raise QueryError(f"{self.name} cannot be {value.text}", like or known)

    def naming(self, asked: Asked, values: Sequence[Value]) -> str:
        """The silo Housing."""
        names: dict[str, None] = {}
        for each in values:
            if self.key_of(each) is not None:
                return super().naming(asked, values)
            names.update(dict.fromkeys(name for _, _, name, _ in self._found(asked, each, True)))
        return f"the silo {either(list(names))}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Codes, by the beginning of a code, a name or a label."""
        wanted = spelled(prefix)
        rows = tuples(asked.db, Silo.select(Silo.code, Silo.name, Silo.label).order_by(Silo.id))
        return [
            (code, name)
            for code, name, label in rows
            if any(spelled(word).startswith(wanted) for word in (code, name, label))
        ]


# -------------------------------------------------------------------- ways to reach somebody


@dataclass(frozen=True)
class PointFacet(Facet):
    """A phone number, a mail address or a web address, by a part of it."""

    kind: str

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """As it was typed, or by its digits."""
        found = contains(ContactPoint.raw, value.text) | contains(ContactPoint.value, value.text)
        digits = "".join(sign for sign in value.text if sign.isascii() and sign.isdecimal())
        if self.kind == "phone" and len(digits) >= _FEWEST_DIGITS and not any(map(str.isalpha, value.text)):
            found |= peewee.fn.instr(ContactPoint.value, digits) > 0
        return (ContactPoint.kind == self.kind) & found

    def given(self, asked: Asked) -> Condition | None:
        """Any of the kind."""
        return ContactPoint.kind == self.kind

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """Said of who is reached by it."""
        noun = {"phone": "a phone", "email": "an e-mail address", "web": "a web address"}[self.kind]
        words = either([quoted(each.text) for each in values])
        return f"{'without' if negated else 'with'} {noun} that contains {words}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Those that begin so, as they were typed."""
        typed: Any = ContactPoint.raw
        return [(text, self.kind) for text, _ in matching(asked, typed, prefix, most, lambda: self.given(asked))]

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """As it was typed."""
        typed: Any = ContactPoint.raw
        rows = ContactPoint.select(ContactPoint.id, typed)
        return dict(row for some in parts(ids) for row in tuples(asked.db, rows.where(ContactPoint.id.in_(some))))


# -------------------------------------------------------------------- the journal


@dataclass(frozen=True)
class JournalFacet(Facet):
    """When a record was added or changed, in days of the coalition's time zone."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """By the operations that touched it."""
        try:
            days = days_of(self, asked, value)
        except QueryError:
            if is_open:
                return nothing()
            raise
        return self.table.id.in_(self._touched(_instants(asked, days)))

    def _touched(self, when: Condition) -> Any:
        made = (Change.action == "insert") if self.name == "added" else peewee.SQL("1 = 1")
        query = Change.select(Change.record).join(Operation, on=(Change.operation == Operation.id))
        return query.where((Change.entity == self.table.entity.key) & made & when)

    def given(self, asked: Asked) -> Condition | None:
        """The journal knows of it."""
        return self.table.id.in_(self._touched(peewee.SQL("1 = 1")))

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """When it was done."""
        words = either([_when(days_of(self, asked, each)) for each in values])
        return f"{'not ' if negated else ''}{self.name} {words}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Words for dates."""
        return begun([(word, "a date") for word in ("<7d", "<30d", "<90d", *DAY_WORDS)], prefix)

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The newest instant of each."""
        made = (Change.action == "insert") if self.name == "added" else peewee.SQL("1 = 1")
        query = Change.select(Change.record, peewee.fn.MAX(Operation.at)).join(
            Operation, on=(Change.operation == Operation.id)
        )
        zone, found = _zone(asked), {}
        for some in parts(ids):
            on = (Change.entity == self.table.entity.key) & Change.record.in_(some) & made
            for key, at in tuples(asked.db, query.where(on).group_by(Change.record)):
                if at:
                    found[key] = f"{self.name} {datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d}"
        return found


@dataclass(frozen=True)
class ActorFacet(Facet):
    """Who wrote to a record, at any time."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The name of who did an operation contains the text."""
        query = Change.select(Change.record).join(Operation, on=(Change.operation == Operation.id))
        return self.table.id.in_(
            query.where((Change.entity == self.table.entity.key) & contains(Operation.actor, value.text))
        )

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """Who did it."""
        return f"{'never ' if negated else ''}written to by {either([quoted(each.text) for each in values])}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Who did something."""
        return [(text, f"{count} operations") for text, count in matching(asked, Operation.actor, prefix, most)]

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """Everybody who wrote to each."""
        query = Change.select(Change.record, Operation.actor).join(Operation, on=(Change.operation == Operation.id))
        found: dict[int, dict[str, None]] = {}
        for some in parts(ids):
            on = (Change.entity == self.table.entity.key) & Change.record.in_(some)
            for key, actor in tuples(asked.db, query.where(on).order_by(Operation.id)):
                found.setdefault(key, {})[actor] = None
        return {key: f"written to by {', '.join(actors)}" for key, actors in found.items()}


def _when(days: Days) -> str:
    words = days_words(days)
    return words if days.operator or words.startswith("in ") else f"on {words}"


def _zone(asked: Asked) -> ZoneInfo:
    try:
        return ZoneInfo(setting(asked.db, "time_zone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _instants(asked: Asked, days: Days) -> Condition:
    """The condition on operations that were done on these days."""
    zone, at = _zone(asked), Operation.at

    def begin(day: str, after: int) -> str:
        local = datetime.combine(datetime.fromisoformat(day).date() + timedelta(days=after), time(), zone)
        return local.astimezone(UTC).isoformat()[:19]

    try:
        first = begin(starts(days.first), 0) if days.first else ""
        last = begin(ends(days.last), 1) if days.last else ""
    except (OverflowError, ValueError, InvalidValue):
        raise QueryError(
            f"{days.first or days.last} is too far away", "a date is 2011, 2011-07 or 2011-07-14"
        ) from None
    sides = {"<": at < first, "<=": at < last, ">": at >= last, ">=": at >= first}
    if days.operator in sides:
        return (at != "") & sides[days.operator]
    return (at >= first) & (at < last) if last else at >= first


# -------------------------------------------------------------------- how many, whether at all


@dataclass(frozen=True)
class CountFacet(Facet):
    """How many records a relation leads to: sites:>1."""

    step: Step

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The number, compared."""
        try:
            numbers = numbers_of(self, value, whole=True)
        except QueryError:
            if is_open:
                return nothing()
            raise
        count = self.count(asked)
        if numbers.operator == "..":
            low = nothing() if numbers.first is None else count >= numbers.first
            return low if numbers.last is None else low & (count <= numbers.last)
        compare: dict[str, Callable[[], Condition]] = {
            "": lambda: count == numbers.first,
            "<": lambda: count < numbers.first,
            "<=": lambda: count <= numbers.first,
            ">": lambda: count > numbers.first,
            ">=": lambda: count >= numbers.first,
        }
        return compare[numbers.operator]()

    def count(self, asked: Asked) -> Any:
        """How many, as an expression on the entity's table."""
        hop = self.step.hops[0]
        over = hop.table.alias()
        counted = getattr(over, self.step.hops[1].link) if len(self.step.hops) > 1 else over.id
        query = over.select(peewee.fn.COUNT(peewee.fn.DISTINCT(counted))).where(
            getattr(over, hop.link) == self.table.id
        )
        holds = lasting(hop.table, "", asked.today, over)
        return query if holds is None else query.where(holds)

    def given(self, asked: Asked) -> Condition | None:
        """One at least."""
        return self.count(asked) > 0

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """How many they have."""
        found = [numbers_of(self, each, whole=True) for each in values]
        words = either([numbers_words(each) for each in found])
        last = found[-1].last if found[-1].last is not None else found[-1].first
        one = self.step.name.replace("_", " ")
        return f"{'not ' if negated else ''}with {words} {one if number_word(last or 0) == '1' else self.noun}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Comparisons."""
        one = self.step.name.replace("_", " ")
        return begun([(">1", f"more than one {one}"), ("0", f"no {one}"), (">=1", f"any {one}")], prefix)

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The number."""
        query = self.table.select(self.table.id, self.count(asked))
        rows = [row for some in parts(ids) for row in tuples(asked.db, query.where(self.table.id.in_(some)))]
        one = self.step.name.replace("_", " ")
        return {key: f"{count} {one if count == 1 else self.noun}" for key, count in rows}
