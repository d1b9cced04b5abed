"""What merging two records would do, as a value: field by field, relation by relation, and what had to be mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from partners_crm.model import BY_NAME, CustomField, CustomValue, Identifier, Organization, Table
from partners_crm.model.custom import OWNERS
from partners_crm.services.merging.asking import named_by
from partners_crm.services.merging.fields import FieldChoice
from partners_crm.services.merging.rules import is_blank
from partners_crm.services.merging.working import Working
from partners_crm.services.naming import called
from partners_crm.services.values import show_value
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, title_of

OWN = ", the survivor's"
"""Follows the label of a value that the survivor gave up."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Two records that hang on the two and say the same: one of them stays."""

    entity: str
    """Singular."""
    kept: int
    """Id of the one that stays."""
    lost: int
    title: str
    """What it is called."""
    filled: tuple[tuple[str, str], ...]
    """(label, value) of what the one that stays takes over."""
    left: tuple[tuple[str, str, str], ...]
    """(label, what stays, what does not) where they differ."""
    given_up: tuple[tuple[str, str, str], ...] = ()
    """(label, what stays, what the one that stays said before) where it gave something up."""


@dataclass(frozen=True, slots=True)
class Relation:
    """The records of one entity that pointed to what goes, through one link."""

    entity: str
    """Singular."""
    link: str
    label: str
    moved: int
    """They point to what stays now."""
    folded: int
    """They say what another one says already."""
    dropped: int
    """They would say nothing any more."""
    plural: str = ""
    """What several of the entity are called; "" as the core calls them."""

    @property
    def count(self) -> int:
        """All of them."""
        return self.moved + self.folded + self.dropped


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge of two records does; nothing is written by it."""

    entity: str
    """Singular."""
    keep: int
    lose: int
    keep_title: str
    lose_title: str
    keep_uid: str
    lose_uid: str
    fields: tuple[FieldChoice, ...]
    relations: tuple[Relation, ...]
    folds: tuple[Fold, ...]
    mended: tuple[str, ...]
    """What has to hold and is put right, in sentences."""
    warnings: tuple[str, ...]
    """What a person should look at before, in sentences."""
    new_name: str
    """The further name that the survivor gets; "" for none."""
    distinct: str | None
    """The reason why the two were declared not the same; None where nobody did. Such a merge has to be forced."""
    takes: Mapping[str, str] = field(default_factory=dict)
    """A person's decisions: by field kept, other or both."""
    versions: Mapping[tuple[str, int], int] = field(default_factory=dict, repr=False)
    """The version of every record that the plan stands on, by entity and id."""

    @property
    def table(self) -> type[Table]:
        """The entity of the two."""
        return BY_NAME[self.entity]

    @property
    def title(self) -> str:
        """The merge in words, as an operation is called."""
        name = self.entity.replace("_", " ")
        return f'merge {name} {self.lose} "{self.lose_title}" into {name} {self.keep} "{self.keep_title}"'

    @property
    def refusal(self) -> str:
        """Why it has to be forced, in a sentence; "" where it has not."""
        if self.distinct is None:
            return ""
        name, reason = self.entity.replace("_", " "), f": {self.distinct}" if self.distinct else ""
        pair = f'{self.keep} "{self.keep_title}" and {name} {self.lose} "{self.lose_title}"'
        return f"{name} {pair} were declared not the same{reason}"

    @property
    def moved(self) -> int:
        """Records that point to the survivor, or to what stays of what hangs on it."""
        return sum(each.moved for each in self.relations)

    @property
    def folded(self) -> int:
        """Records that are folded into others; one that hangs on two of them counts once."""
        return len(self.folds)

    def differing(self) -> tuple[FieldChoice, ...]:
        """The fields in which the two contradict each other."""
        return tuple(each for each in self.fields if each.state == "differ")


def plan_merge(
    db: Handle, table: type[Table], keep_id: int, lose_id: int, takes: Mapping[str, str] | None = None
) -> MergePlan:
    """What merging a record into another one would do; `takes` decides fields: kept, other, or both of a note.

    Raises:
        ConfigError: records of this entity are not merged, or the two are one.
        NotFound: one of them does not exist, or a field that was decided.
        InvalidValue: a decision about a field cannot be, or the sites are of two organizations.
    """
    return plan_of(Working(db, table, keep_id, lose_id, takes or {}).run())


def plan_of(work: Working) -> MergePlan:
    """The plan of what was worked out."""
    table = work.table
    kept, lost = table.sealed(work.keep), table.sealed(work.lose)
    return MergePlan(
        entity=table.entity.name,
        keep=kept.id,
        lose=lost.id,
        keep_title=title_of(kept),
        lose_title=title_of(lost),
        keep_uid=kept.uid,
        lose_uid=lost.uid,
        fields=tuple(work.chosen.choices),
        relations=tuple(_relations(work)),
        folds=tuple(folds_of(work)),
        mended=tuple(work.mended),
        warnings=tuple(_warnings(work)),
        new_name=work.new_name[0] if work.new_name else "",
        distinct=work.distinct,
        takes=work.takes,
        versions=work.versions(),
    )


