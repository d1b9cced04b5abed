"""Loading: what a plugin says of itself, what it requires, and what an implementation may not be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from partners_crm.plugins.loading import in_order
from tests.plugins.bad_plugins import write_plugin
from tests.plugins.conftest import Registry

HEAD = "from partners_crm.plugins import *\n"
VIEW = "@hookimpl\ndef register_views():\n    return [View(name='view', title='V', blocks=print)]\n"
OFFER = "@hookimpl\ndef register_reports():\n    return [Report(name='dues', title='Dues', run=print)]\n"


def info(**more: object) -> str:
    given = {"title": "Acme", "about": "A test."} | more
    words = ", ".join(f"{name}={value if name == 'settings' else repr(value)}" for name, value in given.items())
    return f"{HEAD}@hookimpl\ndef plugin_info():\n    return PluginInfo({words})\n{OFFER}"


def outcome(site: Path, registry: Registry, text: str) -> tuple[str, str]:
    write_plugin(site, "acme", text)
    (found,) = registry().plugins
    return found.status, found.reason


# -------------------------------------------------------------------- hooks


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@hookimpl(hookwrapper=True)\ndef register_views():\n    yield\n", "its register_views wraps it"),
        ("@hookimpl(wrapper=True)\ndef register_views(): yield\n", "its register_views wraps it"),
        ("@hookimpl(tryfirst=True)\ndef register_views(): ...\n", "its register_views asks to be called first"),
        ("@hookimpl(trylast=True)\ndef register_views(): ...\n", "its register_views asks to be called last"),
        ("@hookimpl(optionalhook=True)\ndef register_view(): ...\n", "its register_view is marked as optional"),
        ("@hookimpl(specname='register_views')\ndef views(): ...\n", "its views is called otherwise than its hook"),
        ("@hookimpl\nasync def register_views(): ...\n", "its register_views is a coroutine"),
        ("@hookimpl\nasync def register_views():\n    yield\n", "its register_views is a coroutine"),
        ("@hookimpl\nasync def plugin_info(): ...\n", "its plugin_info is a coroutine"),
        ("@hookimpl\ndef register_veiws(): ...\n", "it has a hook register_veiws, which there is not: is it"),
        ("@hookimpl\ndef on_start(): ...\n", "it has a hook on_start, which there is not"),
        ("@hookimpl\ndef register_views(crm): ...\n", "a hook of it asks for arguments that it does not get: {'crm'}"),
        ("raise ValueError('no key\\nin the file')\n", "it raised ValueError: no key in the file"),
        ("def (\n", "it raised SyntaxError: invalid syntax"),
        ("from partners_crm.plugins import gone\n", "it raised ImportError: cannot import name 'gone'"),
        ("import sys; sys.exit('bye')\n", "it tried to end the program (SystemExit)"),
        ("from partners_crm.errors import *\nraise ConfigError('no')\n", "it raised ConfigError: no"),
        ("def __getattr__(name): raise SystemExit\n", "it tried to end the program (SystemExit)"),
    ],
)  # fmt: skip
def test_what_an_implementation_may_not_be_is_said(site: Path, registry: Registry, text: str, reason: str) -> None:
    status, said = outcome(site, registry, HEAD + OFFER + text)
    assert status == "failed"
    assert said.startswith(reason)


def test_a_plugin_that_fails_to_register_leaves_nothing_behind_for_the_next(site: Path, registry: Registry) -> None:
    wrong = HEAD + OFFER + "@hookimpl\ndef register_views(crm): ...\n"
    for name, text in (
        ("acme", wrong),
        ("bees", HEAD + OFFER),
        ("crew", HEAD + OFFER + "@hookimpl\ndef register_x(): ...\n"),
    ):
        write_plugin(site, name, text)
    write_plugin(site, "dues", HEAD + OFFER)
    found = registry()
    assert [each.full_name for each in found.reports()] == ["bees.dues", "dues.dues"]


@pytest.mark.parametrize("text", ["", "@hookimpl\ndef plugin_info(): return PluginInfo(title='A', about='A.')\n"])
def test_a_plugin_that_declares_nothing_is_empty_and_no_failure(site: Path, registry: Registry, text: str) -> None:
    status, reason = outcome(site, registry, HEAD + text)
    assert status == "empty"
    assert reason.startswith("it is installed but declares no hook")


def test_an_object_of_a_module_can_be_a_plugin(site: Path, registry: Registry) -> None:
    text = f"""{HEAD}
