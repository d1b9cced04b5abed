"""What plugins describe, as services are given it: whose it is, what is checked of an answer, what a failure does."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.crm import Crm
from partners_crm.errors import Ambiguous, CannotDecide, InvalidValue, NotFound, QueryError
from partners_crm.model import Organization
from partners_crm.plugins.answers import Misfit
from partners_crm.plugins.binding import (
    _outcome,
    _texts,
    bring_types,
    checks_of,
    columns_of,
    declared_by,
    geocoder_of,
    geocoders_of,
    named,
    query_fields_of,
    rule_kind,
    run_owned,
)
from partners_crm.plugins.blocks import Cell
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.headless import Outcome, Sheet
from partners_crm.services import records
from partners_crm.services.checks import CHECKS, Answer, Case, Finding, run_checks
from partners_crm.services.geocoding import Address, Found
from partners_crm.services.listing import FAILED, PAGE, Listing
from tests.plugins.bad_plugins import write_plugin
from tests.plugins.conftest import Registry, Told

Written = Callable[..., Told]
HEAD = "from partners_crm.plugins import *\nfrom partners_crm.errors import CannotDecide, QueryError\n"
HERE = Address("1", "1840 W Invented Ave", "Chicago", "IL", "60612")


@pytest.fixture
def written(tmp_path: Path, registry: Registry, site: Path) -> Written:
    """A registry over plugins written as text, each a file of its own."""

    def call(*, db: Any = None, today: date | None = None, limit: float = 10, **plugins: str) -> Told:
        folder = tmp_path / "plugins"
        folder.mkdir(exist_ok=True)
        for name, text in plugins.items():
            (folder / f"{name}.py").write_text(HEAD + dedent(text), encoding="utf-8")
        return registry(path=[], folders=(folder,), db=db, today=today, limit=limit)

    return call


# -------------------------------------------------------------------- checks

CHECKING = """
@hookimpl
def register_checks():
    def late(context, terms):
        days = terms["days"]
        if days == "404":
            raise CannotDecide("nobody knows", "ask")
        if days == "500":
            raise KeyError("Dana Reyes")
        many = context.count("organization")
        return Answer("findings", f"{many} on {context.as_of}", [Finding("organization 1", f"later than {days}")])

    def odd(answer):
        return lambda context, terms: answer

    return [
        PluginCheck(name="late", about="nobody is late", run=late,
                    terms=(RuleTerm("days", "days", default="30", is_number=True),)),
        PluginCheck(name="asleep", about="hangs", run=lambda context, terms: __import__("time").sleep(9),
                    by_default=False),
        PluginCheck(name="none", about="no answer", run=odd(None), by_default=False),
        PluginCheck(name="stream", about="a stream that raises",
                    run=odd(Answer("findings", "x", (1 / 0 for _ in "x"))), by_default=False),
        PluginCheck(name="other", about="no findings", run=odd(Answer("findings", "x", ("late",))), by_default=False),
        PluginCheck(name="words", about="no text", run=odd(Answer("findings", "x", (Finding(1, "y"),))),
                    by_default=False),
    ]
