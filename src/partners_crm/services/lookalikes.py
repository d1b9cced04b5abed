"""Whom a record looks like that is being typed: who is known already is named before a second one is saved.

Only a few records are compared, those that full-text search finds first under the words of the draft, and who is called
just so: the time hardly grows with the coalition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from partners_crm.model import Contact, ContactPoint, Identifier, Organization, OtherName, Site, Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.names import split_name
from partners_crm.normalize.text import fold
from partners_crm.services.duplicates import dismissed_pairs, said_of
from partners_crm.services.matching.bodies import name_of, place_of
from partners_crm.services.matching.coalition import Facts, as_records, facts_of, number_of, reached_by
from partners_crm.services.matching.weighing import Weights
from partners_crm.store.fulltext import Hit, found_first, mentions
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, count, tuples

LEAST = 0.1
"""The least score of who is named: an equal name alone is worth a word, a similar one is not."""
_SHOWN = 3
_OF_A_WORD = 60
"""Records that are looked at for one word of the draft."""
_WORDS = 3
_BEGINNING = 4
"""Letters of a word that are looked for: a slip of the pen seldom hits them."""


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A record that may be the one that is being typed."""

    entity: str
    id: int
    title: str
    score: float
    why: tuple[str, ...]
    """What speaks for it, in words."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is typed so far of an organization or of a contact."""

    table: type[Table]
    key: int | None
    """The record that is being changed, or that what is typed will hang on; None for a new one."""
    typed: Facts


def draft_of(db: Handle, table: type[Table], values: Mapping[str, Any], key: int | None = None) -> Draft | None:
    """What the fields of a form say of an organization or a contact; None where they say nothing to compare.

    `values` are texts, and numbers for links; `key` is the record that is being changed.
    """
    text = {name: str(value or "").strip() for name, value in values.items()}
    owner = values.get("organization")
    if table is Contact:
        full = text.get("name") or f"{text.get('given_name', '')} {text.get('family_name', '')}".strip()
        split = (text.get("given_name", ""), text.get("family_name", ""))
        return (
            Draft(Contact, key, Facts(full, [full], split if any(split) else split_name(full))) if fold(full) else None
        )
    if table in (Organization, OtherName):
        name = text.get("name", "")
        return Draft(Organization, key if table is Organization else owner, Facts(name, [name])) if fold(name) else None
    if table is Site:
        place = (text.get("street") or text.get("address", ""), text.get("city", ""), text.get("postal_code", ""))
        return Draft(Organization, owner, Facts(places=[place])) if place_of(*place).line.words else None
    if table is Identifier:
        number = number_of(text.get("value", ""))
        return Draft(Organization, owner, Facts(numbers={fold(text.get("system", "")): {number}})) if number else None
    return _reached(db, values, text) if table is ContactPoint else None


def _reached(db: Handle, values: Mapping[str, Any], text: Mapping[str, str]) -> Draft | None:
    from partners_crm.services.records import understood  # a name needs no phones to be understood

    raw = text.get("raw", "")
    kind = text.get("kind") or ("email" if "@" in raw else "phone")
    value = str(understood(ContactPoint, {"raw": raw, "kind": kind})["value"]) if raw and kind != "web" else ""
    if not value:
        return None
    typed = Facts(points={kind: {reached_by(kind, value)}})
    if values.get("contact") is not None:
        return Draft(Contact, values["contact"], typed)
    owner = values.get("organization")
    if owner is None and values.get("site") is not None:
        owner = next((key for (key,) in tuples(db, Site.select(Site.organization).where(Site.id == values["site"]))), 0)
    return Draft(Organization, owner, typed)


