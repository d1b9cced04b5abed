"""The whole coalition as JSON Lines: what is in it, in which order, and what only comes on request."""

from __future__ import annotations

import json
import stat
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from tests.services.exporting.everything import HOSTILE, missing_entities

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.model import Organization, Setting
from partners_crm.services.exporting.whole import exported as tables_of
from partners_crm.store import read


def exported(crm: Crm, path: Path, **options: Any) -> list[dict[str, Any]]:
    """The lines of an export of everything."""
    crm.export_all(path, **options)
    assert path.read_bytes().isascii()
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def keep_a_row(crm: Crm) -> None:
    """Write what an import of one row leaves in the journal."""
    with crm.changes("import rows.csv") as unit:
        body = unit.add(Organization, name="River Table")
        unit.keep_source_rows([(2, "new", "", body, {"Organization": "River Table", "City": "Peoria"}, None)])


def test_every_entity_but_settings_is_in_it(full: Crm, tmp_path: Path) -> None:
    assert missing_entities(full) == []
    tables = tables_of(full.db, include_private=True)
    head, *lines = exported(full, tmp_path / "all.jsonl", include_private=True)
    assert head == {
        "partners_crm": "export",
        "schema_version": 1,
        "entities": {table.entity.plural: len(read.where(full.db, table)) for table in tables},
        "private": True,
        "history": False,
    }
    assert [table for table in full.db.entities if table not in tables] == [Setting]
    names = [table.entity.name for table in tables]
    order = [(names.index(line["entity"]), line["uid"]) for line in lines]
    assert order == sorted(order)
    assert len(lines) == sum(head["entities"].values())
    for table in tables:
        some = [line for line in lines if line["entity"] == table.entity.name]
        assert some
        assert {tuple(line) for line in some} == {("entity", "uid", *table.declarations())}
        stored = {record.uid: record for record in read.where(full.db, table)}
        for line in some:
            for name, how in table.declarations().items():
                value = stored[line["uid"]][name]
                if how.kind == "link" and value is not None:
                    value = read.by_id(full.db, table.links()[name], value).uid
                assert (line[name], type(line[name])) == (value, type(value))


def test_the_same_coalition_gives_the_same_bytes(full: Crm, tmp_path: Path) -> None:
    done = [full.export_all(tmp_path / name, include_private=True) for name in ("a.jsonl", "b.jsonl")]
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert len({each.sha256 for each in done}) == 1
    assert stat.S_IMODE((tmp_path / "a.jsonl").stat().st_mode) == 0o600


def test_what_not_everyone_may_see_comes_on_request(full: Crm, tmp_path: Path) -> None:
    head, *lines = exported(full, tmp_path / "all.jsonl")
    assert not head["private"]
    assert [line["value"] for line in lines if line["entity"] == "custom_value"] == ["+Ansel"]
    assert "12.5" not in (tmp_path / "all.jsonl").read_text()
    done = full.export_all(tmp_path / "b.jsonl")
    assert "wary" not in (tmp_path / "all.jsonl").read_text()
    assert "ours alone" not in (tmp_path / "all.jsonl").read_text()
    assert "City beds" not in (tmp_path / "all.jsonl").read_text()
    assert set(done.left_out) == {
        ("custom_value", 1),
        ("posture", 1),
        ("associations_lane.memo", 0),
        ("associations_rivalry", 1),
    }
    assert full.export_all(tmp_path / "c.jsonl", include_private=True).left_out == ()


def test_the_journal_comes_on_request(full: Crm, tmp_path: Path) -> None:
    keep_a_row(full)
    plain = (exported(full, tmp_path / "a.jsonl", include_private=True))[1:]
    head, *lines = exported(full, tmp_path / "b.jsonl", include_private=True, with_history=True)
    assert head["history"]
    assert lines[: len(plain)] == plain
    journal = lines[len(plain) :]
    kinds = [line["journal"] for line in journal]
    assert kinds == sorted(kinds, key=["operation", "change", "source_row"].index)
    assert kinds.count("operation") == len(full.operations())
    notes = [
        line["after"]["note"]
        for line in journal
        if line["journal"] == "change" and line["action"] == "insert" and line["entity"] == "organization"
    ]
    assert HOSTILE in notes
    (row,) = (line for line in journal if line["journal"] == "source_row")
    assert row["cells"] == {"Organization": "River Table", "City": "Peoria"}


def test_the_journal_for_everyone_tells_nothing_private(full: Crm, tmp_path: Path) -> None:
    keep_a_row(full)
    _, *lines = exported(full, tmp_path / "all.jsonl", with_history=True)
    changes = [line for line in lines if line.get("journal") == "change"]
    assert changes
    assert not any("salt" in line or "before_digest" in line for line in changes)
    said = [line["after"] for line in changes if line["entity"] == "custom_value"]
    assert said
    assert not any("value" in each for each in said)
    text = (tmp_path / "all.jsonl").read_text()
    assert "12.5" not in text
    assert not any(word in text for word in ("wary", "A letter", "ours alone", "City beds"))
    assert not [line for line in lines if line.get("journal") == "source_row"]
    assert ("source_row", 1) in full.export_all(tmp_path / "b.jsonl", with_history=True).left_out


def test_only_a_jsonl_file_takes_everything(full: Crm, tmp_path: Path) -> None:
    for name in ("all.csv", "all", "all.xlsx", str(full.path)):
        with pytest.raises(ConfigError):
            full.export_all(tmp_path / name, force=True)


def test_memory_does_not_grow_with_the_coalition(crm: Crm, tmp_path: Path) -> None:
    """A hundred times as many records take hardly more memory than the first."""

    def peak(name: str) -> int:
        tracemalloc.start()
        try:
            crm.export_all(tmp_path / name)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak("first.jsonl")  # what is loaded and cached once
    with crm.changes("many") as unit:
        for number in range(200):
            unit.add(Organization, name=f"Body {number}", note="x" * 1000)
    few = peak("few.jsonl")
    with crm.changes("many more") as unit:
        for number in range(8000):
            unit.add(Organization, name=f"Another {number}", note="x" * 1000)
    many = peak("many.jsonl")
    assert (tmp_path / "many.jsonl").stat().st_size > 8_000_000
    assert many < few + 1_000_000
