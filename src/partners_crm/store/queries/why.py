"""Why a record is in the list of a query, or why it is not: for each term whether it holds, and what shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from partners_crm.model import SiloShare, Table
from partners_crm.normalize.text import few
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Asked, Condition, Words, no_words
from partners_crm.store.queries.facets import FieldFacet, KeyFacet, OwnFacet, TitleFacet
from partners_crm.store.queries.fields import HasFacet, Way, resolve
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.own_words import OwnWordFacet
from partners_crm.store.queries.selecting import compiled, leaves_archived_out, selected
from partners_crm.store.queries.steps import Hop, lasting
from partners_crm.store.queries.tree import Term, Value, terms_of
from partners_crm.store.queries.words import WordFacet
from partners_crm.store.read import by_id, by_ids, called, parts, title_of, tuples

MOST = 3
"""Records that one reason names."""
_FOLLOWED = 5000
"""Records that are followed over a link."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a query and a record."""

    term: str
    """As it was typed, with its minus; `-is:archived` where the query does not ask for what was archived."""
    holds: bool
    """Whether the record fulfils it, its minus counted in."""
    evidence: str
    """What of the record shows it, in a few words."""


@dataclass(frozen=True, slots=True)
class Why:
    """Whether a record is in the list of a query, and why."""

    title: str
    """What the record is called."""
    is_listed: bool
    reasons: tuple[Reason, ...]


def explained(
    db: Handle,
    table: type[Table],
    text: str,
    record_id: int,
    *,
    map_code: str,
    today: date,
    words: Words = no_words,
) -> Why:
    """Whether a record is in the list of a query, with a reason for each of its terms.

    Raises:
        QueryError: the query does not run.
        NotFound: there is no such record.
    """
    asked, tree = Asked(db, map_code, today, words=words), parse(text)
    record = by_id(db, table, record_id)
    is_listed = bool(tuples(db, selected(asked, table, tree).where(table.id == record_id)))
    reasons = [_reason(asked, table, text, term, record_id, negated=negated) for term, negated in terms_of(tree)]
    if leaves_archived_out(table, tree) and record["archived_on"]:
        reasons.append(Reason("-is:archived", False, f"archived on {record['archived_on']}"))
    return Why(title_of(record), is_listed, tuple(reasons))


def _reason(asked: Asked, table: type[Table], text: str, term: Term, record_id: int, *, negated: bool) -> Reason:
    inner = replace(asked, spent=[0])
    is_so = bool(tuples(asked.db, table.select(table.id).where((table.id == record_id) & compiled(inner, table, term))))
    field = resolve(inner, table, term.field, term.as_of)
    found: dict[str, None] = {}
    for way in field.ways:
        if is_so:
            found |= dict.fromkeys(_shown(inner, way, term, record_id, term.values))
        elif term.field:
            found |= dict.fromkeys(_shown(inner, way, term, record_id, ()))
    evidence = few(list(found), MOST) or _without(term, is_so)
    written = text[term.start : term.end]
    return Reason(f"-{written}" if negated else written, is_so != negated, evidence)


def _without(term: Term, is_so: bool) -> str:
    if not term.field:
        return "it is mentioned" if is_so else "nothing here mentions it"
    if term.field == "saved":
        return "in that list" if is_so else "not in that list"
    if term.field in {"has", "is"}:
        words = " or ".join(value.text.replace("_", " ") for value in term.values)
        verb = "it has" if term.field == "has" else "it is"
        return f"{verb} {words}" if is_so else f"{'no' if term.field == 'has' else 'not'} {words}"
    if term.field == "status":
        return "without a membership"
    return "so it is" if is_so else f"no {term.field.replace('_', ' ').replace('.', ' ')}"


