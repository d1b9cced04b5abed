"""What becomes of each plugin before anything is imported: options, environment, consent, conflicts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from partners_crm.errors import ConfigError
from partners_crm.plugins.consent import Consent, Said
from partners_crm.plugins.deciding import candidates_of, decided, say_of, seen_empty
from partners_crm.plugins.discovery import Candidate
from partners_crm.plugins.policy import STATUSES, Policy
from partners_crm.plugins.running import PREFIX, _boot
from partners_crm.version import __version__
from tests.plugins.bad_plugins import write_plugin

MakePolicy = Callable[..., Policy]
LOADED_TEXT = "from partners_crm.plugins import hookimpl\n@hookimpl\ndef register_views(): return []\n"


@pytest.fixture
def two(site: Path) -> None:
    """Two plugins of third parties and one that comes with the program."""
    write_plugin(site, "acme", LOADED_TEXT)
    write_plugin(site, "lanes", LOADED_TEXT, distribution="Other.Lanes")
    write_plugin(site, "tabular", LOADED_TEXT, distribution="partners-crm-tabular", version=__version__)


def statuses(policy: Policy) -> dict[str, str]:
    found = decided(policy).plugins
    assert not [name for name in sys.modules if name.startswith("module_of_")]
    assert all(each.status in STATUSES and (each.status == "loaded") == (each.reason == "") for each in found)
    return {each.name: each.status for each in found}


@pytest.mark.usefixtures("two")
def test_unattended_only_what_came_with_the_program_is_loaded_until_somebody_allows_more(policy: MakePolicy) -> None:
    assert statuses(policy()) == {"acme": "not allowed yet", "lanes": "not allowed yet", "tabular": "loaded"}


@pytest.mark.usefixtures("two")
def test_no_plugins_leaves_all_out_and_reads_no_file(policy: MakePolicy, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "plugins.json").write_text("{", "utf-8")
    assert decided(policy(none=True, folders=(tmp_path / "missing",))).plugins == ()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("only", "loaded"),
    [
        ((), set()),
        (("acme",), {"acme"}),
        (("ACME", "tabular"), {"acme", "tabular"}),
        (("other_lanes",), {"lanes"}),
        (("Partners_CRM.Acme", "lanes"), {"acme", "lanes"}),
        (("nobody",), set()),
    ],
)
def test_the_variable_names_the_only_ones(policy: MakePolicy, only: tuple[str, ...], loaded: set[str]) -> None:
    found = statuses(policy(only=only))
    assert {name for name, status in found.items() if status == "loaded"} == loaded
    assert set(found.values()) <= {"loaded", "left out"}
    expected = ["PARTNERS_PLUGINS names nobody, which is not installed"] if "nobody" in only else []
    assert list(decided(policy(only=only)).notices) == expected


@pytest.mark.usefixtures("two")
def test_a_script_that_names_none_has_those_that_come_with_the_program(policy: MakePolicy) -> None:
    assert statuses(policy(bundled_only=True)) == {"acme": "left out", "lanes": "left out", "tabular": "loaded"}


@pytest.mark.usefixtures("two")
def test_what_a_person_turned_off_stays_off_whatever_the_variable_says(policy: MakePolicy, tmp_path: Path) -> None:
    consent = Consent(tmp_path / "config")
    for name in ("acme", "tabular"):
        consent.say(name, Said("disabled"))
    assert statuses(policy(only=("acme", "tabular", "lanes"))) == {
        "acme": "disabled",
        "lanes": "loaded",
        "tabular": "disabled",
    }


@pytest.mark.usefixtures("two")
def test_a_person_is_asked_once_and_told_what_it_is(policy: MakePolicy) -> None:
    asked: list[Candidate] = []

    def ask(candidate: Candidate) -> bool:
        asked.append(candidate)
        return candidate.name == "acme"

    expected = {"acme": "loaded", "lanes": "disabled", "tabular": "loaded"}
    assert statuses(policy(ask=ask)) == expected
    assert [(each.distribution, each.version, each.hooks) for each in asked] == [
        ("partners-crm-acme", "1.0", ("register_views",)),
        ("Other.Lanes", "1.0", ("register_views",)),
    ]
    assert statuses(policy(ask=ask)) == expected
    assert statuses(policy()) == expected  # unattended too
    assert len(asked) == 2


@pytest.mark.usefixtures("two")
def test_who_says_not_now_is_asked_again(policy: MakePolicy, tmp_path: Path) -> None:
    assert statuses(policy(ask=lambda _: None))["acme"] == "not allowed yet"
    assert not (tmp_path / "config").exists()


def test_another_distribution_of_the_name_is_asked_about_anew(policy: MakePolicy, site: Path, tmp_path: Path) -> None:
    Consent(tmp_path / "config").say("acme", Said("allowed", "partners-crm-acme"))
    write_plugin(site, "acme", LOADED_TEXT, distribution="acme-of-somebody-else")
    assert statuses(policy()) == {"acme": "not allowed yet"}


def test_of_two_with_one_name_neither_is_loaded_until_one_is_picked(
    policy: MakePolicy, site: Path, tmp_path: Path
) -> None:
    for name in ("acme-one", "acme-two"):
        write_plugin(site, "acme", LOADED_TEXT, distribution=name, module=f"module_of_{name.replace('-', '_')}")
    found = decided(policy(ask=lambda _: True)).plugins
    assert [(each.status, each.owner.distribution) for each in found] == [
        ("conflict", "acme-one"),
        ("conflict", "acme-two"),
    ]
    assert "acme-one 1.0 and acme-two 1.0 both bring it" in found[0].reason
    assert statuses(policy(only=("acme",))) == {"acme": "conflict"}
    (named,) = decided(policy(only=("acme-two",))).plugins
    assert (named.status, named.owner.distribution) == ("loaded", "acme-two")
    consent = Consent(tmp_path / "config")
    consent.say("acme", Said("allowed", "acme-two"))
    (picked,) = decided(policy()).plugins
    assert (picked.status, picked.owner.distribution) == ("loaded", "acme-two")
    say_of(consent, "acme", Said("disabled"))
    assert [each.status for each in decided(policy()).plugins] == ["disabled"]
    assert consent.said()["acme"] == Said("disabled", "acme-two")


def test_two_that_are_turned_off_are_no_conflict(policy: MakePolicy, site: Path, tmp_path: Path) -> None:
    for name in ("acme-one", "acme-two"):
        write_plugin(site, "acme", "", distribution=name, module=f"module_of_{name.replace('-', '_')}")
    Consent(tmp_path / "config").say("acme", Said("disabled"))
    assert [each.status for each in decided(policy()).plugins] == ["disabled", "disabled"]


def test_a_plugins_folder_is_named_on_purpose_and_what_is_off_stays_off(policy: MakePolicy, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    for name in ("acme", "lanes"):
        write_plugin(folder, name, LOADED_TEXT, style="folder")
    Consent(tmp_path / "config").say("lanes", Said("disabled"))
    expected = {"acme": "loaded", "lanes": "disabled"}
    assert statuses(policy(folders=(folder, folder))) == expected
    assert statuses(policy(folders=(folder,), only=())) == expected
    assert statuses(policy(folders=(folder,), bundled_only=True)) == expected
    assert statuses(policy()) == {}


def test_the_working_directory_is_never_looked_into(
    policy: MakePolicy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(tmp_path / "work", "acme", LOADED_TEXT, style="folder")
    monkeypatch.chdir(tmp_path / "work")
    assert statuses(policy(ask=lambda _: True)) == {}


# -------------------------------------------------------------------- who was running


def left(tmp_path: Path, name: str) -> None:
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / f"{PREFIX}1-1").write_text(f"{_boot()}\n{name}", "utf-8")


@pytest.mark.usefixtures("two")
def test_what_comes_with_the_program_is_not_blamed_for_its_end(policy: MakePolicy, tmp_path: Path) -> None:
    left(tmp_path, "tabular")
    found = decided(policy())
    assert {each.name: each.status for each in found.plugins}["tabular"] == "loaded"
    assert found.notices == ()


@pytest.mark.usefixtures("two")
def test_another_version_under_a_bundled_name_is_asked_about(policy: MakePolicy, site: Path) -> None:
    write_plugin(site, "associations", LOADED_TEXT, distribution="Partners.CRM_Associations", version="99.0")
    assert statuses(policy())["associations"] == "not allowed yet"


@pytest.mark.usefixtures("two")
def test_who_was_running_when_the_program_ended_is_off_and_named(policy: MakePolicy, tmp_path: Path) -> None:
    name = "acme"
    left(tmp_path, name)
    found = decided(policy(only=("acme", "tabular")))
    assert {each.name: each.status for each in found.plugins}[name] == "killed"
    assert len(found.notices) == 1
    assert f"partners plugins enable {name} turns it on again" in found.notices[0]
    again = decided(policy(only=("acme", "tabular")))
    assert {each.name: each.status for each in again.plugins}[name] == "killed"
    assert again.notices == ()
    Consent(tmp_path / "config").say(name, Said("allowed"))
    assert statuses(policy())[name] == "loaded"


@pytest.mark.usefixtures("two")
def test_where_nothing_can_be_written_it_is_off_for_this_run_and_the_next(policy: MakePolicy, tmp_path: Path) -> None:
    left(tmp_path, "acme")
    (tmp_path / "config").write_text("no folder", "utf-8")

    class Readable(Consent):
        def said(self) -> dict[str, Said]:
            return {}

    for _ in range(2):
        found = decided(policy(only=("acme",), consent=Readable(tmp_path / "config")))
        assert {each.name: each.status for each in found.plugins}["acme"] == "killed"


# -------------------------------------------------------------------- empty ones, and files that are broken


def test_a_plugin_that_declares_nothing_is_seen_from_its_text(policy: MakePolicy, site: Path) -> None:
    texts = {"acme": "", "lanes": LOADED_TEXT, "odd": "from x import *\n"}
    for name, text in texts.items():
        write_plugin(site, name, text)
    found = decided(policy(only=tuple(texts))).plugins
    assert [each.name for each in found if seen_empty(each)] == ["acme"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"schema_version": 2, "plugins": {}}',
        '{"schema_version": 1}',
        '{"schema_version": 1, "plugins": {"acme": {"state": "maybe"}}}',
        '{"schema_version": 1, "plugins": {"acme": []}}',
        '{"schema_version": 1, "plugins": {"acme": {"state": []}}}',
    ],
)
def test_consent_that_cannot_be_read_is_named_with_what_to_do(policy: MakePolicy, tmp_path: Path, text: str) -> None:
    (tmp_path / "config").mkdir()
    path = tmp_path / "config" / "plugins.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="says which plugins you allow, and cannot be read") as caught:
        decided(policy())
    assert str(path) in caught.value.message
    assert "--no-plugins" in caught.value.hint
    aside = Consent(tmp_path / "config").set_aside()
    assert aside is not None
    assert aside.read_text("utf-8") == text
    assert decided(policy()).plugins == ()


def test_consent_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    consent = Consent(tmp_path / "config")
    consent.say("acme", Said("allowed", "partners-crm-acme"))
    consent.say("lanes", Said("killed"))
    assert consent.set_aside() is None
    assert consent.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "config").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "config").iterdir()] == ["plugins.json"]
    assert json.loads(consent.path.read_text("utf-8")) == {
        "schema_version": 1,
        "plugins": {
            "acme": {"state": "allowed", "distribution": "partners-crm-acme"},
            "lanes": {"state": "killed", "distribution": ""},
        },
    }
    consent.say("acme", None)
    assert set(consent.said()) == {"lanes"}


def test_where_consent_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("no folder", "utf-8")
    with pytest.raises(ConfigError):
        Consent(tmp_path / "config").say("acme", Said("allowed"))


def test_candidates_are_those_of_the_path_and_of_the_folders(policy: MakePolicy, site: Path, tmp_path: Path) -> None:
    write_plugin(site, "acme", "")
    write_plugin(tmp_path / "own", "lanes", "", style="folder")
    assert [each.name for each in candidates_of(policy(folders=(tmp_path / "own",)))] == ["acme", "lanes"]
