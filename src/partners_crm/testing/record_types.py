"""The contract of record types: a coalition holds their records like its own, and keeps them through an upgrade."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from partners_crm.errors import NotFound, PartnersError
from partners_crm.model.record_types import FieldDeclared, RecordType, fields, own_name
from partners_crm.plugins import Record
from partners_crm.testing.contract import Contract
from partners_crm.testing.hostile import TEXTS
from partners_crm.testing.stage import Stage

_PLAIN: Mapping[str, tuple[Any, Any]] = {
    "text": ("one text", "another text"),
    "note": ("one note\nof two lines", "another note"),
    "day": ("2026-05-14", "2025"),
    "whole": (3, 4),
    "decimal": (1.5, 2.5),
    "flag": (True, False),
}
"""By the kind of a field, a value that a record is added with, and one that it is given later."""


class RecordTypeContract(Contract):
    """What holds for every record type; the records of the tests follow from its declaration."""

    hook = "record_types"
    values: ClassVar[Mapping[str, Any]] = {}
    """Values that a record is to be added with, where those that the suite makes up do not do."""

    @pytest.fixture
    def entity(self, sample_stage: Stage) -> str:
        """What the type is called in the demo coalition."""
        return self.entity_in(sample_stage)

    def entity_in(self, stage: Stage) -> str:
        """What the type is called in a coalition, in which it is installed."""
        name = f"{own_name(stage.plugin)}_{self.of(stage).item.name}"
        assert name in stage.crm.db.by_name, f"the coalition has no {name}: is the type installed?"
        return name

    def declared(self, stage: Stage) -> RecordType:
        """The declaration."""
        found: RecordType = self.of(stage).item
        return found

    def added(self, stage: Stage, **values: Any) -> Record:
        """A record of the type, with a value in every field."""
        entity = self.entity_in(stage)
        declared = self.declared(stage)
        given = {name: value_of(stage, name, each, declared) for name, each in writable(declared).items()}
        with stage.context.changes("a record of the tests") as changes:
            return changes.add(entity, **{**given, **self.values, **values})

    def test_an_empty_coalition_holds_it(self, empty_stage: Stage) -> None:
        assert empty_stage.context.records(self.entity_in(empty_stage)) == ()

    def test_a_record_is_added_and_read_as_it_was(self, sample_stage: Stage, entity: str) -> None:
        record = self.added(sample_stage)
        (found,) = sample_stage.context.records(entity)
        declared = self.declared(sample_stage)
        names = tuple(writable(declared))
        assert [found[name] for name in names] == [record[name] for name in names]
        assert sample_stage.context.record(entity, found.id).uid == record.uid
        assert sample_stage.context.title(found).strip(), "a record is called something: by its title, or its links"

    def test_an_edit_is_undone_and_redone(self, sample_stage: Stage) -> None:
        record = self.added(sample_stage)
        before = sample_stage.everything()
        name, value = self._other(sample_stage)
        with sample_stage.context.changes("an edit of the tests") as changes:
            changes.update(record, **{name: value})
        after = sample_stage.everything()
        assert after != before
        sample_stage.crm.undo()
        assert sample_stage.everything() == before
        sample_stage.crm.redo()
        assert sample_stage.everything() == after

    def test_what_it_points_to_may_go(self, sample_stage: Stage, entity: str) -> None:
        record = self.added(sample_stage)
        declared = writable(self.declared(sample_stage))
        links = [name for name, each in declared.items() if each.how.kind == "link" and record[name] is not None]
        for name in links:
            before = sample_stage.everything()
            target = sample_stage.crm.db.by_name[entity].links()[name].entity.name
            with sample_stage.context.changes("a deletion of the tests") as changes:
                changes.delete(sample_stage.context.record(target, record[name]))
            left = sample_stage.context.by_ids(entity, [record.id])
            goes = self.declared(sample_stage).fields[name].how.on_delete == "cascade"
            assert not left if goes else left[record.id][name] is None
            sample_stage.crm.undo()
            assert sample_stage.everything() == before

    def test_a_deleted_record_is_gone_and_comes_back(self, sample_stage: Stage, entity: str) -> None:
        record = self.added(sample_stage)
        with sample_stage.context.changes("a deletion of the tests") as changes:
            changes.delete(record)
        assert sample_stage.context.count(entity) == 0
        with pytest.raises(NotFound):
            sample_stage.context.record(entity, record.id)
        sample_stage.crm.undo()
        assert sample_stage.context.record(entity, record.id).uid == record.uid

    def test_hostile_text_survives(self, sample_stage: Stage, entity: str) -> None:
        declared = writable(self.declared(sample_stage))
        names = [name for name, each in declared.items() if each.how.kind in {"text", "note"}]
        for number, text in enumerate(TEXTS):
            for name in names:
                try:
                    record = self.added(sample_stage, **{**self._once(sample_stage, number), name: text})
                except PartnersError as error:
                    assert error.message.strip()  # one line of text holds no line break
                else:
                    kept = sample_stage.context.record(entity, record.id)[name]
                    assert kept.split() == text.split(), f"{name}: {text!r} was kept as {kept!r}"

    def test_it_leaves_with_an_export_of_everything(self, sample_stage: Stage, tmp_path: Path) -> None:
        record = self.added(sample_stage)
        path = tmp_path / "everything.jsonl"
        sample_stage.crm.export_all(path, include_private=True)
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert any(record.uid in json.dumps(line) for line in lines), "its records are not in an export of everything"

    def test_it_is_listed(self, sample_stage: Stage, entity: str) -> None:
        listing = sample_stage.crm.listing(entity)
        self.added(sample_stage)
        ids = sample_stage.crm.listing(entity).ids(sample_stage.crm.db)
        rows = listing.rows(sample_stage.crm.db, ids)
        assert len(rows) == 1
        assert all(len(row) == len(listing.columns) for row in rows.values())

    def test_its_text_is_found(self, sample_stage: Stage, entity: str) -> None:
        declared = self.declared(sample_stage)
        texts = [name for name, each in writable(declared).items() if each.how.kind in {"text", "note"}]
        if not (texts and declared.searched and declared.visibility == "everyone"):
            pytest.skip("it has no text that everyone may search")
        visible = [name for name in texts if declared.fields[name].how.visibility == "everyone"]
        for name in visible:
            record = self.added(sample_stage, **{**self._once(sample_stage, 1), name: "zebrafish quartz"})
            found = sample_stage.crm.search("zebrafish quartz", entities=[entity]).found
            assert (entity, record.id) in {(each.entity, each.id) for each in found}, f"its {name} is not found"
            with sample_stage.context.changes("a deletion of the tests") as changes:
                changes.delete(record)

    def test_its_records_outlive_the_plugin(self, sample_stage: Stage, entity: str, tmp_path: Path) -> None:
        record = self.added(sample_stage)
        sample_stage.uninstall()
        kept = sample_stage.context.record(entity, record.id)
        assert [kept[name] for name in writable(self.declared(sample_stage))] == [
            record[name] for name in writable(self.declared(sample_stage))
        ]
        path = tmp_path / "everything.jsonl"
        sample_stage.crm.export_all(path, include_private=True)
        assert record.uid in path.read_text("utf-8")

    def test_a_field_may_be_renamed(self, sample_stage: Stage, entity: str) -> None:
        record = self.added(sample_stage)
        declared = self.declared(sample_stage)
        for name in writable(declared):
            later = renamed(declared, name, "called_otherwise")
            sample_stage.install(later)
            kept = sample_stage.context.record(entity, record.id)
            assert kept["called_otherwise"] == record[name], f"{name} lost its value with its name"
            sample_stage.install(renamed(later, "called_otherwise", name))
            assert sample_stage.context.record(entity, record.id)[name] == record[name]

    def test_an_upgrade_keeps_what_is_there(self, sample_stage: Stage, entity: str) -> None:
        record = self.added(sample_stage)
        declared = self.declared(sample_stage)
        later = replace(declared, fields={**declared.fields, "added_later": fields.text("Added later")})
        before = {name: record[name] for name in writable(declared)}
        sample_stage.install(later)
        kept = sample_stage.context.record(entity, record.id)
        assert {name: kept[name] for name in before} == before, "a new field changed what was there"
        assert kept["added_later"] == ""
        sample_stage.install(declared)
        again = sample_stage.context.record(entity, record.id)
        assert {name: again[name] for name in before} == before

    def _other(self, stage: Stage) -> tuple[str, Any]:
        """A field that can be edited, and another value of it."""
        for name, each in writable(self.declared(stage)).items():
            kind = each.how.kind
            if kind == "choice" and len(each.how.choices) > 1:
                return name, each.how.choices[-1][0]
            if kind in _PLAIN:
                return name, _PLAIN[kind][1]
        pytest.skip("all of its fields are links: there is nothing to edit by itself")

    def _once(self, stage: Stage, number: int) -> dict[str, str]:
        """Values of unique fields that no other record has."""
        return {name: f"number {number}" for name, each in writable(self.declared(stage)).items() if each.unique}


def renamed(declared: RecordType, before: str, now: str) -> RecordType:
    """A declaration in which a field has another name."""
    return replace(
        declared,
        fields={now if name == before else name: each for name, each in declared.fields.items()},
        title=now if declared.title == before else declared.title,
        fields_were={now: before},
    )


def writable(declared: RecordType) -> dict[str, FieldDeclared]:
    """The fields that a person fills in."""
    return {name: each for name, each in declared.fields.items() if not each.how.derived}


def value_of(stage: Stage, name: str, each: FieldDeclared, declared: RecordType) -> Any:
    """A value of a field: made up, or for a link a record of the demo."""
    how = each.how
    if how.kind == "choice":
        return how.choices[0][0]
    if how.kind != "link":
        return _PLAIN[how.kind][0]
    if each.target in {"self", declared.name}:
        return None
    own = f"{own_name(stage.plugin)}_{each.target}"
    target = own if own in stage.crm.db.by_name else each.target
    ids = stage.context.ids(target)
    assert ids or not how.required, f"{name} needs a record of {target}, and there is none: give one in `values`"
    return ids[0] if ids else None
