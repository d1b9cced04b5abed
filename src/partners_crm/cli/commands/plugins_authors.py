"""`partners plugins new` and `partners plugins check`: what authors of plugins begin with, and what they prove.

`cli.commands.plugins` declares the two verbs and leads to the functions here. It does so for every verb of `plugins`,
so this module imports what it needs inside its functions.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partners_crm.cli import exit_codes
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.errors import ConfigError, FileRefused

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SCHEMA_VERSION = 1
LIMIT = 1800.0
"""Seconds that the tests of a plugin may take."""
TEMPLATE = "example"
"""The name of the plugin that is copied."""
BUNDLED = (TEMPLATE, "tabular", "associations")
"""Names that are taken: of plugins that come with the program."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_NAME = 30
_TITLE = "Site visits"
_ABOUT = "The smallest complete plugin of partners_crm, and the template of a new one."
_AUTHORS = 'authors = [{ name = "The partners_crm maintainers" }]\n'
_LEFT_OUT = frozenset({"__pycache__", "dist", "build"})
_RAN = frozenset({0, 1})
"""How pytest ends when it ran tests: all passed, or some failed."""


def add_arguments(parser: Parser, verb: str) -> None:
    """Declare the arguments of `new` or `check`."""
    if verb == "new":
        parser.add_argument("name", help="what it is called: one word of small letters, such as dues or site-visits")
        parser.add_argument(
            "--in", dest="folder", type=Path, default=Path(), metavar="DIR", help="where its folder is made (here)"
        )
    else:
        parser.add_argument("path", type=Path, help="the folder of the plugin, or its file")


def run(options: argparse.Namespace) -> int:
    """Begin a plugin, or run the contract tests of one; `options.verb` says which."""
    return run_new(options) if options.verb == "new" else run_check(options)


# -------------------------------------------------------------------- new


def run_new(options: argparse.Namespace) -> int:
    """Copy the example under another name.

    Raises:
        ConfigError: the name is none, or there is a folder of the name.
    """
    name: str = options.name
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise ConfigError(
            f"{name!r} cannot be the name of a plugin",
            f"small letters and figures, words joined by -, at most {_MAX_NAME} characters: site-visits",
        )
    if name in BUNDLED:
        raise ConfigError(f"a plugin {name} comes with the program", "take another name")
    if not options.folder.is_dir():
        raise ConfigError(f"{options.folder} is no folder", "make it first, or name another with --in")
    folder = options.folder / f"partners-crm-{name}"
    if folder.exists():
        raise ConfigError(f"{folder} is there already", "take another name, or delete it")
    draft = folder.with_name(f".{folder.name}.new")
    # Made beside its place: whoever interrupts it leaves no half of a plugin there.
    import shutil  # nothing else of the command copies folders

    shutil.rmtree(draft, ignore_errors=True)
    try:
        copy(template(), draft, name)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "name": name, "folder": str(folder)})
    else:
        out(f"made {folder}")
    for line in steps(name, folder):
        say(line)
    return exit_codes.DONE


def steps(name: str, folder: Path) -> list[str]:
    """What to do next."""
    from partners_crm.plugins.discovery import installed  # it reads the metadata of every distribution

    lines = [f"next: pip install -e {folder}", f"      partners plugins enable {name}"]
    if any(each.name == TEMPLATE for each in installed()):
        # A copy offers the same formats and commands under the same names; of two such, neither is used.
        lines.append(f"      partners plugins disable {TEMPLATE}")
    return [*lines, f"      partners plugins check {folder}", f"then: {folder / 'README.md'}"]


def template() -> Traversable:
    """The folder of the example: packed into the wheel, or beside `src` in a checkout."""
    from importlib import resources  # it loads the compression libraries

    packed = resources.files("partners_crm") / "plugins" / "template"
    return packed if packed.is_dir() else Path(__file__).parents[4] / "plugins" / f"partners-crm-{TEMPLATE}"


