"""The failure matrix: every hook, every way to go wrong, all installed together; nobody else's result changes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.plugins.answers import one, sealed, taken
from partners_crm.plugins.boundary import Outcome
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.examining import asked, examine
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.kept_failures import KeptFailures
from partners_crm.plugins.policy import Owned
from partners_crm.plugins.registry import PluginRegistry
from tests.plugins.bad_plugins import (
    _SPOIL,
    AT_IMPORT,
    AT_LOADING,
    FAULTS,
    GOOD,
    HOOKS,
    SECRET,
    WHEN_CALLED,
    write_bad_plugins,
)
from tests.plugins.conftest import LIMIT, Registry

QUICK = tuple(fault for fault in FAULTS if not fault.startswith("hangs"))
HUNG = f"it did not answer within {LIMIT:g} s"
ENDS = {
    "bad_raises": ("it raised ValueError",),
    "bad_exits": ("it tried to end the program (SystemExit)",),
    "bad_hangs": (HUNG,),
    "bad_wrong_type": ("it answered int instead of a list of texts",),
    "bad_late_generator": ("it raised ValueError",),
    "bad_changes_input": ("it answered int instead of a list of texts",),  # it could change nothing, else it tells what
}
"""How the calls of each bad plugin end."""
FUNCTIONS = {
    "register_importers": "read",
    "register_exporters": "write",
    "register_geocoders": "find",
    "register_checks": "run",
    "register_reports": "run",
    "register_commands": "run",
    "register_query_fields": "find",
    "register_views": "blocks",
    "register_tabs": "blocks",
    "register_columns": "values",
    "register_actions": "run",
}
"""The function of what each hook offers; a record type has none."""


def ways(registry: PluginRegistry) -> Mapping[str, Callable[[], Any]]:
    """The typed method of each hook."""
    return {f"register_{name}": getattr(registry, name) for name in (hook.removeprefix("register_") for hook in HOOKS)}


def test_there_are_twelve_ways_to_go_wrong() -> None:
    assert len(FAULTS) == 12


def test_what_tries_to_change_its_inputs_would_tell_of_one_that_can_be_changed() -> None:
    names: dict[str, Any] = {}
    exec(_SPOIL, names)  # the text is our own
    assert names["spoil"](([1],)) == ["list: set the first", "list: append", "list: clear"]
    assert names["spoil"]((sealed([{"name": "as it was"}]), 1)) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_goes_wrong_costs_its_plugin_alone(site: Path, registry: Registry, hook: str) -> None:
    names = write_bad_plugins(site, faults=QUICK)
    found = registry()
    found.load_screen()
    offered = ways(found)[hook]()
    assert [each.full_name.partition(".")[0] for each in offered] == ["bad_changes_input", GOOD]
    assert {each.plugin for each in found.failures} == set(names) - {"bad_changes_input"}
    of_hook = {each.plugin: each.reason for each in found.failures if each.hook == hook}
    assert of_hook == {
        "bad_raises": "it raised ValueError",
        "bad_exits": "it tried to end the program (SystemExit)",
        "bad_wrong_type": of_hook["bad_wrong_type"],
        "bad_late_generator": "it raised ValueError",
    }
    assert of_hook["bad_wrong_type"].startswith("it answered int instead of a list of ")
    assert SECRET not in "".join(f"{each.reason}{each.detail}" for each in found.failures)


def test_every_hook_that_hangs_costs_its_plugin_alone(site: Path, registry: Registry) -> None:
    write_bad_plugins(site, faults=["hangs"])

    def ask(hook: str) -> tuple[str, list[str], list[tuple[str, str]]]:
        found = registry(limit=LIMIT)
        found.load_screen()
        offered = [each.owner.plugin for each in ways(found)[hook]()]
        return hook, offered, [(each.plugin, each.reason) for each in found.failures]

    # All at once, so that their limits pass together.
    with ThreadPoolExecutor(len(HOOKS)) as pool:
        for hook, offered, failures in pool.map(ask, HOOKS):
            assert offered == [GOOD], hook
            assert failures == [("bad_hangs", HUNG)], hook


def test_what_is_offered_and_goes_wrong_costs_itself_alone(site: Path, registry: Registry, crm: Crm) -> None:
    write_bad_plugins(site, when="working", faults=WHEN_CALLED)
    found = registry(db=crm.db, clock=crm.clock, screen_limit=LIMIT, strikes=1000)
    found.load_screen()
    inputs = {"terms": sealed({"name": "as it was"}), "ids": (1, 2), "rows": sealed([{"name": "as it was"}])}
    ended: SimpleQueue[tuple[str, str, str]] = SimpleQueue()

    def begin(hook: str, owned: Owned[Any], function: Callable[..., Any]) -> None:
        def work(context: PluginContext) -> object:
            result = function(context, *inputs.values())
            return result if result is None else taken(result, str, "texts")

        def take(outcome: Outcome[object]) -> None:
            reason = outcome.error.failure.reason if isinstance(outcome.error, PluginFailed) else str(outcome.value)
            ended.put((hook, owned.owner.plugin, reason))

        found.begin(owned, work, take)

    expected = set()
    for hook, name in FUNCTIONS.items():
        for owned in ways(found)[hook]():
            item = owned.item.verbs[0] if hook == "register_commands" else owned.item
            begin(hook, owned, getattr(item, name))
            expected.add((hook, owned.owner.plugin))
    outcomes = {(hook, plugin): reason for hook, plugin, reason in (ended.get(timeout=30) for _ in expected)}
    assert set(outcomes) == expected == {(hook, name) for hook in FUNCTIONS for name in (GOOD, *ENDS)}
    for (hook, plugin), reason in outcomes.items():
        assert reason in ENDS.get(plugin, ("None",)), (hook, plugin)
    assert inputs == {
        "terms": MappingProxyType({"name": "as it was"}),
        "ids": (1, 2),
        "rows": (MappingProxyType({"name": "as it was"}),),
    }


@pytest.mark.parametrize("hook", FUNCTIONS)
def test_a_command_that_waits_gets_the_failure_with_the_name(
    site: Path, registry: Registry, crm: Crm, hook: str
) -> None:
    write_bad_plugins(site, when="working", faults=["raises", "exits"])
    found = registry(db=crm.db, clock=crm.clock)
    found.load_screen()
    for owned in ways(found)[hook]():
        item = owned.item.verbs[0] if hook == "register_commands" else owned.item
        function = getattr(item, FUNCTIONS[hook])
        if owned.owner.plugin == GOOD:
            assert found.call(owned, function) is None
        else:
            with pytest.raises(PluginFailed, match=f"the plugin {owned.owner.plugin} failed in "):
                found.call(owned, function)


def test_all_twelve_together_leave_the_neighbour_whole_and_are_all_named(
    site: Path, registry: Registry, tmp_path: Path
) -> None:
    names = write_bad_plugins(site)
    found = registry(limit=LIMIT)
    found.load_screen()
    offered = asked(found)
    assert all(GOOD in {each.owner.plugin for each in offered[hook]} for hook in HOOKS)
    status = {each.name: each.status for each in found.plugins}
    assert status == {
        GOOD: "loaded",
        **{f"bad_{fault}": "failed" for fault in AT_LOADING},
        **{f"bad_{fault}": "failed" for fault in WHEN_CALLED},  # their record types failed, and all stands on those
        "bad_changes_input": "loaded",
    }
    culprits = {each.plugin for each in examine(found)}
    assert culprits >= set(names) - {"bad_changes_input"}
    assert GOOD not in culprits
    kept = {each.plugin for each in KeptFailures(tmp_path / "state").read()}
    assert kept == set(names) - {"bad_changes_input"}


def test_what_keeps_a_plugin_off_is_said_in_words(site: Path, registry: Registry) -> None:
    write_bad_plugins(site, faults=AT_LOADING)
    found = registry(limit=LIMIT)
    assert {each.name: each.reason for each in found.plugins} == {
        GOOD: "",
        "bad_import_error": "it raised ModuleNotFoundError: No module named 'partners_crm_that_is_not_there'",
        "bad_exits_at_import": "it tried to end the program (SystemExit)",
        "bad_hangs_at_import": HUNG,
        "bad_misspelt_hook": "it has a hook register_veiws, which there is not: is it register_views?",
        "bad_wrong_version": "it fits version 99 of the plugin interface, and this is 1: bring partners-crm up to date",
        "bad_coroutine": "its register_actions is a coroutine: write a plain function, without async",
    }
    assert len(found.words) == len(AT_LOADING)


def test_the_third_failure_turns_a_plugin_off_for_the_run(site: Path, registry: Registry) -> None:
    write_bad_plugins(site, faults=["raises"])
    found = registry()
    for way in (found.importers, found.exporters, found.geocoders, found.checks, found.reports):
        assert [each.owner.plugin for each in way()] == [GOOD]
    assert [each.hook for each in found.failures] == ["register_importers", "register_exporters", "register_geocoders"]
    (bad,) = [each for each in found.plugins if each.name == "bad_raises"]
    assert (bad.status, bad.reason) == ("off", "it failed 3 times, the last time because it raised ValueError")


def test_a_hung_import_holds_up_nobody_but_its_limit(site: Path, registry: Registry) -> None:
    write_bad_plugins(site, faults=AT_IMPORT)
    assert [each.owner.plugin for each in registry(limit=LIMIT).importers()] == [GOOD]
    assert any(each.name == "plugin bad_hangs_at_import" and each.daemon for each in threading.enumerate())


def test_bad_plugins_of_a_folder_are_caught_like_installed_ones(tmp_path: Path, registry: Registry) -> None:
    folder = tmp_path / "own"
    names = write_bad_plugins(folder, style="folder")
    found = registry(folders=(folder,), limit=LIMIT)
    found.load_screen()
    offered = asked(found)
    assert all(GOOD in {each.owner.plugin for each in items} for items in offered.values())
    assert {each.plugin for each in found.failures} == set(names) - {"bad_changes_input"}
    assert "partners_crm_local.good_neighbour" in sys.modules
    assert GOOD not in sys.modules


def test_one_answer_of_the_wrong_kind_is_a_failure() -> None:
    assert one(7, int, "a number") == 7
    with pytest.raises(TypeError, match="it answered str instead of a number"):
        one("7", int, "a number")
