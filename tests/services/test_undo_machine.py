"""Any row of edits, deletions, undos and redos: never an error, no dangling link, and the journal tells the truth."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule
from tests.services.machine import Machine

from partners_crm.errors import Conflict, NotFound
from partners_crm.model import ENTITIES, Contact, Organization, Role, Site, Tag, Tagging
from partners_crm.services import records
from partners_crm.store.journal import first_break

NAMES = st.sampled_from(["Alder", "Birch", "Cedar", "Dogwood"])


class Coalition(Machine):
    """A small coalition that is edited at random."""

    operations = Bundle("operations")

    @initialize(target=operations)
    def begin(self) -> int:
        return self.write("begin", lambda unit: records.add(unit, Organization, name="Root"))

    @rule(target=operations, name=NAMES, parent=st.integers(0, 5))
    def add(self, name: str, parent: int) -> int:
        above = self.pick(Organization, parent)

        def work(unit: Any) -> None:
            body = records.add(unit, Organization, name=name, parent=above.id if above else None)
            records.add(unit, Site, organization=body.id, name=name)
            person = records.add(unit, Contact, name=name)
            records.add(unit, Role, contact=person.id, organization=body.id)

        return self.write("add", work)

    @rule(target=operations, name=NAMES)
    def add_tag(self, name: str) -> int:
        return self.write("tag", lambda unit: records.add(unit, Tag, name=name))

    @rule(target=operations, tag=st.integers(0, 5), place=st.integers(0, 5))
    def put_tag(self, tag: int, place: int) -> int:
        word, body = self.pick(Tag, tag), self.pick(Organization, place)
        if word is None or body is None:
            return 1
        return self.write("tagging", lambda unit: records.add(unit, Tagging, tag=word.id, organization=body.id))

    @rule(target=operations, place=st.integers(0, 5), name=NAMES, parent=st.one_of(st.none(), st.integers(0, 5)))
    def edit(self, place: int, name: str, parent: int | None) -> int:
        body = self.pick(Organization, place)
        above = None if parent is None else self.pick(Organization, parent)
        if body is None:
            return 1
        values = {"name": name, "parent": above.id if above else None}
        return self.write("edit", lambda unit: records.edit(unit, body, **values))

    @rule(target=operations, kind=st.sampled_from([Organization, Contact, Tag, Site]), place=st.integers(0, 5))
    def delete(self, kind: Any, place: int) -> int:
        record = self.pick(kind, place)
        return 1 if record is None else self.write("delete", lambda unit: records.remove(unit, record))

    @rule(target=operations, number=operations)
    def undo(self, number: int) -> int:
        try:
            report = self.crm.undo(number)
        except (Conflict, NotFound):
            return number
        assert report.reversed >= 0
        return report.operation or number

    @rule(target=operations)
    def undo_newest(self) -> int:
        before = {table: self.dump(table) for table in ENTITIES}
        try:
            report = self.crm.undo()
        except NotFound:
            return 1
        if not report.kept and not report.refused and report.operation is not None:
            # An undo that left nothing aside is taken back exactly, but for the versions of what was edited since.
            again = self.crm.redo()
            assert not again.refused
            for table, rows in before.items():
                assert self.dump(table) == rows
            self.crm.undo()
        return self.crm.operations()[0].id

    def dump(self, table: Any) -> list[dict[str, Any]]:
        rows = [record.stored() for record in self.crm.records(table)]
        return sorted(({**row, "version": 0} for row in rows), key=lambda row: int(row["id"]))

    @invariant()
    def nothing_dangles(self) -> None:
        driver = self.crm.db.driver
        assert driver.execute("PRAGMA foreign_key_check").fetchall() == []

    @invariant()
    def the_chain_holds(self) -> None:
        assert first_break(self.crm.db) is None


TestCoalition = Coalition.TestCase
TestCoalition.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
