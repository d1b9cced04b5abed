"""The wheel: what is in it, and that the program runs from it alone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "partners_crm"
UV = Path(sys.executable).with_name("uv")
TEMPLATE = "partners_crm/plugins/template/"
EXAMPLE = ROOT / "plugins" / "partners-crm-example"
# The suite moves the home folder of each test; the build needs the cache of the real one.
ENVIRONMENT = dict(os.environ)


def built(source: Path, folder: Path) -> Path:
    """The wheel of a project, built into a folder without the network."""
    if not UV.exists():
        pytest.skip("uv is not installed in this environment")
    before = set(folder.glob("*.whl"))
    words = [
        str(UV),
        "build",
        "--offline",
        "--wheel",
        "--python",
        sys.executable,
        "--out-dir",
        str(folder),
        str(source),
    ]
    if importlib.util.find_spec("hatchling"):
        words.append("--no-build-isolation")
    else:
        words.extend(("--build-constraints", str(ROOT / "constraints.txt")))
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, env=ENVIRONMENT)
    if done.returncode and "hatchling" in done.stderr and ("cache" in done.stderr or "network" in done.stderr.lower()):
        pytest.skip("hatchling is neither installed nor in uv's cache, and this test uses no network")
    assert done.returncode == 0, done.stderr
    (path,) = set(folder.glob("*.whl")) - before
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python on the unpacked wheel: -S reads no .pth file, so an editable install is out of sight."""
    third_parties = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "PYTHONPATH": os.pathsep.join((str(unpacked), *sorted(third_parties))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    return subprocess.run(
        [sys.executable, "-S", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=environment,
    )


def files(folder: Path, pattern: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


def packed(contents: dict[str, bytes], folder: str, suffix: str) -> dict[str, bytes]:
    return {
        name.removeprefix(folder): data
        for name, data in contents.items()
        if name.startswith(folder) and name.endswith(suffix)
    }


def test_it_holds_the_demo_the_maps_and_the_marks(contents: dict[str, bytes]) -> None:
    demo = files(ROOT / "fixtures" / "tiny", "*.toml")
    assert demo
    assert packed(contents, "partners_crm/fixtures/tiny/", ".toml") == demo
    maps = files(SOURCE / "districts" / "figures", "*.map")
    assert set(maps) == {"il-2011.map", "il-2021.map"}
    assert packed(contents, "partners_crm/districts/figures/", ".map") == maps
    assert sum(map(len, maps.values())) <= 450_000
    assert "partners_crm/py.typed" in contents
    (licence,) = (name for name in contents if name.endswith(".dist-info/licenses/LICENSE"))
    assert contents[licence] == (ROOT / "LICENSE").read_bytes()
    (points,) = (name for name in contents if name.endswith(".dist-info/entry_points.txt"))
    assert b"partners = partners_crm.cli.main:main" in contents[points]


def test_it_holds_every_module_and_nothing_beside_the_package(contents: dict[str, bytes]) -> None:
    modules = {f"partners_crm/{path.relative_to(SOURCE).as_posix()}" for path in SOURCE.rglob("*.py")}
    own = {name for name in contents if not name.startswith(TEMPLATE)}
    assert {name for name in own if name.endswith(".py")} == modules
    tops = {name.split("/")[0] for name in contents}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"partners_crm"}
    assert len(tops) == 2
    strange = ("test", "/shared/", "bench", "__pycache__", ".db", ".csv", ".zip")
    ours = "partners_crm/testing/"  # what authors of plugins test with
    assert [name for name in own for word in strange if word in name.lower().removeprefix(ours)] == []
    kinds = {Path(name).suffix for name in own if name.startswith("partners_crm/")}
    assert kinds <= {".py", ".typed", ".map", ".toml", ".csv", ".md", ".txt"}


def test_it_holds_the_example_that_a_new_plugin_is_a_copy_of(contents: dict[str, bytes]) -> None:
    packed_files = {name.removeprefix(TEMPLATE): data for name, data in contents.items() if name.startswith(TEMPLATE)}
    names = [path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file()]
    kept = [name for name in names if not any(part.startswith((".", "__pycache__")) for part in name.parts)]
    assert packed_files == {name.as_posix(): (EXAMPLE / name).read_bytes() for name in kept}


def test_the_program_runs_from_it_alone(unpacked: Path, tmp_path: Path) -> None:
    where = run(
        unpacked, tmp_path, "-c", "import partners_crm, sys; print(partners_crm.__file__, *sys.path, sep='\\n')"
    )
    assert where.returncode == 0, where.stderr
    imported, *path = where.stdout.splitlines()
    assert Path(imported).is_relative_to(unpacked)
    assert str(ROOT / "src") not in path

    database = tmp_path / "coalition.db"
    made = run(unpacked, tmp_path, "-m", "partners_crm", "--db", database, "init", "--name", "T")
    assert made.returncode == 0, made.stderr
    assert database.is_file()

    demo = run(unpacked, tmp_path, "-m", "partners_crm", "--db", tmp_path / "demo.db", "demo", "--no-tui")
    assert demo.returncode == 0, demo.stderr
    assert "all invented" in demo.stdout
