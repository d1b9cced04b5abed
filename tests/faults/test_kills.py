"""SIGKILL in the middle of work: nothing that was promised is lost, and nothing is there by half.

Half of the blows fall after a random time. The others fall, where there is a compiler, in a random one of the calls
that change the disk: before it, after half of its bytes, or after it.
"""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults.conftest import Look, Looking, fresh
from tests.faults.nursery import COUNT, DIE_AFTER, DIE_BEFORE, DIE_HALFWAY, Arming, Ended, Nursery
from tests.faults.works import STEPS

from partners_crm.store import copying
from partners_crm.store.open import SCHEMA_VERSION

PLACES = ("own disk", "Dropbox")
"""Folders with a write-ahead log, and without one (by their name)."""
KILLED = -9
_SUFFIXES = {
    "-wal": "the log",
    "-shm": "the log's index",
    "-journal": "the journal",
    ".part": "the draft",
    ".json": "the description",
    "-open": "a lock file",
    "-write": "a lock file",
}


def kept_rows(found: Look) -> Counter[int]:
    """How many source rows each operation keeps."""
    return Counter(dict(row)["operation"] for row in found.contents.get("source_row", ()))


class Siege:
    """One kind of work, done again and again under blows; it knows where they landed."""

    def __init__(self, nursery: Nursery, folder: Path, work: str, seed: int, *, late: float = 1) -> None:
        self.nursery, self.folder, self.work = nursery, folder, work
        self.late = late
        """Above 1, more of the blows fall towards the end of the work."""
        self.random = random.Random(seed)
        self.landed: Counter[str] = Counter()
        self.kills = 0
        self.undisturbed: Ended | None = None

    def whole_run(self, **arguments: Any) -> Ended:
        """The work without a blow; it says how long it is."""
        self.undisturbed = self.nursery.run(self.work, arm=Arming(self.folder, how=COUNT), **arguments)
        assert self.undisturbed.code == 0, self.undisturbed.err
        return self.undisturbed

    def blows(self, count: int, reach: float = 1.0) -> Iterator[Callable[..., Ended]]:
        """Ways to run the work and kill it, until `count` of them have hit; spread evenly over its length."""
        assert self.undisturbed is not None
        shares: list[float] = []
        tried = 0
        while self.kills < count:
            tried += 1
            assert tried < 10 * count + 50, f"of {tried} blows only {self.kills} hit"
            if not shares:
                shares = [(number + self.random.random()) / count * reach for number in range(count)]
                self.random.shuffle(shares)
            yield self._blow(shares.pop(), tried % 2 == 0 and self.nursery.shim is not None)

    def _blow(self, share: float, in_a_call: bool) -> Callable[..., Ended]:
        undisturbed = self.undisturbed
        assert undisturbed is not None

        share = 1 - (1 - share) ** self.late

        def strike(**arguments: Any) -> Ended:
            if in_a_call:
                how = self.random.choice((DIE_BEFORE, DIE_HALFWAY, DIE_AFTER))
                arm = Arming(self.folder, 1 + int(share * undisturbed.calls), how)
                ended = self.nursery.run(self.work, arm=arm, **arguments)
            else:
                seconds = share * undisturbed.seconds
                ended = self.nursery.run(self.work, kill_after=seconds, arm=Arming(self.folder), **arguments)
            assert not ended.hung
            assert ended.code in {0, KILLED}, ended.err
            assert "Traceback" not in ended.err
            if ended.code == KILLED:
                self.kills += 1
                self.landed[landing(ended)] += 1
            return ended

        return strike

    def told(self, record: Callable[[str, object], None]) -> None:
        """Say where the blows landed (pytest -rP shows it)."""
        record("landed", dict(self.landed))
        print(f"{self.work}: {self.kills} kills")
        for where, number in self.landed.most_common():
            print(f"  {number:4} {where}")


def landing(ended: Ended) -> str:
    """Where a blow landed, as the library saw it."""
    call, _, name = ended.last.partition(" ")
    if not call:
        return "before the first call"
    what = next((word for suffix, word in _SUFFIXES.items() if name.endswith(suffix)), "the database")
    return f"{'in' if ended.inside else 'after'} {call} of {what}"


def assert_kept(promised: dict[int, str], found: Look) -> None:
    """Every operation that was promised is there, the very one, and no number is left out."""
    for number, hash_ in promised.items():
        assert found.hashes.get(number, "") == hash_ or (not hash_ and number in found.hashes), number
    assert sorted(found.hashes) == list(range(1, found.newest + 1))


def assert_backups_whole(folder: Path, seen: set[Path]) -> None:
    """What has the name of a backup is one; what was seen before is not looked at again."""
    for path in set(folder.glob("*.db")) - seen:
        assert copying.verified(path).rows, f"{path} has no description"
        seen.add(path)


