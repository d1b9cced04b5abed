"""Loading a whole coalition: the round trip, the policies, and every way a file or a line of it can be at fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.services.exporting.everything import fill_everything, missing_entities

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, FileRefused
from partners_crm.model import Contact, ContactPoint, Organization, Setting, Silo, Site, Tag
from partners_crm.normalize.text import reject_reason
from partners_crm.services import records
from partners_crm.services.exporting.whole import ENTITIES_EXPORTED
from partners_crm.services.importing.sheets import looks_whole
from partners_crm.services.importing.whole import WholeReport, load_whole
from partners_crm.services.importing.whole_lines import WholeFile, read_whole
from partners_crm.store.journal import first_break
from partners_crm.store.open import Handle
from partners_crm.store.read import where

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, blank_coalition: Path) -> Path:
    """The export of a coalition with a record of every entity, private ones too; never written to."""
    folder = tmp_path_factory.mktemp("everything")
    shutil.copyfile(blank_coalition, folder / "source.db")
    with Crm.open(folder / "source.db", clock=lambda: NOW) as crm:
        fill_everything(crm)
        crm.export_all(folder / "all.jsonl", include_private=True)
    return folder / "all.jsonl"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Crm]:
    """An open coalition as `partners init` makes it, with uids of its own."""
    with Crm.create(tmp_path / "fresh.db", "Fresh", clock=lambda: NOW) as crm:
        yield crm


@pytest.fixture
def rewritten(everything: Path, tmp_path: Path) -> Callable[..., Path]:
    """The export with other lines: a function is given all of them but the head."""

    def call(change: Callable[[Lines], object]) -> Path:
        head, *lines = map(json.loads, everything.read_bytes().splitlines())
        changed = change(lines)
        kept = changed if isinstance(changed, list) else lines
        path = tmp_path / "changed.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in (head, *kept)))
        return path

    return call


def conserved(report: WholeReport) -> WholeReport:
    """The report, whose numbers add up."""
    assert report.rows == report.new + report.changed + report.same + report.rejected
    for name in ("new", "changed", "same", "rejected"):
        assert sum(getattr(each, name) for each in report.entities) == getattr(report, name)
    assert len(report.problems) == report.rejected
    return report


def load(crm: Crm, path: Path, **options: Any) -> WholeReport:
    return conserved(load_whole(crm.db, path, clock=crm.clock, **options))


def bytes_of(crm: Crm, path: Path) -> bytes:
    crm.export_all(path, include_private=True, force=True)
    return path.read_bytes()


def of(lines: Lines, entity: str, **values: object) -> dict[str, Any]:
    """The first line of an entity with these values."""
    return next(line for line in lines if line["entity"] == entity and values.items() <= line.items())


# -------------------------------------------------------------------- the round trip


def test_everything_comes_back_byte_by_byte(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    """Every declared entity, in an empty coalition; the counts are those of the first line."""
    before = {setting.key: setting.setting for setting in where(fresh.db, Setting)}
    report = load(fresh, everything)
    assert (report.problems, report.remarks, report.removed) == ((), (), 0)
    head = json.loads(everything.read_bytes().splitlines()[0])
    assert {each.entity: each.new + each.changed + each.same for each in report.entities} == head["entities"]
    assert all(head["entities"].values())
    assert missing_entities(fresh) == []
    assert bytes_of(fresh, tmp_path / "again.jsonl") == everything.read_bytes()
    assert {setting.key: setting.setting for setting in where(fresh.db, Setting)} == before
    assert first_break(fresh.db) is None


def test_the_same_file_twice_changes_nothing(everything: Path, fresh: Crm) -> None:
    load(fresh, everything)
    count = len(fresh.operations())
    for policy in ("skip", "fill", "update", "create"):
        report = load(fresh, everything, policy=policy)
        assert (report.new, report.changed, report.rejected, report.operation) == (0, 0, 0, None)
    assert len(fresh.operations()) == count


def test_undo_and_redo(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    empty = bytes_of(fresh, tmp_path / "x.jsonl")
    report = load(fresh, everything)
    undone = fresh.undo(report.operation)
    assert (undone.kept, undone.refused) == ([], [])
    assert bytes_of(fresh, tmp_path / "x.jsonl") == empty
    fresh.redo()
    assert bytes_of(fresh, tmp_path / "x.jsonl") == everything.read_bytes()


def test_a_preview_counts_the_same_and_keeps_nothing(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    empty = bytes_of(fresh, tmp_path / "x.jsonl")
    preview = load(fresh, everything, preview=True)
    assert (preview.operation, preview.preview) == (None, True)
    assert bytes_of(fresh, tmp_path / "x.jsonl") == empty
    report = load(fresh, everything)
    assert report.entities == preview.entities
    assert report.operation is not None


def test_the_demo_comes_back(tmp_path: Path, fresh: Crm) -> None:
    with Crm.demo(tmp_path / "demo.db", clock=lambda: NOW) as demo:
        first = bytes_of(demo, tmp_path / "demo.jsonl")
    load(fresh, tmp_path / "demo.jsonl")
    assert bytes_of(fresh, tmp_path / "x.jsonl") == first


def test_what_the_file_lacks_of_the_set_up_goes(rewritten: Callable[..., Path], fresh: Crm, tmp_path: Path) -> None:
    """The source had deleted a silo; a person's own silo stays in any case."""
    with fresh.changes("a silo of our own") as unit:
        own = records.add(unit, Silo, code="ours", name="Ours")
    path = rewritten(lambda lines: [line for line in lines if line.get("code") != "aging"])
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join((head.replace('"silos": 10', '"silos": 9'), *lines)) + "\n")
    report = load(fresh, path)
    assert (report.removed, report.rejected) == (1, 0)
    assert where(fresh.db, Silo, code="aging") == []
    assert where(fresh.db, Silo, code="ours")[0].uid == own.uid


