"""What plugins bring to the command line: commands, reports, checks, columns, geocoders, words, completion, help."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.cli.app import COMMANDS
from partners_crm.crm import Crm
from partners_crm.model import Operation
from partners_crm.store.read import tuples

HEAD = "from partners_crm.plugins import *\nfrom partners_crm.errors import CannotDecide, QueryError\n"
Plugins = Callable[..., Partners]

DUES = """
ROWS = (("Near West Homes", 12.5, True, None), ("=1+1", 3, False, "\\x1b]0;owned\\x07[red]"))

@hookimpl
def register_commands():
    def listed(context, options):
        year = options["year"]
        sheet = Sheet(title="Dues 100%", note=f"in {year}", columns=("name", "due", "paid", "note"), rows=ROWS)
        return Outcome(sheets=(sheet,), notes=("nothing was changed",), findings=options["all"] == "yes")

    def added(context, options):
        with context.changes("dues") as changes:
            record = changes.add("organization", name=options["name"])
        return Outcome(notes=(f"added organization {record.id}", "partners undo takes it back"))

    def told(context, options):
        return Outcome(sheets=(Sheet(title="", columns=("option", "value"), rows=tuple(options.items())),))

    def undecided(context, options):
        return Outcome(undecided=True, findings=options["name"] == "found")

    def refused(context, options):
        raise CannotDecide("nobody knows", "ask")

    def broken(context, options):
        raise ValueError("Dana Reyes")

    name = Option(name="name", help="what it is called", is_word=True, required=True)
    return [
        Command(name="dues", about="what members owe, 100%", verbs=(
            Verb(name="list", about="list what is owed, %(prog)s and 5 %", run=listed, options=(
                Option(name="year", help="of which year", default="2026", choices=("2025", "2026")),
                Option(name="all", help="everything", is_flag=True),
            )),
            Verb(name="add", about="add somebody", run=added, writes=True, options=(name,)),
            Verb(name="told", about="say the options", run=told, options=(
                Option(name="first", help="a word", is_word=True, required=True),
                Option(name="second", help="a word", is_word=True, default="else"),
                Option(name="of", help="a text", default="none"),
                Option(name="must", help="a text", required=True),
                Option(name="odd", help="one of some", choices=("a [b]", "%s", "c")),
                Option(name="on", help="a flag", is_flag=True),
            )),
            Verb(name="which", about="undecided", run=undecided, options=(
                Option(name="name", help="a word", is_word=True, default=""),
            )),
            Verb(name="refuse", about="refuse", run=refused),
            Verb(name="break", about="break", run=broken),
        )),
    ]
"""

REPORTS = """
@hookimpl
def register_reports():
    def overlap(context, options):
        return Outcome(sheets=(
            Sheet(title="Shared", columns=("association", "members"), rows=(("Alpha", 2), ("Beta", 10))),
            Sheet(title="Alone", columns=("members", "why"), rows=((3, "no association"),)),
            Sheet(title="Nobody", columns=("x",), rows=()),
        ))

    def stance(context, options):
        return Outcome(sheets=(Sheet(title="Postures", columns=("who",), rows=(("Alpha",),)),))

    return [
        Report(name="overlap", title="Shared members", run=overlap, options=(Option(name="by", help="by what"),)),
        Report(name="stance", title="Postures of associations", run=stance, private=True),
    ]
