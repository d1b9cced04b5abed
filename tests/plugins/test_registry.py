"""The registry: a typed method for each hook, contexts with settings and a day, failures that are kept."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from queue import SimpleQueue

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, InvalidValue, NotFound
from partners_crm.model import Organization
from partners_crm.plugins.boundary import Outcome, Traced
from partners_crm.plugins.headless import Setting
from partners_crm.plugins.kept_failures import PER_PLUGIN, KeptFailures
from partners_crm.plugins.own_settings import MAX_CHARACTERS, OwnSettings, checked, with_defaults
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import NOTICES, PluginRegistry
from tests.plugins.bad_plugins import GOOD, write_bad_plugins, write_plugin
from tests.plugins.conftest import Registry

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HEAD = "from partners_crm.plugins import *\n"
SETTINGS = f"""{HEAD}
@hookimpl
def plugin_info():
    return PluginInfo(title="Acme", about="A test.", settings=(
        Setting(name="token", label="Token", kind="secret"),
        Setting(name="rows", label="Rows", kind="whole", default="10"),
        Setting(name="shape", label="Shape", kind="choice", choices=("wide", "tall"), default="wide"),
    ))
@hookimpl
def register_reports():
    return [Report(name="dues", title="Dues", run=lambda context, terms: dict(context.settings))]
"""


def records(name: str, *, requires: tuple[str, ...] = (), wrong: bool = False) -> str:
    how = "plural='things', about='T.', title='label', fields={'label': fields.text('Label')}"
    body = "raise ValueError" if wrong else f"return [RecordType(name='thing', {how})]"
    return f"""{HEAD}
@hookimpl
def plugin_info():
    return PluginInfo(title={name!r}, about='A.', requires={requires!r})
@hookimpl
def register_record_types():
    {body}
@hookimpl
def register_reports():
    return [Report(name='dues', title='D', run=print)]
"""


# -------------------------------------------------------------------- hooks


def test_nothing_is_looked_for_before_the_first_hook_is_asked(site: Path, registry: Registry) -> None:
    found = registry()
    write_plugin(site, "acme", SETTINGS)  # installed after the registry was made
    assert [each.full_name for each in found.reports()] == ["acme.dues"]


def test_a_hook_is_asked_once_a_run(site: Path, registry: Registry) -> None:
    text = f"""{HEAD}
calls = []
@hookimpl
def register_reports():
    calls.append(1)
    return (Report(name=f'dues{{len(calls)}}', title='D', run=print) for _ in '1')