def _shown(asked: Asked, way: Way, term: Term, record_id: int, values: Sequence[Value]) -> list[str]:
    """What a record has at the end of a way: what fulfils the values, or all that is there where none are given."""
    facet, hops = way.facet, way.hops
    as_of = way.asks_for(term.as_of)
    if isinstance(facet, HasFacet):
        return _had(asked, facet, term, record_id) if values else []
    ends = _followed(asked, hops, record_id, as_of)
    ids = list(dict.fromkeys(ends))
    if values:
        ids = _among(asked, way, ids, values)
    said = facet.said(asked, ids, values or term.values)
    if isinstance(facet, WordFacet):
        return [_mention(way, text) for text in said.values()]
    if not hops:
        return [_own(way, text) for text in said.values()]
    if isinstance(facet, TitleFacet):
        weights = _weights(asked, hops, record_id, ends)
        return [f"{text}{weights.get(key, '')}" for key, text in said.items() if text]
    names = {key: called(record) for key, record in by_ids(asked.db, facet.table, list(said)).items()}
    if isinstance(facet, FieldFacet) and facet.name == facet.table.entity.title:
        entity = facet.table.entity.name.replace("_", " ")
        return [f"its {entity} is {text.lower() if facet.how.kind == 'choice' else text}" for text in said.values()]
    return [_of(names.get(key, ""), facet.noun, text) for key, text in said.items()]


def _had(asked: Asked, facet: HasFacet, term: Term, record_id: int) -> list[str]:
    """What there is of the fields and relations that `has` names."""
    found = []
    for value in term.values:
        for way in facet.of(asked, value).ways:
            given = way.facet.given(asked)
            ids = _followed(asked, way.hops, record_id, facet.as_of)
            ids = ids if given is None else _passing(asked, way, ids, given)
            said = way.facet.said(asked, ids[:MOST], ())
            found += list(said.values())
    return [text for text in found if text]


def _own(way: Way, text: str) -> str:
    plain = isinstance(way.facet, FieldFacet | OwnFacet | KeyFacet | OwnWordFacet)
    return f"its {way.facet.noun} is {text}" if plain else text


def _of(name: str, noun: str, text: str) -> str:
    return text if not name or name == text else f"{name}: {noun} {text}"


def _mention(way: Way, text: str) -> str:
    if not way.hops:
        return f"it says {text}"
    entity = way.facet.table.entity.name.replace("_", " ")
    return f"{entity}: {text}"


def _followed(asked: Asked, hops: Sequence[Hop], record_id: int, as_of: str) -> list[int]:
    """The ids of the records that links lead to from a record, as far as the relations hold."""
    ids = [record_id]
    for hop in hops:
        link = hop.table._meta.fields[hop.link]
        found: dict[int, None] = {}
        for some in parts(ids):
            if hop.is_back:
                query = hop.table.select(hop.table.id).where(link.in_(some))
                holds = lasting(hop.table, as_of, asked.today)
                query = query if holds is None else query.where(holds)
            else:
                query = hop.table.select(link).where(hop.table.id.in_(some) & link.is_null(False))
            found |= dict.fromkeys(key for (key,) in tuples(asked.db, query.order_by(hop.table.id).limit(_FOLLOWED)))
        ids = list(found)[:_FOLLOWED]
    return ids


def _among(asked: Asked, way: Way, ids: Sequence[int], values: Sequence[Value]) -> list[int]:
    """Those of the ids that fulfil one of the values."""
    condition: Condition = None
    for value in values:
        if way.is_absence(value):
            continue
        one = way.facet.condition(asked, value, is_open=False)
        condition = one if condition is None else condition | one
    return [] if condition is None else _passing(asked, way, ids, condition)


def _passing(asked: Asked, way: Way, ids: Sequence[int], condition: Condition) -> list[int]:
    table = way.facet.table
    rows = [
        row
        for some in parts(ids)
        for row in tuples(asked.db, table.select(table.id).where(table.id.in_(some) & condition))
    ]
    passed = {key for (key,) in rows}
    return [key for key in ids if key in passed]


def _weights(asked: Asked, hops: Sequence[Hop], record_id: int, ends: Sequence[int]) -> dict[int, str]:
    """Of silos, how much of the record is in each: " 60 %"."""
    if len(hops) < 2 or hops[-2].table is not SiloShare or len(hops) > 2 or not ends:
        return {}
    link = SiloShare._meta.fields[hops[-2].link]
    rows = tuples(asked.db, SiloShare.select(SiloShare.silo, SiloShare.weight).where(link == record_id))
    return {silo: f" {weight * 100:.0f} %" for silo, weight in rows if weight is not None}