"""


@pytest.fixture
def plugins(partners: Partners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """The command with plugins written as text, and no others but those that read and write files."""

    def call(**texts: str) -> Partners:
        folder = tmp_path / "plugins"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.py").write_text(HEAD + dedent(text), encoding="utf-8")
            sys.modules.pop(f"partners_crm_local.{name}", None)
        monkeypatch.setenv("PARTNERS_PLUGINS", ",".join(("tabular", *texts)))
        return lambda *words: partners("--plugins-dir", folder, *words)

    return call


@pytest.fixture
def dues(plugins: Plugins) -> Partners:
    return plugins(acme=DUES)


# -------------------------------------------------------------------- commands


def test_a_command_prints_its_sheet_and_its_notes(dues: Partners) -> None:
    found = dues("dues", "list")
    assert (found.code, found.err) == (0, "nothing was changed\n")
    assert found.out.splitlines()[:3] == ["Dues 100%", "in 2026", "name              due  paid  note"]
    assert "\x1b" not in found.out
    assert "[red]" in found.out
    assert found.out.splitlines()[4] == "Near West Homes  12.5  yes"


def test_its_options_are_read(dues: Partners) -> None:
    assert dues("dues", "list", "--year", "2025", "--all").code == 1
    assert_refused(dues("dues", "list", "--year", "1999"), 2, "--year")
    told = json.loads(dues("dues", "told", "one", "--must", "x", "--on", "--odd", "a [b]", "--format", "json").out)
    assert {row["option"]: row["value"] for row in told["sheets"][0]["rows"]} == {
        "first": "one",
        "second": "else",
        "of": "none",
        "must": "x",
        "odd": "a [b]",
        "on": "yes",
    }
    assert_refused(dues("dues", "told", "--must", "x"), 2, "FIRST")
    assert_refused(dues("dues", "told", "one"), 2, "--must")
    assert_refused(dues("dues"), 2, "which verb?", "list, add, told, which, refuse, break")
    assert_refused(dues("dues", "lst"), 2, "there is no verb lst")


def test_the_json_of_a_command_is_documented(dues: Partners) -> None:
    found = json.loads(dues("dues", "list", "--format", "json").out)
    assert found == {
        "schema_version": 1,
        "plugin": "acme",
        "command": "dues list",
        "private": False,
        "left_out": False,
        "findings": False,
        "undecided": False,
        "sheets": [
            {
                "title": "Dues 100%",
                "note": "in 2026",
                "columns": ["name", "due", "paid", "note"],
                "rows": [
                    {"name": "Near West Homes", "due": 12.5, "paid": True, "note": None},
                    {"name": "=1+1", "due": 3, "paid": False, "note": "\x1b]0;owned\x07[red]"},
                ],
            }
        ],
        "notes": ["nothing was changed"],
    }
    page = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text("utf-8")
    assert all(f"`{key}`" in page for key in [*found, *found["sheets"][0]])


def test_no_cell_of_its_csv_is_a_formula(dues: Partners) -> None:
    rows = list(csv.reader(io.StringIO(dues("dues", "list", "--format", "csv").out)))
    assert rows[0] == ["name", "due", "paid", "note"]
    assert rows[1] == ["Near West Homes", "12.5", "yes", ""]
    assert rows[2][0] == "'=1+1"


@pytest.mark.parametrize(("words", "code"), [(["which"], 3), (["which", "found"], 1), (["which", "other"], 3)])
def test_a_finding_wins_over_an_undecided_rest(dues: Partners, words: list[str], code: int) -> None:
    found = dues("dues", *words)
    assert (found.code, found.out) == (code, "")


def test_what_it_refuses_is_refused_in_its_words_and_what_breaks_names_it(dues: Partners) -> None:
    assert_refused(dues("dues", "refuse"), 3, "nobody knows", "ask")
    broken = dues("dues", "break")
    assert broken.code == 3
    assert "the plugin acme failed in command dues: it raised ValueError" in broken.err
    assert "Dana" not in broken.err
    assert dues("--strict-plugins", "dues", "break").code == 7


def test_a_verb_that_writes_is_one_operation_that_can_be_undone(
    dues: Partners, contents: Contents, tmp_path: Path
) -> None:
    before = contents()
    added = dues("dues", "add", "River Table")
    assert (added.code, added.out) == (0, "")
    assert added.err.splitlines()[-2:] == ["added organization 1", "partners undo takes it back"]
    assert [each["name"] for each in json.loads(dues("list", "organizations", "--format", "json").out)] == [
        "River Table"
    ]
    with Crm.open(tmp_path / "coalition.db") as crm:
        written = tuples(crm.db, Operation.select(Operation.title, Operation.plugin).where(Operation.id == 2))
    assert written == [("dues", "acme")]
    assert list((tmp_path / "coalition.db-backups").glob("*-daily.db"))
    assert dues("undo").code == 0
    assert [line for line in contents() if line.startswith("organization")] == [
        line for line in before if line.startswith("organization")
    ]


def test_its_help_says_what_it_declares(dues: Partners) -> None:
    whole = dues("dues", "--help")
    assert whole.code == 0
    assert "what members owe, 100%" in whole.out
    assert "list what is owed, %(prog)s and 5 %" in whole.out
    one = dues("dues", "list", "--help")
    assert "--year {2025,2026}" in one.out
    assert "--db FILE" in one.out
    odd = dues("dues", "told", "--help")
    assert "one of some; one of: a [b], %s, c" in " ".join(odd.out.split())


def test_the_overview_lists_it_in_a_section_of_its_own(dues: Partners) -> None:
    found = dues("--help")
    ours, _, theirs = found.out.partition("commands of plugins:\n")
    assert theirs == "  dues  what members owe, 100% (acme)\n"
    assert "dues" not in ours
    assert "commands of plugins" not in dues("--no-plugins", "--help").out


def test_a_word_that_is_no_command_is_refused(dues: Partners) -> None:
    assert_refused(dues("due", "list"), 2, "there is no command due", "see: partners --help")
    assert_refused(dues("acme", "list"), 2, "there is no command acme", "the plugin acme brings acme.dues")
    assert_refused(dues("--no-plugins", "dues", "list"), 2, "there is no command dues")
    assert dues("plugins", "disable", "acme").code == 0
    assert_refused(dues("acme"), 2, "the plugin acme is not in use: disabled")


def test_a_command_with_the_name_of_one_of_ours_is_a_named_failure(plugins: Plugins) -> None:
    verb = "(Verb(name='list', about='list', run=lambda context, options: Outcome(notes=('theirs',))),)"
    partners = plugins(
        acme=f"""
        @hookimpl
        def register_commands():
            return [Command(name="list", about="ours", verbs={verb}), Command(name="dues", about="dues", verbs={verb})]
        """
    )
    ours = partners("list", "organizations")
    assert (ours.code, "theirs" in ours.err) == (0, False)
    found = partners("dues", "list")
    assert found.code == 0
    assert (
        "the plugin acme failed in command list: it brings a command list, which is one of the program's own"
        in found.err
    )


def test_two_plugins_with_one_command_are_told_apart(plugins: Plugins) -> None:
    partners = plugins(acme=DUES, zeta=DUES)
    assert_refused(partners("dues", "list"), 2, "dues is a command of 2 plugins", "acme.dues or zeta.dues")
    assert json.loads(partners("zeta.dues", "list", "--format", "json").out)["plugin"] == "zeta"
    assert "  acme.dues  what members owe, 100% (acme)\n" in partners("--help").out


@pytest.mark.parametrize("name", ["db", "format", "help", "debug", "no-plugins"])
def test_an_option_that_is_ours_already_is_a_named_failure(plugins: Plugins, name: str) -> None:
    run = "lambda context, options: Outcome()"
    partners = plugins(
        acme=f"""
        @hookimpl
        def register_commands():
            return [Command(name="dues", about="dues", verbs=(
                Verb(name="list", about="list", run={run}, options=(Option(name="{name}", help="x"),)),
                Verb(name="well", about="well", run={run}),
            ))]
        """
    )
    refused = partners("dues", "list")
    assert refused.code == 2
    assert "the plugin acme failed in command dues: it has an option of dues list that cannot be" in refused.err
    assert f"conflicting option string: --{name}" in refused.err
    assert partners("dues", "well").code == 0


# -------------------------------------------------------------------- reports


@pytest.fixture
def reports(plugins: Plugins) -> Partners:
    return plugins(acme=REPORTS)


def test_a_report_prints_its_sheets(reports: Partners) -> None:
    found = reports("report", "overlap")
    assert found.code == 0
    assert found.out.splitlines() == [
        "Shared",
        "association  members",
        "-----------  -------",
        "Alpha              2",
        "Beta              10",
        "",
        "Alone",
        "members  why",
        "-------  --------------",
        "      3  no association",
        "",
        "Nobody",
        "nothing",
    ]
    assert reports("report", "acme.overlap").out == found.out


def test_several_sheets_are_one_table_in_csv(reports: Partners) -> None:
    rows = list(csv.reader(io.StringIO(reports("report", "overlap", "--format", "csv").out)))
    assert rows == [
        ["sheet", "association", "members", "why", "x"],
        ["Shared", "Alpha", "2", "", ""],
        ["Shared", "Beta", "10", "", ""],
        ["Alone", "", "3", "no association", ""],
    ]


def test_a_private_report_has_to_be_asked_for_so(reports: Partners) -> None:
    assert_refused(reports("report", "stance"), 2, "for staff only", "--include-private")
    found = reports("report", "stance", "--include-private", "--format", "json")
    assert (found.code, json.loads(found.out)["private"]) == (0, True)
    assert "for staff only" in found.err
    assert_refused(reports("report", "overlap", "--include-private"), 2, "--include-private")


def test_reports_stand_beside_ours(reports: Partners) -> None:
    assert "Shared members (acme)" in reports("report", "--help").out
    assert_refused(reports("report", "nothing"), 2, "there is no verb nothing", "first-look, overlap, stance")
    assert_refused(reports("report"), 2, "which verb?")
    assert reports("report", "first-look").code == 0


# -------------------------------------------------------------------- checks

CHECKS = """
@hookimpl
def register_checks():
    def late(context, terms):
        return Answer("findings", "Some are late.", (Finding("organization 1", f"later than {terms['days']} days"),))

    return [
        PluginCheck(name="late", about="nobody is late", run=late,
                    terms=(RuleTerm("days", "of delay", "30", is_number=True),)),
        PluginCheck(name="broken", about="breaks", run=lambda context, terms: 1 / 0, by_default=False),
    ]