"""


@pytest.fixture
def case(crm: Crm) -> Case:
    return Case(crm.db, date(2026, 11, 1), crm.today, crm.clock, crm.path)


def test_a_check_is_the_plugins_and_answers_under_its_terms(written: Written, crm: Crm, case: Case) -> None:
    checks = checks_of(written(db=crm.db, acme=CHECKING))
    assert {(check.owner, check.name.partition(".")[0]) for check in checks} == {("acme", "acme")}
    (ran,) = run_checks(case, ["acme.late"], (*CHECKS, *checks))
    assert (ran.name, ran.kind, ran.owner, ran.terms) == ("acme.late", "acme.late", "acme", "")
    assert ran.answer == Answer("findings", "0 on 2026-11-01", (Finding("organization 1", "later than 30"),))


def test_those_by_default_run_beside_ours(written: Written, crm: Crm, case: Case) -> None:
    checks = (*CHECKS, *checks_of(written(db=crm.db, acme=CHECKING)))
    names = [ran.name for ran in run_checks(case, (), checks)]
    assert names == [*(check.name for check in CHECKS if check.by_default), "acme.late"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("asleep", "it did not answer within"),
        ("none", "it answered NoneType instead of an Answer"),
        ("stream", "it raised ZeroDivisionError"),
        ("other", "it answered a list with str in it, instead of Finding"),
        ("words", "it answered a Finding that is no text"),
    ],
)
def test_a_check_that_fails_is_an_answer_that_names_its_plugin(
    written: Written, crm: Crm, case: Case, name: str, reason: str
) -> None:
    registry = written(db=crm.db, limit=0.2 if name == "asleep" else 10, acme=CHECKING)
    failed, met = run_checks(case, [name, "map"], (*CHECKS, *checks_of(registry)))[::-1]
    assert (met.name, met.answer.verdict) == ("map", "met")
    assert (failed.answer.verdict, failed.owner, failed.answered) == ("failed", "acme", False)
    assert "the plugin acme failed in" in failed.answer.statement
    assert reason in failed.answer.statement


def test_what_a_check_says_of_a_person_when_it_breaks_is_not_repeated(written: Written, crm: Crm, case: Case) -> None:
    checks = checks_of(written(db=crm.db, acme=CHECKING))
    with crm.changes("rule") as unit:
        records.add(unit, crm.db.by_name["rule"], name="Broken", kind="acme.late", terms="days=500")
        records.add(unit, crm.db.by_name["rule"], name="Nobody knows", kind="acme.late", terms="days=404")
        records.add(unit, crm.db.by_name["rule"], name="Of another", kind="zeta.late", terms="days=1")
        records.add(unit, crm.db.by_name["rule"], name="Wrong term", kind="acme.late", terms="weeks=1")
    broken, unknown, wrong, gone = run_checks(case, ["late", "Of another"], (*CHECKS, *checks))
    assert "KeyError" in broken.answer.statement
    assert "Dana" not in broken.answer.statement
    assert (unknown.answer.verdict, unknown.answer.statement) == ("undecided", "nobody knows (ask)")
    assert wrong.answer.statement == "the check acme.late has no term weeks (its terms: days)"
    assert (gone.answer.verdict, gone.owner) == ("failed", "zeta")
    assert "there is no check zeta.late: the plugin zeta is not in use" in gone.answer.statement


def test_a_check_with_terms_that_are_none_is_left_out_and_named(written: Written) -> None:
    registry = written(
        acme="""
        @hookimpl
        def register_checks():
            run = lambda context, terms: None
            return [
                PluginCheck(name="b", about="b", run=run, terms=(RuleTerm("days", ""), RuleTerm("days", ""))),
                PluginCheck(name="c", about="c", run=run, terms=(RuleTerm("so many", ""),)),
                PluginCheck(name="d", about="d", run=run),
            ]
        """
    )
    assert [check.name for check in checks_of(registry)] == ["acme.d"]
    assert [check.name for check in checks_of(registry)] == ["acme.d"]  # and it is said once
    assert [(each.plugin, each.hook) for each in registry.failures] == [
        ("acme", "check b"),
        ("acme", "check c"),
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"name": "x", "kind": "map"}, "map"),
        ({"name": "x", "kind": "late"}, "acme.late"),
        ({"name": "x", "kind": "acme.late", "terms": "days=3"}, "acme.late"),
    ],
)
def test_a_rule_is_saved_with_the_whole_name_of_its_check(
    written: Written, crm: Crm, values: dict[str, str], kind: str
) -> None:
    registry = written(db=crm.db, acme=CHECKING)
    assert rule_kind(lambda: registry, crm.db, values) == kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "x", "kind": "nothing"}, "Check: 'nothing' is no check"),
        ({"name": "x", "kind": "zeta.late"}, "Check: 'zeta.late' is no check"),
        ({"name": "x", "kind": "late", "terms": "weeks=3"}, "the check acme.late has no term weeks"),
        ({"name": "x", "kind": "late", "terms": "days=soon"}, "days: 'soon' is not a whole number"),
        ({"name": "acme.late", "kind": "late"}, "Name: 'acme.late' is the name of a check"),
    ],
)
def test_a_rule_that_its_check_cannot_be_asked_is_refused(
    written: Written, crm: Crm, values: dict[str, str], message: str
) -> None:
    registry = written(db=crm.db, acme=CHECKING)
    with pytest.raises((InvalidValue, NotFound)) as refused:
        rule_kind(lambda: registry, crm.db, values)
    assert message in refused.value.message


def test_a_rule_of_a_check_of_ours_loads_no_plugin(crm: Crm) -> None:
    def never() -> Told:
        raise AssertionError("loaded")

    assert rule_kind(never, crm.db, {"name": "x", "kind": "coverage"}) == "coverage"


# -------------------------------------------------------------------- geocoders

FINDING = """
@hookimpl
def register_geocoders():
    def answering(answer):
        return lambda context, addresses: answer

    def streets(context, addresses):
        assert isinstance(addresses, tuple)
        return (Found(80, each.street, 41, -87.5) if each.street else None for each in addresses)

    return [
        Geocoder(name="streets", title="Streets", find=streets),
        Geocoder(name="few", title="Few", find=answering([])),
        Geocoder(name="words", title="Words", find=answering(["here"])),
        Geocoder(name="degrees", title="Degrees", find=answering([Found(80, "", float("nan"), 0.0)])),
        Geocoder(name="text", title="Text", find=answering([Found(80, "", "41", 0.0)])),
        Geocoder(name="level", title="Level", find=answering([Found("80", "", 41.0, 0.0)])),
    ]
