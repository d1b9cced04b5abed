"""The terms of a coverage statement: what is asked, as values, as text, and as words of the sentence."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from partners_crm.errors import InvalidValue, NotFound

BASES = ("any", "hq", "service")
UNITS = ("org", "family")
CHAMBERS = ("both", "house", "senate")
MAP_BY = ("seated", "election")
LEVELS = (1, 2, 3, 4)
"""Coverage levels: a member; its headquarters, or who votes for it; who knows the lawmaker; who was in touch."""
LEVEL_WORD = {
    110: "a person's decision",
    100: "rooftop",
    80: "street level",
    75: "ZIP+4 or stated",
    70: "ZIP code",
}
"""How well a place is known, in words, by match level."""
HIGHEST_MATCH = max(LEVEL_WORD)
ALL_SILOS = "all"
"""The silo term that asks for every silo in every district."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The terms of a coverage statement; each is printed with every answer."""

    chamber: str = "both"
    """house, senate, or both: every chamber the map has."""
    basis: str = "any"
    """Which sites count: any, hq or service; a mailing address never does."""
    silo: str = ""
    """A silo's code; empty for all members together, "all" for every silo by itself."""
    of: str = ""
    """An association whose members are asked about; empty for this coalition."""
    unit: str = "org"
    """What counts once: org, or family (an organization and its affiliates)."""
    min_count: int = 1
    """Distinct organizations a district needs."""
    min_match: int = 80
    """The match level from which a place settles its district."""
    level: int = 1
    """The coverage level, 1 to 4."""
    map: str = ""
    """A map's code; empty for the pinned one, else the map of the day."""
    map_by: str = "seated"
    """How a day picks its map: who is seated, or which seat is on the ballot."""
    strict: bool = False
    """Districts that are only possible are undecided."""
    max_unassigned: int | None = None
    """More members than this without any district leave the rule undecided; None for any number."""

    def check(self) -> None:
        """Refuse a term that is none.

        Raises:
            InvalidValue: with the term and what it can be.
        """
        for name, value, allowed in (
            ("chamber", self.chamber, CHAMBERS),
            ("basis", self.basis, BASES),
            ("unit", self.unit, UNITS),
            ("map-by", self.map_by, MAP_BY),
            ("level", self.level, LEVELS),
        ):
            if value not in allowed:
                raise InvalidValue(name, value, "is unknown", f"one of: {', '.join(map(str, allowed))}")
        if not 0 <= self.min_match <= HIGHEST_MATCH:
            raise InvalidValue("min-match", self.min_match, "is no match level", f"from 0 to {HIGHEST_MATCH}")
        if self.min_count < 1:
            raise InvalidValue("min-count", self.min_count, "must be at least 1")
        if self.max_unassigned is not None and self.max_unassigned < 0:
            raise InvalidValue("max-unassigned", self.max_unassigned, "must not be negative")

    @property
    def text(self) -> str:
        """The terms that differ from the defaults: `chamber=house min-count=2`; `read` takes it back."""
        found = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value != each.default:
                shown = "yes" if value is True else str(value)
                quoted = f'"{shown}"' if " " in shown else shown
                found.append(f"{each.name.replace('_', '-')}={quoted}")
        return " ".join(found)

    @classmethod
    def read(cls, text: str) -> Rule:
        """The rule of a text such as `chamber=house silo=housing`.

        Raises:
            NotFound: there is no such term.
            InvalidValue: a term cannot have its value.
        """
        import shlex  # a check from cron has its terms as options

        try:
            words = shlex.split(text)
        except ValueError as error:
            raise InvalidValue("Terms", text, f"cannot be read: {error}") from None
        known = {each.name.replace("_", "-"): each.name for each in fields(cls)}
        values: dict[str, object] = {}
        for word in words:
            name, equals, value = word.partition("=")
            field = known.get(name.replace("_", "-"))
            if field is None or not equals:
                raise NotFound(f"coverage has no term {name}", f"its terms: {', '.join(known)}; such as chamber=house")
            values[field] = _typed(name, field, value)
        found = replace(cls(), **values)  # type: ignore[arg-type]  # each value has the type of its field
        found.check()
        return found

    def as_data(self) -> dict[str, object]:
        """Every term as plain data."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def _typed(name: str, field: str, value: str) -> object:
    if field in {"min_count", "min_match", "level", "max_unassigned"}:
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise InvalidValue(name, value, "is not a whole number")
        return int(value)
    if field == "strict":
        if value not in {"yes", "no"}:
            raise InvalidValue(name, value, "is neither yes nor no")
        return value == "yes"
    return value


def sentence(
    rule: Rule, chamber_name: str, confirmed: int, everything: int, day: str, map_code: str, association: str
) -> str:
    """A figure of a chamber as a statement with its terms; `day` is written out."""
    need = "at least one organization" if rule.min_count == 1 else f"at least {rule.min_count} organizations"
    verb = "has" if confirmed == 1 else "have"
    terms = terms_in_words(rule, day, map_code, association, several=rule.min_count > 1)
    return f"{confirmed} of {everything} {chamber_name} districts {verb} {need}{terms}"


def terms_in_words(rule: Rule, day: str, map_code: str, association: str, *, several: bool) -> str:
    """What must hold of an organization for it to count, after that word; of `several`, after organizations."""
    once = " (affiliates counted once)" if rule.unit == "family" else ""
    silo = f" of the silo {rule.silo}" if rule.silo and rule.silo != ALL_SILOS else ""
    was, has = ("were each a", "have") if several else ("was a", "has")
    whose = f" of {association}" if association else ""
    site = {"any": "a site", "hq": "headquarters", "service": "a service site"}[rule.basis]
    near = " where it also has its headquarters or somebody who may vote for it" if rule.level == 2 else ""
    level = LEVEL_WORD.get(rule.min_match)
    match = f"a match of {level} or better" if level else f"match level {rule.min_match} or better"
    ballot = ", which is that of the election," if rule.map_by == "election" and not rule.map else ","
    return (
        f"{once}{silo} that {was} member{whose} on {day} and {has} {site} inside the district{near}, on the map"
        f" {map_code}{ballot} with {match}."
    )
