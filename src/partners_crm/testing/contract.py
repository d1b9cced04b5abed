"""What every suite begins with, and the suite of a plugin as a whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from partners_crm.errors import PartnersError
from partners_crm.plugins import PluginInfo
from partners_crm.plugins.marks import API_VERSION, OLDEST_API
from partners_crm.plugins.policy import Owned
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.plugins.sources import place_of
from partners_crm.testing.stage import Stage, policy_of

R = TypeVar("R")

SLUG = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
"""What a name is: one word of small letters and figures, parts joined by - or _."""
OFFERED: tuple[str, ...] = (
    "record_types",
    "importers",
    "exporters",
    "geocoders",
    "checks",
    "reports",
    "commands",
    "query_fields",
)
SHOWN: tuple[str, ...] = ("views", "tabs", "columns", "actions")
PUBLIC = frozenset({"partners_crm", "partners_crm.plugins", "partners_crm.errors", "partners_crm.testing"})
"""The modules of the core that a plugin may import; everything else may change from one version to the next."""
_BUILT_ON = frozenset({"peewee", "playhouse", "textual", "rich", "pluggy"})
"""What the core is made with, and may change or drop: a plugin that imports it breaks with the next version."""
_LOADS = """
import sys
from importlib import import_module, util
name, path, *modules = sys.argv[1:]
if path:
    spec = util.spec_from_file_location(name, path, submodule_search_locations=[path.removesuffix("__init__.py")])
    sys.modules[name] = module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
for each in modules:
    import_module(each)
