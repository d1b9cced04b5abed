"""Two programs and one coalition: who has to wait says so, and whom it waits for; every write takes its turn first."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import MEMBERS, assert_refused
from tests.conftest import NOW, Result
from tests.faults.conftest import fresh
from tests.faults.nursery import Child, Ended, Nursery
from tests.processes import heard

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store.locks import PATIENCE

SOON = 1.5
"""Seconds within which a program has to say that it waits: about one, on a busy machine."""
LONG = 30.0
"""Seconds for which the other program would hold on."""


@pytest.fixture
def path(blank_coalition: Path, tmp_path: Path) -> Path:
    return fresh(blank_coalition, tmp_path / "place")


def add(nursery: Nursery, path: Path, name: str) -> Child:
    return nursery.start("command", words=["--db", path, "add", "organization", f"name={name}"])


def holding(nursery: Nursery, work: str, path: Path, seconds: float = LONG) -> Child:
    child = nursery.start(work, path=path, seconds=seconds)
    heard(child, "held", SOON * 4)
    return child


def names(path: Path) -> list[str]:
    with Crm.open(path) as crm:
        return sorted(each.name for each in crm.organizations())


def as_result(ended: Ended) -> Result:
    return Result(ended.code, ended.out, "\n".join(ended.err.splitlines()[1:]))


WAITS = (
    ("hold_write", r"partners: waiting for process {pid} of \S+ \(think about it\)"),
    ("hold_foreign", r"partners: waiting for process {pid} to let go of coalition\.db"),
)


@pytest.mark.parametrize(("work", "words"), WAITS)
def test_case_48_a_writer_says_whom_it_waits_for_and_goes_on(
    nursery: Nursery, path: Path, work: str, words: str
) -> None:
    holder = holding(nursery, work, path)
    waiting = add(nursery, path, "Waited")
    try:
        heard(waiting, "waiting for ", SOON)
    finally:
        nursery.wait(holder, 0, kill=True)
    released = time.monotonic()
    ended = nursery.wait(waiting)
    assert time.monotonic() - released < SOON
    assert ended.code == 0, ended.err
    assert re.fullmatch(words.format(pid=holder.process), ended.err.strip()), ended.err
    assert names(path) == ["Waited"], "what the killed program had not saved is gone"


def test_case_48_both_are_saved_when_the_first_ends_in_time(nursery: Nursery, path: Path) -> None:
    holder = holding(nursery, "hold_write", path, 1.0)
    waiting = add(nursery, path, "Waited")
    assert nursery.wait(holder).code == 0
    assert nursery.wait(waiting).code == 0
    assert names(path) == ["Thought Of", "Waited"]


@pytest.mark.parametrize(("work", "words"), WAITS)
def test_case_48_after_five_seconds_a_writer_ends_and_names_the_other(
    nursery: Nursery, path: Path, work: str, words: str
) -> None:
    idle = holding(nursery, "hold_open", path)
    holder = holding(nursery, work, path)
    ended = nursery.wait(add(nursery, path, "Late"))
    nursery.wait(holder, 0, kill=True)
    nursery.wait(idle, 0, kill=True)
    assert PATIENCE - 0.1 <= ended.seconds < PATIENCE + SOON
    assert re.match(words.format(pid=holder.process), ended.err), ended.err
    assert_refused(as_result(ended), 4, f"{path} is in use by process {holder.process}", "waited 5 seconds")
    assert str(idle.process) not in ended.err, "who only has it open is not to blame"
    assert names(path) == []


def test_case_48_who_opens_during_a_migration_ends_and_names_it(nursery: Nursery, path: Path) -> None:
    holder = holding(nursery, "hold_alone", path)
    ended = nursery.wait(nursery.start("command", words=["--db", path, "list", "organizations"]))
    nursery.wait(holder, 0, kill=True)
    assert PATIENCE - 0.1 <= ended.seconds < PATIENCE + SOON
    assert ended.code == 4
    assert f"by another program (process {holder.process})" in ended.err


@pytest.mark.parametrize("work", ["hold_write", "hold_foreign"])
def test_case_48_a_reader_does_not_wait_for_a_writer(nursery: Nursery, path: Path, work: str) -> None:
    holder = holding(nursery, work, path)
    try:
        ended = nursery.wait(nursery.start("command", words=["--db", path, "list", "organizations"]))
    finally:
        nursery.wait(holder, 0, kill=True)
    assert (ended.code, ended.err) == (0, "")
    assert ended.seconds < SOON


# -------------------------------------------------------------------- 49

_WRITES = re.compile(
    r"\s*(?:WITH\b.*?\)\s*)?(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.IGNORECASE | re.DOTALL
)
Traced = list[tuple[int, str]]


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    """Every statement of every connection that is opened during the test, with the connection's number."""
    statements: Traced = []
    connect = sqlite3.connect

    def tracing(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        if arguments[0] != "":  # the private table of an import is no coalition
            connection.set_trace_callback(lambda text: statements.append((id(connection), text)))
        return connection

    monkeypatch.setattr(sqlite3, "connect", tracing)
    return statements


def writes_outside(statements: Traced) -> tuple[int, list[str]]:
    """How many statements wrote, and those that did so outside BEGIN IMMEDIATE .. COMMIT."""
    inside: dict[int, str] = {}
    count, outside = 0, []
    for connection, text in statements:
        word = text.strip().upper()
        if word.startswith("BEGIN"):
            inside[connection] = word
        elif word.startswith(("COMMIT", "ROLLBACK", "END")) and " TO " not in word:
            inside.pop(connection, None)
        elif _WRITES.match(text):
            count += 1
            if inside.get(connection, "") not in {"BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"}:
                outside.append(text)
    return count, outside


def work(path: Path, sheet: Path) -> None:
    """Every kind of write that a person does."""
    with Crm.open(path, clock=lambda: NOW) as crm:
        crm.import_file(sheet, by="ada")
        crm.back_up_daily()
        first = crm.organizations()[0]
        with crm.changes("edit", by="ada") as unit:
            records.edit(unit, first, note="seen")
        with crm.changes("delete", by="ada") as unit:
            records.remove(unit, unit.add(Organization, name="Soon gone"))
        crm.undo(by="ada")
        crm.undo(by="ada")
        crm.redo(by="ada")


def test_case_49_every_write_is_between_begin_immediate_and_commit(path: Path, tmp_path: Path, traced: Traced) -> None:
    sheet = tmp_path / "members.csv"
    sheet.write_text(MEMBERS, "utf-8")
    work(path, sheet)
    count, outside = writes_outside(traced)
    assert count > 50
    assert outside == []
    begun = {text for _, text in traced if text.upper().startswith("BEGIN")}
    assert begun == {"BEGIN IMMEDIATE", "BEGIN"}, "the plain one reads what is copied into a backup"


def test_case_49_a_migration_writes_between_begin_immediate_and_commit(
    released: Path, tmp_path: Path, traced: Traced
) -> None:
    with Crm.open(fresh(released, tmp_path / "old")):
        pass
    count, outside = writes_outside(traced)
    assert count > 3
    # The table of what was applied is made by itself: the file is held alone, and nothing was read before.
    assert [text.partition("(")[0].strip() for text in outside] == ['CREATE TABLE IF NOT EXISTS "schema_migration"']


def test_case_49_the_trace_sees_a_write_that_took_no_turn(path: Path, traced: Traced) -> None:
    with Crm.open(path) as crm:
        crm.db.driver.execute("UPDATE ledger SET verified_from = 1")
        crm.db.driver.execute("BEGIN")
        crm.db.driver.execute("DELETE FROM ledger WHERE id = 2")
        crm.db.driver.execute("ROLLBACK")
    assert writes_outside(traced)[0] == len(writes_outside(traced)[1]) == 2
