"""A disk that is really full: a small one is made, in a view of the file system that only the child has."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.faults.conftest import PIECES, Look, Looking, fresh, looked
from tests.faults.nursery import Ended, Nursery

from partners_crm.store.fulltext import SUFFIX
from partners_crm.store.open import SCHEMA_VERSION

SIZE = 6_000_000
"""Bytes of the disk."""
FREE = re.compile(r"\d+(\.\d)? (bytes|kB|MB) (are )?free")
_MOUNT = f'mount -t tmpfs -o size={SIZE} tmpfs "$0" && exec "$@"'


class SmallDisk:
    """A disk of some megabytes; only what runs in its nursery sees it."""

    def __init__(self, nursery: Nursery, root: Path) -> None:
        self.nursery, self.root = nursery, root
        self.folder = root / "disk"
        self.path = self.folder / "coalition.db"

    def hold(self, source: Path) -> None:
        """Put a coalition on the empty disk."""
        assert self.nursery.run("put", source=source, folder=self.folder).code == 0

    def fill(self, leave: int) -> None:
        """Leave so many bytes free."""
        ended = self.nursery.run("fill", folder=self.root, leave=leave)
        assert ended.code == 0, ended.err

    def command(self, *words: str | Path) -> Ended:
        """A command on the coalition."""
        return self.nursery.run("command", words=["--db", self.path, *words])

    def files(self) -> dict[str, str]:
        """Every file on it, with its digest."""
        ended = self.nursery.run("files_of", folder=self.folder)
        assert ended.code == 0, ended.err
        found: dict[str, str] = json.loads(ended.out)
        return found

    def look(self, *, below: bool = False) -> Look:
        """What is in the coalition."""
        return looked(self.nursery.run("look_below" if below else "look", path=self.path))


def _within(way: list[str], program: list[str]) -> list[str]:
    return [*way, *program]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    """A small disk, mounted where nobody else sees it: as the administrator, or as one within a name space."""
    root = tmp_path_factory.mktemp("mounted")
    for way in (["unshare", "-m"], ["unshare", "-r", "-m"]):
        within = partial(_within, [*way, "sh", "-c", _MOUNT, str(root)])
        try:
            tried = subprocess.run(within(["true"]), capture_output=True, timeout=20, check=False)
        except FileNotFoundError:
            pytest.skip("there is no unshare(1) here to mount a disk for one process")
        if tried.returncode == 0:
            nursery = Nursery(tmp_path_factory.mktemp("small") / "scratch", None, within)
            yield SmallDisk(nursery, root)
            nursery.close()
            return
    pytest.skip("this system does not let us mount a disk for one process")


def assert_refused(ended: Ended, *places: Path) -> None:
    """Exit 4 with the path, that the disk is full, and how much is free."""
    assert ended.code == 4, ended.err
    assert "Traceback" not in ended.err
    line = [each for each in ended.err.splitlines() if each.startswith("partners: ")][-1]
    assert any(str(place) in line for place in places), line
    assert FREE.search(line), line
    assert re.search(r"full|No space left|disk refuses|disk I/O error", line), line


def kept(found: dict[str, str]) -> dict[str, str]:
    """The files but for those that stand beside an open coalition, which SQLite leaves there when it cannot open it."""
    beside = {f"coalition.db{suffix}" for suffix in ("-wal", "-shm", "-open", "-write")}
    return {name: digest for name, digest in found.items() if name not in beside}


def leaves(most: int, count: int) -> list[int]:
    """Numbers of free bytes from next to nothing to `most`."""
    return [most * number // count for number in range(count)]


def test_case_46_an_import_on_a_full_disk_saves_nothing_and_works_once_there_is_space(
    disk: SmallDisk,
    look: Looking,
    blank_coalition: Path,
    pieces: list[Path],
    tmp_path: Path,
    scale: Callable[[int], int],
) -> None:
    reference = fresh(blank_coalition, tmp_path / "reference")
    assert disk.nursery.run("command", words=["--db", reference, "import", pieces[0]]).code == 0
    expected = look(reference).contents
    refusals = 0
    for leave in leaves(800_000, scale(60)):
        disk.hold(blank_coalition)
        before = disk.files()
        disk.fill(leave)
        ended = disk.command("import", pieces[0])
        if ended.code:
            assert_refused(ended, disk.path)
            assert kept(disk.files()) == before
            refusals += 1
            disk.fill(SIZE)
            again = disk.command("import", pieces[0])
            assert again.code == 0, again.err
        disk.fill(SIZE)
        assert disk.look().contents == expected
    assert refusals >= 2


def test_case_46_a_backup_on_a_full_disk_leaves_no_draft_and_works_once_there_is_space(
    disk: SmallDisk, blank_coalition: Path, scale: Callable[[int], int]
) -> None:
    refusals = 0
    for leave in leaves(900_000, scale(60)):
        disk.hold(blank_coalition)
        before = disk.files()
        disk.fill(leave)
        copies = disk.folder / "copies"
        ended = disk.command("backup", copies)
        if ended.code:
            assert_refused(ended, copies, disk.path)
            assert kept(disk.files()) == before
            refusals += 1
            disk.fill(SIZE)
            assert disk.command("backup", copies).code == 0
        made = [name for name in disk.files() if name.startswith("copies/")]
        assert sorted(name.partition("by-hand")[2] for name in made) == [".db", ".db.json"]
    assert refusals >= 2


def test_case_46_a_migration_on_a_full_disk_is_not_begun_and_works_once_there_is_space(
    disk: SmallDisk, look: Looking, released: Path, tmp_path: Path, scale: Callable[[int], int]
) -> None:
    before = look(fresh(released, tmp_path / "before"), below=True)
    expected = look(fresh(released, tmp_path / "expected")).contents
    stages = set()
    for leave in leaves(1_000_000, scale(60)):
        disk.hold(released)
        disk.fill(leave)
        ended = disk.command("list", "organizations")
        if ended.code:
            assert_refused(ended, disk.path)
            assert not [name for name in disk.files() if ".part" in name]
            stages.add("a backup of it" in ended.err)
            disk.fill(SIZE)
            found = disk.look(below=True)
            assert found.schema < SCHEMA_VERSION
            assert found.contents == before.contents
            assert disk.command("list", "organizations").code == 0
        disk.fill(SIZE)
        found = disk.look()
        assert (found.schema, found.contents) == (SCHEMA_VERSION, expected)
    assert False in stages


@pytest.mark.parametrize("words", [("import", "{piece}"), ("backup", "{folder}/copies"), ("list", "organizations")])
def test_case_46_a_file_that_may_not_grow_is_refused_like_a_full_disk(
    nursery: Nursery,
    look: Looking,
    blank_coalition: Path,
    released: Path,
    pieces: list[Path],
    tmp_path: Path,
    words: tuple[str, ...],
) -> None:
    older = words[0] == "list"
    path = fresh(released if older else blank_coalition, tmp_path / "here")
    before = look(path, below=True)
    ordered = ["--db", str(path), *(word.format(piece=pieces[0], folder=path.parent) for word in words)]
    ended = nursery.run("limited", words=ordered, size=40_000)
    assert ended.code == 4, ended.err
    assert str(path.parent) in ended.err
    assert "Traceback" not in ended.err
    after = look(path, below=True)
    assert (after.contents, after.schema) == (before.contents, before.schema)
    assert not [each for each in path.parent.rglob("*") if ".part" in each.name or each.suffix == ".json"]
    assert nursery.run("command", words=ordered).code == 0


@pytest.mark.parametrize("is_behind", [False, True])
def test_case_46_words_are_found_on_a_full_disk_and_the_index_follows_once_there_is_space(
    disk: SmallDisk,
    blank_coalition: Path,
    pieces: list[Path],
    tmp_path: Path,
    scale: Callable[[int], int],
    is_behind: bool,
) -> None:
    source = fresh(blank_coalition, tmp_path / "filled")
    assert disk.nursery.run("command", words=["--db", source, "import", pieces[0]]).code == 0
    index = f"coalition.db{SUFFIX}"
    without = 0
    for leave in leaves(120_000, scale(60)):
        disk.hold(source)
        if is_behind:
            assert disk.command("find", "house").code == 0
            assert disk.command("import", pieces[1]).code == 0
        before = disk.files()
        disk.fill(leave)
        # SQLite needs some room of its own to open a coalition.
        if disk.command("list", "organizations").code == 0:
            found = disk.command("find", "house", "peoria", "--limit", "90")
            assert found.code == 0, found.err
            assert len(found.out.splitlines()) > PIECES
            without += disk.files().get(index) == before.get(index)
            disk.fill(SIZE)
            again = disk.command("find", "house", "peoria", "--limit", "90")
            assert (again.code, again.out) == (0, found.out)
            assert disk.files()[index] != before.get(index)
            assert disk.command("doctor", "search").code == 0
    assert without