"""


def test_a_geocoder_answers_in_the_order_it_was_asked(written: Written) -> None:
    registry = written(acme=FINDING)
    found = geocoder_of(registry, "streets").find([HERE, Address("2", "", "Alton", "IL", "62002")])
    assert found == (Found(80, "1840 W Invented Ave", 41.0, -87.5), None)
    assert [each.name for each in geocoders_of(registry)][-1] == "acme.words"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("few", "it answered 0 places for 1 addresses"),
        ("words", "it answered a list with str in it, instead of Found or None"),
        ("degrees", "degrees are no numbers"),
        ("text", "degrees are no numbers"),
        ("level", "a match level that is no whole number"),
    ],
)
def test_a_geocoder_that_answers_something_else_failed(written: Written, name: str, reason: str) -> None:
    with pytest.raises(PluginFailed, match="the plugin acme failed") as failed:
        geocoder_of(written(acme=FINDING), name).find([HERE])
    assert reason in failed.value.message


def test_a_name_that_two_plugins_bring_is_asked_for_whole(written: Written) -> None:
    registry = written(acme=FINDING, zeta=FINDING)
    with pytest.raises(Ambiguous) as refused:
        geocoder_of(registry, "streets")
    assert refused.value.hint == "write acme.streets or zeta.streets"
    assert geocoder_of(registry, "zeta.streets").owner == "zeta"
    with pytest.raises(NotFound, match="there is no geocoder maps") as unknown:
        geocoder_of(registry, "maps")
    assert "acme.few" in unknown.value.hint
    with pytest.raises(NotFound) as none:
        named((), "maps", "geocoder")
    assert "partners plugins list" in none.value.hint


# -------------------------------------------------------------------- words of queries

ASKING = """
@hookimpl
def register_query_fields():
    def contested(context, value):
        if value not in ("yes", "no"):
            raise QueryError(f"contested cannot be {value}", "it can be: yes, no")
        if value == "yes":
            return (each.id for each in context.records("organization", "name:a"))
        return [True]

    return [QueryField(name="contested", entity="organization", label="Contested", find=contested,
                       values=lambda context: ["yes", "no"], help="whether")]