"""


@pytest.fixture
def checks(plugins: Plugins) -> Partners:
    return plugins(acme=CHECKS)


def test_checks_run_beside_ours(checks: Partners) -> None:
    found = json.loads(checks("check", "--format", "json").out)["checks"]
    assert [each["name"] for each in found] == ["coverage", "map", "places", "seats", "acme.late"]
    assert found[-1]["findings"] == [{"key": "organization 1", "text": "later than 30 days", "remedy": ""}]
    one = checks("check", "late", "map")
    assert one.code == 1
    assert one.out.splitlines()[-1] == "2 rules: 1 met, 1 with findings"


def test_a_check_that_fails_is_an_answer_and_the_others_run(checks: Partners) -> None:
    found = checks("check", "map", "broken")
    assert found.code == 7
    assert "map: met" in found.out
    assert "acme.broken: failed\n  the plugin acme failed" in found.out
    assert checks("--strict-plugins", "check", "map", "broken").code == 7


def test_they_are_listed_with_whose_they_are(checks: Partners) -> None:
    found = json.loads(checks("check", "--list", "--format", "json").out)["checks"]
    assert [(each["name"], each["plugin"]) for each in found][-3:] == [
        ("doctor", None),
        ("acme.broken", "acme"),
        ("acme.late", "acme"),
    ]
    assert "nobody is late (plugin acme)" in checks("check", "--list").out


def test_a_rule_is_saved_for_a_check_and_fails_in_words_when_it_is_gone(checks: Partners) -> None:
    assert checks("add", "rule", "name=On time", "kind=late", "terms=days=5").code == 0
    assert_refused(checks("add", "rule", "name=Odd", "kind=late", "terms=weeks=5"), 2, "acme.late has no term weeks")
    assert_refused(checks("add", "rule", "name=Odd", "kind=zeta.late"), 2, "is no check", "acme.late")
    found = checks("check", "on time")
    assert found.out.splitlines()[0] == "On time (acme.late days=5): 1 finding"
    assert checks("edit", "rule", "On time", "terms=days=7").code == 0
    assert_refused(checks("edit", "rule", "On time", "terms=days=soon"), 2, "is not a whole number")
    gone = checks("--no-plugins", "check", "On time", "map")
    assert gone.code == 2
    assert "map: met" in gone.out
    assert "On time (acme.late days=7): failed" in gone.out
    assert "there is no check acme.late: the plugin acme is not in use" in gone.out
    assert_refused(checks("check", "nothing"), 2, "there is no rule and no check nothing", "acme.late", "On time")


@pytest.mark.parametrize("words", [("check", "coverage"), ("check", "map", "seats"), ("check", "Every House district")])
def test_a_check_of_ours_loads_no_plugin(
    partners: Partners, database: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    rule = ("name=Every House district", "kind=coverage", "terms=chamber=house")
    assert partners("add", "rule", *rule).code == 0
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "acme.py").write_text("raise SystemExit(9)")
    program = dedent(
        """
        import sys
        from partners_crm.cli.app import run
        run(sys.argv[1:])
        loaded = [name for name in ("pluggy", "textual", "rich", "partners_crm_local.acme") if name in sys.modules]
        loaded += [name for name in sys.modules if name.startswith("partners_crm.plugins")]
        print(loaded, file=sys.stderr)
        """
    )
    arguments = [sys.executable, "-c", program, "--db", str(database), "--plugins-dir", str(folder), *words]
    found = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert found.stderr.splitlines()[-1] == "[]"


# -------------------------------------------------------------------- columns, words, geocoders

SHOWING = """
@hookimpl
def register_columns():
    return [
        Column(name="dues", entity="organization", label="Dues", align="right",
               values=lambda context, ids: {key: f"{key}\\x1b[2J" for key in ids}),
        Column(name="broken", entity="organization", label="Broken", values=lambda context, ids: 1 / 0),
    ]

