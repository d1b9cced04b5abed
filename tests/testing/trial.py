"""A plugin that keeps every contract: one small thing of each kind. The tests break it, a line at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from partners_crm.errors import FileRefused, QueryError
from partners_crm.plugins import (
    Action,
    Address,
    Answer,
    Choice,
    Column,
    Command,
    Exporter,
    Finding,
    Found,
    Geocoder,
    Importer,
    InputFile,
    Option,
    Outcome,
    Page,
    PluginCheck,
    PluginContext,
    PluginInfo,
    Problem,
    QueryField,
    Reading,
    ReadOptions,
    Record,
    RecordType,
    Report,
    Row,
    RuleTerm,
    Said,
    Selection,
    Setting,
    Sheet,
    Show,
    Tab,
    Verb,
    View,
    Written,
    blocks,
    fields,
    hookimpl,
    text_of,
)

MARK = b"TRIAL\n"


def recognizes(_context: PluginContext, file: InputFile, _options: ReadOptions) -> bool:
    return file.start.startswith(MARK)


def read(_context: PluginContext, file: InputFile, _options: ReadOptions, _known: object, _progress: object) -> Reading:
    data = b"".join(file.blocks())
    try:
        lines = data.decode().split("\n")[1:]
    except UnicodeDecodeError:
        raise FileRefused(f"{file.path}: is no UTF-8 text") from None

    def records() -> Iterator[Row]:
        for number, line in enumerate(lines, 2):
            yield Row(number, tuple(line.split("|")))

    return Reading("trial", records, headers=("Organization", "Note"))


def write(_context: PluginContext, page: Page, path: Path) -> Written:
    problems: list[Problem] = []
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("TRIAL\n" + "|".join(field.heading for field in page.fields))
        for row in page.rows:
            count += 1
            cells = [text_of(field, row[field.name]) for field in page.fields]
            problems += [Problem(count, "", text, "cannot stand here") for text in cells if "\n" in text or "|" in text]
            stream.write("\n" + "|".join(cells))
    return Written(rows=count, problems=tuple(problems))


def check(context: PluginContext, terms: Mapping[str, str]) -> Answer:
    found = tuple(
        Finding(f"organization {each.id}", f"{each['name']} is there")
        for each in context.records("organization", terms["query"])
    )
    return Answer("findings" if found else "met", "Nobody is there.", found)


def report(context: PluginContext, options: Mapping[str, str]) -> Outcome:
    rows = context.values("organization", options["query"], "id", "name")
    return Outcome(sheets=(Sheet(title="Organizations", columns=("id", "name"), rows=rows),))


def rename(context: PluginContext, options: Mapping[str, str]) -> Outcome:
    with context.changes("renames") as changes:
        for record in context.records("organization")[:2]:
            changes.update(record, note=options["note"])
    return Outcome(notes=("renamed",))


def find(context: PluginContext, value: str) -> Iterable[int]:
    if value != "all":
        raise QueryError(f"{value} is not all", "all")
    return context.ids("organization")


def values(_context: PluginContext) -> Iterable[str]:
    return ["all"]


def geocode(_context: PluginContext, addresses: Sequence[Address]) -> list[Found | None]:
    return [Found(100, each.street, 41.5, -88.5) if each.street == "1 Known Street" else None for each in addresses]


def table(context: PluginContext) -> blocks.Block:
    rows = [
        blocks.TableRow(cells=(name,), ref=blocks.Ref("organization", key))
        for key, name in context.values("organization", "", "id", "name")
    ]
    return blocks.Table(headings=(blocks.Heading(label="Name"),), rows=tuple(rows))


def view(context: PluginContext, answers: Mapping[str, str]) -> Iterable[blocks.Block]:
    return [table(context)] if answers["how"] == "long" else [blocks.Card(title="Short")]


def select(_context: PluginContext, selection: Selection, _answers: Mapping[str, str]) -> Show:
    return Show(title="Chosen", blocks=(blocks.Card(title=str(selection.ref)),))


def tab(_context: PluginContext, record: Record) -> Iterable[blocks.Block]:
    return [blocks.Card(title=record["name"])]


def column(_context: PluginContext, ids: tuple[int, ...]) -> Mapping[int, str]:
    return {key: str(key) for key in ids}


def act(context: PluginContext, refs: tuple[blocks.Ref, ...], answers: Mapping[str, str]) -> Said:
    there = context.by_ids("organization", [ref.id for ref in refs])
    if not there:
        return Said(text="nothing is chosen")
    with context.changes("notes") as changes:
        for record in there.values():
            changes.update(record, note=answers["note"])
    return Said(text="noted")


KEPT = RecordType(
    name="thing",
    plural="things",
    title="name",
    about="A thing.",
    fields={
        "name": fields.text("Name", required=True),
        "kind": fields.choice("Kind", (("a", "A"), ("b", "B"))),
        "organization": fields.link("Organization", "organization", on_delete="clear"),
        "parent": fields.link("Parent", "self"),
        "day": fields.day("Day"),
    },
)
TERMS = (RuleTerm("query", "which", default="status:active", allowed=("status:active", "status:lapsed")),)
ASKED: Callable[..., tuple[Option, ...]] = lambda default="": (Option(name="query", help="which", default=default),)  # noqa: E731


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(title="Trial", about="A trial.", settings=(Setting(name="way", label="Way"),))


@hookimpl
def register_importers() -> list[Importer]:
    return [Importer(name="trial", title="Trial", recognizes=recognizes, read=read)]


@hookimpl
def register_exporters() -> list[Exporter]:
    return [Exporter(name="trial", title="Trial", suffixes=("trial",), write=write)]


@hookimpl
def register_checks() -> list[PluginCheck]:
    return [PluginCheck(name="there", about="nobody is there", run=check, terms=TERMS)]


@hookimpl
def register_reports() -> list[Report]:
    return [Report(name="names", title="Names", run=report, options=ASKED())]


@hookimpl
def register_commands() -> list[Command]:
    note = (Option(name="note", help="what", required=True),)
    verbs = (
        Verb(name="list", about="list them", run=report, options=ASKED()),
        Verb(name="note", about="note something", run=rename, options=note, writes=True),
    )
    return [Command(name="trials", about="trials", verbs=verbs)]


@hookimpl
def register_query_fields() -> list[QueryField]:
    return [QueryField(name="trial", entity="organization", label="trial", find=find, values=values)]


@hookimpl
def register_geocoders() -> list[Geocoder]:
    return [Geocoder(name="known", title="Known", find=geocode)]


@hookimpl
def register_record_types() -> list[RecordType]:
    return [KEPT]


@hookimpl
def register_views() -> list[View]:
    how = Choice(name="how", label="How", values=(("short", "short"), ("long", "long")))
    return [View(name="names", title="Names", blocks=view, choices=(how,), select=select)]


@hookimpl
def register_tabs() -> list[Tab]:
    return [Tab(name="names", entity="organization", title="Names", blocks=tab)]


@hookimpl
def register_columns() -> list[Column]:
    return [Column(name="number", entity="organization", label="Number", values=column)]


@hookimpl
def register_actions() -> list[Action]:
    note = (blocks.Input(name="note", label="Note", kind="note"),)
    return [Action(name="note", title="Note", run=act, scopes=("organizations", "view:names"), inputs=note)]
