"""What every entity has: an integer key, a uid that survives export, and the operation that last wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self

from partners_crm.model.fields import Declared, Visibility, declared, is_private
from partners_crm.model.orm import peewee


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """How an entity is called and which of its fields names a record."""

    name: str
    """Singular, as typed in commands: "organization"."""
    plural: str
    """Plural, as typed in commands: "organizations"."""
    title: str
    """The field whose value names a record to a person; "" when a record is named by its links alone."""
    about: str
    """One sentence for the reference page."""
    not_by_hand: str = ""
    """Where its records are not added, edited or deleted one by one: what to do instead."""
    searched: bool = False
    """Whether its text is found by full-text search."""
    visibility: Visibility = "everyone"
    """Who may see its records at all."""
    plugin: str = ""
    """The plugin that declared it; "" for one of the core's."""
    kept_as: str = ""
    """What the journal calls it, and its table in the database, where that is not its name: it was renamed."""

    @property
    def key(self) -> str:
        """What the journal calls it: the name it had first."""
        return self.kept_as or self.name


class Table(peewee.Model):
    """An unbound table. Its instances are sealed records: they cannot change or save themselves."""

    id = peewee.AutoField()
    uid = peewee.TextField(unique=True)
    version = peewee.IntegerField()

    entity: ClassVar[EntityInfo]

    class Meta:
        """Tables are named by their entity and never bound to a database."""

        legacy_table_names = False
        strict_tables = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__dict__["_sealed"] = True

    @classmethod
    def sealed(cls, values: dict[str, Any]) -> Self:
        """A record of every stored value by field name, many times cheaper than the constructor; it keeps `values`."""
        record = cls.__new__(cls)
        # What peewee's constructor would set, without an attribute at a time.
        record.__dict__.update(__data__=values, __rel__={}, _dirty=set(), _sealed=True)
        return record

    def __setattr__(self, name: str, value: object) -> None:
        if name[0] != "_" and "_sealed" in self.__dict__:
            raise AttributeError(
                f"a {type(self).entity.name} is a sealed record: change it with changes.update(record, {name}=...)"
            )
        super().__setattr__(name, value)

    @classmethod
    @cache
    def declarations(cls) -> dict[str, Declared]:
        """Every declared field, by name, in the order of declaration."""
        return {name: how for name, field in cls._meta.fields.items() if (how := declared(field)) is not None}

    @classmethod
    @cache
    def kept_keys(cls) -> dict[str, str]:
        """What the journal calls the fields that were renamed, by the name each has now; empty for the core's."""
        return {
            name: field.kept_as for name, field in cls._meta.fields.items() if getattr(field, "kept_as", name) != name
        }

    @classmethod
    @cache
    def private(cls) -> frozenset[str]:
        """The fields whose values are not for everyone: all where the records are not, and links to such records."""
        if cls.entity.visibility != "everyone":
            return frozenset(cls.declarations())
        hidden = {name for name, target in cls.links().items() if target.entity.visibility != "everyone"}
        return frozenset(name for name, how in cls.declarations().items() if is_private(how) or name in hidden)

    @classmethod
    @cache
    def links(cls) -> dict[str, type[Table]]:
        """The fields that point to other records, with the entity each points to."""
        return {
            name: cls._meta.fields[name].rel_model for name, how in cls.declarations().items() if how.kind == "link"
        }

    def __getitem__(self, name: str) -> Any:
        """The value of a field by its name."""
        return self.__data__[name]

    def stored(self) -> dict[str, Any]:
        """Every stored value by field name, in the order of declaration, bookkeeping fields first."""
        return {name: self.__data__.get(name) for name in self._meta.sorted_field_names}
