"""The last run of a rule: comparing, keeping, and every file that is none of ours."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.crm import Crm
from partners_crm.services import last_runs
from partners_crm.services.last_runs import Run, Subject, compare, file_of, recall, remember
from partners_crm.store.journal import operations

AT = "2026-11-24T15:00:00Z"
HOUSE = Subject("Every House district", "coverage", "chamber=house")
KEYS = st.sets(st.sampled_from("abcdef"))


def run(findings: str = "", doubts: str = "", at: str = AT) -> Run:
    return Run(at, frozenset(findings), frozenset(doubts))


@pytest.mark.parametrize(
    ("before", "now", "lost", "gained"),
    [
        (run(), run(), "", ""),
        (run("a"), run("a"), "", ""),
        (run(), run("a"), "a", ""),
        (run(), run("", "a"), "a", ""),
        (run("a"), run(), "", "a"),
        (run("", "a"), run(), "", "a"),
        (run("", "a"), run("a"), "a", ""),  # from doubtful to proven
        (run("a"), run("", "a"), "", "a"),  # from proven to doubtful
        (run("ab", "c"), run("bc", "d"), "cd", "a"),
        (run("a", "a"), run("a"), "", ""),
    ],
)
def test_what_was_lost_and_gained(before: Run, now: Run, lost: str, gained: str) -> None:
    found = compare(before, now)
    assert (found.lost, found.gained) == (frozenset(lost), frozenset(gained))


@given(KEYS, KEYS, KEYS, KEYS)
def test_the_way_back_loses_what_the_way_there_gained(a: set[str], b: set[str], c: set[str], d: set[str]) -> None:
    one, other = Run(AT, frozenset(a), frozenset(b)), Run(AT, frozenset(c), frozenset(d))
    there, back = compare(one, other), compare(other, one)
    assert (there.lost, there.gained) == (back.gained, back.lost)
    assert not there.lost & there.gained
    assert there.lost | there.gained <= a | b | c | d
    assert not compare(one, one).lost | compare(one, one).gained


def test_what_is_remembered_is_recalled_with_mode_600(tmp_path: Path) -> None:
    path = file_of(tmp_path / "new" / "last-runs", tmp_path / "coalition.db", "uid")
    other = Subject("", "map", "", "2026-01-01")
    assert recall(path, "uid") == ({}, "")
    assert remember(path, "uid", {HOUSE: run("ab", "c")}) == ""
    unanswered = Run("", frozenset(), frozenset(), undecided=AT)
    assert remember(path, "uid", {other: Run(AT, frozenset("é"), frozenset(), "il-2021 ab", AT)}) == ""
    assert remember(path, "uid", {Subject("", "seats", ""): unanswered}) == ""
    assert recall(path, "uid") == (
        {
            HOUSE: run("ab", "c"),
            other: Run(AT, frozenset("é"), frozenset(), "il-2021 ab", AT),
            Subject("", "seats", ""): unanswered,
        },
        "",
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_run_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    remember(path, "uid", {HOUSE: run("a")})
    remember(path, "uid", {HOUSE: run("b", at="2026-11-25T15:00:00Z")})
    assert recall(path, "uid")[0] == {HOUSE: run("b", at="2026-11-25T15:00:00Z")}


def test_only_so_many_runs_are_kept_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    many = {
        Subject(f"rule {number}", "map", ""): run(at=f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z")
        for number in range(last_runs.KEPT + 5)
    }
    remember(path, "uid", many)
    kept = recall(path, "uid")[0]
    assert len(kept) == last_runs.KEPT
    assert Subject("rule 4", "map", "") not in kept
    assert Subject("rule 5", "map", "") in kept


def test_a_run_without_an_answer_is_as_new_as_the_day_it_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    asked = Run("2025-01-01T00:00:00Z", frozenset(), frozenset(), undecided="2026-12-01T00:00:00Z")
    many = {Subject(f"rule {number}", "map", ""): run() for number in range(last_runs.KEPT)}
    remember(path, "uid", {HOUSE: asked, **many})
    kept = recall(path, "uid")[0]
    assert (len(kept), kept[HOUSE]) == (last_runs.KEPT, asked)


GOOD = {"schema_version": 1, "coalition": "uid", "runs": []}
ENTRY = {"name": "", "kind": "map", "terms": "", "as_of": "", "at": AT, "findings": [], "doubts": []}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({**GOOD, "schema_version": 2}).encode(),
        json.dumps({**GOOD, "coalition": "another"}).encode(),
        json.dumps({**GOOD, "runs": {"a": 1}}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "name": 3}]}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "findings": "abc"}]}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "findings": [1]}]}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "at": "yesterday"}]}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "at": ""}]}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "map": 3}]}).encode(),
        json.dumps({**GOOD, "runs": [{**ENTRY, "undecided": "yesterday"}]}).encode(),
        json.dumps({**GOOD, "runs": [{"name": ""}]}).encode(),
    ],
    ids=range(17),
)
def test_a_file_that_is_none_of_ours_is_ignored_with_a_word_and_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "runs.json"
    path.write_bytes(content)
    found, word = recall(path, "uid")
    assert found == {}
    assert word.startswith(f"{path} is ignored")
    assert remember(path, "uid", {HOUSE: run("a")}) == ""
    assert recall(path, "uid") == ({HOUSE: run("a")}, "")


def test_a_run_that_says_nothing_of_its_map_is_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({**GOOD, "runs": [ENTRY]}))
    assert recall(path, "uid") == ({Subject("", "map", ""): run()}, "")


def test_neither_a_link_nor_a_pipe_nor_a_folder_is_read(tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    remember(target, "uid", {HOUSE: run("a")})
    link, pipe, folder = tmp_path / "link.json", tmp_path / "pipe.json", tmp_path / "folder.json"
    link.symlink_to(target)
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (link, pipe, folder):
        assert recall(path, "uid")[0] == {}
        assert "is ignored" in recall(path, "uid")[1]
    assert remember(link, "uid", {HOUSE: run("b")}) == ""
    assert not link.is_symlink()
    assert recall(target, "uid")[0] == {HOUSE: run("a")}


def test_a_disk_that_refuses_is_a_word(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    word = remember(tmp_path / "file" / "runs.json", "uid", {HOUSE: run()})
    assert word.startswith("this run is not remembered")


def test_each_coalition_and_each_place_has_its_own_file(tmp_path: Path, crm: Crm) -> None:
    own = last_runs.coalition_uid(crm.db)
    assert own == operations(crm.db)[-1].uid
    names = {
        file_of(tmp_path, tmp_path / place, coalition) for place in ("a.db", "b.db") for coalition in (own, "another")
    }
    assert len(names) == 4
    assert all(path.parent == tmp_path and path.suffix == ".json" for path in names)
    assert file_of(tmp_path, tmp_path / "a.db", "../../etc/passwd").parent == tmp_path