def copy(source: Traversable, target: Path, name: str) -> None:
    """Copy a folder of text files, with the names in them and of them replaced."""
    target.mkdir()
    for each in sorted(source.iterdir(), key=lambda one: one.name):
        if each.name.startswith(".") or each.name in _LEFT_OUT:
            continue
        beside = target / renamed(each.name, name)
        if each.is_dir():
            copy(each, beside, name)
        elif not each.name.endswith(".pyc"):
            beside.write_text(renamed(each.read_text("utf-8"), name), "utf-8")


def renamed(text: str, name: str) -> str:
    """A text of the example as it is in a plugin of another name."""
    snake = name.replace("-", "_")
    title = name.replace("-", " ").capitalize()
    text = text.replace(_AUTHORS, "").replace(_ABOUT, f"The plugin {name} of partners_crm.").replace(_TITLE, title)
    text = text.replace("partners_crm_example", f"partners_crm_{snake}").replace("example_visit", f"{snake}_visit")
    return re.sub(r"\bexample\b(?!\.org)", name, text)


# -------------------------------------------------------------------- check


def run_check(options: argparse.Namespace) -> int:
    """Run the tests of a plugin, or the contracts of what it offers where it has none; 1 when one fails.

    Raises:
        ConfigError: pytest is not installed, there is no plugin, or its tests cannot be run.
    """
    from importlib.util import find_spec
    from tempfile import TemporaryDirectory

    path: Path = options.path.absolute()
    if find_spec("pytest") is None:
        raise ConfigError("the tests are run by pytest, which is not installed here", "pip install pytest")
    if not path.exists():
        raise ConfigError(f"{options.path}: there is no such folder", "name the folder of the plugin")
    with TemporaryDirectory(prefix="partners-check-") as folder:
        scratch = Path(folder)
        if is_local(path):
            path = alone(path, scratch)
            found = faults(path) or results(path, scratch)
        else:
            found = results(path, scratch)
    failed = [each for each in found if each["outcome"] == "failed"]
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "plugin": str(options.path), "tests": found})
    elif options.format == "csv":
        out_csv(["outcome", "suite", "test", "why"], [list(each.values()) for each in found])
    else:
        out_table(["outcome", "suite", "test"], [[each["outcome"], each["suite"], each["test"]] for each in found])
    for each in failed:
        say(f"{each['suite']}: {each['test']}: {each['why']}")
    skipped = sum(each["outcome"] == "skipped" for each in found)
    say(f"{len(found)} tests: {len(found) - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped")
    return exit_codes.FINDINGS if failed else exit_codes.DONE


def is_local(path: Path) -> bool:
    """Whether a plugin is a file, or a plain package: what a plugins folder can hold."""
    is_package = path.is_dir() and (path / "__init__.py").is_file() and not (path / "pyproject.toml").exists()
    return path.suffix == ".py" or is_package


def alone(path: Path, scratch: Path) -> Path:
    """A copy of such a plugin in a folder of its own: what lies beside it is not loaded."""
    import shutil

    place = scratch / "alone" / path.name
    place.parent.mkdir()
    if path.is_dir():
        shutil.copytree(path, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(path, place)
    return place


def faults(path: Path) -> list[dict[str, str]]:
    """What keeps a plugin of a folder from being tested at all, each as a test that failed."""
    from partners_crm.plugins.examining import examine
    from partners_crm.plugins.registry import PluginRegistry, Policy

    registry = PluginRegistry(Policy(folders=(path.parent,), bundled_only=True))
    registry.load_screen()
    mine = [each for each in examine(registry) if each.plugin == path.stem]
    registry.close()
    return [
        {"outcome": "failed", "suite": "doctor", "test": each.where or "the plugin", "why": each.message}
        for each in mine
    ]


def results(path: Path, scratch: Path) -> list[dict[str, str]]:
    """What the tests of a plugin say: outcome, suite, test and why, in the order in which they ran.

    Raises:
        ConfigError: they cannot be run.
        FileRefused: the pyproject.toml of the plugin is none.
    """
    import os
    import subprocess
    import sys

    described = project_of(path)
    tests = path / "tests"
    if not any(tests.rglob("test_*.py")):
        tests = scratch / "tests"
        tests.mkdir()
        (tests / "test_contracts.py").write_text(generic(path, described), "utf-8")
    report = scratch / "report.xml"
    # Found by the metadata of this folder, wherever else the plugin may be installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    environment |= {"PYTHONPATH": os.pathsep.join(places(path, described, scratch)), "PYTHONDONTWRITEBYTECODE": "1"}
    settings = path / "pyproject.toml"
    words = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    words += ["-c", str(settings if described else os.devnull), f"--rootdir={path if path.is_dir() else path.parent}"]
    words += ["--basetemp", str(scratch / "tmp")]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, str(tests)],
            env=environment,
            cwd=path if path.is_dir() else path.parent,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(
            f"the tests of {path.name} did not end in {LIMIT:.0f} s", "run pytest in its folder"
        ) from None
    if done.returncode not in _RAN or not report.exists():
        last = next((line for line in reversed((done.stdout + done.stderr).splitlines()) if line.strip()), "")
        raise ConfigError(f"the tests of {path.name} could not be run: {last}", "run pytest in its folder to see why")
    return outcomes(report)