def _relations(work: Working) -> list[Relation]:
    found = []
    dropped = {(each.table, each.id) for each in work.dropped}
    for table, moved in work.moved.items():
        for name, how in table.declarations().items():
            keys = [key for key, links in moved.items() if name in links]
            counts = Counter(
                "dropped" if (table, key) in dropped else "folded" if key in work.into.get(table, {}) else "moved"
                for key in keys
            )
            if keys:
                moved_on, folded, gone = (counts[word] for word in ("moved", "folded", "dropped"))
                entity = table.entity
                found.append(Relation(entity.name, name, how.label, moved_on, folded, gone, entity.plural))
    return found


def folds_of(work: Working) -> list[Fold]:
    """The records that are folded into others, entity by entity."""
    pairs = [
        (table, lost, kept)
        for table, into in work.into.items()
        for lost, kept in into.items()
        if (table, lost) != (work.table, work.lose["id"])
    ]
    names = called(work.db, {(table.entity.name, lost): work.before[table][lost] for table, lost, _ in pairs})
    own = _own_left(work)
    found = []
    told: set[tuple[type[Table], int]] = set()
    for table, lost, kept in pairs:
        filled, left, given_up = _differences(work, table, lost, kept)
        left += own.get((table, lost), [])
        # What several are folded into gives up a value once.
        given_up = [] if (table, kept) in told else given_up
        told.add((table, kept))
        title = names[table.entity.name, lost].title
        found.append(Fold(table.entity.name, kept, lost, title, tuple(filled), tuple(left), tuple(given_up)))
    return found


def _differences(
    work: Working, table: type[Table], lost: int, kept: int
) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """(what the one that stays takes over, what of the other does not stay, what it gives up), as of `Fold`."""
    before, after, gone = work.before[table][kept], work.now[table][kept], work.before[table][lost]
    filled, left, given_up = [], [], []
    for name, how in table.declarations().items():
        if how.kind == "link":
            continue
        value, stays = show_value(how, gone[name]), show_value(how, after[name])
        if _says(before[name]) and after[name] != before[name]:
            given_up.append((how.label, stays, show_value(how, before[name])))
        if _says(gone[name]) and after[name] != gone[name]:
            left.append((how.label, stays, value))
        elif _says(gone[name]) and not _says(before[name]):
            filled.append((how.label, value))
    return filled, left, given_up


def _own_left(work: Working) -> dict[tuple[type[Table], int], list[tuple[str, str, str]]]:
    """What folded records say in the coalition's own fields, and those they go into do not, by the folded record.

    Those of the two themselves stand among the fields of the plan.
    """
    before, after = work.before.get(CustomValue, {}), work.now.get(CustomValue, {})
    differing = [
        (before[lost], after[kept]["value"])
        for lost, kept in work.into.get(CustomValue, {}).items()
        if before[lost]["value"] != after[kept]["value"]
    ]
    labels = by_ids(work.db, CustomField, {gone["field"] for gone, _ in differing})
    found: dict[tuple[type[Table], int], list[tuple[str, str, str]]] = {}
    for gone, stays in differing:
        for name, table in OWNERS.items():
            if gone[name] is not None:
                said = (labels[gone["field"]].label, stays, gone["value"])
                found.setdefault((table, gone[name]), []).append(said)
    return found


def _says(value: Any) -> bool:
    """Whether a value says anything: a flag that is not set does not."""
    return not is_blank(value) and value is not False


# -------------------------------------------------------------------- what a person should look at


def _warnings(work: Working) -> list[str]:
    found = []
    if work.table is Organization:
        found += _numbers(work)
        if work.lose["parent"] == work.keep["id"] or work.keep["parent"] == work.lose["id"]:
            found.append("one is part of the other: an affiliate and its parent are two organizations as a rule")
    for choice in work.chosen.choices:
        if choice.name in {"kind", "archived_on"} and choice.state in {"differ", "only other", "only kept"}:
            found.append(f"{choice.label.lower()}: {choice.kept or 'not'} and {choice.other or 'not'}")
    return found + named_by(work)


def _numbers(work: Working) -> list[str]:
    """The systems in which the two have different numbers; both are kept."""
    moved = work.moved.get(Identifier, {})
    mine: dict[str, list[str]] = {}
    theirs: dict[str, list[str]] = {}
    for key, row in work.now.get(Identifier, {}).items():
        (theirs if key in moved else mine).setdefault(row["system"], []).append(row["value"])
    return [
        f"they have two numbers of the system {system}, {', '.join(mine[system])} and {', '.join(values)}:"
        " both are kept; two bodies may have become one here"
        for system, values in theirs.items()
        if system in mine
    ]


def not_taken(plan: MergePlan) -> dict[str, str]:
    """What one of the two said and the survivor does not say, by label."""
    return _cells(
        (label, value)
        for choice in plan.fields
        for label, value, is_gone in (
            (choice.label, choice.other, choice.is_lost),
            (f"{choice.label}{OWN}", choice.kept, choice.is_given_up),
        )
        if is_gone
    )


def left_of(fold: Fold) -> dict[str, str]:
    """What one of two records that were folded said and the one that stays does not, by label."""
    lost = [(label, value) for label, _, value in fold.left]
    return _cells([*lost, *((f"{label}{OWN}", value) for label, _, value in fold.given_up)])


def _cells(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by label; of labels that are the same, as the coalition may name its fields, the later are numbered."""
    found: dict[str, str] = {}
    for label, value in said:
        name, number = label, 1
        while name in found:
            number += 1
            name = f"{label} ({number})"
        found[name] = value
    return found
