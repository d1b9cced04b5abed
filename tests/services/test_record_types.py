"""Record types of plugins in a coalition: installed, changed, renamed, taken back, retired and deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound, PermissionRefused, QueryError, StoreUnavailable
from partners_crm.model import InstalledType, Organization, Table
from partners_crm.model.record_types import FieldDeclared, RecordType, fields
from partners_crm.services import records
from partners_crm.services.history import changed_since, operation_changes, record_history
from partners_crm.services.importing.whole import load_whole
from partners_crm.services.record_types import InstallReport, drop_type, install_types, retire_types, types_in
from partners_crm.services.recovering import recover
from partners_crm.services.searches import save
from partners_crm.store import health, journal
from partners_crm.store.read import where

OF: FieldDeclared = fields.link("Association", "organization", required=True, on_delete="cascade")
LANE = RecordType(
    name="lane",
    plural="lanes",
    title="issue",
    about="Where an association stands on an issue.",
    fields={
        "organization": OF,
        "issue": fields.text("Issue", required=True),
        "stance": fields.choice("Stance", (("for", "For"), ("against", "Against"))),
        "weight": fields.text("Weight"),
        "note": fields.note("Note"),
    },
)
STANCE = replace(
    LANE,
    name="stance",
    plural="stances",
    title="topic",
    was=("lane",),
    fields={
        "organization": OF,
        "topic": LANE.fields["issue"],
        "stance": LANE.fields["stance"],
        "weight": LANE.fields["weight"],
        "note": LANE.fields["note"],
    },
    fields_were={"topic": "issue"},
)
VOTE = RecordType(
    name="vote",
    plural="votes",
    about="A vote in a lane.",
    fields={"lane": fields.link("Lane", "lane", required=True, on_delete="cascade"), "yes": fields.whole("Yes")},
)


def with_fields(kind: RecordType, **more: FieldDeclared) -> RecordType:
    return replace(kind, fields={**kind.fields, **more})


def without(kind: RecordType, *names: str) -> RecordType:
    return replace(kind, fields={name: each for name, each in kind.fields.items() if name not in names})


def install(crm: Crm, *types: RecordType, version: str = "1.0", plugin: str = "acme") -> InstallReport:
    return install_types(crm.db, plugin, version, types, clock=crm.clock)


def add(crm: Crm, name: str, **values: Any) -> Table:
    with crm.changes(f"add {name}") as unit:
        return records.add(unit, crm.db.by_name[name], **values)


def edit(crm: Crm, record: Table, **values: Any) -> Table:
    with crm.changes("edit") as unit:
        return records.edit(unit, record, **values)


def the(crm: Crm, name: str, key: int = 1) -> Table:
    return crm.find(crm.db.by_name[name], str(key))


def whole(crm: Crm) -> None:
    """Everything the doctor asks of records and tables."""
    with health.snapshot(crm.db):
        assert list(health.astray(crm.db)) == []
        assert health.schema_differences(crm.db) == []
    assert journal.first_break(crm.db) is None
    assert crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []


def stored(crm: Crm) -> dict[str, list[tuple[Any, ...]]]:
    """Every record and every column of the coalition, without its journal."""
    return {
        table.entity.name: crm.db.driver.execute(f'SELECT * FROM "{table.entity.key}" ORDER BY id').fetchall()
        for table in crm.db.entities
    }


@pytest.fixture
def body(crm: Crm) -> Organization:
    """An organization for records to hang on."""
    with crm.changes("an association") as unit:
        return records.add(unit, Organization, name="Union of Homes", kind="association")


# -------------------------------------------------------------------- installing


def test_installing_is_one_operation_and_the_same_again_is_none(crm: Crm) -> None:
    report = install(crm, LANE, VOTE)
    assert (report.added, report.changed) == (("acme_lane", "acme_vote"), ())
    done = crm.operations()[-1] if crm.operations()[0].id == 1 else crm.operations()[0]
    assert (done.id, done.title) == (report.operation, "record types of the plugin acme 1.0")
    ((plugin,),) = crm.db.driver.execute("SELECT plugin FROM operation WHERE id = ?", (done.id,)).fetchall()
    assert plugin == "acme"
    assert install(crm, LANE, VOTE) == InstallReport("acme")
    assert install(crm, LANE, VOTE, version="1.1").operation is None
    assert [table.entity.name for table in crm.db.entities[-2:]] == ["acme_lane", "acme_vote"]
    whole(crm)


def test_its_records_are_added_edited_found_listed_and_taken_back(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    lane = add(crm, "acme_lane", organization=body.id, issue="Rent control", note="since the hearing")
    assert [each.title for each in crm.search("hearing").found] == ["Rent control"]
    assert crm.organizations('acme_lane.issue:"Rent control"')[0].id == body.id
    assert crm.organizations("acme_lanes:1")[0].id == body.id
    assert crm.organizations("acme_lane.issue:zoning") == []
    assert len(crm.listing("acme_lanes", "organization:union").ids(crm.db)) == 1
    lane = edit(crm, lane, issue="Rents")
    assert crm.search("rents").found
    assert not crm.search("control").found
    assert record_history(crm.db, lane)[0].fields == (("Issue", "Rent control", "Rents"),)
    (section,) = (each for each in crm.card(Organization, body.id).sections if each.title == "Acme lanes")
    assert [row.value for row in section.rows] == ["Rents"]
    crm.undo()
    assert the(crm, "acme_lane")["issue"] == "Rent control"
    crm.redo()
    assert the(crm, "acme_lane")["issue"] == "Rents"
    with pytest.raises(InvalidValue, match="must not be empty"):
        add(crm, "acme_lane", organization=body.id)
    with pytest.raises(InvalidValue, match="is not a choice"):
        add(crm, "acme_lane", organization=body.id, issue="x", stance="maybe")
    whole(crm)


def test_what_hangs_on_an_organization_goes_with_it_and_comes_back(crm: Crm, body: Organization) -> None:
    install(crm, LANE, VOTE)
    lane = add(crm, "acme_lane", organization=body.id, issue="Rent")
    add(crm, "acme_vote", lane=lane.id, yes=3)
    before = stored(crm)
    said = [each.described() for each in records.touched_by_removal(crm.db, body)]
    assert said == ["1 acme lane goes with it", "1 acme vote goes with it"]
    with crm.changes("delete it") as unit:
        records.remove(unit, body)
    assert where(crm.db, crm.db.by_name["acme_vote"]) == []
    crm.undo()
    assert stored(crm) == before
    whole(crm)


def test_a_merge_follows_the_links_of_plugins(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    with crm.changes("another") as unit:
        other = records.add(unit, Organization, name="Union for Homes", kind="association")
    add(crm, "acme_lane", organization=other.id, issue="Rent")
    before = stored(crm)
    (plan,) = crm.merge(Organization, body.id, other.id)
    assert [(each.entity, each.plural, each.moved) for each in plan.relations] == [("acme_lane", "acme_lanes", 1)]
    assert the(crm, "acme_lane")["organization"] == body.id
    crm.undo()
    assert stored(crm) == before


def test_another_handle_learns_of_it_before_it_writes(crm: Crm, body: Organization) -> None:
    with Crm.open(crm.path, clock=lambda: NOW) as other:
        assert "acme_lane" not in other.db.by_name
        install(crm, LANE)
        with other.changes("write") as unit:
            assert "acme_lane" in other.db.by_name
            records.add(unit, other.db.by_name["acme_lane"], organization=body.id, issue="Rent")
        install(crm, with_fields(LANE, more=fields.text("More")))
        with other.changes("write") as unit:
            records.add(unit, other.db.by_name["acme_lane"], organization=body.id, issue="Two", more="said")
    assert the(crm, "acme_lane", 2)["more"] == "said"
    whole(crm)


def test_a_type_that_another_program_deleted_is_no_damage(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    with Crm.open(crm.path, clock=lambda: NOW) as other:
        table = other.db.by_name["acme_lane"]
        drop_type(crm.db, "acme_lane", clock=crm.clock)
        with pytest.raises(StoreUnavailable, match="record types were changed meanwhile"):
            where(other.db, table)
        assert "acme_lane" not in other.db.by_name


def test_what_is_broken_of_one_plugin_stops_no_other(crm: Crm, body: Organization) -> None:
    install(crm, LANE, plugin="other")
    with crm.changes("spoil it") as unit:
        (row,) = where(crm.db, InstalledType, name="other_lane")
        unit.update(row, declaration="{}")
    with Crm.open(crm.path, clock=lambda: NOW) as again:
        assert again.db.types.broken == ("other_lane",)
        assert install(again, LANE).added == ("acme_lane",)
        assert install(again, with_fields(LANE, more=fields.text("More"))).changed == ("acme_lane",)
        add(again, "acme_lane", organization=body.id, issue="Rent")
        with pytest.raises(InvalidValue, match="record type other_lane of the plugin other cannot be read"):
            install(again, LANE, version="2.0", plugin="other")


def test_who_would_break_a_type_is_refused_and_the_type_named(crm: Crm) -> None:
    install(crm, LANE)
    note = replace(VOTE, name="note", plural="notes", fields={"lane": fields.link("Lane", "acme_lane")})
    install(crm, note, plugin="zeta")
    with pytest.raises(InvalidValue, match=r"'acme_lane' would link .* it is of the plugin acme"):
        install(crm, with_fields(LANE, said=fields.link("Said", "zeta_note")))
    assert crm.db.types.broken == ()
    whole(crm)


def test_nothing_is_seen_of_what_was_not_written(crm: Crm) -> None:
    with pytest.raises(InvalidValue, match="is no entity"):
        install(crm, LANE, replace(VOTE, fields={"x": fields.link("X", "nothing")}))
    with pytest.raises(InvalidValue, match="is not a choice"):
        _fail_after_installing(crm)
    assert "acme_lane" not in crm.db.by_name
    assert types_in(crm.db) == ()
    whole(crm)


def _fail_after_installing(crm: Crm) -> None:
    with crm.changes("fails") as unit:
        unit.add(InstalledType, name="acme_x", plugin="acme", declaration="{}")
        records.add(unit, Organization, name="x", kind="club")


@pytest.mark.parametrize(
    ("plugin", "kind", "why"),
    [
        ("custom", replace(LANE, name="field", plural="fieldses"), "custom_field is"),
        ("custom", replace(LANE, plural="values"), "custom_value is"),
        ("acme_lane", replace(LANE, name="x", plural="y"), ""),
        ("acme", replace(LANE, name="lane_x", plural="lane_y"), ""),
    ],
)
def test_a_name_is_given_once(crm: Crm, plugin: str, kind: RecordType, why: str) -> None:
    install(crm, replace(LANE, name="x", plural="y"), plugin="acme_lane")
    if why:
        with pytest.raises(Conflict, match=why):
            install(crm, kind, plugin=plugin)
    elif plugin == "acme":
        with pytest.raises(Conflict, match="cannot be called acme_lane_x"):
            install(crm, replace(kind, name="lane_x", plural="lane_z"), plugin=plugin)
    whole(crm)


def test_a_name_of_a_retired_type_or_of_a_plugin_called_alike_is_taken(crm: Crm) -> None:
    install(crm, LANE, plugin="my-plugin")
    with pytest.raises(Conflict, match="cannot be called my_plugin_lane"):
        install(crm, LANE, plugin="my_plugin")
    install(crm, VOTE_ALONE, plugin="my-plugin")
    with pytest.raises(Conflict, match="cannot be called my_plugin_lanes"):
        install(crm, VOTE_ALONE, replace(LANE, name="road"), plugin="my-plugin")
    whole(crm)


VOTE_ALONE = replace(VOTE, fields={"yes": fields.whole("Yes")})


def test_a_file_that_is_read_only_is_refused_in_words(crm: Crm, tmp_path: Path) -> None:
    install(crm, LANE)
    crm.close()
    crm.path.chmod(0o400)
    with Crm.open(crm.path) as shut:
        assert install(shut, LANE).operation is None
        with pytest.raises(PermissionRefused, match="read-only"):
            install(shut, LANE, VOTE)


def test_a_required_link_to_what_is_for_staff_is_for_staff(crm: Crm) -> None:
    secret = replace(LANE, visibility="staff")
    with pytest.raises(InvalidValue, match="is for staff, and the link to it is required"):
        install(crm, secret, VOTE)
    with pytest.raises(InvalidValue, match="is for staff, and the link to it is required"):
        install(crm, replace(VOTE, fields={"on": fields.link("On", "posture", required=True, on_delete="cascade")}))
    install(crm, secret, replace(VOTE, visibility="staff"))
    whole(crm)


def test_a_backup_holds_them(crm: Crm, body: Organization, tmp_path: Path) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent")
    kept = crm.back_up(tmp_path / "kept")
    with Crm.open(kept.path) as again:
        assert the(again, "acme_lane")["issue"] == "Rent"


# -------------------------------------------------------------------- newer and older declarations


def test_fields_are_added_and_words_change_freely(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent")
    before = stored(crm)
    newer = with_fields(
        LANE,
        issue=fields.text("Topic", required=True, help="What it is about."),
        votes=fields.whole("Votes"),
        share=fields.decimal("Share"),
        open=fields.flag("Open"),
        seen=fields.day("Seen"),
        rival=fields.link("Rival", "organization"),
        level=fields.choice("Level", (("low", "Low"), ("high", "High")), default="low"),
    )
    report = install(crm, newer, version="2.0")
    assert (report.changed, report.converted) == (("acme_lane",), 1)
    lane = the(crm, "acme_lane")
    assert [lane[name] for name in ("votes", "share", "open", "seen", "rival", "level")] == [
        None,
        None,
        False,
        "",
        None,
        "low",
    ]
    edit(crm, lane, votes=3, open=True, rival=body.id)
    whole(crm)
    with pytest.raises(Conflict, match=r"its field (votes|open|rival) says something in 1 acme lane"):
        crm.undo(report.operation)
    crm.undo()
    crm.undo(report.operation)
    assert stored(crm) == before
    whole(crm)


def test_a_field_that_is_no_longer_declared_keeps_its_data(crm: Crm, body: Organization, tmp_path: Path) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent", weight="heavy")
    report = install(crm, without(LANE, "weight", "note"), version="2.0")
    assert report.kept == ("acme_lane.weight",)
    lane = the(crm, "acme_lane")
    assert lane["weight"] == "heavy"
    assert "note" not in type(lane).declarations()
    assert type(lane).declarations()["weight"].derived
    assert "heavy" in str(crm.card(type(lane), lane.id))
    crm.export(tmp_path / "lanes.csv", entity="acme_lanes")
    assert "heavy" in (tmp_path / "lanes.csv").read_text()
    whole(crm)
    assert install(crm, LANE, version="3.0").changed == ("acme_lane",)
    assert the(crm, "acme_lane")["weight"] == "heavy"
    assert not type(the(crm, "acme_lane")).declarations()["weight"].derived
    whole(crm)


def test_a_rename_keeps_history_and_undo_of_what_was_done_before(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    lane = add(crm, "acme_lane", organization=body.id, issue="Rent", note="first")
    lane = edit(crm, lane, issue="Rents", note="second")
    edited = crm.operations()[0].id
    before = stored(crm)
    report = install(crm, STANCE, version="2.0")
    assert report.renamed == (("acme_lane", "acme_stance"),)
    stance = the(crm, "acme_stance")
    assert (stance["topic"], stance.uid) == ("Rents", lane.uid)
    assert crm.db.by_name["acme_lanes"] is type(stance)
    assert [each.action for each in record_history(crm.db, stance)] == ["update", "insert"]
    assert record_history(crm.db, stance)[0].fields == (("Issue", "Rent", "Rents"), ("Note", "first", "second"))
    assert [each.entity for each in operation_changes(crm.db, edited)] == ["acme_stance"]
    assert "acme_stance" in {each.entity for each in changed_since(crm.db, 1)}
    whole(crm)
    crm.undo(edited)
    assert (the(crm, "acme_stance")["topic"], the(crm, "acme_stance")["note"]) == ("Rent", "first")
    crm.undo(crm.operations()[0].id)
    assert crm.organizations("acme_stance.topic:rents")[0].id == body.id
    edit(crm, the(crm, "acme_stance"), topic="Rented")
    crm.undo()
    crm.undo(report.operation)
    assert "acme_stance" not in crm.db.by_name
    assert [row[3:] for row in stored(crm)["acme_lane"]] == [row[3:] for row in before["acme_lane"]]
    assert record_history(crm.db, the(crm, "acme_lane"))[-1].fields[1] == ("Issue", "", "Rent")
    whole(crm)


def test_an_older_version_knows_its_type_and_field_by_what_they_were(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent")
    install(crm, with_fields(STANCE, extra=fields.text("Extra")), version="2.0")
    edit(crm, the(crm, "acme_stance"), extra="kept")
    report = install(crm, LANE, version="1.0")
    assert (report.renamed, report.kept) == ((("acme_stance", "acme_lane"),), ("acme_lane.extra",))
    lane = the(crm, "acme_lane")
    assert (lane["issue"], lane["extra"]) == ("Rent", "kept")
    install(crm, with_fields(STANCE, extra=fields.text("Extra")), version="2.0")
    assert (the(crm, "acme_stance")["topic"], the(crm, "acme_stance")["extra"]) == ("Rent", "kept")
    whole(crm)


def test_a_name_that_is_free_again_is_another_type_and_another_field(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent")
    install(crm, STANCE, replace(LANE, was=()), version="2.0")
    add(crm, "acme_lane", organization=body.id, issue="Newer")
    assert (the(crm, "acme_stance")["topic"], the(crm, "acme_lane")["issue"]) == ("Rent", "Newer")
    assert [each.action for each in record_history(crm.db, the(crm, "acme_lane"))] == ["insert"]
    install(crm, with_fields(replace(STANCE, fields_were={}), issue=fields.whole("Issue")), version="3.0")
    edit(crm, the(crm, "acme_stance"), issue=7)
    assert (the(crm, "acme_stance")["topic"], the(crm, "acme_stance")["issue"]) == ("Rent", 7)
    whole(crm)


# -------------------------------------------------------------------- other kinds of values


@pytest.mark.parametrize(
    ("declared", "texts", "values"),
    [
        (fields.whole("Weight"), ("12", "", "-3"), [12, None, -3]),
        (fields.decimal("Weight"), ("1.5", "", "3"), [1.5, None, 3.0]),
        (fields.flag("Weight"), ("yes", "", "no"), [True, False, False]),
        (fields.note("Weight"), ("a", "", "b"), ["a", "", "b"]),
        (fields.day("Weight"), ("2011", "", "2011-07-14"), ["2011", "", "2011-07-14"]),
        (fields.choice("Weight", (("a", "A"), ("b", "B"))), ("a", "", "b"), ["a", "", "b"]),
        (fields.choice("Weight", (("a", "A"), ("b", "B")), default="b"), ("a", "", "b"), ["a", "b", "b"]),
    ],
    ids=lambda each: each.how.kind if isinstance(each, FieldDeclared) else None,
)
def test_a_kind_that_fits_is_taken(
    crm: Crm, body: Organization, declared: FieldDeclared, texts: tuple[str, ...], values: list[Any]
) -> None:
    install(crm, LANE)
    for text in texts:
        add(crm, "acme_lane", organization=body.id, issue="x", weight=text)
    report = install(crm, with_fields(LANE, weight=declared), version="2.0")
    found = [each["weight"] for each in where(crm.db, crm.db.by_name["acme_lane"])]
    assert found == values
    assert [type(each) for each in found] == [type(each) for each in values]
    whole(crm)
    if declared.how.kind in {"whole", "decimal", "flag"}:
        with pytest.raises(Conflict, match="cannot be undone"):
            crm.undo(report.operation)
    else:
        assert not crm.undo(report.operation).refused
    whole(crm)
    install(crm, LANE, version="1.0")  # and back
    whole(crm)


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (fields.whole("Weight"), "heavy"),
        (fields.whole("Weight"), "1.5"),
        (fields.decimal("Weight"), "1,5"),
        (fields.flag("Weight"), "maybe"),
        (fields.day("Weight"), "soon"),
        (fields.choice("Weight", (("a", "A"),)), "b"),
        (fields.link("Weight", "organization"), "1"),
        (fields.text("Weight", required=True), ""),
    ],
)
def test_a_kind_that_does_not_fit_is_refused_and_nothing_written(
    crm: Crm, body: Organization, declared: FieldDeclared, text: str
) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="x", weight=text)
    before, operations = stored(crm), len(crm.operations())
    with pytest.raises(InvalidValue, match="Field weight of record type acme_lane") as caught:
        install(crm, with_fields(LANE, weight=declared), VOTE, version="2.0")
    assert "record 1" in caught.value.message
    assert (stored(crm), len(crm.operations())) == (before, operations)
    assert install(crm, LANE).operation is None
    whole(crm)


def test_an_edit_of_before_another_kind_is_not_taken_back_wrongly(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    lane = add(crm, "acme_lane", organization=body.id, issue="x", weight="1")
    edit(crm, lane, weight="2")
    edited = crm.operations()[0].id
    install(crm, with_fields(LANE, weight=fields.whole("Weight")), version="2.0")
    report = crm.undo(edited)
    assert report.refused or report.kept
    assert the(crm, "acme_lane")["weight"] == 2
    with crm.changes("delete") as unit:
        records.remove(unit, the(crm, "acme_lane"))
    crm.undo()
    assert the(crm, "acme_lane")["weight"] == 2
    whole(crm)


def test_a_choice_that_records_have_stays_one(crm: Crm, body: Organization) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="x", stance="against")
    less = with_fields(LANE, stance=fields.choice("Stance", (("for", "In favour"), ("open", "Open"))))
    install(crm, less, version="2.0")
    table = crm.db.by_name["acme_lane"]
    assert dict(table.declarations()["stance"].choices) == {"for": "In favour", "open": "Open", "against": "Against"}
    assert install(crm, less, version="2.0").operation is None


# -------------------------------------------------------------------- going


def test_an_undo_of_the_installation_is_exact_or_refused(crm: Crm, body: Organization) -> None:
    before = stored(crm)
    report = install(crm, LANE, VOTE)
    lane = add(crm, "acme_lane", organization=body.id, issue="Rent")
    with pytest.raises(Conflict, match="1 acme lane is there"):
        crm.undo(report.operation)
    assert {"acme_lane", "acme_vote"} <= crm.db.by_name.keys()
    with crm.changes("delete") as unit:
        records.remove(unit, lane)
    crm.undo(report.operation)
    assert stored(crm) == before
    whole(crm)
    crm.redo()
    assert {"acme_lane", "acme_vote"} <= crm.db.by_name.keys()
    assert install(crm, LANE, VOTE).operation is None
    whole(crm)


def test_what_a_plugin_leaves_behind_is_read_searched_exported_and_deleted(
    crm: Crm, body: Organization, tmp_path: Path
) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent")
    assert retire_types(crm.db, "acme", clock=crm.clock) == ("acme_lane",)
    assert retire_types(crm.db, "acme", clock=crm.clock) == ()
    (status,) = types_in(crm.db)
    assert (status.entity, status.records, status.retired_on) == ("acme_lane", 1, NOW.date().isoformat())
    assert [each.title for each in crm.search("rent").found] == ["Rent"]
    assert len(crm.listing("acme_lanes", "").ids(crm.db)) == 1
    crm.export(tmp_path / "lanes.csv", entity="acme_lanes")
    assert "Rent" in (tmp_path / "lanes.csv").read_text()
    with crm.changes("erase") as unit:
        records.remove(unit, the(crm, "acme_lane"))
    assert install(crm, LANE).changed == ()
    assert types_in(crm.db)[0].retired_on == ""
    whole(crm)


def test_a_type_the_plugin_no_longer_declares_is_retired(crm: Crm, body: Organization) -> None:
    install(crm, LANE, VOTE)
    assert install(crm, LANE, version="2.0").retired == ("acme_vote",)
    assert install(crm, LANE, version="2.0").operation is None
    assert [each.retired_on != "" for each in types_in(crm.db)] == [False, True]


def test_a_deleted_type_comes_back_with_all_its_records(crm: Crm, body: Organization) -> None:
    install(crm, LANE, VOTE)
    lane = add(crm, "acme_lane", organization=body.id, issue="Rent")
    for number in range(3):
        add(crm, "acme_vote", lane=lane.id, yes=number)
    before = stored(crm)
    with pytest.raises(Conflict, match="would link to what is not there"):
        drop_type(crm.db, "acme_lane", force=True, clock=crm.clock)
    with pytest.raises(Conflict, match="there are 3 acme votes"):
        drop_type(crm.db, "acme_vote", clock=crm.clock)
    with pytest.raises(NotFound):
        drop_type(crm.db, "organization", force=True, clock=crm.clock)
    assert drop_type(crm.db, "acme_vote", force=True, clock=crm.clock) == 3
    assert "acme_vote" not in crm.db.by_name
    dropped = crm.operations()[0].id
    assert len(operation_changes(crm.db, dropped)) == 4
    assert changed_since(crm.db, 1)
    whole(crm)
    assert not crm.undo().refused
    assert stored(crm) == before
    whole(crm)
    crm.redo()
    assert "acme_vote" not in crm.db.by_name
    edited = next(each.id for each in crm.operations() if each.title == "add acme_vote")
    assert "its record type was deleted since" in crm.undo(edited).refused[0]
    whole(crm)


def test_a_saved_search_of_a_type_that_is_gone_says_so(crm: Crm) -> None:
    install(crm, LANE)
    with crm.changes("save") as unit:
        save(unit, "for", "acme_lanes", "stance:for", today=crm.today)
    assert len(crm.saved("for").ids(crm.db)) == 0
    install(crm, without(LANE, "stance"), version="2.0")
    with pytest.raises(QueryError, match="the saved search for"):
        crm.saved("for")
    drop_type(crm.db, "acme_lane", clock=crm.clock)
    with pytest.raises(QueryError, match="there are no acme_lanes"):
        crm.saved("for")


# -------------------------------------------------------------------- copies


def test_a_file_brings_its_types_where_no_plugin_is(crm: Crm, body: Organization, tmp_path: Path) -> None:
    install(crm, LANE)
    add(crm, "acme_lane", organization=body.id, issue="Rent", weight="heavy")
    install(crm, without(STANCE, "weight"), version="2.0")
    crm.export_all(tmp_path / "a.jsonl", include_private=True)
    with Crm.create(tmp_path / "new.db", "New", clock=lambda: NOW) as new:
        report = load_whole(new.db, tmp_path / "a.jsonl")
        assert (report.rejected, report.remarks) == (0, ())
        stance = the(new, "acme_stance")
        assert (stance["topic"], stance["weight"]) == ("Rent", "heavy")
        new.export_all(tmp_path / "b.jsonl", include_private=True)
        assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
        whole(new)
        new.undo()
        assert "acme_stance" not in new.db.by_name
        whole(new)


@pytest.mark.parametrize("policy", ["fill", "update", "skip"])
def test_a_file_of_another_version_brings_what_is_not_known_here(
    crm: Crm, body: Organization, tmp_path: Path, policy: Any
) -> None:
    install(crm, LANE)
    install(crm, with_fields(STANCE, extra=fields.text("Extra")), version="2.0")
    add(crm, "acme_stance", organization=body.id, topic="Rent", extra="said there")
    crm.export_all(tmp_path / "a.jsonl", include_private=True)
    with Crm.create(tmp_path / "new.db", "New", clock=lambda: NOW) as new:
        install(new, LANE)
        with new.changes("own") as unit:
            records.add(unit, Organization, name="Own one")
        report = load_whole(new.db, tmp_path / "a.jsonl", policy=policy)
        assert (report.rejected, report.remarks) == (0, ())
        lane = the(new, "acme_lane")
        assert (lane["issue"], lane["extra"]) == ("Rent", "said there")
        assert install(new, LANE).operation is None
        whole(new)
        undone = new.undo()
        assert undone.refused == []
        assert where(new.db, new.db.by_name["acme_lane"]) == []
        whole(new)


def test_a_preview_of_a_file_leaves_no_table(crm: Crm, tmp_path: Path) -> None:
    install(crm, LANE)
    crm.export_all(tmp_path / "a.jsonl")
    with Crm.create(tmp_path / "new.db", "New", clock=lambda: NOW) as new:
        assert load_whole(new.db, tmp_path / "a.jsonl", preview=True).new
        assert "acme_lane" not in new.db.by_name
        whole(new)


def test_a_recovery_brings_types_and_their_records(crm: Crm, body: Organization, tmp_path: Path) -> None:
    install(crm, LANE, VOTE)
    lane = add(crm, "acme_lane", organization=body.id, issue="Rent")
    install(crm, STANCE, VOTE_OF_STANCE, version="2.0")
    add(crm, "acme_vote", lane=lane.id, yes=3)
    crm.close()
    report = recover(crm.path, tmp_path / "saved.db", clock=lambda: NOW)
    assert (report.lost, report.unplaced_rows) == ((), 0)
    with Crm.open(tmp_path / "saved.db", clock=lambda: NOW) as saved:
        assert the(saved, "acme_stance")["topic"] == "Rent"
        assert the(saved, "acme_vote")["yes"] == 3
        assert record_history(saved.db, the(saved, "acme_stance"))
        whole(saved)


VOTE_OF_STANCE = replace(
    VOTE, fields={**VOTE.fields, "lane": fields.link("Lane", "stance", required=True, on_delete="cascade")}
)
