"""The contract suites: a plugin that keeps them passes, and each way to break it is found by the test for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from partners_crm.crm import Crm
from partners_crm.plugins import Address
from partners_crm.testing import (
    ActionContract,
    CheckContract,
    ColumnContract,
    CommandContract,
    ExporterContract,
    GeocoderContract,
    ImporterContract,
    PluginContract,
    QueryFieldContract,
    RecordTypeContract,
    ReportContract,
    TabContract,
    ViewContract,
)
from partners_crm.testing.stage import NOW, Stage, copied, staged

SOURCE = Path(__file__).with_name("trial.py").read_text("utf-8")


class Whole(PluginContract):
    pass


class Reads(ImporterContract):
    name = "trial"
    files = {"good.trial": b"TRIAL\nPrairie Friends|a note\nRock River Bridge|\n"}


class Writes(ExporterContract):
    name = "trial"
    reads_back = ""


class Asks(CheckContract):
    name = "there"
    finds = {"query": "status:active"}


class Reports(ReportContract):
    name = "names"


class Commands(CommandContract):
    name = "trials"
    options = {"note": {"note": "a note"}}


class Words(QueryFieldContract):
    name = "trial"
    finds = "all"


class Places(GeocoderContract):
    name = "known"
    known = (Address("1", "1 Known Street", "Peoria", "IL", "61602"),)


class Keeps(RecordTypeContract):
    name = "thing"


class Views(ViewContract):
    name = "names"


class Tabs(TabContract):
    name = "names"


class Columns(ColumnContract):
    name = "number"


class Acts(ActionContract):
    name = "note"
    answers = {"note": "a note"}


SUITES: tuple[type, ...] = (
    Whole, Reads, Writes, Asks, Reports, Commands, Words, Places, Keeps, Views, Tabs, Columns, Acts,
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("coalitions")
    Crm.create(folder / "empty.db", "Test", clock=lambda: NOW).close()
    Crm.demo(folder / "sample.db", clock=lambda: NOW).close()
    return {name: folder / f"{name}.db" for name in ("empty", "sample")}


class Bench:
    """Runs tests of suites on the plugin, as it is or broken."""

    def __init__(self, files: dict[str, Path], folder: Path, source: str) -> None:
        self.files, self.folder = files, folder
        self.plugin = folder / "plugins" / "trial.py"
        self.plugin.parent.mkdir()
        self.plugin.write_text(source, "utf-8")
        self.count = 0

    def run(self, suite: Any, test: str) -> None:
        with ExitStack() as stack:
            known: dict[str, Any] = {}

            def stage(kind: str) -> Stage:
                self.count += 1
                path = copied(self.files[kind], self.folder / f"{kind}-{self.count}.db")
                return stack.enter_context(staged(path, self.plugin, self.folder / "state", {}))

            def given(name: str) -> Any:
                if name not in known:
                    known[name] = self.made(suite, name, given, stage)
                return known[name]

            function = getattr(suite, test)
            function(**{name: given(name) for name in inspect.signature(function).parameters})

    def made(self, suite: Any, name: str, given: Any, stage: Any) -> Any:
        if name in {"empty_stage", "sample_stage"}:
            return stage(name.removesuffix("_stage"))
        if name == "plugin":
            return self.plugin
        if name == "plugins_beside":
            return ()
        if name == "owned":
            return suite.of(given("empty_stage"))
        if name == "entity":
            return suite.entity_in(given("sample_stage"))
        if name == "paths":
            folder = given("folder")
            for each, data in suite.files.items():
                (folder / each).write_bytes(data)
            return [folder / each for each in suite.files]
        self.count += 1
        folder = self.folder / f"{name}-{self.count}"
        folder.mkdir()
        return folder


@pytest.fixture
def bench(files: dict[str, Path], tmp_path: Path) -> Callable[..., Bench]:
    return lambda source=SOURCE: Bench(files, tmp_path, source)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)
def test_a_plugin_that_keeps_them_passes(suite: type, bench: Callable[..., Bench]) -> None:
    here, ran = bench(), 0
    for test in sorted(name for name in dir(suite) if name.startswith("test_")):
        try:
            here.run(suite(), test)
            ran += 1
        except pytest.skip.Exception:
            pass
    assert ran >= 5


class Break(NamedTuple):
    """A way to break the plugin, and the test that finds it."""

    suite: type
    test: str
    before: str
    """What is taken out of the plugin."""
    after: str
    """What is put in its place."""
    words: str
    """Of the failure: the kind of error, and what it says."""


NOT_THERE = '    if not there:\n        return Said(text="nothing is chosen")\n'
KNOWS = "return file.start.startswith(MARK)"
NAMED = 'columns=("id", "name")'
SETTING = 'Setting(name="way", label="Way")'
RENAMES = (
    '    with context.changes("renames") as changes:\n        for record in context.records("organization")[:2]:\n'
)
ONE_BY_ONE = (
    '    for record in context.records("organization")[:2]:\n        with context.changes("renames") as changes:\n'
)
NOTES = '    with context.changes("notes") as changes:\n        for record in there.values():\n'
NOTE_BY_NOTE = '    for record in there.values():\n        with context.changes("notes") as changes:\n'
BREAKS = [
    Break(Whole, "it_loads", 'about="A trial."', 'about="A trial.", api=(9, 9)', "fits version 9"),
    Break(Whole, "it_loads", "import annotations\n", "import annotations\n1 / 0\n", "ZeroDivisionError"),
    Break(Whole, "it_imports_nothing_but_what_is_promised", "def act(", "import peewee\n\n\ndef act(", "peewee"),
    Break(
        Whole,
        "it_imports_nothing_but_what_is_promised",
        "def act(",
        "from partners_crm.store import read as it\n\n\ndef act(",
        "internal",
    ),
    Break(
        Whole, "every_name_is_a_word_and_there_once", 'name="number"', 'name="Number Two"', "no word of small letters"
    ),
    Break(Whole, "every_setting_is_a_word_and_there_once", SETTING, f"{SETTING}, {SETTING}", "more than once"),
    Break(
        Whole,
        "it_answers_from_another_thread",
        "    return [KEPT]",
        "    import threading\n\n    assert threading.current_thread() is threading.main_thread()\n    return [KEPT]",
        "AssertionError",
    ),
    Break(Whole, "it_offers_something", "@hookimpl\ndef register", "def register", "AssertionError"),
    Break(Reads, "its_name_is_a_word_and_its_own", "read=read)]", "read=read)] * 2", "more than once"),
    Break(
        Reads, "it_is_described_by_frozen_data", 'name="trial", title="Trial"', 'name="other", title="O"', "no 'trial'"
    ),
    Break(
        Reads,
        "it_recognizes_its_files_whatever_their_names",
        KNOWS,
        'return file.name.endswith(".trial")',
        "by its first bytes",
    ),
    Break(Reads, "it_leaves_other_files_alone", KNOWS, "return True", "for its own"),
    Break(Reads, "it_leaves_other_files_alone", KNOWS, "return 1", "it answered int"),
    Break(Reads, "it_reads_rows", 'Reading("trial", records', 'Reading("", records', "described"),
    Break(Reads, "it_reads_rows", "enumerate(lines, 2)", "reversed(list(enumerate(lines, 2)))", "order of their lines"),
    Break(Reads, "it_reads_rows", 'tuple(line.split("|"))', 'line.split("|")', "cells are a tuple"),
    Break(
        Reads,
        "it_reads_rows",
        "    data = b",
        '    (file.path.parent / "left.txt").write_text("x")\n    data = b',
        "it wrote beside the coalition",
    ),
    Break(
        Reads,
        "it_reads_the_same_again",
        'return Reading("trial", records',
        'found = records()\n    return Reading("trial", lambda: found',
        "second run",
    ),
    Break(
        Reads,
        "it_does_not_change_the_file",
        "    data = b",
        "    file.path.write_bytes(file.path.read_bytes())\n    data = b",
        "was changed while it was read",
    ),
    Break(Reads, "a_hostile_file_is_refused_in_words", KNOWS, "return bool(file.start.decode())", "UnicodeDecodeError"),
    Break(
        Reads,
        "a_damaged_file_is_refused_in_words",
        "except UnicodeDecodeError:",
        "except KeyError:",
        "UnicodeDecodeError",
    ),
    Break(
        Reads,
        "a_file_comes_in_and_a_second_time_changes_nothing",
        'headers=("Organization", "Note")',
        'headers=("Colour", "Shape")',
        "FileRefused",
    ),
    Break(Writes, "it_says_what_its_files_are_called", 'suffixes=("trial",)', 'suffixes=(".TRIAL",)', "small letters"),
    Break(Writes, "it_writes_a_page", "rows=count", "rows=7", "it answered Written"),
    Break(
        Writes,
        "it_writes_a_page",
        "    problems: list[Problem] = []\n",
        '    path.with_suffix(".more").write_text("x")\n    problems: list[Problem] = []\n',
        "it wrote beside the coalition",
    ),
    Break(
        Writes,
        "an_empty_page_is_a_file_too",
        "    return Written(rows=count",
        "    1 / count\n    return Written(rows=count",
        "ZeroDivisionError",
    ),
    Break(
        Writes,
        "it_changes_nothing_that_it_is_given",
        "            count += 1\n",
        '            count += 1\n            row["name"] = "x"\n',
        "changed the values",
    ),
    Break(
        Writes,
        "the_same_page_gives_the_same_file",
        'stream.write("TRIAL\\n" +',
        "stream.write(str(path) +",
        "AssertionError",
    ),
    Break(
        Writes,
        "a_hostile_text_is_written_or_refused_by_name",
        'encoding="utf-8"',
        'encoding="ascii"',
        "UnicodeEncodeError",
    ),
    Break(
        Asks,
        "it_answers_in_an_empty_coalition",
        "    found = tuple(\n",
        '    context.records("organization")[0]\n    found = tuple(\n',
        "IndexError",
    ),
    Break(Asks, "it_answers_in_an_empty_coalition", 'else "met"', 'else "failed"', "no failure"),
    Break(Asks, "it_answers_the_same_twice", '"Nobody is there."', 'f"Nobody {next(TICKS)}"', "AssertionError"),
    Break(Asks, "what_it_finds_is_told_apart", 'f"organization {each.id}"', '"organization"', "one key"),
    Break(
        Asks, "its_terms_are_words_and_there_once", "TERMS = (", 'TERMS = (RuleTerm("query", "w"), ', "AssertionError"
    ),
    Break(
        Asks,
        "it_answers_the_same_twice",
        "    found = tuple(\n",
        '    terms["query"] = ""\n    found = tuple(\n',
        "TypeError",
    ),
    Break(Asks, "it_answers_under_each_of_its_terms", 'terms["query"])', 'terms["other"])', "KeyError"),
    Break(Reports, "it_answers_the_same_twice", NAMED, 'columns=("id",)', "2 cells under 1 headers"),
    Break(
        Reports,
        "a_hostile_option_is_answered_in_words",
        "    rows = context.values",
        '    int(options["query"] or 0)\n    rows = context.values',
        "ValueError",
    ),
    Break(Commands, "what_writes_is_one_operation_and_can_be_undone", RENAMES, ONE_BY_ONE, "one `changes`"),
    Break(
        Commands,
        "a_question_answers_in_an_empty_coalition",
        "    rows = context.values",
        '    with context.changes("x") as made:\n        made.add("organization", name="X")\n    rows = context.values',
        "only asked",
    ),
    Break(Words, "it_finds_records_of_its_entity", 'context.ids("organization")', "[987654321]", "987654321"),
    Break(
        Words,
        "a_value_that_is_none_is_refused_in_words",
        'if value != "all":\n',
        'if value != "all":\n        int("x" + value)\n',
        "ValueError",
    ),
    Break(Places, "it_finds_what_is_there", "41.5, -88.5", "-188.5, 41.5", "no latitude"),
    Break(
        Places,
        "the_answers_are_in_the_order_of_the_addresses",
        "for each in addresses]",
        "for each in reversed(addresses)]",
        "in its place",
    ),
    Break(
        Places, "many_are_answered_one_by_one", "for each in addresses]", "for each in set(addresses)]", "answers to"
    ),
    Break(Places, "nonsense_is_found_nowhere", 'if each.street == "1 Known Street"', "if each.street", "what is none"),
    Break(
        Places,
        "it_finds_what_is_there",
        "    return [Found",
        '    import socket\n\n    socket.getaddrinfo("localhost", 80)\n    return [Found',
        "it used the network",
    ),
    Break(
        Keeps, "a_record_is_added_and_read_as_it_was", '    title="name",\n', '    title="no",\n', "none of its fields"
    ),
    Break(Keeps, "its_name_is_a_word_and_its_own", "return [KEPT]", "return [KEPT, KEPT]", "more than once"),
    Break(
        Views, "it_draws_in_an_empty_coalition", 'else [blocks.Card(title="Short")]', "else []", "why there is nothing"
    ),
    Break(Views, "it_draws_in_an_empty_coalition", '[blocks.Card(title="Short")]', '["Short"]', "none of the blocks"),
    Break(Views, "it_draws_under_each_switch", '("organization", key)', '("organization", key + 999)', "there is no"),
    Break(Views, "it_draws_the_same_twice", 'title="Short"', "title=str(next(TICKS))", "AssertionError"),
    Break(Views, "a_selection_is_answered", 'return Show(title="Chosen", blocks=', "return (", "it answered tuple"),
    Break(
        Views,
        "hostile_text_survives",
        "blocks.TableRow(cells=(name,)",
        'blocks.TableRow(cells=(name.encode("ascii").decode(),)',
        "UnicodeEncodeError",
    ),
    Break(
        Tabs,
        "it_draws_for_every_record",
        'return [blocks.Card(title=record["name"])]',
        "return [1]",
        "none of the blocks",
    ),
    Break(
        Tabs,
        "it_draws_for_every_record",
        'return [blocks.Card(title=record["name"])]',
        'record.name = "x"\n    return []',
        "Error",
    ),
    Break(Columns, "it_has_texts_for_a_page", "{key: str(key)", "{key: key", "no text"),
    Break(Columns, "a_page_is_its_rows", "{key: str(key)", "{key: str(len(ids))", "other rows"),
    Break(Acts, "it_does_what_it_says_once", NOTES, NOTE_BY_NOTE, "one step"),
    Break(Acts, "it_is_offered_somewhere", '"view:names"', '"view:elsewhere"', "elsewhere"),
    Break(
        Acts, "records_that_are_gone_end_in_words", NOT_THERE, "    there[refs[0].id] if refs else None\n", "KeyError"
    ),
    Break(Acts, "without_records_it_ends_in_words", NOT_THERE, "    refs[0]\n", "IndexError"),
    Break(
        Acts, "a_hostile_answer_is_kept_or_refused_in_words", 'note=answers["note"]', 'note=answers["mote"]', "KeyError"
    ),
]


@pytest.mark.parametrize("way", BREAKS, ids=lambda way: f"{way.test}: {way.words}")
def test_what_breaks_one_is_found(way: Break, bench: Callable[..., Bench]) -> None:
    assert way.before in SOURCE, way.before
    count = -1 if way.test == "it_offers_something" else 1
    here = bench(SOURCE.replace(way.before, way.after, count) + "\n\nTICKS = iter(range(99))\n")
    with pytest.raises(BaseException) as caught:  # noqa: PT011  # whatever comes; its words are looked at below
        here.run(way.suite(), f"test_{way.test}")
    assert not isinstance(caught.value, pytest.skip.Exception)
    assert way.words in f"{type(caught.value).__name__}: {caught.value}"
