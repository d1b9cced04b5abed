"""Calls to the disk that fail, each in its turn: the cause is named, and a second run makes it good.

The library of shim.c lets the Nth call that changes a file of the coalition fail, once or from then on, as a broken
disk (EIO) or a full one (ENOSPC) does.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.faults.conftest import Look, Looking, fresh
from tests.faults.nursery import ALL, FAIL_FROM, FAIL_ONCE, GROWING, Arming, Ended, Nursery

from partners_crm.store import copying

MANNERS = (
    (errno.EIO, FAIL_ONCE, ALL),
    (errno.ENOSPC, FAIL_FROM, GROWING),
    (errno.EIO, FAIL_FROM, ALL),
    (errno.ENOSPC, FAIL_ONCE, GROWING),
)
CAUSES = {
    errno.EIO: r"disk I/O error|Input/output error|refuses",
    errno.ENOSPC: r"disk I/O error|No space left on device|is full|refuses",
}
ORDINARY_RUNS = 64
"""Runs of this module without --soak, about."""


@dataclass(frozen=True)
class Work:
    """A command whose disk fails."""

    name: str
    words: tuple[str, ...]
    rerun: str
    """What it says when it is run again and there is nothing left to do."""


WORKS = (
    Work("import", ("import", "{piece}"), "0 changes: everything in the file was known"),
    Work("edit", ("edit", "organization", "1", "note=corrected"), "unchanged"),
    Work("backup", ("backup", "{folder}/copies"), ""),
    Work("migration", ("list", "organizations"), ""),
)


@pytest.fixture(scope="session")
def piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short list of members, large enough for several pages of every kind."""
    path = tmp_path_factory.mktemp("piece") / "members.csv"
    rows = (f"House {number},Peoria,IL,61602,40.69,-89.58,312-555-01{number:02}\n" for number in range(12))
    path.write_text("Organization,City,State,ZIP,Lat,Lon,Phone\n" + "".join(rows), "utf-8")
    return path


