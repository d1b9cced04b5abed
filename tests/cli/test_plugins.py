"""`partners plugins`, and the options and variables by which a person says which plugins a command has."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused
from tests.plugins.bad_plugins import AT_LOADING, FAULTS, GOOD, write_bad_plugins, write_plugin

from partners_crm.cli.paths import config_folder, plugin_state
from partners_crm.cli.plugins import TRACE_FILE, policy_of
from partners_crm.plugins.boundary import Traced
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.running import PREFIX, _boot

BUNDLED = ["associations", "example", "tabular"]
HEAD = "from partners_crm.plugins import *\n"
WELL = f"""{HEAD}
@hookimpl
def plugin_info():
    return PluginInfo(title="Acme dues", about="Dues.", requires=("tabular",), settings=(
        Setting(name="token", label="Token", kind="secret", help="Theirs."),
        Setting(name="rows", label="Rows", kind="whole", default="10"),
    ))
@hookimpl
def register_reports():
    return [Report(name="dues", title="Dues", run=lambda context, terms: Outcome(notes=(context.settings["rows"],)))]
"""
WRONG = f"{HEAD}@hookimpl\ndef register_reports():\n    raise ValueError('Dana Reyes')\n"
DIES = f"{HEAD}import os\n@hookimpl\ndef register_reports():\n    os._exit(3)\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path for the plugins of a test, here and in processes that are started."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    yield folder
    for name in [name for name in sys.modules if name.startswith(("module_of_", "partners_crm_local"))]:
        del sys.modules[name]


def listed(partners: Partners, *words: str | Path) -> dict[str, dict[str, Any]]:
    done = partners(*words, "plugins", "list", "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["schema_version"] == 1
    return {each["name"]: each for each in found["plugins"]}


def doctored(partners: Partners, *words: str | Path) -> tuple[int, list[dict[str, str]]]:
    done = partners(*words, "plugins", "doctor", "--format", "json")
    return done.code, json.loads(done.out)["findings"]


# -------------------------------------------------------------------- list


def test_the_list_says_what_there_is_and_what_becomes_of_it(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", WELL)
    write_plugin(site, "void", "")
    found = listed(partners)
    assert [name for name, each in found.items() if each["bundled"]] == BUNDLED
    assert found["acme"] == {
        "name": "acme",
        "title": "Acme dues",
        "version": "1.0",
        "distribution": "partners-crm-acme",
        "bundled": False,
        "status": "not allowed yet",
        "reason": "allow it: partners plugins enable acme",
        "hooks": ["plugin_info", "register_reports"],
        "hooks_are_all": False,
        "requires": ["tabular"],
        "settings": [
            {"name": "token", "label": "Token", "kind": "secret", "default": "", "choices": [], "help": "Theirs."},
            {"name": "rows", "label": "Rows", "kind": "whole", "default": "10", "choices": [], "help": ""},
        ],
        "failures": [],
    }  # fmt: skip
    assert partners("plugins", "enable", "void").code == 0
    assert listed(partners)["void"]["status"] == "empty"
    table = partners("plugins", "list").out.splitlines()
    assert table[0].split() == ["plugin", "version", "distribution", "status", "hooks", "reason"]
    assert any(line.startswith("acme ") and "not allowed yet" in line and " reports " in line for line in table)
    rows = list(csv.DictReader(io.StringIO(partners("plugins", "list", "--format", "csv").out)))
    assert {row["name"]: row["hooks"] for row in rows}["acme"] == "plugin_info; register_reports"


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--format", "json"], ["enable", "acme"], ["disable", "acme"], ["disable", "tabular"]]
)
def test_list_enable_and_disable_import_no_plugin(site: Path, database: Path, words: list[str]) -> None:
    for fault in ("acme", "lanes"):
        write_plugin(site, fault, "import os; os._exit(9)")
    code = f"""
import sys
from partners_crm.cli.app import run
code = run(["plugins", *{words!r}])
loaded = [name for name in sys.modules if name.startswith(("module_of_", "partners_crm_tabular", "partners_crm_ex"))]
print("loaded:", loaded, [name for name in ("textual", "pluggy") if name in sys.modules])
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: [] []"


# -------------------------------------------------------------------- enable, disable