@hookimpl
def register_query_fields():
    def contested(context, value):
        if value not in ("yes", "no"):
            raise QueryError(f"contested cannot be {value}", "it can be: yes, no")
        return [key for key in context.ids("organization") if (key % 2 == 1) == (value == "yes")]

    return [QueryField(name="contested", entity="organization", label="Contested lanes", find=contested,
                       values=lambda context: ("yes", "no"))]

@hookimpl
def register_geocoders():
    return [
        Geocoder(name="streets", title="Streets of Peoria",
                 find=lambda context, some: [Found(80, "", 40.6936, -89.589) for _ in some]),
        Geocoder(name="few", title="Answers too few", find=lambda context, some: []),
        Geocoder(name="sea", title="In the sea", find=lambda context, some: [Found(80, "", 0.0, 0.0) for _ in some]),
    ]
"""
LIST = (
    "Organization,Address,City,State,ZIP\n"
    "Near West Homes,1840 W Invented Ave,Chicago,IL,60612\n"
    "River Table,12 Water St,Peoria,IL,61602\n"
    "Quiet House,PO Box 12,Alton,IL,62002\n"
)


@pytest.fixture
def showing(partners: Partners, plugins: Plugins, write: Callable[..., Path]) -> Partners:
    assert partners("import", write(LIST)).code == 0
    return plugins(acme=SHOWING)


def test_a_column_of_a_plugin_stands_beside_ours(showing: Partners) -> None:
    found = showing("list", "organizations", "--columns", "acme.dues,name,acme.broken")
    assert found.code == 0
    assert found.out.splitlines()[0].split() == ["id", "Dues", "Name", "Broken"]
    assert "\x1b" not in found.out
    assert all(line.rstrip().endswith("?") for line in found.out.splitlines()[2:5])
    assert found.err.count("the plugin acme failed in column broken") == 1
    assert showing("--strict-plugins", "list", "organizations", "--columns", "acme.broken").code == 7
    rows = json.loads(showing("list", "organizations", "--columns", "acme.dues", "--format", "json").out)
    assert [row["acme.dues"] for row in rows] == [f"{row['id']}\x1b[2J" for row in rows]
    assert_refused(showing("list", "organizations", "--columns", "zeta.dues"), 2, "no column zeta.dues", "plugin zeta")
    assert_refused(showing("list", "contacts", "--columns", "acme.dues"), 2, "contacts have no column acme.dues")


def test_a_list_that_asks_for_none_of_it_loads_no_plugin(showing: Partners, tmp_path: Path) -> None:
    (tmp_path / "plugins" / "acme.py").write_text("raise SystemExit(9)")
    found = showing("list", "organizations", "name:river", "--columns", "name,city")
    assert (found.code, found.err) == (0, "")


def test_a_word_of_a_plugin_is_asked_in_lists_and_saved_with_whose_it_is(showing: Partners) -> None:
    found = showing("list", "organizations", "contested:yes", "-quiet", "--explain")
    assert (found.code, found.out.splitlines()[-1]) == (0, "1 organization for contested:yes -quiet")
    assert "whose contested lanes is “yes”" in found.err
    assert showing("list", "organizations", "-contested:yes").out.splitlines()[-1] == (
        "1 organization for -contested:yes"
    )
    why = showing("list", "organizations", "contested:yes", "--why", "1").out
    assert "its contested lanes is yes" in why
    assert_refused(showing("list", "organizations", "contested:maybe"), 2, "contested cannot be maybe", "yes, no")
    assert_refused(showing("--no-plugins", "list", "organizations", "contested:yes"), 2, "have no field contested")
    assert showing("searches", "save", "Disputed", "organizations", "contested:yes").code == 0
    assert "acme.contested:yes" in showing("searches", "show", "Disputed").out
    assert len(json.loads(showing("list", "--saved", "Disputed", "--format", "json").out)) == 2
    gone = showing("--no-plugins", "searches", "check")
    assert gone.code == 1
    assert "acme" in gone.out
    assert_refused(
        showing("--no-plugins", "list", "--saved", "Disputed"), 2, "the saved search Disputed no longer runs", "acme"
    )


def test_geocoders_are_listed(showing: Partners) -> None:
    found = showing("points", "geocoders", "--format", "json")
    assert json.loads(found.out)["geocoders"][-1] == {
        "name": "acme.streets",
        "title": "Streets of Peoria",
        "plugin": "acme",
    }
    assert "partners points find --with NAME" in showing("points", "find").out
    assert "no plugin brings a geocoder" in showing("--no-plugins", "points", "geocoders").out


def test_a_geocoder_finds_points_in_one_operation(showing: Partners) -> None:
    dry = showing("points", "find", "--with", "streets", "--dry-run")
    assert dry.code == 0
    assert "2 would be placed" in dry.out
    one = showing("points", "find", "--with", "acme.streets", "--limit", "1")
    assert one.out.splitlines()[:3] == [
        "sites 3 = 1 asked + 1 left out + 1 beyond the limit",
        "left out: 1 mailing address",
        "acme.streets: asked 1 = 1 placed + 0 unchanged + 0 kept + 0 not found + 0 changed meanwhile + 0 refused",
    ]
    assert "partners undo takes it back" in one.out
    rest = json.loads(showing("points", "find", "--with", "streets", "--format", "json").out)
    assert (rest["plugin"], rest["placed"], dict(rest["left_out"])) == (
        "acme",
        1,
        {"has a point": 1, "mailing address": 1},
    )
    assert showing("undo").code == 0
    assert showing("list", "sites", "--format", "json").out.count('"match_level": 80') == 1


def test_a_geocoder_that_fails_writes_nothing(showing: Partners, contents: Contents) -> None:
    assert showing("backup").code == 0
    before = contents()
    failed = showing("points", "find", "--with", "few")
    assert failed.code == 3
    assert "the plugin acme failed in geocoder few: it answered 0 places for 2 addresses" in failed.err
    sea = showing("points", "find", "--with", "sea")
    assert sea.code == 1
    assert "2 refused" in sea.out
    assert "refused: site 1: Latitude, longitude" in sea.err
    assert contents() == before
    assert_refused(showing("points", "find", "--with", "maps"), 2, "there is no geocoder maps", "acme.streets")
    assert_refused(showing("points", "find", "--with", "streets", "--limit", "-1"), 2, "--limit")


# -------------------------------------------------------------------- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_reports_of_plugins(plugins: Plugins, shell: str) -> None:
    partners = plugins(acme=DUES + REPORTS)
    script = partners("completion", shell).out
    assert all(word in script for word in ("dues", "told", "--must", "overlap", "stance"))
    assert "a [b]" not in script
    if shell == "bash":
        assert 'dues" --year") words="2025 2026"' in script
    assert "dues" not in partners("--no-plugins", "completion", shell).out


def test_no_command_of_ours_is_called_as_a_plugin_could_be() -> None:
    assert not [name for name in COMMANDS if "." in name]


# -------------------------------------------------------------------- record types

LANES = """
@hookimpl
def register_record_types():
    return [RecordType(name="lane", plural="lanes", title="name", about="What an association speaks for.",
                       fields={"name": fields.text("Name", required=True)})]

