"""Who a row is about: the organization it names, by its numbers first, then by its name, then by what else agrees.

A name alone is enough where nothing speaks against it. What speaks against it: another number of the same system; or
another town (another ZIP code, where no town is known), when the row has a phone of its own and none of it is the
known one's. A name in another spelling is taken for the same only when a phone, a mail address or a street address
agrees as well, and the words differ in no more than an abbreviation or a letter left out, doubled or swapped; where a
letter stands for another, two of these have to agree. Anything less is said, and left to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from partners_crm.normalize.spelling import ALIKE, Difference, difference, likeness, same_by_spelling
from partners_crm.normalize.text import fold
from partners_crm.services.importing.keys import number_clue, uid_clue
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
    for ref in known.led_to(uid_clue(row.uid)) if row.uid else ():
        return Found(ref)
    named = known.led_to(row.name_clue)
    said = _NOBODY
    for system, value in row.numbers:
        found = _numbered(row, known, system, value, named)
        if found is not None and found.ref is not None:
            return found
        said = said if found is None or said.said else found
    found = _named(row, known, named, tells_sites=tells_sites) if named else _alike(row, known)
    return replace(found, said=said.said, serious=True) if said.said and not found.serious else found


def _numbered(row: Prepared, known: Known, system: str, value: str, named: list[Ref]) -> Found | None:
    """The organization that a number of a row leads to; None where it leads to none.

    An EIN is the organization. The ids of two lists may be the same by chance: one that leads to another name counts
    where something else agrees, or where the row says nothing that could.
    """
    name = row.organization["name"]
    led = known.led_to(number_clue(system, value))
    if not led:
        return None
    if by_name := [ref for ref in led if ref in named]:
        return Found(by_name[0])
    for ref in led:
        if any(same_by_spelling(name, other) for other in known.facts[ref].names):
            return Found(ref)
    said = f"has the {_system(system)} of an organization of another name"
    for ref in led:
        if _agreement(row, known.facts[ref]) or _shares_contact(row, known, ref):
            return Found(ref, f"{said}; kept as a further name of it")
    if system == "ein" or not (named or _says_more(row)):
        return Found(led[0], f"{said}, and nothing else agrees; kept as a further name of it", serious=True)
    other = min(known.facts[led[0]].names)
    end = "the name counts" if named else "added as an organization of its own"
    return Found(None, f"{said} ({other}), and nothing else agrees; {end}", serious=True)


def _shares_contact(row: Prepared, known: Known, ref: Ref) -> bool:
    names = (person.contact.get("name", "") for person in row.people)
    return any(known.contact(ref, fold(name)) is not None for name in names if name)


def _says_more(row: Prepared) -> bool:
    """Whether a row says anything beside its name that tells organizations apart."""
    return bool(row.phones or row.mails or row.places or row.town or row.people)


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
    place = (row.site["city"] or row.site["postal_code"]) if row.site else ""
    what = "town" if row.town and known.facts[best].towns else "ZIP code"
    said = f"is the name of one in another {what}; in {place} it was added as an organization of its own"
    return Found(None, said, serious=True)


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


def _proofs(row: Prepared, facts: Facts) -> int:
    """The same without the town, which many share."""
    return _agreement(row, facts) - (row.town in facts.towns)


def zip_of(row: Prepared) -> str:
    """The ZIP code of a row's site, five digits of it; "" for none."""
    return row.site["postal_code"][:5] if row.site else ""


def _elsewhere(row: Prepared, facts: Facts) -> bool:
    """Whether a row is of another town, with phones of its own that are not the organization's."""
    if row.town and facts.towns:
        is_other_town = row.town not in facts.towns
    else:
        # A list without a column of towns has ZIP codes at best.
        is_other_town = bool(zip_of(row) and facts.zips and zip_of(row) not in facts.zips)
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
                how = difference(name, other)
                # A letter that stands for another may make another name: one switchboard is not enough then.
                if how <= Difference.SLIP or (how < Difference.OTHER and _proofs(row, facts) > 1):
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