def project_of(path: Path) -> dict[str, Any]:
    """What the pyproject.toml of a plugin says; nothing where there is none.

    Raises:
        FileRefused: it cannot be read.
    """
    import tomllib

    try:
        return tomllib.loads((path / "pyproject.toml").read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise FileRefused(f"{path / 'pyproject.toml'}: cannot be read: {error}", "mend it") from None


def points_of(described: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The entry points of ours that a project declares: the module by the name, by the group."""
    groups = described.get("project", {}).get("entry-points", {})
    return {group: dict(groups[group]) for group in ("partners_crm", "partners_crm.tui") if groups.get(group)}


def places(path: Path, described: dict[str, Any], scratch: Path) -> list[str]:
    """What Python has to search so that it finds the plugin of this folder and its entry points."""
    import os

    found = []
    if described:
        project = described.get("project", {})
        name, version = str(project.get("name", path.name)), str(project.get("version", "0"))
        metadata = scratch / "path" / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
        lines = [
            line
            for group, points in points_of(described).items()
            for line in (f"[{group}]", *(f"{key} = {value}" for key, value in points.items()))
        ]
        (metadata / "entry_points.txt").write_text("\n".join([*lines, ""]), "utf-8")
        found = [str(scratch / "path"), str(path / "src" if (path / "src").is_dir() else path)]
    return [*found, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def generic(path: Path, described: dict[str, Any]) -> str:
    """A test module with a suite for each thing that a plugin offers.

    Raises:
        ConfigError: there is no plugin.
    """
    names = sorted({name for points in points_of(described).values() for name in points})
    if not names and not is_local(path):
        raise ConfigError(
            f"{path} holds no plugin",
            "a plugin is a folder whose pyproject.toml has an entry point of partners_crm, or a file of Python",
        )
    plugin = repr(names[0]) if names else f"Path({str(path)!r})"
    return (
        "from pathlib import Path\n\nimport pytest\n\nfrom partners_crm.testing.generic import suites\n\n\n"
        f'@pytest.fixture(scope="session")\ndef plugin():\n    return {plugin}\n\n\n'
        f"globals().update(suites({plugin}))\n"
    )


def outcomes(report: Path) -> list[dict[str, str]]:
    """The tests of a report, as plain texts."""
    from xml.etree import ElementTree

    found = []
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  # pytest wrote it a moment ago
        outcome, why = "passed", ""
        for child in case:
            if child.tag in {"failure", "error", "skipped"}:
                outcome = "skipped" if child.tag == "skipped" else "failed"
                why = (child.get("message") or "").split("\n")[0].removeprefix("AssertionError: ")
        suite = (case.get("classname") or "").rpartition(".")[2]
        test = (case.get("name") or "").removeprefix("test_").replace("_", " ")
        found.append({"outcome": outcome, "suite": suite, "test": test, "why": why})
    return found