@hookimpl
def register_commands():
    def listed(context, options):
        rows = tuple((each.id, each["name"]) for each in context.records("acme_lane"))
        return Outcome(sheets=(Sheet(title="Lanes", columns=("id", "name"), rows=rows),))

    return [Command(name="lanes", about="lanes", verbs=(Verb(name="list", about="list", run=listed),))]
"""


def test_a_list_brings_no_record_type_and_says_who_would(plugins: Plugins, contents: Contents) -> None:
    partners, before = plugins(acme=LANES), contents()
    assert_refused(partners("list", "acme_lanes"), 2, "there are no acme_lanes", "the plugin acme declares them")
    assert_refused(partners("show", "acme_lane", "1"), 2, "there are no acme_lane", "partners add acme_lane")
    assert_refused(partners("list", "zeta_lanes"), 2, "there are no zeta_lanes", "known: ")
    assert contents() == before


def test_the_first_record_brings_its_type(plugins: Plugins, contents: Contents) -> None:
    partners, before = plugins(acme=LANES), contents()
    listed = partners("lanes", "list")
    assert (listed.code, listed.err) == (0, "")
    assert contents() == before
    first = partners("add", "acme_lane", "name=Housing")
    assert first.code == 0
    assert "the plugin acme adds acme lane" in first.err
    assert "partners undo takes it back" in first.err
    assert "adds" not in partners("add", "acme_lane", "name=Food").err
    assert "Housing" in partners("lanes", "list").out
    assert partners("list", "acme_lanes").code == 0
    assert partners("--no-plugins", "list", "acme_lanes").code == 0


def test_a_read_only_coalition_is_read_and_takes_no_record(plugins: Plugins, database: Path) -> None:
    partners = plugins(acme=LANES)
    database.chmod(0o400)
    assert partners("lanes", "list").code == 0
    assert partners("add", "acme_lane", "name=Housing").code == 6


# -------------------------------------------------------------------- exports


def test_an_export_knows_words_and_columns_of_plugins(showing: Partners, tmp_path: Path) -> None:
    words = ("--where", "contested:yes", "--columns", "name,acme.dues")
    rows = json_lines(showing("export", "-", "--as", "jsonl", *words).out)
    assert sorted((row["name"], row["list: acme.dues"]) for row in rows) == [
        ("Near West Homes", "1\x1b[2J"),
        ("Quiet House", "3\x1b[2J"),
    ]
    path = tmp_path / "out.csv"
    assert_refused(showing("export", path, "--columns", "zeta.dues"), 2, "no column zeta.dues")
    failed = showing("export", path, "--columns", "name,acme.broken")
    assert failed.code == 3
    assert "the plugin acme failed in column broken" in failed.err
    assert not path.exists()


def json_lines(text: str) -> list[dict[str, str]]:
    return [row for row in map(json.loads, text.splitlines()) if "name" in row]


# -------------------------------------------------------------------- what is for staff only, and the day

POSTURES = """
def shown(context, options):
    return Outcome(sheets=(
        Sheet(title="Ladder", columns=("who", "posture", "day"), private=("posture",),
              rows=(("Alpha", "wary", context.as_of.isoformat()),)),
        Sheet(title="Reasons", columns=("why",), private=("why",), rows=(("they said so",),)),
    ))