def test_a_cut_file_removes_nothing_and_is_said(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    lines = everything.read_bytes().splitlines(keepends=True)
    # Before the silos stand the record types.
    silos = [number for number, line in enumerate(lines) if line.startswith(b'{"entity": "silo"')]
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(lines[: silos[2]]))
    report = load(fresh, path)
    assert (report.rows, report.removed) == (4, 0)
    assert "tells of 10 silos, and 2 lines are such" in [each.reason for each in report.remarks]
    assert len(where(fresh.db, Silo)) in {9, 10}


TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@settings(max_examples=30)
@given(st.lists(TEXTS, min_size=1, max_size=30))
def test_every_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, blank_coalition: Path, values: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    shutil.copyfile(blank_coalition, folder / "a.db")
    with Crm.open(folder / "a.db", clock=lambda: NOW) as crm:
        with crm.changes("texts") as unit:
            for text in values:
                assert reject_reason(text) == ""
                unit.add(Organization, name=f"x{text}", note=text)
        first = bytes_of(crm, folder / "a.jsonl")
    shutil.copyfile(blank_coalition, folder / "b.db")
    with Crm.open(folder / "b.db", clock=lambda: NOW) as crm:
        assert load(crm, folder / "a.jsonl").new == len(values)
        assert bytes_of(crm, folder / "b.jsonl") == first