class Plugin:
    @hookimpl
    def register_reports(self):
        return [Report(name='dues', title='D', run=print)]
plugin = Plugin()
"""
    write_plugin(site, "acme", text)
    entries = site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt"
    entries.write_text("[partners_crm]\nacme = module_of_acme:plugin\n", "utf-8")
    found = registry()
    assert [each.full_name for each in found.reports()] == ["acme.dues"]


def test_the_screen_is_loaded_later_and_by_itself(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", HEAD + OFFER, groups=("partners_crm",))
    (site / "module_of_screens.py").write_text(f"{HEAD}{VIEW}", "utf-8")
    entries = site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt"
    entries.write_text("[partners_crm]\nacme = module_of_acme\n[partners_crm.tui]\nacme = module_of_screens\n", "utf-8")
    found = registry()
    assert found.views() == ()
    assert "module_of_screens" not in sys.modules
    found.load_screen()
    assert [each.full_name for each in found.views()] == ["acme.view"]
    assert [each.full_name for each in found.reports()] == ["acme.dues"]


def test_a_plugin_says_what_it_is_once_and_one_of_screens_alone_there(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", info(title="Acme dues"))
    (site / "module_of_screens.py").write_text(f"{HEAD}{VIEW}", "utf-8")
    entries = site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt"
    entries.write_text("[partners_crm]\nacme = module_of_acme\n[partners_crm.tui]\nacme = module_of_screens\n", "utf-8")
    texts = {"bees": info(title="Bees"), "crew": info(api=(9, 9)), "dues": info(requires=("nobody",))}
    for name, text in texts.items():
        write_plugin(site, name, text, groups=("partners_crm.tui",))
    found = registry()
    assert {each.name: each.info and each.info.title for each in found.plugins} == {
        "acme": "Acme dues",
        "bees": None,
        "crew": None,
        "dues": None,
    }
    found.load_screen()
    assert {each.name: (each.info.title if each.info else "", each.status) for each in found.plugins} == {
        "acme": ("Acme dues", "loaded"),
        "bees": ("Bees", "loaded"),
        "crew": ("Acme", "failed"),
        "dues": ("Acme", "failed"),
    }


def test_a_broken_screen_fails_the_plugin_as_a_whole(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", HEAD + OFFER)
    (site / "module_of_screens.py").write_text("import nothing_of_that_name\n", "utf-8")
    entries = site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt"
    entries.write_text("[partners_crm]\nacme = module_of_acme\n[partners_crm.tui]\nacme = module_of_screens\n", "utf-8")
    found = registry()
    found.load_screen()
    (plugin,) = found.plugins
    assert plugin.status == "failed"
    assert plugin.reason.startswith("it raised ModuleNotFoundError")


def test_a_plugins_folder_shadows_nothing_and_takes_relative_imports(tmp_path: Path, registry: Registry) -> None:
    folder = tmp_path / "own"
    package = folder / "lanes"
    package.mkdir(parents=True)
    (folder / "json.py").write_text(HEAD + OFFER, "utf-8")
    (package / "__init__.py").write_text(
        f"{HEAD}from .names import NAME\n{OFFER.replace(repr('dues'), 'NAME')}", "utf-8"
    )
    (package / "names.py").write_text("NAME = 'lanes'\n", "utf-8")
    (package / "screens.py").write_text(
        f"{HEAD}from .names import NAME\n{VIEW.replace(repr('view'), 'NAME')}",
        "utf-8",
    )
    found = registry(folders=(folder,))
    found.load_screen()
    assert [each.full_name for each in found.reports()] == ["json.dues", "lanes.lanes"]
    assert [each.full_name for each in found.views()] == ["lanes.lanes"]
    import json

    assert json.loads("[]") == []
    assert str(folder) not in sys.path


# -------------------------------------------------------------------- what it says of itself


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (info(api=(2, 3)), "it fits version 2 to 3 of the plugin interface, and this is 1: bring partners-crm"),
        (info(api=(0, 0)), "it fits version 0 of the plugin interface, and this is 1: bring the plugin up to date"),
        (info(api=(3, 2)), "the api of PluginInfo is no pair of whole numbers, the lower one first"),
        (info(api=(1, 1, 1)), "the api of PluginInfo is no pair of whole numbers, the lower one first"),
        (info(api=[1, 1]), "the api of PluginInfo is list instead of a tuple"),
        (info(title=""), "the title of PluginInfo is empty"),
        (info(title=7), "the title of PluginInfo is int instead of a text"),
        (info(about="one\ntwo"), "the about of PluginInfo is no single line"),
        (info(requires="tabular"), "the requires of PluginInfo is str instead of a tuple"),
        (info(requires=(7,)), "the requires of PluginInfo holds something else than texts"),
        (info(settings="('token',)"), "the settings of PluginInfo holds str instead of Setting"),
        (info(settings="(Setting(name='Token', label='T'),)"), "the name of a Setting is no word of small letters"),
        (info(settings="(Setting(name='a', label='T'), Setting(name='a', label='S'))"), "it describes a more than"),
        (info(settings="(Setting(name='a', label='T', kind='colour'),)"), "the kind of the setting a is none"),
        (info(settings="(Setting(name='a', label='T', kind='choice'),)"), "the setting a needs choices when"),
        (f"{HEAD}@hookimpl\ndef plugin_info():\n    return 'Acme'\n", "it answered str instead of a PluginInfo"),
        (f"{HEAD}@hookimpl\ndef plugin_info():\n    return PluginInfo()\n", "it raised TypeError: PluginInfo.__"),
    ],
)  # fmt: skip
def test_what_it_says_of_itself_is_looked_at(site: Path, registry: Registry, text: str, reason: str) -> None:
    status, said = outcome(site, registry, text)
    assert status == "failed"
    assert said.startswith(reason)


def test_a_wrong_version_is_said_before_hooks_that_are_gone(site: Path, registry: Registry) -> None:
    text = info(api=(7, 7)) + "@hookimpl\ndef register_balloons(): ...\n"
    assert outcome(site, registry, text)[1].startswith("it fits version 7 of the plugin interface")


# -------------------------------------------------------------------- what it requires


def given(site: Path, **requires: tuple[str, ...]) -> None:
    for name, required in requires.items():
        write_plugin(site, name, info(requires=required))


def test_who_requires_a_plugin_is_loaded_behind_it(site: Path, registry: Registry) -> None:
    given(site, acme=("lanes", "zoo"), lanes=("zoo",), zoo=())
    found = registry()
    assert [each.name for each in in_order(found.plugins)] == ["zoo", "lanes", "acme"]
    assert [each.owner.plugin for each in found.reports()] == ["acme", "lanes", "zoo"]


def test_who_requires_a_plugin_that_is_not_there_is_off_and_so_is_who_requires_that(
    site: Path, registry: Registry
) -> None:
    given(site, acme=("lanes",), lanes=("nobody",), zoo=())
    found = {each.name: (each.status, each.reason) for each in registry().plugins}
    assert found == {
        "acme": ("failed", "it requires the plugin lanes, which failed"),
        "lanes": ("failed", "it requires the plugin nobody, which is not installed"),
        "zoo": ("loaded", ""),
    }


def test_who_requires_a_plugin_that_is_left_out_is_told_so(site: Path, registry: Registry) -> None:
    given(site, acme=("lanes",), lanes=())
    found = {each.name: each.reason for each in registry(only=("acme",)).plugins}
    assert found["acme"] == "it requires the plugin lanes, which is not loaded (left out)"


def test_plugins_that_require_each_other_in_a_circle_are_off(site: Path, registry: Registry) -> None:
    given(site, acme=("bees",), bees=("crew",), crew=("acme",), dues=("acme",), even=("even",), fine=())
    found = {each.name: each.reason for each in registry().plugins}
    circle = "it requires itself: acme which requires bees which requires crew which requires acme"
    assert found == {
        "acme": circle,
        "bees": circle,
        "crew": circle,
        "dues": "it requires the plugin acme, which failed",
        "even": "it requires itself: even which requires even",
        "fine": "",
    }
