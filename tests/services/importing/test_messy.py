"""The messy member list, imported: nothing lost, nothing merged that is two, few rows for a person, marks that stay.

The list and its truth are made by fixtures/dirty; every check is made on the workbook and on the same rows as CSV.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from fixtures.dirty import books, messy
from fixtures.dirty.clothes import Cell
from fixtures.dirty.truth import truth
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.model import (
    ENTITIES,
    Affiliation,
    Assignment,
    ChangeValues,
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    District,
    Identifier,
    Membership,
    OtherName,
    Role,
    Silo,
    SiloShare,
    Site,
    SourceRow,
)
from partners_crm.normalize.text import fold, name_key
from partners_crm.store.read import records, tuples

MOST_ASKED = 0.05
"""The largest share of the rows that may need a person."""
KINDS = ("xlsx", "csv")

Truth = dict[str, Any]


@pytest.fixture(scope="module")
def made() -> messy.Messy:
    return messy.build()


@pytest.fixture(scope="module")
def told(made: messy.Messy) -> Truth:
    return truth(made)


def written(what: messy.Messy, path: Path) -> list[int]:
    """Write the list as its name asks; gives the line of each row."""
    if path.suffix == ".csv":
        return books.write_csv(what.rows, path)
    books.write_workbook(what, path)
    return what.lines()


@dataclass(frozen=True)
class Imported:
    """A coalition with the list in it, closed, and what the import said."""

    database: Path
    file: Path
    report: Any
    lines: list[int]
    """The line of each row in the file."""


@pytest.fixture(scope="module", params=KINDS)
def imported(
    request: pytest.FixtureRequest,
    made: messy.Messy,
    blank_coalition: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Imported:
    folder = tmp_path_factory.mktemp("messy")
    database, file = folder / "coalition.db", folder / f"members-messy.{request.param}"
    shutil.copyfile(blank_coalition, database)
    database.chmod(0o600)
    lines = written(made, file)
    with Crm.open(database, clock=lambda: NOW) as crm:
        report = crm.import_file(file)
    return Imported(database, file, report, lines)


@pytest.fixture
def members(imported: Imported, tmp_path: Path) -> Iterator[Crm]:
    """The coalition of the import, a copy for each test."""
    path = tmp_path / "copy.db"
    shutil.copyfile(imported.database, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        yield crm


# -------------------------------------------------------------------- what the records say


def owners(crm: Crm, lines: Iterable[int]) -> dict[int, int]:
    """The organization that the row of each line became, by the newest import; rejected rows have none."""
    wanted = set(lines)
    rows = records(crm.db, SourceRow.select())
    newest = max(row.operation for row in rows)
    return {
        row.line: row.record
        for row in rows
        if row.operation == newest and row.line in wanted and row.entity == "organization" and row.record is not None
    }


def bodies_by_key(crm: Crm, told: Truth, lines: list[int]) -> dict[str, set[int]]:
    """The records of each true organization, by its key."""
    by_line = owners(crm, lines)
    found: dict[str, set[int]] = defaultdict(set)
    for line, row in zip(lines, told["rows"], strict=True):
        if line in by_line and row["organization"]:
            found[row["organization"]].add(by_line[line])
    return found


def taken(imported: Imported, told: Truth) -> list[Truth]:
    """The true organizations of which no row was rejected; how many may be is another check."""
    rejected = {problem.line for problem in imported.report.problems}
    out = {
        row["organization"]
        for line, row in zip(imported.lines, told["rows"], strict=True)
        if line in rejected and row["organization"]
    }
    return [body for body in told["organizations"] if body["key"] not in out]


def people_of(crm: Crm) -> dict[int, list[Contact]]:
    """The contacts of each organization."""
    contacts = {each.id: each for each in records(crm.db, Contact.select())}
    found: dict[int, list[Contact]] = defaultdict(list)
    for role in records(crm.db, Role.select()):
        found[role.organization].append(contacts[role.contact])
    return found


def points_of(crm: Crm) -> dict[int, set[str]]:
    """Every number and address of each organization: its own, those of its sites and of its contacts."""
    sites = {site.id: site.organization for site in records(crm.db, Site.select())}
    jobs: dict[int, list[int]] = defaultdict(list)
    for role in records(crm.db, Role.select()):
        jobs[role.contact].append(role.organization)
    found: dict[int, set[str]] = defaultdict(set)
    for point in records(crm.db, ContactPoint.select()):
        keys = jobs[point.contact] if point.contact else [point.organization or sites[point.site or 0]]
        for key in keys:
            found[key].add(point.value)
    return found


def marked(crm: Crm) -> set[str]:
    """The mail addresses that may not be written to, by their own mark or by that of their contact."""
    people = {each.id for each in records(crm.db, Contact.select()) if each.do_not_contact}
    return {
        point.value
        for point in records(crm.db, ContactPoint.select())
        if point.kind == "email" and (point.do_not_contact or point.contact in people)
    }


def meant_marked(told: Truth) -> set[str]:
    contacts = [each for body in told["organizations"] for each in body["contacts"]]
    return {mail for each in contacts if each["unsubscribed"] or each["do_not_contact"] for mail in each["mails"]}


# -------------------------------------------------------------------- counting


def test_every_row_is_accounted_for(imported: Imported) -> None:
    report = imported.report
    assert report.rows == 650
    assert report.rows == report.new + report.changed + report.same + report.rejected
    assert len(report.problems) == report.rejected


def test_what_is_no_member_is_none(members: Crm) -> None:
    names = {body.name for body in members.organizations()}
    assert not names & {"Total", "Organization", *books.OLD_MEMBERS, *messy.FOOTNOTES, *messy.TITLE}
    assert not any(name.startswith("Former ") for name in names)


def test_few_rows_need_a_person(imported: Imported, told: Truth) -> None:
    report = imported.report
    asked = {problem.line for problem in report.problems}
    asked |= {remark.line for remark in report.remarks if remark.serious}
    assert len(asked & set(imported.lines)) <= MOST_ASKED * len(imported.lines), sorted(asked)


def test_what_cannot_be_known_is_asked(imported: Imported, told: Truth) -> None:
    report = imported.report
    said = {each.line for each in (*report.problems, *report.remarks)}
    asks = [(line, row["needs_person"]) for line, row in zip(imported.lines, told["rows"], strict=True)]
    assert [(line, why) for line, why in asks if why and line not in said] == []


# -------------------------------------------------------------------- one record for one organization


def test_no_two_organizations_share_a_record(imported: Imported, members: Crm, told: Truth) -> None:
    by_key = bodies_by_key(members, told, imported.lines)
    keys: dict[int, set[str]] = defaultdict(set)
    for key, found in by_key.items():
        for record in found:
            keys[record].add(key)
    assert [sorted(some) for some in keys.values() if len(some) > 1] == []
    assert by_key.keys() >= {body["key"] for body in taken(imported, told)}


def test_the_six_temptations_stay_two(imported: Imported, members: Crm, told: Truth) -> None:
    by_key = bodies_by_key(members, told, imported.lines)
    people = people_of(members)
    for pair in told["apart"]:
        if pair["contacts"]:
            (body,) = by_key[pair["organizations"][0]]
            family = {contact.id: contact.name for contact in people[body]}
            assert sorted(family.values()) == sorted(pair["contacts"])
        else:
            first, second = pair["organizations"]
            assert not by_key[first] & by_key[second], pair["kind"]


def test_an_organization_in_one_spelling_has_one_record(imported: Imported, members: Crm, told: Truth) -> None:
    by_key = bodies_by_key(members, told, imported.lines)
    twice = {pair["organization"] for pair in told["duplicates"]}
    assert {key for key, found in by_key.items() if len(found) > 1} <= twice


def test_each_true_duplicate_is_merged_or_said(imported: Imported, members: Crm, told: Truth) -> None:
    by_key = bodies_by_key(members, told, imported.lines)
    line_of = {row["line"]: line for line, row in zip(imported.lines, told["rows"], strict=True)}
    missed = []
    for pair in told["duplicates"]:
        if len(by_key[pair["organization"]]) == 1:
            continue
        lines = {line_of[line] for some in pair["rows"] for line in some}
        remarks = [each.described("") for each in imported.report.remarks if each.line in lines]
        if not any(fold(spelling) in fold(text) for spelling in pair["spellings"] for text in remarks):
            missed.append((pair["kind"], pair["spellings"], pair["evidence"]))
    assert missed == []


def test_no_two_associations_share_a_record(imported: Imported, members: Crm, told: Truth) -> None:
    """A spelling belongs to the association it is most like; what is said of an organization is all there."""
    names = {body.id: body.name for body in members.organizations()}
    ties: dict[int, set[str]] = defaultdict(set)
    for tie in records(members.db, Affiliation.select()):
        ties[tie.organization].add(nearest(names[tie.association], told))
    by_key = bodies_by_key(members, told, imported.lines)
    wrong = []
    for body in taken(imported, told):
        found = {name for record in by_key[body["key"]] for name in ties[record]}
        if found != set(body["associations"]):
            wrong.append((body["key"], sorted(found), body["associations"]))
    assert wrong == []
    used = {tie.association for tie in records(members.db, Affiliation.select())}
    assert len(used) == len({name for body in told["organizations"] for name in body["associations"]})


def nearest(name: str, told: Truth) -> str:
    """The true association that a spelling is most like."""
    plain = name.lower().replace("assn.", "association")
    known: list[str] = [each["name"] for each in told["associations"]]
    return max(known, key=lambda each: SequenceMatcher(None, each.lower(), plain, autojunk=False).ratio())


# -------------------------------------------------------------------- nothing lost


def forms(cell: Cell | None) -> set[str]:
    """The forms under which the text of a cell may stand somewhere."""
    if cell is None or cell == "":
        return set()
    if isinstance(cell, date):
        return {cell.isoformat(), fold(books.as_text(cell))}
    text = str(cell)
    found = {fold(text), text.strip()}
    if number := re.fullmatch(r"\s*(-?\d+)\.0+\s*", text):
        found.add(number[1])
    if day := re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ]00:00:00", text):
        found.add(day[1])
    if len(digits := re.sub(r"\D", "", text)) >= 5:
        found.add(digits)
    return found - {""}


def everywhere(crm: Crm) -> set[str]:
    """The forms of every value of every record, and of every value the journal keeps."""
    found: set[str] = set()
    for table in ENTITIES:
        for row in tuples(crm.db, table.select(*table._meta.sorted_fields)):
            found.update(form for value in row for form in forms(value))
    for change in records(crm.db, ChangeValues.select()):
        for values in (change.before, change.after):
            found.update(form for value in json.loads(values or "{}").values() for form in forms(value))
    return found


def test_every_cell_is_found(imported: Imported, members: Crm, made: messy.Messy) -> None:
    kept: dict[int, set[str]] = {}
    for source in records(members.db, SourceRow.select()):
        kept[source.line] = {form for text in json.loads(source.cells).values() for form in forms(text)}
    anywhere: set[str] = set()
    lost = []
    for line, row in zip(imported.lines, made.rows, strict=True):
        for column, cell in row.cells.items():
            wanted = forms(cell)
            if not wanted or wanted & kept.get(line, set()):
                continue
            anywhere = anywhere or everywhere(members)
            if not wanted & anywhere:
                lost.append((line, column, cell))
    assert lost == []


Collected = Callable[[Crm], dict[int, set[str]]]


def numbers_of(crm: Crm) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for each in records(crm.db, Identifier.select()):
        found[each.organization].add(each.value)
    return found


def names_of(crm: Crm) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for body in crm.organizations():
        found[body.id].add(body.name)
    for other in records(crm.db, OtherName.select()):
        found[other.organization].add(other.name)
    return found


def keys_of(crm: Crm) -> dict[int, set[str]]:
    """Names without what tells a legal name from the one in use."""
    return {body: {name_key(name) for name in names} for body, names in names_of(crm).items()}


def zips_of(crm: Crm) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for site in records(crm.db, Site.select()):
        found[site.organization].add(site.postal_code[:5])
    return found


def silos_of(crm: Crm) -> dict[int, set[str]]:
    codes = {silo.id: silo.code for silo in records(crm.db, Silo.select())}
    found: dict[int, set[str]] = defaultdict(set)
    for share in records(crm.db, SiloShare.select()):
        found[share.organization].add(codes[share.silo])
    return found


def starts_of(crm: Crm) -> dict[int, set[str]]:
    return {tie.organization: {tie.since} for tie in records(crm.db, Membership.select())}


def contacts_of(crm: Crm) -> dict[int, set[str]]:
    return {body: {fold(each.family_name) for each in some} for body, some in people_of(crm).items()}


def of_contacts(body: Truth) -> set[str]:
    return {fold(each["family"]) for each in body["contacts"]}


def of_points(body: Truth) -> set[str]:
    points = [*body["phones"], *(phone for each in body["contacts"] for phone in each["phones"])]
    return {phone["e164"] for phone in points} | {mail for each in body["contacts"] for mail in each["mails"]}


FACTS: tuple[tuple[str, Collected, Callable[[Truth], set[str]]], ...] = (
    ("points", points_of, of_points),
    ("EIN", numbers_of, lambda body: {body["ein"]}),
    ("names", keys_of, lambda body: {name_key(name) for name in (body["legal_name"], body["short_name"])}),
    ("ZIP", zips_of, lambda body: {site["postal_code"] for site in body["sites"]}),
    ("silos", silos_of, lambda body: set(body["silos"])),
    ("start", starts_of, lambda body: {body["member_since"]}),
    ("contacts", contacts_of, of_contacts),
)


@pytest.mark.parametrize(("what", "collected", "meant"), FACTS, ids=[fact[0] for fact in FACTS])
def test_what_the_cells_say_is_in_the_records(
    imported: Imported,
    members: Crm,
    told: Truth,
    what: str,
    collected: Collected,
    meant: Callable[[Truth], set[str]],
) -> None:
    found = collected(members)
    by_key = bodies_by_key(members, told, imported.lines)
    missing = []
    for body in taken(imported, told):
        has = {value for record in by_key[body["key"]] for value in found.get(record, set())}
        if lost := meant(body) - has - {""}:
            missing.append((body["key"], body["name"], sorted(lost)))
    assert missing == []


def test_only_what_the_cells_say_is_in_the_silos(imported: Imported, members: Crm, told: Truth) -> None:
    found = silos_of(members)
    by_key = bodies_by_key(members, told, imported.lines)
    for body in taken(imported, told):
        has = {code for record in by_key[body["key"]] for code in found.get(record, set())}
        assert has == set(body["silos"]), body["name"]


def test_stated_districts_are_at_the_sites(imported: Imported, members: Crm, told: Truth) -> None:
    """Of what one cell states of one place; two districts in a cell do not say which site is meant."""
    pairs = tuples(
        members.db,
        Assignment.select(Site.organization, District.chamber, District.number)
        .join(District, on=(Assignment.district == District.id))
        .join(Site, on=(Assignment.site == Site.id)),
    )
    stands = set(pairs)
    # Illinois nests two house districts in each senate district: who stands in one stands in the other.
    stands |= {(record, "senate", (number + 1) // 2) for record, chamber, number in stands if chamber == "house"}
    by_key = bodies_by_key(members, told, imported.lines)
    wrong = []
    for body in taken(imported, told):
        for chamber in body["stated"]:
            if len(body[chamber]) == 1 and body["sites"][0]["kind"] != "mailing":
                (number,) = body[chamber]
                if not any((record, chamber, number) in stands for record in by_key[body["key"]]):
                    wrong.append((body["name"], chamber, number))
    assert wrong == []


OWN = ("Dues", "Board size", "Accessible?", "Region")


def test_columns_nobody_knows_become_fields_of_the_coalition(imported: Imported, crm: Crm, told: Truth) -> None:
    # A workbook's headers are joined with their groups.
    headers = [header for header in imported.report.headers if header.endswith(OWN)]
    report: Any = crm.import_file(imported.file, own=tuple(headers))
    assert not set(headers) & set(report.unmapped)
    fields = {field.id: field for field in records(crm.db, CustomField.select())}
    names = {field.label.rpartition("Coalition ")[2]: key for key, field in fields.items()}
    assert sorted(names) == sorted(OWN)
    kinds = [fields[names[label]].kind for label in OWN[1:]]
    assert kinds == ["number", "yes_no", "choice"]
    assert len(fields[names["Region"]].choices.splitlines()) == 6
    said: dict[tuple[int, int | None], set[str]] = defaultdict(set)
    for each in records(crm.db, CustomValue.select()):
        said[each.field, each.organization].add(each.value)
    by_key = bodies_by_key(crm, told, imported.lines)
    for body in taken(imported, told):
        for label, meant in (
            ("Board size", str(body["board_size"] or "")),
            ("Accessible?", body["accessible"]),
            ("Region", body["region"]),
            ("Dues", body["dues"]),
        ):
            found = {value for key in by_key[body["key"]] for value in said[names[label], key]}
            if label == "Dues":
                amounts = {float(value.strip("$").replace(",", "")) for value in found if value != "waived"}
                assert amounts == ({float(meant)} if meant else set()), body["name"]
            else:
                assert found == {meant} - {""}, (body["name"], label)


# -------------------------------------------------------------------- marks that stay


def test_who_does_not_want_mail_is_marked_and_nobody_else(members: Crm, told: Truth) -> None:
    assert marked(members) == meant_marked(told)


def test_who_is_not_to_be_contacted_is_marked_at_every_point(imported: Imported, members: Crm, told: Truth) -> None:
    points: dict[int, list[ContactPoint]] = defaultdict(list)
    for point in records(members.db, ContactPoint.select()):
        points[point.contact or 0].append(point)
    people = people_of(members)
    by_key = bodies_by_key(members, told, imported.lines)
    for body in told["organizations"]:
        for meant in body["contacts"]:
            if not meant["do_not_contact"]:
                continue
            (contact,) = [
                each
                for record in by_key[body["key"]]
                for each in people[record]
                if fold(each.family_name) == fold(meant["family"]) and fold(each.given_name) == fold(meant["given"])
            ]
            assert contact.do_not_contact or all(point.do_not_contact for point in points[contact.id])


def test_marks_survive_the_same_list_without_them(
    imported: Imported, members: Crm, made: messy.Messy, told: Truth, tmp_path: Path
) -> None:
    path = tmp_path / imported.file.name
    written(messy.without_marks(made), path)
    members.import_file(path)
    assert marked(members) == meant_marked(told)


def test_unsubscribes_of_a_mail_tool_hold_before_and_after_the_list(
    imported: Imported, crm: Crm, members: Crm, made: messy.Messy, tmp_path: Path
) -> None:
    path = tmp_path / "unsubscribes.csv"
    shutil.copyfile(Path(books.__file__).parent / "unsubscribes.csv", path)
    (_, *rows) = books.unsubscribes(made)
    leave = {mail.lower() for mail, status, _ in rows if status.lower() in {"unsubscribed", "complained"}}
    stay = {mail.lower() for mail, status, _ in rows if status == "Subscribed"}
    bounced = {mail.lower() for mail, status, _ in rows if status == "Bounced"}
    before = marked(members)
    for coalition in (crm, members):
        report: Any = coalition.import_file(path)
        assert report.rows == len(rows) == report.new + report.changed + report.same + report.rejected
    crm.import_file(imported.file)
    for coalition in (crm, members):
        found = {mail.lower() for mail in marked(coalition)}
        assert found >= leave
        assert found & stay == {mail.lower() for mail in before} & stay
        points = records(coalition.db, ContactPoint.select().where(ContactPoint.kind == "email"))
        assert {point.value.lower() for point in points if point.status == "bounced"} == bounced


# -------------------------------------------------------------------- again, and a month later


def test_the_same_file_twice_changes_nothing(imported: Imported, members: Crm) -> None:
    before = [sorted(tuples(members.db, table.select(*table._meta.sorted_fields)), key=repr) for table in ENTITIES]
    again: Any = members.import_file(imported.file)
    assert (again.changes, again.new, again.changed, again.operation) == (0, 0, 0, None)
    assert again.same == imported.report.rows - imported.report.rejected
    after = [sorted(tuples(members.db, table.select(*table._meta.sorted_fields)), key=repr) for table in ENTITIES]
    assert after == before


def test_a_month_later_only_the_news_come_in(
    imported: Imported, members: Crm, made: messy.Messy, told: Truth, tmp_path: Path
) -> None:
    later = messy.next_month(made)
    path = tmp_path / f"next-month{imported.file.suffix}"
    written(later, path)
    known = {body.id for body in members.organizations()}
    report: Any = members.import_file(path)
    assert report.rows == imported.report.rows + 2 == report.new + report.changed + report.same + report.rejected
    assert report.new == 5
    assert report.changed <= 12
    assert report.rejected == imported.report.rejected
    bodies = {body.id: body.name for body in members.organizations()}
    assert len(bodies.keys() - known) == 5
    assert known <= bodies.keys()
    assert marked(members) == meant_marked(told)
    new = {str(row.cells["Organization"]) for row in later.rows if row.serial in later.new}
    assert {name for key, name in bodies.items() if key not in known} == new


# -------------------------------------------------------------------- the smaller twins


def test_the_twins_say_the_same_in_every_encoding(blank_coalition: Path, tmp_path: Path) -> None:
    said = []
    for number, name in enumerate(books.TWINS):
        database = tmp_path / f"{number}.db"
        shutil.copyfile(blank_coalition, database)
        database.chmod(0o600)
        with Crm.open(database, clock=lambda: NOW) as crm:
            report: Any = crm.import_file(Path(books.__file__).parent / name)
            assert report.rows == messy.TWIN_ROWS
            points = [(point.raw, point.value) for point in records(crm.db, ContactPoint.select())]
            said.append((sorted(names_of(crm).items()), sorted(contacts_of(crm).items()), points))
    assert said[0] == said[1] == said[2]
    assert any("O’Brien Kettle House" in names for _, names in said[0][0])


def test_a_typed_sign_in_sheet_merges_nobody(imported: Imported, members: Crm, made: messy.Messy, told: Truth) -> None:
    by_key = bodies_by_key(members, told, imported.lines)
    keys = {record: key for key, found in by_key.items() for record in found}
    typed, meant = books.signin(made)
    report: Any = members.import_file(Path(books.__file__).parent / "signin.csv")
    assert report.rows == len(typed) - 1 == report.new + report.changed + report.same + report.rejected
    lines = range(2, len(typed) + 1)
    found = owners(members, lines)
    for line, key in zip(lines, meant, strict=True):
        assert keys.get(found.get(line, 0), key) == key, typed[line - 1]