def test_who_stops_it_leaves_nothing(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    empty = bytes_of(fresh, tmp_path / "x.jsonl")
    seen: list[tuple[int, int]] = []

    def stop_at_the_end(done: int, total: int) -> None:
        seen.append((done, total))
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_whole(fresh.db, everything, progress=stop_at_the_end)
    assert seen[-1] == (len(everything.read_bytes().splitlines()),) * 2
    assert bytes_of(fresh, tmp_path / "x.jsonl") == empty
    assert len(fresh.operations()) == 1


# -------------------------------------------------------------------- lines in another order


def test_links_to_later_lines(rewritten: Callable[..., Path], fresh: Crm, everything: Path, tmp_path: Path) -> None:
    """The whole file upside down: required links, links to the same entity and a circle of them all lead down."""
    report = load(fresh, rewritten(lambda lines: lines[::-1]))
    assert (report.rejected, report.remarks) == (0, ())
    assert bytes_of(fresh, tmp_path / "x.jsonl") == everything.read_bytes()


def test_a_long_chain_of_links_to_later_lines(fresh: Crm, crm: Crm, tmp_path: Path) -> None:
    with crm.changes("a chain") as unit:
        above = None
        for number in range(400):
            above = unit.add(Organization, name=f"Body {number}", uid=f"{999 - number}", parent=above and above.id)
            unit.add(Site, organization=above.id, address="12 Water St", city="Peoria")
    first = bytes_of(crm, tmp_path / "chain.jsonl")
    report = load(fresh, tmp_path / "chain.jsonl")
    assert (report.new, report.rejected) == (800, 0)
    # Each was inserted once, with its link: none was changed afterwards.
    ((changes,),) = fresh.db.driver.execute(
        "SELECT changes FROM operation WHERE id = ?", (report.operation,)
    ).fetchall()
    assert changes == report.new + report.changed
    assert bytes_of(fresh, tmp_path / "x.jsonl") == first


def test_the_journal_is_left_out_and_counted(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with Crm.open(everything.parent / "source.db", clock=lambda: NOW) as crm:
        crm.export_all(path, include_private=True, with_history=True)
        journal = sum(
            number for _, number in crm.export_all(path, include_private=True, with_history=True, force=True).journal
        )
    report = load(fresh, path)
    assert report.left_out == journal > 0
    assert bytes_of(fresh, tmp_path / "x.jsonl") == everything.read_bytes()


# -------------------------------------------------------------------- into a coalition with records


@pytest.fixture
def grown(fresh: Crm) -> Crm:
    """A coalition that has a record of its own."""
    with fresh.changes("ours") as unit:
        records.add(unit, Organization, name="Ours")
        records.add(unit, Tag, name="Lobby Day")
    return fresh


def test_records_are_added_to_others(everything: Path, grown: Crm) -> None:
    silos = {silo.code: silo.uid for silo in where(grown.db, Silo)}
    report = load(grown, everything)
    assert report.rejected == 0
    assert {organization.name for organization in grown.organizations()} >= {"Ours", "Near West Homes"}
    # Known by their codes, they keep their uids and what was said of them; the tag is known by its name.
    assert {silo.code: silo.uid for silo in where(grown.db, Silo) if silo.code != "arts"} == silos
    assert where(grown.db, Silo, code="housing")[0].name == "Housing"
    assert [tag.name for tag in where(grown.db, Tag)] == ["Lobby Day"]
    again = load(grown, everything)
    assert (again.new, again.changed) == (0, 0)


@pytest.mark.parametrize(
    ("policy", "note", "name"),
    [("skip", "", "Old"), ("create", "", "Old"), ("fill", "said", "Old"), ("update", "said", "New")],
)
def test_policies(
    rewritten: Callable[..., Path], everything: Path, fresh: Crm, policy: str, note: str, name: str
) -> None:
    load(fresh, everything)
    with fresh.changes("edit") as unit:
        home = unit.update(fresh.find(Organization, "Near West Homes"), name="Old", note="")
        site = unit.update(fresh.records(Site)[0], city="", address="typed otherwise", street="")

    def change(lines: Lines) -> None:
        of(lines, "organization", uid=home.uid).update(name="New", note="said")
        of(lines, "site", uid=site.uid)["city"] = "Chicago"

    report = load(fresh, rewritten(change), policy=policy)
    after = fresh.find(Organization, home.uid)
    assert (after.note, after.name, after.id) == (note, name, home.id)
    moved = fresh.find(Site, site.uid)
    assert moved.city == ("" if policy in {"skip", "create"} else "Chicago")
    # What was understood of one address never stands beside another one.
    assert (moved.street == "") is (moved.address == "typed otherwise")
    assert report.changed == (0 if policy in {"skip", "create"} else 2)
    assert report.new == 0


@pytest.mark.parametrize("policy", ["fill", "update"])
def test_do_not_contact_goes_from_no_to_yes_alone(
    rewritten: Callable[..., Path], everything: Path, fresh: Crm, policy: str
) -> None:
    load(fresh, everything)
    points = {point.raw: point for point in fresh.records(ContactPoint)}
    email, phone = points["dana@example.org"], points["312-555-0142 x12"]
    assert (email.do_not_contact, phone.do_not_contact) == (True, False)

    def change(lines: Lines) -> None:
        of(lines, "contact_point", uid=email.uid)["do_not_contact"] = False
        of(lines, "contact_point", uid=phone.uid)["do_not_contact"] = True
        of(lines, "contact")["do_not_contact"] = False

    report = load(fresh, rewritten(change), policy=policy)
    assert report.changed == 1
    assert all(point.do_not_contact for point in fresh.records(ContactPoint))
    assert fresh.find(Contact, "Dana Reyes").do_not_contact


# -------------------------------------------------------------------- faults of a line

REJECTED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("organization", {"entity": "committee"}, "is no entity"),
    ("organization", {"entity": ["x"]}, "is no entity"),
    ("organization", {"entity": "setting"}, "is no entity"),
    ("organization", {"uid": ""}, "names no record"),
    ("organization", {"uid": 12}, "names no record"),
    ("organization", {"uid": "x" * 300}, "names no record"),
    ("organization", {"size": 3}, "is no field of organization"),
    ("organization", {"id": 3}, "is no field of organization"),
    ("organization", {"name": ""}, "must not be empty"),
    ("organization", {"name": None}, "is no text"),
    ("organization", {"name": ["a"]}, "is no text"),
    ("organization", {"name": "a\0b"}, "NUL"),
    ("organization", {"name": "\ud800"}, "lone surrogate"),
    ("organization", {"note": "x" * 70_000}, "is longer than 64 KB"),
    ("organization", {"kind": "club"}, "is not a choice"),
    ("organization", {"archived_on": "7/14/2011"}, "is not written as"),
    ("organization", {"archived_on": "2011-02-30"}, "has no day 30"),
    ("organization", {"parent": "0" * 32}, "is the uid of no organization"),
    ("organization", {"parent": 3}, "is no text"),
    ("organization", {"parent": ""}, "names no record"),
    ("site", {"latitude": "41"}, "is no number"),
    ("site", {"latitude": True}, "is no number"),
    ("site", {"latitude": 1e300}, "is out of range"),
    ("site", {"latitude": None}, "belong together"),
    ("site", {"latitude": -87.627, "longitude": 41.8839}, "swapped"),
    ("site", {"match_level": 3}, "is no match level"),
    ("site", {"match_level": 100.0}, "is no whole number"),
    ("site", {"match_level": 2**60}, "is out of range"),
    ("role", {"is_primary": 1}, "is neither true nor false"),
    ("role", {"since": "2012", "until": "2011"}, "lies before 2012"),
    ("silo_share", {"weight": 1.5}, "does not lie between 0 and 1"),
    ("contact_point", {"organization": None, "contact": None}, "must be one of"),
    ("snapshot", {"answer": "\ud800"}, "lone surrogate"),
    ("rule", {"kind": "nothing"}, "is no check"),
)


@pytest.mark.parametrize(("entity", "values", "reason"), REJECTED, ids=lambda value: str(value)[:40])
def test_a_line_that_cannot_be_is_rejected(
    rewritten: Callable[..., Path], fresh: Crm, entity: str, values: dict[str, Any], reason: str
) -> None:
    places: list[int] = []

    def change(lines: Lines) -> None:
        place = max(place for place, line in enumerate(lines) if line["entity"] == entity)
        places.append(place + 2)  # lines are counted from 1, and the head is one
        lines[place].update(values)

    path = rewritten(change)
    report = load(fresh, path)
    problem = next(each for each in report.problems if each.line == places[0])
    assert reason in problem.reason
    assert problem.described("all.jsonl").startswith(f"all.jsonl:{places[0]}: ")
    # What hangs on it is rejected with it, and says so.
    others = [each for each in report.problems if each is not problem]
    assert all(each.reason.startswith(("links to a line that was rejected", "is the uid of no")) for each in others)
    assert report.removed == 0
    assert first_break(fresh.db) is None


def test_a_broken_line_is_rejected_with_its_text(everything: Path, fresh: Crm, tmp_path: Path) -> None:
    lines = everything.read_bytes().splitlines(keepends=True)
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"".join((*lines, b'{"entity": "tag", "uid": \n', b"\n", b"[1]\n", b'{"entity": "tag\xff"}\n')))
    report = load(fresh, path)
    last = len(lines)
    assert [problem.line for problem in report.problems] == [last + 1, last + 3, last + 4]
    assert [problem.reason.split(":")[0] for problem in report.problems] == [
        "is no JSON",
        "is no JSON object",
        "is not UTF-8",
    ]
    assert report.entities[-1].entity == ""
    kept = fresh.db.driver.execute("SELECT line, outcome, cells FROM source_row").fetchall()
    assert [row[:2] for row in kept] == [(problem.line, "rejected") for problem in report.problems]
    assert json.loads(kept[0][2]) == {"line": '{"entity": "tag", "uid": \n'}


