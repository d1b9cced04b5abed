"""Whatever was loaded and corrected before: a roster is new once, says who holds a seat, and is taken back whole."""

from __future__ import annotations

import csv
import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.formats import FORMATS

from partners_crm.crm import Crm
from partners_crm.errors import Ambiguous, InvalidValue
from partners_crm.model import Contact, ContactPoint, District, DistrictMap, Organization, Role, Seat, Setting, Term
from partners_crm.normalize.dates import starts
from partners_crm.services.seats import holders
from partners_crm.services.seats.correcting import set_holder
from partners_crm.services.seats.loading import LoadReport, load_roster
from partners_crm.store.open import close_store, create_store
from partners_crm.store.work import changes

SIZES = {"house": 6, "senate": 2}
SEATS = [(chamber, number) for chamber, size in SIZES.items() for number in range(1, size + 1)]
PEOPLE = ("Ann Ash", "Bob Birch", "Cy Cedar", "Di Dogwood", "Ed Elm", "Flo Fir", "Gus Gum", "Hal Holly", "Ida Iris")
VACANT = "vacant"
WRITTEN = (Contact, ContactPoint, Organization, Role, Term)


class Row(NamedTuple):
    """What a roster says of a seat."""

    name: str
    chamber: str
    number: int
    since: str
    until: str
    party: str
    status: str


class Load(NamedTuple):
    """A roster as it stood on a day."""

    as_of: date
    rows: list[Row]


class Correction(NamedTuple):
    """Somebody says who holds a seat."""

    as_of: date
    seat: tuple[str, int]
    name: str
    since: str


@pytest.fixture(scope="module")
def small_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coalition in a state of eight seats, so that a roster of a few rows names most of a chamber."""
    path = tmp_path_factory.mktemp("small") / "c.db"
    db = create_store(path)
    with changes(db, "set up", clock=lambda: NOW) as unit:
        unit.add(Setting, key="state", setting="il")
        plan = unit.add(DistrictMap, code="il-s", name="S", state="il", base_chamber="house", seated_from="2000-01-01")
        for chamber, number in SEATS:
            values = {"chamber": chamber, "number": number, "name": f"{chamber.capitalize()} {number}"}
            unit.add(District, map=plan.id, **values)
            unit.add(Seat, state="il", **values)
    close_store(db)
    return path


def days() -> st.SearchStrategy[date]:
    return st.dates(date(2020, 1, 1), date(2023, 12, 31))


def since() -> st.SearchStrategy[str]:
    """A first day, or none; a year or a month only of long ago, where it leaves no doubt of the days asked about."""
    return st.one_of(st.just(""), st.sampled_from(["2018", "2019-03"]), days().map(date.isoformat))


@st.composite
def loads(draw: st.DrawFn) -> Load:
    people = draw(st.permutations(PEOPLE))
    seats = draw(st.lists(st.sampled_from(SEATS), min_size=1, unique=True))
    as_of = draw(days())
    rows = []
    for seat, person in zip(seats, people, strict=False):
        name = draw(st.sampled_from([person, person, person, VACANT]))
        status = draw(st.sampled_from(["", "", "elected", "appointed"]))
        until = draw(st.sampled_from(["", "", "2025-01-08"]))
        rows.append(Row(name, *seat, draw(since()), until, draw(st.sampled_from(["", "Red", "Blue"])), status))
    return Load(as_of, rows)


def corrections() -> st.SearchStrategy[Correction]:
    return st.builds(Correction, days(), st.sampled_from(SEATS), st.sampled_from(["", *PEOPLE]), since())


@given(st.lists(st.one_of(loads(), loads(), corrections()), min_size=1, max_size=6))
def test_a_history(
    small_state: Path, tmp_path_factory: pytest.TempPathFactory, history: list[Load | Correction]
) -> None:
    folder = tmp_path_factory.mktemp("history")
    path = folder / "c.db"
    shutil.copyfile(small_state, path)
    path.chmod(0o600)
    latest = date.min
    with Crm.open(path, clock=lambda: NOW) as crm:
        for step in history:
            before = contents(crm)
            newest = crm.operations()[0].id
            if isinstance(step, Correction):
                correct(crm, step)
            else:
                file = folder / "roster.csv"
                report = load(crm, file, step)
                # A roster of before does not end what a later one began.
                if step.as_of >= latest:
                    check_holders(crm, step, report)
                assert load(crm, file, step).changes == 0
            latest = max(latest, step.as_of)
            if crm.operations()[0].id > newest:
                undone = crm.undo()
                assert (undone.kept, undone.refused) == ([], [])
                assert contents(crm) == before
                crm.redo()


def contents(crm: Crm) -> list[list[dict[str, object]]]:
    """Every record that a load or a correction may write; what a record was called in an undone life is left out."""
    return [[each.stored() for each in crm.records(table)] for table in WRITTEN]


def load(crm: Crm, file: Path, step: Load) -> LoadReport:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["name", "chamber", "district", "start", "end", "party", "status", "email"])
        for row in step.rows:
            mail = "" if row.name == VACANT else f"{row.name.split()[0].lower()}@example.org"
            writer.writerow([*row, mail])
    report = load_roster(crm.db, file, as_of=step.as_of, formats=FORMATS, clock=lambda: NOW)
    assert report.rows == len(step.rows) == report.taken + report.unchanged + len(report.problems)
    return report


def check_holders(crm: Crm, step: Load, report: LoadReport) -> None:
    """On the day of the roster every seat it names is held by whom it names, but for what a person entered."""
    found = holders(crm.db, step.as_of)
    kept = {words.split(",")[0] for words in report.kept}
    bad = {problem.line for problem in report.problems}
    for line, row in enumerate(step.rows, 2):
        seat = found[row.chamber, row.number]
        if line in bad or seat.seat_name in kept or (row.since and starts(row.since) > step.as_of.isoformat()):
            continue
        assert (seat.name, seat.status == VACANT) == ("" if row.name == VACANT else row.name, row.name == VACANT)


def correct(crm: Crm, step: Correction) -> None:
    # A person may be called as another one; a seat that is vacant from a day on cannot be so until before.
    with suppress(Ambiguous, InvalidValue), crm.changes("by hand") as unit:
        set_holder(unit, *step.seat, holder=step.name, since=step.since, today=step.as_of)