"""


@pytest.fixture
def filled(crm: Crm) -> Crm:
    with crm.changes("begin") as unit:
        for name in ("Alpha House", "Beta Place", "River"):
            records.add(unit, Organization, name=name)
    return crm


def test_a_word_finds_what_its_plugin_finds(written: Written, filled: Crm) -> None:
    registry = written(db=filled.db, acme=ASKING)
    (word,) = query_fields_of(registry)
    assert (word.full_name, word.owner, word.entity, word.help) == ("acme.contested", "acme", "organization", "whether")
    listing = Listing(
        filled.db, Organization, "-contested:yes", today=filled.today, words=lambda: query_fields_of(registry)
    )
    assert [each.name for each in filled.organizations() if each.id in listing.ids(filled.db)] == ["River"]
    with pytest.raises(QueryError, match="contested cannot be maybe"):
        word.find("maybe")
    assert not registry.failures
    with pytest.raises(PluginFailed, match="a number in it that is no id"):
        word.find("no")
    assert word.values is not None
    assert list(word.values()) == ["yes", "no"]


def test_the_handle_asks_plugins_only_for_a_word_that_nobody_knows(filled: Crm, written: Written) -> None:
    made: list[Told] = []

    def plugins(crm: Crm) -> Told:
        made.append(written(db=crm.db, acme=ASKING))
        return made[0]

    with Crm.open(filled.path, clock=filled.clock, plugins=plugins) as crm:
        assert len(crm.organizations("name:a sites:>0 OR has:site OR city:x OR (name:a changed:today)")) == 2
        assert not made
        assert [each.name for each in crm.organizations("contested:yes")] == ["Alpha House", "Beta Place"]
        assert len(made) == 1
        assert "contested is “yes”" in crm.sentence("organizations", "contested:yes")
        assert crm.why("organizations", "contested:yes", 1).is_listed
        assert "contested:" in [each.text for each in crm.complete("organizations", "contes")]
        with crm.changes("save") as unit:
            from partners_crm.services.searches import save

            save(unit, "Disputed", "organizations", "contested:yes", today=crm.today, words=crm.words)
        assert len(crm.saved("Disputed").ids(crm.db)) == 2
        assert [each.runs for each in crm.searches()] == [True]


# -------------------------------------------------------------------- columns

SHOWING = """
asked = []

@hookimpl
def register_columns():
    def dues(context, ids):
        asked.append(len(ids))
        return {key: blocks.Cell(text=f"{key} due", tone="bad") if key % 2 else f"{key}" for key in ids if key != 3}

    return [
        Column(name="dues", entity="organization", label="Dues", values=dues, width=9, align="right"),
        Column(name="broken", entity="organization", label="Broken", values=lambda context, ids: {1: 1}),
        Column(name="people", entity="contact", label="People", values=lambda context, ids: {}),
        Column(name="thin", entity="contact", label="Thin", values=lambda context, ids: {}, width=0),
    ]