def test_a_uid_or_a_name_twice(rewritten: Callable[..., Path], fresh: Crm) -> None:
    def change(lines: Lines) -> Lines:
        tag = of(lines, "tag")
        return [*lines, tag, {**tag, "uid": "f" * 32}]

    report = load(fresh, rewritten(change))
    assert [problem.reason for problem in report.problems] == ["stands in an earlier line already"] * 2
    assert [problem.column for problem in report.problems] == ["uid", "name"]


def test_what_hangs_on_a_rejected_line_is_rejected_too(rewritten: Callable[..., Path], fresh: Crm) -> None:
    """A point that is no place rejects its site when it is stored; whatever links to it is known only then."""

    def change(lines: Lines) -> Lines:
        of(lines, "site").update(latitude=0.0, longitude=0.0)
        return lines[::-1]

    report = load(fresh, rewritten(change))
    assert {each.reason for each in report.problems[:-1]} == {"links to a line that was rejected"}
    rejected = {each.entity: each.rejected for each in report.entities if each.rejected}
    assert rejected.keys() == {"sites", "service_lines", "assignments"}
    assert fresh.records(Site) == []
    assert report.remarks == ()


# -------------------------------------------------------------------- faults of the file

HEAD = '{"partners_crm": "export", "schema_version": 1, "entities": {}}\n'