def test_a_plugin_is_allowed_turned_off_and_turned_on_again(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", WELL)
    assert partners("plugins", "enable", "acme").out == "acme is on: partners-crm-acme 1.0\n"
    assert listed(partners)["acme"]["status"] == "on"
    done = partners("plugins", "disable", "acme")
    assert done.out == "acme is off; partners plugins enable acme turns it on again\n"
    assert listed(partners)["acme"]["status"] == "disabled"
    assert partners("plugins", "enable", "acme").code == 0
    assert listed(partners)["acme"]["status"] == "on"
    assert partners("plugins", "disable", "tabular").code == 0
    assert listed(partners)["tabular"]["status"] == "disabled"


def test_what_is_not_there_is_named_with_the_nearest_name(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", WELL)
    assert_refused(partners("plugins", "enable", "acne"), 2, "there is no plugin acne; is it acme?")
    assert_refused(partners("plugins", "enable", "acme", "--distribution", "x"), 2, "no distribution x brings")
    assert_refused(partners("plugins", "disable", "Not A Name"), 2, "there is no plugin Not A Name")
    assert_refused(partners("plugins", "doctor", "acne"), 2, "there is no plugin acne")
    done = partners("plugins", "disable", "acne")  # it may be installed somewhere else
    assert (done.code, done.err) == (0, "warning: no plugin acne is installed here; is it acme?\n")


def test_of_two_with_one_name_a_person_picks_one(partners: Partners, site: Path) -> None:
    for name in ("acme-one", "acme-two"):
        write_plugin(site, "acme", WELL, distribution=name, module=f"module_of_{name.replace('-', '_')}")
    done = partners("plugins", "list")
    assert done.out.count("both bring it") == 2
    assert_refused(partners("plugins", "enable", "acme"), 2, "which acme?", "acme-one or acme-two")
    assert partners("plugins", "enable", "acme", "--distribution", "Acme_Two").code == 0
    found = listed(partners)["acme"]
    assert (found["status"], found["distribution"]) == ("on", "acme-two")
    assert partners("plugins", "disable", "acme").code == 0
    assert partners("plugins", "enable", "acme").out == "acme is on: acme-two 1.0\n"


def test_what_was_said_of_a_plugin_that_is_not_installed_can_be_taken_back(partners: Partners, tmp_path: Path) -> None:
    own = tmp_path / "own"
    write_plugin(own, "acme", WELL, style="folder")
    assert partners("plugins", "disable", "acme").code == 0
    assert listed(partners, "--plugins-dir", own)["acme"]["status"] == "disabled"
    done = partners("plugins", "enable", "acme")
    assert done.out == "acme is not installed here; what was said of it is taken back\n"
    assert listed(partners, "--plugins-dir", own)["acme"]["status"] == "on"
    assert partners("plugins", "enable", "acme").code == 2
    assert partners("--plugins-dir", own, "plugins", "enable", "acme").out == f"acme is on: {own}\n"


def test_enabling_says_where_it_is_left_out_all_the_same(
    partners: Partners, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(site, "acme", WELL)
    monkeypatch.setenv("PARTNERS_PLUGINS", "tabular")
    done = partners("plugins", "enable", "acme")
    assert done.err == "warning: it is not loaded all the same: PARTNERS_PLUGINS does not name it\n"


def test_consent_that_cannot_be_read_is_named_and_turning_off_works_all_the_same(
    partners: Partners, site: Path
) -> None:
    write_plugin(site, "acme", WELL)
    path = config_folder() / "plugins.json"
    path.parent.mkdir(parents=True)
    path.write_text("{", "utf-8")
    for words in (["plugins", "list"], ["plugins", "doctor"], ["config", "list"]):
        done = partners(*words)
        assert_refused(done, 2, f"{path} says which plugins you allow, and cannot be read", "--no-plugins")
    assert partners("--no-plugins", "plugins", "list").code == 0
    done = partners("plugins", "disable", "acme")
    assert done.code == 0
    assert "could not be read; it is" in done.err
    assert listed(partners)["acme"]["status"] == "disabled"


def test_no_plugins_loads_none_whatever_there_is(partners: Partners, site: Path, tmp_path: Path) -> None:
    write_plugin(tmp_path / "own", "bad", "raise SystemExit", style="folder")
    for words in (["--no-plugins"], ["--no-plugins", "--plugins-dir", str(tmp_path / "own")]):
        assert listed(partners, *words) == {}
    done = partners("plugins", "list", "--no-plugins")
    assert (done.code, done.err) == (0, "no plugins: --no-plugins leaves all out\n")
    assert partners("plugins", "doctor", "--no-plugins").out == "0 plugins examined, 0 findings\n"


# -------------------------------------------------------------------- which are loaded


def test_a_plugins_folder_is_loaded_when_it_is_named_and_never_by_itself(
    partners: Partners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("acme", "lanes"):
        write_plugin(tmp_path / name, name, WELL, style="folder")
    monkeypatch.chdir(tmp_path / "acme")
    assert sorted(listed(partners)) == BUNDLED
    named = listed(partners, "--plugins-dir", tmp_path / "acme", "--plugins-dir", tmp_path / "lanes")
    assert sorted(named) == ["acme", *BUNDLED[:2], "lanes", "tabular"]
    assert named["acme"]["status"] == "on"
    assert named["acme"]["distribution"] == str(tmp_path / "acme")
    assert_refused(partners("--plugins-dir", tmp_path / "none", "plugins", "list"), 2, "none: the plugins in it cannot")


def test_the_variable_names_the_only_ones(partners: Partners, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plugin(site, "acme", WELL)
    monkeypatch.setenv("PARTNERS_PLUGINS", " Partners.CRM_acme , nobody,")
    done = partners("plugins", "list")
    assert done.err == "partners: PARTNERS_PLUGINS names nobody, which is not installed\n"
    found = listed(partners)
    assert {name: each["status"] for name, each in found.items()} == {"acme": "on"} | dict.fromkeys(BUNDLED, "left out")
    monkeypatch.setenv("PARTNERS_PLUGINS", "")
    assert {each["status"] for each in listed(partners).values()} == {"left out"}


def test_unattended_nobody_is_asked(database: Path, site: Path) -> None:
    write_plugin(site, "acme", WELL)
    done = subprocess.run(
        [sys.executable, "-m", "partners_crm", "--db", database, "plugins", "doctor"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert "is new" not in done.stderr
    assert "acme: allow it: partners plugins enable acme" in done.stdout


@pytest.mark.parametrize(("answer", "state"), [(b"y\n", "allowed"), (b"no\n", "disabled"), (b"\n", ""), (b"\x04", "")])
def test_a_person_at_a_terminal_is_asked_with_distribution_version_and_hooks(
    database: Path, site: Path, answer: bytes, state: str
) -> None:
    write_plugin(site, "acme", WELL)
    screen, terminal = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "partners_crm", "--db", database, "plugins", "doctor"],
        stdin=terminal,
        stderr=terminal,
        stdout=subprocess.DEVNULL,
    )
    os.close(terminal)
    said = b""
    while b"not now" not in said:
        said += os.read(screen, 4096)
    os.write(screen, answer)
    while True:
        try:
            more = os.read(screen, 4096)
        except OSError:
            break
        if not more:
            break
    assert program.wait(60) in {0, 1}
    os.close(screen)
    text = " ".join(said.decode().split())
    assert "the plugin acme is new: partners-crm-acme 1.0, with the hooks plugin_info, register_reports" in text
    path = config_folder() / "plugins.json"
    kept = json.loads(path.read_text("utf-8"))["plugins"] if path.exists() else {}
    assert kept == ({"acme": {"state": state, "distribution": "partners-crm-acme"}} if state else {})


@pytest.mark.parametrize("which", ["stdin", "stderr"])
def test_nobody_is_asked_where_the_answer_or_the_question_would_get_lost(
    database: Path, site: Path, which: str
) -> None:
    write_plugin(site, "acme", WELL)
    screen, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "partners_crm", "--db", database, "plugins", "doctor"],
        stdin=terminal if which == "stdin" else subprocess.DEVNULL,
        stderr=terminal if which == "stderr" else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(terminal)
    os.close(screen)
    assert b"acme: allow it: partners plugins enable acme" in done.stdout


# -------------------------------------------------------------------- failures


def test_a_failure_is_said_kept_for_the_list_and_found_by_the_doctor(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", WRONG)
    assert partners("plugins", "enable", "acme").code == 0
    code, findings = doctored(partners)
    assert code == 1
    (finding,) = [each for each in findings if each["plugin"] == "acme"]
    assert (finding["where"], finding["message"]) == ("register_reports", "it raised ValueError")
    assert finding["remedy"].startswith("at module_of_acme.py:4 in register_reports; ")
    (failure,) = listed(partners)["acme"]["failures"]
    assert (failure["hook"], failure["reason"]) == ("register_reports", "it raised ValueError")
    assert "failed last: register_reports: it raised ValueError" in partners("plugins", "list").out
    write_plugin(site, "acme", WELL)
    del sys.modules["module_of_acme"]
    assert [each for each in doctored(partners)[1] if each["plugin"] == "acme"] == []
    assert listed(partners)["acme"]["failures"] == []


def test_a_plugin_that_cannot_be_loaded_is_failed_in_the_list_too(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", f"import nothing_of_that_name\n{WELL}")
    partners("plugins", "enable", "acme")
    assert listed(partners)["acme"]["status"] == "on"  # nobody has tried yet, and the list does not
    done = partners("config", "list")
    assert "the plugin acme failed: it raised ModuleNotFoundError: No module named" in done.err
    assert done.code == 0
    found = listed(partners)["acme"]
    assert found["status"] == "failed"
    assert found["reason"] == "it raised ModuleNotFoundError: No module named 'nothing_of_that_name'"
    write_plugin(site, "acme", WELL, version="1.1")
    Path(site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt").unlink()
    assert listed(partners)["acme"]["status"] == "on"  # another version: it may be mended


def test_twelve_bad_plugins_together_leave_the_others_whole_and_are_all_named(
    partners: Partners, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = write_bad_plugins(site)
    assert len(names) == len(FAULTS) == 12
    monkeypatch.setattr("partners_crm.cli.plugins.Policy", partial(Policy, limit=1.0))
    for name in (*names, GOOD):
        assert partners("plugins", "enable", name).code == 0
    code, findings = doctored(partners)
    culprits = {each["plugin"] for each in findings}
    assert code == 1
    assert culprits & {*names, GOOD} == {*names} - {"bad_changes_input"}
    found = listed(partners)
    assert {name for name, each in found.items() if each["status"] == "failed"} == {
        f"bad_{each}" for each in AT_LOADING
    }
    assert {name for name, each in found.items() if each["failures"]} & {*names, GOOD} == {*names} - {
        "bad_changes_input"
    }
    assert found[GOOD]["status"] == "on"


@pytest.mark.parametrize("how", ["option", "variable"])
def test_strictly_a_failed_plugin_is_the_exit_code(
    partners: Partners, site: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    write_plugin(site, "acme", "import nothing_of_that_name")
    partners("plugins", "enable", "acme")
    strict = ["--strict-plugins"] if how == "option" else []
    if how == "variable":
        monkeypatch.setenv("PARTNERS_STRICT_PLUGINS", "1")
    assert partners(*strict, "config", "list").code == 7
    assert partners("config", "list", *strict).code == 7
    assert partners(*strict, "plugins", "doctor").code == 7  # 1 without
    assert partners(*strict, "config", "set", "acme.rows", "7").code == 2  # worse, and said
    assert partners(*strict, "--no-plugins", "config", "list").code == 0
    assert partners(*strict, "coverage", "check").code == 1  # it needed no plugin
    monkeypatch.setenv("PARTNERS_STRICT_PLUGINS", "no")
    assert partners("config", "list").code == 0


def test_strictly_what_is_worse_than_a_failed_plugin_stays_the_exit_code(partners: Partners, site: Path) -> None:
    write_plugin(site, "bad", "import nothing_of_that_name")
    offer = "[Report(name=each, title='D', run=lambda context, terms, each=each: Outcome(**{each: True}))"
    reports = f"@hookimpl\ndef register_reports():\n    return {offer} for each in ('undecided', 'findings')]\n"
    write_plugin(site, "acme", HEAD + reports)
    for name in ("acme", "bad"):
        partners("plugins", "enable", name)
    for strict, codes in (((), (3, 1)), (("--strict-plugins",), (3, 7))):
        assert tuple(partners(*strict, "report", each).code for each in ("undecided", "findings")) == codes


# -------------------------------------------------------------------- what no boundary can stop


def run_program(database: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "partners_crm", "--db", database, *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def test_a_plugin_that_ends_the_program_is_off_at_the_next_start_and_can_be_turned_on_again(
    database: Path, site: Path, partners: Partners
) -> None:
    write_plugin(site, "acme", DIES)
    assert partners("plugins", "enable", "acme").code == 0
    assert run_program(database, "plugins", "doctor").returncode == 3  # of os._exit
    done = run_program(database, "plugins", "doctor")
    assert done.returncode == 1
    assert "the plugin acme was running when the program ended without a word; it is off now" in done.stderr
    assert "acme: it was running when the program ended without a word" in done.stdout
    found = listed(partners)["acme"]
    assert (found["status"], found["reason"]) == (
        "killed",
        "it was running when the program ended without a word: partners plugins enable acme",
    )
    write_plugin(site, "acme", WELL)
    assert partners("plugins", "enable", "acme").code == 0
    assert listed(partners)["acme"]["status"] == "on"
    assert not list(plugin_state().glob(f"{PREFIX}*"))


def test_a_program_that_is_interrupted_blames_nobody(database: Path, site: Path, partners: Partners) -> None:
    slow = "print('called', flush=True); import time; time.sleep(60)"
    write_plugin(site, "acme", f"{HEAD}@hookimpl\ndef register_reports():\n    {slow}\n")
    assert partners("plugins", "enable", "acme").code == 0
    program = subprocess.Popen(
        [sys.executable, "-m", "partners_crm", "--db", database, "plugins", "doctor"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert program.stderr is not None
    assert program.stderr.readline() == b"called\n"  # what a plugin prints is no data
    program.send_signal(signal.SIGINT)
    assert program.wait(30) == 130  # it does not wait for the one that hangs
    program.stderr.close()
    assert listed(partners)["acme"]["status"] == "on"


def test_the_list_says_who_was_running(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", WELL)
    plugin_state().mkdir(parents=True)
    (plugin_state() / f"{PREFIX}1-1").write_text(f"{_boot()}\nacme", "utf-8")
    done = partners("plugins", "list")
    assert "the plugin acme was running when the program ended without a word" in done.err
    assert listed(partners)["acme"]["status"] == "killed"


# -------------------------------------------------------------------- settings, trace


def test_settings_of_a_plugin_are_set_listed_and_secrets_never_shown(
    partners: Partners, site: Path, contents: Contents
) -> None:
    write_plugin(site, "acme", WELL)
    partners("plugins", "enable", "acme")
    before = contents()
    assert partners("config", "set", "acme.token", "s3cret").out == "acme.token = ****\n"
    assert partners("config", "set", "acme.rows", "007").out == "acme.rows = 7\n"
    assert partners("config", "get", "acme.token").out == "****\n"
    assert partners("config", "get", "acme.rows").out == "7\n"
    rows = {each["setting"]: each for each in json.loads(partners("config", "list", "--format", "json").out)}
    assert (rows["acme.token"]["value"], rows["acme.rows"]["value"]) == ("****", "7")
    assert rows["acme.token"]["about"] == "Theirs."
    path = config_folder() / "plugin-settings.json"
    assert rows["acme.rows"]["origin"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "s3cret" in path.read_text("utf-8")
    assert contents() == before  # nothing of it is in the coalition, so nothing leaves with an export
    assert_refused(partners("config", "set", "acme.rows", "many"), 2, "acme.rows: 'many' is no whole number")
    assert_refused(
        partners("config", "set", "acme.colour", "red"), 2, "no setting acme.colour", "acme.token, acme.rows"
    )
    assert_refused(partners("config", "get", "nobody.x"), 2, "no setting nobody.x", "no plugin nobody is installed")
    assert_refused(partners("config", "set", "tabular.x", "1"), 2, "the plugin tabular has no settings")
    assert_refused(partners("config", "set", "acme.token"), 2, "which value of acme.token?")
    assert partners("config", "set", "acme.rows", "").out == "acme.rows = \n"
    assert partners("config", "get", "acme.rows").out == "10\n"
    partners("plugins", "disable", "acme")
    assert_refused(partners("config", "get", "acme.rows"), 2, "the plugin acme is not loaded")


def test_a_trace_shows_every_call_with_its_time(
    partners: Partners, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(site, "acme", WELL)
    partners("plugins", "enable", "acme")
    plain = partners("config", "list")
    assert plain.err == ""
    for done in (
        partners("plugins", "trace", "config", "list"),
        partners("plugins", "trace", "config", "list", "--origin"),
    ):
        lines = [line.split() for line in done.err.splitlines()]
        assert all(line[0] == "trace:" and line[-1] == "ms" and float(line[-2]) >= 0 for line in lines)
        assert [line[2] for line in lines if line[1] == "acme"] == ["imported", "plugin_info", "hooks"]
        assert done.code == 0
    assert "PARTNERS_TRACE" not in os.environ
    monkeypatch.setenv("PARTNERS_TRACE", "1")
    assert "trace: acme" in partners("config", "list").err
    assert_refused(partners("plugins", "trace"), 2, "which command?")
    assert partners("plugins", "trace", "frob").code == 2


def test_while_a_screen_has_the_terminal_a_trace_goes_to_a_file(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNERS_TRACE", "yes")
    policy = policy_of(Namespace(), screen=True)
    assert policy.on_call is not None
    for failed in (False, True):
        policy.on_call(Traced(plugin="acme", hook="view dues", seconds=0.0123, failed=failed))
    assert capfd.readouterr() == ("", "")
    path = plugin_state() / TRACE_FILE
    lines = [line.split(maxsplit=1)[1] for line in path.read_text("utf-8").splitlines()]
    assert lines == ["acme  view dues  12.3 ms", "acme  view dues  12.3 ms  failed"]
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    path.mkdir()
    policy.on_call(Traced(plugin="acme", hook="view dues", seconds=1, failed=False))  # no failure of the plugin's


def test_for_authors_the_boundary_can_be_left_open(
    partners: Partners, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(site, "acme", WRONG)
    partners("plugins", "enable", "acme")
    monkeypatch.setenv("PARTNERS_BARE_PLUGINS", "1")
    done = partners("plugins", "doctor", "--debug")
    assert done.code == 70
    assert "ValueError: Dana Reyes" in done.err
    assert "in register_reports" in done.err


# -------------------------------------------------------------------- what a command pays


def test_with_all_plugins_installed_a_coverage_check_loads_no_screen_no_plugin_and_scans_nothing(
    database: Path, site: Path
) -> None:
    write_plugin(site, "acme", WELL, groups=("partners_crm", "partners_crm.tui"))
    code = """
import sys
from partners_crm.cli.app import run
code = run(["--db", sys.argv[1], "coverage", "check"])
words = ("textual", "rich", "pluggy", "importlib.metadata", "platformdirs", "partners_crm_", "module_of_")
print("loaded:", sorted(name for name in sys.modules if name.startswith(words)))
print("plugin room:", sorted(name for name in sys.modules if name.startswith("partners_crm.plugins")))
assert code == 1, code
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(database)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["loaded: []", "plugin room: []"]


# -------------------------------------------------------------------- leaving, and text that would act


HANGS = f"""{HEAD}
from concurrent.futures import ThreadPoolExecutor
import threading, time
@hookimpl
def register_reports():
    threading.Thread(target=time.sleep, args=(600,), daemon=False).start()
    return list(ThreadPoolExecutor().map(time.sleep, [600]))
"""


def test_quitting_does_not_wait_for_a_plugin_that_hangs_nor_for_its_threads(
    database: Path, site: Path, partners: Partners
) -> None:
    write_plugin(site, "acme", HANGS)
    partners("plugins", "enable", "acme")
    code = """
import sys
from partners_crm.cli import main, plugins
from partners_crm.plugins import policy
from functools import partial
plugins.Policy = partial(policy.Policy, limit=1.0)
sys.argv[1:] = ["plugins", "doctor"]
main.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert "acme: register_reports: it did not answer within 1 s" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("4 plugins examined, ")
    assert not list(plugin_state().glob(f"{PREFIX}*"))  # it ended as it should: nobody is blamed


def test_words_of_a_plugin_act_on_no_terminal(partners: Partners, site: Path) -> None:
    hostile = "x\\x1b]52;c;ZXZpbA==\\x07\\x9b2J\\u202e[@click=app.quit]"
    write_plugin(site, "acme", f"raise ValueError('{hostile}')\n")
    partners("plugins", "enable", "acme")
    for words in (
        ["plugins", "doctor"],
        ["plugins", "list"],
        ["plugins", "list", "--format", "json"],
        ["config", "list"],
    ):
        done = partners(*words)
        assert "ValueError" in done.out + done.err
        assert not set("\x1b\x07\x9b\u202e") & set(done.out + done.err)
