"""Words of the query language that the core does not have: who brings them is asked, by value, for the ids they mean.

Nothing here knows where a word comes from. Whoever asks hands a source over (`words`), and it is asked only when a
query names something that neither the core nor the coalition knows, and for the completion.
"""

# ruff: noqa: ARG002  # every facet is given what any of them needs
from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from partners_crm.errors import PartnersError, PluginError, QueryError
from partners_crm.model import Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import fold, tidy
from partners_crm.store.queries.asked import Asked, Condition, near
from partners_crm.store.queries.facets import NounFacet, Suggested, begun, is_or_not, nothing
from partners_crm.store.queries.grammar import field_name
from partners_crm.store.queries.phrasing import either, quoted
from partners_crm.store.queries.tree import Value


class WordFailed(QueryError, PluginError):
    """Who brings a word failed at finding what it means: the query does not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWord:
    """A word of somebody else's: `contested:yes`."""

    name: str
    """As it is typed; `acme.contested` with whose it is in front."""
    entity: str
    """Whose queries know it, in the singular: organization."""
    label: str
    """What it is in a sentence: contested lanes."""
    find: Callable[[str], Sequence[int]]
    """The ids of the records that have a value; raises `QueryError` for one that is none."""
    values: Callable[[], Iterable[str]] | None = None
    """What can be asked for; None where that is not told."""
    owner: str
    """Who brings it: the plugin."""
    help: str = ""

    @property
    def full_name(self) -> str:
        """With whose it is: acme.contested."""
        return f"{field_name(self.owner)}.{field_name(self.name)}"


def word_of(asked: Asked, table: type[Table], name: str, owner: str = "") -> OwnWordFacet | None:
    """What brought word a name stands for on an entity; None where nobody brings it.

    Raises:
        QueryError: two bring it, and the name does not say which is meant.
    """
    found = [
        each
        for each in words_of(asked, table)
        if field_name(each.name) == name and (not owner or field_name(each.owner) == owner)
    ]
    if len(found) > 1:
        whose = " and ".join(each.owner for each in found)
        raise QueryError(f"{name} is a word of {whose}", f"write {' or '.join(f'{each.full_name}:' for each in found)}")
    return OwnWordFacet(table, name, found[0]) if found else None


def words_of(asked: Asked, table: type[Table]) -> list[OwnWord]:
    """The brought words of an entity, in the order of their full names."""
    found = [each for each in asked.words() if each.entity == table.entity.name]
    return sorted(found, key=lambda each: each.full_name)


@dataclass(frozen=True)
class OwnWordFacet(NounFacet):
    """A brought word of an entity; what each value means is asked for once in a query."""

    word: OwnWord

    @property
    def noun(self) -> str:
        """Its label: whose NOUN is “yes”."""
        label = tidy(self.word.label) or self.name.replace("_", " ")
        return label[:1].lower() + label[1:]

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The ids that it means; a value that is being typed chooses nothing before it is one.

        Raises:
            QueryError: it is no value of the word.
            WordFailed: who brings it failed.
        """
        if is_open and self._is_begun(value.text):
            return nothing()
        try:
            ids = json.dumps(list(self._ids(asked, value.text)))
        except WordFailed:
            raise
        except QueryError:
            if is_open and self.word.values is None:
                return nothing()  # it may become one
            raise
        # As one text: there may be more of them than a statement takes values.
        return self.table.id.in_(peewee.SQL("(SELECT value FROM json_each(?))", [ids]))

    def _is_begun(self, text: str) -> bool:
        """Whether a text could become a value that is told, and is none yet."""
        if self.word.values is None:
            return False
        wanted, known = fold(text), [fold(each) for each in self._told()]
        return wanted not in known and any(each.startswith(wanted) for each in known)

    def _ids(self, asked: Asked, text: str) -> Sequence[int]:
        key = (self.word.full_name, text)
        if key not in asked.meant:
            try:
                asked.meant[key] = tuple(self.word.find(text))
            except QueryError as error:
                raise QueryError(
                    error.message or f"{self.name} cannot be {text}", error.hint or self._near(text)
                ) from None
            except PluginError as error:
                raise WordFailed(error.message, error.hint) from None
            except PartnersError as error:
                raise QueryError(f"{self.name}: {error.message}", error.hint) from None
        return asked.meant[key]

    def _told(self) -> tuple[str, ...]:
        """The values that who brings it tells.

        Raises:
            WordFailed: who brings it failed.
        """
        try:
            return tuple(self.word.values()) if self.word.values is not None else ()
        except PartnersError as error:
            raise WordFailed(error.message, error.hint) from None

    def _near(self, text: str) -> str:
        return near(text, self._told())

    def given(self, asked: Asked) -> Condition | None:
        """Refused: a brought word is asked by its values alone.

        Raises:
            QueryError: always.
        """
        raise QueryError(f"{self.name} is asked for a value", f"such as {self._example()}")

    def _example(self) -> str:
        return f"{self.name}:{next(iter(self._told()), 'yes')}"

    def says(self, asked: Asked, values: Sequence[Value], *, negated: bool) -> str:
        """It is one of the values."""
        return f"{is_or_not(negated)} {either([quoted(each.text) for each in values])}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """The values that who brings it tells; none where that fails."""
        try:
            found = begun([(each, "") for each in self._told()], prefix)[:most]
        except WordFailed:
            return []
        return [(each, f"by {self.word.owner}") for each, _ in found]

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The values that a record has of those that were asked for."""
        found: dict[int, list[str]] = {}
        for value in values:
            meant = frozenset(self._ids(asked, value.text))
            for key in ids:
                if key in meant:
                    found.setdefault(key, []).append(value.text)
        return {key: ", ".join(texts) for key, texts in found.items()}


__all__ = ["OwnWord", "OwnWordFacet", "WordFailed", "word_of", "words_of"]