"""


def test_a_column_is_asked_once_for_a_page(written: Written, filled: Crm) -> None:
    registry = written(db=filled.db, acme=SHOWING)
    columns = columns_of(registry, "organization")
    assert [(each.column.name, each.column.width, each.column.align) for each in columns] == [
        ("acme.broken", 12, "left"),
        ("acme.dues", 9, "right"),
    ]
    assert [each.column.name for each in columns_of(registry)] == ["acme.broken", "acme.dues", "acme.people"]
    listing = filled.listing("organizations", more_columns=columns)
    rows = listing.rows(filled.db, listing.ids(filled.db))
    assert {key: row[-2:] for key, row in rows.items()} == {1: (FAILED, "1 due"), 2: (FAILED, "2"), 3: (FAILED, "")}
    module = next(each for each in registry.plugins if each.name == "acme").modules["partners_crm"]
    assert module.asked == [3]


def test_a_long_list_is_asked_for_in_pages(written: Written, filled: Crm) -> None:
    registry = written(db=filled.db, acme=SHOWING)
    (column,) = [each for each in columns_of(registry) if each.column.name == "acme.dues"]
    listing = filled.listing("organizations", more_columns=[column])
    listing.rows(filled.db, range(1, 2 * PAGE + 2))
    module = next(each for each in registry.plugins if each.name == "acme").modules["partners_crm"]
    assert module.asked == [PAGE, PAGE, 1]


def test_a_list_cannot_be_sorted_by_a_column_of_a_plugin(written: Written, filled: Crm) -> None:
    columns = columns_of(written(db=filled.db, acme=SHOWING))
    with pytest.raises(QueryError, match=r"cannot be sorted by acme\.dues"):
        filled.listing("organizations", order="acme.dues", more_columns=columns)


@pytest.mark.parametrize("answer", [None, [], "text", {1: None}, {1: 5}, {1: b"x"}])
def test_a_column_that_answers_no_texts_failed(answer: Any) -> None:
    with pytest.raises(Misfit, match="it answered"):
        _texts(answer, (1,))


@given(st.dictionaries(st.integers(1, 9), st.text() | st.builds(lambda text: Cell(text=text), st.text())))
def test_every_id_has_its_text_and_no_other_is_there(answer: dict[int, str | Cell]) -> None:
    texts = _texts(answer, (1, 2, 3))
    assert set(texts) == {1, 2, 3}
    for key, text in texts.items():
        told = answer.get(key, "")
        assert text == (told.text if isinstance(told, Cell) else told)


# -------------------------------------------------------------------- outcomes


def sheet(*rows: Any, columns: Any = ("a", "b"), **more: Any) -> Outcome:
    return Outcome(sheets=(Sheet(title="T", columns=columns, rows=rows, **more),))


def test_an_outcome_is_consumed_whole() -> None:
    given: Any = Outcome(
        sheets=(each for each in (Sheet(title="T", columns=["a"], rows=([n] for n in (1, None, True, "x", 1.5))),)),  # type: ignore[arg-type]  # as a plugin may
        notes=iter(("done",)),  # type: ignore[arg-type]
    )
    found = _outcome(given)
    assert found.sheets[0].rows == ((1,), (None,), (True,), ("x",), (1.5,))
    assert (found.sheets[0].columns, found.notes) == (("a",), ("done",))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        Outcome(sheets=("x",)),  # type: ignore[arg-type]
        Outcome(notes=(1,)),  # type: ignore[arg-type]
        sheet((1,)),
        sheet((1, 2, 3)),
        sheet("ab"),
        sheet((1, object())),
        sheet((1, b"x")),
        sheet((1, math.nan)),
        sheet((1, -math.inf)),
        sheet((1, 2), columns=("a", 5)),
        sheet((1, 2), columns=("a", "a")),
        sheet((1, 2), private=("c",)),
        sheet((1, 2), note=None),
    ],
)
def test_an_outcome_that_could_not_be_printed_is_a_failure(answer: Any) -> None:
    with pytest.raises(Misfit, match="it "):
        _outcome(answer)


def test_what_a_command_is_given_cannot_be_changed(written: Written, crm: Crm) -> None:
    registry = written(
        db=crm.db,
        acme="""
        @hookimpl
        def register_commands():
            def run(context, options):
                options["name"] = "other"
            return [Command(name="dues", about="dues", verbs=(Verb(name="list", about="list", run=run),))]
        """,
    )
    (owned,) = registry.commands()
    given = {"name": "mine"}
    with pytest.raises(PluginFailed, match="it raised TypeError"):
        run_owned(registry, owned, owned.item.verbs[0].run, given)
    assert given == {"name": "mine"}


def test_what_it_refuses_in_our_words_is_no_failure(written: Written, crm: Crm) -> None:
    registry = written(
        db=crm.db,
        acme="""
        @hookimpl
        def register_reports():
            def run(context, options):
                raise CannotDecide("no association is recorded", "add one")
            return [Report(name="overlap", title="Overlap", run=run)]
        """,
    )
    (owned,) = registry.reports()
    with pytest.raises(CannotDecide, match="no association is recorded"):
        run_owned(registry, owned, owned.item.run, {})
    assert not registry.failures


# -------------------------------------------------------------------- record types

LANES = """
@hookimpl
def register_record_types():
    return [RecordType(name="lane", plural="lanes", title="name", about="What an association speaks for.",
                       fields={"name": fields.text("Name", required=True)})]