print("loaded", *sorted({"textual", "rich"} & set(sys.modules)))
"""
"""A program that loads a plugin and prints which screen came with it: name and file of a local one, then modules."""


class Contract:
    """What holds for everything that a plugin offers under a name."""

    hook: ClassVar[str]
    """Which list of the registry it is in: `importers`."""
    name: ClassVar[str] = ""
    """The name of what is under test, as the plugin gives it."""

    @pytest.fixture
    def owned(self, empty_stage: Stage) -> Owned[Any]:
        """What is under test, in an empty coalition."""
        return self.of(empty_stage)

    def of(self, stage: Stage) -> Owned[Any]:
        """What is under test, in a coalition."""
        assert self.name, f"{type(self).__name__} does not say the name of what it tests: name = '...'"
        if self.hook in SHOWN:
            stage.registry.load_screen()
        return stage.found(self.hook, self.name)

    def test_its_name_is_a_word_and_its_own(self, empty_stage: Stage, owned: Owned[Any]) -> None:
        assert SLUG.fullmatch(owned.item.name), f"{owned.item.name!r} is no word of small letters, figures, - and _"
        every_one = getattr(empty_stage.registry, self.hook)()
        names = [each.item.name for each in every_one if each.owner.plugin == empty_stage.plugin]
        assert names.count(owned.item.name) == 1, f"{owned.item.name} is there more than once among {names}"

    def test_it_is_described_by_frozen_data(self, owned: Owned[Any]) -> None:
        item = owned.item
        assert is_dataclass(item), f"{type(item).__name__} is no description"
        with pytest.raises(AttributeError):
            item.name = "another"  # type: ignore[union-attr]  # that is what is tried

    def test_it_says_what_it_is(self, owned: Owned[Any]) -> None:
        said = [getattr(owned.item, key, "") for key in ("title", "about", "label")]
        assert any(each.strip() for each in said), "give it a title, so that people know what it is"


class PluginContract:
    """A plugin as a whole: that it loads, and that it uses only what is promised to it."""

    def test_it_loads(self, empty_stage: Stage) -> None:
        empty_stage.registry.load_screen()
        loaded(empty_stage)

    def test_it_answers_from_another_thread(
        self, plugin: str | Path, plugins_beside: tuple[str, ...], tmp_path: Path
    ) -> None:
        """As in a run of everybody's: through the boundary, which calls it in threads of its own, with a limit."""
        registry = PluginRegistry(policy_of(plugin, tmp_path / "bounded", plugins_beside, bare=False))
        registry.load_screen()
        for hook in (*OFFERED, *SHOWN):
            getattr(registry, hook)()
        registry.close()
        failures = [f"{each.plugin}: {each.hook}: {each.reason}" for each in registry.failures]
        assert not failures, f"it failed: {failures}"

    def test_it_fits_this_version(self, empty_stage: Stage) -> None:
        first, last = loaded(empty_stage).api
        assert first <= API_VERSION, f"it wants version {first} of the interface; this is {API_VERSION}"
        assert last >= OLDEST_API, f"it knows version {last} of the interface; the oldest is {OLDEST_API}"

    def test_it_offers_something(self, empty_stage: Stage) -> None:
        assert self.offered(empty_stage), "none of its hooks answers anything"

    def test_every_name_is_a_word_and_there_once(self, empty_stage: Stage) -> None:
        for hook, names in self.offered(empty_stage).items():
            assert len(names) == len(set(names)), f"{hook}: a name is there twice: {names}"
            assert all(map(SLUG.fullmatch, names)), f"{hook}: a name is no word of small letters and figures: {names}"

    def test_every_setting_is_a_word_and_there_once(self, empty_stage: Stage) -> None:
        settings = loaded(empty_stage).settings
        names = [setting.name for setting in settings]
        assert len(names) == len(set(names)), f"a setting is there twice: {names}"
        assert all(map(SLUG.fullmatch, names)), f"a setting is no word of small letters: {names}"
        for setting in settings:
            wrong = setting.kind == "choice" and setting.default not in ("", *setting.choices)
            assert not wrong, f"the default of {setting.name} is none of its choices"

    def test_it_imports_nothing_but_what_is_promised(self, empty_stage: Stage) -> None:
        sources = sources_of(empty_stage)
        assert sources, "its source is not to be found"
        for path in sources:
            for line, module in imported(path):
                top = module.partition(".")[0]
                assert top not in _BUILT_ON, f"{path.name}:{line}: {module}: the core may change or drop it"
                inside = top == "partners_crm" and module not in PUBLIC
                assert not inside, f"{path.name}:{line}: {module} is internal: import partners_crm.plugins alone"

    def test_loading_it_loads_no_screen(self, empty_stage: Stage) -> None:
        loaded(empty_stage)
        done = subprocess.run(
            [sys.executable, "-c", _LOADS, *to_load(empty_stage)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["loaded"], f"importing it loads a screen: {done.stdout}"

    def offered(self, stage: Stage) -> Mapping[str, list[str]]:
        """The names that the plugin offers, by the list that they are in."""
        stage.registry.load_screen()
        found: dict[str, list[str]] = {}
        for hook in (*OFFERED, *SHOWN):
            for each in getattr(stage.registry, hook)():
                if each.owner.plugin == stage.plugin:
                    found.setdefault(hook, []).append(each.item.name)
        failures = [f"{each.hook}: {each.reason}" for each in stage.registry.failures]
        assert not failures, f"it failed: {failures}"
        return found


def loaded(stage: Stage) -> PluginInfo:
    """What the plugin under test says of itself; it has to be loaded."""
    found = stage.registry.plugin(stage.plugin)
    assert found is not None, f"there is no plugin {stage.plugin}: install it, for example with pip install -e ."
    assert found.status == "loaded", f"it is {found.status}: {found.reason}"
    assert found.info is not None, "whatever is loaded was asked what it is"
    return found.info


def to_load(stage: Stage) -> list[str]:
    """(name, file) of a plugin from a folder, or two empty texts; then the modules that its entry points name."""
    found = stage.registry.plugin(stage.plugin)
    assert found is not None, "it is loaded"
    candidate = found.candidate
    if candidate.path is None:
        modules = (each.partition(":")[0] for each in (candidate.headless, candidate.screen))
        return ["", "", *filter(None, modules)]
    is_package = candidate.path.is_dir()
    file = candidate.path / "__init__.py" if is_package else candidate.path
    return [candidate.name, str(file), *([f"{candidate.name}.screens"] if candidate.screen else [])]


def sources_of(stage: Stage) -> list[Path]:
    """Every source file of the plugin under test, its tests left out."""
    found: list[Path] = []
    for each in stage.registry.plugins:
        candidate = each.candidate
        if candidate.name != stage.plugin:
            continue
        for module in filter(None, (candidate.headless, candidate.screen)):
            origin = candidate.path or place_of(module.partition(".")[0])
            if origin is not None:
                folder = origin if origin.is_dir() else origin.parent if origin.name == "__init__.py" else None
                found += [origin] if folder is None else sorted(folder.rglob("*.py"))
    return [path for path in dict.fromkeys(found) if "tests" not in path.parts]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of each import in a source file, wherever it stands; `from a import b` counts as `a`."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.lineno, node.module


@contextmanager
def only_ours(what: str) -> Iterator[None]:
    """Let errors of ours pass for an answer: a refusal in words is one. Anything else fails, with what was asked."""
    try:
        yield
    except PartnersError as error:
        assert error.message.strip(), f"{what}: it refused without a word"
    except AssertionError:
        raise
    except BaseException as error:
        raise AssertionError(f"{what}: it raised {type(error).__name__}, which nobody expects: {error}") from error


def every(items: Iterable[R], holds: Callable[[R], bool], words: str) -> None:
    """Hold that something is so for all."""
    wrong = [each for each in items if not holds(each)]
    assert not wrong, f"{words}: {wrong[:5]}"
