"""An author outside of this checkout: nothing but our wheels and what they need, and a plugin begun from them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.packaging.test_wheel import ENVIRONMENT, ROOT, UV, built

Done = subprocess.CompletedProcess[str]
OURS = ("partners_crm", "partners-crm", "_editable", "__editable")


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment: Python, our wheels of the core and of the reader of tables, and pinned packages."""
    folder = tmp_path_factory.mktemp("outside")
    wheels = [built(ROOT, folder / "wheels"), built(ROOT / "plugins" / "partners-crm-tabular", folder / "wheels")]
    ran(folder, UV, "venv", "--offline", "--quiet", "--python", sys.executable, "venv")
    ran(folder, UV, "pip", "install", "--offline", "--quiet", "--no-deps", "--python", "venv/bin/python", *wheels)
    # The packages of this environment, without our own and without what leads into this checkout.
    packages = folder / "packages"
    packages.mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(place).iterdir():
            beside = packages / path.name
            if not path.name.startswith(OURS) and path.suffix != ".pth" and not beside.exists():
                beside.symlink_to(path)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n", "utf-8")
    return folder


def ran(folder: Path, *words: str | Path, code: int = 0) -> Done:
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(("PYTHON", "PARTNERS_"))}
    environment |= {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "UV_CACHE_DIR": str(folder / "uv"), "COLUMNS": "200"}
    environment |= {"PATH": os.pathsep.join((str(folder / "venv" / "bin"), environment.get("PATH", "")))}
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def partners(outside: Path) -> Callable[..., Done]:
    return lambda *words: ran(outside, outside / "venv" / "bin" / "partners", *words)


def test_a_plugin_begun_outside_is_built_installed_and_proven(outside: Path, partners: Callable[..., Done]) -> None:
    where = ran(outside, "venv/bin/python", "-c", "import partners_crm; print(partners_crm.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(outside)
    partners("plugins", "new", "demo")
    wheel = built(outside / "partners-crm-demo", outside / "wheels")
    ran(outside, UV, "pip", "install", "--offline", "--quiet", "--no-deps", "--python", "venv/bin/python", wheel)

    listed = partners("plugins", "list")
    (line,) = (line for line in listed.stdout.splitlines() if line.startswith("demo "))
    assert "not allowed yet" in line
    partners("plugins", "enable", "demo")
    (line,) = (line for line in partners("plugins", "list").stdout.splitlines() if line.startswith("demo "))
    assert "partners-crm-demo" in line
    assert " on " in line
    assert partners("plugins", "doctor").stdout == "2 plugins examined, 0 findings\n"

    # The wheel is what is proven, not the folder: the tests stand by themselves.
    tests = outside / "tests"
    (outside / "partners-crm-demo" / "tests").rename(tests)
    done = ran(outside, "venv/bin/python", "-m", "pytest", "--import-mode=importlib", "-c", os.devnull, tests)
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None, done.stdout
    assert int(found[1]) > 100, "a suite for each thing that it offers"