@pytest.mark.parametrize("place", PLACES)
def test_case_43_a_killed_import_loses_no_file_that_it_reported(
    nursery: Nursery,
    look: Looking,
    blank_coalition: Path,
    pieces: list[Path],
    tmp_path: Path,
    place: str,
    scale: Callable[[int], int],
    record_property: Callable[[str, object], None],
) -> None:
    folder = tmp_path / place
    siege = Siege(nursery, folder, "import_pieces", seed=43)
    path = fresh(blank_coalition, folder)
    siege.whole_run(path=path, pieces=pieces)
    expected = look(path)
    assert list(expected.sources.values()) == [piece.name for piece in pieces]
    promised: dict[int, str] = {}
    finished = True
    for strike in siege.blows(scale(150)):
        if finished:
            shutil.rmtree(folder)
            path, promised, seen = fresh(blank_coalition, folder), {}, set[Path]()
        ended = strike(path=path, pieces=pieces)
        promised |= dict.fromkeys(map(int, re.findall(r"^operation (\d+);", ended.out, re.MULTILINE)), "")
        found = look(path)
        assert_kept(promised, found)
        assert list(found.sources.values()) == [piece.name for piece in pieces][: len(found.sources)]
        assert kept_rows(found).items() <= kept_rows(expected).items()
        assert_backups_whole(copying.backups_of(path), seen)
        finished = ended.code == 0
        if finished:
            assert found.contents == expected.contents
    assert nursery.run("import_pieces", path=path, pieces=pieces).code == 0
    assert look(path).contents == expected.contents
    siege.told(record_property)


@pytest.mark.parametrize("place", PLACES)
def test_case_43_killed_edits_lose_none_that_was_saved(
    nursery: Nursery,
    look: Looking,
    blank_coalition: Path,
    tmp_path: Path,
    place: str,
    scale: Callable[[int], int],
    record_property: Callable[[str, object], None],
) -> None:
    folder = tmp_path / place
    siege = Siege(nursery, folder, "edits", seed=4343)
    path = fresh(blank_coalition, folder)
    siege.whole_run(path=path)
    expected = look(path)
    assert expected.newest == STEPS + 1
    assert expected.mode == ("wal" if place == PLACES[0] else "delete")
    promised: dict[int, str] = {}
    finished = True
    for strike in siege.blows(scale(200), reach=0.5):
        if finished:
            shutil.rmtree(folder)
            path, promised = fresh(blank_coalition, folder), {}
        ended = strike(path=path)
        told = re.findall(r"^operation (\d+) (\w+)$", ended.out, re.MULTILINE)
        promised |= {int(number): hash_ for number, hash_ in told}
        found = look(path)
        assert_kept(promised, found)
        assert found.newest - max(promised, default=1) <= 1
        promised |= found.hashes
        finished = ended.code == 0
        if finished:
            assert found.contents == expected.contents
    assert nursery.run("edits", path=path).code == 0
    assert look(path).contents == expected.contents
    siege.told(record_property)
    if nursery.shim is not None:
        # The blows were spread over the work: some fell within a commit, some, of many, while the log was written back.
        assert any("the log" in where or "the journal" in where for where in siege.landed), siege.landed
        assert siege.kills < 100 or any("the database" in where for where in siege.landed), siege.landed


@pytest.mark.parametrize("place", PLACES)
def test_case_53_a_killed_migration_is_done_or_not_begun(
    nursery: Nursery,
    look: Looking,
    released: Path,
    tmp_path: Path,
    place: str,
    scale: Callable[[int], int],
    record_property: Callable[[str, object], None],
) -> None:
    folder = tmp_path / place
    siege = Siege(nursery, folder, "migration", seed=53, late=2)
    path = fresh(released, folder)
    before = look(path, below=True)
    assert before.schema == 1
    shutil.rmtree(folder)
    siege.whole_run(path=fresh(released, folder))
    expected = look(path)
    assert expected.schema == SCHEMA_VERSION
    schemas: Counter[int] = Counter()
    for strike in siege.blows(scale(80)):
        shutil.rmtree(folder)
        path = fresh(released, folder)
        strike(path=path)
        # Looked at in a copy with its log, for looking may end what was begun.
        shutil.copytree(folder, aside := tmp_path / "aside" / place)
        found = look(aside / path.name, below=True)
        shutil.rmtree(aside)
        # Each migration is a transaction of its own: between two of them the file is whole as well.
        assert 1 <= found.schema <= SCHEMA_VERSION
        assert found.hashes == before.hashes
        if found.schema == SCHEMA_VERSION:
            assert found.contents == expected.contents
        else:
            assert found.contents == before.contents
        schemas[found.schema] += 1
        seen: set[Path] = set()
        assert_backups_whole(copying.backups_of(path), seen)
        assert seen or found.schema == 1
        assert look(path).contents == expected.contents
        assert look(path).schema == SCHEMA_VERSION
        assert_backups_whole(copying.backups_of(path), seen)
        assert {copying.verified(each).schema for each in seen} <= set(range(1, SCHEMA_VERSION))
    assert schemas[1]
    siege.told(record_property)


def test_case_43_a_killed_backup_leaves_none_that_is_not_whole(
    nursery: Nursery,
    look: Looking,
    blank_coalition: Path,
    tmp_path: Path,
    scale: Callable[[int], int],
    record_property: Callable[[str, object], None],
) -> None:
    path = fresh(blank_coalition, tmp_path / "here")
    before = look(path)
    folder = tmp_path / "there"
    siege = Siege(nursery, folder, "backups", seed=69)
    arguments: dict[str, Any] = {"path": path, "folder": folder, "count": 3}
    siege.whole_run(**arguments)
    seen: set[Path] = set()
    drafts = 0
    for strike in siege.blows(scale(150)):
        ended = strike(**arguments)
        for name in re.findall(r"^backup (.+)$", ended.out, re.MULTILINE):
            assert Path(name).exists()
        assert_backups_whole(folder, seen)
        drafts = len(list(folder.glob("*.part")))
        assert look(path) == before
    assert drafts, "no blow fell while a draft was written"
    assert nursery.run("backups", **arguments).code == 0
    assert_backups_whole(folder, seen)
    siege.told(record_property)
