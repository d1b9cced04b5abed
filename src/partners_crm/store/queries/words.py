"""Where a free word is looked for: in the text of a record, and of what hangs on it.

Of organizations and contacts that is named here; of any other entity it is its own text, and that of the records it
cannot be without. When a relation held does not matter: who asks for a word wants to find it.
"""

# ruff: noqa: ARG002  # every facet is given what any of them needs
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from partners_crm.model import Contact, Organization, Site, Table, is_private
from partners_crm.normalize.text import fold
from partners_crm.store.fulltext import mentions
from partners_crm.store.indexed import around
from partners_crm.store.queries.asked import Asked, Condition
from partners_crm.store.queries.facets import Facet, shown
from partners_crm.store.queries.phrasing import either, quoted
from partners_crm.store.queries.steps import Hop, steps
from partners_crm.store.queries.tree import Value
from partners_crm.store.read import by_ids, called

_LOOKED_AT: dict[type[Table], tuple[str, ...]] = {
    Organization: (
        "other_name",
        "identifier",
        "site",
        "contact_point",
        "site.contact_point",
        "role",
        "contact",
        "tag",
        "service_line",
        "membership",
        "custom_value",
    ),
    Contact: ("role", "organization", "contact_point", "tag", "custom_value"),
    Site: ("organization", "contact_point", "custom_value"),
}
_WHERE = frozenset({"name", "address", "unit", "city", "state", "postal_code", "street"})
"""Fields of a site that say where it is: a word in one of them is shown with the others."""


@cache
def places(table: type[Table]) -> tuple[tuple[tuple[Hop, ...], type[Table]], ...]:
    """The links that lead to the records whose text is looked at, with their entity; the record itself first."""
    found: list[tuple[tuple[Hop, ...], type[Table]]] = [((), table)]
    needed = tuple(name for name in table.links() if table.declarations()[name].required)
    for path in _LOOKED_AT.get(table, needed):
        hops: tuple[Hop, ...] = ()
        here = table
        for name in path.split("."):
            step = steps(here)[name]
            hops, here = (*hops, *step.hops), step.target
        found.append((hops, here))
    return tuple(found)


@dataclass(frozen=True)
class WordFacet(Facet):
    """The text of a record."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """A word begins so, or the words stand so in a row."""
        prefix = is_open or not value.is_quoted
        return self.table.id.in_(mentions(asked.db, self.table, value.text, prefix=prefix))

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """What is mentioned."""
        words = either([quoted(each.text) for each in values])
        if negated:
            return f"that {'do' if plural else 'does'} not mention {words}"
        return f"that {'mention' if plural else 'mentions'} {words}"

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The texts in which the words stand."""
        found = {}
        wanted = [fold(each.text) for each in values]
        for key, record in by_ids(asked.db, self.table, ids).items():
            texts = [
                (name, text)
                for name, how in self.table.declarations().items()
                if how.kind in {"text", "note"} and not is_private(how) and (text := shown(how, record[name]))
            ]
            held = [(name, text) for name, text in texts if any(word in fold(text) for word in wanted)]
            if held:
                shortest_last = sorted(dict.fromkeys(text for _, text in held), key=len, reverse=True)
                # A given name says nothing beside the name that holds it.
                said = [text for text in shortest_last if not any(text in one and text != one for one in shortest_last)]
                found[key] = ", ".join(around(text, wanted) for text in said)
                if isinstance(record, Site) and all(name in _WHERE for name, _ in held):
                    found[key] = called(record)
        return found
