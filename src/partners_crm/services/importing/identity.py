"""Who a row is about: the organization it names, by its numbers first, then by its name, then by what else agrees.

A name alone is enough where nothing speaks against it. What speaks against it: another number of the same system; or
another town, when the row has a phone of its own and none of it is the known one's. A name in another spelling is
taken for the same only when a phone, a mail address or a street address agrees as well, and the words differ in no
more than an abbreviation or a letter; anything less is said, and left to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from partners_crm.normalize.spelling import ALIKE, likeness, same_by_spelling
from partners_crm.services.importing.keys import number_clue
from partners_crm.services.importing.known import Facts, Known
from partners_crm.services.importing.prepare import Prepared
from partners_crm.services.importing.steps import Ref


@dataclass(frozen=True, slots=True)
class Found:
    """The organization a row is about."""

    ref: Ref | None
    """None: one that is not known."""
    said: str = ""
    """What should be said about it, as the end of a sentence about the name."""
    serious: bool = False


_NOBODY = Found(None)


def who(row: Prepared, known: Known, *, tells_sites: bool) -> Found:
    """The organization a row names; `tells_sites` where the file has a column for the sites of one.

    The row has a name.
    """
    name = row.organization["name"]
    named = known.led_to(row.name_clue)
    for system, value in row.numbers:
        for ref in known.led_to(number_clue(system, value)):
            if ref in named or not any(same_by_spelling(name, other) for other in known.facts[ref].names):
                return Found(
                    ref,
                    ""
                    if ref in named
                    else f"has the {_system(system)} of an organization of another name; kept as a further name of it",
                )
            return Found(ref)
    if named:
        return _named(row, known, named, tells_sites=tells_sites)
    return _alike(row, known)


def _system(system: str) -> str:
    return "EIN" if system == "ein" else "id"


def _named(row: Prepared, known: Known, named: list[Ref], *, tells_sites: bool) -> Found:
    name = row.organization["name"]
    agreeing = [ref for ref in named if not _other_number(row, known.facts[ref])]
    if not agreeing:
        system = _other_number(row, known.facts[named[0]])
        return Found(
            None, f"has another {_system(system)} than the {name} known so far; added as an organization of its own"
        )
    scored = sorted(agreeing, key=lambda ref: -_agreement(row, known.facts[ref]))
    best = scored[0]
    if tells_sites or _agreement(row, known.facts[best]) or not _elsewhere(row, known.facts[best]):
        return Found(best)
    town = row.site["city"] if row.site else ""
    return Found(
        None, f"is the name of one in another town; in {town} it was added as an organization of its own", serious=True
    )


def _other_number(row: Prepared, facts: Facts) -> str:
    """The system by whose numbers a row is about another organization; "" when none says so."""
    for system, value in row.numbers:
        if facts.numbers.get(system) and number_clue(system, value) not in facts.numbers[system]:
            return system
    return ""


def _agreement(row: Prepared, facts: Facts) -> int:
    """How many kinds of things a row shares with an organization."""
    return sum(
        (
            not facts.phones.isdisjoint(row.phones),
            not facts.mails.isdisjoint(row.mails),
            not facts.places.isdisjoint(row.places),
            row.town in facts.towns,
        )
    )


def _elsewhere(row: Prepared, facts: Facts) -> bool:
    """Whether a row is of another town, with phones of its own that are not the organization's."""
    is_other_town = row.town and facts.towns and row.town not in facts.towns
    return bool(is_other_town and row.phones and facts.phones and facts.phones.isdisjoint(row.phones))


def _alike(row: Prepared, known: Known) -> Found:
    name = row.organization["name"]
    pointed = _NOBODY
    for what, clues in (("phone", row.phones), ("mail address", row.mails), ("street address", row.places)):
        for ref in _led(known, clues):
            facts = known.facts.get(ref)
            if facts is None or _other_number(row, facts):
                continue
            for other in sorted(facts.names):
                if same_by_spelling(name, other):
                    return Found(ref, f"is taken for {other}, which has the same {what}; kept as a further name of it")
                if not pointed.said and likeness(name, other) >= ALIKE:
                    pointed = Found(
                        None,
                        f"may be the same as {other}, which has the same {what}; added as an organization of its own",
                    )
    return pointed


def _led(known: Known, clues: Iterable[str]) -> list[Ref]:
    found: list[Ref] = []
    for clue in clues:
        found += [ref for ref in known.led_to(clue) if ref not in found]
    return found