REFUSED: tuple[tuple[str, str], ...] = (
    ("", "is no export of a whole coalition"),
    ("Organization,City\nRiver Table,Peoria\n", "is no export of a whole coalition"),
    ("{}\n", "is no export of a whole coalition"),
    ('{"partners_crm": "export"}\n', "which form"),
    (HEAD.replace("1", "2"), "newer version"),
    (HEAD.replace("1", "true"), "which form"),
    (HEAD.replace("{}", "[]"), "how many records"),
    (HEAD + '{"entity": "site", "latitude": NaN}\n', "all.jsonl:2: holds NaN"),
    (HEAD + '{"entity": "site", "latitude": -Infinity}\n', "holds -Infinity"),
    (HEAD + '{"entity": "tag", "name": "a", "name": "b"}\n', "holds a key twice"),
    (HEAD + "[" * 21 + "]" * 21 + "\n", "nested more than 20"),
    (HEAD + "[" * 200_000 + "\n", "is nested too deeply"),
    (HEAD + '{"entity": "site", "latitude": ' + "9" * 5000 + "}\n", "thousands of digits"),
)


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=lambda value: value[:30])
def test_a_fault_of_the_file_writes_nothing(fresh: Crm, tmp_path: Path, text: str, words: str) -> None:
    """Case 29, and files of another kind."""
    path = tmp_path / "all.jsonl"
    path.write_text(text)
    with pytest.raises(FileRefused, match=words):
        load_whole(fresh.db, path)
    assert len(fresh.operations()) == 1
    assert looks_whole(path) is text.startswith('{"partners_crm":')


def test_what_is_no_file(fresh: Crm, tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no such file"):
        load_whole(fresh.db, tmp_path / "none.jsonl")
    with pytest.raises(FileRefused, match="is a folder"):
        load_whole(fresh.db, tmp_path)
    with pytest.raises(ConfigError, match="is a URL"):
        load_whole(fresh.db, Path("https://example.org/all.jsonl"))
    with pytest.raises(ConfigError, match="no policy replace"):
        load_whole(fresh.db, tmp_path / "none.jsonl", policy="replace")  # type: ignore[arg-type]  # on purpose
    assert not looks_whole(tmp_path / "none.jsonl")


def test_a_coalition_in_another_state(rewritten: Callable[..., Path], fresh: Crm) -> None:
    path = rewritten(lambda lines: of(lines, "district_map").update(state="wi"))
    with pytest.raises(FileRefused, match="is of a coalition in wi, this one is in il"):
        load_whole(fresh.db, path)


def test_a_file_that_changes_meanwhile(
    everything: Path, fresh: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.jsonl"
    shutil.copyfile(everything, path)

    def read_and_changed(path: Path, progress: Any, db: Handle) -> WholeFile:
        found = read_whole(path, progress, db)
        path.write_bytes(path.read_bytes().replace(b"Near West Homes", b"Near East Homes"))
        return found

    monkeypatch.setattr("partners_crm.services.importing.whole.read_whole", read_and_changed)
    with pytest.raises(FileRefused, match="was changed while it was read"):
        load_whole(fresh.db, path)
    assert len(fresh.operations()) == 1


def test_every_entity_has_its_place() -> None:
    """The order of the file is the order of the declarations: what is linked to comes first."""
    seen: set[type] = set()
    for table in ENTITIES_EXPORTED:
        required = {
            table.links()[name] for name, how in table.declarations().items() if how.kind == "link" and how.required
        }
        assert required <= seen | {table}
        seen.add(table)
