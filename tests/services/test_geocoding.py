"""Addresses out to the Census batch geocoder and its points in: what is asked, what is taken, what stays."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.formats import FORMATS

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, FileRefused, InvalidValue
from partners_crm.model import Assignment, Membership, Organization, Site, SourceRow
from partners_crm.normalize.text import fold
from partners_crm.services import geocoding, records
from partners_crm.services.geocoding import Address, AnswerReport, Found, Geocoder, apply_found, export_batch
from partners_crm.store.read import records as select

PEORIA = "-89.589,40.6936"


@pytest.fixture
def site(crm: Crm) -> Callable[..., Site]:
    """A site of a member of its own."""

    def call(**values: Any) -> Site:
        with crm.changes("site") as unit:
            body = records.add(unit, Organization, name="A House")
            records.add(unit, Membership, organization=body.id, status="active", since="2020-01-01")
            place = {"address": "12 Water St", "city": "Peoria", "state": "IL", "postal_code": "61602", **values}
            return records.add(unit, Site, organization=body.id, **place)

    return call


@pytest.fixture
def take(crm: Crm, tmp_path: Path) -> Callable[..., AnswerReport]:
    """The import of an answer of these rows."""

    def call(*rows: Sequence[object], **options: Any) -> AnswerReport:
        path = tmp_path / "answers.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
        report = geocoding.import_answers(crm.db, path, formats=FORMATS, clock=lambda: NOW, **options)
        counted = (report.placed, report.unchanged, report.kept, report.not_found, report.ties, len(report.problems))
        assert report.rows == sum(counted)
        return report

    return call


def exported(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def answer(site: Site, point: str = PEORIA, match: str = "Match") -> list[object]:
    asked = f"{site.street}, {site.city}, {site.state}, {site.postal_code}"
    return [site.id, asked, match, "Exact", "12 WATER ST, PEORIA, IL, 61602", point, "103912345", "L"]


def test_what_is_asked_and_what_is_left_out(crm: Crm, site: Callable[..., Site], tmp_path: Path) -> None:
    plain = site(unit="Suite 4", postal_code="61602-1234")
    site(kind="mailing")
    site(address="P.O. Box 12")
    site(address="")
    site(city="", postal_code="")
    site(address="Water Street")
    site(city="@SUM(A1)")
    pointed = site(latitude=40.6936, longitude=-89.589)
    path = tmp_path / "out.csv"
    report = export_batch(crm.db, path)
    assert exported(path) == [[str(each.id), "12 Water St", "Peoria", "IL", "61602"] for each in (plain, pointed)]
    assert (report.sites, report.written, dict(report.left_out)) == (
        8,
        2,
        {
            "mailing address": 1,
            "post office box": 1,
            "no street": 1,
            "neither town nor ZIP code": 1,
            "no house number and street": 2,
        },
    )
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="is there already"):
        export_batch(crm.db, path)
    missing = export_batch(crm.db, tmp_path / "missing.csv", missing=True)
    assert (missing.written, dict(missing.left_out)["has a point"]) == (1, 1)
    with pytest.raises(FileRefused):
        export_batch(crm.db, tmp_path / "no folder" / "out.csv")


def test_more_than_a_file_holds_goes_into_several(
    crm: Crm, site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocoding, "BATCH_ROWS", 2)
    for _ in range(5):
        site()
    report = export_batch(crm.db, tmp_path / "out.csv")
    assert [(Path(name).name, rows) for name, rows in report.files] == [
        ("out.csv", 2),
        ("out-2.csv", 2),
        ("out-3.csv", 1),
    ]
    assert [row[0] for name, _ in report.files for row in exported(Path(name))] == ["1", "2", "3", "4", "5"]


def test_a_point_places_the_site_at_street_level_and_undo_takes_it_back(
    crm: Crm, site: Callable[..., Site], take: Callable[..., AnswerReport]
) -> None:
    here = site()
    assert crm.coverage(chamber="house").total("house")[0] == 0
    report = take(answer(here))
    assert (report.placed, report.problems) == (1, ())
    after = crm.find(Site, here.id)
    assert (after.latitude, after.longitude, after.match_level) == (40.6936, -89.589, 80)
    points = [each for each in crm.records(Assignment) if not each.replaced_at and each.method == "point"]
    assert {each.match_level for each in points} == {80}
    assert crm.coverage(chamber="house").total("house")[0] == 1
    again = take(answer(here))
    assert (again.unchanged, again.changes, again.operation) == (1, 0, None)
    undone = crm.undo()
    assert (undone.kept, undone.refused) == ([], [])
    assert crm.find(Site, here.id).latitude is None


def test_a_better_point_stays_unless_it_is_to_be_replaced(
    crm: Crm, site: Callable[..., Site], take: Callable[..., AnswerReport]
) -> None:
    rooftop = site(latitude=40.7, longitude=-89.6)
    manual = site(latitude=40.7, longitude=-89.6, match_level=110)
    town = site(latitude=40.7, longitude=-89.6, match_level=50)
    street = site(latitude=40.7, longitude=-89.6, match_level=80)
    sites = (rooftop, manual, town, street)
    report = take(*map(answer, sites))
    assert (report.kept, report.placed) == (2, 2)
    assert [crm.find(Site, each.id).latitude for each in sites] == [40.7, 40.7, 40.6936, 40.6936]
    assert take(*map(answer, sites), replace=True).placed == 2
    assert crm.find(Site, manual.id).match_level == 80


def test_many_points_are_placed_as_each_by_itself(
    crm: Crm, site: Callable[..., Site], take: Callable[..., AnswerReport]
) -> None:
    points = [(41.8837, -87.6289), (40.6936, -89.589), (39.8017, -89.6436), (42.2711, -89.094)] * 2
    sites = [site() for _ in points]
    half = len(points) // 2
    report = take(*(answer(each, f"{point[1]},{point[0]}") for each, point in zip(sites[:half], points, strict=False)))
    with crm.changes("one by one") as unit:
        for each, point in zip(sites[half:], points[half:], strict=True):
            assert apply_found(unit, each, Found(80, "", *point)) == "placed"
        assert report.changes == unit.count
    standing = [each for each in crm.records(Assignment) if not each.replaced_at]
    names = ("district", "method", "match_level", "border_m", "neighbour", "share")
    for together, alone in zip(sites[:half], sites[half:], strict=True):
        found = [
            [[each[name] for name in names] for each in standing if each.site == one.id] for one in (together, alone)
        ]
        assert found[0]
        assert sorted(map(str, found[0])) == sorted(map(str, found[1]))


def test_no_match_and_ties_are_answers(site: Callable[..., Site], take: Callable[..., AnswerReport]) -> None:
    first, second = site(), site()
    report = take([first.id, "12 Water St, Peoria, IL, 61602", "No_Match"], [second.id, "12 Water St", "Tie"])
    assert (report.not_found, report.ties, report.problems, report.changes) == (1, 1, (), 0)


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({0: "99"}, "id"),
        ({0: "one"}, "id"),
        ({0: "99999999999999999999"}, "id"),
        ({0: ""}, "id"),
        ({1: "14 Water St, Peoria, IL, 61602"}, "address"),
        ({2: "Perhaps"}, "match"),
        ({5: "40.6936,-89.589"}, "lon, lat"),
        ({5: "-89.589"}, "lon, lat"),
        ({5: "nan,nan"}, "lon, lat"),
        ({5: "inf,0"}, "lon, lat"),
        ({5: "0,0"}, "lon, lat"),
        ({5: ""}, "lon, lat"),
        ({4: "NUL \0"}, "matched address"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_a_problem_and_the_rest_is_taken(
    crm: Crm, site: Callable[..., Site], take: Callable[..., AnswerReport], changed: dict[int, str], column: str
) -> None:
    bad, good = answer(site()), answer(site())
    for number, text in changed.items():
        bad[number] = text
    report = take(good, bad)
    (problem,) = report.problems
    assert (problem.line, problem.column, report.placed) == (2, column, 1)
    kept = select(crm.db, SourceRow.select().order_by(SourceRow.id))
    assert [row.outcome for row in kept] == ["merged", "rejected"]


def test_an_address_that_changed_and_a_site_that_is_a_mailing_address_now(
    crm: Crm, site: Callable[..., Site], take: Callable[..., AnswerReport]
) -> None:
    moved, mail = site(), site()
    rows = [answer(moved), answer(mail), answer(mail)]
    with crm.changes("move") as unit:
        records.edit(unit, moved, address="99 Water St")
        records.edit(unit, mail, kind="mailing")
    report = take(*rows)
    assert [each.reason for each in report.problems] == [
        "is not the address of the site any more",
        "is a mailing address now",
        "was answered in line 2",
    ]


def test_a_header_that_somebody_gave_the_answer_is_no_row(
    site: Callable[..., Site], take: Callable[..., AnswerReport]
) -> None:
    here = site()
    assert take(["Record ID", "Address", "Match"], answer(here)).rows == 1
    assert take(answer(here), preview=True).operation is None


class Gazetteer:
    """A geocoder as a plugin may bring one."""

    name = "gazetteer"

    def find(self, addresses: Sequence[Address]) -> Sequence[Found | None]:
        return [Found(100, each.street, 40.6936, -89.589) if each.city == "Peoria" else None for each in addresses]


def test_any_geocoder_gives_points(crm: Crm, site: Callable[..., Site]) -> None:
    geocoder: Geocoder = Gazetteer()
    sites = [site(), site(city="Alton", postal_code="62002")]
    found = geocoder.find([geocoding.address_of(each) for each in sites])
    assert found[1] is None
    assert found[0] is not None
    with crm.changes("found") as unit:
        assert apply_found(unit, sites[0], found[0]) == "placed"
    assert crm.find(Site, sites[0].id).match_level == 100
    with pytest.raises(InvalidValue), crm.changes("no place") as unit:
        apply_found(unit, sites[1], Found(80, "", 0.0, 0.0))


@given(st.text(max_size=40), st.text(max_size=20), st.sampled_from(["61602", "61602-1234", ""]))
def test_what_is_asked_is_known_again(street: str, city: str, postal_code: str) -> None:
    """The geocoder gives the columns back as one text, joined with commas."""
    here = Site(id=1, address=street, street=street, city=city, state="IL", postal_code=postal_code)
    each = geocoding.address_of(here)
    asked = fold(" ".join((each.street, each.city, each.state, each.postal_code[:5])))
    assert fold(", ".join((each.street, each.city, each.state, each.postal_code[:5]))) == asked
