"""What a plugin shows for staff only, and the day that a command of a plugin is asked about."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Partners, assert_refused

TEXT = """
from partners_crm.plugins import *

@hookimpl
def register_commands():
    def listed(context, options):
        about = Sheet(title="Who", columns=("name", "posture"), rows=(("Alpha", "wary"),), private=("posture",))
        secret = Sheet(title="Lanes", note="Alpha wants beds", columns=("lane",), rows=(("beds",),), private=("lane",))
        return Outcome(sheets=(about, secret))

    def dated(context, options):
        return Outcome(notes=(f"{context.as_of} of {context.today}",))

    def own(context, options):
        return Outcome(notes=(options["as-of"],))

    def odd(context, options):
        return Outcome(sheets=(Sheet(title="Odd", columns=("name",), rows=(), private=("posture",)),))

    return [Command(name="guilds", about="guilds", verbs=(
        Verb(name="list", about="list", run=listed),
        Verb(name="day", about="day", run=dated),
        Verb(name="own", about="own", run=own, options=(Option(name="as-of", help="a word of its own"),)),
        Verb(name="odd", about="odd", run=odd),
    ))]
"""


@pytest.fixture
def guilds(partners: Partners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partners:
    """The command with a plugin that shows what is for staff only."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "guilds.py").write_text(TEXT, encoding="utf-8")
    sys.modules.pop("partners_crm_local.guilds", None)
    monkeypatch.setenv("PARTNERS_PLUGINS", "tabular,guilds")
    return lambda *words: partners("--plugins-dir", folder, "guilds", *words)


def test_a_table_shows_it_and_says_so(guilds: Partners) -> None:
    done = guilds("list")
    assert done.code == 0
    assert "wary" in done.out
    assert "beds" in done.out
    assert "for staff only: posture, Lanes" in done.err


@pytest.mark.parametrize("form", ["json", "csv"])
def test_data_leaves_without_it_unless_it_is_asked_for(guilds: Partners, form: str) -> None:
    done = guilds("list", "--format", form)
    assert done.code == 0
    assert "Alpha" in done.out
    assert not any(word in done.out for word in ("wary", "beds", "posture", "Lanes"))  # neither a value nor a header
    assert "left out, for not everyone may see it: posture, Lanes (--include-private takes it along)" in done.err
    whole = guilds("list", "--format", form, "--include-private")
    assert all(word in whole.out for word in ("wary", "beds"))
    assert not whole.err


def test_what_is_left_is_whole(guilds: Partners) -> None:
    (sheet,) = json.loads(guilds("list", "--format", "json").out)["sheets"]
    assert (sheet["columns"], sheet["rows"]) == (["name"], [{"name": "Alpha"}])
    assert list(csv.reader(io.StringIO(guilds("list", "--format", "csv").out))) == [["name"], ["Alpha"]]


def test_a_command_is_asked_about_a_day(guilds: Partners) -> None:
    today = guilds("day").err.split()[-1]
    assert guilds("day").err.strip() == f"{today} of {today}"
    assert guilds("day", "--as-of", "2011-07-14").err.strip() == f"2011-07-14 of {today}"
    assert_refused(guilds("day", "--as-of", "July"), 2, "--as-of: 'July' is no date")


def test_a_plugin_may_mean_something_else_by_the_word(guilds: Partners) -> None:
    assert guilds("own", "--as-of", "whenever").err.strip() == "whenever"


def test_a_column_for_staff_that_is_none_is_a_failure_of_the_plugin(guilds: Partners) -> None:
    done = guilds("odd")
    assert done.code != 0
    assert "guilds" in done.err


def test_records_for_staff_are_printed_as_data_only_where_that_is_asked(partners: Partners) -> None:
    partners("add", "organization", "name=Guild of Bakers", "kind=association")
    partners("add", "posture", "organization=Guild of Bakers", "level=wary", "evidence=a frosty breakfast")
    asked = [("list", "postures"), ("show", "organization", "Guild of Bakers"), ("find", "frosty")]
    for words in asked:
        shown = partners(*words)
        assert shown.code == 0
        assert "frosty" in shown.out
        for form in ("json", "csv"):
            assert "frosty" not in partners(*words, "--format", form).out
            assert "frosty" in partners(*words, "--format", form, "--include-private").out
    newest = str(json.loads(partners("history", "--format", "json").out)[0]["id"])
    for words in (("history", "--operation", newest), ("history", "--since", "1", "--records")):
        assert "wary" in partners(*words).out
        for form in ("json", "csv"):
            assert "wary" not in partners(*words, "--format", form).out
            assert "wary" in partners(*words, "--format", form, "--include-private").out
    assert "(for staff)" in partners("history", "--format", "csv").out
    assert "add posture" in partners("history", "--format", "csv", "--include-private").out
    assert_refused(partners("history", "posture", "1", "--format", "csv"), 2, "for staff", "--include-private")
    assert_refused(partners("list", "postures", "--format", "csv"), 2, "for staff", "--include-private")
    assert_refused(partners("show", "posture", "1", "--format", "json"), 2, "for staff", "--include-private")
