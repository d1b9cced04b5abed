"""A call that was given up writes nothing any more, and holds up neither who writes next nor the end of the program."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import PluginError
from partners_crm.model import Organization
from partners_crm.plugins.attended import attended
from partners_crm.plugins.boundary import Outcome, Owner
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.headless import Report
from partners_crm.plugins.policy import Owned, Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.plugins.wanted import Wanted
from partners_crm.store import locks
from tests.plugins.conftest import Registry, Told

LIMIT = 0.3
REPORT = Owned(Owner(plugin="acme"), Report(name="dues", title="Dues", run=lambda *_: None))  # type: ignore[arg-type]  # it is not asked
QUICK = 2.0
"""Seconds in which a program has to be able to end; waiting for another writer takes `locks.PATIENCE`, 5."""


class Hanging:
    """Work that adds organizations and hangs meanwhile, or before."""

    def __init__(self, *, inside: bool) -> None:
        self.inside = inside
        self.hangs, self.wake = threading.Event(), threading.Event()
        self.ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def _hang(self) -> None:
        self.hangs.set()
        self.wake.wait(60)

    def __call__(self, context: PluginContext, *_: Any) -> None:
        """In the thread of the call."""
        try:
            if not self.inside:
                self._hang()
            with context.changes("late") as unit:
                unit.add("organization", name="Too Late")
                if self.inside:
                    self._hang()
                    unit.add("organization", name="Much Too Late")
        except BaseException as error:
            self.ended.put(error)
            raise
        self.ended.put(None)


def names(crm: Crm) -> list[str]:
    return [each.name for each in crm.organizations()]


def add(crm: Crm, name: str) -> float:
    """Add an organization; gives the seconds that it took."""
    started = time.monotonic()
    with crm.changes("add") as unit:
        unit.add(Organization, name=name)
    return time.monotonic() - started


def waiting(found: Told, work: Hanging) -> None:
    found.call(REPORT, work, limit=LIMIT)


def attending(found: Told, work: Hanging) -> None:
    attended(found, REPORT, work, limit=lambda: LIMIT)


def beginning(found: Told, work: Hanging) -> None:
    ended: SimpleQueue[Outcome[Any]] = SimpleQueue()
    found.begin(REPORT, work, ended.put, limit=LIMIT)
    if (error := ended.get(timeout=10).error) is not None:
        raise error


@pytest.mark.parametrize("way", [waiting, attending, beginning])
@pytest.mark.parametrize("inside", [True, False], ids=["while it writes", "before it writes"])
def test_a_call_that_took_too_long_has_written_nothing_and_lets_others_write(
    crm: Crm, registry: Registry, inside: bool, way: Callable[[Told, Hanging], None]
) -> None:
    found, work = registry(db=crm.db, clock=crm.clock), Hanging(inside=inside)
    with pytest.raises(PluginFailed, match="it did not answer within"):
        way(found, work)
    assert work.hangs.is_set()
    before = len(crm.operations())
    assert add(crm, "In Time") < locks.PATIENCE - 1
    work.wake.set()
    assert work.ended.get(timeout=10) is not None
    assert names(crm) == ["In Time"]
    assert len(crm.operations()) == before + 1
    assert add(crm, "After") < locks.PATIENCE - 1


def test_a_program_ends_at_once_while_a_plugin_hangs_and_writes(database: Path) -> None:
    crm = Crm.open(database)
    found, work = PluginRegistry(Policy(bundled_only=True), db=crm.db), Hanging(inside=True)
    found.begin(REPORT, work, lambda _: None, limit=60)
    assert work.hangs.wait(10)
    started = time.monotonic()
    found.close()
    crm.close()
    assert time.monotonic() - started < QUICK
    work.wake.set()
    assert work.ended.get(timeout=10) is not None
    with Crm.open(database) as again:
        assert names(again) == []


def test_who_interrupts_a_call_gets_nothing_written_by_it(crm: Crm, registry: Registry) -> None:
    found, work = registry(db=crm.db, clock=crm.clock), Hanging(inside=True)
    main = threading.get_ident()

    def interrupt() -> None:
        work.hangs.wait(10)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        found.call(REPORT, work, limit=60)
    assert add(crm, "In Time") < locks.PATIENCE - 1
    work.wake.set()
    assert work.ended.get(timeout=10) is not None
    assert names(crm) == ["In Time"]


def test_what_was_written_before_a_plugin_hangs_stays_and_that_is_said(crm: Crm, registry: Registry) -> None:
    wake = threading.Event()

    def work(context: PluginContext) -> None:
        with context.changes("in time") as unit:
            unit.add("organization", name="In Time")
        wake.wait(60)

    with pytest.raises(PluginFailed, match=r"within 0\.5 s, and what it wrote before is saved"):
        registry(db=crm.db, clock=crm.clock).call(REPORT, work, limit=0.5)
    wake.set()
    assert names(crm) == ["In Time"]


def test_a_context_writes_as_long_as_its_call_is_waited_for_and_no_longer(crm: Crm, registry: Registry) -> None:
    kept: list[PluginContext] = []

    def work(context: PluginContext) -> None:
        kept.append(context)
        with context.changes("once") as unit:
            unit.add("organization", name="Once")

    registry(db=crm.db, clock=crm.clock).call(REPORT, work)
    with pytest.raises(PluginError, match="it writes nothing any more"), kept[0].changes("twice"):
        pass
    assert names(crm) == ["Once"]


def test_whoever_is_not_called_is_always_wanted() -> None:
    wanted, undone = Wanted(), list[str]()
    with wanted.writing(lambda: undone.append("undone")):
        pass
    with wanted.committing():
        pass
    wanted.end()
    assert (undone, wanted.has_written) == ([], True)
    with pytest.raises(PluginError), wanted.committing():
        pass


def test_a_commit_that_is_under_way_is_waited_for() -> None:
    wanted, goes_on, ended = Wanted(), threading.Event(), threading.Event()

    def end() -> None:
        wanted.end()
        ended.set()

    with wanted.committing():
        thread = threading.Thread(target=end)
        thread.start()
        goes_on.wait(0.05)
        assert not ended.is_set()
    thread.join(10)
    assert ended.is_set()
    assert wanted.has_written