@pytest.fixture(scope="session")
def filled(nursery: Nursery, blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coalition with some edits in it."""
    path = fresh(blank_coalition, tmp_path_factory.mktemp("filled"))
    assert nursery.run("edits", path=path, limit=8).code == 0
    # The backup of the day is made by now: it is not what fails here.
    assert nursery.run("command", words=["--db", path, "edit", "organization", "1", "note=first"]).code == 0
    return path


class Bench:
    """A coalition in a folder, put back before every run."""

    def __init__(self, nursery: Nursery, source: Path, folder: Path, work: Work, piece: Path) -> None:
        self.nursery, self.source, self.folder, self.work = nursery, source, folder, work
        self.words = [word.format(piece=piece, folder=folder) for word in work.words]
        self.path = folder / "coalition.db"

    def put_back(self) -> None:
        """As it was, with the backup of the day."""
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh(self.source, self.folder)
        daily = copying.backups_of(self.source)
        if daily.exists():
            shutil.copytree(daily, copying.backups_of(self.path))

    def run(self, number: int = 0, how: int = 0, kinds: int = ALL, error: int = 0) -> Ended:
        """The command, with a call that fails."""
        arm = Arming(self.folder, number, how, kinds, error)
        return self.nursery.run("command", words=["--db", self.path, *self.words], arm=arm)

    def backups(self) -> set[str]:
        """The files that have the name of a backup, each of which must be one."""
        found = set()
        for path in self.folder.rglob("*.db"):
            if path != self.path:
                assert copying.verified(path).rows
                found.add(path.name)
        return found


def cases(bench: Bench, every: bool) -> Iterator[tuple[int, int, int, int]]:
    """(number, error, how, kinds) of each run: every call in every manner, or some of them."""
    for turn, (error, how, kinds) in enumerate(MANNERS):
        bench.put_back()
        total = bench.run(kinds=kinds).calls
        share = ORDINARY_RUNS / len(WORKS) / 2 / len(MANNERS)
        step = 1.0 if every else max(1.0, total / share)
        place = 1 + turn * step / len(MANNERS)
        while place < total + 1:
            yield int(place), error, how, kinds
            place += step


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("place", ["own disk", "Dropbox"])
@pytest.mark.parametrize("work", WORKS, ids=[work.name for work in WORKS])
def test_case_45_a_failing_call_is_named_and_made_good_by_a_second_run(
    nursery: Nursery,
    look: Looking,
    filled: Path,
    released: Path,
    piece: Path,
    tmp_path: Path,
    work: Work,
    place: str,
    scale: Callable[[int], int],
    record_property: Callable[[str, object], None],
) -> None:
    source = released if work.name == "migration" else filled
    bench = Bench(nursery, source, tmp_path / place, work, piece)
    bench.put_back()
    before, backups_before = look(bench.path, below=True), bench.backups()
    assert bench.run().code == 0
    expected = look(bench.path)
    assert work.name == "backup" or before.contents != expected.contents or before.schema != expected.schema
    outcomes: Counter[str] = Counter()
    for number, error, how, kinds in cases(bench, every=scale(10) == 10):
        bench.put_back()
        ended = bench.run(number, how, kinds, error)
        often = "once" if how == FAIL_ONCE else "from then on"
        about = f"call {number}, {ended.first_failed}, {errno.errorcode[error]} {often}"
        assert ended.failed, about
        assert_told(ended, bench.folder, error, about)
        found, made = after(bench, look, ended, before, expected, about)
        assert made >= backups_before
        if kinds == GROWING:
            assert not list(bench.folder.rglob("*.part*")), about
        saved = found.contents == expected.contents and found.schema == expected.schema
        if work.name == "backup":
            saved = len(made) > len(backups_before)
        assert saved or ended.code, about
        again = bench.run()
        assert again.code == 0, f"{about}: {again.err}"
        assert look(bench.path).contents == expected.contents, about
        assert len(bench.backups()) > len(backups_before) or work.name in {"import", "edit"}
        if saved:
            assert work.rerun in again.out, about
            assert "nothing was saved" not in ended.err, f"{about}: {ended.err}"
        outcomes["harmless" if not ended.code else "refused, but saved" if saved else "refused"] += 1
    assert outcomes["refused"]
    record_property("outcomes", dict(outcomes))
    print(f"{work.name} in {place}: {dict(outcomes)}")


def assert_told(ended: Ended, folder: Path, error: int, about: str) -> None:
    """It ended by itself, and a failure is told in a line with its cause and the path, and one that helps."""
    assert not ended.hung, about
    assert "Traceback" not in ended.err, f"{about}: {ended.err}"
    assert ended.code in {0, 4}, f"{about}: {ended.code} {ended.err}"
    if ended.code:
        lines = [line for line in ended.err.splitlines() if line.startswith("partners: ")]
        assert str(folder) in lines[-1], f"{about}: {ended.err}"
        assert re.search(CAUSES[error], lines[-1]), f"{about}: {ended.err}"


def after(bench: Bench, look: Looking, ended: Ended, before: Look, expected: Look, about: str) -> tuple[Look, set[str]]:
    """What is in the coalition after the fault, all or nothing of the work, and in the backups."""
    promised = [int(number) for number in re.findall(r"^operation (\d+);", ended.out, re.MULTILINE)]
    aside = bench.folder.with_name("aside") / bench.folder.name
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(bench.folder, aside)
    found = look(aside / bench.path.name, below=True)
    assert found.contents in (before.contents, expected.contents), about
    # Of several migrations each is whole by itself: the contents change their form with the last.
    done = (found.contents, found.schema) == (expected.contents, expected.schema)
    assert done or before.schema <= found.schema < max(expected.schema, before.schema + 1), about
    assert set(promised) <= set(found.hashes) or ended.out.startswith("backed up"), about
    return found, bench.backups()