@hookimpl
def register_commands():
    return [Command(name="ladder", about="postures", verbs=(Verb(name="show", about="show", run=shown),))]

@hookimpl
def register_reports():
    return [Report(name="ladder", title="Postures", run=shown)]
"""


def test_columns_for_staff_only_leave_in_no_data_that_was_not_asked_for_so(plugins: Plugins) -> None:
    partners = plugins(acme=POSTURES)
    table = partners("ladder", "show")
    assert "wary" in table.out
    assert "for staff only: posture, Reasons" in table.err
    data = partners("ladder", "show", "--format", "json")
    assert "wary" not in data.out + data.err
    assert "left out, for not everyone may see it: posture, Reasons" in data.err
    (sheet,) = json.loads(data.out)["sheets"]
    assert (sheet["title"], sheet["columns"]) == ("Ladder", ["who", "day"])
    whole = json.loads(partners("ladder", "show", "--format", "json", "--include-private").out)
    assert [each["columns"] for each in whole["sheets"]] == [["who", "posture", "day"], ["why"]]
    assert "they said so" not in partners("report", "ladder", "--format", "csv").out


@pytest.mark.parametrize("words", [("ladder", "show"), ("report", "ladder")])
def test_a_command_and_a_report_are_asked_about_a_day(plugins: Plugins, words: tuple[str, ...]) -> None:
    partners = plugins(acme=POSTURES)
    assert "2012-03-04" in partners(*words, "--as-of", "2012-03-04").out
    assert_refused(partners(*words, "--as-of", "soon"), 2, "--as-of", "is no date")


# -------------------------------------------------------------------- the record types of a coalition


def test_record_types_are_listed_and_dropped_without_their_plugin(plugins: Plugins) -> None:
    partners = plugins(acme=LANES)
    assert "comes with its first record" in partners("plugins", "types").err
    partners("add", "acme_lane", "name=Housing")
    bare = ("--no-plugins",)
    (found,) = json.loads(partners("plugins", "types", "--format", "json", *bare).out)["types"]
    assert (found["entity"], found["plugin"], found["records"], found["retired_on"]) == ("acme_lane", "acme", 1, "")
    assert_refused(partners("plugins", "types", "--drop", "acme_lane", *bare), 1, "there are 1 acme lanes", "--force")
    assert_refused(partners("plugins", "types", "--drop", "acme_x", *bare), 2, "there is no record type acme_x")
    dropped = partners("plugins", "types", "--drop", "acme_lane", "--force", *bare)
    assert dropped.code == 0
    assert "with 1 records; partners undo brings them back" in dropped.err
    assert partners("list", "acme_lanes", *bare).code == 2
    assert partners("undo", *bare).code == 0
    assert "Housing" in partners("list", "acme_lanes", *bare).out
