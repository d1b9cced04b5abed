"""The terms of a coverage statement: what is asked, as values, as text, and as words of the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from partners_crm.errors import InvalidValue
from partners_crm.services.rule_terms import SWITCH, RuleTerm, quoted, read_terms, written

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
    """The terms of a coverage statement; each is printed with every answer.

    They are declared here alone: `TERMS`, the options of the command and the terms of the check are made from them.
    """

    chamber: str = field(default="both", metadata={"about": "the districts of which chamber", "allowed": CHAMBERS})
    """house, senate, or both: every chamber the map has."""
    basis: str = field(
        default="any",
        metadata={
            "about": "which sites count",
            "allowed": BASES,
            "option": "which sites count (a mailing address never does)",
        },
    )
    """Which sites count: any, hq or service; a mailing address never does."""
    silo: str = field(
        default="",
        metadata={"about": f"organizations of one silo; {ALL_SILOS}: every silo by itself", "metavar": "CODE"},
    )
    """A silo's code; empty for all members together, "all" for every silo by itself."""
    of: str = field(
        default="", metadata={"about": "the members of an association instead of ours", "metavar": "ASSOCIATION"}
    )
    """An association whose members are asked about; empty for this coalition."""
    unit: str = field(
        default="org", metadata={"about": "family: affiliates of one parent count once", "allowed": UNITS}
    )
    """What counts once: org, or family (an organization and its affiliates)."""
    min_count: int = field(default=1, metadata={"about": "organizations a district needs", "metavar": "N"})
    """Distinct organizations a district needs."""
    min_match: int = field(default=80, metadata={"about": "match level that settles a district", "metavar": "N"})
    """The match level from which a place settles its district."""
    level: int = field(
        default=1,
        metadata={
            "about": "1 a member, 2 at home there",
            "allowed": tuple(map(str, LEVELS)),
            "option": "1 a member, 2 at home there, 3, 4 (later)",
        },
    )
    """The coverage level, 1 to 4."""
    map: str = field(
        default="",
        metadata={
            "about": "the district map; empty: the pinned one, else that of the day",
            "metavar": "CODE",
            "option": "the district map (default: pinned, else of the date)",
        },
    )
    """A map's code; empty for the pinned one, else the map of the day."""
    map_by: str = field(default="seated", metadata={"about": "how a day picks its map", "allowed": MAP_BY})
    """How a day picks its map: who is seated, or which seat is on the ballot."""
    strict: bool = field(
        default=False,
        metadata={
            "about": "districts that are only possible are undecided",
            "allowed": SWITCH,
            "option": "districts that are only possible are undecided (exit 3)",
        },
    )
    """Districts that are only possible are undecided."""
    max_unassigned: int | None = field(
        default=None,
        metadata={
            "about": "more members without any district are undecided; empty: any number",
            "metavar": "N",
            "option": "more members without a district: exit 3",
        },
    )
    """More members than this without any district leave the rule undecided; None for any number."""

    def check(self) -> None:
        """Refuse a term that is none.

        Raises:
            InvalidValue: with the term and what it can be.
        """
        for term, value in zip(TERMS, self.as_terms().values(), strict=True):
            if term.allowed:
                term.refuse(value)
        if not 0 <= self.min_match <= HIGHEST_MATCH:
            raise InvalidValue("min-match", self.min_match, "is no match level", f"from 0 to {HIGHEST_MATCH}")
        if self.min_count < 1:
            raise InvalidValue("min-count", self.min_count, "must be at least 1")
        if self.max_unassigned is not None and self.max_unassigned < 0:
            raise InvalidValue("max-unassigned", self.max_unassigned, "must not be negative")

    @property
    def text(self) -> str:
        """The terms that differ from the defaults: `chamber=house min-count=2`; `read` takes it back."""
        return written(TERMS, self.as_terms())

    @property
    def options(self) -> str:
        """The terms that differ from the defaults, as `partners coverage` takes them: `--chamber house --strict`."""
        words = []
        for term, value in zip(TERMS, self.as_terms().values(), strict=True):
            if value != term.default:
                # A value that begins like an option has to hang on its own.
                given = "" if term.is_switch else f"{'=' if value.startswith('-') else ' '}{quoted(value)}"
                words.append(f"--{term.name}{given}")
        return " ".join(words)

    @classmethod
    def read(cls, text: str) -> Rule:
        """The rule of a text such as `chamber=house silo=housing`.

        Raises:
            NotFound: there is no such term.
            InvalidValue: a term cannot have its value, or is given twice.
        """
        return cls.of_terms(read_terms("coverage", TERMS, text))

    @classmethod
    def of_terms(cls, values: Mapping[str, str]) -> Rule:
        """The rule of every term's text, by the terms' names.

        Raises:
            InvalidValue: a term cannot have its value.
        """
        typed = {term.field: _typed(term, values[term.name]) for term in TERMS}
        found = cls(**typed)  # type: ignore[arg-type]  # each value has the type of its field
        found.check()
        return found

    def as_terms(self) -> dict[str, str]:
        """Every term as text, by its name."""
        return {term.name: _as_text(getattr(self, term.field)) for term in TERMS}

    def as_data(self) -> dict[str, object]:
        """Every term as plain data."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def _as_text(value: object) -> str:
    return SWITCH[value] if isinstance(value, bool) else "" if value is None else str(value)


def _typed(term: RuleTerm, value: str) -> object:
    if term.is_number:
        return int(value) if value else None
    return value == "yes" if term.is_switch else value


TERMS = tuple(
    RuleTerm(
        each.name.replace("_", "-"),
        default=_as_text(each.default),
        is_number=each.default is None or type(each.default) is int,
        **each.metadata,
    )
    for each in fields(Rule)
)
"""Every term of a rule, in the order of its fields; a field without a default of its own is a number."""


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
