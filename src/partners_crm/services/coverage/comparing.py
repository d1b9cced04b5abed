"""How two coverage answers differ: two days, two maps, or one that was kept.

Two maps are a rehearsal of redistricting: who gets another lawmaker, and which district loses its only member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.model import Organization
from partners_crm.services.coverage.judging import Question, answer, ask, association_name, by_chamber, speak
from partners_crm.services.coverage.rule import Rule
from partners_crm.services.coverage.snapshots import DAY, Answer, Answered, answer_of, kept, names
from partners_crm.services.seats import holders
from partners_crm.store.maps import map_codes
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, tuples

ORDER = {"gap": 0, "possible": 1, "confirmed": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """A district whose answer differs."""

    ocd_id: str
    chamber: str
    number: int
    name: str
    before: str
    """confirmed, possible, gap, or "" where the other map has no such district."""
    after: str
    left: tuple[str, ...]
    """Names of the organizations that are certainly in it no more."""
    came: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mover:
    """A member that gets another district, and so another lawmaker, by another map."""

    organization: int
    name: str
    chamber: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    lawmakers_before: tuple[str, ...]
    lawmakers_after: tuple[str, ...]
    """Who holds the seats of those numbers; "" for a seat whose holder is not known."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two answers."""

    before: Answer
    after: Answer
    changes: tuple[Change, ...]
    """By chamber and number."""
    movers: tuple[Mover, ...]
    """By name; only between two maps."""

    @property
    def lost(self) -> tuple[Change, ...]:
        """The districts that are worse off."""
        return tuple(each for each in self.changes if ORDER.get(each.after, -1) < ORDER.get(each.before, -1))

    @property
    def gained(self) -> tuple[Change, ...]:
        """The districts that are better off."""
        return tuple(each for each in self.changes if ORDER.get(each.after, -1) > ORDER.get(each.before, -1))

    @property
    def lost_their_only(self) -> tuple[Change, ...]:
        """The districts that had one member and have none."""
        found = []
        for each in self.lost:
            was, is_now = self.before.districts.get(each.ocd_id), self.after.districts.get(each.ocd_id)
            if was is not None and len(was.certain) == 1 and (is_now is None or not is_now.certain):
                found.append(each)
        return tuple(found)


def diff(db: Handle, today: date, rule: Rule, before: str, after: str) -> Diff:
    """Compare two answers under a rule; each is named by a day, by the code of a map, or by a snapshot.

    Raises:
        NotFound: a name stands for nothing.
        CannotDecide, InvalidValue: as `coverage`.
    """
    rule = _terms(db, rule, before, after)
    first, second = (_side(db, today, rule, name) for name in (before, after))
    known = {key for side in (first[0], second[0]) for each in side.districts.values() for key in each.certain}
    names_of = _names(db, known)
    changes = _changes(first[0], second[0], names_of)
    movers: tuple[Mover, ...] = ()
    if first[1] and second[1] and first[1].map.code != second[1].map.code:
        movers = _movers(db, first[1], second[1])
    return Diff(first[0], second[0], changes, movers)


def _terms(db: Handle, rule: Rule, *sides: str) -> Rule:
    """The rule of a comparison: that of the answers that were kept, where there is one among the sides.

    Raises:
        InvalidValue: other terms are asked for, or two kept answers have different ones.
    """
    rules = {Rule.read(found.terms): found.label for name in sides if (found := kept(db, name))}
    for terms, label in rules.items():
        if len(rules) > 1 or (rule.text and rule != terms):
            raise InvalidValue(
                "Terms",
                rule.text or " / ".join(each.text for each in rules),
                f"are not those of the snapshot {label}",
                f"compare like with like: {terms.text or 'no terms'}",
            )
        return terms
    return rule


def _side(db: Handle, today: date, rule: Rule, name: str) -> tuple[Answer, Question | None]:
    """An answer by its name, and the question behind it where it is made now."""
    if found := kept(db, name):
        return found, None
    if name == "today" or DAY.fullmatch(name):
        try:
            day = today if name == "today" else date.fromisoformat(name)
        except ValueError:
            raise InvalidValue("Day", name, "is no day of the calendar") from None
        question = ask(db, day, rule)
    elif name in map_codes(db):
        question = ask(db, today, replace(rule, map=name))
    else:
        raise NotFound(
            f"{name} is no day, no map and no snapshot",
            f"a day is 2022-06-01 or today; maps: {', '.join(map_codes(db))};"
            f" snapshots: {', '.join(names(db)) or 'none'}",
        )
    return answer_of(answer(question, association_name(db, rule)), name), question


def _changes(before: Answer, after: Answer, names_of: Mapping[int, str]) -> tuple[Change, ...]:
    found = []
    # Districts of two maps share their OCD ids where they share their numbers, and are compared as such.
    for key in [*before.districts, *(key for key in after.districts if key not in before.districts)]:
        old, new = before.districts.get(key), after.districts.get(key)
        was, is_now = set(old.certain if old else ()), set(new.certain if new else ())
        states = (old.state if old else "", new.state if new else "")
        if states[0] != states[1]:
            each = new or old
            assert each is not None, "one of the two has the district"
            found.append(_change(key, each, states, was - is_now, is_now - was, names_of))
    return tuple(sorted(found, key=lambda each: (each.chamber, each.number)))


def _change(
    key: str, each: Answered, states: tuple[str, str], left: set[int], came: set[int], names_of: Mapping[int, str]
) -> Change:
    gone, new = (tuple(sorted(names_of.get(one, str(one)) for one in some)) for some in (left, came))
    return Change(key, each.chamber, each.number, each.name, *states, gone, new)


def _movers(db: Handle, before: Question, after: Question) -> tuple[Mover, ...]:
    seats = holders(db, after.as_of)

    def lawmakers(chamber: str, numbers: tuple[int, ...]) -> tuple[str, ...]:
        held = (seats.get((chamber, number)) for number in numbers)
        return tuple(each.name if each is not None else "" for each in held)

    old, new = _likeliest(before), _likeliest(after)
    found = []
    asked = before.rule.chamber
    for chamber in before.districts.chambers if asked == "both" else (asked,):
        for key, member in after.members.items():
            was, is_now = (tuple(sorted(side.get((chamber, key), ()))) for side in (old, new))
            if was and is_now and was != is_now:
                sides = lawmakers(chamber, was), lawmakers(chamber, is_now)
                found.append(Mover(key, member.name, chamber, was, is_now, *sides))
    return tuple(sorted(found, key=lambda each: (each.chamber, each.name.casefold(), each.organization)))


def _likeliest(question: Question) -> dict[tuple[str, int], set[int]]:
    """The districts each organization stands in, by (chamber, organization): of each site the likeliest one."""
    best: dict[tuple[str, int], tuple[float, int, int]] = {}
    for chamber, some in by_chamber(question, speak(question)).items():
        for each in some:
            key, value = (chamber, each.site), (each.share, -each.number, each.organization)
            best[key] = max(best.get(key, value), value)
    found: dict[tuple[str, int], set[int]] = {}
    for (chamber, _), (_, number, organization) in best.items():
        found.setdefault((chamber, organization), set()).add(-number)
    return found


def _names(db: Handle, keys: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in parts(sorted(keys)):
        found.update(
            tuples(db, Organization.select(Organization.id, Organization.name).where(Organization.id.in_(some)))
        )
    return found
