"""What refuses a merge, what can be seen of it afterwards, and that what was merged does not come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.services.merged import PEORIA, add, merged, two

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, Conflict, InvalidValue, NotFound
from partners_crm.model import (
    Contact,
    ContactPoint,
    District,
    Membership,
    Organization,
    Role,
    Silo,
    Site,
    Table,
)
from partners_crm.services import records
from partners_crm.services.history import record_history
from partners_crm.services.importing.whole import Policy, load_whole
from partners_crm.services.merging import merge, merge_pair, plan_merge
from partners_crm.services.source_rows import rows_of
from partners_crm.store.merges import all_survivors, folded_into, survivor_of
from partners_crm.store.read import by_id, find, where
from partners_crm.store.work import Source, changes

# -------------------------------------------------------------------- refusals


def test_sites_of_two_organizations_are_not_merged(crm: Crm) -> None:
    sites = [add(crm, Site, organization=body, **PEORIA).id for body in two(crm)]
    with pytest.raises(InvalidValue, match="another organization"):
        crm.merge(Site, *sites)


@pytest.mark.parametrize("table", [Silo, Membership, District])
def test_what_cannot_be_merged_is_refused(crm: Crm, table: type[Table]) -> None:
    with pytest.raises(ConfigError, match="are not merged"):
        merged(crm, 1, 2, table)


def test_a_record_is_not_merged_with_itself(crm: Crm) -> None:
    keep, _ = two(crm)
    with pytest.raises(ConfigError, match="with itself"):
        merged(crm, keep, keep)


def test_a_merge_is_no_part_of_an_import(crm: Crm) -> None:
    keep, lose = two(crm)
    with (
        pytest.raises(ConfigError, match="part of an import"),
        changes(crm.db, "import", source=Source("a.csv", "")) as unit,
    ):
        merge_pair(unit, Organization, keep, lose)
    assert by_id(crm.db, Organization, lose)


def _edit_survivor(crm: Crm, keep: int, _lose: int) -> None:
    with crm.changes("edit") as unit:
        records.edit(unit, by_id(crm.db, Organization, keep), note="new")


def _add_point(crm: Crm, _keep: int, lose: int) -> None:
    add(crm, ContactPoint, organization=lose, raw="312-555-0111")


def _remove_point(crm: Crm, _keep: int, lose: int) -> None:
    with crm.changes("remove") as unit:
        records.remove(unit, where(crm.db, ContactPoint, organization=lose)[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_edit_survivor, "organization 1 was changed since"),
        (_add_point, "contact point 2 was added"),
        (_remove_point, "contact point 1 was deleted"),
    ],
)
def test_what_changed_since_the_plan_is_a_conflict(
    crm: Crm, change: Callable[[Crm, int, int], None], words: str
) -> None:
    keep, lose = two(crm)
    add(crm, ContactPoint, organization=lose, raw="312-555-0142")
    plan = plan_merge(crm.db, Organization, keep, lose)
    change(crm, keep, lose)
    with pytest.raises(Conflict, match=words), crm.changes("merge") as unit:
        merge(unit, plan)
    assert by_id(crm.db, Organization, lose)


# -------------------------------------------------------------------- afterwards


def test_a_preview_writes_nothing(crm: Crm) -> None:
    keep, lose = two(crm)
    before = crm.operations()[0].id
    assert merged(crm, keep, lose, preview=True).lose == lose
    assert crm.operations()[0].id == before
    assert by_id(crm.db, Organization, lose)


def test_several_are_merged_into_one(crm: Crm) -> None:
    keep, lose = two(crm)
    third = add(crm, Organization, name="Alder Place").id
    for body in (lose, third):
        add(crm, ContactPoint, organization=body, raw="312-555-0142")
    plans = crm.merge(Organization, keep, lose, third)
    assert [plan.lose for plan in plans] == [lose, third]
    assert len(where(crm.db, ContactPoint, organization=keep)) == 1
    assert crm.operations()[0].title == 'merge 2 organizations into 1 "Alder House"'
    crm.undo()
    assert len(where(crm.db, ContactPoint)) == 2
    assert [each.name for each in where(crm.db, Organization)] == ["Alder House", "Alder Homes", "Alder Place"]


def test_the_card_and_the_history_tell_of_it(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Organization,Oddity\nAlder House,as it came\nAlder Homes,theirs\n", "utf-8")
    crm.import_file(tmp_path / "list.csv")
    keep, lose = (find(crm.db, Organization, name).id for name in ("Alder House", "Alder Homes"))
    merged(crm, keep, lose)
    operation = crm.operations()[0]
    assert operation.title == f'merge organization {lose} "Alder Homes" into organization {keep} "Alder House"'
    card = crm.card(Organization, keep)
    section = next(each for each in card.sections if each.title == "Merged into it")
    assert [row.value for row in section.rows] == [
        f"Alder Homes (organization {lose}), operation {operation.id}",
        "not taken: Name: Alder Homes",
    ]
    assert [each.cells["Oddity"] for each in card.source_rows] == ["theirs", "as it came"]
    entry = record_history(crm.db, by_id(crm.db, Organization, keep))[0]
    assert (entry.operation, entry.action) == (operation.id, "merge")
    assert entry.fields == (
        ("Merged from", f'organization {lose} "Alder Homes"', ""),
        ("Name, not taken", "Alder Homes", ""),
    )
    assert next(rows_of(crm.db, operation.id)).place == f"organization {lose}"
    crm.undo()
    card = crm.card(Organization, keep)
    assert "Merged into it" not in [each.title for each in card.sections]
    assert [each.cells["Oddity"] for each in card.source_rows] == ["as it came"]
    assert "merge" not in [each.action for each in record_history(crm.db, by_id(crm.db, Organization, keep))]


def test_a_record_that_was_merged_leads_to_the_survivor(crm: Crm) -> None:
    # A uid may begin with digits alone, a zero among them.
    uid = "00123456" + "abcdef01" * 3
    with crm.changes("add") as unit:
        keep, last = (records.add(unit, Organization, name=name).id for name in ("Alder House", "Last"))
        lose = unit.add(Organization, name="Alder Homes", uid=uid).id
    merged(crm, keep, lose)
    merged(crm, last, keep)
    for key in (str(lose), uid, uid[:8], uid[:12].upper(), "alder homes"):
        with pytest.raises(NotFound) as caught:
            find(crm.db, Organization, key)
        assert caught.value.hint == f"it was merged into organization {last}: partners show organization {last}"
    assert [each.lost for each in folded_into(crm.db, Organization, last)] == [keep, lose]
    assert all_survivors(crm.db)["organization"][uid] == last
    crm.undo()
    assert survivor_of(crm.db, Organization, lose) == keep


def test_what_was_merged_does_not_come_back_by_an_export(crm: Crm, tmp_path: Path) -> None:
    keep, lose = two(crm, None, {"note": "said"})
    add(crm, Site, organization=keep, **PEORIA)
    theirs = add(crm, Site, organization=lose, **PEORIA)
    for owner in ({"organization": keep}, {"organization": lose}, {"site": theirs.id}):
        add(crm, ContactPoint, raw="312-555-0142", **owner)
    crm.export_all(tmp_path / "all.jsonl")
    crm.export(tmp_path / "some.jsonl")
    merged(crm, keep, lose)
    operation = crm.operations()[0].id
    counts = {table: len(where(crm.db, table)) for table in (Organization, Site, ContactPoint)}
    policies: tuple[Policy, ...] = ("fill", "update")
    for policy in policies:
        report = load_whole(crm.db, tmp_path / "all.jsonl", policy=policy)
        # The survivor's own line has no note yet, and `update` takes what a file says.
        assert (report.problems, report.new, report.changed) == ((), 0, int(policy == "update"))
        assert {table: len(where(crm.db, table)) for table in counts} == counts
    assert by_id(crm.db, Organization, keep).name == "Alder House"
    crm.import_file(tmp_path / "some.jsonl")
    assert len(where(crm.db, Organization)) == 1
    assert crm.undo(operation).refused == []
    assert load_whole(crm.db, tmp_path / "all.jsonl").new == 0


def test_a_row_with_the_uid_of_one_that_was_merged_is_about_the_survivor(crm: Crm, tmp_path: Path) -> None:
    keep, lose = two(crm)
    uid = by_id(crm.db, Organization, lose).uid
    merged(crm, keep, lose)
    (tmp_path / "list.csv").write_text(f"uid,name,phone\n{uid},Quite Another Name,312-555-0142\n", "utf-8")
    crm.import_file(tmp_path / "list.csv")
    assert [each.id for each in where(crm.db, Organization)] == [keep]
    assert [each.organization for each in where(crm.db, ContactPoint)] == [keep]


def test_the_number_of_questions_does_not_grow_with_the_records(crm: Crm) -> None:
    asked: list[int] = []
    for size in (10, 200):
        keep, lose = two(crm)
        with crm.changes("fill") as unit:
            for number in range(size):
                records.add(unit, ContactPoint, organization=lose, raw=f"312-555-01{number % 90 + 10} x{number}")
                records.add(unit, ContactPoint, organization=keep, raw=f"312-555-01{number % 90 + 10} x{number + 5}")
                person = records.add(unit, Contact, name=f"Person {number}")
                records.add(unit, Role, contact=person.id, organization=lose)
        seen: list[str] = []
        crm.db.driver.set_trace_callback(seen.append)
        merged(crm, keep, lose)
        crm.db.driver.set_trace_callback(None)
        asked.append(sum(text.lstrip().upper().startswith("SELECT") for text in seen))
        assert len(where(crm.db, Role, organization=keep)) == size
    assert asked[1] <= asked[0] + 5  # a list of ids is asked for in pieces of some hundred


@pytest.mark.parametrize("policy", ["fill", "update"])
def test_a_merged_pair_does_not_come_back_with_its_list(crm: Crm, tmp_path: Path, policy: str) -> None:
    head = "Organization,Contact,Phone\n"
    rows = "Alder House,Dana Reyes,312-555-014{0}\nAlder Homes Inc of Peoria,D. Reyes,312-555-015{0}\n"
    (tmp_path / "list.csv").write_text(head + rows.format(1), "utf-8")
    crm.import_file(tmp_path / "list.csv")
    for table in (Organization, Contact):
        crm.merge(table, *(each.id for each in where(crm.db, table)))
    (tmp_path / "more.csv").write_text(head + rows.format(2), "utf-8")
    for name in ("list.csv", "more.csv"):
        crm.import_file(tmp_path / name, policy=policy)
        assert [each.name for each in where(crm.db, Organization)] == ["Alder House"]
        assert [each.name for each in where(crm.db, Contact)] == ["Dana Reyes"]


def test_an_undo_keeps_what_was_edited_since(crm: Crm) -> None:
    keep, lose = two(crm, {"note": "mine"}, {"note": "theirs"})
    point = add(crm, ContactPoint, organization=lose, raw="312-555-0142")
    merged(crm, keep, lose)
    number = crm.operations()[0].id
    with crm.changes("edit") as unit:
        records.edit(unit, by_id(crm.db, Organization, keep), note="read and tidied")
        records.edit(unit, by_id(crm.db, ContactPoint, point.id), use="fax")
    new = add(crm, ContactPoint, organization=keep, raw="312-555-0199")
    report = crm.undo(number)
    assert report.kept == [f"organization {keep}: Note edited since"]
    assert report.refused == []
    assert by_id(crm.db, Organization, lose).note == "theirs"
    assert by_id(crm.db, Organization, keep).note == "read and tidied"
    # The phone goes back with its new use; what was added since stays where it was added.
    after = by_id(crm.db, ContactPoint, point.id)
    assert (after.organization, after.use) == (lose, "fax")
    assert by_id(crm.db, ContactPoint, new.id).organization == keep
    assert survivor_of(crm.db, Organization, lose) is None