"""
NOTES = """
@hookimpl
def plugin_info():
    return PluginInfo(title="Notes", about="Notes on lanes.", requires=("acme",))

@hookimpl
def register_record_types():
    return [RecordType(name="note", plural="notes", title="text", about="A note on a lane.",
                       fields={"text": fields.text("Text", required=True),
                               "lane": fields.link("Lane", "acme_lane", required=True, on_delete="cascade")})]
"""


def test_record_types_are_brought_once_and_said(written: Written, crm: Crm) -> None:
    registry = written(db=crm.db, acme=LANES, base="", zeta=NOTES)
    said: list[str] = []
    first = bring_types(registry, crm.db, say=said.append)
    assert [(each.plugin, each.added) for each in first] == [("acme", ("acme_lane",)), ("zeta", ("zeta_note",))]
    assert "partners undo takes it back" in said[0]
    assert "acme" in said[0]
    assert crm.db.by_name["acme_lanes"].entity.name == "acme_lane"
    assert bring_types(registry, crm.db, say=said.append) == ()
    assert len(said) == 2


def test_a_plugin_with_a_hyphen_is_brought_up_to_date(site: Path, registry: Registry, crm: Crm) -> None:
    write_plugin(site, "my-plug", HEAD + LANES, module="module_of_my_plug")
    said: list[str] = []
    assert bring_types(registry(db=crm.db), crm.db, missing=False, say=said.append) == ()
    (first,) = bring_types(registry(db=crm.db), crm.db, say=said.append)
    assert first.added == ("my_plug_lane",)
    del sys.modules["module_of_my_plug"]
    more = 'required=True), "more": fields.text("More")'
    write_plugin(site, "my-plug", HEAD + LANES.replace("required=True)", more), module="module_of_my_plug")
    (second,) = bring_types(registry(db=crm.db), crm.db, missing=False, say=said.append)
    assert second.changed == ("my_plug_lane",)
    assert "more" in crm.db.by_name["my_plug_lane"].declarations()


def test_of_one_plugin_with_what_it_requires(written: Written, crm: Crm) -> None:
    registry = written(db=crm.db, acme=LANES, zeta=NOTES, other=LANES)
    brought = bring_types(registry, crm.db, plugin="zeta", say=lambda _: None)
    assert [each.plugin for each in brought] == ["acme", "zeta"]
    assert "other_lane" not in crm.db.by_name
    assert bring_types(registry, crm.db, plugin="nothing", say=lambda _: None) == ()


def test_what_a_plugin_no_longer_declares_is_said_and_stays(written: Written, crm: Crm, tmp_path: Path) -> None:
    bring_types(written(db=crm.db, acme=LANES), crm.db, say=lambda _: None)
    with crm.changes("lane") as unit:
        records.add(unit, crm.db.by_name["acme_lane"], name="Housing")
    sys.modules.pop("partners_crm_local.acme")
    said: list[str] = []
    (report,) = bring_types(written(db=crm.db, acme=FINDING), crm.db, say=said.append)
    assert report.retired == ("acme_lane",)
    assert "whose records stay" in said[0]
    assert [each["name"] for each in crm.records(crm.db.by_name["acme_lane"])] == ["Housing"]


def test_a_coalition_that_is_read_only_is_left_as_it_is_and_that_is_said(written: Written, database: Path) -> None:
    database.chmod(0o400)
    with Crm.open(database) as crm:
        said: list[str] = []
        assert bring_types(written(db=crm.db, acme=LANES), crm.db, say=said.append) == ()
        assert "of the plugin acme are not brought up to date" in said[0]
        assert "read-only" in said[0]


def test_types_that_do_not_fit_are_a_failure_of_their_plugin_alone(written: Written, crm: Crm) -> None:
    odd = LANES.replace('fields.text("Name", required=True)', 'fields.link("Name", "nowhere")').replace(
        'title="name", ', ""
    )
    registry = written(db=crm.db, acme=odd, zeta=LANES)
    said: list[str] = []
    assert [each.plugin for each in bring_types(registry, crm.db, say=said.append)] == ["zeta"]
    assert "of the plugin acme cannot be installed" in said[0]
    assert [(each.plugin, each.hook) for each in registry.failures] == [("acme", "register_record_types")]


MISSING = (
    LANES
    + """
