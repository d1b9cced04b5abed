"""Seats and their holders: rosters loaded once and again, corrections that stay, vacancies, undo, other states."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.formats import FORMATS

from partners_crm.crm import Crm
from partners_crm.errors import Ambiguous, FileRefused, InvalidValue, NotFound
from partners_crm.model import (
    Contact,
    ContactPoint,
    District,
    DistrictMap,
    Operation,
    Organization,
    Role,
    Seat,
    Setting,
    SourceRow,
    Term,
)
from partners_crm.normalize.dates import covers, ends, starts
from partners_crm.services import records
from partners_crm.services.seats import STATUSES, holders, seat_of, seats
from partners_crm.services.seats.correcting import set_holder
from partners_crm.services.seats.loading import LoadReport, load_roster
from partners_crm.services.seats.spans import without
from partners_crm.store.open import close_store, create_store
from partners_crm.store.read import records as select
from partners_crm.store.read import tuples
from partners_crm.store.work import changes

TODAY = NOW.date()
HEAD = "id,name,chamber,district,start,end,party,email,office,voice\n"


@pytest.fixture
def roster(tmp_path: Path) -> Callable[..., Path]:
    """A roster file of the test; its rows lack the header."""

    def call(rows: str, name: str = "roster.csv", head: str = HEAD) -> Path:
        path = tmp_path / name
        path.write_bytes((head + rows).encode("utf-8", "surrogateescape"))
        return path

    return call


def load(crm: Crm, path: Path, as_of: date = TODAY, *, preview: bool = False) -> LoadReport:
    report = load_roster(crm.db, path, as_of=as_of, formats=FORMATS, preview=preview, clock=lambda: NOW)
    assert report.rows == report.taken + report.unchanged + len(report.problems)
    return report


def held(crm: Crm, chamber: str, number: int, on: date = TODAY) -> tuple[str, str, str]:
    found = seat_of(crm.db, chamber, number, on)
    return found.name, found.status, found.since


def whole_house(without: tuple[int, ...] = (), **changed: str) -> str:
    """A row for every House district but some; `changed` gives a district another row."""
    rows = [
        changed.get(f"h{number}", f"p{number},Member {number},lower,{number},2025-01-08,,Party,,,")
        for number in range(1, 119)
        if number not in without
    ]
    return "\n".join(rows) + "\n"


# -------------------------------------------------------------------- the real roster


def test_the_real_roster_fills_every_seat_but_one_and_is_new_once(crm: Crm, shared_data: Path) -> None:
    path = shared_data / "il_legislators_2026-08.csv"
    report = load(crm, path)
    assert (report.rows, report.taken, report.problems) == (382, 382, ())
    assert (report.filled, report.vacated, report.nobody) == (176, 1, ("Senate 59",))
    found = holders(crm.db, TODAY)
    assert len(found) == 177
    assert sum(each.status == "elected" for each in found.values()) == 176
    assert found["senate", 59].status == "vacant"
    assert (len(crm.records(Contact)), len(crm.records(Role))) == (176, 176)
    bodies = {each.name for each in crm.records(Organization) if each.kind == "legislature"}
    assert bodies == {"Illinois House", "Illinois Senate"}
    again = load(crm, path)
    assert (again.changes, again.operation, again.unchanged, again.nobody) == (0, None, 382, ("Senate 59",))
    renamed = path.parent / path.name
    shutil.copyfile(renamed, crm.path.parent / "il_legislators_2026-11.csv")
    assert load(crm, crm.path.parent / "il_legislators_2026-11.csv").changes == 0


def test_a_correction_of_the_real_roster_survives_it_and_undo_takes_the_load_back(crm: Crm, shared_data: Path) -> None:
    path = shared_data / "il_legislators_2026-08.csv"
    load(crm, path)
    with crm.changes("correct") as unit:
        set_holder(unit, "senate", 59, holder="Avery Invented", party="Independent", today=TODAY)
    report = load(crm, path)
    assert (report.changes, report.nobody) == (0, ())
    assert report.kept == ("Senate 59, Avery Invented, by hand on 2026-11-24",)
    assert held(crm, "senate", 59)[:2] == ("Avery Invented", "elected")
    crm.undo()  # the correction
    assert held(crm, "senate", 59)[1] == "vacant"
    undone = crm.undo(2)
    assert (undone.kept, undone.refused) == ([], [])
    assert {each.status for each in holders(crm.db, TODAY).values()} == {"unknown"}
    assert crm.records(Contact) == []
    assert crm.records(Organization) == []


# -------------------------------------------------------------------- one load after another


def test_another_person_ends_the_term_before_and_moves_the_role(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    report = load(crm, roster(whole_house(h7="q7,New Seven,lower,7,2026-03-02,,Other,,,")))
    assert (report.filled, report.contacts, report.withdrawn) == (1, 1, ())
    assert held(crm, "house", 7) == ("New Seven", "elected", "2026-03-02")
    assert held(crm, "house", 7, date(2026, 3, 1)) == ("Member 7", "elected", "2025-01-08")
    assert held(crm, "house", 7, date(2025, 1, 7))[1] == "unknown"
    roles = {crm.find(Contact, role.contact).name: role.until for role in crm.records(Role)}
    assert (roles["Member 7"], roles["New Seven"], roles["Member 8"]) == ("2026-03-01", "", "")


def test_a_new_holder_of_unknown_start_begins_on_the_day_of_the_roster_at_the_latest(
    crm: Crm, roster: Callable[..., Path]
) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    assert load(crm, roster(whole_house(h7="q7,New Seven,lower,7,,,,,,"))).filled == 1
    assert held(crm, "house", 7) == ("New Seven", "elected", "")
    assert not seat_of(crm.db, "house", 7, TODAY).sure
    assert held(crm, "house", 7, TODAY - timedelta(days=1))[0] == "Member 7"
    # Somebody else held the seat after that day: whoever holds it now began later.
    assert held(crm, "house", 7, date(2024, 6, 1))[1] == "unknown"
    assert load(crm, roster(whole_house(h7="q7,New Seven,lower,7,,,,,,"))).changes == 0


def test_a_roster_completes_what_an_earlier_one_did_not_know(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster("1,Dana Reyes,upper,3,,,,,,\n"))
    report = load(crm, roster("1,Dana M. Reyes,upper,3,2023-01-11,,Party,d@example.org,capitol,217-555-0101\n"))
    assert (report.filled, report.updated, report.contacts) == (0, 1, 0)
    found = seat_of(crm.db, "senate", 3, TODAY)
    assert (found.name, found.since, found.party, found.sure) == ("Dana Reyes", "2023-01-11", "Party", True)
    assert sorted(point.kind for point in crm.records(ContactPoint)) == ["email", "phone"]
    # A later start of the same person is the next term, not a later arrival.
    assert load(crm, roster("1,Dana Reyes,upper,3,2025-01-08,,Party,,,\n")).changes == 0


def test_what_is_completed_is_completed_at_once(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster(",Vacant,upper,3,,,,,,\n"), date(2020, 1, 1))
    load(crm, roster("1,Dana Reyes,upper,3,,,,,,\n"))
    complete = roster("1,Dana Reyes,upper,3,2021-01-13,2027-01-12,,,,\n")
    assert load(crm, complete).updated == 1
    assert load(crm, complete).changes == 0
    assert held(crm, "senate", 3, date(2021, 1, 12))[1] == "vacant"
    assert held(crm, "senate", 3, date(2021, 1, 13))[0] == "Dana Reyes"
    assert held(crm, "senate", 3, date(2027, 1, 13))[1] == "unknown"


def test_people_are_found_by_the_folded_name_without_an_id(crm: Crm, roster: Callable[..., Path]) -> None:
    head = "Name,Chamber,District\n"
    load(crm, roster("José Núñez,Senate,SD 04\n", head=head))
    assert load(crm, roster('"NUNEZ, Jose",upper,4\n', head=head)).changes == 0


def test_who_moves_to_the_other_chamber_stays_one_contact(crm: Crm, roster: Callable[..., Path]) -> None:
    head = "Name,Chamber,District,Start\n"
    load(crm, roster("Dana Reyes,house,5,2023-01-11\n", head=head), date(2024, 1, 1))
    report = load(crm, roster("Dana Reyes,senate,3,2025-01-08\n", head=head))
    assert (report.contacts, report.partial) == (0, ("senate",))
    assert held(crm, "senate", 3)[0] == "Dana Reyes"
    assert held(crm, "house", 5)[1] == "unknown"
    assert held(crm, "house", 5, date(2025, 1, 7))[0] == "Dana Reyes"
    assert len(crm.records(Contact)) == 1
    assert sorted((role.title, role.until) for role in crm.records(Role)) == [
        ("Representative", "2025-01-07"),
        ("Senator", ""),
    ]


def test_a_member_of_the_coalition_of_the_same_name_is_another_person(crm: Crm, roster: Callable[..., Path]) -> None:
    with crm.changes("people") as unit:
        records.add(unit, Contact, name="Dana Reyes")
        known = records.add(unit, Contact, name="Kim Okafor")
        records.add(unit, ContactPoint, contact=known.id, kind="email", raw="kim@example.org")
    report = load(
        crm, roster("1,Dana Reyes,upper,3,,,,dana@example.org,,\n2,Kim Okafor,upper,4,,,,KIM@example.org,,\n")
    )
    assert report.contacts == 1
    assert seat_of(crm.db, "senate", 4, TODAY).contact == known.id
    assert [each.name for each in crm.records(Contact)].count("Dana Reyes") == 2


def test_a_seat_nobody_is_named_for_is_vacant_until_somebody_is(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    report = load(crm, roster(whole_house(without=(9,))), date(2026, 5, 4))
    assert (report.nobody, report.vacated) == (("House 9",), 1)
    assert held(crm, "house", 9) == ("", "vacant", "2026-05-04")
    assert held(crm, "house", 9, date(2026, 5, 3))[0] == "Member 9"
    assert held(crm, "senate", 1)[1] == "unknown"  # the roster has no senators
    back = load(crm, roster(whole_house()))
    assert back.filled == 1
    assert back.withdrawn == ("House 9, vacant since 2026-05-04",)
    assert held(crm, "house", 9, date(2026, 6, 1)) == ("Member 9", "elected", "2025-01-08")
    assert load(crm, roster(whole_house())).changes == 0


def test_a_roster_may_say_itself_that_a_seat_is_vacant(crm: Crm, roster: Callable[..., Path]) -> None:
    report = load(crm, roster(whole_house(h2=",Vacant,lower,2,2026-11-01,,,,,")))
    assert (report.nobody, report.vacated) == ((), 1)
    assert held(crm, "house", 2) == ("", "vacant", "2026-11-01")
    assert "Vacant" not in {each.name for each in crm.records(Contact)}


def test_a_part_of_a_roster_says_nothing_of_the_seats_it_does_not_name(crm: Crm, roster: Callable[..., Path]) -> None:
    report = load(crm, roster("1,Dana Reyes,upper,3,,,,,,\n"))
    assert (report.partial, report.nobody, report.vacated) == (("senate",), (), 0)
    assert held(crm, "senate", 4)[1] == "unknown"


def test_who_was_elected_is_in_office_from_the_first_day_on(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    coming = whole_house(h7="q7,New Seven,lower,7,2027-01-13,,,,,", h8="q8,New Eight,lower,8,2027-01-13,,,,,")
    load(crm, roster(coming))
    assert held(crm, "house", 7)[0] == "Member 7"
    assert held(crm, "house", 7, date(2027, 1, 12))[0] == "Member 7"
    assert held(crm, "house", 7, date(2027, 1, 13))[:2] == ("New Seven", "elected")
    assert load(crm, roster(coming)).changes == 0
    with crm.changes("Eight resigns without notice") as unit:
        (old,) = [each for each in crm.records(Term) if seat_of(crm.db, "house", 8, TODAY).term == each.id]
        records.remove(unit, old)
    assert held(crm, "house", 8)[:2] == ("New Eight", "elect")
    assert held(crm, "house", 8, date(2020, 1, 1))[1] == "unknown"


def test_who_is_to_come_later_and_is_named_without_a_start_was_appointed_early(
    crm: Crm, roster: Callable[..., Path]
) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    load(crm, roster(whole_house(h7="q7,New Seven,lower,7,2027-01-13,,,,,")), date(2026, 11, 10))
    early = whole_house(h7="q7,New Seven,lower,7,,,,,,")
    report = load(crm, roster(early))
    assert (report.filled, report.updated, report.contacts, report.withdrawn) == (0, 1, 0, ())
    assert held(crm, "house", 7) == ("New Seven", "elected", TODAY.isoformat())
    assert held(crm, "house", 7, TODAY - timedelta(days=1))[0] == "Member 7"
    assert held(crm, "house", 7, date(2027, 2, 1))[0] == "New Seven"
    assert load(crm, roster(early)).changes == 0
    crm.undo()
    assert held(crm, "house", 7)[0] == "Member 7"
    # A row that calls him a member-elect seats nobody.
    head = HEAD.replace("end", "end,status")
    load(crm, roster("q7,New Seven,lower,7,,,elect,,,,\n", head=head))
    assert held(crm, "house", 7)[0] == "Member 7"


def test_who_begins_in_a_month_leaves_the_one_before_him_in_office_until_then(
    crm: Crm, roster: Callable[..., Path]
) -> None:
    load(crm, roster(whole_house(h7="p7,Member 7,lower,7,,,,,,")), date(2025, 2, 1))
    coming = whole_house(h7="q7,New Seven,lower,7,2027-01,,,,,")
    load(crm, roster(coming))
    assert held(crm, "house", 7)[0] == "Member 7"
    assert held(crm, "house", 7, date(2027, 2, 1))[0] == "New Seven"
    early = whole_house(h7="q7,New Seven,lower,7,,,,,,")
    assert load(crm, roster(early)).updated == 1
    assert held(crm, "house", 7)[0] == "New Seven"
    assert load(crm, roster(early)).changes == 0


def test_a_roster_of_before_tells_who_held_a_seat_then(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster("p1,Old One,upper,1,2018,,,,,\n"), date(2020, 1, 1))
    load(crm, roster("q1,New One,upper,1,,,,,,\n"), date(2023, 4, 5))
    assert held(crm, "senate", 1, date(2022, 2, 7))[0] == "Old One"
    assert load(crm, roster("q1,New One,upper,1,,,,,,\n"), date(2022, 2, 7)).updated == 1
    assert held(crm, "senate", 1, date(2022, 2, 7)) == ("New One", "elected", "")
    assert held(crm, "senate", 1, date(2022, 2, 6))[0] == "Old One"


def test_who_comes_back_is_completed_at_once(crm: Crm, roster: Callable[..., Path]) -> None:
    rows = ("p1,A One,upper,1,2019-01-09,,,,,\n", "p2,B Two,upper,1,2021-01-13,,,,,\n")
    for row, day in zip(rows, (date(2020, 1, 1), date(2022, 1, 1)), strict=True):
        load(crm, roster(row), day)
    again = "p1,A One,upper,1,2019-01-09,,Party,,,\n"
    assert load(crm, roster(again)).withdrawn == ("Senate 1, B Two since 2021-01-13",)
    assert seat_of(crm.db, "senate", 1, TODAY).party == "Party"
    assert load(crm, roster(again)).changes == 0


# -------------------------------------------------------------------- corrections


def test_a_correction_cuts_what_is_in_its_way_and_what_is_corrected_twice_is_the_same(
    crm: Crm, roster: Callable[..., Path]
) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    for changed in (True, False):
        with crm.changes("away for a summer") as unit:
            set_holder(unit, "house", 5, since="2026-06-01", until="2026-08-31", today=TODAY)
            assert bool(unit.count) is changed
    days = {date(2026, 5, 31): "Member 5", date(2026, 6, 1): "", date(2026, 8, 31): "", date(2026, 9, 1): "Member 5"}
    for day, name in days.items():
        assert held(crm, "house", 5, day)[0] == name
    assert held(crm, "house", 5, date(2026, 7, 1))[1] == "vacant"
    assert (load(crm, roster(whole_house())).changes, len(crm.records(Term))) == (0, 120)
    report = load(crm, roster(whole_house(h5="q5,New Five,lower,5,2026-11-02,,,,,")))
    assert (report.kept, report.filled) == ((), 1)
    assert held(crm, "house", 5)[0] == "New Five"


def test_what_a_person_announced_stands_against_what_a_roster_announces(crm: Crm, roster: Callable[..., Path]) -> None:
    with crm.changes("by hand") as unit:
        set_holder(unit, "house", 5, since="2027-01-13", holder="Hana Right", today=TODAY)
        set_holder(unit, "house", 6, since="2025-06-01", until="2025-08-31", today=TODAY)
    coming = whole_house(h5="q5,New Five,lower,5,2027-01-13,,,,,")
    report = load(crm, roster(coming))
    assert report.kept == ("House 5, Hana Right, by hand on 2026-11-24",)
    assert held(crm, "house", 5, date(2027, 2, 1))[0] == "Hana Right"
    names = [held(crm, "house", 6, day)[0] for day in (date(2025, 5, 31), date(2025, 7, 1), TODAY)]
    assert names == ["Member 6", "", "Member 6"]
    assert load(crm, roster(coming)).changes == 0


def test_a_term_of_a_roster_edited_by_hand_is_left_alone(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster(whole_house()))
    term = seat_of(crm.db, "house", 5, TODAY).term
    with crm.changes("edit") as unit:
        records.edit(unit, crm.find(Term, str(term)), party="Independent")
    report = load(crm, roster(whole_house()))
    assert (report.changes, len(report.kept)) == (0, 1)
    assert seat_of(crm.db, "house", 5, TODAY).party == "Independent"
    crm.undo()
    assert load(crm, roster(whole_house())).kept == ()


def test_who_stands_in_another_row_keeps_the_seat_that_a_person_said_is_his(
    crm: Crm, roster: Callable[..., Path]
) -> None:
    load(crm, roster("p1,A One,upper,1,2025-01-08,,,,,\n"))
    with crm.changes("edit") as unit:
        (term,) = crm.records(Term)
        records.edit(unit, term, party="Independent")
    moved = "p2,B Two,upper,1,,,,,,\np1,A One,lower,4,,,,,,\n"
    assert load(crm, roster(moved)).kept == ("Senate 1, A One, by hand on 2026-11-24",)
    assert held(crm, "senate", 1)[0] == held(crm, "house", 4)[0] == "A One"
    assert load(crm, roster(moved)).changes == 0


def test_a_correction_takes_a_known_contact_and_refuses_what_cannot_be(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster("1,Dana Reyes,upper,3,,,,,,\n"))
    with crm.changes("correct") as unit:
        set_holder(unit, "senate", 9, holder="dana reyes", today=TODAY)
    assert len(crm.records(Contact)) == 1
    for values, kind in (
        ({"chamber": "senate", "number": 60}, NotFound),
        ({"chamber": "senate", "number": 1, "holder": "999"}, NotFound),
        ({"chamber": "senate", "number": 1, "since": "2026", "until": "2025"}, InvalidValue),
    ):
        with pytest.raises(kind), crm.changes("no") as unit:
            set_holder(unit, today=TODAY, **values)  # type: ignore[arg-type]


# -------------------------------------------------------------------- rows that cannot be taken


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("1,Dana Reyes,upper,60,,,,,,", "district", "is no senate district"),
        ("1,Dana Reyes,upper,0,,,,,,", "district", "is no senate district"),
        ("1,Dana Reyes,upper,,,,,,,", "district", "is missing"),
        ("1,Dana Reyes,upper,-5,,,,,,", "district", "names no district"),
        ("1,Dana Reyes,upper,9999999999999999,,,,,,", "district", "names no district"),
        ("1,Dana Reyes,middle,5,,,,,,", "chamber", "is no chamber of this state"),
        ("1,Dana Reyes,,5,,,,,,", "chamber", "is missing"),
        ("1,,upper,5,,,,,,", "name", "names nobody"),
        ("1,***,upper,5,,,,,,", "name", "names nobody"),
        (f"1,{'D' * 101},upper,5,,,,,,", "name", "is longer than 100 characters"),
        ("1,Dana Reyes,upper,5,yesterday,,,,,", "since", "is not a date"),
        ("1,Dana Reyes,upper,5,2025,2024,,,,", "until", "lies before 2025"),
        ("1,Dana Reyes,upper,5,2020,2024,,,,", "until", "is over"),
        ("1,Dana\0Reyes,upper,5,,,,,,", "name", "holds a NUL character"),
    ],
)
def test_a_row_that_says_nothing_clear_is_a_problem_and_the_rest_is_loaded(
    crm: Crm, roster: Callable[..., Path], row: str, column: str, reason: str
) -> None:
    report = load(crm, roster(f"{row}\n2,Kim Okafor,upper,4,,,,,,\n"))
    (problem,) = report.problems
    assert (problem.line, problem.column) == (2, column)
    assert reason in problem.reason
    assert report.taken == 1
    assert held(crm, "senate", 4)[0] == "Kim Okafor"


def test_two_people_for_a_seat_and_a_person_in_two_seats(crm: Crm, roster: Callable[..., Path]) -> None:
    rows = "1,A One,upper,4,,,,,,\n2,B Two,upper,4,,,,,,\n1,A One,upper,5,,,,,,\n,C,upper,6,,,,,,\n,C,upper,7,,,,,,\n"
    report = load(crm, roster(rows))
    assert [(each.line, each.reason) for each in report.problems] == [
        (3, "is held by A One in line 2"),
        (4, "holds senate 4 in line 2"),
        (6, "holds senate 6 in line 5"),
    ]
    assert [held(crm, "senate", number)[0] for number in (4, 5, 6, 7)] == ["A One", "", "C", ""]


def test_a_seat_of_a_problem_row_is_not_found_vacant(crm: Crm, roster: Callable[..., Path]) -> None:
    load(crm, roster(whole_house()), date(2025, 2, 1))
    report = load(crm, roster(whole_house(h9="p9,Member 9,lower,9,soon,,,,,")))
    assert (len(report.problems), report.nobody, report.changes) == (1, (), 0)
    assert held(crm, "house", 9)[0] == "Member 9"


def test_rows_are_kept_as_they_came_and_hostile_cells_are_only_text(crm: Crm, roster: Callable[..., Path]) -> None:
    nasty = "=HYPERLINK(1) [bold]\x1b]0;x\x07 <script>"
    report = load(crm, roster(f"1,{nasty},upper,4,,,\x1b[31m,not a mail,capitol,???\n2,X,upper,99,,,,,,\n"))
    assert (report.taken, len(report.problems)) == (1, 1)
    assert held(crm, "senate", 4)[0] == nasty
    kept = select(crm.db, SourceRow.select().order_by(SourceRow.id))
    assert [(row.line, row.outcome) for row in kept] == [(2, "added"), (3, "rejected")]
    assert {point.status for point in crm.records(ContactPoint)} == {"unreadable"}


def test_phones_of_private_offices_are_left_out(crm: Crm, roster: Callable[..., Path]) -> None:
    rows = "1,A One,upper,4,,,,,capitol,217-555-0101\n1,A One,upper,4,,,,,Home,217-555-0102\n"
    report = load(crm, roster(rows))
    assert report.private == 1
    assert [point.raw for point in crm.records(ContactPoint)] == ["217-555-0101"]


@pytest.mark.parametrize("head", ["a,b,c\n", "name,chamber\n", "district,party\n"])
def test_a_file_that_is_no_roster_is_refused_whole(crm: Crm, roster: Callable[..., Path], head: str) -> None:
    with pytest.raises(FileRefused, match="has no column"):
        load(crm, roster("1,2,3\n", head=head))


def test_a_preview_writes_nothing(crm: Crm, roster: Callable[..., Path]) -> None:
    report = load(crm, roster(whole_house()), preview=True)
    assert (report.filled, report.operation) == (118, None)
    assert tuples(crm.db, Operation.select(Operation.id)) == [(1,)]
    assert held(crm, "house", 1)[1] == "unknown"


# -------------------------------------------------------------------- other states, and what always holds


@pytest.fixture
def unicameral(tmp_path: Path) -> Iterator[Crm]:
    """A coalition in a state of one chamber of 49 districts; its map has no borders here."""
    db = create_store(tmp_path / "one.db")
    with changes(db, "set up", clock=lambda: NOW) as unit:
        unit.add(Setting, key="state", setting="ne")
        plan = unit.add(
            DistrictMap, code="ne-2021", name="One", state="ne", base_chamber="senate", seated_from="2023-01-04"
        )
        for number in range(1, 50):
            name = f"Legislature {number}"
            unit.add(District, map=plan.id, chamber="senate", number=number, name=name)
            unit.add(Seat, state="ne", chamber="senate", number=number, name=name)
    yield Crm(db, clock=lambda: NOW)
    close_store(db)


def test_a_state_of_one_chamber(unicameral: Crm, roster: Callable[..., Path]) -> None:
    crm, head = unicameral, "Senator,Legislature District,Party\n"
    with pytest.raises(FileRefused):
        load(crm, roster("Ann One,1,\n", head=head))
    head = "Senator,District,Chamber\n"
    rows = "".join(
        f"Member {number},{number},{word}\n" for number, word in enumerate(["", "Legislature", "upper"] * 16, 1)
    )
    report = load(crm, roster(rows, head=head))
    assert (report.filled, report.vacated, report.nobody, report.problems) == (48, 1, ("Legislature 49",), ())
    assert len(seats(crm.db, TODAY)) == 49
    assert {each.name for each in crm.records(Organization)} == {"NE Legislature"}
    (problem,) = load(crm, roster("Ann One,1,house\n", head=head)).problems
    assert problem.column == "chamber"
    with pytest.raises(NotFound, match="there is no house"):
        seats(crm.db, TODAY, "house")


def test_there_are_as_many_seats_on_a_day_as_its_map_has_districts(crm: Crm) -> None:
    for day in (date(2009, 1, 1), date(2014, 1, 1), TODAY, date(2050, 1, 1)):
        assert [len(seats(crm.db, day, chamber)) for chamber in ("house", "senate", "")] == [118, 59, 177]
    with pytest.raises(NotFound, match="seats: house 1 to 118; senate 1 to 59"):
        seat_of(crm.db, "senate", 60, TODAY)


def days() -> st.SearchStrategy[date]:
    return st.dates(date(2020, 1, 1), date(2027, 12, 31))


class Step(NamedTuple):
    """One load of a roster of one row, or one correction."""

    by_hand: bool
    number: int
    person: int
    """0: nobody."""
    since: str
    until: str
    as_of: date


def steps() -> st.SearchStrategy[Step]:
    partial = st.builds(lambda day, size: day.isoformat()[:size], days(), st.sampled_from([4, 7, 10, 10, 10, 10]))
    dates = st.one_of(st.just(""), partial, partial)

    def build(by_hand: bool, number: int, person: int, some: tuple[str, str], as_of: date) -> Step:
        since, until = some
        if since and until and ends(until) < starts(since):
            since, until = until, since
        return Step(by_hand, number, person, since, until, as_of)

    return st.builds(
        build,
        st.booleans(),
        st.integers(1, 2),
        st.integers(0, 3),
        st.tuples(dates, dates),
        st.one_of(st.just(TODAY), days()),
    )


@given(st.lists(steps(), max_size=6), days())
def test_every_seat_has_one_answer_whatever_was_loaded_and_corrected(
    blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory, some: list[Step], on: date
) -> None:
    folder = tmp_path_factory.mktemp("seats")
    path = folder / "c.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        for step in some:
            take(crm, folder / "r.csv", step)
        found = holders(crm.db, on)
        assert len(found) == 177
        for each in found.values():
            assert each.status in STATUSES
            assert (each.contact is None) == (each.status in {"vacant", "unknown"})
            assert (each.term is None) == (each.status == "unknown")
        for number in (1, 2):
            check_terms([term for term in crm.records(Term) if term.seat == found["senate", number].seat])


def take(crm: Crm, file: Path, step: Step) -> None:
    if step.by_hand:
        values = {"holder": f"Person {step.person}" if step.person else "", "since": step.since, "until": step.until}
        # Two people of one name may be left when a term is withdrawn: a person has to say who is meant. A seat that
        # is vacant from now on cannot be so until before.
        with suppress(Ambiguous, InvalidValue), crm.changes("by hand") as unit:
            set_holder(unit, "senate", step.number, today=TODAY, **values)
        return
    name = f"Person {step.person}" if step.person else "vacant"
    file.write_text(f"{HEAD},{name},upper,{step.number},{step.since},{step.until},,,,\n", "utf-8")
    before = by_hand(crm)
    load(crm, file, step.as_of)
    assert load(crm, file, step.as_of).changes == 0
    assert by_hand(crm) == before


def by_hand(crm: Crm) -> list[dict[str, object]]:
    return [term.stored() for term in crm.records(Term) if not term.source]


def check_terms(terms: list[Term]) -> None:
    """No two terms cover a day for certain."""
    edges = {edge for term in terms for edge in (term.since, term.until) if edge}
    for edge in edges:
        for day in (starts(edge), ends(edge)):
            assert sum(covers(term.since, term.until, day) == "yes" for term in terms) <= 1, day


@given(st.lists(days(), min_size=4, max_size=4), st.booleans(), st.booleans(), days())
def test_a_span_taken_out_of_another_leaves_the_days_outside_it(
    some: list[date], is_open: bool, takes_all: bool, day: date
) -> None:
    begin, end = sorted(some[:2])
    first, last = sorted(some[2:])
    span = (begin.isoformat(), "" if is_open else end.isoformat())
    taken = (first.isoformat(), "" if takes_all else last.isoformat())

    def holds(each: tuple[str, str]) -> bool:
        return starts(each[0]) <= day.isoformat() and (not each[1] or day.isoformat() <= ends(each[1]))

    left = without(span, taken)
    assert sum(map(holds, left)) == (holds(span) and not holds(taken))
