"""What a merge does to everything that hangs on the two records, worked out in memory; nothing is written here.

The relations are those of the declarations, over all entities. They are followed in the order of `Handle.entities`, in
which a record stands after what it points to: where a site is folded into another one, what hangs on it is met later
and follows. Each entity is read with a few statements, however many records there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from partners_crm.errors import ConfigError, InvalidValue
from partners_crm.model import CustomValue, DistinctPair, OtherName, Site, Table
from partners_crm.normalize.spelling import LITTLE_WORDS
from partners_crm.normalize.text import fold
from partners_crm.services.merging import mending
from partners_crm.services.merging.fields import Chosen, choose
from partners_crm.services.merging.rules import (
    MERGEABLE,
    RULES,
    Same,
    agree,
    canonical,
    combined,
    is_exact,
)
from partners_crm.services.records import derive_site
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, parts, records, where

Row = dict[str, Any]
_NEVER = Same(lambda _values: None)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that is not carried over, because what it says would say nothing."""

    table: type[Table]
    id: int
    why: str


class Working:
    """The merge of one pair: what the records were, and what they will be."""

    def __init__(self, db: Handle, table: type[Table], keep: int, lose: int, takes: Mapping[str, str]) -> None:
        """Read the pair.

        Raises:
            ConfigError: records of this entity are not merged, or the two are one.
            NotFound: one of them does not exist, or a field that was decided.
            InvalidValue: a decision about a field cannot be, or the sites are of two organizations.
        """
        _refuse(table, keep, lose)
        self.db = db
        self.table = table
        self.keep: Row = by_id(db, table, keep).stored()
        self.lose: Row = by_id(db, table, lose).stored()
        if table is Site and self.keep["organization"] != self.lose["organization"]:
            raise InvalidValue(
                "Site", lose, "is a site of another organization", "merge the organizations, or move the site first"
            )
        self.takes = dict(takes)
        self.chosen: Chosen = choose(db, table, self.keep, self.lose, takes)
        self.into: dict[type[Table], dict[int, int]] = {table: {lose: keep}}
        """Of every entity the records that go, and into which each does; those that are dropped are not here."""
        self.before: dict[type[Table], dict[int, Row]] = {table: {keep: self.keep, lose: self.lose}}
        """Every record that was looked at, as it is."""
        self.now: dict[type[Table], dict[int, Row]] = {table: {}}
        """As it will be; those that go as they are."""
        self.moved: dict[type[Table], dict[int, tuple[str, ...]]] = {}
        """The records whose links pointed to one that goes, and those links; those that are folded too."""
        self.dropped: list[Dropped] = []
        self.distinct: str | None = None
        """Why the two were declared not the same; None where nobody did."""
        self.mended: list[str] = list(self.chosen.said)
        self.to_place: set[int] = set()
        """Sites whose districts are to be asked anew."""
        self.new_name: tuple[str, str] | None = None
        """A further name the survivor gets, and its kind."""

    def run(self) -> Working:
        """Follow every relation."""
        for table in self.db.entities:
            links = {name: target for name, target in table.links().items() if self.into.get(target)}
            if links:
                self._relate(table, links)
        mending.mend(self)
        self._keep_name()
        return self

    # ---------------------------------------------------------------- one entity

    def _relate(self, table: type[Table], links: Mapping[str, type[Table]]) -> None:
        rule = RULES.get(table, _NEVER)
        own = {self.keep["id"], self.lose["id"]} if table is self.table else set()
        rows = {key: row for key, row in self._read(table, links).items() if key not in own}
        self.before.setdefault(table, {}).update(rows)
        now = self.now.setdefault(table, {})
        held: dict[Hashable, list[int]] = {}
        going = {}
        for key, row in rows.items():
            pointing = tuple(name for name, target in links.items() if row[name] in self.into[target])
            if pointing:
                going[key] = pointing
            else:
                now[key] = dict(row)
                self._hold(held, rule, key, row)
        if going:
            self.moved[table] = going
        for key, pointing in going.items():
            values = dict(rows[key])
            values |= {name: self.into[links[name]][values[name]] for name in pointing}
            values = canonical(table, values)
            if not self._drop(table, rule, key, values):
                self._fold_or_move(table, rule, held, key, values)

    def _fold_or_move(
        self, table: type[Table], rule: Same, held: dict[Hashable, list[int]], key: int, values: Row
    ) -> None:
        now, rows = self.now[table], self.before[table]
        identity = rule.by(values)
        found = held.get(identity, ()) if identity is not None else ()
        for other in sorted(found, key=lambda each: not is_exact(rule, now[each], values)) if rule.exact else found:
            # Two that hung on the same record before were two on purpose, or not for this merge to judge.
            if self._same_links(table, rows[other], rows[key]) or not agree(rule, now[other], values):
                continue
            if rule.exact and self._has_one_beside(table, rule, other, key):
                continue
            self.into.setdefault(table, {})[key] = other
            self._fold(table, rule, other, values)
            return
        now[key] = values
        self._hold(held, rule, key, values)

    def _has_one_beside(self, table: type[Table], rule: Same, other: int, key: int) -> bool:
        """Whether one that hung on the same record as this one, and is another one, was folded into it already."""
        rows = self.before[table]
        folded = (rows[lost] for lost, kept in self.into.get(table, {}).items() if kept == other)
        return any(self._same_links(table, row, rows[key]) and not is_exact(rule, row, rows[key]) for row in folded)

    def _fold(self, table: type[Table], rule: Same, other: int, values: Row) -> None:
        now = self.now[table]
        after = combined(table, rule, now[other], values)
        if table is CustomValue and self._side_of(values) == "other":
            after["value"] = values["value"]
        if table is Site:
            after |= {name: value for name, value in derive_site(after).items() if name in {"street", "address_note"}}
            if any(after[name] != now[other][name] for name in mending.PLACED_BY):
                self.to_place.add(other)
        now[other] = after

    def _hold(self, held: dict[Hashable, list[int]], rule: Same, key: int, values: Row) -> None:
        if (identity := rule.by(values)) is not None:
            held.setdefault(identity, []).append(key)

    def _same_links(self, table: type[Table], one: Row, other: Row) -> bool:
        return all(one[name] == other[name] for name in table.links())

    def _drop(self, table: type[Table], rule: Same, key: int, values: Row) -> bool:
        """Whether a record would say nothing any more, and is not carried over."""
        for one, other in rule.apart:
            if values[one] is not None and values[one] == values[other]:
                if table is DistinctPair:
                    self.distinct = str(values["reason"]) if self.distinct is None else self.distinct
                    why = "they were declared not the same"
                else:
                    why = "it would be a tie of the record with itself"
                self.dropped.append(Dropped(table, key, why))
                return True
        if table is CustomValue and self._side_of(values) == "none":
            self.dropped.append(Dropped(table, key, "it was not to be taken"))
            return True
        return False

    def _side_of(self, values: Row) -> str:
        """Whose value was chosen in a custom field of the pair; "kept" for a value of anything else."""
        name = self.table.entity.name
        mine = name in CustomValue.links() and values[name] == self.keep["id"]
        return self.chosen.own.get(values["field"], "kept") if mine else "kept"

    def _read(self, table: type[Table], links: Mapping[str, type[Table]]) -> dict[int, Row]:
        """The records that point to what goes; where some may be folded, to what stays too."""
        found: dict[int, Row] = {}
        for name, target in links.items():
            wanted: set[int] = set(self.into[target])
            if table in RULES:
                wanted |= set(self.into[target].values())
            found |= self.rows_where(table, name, wanted)
        return dict(sorted(found.items()))

    def rows_where(self, table: type[Table], name: str, among: Iterable[int]) -> dict[int, Row]:
        """The stored records of an entity whose field is one of these, by id."""
        field = table._meta.fields[name]
        return {
            record.id: record.stored()
            for some in parts(sorted(among))
            for record in records(self.db, table.select().where(field.in_(some)).order_by(table.id))
        }

    # ---------------------------------------------------------------- what is done in the end

    def _keep_name(self) -> None:
        """Let the survivor be known by the name that was not taken, where that is more than another spelling."""
        if "organization" not in OtherName.links() or OtherName.links()["organization"] is not self.table:
            return
        name = self.chosen.values["name"]
        lost = str(self.lose["name"] if name == self.keep["name"] else self.keep["name"])
        known = {fold(name), *(fold(row["name"]) for row in self._names())}
        if lost.strip() and fold(lost) and fold(lost) not in known:
            self.new_name = lost, self._kind_of(lost, name)

    def _names(self) -> list[Row]:
        if OtherName in self.now:
            return list(self.now[OtherName].values())
        return [each.stored() for each in where(self.db, OtherName, organization=self.keep["id"])]

    def _kind_of(self, lost: str, name: str) -> str:
        if lost == self.lose["name"] and self.lose["successor"] == self.keep["id"]:
            return "former"
        letters = "".join(each for each in lost if each.isalnum())
        initials = "".join(word[0] for word in fold(name).split())
        is_short = 2 <= len(letters) <= 8 and letters.isupper() and " " not in lost.strip()
        return "acronym" if is_short and fold(letters) in {initials, *_without_small(name)} else "other"

    def updates(self, table: type[Table]) -> dict[int, Row]:
        """The fields that change, by record, of those that stay."""
        found = {}
        for key, values in self.now.get(table, {}).items():
            before = self.before[table][key]
            if changed := {name: value for name, value in values.items() if value != before[name]}:
                found[key] = changed
        return found

    def gone(self, table: type[Table]) -> list[int]:
        """The records that are deleted: folded ones and dropped ones, but for the loser itself."""
        folded = [key for key in self.into.get(table, {}) if table is not self.table or key != self.lose["id"]]
        return sorted([*folded, *(each.id for each in self.dropped if each.table is table)])

    def versions(self) -> dict[tuple[str, int], int]:
        """The version of every record that the plan stands on."""
        return {
            (table.entity.name, key): int(row["version"])
            for table, rows in self.before.items()
            for key, row in rows.items()
        }


def _without_small(name: str) -> tuple[str]:
    """The initials of a name without its small words: of Alliance for Homes `ah`."""
    words = [word for word in fold(name).split() if word not in LITTLE_WORDS]
    return ("".join(word[0] for word in words),)


def _refuse(table: type[Table], keep: int, lose: int) -> None:
    if table not in MERGEABLE:
        plural = table.entity.plural.replace("_", " ")
        names = ", ".join(each.entity.plural for each in MERGEABLE)
        raise ConfigError(f"{plural} are not merged", f"what can be: {names}")
    if keep == lose:
        raise ConfigError(f"{table.entity.name} {keep} cannot be merged with itself", "name two records")
