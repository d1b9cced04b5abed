"""What a name in a query stands for: ways from an entity, over its relations, to what is asked of a record there.

The names of an entity, in the order in which they win: its declared fields, the fields that the coalition added, its
short relations, its steps, how many of them there are, and what can be asked of every entity. A dotted name follows
steps: `site.city` of an organization, `organization.silo` of a contact.
"""

# ruff: noqa: ARG002  # every facet is given what any of them needs
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from partners_crm.errors import QueryError
from partners_crm.model import ENTITIES, Contact, District, Membership, Organization, Silo, Site, Table
from partners_crm.normalize.text import few, fold
from partners_crm.store.custom import fields_of
from partners_crm.store.queries.asked import Asked, Condition, any_of, both, did_you_mean, negated, spelled, unlike
from partners_crm.store.queries.facets import (
    Facet,
    FieldFacet,
    KeyFacet,
    OwnFacet,
    Suggested,
    TitleFacet,
    begun,
    nothing,
)
from partners_crm.store.queries.grammar import field_name
from partners_crm.store.queries.more import (
    ActorFacet,
    CountFacet,
    DistrictFacet,
    JournalFacet,
    PointFacet,
    SiloFacet,
    read_district,
)
from partners_crm.store.queries.own_words import word_of, words_of
from partners_crm.store.queries.phrasing import a_or_an, either
from partners_crm.store.queries.steps import Entities, Hop, Step, lasting, steps
from partners_crm.store.queries.tree import Term, Value
from partners_crm.store.queries.words import WordFacet, places

MAX_STEPS = 3
"""Relations that one name follows."""

SHORT: Mapping[type[Table], Mapping[str, str]] = {
    Organization: {
        "status": "membership.status",
        "program": "service_line",
        "city": "site.city",
        "zip": "site.postal_code",
        "address": "site.address",
        "district": "site.district",
    },
    Contact: {"title": "role.title"},
    Site: {"zip": "postal_code", "program": "service_line"},
    Silo: {"program": "service_line"},
}
"""Names that people type for what has a longer one."""
ALIASES = {"program": "service_line"}
"""Names of steps that people type for the entity's own one."""
POINTS = ("phone", "email", "web")
JOURNAL = {
    "added": "when it was added, by the journal",
    "changed": "when it was changed, by the journal",
    "by": "who wrote to it",
}
ABOUT = {
    "has": "that there is any of a field or a relation",
    "is": "a mark of the record",
    "saved": "the query of a saved search",
    "id": "its number",
    **JOURNAL,
}
"""Names that every entity has."""
_COMMON = (
    *("name", "title", "status", "silo", "district", "tag", "association", "organization", "contact", "site", "city"),
    *("phone", "email", "kind", "since"),
)
"""Names that people ask for most: an error lists them before the others."""
_LISTED = 12
"""Names that an error lists at most."""
_OWN_LISTED = 4
"""Fields of the coalition's own among them."""


