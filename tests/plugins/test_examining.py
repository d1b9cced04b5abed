"""What the doctor of plugins finds: failures with their remedies, and descriptions that refer to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from partners_crm.plugins.consent import Consent, Said
from partners_crm.plugins.examining import examine, is_key
from tests.plugins.bad_plugins import write_plugin
from tests.plugins.conftest import Registry

HEAD = "from partners_crm.plugins import *\n"


def offer(site: Path, name: str = "acme", **offers: str) -> None:
    """Install a plugin that offers something from these hooks."""
    hooks = [f"@hookimpl\ndef register_{hook}():\n    return [{items}]\n" for hook, items in offers.items()]
    write_plugin(site, name, HEAD + "".join(hooks))


def found(registry: Registry, **policy: object) -> list[tuple[str, str, str, str]]:
    made = registry(**policy)
    made.load_screen()
    return [(each.plugin, each.where, each.message, each.remedy) for each in examine(made)]


def test_a_sound_plugin_has_no_finding(site: Path, registry: Registry) -> None:
    offer(
        site,
        record_types="RecordType(name='lane', plural='lanes', about='L.', title='label',"
        " fields={'label': fields.text('Label')})",
        tabs="Tab(name='dues', entity='organization', title='Dues', blocks=print),"
        " Tab(name='lane', entity='acme_lane', title='Lane', blocks=print)",
        actions="Action(name='bill', title='Bill', run=print, scopes=('organizations',), key_hint='b')",
    )
    assert found(registry) == []


def test_an_entity_that_there_is_not_is_named_with_the_nearest_one(site: Path, registry: Registry) -> None:
    offer(
        site,
        tabs="Tab(name='dues', entity='organisation', title='Dues', blocks=print),"
        " Tab(name='odd', entity='balloon', title='Odd', blocks=print)",
    )
    dues, odd = found(registry)
    assert dues == ("acme", "register_tabs dues", "there is no entity organisation", "is it organization?")
    assert odd[:3] == ("acme", "register_tabs odd", "there is no entity balloon")
    assert "organization" in odd[3]


def test_names_that_stand_alone_may_not_be_those_of_another_plugin(site: Path, registry: Registry) -> None:
    for name in ("acme", "lanes"):
        offer(
            site,
            name,
            exporters="Exporter(name='vcf', title='Cards', suffixes=('vcf',), write=print)",
            reports="Report(name='dues', title='Dues', run=print)",  # known by its full name
        )
    remedy = "turn one of them off: partners plugins disable NAME"
    assert found(registry) == [
        ("acme", "register_exporters vcf", "lanes offers the same name", remedy),
        ("lanes", "register_exporters vcf", "acme offers the same name", remedy),
    ]


def test_actions_are_offered_in_lists_on_cards_and_in_views_of_their_plugin(site: Path, registry: Registry) -> None:
    offer(site, "lanes", views="View(name='map', title='Map', blocks=print)")
    offer(
        site,
        record_types="RecordType(name='lane', plural='lanes', about='L.', title='label',"
        " fields={'label': fields.text('Label')})",
        views="View(name='dues', title='Dues', blocks=print)",
        actions="Action(name='bill', title='Bill', run=print, scopes=('organizations', 'contact', 'acme_lanes',"
        " 'acme_lane', 'view:dues', 'view:map', 'organisations', 'everywhere'))",
    )
    assert [(message, remedy) for _, _, message, remedy in found(registry)] == [
        ("there is no place everywhere to offer it", "a list, as organizations; a card, as organization; view:NAME"),
        ("there is no place organisations to offer it", "is it organizations?"),
        ("there is no place view:map to offer it", "a list, as organizations; a card, as organization; view:NAME"),
    ]


def test_key_hints_that_are_none_or_clash_are_named(site: Path, registry: Registry) -> None:
    action = "Action(name='{}', title='Do', run=print, scopes=('organizations',), key_hint='{}')"
    offer(
        site,
        actions=", ".join(
            action.format(*each) for each in (("bill", "b"), ("block", "b"), ("fly", "ctrl+shift+f"), ("go", "g"))
        ),
    )
    assert [(where, message) for _, where, message, _ in found(registry)] == [
        ("register_actions block", "bill would like the key b in organizations too"),
        ("register_actions fly", "'ctrl+shift+f' is no key"),
    ]


@pytest.mark.parametrize(("key", "good"), [("b", True), ("B", True), ("7", True), ("ctrl+b", True), ("ctrl+7", False)])
def test_a_key_is_one_character_or_ctrl_before_a_letter(key: str, good: bool) -> None:
    assert is_key(key) is good
    assert not is_key(f"{key}{key}")


def test_a_long_title_and_a_hook_without_its_mark_are_named(site: Path, registry: Registry) -> None:
    offers = f"@hookimpl\ndef register_reports():\n    return [Report(name='dues', title={'x' * 61!r}, run=print)]\n"
    write_plugin(site, "acme", f"{HEAD}{offers}def register_views(): ...\n")
    long, unmarked = found(registry)
    assert long[1:3] == ("register_reports dues", "its title has more than 60 characters")
    assert unmarked[1:3] == ("register_views", "it has no @hookimpl above it, so it is never called")


def test_what_failed_says_where_and_what_to_do(site: Path, registry: Registry) -> None:
    write_plugin(site, "acme", f"{HEAD}@hookimpl\ndef register_reports():\n    return 1 / 0\n")
    ((plugin, where, message, remedy),) = found(registry)
    assert (plugin, where, message) == ("acme", "register_reports", "it raised ZeroDivisionError")
    assert remedy == (
        "at module_of_acme.py:4 in register_reports; bring it up to date, or turn it off: partners plugins disable acme"
    )


def test_each_status_that_nobody_wished_for_is_a_finding_with_a_remedy(
    site: Path, registry: Registry, tmp_path: Path
) -> None:
    consent = Consent(tmp_path / "config")
    for name, state in (("off", "disabled"), ("dead", "killed")):
        offer(site, name, reports="Report(name='dues', title='D', run=print)")
        consent.say(name, Said("disabled" if state == "disabled" else "killed"))
    write_plugin(site, "empty", "")
    write_plugin(site, "new", "")
    for distribution in ("two-one", "two-two"):
        write_plugin(site, "two", "", distribution=distribution, module="module_of_two")
    consent.say("empty", Said("allowed"))
    remedies = {(name, message.partition(":")[0]): remedy for name, _, message, remedy in found(registry, ask=None)}
    assert remedies == {
        ("dead", "it was running when the program ended without a word"): "when you trust it again: partners plugins"
        " enable dead",
        ("empty", "it is installed but declares no hook"): "tell its author; or remove the distribution",
        ("new", "allow it"): "allow it: partners plugins enable new; or turn it off: partners plugins disable new",
        ("two", "two-one 1.0 and two-two 1.0 both bring it"): "pick one: partners plugins enable NAME --distribution"
        " DIST",
    }


def test_a_link_to_what_there_is_not_is_named_with_the_nearest_one(site: Path, registry: Registry) -> None:
    offer(
        site,
        record_types="RecordType(name='lane', plural='lanes', about='L.', title='label', fields={"
        "'label': fields.text('Label'), 'mine': fields.link('Mine', 'lane'), 'one': fields.link('One', 'contact'),"
        " 'odd': fields.link('Odd', 'organisation')})",
    )
    (odd,) = found(registry)
    message = "its field odd links to organisation, which there is not"
    assert odd == ("acme", "register_record_types lane", message, "is it organization?")
