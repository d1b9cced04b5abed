"""Any row of edits, imports, archivings, deletions, undos and redos can be taken back to the first day, and redone.

What is compared is every table as it lies in the file, row by row, with ids, uids and versions. Left out are only
the tables of the journal, which tell of the undoing too: operation, change, change_values, source_row, ledger. The
list of names that is searched is made of the records when it is asked, so there is no table of it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule, run_state_machine_as_test
from tests.services.machine import Machine

from partners_crm.errors import Conflict, FileRefused, NotFound
from partners_crm.model import JOURNAL, Contact, ContactPoint, Organization, Role, Site, Tag, Tagging
from partners_crm.services import records
from partners_crm.services.importing.applying import Options
from partners_crm.store.journal import first_break

SOME = st.integers(0, 7)
NAMES = st.sampled_from(["Alder House", "Birch Homes", "Cedar Kitchen", "Dogwood Center", "Elm Street Shelter"])
PEOPLE = st.sampled_from(["", "Dana Reyes", "Lee Okafor", "Ana Muñoz"])
PLACES = st.sampled_from(
    [
        ("", "", ""),
        ("12 Water St", "Peoria", "61602"),
        ("1840 W Invented Ave", "Chicago", "60647"),
        ("PO Box 12", "Alton", "62002"),
    ]
)
ROWS = st.lists(
    st.tuples(
        NAMES,
        PLACES,
        st.sampled_from(["", "312-555-0142", "(309) 555-0199", "call Dana"]),
        PEOPLE,
        st.sampled_from(["", "housing", "aging"]),
        st.sampled_from(["", "27", "SD27", "27 & 28"]),
        st.sampled_from(["", "lobby day", "lobby day, donor"]),
        st.sampled_from(["", "yes", "no"]),
    ),
    min_size=1,
    max_size=6,
)
COLUMNS = (
    "Organization", "Address", "City", "ZIP", "Phone", "Contact", "Silo", "Senate District", "Tags", "Has Van",
)  # fmt: skip
_JOURNAL = {table._meta.table_name for table in JOURNAL}


class Everything(Machine):
    """A coalition to which anything may happen."""

    operations = Bundle("operations")

    def __init__(self) -> None:
        super().__init__()
        self.first = self.dump()
        self.began = self.crm.operations()[0].id
        self.files = 0

    @initialize(target=operations)
    def begin(self) -> int:
        return self.write("begin", lambda unit: records.add(unit, Organization, name="Root"))

    @rule(target=operations, name=NAMES, parent=st.one_of(st.none(), SOME), place=PLACES)
    def add(self, name: str, parent: int | None, place: tuple[str, str, str]) -> int:
        above = None if parent is None else self.pick(Organization, parent)
        street, city, postal_code = place

        def work(unit: Any) -> None:
            body = records.add(unit, Organization, name=name, parent=above.id if above else None)
            records.add(unit, Site, organization=body.id, address=street, city=city, postal_code=postal_code)
            person = records.add(unit, Contact, name=f"Person of {name}")
            records.add(unit, Role, contact=person.id, organization=body.id)
            records.add(unit, ContactPoint, contact=person.id, raw="dana@example.org")

        return self.write("add", work)

    @rule(target=operations, body=SOME, name=st.sampled_from(["red", "blue"]))
    def tag(self, body: int, name: str) -> int:
        chosen, word = self.pick(Organization, body), self.pick(Tag, 0)
        if chosen is None:
            return self.began

        def work(unit: Any) -> None:
            own = word if word is not None and word.name == name else records.add(unit, Tag, name=name)
            records.add(unit, Tagging, tag=own.id, organization=chosen.id)

        return self.write("tag", work)

    @rule(target=operations, body=SOME, name=NAMES, parent=st.one_of(st.none(), SOME))
    def edit(self, body: int, name: str, parent: int | None) -> int:
        chosen = self.pick(Organization, body)
        above = None if parent is None else self.pick(Organization, parent)
        if chosen is None:
            return self.began
        values = {"name": name, "parent": above.id if above else None}
        return self.write("edit", lambda unit: records.edit(unit, chosen, **values))

    @rule(target=operations, site=SOME, point=st.sampled_from([(41.8839, -87.6270), (40.6936, -89.5890), (None, None)]))
    def move(self, site: int, point: tuple[float | None, float | None]) -> int:
        chosen = self.pick(Site, site)
        if chosen is None:
            return self.began
        values = {"latitude": point[0], "longitude": point[1]}
        return self.write("move", lambda unit: records.edit(unit, chosen, **values))

    @rule(target=operations, rows=ROWS, policy=st.sampled_from(["fill", "update", "skip", "create"]))
    def import_rows(self, rows: list[tuple[Any, ...]], policy: Any) -> int:
        self.files += 1
        path = self.folder / f"members {self.files}.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            writer.writerows((name, *place, *rest) for name, place, *rest in rows)
        return self.load(path, policy)

    @rule(target=operations)
    def import_again(self) -> int:
        found = sorted(self.folder.glob("*.csv"))
        return self.load(found[-1], "fill") if found else self.began

    def load(self, path: Path, policy: Any) -> int:
        with suppress(Conflict, FileRefused):
            self.crm.import_file(path, options=Options(policy=policy, own=("Has Van",)))
        return self.crm.operations()[0].id

    @rule(target=operations, kind=st.sampled_from([Organization, Contact]), place=SOME)
    def archive(self, kind: Any, place: int) -> int:
        chosen = self.pick(kind, place)
        if chosen is None:
            return self.began
        return self.write("archive", lambda unit: records.archive(unit, chosen, self.crm.today))

    @rule(target=operations, kind=st.sampled_from([Organization, Contact, Site, Tag, ContactPoint]), place=SOME)
    def delete(self, kind: Any, place: int) -> int:
        chosen = self.pick(kind, place)
        if chosen is None:
            return self.began
        return self.write("delete", lambda unit: records.remove(unit, chosen))

    @rule(target=operations, number=operations)
    def undo(self, number: int) -> int:
        try:
            return self.crm.undo(number).operation or self.began
        except (Conflict, NotFound):
            return self.began

    @rule(target=operations)
    def redo(self) -> int:
        try:
            return self.crm.redo().operation or self.began
        except (Conflict, NotFound):
            return self.began

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table but those of the journal."""
        driver = self.crm.db.driver
        names = [name for (name,) in driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: driver.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
            for name in sorted(names)
            if name not in _JOURNAL
        }

    @invariant()
    def nothing_dangles(self) -> None:
        assert self.crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []

    def teardown(self) -> None:
        """Everything is taken back, the newest first, and brought again, the oldest first."""
        try:
            loaded = self.dump()
            # An import that changed nothing keeps its rows in the journal; there is nothing to take back.
            done = [each.id for each in self.crm.operations() if each.id > self.began and each.changes]
            undone = self.take_back(done)
            assert self.dump() == self.first
            self.take_back(undone[::-1])
            assert self.dump() == loaded
            assert first_break(self.crm.db) is None
        finally:
            super().teardown()

    def take_back(self, numbers: list[int]) -> list[int]:
        """Undo operations in this order, whole; gives the operations that did it."""
        found = []
        for number in numbers:
            report = self.crm.undo(number)
            assert (report.kept, report.refused) == ([], [])
            assert report.operation is not None
            found.append(report.operation)
        return found


def test_everything_can_be_taken_back_and_brought_again(scale: Callable[[int], int]) -> None:
    run_state_machine_as_test(
        Everything, settings=settings(max_examples=scale(150), stateful_step_count=15, deadline=None)
    )
