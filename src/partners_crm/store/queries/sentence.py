"""What a query means, in plain words: one sentence, the same for the same query and the same names."""

from __future__ import annotations

from datetime import date

from partners_crm.model import District, Silo, Table
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Asked, Words, no_words
from partners_crm.store.queries.facets import FieldFacet, TitleFacet, is_or_not
from partners_crm.store.queries.fields import TieFacet, Way, resolve
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.phrasing import a_or_an, either
from partners_crm.store.queries.selecting import leaves_archived_out, selected
from partners_crm.store.queries.steps import Hop, steps
from partners_crm.store.queries.tree import All, Either, Node, Not, Term


def sentence_of(
    db: Handle, table: type[Table], text: str, *, map_code: str, today: date, words: Words = no_words
) -> str:
    """What a query means: organizations in the silo Housing, whose membership is not lapsed.

    That archived records are left out is said of the query that means all the others.

    Raises:
        QueryError: the query does not run.
    """
    asked, tree = Asked(db, map_code, today, words=words), parse(text)
    selected(asked, table, tree)
    plural = table.entity.plural.replace("_", " ")
    if tree == All(()):
        return f"all {plural}{' that are not archived' if leaves_archived_out(table, tree) else ''}"
    return f"{plural} {clause_of(asked, table, tree)}"


def clause_of(asked: Asked, table: type[Table], tree: Node) -> str:
    """What a query says of its records; "" where it says nothing."""
    parts = tree.parts if isinstance(tree, All) else (tree,)
    return ", ".join(_clause(asked, table, part, negated=False) for part in parts)


def _clause(asked: Asked, table: type[Table], node: Node, *, negated: bool, is_inner: bool = False) -> str:
    """A part of the tree, as said of records; a negation is carried to the terms."""
    if isinstance(node, Term):
        return term_clause(asked, table, node, negated=negated)
    if isinstance(node, Not):
        return _clause(asked, table, node.of, negated=not negated, is_inner=is_inner)
    words = [_clause(asked, table, part, negated=negated, is_inner=True) for part in node.parts]
    if isinstance(node, Either) == negated:
        joined = " and ".join(words)
        return f"({joined})" if is_inner and len(words) > 1 else joined
    joined = f"either {' or '.join(words)}"
    return f"({joined})" if is_inner else joined


def term_clause(asked: Asked, table: type[Table], term: Term, *, negated: bool, plural: bool = True) -> str:
    """A term, as said of records.

    Raises:
        QueryError: it names something unknown.
    """
    way = resolve(asked, table, term.field, term.as_of).ways[0]
    when = _when(term.as_of)
    if any(map(way.is_absence, term.values)):
        others = tuple(value for value in term.values if not way.is_absence(value))
        words = f"{'with' if negated else 'without'} any membership"
        if others:
            rest = _way(asked, table, way, Term(term.field, others, term.as_of), negated=negated, plural=plural)
            words = f"{words} {'and' if negated else 'or'} {rest}"
        return words + when
    return _way(asked, table, way, term, negated=negated, plural=plural) + when


def _when(as_of: str) -> str:
    if as_of in {"", "ever"}:
        return " at any time" if as_of else ""
    return f" {'on' if len(as_of) == len('2011-07-14') else 'in'} {as_of}"


def _way(asked: Asked, table: type[Table], way: Way, term: Term, *, negated: bool, plural: bool) -> str:
    """Links to follow and what is asked at their end: with a site whose city contains “alton”."""
    facet, values = way.facet, term.values
    if not way.hops or facet.noun in {"phone", "email", "web"}:
        return facet.clause(asked, values, negated=negated, plural=plural)
    noun, link, rest = _first_step(asked, table, way.hops)
    target = way.hops[len(way.hops) - len(rest) - 1].target
    named = "" if rest else facet.naming(asked, values)
    if link:
        return _linked(asked, target, Way(rest, facet), term, link, named, negated=negated)
    if named:
        return _with_named(way, named, noun, negated=negated)
    if not rest and isinstance(facet, FieldFacet) and facet.name == target.entity.title and facet.how.kind == "choice":
        return f"whose {noun} {is_or_not(negated)} {either(facet.codes(values, is_open=True))}"
    inner = _way(asked, target, Way(rest, facet), term, negated=False, plural=False)
    return f"{'without' if negated else 'with'} {a_or_an(noun)} {inner}"


def _linked(asked: Asked, target: type[Table], way: Way, term: Term, link: str, named: str, *, negated: bool) -> str:
    """Over a link of the record itself, of which there is one."""
    if named:
        return f"whose {link} {is_or_not(negated)} {named}"
    inner = _way(asked, target, way, term, negated=False, plural=False)
    return f"whose {link} {is_or_not(negated)} one {inner}"


def _with_named(way: Way, named: str, noun: str, *, negated: bool) -> str:
    facet = way.facet
    if facet.table in {Silo, District}:
        return f"{'not ' if negated else ''}in {named}"
    if isinstance(facet, TitleFacet) and noun != facet.noun:
        # An organization that is an association is called by what it is here.
        named = (
            named.replace(facet.noun, noun, 1)
            .replace(f"a {noun}", a_or_an(noun), 1)
            .replace(f"an {noun}", a_or_an(noun), 1)
        )
    if isinstance(facet, TieFacet):
        noun = facet.noun
    return f"{'without' if negated else 'with'} {named}"


def _first_step(asked: Asked, table: type[Table], hops: tuple[Hop, ...]) -> tuple[str, str, tuple[Hop, ...]]:
    """(noun, name of a link, the hops behind) of the step that hops begin with; "" where it is no link."""
    known = sorted(steps(table, asked.db.entities).values(), key=lambda step: -len(step.hops))
    for step in known:
        if hops[: len(step.hops)] == step.hops:
            rest = hops[len(step.hops) :]
            if step.hops[0].is_back:
                noun, by, link = step.name.replace("_", " ").partition(" by ")
                return f"{noun} that names it as {link}" if by else noun, "", rest
            return "", step.name.replace("_", " "), rest
    hop = hops[0]  # a tie whose name is taken: service line, then silo
    return hop.table.entity.name.replace("_", " "), "", hops[1:]