@dataclass(frozen=True)
class Way:
    """Links to follow, and what is asked of the records they lead to."""

    hops: tuple[Hop, ...]
    facet: Facet

    def condition(self, asked: Asked, value: Value | None, as_of: str, *, is_open: bool) -> Condition:
        """The condition on the records at its beginning; of no value, that anything is given.

        Raises:
            QueryError: the value means nothing.
        """
        facet = self.facet
        found = facet.given(asked) if value is None else self.meant(asked, value, is_open=is_open)
        if not self.hops:
            return nothing() if found is None else found
        return _before(self.hops, found, self.asks_for(as_of), asked)

    def meant(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The condition on the records at its end; what it can be is told of the way, not of its end alone.

        Raises:
            QueryError: the value means nothing.
        """
        facet, absent = self.facet, self.is_absent_by
        if type(facet) is TitleFacet and self.hops and self.hops[-1].link != facet.table.entity.name:
            # Not every organization is an association: of such a link only what it leads to is proposed.
            return facet.condition_among(asked, value, self._linked(), is_open=is_open)
        try:
            return facet.condition(asked, value, is_open=is_open)
        except QueryError:
            if not absent or not isinstance(facet, FieldFacet):
                raise
            raise unlike(facet.name, value.text, {**facet.choices, absent: absent}) from None

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Values that begin so; over a link, those that are linked to."""
        facet, among = self.facet, self._linked()
        if type(facet) is not TitleFacet or among is None:
            return facet.suggest(asked, prefix, most)
        return facet.suggest_among(asked, prefix, most, among)

    def _linked(self) -> Any:
        """A select of the ids that its last link leads to; None where the link leads back, or there is none."""
        last = self.hops[-1] if self.hops else None
        if last is None or last.is_back:
            return None
        link = last.table._meta.fields[last.link]
        return last.table.select(link).where(link.is_null(False))

    def asks_for(self, as_of: str) -> str:
        """The date its relations are asked for: who asks for their dates, or for a word, means all of them."""
        facet = self.facet
        asks_for_dates = isinstance(facet, FieldFacet) and facet.name in {"since", "until"}
        return "ever" if (asks_for_dates or isinstance(facet, WordFacet)) and not as_of else as_of

    @property
    def is_absent_by(self) -> str:
        """The value that says there is no such record at all, "" where none does."""
        tied = len(self.hops) == 1 and self.hops[0].table is Membership and self.hops[0].is_back
        return "none" if tied and self.facet.name == "status" else ""

    def is_absence(self, value: Value, *, is_open: bool = False) -> bool:
        """Whether a value is the word for having none, however it is spelled: `status:none`; typed, begins so."""
        absent, wanted = self.is_absent_by, spelled(value.text)
        return bool(absent and wanted) and (absent.startswith(wanted) if is_open else absent == wanted)


def _before(hops: Sequence[Hop], condition: Condition | None, as_of: str, asked: Asked) -> Condition:
    """The condition before links, from the one behind them: one select over them all, which begins at the far end."""
    first = hops[0]
    begin: type[Table] = first.table.links()[first.link] if first.is_back else first.table
    # Where each link leads; the last is the entity itself, which the condition is on.
    places: list[Any] = [hop.target.alias() for hop in hops[:-1]] + [hops[-1].target]
    holding = [] if condition is None else [condition]
    query: Any = None
    for number in range(len(hops) - 1, -1, -1):
        hop, behind = hops[number], places[number]
        before = places[number - 1] if number else None
        if hop.is_back:
            link = getattr(behind, hop.link)
            holds = lasting(hop.table, as_of, asked.today, behind)
            holding += [link.is_null(False), *([] if holds is None else [holds])]
            query = behind.select() if query is None else query
            if before is not None:
                query = query.join(before, on=(link == before.id))
            else:
                return begin.id.in_(query.select(link).where(both(holding)))
        elif before is not None:
            query = (behind.select() if query is None else query).join(
                before, on=(getattr(before, hop.link) == behind.id)
            )
        else:
            link = begin._meta.fields[hop.link]
            if query is None and condition is None:
                return link.is_null(False)
            query = behind.select() if query is None else query
            query = query.select(behind.id)
            return both([link.is_null(False), link.in_(query.where(both(holding)) if holding else query)])
    raise AssertionError("a way without links")


@dataclass(frozen=True)
class Field:
    """What a name stands for on an entity."""

    name: str
    ways: tuple[Way, ...]
    """A record is meant by any of them."""

    def condition(self, asked: Asked, term: Term) -> Condition:
        """The condition that a term means: one of its values, by one of the ways.

        Raises:
            QueryError: a value means nothing.
        """
        return any_of([self._of(asked, term, value) for value in term.values]) if term.values else nothing()

    def _of(self, asked: Asked, term: Term, value: Value) -> Condition:
        asked.spend()
        is_open = term.is_open and value is term.values[-1]
        if is_open and not fold(value.text):
            return nothing()
        if self._is_absence(value, is_open):
            return negated(any_of([way.condition(asked, None, "ever", is_open=False) for way in self.ways]))
        return any_of([way.condition(asked, value, term.as_of, is_open=is_open) for way in self.ways])

    def settled(self, asked: Asked, term: Term) -> Term:
        """A term without its last value, while that is typed and chooses nothing yet.

        Raises:
            QueryError: it cannot become a value.
        """
        if not term.is_open or not term.values:
            return term
        last = term.values[-1]
        if self._is_absence(last, True):
            return term
        chosen = (way.meant(asked, last, is_open=True) for way in self.ways)
        if fold(last.text) and all(each is not nothing() for each in chosen):
            return term
        return replace(term, values=term.values[:-1], is_open=False)

    def _is_absence(self, value: Value, is_open: bool) -> bool:
        return any(way.is_absence(value, is_open=is_open) for way in self.ways)

    def given(self, asked: Asked, as_of: str) -> Condition:
        """The condition that a record has anything here."""
        return any_of([way.condition(asked, None, as_of, is_open=False) for way in self.ways])

    def behind(self, hops: tuple[Hop, ...]) -> Field:
        """The same from an entity that links lead from."""
        return Field(self.name, tuple(replace(way, hops=(*hops, *way.hops)) for way in self.ways))


# -------------------------------------------------------------------- whether at all


@dataclass(frozen=True)
class HasFacet(Facet):
    """Whether there is anything of a field or a relation: has:site, has:phone, has:note."""

    as_of: str = ""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """Anything of what the value names."""
        try:
            return self.of(asked, value).given(asked, self.as_of)
        except QueryError as error:
            if is_open and begun([(name, "") for name, _ in self.names(asked)], value.text):
                return nothing()
            raise QueryError(f"has cannot be {value.text}", error.hint) from None

    def of(self, asked: Asked, value: Value) -> Field:
        """What the value names."""
        name = field_name(value.text.strip().replace(" ", "_"))
        if name in ABOUT:
            name = "has." + name
        try:
            return resolve(asked, self.table, name)
        except QueryError as error:
            if "." in name:
                raise
            known = _listed(asked, self.table, [name for name, _ in self.names(asked)])
            raise QueryError(error.message, f"it can be: {known}") from None

    def names(self, asked: Asked) -> Iterator[tuple[str, str]]:
        """What there can be any of."""
        return ((name, about) for name, about in names_of(asked, self.table) if name not in ABOUT)

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """With it, or without."""
        nouns = [a_or_an(_noun_of(self.of(asked, each))) for each in values]
        return f"{'without' if negated else 'with'} {either(nouns)}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Relations and fields."""
        return begun(list(self.names(asked)), prefix)


def _noun_of(field: Field) -> str:
    facet = field.ways[0].facet
    if isinstance(facet, PointFacet):
        return {"phone": "phone", "email": "e-mail address", "web": "web address"}[facet.kind]
    return field.name.rpartition(".")[2].replace("_", " ") if isinstance(facet, TitleFacet) else facet.noun


@dataclass(frozen=True)
class IsFacet(Facet):
    """A mark of a record: is:archived, is:do_not_contact."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The mark is set."""
        how = self.table.declarations()
        return any_of(
            [FieldFacet(self.table, name, how[name]).given(asked) for name in self._named(asked, value, is_open)]
        )

    def marks(self) -> dict[str, str]:
        """The field that says each mark."""
        how = self.table.declarations()
        flags = {name.removeprefix("is_"): name for name, each in how.items() if each.kind == "flag"}
        flags |= {name: name for name, each in how.items() if each.kind == "flag"}
        return {"archived": "archived_on", **flags} if "archived_on" in how else flags

    def _named(self, asked: Asked, value: Value, is_open: bool) -> list[str]:
        wanted = spelled(value.text)
        marks = self.marks()
        found = [name for word, name in marks.items() if spelled(word) == wanted]
        if not found and is_open:
            found = [name for word, name in marks.items() if spelled(word).startswith(wanted)]
        if not found:
            known = ", ".join(marks)
            hint = f"it can be: {known}" if known else f"{self.table.entity.plural} have no marks"
            raise QueryError(f"is cannot be {value.text}", hint)
        return list(dict.fromkeys(found))

    def given(self, asked: Asked) -> Condition | None:
        """Any mark."""
        return nothing()

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """That are archived; marked so."""
        words = [word for each in values for word in self._named(asked, each, True)]
        if words == ["archived_on"]:
            return f"that {'are' if plural else 'is'}{' not' if negated else ''} archived"
        labels = [self.table.declarations()[name].label for name in words]
        return f"{'not ' if negated else ''}marked {either([f'“{label.lower()}”' for label in labels])}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Marks."""
        how = self.table.declarations()
        return begun([(word, how[name].label) for word, name in self.marks().items()], prefix)

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The mark, or when it was put away."""
        found: dict[int, str] = {}
        for name in [name for each in values for name in self._named(asked, each, True)]:
            how = self.table.declarations()[name]
            for key, text in FieldFacet(self.table, name, how).said(asked, ids, values).items():
                found[key] = f"archived on {text}" if name == "archived_on" else f"{how.label.lower()}: {text}"
        return found


@dataclass(frozen=True)
class TieFacet(Facet):
    """A record that has no name but those of what it ties."""

    def _ways(self) -> list[Way]:
        return [
            Way((Hop(self.table, name, False),), titled(target, name))
            for name, target in self.table.links().items()
            if target.entity.title
        ]

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """Something it ties is called so."""
        found, unknown = [], []
        for way in self._ways():
            try:
                # What one end does not know may be at the other; what chooses nothing there yet is nothing it knows.
                if is_open or way.facet.condition(asked, value, is_open=True) is not nothing():
                    found.append(way.condition(asked, value, "", is_open=True))
            except QueryError as error:
                unknown.append(error)
        if not found:
            raise unknown[0] if unknown else QueryError(f"{self.name} has no names", f"ask for what {self.name} ties")
        return any_of(found)

    def naming(self, asked: Asked, values: Sequence[Value]) -> str:
        """By what it ties."""
        words = either([f"“{each.text}”" for each in values])
        return f"{a_or_an(self.table.entity.name.replace('_', ' '))} of {words}"

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """Said of itself."""
        return f"{'not ' if negated else ''}of {either([f'“{each.text}”' for each in values])}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """What it can tie."""
        return [one for way in self._ways() for one in way.facet.suggest(asked, prefix, most)]


# -------------------------------------------------------------------- names


def resolve(asked: Asked, table: type[Table], name: str, as_of: str = "") -> Field:
    """What a name stands for on an entity; "" is a free word.

    Raises:
        QueryError: it stands for nothing.
    """
    if not name:
        return Field("", tuple(Way(hops, WordFacet(last, "")) for hops, last in places(table)))
    if name.count(".") > MAX_STEPS:
        raise QueryError(f"{name} follows more than {MAX_STEPS} relations", "write a name with fewer points")
    found = _resolved(asked, table, name.split("."), as_of)
    if found is None:
        raise _unknown(asked, table, name)
    return Field(name, found.ways)


def field_of(asked: Asked, table: type[Table], term: Term) -> Field:
    """What the name of a term stands for.

    Raises:
        QueryError: it stands for nothing; of a district, such as hd:12, the hint says how it is asked for.
    """
    try:
        return resolve(asked, table, term.field, term.as_of)
    except QueryError as error:
        path, _, last = term.field.rpartition(".")
        texts = [f"{last.replace('_', '-')}:{value.text}" for value in term.values]
        if not texts or not all(map(read_district, texts)):
            raise
        names = [f"{path}{'.' if path else ''}{name}" for name in ("district", "organization.district")]
        known = next((name for name in names if _resolved(asked, table, name.split("."), "") is not None), "")
        if not known:
            raise
        raise QueryError(error.message, f"write {known}:{','.join(texts)}") from None


def _resolved(asked: Asked, table: type[Table], names: Sequence[str], as_of: str) -> Field | None:
    head, rest = names[0], names[1:]
    if not rest:
        return _own(asked, table, head, as_of)
    step = step_of(table, head, asked.db.entities)
    if step is None:
        return _brought(asked, table, rest[0], head) if len(rest) == 1 else None
    found = _resolved(asked, step.target, rest, as_of)
    return None if found is None else found.behind(step.hops)


def step_of(table: type[Table], name: str, entities: Entities = ENTITIES) -> Step | None:
    """The step that a name before a point means."""
    known = steps(table, entities)
    return known.get(name) or known.get(ALIASES.get(name, ""))


def _own(asked: Asked, table: type[Table], name: str, as_of: str) -> Field | None:
    """What one name without points stands for."""
    if (how := table.declarations().get(name)) is not None and how.kind != "link":
        found: Field | None = Field(name, (Way((), FieldFacet(table, name, how)),))
    elif (own := next((each for each in fields_of(asked.db, table) if each.key == name), None)) is not None:
        found = Field(name, (Way((), OwnFacet(table, name, own)),))
    elif (longer := SHORT.get(table, {}).get(name)) is not None:
        found = _resolved(asked, table, longer.split("."), as_of)
    elif name in POINTS and (ways := _points(table, name)):
        found = Field(name, ways)
    elif name in table.links():
        found = _titled(table, steps(table)[name], by_key=True)
    elif (step := step_of(table, name, asked.db.entities)) is not None:
        found = _titled(table, step, by_key=False)
    elif (step := counted(table, asked.db.entities).get(name)) is not None:
        found = Field(name, (Way((), CountFacet(table, name, step)),))
    else:
        found = _of_every(table, name, as_of) or _brought(asked, table, name)
    if found is None:
        return None
    # Errors and sentences call it as it was typed.
    return Field(
        name, tuple(replace(way, facet=replace(way.facet, name=name)) if _by_name(way) else way for way in found.ways)
    )


def _by_name(way: Way) -> bool:
    return isinstance(way.facet, TitleFacet | TieFacet | PointFacet)


def _brought(asked: Asked, table: type[Table], name: str, owner: str = "") -> Field | None:
    facet = word_of(asked, table, name, owner)
    return None if facet is None else Field(name, (Way((), facet),))


def _of_every(table: type[Table], name: str, as_of: str) -> Field | None:
    if name == "id":
        return Field(name, (Way((), KeyFacet(table, name)),))
    if name == "saved":
        # It compiles queries, which are made of these fields.
        from partners_crm.store.queries.saved import SavedFacet

        return Field(name, (Way((), SavedFacet(table, name)),))
    facets: dict[str, Facet] = {
        "has": HasFacet(table, "has", as_of),
        "is": IsFacet(table, "is"),
        "added": JournalFacet(table, "added"),
        "changed": JournalFacet(table, "changed"),
        "by": ActorFacet(table, "by"),
    }
    return Field(name, (Way((), facets[name]),)) if name in facets else None


def titled(table: type[Table], name: str, *, by_key: bool = False) -> Facet:
    """What names the records of an entity."""
    title = table.entity.title
    if not title:
        return TieFacet(table, name)
    if table is District:
        return DistrictFacet(table, name, by_key)
    if table is Silo:
        return SiloFacet(table, name, by_key)
    how = table.declarations()[title]
    return TitleFacet(table, name, by_key) if how.kind == "text" else FieldFacet(table, title, how)


def _titled(_table: type[Table], step: Step, *, by_key: bool) -> Field:
    return Field(step.name, (Way(step.hops, titled(step.target, step.name, by_key=by_key)),))


def _points(table: type[Table], name: str) -> tuple[Way, ...]:
    """The ways to the ways to reach somebody: its own, and those of its sites."""
    known = steps(table)
    if "contact_point" not in known or not known["contact_point"].hops[0].is_back:
        return ()
    hops = [known["contact_point"].hops]
    if "site" in known and known["site"].hops[0].is_back:
        hops.append((*known["site"].hops, *steps(Site)["contact_point"].hops))
    target = known["contact_point"].target
    return tuple(Way(each, PointFacet(target, name, name)) for each in hops)


@cache
def counted(table: type[Table], entities: Entities = ENTITIES) -> dict[str, Step]:
    """The names of how many there are, with what is counted."""
    return {step.plural: step for step in steps(table, entities).values() if step.plural}


def names_of(asked: Asked, table: type[Table]) -> list[tuple[str, str]]:
    """Every name without points that an entity has in queries, with what it is; the short relations first."""
    found = {name: longer.replace("_", " ") for name, longer in SHORT.get(table, {}).items()}
    found |= dict.fromkeys(points_of(table), "a way to reach it")
    entities = asked.db.entities
    relations = {name: step.target.entity.about for name, step in steps(table, entities).items()}
    short = [
        name for name in relations if name in {"silo", "tag", "association", "organization", "contact", "identifier"}
    ]
    found |= {name: relations[name] for name in short if name not in found}
    for name, how in table.declarations().items():
        found.setdefault(name, how.help or how.label)
    for own in fields_of(asked.db, table):
        found.setdefault(own.key, own.help or own.label)
    for name, about in relations.items():
        found.setdefault(name, about)
    for name, step in counted(table, entities).items():
        found.setdefault(name, f"how many: {step.name.replace('_', ' ')}")
    for name, about in ABOUT.items():
        found.setdefault(name, about)
    return list(found.items())


def points_of(table: type[Table]) -> tuple[str, ...]:
    """The kinds of ways to reach somebody that an entity, or a site of it, can have."""
    return tuple(name for name in POINTS if _points(table, name))


def fixed_names(table: type[Table], entities: Entities = ENTITIES) -> frozenset[str]:
    """What a query on an entity may name by itself, without the coalition's own fields."""
    # Sites could have fields of these names before a query knew them; such a field wins.
    points = () if table is Site else points_of(table)
    related = (*steps(table, entities), *counted(table, entities))
    return frozenset((*SHORT.get(table, {}), *table.declarations(), *points, *related, *ABOUT))


def _unknown(asked: Asked, table: type[Table], name: str) -> QueryError:
    """Which part of a name stands for nothing, and what could be meant."""
    names = name.split(".")
    for part in names[:-1]:
        step = step_of(table, part, asked.db.entities)
        if step is None:
            plural = table.entity.plural.replace("_", " ")
            relations = _listed(asked, table, list(steps(table, asked.db.entities))) or "none"
            hint = f"known relations: {relations}; of the plugin {part}, if there is one: partners plugins list"
            return QueryError(f"{name}: {plural} have no relation {part}", hint)
        table = step.target
    plural = table.entity.plural
    known = [*(each for each, _ in names_of(asked, table)), *(each.name for each in words_of(asked, table))]
    like = did_you_mean(names[-1], {name: name for name in known})
    hint = f"{like}{'; ' if like else ''}known fields: {_listed(asked, table, known)}"
    return QueryError(f"{plural} have no field {names[-1]}", hint)


def _listed(asked: Asked, table: type[Table], names: Sequence[str]) -> str:
    """The names that people ask for most, then some that the coalition added, and how many more there are."""
    own = [each.key for each in fields_of(asked.db, table) if each.key in names][:_OWN_LISTED]
    places = {name: place for place, name in enumerate(_COMMON)}
    usual = sorted((name for name in names if name not in own), key=lambda name: places.get(name, len(places)))
    rest = _LISTED - len(own)
    return few([*usual[:rest], *own, *usual[rest:]], _LISTED)