@hookimpl
def register_query_fields():
    return [QueryField(name="spoken", entity="organization", label="Spoken for",
                       find=lambda context, value: context.ids("acme_lane"))]

@hookimpl
def register_columns():
    return [Column(name="lanes", entity="organization", label="Lanes",
                   values=lambda context, ids: dict.fromkeys(ids, str(context.count("acme_lane"))))]

@hookimpl
def register_checks():
    def run(context, terms):
        return Answer("met", f"{context.count('acme_lane')} lanes")

    return [PluginCheck(name="lanes", about="lanes", run=run),
            PluginCheck(name="other", about="other", run=lambda context, terms: context.count("nowhere"))]
"""
)


def test_a_record_type_that_is_not_there_yet_reads_as_empty(written: Written, filled: Crm, case: Case) -> None:
    registry = written(db=filled.db, acme=MISSING)
    before = filled.operations()[0].id
    words = lambda: query_fields_of(registry)  # noqa: E731
    asked = Listing(filled.db, Organization, "spoken:yes", today=filled.today, words=words)
    assert list(asked.ids(filled.db)) == []
    listing = filled.listing("organizations", more_columns=columns_of(registry))
    assert {row[-1] for row in listing.rows(filled.db, [1, 2]).values()} == {"0"}
    lanes, other = run_checks(case, ["acme.lanes", "other"], (*CHECKS, *checks_of(registry)))
    assert lanes.answer == Answer("met", "0 lanes")
    assert "there are no nowhere" in other.answer.statement
    assert filled.operations()[0].id == before
    assert "acme_lane" not in filled.db.by_name


def test_what_a_plugin_writes_brings_its_record_types(written: Written, filled: Crm) -> None:
    registry = written(db=filled.db, acme=MISSING)
    owned = registry.checks()[0]

    def write(context: PluginContext) -> int:
        with context.changes("a lane") as changes:
            return int(changes.add("acme_lane", name="Housing").id)

    assert registry.call(owned, write) == 1
    assert [word for word in registry.words if "adds acme lane" in word]
    assert registry.call(owned, lambda context: context.count("acme_lane")) == 1
    assert [each.title for each in filled.operations()[:2]] == ["a lane", "record types of the plugin acme"]


def test_it_is_known_who_declares_a_name(written: Written) -> None:
    registry = written(acme=LANES)
    assert [declared_by(registry, word) for word in ("acme_lane", "acme_lanes", "lane", "acme_x")] == [
        "acme",
        "acme",
        "",
        "",
    ]


class Text(str):
    """A text of a plugin's own kind."""

    __slots__ = ()

    def __str__(self) -> str:
        raise SystemExit

    def __format__(self, _how: str) -> str:
        raise SystemExit


class Number(int):
    """A number of a plugin's own kind."""

    def __str__(self) -> str:
        raise SystemExit


def test_an_outcome_holds_plain_texts_and_numbers_alone() -> None:
    given = sheet((Text("x"), Number(7)), columns=(Text("a"), "b"), note=Text("n"), private=(Text("a"),))
    found = _outcome(replace(given, notes=(Text("done"),)))
    (page,) = found.sheets
    texts = [*found.notes, *page.columns, *page.private, page.note, page.title, page.rows[0][0]]
    assert {type(each) for each in texts} == {str}
    assert type(page.rows[0][1]) is int
    assert page.rows == (("x", 7),)


@pytest.mark.parametrize("number", [10**18, -(10**18), 10**5000], ids=["large", "small", "long"])
def test_a_number_that_cannot_be_written_down_is_a_failure(number: int) -> None:
    with pytest.raises(Misfit, match="it answered a cell with a number that is too large or too small"):
        _outcome(sheet((1, number)))
    assert _outcome(sheet((10**18 - 1, 1 - 10**18))).sheets[0].rows == ((10**18 - 1, 1 - 10**18),)
