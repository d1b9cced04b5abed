"""The rows of files as they came: on the card of what they are about, while the import stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.model import Contact, Organization
from partners_crm.services.source_rows import number_of_rows, rows_about, rows_of


def load(crm: Crm, folder: Path, text: str, name: str = "members.csv") -> int:
    (folder / name).write_text(text, "utf-8")
    operation = crm.import_file(folder / name).operation
    assert operation is not None
    return operation


def test_a_card_shows_the_newest_rows_that_stand(crm: Crm, tmp_path: Path) -> None:
    first = load(crm, tmp_path, "Organization,Oddity,Nothing\nOak,  as typed ,\nElm,x,\n")
    for number in range(6):
        load(crm, tmp_path, f"Organization,Phone\nOak,312-555-010{number}\n", f"more{number}.csv")
    crm.undo()
    oak = crm.find(Organization, "Oak")
    card = crm.card(Organization, oak.id)
    assert [each.file for each in card.source_rows] == [f"more{number}.csv" for number in (4, 3, 2, 1, 0)]
    assert card.sections[-1].title == "As it came"
    assert [row.value for row in card.sections[-1].rows][:3] == [
        "more4.csv, line 2",
        "Organization: Oak",
        "Phone: 312-555-0104",
    ]
    *_, oldest = rows_about(crm.db, oak, 10)
    assert (oldest.operation, oldest.line, oldest.outcome) == (first, 2, "new")
    assert oldest.cells == {"Organization": "Oak", "Oddity": "  as typed ", "Nothing": ""}
    assert dict(oldest.filled) == {"Organization": "Oak", "Oddity": "  as typed "}


def test_what_came_from_no_file_has_no_such_section(crm: Crm, tmp_path: Path) -> None:
    load(crm, tmp_path, "Organization,Contact\nOak,Dana Reyes\n")
    # The row is about the organization, which has the same number.
    (dana,) = crm.records(Contact)
    assert dana.id == crm.find(Organization, "Oak").id
    card = crm.card(Contact, dana.id)
    assert card.source_rows == ()
    assert "As it came" not in [section.title for section in card.sections]


def test_the_rows_of_an_import_are_in_the_order_of_its_file(crm: Crm, tmp_path: Path) -> None:
    number = load(crm, tmp_path, "Organization,Lat,Lon\nOak,,\nElm,41.8,\nAsh,,\n")
    rows = list(rows_of(crm.db, number))
    assert [(row.line, row.outcome, row.cells["Organization"]) for row in rows] == [
        (2, "new", "Oak"),
        (3, "rejected", "Elm"),
        (4, "new", "Ash"),
    ]
    assert (rows[1].record, rows[1].entity, "Lat" in rows[1].reason) == (None, "", True)
    assert [row.line for row in rows_of(crm.db, number, 1)] == [2]
    assert (number_of_rows(crm.db, number), number_of_rows(crm.db, 1)) == (3, 0)
    with pytest.raises(NotFound):
        rows_of(crm.db, 99)