"""
    write_plugin(site, "acme", text)
    found = registry()
    assert [each.full_name for each in found.reports()] == ["acme.dues1"]
    assert [each.full_name for each in found.reports()] == ["acme.dues1"]


def test_what_plugins_offer_comes_by_plugin_and_name(site: Path, registry: Registry) -> None:
    for name in ("zoo", "acme"):
        offers = ", ".join(f"Report(name={each!r}, title='D', run=print)" for each in ("wages", "dues"))
        write_plugin(site, name, f"{HEAD}@hookimpl\ndef register_reports():\n    return [{offers}]\n")
    assert [each.full_name for each in registry().reports()] == ["acme.dues", "acme.wages", "zoo.dues", "zoo.wages"]


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        ("Report(name='Dues', title='D', run=print)", "the name of a Report is no word of small letters"),
        ("Report(name=7, title='D', run=print)", "the name of a Report is no word of small letters"),
        ("Report(name='dues', title=' ', run=print)", "the title of Report dues is empty"),
        ("Report(name='dues', title='D', run='print')", "the run of Report dues is no function"),
        ("Report(name='dues', title='D', run=print, options=[])", "the options of Report dues is list"),
        ("Report(name='dues', title='D', run=print, private=1)", "the private of Report dues is neither"),
        ("Report(name='d', title='D', run=print, options=(Option(name='X', help=''),))", "the name of a Option"),
        ("*[Report(name='dues', title='D', run=print)] * 2", "it describes dues more than once"),
        ("PluginInfo(title='D', about='D')", "it answered a list with PluginInfo in it, instead of Report"),
    ],
)  # fmt: skip
def test_a_description_that_nothing_can_be_done_with_is_a_failure(
    site: Path, registry: Registry, offer: str, reason: str
) -> None:
    write_plugin(site, "acme", f"{HEAD}@hookimpl\ndef register_reports():\n    return [{offer}]\n")
    found = registry()
    assert found.reports() == ()
    (failure,) = found.failures
    assert (failure.hook, failure.plugin) == ("register_reports", "acme")
    assert failure.reason.startswith(reason)
    assert found.words == [f"the plugin acme failed in register_reports: {failure.reason}"]


def test_hooks_asked_by_many_threads_are_asked_once(site: Path, registry: Registry) -> None:
    write_bad_plugins(site, faults=["raises"])
    found = registry()
    seen: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: seen.append([each.full_name for each in found.reports()])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [[f"{GOOD}.thing"]] * 8
    assert len(found.failures) == 1


def test_record_types_come_behind_those_they_may_refer_to(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", records("acme", requires=("zoo",)))
    write_plugin(site, "zoo", records("zoo"))
    assert [each.full_name for each in registry().record_types()] == ["zoo.thing", "acme.thing"]


def test_record_types_that_fail_keep_the_plugin_off_and_who_requires_it(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", records("acme", requires=("zoo",)))
    write_plugin(site, "zoo", records("zoo", wrong=True))
    write_plugin(site, "fine", records("fine"))
    found = registry()
    assert [each.full_name for each in found.record_types()] == ["fine.thing"]
    assert [each.full_name for each in found.reports()] == ["fine.dues"]
    assert {each.name: (each.status, each.reason) for each in found.plugins} == {
        "acme": ("failed", "it requires the plugin zoo, which failed"),
        "fine": ("loaded", ""),
        "zoo": ("failed", "it raised ValueError"),
    }


# -------------------------------------------------------------------- calling


def test_a_call_gets_the_coalition_the_day_and_its_settings(
    site: Path, registry: Registry, crm: Crm, tmp_path: Path
) -> None:
    write_plugin(site, "acme", SETTINGS)
    OwnSettings(tmp_path / "config").write("acme", "token", "s3cret")
    with crm.changes("add") as unit:
        unit.add(Organization, name="Near West Homes")
    found = registry(db=crm.db, clock=crm.clock)
    (dues,) = found.reports()
    assert found.call(dues, lambda context: [each["name"] for each in context.records("organizations")]) == [
        "Near West Homes"
    ]
    assert found.call(dues, lambda context: (context.plugin, context.today, context.as_of)) == (
        "acme",
        crm.today,
        crm.today,
    )
    past = date(2011, 7, 14)
    assert found.call(dues, lambda context: context.as_of, as_of=past) == past
    shown: object = found.call(dues, lambda context: dues.item.run(context, {}))
    assert shown == {"token": "s3cret", "rows": "10", "shape": "wide"}
    assert found.call(dues, lambda context: context.data_dir) == tmp_path / "state" / "data" / "acme"
    ended: SimpleQueue[Outcome[int]] = SimpleQueue()
    found.begin(dues, lambda context: context.count("organizations"), ended.put)
    assert ended.get(timeout=10).value == 1
    with pytest.raises(NotFound):
        found.call(dues, lambda context: context.records("balloons"))
    assert found.failures == ()


def test_a_call_does_not_wait_while_another_plugin_is_asked_what_it_offers(site: Path, registry: Registry) -> None:
    (site / "gate.py").write_text("import threading\nbegun, go = threading.Event(), threading.Event()\n", "utf-8")
    asked = "@hookimpl\ndef register_checks():\n    gate.begun.set()\n    gate.go.wait(60)\n"
    write_plugin(site, "acme", SETTINGS)
    write_plugin(site, "slow", f"{HEAD}import gate\n{asked}")
    found = registry(limit=60)
    (dues,) = found.reports()
    gate = sys.modules.pop("gate")
    asking = threading.Thread(target=found.checks)
    asking.start()
    assert gate.begun.wait(10)
    shown: object = found.call(dues, lambda context: dues.item.run(context, {}))
    assert shown == {"token": "", "rows": "10", "shape": "wide"}
    gate.go.set()
    asking.join(10)
    assert found.failures == ()


def test_without_a_coalition_the_day_is_that_of_the_clock(registry: Registry) -> None:
    assert registry(clock=lambda: NOW).today == date(2026, 11, 24)
    fixed = registry(today=date(2020, 2, 2))
    assert fixed.today == date(2020, 2, 2)
    fixed.today = None
    assert fixed.today != date(2020, 2, 2)


def test_calls_are_traced_and_the_plugin_may_say_something_to_who_traces(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", SETTINGS)
    traced: list[Traced] = []
    found = registry(on_call=traced.append)
    (dues,) = found.reports()
    found.call(dues, lambda context: context.log("half way"))
    assert [each.hook for each in traced] == ["imported", "plugin_info", "hooks", "register_reports", "report dues"]
    assert found.words == ["acme: half way"]
    quiet = registry()
    quiet.call(quiet.reports()[0], lambda context: context.log("half way"))
    assert quiet.words == []


def test_for_authors_errors_come_out_as_they_are_and_a_broken_import_stops_no_other(
    site: Path, registry: Registry
) -> None:
    write_bad_plugins(site, faults=["import_error", "raises", "wrong_version"])
    found = registry(bare=True)
    assert {each.name: each.status for each in found.plugins} == {
        "bad_import_error": "failed",
        "bad_raises": "loaded",
        "bad_wrong_version": "failed",
        GOOD: "loaded",
    }
    with pytest.raises(ValueError, match="Dana Reyes"):
        found.reports()


# -------------------------------------------------------------------- the handle's registry


def test_the_handle_has_the_plugins_that_come_with_the_program(site: Path, database: Path) -> None:
    write_plugin(site, "acme", SETTINGS)
    with Crm.open(database) as crm:
        found = {each.name: each.status for each in crm.plugins.plugins}
        assert crm.plugins is crm.plugins
        assert crm.plugins.db is crm.db
    assert found["acme"] == "left out"
    assert found["tabular"] == "loaded"


def test_the_handle_takes_a_registry_or_what_makes_one(registry: Registry, database: Path) -> None:
    given = registry()
    with Crm.open(database, plugins=given, clock=lambda: NOW) as crm:
        assert crm.plugins is given
        assert given.db is crm.db
        assert given.today == crm.today
    made: list[PluginRegistry] = []

    def make(crm: Crm) -> PluginRegistry:
        made.append(PluginRegistry(Policy(none=True), db=crm.db))
        return made[-1]

    with Crm.open(database, plugins=make) as crm:
        assert made == []
        assert crm.plugins.plugins == ()
        assert crm.plugins is made[0]
        assert len(made) == 1


# -------------------------------------------------------------------- failures that are kept


def test_failures_are_kept_for_who_lists_and_forgotten_when_mended(
    site: Path, registry: Registry, tmp_path: Path
) -> None:
    kept = KeptFailures(tmp_path / "state")
    write_plugin(site, "acme", "raise ValueError('no key')")
    assert len(registry(clock=lambda: NOW).plugins) == 1
    (only,) = kept.read()
    assert (only.plugin, only.text, only.at) == ("acme", "it raised ValueError: no key", "2026-11-24T15:00:00Z")
    assert only.keeps_off
    assert len(registry().plugins) == 1
    assert len(kept.read()) == 1
    write_plugin(site, "acme", f"{HEAD}@hookimpl\ndef register_reports(): return 7\n")
    assert registry().reports() == ()
    assert [each.text for each in kept.read()] == ["register_reports: it answered int instead of a list of Report"]
    assert set(kept.by_plugin()) == {("acme", "partners-crm-acme", "1.0")}
    kept.forget(["acme"])
    assert kept.read() == ()


def test_the_last_failures_of_a_plugin_are_kept_and_not_more(tmp_path: Path, registry: Registry, site: Path) -> None:
    write_plugin(site, "acme", SETTINGS)
    found = registry(strikes=100)
    (dues,) = found.reports()
    for number in range(PER_PLUGIN + 3):
        with pytest.raises(Exception, match="the plugin acme failed"):
            found.boundary.call(dues.owner, f"view v{number}", lambda: 1 / 0)
    kept = KeptFailures(tmp_path / "state").read()
    assert [each.hook for each in kept] == [f"view v{number}" for number in range(3, PER_PLUGIN + 3)]
    assert len(found.words) == PER_PLUGIN + 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema_version": 1, "failures": [{"plugin": 7}]}', '{"schema_version": 9}']
)
def test_kept_failures_that_are_damaged_are_begun_anew(
    tmp_path: Path, registry: Registry, site: Path, text: str
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "failures.json").write_text(text, "utf-8")
    write_plugin(site, "acme", "raise ValueError")
    assert len(registry().plugins) == 1
    assert [each.plugin for each in KeptFailures(tmp_path / "state").read()] == ["acme"]


# -------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("setting", "value", "kept"),
    [
        (Setting(name="a", label="A"), "any thing", "any thing"),
        (Setting(name="a", label="A", kind="whole"), " 07", "7"),
        (Setting(name="a", label="A", kind="flag"), "On", "yes"),
        (Setting(name="a", label="A", kind="flag"), "0", "no"),
        (Setting(name="a", label="A", kind="choice", choices=("x", "y")), "y", "y"),
    ],
)
def test_a_value_is_kept_as_its_kind_has_it(setting: Setting, value: str, kept: str) -> None:
    assert checked(setting, "acme.a", value) == kept
    assert checked(setting, "acme.a", kept) == kept


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting(name="a", label="A", kind="whole"), "seven"),
        (Setting(name="a", label="A", kind="flag"), "maybe"),
        (Setting(name="a", label="A", kind="choice", choices=("x", "y")), "z"),
        (Setting(name="a", label="A"), "x" * (MAX_CHARACTERS + 1)),
        (Setting(name="a", label="A", kind="secret"), "hunter2" * MAX_CHARACTERS),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_a_secret_is_not_repeated(setting: Setting, value: str) -> None:
    with pytest.raises(InvalidValue, match=r"acme\.a") as caught:
        checked(setting, "acme.a", value)
    assert "hunter2" not in str(caught.value)


def test_a_value_that_no_longer_fits_is_its_default_again() -> None:
    rows = Setting(name="rows", label="Rows", kind="whole", default="10")
    assert with_defaults((rows,), {"rows": "many", "gone": "7"}) == {"rows": "10"}


def test_settings_are_kept_for_their_owner_alone_and_an_empty_one_is_its_default(tmp_path: Path) -> None:
    own = OwnSettings(tmp_path / "config")
    own.write("acme", "token", "s3cret")
    own.write("acme", "rows", "7")
    own.write("lanes", "rows", "9")
    assert own.path.stat().st_mode & 0o777 == 0o600
    assert own.read() == {"acme": {"rows": "7", "token": "s3cret"}, "lanes": {"rows": "9"}}
    own.write("acme", "token", "")
    own.write("acme", "rows", "")
    assert own.read() == {"lanes": {"rows": "9"}}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 1, "settings": []}', '{"schema_version": 7}'])
def test_settings_that_cannot_be_read_are_named(tmp_path: Path, registry: Registry, site: Path, text: str) -> None:
    (tmp_path / "config").mkdir()
    own = OwnSettings(tmp_path / "config")
    own.path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="holds the settings of plugins, and cannot be read"):
        own.read()
    write_plugin(site, "acme", SETTINGS)
    found = registry(consent=None)
    (dues,) = found.reports()
    with pytest.raises(ConfigError):
        found.call(dues, lambda context: None)


# -------------------------------------------------------------------- what a plugin says, and its screens

SAYING = f"""{HEAD}
class Text(str):
    def __str__(self):
        raise SystemExit
