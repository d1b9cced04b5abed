"""The record types of plugins in a file of a whole coalition: what a line of one is, in the coalition that loads it.

The file carries the declarations, so that it can be loaded where no such plugin is installed. Where the coalition has
a type of that name already, its own declaration counts; what the file knows beyond it is added, and holds data that
nobody asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from partners_crm.errors import InvalidValue
from partners_crm.model import BY_NAME, ENTITIES, Setting, Table
from partners_crm.model.record_types import KeptType, kept_from_json, kept_json
from partners_crm.services.rows import Refusal
from partners_crm.store.open import Handle
from partners_crm.store.record_types import CORE, Types, is_free, types_of

_CORE = {table.entity.name: table for table in ENTITIES if table is not Setting}


class FileTypes:
    """What entities the lines of a file are of."""

    def __init__(self, db: Handle | None = None, declarations: Callable[[], None] | None = None) -> None:
        """The core's, and those of the coalition that loads it.

        `declarations` learns all that the file declares, once; record types may stand in any order, and behind their
        records.
        """
        self._db = db
        self._declarations = declarations
        types: Types = CORE if db is None else db.types
        self._kept = dict(types.installed)
        self._here = frozenset(self._kept)
        self._of_file: dict[str, tuple[str, str, Mapping[str, str]]] = {}
        """By the name that the file has for an entity: its plural there, its name here, and fields with other names."""
        self._tables = {table.entity.name: table for table in types.entities[len(ENTITIES) :]}
        self._lines: dict[int, dict[str, object]] = {}
        """The values of record types that were learnt, by line."""

    def names(self) -> list[str]:
        """The entities there are."""
        return [*_CORE, *self._of_file]

    def table(self, entity: object) -> type[Table] | None:
        """What a line of an entity is a record of; None where there is no such entity in the file."""
        if not isinstance(entity, str):
            return None
        if entity in _CORE:
            return _CORE[entity]
        if entity not in self._of_file:
            self._learn_all()
        found = self._of_file.get(entity)
        return None if found is None else self._tables[found[1]]

    def plural(self, entity: str) -> str:
        """The plural that the file has for an entity."""
        return _CORE[entity].entity.plural if entity in _CORE else self._of_file[entity][0]

    def renamed(self, entity: str) -> Mapping[str, str]:
        """The names here of fields that have another one in the file."""
        return {} if entity in _CORE else self._of_file[entity][2]

    def learn(self, number: int, values: dict[str, object]) -> None:
        """Take in the line of a record type; its values become those of the coalition that loads it.

        Raises:
            Refusal: it is no record type.
        """
        self._learn_all()
        if number in self._lines:
            values |= self._lines[number]
            return
        name, text = str(values["name"]), str(values["declaration"])
        try:
            kept = kept_from_json(text)
            if kept.name != name:
                raise InvalidValue("Declaration", name, "is that of another record type")
        except InvalidValue as error:
            raise Refusal("declaration", name, error.message) from None
        if {kept.name, kept.plural} & BY_NAME.keys():
            raise Refusal("name", name, "is the name of something that every coalition has")
        if name in self._of_file:
            raise Refusal("name", name, "stands in an earlier line already")
        here = self._same(kept)
        renames: dict[str, str] = {}
        if here is None:
            adopted = replace(kept, key=self._free(kept.key))
        else:
            adopted, renames = extended(here, kept)
        self._settle(kept, adopted)
        self._of_file[kept.name] = (kept.plural, adopted.name, renames)
        self._lines[number] = {"name": adopted.name, "declaration": text if adopted == kept else kept_json(adopted)}
        values |= self._lines[number]

    def _learn_all(self) -> None:
        if self._declarations is not None:
            learn, self._declarations = self._declarations, None
            learn()

    def _same(self, kept: KeptType) -> KeptType | None:
        """The type of the coalition that one of the file is."""
        found = self._kept.get(kept.name)
        if found is not None:
            return found
        for name in sorted(self._here):
            each = self._kept[name]
            ever = {before for before, _ in (*each.names_were, *kept.names_were)} | {each.name, kept.name}
            if each.plugin == kept.plugin and (each.key == kept.key or {each.key, kept.key} <= ever):
                return each
        return None

    def _free(self, key: str) -> str:
        free, number = key, 2
        taken = {each.key for each in self._kept.values()}
        while free in taken or (self._db is not None and not is_free(self._db, free)):
            free, number = f"{key}_{number}", number + 1
        return free

    def _settle(self, kept: KeptType, adopted: KeptType) -> None:
        texts = {name: kept_json(each) for name, each in {**self._kept, adopted.name: adopted}.items()}
        types = types_of(texts)
        if adopted.name in types.broken:
            raise Refusal("declaration", kept.name, "links to an entity that is not there", "export it again")
        self._kept[adopted.name] = adopted
        self._tables = {table.entity.name: table for table in types.entities[len(ENTITIES) :]}


def extended(here: KeptType, other: KeptType) -> tuple[KeptType, dict[str, str]]:
    """A declaration with what another one of the same type knows beyond it; and that one's fields with other names."""
    columns = {here.column(name): name for name in here.all_fields}
    gone, own_columns, renames = dict(here.gone), dict(here.columns), dict[str, str]()
    fields = dict(here.type.fields)
    for name, each in other.all_fields.items():
        known = columns.get(other.column(name), name if name in here.all_fields else "")
        if not known:
            gone[name] = replace(each, unique=False, how=replace(each.how, required=False))
            column, number = other.column(name), 2
            while column in columns or column in here.spent:
                column, number = f"{other.column(name)}_{number}", number + 1
            columns[column] = name
            if column != name:
                own_columns[name] = column
            continue
        if known != name:
            renames[name] = known
        mine = fields.get(known) or gone[known]
        codes = dict(mine.how.choices)
        more = tuple(pair for pair in each.how.choices if pair[0] not in codes)
        if more and mine.how.kind == "choice":
            target = fields if known in fields else gone
            target[known] = replace(mine, how=replace(mine.how, choices=(*mine.how.choices, *more)))
    found = replace(here, type=replace(here.type, fields=fields), gone=gone, columns=own_columns)
    return found, renames