def lookalikes(db: Handle, draft: Draft, limit: int = _SHOWN) -> tuple[Lookalike, ...]:
    """Whom a draft looks like, the likeliest first; who is known to be another one is left out."""
    two = set() if draft.key is None else {key for pair in dismissed_pairs(db, draft.table, draft.key) for key in pair}
    own = Facts() if draft.key is None else facts_of(db, draft.table, [draft.key]).get(draft.key, Facts())
    found = set(_candidates(db, draft)) - two - own.apart - {draft.key}
    if not found:
        return ()
    facts = {key: each for key, each in facts_of(db, draft.table, sorted(found)).items() if draft.key not in each.apart}
    ids = list(facts)
    records = as_records(draft.table, [*facts.values(), _joined(own, draft.typed)], count(db, draft.table.select()))
    weights = Weights(records)
    pairs = [(place, len(ids)) for place in range(len(ids))]
    scored = sorted(zip(weights.judge(pairs), pairs, strict=True), key=lambda each: (-each[0], each[1]))
    listed = []
    for score, pair in scored[:limit]:
        speaking = sorted((each for each in weights.explain(pair) if each.weight > 0), key=lambda each: -each.weight)
        why = said_of(speaking)
        # A name that several have already is common, and says little: but who types it once more should know.
        if score >= LEAST or "same name" in why:
            key = ids[pair[0]]
            listed.append(Lookalike(draft.table.entity.name, key, facts[key].title, score, why))
    return tuple(listed)


def _joined(own: Facts, typed: Facts) -> Facts:
    """What is known of a record together with what is typed, which goes first."""
    return Facts(
        title=own.title or typed.title,
        names=typed.names or own.names,
        split=typed.split if any(typed.split) else own.split,
        places=[*typed.places, *own.places],
        points={
            kind: own.points.get(kind, set()) | typed.points.get(kind, set()) for kind in {*own.points, *typed.points}
        },
        numbers={
            **own.numbers,
            **{system: own.numbers.get(system, set()) | more for system, more in typed.numbers.items()},
        },
        organizations=own.organizations,
    )


# -------------------------------------------------------------------- who may be it


def _candidates(db: Handle, draft: Draft) -> Iterator[int]:
    """The ids of the records that share a word, a number, a place or a way to be reached with a draft.

    Of a name first who is called just so, then who has all its words, then who has one of them: there may be more of
    these than are looked at.
    """
    table, typed = draft.table, draft.typed
    named = (Organization, OtherName) if table is Organization else (Contact,)
    for name in typed.names:
        yield from _called(db, table, name)
        words = name_of(name).words if table is Organization else fold(" ".join(typed.split)).split()
        telling = sorted(words, key=len, reverse=True)[:_WORDS]
        for text in (" ".join(words), *(word[:_BEGINNING] for word in telling)):
            yield from _owners(db, table, found_first(db, text, _OF_A_WORD, named))
    for place in typed.places:
        line = place_of(*place).line
        yield from _owners(db, table, found_first(db, f"{line.number} {line.words[0]}", _OF_A_WORD, (Site,)))
    for values in typed.points.values():
        for value in values:
            yield from _owners(db, table, found_first(db, value, _OF_A_WORD, (ContactPoint,)))
    for numbers in typed.numbers.values():
        for number in numbers:
            # EINs are written with a hyphen, or without.
            for text in (number, f"{number[:2]} {number[2:]}"):
                yield from _owners(db, table, found_first(db, text, _OF_A_WORD, (Identifier,)))


def _called(db: Handle, table: type[Table], name: str) -> Iterator[int]:
    """Who is called just so."""
    field = table._meta.fields["name"]
    held = table.select(table.id).where(table.id.in_(mentions(db, table, name, prefix=False)))
    yield from (key for (key,) in tuples(db, held.where(peewee.fn.fold(field) == fold(name)).limit(_OF_A_WORD)))


def _owners(db: Handle, table: type[Table], hits: Sequence[Hit]) -> Iterator[int]:
    """The records of an entity that hits are, or hang on."""
    by_table: dict[type[Table], list[int]] = {}
    for hit in hits:
        by_table.setdefault(hit.table, []).append(hit.id)
    for found, ids in by_table.items():
        if found is table:
            yield from ids
            continue
        records = by_ids(db, found, ids).values()
        link = table.entity.name
        yield from (record[link] for record in records if record[link] is not None)
        if found is ContactPoint and table is Organization:
            sites = by_ids(db, Site, {record["site"] for record in records if record["site"] is not None})
            yield from (site.organization for site in sites.values())