def run(context, terms):
    context.notify(Text("Dana\\n  Reyes"))
    for number in range(int(context.settings.get("times", "30"))):
        context.notify(number)
@hookimpl
def register_reports():
    return [Report(name="dues", title="Dues", run=run)]
"""
SCREENS = f"""{HEAD}
calls = []
@hookimpl
def register_views():
    calls.append("views")
    return [View(name="dues", title="Dues", blocks=print)]
"""


def test_what_a_plugin_says_has_its_name_is_plain_and_does_not_flood(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", SAYING)
    found = registry()
    (dues,) = found.reports()
    found.call(dues, lambda context: dues.item.run(context, {}))
    assert {type(word) for word in found.words} == {str}
    assert found.words[:2] == ["acme: Dana Reyes", "acme: 0"]
    assert found.words[NOTICES:] == [f"acme: it says more than {NOTICES} things at once; the rest is left out"]
    found.call(dues, lambda context: context.notify("again"))  # each call has its own
    assert found.words[-1] == "acme: again"


def test_hooks_of_screens_are_asked_once_however_often_screens_are_loaded(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", SCREENS, groups=("partners_crm.tui",))
    found = registry()
    assert found.views() == ()  # asked before its part for screens was loaded
    for _ in range(3):
        found.load_screen()
        assert [each.full_name for each in found.views()] == ["acme.dues"]
    assert sys.modules["module_of_acme"].calls == ["views"]
