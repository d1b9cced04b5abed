"""Setting up: init, where, config, completion, the demo, and the screen that needs a terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.cli.app import COMMANDS
from partners_crm.cli.paths import config_folder, data_folder
from partners_crm.cli.person import config_file
from partners_crm.model import ENTITIES

SHELLS = ("bash", "zsh", "fish")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -------------------------------------------------------------------- init


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_a_new_coalition_is_its_owners_alone(partners: Partners, tmp_path: Path, mask: int) -> None:
    path = tmp_path / "new" / "coalition.db"
    before = os.umask(mask)
    try:
        result = partners("--db", path, "init", "--name", "Prairie Table")
    finally:
        os.umask(before)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == f"created Prairie Table in {path}"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert [each.name for each in path.parent.iterdir()] == ["coalition.db"]
    assert partners("--db", path, "config", "get", "name").out == "Prairie Table\n"


def test_init_refuses_whatever_is_there(partners: Partners, database: Path, contents: Contents, tmp_path: Path) -> None:
    before = contents()
    assert_refused(partners("init"), 4, "exists already")
    assert contents() == before
    other = tmp_path / "letter.txt"
    other.write_text("dear Dana", "utf-8")
    assert_refused(partners("--db", other, "init"), 4, "exists already")
    assert other.read_text("utf-8") == "dear Dana"
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    assert partners("--db", link, "init").code != 0
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize("state", ["zz", "", "../..", "x" * 300])
def test_init_for_a_state_without_maps_leaves_nothing(partners: Partners, tmp_path: Path, state: str) -> None:
    path = tmp_path / "new.db"
    assert_refused(partners("--db", path, "init", "--state", state), 2, "no district maps")
    assert not list(tmp_path.glob("new.db*"))


# -------------------------------------------------------------------- where and config


def test_where_names_every_file_and_why(
    bare: Partners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def named(*words: str) -> dict[str, tuple[str, str]]:
        rows = json.loads(bare("where", "--format", "json", *words).out)
        return {row["file"]: (row["path"], row["why"]) for row in rows}

    own = named()
    assert own["database"] == (str(data_folder() / "coalition.db"), "default")
    assert all(Path(path).is_relative_to(home) for path, _ in own.values())
    assert set(own) == {
        "database",
        "database log",
        "shared memory",
        "locks",
        "search index",
        "backups",
        "demo",
        "settings",
        "drafts",
        "last runs",
        "plugins",
        "plugin settings",
        "plugin state",
        "plugin list",
        "crash reports",
    }
    monkeypatch.setenv("PARTNERS_DB", str(tmp_path / "variable.db"))
    assert named()["database"] == (str(tmp_path / "variable.db"), "PARTNERS_DB")
    option = named("--db", str(tmp_path / "option.db"))
    assert option["database"] == (str(tmp_path / "option.db"), "--db")
    assert option["database log"][0] == str(tmp_path / "option.db-wal")
    assert option["settings"][0] == str(config_file())
    assert not list(home.iterdir())


def test_the_database_is_found_by_option_then_variable_then_home(
    bare: Partners, database: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    assert bare("init", "--name", "Own").code == 0
    assert bare("config", "get", "name").out == "Own\n"
    monkeypatch.setenv("PARTNERS_DB", str(database))
    assert bare("config", "get", "name").out == "Test Coalition\n"
    assert bare("--db", data_folder() / "coalition.db", "config", "get", "name").out == "Own\n"
    monkeypatch.setenv("PARTNERS_DB", "~/missing.db")
    assert_refused(bare("list", "organizations"), 4, str(home / "missing.db"))


def test_a_setting_is_read_changed_and_told_with_its_origin(partners: Partners) -> None:
    def origins() -> dict[str, tuple[str, str]]:
        rows = json.loads(partners("config", "list", "--origin", "--format", "json").out)
        return {row["setting"]: (row["value"], row["origin"]) for row in rows}

    before = origins()
    assert before["theme"] == ("dark", "default")
    assert before["map"] == ("", "default")
    assert before["name"] == ("Test Coalition", "coalition")
    assert partners("config", "set", "theme", "light").out == "theme = light\n"
    assert partners("config", "set", "map", "il-2011").out == "map = il-2011\n"
    assert partners("config", "get", "theme").out == "light\n"
    assert json.loads(partners("config", "get", "map", "--format", "json").out) == "il-2011"
    assert origins()["theme"] == ("light", str(config_file()))
    assert origins()["map"] == ("il-2011", "coalition")
    table = partners("config", "list", "--origin").out
    assert str(config_file()) in table
    assert "origin" not in partners("config", "list").out
    assert mode(config_file()) == 0o600
    assert partners("config", "set", "map", "").code == 0
    assert origins()["map"] == ("", "default")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("theme = ", "config.toml"),
        ('theme = "pink"\n', "is not a choice"),
        ("theme = 3\n", "is not a choice"),
        ('colour = "red"\n', "there is no setting colour"),
        ("\udcff", "config.toml"),
    ],
)
def test_a_settings_file_that_is_wrong_is_named_and_left_alone(partners: Partners, text: str, words: str) -> None:
    path = config_file()
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8", errors="surrogateescape")
    before = path.read_bytes()
    assert_refused(partners("config", "get", "theme"), 2, words, str(path))
    assert_refused(partners("config", "set", "theme", "light"), 2, words)
    assert path.read_bytes() == before


# -------------------------------------------------------------------- completion


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_is_valid_and_names_every_command(bare: Partners, shell: str, tmp_path: Path) -> None:
    result = bare("completion", shell)
    assert (result.code, result.err) == (0, "")
    for name in COMMANDS:
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", result.out), name
    for word in ("--min-match", "--dry-run", "--origin", *(table.entity.plural for table in ENTITIES)):
        assert word in result.out
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed: its words were checked, its grammar was not")
    script = tmp_path / "completion"
    script.write_text(result.out, "utf-8")
    checked = subprocess.run([program, "-n", str(script)], capture_output=True, text=True, timeout=30, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ([""], set(COMMANDS)),
        (["co"], {"coverage", "config", "completion"}),
        (["list", "org"], {"organizations"}),
        (["show", "organ"], {"organization"}),
        (["config", "s"], {"set"}),
        (["coverage", "check", "--min-"], {"--min-count", "--min-match"}),
        (["import", "--d"], {"--dry-run", "--delimiter", "--db", "--debug"}),
        (["coverage", "check", "--basis", ""], {"any", "hq", "service"}),
        (["list", "organizations", "--format", "j"], {"json"}),
        (["--db", "x.db", "co"], {"coverage", "config", "completion"}),
    ],
)
def test_bash_completes_what_was_typed(bare: Partners, typed: list[str], completed: set[str], home: Path) -> None:
    script = bare("completion", "bash", "--no-plugins").out + (
        '\nCOMP_WORDS=(partners "$@"); COMP_CWORD=$#; _partners; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    found = subprocess.run(
        ["bash", "-c", script, "bash", *typed], capture_output=True, text=True, timeout=30, cwd=home, check=True
    )
    assert set(found.stdout.split()) == completed


# -------------------------------------------------------------------- the screen and the demo


def test_the_screen_needs_a_terminal(partners: Partners, contents: Contents) -> None:
    before = contents()
    assert_refused(partners("ui"), 2, "needs a terminal")
    assert contents() == before


def test_the_demo_has_a_file_of_its_own(bare: Partners, home: Path) -> None:
    result = bare("demo", "--no-tui")
    path = data_folder() / "demo-tiny.db"
    assert (result.code, mode(path)) == (0, 0o600)
    assert "all invented" in result.out
    assert str(path) in result.err
    assert not (data_folder() / "coalition.db").exists()
    found = json.loads(bare("demo", "--format", "json").out)
    assert found["schema_version"] == 1
    assert found["totals"]["house"]["districts"] == 118
    assert not config_folder().exists()


def test_the_demo_keeps_its_edits_until_it_is_started_afresh(partners: Partners, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    assert partners("--db", path, "demo").code == 0
    assert partners("--db", path, "add", "organization", "name=Added Later").code == 0
    assert partners("--db", path, "demo").code == 0
    assert partners("--db", path, "show", "organization", "Added Later").code == 0
    assert partners("--db", path, "demo", "--fresh").code == 0
    assert partners("--db", path, "show", "organization", "Added Later").code == 2


@pytest.mark.parametrize("words", [["demo"], ["demo", "--fresh"], ["demo", "--no-tui"]], ids=" ".join)
def test_the_demo_refuses_a_coalition_that_is_none(
    members: Partners,
    bare: Partners,
    contents: Contents,
    database: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = contents()
    assert_refused(members(*words), 2, "no demo")
    monkeypatch.setenv("PARTNERS_DB", str(database))
    assert_refused(bare(*words), 2, "no demo")
    assert contents() == before
