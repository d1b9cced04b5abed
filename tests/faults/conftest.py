"""What the tests of faults share: processes to kill, disks that fail, and a coalition to do it to."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.faults.nursery import Ended, Nursery

HERE = Path(__file__).parent
RELEASED = HERE.parent / "store" / "released"
PIECES = 6
ROWS = 40
"""Rows of each piece of the import."""


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The library that lets calls fail, built here; None where it cannot be."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    built = tmp_path_factory.mktemp("shim") / "shim.so"
    words = [compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(built), str(HERE / "shim.c"), "-ldl"]
    subprocess.run(words, check=True, timeout=60)
    return built


@pytest.fixture
def failing(shim: Path | None) -> Path:
    """The library, where a test is about nothing else."""
    if shim is None:
        pytest.skip("the library that lets calls fail needs Linux and a C compiler")
    return shim


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory, shim: Path | None) -> Iterator[Nursery]:
    """Processes at little cost."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the processes are watched in a way that only Linux has")
    made = Nursery(tmp_path_factory.mktemp("nursery") / "scratch", shim)
    yield made
    made.close()


@dataclass(frozen=True)
class Look:
    """What is in a coalition."""

    contents: dict[str, list[list[Any]]]
    hashes: dict[int, str]
    """The hash of each operation."""
    sources: dict[int, str]
    """The file that an operation came from."""
    schema: int
    mode: str
    warnings: tuple[str, ...]

    @property
    def newest(self) -> int:
        """The newest operation."""
        return max(self.hashes, default=0)


Looking = Callable[..., Look]


@pytest.fixture(scope="session")
def look(nursery: Nursery) -> Looking:
    """Open a coalition in a fresh process, which must find it whole."""

    def call(path: Path, *, below: bool = False) -> Look:
        ended = nursery.run("look_below" if below else "look", path=path)
        return looked(ended)

    return call


def looked(ended: Ended) -> Look:
    """What a `look` printed; nothing may be wrong."""
    assert ended.code == 0, ended.err
    found = json.loads(ended.out.splitlines()[-1])
    assert found["problems"] == []
    return Look(
        contents=found["contents"],
        hashes={int(number): hash_ for number, hash_ in found["hashes"].items()},
        sources={int(number): name for number, name in found["sources"].items()},
        schema=found["schema"],
        mode=found.get("mode", ""),
        warnings=tuple(found.get("warnings", ())),
    )


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coalition of the first schema; copied, never written to."""
    path = tmp_path_factory.mktemp("released") / "schema-1.db"
    path.write_bytes(gzip.decompress((RELEASED / "schema-1.db.gz").read_bytes()))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A list of members in several files; the later ones tell more of some in the earlier ones."""
    folder = tmp_path_factory.mktemp("pieces")
    made = []
    for piece in range(PIECES):
        lines = ["Organization,EIN,Address,City,State,ZIP,Lat,Lon,Phone,Email,Contact,Title,Silo,Tags"]
        for row in range(ROWS):
            number = piece * ROWS + row if row % 8 else max(0, piece - 1) * ROWS + row + 1
            street = f"{100 + number} Invented Ave" if row % 3 else f"PO Box {number}"
            lines.append(
                f"House {number:03} of {('Peoria', 'Alton', 'Chicago')[number % 3]},36-{1000000 + number},{street},"
                f"{('Peoria', 'Alton', 'Chicago')[number % 3]},IL,60612,{41.0 + number / 1000:.4f},-88.6270,"
                f"312-555-{number:04},house{number}@example.org,Dana Reyes {number},Director,housing,lobby day"
            )
        path = folder / f"piece-{piece}.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        made.append(path)
    return made


def fresh(source: Path, folder: Path, name: str = "coalition.db") -> Path:
    """A copy of a coalition in a new folder, of mode 0600."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    shutil.copyfile(source, path)
    path.chmod(0o600)
    return path
