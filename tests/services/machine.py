"""A coalition of its own for every run of a state machine, copied from one that was set up once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound


class Machine(RuleBasedStateMachine):
    """What machines on a coalition share; a rule adds what may be done to it."""

    blank: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        path = self.folder / "coalition.db"
        if Machine.blank is None:
            Machine.blank = Path(tempfile.mkdtemp()) / "blank.db"
            with Crm.create(Machine.blank, "Machine", clock=lambda: NOW) as crm:
                crm.db.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(Machine.blank, path)
        self.crm = Crm.open(path, clock=lambda: NOW)

    def teardown(self) -> None:
        self.crm.close()
        shutil.rmtree(self.folder)

    def pick(self, table: Any, place: int) -> Any:
        """One of the records of an entity; None where there is none."""
        found = self.crm.records(table)
        return found[place % len(found)] if found else None

    def write(self, title: str, work: Any) -> int:
        """Do something in one operation, which the program may refuse; returns the newest operation."""
        try:
            with self.crm.changes(title) as unit:
                work(unit)
        except (InvalidValue, Conflict, NotFound):
            pass
        return self.crm.operations()[0].id
